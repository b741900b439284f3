//! What people do in one call.

use super::dice::Dice;
use super::traffic::Seat;
use ecss_crm_server::sandbox::portal::SimPortal;
use ecss_crm_server::sandbox::switch::{CallId, DomainHandle, PhoneStatus, Refusal, RemotePolicy, SwitchWorld};
use std::time::Duration;

/// The sorts of calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A client calls and is answered.
    Answered,
    /// A client gives up.
    Missed,
    /// The employee refuses.
    Rejected,
    /// Eight telephones ring, one is picked up.
    Group,
    /// Eight telephones ring, the client gives up.
    GroupMissed,
    /// An employee calls a client, who answers.
    OutAnswered,
    /// The client is busy.
    OutBusy,
    /// The client does not answer.
    OutMissed,
    /// A click in the portal; the client answers.
    Click,
    /// A click in the portal; the client is busy.
    ClickBusy,
    /// Two employees talk: none of the CRM's business.
    Internal,
    /// A client is answered, and handed over to a colleague.
    Transfer,
    /// A client is answered, and the legs go on in another call, or in several.
    Moved,
    /// The call goes on in another one while it rings.
    MovedRinging,
    /// A client is parked and taken back by a colleague.
    Parked,
    /// A colleague takes with a code what rings.
    PickedUp,
    /// A colleague is asked and then joined with the client.
    Joined,
    /// A technical number rings; the client's is known later.
    Technical,
    /// The client's side hands over to somebody else.
    HandedOver,
    /// An employee dials a code for the switch.
    Code,
    /// The switch forgets to report the end.
    Forgotten,
}

/// Members of a group.
const GROUP: usize = 8;
/// How long somebody who clicked looks at the telephone.
const CLICK_PATIENCE: Duration = Duration::from_secs(10);

impl Kind {
    /// How many telephones it takes.
    pub const fn seats(self) -> usize {
        match self {
            Self::Group | Self::GroupMissed => GROUP,
            Self::Internal | Self::Transfer | Self::Parked | Self::PickedUp | Self::Joined => 2,
            _ => 1,
        }
    }
}

/// A click in the portal.
#[derive(Debug, Clone)]
pub struct Clicked {
    pub user: i64,
    /// The portal's call.
    pub crm: String,
    /// Whether the daemon said that it has got it.
    pub taken: bool,
    /// Digits of the client.
    pub number: String,
}

/// How long people take, in seconds.
#[derive(Debug, Clone, Copy)]
pub struct Manners {
    pub ring: (f64, f64),
    pub talk: (f64, f64),
}

impl Default for Manners {
    fn default() -> Self {
        Self { ring: (0.4, 2.0), talk: (1.0, 5.0) }
    }
}

/// Somebody who makes one call happen.
pub struct Actor {
    pub switch: SwitchWorld,
    pub domain: DomainHandle,
    pub domain_name: String,
    pub portal: SimPortal,
    pub dice: Dice,
    pub manners: Manners,
    pub number: String,
}

