//! A call that the portal has forgotten before it was finished, as happens when its application is deleted and added
//! again, is made once more: its record must not be lost.

use super::Actor;
use super::round::Round;
use crate::domain::call::{Call, CrmCall, CrmStep, Intent};
use crate::domain::{CallKey, ExternalId};
use crate::session::outbox::JobOutcome;

impl Actor {
    /// Called where nobody can have finished the call: a repeated finish that finds nothing has gone through before.
    pub(super) async fn remake(&mut self, outcome: &JobOutcome, round: &mut Round) {
        let lane = &outcome.job.lane;
        let Some(crm) = self.crm_call(&outcome.job.call, lane).await else {
            tracing::warn!(%lane, "the portal does not know this call, and nothing is stored to make it again from");
            return self.settle(outcome, round);
        };
        tracing::warn!(%lane, "the portal has forgotten this call; it is registered once more");
        let register = CrmStep::Register {
            user: crm.user,
            number: crm.number,
            kind: crm.kind,
            started_at: crm.started_at,
            create: false,
            show: false,
        };
        round.intent(&outcome.job.call, self.clock.now(), Intent { lane: lane.clone(), step: register });
    }

    async fn crm_call(&self, key: &CallKey, lane: &ExternalId) -> Option<CrmCall> {
        let stored;
        let call = match self.open_calls.get(key) {
            Some(call) => call,
            None => {
                let row = self.store.call(&self.company, key).await.ok().flatten()?;
                stored = serde_json::from_str::<Call>(&row.body).ok()?;
                &stored
            }
        };
        call.crm.iter().find(|crm| crm.lane == *lane).cloned()
    }
}
