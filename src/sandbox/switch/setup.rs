//! Furnishing the world: domains, phones, service numbers, integrations.

use super::SwitchWorld;
use super::numbers::{BadNumbers, NumberSet, bare, tidy};
use super::options::RemotePolicy;
use super::state::{Domain, Integration, Line, Service, viewers};
use crate::clock::random_bytes;
use secrecy::SecretString;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

#[derive(Debug, Clone)]
pub struct Subscriber {
    number: String,
    name: Option<String>,
    sip_answer: bool,
    api_enabled: bool,
    call_waiting: bool,
    forward: Forwarding,
}

/// Where a phone's calls go instead; numbers as dialled.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Forwarding {
    /// All calls, at once.
    pub always: Option<Arc<str>>,
    /// When the phone is in use.
    pub busy: Option<Arc<str>>,
    /// When nobody picked up in time.
    pub no_answer: Option<Arc<str>>,
}

impl Subscriber {
    /// A phone with `api\call\enabled`, that honours SIP-answer, without call waiting and forwarding.
    pub fn new(number: &str) -> Self {
        Self {
            number: tidy(number),
            name: None,
            sip_answer: true,
            api_enabled: true,
            call_waiting: false,
            forward: Forwarding::default(),
        }
    }

    /// The name that others see.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }

    /// Whether the phone picks up when the switch tells it to.
    #[must_use]
    pub const fn sip_answer(mut self, can: bool) -> Self {
        self.sip_answer = can;
        self
    }

    /// The alias property `api\call\enabled`: without it no integration sees or commands the phone.
    #[must_use]
    pub const fn api_enabled(mut self, enabled: bool) -> Self {
        self.api_enabled = enabled;
        self
    }

    /// Whether the phone rings although it is in use.
    #[must_use]
    pub const fn call_waiting(mut self, on: bool) -> Self {
        self.call_waiting = on;
        self
    }

    /// Where its calls go instead.
    #[must_use]
    pub fn forwarding(mut self, forward: Forwarding) -> Self {
        self.forward = forward;
        self
    }
}

/// Why the world cannot be furnished so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SetupError {
    /// Make the domain first.
    #[error("no domain is called {0}")]
    NoSuchDomain(String),
    /// Take another client id.
    #[error("the client id {0} is taken in this domain")]
    ClientTaken(String),
    /// No integration has this client id.
    #[error("no integration is called {0}")]
    NoSuchClient(String),
    /// The numbers are not in the console's notation.
    #[error(transparent)]
    Numbers(#[from] BadNumbers),
}

impl SwitchWorld {
    /// Makes a domain; the first one is the home that the world's shortcuts mean.
    pub fn add_domain(&self, name: &str) {
        let name: Arc<str> = name.into();
        let mut state = self.core.lock();
        state.home.get_or_insert_with(|| Arc::clone(&name));
        state.domains.entry(name).or_insert_with(|| Domain {
            phones: BTreeMap::new(),
            services: HashMap::new(),
            integrations: Vec::new(),
            policies: HashMap::new(),
            contacts: HashMap::new(),
        });
    }

    /// Enters a number outside into the domain's address book; phones show its name from then on.
    pub fn add_contact(&self, domain: &str, number: &str, name: &str) -> Result<(), SetupError> {
        let mut state = self.core.lock();
        let found = state.domains.get_mut(domain).ok_or_else(|| SetupError::NoSuchDomain(domain.to_owned()))?;
        found.contacts.insert(number.trim_start_matches('+').into(), name.into());
        Ok(())
    }

    /// Makes an integration of type service over `numbers` (the console's notation, `""` for all) and returns its
    /// API key: 64 characters of `A–Z a–z 0–9`.
    pub fn add_integration(&self, domain: &str, client_id: &str, numbers: &str) -> Result<SecretString, SetupError> {
        let numbers = NumberSet::parse(numbers)?;
        let key = api_key();
        let mut state = self.core.lock();
        if !state.domains.contains_key(domain) {
            return Err(SetupError::NoSuchDomain(domain.to_owned()));
        }
        if state.integrations.iter().any(|i| i.client_id == client_id && &*i.domain == domain) {
            return Err(SetupError::ClientTaken(client_id.to_owned()));
        }
        let index = state.integrations.len();
        let (client_id, api_key, links) = (client_id.to_owned(), key.clone(), Vec::new());
        state.integrations.push(Integration { client_id, api_key, domain: domain.into(), numbers, links });
        if let Some(found) = state.domains.get_mut(domain) {
            found.integrations.push(index);
        }
        state.refresh_viewers(domain);
        Ok(key)
    }

    /// Gives an integration a key chosen by the caller instead of the random one.
    pub fn set_api_key(&self, client_id: &str, key: SecretString) -> Result<(), SetupError> {
        let mut state = self.core.lock();
        let found = state.integrations.iter_mut().find(|i| i.client_id == client_id);
        found.ok_or_else(|| SetupError::NoSuchClient(client_id.to_owned()))?.api_key = key;
        Ok(())
    }

