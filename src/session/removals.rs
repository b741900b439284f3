//! Removals that were told with the right application token, until the portal has confirmed or refuted them.

use super::companies::Companies;
use crate::bitrix::ApiError;
use crate::clock::random_unit;
use crate::domain::removal::{Doubt, GrantState, Next, ToldRemoval};
use crate::domain::{CompanyId, Timestamp};
use crate::store::StoreError;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

/// How long one question may wait for what calls leave of the portal's budget.
const PATIENCE: Duration = Duration::from_secs(20);
/// However often it is told, one portal is not asked more often than this.
const APART: Duration = Duration::from_secs(10);
/// How long a question may still take when the daemon stops: its answer may bring new tokens.
const LAST_QUESTION: Duration = Duration::from_secs(5);

/// The removals that wait, at most one of each company.
#[derive(Debug, Default)]
pub(super) struct Removals(Mutex<BTreeMap<CompanyId, Waiting>>);

#[derive(Debug)]
struct Waiting {
    reported: ToldRemoval,
    /// It was told again.
    again: Arc<Notify>,
    /// How many questions have been answered.
    asked: watch::Sender<u32>,
}

impl Removals {
    fn all(&self) -> MutexGuard<'_, BTreeMap<CompanyId, Waiting>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in what was told. `true` where nobody asks about this company yet; the other part tells of the next answer,
    /// and ends when nothing waits any more.
    fn take_in(&self, id: &CompanyId, clean: bool, now: Timestamp) -> (bool, watch::Receiver<u32>) {
        let mut all = self.all();
        if let Some(waiting) = all.get_mut(id) {
            waiting.reported = ToldRemoval::reported(Some(waiting.reported.clone()), clean, now);
            waiting.again.notify_one();
            return (false, waiting.asked.subscribe());
        }
        let reported = ToldRemoval::reported(None, clean, now);
        let (asked, next) = watch::channel(0);
        all.insert(id.clone(), Waiting { reported, again: Arc::default(), asked });
        (true, next)
    }

    /// Applies an answer; `None` if nothing waits any more.
    fn grant_checked(&self, id: &CompanyId, grant: GrantState) -> Option<(Next, ToldRemoval, Arc<Notify>)> {
        let mut all = self.all();
        let waiting = all.get_mut(id)?;
        let next = waiting.reported.grant_checked(grant, random_unit());
        waiting.asked.send_modify(|asked| *asked += 1);
        Some((next, waiting.reported.clone(), waiting.again.clone()))
    }

    fn remove(&self, id: &CompanyId) -> bool {
        self.all().remove(id).is_some()
    }
}

impl Companies {
    /// A removal of this company that is not confirmed.
    pub fn doubted_removal(&self, id: &CompanyId) -> Option<ToldRemoval> {
        self.removals
            .all()
            .get(id)
            .map(|waiting| waiting.reported.clone())
            .filter(|reported| reported.why != Doubt::Unasked)
    }

    /// Has the portal asked whether it still accepts us; returns when it has answered, or takes longer than `patience`.
    /// `true`: the removal was confirmed and carried out.
    pub(super) async fn ask_about_removal(
        &self,
        id: &CompanyId,
        clean: bool,
        patience: Duration,
    ) -> Result<bool, StoreError> {
        let (is_first, mut answers) = self.removals.take_in(id, clean, self.now());
        if is_first {
            let (companies, of) = (self.clone(), id.clone());
            self.spawn_for(id, async move { companies.settle_removal(&of).await });
        }
        let _ = tokio::time::timeout(patience, answers.changed()).await;
        let Some(reported) = self.removals.all().get(id).map(|waiting| waiting.reported.clone()) else {
            return Ok(true);
        };
        // The portal does not say it again after a restart of ours.
        self.setup.store.keep_removal(id, Some((reported.since, reported.clean))).await?;
        Ok(false)
    }

    /// Goes on with what was told before the start.
    pub(super) async fn recall_removals(&self) -> Result<(), StoreError> {
        for (id, since, clean) in self.setup.store.kept_removals().await? {
            if self.removals.take_in(&id, clean, since).0 {
                let (companies, of) = (self.clone(), id.clone());
                self.spawn_for(&id, async move { companies.settle_removal(&of).await });
            }
        }
        Ok(())
    }

    /// An administrator has brought a new grant: the application is there.
    pub(super) async fn refute_removal(&self, id: &CompanyId) -> Result<(), StoreError> {
        if self.removals.remove(id) {
            tracing::warn!(
                "the removal of the application that was told is forgotten: an administrator has logged in since"
            );
        }
        // Also one that was carried out before the company came back.
        self.setup.store.keep_removal(id, None).await
    }

    /// Asks until the portal has decided, the removal is forgotten, or the daemon stops.
    async fn settle_removal(&self, id: &CompanyId) {
        loop {
            let Some(grant) = self.before_the_end(LAST_QUESTION, self.ask_grant(id)).await else { return };
            let asked_at = Instant::now();
            let reported_before = self.removals.all().get(id).map(|waiting| waiting.reported.clone());
            if grant == GrantState::Dead
                && let Some(reported) = reported_before
                && self.carried_out(id, reported.clean).await
            {
                self.removals.remove(id);
                return;
            }
            let Some((next, reported, again)) = self.removals.grant_checked(id, grant) else { return };
            let pause = match next {
                // It could not be stored just now.
                Next::Believe => APART,
                Next::AskAgain(pause) => pause,
                Next::Refuted => return self.refuted(id, &reported).await,
            };
            if reported.why == Doubt::StillAccepted(1) {
                tracing::warn!(
                    clean = reported.clean,
                    "the application is said to be removed, but the portal still accepts us: nothing is changed, and the portal is asked again for an hour; the proof shown is known to every employee of the portal"
                );
            }
            tracing::debug!(told = ?reported, ?pause, "a removal is not confirmed");
            tokio::select! {
                () = self.pause(pause) => {}
                () = again.notified() => self.pause(APART.saturating_sub(asked_at.elapsed())).await,
            }
            if self.is_ending() {
                return;
            }
        }
    }

    async fn ask_grant(&self, id: &CompanyId) -> GrantState {
        let Some(handle) = self.get(id) else { return GrantState::Unknown("the company is not being served".into()) };
        match handle.portal().accepts_us(PATIENCE).await {
            Ok(true) => GrantState::Accepted,
            Ok(false) => GrantState::Dead,
            Err(error) => GrantState::Unknown(unanswered(&error)),
        }
    }

    async fn carried_out(&self, id: &CompanyId, clean: bool) -> bool {
        match self.remove_company(id, clean).await {
            Ok(()) => true,
            Err(error) => {
                tracing::error!(%error, "the removal of the application cannot be stored yet");
                false
            }
        }
    }

    async fn refuted(&self, id: &CompanyId, reported: &ToldRemoval) {
        tracing::warn!(
            clean = reported.clean,
            "the application was said to be removed, and the portal goes on accepting us: it was not the portal that said so, and nothing was changed; to delete the company all the same: ecss-crm-server company forget {id}"
        );
        if let Err(error) = self.setup.store.keep_removal(id, None).await {
            tracing::warn!(%error, "a removal that is refuted could not be forgotten");
        }
        self.removals.remove(id);
    }
}

fn unanswered(error: &ApiError) -> String {
    match error.refusal_reason() {
        crate::domain::binding::RefusalReason::Words(why) | crate::domain::binding::RefusalReason::Seen(why) => why,
    }
}
