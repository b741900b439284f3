//! Codes for the switch itself: log-in at a queue, diversions, picking up a colleague's call, parking.
//!
//! A code looks like any call of the telephone: an `out` leg whose other number is what was dialled, the password of an
//! operator included (field cases, row 2). The switch answers with an announcement, unless the domain says otherwise
//! for this code.

use super::place::{Reached, Target, TargetKind};
use super::{CallId, LegId, Party, Refusal, ReleaseCause, Turn};
use crate::sandbox::switch::numbers::bare;
use crate::sandbox::switch::options::RemotePolicy;
use std::sync::Arc;

/// Takes what rings at the number that follows.
const PICK_UP: &str = "*8";
/// Parks the call that the telephone has put on hold by dialling.
const PARK: &str = "*68";
/// Takes back the party that has been parked for longest.
const TAKE_BACK: &str = "*69";

/// What a code does beside being answered.
pub(super) enum Code {
    /// Takes what rings at this telephone of the domain.
    PickUp(Arc<str>),
    Park,
    TakeBack,
}

impl Turn<'_> {
    /// What the switch does for a dialled code, if it does more than to answer it.
    pub(super) fn code_of(&self, domain: &Arc<str>, target: &Target) -> Option<Code> {
        if !matches!(target.kind, TargetKind::Plain) {
            return None;
        }
        match &*target.number {
            PARK => Some(Code::Park),
            TAKE_BACK => Some(Code::TakeBack),
            other => {
                let number = other.strip_prefix(PICK_UP)?;
                self.state.line(domain, number).map(|_| Code::PickUp(number.into()))
            }
        }
    }

    /// A telephone dials a code; the call it talks in afterwards.
    pub(super) fn dial_code(
        &mut self,
        domain: &Arc<str>,
        from: &Arc<str>,
        dialled: &Arc<str>,
        code: Code,
    ) -> Result<CallId, Refusal> {
        match code {
            Code::PickUp(number) => self.pick_up_by_code(domain, from, dialled, &number),
            Code::Park => {
                let line = self.state.line(domain, from).ok_or_else(|| Refusal::NoSuchPhone(from.to_string()))?;
                let held = line.active.first().copied().ok_or(Refusal::WrongState("the phone holds nobody"))?;
                self.park(held)?;
                let target = Target { number: Arc::clone(dialled), kind: TargetKind::Plain };
                Ok(self.place(domain, Party::Phone, from, target))
            }
            Code::TakeBack => self.take_back(domain, from, dialled, None),
        }
    }

    /// The switch answers a code with an announcement, or does what the domain says for it.
    pub(super) fn reach_code(&mut self, call: CallId, code: &Arc<str>, call_ref: u64) -> Reached {
        let domain = &self.call(call).domain;
        let policy = self.state.domains.get(domain).and_then(|d| d.policies.get(bare(code))).copied();
        match policy {
            None => Reached::PickedUp,
            Some(RemotePolicy::Busy) => Reached::Failed(ReleaseCause::Busy),
            Some(RemotePolicy::WrongNumber) => Reached::Failed(ReleaseCause::WrongNumber),
            Some(RemotePolicy::Unavailable) => Reached::Failed(ReleaseCause::Unavailable),
            Some(RemotePolicy::Manual | RemotePolicy::NoAnswer | RemotePolicy::AnswerAfter(_)) => {
                match self.ring_outside(call, code, call_ref) {
                    Ok(leg) => Reached::Rings(vec![leg]),
                    Err(cause) => Reached::Failed(cause),
                }
            }
        }
    }

    /// A leg that has only dialled so far: its call has no other side yet.
    pub(super) fn dial_only(&mut self, domain: &Arc<str>, from: &Arc<str>, dialled: &Arc<str>) -> (CallId, LegId) {
        let (call, near) = self.begin(domain, Party::Phone, from, dialled);
        self.show(&[near]);
        (call, near)
    }
}
