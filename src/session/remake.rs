//! A call that the portal has forgotten before it was finished, as happens when its application is deleted and added
//! again, is made once more: its record must not be lost.

use super::actor::Actor;
use super::draft::Draft;
use super::perform::Performed;
use crate::domain::call::{Call, CrmCall, CrmStep, Intent};
use crate::domain::{CallKey, ExternalId};

impl Actor {
    /// Called where nobody can have finished the call: a repeated finish that finds nothing has gone through before.
    pub(super) async fn remake(&mut self, performed: &Performed, draft: &mut Draft) {
        let lane = &performed.job.lane;
        let Some(crm) = self.crm_call(&performed.job.call, lane).await else {
            tracing::warn!(company = %self.company, %lane, "the portal does not know this call, and nothing is stored to make it again from");
            return self.settle(performed, draft);
        };
        tracing::warn!(company = %self.company, %lane, "the portal has forgotten this call; it is registered once more");
        let register = CrmStep::Register {
            user: crm.user,
            number: crm.number,
            kind: crm.kind,
            started_at: crm.started_at,
            create: false,
            show: false,
        };
        draft.intent(&performed.job.call, self.clock.now(), Intent { lane: lane.clone(), step: register });
    }

    async fn crm_call(&self, key: &CallKey, lane: &ExternalId) -> Option<CrmCall> {
        let stored;
        let call = match self.book.get(key) {
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
