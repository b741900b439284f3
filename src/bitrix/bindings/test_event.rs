//! `event.test`: has the portal send an event of its own. The event (`ONAPPTEST`) brings the parameters of the request
//! back in `data[QUERY]` and the portal's application token in `auth` (bitrix24/b24restdocs, api-reference/events/
//! test-handler.md), not at once, and only to handlers that are bound to it.

use super::already_bound;
use crate::bitrix::error::ApiError;
use crate::bitrix::portal::Portal;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

/// What a test event is called.
pub(super) const TEST: &str = "OnAppTest";

impl Portal {
    /// Has the portal send a test event with this secret to `handler`. The event may come before the answer does.
    pub async fn ask_for_test_event(&self, handler: &str, secret: &SecretString) -> Result<(), ApiError> {
        match self.call("event.bind", &json!({ "event": TEST, "handler": handler })).await {
            Err(error) if !already_bound(&error) => return Err(error),
            _ => {}
        }
        self.call("event.test", &json!({ "any": secret.expose_secret() })).await.map(|_| ())
    }

    /// Has the portal send no more test events to `handler`.
    pub async fn end_test_events(&self, handler: &str) -> Result<(), ApiError> {
        self.call("event.unbind", &json!({ "event": TEST, "handler": handler })).await.map(|_| ())
    }
}
