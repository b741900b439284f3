//! One company as everybody else may see it: its state, its board, and what it can be asked to do.

use super::call_board::CallBoard;
use super::link::{LinkTools, check};
use super::message::ActorMessage;
use super::status::{CompanyStatus, SharedStatus};
use super::test_event::AwaitedTestEvent;
use super::upkeep::UpkeepSignals;
use super::visitors::{Visit, VisitCounts, VisitFault, Visitors};
use crate::bitrix::users::UserList;
use crate::bitrix::{ApiError, Portal, TokenOwner, portal_domain};
use crate::clock::Clock;
use crate::domain::binding::Binding;
use crate::domain::call::Click;
use crate::domain::card::{CardCommand, CommandRefused};
use crate::domain::card_outcomes::CardOutcome;
use crate::domain::company::SwitchSettings;
use crate::domain::directory::{PortalUser, dismissed, missing};
use crate::domain::evidence::EvidenceKind;
use crate::domain::leg::CommandError;
use crate::domain::link::LinkFault;
use crate::domain::{CallKey, CompanyId, LegId, Phone, Timestamp, UserId};
use crate::store::{EventId, ImportReport, Store, StoreError};
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Mutex, Semaphore, mpsc, oneshot, watch};

/// Clones are the same company.
#[derive(Clone)]
pub struct CompanyHandle(pub(super) Arc<CompanyContext>);

pub(super) struct CompanyContext {
    pub company: CompanyId,
    pub store: Store,
    pub clock: Clock,
    /// When it came to us, or came back.
    pub since: Timestamp,
    pub portal: Portal,
    pub shared: Arc<SharedStatus>,
    pub inbox: mpsc::Sender<ActorMessage>,
    pub switch: watch::Sender<Option<Arc<SwitchSettings>>>,
    pub link: LinkTools,
    pub upkeep_signals: Arc<UpkeepSignals>,
    pub visitors: Visitors,
    pub test_event: AwaitedTestEvent,
    /// Places for clicks behind a full inbox.
    pub clicks_waiting: Arc<Semaphore>,
    /// Settings are read and handed over by one at a time.
    pub reloading: Mutex<()>,
}

/// The company's actor has more to do than it can take in, or is being restarted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the company's queue is full")]
pub struct Busy;

