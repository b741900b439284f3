//! Installations that are not confirmed yet: when each is tried again, and what people see of it.

use super::question_limiter::{NoticeSender, QuestionLimiter};
use crate::bitrix::hook::Install;
use crate::clock::random_unit;
use crate::domain::allowance::Allowance;
use crate::domain::installs::{NoticeQueue, QueuedNotice};
use crate::domain::link::{InstallTrouble, WaitingInstall, retry_delay};
use crate::domain::{CompanyId, Timestamp, binding};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, Semaphore};
use tokio::time::Instant;

/// Registered portals whose notices are worked on at a time: one of them may wait long for its server.
const AT_ONCE: usize = 16;
/// The same of portals that nobody knows.
const STRANGERS_AT_ONCE: usize = 4;

/// At most as many as the store keeps.
#[derive(Debug)]
pub(in crate::session) struct Installs {
    waiting: Mutex<BTreeMap<CompanyId, InstallAttempts>>,
    /// Wakes whoever tries them.
    pub(super) bell: Notify,
    /// Wakes the one that waits for the outcome of an attempt.
    tried: Notify,
    /// Notices are read and written back by one at a time.
    pub(super) parking: tokio::sync::Mutex<()>,
    /// What was answered and is not worked on yet.
    queue: Mutex<NoticeQueue<Install>>,
    /// How often servers are asked about what nobody has proved.
    pub(super) questions: QuestionLimiter,
    /// Registered portals whose notices are worked on at a time, and others.
    pub(super) turns: Semaphore,
    pub(super) turns_of_strangers: Semaphore,
    complained: Mutex<Allowance>,
}

impl Default for Installs {
    fn default() -> Self {
        Self {
            waiting: Mutex::default(),
            bell: Notify::new(),
            tried: Notify::new(),
            parking: tokio::sync::Mutex::default(),
            queue: Mutex::default(),
            questions: QuestionLimiter::default(),
            turns: Semaphore::new(AT_ONCE),
            turns_of_strangers: Semaphore::new(STRANGERS_AT_ONCE),
            complained: Mutex::new(Allowance::new(Duration::from_secs(60), 1)),
        }
    }
}

#[derive(Debug)]
struct InstallAttempts {
    shown: WaitingInstall,
    failures: u32,
    /// When it is tried; `None` where nothing can be tried.
    due: Option<Instant>,
    /// Nothing was tried yet, so that there is nothing to tell people.
    quiet: bool,
    /// An administrator has logged in since it waits: it is tried until it is settled, each time after a longer pause.
    for_admin: bool,
}

impl Installs {
    fn all(&self) -> MutexGuard<'_, BTreeMap<CompanyId, InstallAttempts>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was answered and is not worked on yet.
    pub(super) fn queue(&self) -> MutexGuard<'_, NoticeQueue<Install>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next notice of a portal to work on; `None` ends the work.
    pub(super) fn next_notice(&self, id: &CompanyId) -> Option<QueuedNotice<Install>> {
        self.queue().next(id)
    }

    /// Whether the log has not said for a minute that notices are turned away.
    pub(super) fn is_time_to_complain(&self, now: Timestamp) -> bool {
        self.complained.lock().unwrap_or_else(PoisonError::into_inner).take(now).is_ok()
    }

    fn entry(&self, id: &CompanyId, since: Timestamp, change: impl FnOnce(&mut InstallAttempts)) {
        let fresh = || InstallAttempts {
            shown: WaitingInstall { since, why: InstallTrouble::Untried, next_try: None },
            failures: 0,
            due: None,
            quiet: false,
            for_admin: false,
        };
        change(self.all().entry(id.clone()).or_insert_with(fresh));
        self.bell.notify_one();
    }

    /// Something has come that may help: it is tried at once.
    pub fn try_now(&self, id: &CompanyId, since: Timestamp) {
        self.entry(id, since, |waiting| {
            (waiting.failures, waiting.due, waiting.shown.next_try) = (0, Some(Instant::now()), None);
        });
    }

    /// The same for an administrator who has just logged in.
    pub fn try_for_admin(&self, id: &CompanyId, since: Timestamp) {
        self.entry(id, since, |waiting| (waiting.for_admin, waiting.quiet) = (true, false));
        self.try_now(id, since);
    }

    /// It may be tried after a pause at the earliest. People hear of it when it was tried.
    pub fn later(&self, id: &CompanyId, since: Timestamp, pause: Duration) {
        let fresh = !self.all().contains_key(id);
        self.entry(id, since, |waiting| {
            waiting.quiet |= fresh;
            let due = Instant::now() + pause;
            waiting.due =
                Some(waiting.due.map_or(due, |sooner| if sooner > Instant::now() { due.min(sooner) } else { due }));
        });
        self.tried.notify_waiters();
    }

