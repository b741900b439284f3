//! The running calls of one company as people see them, shared between the actor and everybody who watches.
//!
//! Putting up a call and looking at an employee's calls cost the same however many calls there are and have been, and
//! however many employees watch.

use crate::domain::card::CallView;
use crate::domain::leg::Capabilities;
use crate::domain::{CallKey, CrmCallId, UserId};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use tokio::sync::{Notify, watch};

#[derive(Debug, Default)]
struct BoardState {
    running: BTreeMap<CallKey, Arc<CallView>>,
    /// Those that have just ended: looked at by name only, so that they make nothing dearer.
    ended: BTreeMap<CallKey, Arc<CallView>>,
    /// Running calls by whoever has a leg in them.
    of_employees: BTreeSet<(UserId, CallKey)>,
    /// Running and ended calls by their CRM calls.
    of_crm_calls: BTreeSet<(CrmCallId, CallKey)>,
    /// Who follows: each hears of what concerns him, as a busy company has a thousand cards open.
    followers: BTreeMap<UserId, watch::Sender<()>>,
    /// CRM calls that somebody waits for: strangers invent them by the hundred, and none of them is woken by others.
    awaited: BTreeMap<CrmCallId, Arc<Notify>>,
    can: Capabilities,
    online: bool,
}

/// Those of a kind, in the order of their calls' keys.
fn keys_of<'a, T: Ord + Clone>(index: &'a BTreeSet<(T, CallKey)>, of: &T) -> impl Iterator<Item = &'a CallKey> {
    let first = (of.clone(), CallKey::new(""));
    let of = of.clone();
    index.range(first..).take_while(move |(other, _)| *other == of).map(|(_, key)| key)
}

fn owners(view: &CallView) -> impl Iterator<Item = UserId> {
    view.legs.iter().filter_map(|leg| leg.owner)
}

impl BoardState {
    fn get(&self, key: &CallKey) -> Option<&Arc<CallView>> {
        self.running.get(key).or_else(|| self.ended.get(key))
    }

    fn shows(&self, crm: &CrmCallId) -> bool {
        keys_of(&self.of_crm_calls, crm).next().is_some()
    }

    fn put_up(&mut self, view: CallView) {
        self.of_crm_calls.extend(view.crm.iter().map(|crm| (crm.clone(), view.key.clone())));
        let calls = if view.ended {
            &mut self.ended
        } else {
            self.of_employees.extend(owners(&view).map(|user| (user, view.key.clone())));
            &mut self.running
        };
        calls.insert(view.key.clone(), Arc::new(view));
    }

    fn take_down(&mut self, key: &CallKey) -> Option<Arc<CallView>> {
        let old = self.running.remove(key).or_else(|| self.ended.remove(key))?;
        for crm in &old.crm {
            self.of_crm_calls.remove(&(crm.clone(), key.clone()));
        }
        for user in owners(&old) {
            self.of_employees.remove(&(user, key.clone()));
        }
        Some(old)
    }

    fn tell(&self, concerned: &BTreeSet<UserId>) {
        let followers = concerned.iter().filter_map(|user| self.followers.get(user));
        followers.for_each(|follower| follower.send_replace(()));
    }
}

/// Written by the actor only.
#[derive(Debug)]
pub struct CallBoard(Arc<Mutex<BoardState>>);

/// The board as those see it who only look. It keeps no board up, so that who follows a company hears when it has gone.
#[derive(Debug, Clone)]
pub struct CallBoardView(Weak<Mutex<BoardState>>);

impl CallBoard {
    pub(super) fn new() -> Self {
        Self(Arc::default())
    }

    /// For whoever looks at it.
    pub fn view(&self) -> CallBoardView {
        CallBoardView(Arc::downgrade(&self.0))
    }

    /// How many calls have not ended.
    pub(super) fn running(&self) -> usize {
        self.shown().running.len()
    }

    /// Waits until this CRM call is among them.
    pub(super) async fn until_it_shows(&self, crm: &CrmCallId) {
        let signal = self.shown().awaited.entry(crm.clone()).or_default().clone();
        let waits = Awaited { board: self, crm, signal: &signal };
        let mut shown = std::pin::pin!(waits.signal.notified());
        // Registered before looking, so that it cannot come up unnoticed in between.
        shown.as_mut().enable();
        if !self.shown().shows(crm) {
            shown.await;
        }
    }

