//! What the portal sends to the application: installation calls and events, once each, never repeated.

use super::calls::{OUTGOING, Registration, cleaned};
use super::grants::Pair;
use super::handle::{holder, portal};
use super::judge::Delivery;
use super::php;
use super::state::{EventAuth, Portal, TestEvent};
use super::story::Story;
use super::world::PortalWorld;
use serde_json::Value;
use std::time::Duration;

/// How long a test event is under way.
const TEST_EVENT_UNDER_WAY: Duration = Duration::from_millis(200);

/// Why the browser or the portal does not start a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClickRefused {
    /// A card or call is open on the employee's screen.
    #[error("a call card is open already")]
    CardOpen,
    /// No application is subscribed to the event, so none can be the outgoing number.
    #[error("no application is chosen for outgoing calls")]
    NoApplication,
    /// No such employee, or dismissed.
    #[error("no such employee")]
    UnknownUser,
    /// Nothing to dial in the text.
    #[error("not a telephone number")]
    BadNumber,
}

/// A started click-to-call.
#[derive(Debug, Clone)]
pub struct Clicked {
    /// The `CALL_ID` the portal has registered.
    pub call: String,
    /// The events; complete once all have been answered or given up.
    pub deliveries: Vec<Delivery>,
}

impl Clicked {
    /// Posts the events and waits for their answers.
    pub(super) async fn sent(mut self, world: &PortalWorld, member_id: &str) -> Self {
        for delivery in &mut self.deliveries {
            *delivery = post(world, member_id, delivery.clone()).await;
        }
        self
    }
}

type Form = Vec<(String, String)>;

/// Where a click is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ClickedIn {
    /// In the mobile application: no card opens, in whatever browser the employee is logged in.
    pub mobile: bool,
    /// While working off this call campaign.
    pub campaign: Option<u32>,
}

/// Registers the call, shows the card and prepares the events.
///
/// Which fields the event has, and what is in them: voximplant/lib/rest/helper.php, `startCall`. It casts
/// `CALL_LIST_ID` to a number and passes `IS_MOBILE` as PHP's boolean, which a form writes as 1 or 0.
pub fn click(
    world: &PortalWorld,
    member_id: &str,
    user: i64,
    number: &str,
    place: ClickedIn,
) -> Result<Clicked, ClickRefused> {
    let now = world.now();
    world.change(|state| {
        let portal = portal(state, member_id);
        portal.active_user(user).ok_or(ClickRefused::UnknownUser)?;
        // It is the browser that refuses; the mobile application sees no card.
        if !place.mobile && portal.screens.of(user).is_some() {
            return Err(ClickRefused::CardOpen);
        }
        let handlers: Vec<_> =
            portal.handlers.iter().filter(|h| h.event == "ONEXTERNALCALLSTART" && !h.offline).cloned().collect();
        if handlers.is_empty() || !portal.app.installed || portal.keys.is_none() {
            return Err(ClickRefused::NoApplication);
        }
        let dialled = cleaned(number).ok_or(ClickRefused::BadNumber)?;
        let line = portal.app.outgoing_line.clone();
        // `($line['CRM_AUTO_CREATE'] ?? 'Y') === 'Y'`: the application itself has no such flag (`startCall`, bitrix
        // modules, voximplant/lib/rest/helper.php).
        let create = portal.lines.get(&line).is_none_or(|l| l.crm_auto_create);
        let new = Registration {
            by_portal: true,
            user,
            number: dialled,
            kind: OUTGOING,
            line: Some(line.clone()).filter(|l| !l.is_empty()),
            create,
            show: !place.mobile,
            ..Registration::default()
        };
        portal.add_to_feed(now, Story::Clicked { user, number: number.to_owned() });
        let call = portal.register(&new, now).clone();
        let mut data = vec![
            ("PHONE_NUMBER", number.to_owned()),
            ("PHONE_NUMBER_INTERNATIONAL", international(number)),
            ("EXTENSION", extension(number)),
            ("USER_ID", user.to_string()),
            ("CALL_LIST_ID", place.campaign.unwrap_or_default().to_string()),
            ("LINE_NUMBER", line),
            ("IS_MOBILE", u8::from(place.mobile).to_string()),
            ("CALL_ID", call.id.clone()),
            ("CRM_ENTITY_TYPE", call.bound.as_ref().map(|b| b.entity.clone()).unwrap_or_default()),
            ("CRM_ENTITY_ID", call.bound.as_ref().map(|b| b.id.to_string()).unwrap_or_default()),
        ];
        if let Some(lead) = call.bound.as_ref().filter(|b| b.created) {
            data.push(("CRM_CREATED_LEAD", lead.id.to_string()));
            data.push(("CRM_CREATED_ENTITIES][0][ENTITY_TYPE", lead.entity.clone()));
            data.push(("CRM_CREATED_ENTITIES][0][ENTITY_ID", lead.id.to_string()));
        }
        let mut deliveries = Vec::new();
        for handler in handlers {
            let causer = if handler.auth_type == 0 { user } else { handler.auth_type };
            let pair = state.grants.issue(&holder(state, member_id, causer), now);
            let portal = super::handle::portal(state, member_id);
            let mut form = envelope("ONEXTERNALCALLSTART", Some(handler.id), &data, world);
            form.extend(auth(portal, world, Some((&pair, causer)), portal.event_auth));
            deliveries.push(noted(portal, world, "ONEXTERNALCALLSTART", &handler.url, form));
        }
        Ok(Clicked { call: call.id, deliveries })
    })
}

