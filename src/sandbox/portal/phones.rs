//! The slot for simulated telephones: the page shows them, somebody else's switch rings them.

use serde::Serialize;
use std::fmt;
use std::pin::Pin;
use tokio::sync::watch;

/// A telephone as the page shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PhoneState {
    /// Its internal number.
    pub number: String,
    /// What stands beside the number, such as its owner's name or "group"; may be empty.
    pub label: String,
    /// What it is doing.
    pub state: PhoneMode,
    /// The number on the other side, if there is one.
    pub remote: Option<String>,
    /// A number of the company that rings several telephones: it can be called, but not picked up.
    pub group: bool,
}

/// What a telephone is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PhoneMode {
    /// Nothing.
    Idle,
    /// Somebody calls it.
    Ringing,
    /// It calls somebody.
    Dialing,
    /// In conversation.
    Talking,
    /// In a conversation that is on hold.
    Held,
}

/// Why a telephone did not do it, for a person to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhoneError(pub String);

impl fmt::Display for PhoneError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What the actions return: boxed, so that the trait can be an object.
pub type PhoneFuture<'a> = Pin<Box<dyn Future<Output = Result<(), PhoneError>> + Send + 'a>>;

/// What a person can do with the simulated telephones.
pub trait PhoneActions: Send + Sync {
    /// A caller from outside (`from`) calls an internal number.
    fn ring<'a>(&'a self, number: &'a str, from: &'a str) -> PhoneFuture<'a>;
    /// The telephone answers what rings on it.
    fn pick_up<'a>(&'a self, number: &'a str) -> PhoneFuture<'a>;
    /// The telephone ends whatever it is in.
    fn hang_up<'a>(&'a self, number: &'a str) -> PhoneFuture<'a>;
    /// The telephone calls somebody.
    fn dial<'a>(&'a self, from: &'a str, to: &'a str) -> PhoneFuture<'a>;
    /// The caller outside, whose number is `remote`, picks up the telephone's call.
    fn remote_answer<'a>(&'a self, number: &'a str) -> PhoneFuture<'a>;
    /// All telephones.
    fn phones(&self) -> Vec<PhoneState>;
    /// Changes whenever [`PhoneActions::phones`] would.
    fn changes(&self) -> watch::Receiver<u64>;
}
