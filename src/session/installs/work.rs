//! Works on notices after they were answered: those of one portal one after another, and a few portals at a time.

use super::desk::{DeskFull, Told};
use crate::bitrix::hook::{Install, authentic};
use crate::domain::CompanyId;
use crate::session::companies::Companies;
use crate::session::visitors::Source;
use std::time::Duration;

/// Between two notices of one portal that nothing proves: each may be written to disk.
const PACE: Duration = Duration::from_secs(1);

impl Companies {
    /// The application was installed (or updated) in a portal, somebody says. Returns at once; what follows is done in
    /// the background. [`DeskFull`] means that nothing was taken in: a portal does not say it again, but the
    /// administrator's log-in does the same.
    pub async fn told_of_install(&self, notice: Install, source: Option<Source>) -> Result<(), DeskFull> {
        let Some(id) = notice.from.member_id.clone() else { return Ok(()) };
        // Only the database knows the token; where it does not answer, nothing is proved.
        let registered = self.get(&id).is_some();
        let company = if registered { self.setup.store.company(&id).await.ok().flatten() } else { None };
        let known = company.and_then(|company| company.application_token);
        let authentic = known.is_some_and(|known| authentic(&known, notice.from.application_token.as_ref()));
        let told = Told { notice, source, authentic };
        let offered = self.installs.desk.offer(&id, registered, told);
        if offered.is_err() && self.installs.is_time_to_complain(self.now()) {
            tracing::warn!(
                refused = self.installs.desk.refused(),
                "installations are turned away, as more are told than can be confirmed; whoever installs now can log in instead"
            );
        }
        if offered? {
            let companies = self.clone();
            self.spawn(async move { companies.work_off(&id).await });
        }
        Ok(())
    }

    /// Notices that were turned away, and questions to authorization servers that were put off, since the start.
    pub fn install_counts(&self) -> (u64, u64) {
        (self.installs.desk.refused(), self.installs.asking.put_off())
    }

    async fn work_off(&self, id: &CompanyId) {
        while let Some(told) = self.installs.desk.next(id) {
            let turns = if self.get(id).is_some() { &self.installs.turns } else { &self.installs.turns_of_strangers };
            let turn = turns.acquire().await;
            if let Err(error) = self.installed(&told).await {
                tracing::warn!(company = %id, %error, "an installation was not taken up");
            }
            if !told.authentic {
                drop(turn);
                self.pause(PACE).await;
            }
        }
    }
}
