//! Tries again what could not be confirmed.

use super::Taken;
use super::parked::Parked;
use crate::clock::random_unit;
use crate::domain::CompanyId;
use crate::domain::link::retry_delay;
use crate::session::companies::Companies;
use crate::session::enroll::RegisterError;
use secrecy::ExposeSecret as _;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How long an attempt may still take when the daemon stops; it is made again after the start.
const LAST_ATTEMPT: Duration = Duration::from_secs(5);

impl Companies {
    /// Tries again what waits, until told to stop. What was stored before the start is tried first.
    pub(in crate::session) async fn tend_installs(self, stop: CancellationToken) {
        stop.run_until_cancelled(self.recall_installs()).await;
        let mut failures = 0;
        loop {
            let idle = self.installs.waiting().is_empty();
            let pause = retry_delay(failures + 2, random_unit());
            if idle {
                failures = 0;
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = self.installs.bell.notified() => {}
                }
            }
            let next = self.now() + pause;
            self.installs.waiting().values_mut().for_each(|waiting| waiting.next_try = Some(next));
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
            // What has begun is not cut short at once: the answer of a refresh may be on its way.
            let mut round = std::pin::pin!(self.retry_installs());
            tokio::select! {
                () = &mut round => failures += 1,
                () = stop.cancelled() => {
                    let _ = tokio::time::timeout(LAST_ATTEMPT, round).await;
                    return;
                }
            }
        }
    }

    async fn recall_installs(&self) {
        let parked = loop {
            match self.setup.store.parked_installs(self.now()).await {
                Ok(parked) => break parked,
                Err(error) => tracing::error!(%error, "installations that wait cannot be read yet"),
            }
            tokio::time::sleep(retry_delay(6, random_unit())).await;
        };
        for (id, since) in parked {
            // Without keys only the administrator's log-in helps.
            if self.setup.keys.is_some() || self.get(&id).is_some() {
                self.installs.wait(&id, since, "");
            }
        }
    }

    /// One round over all that wait; a server that does not answer ends it, as the others would fail in the same way.
    async fn retry_installs(&self) {
        let ids: Vec<CompanyId> = self.installs.waiting().keys().cloned().collect();
        for id in ids {
            let notice = match self.setup.store.parked_install(&id, self.now()).await {
                Ok(Some(body)) => serde_json::from_str::<Parked>(body.expose_secret()).ok(),
                Ok(None) => None,
                Err(error) => {
                    tracing::error!(company = %id, %error, "an installation that waits cannot be read yet");
                    return;
                }
            };
            let Some(parked) = notice else {
                tracing::warn!(company = %id, "an installation was never confirmed and is forgotten; an administrator can log in instead");
                self.installs.waiting().remove(&id);
                continue;
            };
            let notice = parked.notice(&id, self.now());
            match self.take_up(&id, &notice, true).await {
                Ok(Taken::Up) => self.forget_install(&id).await,
                // It is another application's: the administrator has to bring its keys.
                Ok(Taken::KeysUnknown) => drop(self.installs.waiting().remove(&id)),
                Err(error) if error.may_pass() => {
                    tracing::debug!(company = %id, %error, "an installation cannot be confirmed yet");
                    if let Some(waiting) = self.installs.waiting().get_mut(&id) {
                        waiting.why = error.to_string();
                    }
                    if matches!(error, RegisterError::OAuth(_)) {
                        return;
                    }
                }
                Err(error) => {
                    tracing::warn!(company = %id, %error, "an installation was refused and is forgotten");
                    self.forget_install(&id).await;
                }
            }
        }
    }
}
