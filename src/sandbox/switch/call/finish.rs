//! Hanging up, refusing, giving up.

use super::{CallId, Direction, Far, LegId, Refusal, ReleaseCause, Route, Turn};
use std::sync::Arc;

impl Turn<'_> {
    /// The party at this leg puts the receiver down: refuses, gives up or ends the talk.
    pub(in crate::sandbox::switch) fn hang_up(&mut self, id: LegId) -> Result<(), Refusal> {
        let leg = self.live(id)?;
        let cause = match (leg.is_connected(), leg.direction) {
            (true, _) => ReleaseCause::Normal,
            (false, Direction::In) => ReleaseCause::Declined,
            (false, Direction::Out) => ReleaseCause::Cancelled,
        };
        self.release(id, cause)
    }

    /// The leg ends for this reason, and with it whatever depends on it.
    pub(in crate::sandbox::switch) fn release(&mut self, id: LegId, cause: ReleaseCause) -> Result<(), Refusal> {
        let call_id = self.live(id)?.call;
        if self.leave_conference(call_id, id, cause) {
            return Ok(());
        }
        let call = self.call(call_id);
        let near = call.near;
        match call.far.clone() {
            Far::Ringing(ringing) if ringing.contains(&id) => self.give_up(call_id, &[id], cause),
            Far::Connected(far) if far == id || near == id => {
                let other = if far == id { near } else { far };
                self.end(id, cause);
                self.end(other, cause);
                self.close(call_id);
                self.show(&[id, other]);
            }
            far if near == id => {
                let mut frame = vec![id];
                if let Far::Ringing(ringing) = far {
                    frame.extend(ringing);
                }
                for leg in &frame {
                    self.end(*leg, cause);
                }
                self.close(call_id);
                self.show(&frame);
            }
            _ => return Err(Refusal::NoSuchLeg),
        }
        Ok(())
    }

    /// Nobody picks up: everything that rings for this call is given up.
    pub(in crate::sandbox::switch) fn ring_out(&mut self, call: CallId) -> Result<(), Refusal> {
        let running = self.running(call)?;
        let near = running.near;
        match running.far.clone() {
            Far::Ringing(ringing) => {
                self.give_up(call, &ringing, ReleaseCause::NoAnswer);
                Ok(())
            }
            Far::Pending => self.release(near, ReleaseCause::NoAnswer),
            _ => Err(Refusal::WrongState("nothing rings in this call")),
        }
    }

    /// Every call that goes on ends at once, as when the switch loses its memory.
    pub(in crate::sandbox::switch) fn lose_all(&mut self) {
        let running: Vec<CallId> =
            self.state.calls.values().filter(|call| call.ended.is_none()).map(|call| call.id).collect();
        for call in running {
            let legs = self.call(call).legs.clone();
            for leg in legs {
                self.end(leg, ReleaseCause::Unavailable);
            }
            self.close(call);
        }
    }

    /// These ringing legs end; the call goes on with what is left to try.
    fn give_up(&mut self, call: CallId, gone: &[LegId], cause: ReleaseCause) {
        for leg in gone {
            self.end(*leg, cause);
        }
        if let Far::Ringing(ringing) = &mut self.call_mut(call).far {
            ringing.retain(|leg| !gone.contains(leg));
            if !ringing.is_empty() {
                self.show(gone);
                return;
            }
        }
        match self.call(call).route {
            Route::Plain => self.forward_or_end(call, gone, cause),
            Route::Hunt(_) => {
                self.show(gone);
                match self.hunt_next(call) {
                    Some(next) => {
                        self.call_mut(call).far = Far::Ringing(vec![next]);
                        self.show(&[next]);
                    }
                    None => self.end_near(call, &[], cause),
                }
            }
            Route::Queue(_) => {
                self.call_mut(call).far = Far::Service;
                self.show(gone);
                self.plan_offer(call);
            }
        }
    }

    fn forward_or_end(&mut self, call: CallId, gone: &[LegId], cause: ReleaseCause) {
        let forward = match (gone, cause) {
            ([one], ReleaseCause::NoAnswer) => {
                let (domain, own) = (&self.call(call).domain, &self.leg(*one).own);
                self.state.line(domain, own).and_then(|line| line.forward.no_answer.clone())
            }
            _ => None,
        };
        let recall = self.call_mut(call).recall.take();
        let forward = forward.or_else(|| recall.filter(|_| cause == ReleaseCause::NoAnswer));
        match forward.and_then(|to: Arc<str>| self.ring_forwarded(call, &to)) {
            Some(next) => {
                self.call_mut(call).far = Far::Ringing(vec![next]);
                self.show(gone);
                self.show(&[next]);
            }
            None => self.end_near(call, gone, cause),
        }
    }

    fn end_near(&mut self, call: CallId, with: &[LegId], cause: ReleaseCause) {
        let near = self.call(call).near;
        self.end(near, cause);
        self.close(call);
        let mut frame = with.to_vec();
        frame.push(near);
        self.show(&frame);
    }
}
