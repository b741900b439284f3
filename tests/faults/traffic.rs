//! Random but repeatable traffic: calls of all sorts at a given rate, on telephones that are free.

use super::company::TestCompany;
use super::dice::Dice;
use super::script::{Actor, Clicked, Kind, Manners};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// A telephone and whose it is.
#[derive(Debug, Clone)]
pub struct Seat {
    pub user: i64,
    pub number: String,
}

/// What kind of traffic.
#[derive(Debug, Clone)]
pub struct Mix {
    /// Calls per second.
    pub rate: f64,
    /// How often each sort comes.
    pub kinds: &'static [(Kind, usize)],
    pub manners: Manners,
}

/// Everything that happens in an office.
pub const OFFICE: &[(Kind, usize)] = &[
    (Kind::Answered, 24),
    (Kind::Missed, 12),
    (Kind::Rejected, 6),
    (Kind::Group, 8),
    (Kind::GroupMissed, 3),
    (Kind::OutAnswered, 14),
    (Kind::OutBusy, 5),
    (Kind::OutMissed, 6),
    (Kind::Click, 8),
    (Kind::ClickBusy, 3),
    (Kind::Internal, 5),
    (Kind::Transfer, 6),
];

impl Mix {
    /// Everything that happens in an office, this many times a second.
    pub fn office(rate: f64) -> Self {
        Self { rate, kinds: OFFICE, manners: Manners::default() }
    }

    fn roll(&self, dice: &mut Dice) -> Kind {
        let all: usize = self.kinds.iter().map(|(_, weight)| weight).sum();
        let mut at = dice.below(all);
        for (kind, weight) in self.kinds {
            if at < *weight {
                return *kind;
            }
            at -= weight;
        }
        Kind::Answered
    }
}

/// One call that was made.
#[derive(Debug, Clone)]
pub struct Placed {
    /// The client's number.
    pub number: String,
    /// If it was a click that came to something.
    pub click: Option<Clicked>,
    /// Why it did not go as its script says: the switch has lost the call.
    pub refused: Option<String>,
}

/// Telephones nobody uses; the one that has been free for longest comes next.
#[derive(Clone)]
struct Seats(Arc<Mutex<VecDeque<Seat>>>);

impl Seats {
    fn take(&self, n: usize) -> Option<Vec<Seat>> {
        let mut free = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (free.len() >= n).then(|| free.drain(..n).collect())
    }

    fn give_back(&self, seats: Vec<Seat>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(seats);
    }
}

/// Makes calls until `stop`, and waits until the last of them is over.
pub async fn run(company: &TestCompany, mix: Mix, mut dice: Dice, stop: CancellationToken) -> Vec<Placed> {
    let seats = company.owners.iter().map(|(number, user)| Seat { user: *user, number: number.clone() });
    let seats = Seats(Arc::new(Mutex::new(seats.collect())));
    let series = company.unused_series();
    let mut due = tokio::time::interval(Duration::from_secs_f64(1.0 / mix.rate));
    let mut calls = JoinSet::new();
    for n in 0.. {
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            _ = due.tick() => {}
        }
        let kind = mix.roll(&mut dice);
        let (kind, taken) = match seats.take(kind.seats()) {
            Some(taken) => (kind, taken),
            None => match seats.take(1) {
                Some(taken) => (Kind::Answered, taken),
                // Nobody is free: this caller does not call.
                None => continue,
            },
        };
        let mut actor = Actor {
            switch: company.switch.clone(),
            domain: company.domain.clone(),
            domain_name: company.simulated.domain.clone(),
            portal: company.portal.clone(),
            dice: dice.fork(),
            manners: mix.manners,
            number: format!("+79{series}{n:07}"),
        };
        let seats = seats.clone();
        calls.spawn(async move {
            let played = actor.play(kind, &taken).await;
            let phones_are_free = taken
                .iter()
                .all(|seat| actor.domain.phone(&seat.number).state().is_some_and(|phone| phone.call.is_none()));
            if phones_are_free {
                seats.give_back(taken);
            }
            let (click, refused) = match played {
                Ok(click) => (click, None),
                Err(refusal) => (None, Some(refusal.to_string())),
            };
            Placed { number: actor.number, click, refused: refused.map(|why| format!("{kind:?}: {why}")) }
        });
    }
    calls.join_all().await
}

/// The same for a fixed time.
pub async fn run_for(company: &TestCompany, mix: Mix, dice: Dice, length: Duration) -> Vec<Placed> {
    let stop = CancellationToken::new();
    let clock = async {
        tokio::time::sleep(length).await;
        stop.cancel();
    };
    let (placed, ()) = tokio::join!(run(company, mix, dice, stop.clone()), clock);
    placed
}
