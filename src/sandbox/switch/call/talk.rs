//! Picking up, holding and taking back.

use super::{CallId, Far, LegId, LegStatus, Refusal, ReleaseCause, Turn};

impl Turn<'_> {
    /// A ringing party picks up. Other phones that ring for the same call stop.
    pub(in crate::sandbox::switch) fn answer(&mut self, id: LegId) -> Result<(), Refusal> {
        let leg = self.live(id)?;
        if !leg.rings() {
            return Err(Refusal::WrongState("the phone does not ring"));
        }
        let call = leg.call;
        if leg.summoned {
            self.dial_summoned(id);
            return Ok(());
        }
        self.hold_others(id)?;
        self.connect_called(call, id)
    }

    /// The called side of a call is this leg from now on. Other phones that ring for it stop.
    pub(super) fn connect_called(&mut self, call: CallId, id: LegId) -> Result<(), Refusal> {
        let near = self.call(call).near;
        let Far::Ringing(ringing) = self.call(call).far.clone() else { return Err(Refusal::NoSuchLeg) };
        let caller_waited = !self.leg(near).is_connected();
        self.connect(id);
        self.connect(near);
        self.call_mut(call).far = Far::Connected(id);
        if caller_waited {
            self.show(&[near, id]);
        } else {
            self.show(&[id]);
        }
        let losers: Vec<LegId> = ringing.into_iter().filter(|other| *other != id).collect();
        for loser in &losers {
            self.end(*loser, ReleaseCause::AnsweredElsewhere);
        }
        self.show(&losers);
        Ok(())
    }

    /// A phone that picks up a second call holds the first, as its buttons do.
    fn hold_others(&mut self, id: LegId) -> Result<(), Refusal> {
        let leg = self.leg(id);
        let line = self.state.line(&self.call(leg.call).domain, &leg.own);
        let others = line.map(|line| line.active.clone()).unwrap_or_default();
        for other in others {
            if other != id && self.leg(other).status == LegStatus::Talking {
                self.hold(other)?;
            }
        }
        Ok(())
    }

    /// The party puts the other one on hold.
    pub(in crate::sandbox::switch) fn hold(&mut self, id: LegId) -> Result<(), Refusal> {
        self.change(id, LegStatus::Talking, LegStatus::Held, "the leg does not talk")
    }

    /// The party takes the other one back.
    pub(in crate::sandbox::switch) fn retrieve(&mut self, id: LegId) -> Result<(), Refusal> {
        self.change(id, LegStatus::Held, LegStatus::Talking, "the leg is not on hold")
    }

    fn change(&mut self, id: LegId, from: LegStatus, to: LegStatus, otherwise: &'static str) -> Result<(), Refusal> {
        if self.live(id)?.status != from {
            return Err(Refusal::WrongState(otherwise));
        }
        self.leg_mut(id).status = to;
        self.show(&[id]);
        Ok(())
    }
}