/// Why the portal's users were not taken over.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// The portal did not tell them.
    #[error(transparent)]
    Portal(#[from] ApiError),
    /// They could not be stored.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl CompanyHandle {
    /// `member_id`.
    pub fn id(&self) -> &CompanyId {
        &self.0.company
    }

    /// Since when the company is with us without having been uninstalled: nobody was vouched for before that.
    pub fn since(&self) -> Timestamp {
        self.0.since
    }

    /// How the company is doing.
    pub fn status(&self) -> CompanyStatus {
        self.0.shared.status()
    }

    /// Its running calls.
    pub fn board(&self) -> &CallBoard {
        &self.0.shared.board
    }

    /// This was seen to work just now.
    pub fn saw(&self, kind: EvidenceKind) {
        self.0.shared.evidence.note(kind, self.0.clock.now());
    }

    /// What became of the cards of the last day.
    pub fn card_outcomes(&self) -> BTreeMap<CardOutcome, u64> {
        self.0.shared.evidence.card_outcomes(self.0.clock.now())
    }

    /// What was seen to work since the start, and when last.
    pub fn seen(&self) -> Vec<(EvidenceKind, Timestamp)> {
        self.0.shared.evidence.seen()
    }

    /// Its portal, for showing the life of the grant.
    pub fn portal(&self) -> &Portal {
        &self.0.portal
    }

    /// Carries out an employee's button on his own leg.
    pub async fn act(
        &self,
        user: UserId,
        call: &CallKey,
        leg: Option<&LegId>,
        command: CardCommand,
    ) -> Result<(), CommandRefused> {
        let (reply, answer) = oneshot::channel();
        let message = ActorMessage::Press { user, call: call.clone(), leg: leg.cloned(), command, reply };
        self.0.inbox.try_send(message).map_err(|_| {
            self.0.shared.dropped.fetch_add(1, Ordering::Relaxed);
            CommandRefused::Busy
        })?;
        answer.await.unwrap_or(Err(CommandRefused::Busy))
    }

    /// Hands over a click on a number; returns at once. `event` is the stored event that brought it, marked as
    /// handled together with its effect. [`Busy`] means that the actor is being made again: it finds the stored event.
    pub fn dial(&self, click: Click, event: Option<EventId>) -> Result<(), Busy> {
        hand_over(&self.0, ActorMessage::Dial { click: Box::new(click), event })
    }

    /// Has the employee's phone dial, for a portal that has not registered the call itself.
    pub fn dial_plain(&self, user: UserId, to: Phone) -> Result<(), Busy> {
        hand_over(&self.0, ActorMessage::DialPlain { user, to })
    }

    /// Has `from` dial `to`, for an administrator who waits for the switch's answer.
    pub async fn test_call(&self, from: Phone, to: Phone) -> Result<(), CommandError> {
        let (reply, answer) = oneshot::channel();
        self.0.inbox.try_send(ActorMessage::TestCall { from, to, reply }).map_err(|_| CommandError::Busy)?;
        answer.await.unwrap_or(Err(CommandError::Busy))
    }

    /// Reads the company's choices and number table again.
    pub async fn reload(&self) -> Result<(), StoreError> {
        // What was read first is handed over first: else an older reading would undo a newer one.
        let _turn = self.0.reloading.lock().await;
        let Some(company) = self.0.store.company(&self.0.company).await? else { return Ok(()) };
        let employees = self.0.store.employees(&self.0.company).await?;
        // An actor that is gone reads everything when it is made again.
        let _ = self.0.inbox.send(ActorMessage::Settings { calls: Box::new(company.calls), employees }).await;
        Ok(())
    }

    /// Connects to the switch with new settings.
    pub fn reconnect(&self, settings: Option<SwitchSettings>) {
        self.0.switch.send_replace(settings.map(Arc::new));
    }

    /// Fetches the portal's users: new ones are taken over, dismissed ones no longer count.
    pub async fn sync_users(&self) -> Result<ImportReport, SyncError> {
        let list = self.0.portal.users().await?;
        self.0.shared.portal_works(self.0.clock.now());
        let dismissed = self.dismissed(&list).await?;
        for user in &dismissed {
            tracing::warn!(user = %user.user,
                "the employee is dismissed in the portal: his numbers count for nobody until he returns or they are given away");
        }
        let users: Vec<_> = list.users.into_iter().chain(dismissed).collect();
        let report = self.0.store.import_employees(&self.0.company, &users).await?;
        for taken in &report.conflicts {
            tracing::warn!(number = ?taken.number, user = %taken.user, holder = %taken.holder,
                "the profile number of a new user belongs to somebody else; he does not get it");
        }
        for user in &report.unclear {
            tracing::warn!(%user,
                "the internal number in this user's profile could not be read whole; the list of users shows it");
        }
        self.reload().await?;
        self.note_refusals(&[Binding::Users], &[], None);
        Ok(report)
    }

    /// Remembers what of the things `looked` after could not be set up, and says so when that is news. Without a moment
    /// for the next attempt the one that is known stays.
    pub(super) fn note_refusals(
        &self,
        looked: &[Binding],
        failed: &[(Binding, ApiError)],
        next_try: Option<Timestamp>,
    ) {
        let now = self.0.clock.now();
        let failed = failed.iter().map(|(what, error)| (*what, error.refusal_reason())).collect();
        let (before, after) = self.0.shared.bindings_refused(looked, failed, now, next_try);
        if after.has_same_content(&before) {
            return;
        }
        let next_in_s = after.next_try.map(|at| at.since(now).as_secs());
        for refused in after.bindings.iter().filter(|refused| !before.lists(refused)) {
            let domain = portal_domain(&self.portal().client_endpoint()).unwrap_or_default();
            let user = self.portal().tokens().and_then(|t| t.user_id).map_or_else(String::new, |u| u.to_string());
            tracing::warn!(domain, user, what = refused.what.code(), why = %refused.why,
                next_in_s, "the portal refuses to set this up; the company's page says what to do");
        }
        if after.bindings.is_empty() {
            tracing::warn!("the portal has taken everything that it had refused before");
        }
    }

    /// Who of our table may no longer work in the portal. Only a complete list of the others can tell that.
    async fn dismissed(&self, active: &UserList) -> Result<Vec<PortalUser>, StoreError> {
        if !active.complete {
            return Ok(Vec::new());
        }
        let known = self.0.store.employees(&self.0.company).await?;
        if missing(&known, &active.users).is_empty() {
            return Ok(Vec::new());
        }
        match self.0.portal.former_users().await {
            Ok(former) if former.complete => {
                // Guests who got into our table are named, so that however many there were they are believed.
                let unnamed =
                    missing(&known, &active.users).iter().any(|e| former.users.iter().all(|u| u.user != e.user));
                let guests = if unnamed { self.0.portal.guests().await.unwrap_or_default() } else { Vec::new() };
                let guests = guests.into_iter().map(|guest| PortalUser { active: false, ..guest });
                let former: Vec<_> = former.users.into_iter().chain(guests).collect();
                Ok(dismissed(&known, &active.users, &former))
            }
            other => {
                tracing::debug!(?other, "the portal does not say who is dismissed");
                Ok(Vec::new())
            }
        }
    }

    /// Tries these switch settings now; the running connection is left alone.
    pub async fn check_switch(&self, settings: &SwitchSettings) -> Result<(), LinkFault> {
        check(&self.0.link, settings).await
    }

    /// Whose access token this is, by the registered portal's word.
    pub async fn visitor(&self, access: &SecretString, visit: &Visit) -> Result<TokenOwner, VisitFault> {
        let inner = &*self.0;
        inner.visitors.prove(&inner.portal, &inner.shared.board, &inner.clock, access, visit).await
    }

    /// What became of visits since the start.
    pub fn visits(&self) -> VisitCounts {
        self.0.visitors.counts()
    }

    /// An administrator has logged in or installed again: what waited for that goes on at once.
    pub(super) async fn mended(&self) {
        self.0.shared.portal_works(self.0.clock.now());
        let _ = self.0.inbox.send(ActorMessage::PortalMended).await;
        self.0.upkeep_signals.ring();
    }

    /// Looks after users, bindings and tokens now.
    pub fn look_after(&self) {
        self.0.upkeep_signals.ring();
    }

    /// Keeps the portal's language if none is known.
    pub async fn learn_language(&self, code: &str) {
        match self.0.store.learn_language(self.id(), code).await {
            Ok(true) => self.0.portal.set_language(code),
            Ok(false) => {}
            Err(error) => {
                tracing::error!(%error, "the portal's language could not be stored");
            }
        }
    }

    /// Something has come after which the portal may have to prove its application token, or has proved it.
    pub(super) fn prove_portal(&self) {
        self.0.upkeep_signals.prove_portal();
    }

    /// The company has chosen again: what the portal keeps of that is looked after now.
    pub fn choices_changed(&self) {
        self.0.upkeep_signals.choices_changed();
    }

    /// Something says that the portal's users have changed; they are fetched soon. May be called as often as anybody
    /// likes.
    pub fn users_changed(&self) {
        self.0.upkeep_signals.users_changed();
    }

    /// Somebody, or by his application token the portal, says that the application was installed again.
    pub(super) fn perhaps_installed(&self, by_portal: bool) {
        self.0.upkeep_signals.perhaps_installed(by_portal);
    }
}

