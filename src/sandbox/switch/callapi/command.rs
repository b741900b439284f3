//! Texts that clients send: commands, pings and pongs, and things that are neither.

use super::LinkId;
use super::execute::{Outcome, execute};
use super::link::Out;
use crate::sandbox::switch::Core;
use crate::sandbox::switch::call::Turn;
use crate::sandbox::switch::faults::CommandFault;
use crate::sandbox::switch::journal::{ReceivedCommand, What};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// A well-formed command.
#[derive(Debug, PartialEq)]
pub(super) struct Request {
    pub(super) action: String,
    /// `requestId`, given back in the answer.
    pub(super) id: Value,
    pub(super) payload: Value,
}

/// What a text turned out to be.
#[derive(Debug, PartialEq)]
enum Received {
    Ping,
    Pong,
    Command(Request),
    Bad(String),
}

fn understand(text: &str) -> Received {
    let mut object: Map<String, Value> = match serde_json::from_str(text) {
        Ok(object) => object,
        Err(fault) => return Received::Bad(format!("a text that is no JSON object: {fault}")),
    };
    match object.get("event").and_then(Value::as_str) {
        Some("ping") => return Received::Ping,
        Some("pong") => return Received::Pong,
        _ => {}
    }
    let Some(Value::String(action)) = object.remove("action") else {
        return Received::Bad("a frame without action".to_owned());
    };
    let Some(id) = object.remove("requestId").filter(Value::is_u64) else {
        return Received::Bad(format!("{action} without a numeric requestId"));
    };
    let payload = object.remove("payload").unwrap_or(Value::Null);
    Received::Command(Request { action, id, payload })
}

impl Core {
    /// Takes a text from a client; whether it was a pong.
    pub(super) fn received(self: &Arc<Self>, id: LinkId, text: &str) -> bool {
        match understand(text) {
            Received::Ping => {
                self.push(&mut self.lock(), id, Out::Text(r#"{"event":"pong"}"#.into()));
                false
            }
            Received::Pong => {
                self.lock().journal.pongs += 1;
                self.touch();
                true
            }
            Received::Bad(what) => {
                let answer = json!({"status": 400, "payload": {"message": &what}});
                self.push(&mut self.lock(), id, Out::Text(answer.to_string().into()));
                self.violated(id, what);
                false
            }
            Received::Command(request) => {
                self.perform(id, request);
                false
            }
        }
    }

    fn perform(self: &Arc<Self>, id: LinkId, request: Request) {
        let now = self.clock.now();
        let mut guard = self.lock();
        let state = &mut *guard;
        let Some(socket) = state.sockets.get_mut(&id) else { return };
        let (node, integration) = (socket.node, socket.integration);
        let repeated = !request.id.as_u64().is_some_and(|id| socket.remember(id));
        let fault = state.next_commands.pop_front();
        let mut turn = Turn::new(state, now);
        let outcome = match &fault {
            Some(CommandFault::Refuse { status, message }) => Outcome::refused(*status, &request.action, message),
            Some(CommandFault::Ignore) => Outcome::default(),
            Some(CommandFault::ActSilently) | None => execute(&mut turn, integration, &request),
        };
        let (frames, timers) = (turn.frames, turn.timers);
        let silent = matches!(fault, Some(CommandFault::Ignore | CommandFault::ActSilently));
        let answer = (!silent).then(|| {
            let Request { action, id, .. } = &request;
            let (status, payload) = (outcome.status, &outcome.payload);
            json!({"action": action, "requestId": id, "status": status, "payload": payload}).to_string()
        });
        if state.quirks.events_before_answer {
            self.publish(state, &frames);
        }
        if let Some(answer) = answer {
            self.push(state, id, Out::Text(answer.into()));
        }
        if !state.quirks.events_before_answer {
            self.publish(state, &frames);
        }
        let client_id = state.integrations.get(integration).map(|i| i.client_id.clone());
        if repeated {
            let what = format!("{}: requestId {} was used before", request.action, request.id);
            state.journal.note(now, node, client_id.clone(), What::Violation(what));
        }
        if let Some(what) = outcome.violation {
            state.journal.note(now, node, client_id.clone(), What::Violation(what));
        }
        let Request { action, id: request_id, payload } = request;
        let status = (!silent).then_some(outcome.status);
        let command = ReceivedCommand { at: now, action, request_id, payload, status };
        state.journal.note(now, node, client_id, What::Command(command));
        drop(guard);
        self.arm(timers);
        self.touch();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_pings_and_nonsense_are_told_apart() {
        assert_eq!(understand(r#"{"event":"ping"}"#), Received::Ping);
        assert_eq!(understand(r#"{"event":"pong"}"#), Received::Pong);
        let Received::Command(request) = understand(r#"{"action":"call.hold","requestId":7,"payload":{"id":"x"}}"#)
        else {
            panic!("a command");
        };
        assert_eq!((request.action.as_str(), request.id), ("call.hold", json!(7)));
        for text in ["ping", "[]", "{}", r#"{"action":"call.hold"}"#, r#"{"action":"a","requestId":"7"}"#] {
            assert!(matches!(understand(text), Received::Bad(_)), "{text}");
        }
    }
}
