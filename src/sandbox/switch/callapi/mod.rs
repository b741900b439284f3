//! The Call API face: register over HTTP, events and commands over a WebSocket.

mod command;
mod execute;
mod frame;
mod http;
mod link;
mod node;
mod publish;
mod register;
mod token;
mod upgrade;

pub(super) use frame::answer_text;
pub(super) use link::Out;
pub(super) use node::Node;

use std::collections::VecDeque;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// This many frames may wait for a socket before it is dropped as too slow.
const QUEUE: usize = 4096;

/// An event socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::sandbox::switch) struct LinkId(u64);

/// An open event socket as the world sees it.
pub(super) struct Socket {
    pub(super) integration: usize,
    pub(super) node: usize,
    pub(super) out: mpsc::Sender<Out>,
    /// Ends the socket without a word.
    pub(super) kill: CancellationToken,
    /// Request ids the client has used on this socket, newest last.
    recent: VecDeque<u64>,
}

impl Socket {
    /// This many request ids are remembered.
    const REMEMBERED: usize = 256;

    fn new(integration: usize, node: usize, out: mpsc::Sender<Out>, kill: CancellationToken) -> Self {
        Self { integration, node, out, kill, recent: VecDeque::new() }
    }

    /// Remembers a request id; whether it was new.
    fn remember(&mut self, request_id: u64) -> bool {
        if self.recent.contains(&request_id) {
            return false;
        }
        if self.recent.len() == Self::REMEMBERED {
            self.recent.pop_front();
        }
        self.recent.push_back(request_id);
        true
    }
}
