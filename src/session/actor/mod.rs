//! One company's calls: wait for news, step, store, then act. Nobody else touches its calls.

mod answers;
mod commit;
mod recall;
mod register_again;
mod restore;
mod round;
mod stepping;
mod surplus;
mod trace_limit;
mod unread;

use super::link::LinkEvent;
use super::log_limiter::LogLimiter;
use super::message::ActorMessage;
use super::open_calls::OpenCalls;
use super::outbox::{DispatchOutcome, Outbox};
use super::status::SharedStatus;
use super::upkeep::UpkeepSignals;
use crate::bitrix::{Portal, RateLimitSlot};
use crate::clock::Clock;
use crate::domain::call::Event;
use crate::domain::card::CommandRefused;
use crate::domain::company::CallSettings;
use crate::domain::directory::Directory;
use crate::domain::evidence::EvidenceKind;
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
use surplus::AbandonedCalls;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use trace_limit::TraceLimit;
use unread::UnreadQueue;

/// At most this many frames are taken together, so that one commit serves a burst.
const BURST: usize = 64;
/// A round that has changed so many calls is stored before it goes on: a frame may tell of ten thousand, and companies
/// take turns in writing to the database.
const ROUND: usize = 64;

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
    abandoned: AbandonedCalls,
    outbox: Outbox,
    rate_limit: RateLimitSlot,
    upkeep_signals: Arc<UpkeepSignals>,
    unread: UnreadQueue,
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
            abandoned: AbandonedCalls::default(),
            outbox: Outbox::default(),
            upkeep_signals,
            unread: UnreadQueue::default(),
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
        // In boxes: what is done once would otherwise be room that each company's task keeps.
        while let Err(error) = Box::pin(self.restore()).await {
            tracing::error!(%error, "what was open when the daemon stopped cannot be read yet");
            if stop.run_until_cancelled(tokio::time::sleep(READ_AGAIN)).await.is_none() {
                return;
            }
        }
        loop {
            self.rest_ended();
            while self.frames.len() < BURST
                && let Ok(more) = events.try_recv()
            {
                self.frames.push_back(more);
            }
            let wake = self.next_wake();
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                // In boxes: most companies wait most of the time, and their tasks have no room for what is not going on.
                Some(done) = self.tasks.join_next(), if !self.tasks.is_empty() => Box::pin(self.done(done)).await,
                Some(message) = inbox.recv() => Box::pin(self.message(message)).await,
                () = std::future::ready(()), if !self.frames.is_empty() => Box::pin(self.events()).await,
                Some(first) = events.recv(), if self.frames.is_empty() => self.frames.push_back(first),
                () = sleep_until(&self.clock, wake) => Box::pin(self.tick()).await,
            }
        }
        Box::pin(self.drain()).await;
    }

    async fn message(&mut self, message: ActorMessage) {
        let mut round = Round::default();
        self.follow_clock(&mut round);
        match message {
            ActorMessage::Dial { click, event } => {
                let key = CallKey::new(format!("c2c/{}", click.crm));
                round.record.handled.extend(event);
                if !self.open_calls.knows(&key) {
                    let from = self.phone_of(click.user);
                    self.take(&key, Event::Clicked { click: *click, from }, Origin::Click, &mut round);
                }
            }
            ActorMessage::DialPlain { user, to } => {
                if let Some(from) = self.phone_of(user) {
                    let command = SwitchCommand::Make { from, to };
                    round.commands.push(CommandToSend { call: None, command, origin: Origin::Nobody });
                } else {
                    tracing::warn!(%user, "a click of an employee without a number");
                }
            }
            ActorMessage::TestCall { from, to, reply } => {
                let command = SwitchCommand::Make { from, to };
                round.commands.push(CommandToSend { call: None, command, origin: Origin::TestCall(reply) });
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
                self.settings = *calls;
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
            let now = self.clock.dated(event.at());
            match event {
                LinkEvent::Up { commander, can, .. } => {
                    self.commander = Some(commander);
                    self.shared.board.set_link(true, can);
                    self.shared.evidence.note(EvidenceKind::SwitchConnected, now);
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
                    self.shared.evidence.note(EvidenceKind::LegEvent, now);
                    self.take_legs(legs, now, &mut round).await;
                }
            }
            if !self.frames.is_empty() {
                // A burst of a company must not be a pause of another one's.
                tokio::task::yield_now().await;
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
        self.read_again(&mut round).await;
        self.commit(round).await;
        let dropped = self.store.take_dropped_lines(&self.company);
        if dropped > 0 {
            tracing::warn!(lines = dropped, "lines of calls' stories were given up, as too much waited for the disk");
            self.shared.dropped.fetch_add(dropped, Ordering::Relaxed);
        }
    }

    async fn done(&mut self, done: Result<TaskDone, tokio::task::JoinError>) {
        let mut round = Round::default();
        self.follow_clock(&mut round);
        match done {
            Ok(TaskDone::Crm(completed)) => self.completed(&completed, &mut round).await,
            Ok(TaskDone::Command { sent, answer }) => self.commanded(sent, answer, &mut round),
            // Its lanes would wait for an answer for ever: everything is built again from what is stored.
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(error) => tracing::error!(%error, "a request ended abnormally"),
        }
        self.commit(round).await;
    }

    /// The phone a click rings: the employee's first number.
    fn phone_of(&self, user: UserId) -> Option<Phone> {
        self.directory.employee(user).and_then(|e| e.phone.clone())
    }

    fn next_wake(&self) -> Option<Timestamp> {
        let calls = self.open_calls.next_wake().into_iter().chain(self.next_rest());
        calls.chain(self.outbox.next_wake()).chain(self.unread.again()).min()
    }
}

async fn sleep_until(clock: &Clock, at: Option<Timestamp>) {
    match at {
        Some(at) => tokio::time::sleep(at.since(clock.now())).await,
        None => std::future::pending().await,
    }
}
