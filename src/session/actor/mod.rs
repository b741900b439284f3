//! One company's calls: wait for news, step, store, then act. Nobody else touches its calls.

mod answers;
mod register_again;
mod restore;
mod round;
mod surplus;
mod trace_limit;

use super::journal::Journal;
use super::link::LinkEvent;
use super::log_limiter::LogLimiter;
use super::message::ActorMessage;
use super::open_calls::OpenCalls;
use super::outbox::{DispatchOutcome, LaneHistory, Outbox, send};
use super::status::SharedStatus;
use super::upkeep::UpkeepSignals;
use crate::bitrix::{Portal, RateLimitSlot};
use crate::clock::Clock;
use crate::domain::call::{Call, CrmStep, Event, Intent, Policy};
use crate::domain::card::CommandRefused;
use crate::domain::company::CallSettings;
use crate::domain::directory::Directory;
use crate::domain::excess::Excess;
use crate::domain::leg::{Accepted, Capabilities, CommandError, SwitchCommand};
use crate::domain::numbers::NumberPlan;
use crate::domain::{CallKey, CompanyId, Phone, Timestamp, UserId};
use crate::ecss::Commander;
use crate::store::Store;
use round::{CommandToSend, Origin, Round};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use surplus::GivenUp;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use trace_limit::TraceLimit;

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
enum TaskDone {
    Crm(DispatchOutcome),
    Command { sent: CommandToSend, answer: Result<Accepted, CommandError> },
}

/// What an actor works with.
pub(super) struct ActorSetup {
    pub company: CompanyId,
    pub store: Store,
    pub portal: Portal,
    pub clock: Clock,
    pub shared: Arc<SharedStatus>,
    /// How long a leg may stay unseen after a reconnect.
    pub grace: Duration,
    pub settings: CallSettings,
    pub directory: Directory,
    pub upkeep_signals: Arc<UpkeepSignals>,
}

pub(super) struct Actor {
    company: CompanyId,
    store: Store,
    portal: Portal,
    clock: Clock,
    shared: Arc<SharedStatus>,
    grace: Duration,
    settings: CallSettings,
    directory: Directory,
    numbers: NumberPlan,
    /// Switch events still to be handled; not more than a burst.
    frames: VecDeque<LinkEvent>,
    open_calls: OpenCalls,
    trace_limit: TraceLimit,
    /// Complaints about what the switch tells beyond measure.
    log_limiter: LogLimiter,
    /// Complaints about calls that are not recorded.
    surplus: LogLimiter,
    given_up: GivenUp,
    outbox: Outbox,
    rate_limit: RateLimitSlot,
    journal: Journal,
    upkeep_signals: Arc<UpkeepSignals>,
    commander: Option<Commander>,
    tasks: JoinSet<TaskDone>,
}

impl Actor {
    /// No call is known yet: [`run`](Self::run) takes up those that are stored.
    pub fn new(setup: ActorSetup) -> Self {
        let ActorSetup { company, store, portal, clock, shared, grace, settings, directory, upkeep_signals } = setup;
        Self {
            numbers: NumberPlan::new(&settings),
            rate_limit: portal.rate_limit_slot(),
            journal: Journal::new(store.clone(), company.clone()),
            company,
            store,
            portal,
            clock,
            shared,
            grace,
            settings,
            directory,
            frames: VecDeque::new(),
            open_calls: OpenCalls::default(),
            trace_limit: TraceLimit::default(),
            log_limiter: LogLimiter::default(),
            surplus: LogLimiter::default(),
            given_up: GivenUp::default(),
            outbox: Outbox::default(),
            upkeep_signals,
            commander: None,
            tasks: JoinSet::new(),
        }
    }

