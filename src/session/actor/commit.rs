//! The end of a round: what it has changed is stored, only then acted on.

use super::round::Round;
use super::unread::UnreadStep;
use super::{Actor, TaskDone};
use crate::domain::call::Intent;
use crate::domain::excess::Excess;
use crate::domain::leg::CommandError;
use crate::domain::{CallKey, Timestamp};
use crate::session::outbox::send;
use crate::store::Record;
use std::time::Duration;
use tracing::Instrument as _;

/// How long requests under way may take to end when the daemon stops; what is cut off is repeated at the next start.
const DRAIN: Duration = Duration::from_secs(5);

impl Actor {
    pub(super) fn forget(&mut self, key: &CallKey) {
        self.shared.board.remove(key);
        self.trace_limit.forget(key);
    }

    /// Counts what the switch has told beyond what can be true, and says so now and then.
    fn too_much(&mut self, excess: &Excess, now: Timestamp) {
        if excess.is_nothing() {
            return;
        }
        let total = self.shared.too_much(excess, now);
        if self.log_limiter.count_one(now).is_some() {
            let Excess { calls, legs, lines, .. } = total;
            tracing::warn!(
                calls,
                legs,
                lines,
                "the switch tells of more than can be true (counted since the start): what was silent the longest is closed with \
                 its end unknown; look at the switch's integration and its load"
            );
        }
    }

    /// Stores what a round has changed, then acts on it.
    pub(super) async fn commit(&mut self, mut round: Round) {
        let now = self.clock.now();
        self.give_up_surplus(&mut round).await;
        round.close(&self.open_calls);
        round.excess.lines += self.trace_limit.keep(&mut round.record.trace);
        for line in round.record.trace.iter().filter(|line| self.open_calls.get(&line.call).is_none()) {
            // Told late, of a call that is forgotten already.
            self.trace_limit.forget(&line.call);
        }
        self.too_much(&round.excess, now);
        if !round.record.is_empty() {
            let ids = self.store.keep(&self.company, std::mem::take(&mut round.record), now);
            let mut pointless = Vec::new();
            for ((call, Intent { lane, step }), id) in std::mem::take(&mut round.steps).into_iter().zip(ids) {
                pointless.extend(self.push_step(UnreadStep { lane, call, step: (id, step, now) }).await);
            }
            self.store.keep(&self.company, Record { settled: pointless, ..Record::default() }, now);
        }
        self.forget_abandoned().await;
        for sent in round.commands {
            let commander = self.commander.clone();
            let asked = async move {
                let answer = match commander {
                    Some(commander) => commander.send(sent.command.clone()).await,
                    None => Err(CommandError::Offline),
                };
                TaskDone::Command { sent, answer }
            };
            self.tasks.spawn(asked.in_current_span());
        }
        for dispatch in self.outbox.ready(now, &mut self.rate_limit) {
            let (portal, clock) = (self.portal.clone(), self.clock.clone());
            let sent = async move { TaskDone::Crm(send(portal, clock, dispatch).await) };
            self.tasks.spawn(sent.in_current_span());
        }
        self.shared.set_backlog(self.outbox.backlog());
        self.store.hold_back(&self.company).await;
    }

    pub(super) async fn drain(&mut self) {
        let ended = tokio::time::timeout(DRAIN, async {
            while let Some(done) = self.tasks.join_next().await {
                let mut round = Round::default();
                if let Ok(TaskDone::Crm(completed)) = done {
                    self.completed(&completed, &mut round).await;
                    round.close(&self.open_calls);
                    self.store.keep(&self.company, round.record, self.clock.now());
                }
            }
        });
        if ended.await.is_err() {
            tracing::info!("requests under way are cut off and will be repeated at the next start");
        }
    }
}
