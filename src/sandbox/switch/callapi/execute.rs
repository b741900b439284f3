//! Commands carried out, and refusals in the switch's words.

use super::command::Request;
use crate::sandbox::switch::call::{CallId, Direction, LegId, Refusal, Turn};
use crate::sandbox::switch::numbers::tidy;
use serde_json::{Value, json};
use std::sync::Arc;

/// What a command is answered with.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) status: u16,
    pub(super) payload: Value,
    /// What a well-behaved client would not have sent.
    pub(super) violation: Option<String>,
}

impl Outcome {
    fn done(payload: Value) -> Self {
        Self { status: 200, payload, violation: None }
    }

    fn malformed(what: String) -> Self {
        Self { status: 400, payload: json!({"message": &what}), violation: Some(what) }
    }

    /// A refusal: with a message, or for 500 as a string that holds the JSON of the switch behind the adapter.
    pub(super) fn refused(status: u16, action: &str, message: &str) -> Self {
        let payload = if status == 500 {
            let inner = json!({"cmd": inner_name(action), "reason": "cannot_perform_cmd", "body": message});
            Value::String(inner.to_string())
        } else {
            json!({"message": message})
        };
        Self { status, payload, violation: None }
    }
}

/// The command as the switch behind the adapter calls it.
fn inner_name(action: &str) -> String {
    match action {
        "call.make" => "make_call".to_owned(),
        "call.transfer" => "call_unattended_transfer".to_owned(),
        "call.retrieve" => "call_unhold".to_owned(),
        other => other.replace('.', "_"),
    }
}

pub(super) fn execute(turn: &mut Turn<'_>, integration: usize, request: &Request) -> Outcome {
    let action = request.action.as_str();
    let text = |name: &str| request.payload.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let number = |name: &str| text(name).map(tidy).filter(|number| !number.is_empty());
    let missing = |name: &str| Outcome::malformed(format!("{action}: payload.{name} must be a non-empty string"));
    if action == "call.make" {
        let Some(from) = number("from") else { return missing("from") };
        let Some(to) = number("to") else { return missing("to") };
        return match make(turn, integration, &from.into(), &to.into()) {
            Ok(call) => Outcome::done(json!({"call_id": call.to_string()})),
            Err(refusal) => refused(action, &refusal),
        };
    }
    if !matches!(action, "call.answer" | "call.release" | "call.hold" | "call.retrieve" | "call.transfer") {
        let mut outcome = Outcome::refused(404, action, "Unknown action");
        outcome.violation = Some(format!("unknown action: {action}"));
        return outcome;
    }
    let Some(id) = text("id") else { return missing("id") };
    let leg = match visible(turn, integration, id) {
        Ok(leg) => leg,
        Err(refusal) => return refused(action, &refusal),
    };
    let done = match action {
        "call.answer" => answer(turn, leg),
        "call.hold" => turn.hold(leg),
        "call.retrieve" => turn.retrieve(leg),
        "call.transfer" => match number("to") {
            Some(to) => turn.transfer(leg, &to.into()),
            None => return missing("to"),
        },
        _ => turn.hang_up(leg),
    };
    match done {
        Ok(()) => Outcome::done(json!({})),
        Err(refusal) => refused(action, &refusal),
    }
}

fn make(turn: &mut Turn<'_>, integration: usize, from: &Arc<str>, to: &Arc<str>) -> Result<CallId, Refusal> {
    let owner = turn.state.integrations.get(integration).ok_or(Refusal::NotAllowed)?;
    let domain = Arc::clone(&owner.domain);
    let line = turn.state.line(&domain, from).ok_or(Refusal::NotAllowed)?;
    if !line.viewers.contains(&integration) {
        return Err(Refusal::NotAllowed);
    }
    let call = turn.make(&domain, from, to)?;
    turn.state.commanded.insert(call);
    Ok(call)
}

/// The live leg of this id, if the integration sees it.
fn visible(turn: &Turn<'_>, integration: usize, id: &str) -> Result<LegId, Refusal> {
    let leg = turn.live(LegId::parse(id).ok_or(Refusal::NoSuchLeg)?)?;
    if leg.viewers.contains(&integration) { Ok(leg.id) } else { Err(Refusal::NoSuchLeg) }
}

fn answer(turn: &mut Turn<'_>, id: LegId) -> Result<(), Refusal> {
    let leg = turn.live(id)?;
    if leg.direction == Direction::Out && !leg.summoned {
        return Err(Refusal::WrongState("the leg is outgoing"));
    }
    let line = turn.running(leg.call).ok().and_then(|call| turn.state.line(&call.domain, &leg.own));
    if leg.rings() && line.is_some_and(|line| !line.sip_answer) {
        return Err(Refusal::CannotPerform("the phone does not support SIP-answer"));
    }
    turn.answer(id)
}

fn refused(action: &str, refusal: &Refusal) -> Outcome {
    let status = match refusal {
        Refusal::NotAllowed | Refusal::NoSuchPhone(_) => 403,
        Refusal::NoSuchLeg | Refusal::NoSuchCall => 404,
        Refusal::WrongState(_) => 409,
        Refusal::CannotPerform(_) => 500,
    };
    let message = match refusal {
        Refusal::CannotPerform(why) => (*why).to_owned(),
        other => other.to_string(),
    };
    Outcome::refused(status, action, &message)
}
