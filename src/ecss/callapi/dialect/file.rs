//! The dialect file, key by key, as it is written. Meaning and defaults stand in the annotated default file.

use serde::Deserialize;
use std::collections::BTreeMap;

type Words = BTreeMap<String, String>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) register: Register,
    pub(super) socket: Socket,
    pub(super) ready: Ready,
    pub(super) envelope: Envelope,
    pub(super) events: Events,
    pub(super) fields: LegFields,
    pub(super) legs: Legs,
    pub(super) status: Words,
    pub(super) direction: Words,
    pub(super) cause: Words,
    pub(super) time: Time,
    pub(super) commands: Commands,
    pub(super) answer: Answers,
    pub(super) heartbeat: Heartbeat,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Register {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) content_type: String,
    pub(super) body: String,
    pub(super) token: Vec<String>,
    pub(super) bare_token: bool,
    pub(super) wrong_key: Vec<u16>,
    pub(super) timeout_seconds: f64,
    pub(super) headers: Words,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Socket {
    pub(super) path: String,
    pub(super) header: String,
    pub(super) header_value: String,
    pub(super) query: String,
    pub(super) protocol: String,
    pub(super) first_message: String,
    pub(super) subscribe: Vec<String>,
    pub(super) timeout_seconds: f64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ready {
    pub(super) messages: Vec<String>,
    pub(super) after_seconds: f64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Envelope {
    pub(super) name: Vec<String>,
    pub(super) payload: Vec<String>,
    pub(super) request_id: Vec<String>,
    pub(super) status: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Events {
    pub(super) legs: Vec<String>,
    pub(super) quiet: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LegFields {
    pub(super) leg: Vec<String>,
    pub(super) call: Vec<String>,
    pub(super) call_ref: Vec<String>,
    pub(super) own: Vec<String>,
    pub(super) remote: Vec<String>,
    pub(super) direction: Vec<String>,
    pub(super) status: Vec<String>,
    pub(super) answered_at: Vec<String>,
    pub(super) display_name: Vec<String>,
    pub(super) cause: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Legs {
    pub(super) hidden: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Time {
    pub(super) formats: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Commands {
    pub(super) message: String,
    pub(super) timeout_seconds: f64,
    pub(super) make: Command,
    pub(super) answer: Command,
    pub(super) release: Command,
    pub(super) hold: Command,
    pub(super) retrieve: Command,
    pub(super) transfer: Command,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Command {
    pub(super) enabled: bool,
    pub(super) action: String,
    pub(super) payload: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Answers {
    pub(super) ok: Vec<String>,
    pub(super) error: Vec<String>,
    pub(super) call_id: Vec<String>,
    pub(super) message: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Heartbeat {
    pub(super) control_ping: bool,
    pub(super) message: String,
    pub(super) idle_seconds: f64,
    pub(super) misses: u32,
    pub(super) answers: Words,
}
