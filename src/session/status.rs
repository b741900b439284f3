//! What everybody may know of a company's state, kept by its actor.

use super::board::CallBoard;
use crate::bitrix::ApiError;
use crate::domain::Timestamp;
use crate::domain::link::{LinkState, PortalState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use tokio::sync::watch;

/// A company's state at one moment.
#[derive(Debug, Clone)]
pub struct Status {
    /// The switch.
    pub link: LinkState,
    /// The portal.
    pub portal: PortalState,
    /// Calls since the start whose number belongs to nobody.
    pub unknown_numbers: u64,
    /// Steps the portal has not been told yet.
    pub waiting: u64,
    /// Calls that have not ended.
    pub calls: u64,
}

/// The living state; written by the company's tasks.
#[derive(Debug)]
pub(super) struct Shared {
    pub board: CallBoard,
    pub link: watch::Receiver<LinkState>,
    portal: Mutex<PortalState>,
    pub unknown_numbers: AtomicU64,
    pub waiting: AtomicU64,
}

impl Shared {
    pub fn new(link: watch::Receiver<LinkState>) -> Self {
        Self {
            board: CallBoard::new(),
            link,
            portal: Mutex::new(PortalState::Ok),
            unknown_numbers: AtomicU64::new(0),
            waiting: AtomicU64::new(0),
        }
    }

    pub fn status(&self) -> Status {
        Status {
            link: self.link.borrow().clone(),
            portal: self.portal.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            unknown_numbers: self.unknown_numbers.load(Ordering::Relaxed),
            waiting: self.waiting.load(Ordering::Relaxed),
            calls: self.board.running() as u64,
        }
    }

    /// The portal has answered sensibly.
    pub fn portal_works(&self) {
        *self.portal.lock().unwrap_or_else(PoisonError::into_inner) = PortalState::Ok;
    }

    /// The portal has not; a state that lasts keeps its beginning.
    pub fn portal_fails(&self, error: &ApiError, now: Timestamp) {
        let mut state = self.portal.lock().unwrap_or_else(PoisonError::into_inner);
        let begun = |same: Option<Timestamp>| same.unwrap_or(now);
        *state = match error {
            ApiError::Again { why, .. } | ApiError::Unclear { why } => {
                let since = if let PortalState::Unreachable { since, .. } = &*state { Some(*since) } else { None };
                PortalState::Unreachable { since: begun(since), why: why.clone() }
            }
            ApiError::Stopped { because, why } => {
                let since = if let PortalState::Closed { since, .. } = &*state { Some(*since) } else { None };
                PortalState::Closed { since: begun(since), because: *because, why: why.clone() }
            }
            ApiError::Limited { .. } | ApiError::Resting { .. } => {
                let since = if let PortalState::Limited { since } = &*state { Some(*since) } else { None };
                PortalState::Limited { since: begun(since) }
            }
            ApiError::NeedsLogin(why) => {
                let since = if let PortalState::NeedsLogin { since, .. } = &*state { Some(*since) } else { None };
                PortalState::NeedsLogin { since: begun(since), why: why.clone() }
            }
            // The portal works; it only did not like what it was asked.
            ApiError::Refused { .. } | ApiError::NotFoundCall => PortalState::Ok,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lasting_fault_keeps_its_beginning_and_ends_with_an_answer() {
        let (_link, link) = watch::channel(LinkState::NotConfigured);
        let shared = Shared::new(link);
        let down = |why: &str| ApiError::Again { after: None, why: why.into() };
        shared.portal_fails(&down("a"), Timestamp(1));
        shared.portal_fails(&down("b"), Timestamp(2));
        assert_eq!(shared.status().portal, PortalState::Unreachable { since: Timestamp(1), why: "b".into() });
        shared.portal_fails(&ApiError::NeedsLogin("x".into()), Timestamp(3));
        assert_eq!(shared.status().portal, PortalState::NeedsLogin { since: Timestamp(3), why: "x".into() });
        shared.portal_works();
        assert_eq!(shared.status().portal, PortalState::Ok);
    }
}