    /// Runs until told to stop.
    pub async fn run(
        mut self,
        mut inbox: mpsc::Receiver<ActorMessage>,
        mut events: mpsc::Receiver<LinkEvent>,
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
                && let Ok(more) = events.try_recv()
            {
                self.frames.push_back(more);
            }
            let wake = self.next_wake();
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                Some(done) = self.tasks.join_next(), if !self.tasks.is_empty() => self.done(done).await,
                Some(message) = inbox.recv() => self.message(message).await,
                () = std::future::ready(()), if !self.frames.is_empty() => self.events().await,
                Some(first) = events.recv(), if self.frames.is_empty() => self.frames.push_back(first),
                () = sleep_until(&self.clock, wake) => self.tick().await,
            }
        }
        self.drain().await;
    }

    async fn message(&mut self, message: ActorMessage) {
        let mut round = Round::default();
        self.follow_clock(&mut round);
        match message {
            ActorMessage::Dial { click, event } => {
                let key = CallKey::new(format!("c2c/{}", click.crm));
                round.record.handled.extend(event);
                if self.open_calls.get(&key).is_none() {
                    let from = self.phone_of(click.user);
                    self.take(&key, Event::Clicked { click, from }, Origin::Click, &mut round);
                }
            }
            ActorMessage::DialPlain { user, to } => {
                if let Some(from) = self.phone_of(user) {
                    let command = SwitchCommand::Make { from, to };
                    round.commands.push(CommandToSend { call: None, command, origin: Origin::Nobody });
                } else {
                    tracing::warn!(company = %self.company, %user, "a click of an employee without a number");
                }
            }
            ActorMessage::Press { user, call, leg, command, reply } => {
                if self.open_calls.get(&call).is_none() {
                    let _ = reply.send(Err(CommandRefused::NoSuchCall));
                    return;
                }
                self.take(&call, Event::Pressed { user, leg, command }, Origin::Card(reply), &mut round);
            }
            ActorMessage::Settings { calls, employees } => {
                self.numbers = NumberPlan::new(&calls);
                self.settings = calls;
                self.directory = Directory::new(employees);
            }
            ActorMessage::PortalMended => self.outbox.wake(),
        }
        self.commit(round).await;
    }

    async fn events(&mut self) {
        let mut round = Round::default();
        self.follow_clock(&mut round);
        while let Some(event) = self.frames.pop_front() {
            // A burst of a company must not be a pause of another one's.
            tokio::task::yield_now().await;
            let now = self.clock.dated(event.at());
            match event {
                LinkEvent::Up { commander, can, .. } => {
                    self.commander = Some(commander);
                    self.shared.board.set_link(true, can);
                    for key in self.open_calls.open() {
                        self.take_at(&key, Event::LinkBack, Origin::Nobody, &mut round, now);
                    }
                }
                LinkEvent::Down { .. } => {
                    self.commander = None;
                    self.shared.board.set_link(false, Capabilities::default());
                    for key in self.open_calls.open() {
                        self.take_at(&key, Event::LinkLost(now), Origin::Nobody, &mut round, now);
                    }
                }
                LinkEvent::Legs { legs, room: _room, .. } => {
                    for (key, event) in self.open_calls.sort(legs, &self.directory, &self.numbers, now) {
                        self.take_at(&key, event, Origin::Nobody, &mut round, now);
                        if round.calls() >= ROUND {
                            self.commit(std::mem::take(&mut round)).await;
                        }
                    }
                }
            }
        }
        self.commit(round).await;
    }

    async fn tick(&mut self) {
        let mut round = Round::default();
        self.follow_clock(&mut round);
        let now = self.clock.now();
        for key in self.open_calls.due(now) {
            self.take(&key, Event::Tick, Origin::Nobody, &mut round);
        }
        for key in self.open_calls.forget(now) {
            self.forget(&key);
        }
        self.commit(round).await;
        self.journal.catch_up(now).await;
        self.shared.dropped.fetch_add(self.journal.take_dropped_lines(), Ordering::Relaxed);
    }

    async fn done(&mut self, done: Result<TaskDone, tokio::task::JoinError>) {
        let mut round = Round::default();
        self.follow_clock(&mut round);
        match done {
            Ok(TaskDone::Crm(completed)) => self.completed(&completed, &mut round).await,
            Ok(TaskDone::Command { sent, answer }) => self.commanded(sent, answer, &mut round),
            // Its lanes would wait for an answer for ever: everything is made anew from what is stored.
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(error) => tracing::error!(company = %self.company, %error, "a request ended abnormally"),
        }
        self.commit(round).await;
    }

    /// Takes over a corrected clock between two rounds: what we remember is dated again, so that no span changes, and
    /// what rests is tried anew.
    fn follow_clock(&mut self, round: &mut Round) {
        let moved = self.clock.catch_up();
        if moved == 0 {
            return;
        }
        self.open_calls.redate(moved);
        for call in self.open_calls.open().iter().filter_map(|key| self.open_calls.get(key)) {
            self.shared.board.put(call.view());
            round.touch(call.key.clone());
        }
        self.outbox.wake();
        self.journal.wake(self.clock.now());
    }

    /// Steps a call only if it is still known.
    fn take_known(&mut self, key: &CallKey, event: Event, round: &mut Round) {
        if self.open_calls.get(key).is_some() {
            self.take(key, event, Origin::Nobody, round);
        }
    }

    /// Steps a call, making it if it is new.
    fn take(&mut self, key: &CallKey, event: Event, origin: Origin, round: &mut Round) {
        self.take_at(key, event, origin, round, self.present());
    }

    /// The moment at which the calls stand: now, or that of the frame which has waited longest. Whatever happens
    /// besides, no time may run out for a call while news of it are still to be taken.
    fn present(&self) -> Timestamp {
        let now = self.clock.now();
        self.frames.front().map_or(now, |event| self.clock.dated(event.at()).min(now))
    }

    fn take_at(&mut self, key: &CallKey, event: Event, origin: Origin, round: &mut Round, now: Timestamp) {
        if self.open_calls.get(key).is_none()
            && let Some(silent) = self.open_calls.gives_way()
        {
            self.step_at(&silent, Event::GiveWay, Origin::Nobody, round, now);
        }
        self.step_at(key, event, origin, round, now);
    }

    fn step_at(&mut self, key: &CallKey, event: Event, origin: Origin, round: &mut Round, now: Timestamp) {
        let call = self.open_calls.take(key).unwrap_or_else(|| {
            let policy = Policy::new(&self.settings, self.grace).among(&self.directory);
            Call::new(key.clone(), policy, now)
        });
        let (call, wake, unknown) = round.step(call, event, origin, now);
        if unknown > 0 {
            self.shared.unknown_numbers.fetch_add(unknown, Ordering::Relaxed);
        }
        self.shared.board.put(call.view());
        self.open_calls.put(call, wake, now);
        for (key, leg) in round.forgotten.drain(..) {
            self.open_calls.forget_leg(&key, &leg);
        }
    }

    fn forget(&mut self, key: &CallKey) {
        self.shared.board.remove(key);
        self.trace_limit.forget(key);
    }

    /// Counts what the switch has told beyond what can be true, and says so now and then.
    fn too_much(&mut self, excess: &Excess, now: Timestamp) {
        if excess.is_nothing() {
            return;
        }
        let total = self.shared.too_much(excess, now);
        if self.log_limiter.heard(now).is_some() {
            let Excess { calls, legs, lines, .. } = total;
            tracing::warn!(company = %self.company, calls, legs, lines,
                "the switch tells of more than can be true (counted since the start): what was silent the longest is closed with \
                 its end unknown; look at the switch's integration and its load");
        }
    }

    /// Stores what a round has changed, then acts on it.
    async fn commit(&mut self, mut round: Round) {
        let now = self.clock.now();
        self.give_up_surplus(&mut round);
        round.close(&self.open_calls);
        for key in self.open_calls.forget_excess() {
            self.forget(&key);
        }
        round.excess.lines += self.trace_limit.keep(&mut round.record.trace);
        for line in round.record.trace.iter().filter(|line| self.open_calls.get(&line.call).is_none()) {
            // Told late, of a call that is forgotten already.
            self.trace_limit.forget(&line.call);
        }
        self.too_much(&round.excess, now);
        if !round.is_idle() {
            let ids = self.journal.keep(std::mem::take(&mut round.record), now).await;
            let mut pointless = Vec::new();
            for ((call, Intent { lane, step }), id) in std::mem::take(&mut round.steps).into_iter().zip(ids) {
                let begins = matches!(step, CrmStep::Register { .. } | CrmStep::Adopt { .. });
                let past = if begins || self.outbox.knows(&lane) {
                    LaneHistory::None
                } else {
                    LaneHistory::Stored(self.journal.crm_id(&lane).await)
                };
                pointless.extend(self.outbox.push(&lane, &call, (id, step, now), past));
            }
            self.journal.settle(pointless, now).await;
        }
        self.forget_given_up().await;
        for sent in round.commands {
            let commander = self.commander.clone();
            self.tasks.spawn(async move {
                let answer = match commander {
                    Some(commander) => commander.send(sent.command.clone()).await,
                    None => Err(CommandError::Offline),
                };
                TaskDone::Command { sent, answer }
            });
        }
        for dispatch in self.outbox.ready(now, &mut self.rate_limit) {
            let (portal, clock) = (self.portal.clone(), self.clock.clone());
            self.tasks.spawn(async move { TaskDone::Crm(send(portal, clock, dispatch).await) });
        }
        self.shared.set_backlog(self.outbox.backlog());
    }

    /// The phone a click rings: the employee's first number.
    fn phone_of(&self, user: UserId) -> Option<Phone> {
        self.directory.employee(user).and_then(|e| e.numbers.first().cloned())
    }

    fn next_wake(&self) -> Option<Timestamp> {
        self.open_calls.next_wake().into_iter().chain(self.outbox.next_wake()).chain(self.journal.next_wake()).min()
    }

    async fn drain(&mut self) {
        let ended = tokio::time::timeout(DRAIN, async {
            while let Some(done) = self.tasks.join_next().await {
                let mut round = Round::default();
                if let Ok(TaskDone::Crm(completed)) = done {
                    self.completed(&completed, &mut round).await;
                    round.close(&self.open_calls);
                    self.journal.keep(round.record, self.clock.now()).await;
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
