//! What must be recorded of a call, worked out slowly from the finished truth.
//!
//! A [`Truth`] is a call as it really was: who was called when, who took the call, who handed it to whom. From it the
//! records and the cards follow by looking at the whole time line, tenth of a second by tenth of a second, without
//! events, phases or memory. Nothing here uses the brain's own code; only its words for the result.

use super::{CrmCallKind, FinishStatus, Phone, UserId, owner};

/// Tenths of a second since the call began.
pub(super) type Tenths = u64;

/// After so long without any ringing an unanswered call is missed; the truths keep well clear of it on both sides.
const MISSED_AFTER: Tenths = 30;

/// One phone's part in the call.
#[derive(Debug, Clone)]
pub(super) struct Part {
    /// The switch's id.
    pub leg: String,
    /// Its number.
    pub own: Phone,
    /// The phone that called.
    pub outgoing: bool,
    /// When it was first shown.
    pub begins: Tenths,
    /// Picked up.
    pub answered: Option<Tenths>,
    /// Whom it talks with at first: a colleague until he hands the client over at this time.
    pub client_from: Option<Tenths>,
    /// Looked connected for a moment, but another phone had the call.
    pub only_flickered: Option<Tenths>,
    /// Over.
    pub ends: Tenths,
}

/// A call as it really was.
#[derive(Debug, Clone, Default)]
pub(super) struct Truth {
    pub parts: Vec<Part>,
    /// The employee had clicked in the portal.
    pub clicked: bool,
    /// Who gets missed calls.
    pub responsible: Option<UserId>,
}

/// A record that must exist.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Must {
    pub user: UserId,
    /// `Outgoing`, `Incoming` or `Redirected`, as a word.
    pub kind: String,
    pub code: &'static str,
    pub seconds: u32,
}

impl Part {
    pub fn user(&self) -> Option<UserId> {
        owner(&self.own)
    }

    /// The time in which this phone is connected with the client: from, to.
    pub fn conversation(&self) -> Option<(Tenths, Tenths)> {
        let begins = self.answered?.max(self.client_from.unwrap_or(0));
        (self.user().is_some() && begins <= self.ends).then_some((begins, self.ends))
    }

    fn talks_at(&self, t: Tenths) -> bool {
        self.conversation().is_some_and(|(from, to)| from <= t && t < to)
    }
}

impl Truth {
    pub fn over(&self) -> Tenths {
        self.parts.iter().map(|p| p.ends).max().unwrap_or(0)
    }

    /// Who may see a card at this moment: who talks with the client, and all whose phones ring for him while none of
    /// those who rang together has picked up.
    pub fn may_see(&self, t: Tenths) -> Vec<UserId> {
        let first = self.parts.iter().map(|p| p.begins).min();
        let before_the_ring = |p: &&Part| self.clicked && Some(p.begins) == first && t < p.begins;
        let part = self.parts.iter().filter(|p| p.talks_at(t) || self.rings_at(p, t) || before_the_ring(p));
        let mut users: Vec<UserId> = part.filter_map(Part::user).collect();
        users.sort();
        users.dedup();
        users
    }

    /// Whether it rings (or its owner listens to the ringing) for the client, and nobody has picked up instead.
    fn rings_at(&self, part: &Part, t: Tenths) -> bool {
        let elsewhere = self.conversations_of_called().filter(|from| *from > part.begins).min();
        let until = part.answered.unwrap_or(part.ends).min(elsewhere.unwrap_or(Tenths::MAX));
        part.client_from.is_none() && part.user().is_some() && part.begins <= t && t < until
    }

    /// Every record, sorted.
    pub fn records(&self) -> Vec<Must> {
        let mut all: Vec<Must> = self.parts.iter().filter_map(|p| self.of_conversation(p)).collect();
        all.extend(self.attempts().iter().filter_map(|attempt| self.of_attempt(attempt)));
        all.extend(self.unanswered_caller());
        all.sort();
        all
    }

    /// Seconds this employee truly talked with the client, and in how many conversations.
    pub fn talked(&self, user: UserId) -> (f64, usize) {
        let own = self.parts.iter().filter(|p| p.user() == Some(user)).filter_map(Part::conversation);
        own.fold((0.0, 0), |(sum, n), (from, to)| (sum + (to - from) as f64 / 10.0, n + 1))
    }

    fn of_conversation(&self, part: &Part) -> Option<Must> {
        let (from, to) = part.conversation()?;
        let kind = if part.outgoing { "Outgoing".to_owned() } else { self.kind_at(self.called_at(part, from)) };
        let seconds = u32::try_from((to - from + 5) / 10).expect("a short call").max(1);
        Some(Must { user: part.user()?, kind, code: FinishStatus::Answered.code(), seconds })
    }

    /// When the ringing began that led to this conversation.
    fn called_at(&self, part: &Part, from: Tenths) -> Tenths {
        let attempts = self.attempts();
        let led_here = |a: &&Vec<Tenths>| part.client_from.is_none() && self.led_to(a) == Some(from);
        attempts.iter().find(led_here).map_or(from, |a| a[0])
    }

    /// Incoming, unless somebody had talked with the client before.
    fn kind_at(&self, t: Tenths) -> String {
        let before = self.parts.iter().filter_map(Part::conversation).any(|(from, _)| from < t);
        let kind = if before { CrmCallKind::Redirected } else { CrmCallKind::Incoming };
        format!("{kind:?}")
    }

    /// Runs of tenths in which somebody's called phone rings, pauses that are short enough included.
    fn attempts(&self) -> Vec<Vec<Tenths>> {
        let mut runs: Vec<Vec<Tenths>> = Vec::new();
        for t in 0..=self.over() {
            let rings = self.parts.iter().any(|p| !p.outgoing && self.rings_at(p, t));
            if !rings {
                continue;
            }
            match runs.last_mut() {
                Some(run) if !self.ended_between(run, t) => run.push(t),
                _ => runs.push(vec![t]),
            }
        }
        runs
    }

    /// Whether the attempt had come to its end before `t`: answered, or silent for too long.
    fn ended_between(&self, run: &[Tenths], t: Tenths) -> bool {
        t - run[run.len() - 1] > MISSED_AFTER || self.led_to(run).is_some_and(|from| from <= t)
    }

    /// When the conversation began that this ringing led to.
    fn led_to(&self, run: &[Tenths]) -> Option<Tenths> {
        let (first, last) = (run[0], run[run.len() - 1]);
        self.conversations_of_called().filter(|from| first < *from && *from <= last + MISSED_AFTER).min()
    }

    fn conversations_of_called(&self) -> impl Iterator<Item = Tenths> {
        let called = self.parts.iter().filter(|p| !p.outgoing && p.client_from.is_none());
        called.filter_map(Part::conversation).map(|(from, _)| from)
    }

    fn of_attempt(&self, attempt: &[Tenths]) -> Option<Must> {
        if self.led_to(attempt).is_some() {
            return None;
        }
        let first = self.parts.iter().find(|p| !p.outgoing && self.rings_at(p, attempt[0]))?;
        let user = self.responsible.or(first.user())?;
        Some(Must { user, kind: self.kind_at(attempt[0]), code: FinishStatus::Missed.code(), seconds: 0 })
    }

    /// The record of a caller nobody answered.
    fn unanswered_caller(&self) -> Option<Must> {
        let caller = self.parts.iter().find(|p| p.outgoing && p.answered.is_none())?;
        let kind = format!("{:?}", CrmCallKind::Outgoing);
        Some(Must { user: caller.user()?, kind, code: FinishStatus::Missed.code(), seconds: 0 })
    }
}
