//! One company's calls: wait for news, step, store, then act. Nobody else touches its calls.

use super::book::Book;
use super::draft::{Draft, Origin};
use super::lanes::Lanes;
use super::link::LinkNews;
use super::message::{ActError, Message};
use super::perform::{Performed, perform, rest_after};
use super::status::Shared;
use crate::bitrix::{ApiError, Portal};
use crate::clock::Clock;
use crate::domain::call::{Call, Click, CrmStep, DialFailure, Event, Note, Policy};
use crate::domain::company::CallSettings;
use crate::domain::directory::Directory;
use crate::domain::leg::{Accepted, Capabilities, CommandError, SwitchCommand};
use crate::domain::{CallKey, CompanyId, CrmCallId, ExternalId, Phone, Timestamp, UserId};
use crate::ecss::Commander;
use crate::store::{IntentId, Record, Store};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// At most this many frames are taken together, so that one commit serves a burst.
const BURST: usize = 64;
/// How long requests under way may take to end when the daemon stops; what is cut off is repeated at the next start.
const DRAIN: Duration = Duration::from_secs(5);

/// What became of something done outside the loop.
pub(super) enum Done {
    Crm(Performed),
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
    pub book: Book,
    pub lanes: Lanes,
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
        self.restore().await;
        loop {
            let wake = self.next_wake();
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                Some(done) = self.doing.join_next(), if !self.doing.is_empty() => self.done(done).await,
                Some(message) = inbox.recv() => self.message(message).await,
                Some(first) = news.recv() => {
                    let mut burst = vec![first];
                    while burst.len() < BURST && let Ok(more) = news.try_recv() {
                        burst.push(more);
                    }
                    self.news(burst).await;
                }
                () = sleep_until(&self.clock, wake) => self.tick().await,
            }
        }
        self.drain().await;
    }

    /// Takes up what was open when the daemon stopped.
    async fn restore(&mut self) {
        let mut draft = Draft::default();
        self.restore_calls(&mut draft).await;
        self.restore_steps().await;
        self.commit(draft).await;
        self.restore_clicks().await;
    }

    async fn restore_calls(&mut self, draft: &mut Draft) {
        match self.store.open_calls(&self.company).await {
            Ok(rows) => {
                for row in rows {
                    match serde_json::from_str::<Call>(&row.body) {
                        Ok(call) => {
                            let key = call.key.clone();
                            for leg in &call.legs {
                                self.alias_of(&key, leg);
                            }
                            self.book.put(call, None, self.clock.now());
                            self.take(&key, Event::LinkLost(row.updated_at), Origin::Nobody, draft);
                        }
                        Err(error) => {
                            tracing::error!(company = %self.company, call = %row.key, %error, "a stored call cannot be read and is left alone");
                        }
                    }
                }
            }
            Err(error) => tracing::error!(company = %self.company, %error, "open calls cannot be read"),
        }
    }

    async fn restore_steps(&mut self) {
        match self.store.pending_intents(&self.company).await {
            Ok(intents) => {
                for intent in intents {
                    match serde_json::from_str(&intent.body) {
                        Ok(step) => {
                            let known = self.known_crm(&intent.lane).await;
                            self.lanes.push(&intent.lane, &intent.call, intent.id, step, known);
                        }
                        Err(error) => {
                            tracing::error!(company = %self.company, lane = %intent.lane, %error, "a stored step cannot be read and is left alone");
                        }
                    }
                }
            }
            Err(error) => tracing::error!(company = %self.company, %error, "waiting steps cannot be read"),
        }
    }

    /// Clicks that were stored but had no effect before the daemon stopped: they are not dialled any more, and the
    /// portal is told so.
    async fn restore_clicks(&mut self) {
        match self.store.pending_events(&self.company).await {
            Ok(events) => {
                for event in events {
                    match serde_json::from_str::<Click>(&event.body) {
                        Ok(click) => {
                            let click = Click { late: true, ..click };
                            self.message(Message::Dial { click, event: Some(event.id) }).await;
                        }
                        Err(error) => {
                            tracing::error!(company = %self.company, key = event.key, %error, "a stored event cannot be read and is left alone");
                        }
                    }
                }
            }
            Err(error) => tracing::error!(company = %self.company, %error, "waiting events cannot be read"),
        }
    }

    async fn message(&mut self, message: Message) {
        let mut draft = Draft::default();
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
                self.settings = calls;
                self.directory = Directory::new(employees);
            }
            Message::PortalMended => self.lanes.wake(),
        }
        self.commit(draft).await;
    }

    async fn news(&mut self, burst: Vec<LinkNews>) {
        let mut draft = Draft::default();
        for news in burst {
            match news {
                LinkNews::Up { commander, can } => {
                    self.commander = Some(commander);
                    self.shared.board.set_link(true, can);
                    for key in self.book.open() {
                        self.take(&key, Event::LinkBack, Origin::Nobody, &mut draft);
                    }
                }
                LinkNews::Down(at) => {
                    self.commander = None;
                    self.shared.board.set_link(false, Capabilities::default());
                    for key in self.book.open() {
                        self.take(&key, Event::LinkLost(at), Origin::Nobody, &mut draft);
                    }
                }
                LinkNews::Legs(legs) => {
                    let now = self.clock.now();
                    for (key, seen) in self.book.sort(legs, &self.directory, now) {
                        self.take(&key, Event::Legs(seen), Origin::Nobody, &mut draft);
                    }
                }
            }
        }
        self.commit(draft).await;
    }

    async fn tick(&mut self) {
        let now = self.clock.now();
        let mut draft = Draft::default();
        for key in self.book.due(now) {
            self.take(&key, Event::Tick, Origin::Nobody, &mut draft);
        }
        for key in self.book.forget(now) {
            self.shared.board.remove(&key);
        }
        self.commit(draft).await;
    }

    async fn done(&mut self, done: Result<Done, tokio::task::JoinError>) {
        let mut draft = Draft::default();
        match done {
            Ok(Done::Crm(performed)) => self.told(&performed, &mut draft),
            Ok(Done::Command { key, command, origin, answer }) => {
                self.commanded(&key, &command, origin, answer, &mut draft);
            }
            Err(error) => tracing::error!(company = %self.company, %error, "a request ended abnormally"),
        }
        self.commit(draft).await;
    }

    /// Takes in what the portal said.
    fn told(&mut self, performed: &Performed, draft: &mut Draft) {
        let now = self.clock.now();
        for told in &performed.told {
            let answer = match &told.answer {
                Ok(text) => text.clone(),
                Err(error) => error.to_string(),
            };
            let note = Note::Told {
                lane: performed.job.lane.clone(),
                request: told.request.name().to_owned(),
                answer,
                took_ms: told.took_ms,
            };
            draft.note(&performed.job.call, now, &note);
        }
        let lane = &performed.job.lane;
        match performed.failure() {
            None => {
                if !performed.told.is_empty() {
                    self.shared.portal_works();
                }
                draft.record.settled.extend(&performed.job.intents);
                let requests: Vec<_> = performed.told.iter().map(|t| t.request.clone()).collect();
                self.lanes.settled(lane, performed.job.intents.len(), &requests, performed.crm.clone());
                if let Some(crm) = &performed.crm {
                    draft.record.crm_ids.push((lane.clone(), crm.clone()));
                    let event = Event::Registered { lane: lane.clone(), crm: crm.clone() };
                    self.take_known(&performed.job.call, event, draft);
                }
            }
            Some(error) => self.not_told(performed, error, draft, now),
        }
        let over = self.book.get(&performed.job.call).is_none_or(Call::is_over);
        self.lanes.tidy(lane, over);
    }

    fn not_told(&mut self, performed: &Performed, error: &ApiError, draft: &mut Draft, now: Timestamp) {
        self.shared.portal_fails(error, now);
        let lane = &performed.job.lane;
        let request = performed.told.last().map_or("request", |t| t.request.name());
        if let Some(rest) = rest_after(error) {
            let until = self.lanes.failed(lane, now, rest);
            let wait_ms = until.since(now).as_millis();
            tracing::warn!(company = %self.company, %lane, request, %error, wait_ms, "the portal was not told, it will be tried again");
            return;
        }
        tracing::warn!(company = %self.company, %lane, request, %error, "the portal will not take this");
        if request == "register" {
            draft.record.settled.extend(self.lanes.drop_lane(lane));
            self.take_known(&performed.job.call, Event::RegisterRefused { lane: lane.clone() }, draft);
        } else {
            draft.record.settled.extend(&performed.job.intents);
            self.lanes.settled(lane, performed.job.intents.len(), &[], None);
        }
    }

    fn commanded(
        &mut self,
        key: &CallKey,
        command: &SwitchCommand,
        origin: Origin,
        answer: Result<Accepted, CommandError>,
        draft: &mut Draft,
    ) {
        match (command, &answer) {
            (SwitchCommand::Make { .. }, Ok(Accepted { call: Some(call) })) => {
                self.book.alias(call.clone(), key.clone());
            }
            // The phone may be ringing already: the click's own patience decides.
            (SwitchCommand::Make { .. }, Ok(_) | Err(CommandError::TimedOut)) => {}
            (SwitchCommand::Make { .. }, Err(error)) => {
                tracing::warn!(company = %self.company, call = %key, %error, "the click could not be dialled");
                self.take_known(key, Event::DialFailed(dial_failure(error)), draft);
            }
            (SwitchCommand::Release(leg), Err(_)) => {
                self.take_known(key, Event::ReleaseRefused(leg.clone()), draft);
            }
            _ => {}
        }
        if let Origin::Card(reply) = origin {
            let _ = reply.send(answer.map(|_| ()).map_err(ActError::Switch));
        }
    }

    /// Steps a call only if it is still known.
    fn take_known(&mut self, key: &CallKey, event: Event, draft: &mut Draft) {
        if self.book.get(key).is_some() {
            self.take(key, event, Origin::Nobody, draft);
        }
    }

    /// Steps a call, making it if it is new.
    fn take(&mut self, key: &CallKey, event: Event, origin: Origin, draft: &mut Draft) {
        let now = self.clock.now();
        let call = self.book.take(key).unwrap_or_else(|| {
            let policy = Policy::new(&self.settings, self.grace);
            Call::new(key.clone(), policy, now)
        });
        let (call, wake, unknown) = draft.step(call, event, origin, now);
        if unknown > 0 {
            self.shared.unknown_numbers.fetch_add(unknown, Ordering::Relaxed);
        }
        self.shared.board.put(call.view());
        self.book.put(call, wake, now);
    }

    /// Stores what a round has changed, then acts on it.
    async fn commit(&mut self, mut draft: Draft) {
        let now = self.clock.now();
        draft.close(&self.book);
        if !draft.is_idle() {
            let ids = self.store_record(&draft.record, now).await;
            for ((lane, call, step), id) in std::mem::take(&mut draft.steps).into_iter().zip(ids) {
                let begins = matches!(step, CrmStep::Register { .. } | CrmStep::Adopt { .. });
                let known = if begins || self.lanes.knows(&lane) { None } else { self.known_crm(&lane).await };
                self.lanes.push(&lane, &call, id, step, known);
            }
        }
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
        for job in self.lanes.ready(now) {
            let (portal, clock) = (self.portal.clone(), self.clock.clone());
            self.doing.spawn(async move { Done::Crm(perform(portal, clock, job).await) });
        }
        self.shared.waiting.store(self.lanes.waiting() as u64, Ordering::Relaxed);
    }

    /// A disk that fails must not stop a live call: then the step lives in memory only, and the log says so.
    async fn store_record(&self, record: &Record, now: Timestamp) -> Vec<IntentId> {
        match self.store.record(&self.company, record, now).await {
            Ok(ids) => ids,
            Err(error) => {
                tracing::error!(company = %self.company, %error, "a step could not be stored; it will be lost if the daemon stops now");
                record.intents.iter().map(|_| IntentId(0)).collect()
            }
        }
    }

    /// The phone a click rings: the employee's first number.
    fn phone_of(&self, user: UserId) -> Option<Phone> {
        self.directory.employee(user).and_then(|e| e.numbers.first().cloned())
    }

    async fn known_crm(&self, lane: &ExternalId) -> Option<CrmCallId> {
        self.store.crm_id(&self.company, lane).await.unwrap_or_else(|error| {
            tracing::error!(company = %self.company, %lane, %error, "the lane's CRM call cannot be read");
            None
        })
    }

    /// A call found in the store may be known to the switch by another name.
    fn alias_of(&mut self, key: &CallKey, leg: &crate::domain::call::Leg) {
        if leg.call.as_str() != key.as_str() {
            self.book.alias(leg.call.clone(), key.clone());
        }
    }

    fn next_wake(&self) -> Option<Timestamp> {
        self.book.next_wake().into_iter().chain(self.lanes.next_wake()).min()
    }

    async fn drain(&mut self) {
        let ended = tokio::time::timeout(DRAIN, async {
            while let Some(done) = self.doing.join_next().await {
                let mut draft = Draft::default();
                if let Ok(Done::Crm(performed)) = done {
                    self.told(&performed, &mut draft);
                    draft.close(&self.book);
                    self.store_record(&draft.record, self.clock.now()).await;
                }
            }
        });
        if ended.await.is_err() {
            tracing::info!(company = %self.company, "requests under way are cut off and will be repeated at the next start");
        }
    }
}

async fn sleep_until(clock: &Clock, at: Option<Timestamp>) {
    match at {
        Some(at) => tokio::time::sleep(at.since(clock.now())).await,
        None => std::future::pending().await,
    }
}

/// What a refused `make` means to the employee who clicked. The statuses are HTTP-like words of the switch.
fn dial_failure(error: &CommandError) -> DialFailure {
    match error {
        CommandError::Offline => DialFailure::Offline,
        CommandError::Unsupported => DialFailure::NotOffered,
        CommandError::TimedOut => DialFailure::Failed,
        CommandError::Refused { status, .. } => match status {
            401 | 403 => DialFailure::Forbidden,
            404 => DialFailure::WrongNumber,
            409 | 486 => DialFailure::Busy,
            480 | 408 => DialFailure::Unavailable,
            _ => DialFailure::Failed,
        },
    }
}
