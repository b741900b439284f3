//! The process among other processes: signals in, readiness and watchdog out, sockets kept over a restart.

mod sockets;

pub use sockets::{Handed, ListeningSocket, forget_sockets, keep_socket, sockets_of_the_last_run};

use sd_notify::NotifyState;
use std::io;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What somebody outside wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignalRequest {
    /// End in good order (SIGTERM, SIGINT).
    Stop,
    /// Read files again (SIGHUP).
    Reload,
}

/// The signals we listen to.
#[derive(Debug)]
pub struct Signals {
    term: Signal,
    int: Signal,
    hup: Signal,
}

impl Signals {
    /// Begins to listen. Until then SIGHUP ends the process.
    pub fn listen() -> io::Result<Self> {
        Ok(Self {
            term: signal(SignalKind::terminate())?,
            int: signal(SignalKind::interrupt())?,
            hup: signal(SignalKind::hangup())?,
        })
    }

    /// The next wish. Cancel-safe.
    pub async fn next(&mut self) -> SignalRequest {
        tokio::select! {
            _ = self.term.recv() => SignalRequest::Stop,
            _ = self.int.recv() => SignalRequest::Stop,
            _ = self.hup.recv() => SignalRequest::Reload,
        }
    }
}

/// Tells the service manager that we serve.
pub fn report_ready(status: &str) {
    notify_manager(&[NotifyState::Ready, NotifyState::Status(status)]);
}

/// Tells the service manager that we read files again; [`report_ready`] ends it.
pub fn report_reloading() {
    // Managers of version 253 and later want the time with it, older ones ignore it.
    match NotifyState::monotonic_usec_now() {
        Ok(now) => notify_manager(&[NotifyState::Reloading, now]),
        Err(_) => notify_manager(&[NotifyState::Reloading]),
    }
}

/// Tells the service manager that we are ending.
pub fn report_stopping() {
    notify_manager(&[NotifyState::Stopping, NotifyState::Status("stopping")]);
}

/// Tells the service manager that we are well, and how things stand.
pub fn report_well(status: &str) {
    notify_manager(&[NotifyState::Watchdog, NotifyState::Status(status)]);
}

/// Tells the service manager why it is not told that we are well.
pub fn report_unwell(status: &str) {
    notify_manager(&[NotifyState::Status(status)]);
}

/// How often the service manager wants to hear that we are well, halved for safety.
pub fn watchdog_interval() -> Option<Duration> {
    sd_notify::watchdog_enabled().map(|limit| limit / 2)
}

fn notify_manager(state: &[NotifyState<'_>]) {
    // Without a service manager this does nothing; a failure must not stop the service it reports on.
    if let Err(error) = sd_notify::notify(state) {
        tracing::debug!(%error, "the service manager was not told");
    }
}
