//! Tries what could not be confirmed: again and again, or at once when the keys have come.

use super::confirm::Taken;
use super::question_limiter::NoticeSender;
use super::{stored, trouble};
use crate::clock::random_unit;
use crate::domain::installs::nth_by_lot;
use crate::domain::link::{InstallTrouble, retry_delay};
use crate::domain::{CompanyId, Timestamp};
use crate::session::companies::Companies;
use crate::telemetry::company_span;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

/// How long an attempt may still take when the daemon stops; it is made again after the start.
const LAST_ATTEMPT: Duration = Duration::from_secs(5);
/// How long somebody who looks at a page waits for an attempt.
pub(super) const SOON: Duration = Duration::from_secs(5);

/// How the attempts at one portal's notices went.
enum Tried {
    /// One has proved itself, or none is worth another attempt.
    Done,
    /// Nothing is stored.
    Nothing,
    /// The authorization server may be asked after this long.
    Later(Duration),
    /// To be tried again.
    Again(InstallTrouble),
}

impl Companies {
    /// Tries what waits, each when it is due, until told to stop. What was stored before the start is tried first.
    pub(in crate::session) async fn tend_installs(self, stop: CancellationToken) {
        stop.run_until_cancelled(self.recall_installs()).await;
        loop {
            let due = self.installs.next_due();
            let is_due = async {
                match due {
                    Some(due) => tokio::time::sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.installs.bell.notified() => continue,
                () = is_due => {}
            }
            // What has begun is not cut short at once: the answer of a refresh may be on its way.
            let mut round = std::pin::pin!(self.try_what_is_due());
            tokio::select! {
                () = &mut round => {}
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
                self.installs.try_now(&id, since);
            }
        }
    }

    /// One round; a server that does not answer ends it, as the others would fail in the same way.
    async fn try_what_is_due(&self) {
        let mut silent = None;
        for (id, attempt, since, failures, asker) in self.installs.due() {
            let tried = match &silent {
                Some(trouble) => Tried::Again(InstallTrouble::clone(trouble)),
                // Whoever has to wait is not even read: after an update thousands wait at once.
                None => match self.installs.questions.wait(&id, self.get(&id).is_some(), asker, self.now()) {
                    Duration::ZERO => self.try_candidates(&id, asker).instrument(company_span(&id)).await,
                    wait => Tried::Later(wait),
                },
            };
            match tried {
                Tried::Done => drop(self.installs.remove(&id, Some(attempt))),
                Tried::Nothing => {
                    if self.installs.remove(&id, Some(attempt)) && failures > 0 {
                        tracing::warn!(company = %id, "an installation was never confirmed and is forgotten; an administrator can log in instead");
                    }
                }
                Tried::Later(wait) => self.installs.later(&id, since, wait),
                Tried::Again(trouble) => {
                    if matches!(trouble, InstallTrouble::ServerNotYet(_)) {
                        silent = Some(trouble.clone());
                    }
                    self.installs.failed(&id, since, trouble, Some(attempt), self.now());
                }
            }
        }
    }

    /// The newest first for an administrator, who may ask about all; where only one question is allowed at a time it is
    /// about any of them, so that whoever sends new ones does not keep the others from being asked about. One that proves
    /// itself ends the matter for all that came before it; one that is refused is dropped alone.
    async fn try_candidates(&self, id: &CompanyId, asker: NoticeSender) -> Tried {
        let mut candidates = match self.candidates(id).await {
            Ok(candidates) if candidates.0.is_empty() => return Tried::Nothing,
            Ok(candidates) => candidates.0,
            Err(error) => {
                tracing::error!(%error, "an installation that waits cannot be read yet");
                return Tried::Again(InstallTrouble::Untried);
            }
        };
        let mut again = Tried::Done;
        if asker == NoticeSender::Anybody {
            // The last is asked about first.
            let drawn = nth_by_lot(random_unit(), candidates.len());
            candidates[drawn..].rotate_left(1);
        }
        for candidate in candidates.into_iter().rev() {
            let received_at = candidate.received_at();
            let notice = stored::from_store(candidate, id, self.now());
            match self.take_up(id, &notice, received_at, asker).await {
                Ok(Taken::Later(wait)) => return Tried::Later(wait),
                Ok(Taken::Up) => {
                    self.drop_candidates(id, received_at, true).await;
                    return again;
                }
                // It is another application's, by the authorization server's word: the administrator has to bring its keys.
                Ok(Taken::OtherApplication) => again = Tried::Again(InstallTrouble::OtherApplication),
                Ok(Taken::KeysUnknown) => {}
                Ok(Taken::TokensMissing) => self.drop_candidates(id, received_at, false).await,
                Err(error) => match trouble(&error) {
                    Some(trouble) => {
                        tracing::debug!(%error, "an installation cannot be confirmed yet");
                        let silent = matches!(trouble, InstallTrouble::ServerNotYet(_));
                        again = Tried::Again(trouble);
                        if silent {
                            return again;
                        }
                    }
                    None => {
                        tracing::warn!(%error, "an installation was refused and is forgotten");
                        self.drop_candidates(id, received_at, false).await;
                    }
                },
            }
        }
        again
    }

    async fn drop_candidates(&self, id: &CompanyId, received_at: Timestamp, and_older: bool) {
        let edited =
            self.edit(id, |all| if and_older { all.forget_until(received_at) } else { all.forget(received_at) }).await;
        if let Err(error) = edited {
            tracing::warn!(%error, "an installation that is done could not be forgotten");
        }
    }
}
