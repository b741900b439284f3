//! Which phase of which leg went out on which socket, and how long that socket lived: what a client can know.
//!
//! Kept only on demand ([`SwitchWorld::keep_shown`]), as load runs need the memory for other things.

use super::call::{CallId, Leg, LegId, LegStatus};
use super::callapi::LinkId;
use super::{Core, SwitchWorld};
use crate::domain::Timestamp;
use std::collections::HashMap;
use std::time::Duration;

/// A phase of a leg as it was sent to one socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown {
    /// When it left.
    pub at: Timestamp,
    /// The phase it reported.
    pub status: LegStatus,
    /// When the socket broke; `None` while it is open.
    pub socket_ended: Option<Timestamp>,
}

impl Shown {
    /// Whether the socket lived on for this long, so that a client which reads its events has read this one.
    pub fn survived(&self, by: Duration) -> bool {
        self.socket_ended.is_none_or(|end| end.since(self.at) >= by)
    }
}

/// The world's memory of it.
#[derive(Default)]
pub(super) struct Book {
    legs: HashMap<LegId, Vec<(Timestamp, LegStatus, LinkId, CallId)>>,
    ended: HashMap<LinkId, Timestamp>,
}

impl Book {
    pub(super) fn note(&mut self, at: Timestamp, leg: &Leg, link: LinkId) {
        self.legs.entry(leg.id).or_default().push((at, leg.status, link, leg.call));
    }

    pub(super) fn link_ended(&mut self, at: Timestamp, link: LinkId) {
        self.ended.entry(link).or_insert(at);
    }

    pub(super) fn forget(&mut self, leg: LegId) {
        self.legs.remove(&leg);
    }

    /// What was sent of a leg as part of this call, since it came into it and until it left it, oldest first.
    pub(super) fn of(&self, leg: &Leg) -> Vec<Shown> {
        let until = leg.moved_to.and(leg.ended);
        let sent = self.legs.get(&leg.id).into_iter().flatten();
        let here = sent.filter(|(at, _, _, call)| {
            *call == leg.call && *at >= leg.joined && until.is_none_or(|until| *at <= until)
        });
        let shown = |(at, status, link, _): &(Timestamp, LegStatus, LinkId, CallId)| Shown {
            at: *at,
            status: *status,
            socket_ended: self.ended.get(link).copied(),
        };
        here.map(shown).collect()
    }
}

impl SwitchWorld {
    /// From now on remembers what every socket was sent; [`super::TrueLeg::shown`] returns it.
    pub fn keep_shown(&self) {
        self.core.lock().shown.get_or_insert_default();
    }
}

impl Core {
    /// Notes the end of a socket.
    pub(super) fn note_link_end(&self, at: Timestamp, link: LinkId) {
        if let Some(book) = &mut self.lock().shown {
            book.link_ended(at, link);
        }
    }
}
