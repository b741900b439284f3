//! Handing a call over: blind, after a consultation, by picking up a colleague's ringing phone; and sharing it.

use super::place::{Reached, Target, TargetKind};
use super::{CallId, Direction, Far, LegId, LegStatus, NewLeg, Party, Refusal, ReleaseCause, Route, Turn};
use crate::sandbox::switch::numbers::bare;
use std::sync::Arc;

impl Turn<'_> {
    /// The party at `id` hands the call over to `to`. If it talks with `to` in a second call, both are joined;
    /// otherwise `to` rings for the party that stays.
    pub(in crate::sandbox::switch) fn transfer(&mut self, id: LegId, to: &Arc<str>) -> Result<(), Refusal> {
        let leg = self.live(id)?;
        let (call, own) = (leg.call, Arc::clone(&leg.own));
        let stays = self.partner(id).ok_or(Refusal::WrongState("the leg does not talk"))?;
        match self.consultation(call, &own, to) {
            Some((consulting, consulted)) => self.join(call, [id, stays], [consulting, consulted]),
            None => return self.hand_over(call, id, stays, to),
        }
        Ok(())
    }

    /// Another phone takes what rings at `number`.
    pub(in crate::sandbox::switch) fn pick_up_for(
        &mut self,
        domain: &Arc<str>,
        picker: &Arc<str>,
        number: &str,
    ) -> Result<(), Refusal> {
        let line = self.state.line(domain, picker).ok_or_else(|| Refusal::NoSuchPhone(picker.to_string()))?;
        if !line.active.is_empty() {
            return Err(Refusal::WrongState("the phone is in use"));
        }
        let ringing_line = self.state.line(domain, number).ok_or_else(|| Refusal::NoSuchPhone(number.to_owned()))?;
        let rings = |id: &&LegId| self.leg(**id).rings() && !self.leg(**id).summoned;
        let id = *ringing_line.active.iter().find(rings).ok_or(Refusal::WrongState("that phone does not ring"))?;
        let (call, remote, name) = (self.leg(id).call, Arc::clone(&self.leg(id).remote), self.leg(id).name.clone());
        let call_ref = self.state.next_id();
        let (party, direction, own) = (Party::Phone, Direction::In, Arc::clone(picker));
        let taken = self.add(NewLeg { call, call_ref, party, direction, own, remote, name });
        if let Far::Ringing(ringing) = &mut self.call_mut(call).far {
            ringing.push(taken);
        }
        self.answer(taken)
    }

    /// The party at `id` brings whom it consults into the call: all three talk. What a real switch shows of this is
    /// unknown; here the guest gets a leg of its own in the call, as on a transfer, and the inviting party keeps its
    /// own.
    pub(in crate::sandbox::switch) fn conference(&mut self, id: LegId) -> Result<(), Refusal> {
        let leg = self.live(id)?;
        let (call, own) = (leg.call, Arc::clone(&leg.own));
        let stays = self.partner(id).ok_or(Refusal::WrongState("the leg does not talk"))?;
        let line = self.state.line(&self.call(call).domain, &own);
        let active = line.map(|line| line.active.clone()).unwrap_or_default();
        let mut others = active.into_iter().filter(|leg| self.leg(*leg).call != call);
        let consulted = others.find_map(|leg| Some((leg, self.partner(leg)?)));
        let (consulting, consulted) = consulted.ok_or(Refusal::WrongState("nobody is consulted"))?;
        let call_ref = self.state.next_id();
        let second = self.leg(consulting).call;
        let (guest, party) = (Arc::clone(&self.leg(consulted).own), self.leg(consulted).party);
        let remote = Arc::clone(&self.leg(stays).own);
        let name = self.state.name_of(&self.call(call).domain, &remote);
        let joined = self.add(NewLeg { call, call_ref, party, direction: Direction::In, own: guest, remote, name });
        self.connect(joined);
        self.leg_mut(id).status = LegStatus::Talking;
        self.call_mut(call).guests.push(joined);
        self.close(second);
        self.swap(&[id, joined], &[consulting, consulted]);
        Ok(())
    }

    /// One of three or more leaves; the others go on. Returns whether this was a conference.
    pub(super) fn leave_conference(&mut self, call: CallId, id: LegId, cause: ReleaseCause) -> bool {
        let running = self.call(call);
        let Far::Connected(far) = running.far else { return false };
        let mut present = vec![running.near, far];
        present.extend(&running.guests);
        let before = present.len();
        present.retain(|leg| *leg != id);
        if before < 3 || present.len() == before {
            return false;
        }
        self.end(id, cause);
        let running = self.call_mut(call);
        running.guests = present.split_off(2);
        (running.near, running.far) = (present[0], Far::Connected(present[1]));
        self.show(&[id]);
        true
    }

    /// Who talks with the party at this leg.
    pub(super) fn partner(&self, id: LegId) -> Option<LegId> {
        let call = self.call(self.leg(id).call);
        match call.far {
            Far::Connected(far) if far == id => Some(call.near),
            Far::Connected(far) if call.near == id => Some(far),
            _ => None,
        }
    }

    /// The second call in which `own` talks with `to`: its leg there, and the other one's.
    fn consultation(&self, not: CallId, own: &str, to: &str) -> Option<(LegId, LegId)> {
        let line = self.state.line(&self.call(not).domain, own)?;
        line.active.iter().copied().filter(|leg| self.leg(*leg).call != not).find_map(|leg| {
            let other = self.partner(leg)?;
            (bare(&self.leg(other).own) == bare(to)).then_some((leg, other))
        })
    }

    fn hand_over(&mut self, call: CallId, leaves: LegId, stays: LegId, to: &Arc<str>) -> Result<(), Refusal> {
        let (old_near, old_route) = (self.call(call).near, self.call(call).route.clone());
        let call_ref = self.state.next_id();
        let changed = self.call_mut(call);
        changed.near = stays;
        changed.route = Route::Plain;
        let reached = self.reach(call, Target { number: Arc::clone(to), kind: TargetKind::Plain }, call_ref);
        if let Reached::Failed(cause) = reached {
            let changed = self.call_mut(call);
            changed.near = old_near;
            changed.route = old_route;
            return Err(Refusal::CannotPerform(cause.word()));
        }
        let recalls = self.state.quirks.transfer_recalls;
        self.call_mut(call).recall = Some(Arc::clone(&self.leg(leaves).own)).filter(|_| recalls);
        let renewed = self.renew(stays, to, call_ref);
        self.call_mut(call).near = renewed.unwrap_or(stays);
        let mut appear: Vec<LegId> = renewed.into_iter().collect();
        match reached {
            Reached::Rings(legs) => {
                appear.extend(&legs);
                self.call_mut(call).far = Far::Ringing(legs);
            }
            Reached::PickedUp => self.pick_up_by_service(call),
            Reached::Failed(_) => {}
        }
        let mut vanish = vec![leaves];
        vanish.extend(renewed.map(|_| stays));
        self.swap(&appear, &vanish);
        Ok(())
    }

    fn join(&mut self, call: CallId, [leaves, stays]: [LegId; 2], [consulting, consulted]: [LegId; 2]) {
        if self.state.quirks.join_moves_legs {
            return self.join_moved(call, [leaves, stays], [consulting, consulted]);
        }
        let call_ref = self.state.next_id();
        let second = self.leg(consulting).call;
        let to = Arc::clone(&self.leg(consulted).own);
        let renewed = self.renew(stays, &to, call_ref);
        let near = renewed.unwrap_or(stays);
        let remote = Arc::clone(&self.leg(stays).own);
        let name = self.state.name_of(&self.call(call).domain, &remote);
        let party = self.leg(consulted).party;
        let joined = self.add(NewLeg { call, call_ref, party, direction: Direction::In, own: to, remote, name });
        self.connect(near);
        self.connect(joined);
        let changed = self.call_mut(call);
        changed.near = near;
        changed.far = Far::Connected(joined);
        changed.route = Route::Plain;
        self.close(second);
        let mut appear: Vec<LegId> = renewed.into_iter().collect();
        appear.push(joined);
        let mut vanish = vec![leaves, consulting, consulted];
        vanish.extend(renewed.map(|_| stays));
        self.swap(&appear, &vanish);
    }

    /// A new leg for the phone that stays, talking to `to` from now on; `None` if it keeps its old one.
    fn renew(&mut self, stays: LegId, to: &Arc<str>, call_ref: u64) -> Option<LegId> {
        let old = self.leg(stays);
        if old.party == Party::Outside || self.state.quirks.transfer_keeps_leg {
            return None;
        }
        let (call, own) = (old.call, Arc::clone(&old.own));
        let name = self.state.name_of(&self.call(call).domain, to);
        let (party, direction, remote) = (Party::Phone, Direction::Out, Arc::clone(to));
        Some(self.add(NewLeg { call, call_ref, party, direction, own, remote, name }))
    }

    pub(super) fn swap(&mut self, appear: &[LegId], vanish: &[LegId]) {
        if !self.state.quirks.transfer_releases_first {
            self.show(appear);
        }
        for leg in vanish {
            self.end(*leg, ReleaseCause::Transferred);
        }
        self.show(vanish);
        if self.state.quirks.transfer_releases_first {
            self.show(appear);
        }
    }
}
