//! One company's calls: wait for news, step, store, then act. Nobody else touches its calls.

use super::book::Book;
use super::draft::{Draft, Origin};
use super::journal::Journal;
use super::lanes::{Lanes, Past};
use super::link::LinkNews;
use super::message::{ActError, Message};
use super::noise::Noise;
use super::perform::{Landed, perform};
use super::status::Shared;
use super::stories::Stories;
use super::surplus::GivenUp;
use super::upkeep::Bell;
use crate::bitrix::{Portal, Turn};
use crate::clock::Clock;
use crate::domain::call::{Call, Click, CrmStep, Event, Intent, Policy};
use crate::domain::company::CallSettings;
use crate::domain::directory::Directory;
use crate::domain::excess::Excess;
use crate::domain::leg::{Accepted, Capabilities, CommandError, SwitchCommand};
use crate::domain::numbers::NumberPlan;
use crate::domain::{CallKey, CompanyId, Phone, Timestamp, UserId};
use crate::ecss::Commander;
use crate::store::Store;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// At most this many frames are taken together, so that one commit serves a burst.
const BURST: usize = 64;
/// A round that has changed so many calls is stored before it goes on: a frame may tell of ten thousand, and companies
/// take turns in writing to the database.
const ROUND: usize = 64;
/// How long requests under way may take to end when the daemon stops; what is cut off is repeated at the next start.
const DRAIN: Duration = Duration::from_secs(5);

/// How soon a database that could not be read is read again.
const READ_AGAIN: Duration = Duration::from_secs(1);

/// What became of something done outside the loop.
pub(super) enum Done {
    Crm(Landed),
    Command { key: CallKey, command: SwitchCommand, origin: Origin, answer: Result<Accepted, CommandError> },
}

pub(super) struct Actor {
    pub company: CompanyId,
    pub store: Store,
    pub portal: Portal,
    pub clock: Clock,
    pub shared: Arc<Shared>,
    pub grace: Duration,
    pub settings: CallSettings,
    pub directory: Directory,
    pub numbers: NumberPlan,
    /// What the switch has said and is to be taken next; not more than a burst.
    pub frames: VecDeque<LinkNews>,
    pub book: Book,
    pub stories: Stories,
    /// Complaints about what the switch tells beyond measure.
    pub noise: Noise,
    /// Complaints about calls that are not recorded.
    pub surplus: Noise,
    pub given_up: GivenUp,
    pub lanes: Lanes,
    pub turn: Turn,
    pub journal: Journal,
    pub bell: Arc<Bell>,
    pub commander: Option<Commander>,
    pub doing: JoinSet<Done>,
}

