//! Notes who did what: one line in the log and one row of the company.

use super::{DaemonService, fault};
use crate::domain::CompanyId;
use crate::domain::audit::{AuditAction, AuditActor, AuditDeed, AuditEntry};
use crate::web::service::{Admin, ServiceFault};

/// Entries that a page shows.
const SHOWN: u32 = 50;

impl DaemonService {
    /// Notes what an administrator has done, if anything.
    pub(super) async fn audit(&self, admin: &Admin, action: Option<AuditAction>) {
        let actor = AuditActor::Admin { user: admin.user, name: admin.name.clone() };
        if let Some(action) = action {
            self.note_deed(&admin.company, AuditDeed { actor, action }).await;
        }
    }

    /// Notes a deed. That it cannot be kept hinders nobody: the log has it.
    pub(super) async fn note_deed(&self, company: &CompanyId, deed: AuditDeed) {
        let who = match &deed.actor {
            AuditActor::Admin { user, name } => format!("{name} (ID {user})"),
            AuditActor::Portal => "the portal".to_owned(),
        };
        let what = deed.action.code();
        let changed: Vec<_> = match &deed.action {
            AuditAction::Settings { changes } => changes.iter().map(|change| change.setting.code()).collect(),
            _ => Vec::new(),
        };
        let changed = changed.join(", ");
        // At the usual level: whoever looks after this server can see later who has changed what.
        tracing::warn!(%company, who, what, changed, "somebody has done something; the company's page has the particulars");
        if let Err(error) = self.store.keep_deed(company, &deed, self.clock.now()).await {
            tracing::error!(%company, %error, "who did what cannot be kept");
        }
    }

    pub(super) async fn deeds_of(&self, company: &CompanyId) -> Result<Vec<AuditEntry>, ServiceFault> {
        self.store.deeds(company, SHOWN).await.map_err(|e| fault(&e))
    }
}
