//! The Call API back end: register over HTTPS, then an authorised WebSocket with events and commands.

mod address;
mod commands;
pub mod connection;
pub mod dialect;
mod fault;
mod heartbeat;
mod outgoing;
mod pending;
mod pointer;
mod read_rate;
mod recognise;
mod register;
pub mod replay;
mod skew;
mod socket;
mod translate;

use super::capture::{FrameListener, Masker};
use super::{ConnectAttempt, ConnectLog, Connection};
use crate::domain::link::LinkFault;
use address::Address;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

/// Registers, opens the socket and waits until the switch is ready.
pub(super) async fn connect(attempt: ConnectAttempt<'_>, steps: &mut ConnectLog) -> Result<Connection, LinkFault> {
    let ConnectAttempt { settings, address, networks, dialect, tls, zone, clock, tap } = attempt;
    let address = Address::parse(address)?;
    let targets = address.resolve(networks).await?;
    let mut masker = Masker::default();
    masker.add(settings.api_key.expose_secret());
    let mut listener =
        FrameListener { tap, clock, masker, owner: format!("{}@{}", settings.client_id, settings.domain).into() };

    let mut values: Vec<(&str, Value)> = vec![
        ("client_id", json!(settings.client_id)),
        ("domain", json!(settings.domain)),
        ("api_key", json!(settings.api_key.expose_secret())),
    ];
    let token = register::register(&address, &targets, &dialect.register, &tls, &values, &listener, steps).await?;
    listener.masker.add(token.expose_secret());
    values.push(("token", json!(token.expose_secret())));

    let stream = socket::open(&address, &targets, &dialect.socket, tls, &values, &listener, steps).await?;
    Connection::start(stream, dialect, zone, listener, &values, steps).await
}

#[cfg(test)]
mod tests;
