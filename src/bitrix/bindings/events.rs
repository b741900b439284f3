//! `event.get`, `event.bind`, `event.unbind`

use super::test_event::TEST;
use super::{BindReport, Choices, already_bound};
use crate::bitrix::lenient;
use crate::bitrix::portal::Portal;
use crate::domain::binding::Binding;
use serde_json::{Value, json};

/// A click on a number.
pub(super) const CLICK: &str = "OnExternalCallStart";
/// A new user has signed in for the first time.
const NEW_USER: &str = "OnUserAdd";
/// What we want to be told. Installation and removal of the application are told without asking.
const WANTED: [&str; 2] = [CLICK, NEW_USER];

pub(super) async fn ensure(portal: &Portal, handler: &str, choices: Choices, report: &mut BindReport) {
    let listed = portal.call("event.get", &Value::Null).await;
    let Some(answer) = report.keep_going(Binding::Click, listed) else { return };
    let there: Vec<_> = lenient::list(answer.result).iter().filter_map(read).collect();
    for event in WANTED {
        let ours = there.iter().filter(|b| b.event.eq_ignore_ascii_case(event));
        let (right, stale): (Vec<_>, Vec<_>) = ours.partition(|b| b.handler == handler);
        if right.is_empty() {
            let bound = portal.call("event.bind", &json!({ "event": event, "handler": handler })).await;
            let bound = bound.map(|_| ()).or_else(|e| if already_bound(&e) { Ok(()) } else { Err(e) });
            if let (NEW_USER, Err(error)) = (event, &bound) {
                // Users are fetched every hour anyway.
                report.note_answer(error);
                tracing::debug!(%error, "the portal will not announce new users");
                continue;
            }
            if report.keep_going(Binding::Click, bound).is_none() {
                continue; // An old address is better than none.
            }
            report.bound.push(event.to_owned());
        }
        for old in stale {
            let params = json!({ "event": event, "handler": old.handler });
            let unbound = portal.call("event.unbind", &params).await;
            if report.keep_going(Binding::OldAddress, unbound).is_some() {
                report.unbound.push(old.handler.clone());
            }
        }
    }
    // What is left of test events: of a run before this one, or of one that has come. Nor shall anybody else be told what
    // the portal is asked with.
    let stays = |b: &&Bound| choices.awaits_test_event && b.handler == handler;
    for test in there.iter().filter(|b| b.event.eq_ignore_ascii_case(TEST) && !stays(b)) {
        if let Err(error) = portal.call("event.unbind", &json!({ "event": TEST, "handler": test.handler })).await {
            report.note_answer(&error);
            tracing::debug!(%error, "the portal keeps the handler of a test event");
        }
    }
}

pub(super) struct Bound {
    pub event: String,
    pub handler: String,
}

/// A binding with an address; those that the portal keeps for polling have none.
pub(super) fn read(row: &Value) -> Option<Bound> {
    let text = |key: &str| row.get(key).and_then(lenient::text);
    Some(Bound { event: text("event")?, handler: text("handler")? })
}
