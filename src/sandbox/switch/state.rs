//! Everything the simulated switch knows, behind one lock.

use super::call::{Call, CallId, Leg, LegId};
use super::callapi::{LinkId, Node, Socket};
use super::faults::{CommandFault, RegisterFault};
use super::journal::Journal;
use super::numbers::NumberSet;
use super::options::{Heartbeat, MakeStyle, Pace, Quirks, RemotePolicy};
use super::setup::Forwarding;
use super::shown::Book;
use secrecy::SecretString;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

/// The world's memory.
#[derive(Default)]
pub(super) struct State {
    pub(super) domains: HashMap<Arc<str>, Domain>,
    /// The domain that was made first; the world's shortcuts mean this one.
    pub(super) home: Option<Arc<str>>,
    pub(super) integrations: Vec<Integration>,
    pub(super) calls: BTreeMap<CallId, Call>,
    pub(super) legs: HashMap<LegId, Leg>,
    /// Calls that a command has begun.
    pub(super) commanded: BTreeSet<CallId>,
    pub(super) ids: u64,
    pub(super) quirks: Quirks,
    pub(super) heartbeat: Heartbeat,
    pub(super) pace: Pace,
    pub(super) make: MakeStyle,
    pub(super) remote: RemotePolicy,
    pub(super) nodes: Vec<Node>,
    pub(super) sockets: HashMap<LinkId, Socket>,
    pub(super) journal: Journal,
    pub(super) next_commands: VecDeque<CommandFault>,
    pub(super) next_registers: VecDeque<RegisterFault>,
    /// What sockets were sent, if somebody wants to know.
    pub(super) shown: Option<Book>,
}

/// A domain: its phones, service numbers and integrations.
pub(super) struct Domain {
    pub(super) phones: BTreeMap<Arc<str>, Line>,
    pub(super) services: HashMap<Arc<str>, Service>,
    pub(super) integrations: Vec<usize>,
    /// Numbers outside that behave differently from the rest, without `+`.
    pub(super) policies: HashMap<Arc<str>, RemotePolicy>,
    /// The domain's address book: names of numbers outside, without `+`.
    pub(super) contacts: HashMap<Arc<str>, Arc<str>>,
}

/// A subscriber's phone.
pub(super) struct Line {
    pub(super) name: Option<Arc<str>>,
    pub(super) sip_answer: bool,
    pub(super) api_enabled: bool,
    pub(super) call_waiting: bool,
    pub(super) forward: Forwarding,
    pub(super) viewers: Arc<[usize]>,
    pub(super) active: Vec<LegId>,
}

/// A number that is no phone.
#[derive(Debug, Clone)]
pub(super) enum Service {
    /// All members ring together.
    Group(Vec<Arc<str>>),
    /// One member after the other rings.
    Hunt(Vec<Arc<str>>),
    /// A voice menu picks up, then one operator after the other is offered the call.
    Queue(Vec<Arc<str>>),
}

/// What a client registers as.
pub(super) struct Integration {
    pub(super) client_id: String,
    pub(super) api_key: SecretString,
    pub(super) domain: Arc<str>,
    pub(super) numbers: NumberSet,
    pub(super) links: Vec<LinkId>,
}

impl State {
    /// The next unused id for a leg, a call or a connection.
    pub(super) fn next_id(&mut self) -> u64 {
        self.ids += 1;
        self.ids
    }

    pub(super) fn line(&self, domain: &str, number: &str) -> Option<&Line> {
        self.domains.get(domain)?.phones.get(number)
    }

    /// The name that phones show for a number: the subscriber's, or the address book's.
    pub(super) fn name_of(&self, domain: &str, number: &str) -> Option<Arc<str>> {
        let domain = self.domains.get(domain)?;
        match domain.phones.get(number) {
            Some(line) => line.name.clone(),
            None => domain.contacts.get(number.trim_start_matches('+')).cloned(),
        }
    }

    pub(super) fn line_mut(&mut self, domain: &str, number: &str) -> Option<&mut Line> {
        self.domains.get_mut(domain)?.phones.get_mut(number)
    }

    /// Works out again which integrations see which phones of `domain`.
    pub(super) fn refresh_viewers(&mut self, domain: &str) {
        let Self { domains, integrations, .. } = self;
        let Some(domain) = domains.get_mut(domain) else { return };
        for (number, line) in &mut domain.phones {
            line.viewers = viewers(&domain.integrations, integrations, number, line.api_enabled);
        }
    }

    /// Forgets a socket; what it was if it was still known.
    pub(super) fn unlink(&mut self, id: LinkId) -> Option<Socket> {
        let socket = self.sockets.remove(&id)?;
        if let Some(integration) = self.integrations.get_mut(socket.integration) {
            integration.links.retain(|link| *link != id);
        }
        Some(socket)
    }
}

/// The integrations that see `number`. A phone whose `api\call\enabled` is off is seen by none.
pub(super) fn viewers(of_domain: &[usize], all: &[Integration], number: &str, api_enabled: bool) -> Arc<[usize]> {
    let sees = |index: &&usize| all.get(**index).is_some_and(|integration| integration.numbers.contains(number));
    if api_enabled { of_domain.iter().filter(sees).copied().collect() } else { Arc::from([]) }
}