    /// Puts up the call as it is now; nobody is told if it looks the same as before.
    pub(super) fn put(&self, view: CallView) {
        let mut shown = self.shown();
        if shown.get(&view.key).is_some_and(|old| **old == view) {
            return;
        }
        view.crm.iter().filter_map(|crm| shown.awaited.get(crm)).for_each(|signal| signal.notify_waiters());
        let mut concerned: BTreeSet<UserId> = owners(&view).collect();
        let before = shown.take_down(&view.key);
        concerned.extend(before.iter().flat_map(|old| owners(old)));
        shown.put_up(view);
        shown.tell(&concerned);
    }

    /// Takes a call down.
    pub(super) fn remove(&self, key: &CallKey) {
        let mut shown = self.shown();
        if let Some(old) = shown.take_down(key) {
            shown.tell(&owners(&old).collect());
        }
    }

    pub(super) fn set_link(&self, online: bool, can: Capabilities) {
        let mut shown = self.shown();
        (shown.online, shown.can) = (online, can);
        shown.followers.values().for_each(|follower| follower.send_replace(()));
    }

    fn shown(&self) -> MutexGuard<'_, BoardState> {
        look(&self.0)
    }
}

fn look(shown: &Mutex<BoardState>) -> MutexGuard<'_, BoardState> {
    // A panic while the lock is held leaves maps that are whole enough to look at.
    shown.lock().unwrap_or_else(PoisonError::into_inner)
}

impl CallBoardView {
    /// The calls that have not ended, in the order of their keys.
    pub fn running(&self) -> Vec<Arc<CallView>> {
        self.ask(|shown| shown.running.values().cloned().collect())
    }

    /// The running calls in which this employee has or had a leg, and the one that has this CRM call, also if it has
    /// just ended.
    pub fn calls_of(&self, user: UserId, own: Option<&CrmCallId>) -> Vec<Arc<CallView>> {
        self.ask(|shown| {
            let running = keys_of(&shown.of_employees, &user).filter_map(|key| shown.running.get(key));
            let own = own.into_iter().flat_map(|crm| keys_of(&shown.of_crm_calls, crm));
            running.chain(own.filter_map(|key| shown.ended.get(key))).cloned().collect()
        })
    }

    /// The call with this key.
    pub fn call(&self, key: &CallKey) -> Option<Arc<CallView>> {
        self.ask(|shown| shown.get(key).cloned())
    }

    /// The call that has this CRM call.
    pub fn call_of_crm(&self, crm: &CrmCallId) -> Option<Arc<CallView>> {
        self.ask(|shown| keys_of(&shown.of_crm_calls, crm).find_map(|key| shown.get(key)).cloned())
    }

    /// Commands the switch honours.
    pub fn can(&self) -> Capabilities {
        self.ask(|shown| shown.can)
    }

    /// Whether commands can be sent now.
    pub fn online(&self) -> bool {
        self.ask(|shown| shown.online)
    }

    /// Tells when something has changed that this employee sees; closed once the company is not served any more.
    pub fn changes(&self, user: UserId) -> watch::Receiver<()> {
        let Some(shown) = self.0.upgrade() else { return watch::Sender::new(()).subscribe() };
        let mut shown = look(&shown);
        shown.followers.retain(|_, follower| follower.receiver_count() > 0);
        shown.followers.entry(user).or_default().subscribe()
    }

