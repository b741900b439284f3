//! What of ours has to be set up in a portal, and what the portal refused of it.

use super::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// One thing we want to have in the portal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Binding {
    /// To be told when somebody clicks on a number.
    Click,
    /// Our tab in the call card.
    Card,
    /// Our line, which employees choose as their number for outgoing calls.
    Line,
    /// That an old address of ours is no longer used.
    OldAddress,
    /// The list of its users, whose numbers decide whose calls they are.
    Users,
}

impl Binding {
    /// What is bound in the portal; the users are fetched after it.
    pub const BOUND: [Self; 4] = [Self::Click, Self::Card, Self::Line, Self::OldAddress];

    /// A stable word for logs and JSON.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Click => "click",
            Self::Card => "card",
            Self::Line => "line",
            Self::OldAddress => "old_address",
            Self::Users => "users",
        }
    }
}

/// What came back instead of what was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefusalReason {
    /// The other side's own words.
    Words(String),
    /// Nothing it said: what was seen instead.
    Seen(String),
}

impl fmt::Display for RefusalReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Words(text) | Self::Seen(text) => f.write_str(text),
        }
    }
}

/// Something that the portal refused to set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedBinding {
    pub what: Binding,
    pub since: Timestamp,
    pub why: RefusalReason,
}

/// All that is refused at the moment, and when it is tried again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Refusals {
    /// Each thing once.
    pub bindings: Vec<RefusedBinding>,
    /// The next attempt; `None` where nothing is refused.
    pub next_try: Option<Timestamp>,
}

/// First pause after a refusal: long enough for a person's second click in the portal.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
/// Longest pause: a refusal is rarely lifted by itself, and the portal counts requests.
const LONGEST_PAUSE: Duration = Duration::from_secs(600);

/// How long to wait after the `failures`-th (from 1) refusal in a row, spread by `random` in 0.0..1.0 over the upper
/// half.
pub fn pause(failures: u32, random: f64) -> Duration {
    let base = FIRST_PAUSE.saturating_mul(1 << failures.saturating_sub(1).min(10)).min(LONGEST_PAUSE);
    base.mul_f64(0.5 + random.clamp(0.0, 1.0) / 2.0)
}

impl Refusals {
    /// What is refused now, by what was before: what lasts keeps its beginning, and what was not `looked` after keeps
    /// its state.
    pub fn after(
        &self,
        looked: &[Binding],
        refused: Vec<(Binding, RefusalReason)>,
        now: Timestamp,
        next_try: Option<Timestamp>,
    ) -> Self {
        let since = |what: Binding| self.bindings.iter().find(|b| b.what == what).map_or(now, |b| b.since);
        let kept = self.bindings.iter().filter(|b| !looked.contains(&b.what));
        let mut bindings: Vec<RefusedBinding> = kept.cloned().collect();
        for (what, why) in refused {
            if bindings.iter().all(|b| b.what != what) {
                bindings.push(RefusedBinding { what, since: since(what), why });
            }
        }
        bindings.sort_by_key(|b| b.what);
        Self { next_try: next_try.filter(|_| !bindings.is_empty()), bindings }
    }

    /// Whether this thing is refused for the same reason.
    pub fn lists(&self, refused: &RefusedBinding) -> bool {
        self.bindings.iter().any(|b| b.what == refused.what && b.why == refused.why)
    }

    /// Whether both say the same to a person: the same things for the same reasons.
    pub fn has_same_content(&self, other: &Self) -> bool {
        let words = |r: &Self| r.bindings.iter().map(|b| (b.what, b.why.clone())).collect::<Vec<_>>();
        words(self) == words(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lasts_keeps_its_beginning_and_what_is_over_is_gone() {
        let refused = |what, why: &str| (what, RefusalReason::Words(why.to_owned()));
        let all = &Binding::BOUND;
        let first = Refusals::default().after(
            all,
            vec![refused(Binding::Click, "no"), refused(Binding::Click, "twice"), refused(Binding::Card, "no")],
            Timestamp(1),
            Some(Timestamp(9)),
        );
        assert_eq!((first.bindings.len(), first.next_try), (2, Some(Timestamp(9))));
        let later = first.after(all, vec![refused(Binding::Card, "no")], Timestamp(5), Some(Timestamp(20)));
        assert_eq!(
            later.bindings,
            [RefusedBinding { what: Binding::Card, since: Timestamp(1), why: RefusalReason::Words("no".into()) }]
        );
        assert!(!later.has_same_content(&first));
        assert!(later.has_same_content(&later.after(
            all,
            vec![refused(Binding::Card, "no")],
            Timestamp(6),
            Some(Timestamp(30))
        )));
        let other =
            later.after(&[Binding::Users], vec![refused(Binding::Users, "no")], Timestamp(6), Some(Timestamp(30)));
        assert_eq!(other.bindings.iter().map(|b| b.what).collect::<Vec<_>>(), [Binding::Card, Binding::Users]);
        assert!(later.has_same_content(&other.after(&[Binding::Users], Vec::new(), Timestamp(7), Some(Timestamp(40)))));
        let well = later.after(all, Vec::new(), Timestamp(7), Some(Timestamp(40)));
        assert_eq!(well, Refusals::default());
    }

    #[test]
    fn pauses_grow_from_seconds_to_minutes() {
        assert_eq!((pause(1, 1.0), pause(1, 0.0)), (FIRST_PAUSE, FIRST_PAUSE / 2));
        assert_eq!(pause(3, 1.0), FIRST_PAUSE * 4);
        assert_eq!(pause(99, 1.0), LONGEST_PAUSE);
    }
}
