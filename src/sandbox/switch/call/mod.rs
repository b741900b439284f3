//! Calls and what can happen to them: the part of the simulation that knows telephony and no wire.
//!
//! A call has a near side (who calls) and a far side (who is called: ringing phones, one connected party, or
//! a service that keeps the caller company). All that happens in one instant is a [`Turn`]; it collects the
//! legs to be shown, frame by frame, and the timers to be set.

mod code;
mod finish;
mod leg;
mod make;
mod moving;
mod place;
mod renumber;
mod silence;
mod talk;
mod transfer;

pub(super) use leg::Leg;
pub use leg::{CallId, Direction, LegId, LegStatus, Party, ReleaseCause};
pub(super) use place::{Target, TargetKind};

use super::state::State;
use crate::domain::Timestamp;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// Why something cannot be done with a phone or call.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The domain has no such phone.
    #[error("no phone has the number {0}")]
    NoSuchPhone(String),
    /// The leg is over or was never there.
    #[error("no such leg")]
    NoSuchLeg,
    /// The call is over or was never there.
    #[error("no such call")]
    NoSuchCall,
    /// The number may not be used by this integration.
    #[error("You are not allowed for this command")]
    NotAllowed,
    /// Not in this phase of the call.
    #[error("not possible now: {0}")]
    WrongState(&'static str),
    /// The switch tried and failed.
    #[error("the switch cannot do it: {0}")]
    CannotPerform(&'static str),
}

/// A whole call.
pub(super) struct Call {
    pub(super) id: CallId,
    pub(super) domain: Arc<str>,
    pub(super) from: Arc<str>,
    pub(super) to: Arc<str>,
    pub(super) near: LegId,
    pub(super) far: Far,
    /// Where it rings if nobody takes what was transferred.
    pub(super) recall: Option<Arc<str>>,
    /// Who talks with both sides in a conference.
    pub(super) guests: Vec<LegId>,
    pub(super) route: Route,
    /// Whether its near side waits to be taken back by any telephone.
    pub(super) parked: bool,
    /// Every leg the call ever had and that has not gone on in another call, oldest first.
    pub(super) legs: Vec<LegId>,
    /// Legs that have gone on in another call, as they stood when they left.
    pub(super) left: Vec<Leg>,
    pub(super) started: Timestamp,
    pub(super) ended: Option<Timestamp>,
}

/// The called side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Far {
    /// Nobody yet: the caller's own phone still rings.
    Pending,
    /// A voice menu or queue has the caller.
    Service,
    Ringing(Vec<LegId>),
    /// This one talks with the near side.
    Connected(LegId),
    /// The call is over.
    Over,
}

/// What is left to try when a ringing phone is given up.
#[derive(Debug, Clone)]
pub(super) enum Route {
    /// Nothing, except the phone's own forwarding.
    Plain,
    /// The next phones in turn.
    Hunt(VecDeque<Arc<str>>),
    /// The caller goes on waiting; operators take turns.
    Queue(VecDeque<Arc<str>>),
}

/// Something that happens later by itself.
#[derive(Debug, Clone, Copy)]
pub(super) enum Timer {
    /// A ringing leg is given up.
    RingOut(LegId),
    /// A waiting caller is offered to an operator.
    Offer(CallId),
    /// Somebody outside picks up.
    RemoteAnswers(LegId),
}

/// One instant of the world.
pub(super) struct Turn<'a> {
    pub(super) state: &'a mut State,
    pub(super) now: Timestamp,
    /// Legs to show: one inner list per frame, as the legs stood at that point.
    pub(super) frames: Vec<Vec<Leg>>,
    pub(super) timers: Vec<(Duration, Timer)>,
}

impl<'a> Turn<'a> {
    pub(super) const fn new(state: &'a mut State, now: Timestamp) -> Self {
        Self { state, now, frames: Vec::new(), timers: Vec::new() }
    }

