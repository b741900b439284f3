//! What leaves as one request to the portal.

use crate::domain::outbox::Plan;
use crate::domain::{CallKey, ExternalId};
use crate::store::IntentId;

/// What to ask now on behalf of a lane.
#[derive(Debug)]
pub(in crate::session) struct Job {
    pub lane: ExternalId,
    pub call: CallKey,
    pub plan: Plan,
    /// The stored steps this settles.
    pub intents: Vec<IntentId>,
    /// It is told long after the call's end, or the portal hears of the call only now that it is over.
    pub late: bool,
}

/// Jobs that share a request; one without requests costs nothing and only settles steps.
#[derive(Debug)]
pub(in crate::session) struct Dispatch {
    pub jobs: Vec<Job>,
    /// Calls nobody looks at are among them.
    pub past: bool,
}
