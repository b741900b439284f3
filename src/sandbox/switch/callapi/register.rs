//! `POST /integration/register`: client id, API key and domain for a token.

use super::http::{Answer, failure, html, with_json};
use crate::sandbox::switch::Core;
use crate::sandbox::switch::faults::RegisterFault;
use crate::sandbox::switch::journal::What;
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use hyper::{Request, StatusCode};
use secrecy::ExposeSecret as _;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Longest body that is read.
const MAX_BODY: usize = 64 * 1024;

pub(super) async fn answer(core: Arc<Core>, node: usize, request: Request<Incoming>) -> Answer {
    let json_type = request.headers().get("content-type").is_some_and(|kind| {
        kind.to_str().is_ok_and(|kind| kind.trim_start().to_ascii_lowercase().starts_with("application/json"))
    });
    let Ok(body) = Limited::new(request.into_body(), MAX_BODY).collect().await else {
        return failure(StatusCode::PAYLOAD_TOO_LARGE, &json!("request entity too large"));
    };
    let fault = core.lock().next_registers.pop_front();
    if let Some(fault) = fault {
        return misbehave(&core, node, &fault).await;
    }
    let fields =
        if json_type { Fields::read(&body.to_bytes()) } else { Err("the body is not application/json".into()) };
    let fields = match fields {
        Ok(fields) => fields,
        Err(message) => {
            core.note(node, None, What::Violation(format!("malformed register: {message}")));
            core.note(node, None, What::Register(400));
            return failure(StatusCode::BAD_REQUEST, &message);
        }
    };
    let Some(token) = admit(&core, node, &fields) else {
        core.note(node, Some(fields.client_id), What::Register(401));
        return failure(StatusCode::UNAUTHORIZED, &json!("Invalid client id or API key"));
    };
    let elsewhere = core.lock().quirks.aliases.token;
    core.note(node, Some(fields.client_id), What::Register(200));
    let body = if elsewhere { json!({"data": {"accessToken": token}}) } else { json!({"token": token}) };
    with_json(StatusCode::OK, &body)
}

async fn misbehave(core: &Core, node: usize, fault: &RegisterFault) -> Answer {
    match fault {
        RegisterFault::Status(status) => {
            core.note(node, None, What::Register(*status));
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            failure(status, &json!("out of order"))
        }
        RegisterFault::Html => html(StatusCode::OK, "<html><body>Sign in to the network</body></html>"),
        RegisterFault::NoToken => with_json(StatusCode::OK, &json!({"result": "ok"})),
        RegisterFault::Hang => std::future::pending().await,
    }
}

/// What must stand in the body.
struct Fields {
    client_id: String,
    api_key: String,
    domain: String,
}

impl Fields {
    fn read(body: &[u8]) -> Result<Self, Value> {
        let object: Map<String, Value> =
            serde_json::from_slice(body).map_err(|fault| json!(format!("the body is no JSON object: {fault}")))?;
        let mut missing = Vec::new();
        let mut text = |name: &str| match object.get(name).and_then(Value::as_str) {
            Some(text) if !text.is_empty() => text.to_owned(),
            _ => {
                missing.push(format!("{name} must be a non-empty string"));
                String::new()
            }
        };
        let fields = Self { client_id: text("client_id"), api_key: text("api_key"), domain: text("domain") };
        if missing.is_empty() { Ok(fields) } else { Err(json!(missing)) }
    }
}

fn admit(core: &Core, node: usize, fields: &Fields) -> Option<String> {
    let now = core.clock.now();
    let mut state = core.lock();
    let index = state.integrations.iter().position(|integration| {
        integration.client_id == fields.client_id
            && *integration.domain == *fields.domain
            && integration.api_key.expose_secret() == fields.api_key
    })?;
    Some(state.nodes.get_mut(node)?.issue(index, &fields.client_id, &fields.domain, now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_missing_field_is_named() {
        let fault = Fields::read(br#"{"client_id":"crm","api_key":5}"#).err().expect("incomplete");
        assert_eq!(fault, json!(["api_key must be a non-empty string", "domain must be a non-empty string"]));
        assert!(Fields::read(b"[]").is_err());
        assert!(Fields::read(br#"{"client_id":"a","api_key":"b","domain":"c","more":1}"#).is_ok());
    }
}
