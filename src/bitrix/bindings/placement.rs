//! `placement.get`, `placement.bind`, `placement.unbind`

use super::{BindReport, WantedBindings, already_bound};
use crate::bitrix::lenient;
use crate::bitrix::portal::Portal;
use crate::domain::binding::Binding;
use serde_json::{Value, json};

/// The tab beside the call.
const CALL_CARD: &str = "CALL_CARD";

pub(super) async fn ensure(portal: &Portal, wanted: &WantedBindings, force: bool, report: &mut BindReport) {
    let listed = portal.call("placement.get", &Value::Null).await;
    let Some(answer) = report.keep_going(Binding::Card, listed) else { return };
    let there: Vec<_> = lenient::list(answer.result).iter().filter_map(handler_of_card).collect();
    let (right, stale): (Vec<_>, Vec<_>) = there.into_iter().partition(|h| *h == wanted.card_handler);
    // The old tab goes first: the portal limits how many there may be, and employees would see both.
    let unwanted = stale.into_iter().chain(force.then(|| right.first().cloned()).flatten());
    for handler in unwanted {
        let params = json!({ "PLACEMENT": CALL_CARD, "HANDLER": handler });
        let unbound = portal.call("placement.unbind", &params).await;
        if report.keep_going(Binding::OldAddress, unbound).is_some() {
            report.unbound.push(handler);
        }
    }
    if right.is_empty() || force {
        let bound = portal.call("placement.bind", &params(wanted)).await;
        let bound = bound.map(|_| ()).or_else(|e| if already_bound(&e) { Ok(()) } else { Err(e) });
        if report.keep_going(Binding::Card, bound).is_some() {
            report.bound.push(CALL_CARD.to_owned());
        }
    }
}

pub(super) fn params(wanted: &WantedBindings) -> Value {
    json!({
        "PLACEMENT": CALL_CARD,
        "HANDLER": wanted.card_handler,
        "TITLE": wanted.title_en,
        "LANG_ALL": {
            "ru": { "TITLE": wanted.title_ru },
            "en": { "TITLE": wanted.title_en },
        },
    })
}

pub(super) fn handler_of_card(row: &Value) -> Option<String> {
    let text = |key: &str| row.get(key).and_then(lenient::text);
    text("placement").filter(|p| p.eq_ignore_ascii_case(CALL_CARD)).and_then(|_| text("handler"))
}
