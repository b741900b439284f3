//! The switch behind one neutral port: connect, a stream of events, commands.
//!
//! Each back end has its folder and translates its own protocol; nothing outside this module knows a frame.
//!
//! Nothing is spawned here. A connection is driven by the task that awaits [`Connection::next`]: frames, heartbeats,
//! commands and their answers all move inside that call and all state is kept in the connection, so the call may be
//! dropped at any point (in a `select!`) without losing anything. The price is a rule: the owner keeps awaiting
//! `next`, and commands are sent from elsewhere through a [`Commander`].

pub mod callapi;
mod capture;
mod commander;
mod connect_log;

pub use callapi::connection::Connection;
pub use callapi::dialect::Dialect;
pub use callapi::replay::replay;
pub use capture::Tap;
pub use commander::Commander;
pub use connect_log::ConnectLog;

use crate::clock::{Clock, Mark};
use crate::domain::company::{Backend, SwitchSettings};
use crate::domain::leg::SwitchEvent;
use crate::domain::link::LinkFault;
use crate::domain::reach::Networks;
use jiff::tz::TimeZone;
use std::sync::Arc;

/// What the switch has said, and when it was read from the socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimedEvent {
    /// The moment of reading; what waits for its owner meanwhile keeps it.
    pub at: Mark,
    /// What was said.
    pub event: SwitchEvent,
}

/// What one attempt to connect needs.
pub struct ConnectAttempt<'a> {
    /// The company's settings; of the addresses only [`ConnectAttempt::address`] is used.
    pub settings: &'a SwitchSettings,
    /// The address to try, as the administrator typed it.
    pub address: &'a str,
    /// How far it may lead.
    pub networks: Networks,
    /// How the switch spells things.
    pub dialect: Arc<Dialect>,
    /// Whom TLS trusts.
    pub tls: Arc<rustls::ClientConfig>,
    /// The zone the switch writes its times in.
    pub zone: TimeZone,
    /// Our clock; the switch's times are checked against it.
    pub clock: Clock,
    /// Receives everything that is said, secrets masked.
    pub tap: Option<Arc<dyn Tap>>,
}

/// One attempt at one address: register, open the socket, wait until the switch is ready.
///
/// Takes at most about a minute (every step has its own limit). A refused token at the socket is
/// [`LinkFault::Protocol`], not [`LinkFault::WrongKey`]: the key has just been accepted.
pub async fn connect(
    settings: &SwitchSettings,
    address: &str,
    networks: Networks,
    dialect: Arc<Dialect>,
    tls: Arc<rustls::ClientConfig>,
    zone: TimeZone,
    clock: Clock,
) -> Result<Connection, LinkFault> {
    let attempt = ConnectAttempt { settings, address, networks, dialect, tls, zone, clock, tap: None };
    connect_with(attempt, &mut ConnectLog::default()).await
}

/// [`connect`] that reports its steps also when it fails, and can be listened to.
pub async fn connect_with(attempt: ConnectAttempt<'_>, steps: &mut ConnectLog) -> Result<Connection, LinkFault> {
    match attempt.settings.backend {
        Backend::CallApi => callapi::connect(attempt, steps).await,
        Backend::Csta => Err(LinkFault::Protocol("CSTA is not available in this version: choose Call API".to_owned())),
    }
}
