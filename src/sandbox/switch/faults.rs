//! Trouble on demand: what a switch, a network or an administrator does to a CRM server.

use super::callapi::Out;
use super::state::State;
use super::{Core, SwitchWorld};

/// What happens to the next register instead of the ordinary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RegisterFault {
    /// This status with a body in the usual form.
    Status(u16),
    /// 200 with a page instead of JSON, as a captive gateway gives.
    Html,
    /// 200 with JSON that holds no token.
    NoToken,
    /// No answer as long as the client waits.
    Hang,
}

/// What happens to the next command instead of the ordinary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommandFault {
    /// Not carried out, answered with this status and message.
    Refuse {
        /// HTTP-like.
        status: u16,
        /// `payload.message`; for 500 the `body` within the string payload.
        message: String,
    },
    /// Neither carried out nor answered.
    Ignore,
    /// Carried out but not answered.
    ActSilently,
}

impl SwitchWorld {
    /// The next registers (one fault each, in order) go wrong in this way.
    pub fn next_register(&self, fault: RegisterFault) {
        self.core.lock().next_registers.push_back(fault);
    }

    /// The next commands (one fault each, in order) go wrong in this way.
    pub fn next_command(&self, fault: CommandFault) {
        self.core.lock().next_commands.push_back(fault);
    }

    /// All event sockets break without a word. Tokens stay valid.
    pub fn drop_links(&self) {
        self.core.cut(|_, _| true);
    }

    /// The sockets of one integration are closed in an orderly way, as if another client had taken its place.
    pub fn evict(&self, client_id: &str) {
        let mut state = self.core.lock();
        let Some(index) = state.integrations.iter().position(|i| i.client_id == client_id) else { return };
        close_links_of(&mut state, index);
        drop(state);
        self.core.touch();
    }

    /// The switch itself restarts: every call is gone without a word, sockets and tokens with them. Its legs are never
    /// heard of again.
    pub fn crash(&self) {
        self.core.turn(|turn| {
            turn.lose_all();
        });
        self.restart();
    }

    /// All event sockets stay open but nothing is read or written any more, as behind a firewall that forgot
    /// the connection. They count as links until the other side gives up.
    pub fn freeze_links(&self) {
        for socket in self.core.lock().sockets.values() {
            if socket.out.try_send(Out::Freeze).is_err() {
                socket.kill.cancel();
            }
        }
    }

    /// The sockets of one integration ping without end from now on and read nothing any more.
    pub fn ping_without_reading(&self, client_id: &str) {
        let state = self.core.lock();
        let found = state.integrations.iter().position(|i| i.client_id == client_id);
        for socket in state.sockets.values().filter(|socket| Some(socket.integration) == found) {
            if socket.out.try_send(Out::PingDeaf).is_err() {
                socket.kill.cancel();
            }
        }
    }

    /// Sends a ping on every event socket now, in the style of the heartbeat.
    pub fn ping_now(&self) {
        for socket in self.core.lock().sockets.values() {
            if socket.out.try_send(Out::Ping).is_err() {
                socket.kill.cancel();
            }
        }
    }

    /// Sends this text as it is on every event socket, for frames no switch should send.
    pub fn send_raw(&self, text: &str) {
        for socket in self.core.lock().sockets.values() {
            if socket.out.try_send(Out::Text(text.into())).is_err() {
                socket.kill.cancel();
            }
        }
    }

    /// The same to one integration only; whether all its sockets could take it.
    pub fn send_raw_to(&self, client_id: &str, text: &str) -> bool {
        let state = self.core.lock();
        let found = state.integrations.iter().position(|i| i.client_id == client_id);
        let mut own = state.sockets.values().filter(|socket| Some(socket.integration) == found);
        own.all(|socket| socket.out.try_send(Out::Text(text.into())).is_ok())
    }

    /// All nodes forget their tokens; sockets stay open.
    pub fn expire_tokens(&self) {
        for node in &mut self.core.lock().nodes {
            node.forget_tokens();
        }
    }

    /// Event sockets that are open.
    pub fn links(&self) -> usize {
        self.core.lock().sockets.len()
    }

    /// Event sockets that are open on one node.
    pub fn links_on(&self, node: usize) -> usize {
        self.core.lock().sockets.values().filter(|socket| socket.node == node).count()
    }

    /// Event sockets that one integration has open.
    pub fn links_of(&self, client_id: &str) -> usize {
        let state = self.core.lock();
        state.integrations.iter().filter(|i| i.client_id == client_id).map(|i| i.links.len()).sum()
    }
}

impl Core {
    /// Breaks the sockets that fit, without a word.
    pub(super) fn cut(&self, fits: impl Fn(&State, &super::callapi::Socket) -> bool) {
        let mut state = self.lock();
        let doomed: Vec<_> =
            state.sockets.iter().filter(|(_, socket)| fits(&state, socket)).map(|(id, _)| *id).collect();
        for id in doomed {
            if let Some(socket) = state.unlink(id) {
                socket.kill.cancel();
            }
        }
        drop(state);
        self.touch();
    }
}

/// Closes an integration's sockets with a close frame.
pub(super) fn close_links_of(state: &mut State, integration: usize) {
    /// Private close code; the real one is unknown.
    const REPLACED: u16 = 4001;
    let links = state.integrations.get(integration).map(|i| i.links.clone()).unwrap_or_default();
    for id in links {
        if let Some(socket) = state.unlink(id)
            && socket.out.try_send(Out::Close(REPLACED, "another client uses this integration")).is_err()
        {
            socket.kill.cancel();
        }
    }
}
