//! How a given version of the Call API spells things: data, not code.
//!
//! The public documents name the steps of the conversation but none of its bytes, so every literal stands in
//! one file that an installation can correct without a new release.

mod compile;
mod fault;
mod file;
mod log_once;
mod overlay;
mod template;
mod words;

pub use fault::{DialectFault, Fault};
pub(super) use template::{Json, Message, Text};
pub(super) use words::{Aliases, plain};

use crate::domain::leg::{Capabilities, Cause, Direction, LegState, SwitchCommand};
use crate::regular_file;
use log_once::LogOnce;
use reqwest::Method;
use serde_json::Value;
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use words::Vocabulary;

/// The annotated default, also shipped as documentation.
const DEFAULT: &str = include_str!("../../../../config/dialects/callapi.toml");

static STANDARD: LazyLock<Arc<Dialect>> =
    LazyLock::new(|| Arc::new(overlay::lay_over(DEFAULT, "", "callapi.toml").expect("a test compiles the default")));

/// A checked dialect, shared by all connections.
#[derive(Debug)]
pub struct Dialect {
    pub(super) register: Register,
    pub(super) socket: Socket,
    pub(super) ready: Ready,
    pub(super) envelope: Envelope,
    pub(super) legs: LegWords,
    pub(super) commands: Commands,
    pub(super) answers: Answers,
    pub(super) heartbeat: Heartbeat,
    pub(super) log_once: LogOnce,
}

/// The longest dialect file, in bytes; the built-in one has some 10 KiB.
const LONGEST_FILE: u64 = 256 * 1024;

impl Dialect {
    /// The built-in dialect; every caller gets the same one.
    pub fn default() -> Arc<Self> {
        STANDARD.clone()
    }

    /// The built-in dialect with a file's corrections. Errors name every fault with its line and remedy.
    pub fn load(path: &Path) -> Result<Arc<Self>, DialectFault> {
        let name = path.display().to_string();
        let text = regular_file::read_text(path, LONGEST_FILE).map_err(|e| DialectFault {
            faults: vec![Fault {
                file: name.clone(),
                line: None,
                column: None,
                key: None,
                problem: format!("cannot be read: {e}"),
                remedy: "correct `dialect_file` or the file's permissions".to_owned(),
            }],
        })?;
        Self::parse(&text, &name)
    }

    /// The built-in dialect with the corrections in `text`; `name` is used in faults.
    pub fn parse(text: &str, name: &str) -> Result<Arc<Self>, DialectFault> {
        overlay::lay_over(DEFAULT, text, name).map(Arc::new)
    }

    /// Which commands are switched on. Holding counts only together with taking back.
    pub fn capabilities(&self) -> Capabilities {
        let c = &self.commands;
        Capabilities {
            make: c.make.enabled,
            answer: c.answer.enabled,
            release: c.release.enabled,
            hold: c.hold.enabled && c.retrieve.enabled,
            transfer: c.transfer.enabled,
        }
    }

    /// The template of a command.
    pub(super) fn command(&self, command: &SwitchCommand) -> &Command {
        let c = &self.commands;
        match command {
            SwitchCommand::Make { .. } => &c.make,
            SwitchCommand::Answer(_) => &c.answer,
            SwitchCommand::Release(_) => &c.release,
            SwitchCommand::Hold(_) => &c.hold,
            SwitchCommand::Retrieve(_) => &c.retrieve,
            SwitchCommand::Transfer { .. } => &c.transfer,
        }
    }
}

/// The request that turns client id and key into a token.
#[derive(Debug)]
pub(super) struct Register {
    pub(super) method: Method,
    pub(super) path: Text,
    pub(super) headers: Vec<(HeaderName, Text)>,
    pub(super) content_type: HeaderValue,
    pub(super) body: Option<Message>,
    pub(super) token: Vec<String>,
    pub(super) bare_token: bool,
    pub(super) wrong_key: Vec<u16>,
    pub(super) timeout: Duration,
}

/// The socket and how the token is presented on it.
#[derive(Debug)]
pub(super) struct Socket {
    pub(super) path: Text,
    pub(super) header: Option<(HeaderName, Text)>,
    pub(super) query: Text,
    pub(super) protocol: Text,
    pub(super) first_message: Option<Message>,
    pub(super) subscribe: Vec<Message>,
    pub(super) timeout: Duration,
}

/// When the connection counts as open.
#[derive(Debug)]
pub(super) struct Ready {
    pub(super) patterns: Vec<Value>,
    pub(super) after: Duration,
}

/// Parts of a message, in the order of [`Envelope::names`].
pub(super) const NAME: usize = 0;
pub(super) const PAYLOAD: usize = 1;
pub(super) const REQUEST_ID: usize = 2;
pub(super) const STATUS: usize = 3;

/// The outer form of messages.
#[derive(Debug)]
pub(super) struct Envelope {
    pub(super) names: Aliases<4>,
    pub(super) legs: Vocabulary<()>,
    pub(super) quiet: Vocabulary<()>,
}

/// What a status word means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StatusWord {
    /// A phase of a leg.
    State(LegState),
    /// Known, and nothing to us (after-call work, fax).
    Ignore,
}

/// How a moment is written.
#[derive(Debug)]
pub(super) enum TimeFormat {
    /// A strptime pattern without zone.
    Local(String),
    /// With its own offset.
    Iso8601,
    /// Seconds or milliseconds since 1970.
    Epoch,
}

/// Names and words of legs; the order of `fields` is that of `translate::leg`.
#[derive(Debug)]
pub(super) struct LegWords {
    pub(super) fields: Aliases<10>,
    pub(super) hidden: Vocabulary<()>,
    pub(super) status: Vocabulary<StatusWord>,
    pub(super) direction: Vocabulary<Direction>,
    pub(super) cause: Vocabulary<Cause>,
    pub(super) times: Vec<TimeFormat>,
}

#[derive(Debug)]
pub(super) struct Command {
    pub(super) enabled: bool,
    pub(super) action: String,
    pub(super) payload: Json,
}

/// All commands and their common envelope.
#[derive(Debug)]
pub(super) struct Commands {
    pub(super) message: Json,
    pub(super) timeout: Duration,
    pub(super) make: Command,
    pub(super) answer: Command,
    pub(super) release: Command,
    pub(super) hold: Command,
    pub(super) retrieve: Command,
    pub(super) transfer: Command,
}

/// How answers to commands are read.
#[derive(Debug)]
pub(super) struct Answers {
    pub(super) ok: Vocabulary<()>,
    pub(super) error: Vec<String>,
    pub(super) call_id: Vec<String>,
    pub(super) message: Vec<String>,
}

/// How both sides know that the other is alive.
#[derive(Debug)]
pub(super) struct Heartbeat {
    pub(super) control_ping: bool,
    pub(super) message: Option<Message>,
    pub(super) idle: Duration,
    pub(super) misses: u32,
    /// Plain name of a ping → name of its answer.
    pub(super) answers: HashMap<String, String>,
}

#[cfg(test)]
mod tests;