/// Completes the installation and calls the installation path.
pub async fn install(world: &PortalWorld, member_id: &str, admin: i64) -> Option<Delivery> {
    let now = world.now();
    let delivery = world.change(|state| {
        // Installing again drops the handlers of the last time.
        let portal = portal(state, member_id);
        portal.handlers.clear();
        portal.app.installed = true;
        portal.add_to_feed(now, Story::Installed);
        let url = Some(portal.app.install_url.clone()).filter(|url| !url.is_empty())?;
        let pair = state.grants.issue(&holder(state, member_id, admin), now);
        let portal = super::handle::portal(state, member_id);
        let language = portal.language.clone();
        let data = [("VERSION", "1"), ("ACTIVE", "Y"), ("INSTALLED", "Y"), ("LANGUAGE_ID", &language)];
        let mut form = envelope("ONAPPINSTALL", None, &data.map(|(n, v)| (n, v.to_owned())), world);
        let block = auth(portal, world, Some((&pair, admin)), EventAuth::WithRefresh);
        // The documented block of this event names no user (on-app-install.md).
        form.extend(block.into_iter().filter(|(name, _)| name != "auth[user_id]"));
        Some(noted(portal, world, "ONAPPINSTALL", &url, form))
    })?;
    Some(post(world, member_id, delivery).await)
}

/// Deletes the application and says so.
pub async fn uninstall(world: &PortalWorld, member_id: &str, clean: bool) -> Vec<Delivery> {
    let now = world.now();
    let deliveries = world.change(|state| {
        let portal = portal(state, member_id);
        let mut targets: Vec<(Option<i64>, String)> = portal
            .handlers
            .iter()
            .filter(|h| h.event == "ONAPPUNINSTALL")
            .map(|h| (Some(h.id), h.url.clone()))
            .collect();
        if targets.is_empty() && !portal.app.install_url.is_empty() {
            targets.push((None, portal.app.install_url.clone()));
        }
        let data = [("LANGUAGE_ID", "ru".to_owned()), ("CLEAN", u8::from(clean).to_string())];
        let mut deliveries = Vec::new();
        for (handler, url) in targets {
            let mut form = envelope("ONAPPUNINSTALL", handler, &data, world);
            form.extend(auth(portal, world, None, EventAuth::Usual));
            deliveries.push(noted(portal, world, "ONAPPUNINSTALL", &url, form));
        }
        portal.forget_app();
        portal.keys = None;
        portal.app.installed = false;
        portal.add_to_feed(now, Story::Uninstalled);
        state.grants.revoke(member_id);
        deliveries
    });
    let mut sent = Vec::new();
    for delivery in deliveries {
        sent.push(post(world, member_id, delivery).await);
    }
    sent
}

