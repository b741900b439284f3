//! A call is placed and finds the phones that are to ring.

use super::{Call, CallId, Direction, Far, LegId, NewLeg, Party, Refusal, ReleaseCause, Route, Timer, Turn};
use crate::sandbox::switch::numbers::{bare, is_code, leads_outside};
use crate::sandbox::switch::options::RemotePolicy;
use crate::sandbox::switch::state::Service;
use std::collections::VecDeque;
use std::sync::Arc;

/// So often a call may be forwarded before the switch calls it a loop.
const MAX_FORWARDS: u8 = 5;

/// Where a call goes.
pub(in crate::sandbox::switch) struct Target {
    /// What was dialled.
    pub(in crate::sandbox::switch) number: Arc<str>,
    pub(in crate::sandbox::switch) kind: TargetKind,
}

/// How the dialled number is understood.
pub(in crate::sandbox::switch) enum TargetKind {
    /// By the domain's own numbering.
    Plain,
    /// As this service, whatever the numbering says.
    Service(Service),
}

/// What came of looking for the called party.
pub(super) enum Reached {
    /// These ring now.
    Rings(Vec<LegId>),
    /// A voice menu picked up at once.
    PickedUp,
    /// Nobody can be called.
    Failed(ReleaseCause),
}

/// Whose name a ringing leg shows.
#[derive(Clone, Copy)]
enum Shows {
    Caller,
    /// The called phone's own, as seen on operators of a queue.
    Own,
}

