//! A call that the portal has forgotten before it was finished, as happens when its application is deleted and added
//! again, is made once more: its record must not be lost.

use super::Actor;
use super::round::Round;
use crate::domain::call::{Call, CrmCall, CrmStep, Intent};
use crate::domain::{CallKey, ExternalId};
use crate::session::outbox::{JobOutcome, RetryPause};
use crate::store::StoreError;

impl Actor {
    /// Called where nobody can have finished the call: a repeated finish that finds nothing has gone through before.
    pub(super) async fn remake(&mut self, outcome: &JobOutcome, round: &mut Round) {
        let lane = &outcome.job.lane;
        let crm = match self.crm_call(&outcome.job.call, lane).await {
            Ok(Some(crm)) => crm,
            Ok(None) => {
                tracing::warn!(%lane, "the portal does not know this call, and nothing is stored to make it again from");
                return self.settle(outcome, round);
            }
            Err(error) => {
                tracing::warn!(%lane, %error, "the portal does not know this call, and what is stored of it cannot be read yet");
                self.outbox.failed(lane, self.clock.now(), RetryPause::BackOff, false);
                return;
            }
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

    async fn crm_call(&self, key: &CallKey, lane: &ExternalId) -> Result<Option<CrmCall>, StoreError> {
        let of_lane = |call: &Call| call.crm.iter().find(|crm| crm.lane == *lane).cloned();
        if let Some(call) = self.open_calls.get(key) {
            return Ok(of_lane(call));
        }
        let state = self.store.call_state(&self.company, key).await?;
        Ok(state.and_then(|state| serde_json::from_str::<Call>(&state).ok()).as_ref().and_then(of_lane))
    }
}