/// Sends the test events that were asked for by now, each to whoever was bound to it then: not at once, and in the
/// background.
pub fn send_test_events(world: &PortalWorld, member_id: &str) {
    let asked = world.with(|state| std::mem::take(&mut portal(state, member_id).test_events));
    if asked.is_empty() {
        return;
    }
    let (world, member_id) = (world.clone(), member_id.to_owned());
    tokio::spawn(async move {
        tokio::time::sleep(TEST_EVENT_UNDER_WAY).await;
        for event in asked {
            for delivery in test_event(&world, &member_id, &event) {
                post(&world, &member_id, delivery).await;
            }
        }
    });
}

fn test_event(world: &PortalWorld, member_id: &str, event: &TestEvent) -> Vec<Delivery> {
    let now = world.now();
    world.change(|state| {
        let known = portal(state, member_id);
        if !known.app.installed || known.keys.is_none() {
            return Vec::new();
        }
        let mut data = flat("QUERY", &event.query);
        data.push(("LANGUAGE_ID".to_owned(), known.language.clone()));
        let data: Vec<(&str, String)> = data.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
        let mut deliveries = Vec::new();
        for handler in &event.handlers {
            let user = if handler.auth_type == 0 { event.caller } else { handler.auth_type };
            let pair = state.grants.issue(&holder(state, member_id, user), now);
            let portal = portal(state, member_id);
            // This event is among the few that bring a refresh token (bitrix modules, rest_provider.php).
            let kind =
                if portal.event_auth == EventAuth::NoTokens { EventAuth::NoTokens } else { EventAuth::WithRefresh };
            let mut form = envelope("ONAPPTEST", Some(handler.id), &data, world);
            form.extend(auth(portal, world, Some((&pair, user)), kind));
            deliveries.push(noted(portal, world, "ONAPPTEST", &handler.url, form));
        }
        deliveries
    })
}

/// The texts inside a value, by the inner part of the names that PHP gives them in a form.
fn flat(name: &str, value: &Value) -> Vec<(String, String)> {
    let inner = |key: &str, value: &Value| flat(&format!("{name}][{key}"), value);
    match value {
        Value::Object(map) => map.iter().flat_map(|(key, value)| inner(key, value)).collect(),
        Value::Array(list) => list.iter().enumerate().flat_map(|(n, value)| inner(&n.to_string(), value)).collect(),
        other => php::text(other).map(|text| (name.to_owned(), text)).into_iter().collect(),
    }
}

/// Sends a delivery once more, unchanged.
pub async fn redeliver(world: &PortalWorld, member_id: &str, number: usize) -> Option<Delivery> {
    let again = world.change(|state| {
        let portal = portal(state, member_id);
        let old = portal.deliveries.get(number)?.clone();
        Some(noted(portal, world, &old.event, &old.url, old.form))
    })?;
    Some(post(world, member_id, again).await)
}

fn envelope(event: &str, handler: Option<i64>, data: &[(&str, String)], world: &PortalWorld) -> Form {
    let mut form = vec![("event".to_owned(), event.to_owned())];
    form.extend(handler.map(|id| ("event_handler_id".to_owned(), id.to_string())));
    form.extend(data.iter().map(|(name, value)| (format!("data[{name}]"), value.clone())));
    form.push(("ts".to_owned(), (world.now().millis() / 1000).to_string()));
    form
}