    /// Replaces the key: the old one is wrong from now on. Sockets that are open stay open.
    pub fn replace_api_key(&self, client_id: &str) -> Result<SecretString, SetupError> {
        let key = api_key();
        self.set_api_key(client_id, key.clone())?;
        Ok(key)
    }

    /// Changes which numbers an integration covers; legs that exist keep their viewers.
    pub fn set_numbers(&self, client_id: &str, numbers: &str) -> Result<(), SetupError> {
        let numbers = NumberSet::parse(numbers)?;
        let mut state = self.core.lock();
        let found = state.integrations.iter_mut().find(|i| i.client_id == client_id);
        let found = found.ok_or_else(|| SetupError::NoSuchClient(client_id.to_owned()))?;
        found.numbers = numbers;
        let domain = Arc::clone(&found.domain);
        state.refresh_viewers(&domain);
        Ok(())
    }

    /// Adds or replaces a phone. Calls it has go on.
    pub fn add_subscriber(&self, domain: &str, subscriber: Subscriber) -> Result<(), SetupError> {
        let mut state = self.core.lock();
        let state = &mut *state;
        let found = state.domains.get_mut(domain).ok_or_else(|| SetupError::NoSuchDomain(domain.to_owned()))?;
        let viewers = viewers(&found.integrations, &state.integrations, &subscriber.number, subscriber.api_enabled);
        let number: Arc<str> = subscriber.number.into();
        let active = found.phones.remove(&number).map(|line| line.active).unwrap_or_default();
        let line = Line {
            name: subscriber.name.map(Into::into),
            sip_answer: subscriber.sip_answer,
            api_enabled: subscriber.api_enabled,
            call_waiting: subscriber.call_waiting,
            forward: subscriber.forward,
            viewers,
            active,
        };
        found.phones.insert(number, line);
        self.core.touch();
        Ok(())
    }

    /// A number that lets all members ring together (multicall).
    pub fn add_group(&self, domain: &str, number: &str, members: &[&str]) -> Result<(), SetupError> {
        self.add_service(domain, number, Service::Group(list(members)))
    }

    /// A number that lets one member ring after the other.
    pub fn add_hunt(&self, domain: &str, number: &str, members: &[&str]) -> Result<(), SetupError> {
        self.add_service(domain, number, Service::Hunt(list(members)))
    }

    /// A number that a voice menu picks up, before operators are offered the call in turn.
    pub fn add_queue(&self, domain: &str, number: &str, operators: &[&str]) -> Result<(), SetupError> {
        self.add_service(domain, number, Service::Queue(list(operators)))
    }

    /// What one number outside does when this domain calls it.
    pub fn set_remote_policy_for(&self, domain: &str, number: &str, policy: RemotePolicy) -> Result<(), SetupError> {
        let mut state = self.core.lock();
        let found = state.domains.get_mut(domain).ok_or_else(|| SetupError::NoSuchDomain(domain.to_owned()))?;
        found.policies.insert(bare(&tidy(number)).into(), policy);
        Ok(())
    }

    fn add_service(&self, domain: &str, number: &str, service: Service) -> Result<(), SetupError> {
        let mut state = self.core.lock();
        let found = state.domains.get_mut(domain).ok_or_else(|| SetupError::NoSuchDomain(domain.to_owned()))?;
        found.services.insert(tidy(number).into(), service);
        Ok(())
    }
}

pub(super) fn list(numbers: &[&str]) -> Vec<Arc<str>> {
    numbers.iter().map(|number| tidy(number).into()).collect()
}

fn api_key() -> SecretString {
    const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let key: String =
        random_bytes::<64>().iter().map(|b| char::from(LETTERS[usize::from(*b) % LETTERS.len()])).collect();
    key.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use secrecy::ExposeSecret as _;

    #[test]
    fn keys_look_like_the_consoles() {
        let key = api_key();
        assert_eq!(key.expose_secret().len(), 64);
        assert!(key.expose_secret().bytes().all(|b| b.is_ascii_alphanumeric()));
        assert_ne!(key.expose_secret(), api_key().expose_secret());
    }

    #[test]
    fn a_world_is_furnished_only_soundly() {
        let world = SwitchWorld::new(Clock::system());
        assert!(matches!(world.add_integration("nowhere", "crm", ""), Err(SetupError::NoSuchDomain(_))));
        world.add_domain("city");
        world.add_integration("city", "crm", "{1001-1003}").expect("integration");
        assert!(matches!(world.add_integration("city", "crm", ""), Err(SetupError::ClientTaken(_))));
        assert!(matches!(world.add_integration("city", "crm2", "{x}"), Err(SetupError::Numbers(_))));
        assert!(matches!(world.replace_api_key("crm9"), Err(SetupError::NoSuchClient(_))));
        assert!(matches!(world.add_group("town", "600", &["1001"]), Err(SetupError::NoSuchDomain(_))));
    }
}
