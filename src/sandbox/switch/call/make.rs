//! Calls that are asked for: the own phone rings first, then the number is dialled.

use super::place::{Reached, Target, TargetKind};
use super::{CallId, Far, LegId, LegStatus, Party, Refusal, Timer, Turn};
use crate::sandbox::switch::options::MakeStyle;
use std::sync::Arc;

impl Turn<'_> {
    /// A phone of the domain dials.
    pub(in crate::sandbox::switch) fn dial(
        &mut self,
        domain: &Arc<str>,
        from: &Arc<str>,
        target: Target,
    ) -> Result<CallId, Refusal> {
        let line = self.state.line(domain, from).ok_or_else(|| Refusal::NoSuchPhone(from.to_string()))?;
        let legs = line.active.clone();
        if legs.iter().any(|leg| !self.leg(*leg).is_connected()) {
            return Err(Refusal::WrongState("the phone rings or dials"));
        }
        for leg in legs {
            // A phone that starts a second call holds the first, as its buttons do.
            if self.leg(leg).status == LegStatus::Talking {
                self.hold(leg)?;
            }
        }
        if let Some(code) = self.code_of(domain, &target) {
            return self.dial_code(domain, from, &target.number, code);
        }
        Ok(self.place(domain, Party::Phone, from, target))
    }

    /// The switch is asked to connect `from`'s phone with `to`.
    pub(in crate::sandbox::switch) fn make(
        &mut self,
        domain: &Arc<str>,
        from: &Arc<str>,
        to: &Arc<str>,
    ) -> Result<CallId, Refusal> {
        let line = self.state.line(domain, from).ok_or(Refusal::NotAllowed)?;
        if let Some(first) = line.active.first() {
            return Err(if self.leg(*first).summoned {
                Refusal::WrongState("the same command is already running")
            } else {
                Refusal::CannotPerform("busy")
            });
        }
        if self.state.make == MakeStyle::DirectOut {
            return self.dial(domain, from, Target { number: Arc::clone(to), kind: TargetKind::Plain });
        }
        let (call, near) = self.begin(domain, Party::Phone, from, to);
        self.leg_mut(near).summoned = true;
        if let Some(timeout) = self.state.pace.ring_timeout {
            self.timers.push((timeout, Timer::RingOut(near)));
        }
        self.show(&[near]);
        Ok(call)
    }

    /// The own phone was picked up: now the number is dialled. The leg goes on alerting.
    pub(super) fn dial_summoned(&mut self, near: LegId) {
        let leg = self.leg_mut(near);
        leg.summoned = false;
        let (call, call_ref) = (leg.call, leg.call_ref);
        let target = Target { number: Arc::clone(&self.call(call).to), kind: TargetKind::Plain };
        match self.reach(call, target, call_ref) {
            Reached::Rings(legs) => {
                self.call_mut(call).far = Far::Ringing(legs.clone());
                self.show(&legs);
            }
            Reached::PickedUp => {
                self.pick_up_by_service(call);
                self.show(&[near]);
            }
            Reached::Failed(cause) => {
                self.end(near, cause);
                self.close(call);
                self.show(&[near]);
            }
        }
    }
}
