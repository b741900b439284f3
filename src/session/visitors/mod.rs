//! Who opens our pages inside a portal, by that portal's word, without letting strangers spend what calls need.
//!
//! Anybody can post a token and a known `member_id`. So an answer is remembered under the token's digest, many who show
//! the same token wait for one answer, and what has to be asked is asked in this order: who opens the card of a call that
//! is running (its id cannot be guessed), who comes from where somebody has proved himself before, and strangers, each
//! source in turn, out of an allowance of their own and of what calls leave of the portal's budget.

mod answer_cache;
mod waiting;

use super::call_board::CallBoard;
use crate::bitrix::{ApiError, Portal, Priority, TokenOwner};
use crate::clock::{Clock, random_bytes};
use crate::domain::allowance::Allowance;
use crate::domain::source::Source;
use crate::domain::visitors::{CallTokens, Turn, TurnRefused};
use crate::domain::{CrmCallId, Timestamp};
use answer_cache::{AnswerCache, Nobody, TokenDigest};
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;
use waiting::WaitingVisitors;

/// How long somebody in front of a page waits for his turn, and then for the portal's budget.
const PATIENCE: Duration = Duration::from_secs(10);
/// How many wait for the answer about one token: somebody has opened a few tabs.
const WAITING_FOR_ONE: usize = 16;
/// How often the log says that visitors are turned away.
const LOGGED_EVERY: Duration = Duration::from_secs(60);

/// What is known of a visitor beside his token.
#[derive(Debug, Clone, Default)]
pub struct Visit {
    /// The CRM call whose card he opens.
    pub call: Option<CrmCallId>,
    /// Where he comes from.
    pub source: Option<Source>,
    /// How long his token is good, by his own word.
    pub life: Option<Duration>,
    /// He has clicked on a number: whoever proves many clicks takes nothing from calls that are running.
    pub is_click: bool,
}

/// Why a visitor was not recognised.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VisitFault {
    /// The portal says that the token is not good.
    #[error("the portal does not accept the token")]
    NotGood,
    /// More unknown tokens are shown than the portal may be asked about.
    #[error("too many unknown tokens are shown")]
    TooMany,
    /// The portal could not be asked.
    #[error("{0}")]
    Unreachable(String),
}

/// What became of visits since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct VisitCounts {
    /// Tokens that the portal was asked about.
    pub asked: u64,
    /// Visits that were answered from memory.
    pub remembered: u64,
    /// Visits that were turned away without asking.
    pub turned_away: u64,
}

type Proof = Result<TokenOwner, VisitFault>;

/// The visitors of one company.
#[derive(Debug)]
pub(super) struct Visitors {
    state: Mutex<VisitorState>,
    asked: AtomicU64,
    remembered: AtomicU64,
    turned_away: AtomicU64,
}

#[derive(Debug)]
struct VisitorState {
    answers: AnswerCache,
    waiting: WaitingVisitors,
    /// Tokens that the portal is being asked about.
    questions: BTreeMap<TokenDigest, watch::Sender<Option<Proof>>>,
    /// Tokens shown for running calls.
    call_tokens: CallTokens,
    /// When the log may say again that visitors are turned away.
    log_allowance: Allowance,
}

impl Default for Visitors {
    fn default() -> Self {
        let state = VisitorState {
            answers: AnswerCache::default(),
            waiting: WaitingVisitors::new(u64::from_le_bytes(random_bytes())),
            questions: BTreeMap::new(),
            call_tokens: CallTokens::default(),
            log_allowance: Allowance::new(LOGGED_EVERY, 1),
        };
        Self {
            state: Mutex::new(state),
            asked: AtomicU64::new(0),
            remembered: AtomicU64::new(0),
            turned_away: AtomicU64::new(0),
        }
    }
}

/// How a visit begins.
enum Start {
    Known(Proof),
    Others(watch::Receiver<Option<Proof>>),
    First(watch::Sender<Option<Proof>>),
}

impl Visitors {
    /// Whose token it is.
    pub async fn prove(
        &self,
        portal: &Portal,
        board: &CallBoard,
        clock: &Clock,
        access: &SecretString,
        visit: &Visit,
    ) -> Proof {
        let token = TokenDigest::of(access);
        match self.begin(token, clock.now()) {
            Start::Known(answer) => {
                match answer {
                    Err(VisitFault::TooMany) => self.turn_away(clock.now()),
                    _ => drop(self.remembered.fetch_add(1, Ordering::Relaxed)),
                }
                answer
            }
            Start::Others(mut answer) => {
                let shared = answer.wait_for(Option::is_some).await.ok().and_then(|answer| answer.clone());
                // Whoever asked was cut off: whoever comes again asks again.
                shared.unwrap_or_else(|| Err(VisitFault::Unreachable("the portal was not asked to the end".into())))
            }
            Start::First(announce) => {
                let flight = PendingQuestion { visitors: self, token };
                let answer = self.ask(portal, board, clock, access, token, visit).await;
                drop(flight);
                announce.send_replace(Some(answer.clone()));
                if matches!(answer, Err(VisitFault::TooMany)) {
                    self.turn_away(clock.now());
                }
                answer
            }
        }
    }

