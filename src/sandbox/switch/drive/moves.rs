//! What makes calls hard to follow: legs that go on in another call, numbers that change, ends that are never reported.

use super::PhoneHandle;
use crate::sandbox::switch::SwitchWorld;
use crate::sandbox::switch::call::{CallId, Leg, LegId, LegStatus, Refusal};
use crate::sandbox::switch::numbers::tidy;
use std::sync::Arc;

/// What a switch said of a leg some time ago, to be said again.
pub struct OldFrame(Leg);

impl SwitchWorld {
    /// All legs of a call go on in a new one, under their ids; returns its id. With `reported` each of them says so at once
    /// in its present phase, otherwise the next news of it does.
    pub fn move_call(&self, call: CallId, reported: bool) -> Result<CallId, Refusal> {
        self.core.turn(|turn| turn.rehome(call, None, reported))
    }

    /// The same into a call in which they were before.
    pub fn move_call_back(&self, call: CallId, to: CallId, reported: bool) -> Result<(), Refusal> {
        self.core.turn(|turn| turn.rehome(call, Some(to), reported)).map(drop)
    }

    /// Every telephone that has this call shows this number of the other side from now on, and says so at once.
    /// Letters are dropped; an empty number is hidden.
    pub fn remote_becomes(&self, call: CallId, number: &str) -> Result<(), Refusal> {
        let number = tidy(number).into();
        self.core.turn(|turn| turn.renumber_all(call, &number))
    }

    /// The switch forgets this call: nothing is reported of it any more, not even its end, although sockets stay open.
    pub fn forget_call(&self, call: CallId) -> Result<(), Refusal> {
        self.core.turn(|turn| turn.forget_call(call))
    }

    /// Reports now what was forgotten of this call, as it stands now.
    pub fn remember_call(&self, call: CallId) -> Result<(), Refusal> {
        self.core.turn(|turn| turn.remember(call))
    }

    /// Sends what was said of a leg some time ago once more, as a network does that overtakes itself.
    pub fn report_late(&self, frame: OldFrame) {
        self.core.turn(|turn| turn.show_old(frame.0));
    }
}

impl PhoneHandle {
    /// What the switch would say of the call in front now, to be sent later by [`SwitchWorld::report_late`].
    pub fn picture(&self) -> Result<OldFrame, Refusal> {
        let leg = self.leg_in_front()?;
        self.core.turn(|turn| turn.live(leg).cloned()).map(OldFrame)
    }

    /// The call in front shows this number of the other side from now on, and says so at once.
    pub fn remote_becomes(&self, number: &str) -> Result<(), Refusal> {
        let (leg, number) = (self.leg_in_front()?, tidy(number).into());
        self.core.turn(|turn| turn.renumber_now(leg, &number));
        Ok(())
    }

    /// The same from its next news on: the answer, or the end.
    pub fn remote_will_be(&self, number: &str) -> Result<(), Refusal> {
        let (leg, number) = (self.leg_in_front()?, tidy(number).into());
        self.core.turn(|turn| turn.renumber(leg, &number));
        Ok(())
    }

    /// The switch forgets the call in front at this telephone only.
    pub fn forget(&self) -> Result<(), Refusal> {
        let leg = self.leg_in_front()?;
        self.core.turn(|turn| turn.forget(leg))
    }

    /// Parks whom it talks with; the call that waits to be taken back.
    pub async fn park(&self) -> Result<CallId, Refusal> {
        self.core.room().await;
        self.core.turn(|turn| {
            let line = turn.state.line(&self.domain, &self.number).ok_or_else(|| self.missing())?;
            let talks = |id: &LegId| turn.live(*id).is_ok_and(|leg| leg.status == LegStatus::Talking);
            let found = line.active.iter().copied().find(talks);
            turn.park(found.ok_or(Refusal::WrongState("the phone does not talk"))?)
        })
    }

    /// Dials a code and so takes back who waits in this call.
    pub async fn take_back(&self, code: &str, parked: CallId) -> Result<(), Refusal> {
        self.core.room().await;
        let code: Arc<str> = tidy(code).into();
        self.core.turn(|turn| turn.take_back(&self.domain, &self.number, &code, Some(parked))).map(drop)
    }

    fn leg_in_front(&self) -> Result<LegId, Refusal> {
        let state = self.state().ok_or_else(|| self.missing())?;
        state.legs.first().map(|leg| leg.leg).ok_or(Refusal::WrongState("the phone is on the hook"))
    }
}