    /// It could not be confirmed and is tried again after a growing pause, sooner if somebody has asked for it since
    /// `attempt` began; what lasts keeps its beginning.
    pub fn failed(
        &self,
        id: &CompanyId,
        since: Timestamp,
        why: InstallTrouble,
        attempt: Option<Instant>,
        now: Timestamp,
    ) {
        self.entry(id, since, |waiting| {
            waiting.failures += 1;
            waiting.quiet = false;
            let pause = match why {
                // A person has to do something, or the subscription is paid.
                InstallTrouble::ServerRefuses(_) | InstallTrouble::OtherApplication => {
                    binding::pause(waiting.failures, random_unit())
                }
                _ => retry_delay(waiting.failures + 1, random_unit()),
            };
            waiting.shown.why = why;
            if waiting.due == attempt {
                (waiting.due, waiting.shown.next_try) = (Some(Instant::now() + pause), Some(now + pause));
            }
        });
        self.tried.notify_waiters();
    }

    /// It can never be confirmed, and people should know.
    pub fn show(&self, id: &CompanyId, since: Timestamp, why: InstallTrouble) {
        self.entry(id, since, |waiting| (waiting.shown.why, waiting.quiet) = (why, false));
    }

    /// Nothing waits any more; `false` where somebody has asked for an attempt since `attempt` began.
    pub fn remove(&self, id: &CompanyId, attempt: Option<Instant>) -> bool {
        let mut all = self.all();
        let done = all.get(id).is_none_or(|waiting| attempt.is_none() || waiting.due == attempt);
        if done {
            all.remove(id);
        }
        drop(all);
        self.tried.notify_waiters();
        done
    }

    /// Waits until an attempt that is due has been made.
    pub async fn attempted(&self, id: &CompanyId) {
        loop {
            let mut tried = std::pin::pin!(self.tried.notified());
            tried.as_mut().enable();
            if self.all().get(id).is_none_or(|waiting| waiting.failures > 0 || waiting.due.is_none()) {
                return;
            }
            tried.await;
        }
    }

    /// When the next attempt is due.
    pub fn next_due(&self) -> Option<Instant> {
        self.all().values().filter_map(|waiting| waiting.due).min()
    }

    /// What is due, and since when each waits.
    pub(super) fn due(&self) -> Vec<(CompanyId, Instant, Timestamp, u32, NoticeSender)> {
        let now = Instant::now();
        let due = |(id, waiting): (&CompanyId, &InstallAttempts)| {
            let due = waiting.due.filter(|due| *due <= now)?;
            let asker = if waiting.for_admin { NoticeSender::Proved } else { NoticeSender::Anybody };
            Some((id.clone(), due, waiting.shown.since, waiting.failures, asker))
        };
        self.all().iter().filter_map(due).collect()
    }

    /// What people see of one.
    pub fn shown(&self, id: &CompanyId) -> Option<WaitingInstall> {
        self.all().get(id).filter(|waiting| !waiting.quiet).map(|waiting| waiting.shown.clone())
    }

    pub fn count(&self) -> usize {
        self.all().values().filter(|waiting| !waiting.quiet).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_asks_while_an_attempt_is_made_gets_another_one() {
        let (installs, id, now) = (Installs::default(), CompanyId::from("m"), Timestamp(5));
        installs.try_now(&id, Timestamp(1));
        let (_, attempt, since, failures, _) = installs.due().remove(0);
        assert_eq!((since, failures), (Timestamp(1), 0));
        tokio::time::advance(Duration::from_millis(1)).await;
        installs.try_now(&id, Timestamp(3));
        assert!(!installs.remove(&id, Some(attempt)), "the log-in has come meanwhile");
        installs.failed(&id, Timestamp(3), InstallTrouble::ServerNotYet("HTTP 503".into()), Some(attempt), now);
        let again = installs.due().remove(0);
        assert_eq!(again.2, Timestamp(1), "what lasts keeps its beginning");
        let why = InstallTrouble::ServerNotYet("HTTP 503".into());
        installs.failed(&id, Timestamp(3), why.clone(), Some(again.1), now);
        assert!(installs.due().is_empty() && installs.next_due() > Some(Instant::now()));
        let shown = installs.shown(&id).expect("it waits");
        assert!(shown.why == why && shown.next_try > Some(now));
        installs.attempted(&id).await;
        assert!(installs.remove(&id, None));
        assert_eq!(installs.count(), 0);
    }
}