impl Actor {
    /// Runs until told to stop.
    pub async fn run(
        mut self,
        mut inbox: mpsc::Receiver<Message>,
        mut news: mpsc::Receiver<LinkNews>,
        stop: CancellationToken,
    ) {
        while let Err(error) = self.restore().await {
            tracing::error!(company = %self.company, %error, "what was open when the daemon stopped cannot be read yet");
            if stop.run_until_cancelled(tokio::time::sleep(READ_AGAIN)).await.is_none() {
                return;
            }
        }
        loop {
            while self.frames.len() < BURST
                && let Ok(more) = news.try_recv()
            {
                self.frames.push_back(more);
            }
            let wake = self.next_wake();
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                Some(done) = self.doing.join_next(), if !self.doing.is_empty() => self.done(done).await,
                Some(message) = inbox.recv() => self.message(message).await,
                () = std::future::ready(()), if !self.frames.is_empty() => self.news().await,
                Some(first) = news.recv(), if self.frames.is_empty() => self.frames.push_back(first),
                () = sleep_until(&self.clock, wake) => self.tick().await,
            }
        }
        self.drain().await;
    }

    pub(super) async fn message(&mut self, message: Message) {
        let mut draft = Draft::default();
        self.follow_clock(&mut draft);
        match message {
            Message::Dial { click, event } => {
                let key = CallKey::new(format!("c2c/{}", click.crm));
                draft.record.handled.extend(event);
                if self.book.get(&key).is_none() {
                    let click = Click { from: self.phone_of(click.user), ..click };
                    self.take(&key, Event::Clicked(click), Origin::Click, &mut draft);
                }
            }
            Message::DialPlain { user, to } => {
                if let Some(from) = self.phone_of(user) {
                    let command = SwitchCommand::Make { from, to };
                    draft.commands.push((CallKey::new(""), command, Origin::Nobody));
                } else {
                    tracing::warn!(company = %self.company, %user, "a click of an employee without a number");
                }
            }
            Message::Press { user, call, leg, command, reply } => {
                if self.book.get(&call).is_none() {
                    let _ = reply.send(Err(ActError::NoSuchCall));
                    return;
                }
                self.take(&call, Event::Pressed { user, leg, command }, Origin::Card(reply), &mut draft);
            }
            Message::Settings { calls, employees } => {
                self.numbers = NumberPlan::new(&calls);
                self.settings = calls;
                self.directory = Directory::new(employees);
            }
            Message::PortalMended => self.lanes.wake(),
        }
        self.commit(draft).await;
    }

    async fn news(&mut self) {
        let mut draft = Draft::default();
        self.follow_clock(&mut draft);
        while let Some(news) = self.frames.pop_front() {
            // A burst of a company must not be a pause of another one's.
            tokio::task::yield_now().await;
            let now = self.clock.dated(news.at());
            match news {
                LinkNews::Up { commander, can, .. } => {
                    self.commander = Some(commander);
                    self.shared.board.set_link(true, can);
                    for key in self.book.open() {
                        self.take_at(&key, Event::LinkBack, Origin::Nobody, &mut draft, now);
                    }
                }
                LinkNews::Down { .. } => {
                    self.commander = None;
                    self.shared.board.set_link(false, Capabilities::default());
                    for key in self.book.open() {
                        self.take_at(&key, Event::LinkLost(now), Origin::Nobody, &mut draft, now);
                    }
                }
                LinkNews::Legs { legs, room: _room, .. } => {
                    for (key, event) in self.book.sort(legs, &self.directory, &self.numbers, now) {
                        self.take_at(&key, event, Origin::Nobody, &mut draft, now);
                        if draft.calls() >= ROUND {
                            self.commit(std::mem::take(&mut draft)).await;
                        }
                    }
                }
            }
        }
        self.commit(draft).await;
    }

    async fn tick(&mut self) {
        let mut draft = Draft::default();
        self.follow_clock(&mut draft);
        let now = self.clock.now();
        for key in self.book.due(now) {
            self.take(&key, Event::Tick, Origin::Nobody, &mut draft);
        }
        for key in self.book.forget(now) {
            self.forget(&key);
        }
        self.commit(draft).await;
        self.journal.catch_up(now).await;
        self.shared.shed.fetch_add(self.journal.take_shed(), Ordering::Relaxed);
    }

    async fn done(&mut self, done: Result<Done, tokio::task::JoinError>) {
        let mut draft = Draft::default();
        self.follow_clock(&mut draft);
        match done {
            Ok(Done::Crm(landed)) => self.landed(&landed, &mut draft).await,
            Ok(Done::Command { key, command, origin, answer }) => {
                self.commanded(&key, &command, origin, answer, &mut draft);
            }
            // Its lanes would wait for an answer for ever: everything is made anew from what is stored.
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(error) => tracing::error!(company = %self.company, %error, "a request ended abnormally"),
        }
        self.commit(draft).await;
    }

    /// Takes over a corrected clock between two rounds: what we remember is dated again, so that no span changes, and
    /// what rests is tried anew.
    fn follow_clock(&mut self, draft: &mut Draft) {
        let moved = self.clock.catch_up();
        if moved == 0 {
            return;
        }
        self.book.redate(moved);
        for call in self.book.open().iter().filter_map(|key| self.book.get(key)) {
            self.shared.board.put(call.view());
            draft.touch(call.key.clone());
        }
        self.lanes.wake();
        self.journal.wake(self.clock.now());
    }

    /// Steps a call only if it is still known.
    pub(super) fn take_known(&mut self, key: &CallKey, event: Event, draft: &mut Draft) {
        if self.book.get(key).is_some() {
            self.take(key, event, Origin::Nobody, draft);
        }
    }

    /// Steps a call, making it if it is new.
    pub(super) fn take(&mut self, key: &CallKey, event: Event, origin: Origin, draft: &mut Draft) {
        self.take_at(key, event, origin, draft, self.present());
    }

    /// The moment at which the calls stand: now, or that of the frame which has waited longest. Whatever happens
    /// besides, no time may run out for a call while news of it are still to be taken.
    fn present(&self) -> Timestamp {
        let now = self.clock.now();
        self.frames.front().map_or(now, |news| self.clock.dated(news.at()).min(now))
    }

    fn take_at(&mut self, key: &CallKey, event: Event, origin: Origin, draft: &mut Draft, now: Timestamp) {
        if self.book.get(key).is_none()
            && let Some(silent) = self.book.gives_way()
        {
            self.step_at(&silent, Event::GiveWay, Origin::Nobody, draft, now);
        }
        self.step_at(key, event, origin, draft, now);
    }

    fn step_at(&mut self, key: &CallKey, event: Event, origin: Origin, draft: &mut Draft, now: Timestamp) {
        let call = self.book.take(key).unwrap_or_else(|| {
            let policy = Policy::new(&self.settings, self.grace).among(&self.directory);
            Call::new(key.clone(), policy, now)
        });
        let (call, wake, unknown) = draft.step(call, event, origin, now);
        if unknown > 0 {
            self.shared.unknown_numbers.fetch_add(unknown, Ordering::Relaxed);
        }
        self.shared.board.put(call.view());
        self.book.put(call, wake, now);
        for (key, leg) in draft.forgotten.drain(..) {
            self.book.forget_leg(&key, &leg);
        }
    }

    fn forget(&mut self, key: &CallKey) {
        self.shared.board.remove(key);
        self.stories.forget(key);
    }

    /// Counts what the switch has told beyond what can be true, and says so now and then.
    fn too_much(&mut self, excess: &Excess, now: Timestamp) {
        if excess.is_nothing() {
            return;
        }
        let total = self.shared.too_much(excess, now);
        if self.noise.heard(now).is_some() {
            let Excess { calls, legs, lines, .. } = total;
            tracing::warn!(company = %self.company, calls, legs, lines,
                "the switch tells of more than can be true (counted since the start): what was silent the longest is closed with \
                 its end unknown; look at the switch's integration and its load");
        }
    }

    /// Stores what a round has changed, then acts on it.
    pub(super) async fn commit(&mut self, mut draft: Draft) {
        let now = self.clock.now();
        self.give_up_surplus(&mut draft);
        draft.close(&self.book);
        for key in self.book.forget_excess() {
            self.forget(&key);
        }
        draft.excess.lines += self.stories.keep(&mut draft.record.trace);
        for line in draft.record.trace.iter().filter(|line| self.book.get(&line.call).is_none()) {
            // Told late, of a call that is forgotten already.
            self.stories.forget(&line.call);
        }
        self.too_much(&draft.excess, now);
        if !draft.is_idle() {
            let ids = self.journal.keep(std::mem::take(&mut draft.record), now).await;
            let mut pointless = Vec::new();
            for ((call, Intent { lane, step }), id) in std::mem::take(&mut draft.steps).into_iter().zip(ids) {
                let begins = matches!(step, CrmStep::Register { .. } | CrmStep::Adopt { .. });
                let past = if begins || self.lanes.knows(&lane) {
                    Past::None
                } else {
                    Past::Stored(self.journal.crm_id(&lane).await)
                };
                pointless.extend(self.lanes.push(&lane, &call, (id, step, now), past));
            }
            self.journal.settle(pointless, now).await;
        }
        self.forget_given_up().await;
        for (key, command, origin) in draft.commands {
            let commander = self.commander.clone();
            self.doing.spawn(async move {
                let answer = match commander {
                    Some(commander) => commander.send(command.clone()).await,
                    None => Err(CommandError::Offline),
                };
                Done::Command { key, command, origin, answer }
            });
        }
        for parcel in self.lanes.ready(now, &mut self.turn) {
            let (portal, clock) = (self.portal.clone(), self.clock.clone());
            self.doing.spawn(async move { Done::Crm(perform(portal, clock, parcel).await) });
        }
        self.shared.set_backlog(self.lanes.backlog());
    }

    /// The phone a click rings: the employee's first number.
    fn phone_of(&self, user: UserId) -> Option<Phone> {
        self.directory.employee(user).and_then(|e| e.numbers.first().cloned())
    }

    fn next_wake(&self) -> Option<Timestamp> {
        self.book.next_wake().into_iter().chain(self.lanes.next_wake()).chain(self.journal.next_wake()).min()
    }

    async fn drain(&mut self) {
        let ended = tokio::time::timeout(DRAIN, async {
            while let Some(done) = self.doing.join_next().await {
                let mut draft = Draft::default();
                if let Ok(Done::Crm(landed)) = done {
                    self.landed(&landed, &mut draft).await;
                    draft.close(&self.book);
                    self.journal.keep(draft.record, self.clock.now()).await;
                }
            }
        });
        if ended.await.is_err() {
            tracing::info!(company = %self.company, "requests under way are cut off and will be repeated at the next start");
        }
        self.journal.close(self.clock.now()).await;
    }
}

async fn sleep_until(clock: &Clock, at: Option<Timestamp>) {
    match at {
        Some(at) => tokio::time::sleep(at.since(clock.now())).await,
        None => std::future::pending().await,
    }
}
