//! Client id and API key in, token out.
//!
//! The connection is not kept: thousands of companies register once in a while, and an idle TLS connection for each
//! would cost more memory than everything else. Tokens live in the memory of one node of the switch, so a token is
//! fetched for every connection and never stored.

use super::address::Address;
use super::dialect::Register;
use super::recognise::{origin, recognised};
use super::{fault, pointer};
use crate::domain::link::LinkFault;
use crate::ecss::ConnectLog;
use crate::ecss::capture::{Flow, FrameListener};
use crate::http::{ClientOptions, client_at};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::header::{CONTENT_TYPE, LOCATION};
use secrecy::SecretString;
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// A token is a few hundred bytes; more than this is no answer to a registration.
const LARGEST_ANSWER: usize = 64 * 1024;

/// Registers once. [`LinkFault::WrongKey`] only where the dialect says so.
pub(super) async fn register(
    address: &Address,
    targets: &[SocketAddr],
    rule: &Register,
    tls: &Arc<rustls::ClientConfig>,
    values: &[(&str, Value)],
    listener: &FrameListener,
    steps: &mut ConnectLog,
) -> Result<SecretString, LinkFault> {
    let url = address.http(&rule.path.encoded(values));
    steps.add("register.request", format!("{} {url}", rule.method));
    let options = ClientOptions { timeout: rule.timeout, keep_alive: Duration::ZERO };
    let client = client_at(tls, options, &address.host, targets);
    let mut request = client.request(rule.method.clone(), &url);
    for (name, value) in &rule.headers {
        request = request.header(name, value.plain(values));
    }
    if let Some(body) = &rule.body {
        let body = body.fill(values);
        listener.report(Flow::Request, &body);
        request = request.header(CONTENT_TYPE, &rule.content_type).body(body);
    }

    let mut answer = request.send().await.map_err(|e| failed(&e, rule.timeout))?;
    let status = answer.status().as_u16();
    steps.add("register.status", status.to_string());
    let header = |name| answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let (elsewhere, kind) = (header(LOCATION), header(CONTENT_TYPE));
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|e| failed(&e, rule.timeout))? {
        body.extend_from_slice(&chunk);
        if body.len() > LARGEST_ANSWER {
            return Err(LinkFault::Protocol(format!("the registration answered more than {LARGEST_ANSWER} bytes")));
        }
    }
    let said = || recognised(status, kind.as_deref(), &body, listener);
    let body = String::from_utf8_lossy(&body);
    listener.report(Flow::Answer, &format!("{status} {}", listener.masker.mask(&body)));

    if rule.wrong_key.contains(&status) {
        return Err(LinkFault::WrongKey);
    }
    match (status, elsewhere) {
        (200..=299, _) => {}
        (300..=399, Some(to)) => {
            return Err(LinkFault::Protocol(format!(
                "the registration is redirected to {}: use that address",
                listener.masker.sample(&origin(&to))
            )));
        }
        _ => {
            return Err(LinkFault::Protocol(format!(
                "the registration was answered, but not by a Call API: {}",
                said()
            )));
        }
    }
    let (rule, token) = find_token(rule, &body)
        .ok_or_else(|| LinkFault::Protocol(format!("no token in the answer to the registration: {}", said())))?;
    steps.add("register.token", rule);
    if let Some(expires) = expiry(&token) {
        steps.add("register.token_expires", expires.to_string());
    }
    Ok(token.into())
}

fn failed(error: &reqwest::Error, limit: Duration) -> LinkFault {
    if error.is_timeout() { fault::too_slow("the registration", limit) } else { fault::unreachable(error) }
}

/// The token and where it was found.
fn find_token(rule: &Register, body: &str) -> Option<(String, String)> {
    let as_token = |value: &Value| match value {
        Value::String(text) if is_token(text) => Some(text.clone()),
        _ => None,
    };
    let json = serde_json::from_str::<Value>(body).ok();
    if let Some((at, token)) = json.as_ref().and_then(|json| pointer::first(json, &rule.token, as_token)) {
        return Some((at.to_owned(), token));
    }
    match &json {
        _ if !rule.bare_token => None,
        Some(value) => as_token(value).map(|token| ("the whole answer, a JSON string".to_owned(), token)),
        // "OK" and the like are not tokens, nor are pages.
        None => {
            let text = body.trim();
            (is_token(text) && text.len() >= 8).then(|| ("the whole answer, plain text".to_owned(), text.to_owned()))
        }
    }
}

fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic() && !b"<>{}\"".contains(&b))
}

/// `exp` of a JWT, for people to look at; the signature is the switch's business.
fn expiry(token: &str) -> Option<jiff::Timestamp> {
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?.trim_end_matches('=')).ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    jiff::Timestamp::from_second(claims.get("exp")?.as_i64()?).ok()
}

#[cfg(test)]
mod tests {
    use super::super::dialect::Dialect;
    use super::*;

    #[test]
    fn the_token_is_found_where_versions_put_it() {
        let dialect = Dialect::default();
        let at = |body: &str| find_token(&dialect.register, body).map(|(at, token)| format!("{at}={token}"));
        for (body, want) in [
            (r#"{"token":"t-1"}"#, "/token=t-1"),
            (r#"{"jwt":"t-1"}"#, "/jwt=t-1"),
            (r#"{"token":null,"accessToken":"t-1"}"#, "/accessToken=t-1"),
            (r#"{"data":{"token":"t-1"}}"#, "/data/token=t-1"),
            (r#"{"payload":"{\"access_token\":\"t-1\"}"}"#, "/payload/access_token=t-1"),
            (r#""t-1""#, "the whole answer, a JSON string=t-1"),
            ("eyJh.eyJi.c2ln\n", "the whole answer, plain text=eyJh.eyJi.c2ln"),
        ] {
            assert_eq!(at(body).as_deref(), Some(want));
        }
        for none in ["", "OK", "<html>token</html>", "{}", r#"{"token":""}"#, r#"{"token":5}"#, r#""two words""#, "[1]"]
        {
            assert_eq!(at(none), None, "{none}");
        }
    }

    #[test]
    fn a_bare_token_can_be_switched_off() {
        let dialect = Dialect::parse("[register]\nbare_token = false", "d").expect("dialect");
        assert_eq!(find_token(&dialect.register, r#""t-1""#), None);
    }

    #[test]
    fn expiry_is_read_from_a_jwt_and_from_nothing_else() {
        let jwt = format!("x.{}.y", URL_SAFE_NO_PAD.encode(r#"{"exp":1790000000}"#));
        assert_eq!(expiry(&jwt).expect("exp").as_second(), 1_790_000_000);
        for other in ["", "a.b.c", "opaque", &format!("x.{}.y", URL_SAFE_NO_PAD.encode("{}"))] {
            assert_eq!(expiry(other), None);
        }
    }
}