    /// The leg, if it exists and is not over.
    pub(super) fn live(&self, id: LegId) -> Result<&Leg, Refusal> {
        self.state.legs.get(&id).filter(|leg| !leg.is_over()).ok_or(Refusal::NoSuchLeg)
    }

    /// The call, if it exists and is not over.
    pub(super) fn running(&self, id: CallId) -> Result<&Call, Refusal> {
        self.state.calls.get(&id).filter(|call| call.ended.is_none()).ok_or(Refusal::NoSuchCall)
    }

    fn leg(&self, id: LegId) -> &Leg {
        self.state.legs.get(&id).expect("a leg outlives the call that names it")
    }

    fn leg_mut(&mut self, id: LegId) -> &mut Leg {
        self.state.legs.get_mut(&id).expect("a leg outlives the call that names it")
    }

    fn call(&self, id: CallId) -> &Call {
        self.state.calls.get(&id).expect("a call is forgotten together with its legs")
    }

    fn call_mut(&mut self, id: CallId) -> &mut Call {
        self.state.calls.get_mut(&id).expect("a call is forgotten together with its legs")
    }

    /// Shows these legs, as they stand now, in one frame.
    fn show(&mut self, legs: &[LegId]) {
        let reported = legs.iter().map(|id| self.leg(*id)).filter(|leg| !leg.silent);
        let frame: Vec<Leg> = reported.cloned().collect();
        if !frame.is_empty() {
            self.frames.push(frame);
        }
    }

    /// Adds a leg in the phase `Alerting` to a call.
    fn add(&mut self, new: NewLeg) -> LegId {
        let id = LegId(self.state.next_id());
        let domain = Arc::clone(&self.call(new.call).domain);
        let mut viewers: Arc<[usize]> = Arc::from([]);
        if new.party == Party::Phone
            && let Some(line) = self.state.line_mut(&domain, &new.own)
        {
            line.active.push(id);
            viewers = Arc::clone(&line.viewers);
        }
        let leg = Leg {
            id,
            call: new.call,
            call_ref: new.call_ref,
            party: new.party,
            direction: new.direction,
            own: new.own,
            remote: new.remote,
            name: new.name,
            status: LegStatus::Alerting,
            summoned: false,
            silent: false,
            joined: self.now,
            moved_to: None,
            earlier_remotes: Vec::new(),
            answered: None,
            answer_text: None,
            ended: None,
            cause: None,
            viewers,
        };
        self.state.legs.insert(id, leg);
        self.call_mut(new.call).legs.push(id);
        id
    }

    /// The party at `leg` is connected from now on; nothing changes if it was before.
    fn connect(&mut self, leg: LegId) {
        let now = self.now;
        if self.leg(leg).answered.is_none() {
            let quirks = &self.state.quirks;
            let text = super::callapi::answer_text(now, &quirks.answer_zone, quirks.answer_skew_ms);
            let leg = self.leg_mut(leg);
            leg.answered = Some(now);
            leg.answer_text = Some(text);
            leg.status = LegStatus::Talking;
        }
    }

    /// The leg is over from now on; nothing changes if it was before.
    fn end(&mut self, id: LegId, cause: ReleaseCause) {
        let now = self.now;
        let leg = self.leg_mut(id);
        if leg.is_over() {
            return;
        }
        leg.status = LegStatus::Released;
        leg.summoned = false;
        leg.ended = Some(now);
        leg.cause = Some(cause);
        let (call, own) = (leg.call, Arc::clone(&leg.own));
        let domain = Arc::clone(&self.call(call).domain);
        if let Some(line) = self.state.line_mut(&domain, &own) {
            line.active.retain(|active| *active != id);
        }
    }

    /// No party is left.
    fn close(&mut self, call: CallId) {
        let now = self.now;
        let call = self.call_mut(call);
        call.far = Far::Over;
        call.ended = Some(now);
    }
}

/// What a leg starts with.
struct NewLeg {
    call: CallId,
    call_ref: u64,
    party: Party,
    direction: Direction,
    own: Arc<str>,
    remote: Arc<str>,
    name: Option<Arc<str>>,
}
