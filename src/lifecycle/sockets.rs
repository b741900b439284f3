//! Listening sockets that outlive the process: the service manager keeps a copy of each and hands it to the next run.
//!
//! No client that connects between two runs is refused; it waits in the socket's own queue. A manager without
//! `FileDescriptorStoreMax=`, or none at all, changes nothing for us.

use listenfd::ListenFd;
use sd_notify::NotifyState;
use std::net::TcpListener;
use std::os::fd::AsFd;
use std::os::unix::net::UnixListener;

/// A socket that the service manager has handed to this process.
#[derive(Debug)]
pub struct Handed {
    /// The name under which it was kept, or the unit's name for one that the manager has bound itself.
    pub name: String,
    pub socket: ListeningSocket,
}

/// A listening socket.
#[derive(Debug)]
pub enum ListeningSocket {
    /// On an address.
    Tcp(TcpListener),
    /// On a path.
    Unix(UnixListener),
}

/// Takes what the service manager has handed over (`LISTEN_FDS`); children will not inherit it.
///
/// Must be called once, before there are other threads: the variables are removed from the environment. What is
/// no stream socket stays closed to us.
pub fn sockets_of_the_last_run() -> Vec<Handed> {
    // Looks whether the sockets are meant for us, which the other crate does not; that one alone turns a number
    // into a socket without unsafe code.
    let names: Vec<String> = match sd_notify::listen_fds_with_names() {
        Ok(named) => named.map(|(_, name)| name).collect(),
        Err(_) => Vec::new(),
    };
    let mut handed = ListenFd::from_env();
    let take = |(index, name)| {
        let socket = match handed.take_unix_listener(index) {
            Ok(Some(socket)) => ListeningSocket::Unix(socket),
            _ => ListeningSocket::Tcp(handed.take_tcp_listener(index).ok().flatten()?),
        };
        Some(Handed { name, socket })
    };
    names.into_iter().enumerate().filter_map(take).collect()
}

/// Has the service manager keep a copy of a socket under `name` (letters, digits and dashes).
pub fn keep_socket(name: &str, socket: &impl AsFd) {
    let state = [NotifyState::FdStore, NotifyState::FdName(name)];
    if let Err(error) = sd_notify::notify_with_fds(&state, &[socket.as_fd()]) {
        tracing::warn!(%error, name, "the service manager does not keep this socket; a restart may refuse connections");
    }
}

/// Has the service manager close all sockets that it keeps under `name`.
pub fn forget_sockets(name: &str) {
    super::notify_manager(&[NotifyState::FdStoreRemove, NotifyState::FdName(name)]);
}