/// The `auth` block. An uninstalled application gets no tokens, only proof of the sender.
fn auth(portal: &Portal, world: &PortalWorld, grant: Option<(&Pair, i64)>, kind: EventAuth) -> Form {
    let keys = portal.keys.clone();
    let mut block: Vec<(&str, String)> = Vec::new();
    if let Some((pair, user)) = grant.filter(|_| kind != EventAuth::NoTokens) {
        block.push(("access_token", pair.access.clone()));
        block.push(("expires", (pair.expires.millis() / 1000).to_string()));
        block.push(("expires_in", "3600".to_owned()));
        block.push(("scope", portal.app.scopes.join(",")));
        if kind == EventAuth::WithRefresh {
            block.push(("refresh_token", pair.refresh.clone()));
        }
        block.push(("status", "L".to_owned()));
        block.push(("user_id", user.to_string()));
    }
    block.push(("domain", portal.domain.clone()));
    if kind != EventAuth::NoServerEndpoint {
        block.push(("server_endpoint", format!("{}/rest/", world.auth_url())));
    }
    block.push(("client_endpoint", format!("https://{}/rest/", portal.domain)));
    block.push(("member_id", portal.member_id.clone()));
    block.push(("application_token", keys.map(|k| k.application_token).unwrap_or_default()));
    block.into_iter().map(|(name, value)| (format!("auth[{name}]"), value)).collect()
}

fn noted(portal: &mut Portal, world: &PortalWorld, event: &str, url: &str, form: Form) -> Delivery {
    let delivery = Delivery {
        number: portal.deliveries.len(),
        at: world.now(),
        event: event.to_owned(),
        url: url.to_owned(),
        form,
        status: None,
        failure: None,
    };
    portal.deliveries.push(delivery.clone());
    delivery
}

async fn post(world: &PortalWorld, member_id: &str, mut delivery: Delivery) -> Delivery {
    let body = php::query(delivery.form.iter().map(|(n, v)| (n.as_str(), v.as_str())));
    let request = world.client().post(&delivery.url).header("content-type", "application/x-www-form-urlencoded");
    match request.body(body).send().await {
        Ok(response) => delivery.status = Some(response.status().as_u16()),
        Err(error) => delivery.failure = Some(error.to_string()),
    }
    world.change(|state| {
        if let Some(noted) = portal(state, member_id).deliveries.get_mut(delivery.number) {
            noted.clone_from(&delivery);
        }
    });
    delivery
}

/// E.164, if a Russian or international number can be read; empty otherwise.
fn international(number: &str) -> String {
    let own = number.split(EXTENSION_SIGNS).next().unwrap_or_default();
    let digits: String = own.chars().filter(char::is_ascii_digit).collect();
    match (own.trim_start().starts_with('+'), digits.len(), digits.as_bytes().first()) {
        (true, 8.., _) => format!("+{digits}"),
        (false, 11, Some(b'7' | b'8')) => format!("+7{}", &digits[1..]),
        (false, 10, Some(b'3' | b'4' | b'8' | b'9')) => format!("+7{digits}"),
        _ => String::new(),
    }
}

/// What the portal's own parser takes for the beginning of an extension.
const EXTENSION_SIGNS: [char; 2] = [';', '#'];

fn extension(number: &str) -> String {
    number.split_once(EXTENSION_SIGNS).map(|(_, rest)| rest.to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_made_international_where_they_can_be_read() {
        assert_eq!(international("+7 (983) 555-11-22"), "+79835551122");
        assert_eq!(international("8 983 555-11-22;12"), "+79835551122");
        assert_eq!(international("9835551122"), "+79835551122");
        assert_eq!(international("1001"), "");
        assert_eq!((extension("89835551122;12"), extension("+73835550015#12")), ("12".into(), "12".into()));
        assert_eq!(extension("89835551122,12"), "", "a pause is no sign of the portal's");
    }
}