    /// What became of visits since the start.
    pub fn counts(&self) -> VisitCounts {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        VisitCounts {
            asked: count(&self.asked),
            remembered: count(&self.remembered),
            turned_away: count(&self.turned_away),
        }
    }

    fn begin(&self, token: TokenDigest, now: Timestamp) -> Start {
        let mut state = self.state();
        if let Some(known) = state.answers.get(token, now) {
            return Start::Known(known.map_err(|Nobody| VisitFault::NotGood));
        }
        if let Some(others) = state.questions.get(&token) {
            return match others.receiver_count() {
                WAITING_FOR_ONE.. => Start::Known(Err(VisitFault::TooMany)),
                _ => Start::Others(others.subscribe()),
            };
        }
        let announce = watch::Sender::new(None);
        state.questions.insert(token, announce.clone());
        Start::First(announce)
    }

    async fn ask(
        &self,
        portal: &Portal,
        board: &CallBoard,
        clock: &Clock,
        access: &SecretString,
        token: TokenDigest,
        visit: &Visit,
    ) -> Proof {
        let priority = tokio::select! {
            biased;
            () = self.opens_card(board, visit.call.as_ref()) => Priority::Live,
            turn = self.turn(clock, visit.source) => match turn? {
                Turn::Acquainted if !visit.is_click => Priority::Other,
                Turn::Acquainted | Turn::Stranger => Priority::Visitor,
            },
        };
        self.asked.fetch_add(1, Ordering::Relaxed);
        let questions = portal.who(access, priority);
        let who = match priority {
            Priority::Live => questions.await,
            // Nothing but a question with somebody else's token: it may be given up.
            Priority::Other | Priority::Visitor => match tokio::time::timeout(PATIENCE * 2, questions).await {
                Ok(who) => who,
                Err(_) => return Err(VisitFault::Unreachable("calls need all that the portal allows just now".into())),
            },
        };
        let now = clock.now();
        let mut state = self.state();
        match who {
            Ok(who) => {
                state.answers.put(token, Ok(who.clone()), visit.life, now);
                state.waiting.greet(visit.source, now);
                Ok(who)
            }
            Err(ApiError::NeedsLogin(_)) => {
                state.answers.put(token, Err(Nobody), None, now);
                Err(VisitFault::NotGood)
            }
            Err(ApiError::Refused { .. } | ApiError::NotFoundCall) => Err(VisitFault::NotGood),
            Err(error) => Err(VisitFault::Unreachable(error.to_string())),
        }
    }

    /// Ready for whoever opens the card of a running call; the portal may show it before it has told us the call's id.
    async fn opens_card(&self, board: &CallBoard, call: Option<&CrmCallId>) {
        let Some(call) = call else { return std::future::pending().await };
        board.until_it_shows(call).await;
        if !self.state().call_tokens.admit(call) {
            std::future::pending::<()>().await;
        }
    }

    /// Waits until the portal may be asked about somebody from there.
    async fn turn(&self, clock: &Clock, source: Option<Source>) -> Result<Turn, VisitFault> {
        let (place, woken) = self.state().waiting.enter(source, clock.now()).ok_or(VisitFault::TooMany)?;
        let _place = VisitorPlace { visitors: self, clock, number: place };
        let end = Instant::now() + PATIENCE;
        loop {
            let until = match self.state().waiting.look(place, clock.now()) {
                Ok(turn) => return Ok(turn),
                Err(TurnRefused::Displaced) => return Err(VisitFault::TooMany),
                Err(TurnRefused::Wait(wait)) => end.min(Instant::now() + wait),
                Err(TurnRefused::NotFirst) => end,
            };
            tokio::select! {
                () = tokio::time::sleep_until(until) => {}
                () = woken.notified() => {}
            }
            if Instant::now() >= end {
                return Err(VisitFault::TooMany);
            }
        }
    }

    fn turn_away(&self, now: Timestamp) {
        let turned_away = self.turned_away.fetch_add(1, Ordering::Relaxed) + 1;
        if self.state().log_allowance.take(now).is_ok() {
            tracing::warn!(
                turned_away,
                "visitors are turned away: more unknown tokens are shown for this company than its portal may be asked about; cards of running calls open, others can be opened again in a minute; look in the log for where they come from"
            );
        }
    }

    fn state(&self) -> MutexGuard<'_, VisitorState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A question under way; over however the asking ends.
struct PendingQuestion<'a> {
    visitors: &'a Visitors,
    token: TokenDigest,
}

impl Drop for PendingQuestion<'_> {
    fn drop(&mut self) {
        self.visitors.state().questions.remove(&self.token);
    }
}

/// A place in the room, given back however the waiting ends.
struct VisitorPlace<'a> {
    visitors: &'a Visitors,
    clock: &'a Clock,
    number: u64,
}

impl Drop for VisitorPlace<'_> {
    fn drop(&mut self) {
        self.visitors.state().waiting.leave(self.number, self.clock.now());
    }
}
