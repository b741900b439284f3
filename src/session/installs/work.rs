//! Works on notices after they were answered: those of one portal one after another, and a few portals at a time.

use crate::bitrix::hook::{Install, authentic};
use crate::clock::random_unit;
use crate::domain::CompanyId;
use crate::domain::installs::{InstallQueueFull, QueuedNotice};
use crate::domain::source::Source;
use crate::session::companies::Companies;
use std::time::Duration;

/// When the daemon stops: how long the confirmation of a notice may still take that has begun …
const LAST_ATTEMPT: Duration = Duration::from_secs(2);
/// … and how long notices may take to be stored for the next start.
const LAST_WRITE: Duration = Duration::from_secs(1);
/// Between two notices of one portal that nothing proves: each may be written to disk.
const PACE: Duration = Duration::from_secs(1);

impl Companies {
    /// The application was installed (or updated) in a portal, somebody says. Returns at once; what follows is done in
    /// the background. [`InstallQueueFull`] means that nothing was taken in: a portal does not say it again, but the
    /// administrator's log-in does the same.
    pub async fn install_notified(&self, notice: Install, source: Option<Source>) -> Result<(), InstallQueueFull> {
        let Some(id) = notice.from.member_id.clone() else { return Ok(()) };
        // Only the database knows the token; where it does not answer, nothing is proved.
        let registered = self.get(&id).is_some();
        let company = if registered { self.setup.store.company(&id).await.ok().flatten() } else { None };
        let known = company.and_then(|company| company.application_token);
        let authentic = known.is_some_and(|known| authentic(&known, notice.from.application_token.as_ref()));
        let received = QueuedNotice { notice, source, authentic };
        let offered = self.installs.queue().offer(&id, registered, received, random_unit());
        if offered.is_err() && self.installs.is_time_to_complain(self.now()) {
            tracing::warn!(
                refused = self.installs.queue().refused(),
                "installations are turned away, as more are told than can be confirmed; whoever installs now can log in instead"
            );
        }
        if offered? {
            let (companies, of) = (self.clone(), id.clone());
            self.spawn_for(&id, async move { companies.work_off(&of).await });
        }
        Ok(())
    }

    /// Notices that were turned away, and questions to authorization servers that were put off, since the start.
    pub fn install_counts(&self) -> (u64, u64) {
        (self.installs.queue().refused(), self.installs.questions.put_off())
    }

    async fn work_off(&self, id: &CompanyId) {
        let mut left = Vec::new();
        while let Some(received) = self.installs.next_notice(id) {
            if self.is_ending() || self.before_the_end(LAST_ATTEMPT, self.work_on(id, &received)).await.is_none() {
                left.push(received);
            } else if !received.authentic {
                self.pause(PACE).await;
            }
        }
        self.put_away(id, left).await;
    }

    async fn work_on(&self, id: &CompanyId, received: &QueuedNotice<Install>) {
        let turns = if self.get(id).is_some() { &self.installs.turns } else { &self.installs.turns_of_strangers };
        let _turn = turns.acquire().await;
        if let Err(error) = self.installed(received).await {
            tracing::warn!(%error, "an installation was not taken up");
        }
    }

    /// The daemon stops: what was not worked on is stored for the next start, as it was answered already.
    async fn put_away(&self, id: &CompanyId, all: Vec<QueuedNotice<Install>>) {
        let mut left = all.len();
        let stored = async {
            for received in all {
                match self.park(id, &received.notice, self.now(), false, received.source).await {
                    Ok(_) => left -= 1,
                    Err(error) => tracing::warn!(%error, "an installation that waits cannot be stored"),
                }
            }
        };
        let _ = tokio::time::timeout(LAST_WRITE, stored).await;
        if left > 0 {
            tracing::warn!(
                left,
                "installations told just before the stop were not taken up; an administrator can log in instead"
            );
        }
    }
}
