//! What a method answers: a result, or a refusal in the portal's envelope, and whose fault that is.

use super::timing;
use crate::domain::Timestamp;
use serde_json::{Value, json};

/// A method's result.
#[derive(Debug, Clone)]
pub struct Done {
    /// What stands under `result`.
    pub result: Value,
    /// Size of the whole list, for list methods that count.
    pub total: Option<usize>,
    /// Offset of the next page.
    pub next: Option<usize>,
}

impl From<Value> for Done {
    fn from(result: Value) -> Self {
        Self { result, total: None, next: None }
    }
}

#[derive(Debug, Clone)]
pub struct Refusal {
    /// HTTP status; a few errors arrive with 200.
    pub http: u16,
    /// Often empty in telephony.
    pub code: String,
    /// The text beside the code.
    pub text: String,
    /// Names the missing field, for `ERROR_ARGUMENT`.
    pub argument: Option<&'static str>,
    /// The request should never have been sent so.
    pub clients_fault: bool,
}

impl Refusal {
    /// A refusal that a correct client can meet.
    pub fn new(http: u16, code: &str, text: impl Into<String>) -> Self {
        Self { http, code: code.to_owned(), text: text.into(), argument: None, clients_fault: false }
    }

    /// A telephony refusal: status 400 and an empty code.
    pub fn business(text: impl Into<String>) -> Self {
        Self::new(400, "", text)
    }

    /// A required argument is missing; arrives with status 200.
    pub fn argument(name: &'static str) -> Self {
        let text = format!("Argument '{name}' is null or empty");
        Self { argument: Some(name), ..Self::new(200, "ERROR_ARGUMENT", text) }.clients_fault()
    }

    /// Marks the request as one that should never have been sent so.
    pub fn clients_fault(mut self) -> Self {
        self.clients_fault = true;
        self
    }

    /// The envelope.
    pub fn body(&self) -> Value {
        let mut body = json!({ "error": self.code, "error_description": self.text });
        if let Some(argument) = self.argument {
            body["argument"] = argument.into();
        }
        body
    }
}

/// What a method returns.
pub type Answer = Result<Done, Refusal>;

/// The envelope of a result.
pub fn envelope(done: &Done, started: Timestamp, finished: Timestamp, operating: Option<timing::Operated>) -> Value {
    let mut body = json!({ "result": done.result, "time": timing::block(started, finished, operating) });
    if let Some(next) = done.next {
        body["next"] = next.into();
    }
    if let Some(total) = done.total {
        body["total"] = total.into();
    }
    body
}
