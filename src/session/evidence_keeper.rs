//! Stores what was seen of companies, all together, every now and then.

use super::companies::Companies;
use crate::domain::evidence::Evidence;
use crate::store::StoreError;
use std::time::Duration;

/// What was seen since then is forgotten by a kill: long enough to cost nothing, short enough for whoever asks after a
/// restart.
const EVERY: Duration = Duration::from_secs(60);

impl Companies {
    /// Stores what was seen until everything ends, and once more then.
    pub(super) async fn keep_evidence(self) {
        loop {
            self.pause(EVERY).await;
            if let Err(error) = self.store_evidence().await {
                tracing::warn!(%error, "what was seen of companies cannot be stored yet");
            }
            if self.is_ending() {
                return;
            }
        }
    }

    async fn store_evidence(&self) -> Result<(), StoreError> {
        let all = self.all();
        let news = all.iter().map(|company| (company, company.0.shared.evidence.unstored_evidence()));
        let news: Vec<_> = news.filter(|(_, evidence)| !evidence.is_empty()).collect();
        if news.is_empty() {
            return Ok(());
        }
        let rows: Vec<_> = news.iter().map(|(company, evidence)| (company.id().clone(), evidence.clone())).collect();
        self.setup.store.keep_evidence(&rows).await?;
        for (company, evidence) in news {
            company.0.shared.evidence.note_stored(&evidence);
        }
        Ok(())
    }

    /// Everything that was seen of a company, stored or not.
    pub async fn evidence(&self, company: &crate::domain::CompanyId) -> Result<Evidence, StoreError> {
        let mut evidence = self.setup.store.evidence(company).await?;
        if let Some(running) = self.get(company) {
            evidence.extend(running.0.shared.evidence.unstored_evidence());
        }
        Ok(evidence)
    }
}