    /// Of a company that has gone nothing is shown.
    fn ask<T: Default>(&self, question: impl FnOnce(&BoardState) -> T) -> T {
        self.0.upgrade().map(|shown| question(&look(&shown))).unwrap_or_default()
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
    use crate::domain::card::{LegView, Phase};
    use crate::domain::leg::Direction;
    use crate::domain::numbers::Party;
    use crate::domain::{Phone, Timestamp};
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

    /// A call in which these employees have legs.
    fn call_of(key: &str, owners: &[i64], ended: bool) -> CallView {
        let leg = |owner: &i64| LegView {
            leg: None,
            owner: Some(UserId(*owner)),
            own: Phone::parse("1001").expect("number"),
            remote: None,
            party: Party::Client,
            display_name: None,
            direction: Direction::In,
            phase: Phase::Ringing,
            answered_at: None,
        };
        CallView { legs: owners.iter().map(leg).collect(), ..view(key, ended) }
    }

    /// Whether each of them has been told something since the last look.
    fn told<const N: usize>(watches: &mut [watch::Receiver<()>; N]) -> [bool; N] {
        watches.each_mut().map(|watch| {
            let told = watch.has_changed().expect("the board is up");
            watch.mark_unchanged();
            told
        })
    }

    fn keys(calls: &[Arc<CallView>]) -> Vec<&str> {
        calls.iter().map(|call| call.key.as_str()).collect()
    }

    #[test]
    fn who_is_concerned_hears_of_changes_and_only_of_changes() {
        let board = CallBoard::new();
        let mut watches = [1, 2, 3].map(|user| board.view().changes(UserId(user)));
        board.put(call_of("a", &[1, 2], false));
        assert_eq!(told(&mut watches), [true, true, false]);
        board.put(call_of("a", &[1, 2], false));
        assert_eq!(told(&mut watches), [false, false, false], "it looks the same");
        board.put(call_of("a", &[1, 3], false));
        assert_eq!(told(&mut watches), [true, true, true], "also who has left it");
        board.put(call_of("a", &[1], true));
        assert_eq!(told(&mut watches), [true, false, true]);
        board.remove(&"a".into());
        board.remove(&"a".into());
        assert_eq!(told(&mut watches), [true, false, false]);
        board.set_link(true, Capabilities::default());
        assert_eq!(told(&mut watches), [true, true, true]);
    }

    #[test]
    fn an_employee_sees_his_running_calls_and_the_one_he_asks_for() {
        let board = CallBoard::new();
        for (key, owners, ended) in
            [("a", &[1, 2][..], false), ("b", &[1], true), ("c", &[1, 1], false), ("d", &[2], false), ("e", &[1], true)]
        {
            board.put(call_of(key, owners, ended));
        }
        let view = board.view();
        assert_eq!(keys(&view.calls_of(UserId(1), None)), ["a", "c"]);
        assert_eq!(keys(&view.calls_of(UserId(1), Some(&"crm-b".into()))), ["a", "c", "b"]);
        assert_eq!(keys(&view.calls_of(UserId(1), Some(&"crm-c".into()))), ["a", "c"]);
        assert_eq!(keys(&view.calls_of(UserId(2), None)), ["a", "d"]);
        assert_eq!(keys(&view.calls_of(UserId(3), None)), [""; 0]);
        assert_eq!((keys(&view.running()), board.running()), (vec!["a", "c", "d"], 3));
        let by_crm = view.call_of_crm(&"crm-e".into()).expect("it has just ended");
        assert_eq!(view.call(&"e".into()), Some(by_crm));
        board.put(call_of("a", &[2], false));
        board.remove(&"e".into());
        assert_eq!(keys(&view.calls_of(UserId(1), Some(&"crm-e".into()))), ["c"]);
        assert_eq!((view.call_of_crm(&"crm-e".into()), view.call(&"e".into())), (None, None));
    }

    #[test]
    fn what_is_taken_down_or_closed_leaves_nothing_behind() {
        let board = CallBoard::new();
        let (closed, open) = (board.view().changes(UserId(1)), board.view().changes(UserId(2)));
        for n in 0..100 {
            let key = n.to_string();
            board.put(call_of(&key, &[1, n], false));
            board.put(call_of(&key, &[2], n % 2 == 0));
            board.put(CallView { crm: vec!["other".into()], ..call_of(&key, &[2, 3], true) });
            board.remove(&key.as_str().into());
        }
        drop(closed);
        let another = board.view().changes(UserId(2));
        let shown = board.shown();
        assert!(shown.running.is_empty() && shown.ended.is_empty(), "{shown:?}");
        assert!(shown.of_employees.is_empty() && shown.of_crm_calls.is_empty(), "{shown:?}");
        assert_eq!(shown.followers.keys().collect::<Vec<_>>(), [&UserId(2)]);
        drop((open, another));
    }

    #[test]
    fn who_follows_a_company_that_goes_hears_of_it() {
        let board = CallBoard::new();
        board.put(call_of("a", &[1], false));
        board.set_link(true, Capabilities::default());
        let view = board.view();
        let mut follows = view.changes(UserId(1));
        assert!(view.online() && follows.changed().now_or_never().is_none());
        drop(board);
        assert!(follows.changed().now_or_never().expect("at once").is_err());
        assert!(view.changes(UserId(1)).changed().now_or_never().expect("at once").is_err());
        assert_eq!((view.online(), view.running(), view.calls_of(UserId(1), None)), (false, vec![], vec![]));
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
