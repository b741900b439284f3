//! Legs that go on in another call: the switch reports the same leg `id` under another `call_id`, and its former call
//! never gets a `released` for it (field cases, row 4: park and retrieve, pick-up, joining two calls).

use super::{Call, CallId, Direction, Far, LegId, Refusal, ReleaseCause, Route, Turn};
use crate::sandbox::switch::options::PickUpStyle;
use std::sync::Arc;

impl Turn<'_> {
    /// All legs of a call go on in another one: a new one, or a call in which they were before. `reported` says so at once;
    /// otherwise the next news of a leg, whatever it is, shows the new call.
    pub(in crate::sandbox::switch) fn rehome(
        &mut self,
        call: CallId,
        back_to: Option<CallId>,
        reported: bool,
    ) -> Result<CallId, Refusal> {
        let old = self.running(call)?;
        let (near, far) = (old.near, old.far.clone());
        let (guests, recall, route) = (old.guests.clone(), old.recall.clone(), old.route.clone());
        let live: Vec<LegId> = old.legs.iter().copied().filter(|leg| !self.leg(*leg).is_over()).collect();
        let to = match back_to {
            None => self.empty_call_beside(call, near),
            Some(to) => {
                let found = self.state.calls.get(&to).filter(|known| known.ended.is_some());
                found.ok_or(Refusal::WrongState("that call goes on"))?;
                to
            }
        };
        let new = self.call_mut(to);
        (new.near, new.far, new.ended) = (near, far, None);
        (new.guests, new.recall, new.route) = (guests, recall, route);
        for leg in &live {
            self.carry(*leg, to);
        }
        self.close(call);
        if reported {
            self.show(&live);
        }
        Ok(to)
    }

    /// The party at `id` parks whom it talks with: both go on in a parking call, which the party leaves at once.
    pub(in crate::sandbox::switch) fn park(&mut self, id: LegId) -> Result<CallId, Refusal> {
        let call = self.live(id)?.call;
        let stays = self.partner(id).ok_or(Refusal::WrongState("the leg does not talk"))?;
        if !self.call(call).guests.is_empty() {
            return Err(Refusal::CannotPerform("a conference cannot be parked"));
        }
        let parking = self.empty_call_beside(call, stays);
        self.carry(id, parking);
        self.carry(stays, parking);
        self.close(call);
        let new = self.call_mut(parking);
        (new.far, new.parked) = (Far::Service, true);
        if self.state.quirks.park_tells_talking {
            self.show(&[id, stays]);
        }
        self.end(id, ReleaseCause::Transferred);
        self.show(&[id, stays]);
        Ok(parking)
    }

    /// A telephone dials `dialled` and so takes back who is parked in this call, or who has been parked for longest.
    pub(in crate::sandbox::switch) fn take_back(
        &mut self,
        domain: &Arc<str>,
        own: &Arc<str>,
        dialled: &Arc<str>,
        parked: Option<CallId>,
    ) -> Result<CallId, Refusal> {
        let waits = |call: &&Call| call.parked && call.ended.is_none() && call.domain == *domain;
        let found = match parked {
            Some(id) => self.state.calls.get(&id).filter(waits),
            None => self.state.calls.values().find(waits),
        };
        let (call, stays) = found.map(|call| (call.id, call.near)).ok_or(Refusal::NoSuchCall)?;
        self.state.line(domain, own).ok_or_else(|| Refusal::NoSuchPhone(own.to_string()))?;
        let (_, leg) = self.dial_only(domain, own, dialled);
        self.take_over(leg, call, stays);
        self.connect(leg);
        let changed = self.call_mut(call);
        (changed.far, changed.parked) = (Far::Connected(leg), false);
        self.show(&[leg]);
        Ok(call)
    }

    /// A telephone dials a code and so takes what rings at `number`.
    pub(super) fn pick_up_by_code(
        &mut self,
        domain: &Arc<str>,
        picker: &Arc<str>,
        dialled: &Arc<str>,
        number: &str,
    ) -> Result<CallId, Refusal> {
        let line = self.state.line(domain, number).ok_or_else(|| Refusal::NoSuchPhone(number.to_owned()))?;
        let rings = |id: &&LegId| self.leg(**id).rings() && !self.leg(**id).summoned;
        let ringing = line.active.iter().find(rings).copied();
        let ringing = ringing.ok_or(Refusal::WrongState("that phone does not ring"))?;
        let call = self.leg(ringing).call;
        let caller = self.call(call).near;
        let (own_call, leg) = self.dial_only(domain, picker, dialled);
        match self.state.quirks.pick_up {
            PickUpStyle::Moves => {
                self.take_over(leg, call, caller);
                if let Far::Ringing(ringing) = &mut self.call_mut(call).far {
                    ringing.push(leg);
                }
                self.connect_called(call, leg)?;
                Ok(call)
            }
            PickUpStyle::OwnCall => {
                let Far::Ringing(losers) = self.call(call).far.clone() else { return Err(Refusal::NoSuchCall) };
                self.carry(caller, own_call);
                self.close(call);
                self.renumber(leg, &self.leg(caller).own.clone());
                self.connect(leg);
                self.connect(caller);
                let changed = self.call_mut(own_call);
                (changed.near, changed.far) = (caller, Far::Connected(leg));
                self.show(&[leg, caller]);
                for loser in &losers {
                    self.end(*loser, ReleaseCause::AnsweredElsewhere);
                }
                self.show(&losers);
                Ok(own_call)
            }
        }
    }

    /// Joins two calls by moving the legs of the second into the first; who made the consultation leaves there.
    pub(super) fn join_moved(
        &mut self,
        call: CallId,
        [leaves, stays]: [LegId; 2],
        [consulting, consulted]: [LegId; 2],
    ) {
        let second = self.leg(consulting).call;
        let (here, there) = (self.leg(stays).own.clone(), self.leg(consulted).own.clone());
        self.carry(consulting, call);
        self.carry(consulted, call);
        self.close(second);
        self.renumber(consulted, &here);
        self.renumber(stays, &there);
        let changed = self.call_mut(call);
        (changed.near, changed.far, changed.route) = (stays, Far::Connected(consulted), Route::Plain);
        self.swap(&[stays, consulted], &[leaves, consulting]);
    }

    /// A leg that has only dialled a code goes on in the call of `other`, with whom it is about to talk.
    fn take_over(&mut self, leg: LegId, call: CallId, other: LegId) {
        let own_call = self.leg(leg).call;
        let call_ref = self.state.next_id();
        self.carry(leg, call);
        self.renumber(leg, &self.leg(other).own.clone());
        self.close(own_call);
        let stays_out = self.state.quirks.code_stays_out;
        let moved = self.leg_mut(leg);
        moved.call_ref = call_ref;
        if !stays_out {
            moved.direction = Direction::In;
        }
    }

    /// The leg is part of `to` from now on; its former call keeps a picture of it.
    fn carry(&mut self, id: LegId, to: CallId) {
        let now = self.now;
        let mut picture = self.leg(id).clone();
        (picture.ended, picture.moved_to) = (Some(now), Some(to));
        picture.cause = Some(ReleaseCause::Transferred);
        let from = self.call_mut(picture.call);
        from.legs.retain(|leg| *leg != id);
        from.left.push(picture);
        self.call_mut(to).legs.push(id);
        let leg = self.leg_mut(id);
        (leg.call, leg.joined) = (to, now);
    }

    /// A call without legs, between the same numbers.
    fn empty_call_beside(&mut self, call: CallId, near: LegId) -> CallId {
        let id = CallId(self.state.next_id());
        let known = self.call(call);
        let new = Call {
            id,
            domain: Arc::clone(&known.domain),
            from: Arc::clone(&known.from),
            to: Arc::clone(&known.to),
            near,
            far: Far::Pending,
            recall: None,
            guests: Vec::new(),
            route: Route::Plain,
            parked: false,
            legs: Vec::new(),
            left: Vec::new(),
            started: self.now,
            ended: None,
        };
        self.state.calls.insert(id, new);
        id
    }
}