impl Turn<'_> {
    /// Somebody (`party`, number `from`) calls `target`. The call may be over at once (busy, wrong number).
    pub(in crate::sandbox::switch) fn place(
        &mut self,
        domain: &Arc<str>,
        party: Party,
        from: &Arc<str>,
        target: Target,
    ) -> CallId {
        let (call, near) = self.begin(domain, party, from, &target.number);
        let call_ref = self.leg(near).call_ref;
        let reached = self.reach(call, target, call_ref);
        self.settle_first(call, near, reached);
        call
    }

    /// A call with only its near side.
    pub(super) fn begin(&mut self, domain: &Arc<str>, party: Party, from: &Arc<str>, to: &Arc<str>) -> (CallId, LegId) {
        let id = CallId(self.state.next_id());
        let call_ref = self.state.next_id();
        let call = Call {
            id,
            domain: Arc::clone(domain),
            from: Arc::clone(from),
            to: Arc::clone(to),
            near: LegId(0),
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
        self.state.calls.insert(id, call);
        let name = self.state.name_of(domain, to);
        let near = self.add(NewLeg {
            call: id,
            call_ref,
            party,
            direction: Direction::Out,
            own: Arc::clone(from),
            remote: Arc::clone(to),
            name,
        });
        self.call_mut(id).near = near;
        (id, near)
    }

    /// Shows what the first attempt to reach somebody brought.
    fn settle_first(&mut self, call: CallId, near: LegId, reached: Reached) {
        match reached {
            Reached::Rings(legs) => {
                let mut frame = vec![near];
                frame.extend(&legs);
                self.call_mut(call).far = Far::Ringing(legs);
                self.show(&frame);
            }
            Reached::PickedUp => {
                self.show(&[near]);
                self.pick_up_by_service(call);
                self.show(&[near]);
            }
            Reached::Failed(cause) => {
                if !self.state.quirks.fail_unseen {
                    self.show(&[near]);
                }
                self.end(near, cause);
                self.close(call);
                self.show(&[near]);
            }
        }
    }

    /// A queue's voice menu takes the caller.
    pub(super) fn pick_up_by_service(&mut self, call: CallId) {
        let near = self.call(call).near;
        self.connect(near);
        self.call_mut(call).far = Far::Service;
        self.plan_offer(call);
    }

    /// Looks for the called party and lets it ring, without showing anything yet.
    pub(super) fn reach(&mut self, call: CallId, target: Target, call_ref: u64) -> Reached {
        let domain = Arc::clone(&self.call(call).domain);
        let service = match target.kind {
            TargetKind::Service(service) => Some(service),
            TargetKind::Plain if is_code(&target.number) => return self.reach_code(call, &target.number, call_ref),
            TargetKind::Plain => self.state.domains.get(&domain).and_then(|d| d.services.get(&target.number)).cloned(),
        };
        match service {
            None => match self.ring(call, &target.number, call_ref, Shows::Caller, MAX_FORWARDS) {
                Ok(leg) => Reached::Rings(vec![leg]),
                Err(cause) => Reached::Failed(cause),
            },
            Some(Service::Group(members)) => {
                let mut legs = Vec::new();
                for member in &members {
                    let own_ref = self.state.next_id();
                    legs.extend(self.ring(call, member, own_ref, Shows::Caller, MAX_FORWARDS));
                }
                if legs.is_empty() { Reached::Failed(ReleaseCause::Busy) } else { Reached::Rings(legs) }
            }
            Some(Service::Hunt(members)) => {
                self.call_mut(call).route = Route::Hunt(members.into());
                self.hunt_next(call).map_or(Reached::Failed(ReleaseCause::Busy), |leg| Reached::Rings(vec![leg]))
            }
            Some(Service::Queue(members)) => {
                self.call_mut(call).route = Route::Queue(members.into());
                Reached::PickedUp
            }
        }
    }

    /// Rings the next phone of a hunt that can be rung.
    pub(super) fn hunt_next(&mut self, call: CallId) -> Option<LegId> {
        loop {
            let Route::Hunt(rest) = &mut self.call_mut(call).route else { return None };
            let next = rest.pop_front()?;
            let call_ref = self.state.next_id();
            if let Ok(leg) = self.ring(call, &next, call_ref, Shows::Caller, MAX_FORWARDS) {
                if let Some(step) = self.state.pace.hunt_step {
                    self.timers.push((step, Timer::RingOut(leg)));
                }
                return Some(leg);
            }
        }
    }

    /// Rings the phone a call is forwarded to after nobody answered.
    pub(super) fn ring_forwarded(&mut self, call: CallId, to: &Arc<str>) -> Option<LegId> {
        let call_ref = self.state.next_id();
        self.ring(call, to, call_ref, Shows::Caller, MAX_FORWARDS - 1).ok()
    }

    /// Lets one number ring.
    fn ring(
        &mut self,
        call: CallId,
        to: &Arc<str>,
        call_ref: u64,
        shows: Shows,
        forwards: u8,
    ) -> Result<LegId, ReleaseCause> {
        let (domain, near) = (Arc::clone(&self.call(call).domain), self.call(call).near);
        let caller = Arc::clone(&self.leg(near).own);
        let Some(line) = self.state.line(&domain, to) else {
            return self.ring_outside(call, to, call_ref);
        };
        let busy = !line.active.is_empty() && !line.call_waiting;
        let forward = line.forward.always.clone().or_else(|| line.forward.busy.clone().filter(|_| busy));
        if let Some(next) = forward.filter(|_| forwards > 0) {
            let next_ref = self.state.next_id();
            return self.ring(call, &next, next_ref, shows, forwards - 1);
        }
        if busy {
            return Err(ReleaseCause::Busy);
        }
        let name = match shows {
            Shows::Own => line.name.clone(),
            Shows::Caller => self.state.name_of(&domain, &caller),
        };
        let (party, direction, own) = (Party::Phone, Direction::In, Arc::clone(to));
        let leg = self.add(NewLeg { call, call_ref, party, direction, own, remote: caller, name });
        if let Some(timeout) = self.state.pace.ring_timeout {
            self.timers.push((timeout, Timer::RingOut(leg)));
        }
        Ok(leg)
    }

    pub(super) fn ring_outside(&mut self, call: CallId, to: &Arc<str>, call_ref: u64) -> Result<LegId, ReleaseCause> {
        if !leads_outside(to) {
            return Err(ReleaseCause::WrongNumber);
        }
        let (domain, near) = (&self.call(call).domain, self.call(call).near);
        let special = self.state.domains.get(domain).and_then(|d| d.policies.get(bare(to))).copied();
        let policy = special.unwrap_or(self.state.remote);
        match policy {
            RemotePolicy::Busy => return Err(ReleaseCause::Busy),
            RemotePolicy::WrongNumber => return Err(ReleaseCause::WrongNumber),
            RemotePolicy::Unavailable => return Err(ReleaseCause::Unavailable),
            RemotePolicy::Manual | RemotePolicy::NoAnswer | RemotePolicy::AnswerAfter(_) => {}
        }
        let remote = Arc::clone(&self.leg(near).own);
        let (party, direction, own) = (Party::Outside, Direction::In, Arc::clone(to));
        let leg = self.add(NewLeg { call, call_ref, party, direction, own, remote, name: None });
        match (policy, self.state.pace.ring_timeout) {
            (RemotePolicy::AnswerAfter(after), _) => self.timers.push((after, Timer::RemoteAnswers(leg))),
            (_, Some(timeout)) => self.timers.push((timeout, Timer::RingOut(leg))),
            _ => {}
        }
        Ok(leg)
    }

    /// Sets the time at which a waiting caller is offered to an operator, if that happens by itself.
    pub(super) fn plan_offer(&mut self, call: CallId) {
        let waits = matches!(self.call(call).route, Route::Queue(_));
        if let Some(after) = self.state.pace.queue_offer.filter(|_| waits) {
            self.timers.push((after, Timer::Offer(call)));
        }
    }

    /// Offers a waiting caller to `operator`, or to the first free member of the queue.
    pub(in crate::sandbox::switch) fn offer(
        &mut self,
        call: CallId,
        operator: Option<&Arc<str>>,
    ) -> Result<LegId, Refusal> {
        if self.running(call)?.far != Far::Service {
            return Err(Refusal::WrongState("the caller does not wait in a queue"));
        }
        let candidates: VecDeque<Arc<str>> = match (operator, &self.call(call).route) {
            (Some(operator), _) => VecDeque::from([Arc::clone(operator)]),
            (None, Route::Queue(members)) => members.clone(),
            (None, _) => VecDeque::new(),
        };
        for candidate in candidates {
            let call_ref = self.state.next_id();
            let Ok(leg) = self.ring(call, &candidate, call_ref, Shows::Own, MAX_FORWARDS) else { continue };
            let call = self.call_mut(call);
            call.far = Far::Ringing(vec![leg]);
            if let Route::Queue(members) = &mut call.route
                && let Some(turn) = members.iter().position(|member| *member == candidate)
            {
                members.rotate_left(turn + 1);
            }
            self.show(&[leg]);
            return Ok(leg);
        }
        if operator.is_none() {
            self.plan_offer(call);
        }
        Err(Refusal::CannotPerform("no operator is free"))
    }
}
