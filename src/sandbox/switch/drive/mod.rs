//! The world driven in the users' words.

mod moves;
mod phone;

pub use moves::OldFrame;
pub use phone::PhoneHandle;

use super::call::{CallId, Far, LegId, Party, Refusal, ReleaseCause, Target, TargetKind, Turn};
use super::numbers::tidy;
use super::phones::{PhoneState, phones};
use super::setup::list;
use super::state::Service;
use super::{Core, SwitchWorld};
use std::sync::Arc;

/// One domain of the world.
#[derive(Clone)]
pub struct DomainHandle {
    core: Arc<Core>,
    name: Arc<str>,
}

impl SwitchWorld {
    /// The domain of this name, whether it exists or not.
    pub fn domain(&self, name: &str) -> DomainHandle {
        DomainHandle { core: Arc::clone(&self.core), name: name.into() }
    }

    /// The domain that was made first.
    pub fn home(&self) -> DomainHandle {
        let name = self.core.lock().home.clone().unwrap_or_else(|| "".into());
        DomainHandle { core: Arc::clone(&self.core), name }
    }

    /// [`DomainHandle::phone`] of the home domain.
    pub fn phone(&self, number: &str) -> PhoneHandle {
        self.home().phone(number)
    }

    /// [`DomainHandle::phones`] of the home domain.
    pub fn phones(&self) -> Vec<PhoneState> {
        self.home().phones()
    }

    /// [`DomainHandle::external_call`] into the home domain.
    pub async fn external_call(&self, from: &str, to: &str) -> CallId {
        self.home().external_call(from, to).await
    }

    /// [`DomainHandle::internal_call`] in the home domain.
    pub async fn internal_call(&self, from: &str, to: &str) -> Result<CallId, Refusal> {
        self.home().internal_call(from, to).await
    }

    /// [`DomainHandle::queue_call`] in the home domain.
    pub async fn queue_call(&self, from: &str, queue: &str, operators: &[&str]) -> Result<CallId, Refusal> {
        self.home().queue_call(from, queue, operators).await
    }

    /// [`DomainHandle::group_call`] in the home domain.
    pub async fn group_call(&self, from: &str, members: &[&str]) -> Result<CallId, Refusal> {
        self.home().group_call(from, members).await
    }

    /// [`DomainHandle::hunt_call`] in the home domain.
    pub async fn hunt_call(&self, from: &str, members: &[&str]) -> Result<CallId, Refusal> {
        self.home().hunt_call(from, members).await
    }

    /// A caller who waits in a queue is offered to this operator, or to the next free one.
    pub async fn queue_offer(&self, call: CallId, operator: Option<&str>) -> Result<LegId, Refusal> {
        self.core.room().await;
        let operator = operator.map(|number| tidy(number).into());
        self.core.turn(|turn| turn.offer(call, operator.as_ref()))
    }

    /// Nobody picks up in time: all that rings in this call is given up (and forwarded or hunted on).
    pub async fn no_answer(&self, call: CallId) -> Result<(), Refusal> {
        self.core.room().await;
        self.core.turn(|turn| turn.ring_out(call))
    }

    /// The called party outside picks up.
    pub async fn remote_answers(&self, call: CallId) -> Result<(), Refusal> {
        self.core.room().await;
        self.core.turn(|turn| {
            let leg = outside(turn, call, true)?;
            turn.answer(leg)
        })
    }

    /// The party outside hangs up, gives up or refuses.
    pub async fn remote_hangs_up(&self, call: CallId) -> Result<(), Refusal> {
        self.core.room().await;
        self.core.turn(|turn| {
            let leg = outside(turn, call, false)?;
            turn.hang_up(leg)
        })
    }

    /// The called party outside turns out to be busy.
    pub async fn remote_busy(&self, call: CallId) -> Result<(), Refusal> {
        self.remote_fails(call, ReleaseCause::Busy).await
    }

    /// The called party outside cannot be reached, for this reason.
    pub async fn remote_fails(&self, call: CallId, cause: ReleaseCause) -> Result<(), Refusal> {
        self.core.room().await;
        self.core.turn(|turn| {
            let leg = outside(turn, call, true)?;
            turn.release(leg, cause)
        })
    }
}

/// The party outside of a call; if `ringing`, only one that rings.
fn outside(turn: &Turn<'_>, call: CallId, ringing: bool) -> Result<LegId, Refusal> {
    let running = turn.running(call)?;
    let candidates: &[LegId] = match &running.far {
        Far::Ringing(legs) => legs,
        Far::Connected(leg) => std::slice::from_ref(leg),
        _ => &[],
    };
    let fits = |id: &&LegId| turn.live(**id).is_ok_and(|leg| leg.party == Party::Outside && (!ringing || leg.rings()));
    let near = if ringing { None } else { Some(&running.near) };
    let found = candidates.iter().find(fits).or_else(|| near.filter(fits));
    found.copied().ok_or(Refusal::WrongState("nobody outside is in that phase of the call"))
}

impl DomainHandle {
    /// A phone of the domain, whether it exists or not.
    pub fn phone(&self, number: &str) -> PhoneHandle {
        PhoneHandle::new(Arc::clone(&self.core), Arc::clone(&self.name), tidy(number).into())
    }

    /// All phones by number.
    pub fn phones(&self) -> Vec<PhoneState> {
        phones(&self.core.lock(), &self.name)
    }

    /// Somebody outside calls a phone, group, hunt or queue of the domain. A wrong or busy number gives a call
    /// that is over. An empty `from` is a caller who hides the number.
    pub async fn external_call(&self, from: &str, to: &str) -> CallId {
        self.core.room().await;
        let (from, number) = (tidy(from).into(), tidy(to).into());
        let target = Target { number, kind: TargetKind::Plain };
        self.core.turn(|turn| turn.place(&self.name, Party::Outside, &from, target))
    }

    /// One phone calls another.
    pub async fn internal_call(&self, from: &str, to: &str) -> Result<CallId, Refusal> {
        self.phone(from).dial(to).await
    }

    /// Somebody (a phone of the domain or outside) calls the number `queue`: a voice menu picks up at once.
    /// The call is offered to `operators` by [`SwitchWorld::queue_offer`], or by itself if [`super::Pace`] says so.
    pub async fn queue_call(&self, from: &str, queue: &str, operators: &[&str]) -> Result<CallId, Refusal> {
        self.service_call(from, queue, Service::Queue(list(operators))).await
    }

    /// Somebody calls a group (shown as number 600): all members ring together.
    pub async fn group_call(&self, from: &str, members: &[&str]) -> Result<CallId, Refusal> {
        self.service_call(from, "600", Service::Group(list(members))).await
    }

    /// Somebody calls a hunt group (shown as number 601): one member after the other rings.
    pub async fn hunt_call(&self, from: &str, members: &[&str]) -> Result<CallId, Refusal> {
        self.service_call(from, "601", Service::Hunt(list(members))).await
    }

    async fn service_call(&self, from: &str, number: &str, service: Service) -> Result<CallId, Refusal> {
        self.core.room().await;
        let from: Arc<str> = tidy(from).into();
        let target = Target { number: tidy(number).into(), kind: TargetKind::Service(service) };
        self.core.turn(|turn| {
            if turn.state.line(&self.name, &from).is_some() {
                turn.dial(&self.name, &from, target)
            } else {
                Ok(turn.place(&self.name, Party::Outside, &from, target))
            }
        })
    }
}