impl Actor {
    /// Plays the call to its end; returns the click, if it was one. Refused if the switch has lost the call.
    pub async fn play(&mut self, kind: Kind, seats: &[Seat]) -> Result<Option<Clicked>, Refusal> {
        let phone = self.domain.phone(&seats[0].number);
        let client = self.number.clone();
        match kind {
            Kind::Answered => {
                let call = self.domain.external_call(&client, &seats[0].number).await;
                self.ring().await;
                phone.pick_up().await?;
                self.talk_and_end(call, &seats[0]).await?;
            }
            Kind::Missed => {
                let call = self.domain.external_call(&client, &seats[0].number).await;
                self.ring().await;
                self.switch.remote_hangs_up(call).await?;
            }
            Kind::Rejected => {
                self.domain.external_call(&client, &seats[0].number).await;
                self.ring().await;
                phone.reject().await?;
            }
            Kind::Group | Kind::GroupMissed => {
                let members: Vec<&str> = seats.iter().map(|seat| seat.number.as_str()).collect();
                let call = self.domain.group_call(&client, &members).await?;
                self.ring().await;
                if kind == Kind::GroupMissed {
                    return self.switch.remote_hangs_up(call).await.map(|()| None);
                }
                let quickest = &seats[self.dice.below(seats.len())];
                self.domain.phone(&quickest.number).pick_up().await?;
                self.talk_and_end(call, quickest).await?;
            }
            Kind::OutAnswered | Kind::OutMissed => {
                let call = phone.dial(&client).await?;
                self.ring().await;
                if kind == Kind::OutMissed {
                    return self.switch.no_answer(call).await.map(|()| None);
                }
                self.switch.remote_answers(call).await?;
                self.talk_and_end(call, &seats[0]).await?;
            }
            Kind::OutBusy => {
                self.busy(&client);
                phone.dial(&client).await?;
            }
            Kind::Click | Kind::ClickBusy => return self.click(kind, &seats[0]).await,
            Kind::Internal => {
                self.domain.internal_call(&seats[0].number, &seats[1].number).await?;
                self.ring().await;
                self.domain.phone(&seats[1].number).pick_up().await?;
                self.talk().await;
                phone.hang_up().await?;
            }
            Kind::Transfer => {
                let call = self.domain.external_call(&client, &seats[0].number).await;
                self.ring().await;
                phone.pick_up().await?;
                self.talk().await;
                phone.transfer(&seats[1].number).await?;
                self.ring().await;
                self.domain.phone(&seats[1].number).pick_up().await?;
                self.talk_and_end(call, &seats[1]).await?;
            }
            _ => self.tangle(kind, seats).await?,
        }
        Ok(None)
    }

    async fn click(&mut self, kind: Kind, seat: &Seat) -> Result<Option<Clicked>, Refusal> {
        if kind == Kind::ClickBusy {
            self.busy(&self.number);
        }
        // A card that still stands there makes the browser refuse: then nobody calls.
        let Ok(clicked) = self.portal.click(seat.user, &self.number).await else { return Ok(None) };
        let clicked = Clicked {
            user: seat.user,
            crm: clicked.call,
            taken: clicked.deliveries.first().is_some_and(|d| d.status == Some(200)),
            number: self.number.trim_start_matches('+').to_owned(),
        };
        let phone = self.domain.phone(&seat.number);
        let rings = |_: &SwitchWorld| {
            let state = phone.state().filter(|p| p.status == PhoneStatus::Ringing)?;
            state.call
        };
        let rung = self.switch.wait_for("the telephone of the employee who clicked", rings);
        let Ok(Ok(call)) = tokio::time::timeout(CLICK_PATIENCE, rung).await else {
            return Ok(Some(clicked));
        };
        // From here on the switch may lose the call; the click stays one.
        let _ = self.dialled(kind, call, seat).await;
        Ok(Some(clicked))
    }

    async fn dialled(&mut self, kind: Kind, call: CallId, seat: &Seat) -> Result<(), Refusal> {
        self.ring().await;
        self.domain.phone(&seat.number).pick_up().await?;
        if kind == Kind::ClickBusy {
            return Ok(());
        }
        self.ring().await;
        self.switch.remote_answers(call).await?;
        self.talk_and_end(call, seat).await
    }

    fn busy(&self, number: &str) {
        let known = self.switch.set_remote_policy_for(&self.domain_name, number, RemotePolicy::Busy);
        known.expect("the domain is there");
    }

    pub(super) async fn ring(&mut self) {
        pause(self.dice.between(self.manners.ring.0, self.manners.ring.1)).await;
    }

    pub(super) async fn talk(&mut self) {
        pause(self.dice.between(self.manners.talk.0, self.manners.talk.1)).await;
    }

    /// Either side hangs up.
    pub(super) async fn talk_and_end(&mut self, call: CallId, seat: &Seat) -> Result<(), Refusal> {
        self.talk().await;
        if self.dice.coin() {
            self.switch.remote_hangs_up(call).await
        } else {
            self.domain.phone(&seat.number).hang_up().await
        }
    }
}

/// Here time is the subject: people let it ring and talk.
pub(super) async fn pause(seconds: f64) {
    tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
}
