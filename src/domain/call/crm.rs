//! What the CRM knows of a call.

use super::stored::StoredCrmCallLife;
use crate::domain::{CrmCallId, ExternalId, Phone, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::ops::{Index, IndexMut};

/// Direction of a CRM call as the portal counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CrmCallKind {
    /// An employee called.
    Outgoing,
    /// An employee was called.
    Incoming,
    /// An employee took over a call that somebody else had answered.
    Redirected,
}

/// One CRM call: made by a register (or by the portal itself), ended by exactly one finish.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CrmCall {
    /// Unique per CRM call; sent as the external call id.
    pub lane: ExternalId,
    /// Direction.
    pub kind: CrmCallKind,
    /// For whom it was opened: the first who rang, or the caller.
    pub user: UserId,
    /// The client's number; `None` when hidden.
    pub number: Option<Phone>,
    /// When it began.
    pub started_at: Timestamp,
    /// The portal's name for it, once known; its answer may come when the call is over.
    pub crm: Option<CrmCallId>,
    /// Where it stands.
    #[serde(flatten)]
    pub(super) life: CrmCallLife,
}

/// Where a CRM call stands: planned, then open once the portal is told, or open from the first; then finished, or
/// replaced by the next. The portal may refuse it at any time. The last three are final.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "StoredCrmCallLife", into = "StoredCrmCallLife")]
pub(super) enum CrmCallLife {
    /// The portal has not been told of it.
    Planned,
    /// The portal has been told of it, or made it itself.
    Open {
        /// Who has been told to see a card and not yet to close it.
        visible: BTreeSet<UserId>,
        /// When an unanswered call counts as over, if nobody else rings until then.
        linger_until: Option<Timestamp>,
    },
    /// Its finish has been said.
    Finished,
    /// The same; it was made with another number than the client's, and has given the call to the one after it.
    Replaced,
    /// The portal will not have it: nothing more is told of its legs.
    Refused,
}

impl CrmCallLife {
    /// Whether nothing comes after it.
    pub(super) const fn is_final(&self) -> bool {
        !matches!(self, Self::Planned | Self::Open { .. })
    }
}

impl CrmCall {
    /// A CRM call that has not been told to anybody yet.
    pub(super) const fn planned(
        lane: ExternalId,
        kind: CrmCallKind,
        user: UserId,
        number: Option<Phone>,
        started_at: Timestamp,
    ) -> Self {
        Self { lane, kind, user, number, started_at, crm: None, life: CrmCallLife::Planned }
    }

    /// One that the portal has made itself, and named: for a click. It may have opened the card for whoever clicked.
    pub(super) fn clicked(
        lane: ExternalId,
        crm: CrmCallId,
        user: UserId,
        number: Option<Phone>,
        started_at: Timestamp,
    ) -> Self {
        let life = CrmCallLife::Open { visible: [user].into(), linger_until: None };
        Self { lane, kind: CrmCallKind::Outgoing, user, number, started_at, crm: Some(crm), life }
    }

    /// Nothing more is told of it.
    pub(super) const fn is_closed(&self) -> bool {
        self.life.is_final()
    }

    /// The portal has yet to be told of it.
    pub(super) const fn is_planned(&self) -> bool {
        matches!(self.life, CrmCallLife::Planned)
    }

    /// Its call goes on in another one, which has the client's true number.
    pub(super) const fn is_replaced(&self) -> bool {
        matches!(self.life, CrmCallLife::Replaced)
    }

    /// The portal will not have it.
    pub(super) const fn is_refused(&self) -> bool {
        matches!(self.life, CrmCallLife::Refused)
    }

    /// Until when it waits for another phone to ring.
    pub(super) fn lingers_until(&self) -> Option<Timestamp> {
        if let CrmCallLife::Open { linger_until, .. } = self.life { linger_until } else { None }
    }

    /// Somebody is there: it waits for nobody.
    pub(super) fn stop_lingering(&mut self) {
        if let CrmCallLife::Open { linger_until, .. } = &mut self.life {
            *linger_until = None;
        }
    }

    /// The portal will not have it. One that has given its call to another one stays what it is.
    pub(super) fn refuse(&mut self) {
        if !matches!(self.life, CrmCallLife::Replaced) {
            self.life = CrmCallLife::Refused;
        }
    }

    /// It is over; returns who still had its card.
    pub(super) fn finish(&mut self) -> BTreeSet<UserId> {
        let before = std::mem::replace(&mut self.life, CrmCallLife::Finished);
        if let CrmCallLife::Open { visible, .. } = before { visible } else { BTreeSet::new() }
    }
}

/// Names one CRM call within its call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CrmIndex(usize);

impl CrmIndex {
    /// The one made first.
    pub(super) const FIRST: Self = Self(0);
}

/// The CRM calls of a call, in the order made. None is ever taken out, so an index stays good.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CrmCalls(Vec<CrmCall>);

impl CrmCalls {
    /// None yet.
    pub(super) fn with_room_for_one() -> Self {
        Self(Vec::with_capacity(1))
    }

    /// Adds one.
    pub(super) fn push(&mut self, crm: CrmCall) -> CrmIndex {
        self.0.push(crm);
        CrmIndex(self.0.len() - 1)
    }

    /// The one with this lane.
    pub(super) fn of_lane(&mut self, lane: &ExternalId) -> Option<&mut CrmCall> {
        self.0.iter_mut().find(|c| c.lane == *lane)
    }

    /// In the order made.
    pub fn iter(&self) -> std::slice::Iter<'_, CrmCall> {
        self.0.iter()
    }

    /// The same to be changed.
    pub(super) fn iter_mut(&mut self) -> std::slice::IterMut<'_, CrmCall> {
        self.0.iter_mut()
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Their indexes, in order.
    pub(super) fn indexes(&self) -> impl DoubleEndedIterator<Item = CrmIndex> + use<> {
        (0..self.0.len()).map(CrmIndex)
    }

    /// Gives back memory that the list does not need.
    pub fn shrink_to_fit(&mut self) {
        self.0.shrink_to_fit();
    }
}

impl Index<CrmIndex> for CrmCalls {
    type Output = CrmCall;

    fn index(&self, index: CrmIndex) -> &CrmCall {
        &self.0[index.0]
    }
}

impl IndexMut<CrmIndex> for CrmCalls {
    fn index_mut(&mut self, index: CrmIndex) -> &mut CrmCall {
        &mut self.0[index.0]
    }
}
