//! What clients did to the switch: registers, sockets, commands, and everything that a well-behaved client
//! would not do.

use super::SwitchWorld;
use crate::domain::Timestamp;
use serde_json::Value;
use std::collections::VecDeque;

/// This many entries are kept; older ones are dropped.
const KEPT: usize = 50_000;

/// One thing a client did.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// By the world's clock.
    pub at: Timestamp,
    /// Index of the node it happened on.
    pub node: usize,
    /// The integration, where known.
    pub client_id: Option<String>,
    pub what: What,
}

/// The kinds of things clients do.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// Asked for a token; the status it got.
    Register(u16),
    /// Opened the event socket; the status it got.
    Upgrade(u16),
    /// Lost or closed the socket.
    Unlinked(String),
    /// Sent a command.
    Command(ReceivedCommand),
    /// Did what no well-behaved client does.
    Violation(String),
}

/// A command as it arrived.
#[derive(Debug, Clone, PartialEq)]
pub struct ReceivedCommand {
    /// By the world's clock.
    pub at: Timestamp,
    /// `call.make`, …
    pub action: String,
    /// As sent.
    pub request_id: Value,
    /// As sent.
    pub payload: Value,
    /// What was answered; `None` if the driver wanted no answer.
    pub status: Option<u16>,
}

/// The log, with what waiting needs.
#[derive(Default)]
pub(super) struct Journal {
    pub(super) entries: VecDeque<Entry>,
    /// Commands nobody has waited for yet.
    pub(super) unclaimed: VecDeque<ReceivedCommand>,
    pub(super) registers: usize,
    pub(super) pongs: usize,
}

impl Journal {
    pub(super) fn note(&mut self, at: Timestamp, node: usize, client_id: Option<String>, what: What) {
        match &what {
            What::Register(200) => self.registers += 1,
            What::Command(command) => {
                self.unclaimed.push_back(command.clone());
                if self.unclaimed.len() > KEPT {
                    self.unclaimed.pop_front();
                }
            }
            _ => {}
        }
        self.entries.push_back(Entry { at, node, client_id, what });
        if self.entries.len() > KEPT {
            self.entries.pop_front();
        }
    }
}

impl SwitchWorld {
    /// The log, oldest first; the last 50,000 entries. Holds no keys and no tokens.
    pub fn journal(&self) -> Vec<Entry> {
        self.core.lock().journal.entries.iter().cloned().collect()
    }

    /// Successful registers so far.
    pub fn registers(&self) -> usize {
        self.core.lock().journal.registers
    }

    /// Answers to our pings so far, control frames and text together.
    pub fn pongs(&self) -> usize {
        self.core.lock().journal.pongs
    }

    /// Commands so far, oldest first.
    pub fn commands(&self) -> Vec<ReceivedCommand> {
        let command = |entry: Entry| match entry.what {
            What::Command(command) => Some(command),
            _ => None,
        };
        self.journal().into_iter().filter_map(command).collect()
    }

    /// What clients did that no well-behaved client does: malformed frames and bodies, unknown actions and
    /// paths, request ids used twice, sockets without a token. A test should find none.
    pub fn violations(&self) -> Vec<String> {
        let violation = |entry: Entry| match entry.what {
            What::Violation(text) => Some(text),
            _ => None,
        };
        self.journal().into_iter().filter_map(violation).collect()
    }
}