/// Clicks of one company that may wait behind its full queue: what a portal sends within half a minute at 30 events a
/// second.
const CLICKS_WAITING: usize = 1024;

fn hand_over(company: &CompanyContext, message: ActorMessage) -> Result<(), Busy> {
    let handed = wait_behind(&company.inbox, &company.clicks_waiting, message);
    if handed.is_err() && !company.inbox.is_closed() {
        company.shared.dropped.fetch_add(1, Ordering::Relaxed);
    }
    handed
}

/// A click is not sent twice by the portal, so behind a full queue it waits instead of being turned away, as long as
/// there are not too many of them.
fn wait_behind(
    inbox: &mpsc::Sender<ActorMessage>,
    waiting: &Arc<Semaphore>,
    message: ActorMessage,
) -> Result<(), Busy> {
    match inbox.try_send(message) {
        Ok(()) => Ok(()),
        Err(TrySendError::Closed(_)) => Err(Busy),
        Err(TrySendError::Full(message)) => {
            let place = waiting.clone().try_acquire_owned().map_err(|_| Busy)?;
            tracing::warn!("a company has more to do than it can take in; a click waits");
            let inbox = inbox.clone();
            // If the actor goes away meanwhile, the next one finds the stored event.
            tokio::spawn(async move {
                let _ = inbox.send(message).await;
                drop(place);
            });
            Ok(())
        }
    }
}

/// Room for clicks behind a full queue.
pub(super) fn click_permits() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(CLICKS_WAITING))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn click(user: i64) -> ActorMessage {
        ActorMessage::DialPlain { user: UserId(user), to: Phone::parse("+79835551122").expect("a number") }
    }

    #[tokio::test]
    async fn clicks_behind_a_full_queue_wait_and_none_is_lost() {
        let (inbox, mut actor) = mpsc::channel(1);
        let waiting = Arc::new(Semaphore::new(19));
        for user in 1..=20 {
            assert!(wait_behind(&inbox, &waiting, click(user)).is_ok(), "{user}");
        }
        assert_eq!(wait_behind(&inbox, &waiting, click(99)), Err(Busy), "too many wait");
        let mut dialled = Vec::new();
        while dialled.len() < 20 {
            let Some(ActorMessage::DialPlain { user, .. }) = actor.recv().await else { panic!("after {dialled:?}") };
            dialled.push(user.0);
        }
        dialled.sort_unstable();
        assert!(dialled.into_iter().eq(1..=20));
        drop(actor);
        assert_eq!(wait_behind(&inbox, &waiting, click(21)), Err(Busy));
    }
}
