//! A portal proves its application token: we have it send a test event with a secret that nobody else knows. What comes
//! back with that secret comes from the portal, whatever strangers have told us in its name.

use super::companies::Companies;
use super::handle::CompanyHandle;
use crate::bitrix::ApiError;
use crate::bitrix::hook::authentic;
use crate::clock::random_token;
use crate::domain::company::Company;
use crate::domain::test_event::{is_awaited, pause, serves_again};
use crate::domain::{CompanyId, Timestamp};
use secrecy::SecretString;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// After the start of a company: an installation that was told before, or a log-in under way, may bring the token.
const AFTER_START: Duration = Duration::from_secs(10);

/// The test event that a company waits for. It is in memory only: after a restart another one is asked for.
#[derive(Debug, Default)]
pub(super) struct AwaitedTestEvent(Mutex<Option<TestEventSecret>>);

#[derive(Debug)]
struct TestEventSecret {
    secret: SecretString,
    asked_at: Timestamp,
}

impl AwaitedTestEvent {
    fn awaited(&self) -> MutexGuard<'_, Option<TestEventSecret>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The secret to ask with now.
    fn secret(&self, now: Timestamp) -> SecretString {
        let mut awaited = self.awaited();
        let kept = awaited.take().filter(|kept| serves_again(kept.asked_at, now));
        let fresh = || TestEventSecret { secret: random_token().into(), asked_at: now };
        awaited.insert(kept.unwrap_or_else(fresh)).secret.clone()
    }

    /// Whether an event is waited for, so that its handler in the portal has to stay.
    pub fn is_some(&self) -> bool {
        self.awaited().is_some()
    }

    /// Whether an event with this secret is the one we have asked for.
    fn is_answered_by(&self, shown: Option<&SecretString>, now: Timestamp) -> bool {
        let awaited = self.awaited();
        awaited.as_ref().is_some_and(|kept| is_awaited(kept.asked_at, now) && authentic(&kept.secret, shown))
    }

    /// No event is waited for any more; `false` if none was.
    fn end(&self) -> bool {
        self.awaited().take().is_some()
    }
}

/// When a company's portal is asked next.
pub(super) struct TestEventAttempts {
    made: u32,
    due: Option<Instant>,
}

impl TestEventAttempts {
    /// Of a company that has just been started and is looked after for the first time after `first_delay`.
    pub fn begin(first_delay: Duration) -> Self {
        Self { made: 0, due: Some(Instant::now() + first_delay + AFTER_START) }
    }

    /// Ready when the next attempt is due.
    pub async fn due(&self) {
        match self.due {
            Some(due) => tokio::time::sleep_until(due).await,
            None => std::future::pending().await,
        }
    }

    /// Somebody has logged in, or the event has come: begins anew, with an attempt now.
    pub async fn restart(&mut self, company: &CompanyHandle, handler: &str) {
        self.made = 0;
        self.attempt(company, handler).await;
    }

    /// Asks for a test event at `handler`, unless the application token is known by now.
    pub async fn attempt(&mut self, company: &CompanyHandle, handler: &str) {
        let known = match company.0.store.company(company.id()).await {
            Ok(found) => found.is_none_or(|found| found.application_token.is_some()),
            Err(error) => {
                tracing::error!(%error, "the company's application token cannot be read");
                return self.later();
            }
        };
        if known {
            self.due = None;
            if company.0.test_event.end() {
                end_at_portal(company, handler).await;
            }
            return;
        }
        let secret = company.0.test_event.secret(company.0.clock.now());
        if let Err(error) = company.portal().ask_for_test_event(handler, &secret).await {
            tracing::debug!(%error, "the portal sends no test event");
            // Of what got no answer the event may be on its way.
            if matches!(error, ApiError::Refused { .. }) && company.0.test_event.end() {
                end_at_portal(company, handler).await;
            }
        }
        self.later();
    }

    fn later(&mut self) {
        self.made += 1;
        self.due = Some(Instant::now() + pause(self.made));
    }
}

/// What is left over here is found and removed when the bindings are compared.
async fn end_at_portal(company: &CompanyHandle, handler: &str) {
    if let Err(error) = company.portal().end_test_events(handler).await {
        tracing::debug!(%error, "the portal may keep the handler of its test event for now");
    }
}

impl Companies {
    /// A test event has come for a company whose application token is not known. If it carries the secret that the
    /// company's portal was asked with, it is the portal's, and so is its application token: that is kept, and what was
    /// told of installations is measured by it. `false` proves nothing.
    pub async fn proved_by_test_event(
        &self,
        company: &Company,
        application_token: Option<&SecretString>,
        secret: Option<&SecretString>,
    ) -> bool {
        let (Some(handle), Some(token)) = (self.get(&company.id), application_token) else { return false };
        if company.application_token.is_some() || !handle.0.test_event.is_answered_by(secret, self.now()) {
            return false;
        }
        self.learn_application_token(company, token).await;
        tracing::info!("the portal has proved its application token by a test event");
        self.settle_installs(&company.id, token).await;
        handle.prove_portal();
        true
    }

    /// An administrator has logged in, and what was told of installations has been tried: if the application token is
    /// still not known, the portal is asked for it.
    pub(super) fn prove_portal(&self, id: &CompanyId) {
        if let Some(handle) = self.get(id) {
            handle.prove_portal();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp(1_800_000_000_000);
    const MINUTE: Duration = Duration::from_secs(60);

    fn shown(text: &str) -> SecretString {
        text.to_owned().into()
    }

    #[test]
    fn only_the_secret_that_was_asked_with_answers_and_only_for_an_hour() {
        let event = AwaitedTestEvent::default();
        assert!(!event.is_answered_by(Some(&shown("")), START), "nothing was asked");
        let secret = event.secret(START);
        assert!(event.is_answered_by(Some(&secret), START + MINUTE * 59));
        assert!(!event.is_answered_by(Some(&secret), START + MINUTE * 60));
        for wrong in [None, Some(shown("")), Some(shown("guessed"))] {
            assert!(!event.is_answered_by(wrong.as_ref(), START), "{wrong:?}");
        }
        assert!(event.end() && !event.is_some() && !event.end());
        assert!(!event.is_answered_by(Some(&secret), START), "it was answered before");
    }

    #[test]
    fn attempts_soon_after_each_other_share_a_secret_and_later_ones_do_not() {
        use secrecy::ExposeSecret as _;
        let event = AwaitedTestEvent::default();
        let drawn = |minutes: u32| event.secret(START + MINUTE * minutes).expose_secret().to_owned();
        let first = drawn(0);
        assert!(first.len() >= 22, "128 bits at least: {}", first.len());
        assert_eq!([drawn(1), drawn(21)], [first.clone(), first.clone()]);
        assert_ne!(drawn(81), first);
        assert!(!event.is_answered_by(Some(&shown(&first)), START + MINUTE * 81));
    }
}
