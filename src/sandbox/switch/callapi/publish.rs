//! From legs that changed to frames in the queues of those who may see them.

use super::frame::{OPEN, frames};
use super::link::Out;
use super::{LinkId, QUEUE, Socket};
use crate::sandbox::switch::Core;
use crate::sandbox::switch::call::Leg;
use crate::sandbox::switch::faults::close_links_of;
use crate::sandbox::switch::journal::What;
use crate::sandbox::switch::options::Heartbeat;
use crate::sandbox::switch::state::State;
use std::sync::atomic::Ordering;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tokio_tungstenite::tungstenite::Utf8Bytes;

impl Core {
    /// Queues the frames for every open socket of every integration that sees one of their legs.
    pub(in crate::sandbox::switch) fn publish(&self, state: &mut State, shown: &[Vec<Leg>]) {
        let mut slow = Vec::new();
        let at = self.clock.now();
        for legs in shown {
            if state.quirks.csta_off && !legs.iter().any(|leg| state.commanded.contains(&leg.call)) {
                continue;
            }
            for integration in viewers_of(legs) {
                let links = state.integrations.get(integration).map_or(&[][..], |i| &i.links);
                if links.is_empty() {
                    continue;
                }
                if let Some(book) = &mut state.shown {
                    for leg in legs.iter().filter(|leg| leg.viewers.contains(&integration)) {
                        for link in links {
                            book.note(at, leg, *link);
                        }
                    }
                }
                let seen = legs.iter().filter(|leg| leg.viewers.contains(&integration));
                for text in frames(seen, &state.quirks) {
                    let copies = if state.quirks.duplicate_events { 2 } else { 1 };
                    for link in links {
                        for _ in 0..copies {
                            if !self.queue_event(state, *link, &text) {
                                slow.push(*link);
                            }
                        }
                    }
                }
            }
        }
        for link in slow {
            self.drop_slow(state, link);
        }
    }

    /// Takes a new socket into the world: it is greeted, and told of running calls if the switch does that.
    pub(super) fn link(&self, socket: Socket) -> (LinkId, Heartbeat) {
        let at = self.clock.now();
        let mut state = self.lock();
        let id = LinkId(state.next_id());
        let (integration, node) = (socket.integration, socket.node);
        if state.quirks.evict_older {
            close_links_of(&mut state, integration);
        }
        state.sockets.insert(id, socket);
        if let Some(found) = state.integrations.get_mut(integration) {
            found.links.push(id);
        }
        if !state.quirks.no_open_message {
            self.push(&mut state, id, Out::Text(Utf8Bytes::from_static(OPEN)));
        }
        if state.quirks.replay_on_connect {
            let State { legs, shown, quirks, .. } = &mut *state;
            let mut legs: Vec<&Leg> = legs
                .values()
                .filter(|leg| !leg.is_over() && !leg.silent && leg.viewers.contains(&integration))
                .collect();
            legs.sort_by_key(|leg| leg.id);
            if let Some(book) = shown {
                for leg in &legs {
                    book.note(at, leg, id);
                }
            }
            let replay = if legs.is_empty() { Vec::new() } else { frames(legs, quirks) };
            for text in replay {
                self.push(&mut state, id, Out::Text(text));
            }
        }
        let client_id = state.integrations.get(integration).map(|i| i.client_id.clone());
        state.journal.note(at, node, client_id, What::Upgrade(101));
        let heartbeat = state.heartbeat;
        drop(state);
        self.touch();
        (id, heartbeat)
    }

    /// Queues one thing for one socket; a socket that cannot take it is dropped.
    pub(super) fn push(&self, state: &mut State, link: LinkId, out: Out) {
        if state.sockets.get(&link).is_some_and(|socket| is_slow(&socket.out.try_send(out))) {
            self.drop_slow(state, link);
        }
    }

    fn queue_event(&self, state: &State, link: LinkId, text: &Utf8Bytes) -> bool {
        let Some(socket) = state.sockets.get(&link) else { return true };
        let late = state.quirks.late_events.map(|by| Box::pin(tokio::time::sleep(by)));
        let queued = socket.out.try_send(Out::Event { text: text.clone(), late, swap: state.quirks.reorder });
        if socket.out.capacity() < QUEUE / 2 {
            self.congested.store(true, Ordering::Release);
        }
        !is_slow(&queued)
    }

    fn drop_slow(&self, state: &mut State, link: LinkId) {
        if let Some(socket) = state.unlink(link) {
            socket.kill.cancel();
            let client_id = state.integrations.get(socket.integration).map(|i| i.client_id.clone());
            let what = What::Violation("the client did not read its events: socket dropped".to_owned());
            state.journal.note(self.clock.now(), socket.node, client_id, what);
        }
    }

    /// Whether some socket is still more than half full; if none is, drivers need not look again.
    pub(in crate::sandbox::switch) fn any_congested(&self) -> bool {
        let state = self.lock();
        let congested = state.sockets.values().any(|socket| socket.out.capacity() < QUEUE / 2);
        self.congested.store(congested, Ordering::Release);
        congested
    }

    /// A writer has emptied part of its queue.
    pub(super) fn relieved(&self, queue: &mpsc::Receiver<Out>) {
        if self.congested.load(Ordering::Acquire) && queue.len() < QUEUE / 2 {
            self.drained.notify_waiters();
        }
    }
}

/// The integrations that see at least one of the legs, each once.
fn viewers_of(legs: &[Leg]) -> Vec<usize> {
    let mut found: Vec<usize> = Vec::new();
    for index in legs.iter().flat_map(|leg| leg.viewers.iter()) {
        if !found.contains(index) {
            found.push(*index);
        }
    }
    found
}

/// Whether a client lets its events pile up. One that has just gone is not slow: its socket is about to be unlinked.
fn is_slow(queued: &Result<(), TrySendError<Out>>) -> bool {
    matches!(queued, Err(TrySendError::Full(_)))
}
