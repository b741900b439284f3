//! The running calls of one company as people see them, shared between the actor and everybody who watches.

use crate::domain::card::CallView;
use crate::domain::leg::Capabilities;
use crate::domain::{CallKey, CrmCallId};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, watch};

#[derive(Debug, Default)]
struct BoardState {
    calls: BTreeMap<CallKey, Arc<CallView>>,
    /// CRM calls that somebody waits for: strangers invent them by the hundred, and none of them is woken by others.
    awaited: BTreeMap<CrmCallId, Arc<Notify>>,
    can: Capabilities,
    online: bool,
}

/// Written by the actor only; clones show the same board.
#[derive(Debug, Clone)]
pub struct CallBoard {
    shown: Arc<Mutex<BoardState>>,
    version: Arc<watch::Sender<u64>>,
}

impl CallBoard {
    pub(super) fn new() -> Self {
        Self { shown: Arc::default(), version: Arc::new(watch::Sender::new(0)) }
    }

    /// The calls now, those that have just ended included, in the order of their keys.
    pub fn calls(&self) -> Vec<Arc<CallView>> {
        self.shown().calls.values().cloned().collect()
    }

    /// How many calls have not ended.
    pub fn running(&self) -> usize {
        self.shown().calls.values().filter(|c| !c.ended).count()
    }

    /// Whether this CRM call is among them.
    pub(super) fn shows(&self, crm: &CrmCallId) -> bool {
        self.shown().calls.values().any(|call| call.crm.contains(crm))
    }

    /// Waits until this CRM call is among them.
    pub(super) async fn until_it_shows(&self, crm: &CrmCallId) {
        let signal = self.shown().awaited.entry(crm.clone()).or_default().clone();
        let waits = Awaited { board: self, crm, signal: &signal };
        let mut shown = std::pin::pin!(waits.signal.notified());
        // Registered before looking, so that it cannot come up unnoticed in between.
        shown.as_mut().enable();
        if !self.shows(crm) {
            shown.await;
        }
    }

    /// Commands the switch honours.
    pub fn can(&self) -> Capabilities {
        self.shown().can
    }

    /// Whether commands can be sent now.
    pub fn online(&self) -> bool {
        self.shown().online
    }

    /// Tells when something has changed.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }

    /// Puts up the call as it is now; nothing is announced if it looks the same as before.
    pub(super) fn put(&self, view: CallView) {
        let changed = {
            let mut shown = self.shown();
            let same = shown.calls.get(&view.key).is_some_and(|old| **old == view);
            if !same {
                view.crm.iter().filter_map(|crm| shown.awaited.get(crm)).for_each(|signal| signal.notify_waiters());
                shown.calls.insert(view.key.clone(), Arc::new(view));
            }
            !same
        };
        if changed {
            self.announce();
        }
    }

    /// Takes a call down.
    pub(super) fn remove(&self, key: &CallKey) {
        if self.shown().calls.remove(key).is_some() {
            self.announce();
        }
    }

    pub(super) fn set_link(&self, online: bool, can: Capabilities) {
        {
            let mut shown = self.shown();
            (shown.online, shown.can) = (online, can);
        }
        self.announce();
    }

    fn announce(&self) {
        self.version.send_modify(|v| *v += 1);
    }

    fn shown(&self) -> MutexGuard<'_, BoardState> {
        // A panic while the lock is held leaves a map that is whole.
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody waits for a CRM call; the last who does leaves no entry behind.
struct Awaited<'a> {
    board: &'a CallBoard,
    crm: &'a CrmCallId,
    signal: &'a Arc<Notify>,
}

impl Drop for Awaited<'_> {
    fn drop(&mut self) {
        let mut shown = self.board.shown();
        // One is held here, one in the entry.
        if Arc::strong_count(self.signal) <= 2 {
            shown.awaited.remove(self.crm);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Timestamp;
    use futures_util::FutureExt as _;

    fn view(key: &str, ended: bool) -> CallView {
        CallView {
            key: key.into(),
            crm: vec![format!("crm-{key}").as_str().into()],
            started_at: Timestamp(0),
            internal: false,
            ended,
            legs: Vec::new(),
            click: None,
        }
    }

    #[test]
    fn watchers_hear_of_changes_and_only_of_changes() {
        let board = CallBoard::new();
        let mut watch = board.watch();
        board.put(view("a", false));
        assert!(watch.has_changed().expect("open"));
        watch.mark_unchanged();
        board.put(view("a", false));
        assert!(!watch.has_changed().expect("open"));
        board.put(view("a", true));
        board.put(view("b", false));
        assert_eq!((board.calls().len(), board.running()), (2, 1));
        assert!(board.shows(&"crm-b".into()) && !board.shows(&"crm-c".into()));
        board.remove(&"b".into());
        assert_eq!(board.running(), 0);
        assert!(!board.shows(&"crm-b".into()));
    }

    #[test]
    fn who_waits_for_a_call_is_woken_by_that_call_only_and_leaves_no_trace() {
        let (board, one, two) = (CallBoard::new(), CrmCallId::from("crm-1"), CrmCallId::from("crm-2"));
        let mut waiting = [&one, &one, &two].map(|crm| Box::pin(board.until_it_shows(crm)));
        assert!(waiting.iter_mut().all(|wait| wait.as_mut().now_or_never().is_none()));
        assert_eq!(board.shown().awaited.len(), 2);
        board.put(view("1", false));
        let woken = waiting.iter_mut().map(|wait| wait.as_mut().now_or_never().is_some()).collect::<Vec<_>>();
        assert_eq!(woken, [true, true, false]);
        assert!(board.until_it_shows(&one).now_or_never().is_some(), "it is there already");
        drop(waiting);
        assert!(board.shown().awaited.is_empty());
    }
}
