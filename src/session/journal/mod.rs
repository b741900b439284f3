//! What a company's actor has decided, on its way to the disk.
//!
//! A call never waits for a disk that fails: a step that could not be stored is kept in memory, together with all that
//! follow, and everything is stored as soon as the disk works again. Until then only what the disk had before would
//! survive the end of the process.

mod buffer;

use crate::clock::random_unit;
use crate::domain::link::retry_delay;
use crate::domain::{CompanyId, CrmCallId, ExternalId, Timestamp};
use crate::store::{IntentId, Record, Store, StoreError, TimedRecord};
use buffer::WriteBuffer;
use std::time::Duration;

/// The disk is tried again at least this often.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Stores a company's steps, in their order.
pub(super) struct Journal {
    store: Store,
    company: CompanyId,
    waiting: Option<Unstored>,
    /// Lines of calls' stories given up and not counted elsewhere yet.
    dropped: u64,
}

/// What waits while the disk fails.
struct Unstored {
    buffer: WriteBuffer,
    failures: u32,
    retry_at: Timestamp,
}

impl Journal {
    pub fn new(store: Store, company: CompanyId) -> Self {
        Self { store, company, waiting: None, dropped: 0 }
    }

    /// Stores a step, or keeps it until it can be stored. Tells the ids of its requests.
    pub async fn keep(&mut self, record: Record, now: Timestamp) -> Vec<IntentId> {
        let ids = self.store.intent_ids(record.intents.len());
        let step = TimedRecord { at: now, record, ids: ids.clone() };
        if let Some(waiting) = &mut self.waiting {
            waiting.buffer.add(step);
            self.catch_up(now).await;
        } else if let Err(error) = self.store.record_late(&self.company, std::slice::from_ref(&step), now).await {
            self.not_stored(step, &error, now);
        }
        ids
    }

    /// Forgets requests that need not be made any more.
    pub async fn settle(&mut self, settled: Vec<IntentId>, now: Timestamp) {
        if !settled.is_empty() {
            self.keep(Record { settled, ..Record::default() }, now).await;
        }
    }

    fn not_stored(&mut self, step: TimedRecord, error: &StoreError, now: Timestamp) {
        if is_for_good(error) {
            tracing::error!(%error, "a step cannot be stored and will be lost if the daemon stops now");
            return;
        }
        tracing::warn!(%error, "steps are kept in memory until they can be stored");
        let mut buffer = WriteBuffer::default();
        buffer.add(step);
        self.waiting = Some(Unstored { buffer, failures: 1, retry_at: now + pause(1) });
    }

    /// Tries to store what waits, if its time has come.
    pub async fn catch_up(&mut self, now: Timestamp) {
        if self.waiting.as_ref().is_some_and(|w| w.retry_at <= now) {
            self.try_again(now).await;
        }
    }

    async fn try_again(&mut self, now: Timestamp) {
        let Some(mut waiting) = self.waiting.take() else { return };
        while let Some(steps) = waiting.buffer.next() {
            let stored = match self.store.record_late(&self.company, &steps, now).await {
                Err(error) if is_for_good(&error) => self.store_singly(&steps, now).await,
                other => other,
            };
            if let Err(error) = stored {
                tracing::debug!(%error, failures = waiting.failures, "steps cannot be stored yet");
                waiting.failures += 1;
                waiting.retry_at = now + pause(waiting.failures);
                self.waiting = Some(waiting);
                return;
            }
            waiting.buffer.done();
        }
        let (steps, dropped) = (waiting.buffer.steps(), waiting.buffer.dropped());
        self.dropped += dropped;
        if dropped > 0 {
            tracing::warn!(lines = dropped, "lines of calls' stories were given up, as too much waited");
        }
        tracing::warn!(steps, "everything that waited in memory is stored");
    }

    /// One of these contradicts what is stored: it alone is lost.
    async fn store_singly(&self, steps: &[TimedRecord], now: Timestamp) -> Result<(), StoreError> {
        for step in steps {
            match self.store.record_late(&self.company, std::slice::from_ref(step), now).await {
                Err(error) if is_for_good(&error) => {
                    tracing::error!(%error, "a part of a step cannot be stored");
                }
                other => other?,
            }
        }
        Ok(())
    }

    /// The last attempt before the actor ends.
    pub async fn close(&mut self, now: Timestamp) {
        self.try_again(now).await;
        if let Some(waiting) = &self.waiting {
            let steps = waiting.buffer.steps();
            tracing::error!(steps, "steps could not be stored and are lost with this process");
        }
    }

    /// How many lines of calls' stories were given up since this was asked last.
    pub fn take_dropped_lines(&mut self) -> u64 {
        std::mem::take(&mut self.dropped)
    }

    /// When to try again.
    pub fn next_wake(&self) -> Option<Timestamp> {
        self.waiting.as_ref().map(|w| w.retry_at)
    }

    /// The clock was corrected.
    pub fn wake(&mut self, now: Timestamp) {
        if let Some(waiting) = &mut self.waiting {
            waiting.retry_at = now;
        }
    }

