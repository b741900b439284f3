//! How a company goes: the application is removed from its portal, or the server's administrator has it forgotten.
//!
//! A deletion is nothing but a mark in the database and whoever finds it: the mark is set together with the end of the
//! secrets, the bulk goes in the background, and an interrupted deletion goes on at the next start.

use super::companies::Companies;
use crate::bitrix::hook::{Sender, authentic};
use crate::domain::audit::{AuditAction, AuditActor, AuditDeed};
use crate::domain::{CompanyId, Timestamp, Tokens};
use crate::store::{Conflict, NewCompany, StoreError};
use crate::telemetry::company_span;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

/// How often the database is looked through for marks that another process has set.
const LOOK: Duration = Duration::from_secs(2);
/// Rows between two lines of progress in the log.
const PROGRESS: u64 = 100_000;

/// How long whoever tells of a removal waits for what comes of it.
const SOON: Duration = Duration::from_secs(5);

/// What came of the word that the application was removed from a portal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    /// It is so here as well.
    Done,
    /// The portal still accepts our grant, or cannot be asked: it is asked again, and nothing has changed until then.
    Doubted,
    /// It proves nothing.
    Unproved,
    /// There is no such company.
    Unknown,
}

impl Companies {
    /// The application was removed from a portal; believed only with the right token, and only if the portal no longer
    /// accepts our grant. With `clean` everything of the company is deleted, also if it was removed before; else it is
    /// kept for the retention time. When this returns [`Removal::Done`], nobody serves the company any more, and this is
    /// on disk.
    pub async fn uninstalled(&self, from: &Sender, clean: bool) -> Result<Removal, StoreError> {
        let Some(id) = &from.member_id else { return Ok(Removal::Unknown) };
        let Some(company) = self.setup.store.proof_of_removal(id).await? else {
            tracing::warn!(clean, "the application was removed from a portal that is not registered here");
            return Ok(Removal::Unknown);
        };
        let Some(token) = &company.application_token else {
            tracing::warn!(
                domain = company.domain,
                clean,
                "the removal of the application was refused: nothing is known that would prove it; to delete the company: ecss-crm-server company forget {id}"
            );
            return Ok(Removal::Unproved);
        };
        if !authentic(token, from.application_token.as_ref()) {
            tracing::warn!(
                domain = company.domain,
                clean,
                "the removal of the application was refused: its application token is wrong"
            );
            return Ok(Removal::Unproved);
        }
        match (company.removed, clean) {
            (true, false) => Ok(Removal::Done),
            // The removal was confirmed before, and with it went our grant: there is nothing left to ask with.
            (true, true) => self.remove_company(id, clean).await.map(|()| Removal::Done),
            (false, _) => {
                let done = self.ask_about_removal(id, clean, SOON).await?;
                Ok(if done { Removal::Done } else { Removal::Doubted })
            }
        }
    }

    /// The application was removed: nobody serves the company any more.
    pub(super) async fn remove_company(&self, id: &CompanyId, clean: bool) -> Result<(), StoreError> {
        if clean {
            self.setup.store.begin_deletion(id, self.now()).await?;
            tracing::warn!(
                "the application was removed from the portal with its data: the secrets are deleted, the rest follows"
            );
            self.deletions.notify_one();
        } else {
            self.setup.store.mark_uninstalled(id, self.now()).await?;
            let deed = AuditDeed { actor: AuditActor::Portal, action: AuditAction::Uninstalled { clean } };
            if let Err(error) = self.setup.store.keep_deed(id, &deed, self.now()).await {
                tracing::error!(%error, "the removal cannot be kept among the deeds of the company");
            }
            tracing::warn!("the application was removed from the portal; its data are kept for the retention time");
        }
        self.stop_company(id);
        Ok(())
    }

    /// Stores the registration of a company. What is left of a former one that is being deleted goes first, so that
    /// the company begins again.
    pub(super) async fn register(&self, new: &NewCompany, tokens: &Tokens) -> Result<(), StoreError> {
        loop {
            match self.setup.store.register_company(new, tokens, self.now()).await {
                Err(StoreError::Conflict(Conflict::BeingDeleted)) => {
                    tracing::info!("the company comes back: what is left of its former data goes first");
                    self.finish_deletion(&new.id).await?;
                }
                other => return other,
            }
        }
    }

    /// Has companies deleted that were uninstalled before `limit` and have not come back.
    pub async fn forget_uninstalled(&self, limit: Timestamp) -> Result<(), StoreError> {
        for id in self.setup.store.begin_deletion_of_uninstalled(limit, self.now()).await? {
            tracing::warn!(company = %id, "the company was uninstalled before the retention time; it is deleted");
            self.deletions.notify_one();
        }
        Ok(())
    }

    /// Carries out the deletions that were begun, by us, by the run before or by a command beside us, until `stop`.
    pub async fn tend_deletions(&self, stop: CancellationToken) {
        let mut log_is_full = false;
        loop {
            let round = stop.run_until_cancelled(self.delete_all(&mut log_is_full)).await;
            if let Some(Err(error)) = round {
                tracing::error!(%error, "a company cannot be deleted now; it is tried again");
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.deletions.notified() => {}
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }

    async fn delete_all(&self, log_is_full: &mut bool) -> Result<(), StoreError> {
        for id in self.setup.store.deletions().await? {
            *log_is_full = true;
            self.finish_deletion(&id).instrument(company_span(&id)).await?;
        }
        // Whoever reads a large backup keeps the log from being emptied meanwhile.
        if *log_is_full && self.setup.store.wipe_log().await? {
            *log_is_full = false;
        }
        Ok(())
    }

    /// Deletes what is left of a company whose deletion was begun. One at a time, and the mark is looked at again when
    /// it is this one's turn: the company may be back and at work.
    async fn finish_deletion(&self, id: &CompanyId) -> Result<(), StoreError> {
        let _turn = self.deleting.lock().await;
        if !self.setup.store.deletions().await?.contains(id) {
            return Ok(());
        }
        if let Some(ended) = self.stop_company(id) {
            tracing::warn!("the company is no longer served: it is being deleted");
            ended.cancelled().await;
        }
        let (mut rows, mut shown) = (0, 0);
        let progress = |done: u64| {
            rows += done;
            if rows >= shown + PROGRESS {
                shown = rows;
                tracing::warn!(rows, "the company's data are being deleted");
            }
        };
        self.setup.store.delete_company(id, progress).await?;
        self.setup.store.wipe_log().await?;
        tracing::warn!(rows, "the company was deleted with everything of it");
        Ok(())
    }
}
