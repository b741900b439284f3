//! What everybody may know of a company's state, kept by its actor.

use super::call_board::CallBoard;
use super::evidence::EvidenceLog;
use crate::bitrix::ApiError;
use crate::domain::Timestamp;
use crate::domain::binding::{Binding, RefusalReason, Refusals};
use crate::domain::evidence::EvidenceKind;
use crate::domain::excess::{Excess, Unrecorded};
use crate::domain::link::{Backlog, LinkState, PortalState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// A company's state at one moment.
#[derive(Debug, Clone)]
pub struct CompanyStatus {
    /// The switch.
    pub link: LinkState,
    /// The portal, but for a resting method: ask [`portal_at`](Self::portal_at) for both.
    pub portal: PortalState,
    /// One method of the portal rests: since when and until when.
    pub resting: Option<(Timestamp, Timestamp)>,
    /// What the portal refuses to set up.
    pub refusals: Refusals,
    /// Calls since the start whose number belongs to nobody.
    pub unknown_numbers: u64,
    /// What the portal has not been told yet.
    pub backlog: Backlog,
    /// Events and messages since the start that were given up because a queue was full.
    pub dropped: u64,
    /// Calls that have not ended.
    pub calls: u64,
    /// What the switch has told beyond what can be true.
    pub excess: Excess,
    /// What was not recorded because too much waited.
    pub unrecorded: Unrecorded,
}

impl CompanyStatus {
    /// The portal as people should see it: answers to other methods do not end a method's rest.
    pub fn portal_at(&self, now: Timestamp) -> PortalState {
        match (&self.portal, self.resting) {
            (PortalState::Ok, Some((since, until))) if now < until => PortalState::Resting { since, until },
            (state, _) => state.clone(),
        }
    }
}

/// The portal as it answered last.
#[derive(Debug)]
struct PortalSeen {
    state: PortalState,
    resting: Option<(Timestamp, Timestamp)>,
}

/// The living state; written by the company's tasks.
#[derive(Debug)]
pub(super) struct SharedStatus {
    pub board: CallBoard,
    /// What was seen to work.
    pub evidence: EvidenceLog,
    pub link: watch::Receiver<LinkState>,
    portal: Mutex<PortalSeen>,
    refusals: Mutex<Refusals>,
    backlog: Mutex<Backlog>,
    excess: Mutex<Excess>,
    unrecorded: Mutex<Unrecorded>,
    pub unknown_numbers: AtomicU64,
    /// Counts what is given up because a bounded queue is full.
    pub dropped: AtomicU64,
}

impl SharedStatus {
    pub fn new(link: watch::Receiver<LinkState>) -> Self {
        Self {
            board: CallBoard::new(),
            evidence: EvidenceLog::default(),
            link,
            portal: Mutex::new(PortalSeen { state: PortalState::NotAsked, resting: None }),
            refusals: Mutex::default(),
            backlog: Mutex::new(Backlog::default()),
            excess: Mutex::default(),
            unrecorded: Mutex::default(),
            unknown_numbers: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
        }
    }

    pub fn status(&self) -> CompanyStatus {
        let PortalSeen { state: portal, resting } = &*self.portal();
        CompanyStatus {
            link: self.link.borrow().clone(),
            portal: portal.clone(),
            resting: *resting,
            refusals: self.refusals.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            unknown_numbers: self.unknown_numbers.load(Ordering::Relaxed),
            backlog: *self.backlog.lock().unwrap_or_else(PoisonError::into_inner),
            dropped: self.dropped.load(Ordering::Relaxed),
            calls: self.board.running() as u64,
            excess: *self.excess.lock().unwrap_or_else(PoisonError::into_inner),
            unrecorded: *self.unrecorded.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// What the portal has not been told yet.
    pub fn set_backlog(&self, backlog: Backlog) {
        *self.backlog.lock().unwrap_or_else(PoisonError::into_inner) = backlog;
    }

    /// Adds what the switch has told beyond what can be true; tells all of it.
    pub fn too_much(&self, more: &Excess, now: Timestamp) -> Excess {
        let mut excess = self.excess.lock().unwrap_or_else(PoisonError::into_inner);
        excess.add(more, now);
        *excess
    }

    /// Adds calls that are not recorded because too many waited; tells all of it.
    pub fn not_recorded(&self, calls: u64, now: Timestamp) -> Unrecorded {
        let mut unrecorded = self.unrecorded.lock().unwrap_or_else(PoisonError::into_inner);
        unrecorded.add(calls, now);
        *unrecorded
    }

    /// What of the things `looked` after the portal refuses; returns what was known before and what is now.
    pub fn bindings_refused(
        &self,
        looked: &[Binding],
        refused: Vec<(Binding, RefusalReason)>,
        now: Timestamp,
        next_try: Option<Timestamp>,
    ) -> (Refusals, Refusals) {
        let mut known = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
        let after = known.after(looked, refused, now, next_try.or(known.next_try));
        (std::mem::replace(&mut *known, after.clone()), after)
    }

    /// When what is refused is tried again; `false` where nothing is.
    pub fn refused_until(&self, next_try: Timestamp) -> bool {
        let mut known = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
        known.next_try = (!known.bindings.is_empty()).then_some(next_try);
        known.next_try.is_some()
    }

    /// The portal has answered sensibly.
    pub fn portal_works(&self, now: Timestamp) {
        self.evidence.note(EvidenceKind::PortalAnswer, now);
        self.portal().state = PortalState::Ok;
    }

    /// The portal has not; a state that lasts keeps its beginning.
    pub fn portal_fails(&self, error: &ApiError, now: Timestamp) {
        let mut seen = self.portal();
        let begun = |same: Option<Timestamp>| same.unwrap_or(now);
        let state = &seen.state;
        let next = match error {
            ApiError::Again { why, .. } | ApiError::Unclear { why } => {
                let since = if let PortalState::Unreachable { since, .. } = state { Some(*since) } else { None };
                PortalState::Unreachable { since: begun(since), why: why.clone() }
            }
            ApiError::Stopped { because, why } => {
                let since = if let PortalState::Closed { since, .. } = state { Some(*since) } else { None };
                PortalState::Closed { since: begun(since), because: *because, why: why.clone() }
            }
            ApiError::Limited { .. } => {
                let since = if let PortalState::Limited { since } = state { Some(*since) } else { None };
                PortalState::Limited { since: begun(since) }
            }
            ApiError::NeedsLogin(why) => {
                let since = if let PortalState::NeedsLogin { since, .. } = state { Some(*since) } else { None };
                PortalState::NeedsLogin { since: begun(since), why: why.clone() }
            }
            // The portal works; one method takes part in that no more for a while.
            ApiError::Resting { until, .. } => {
                let since = seen.resting.filter(|(_, end)| now <= *end).map(|(since, _)| since);
                seen.resting = Some((begun(since), *until));
                PortalState::Ok
            }
            // The portal works; it only did not like what it was asked.
            ApiError::Refused { .. } | ApiError::NotFoundCall => PortalState::Ok,
        };
        seen.state = next;
    }

    fn portal(&self) -> MutexGuard<'_, PortalSeen> {
        self.portal.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::link::Closed;

    fn shared() -> SharedStatus {
        SharedStatus::new(watch::channel(LinkState::NotConfigured).1)
    }

    #[test]
    fn a_lasting_fault_keeps_its_beginning_and_ends_with_an_answer() {
        let shared = shared();
        let down = |why: &str| ApiError::Again { after: None, why: why.into() };
        shared.portal_fails(&down("a"), Timestamp(1));
        shared.portal_fails(&down("b"), Timestamp(2));
        assert_eq!(shared.status().portal, PortalState::Unreachable { since: Timestamp(1), why: "b".into() });
        shared.portal_fails(&ApiError::NeedsLogin("x".into()), Timestamp(3));
        assert_eq!(shared.status().portal, PortalState::NeedsLogin { since: Timestamp(3), why: "x".into() });
        let closed = ApiError::Stopped { because: Closed::Plan, why: "y".into() };
        shared.portal_fails(&closed, Timestamp(4));
        shared.portal_fails(&closed, Timestamp(5));
        let since = Timestamp(4);
        assert_eq!(shared.status().portal, PortalState::Closed { since, because: Closed::Plan, why: "y".into() });
        shared.portal_works(Timestamp(6));
        assert_eq!(shared.status().portal, PortalState::Ok);
    }

    #[test]
    fn a_methods_rest_lasts_while_the_others_are_answered() {
        let shared = shared();
        let rests = |until| ApiError::Resting { until: Timestamp(until), why: String::new() };
        shared.portal_fails(&rests(10), Timestamp(1));
        shared.portal_fails(&rests(20), Timestamp(10));
        shared.portal_works(Timestamp(6));
        let status = shared.status();
        let want = PortalState::Resting { since: Timestamp(1), until: Timestamp(20) };
        assert_eq!((status.portal_at(Timestamp(19)), status.portal_at(Timestamp(20))), (want, PortalState::Ok));
        shared.portal_fails(&ApiError::Limited { until: None, why: String::new() }, Timestamp(12));
        assert_eq!(shared.status().portal_at(Timestamp(13)), PortalState::Limited { since: Timestamp(12) });
        shared.portal_fails(&rests(40), Timestamp(30));
        let again = PortalState::Resting { since: Timestamp(30), until: Timestamp(40) };
        assert_eq!(shared.status().portal_at(Timestamp(31)), again);
    }
}