    /// What the CRM calls a lane, by what waits and then by what is stored.
    pub async fn crm_id(&self, lane: &ExternalId) -> Option<CrmCallId> {
        if let Some(crm) = self.waiting.as_ref().and_then(|w| w.buffer.crm_id(lane)) {
            return Some(crm.clone());
        }
        self.store.crm_id(&self.company, lane).await.unwrap_or_else(|error| {
            tracing::error!(%lane, %error, "the lane's CRM call cannot be read");
            None
        })
    }
}

/// Whether trying again is pointless: the step contradicts what is stored.
fn is_for_good(error: &StoreError) -> bool {
    matches!(error, StoreError::Conflict(_))
}

fn pause(failures: u32) -> Duration {
    retry_delay(failures, random_unit()).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{CallKey, Tokens, UserId};
    use crate::store::{CallUpdate, NewCompany, NewIntent, TraceLine};
    use tempfile::TempDir;

    const NOW: Timestamp = Timestamp(1_000_000);
    const LATER: Timestamp = Timestamp(2_000_000);

    async fn journal() -> (TempDir, Journal) {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open_with(dir.path(), None).await.unwrap();
        let company = NewCompany {
            id: "m".into(),
            domain: "d".into(),
            client_endpoint: "https://d/rest/".into(),
            client_id: "c".into(),
            client_secret: "s".into(),
            application_token: None,
            language: None,
        };
        let tokens = Tokens {
            access: "a".into(),
            refresh: "r".into(),
            expires_at: NOW,
            refresh_obtained_at: NOW,
            user_id: Some(UserId(1)),
            server_endpoint: None,
            scope: String::new(),
            previous: None,
        };
        store.register_company(&company, &tokens, NOW).await.unwrap();
        (dir, Journal::new(store, "m".into()))
    }

    fn step(call: &str, body: &str, intents: usize) -> Record {
        let key = CallKey::from(call);
        let intent = NewIntent { lane: "l".into(), call: key.clone(), body: body.into() };
        Record {
            trace: vec![TraceLine { call: key.clone(), at: NOW, text: body.into() }],
            calls: vec![CallUpdate { key, body: body.into(), ended_at: None }],
            intents: vec![intent; intents],
            ..Record::default()
        }
    }

    #[tokio::test]
    async fn what_the_disk_refused_is_stored_whole_and_once_when_it_works_again() {
        let (_dir, mut journal) = journal().await;
        let (store, id) = (journal.store.clone(), journal.company.clone());
        let first = journal.keep(step("a", "1", 1), NOW).await;
        store.break_disk(true).await;
        let second = journal.keep(step("a", "2", 2), NOW).await;
        assert!(first[0] < second[0] && second[0] < second[1], "ids are given in order, stored or not");
        let settled = Record { settled: vec![first[0], second[0]], ..step("b", "3", 0) };
        journal.keep(settled, NOW).await;
        journal.keep(Record { crm_ids: vec![("l".into(), "crm".into())], ..Record::default() }, NOW).await;
        assert_eq!(journal.crm_id(&"l".into()).await, Some("crm".into()), "what waits is known");
        let due = journal.next_wake().unwrap();
        assert!(due > NOW && due <= NOW + LONGEST_PAUSE);
        journal.catch_up(LATER).await;
        assert!(journal.next_wake().unwrap() > LATER, "still in vain: tried again later");
        store.break_disk(false).await;
        journal.catch_up(LATER).await;
        assert!(journal.waiting.is_some(), "not before its time");
        journal.catch_up(LATER + LONGEST_PAUSE).await;
        assert_eq!(journal.next_wake(), None);
        let left: Vec<_> =
            store.pending_intents(&id).await.unwrap().into_iter().map(|i| (i.id, i.created_at)).collect();
        assert_eq!(left, [(second[1], NOW)]);
        let bodies: Vec<_> = store.open_calls(&id).await.unwrap().into_iter().map(|c| c.body).collect();
        assert_eq!(bodies, ["2", "3"], "the last state of each call");
        assert_eq!(store.trace(&id, &"a".into()).await.unwrap().len(), 2, "no line is lost or doubled");
        assert_eq!(store.crm_id(&id, &"l".into()).await.unwrap(), Some("crm".into()));
    }

    #[tokio::test]
    async fn a_step_against_the_rules_does_not_hold_up_the_others() {
        let (_dir, mut journal) = journal().await;
        let (store, id) = (journal.store.clone(), journal.company.clone());
        store.break_disk(true).await;
        let ids = journal.keep(step("a", "1", 1), NOW).await;
        journal.keep(step("b", "2", 1), NOW).await;
        store.break_disk(false).await;
        // The first one's id is taken behind the journal's back.
        let taken = TimedRecord { at: NOW, record: step("x", "0", 1), ids };
        store.record_late(&id, &[taken], NOW).await.unwrap();
        journal.catch_up(LATER).await;
        assert_eq!(journal.next_wake(), None);
        assert_eq!(store.pending_intents(&id).await.unwrap().len(), 2);
        assert_eq!(store.open_calls(&id).await.unwrap().len(), 3);
    }

    #[tokio::test]
    async fn the_last_attempt_is_made_at_the_end() {
        let (_dir, mut journal) = journal().await;
        let (store, id) = (journal.store.clone(), journal.company.clone());
        store.break_disk(true).await;
        journal.keep(step("a", "1", 1), NOW).await;
        store.break_disk(false).await;
        journal.close(NOW).await;
        assert_eq!(store.pending_intents(&id).await.unwrap().len(), 1);
    }
}
