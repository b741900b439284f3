//! A phone in somebody's hand.

use crate::sandbox::switch::Core;
use crate::sandbox::switch::call::{CallId, Leg, LegId, LegStatus, Refusal, Target, TargetKind, Turn};
use crate::sandbox::switch::numbers::{bare, tidy};
use crate::sandbox::switch::phones::{PhoneLeg, PhoneState, PhoneStatus, phone};
use std::sync::Arc;

/// A phone of a domain and its buttons.
#[derive(Clone)]
pub struct PhoneHandle {
    pub(super) core: Arc<Core>,
    pub(super) domain: Arc<str>,
    pub(super) number: Arc<str>,
}

impl PhoneHandle {
    pub(super) const fn new(core: Arc<Core>, domain: Arc<str>, number: Arc<str>) -> Self {
        Self { core, domain, number }
    }

    /// How the phone looks; `None` if there is no such phone.
    pub fn state(&self) -> Option<PhoneState> {
        let state = self.core.lock();
        state.line(&self.domain, &self.number).map(|line| phone(&state, &self.number, line))
    }

    /// Picks up what rings: an incoming call, or the own phone after `call.make`.
    pub async fn pick_up(&self) -> Result<(), Refusal> {
        self.press("the phone does not ring", Leg::rings, &Button::PickUp).await
    }

    /// Refuses what rings.
    pub async fn reject(&self) -> Result<(), Refusal> {
        self.press("the phone does not ring", Leg::rings, &Button::HangUp).await
    }

    /// Hangs up: what talks, else what dials, else what rings or is held.
    pub async fn hang_up(&self) -> Result<(), Refusal> {
        self.core.room().await;
        let order = [PhoneStatus::Talking, PhoneStatus::Dialing, PhoneStatus::Ringing, PhoneStatus::Held];
        let legs = self.state().ok_or_else(|| self.missing())?.legs;
        let leg = order.iter().find_map(|status| legs.iter().find(|leg| leg.status == *status));
        let leg = leg.ok_or(Refusal::WrongState("the phone is on the hook"))?.leg;
        self.core.turn(|turn| turn.hang_up(leg))
    }

    /// Dials a number; a call that goes on is put on hold first.
    pub async fn dial(&self, to: &str) -> Result<CallId, Refusal> {
        self.core.room().await;
        let target = Target { number: tidy(to).into(), kind: TargetKind::Plain };
        self.core.turn(|turn| turn.dial(&self.domain, &self.number, target))
    }

    /// Puts the call on hold.
    pub async fn hold(&self) -> Result<(), Refusal> {
        let talks = |leg: &Leg| leg.is_connected() && !held(leg);
        self.press("the phone does not talk", talks, &Button::Hold).await
    }

    /// Takes the held call back.
    pub async fn retrieve(&self) -> Result<(), Refusal> {
        self.press("the phone holds nobody", held, &Button::Retrieve).await
    }

    /// Hands the call over to `to`: joins both parties if `to` is the phone's second call, otherwise blind.
    pub async fn transfer(&self, to: &str) -> Result<(), Refusal> {
        let to: Arc<str> = tidy(to).into();
        let legs = self.state().ok_or_else(|| self.missing())?.legs;
        let talks = |leg: &&PhoneLeg| leg.status == PhoneStatus::Talking;
        let consults = legs.iter().filter(talks).any(|leg| bare(&leg.remote) == bare(&to));
        // After a consultation the held call is handed over, else the one that talks, else the held one.
        let of_held = consults || !legs.iter().any(|leg| talks(&leg));
        let which = move |leg: &Leg| leg.is_connected() && held(leg) == of_held;
        self.press("the phone does not talk", which, &Button::Transfer(to)).await
    }

    /// Brings whom it consults into the held call: all three talk.
    pub async fn conference(&self) -> Result<(), Refusal> {
        self.press("the phone holds nobody", held, &Button::Conference).await
    }

    /// Takes a call that rings at a colleague's phone.
    pub async fn pick_up_for(&self, colleague: &str) -> Result<(), Refusal> {
        self.core.room().await;
        let colleague = tidy(colleague);
        self.core.turn(|turn| turn.pick_up_for(&self.domain, &self.number, &colleague))
    }

    /// Does something with the first leg that fits.
    async fn press(
        &self,
        otherwise: &'static str,
        fits: impl Fn(&Leg) -> bool,
        button: &Button,
    ) -> Result<(), Refusal> {
        self.core.room().await;
        self.core.turn(|turn| {
            let line = turn.state.line(&self.domain, &self.number).ok_or_else(|| self.missing())?;
            let found = line.active.iter().copied().find(|id| turn.live(*id).is_ok_and(&fits));
            button.press(turn, found.ok_or(Refusal::WrongState(otherwise))?)
        })
    }

    pub(super) fn missing(&self) -> Refusal {
        Refusal::NoSuchPhone(self.number.to_string())
    }
}

/// What can be pressed while a call is there.
enum Button {
    PickUp,
    HangUp,
    Hold,
    Retrieve,
    Transfer(Arc<str>),
    Conference,
}

impl Button {
    fn press(&self, turn: &mut Turn<'_>, leg: LegId) -> Result<(), Refusal> {
        match self {
            Self::PickUp => turn.answer(leg),
            Self::HangUp => turn.hang_up(leg),
            Self::Hold => turn.hold(leg),
            Self::Retrieve => turn.retrieve(leg),
            Self::Transfer(to) => turn.transfer(leg, to),
            Self::Conference => turn.conference(leg),
        }
    }
}

const fn held(leg: &Leg) -> bool {
    matches!(leg.status, LegStatus::Held)
}
