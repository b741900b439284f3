//! What the witness has seen, for tests to judge by.

use crate::domain::Timestamp;
use serde_json::Value;
use std::fmt;

/// A request to the portal's REST interface or to the authorization server; calls inside a batch are
/// recorded one by one before the batch itself.
#[derive(Debug, Clone)]
pub struct Request {
    /// Position in the log, from 0.
    pub number: usize,
    /// When it arrived.
    pub at: Timestamp,
    /// Lower case, without `.json`; `oauth/token` at the authorization server.
    pub method: String,
    /// Without tokens and secrets.
    pub params: Value,
    /// Whose token it carried.
    pub user: Option<i64>,
    /// HTTP status; 0 if no answer was given.
    pub status: u16,
    /// The answer's body; null if it was no JSON.
    pub answer: Value,
    /// Part of a batch.
    pub in_batch: bool,
    pub executed: bool,
}

impl Request {
    /// The answer's error code, if it is an error.
    pub fn error(&self) -> Option<&str> {
        self.answer.get("error").and_then(Value::as_str)
    }
}

/// Something a correct client never does.
#[derive(Debug, Clone)]
pub struct Violation {
    pub at: Timestamp,
    /// The method it happened in.
    pub method: String,
    /// What was wrong.
    pub text: String,
}

/// Show or hide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PushKind {
    /// The card is to appear.
    Show,
    /// The card is to go.
    Hide,
}

/// One push message to one employee's browser.
#[derive(Debug, Clone)]
pub struct Push {
    pub at: Timestamp,
    pub kind: PushKind,
    /// `CALL_ID`.
    pub call: String,
    pub user: i64,
    /// False if the browser ignored it: another card was open, or another one than the one to hide.
    pub took_effect: bool,
}

/// One event posted to the application.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// Position in the log, from 0.
    pub number: usize,
    /// When it was sent.
    pub at: Timestamp,
    /// Upper case.
    pub event: String,
    pub url: String,
    /// The form, decoded, in order.
    pub form: Vec<(String, String)>,
    /// HTTP status of the answer; `None` while it is under way or if it failed.
    pub status: Option<u16>,
    /// Why it failed.
    pub failure: Option<String>,
}

/// What must be empty when all calls are over and the client was correct.
#[derive(Debug, Clone, Default)]
pub struct Verdict {
    /// Calls nobody finished.
    pub unfinished: Vec<String>,
    /// Cards nobody removed: employee and call.
    pub visible: Vec<(i64, String)>,
    /// What a correct client never does.
    pub violations: Vec<Violation>,
}

impl Verdict {
    /// Nothing was left and nothing was wrong.
    pub fn is_silent(&self) -> bool {
        self.unfinished.is_empty() && self.visible.is_empty() && self.violations.is_empty()
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for call in &self.unfinished {
            writeln!(f, "call left unfinished: {call}")?;
        }
        for (user, call) in &self.visible {
            writeln!(f, "card left on the screen of user {user}: {call}")?;
        }
        for violation in &self.violations {
            writeln!(f, "{}: {}", violation.method, violation.text)?;
        }
        Ok(())
    }
}

/// The log of one server.
#[derive(Debug, Clone, Default)]
pub struct Log {
    requests: Vec<Request>,
    /// What a correct client never does.
    pub violations: Vec<Violation>,
}

impl Log {
    /// Adds a request.
    pub fn request(&mut self, mut request: Request) {
        request.number = self.requests.len();
        self.requests.push(request);
    }

    /// Adds a violation.
    pub fn violation(&mut self, at: Timestamp, method: &str, text: impl Into<String>) {
        self.violations.push(Violation { at, method: method.to_owned(), text: text.into() });
    }

    /// All requests so far.
    pub fn requests(&self) -> &[Request] {
        &self.requests
    }
}

/// A request before it is answered.
pub fn unanswered(at: Timestamp, method: &str, params: Value) -> Request {
    Request {
        number: 0,
        at,
        method: method.to_owned(),
        params,
        user: None,
        status: 0,
        answer: Value::Null,
        in_batch: false,
        executed: false,
    }
}
