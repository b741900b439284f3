//! What an answer of the portal means: decided by its body, by its status only where there is no body to decide by.

use super::error::ApiError;
use super::exchange::{ExchangeFault, HttpReply};
use super::lenient;
use crate::domain::Timestamp;
use crate::domain::json_bounds::JsonBounds;
use crate::domain::link::Closed;
use serde_json::{Map, Value};
use std::time::Duration;

/// Fifty users with sixty fields of their portal's own making are three thousand values; fifty commands' answers are
/// fewer.
const ANSWER: JsonBounds = JsonBounds { containers: 5_000, values: 30_000 };
/// How long a page that is not the portal's own answer (proxy, firewall) keeps us away.
const STRANGE_PAGE_PAUSE: Duration = Duration::from_secs(60);

/// A good answer.
#[derive(Debug, Clone, PartialEq)]
pub struct RestAnswer {
    /// What was asked for; empty objects may come as `[]`.
    pub result: Value,
    /// How many items a list has in all, where the portal counts them.
    pub total: Option<i64>,
    /// Offset of a list's next page; absent on the last.
    pub next: Option<i64>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Verdict {
    /// The access token is not accepted: one refresh, then one repetition.
    Token(String),
    /// The portal is said to live elsewhere; the redirect's target as it came.
    Moved(String),
    /// This method has used up its time; others are not affected.
    MethodLimit {
        /// When it may be used again.
        until: Option<Timestamp>,
        /// The portal's words.
        why: String,
    },
    /// Too many requests to this portal.
    PortalLimit {
        /// When it may be asked again.
        until: Option<Timestamp>,
        /// The portal's words.
        why: String,
    },
    /// Everything that the client can do nothing about.
    Fault(ApiError),
}

impl Verdict {
    /// What the caller learns when the client does nothing further about it.
    pub(super) fn into_error(self) -> ApiError {
        match self {
            Self::Token(why) => ApiError::NeedsLogin(why),
            Self::Moved(to) => ApiError::Again {
                after: Some(STRANGE_PAGE_PAUSE),
                why: format!("it redirects to {}, which is not known to be this portal", host_of(&to)),
            },
            Self::MethodLimit { until: Some(until), why } => ApiError::Resting { until, why },
            Self::MethodLimit { until: None, why } => ApiError::Limited { until: None, why },
            Self::PortalLimit { until, why } => ApiError::Limited { until, why },
            Self::Fault(error) => error,
        }
    }
}

impl From<ExchangeFault> for Verdict {
    fn from(fault: ExchangeFault) -> Self {
        Self::Fault(match fault {
            ExchangeFault::NotSent(why) => ApiError::Again { after: None, why },
            ExchangeFault::Unanswered(why) => ApiError::Unclear { why },
        })
    }
}

/// Only the host of an address, as the rest may carry tokens.
fn host_of(address: &str) -> String {
    let host = url::Url::parse(address).ok().and_then(|u| u.host_str().map(str::to_owned));
    host.unwrap_or_else(|| "another page".into())
}

/// Reads a reply received at `now`.
pub(super) fn read(reply: &HttpReply, now: Timestamp) -> Result<RestAnswer, Verdict> {
    if let (300..=399, Some(location)) = (reply.status, &reply.location) {
        return Err(Verdict::Moved(location.clone()));
    }
    if let Some(limit) = reply.cut_at {
        // Nobody knows what it says, so it neither fails nor fulfils the request.
        return Err(by_status(reply, now, &format!("an answer of more than {} KiB", limit / 1024)));
    }
    if ANSWER.are_exceeded_by(&reply.body) {
        return Err(by_status(reply, now, "an answer of far more parts than was asked for"));
    }
    let body = reply.body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&reply.body);
    match serde_json::from_slice(body) {
        Ok(Value::Object(map)) => read_object(map, reply, now),
        // An empty PHP array is an empty object: nothing is wrong with it but that it says nothing.
        Ok(Value::Array(items)) if items.is_empty() && reply.status < 400 => {
            Ok(RestAnswer { result: Value::Null, total: None, next: None })
        }
        _ => Err(by_status(reply, now, &page(body))),
    }
}

fn read_object(mut map: Map<String, Value>, reply: &HttpReply, now: Timestamp) -> Result<RestAnswer, Verdict> {
    match map.get("error") {
        None | Some(Value::Null) if reply.status < 400 => Ok(RestAnswer {
            total: map.get("total").and_then(lenient::int),
            next: map.get("next").and_then(lenient::int),
            result: map.remove("result").unwrap_or(Value::Null),
        }),
        None | Some(Value::Null) => Err(by_status(reply, now, "an answer without an error code")),
        Some(_) => Err(classify(&map, reply.status, reply.retry_after, now)),
    }
}

/// What an error object means, be it a whole answer or one command's part of a batch.
pub(super) fn classify(map: &Map<String, Value>, http: u16, retry_after: Option<Duration>, now: Timestamp) -> Verdict {
    let field = |name: &str| map.get(name).and_then(lenient::text).unwrap_or_default();
    let code = match map.get("error") {
        Some(Value::Object(inner)) => inner.get("code").and_then(lenient::text).unwrap_or_default(),
        _ => field("error"),
    };
    let mut description = field("error_description");
    if let Some(argument) = map.get("argument").and_then(lenient::text) {
        description = format!("{description} (argument {argument})");
    }
    let why = match (code.as_str(), description.as_str()) {
        (code, "") => code.to_owned(),
        ("", text) => text.to_owned(),
        (code, text) => format!("{text} [{code}]"),
    };
    let fault = Verdict::Fault;
    match code.to_ascii_uppercase().as_str() {
        "EXPIRED_TOKEN" | "INVALID_TOKEN" | "NO_AUTH_FOUND" | "AUTHORIZATION_ERROR" | "ERROR_OAUTH" | "WRONG_TOKEN" => {
            Verdict::Token(why)
        }
        "QUERY_LIMIT_EXCEEDED" => Verdict::PortalLimit { until: retry_after.map(|d| now + d), why },
        "OPERATION_TIME_LIMIT" => {
            Verdict::MethodLimit { until: reset_at(map).or(retry_after.map(|d| now + d)), why }
        }
        "APPLICATION_NOT_FOUND" | "NOT_INSTALLED" | "WRONG_CLIENT" | "INVALID_CLIENT" | "INVALID_GRANT"
        // Rights of the token's owner, or scopes of the grant: mended in the portal, then by a new login. As no
        // request is at fault, none may be given up because of it.
        | "INSUFFICIENT_SCOPE" | "INVALID_CREDENTIALS" | "USER_ACCESS_ERROR" | "ALLOWED_ONLY_INTRANET_USER" => {
            fault(ApiError::NeedsLogin(why))
        }
        "PAYMENT_REQUIRED" | "WRONG_LICENSE" => fault(ApiError::Stopped { because: Closed::Payment, why }),
        "PORTAL_DELETED" => fault(ApiError::Stopped { because: Closed::Deleted, why }),
        "OVERLOAD_LIMIT" => fault(ApiError::Stopped { because: Closed::Blocked, why }),
        "ACCESS_DENIED" if has(&description, "commercial plan") => {
            fault(ApiError::Stopped { because: Closed::Plan, why })
        }
        "CONNECTION_ERROR" => fault(ApiError::Again { after: None, why }),
        "INTERNAL_SERVER_ERROR" | "ERROR_UNEXPECTED_ANSWER" => fault(ApiError::Unclear { why }),
        _ if has(&description, "call is not found") => fault(ApiError::NotFoundCall),
        _ if http == 401 && code.is_empty() => Verdict::Token(why),
        _ if http == 429 || http == 503 => Verdict::PortalLimit { until: retry_after.map(|d| now + d), why },
        _ if http >= 500 => fault(ApiError::Unclear { why }),
        _ => fault(ApiError::Refused { code, description, http }),
    }
}

fn has(text: &str, words: &str) -> bool {
    text.to_ascii_lowercase().contains(words)
}

/// `operating_reset_at` is in Unix seconds, beside the other times of an answer.
fn reset_at(map: &Map<String, Value>) -> Option<Timestamp> {
    let found = map.get("time").and_then(|t| t.get("operating_reset_at")).or_else(|| map.get("operating_reset_at"));
    found.and_then(lenient::int).map(|seconds| Timestamp(seconds.saturating_mul(1000)))
}

/// A page without the portal's envelope is no verdict on the request, so it never ends it. Who sent it decides
/// what is known: a 4xx comes from something in front of the portal; otherwise the portal may have acted.
fn by_status(reply: &HttpReply, now: Timestamp, what: &str) -> Verdict {
    let why = format!("HTTP {} with {what}", reply.status);
    match reply.status {
        429 => Verdict::PortalLimit { until: reply.retry_after.map(|d| now + d), why },
        // The portal itself says with a code that too much was asked; a bare 503 is a server that is down.
        503 => Verdict::Fault(ApiError::Again { after: reply.retry_after, why }),
        401 => Verdict::Token(why),
        400..=499 => Verdict::Fault(ApiError::Again { after: Some(STRANGE_PAGE_PAUSE), why }),
        _ => Verdict::Fault(ApiError::Unclear { why }),
    }
}

/// A page in a few words: its title, or its beginning.
fn page(body: &[u8]) -> String {
    let start = String::from_utf8_lossy(&body[..body.len().min(4096)]);
    let text = start.trim();
    if text.is_empty() {
        return "an empty body".into();
    }
    let lower = text.to_ascii_lowercase();
    let title = lower
        .find("<title>")
        .map(|at| at + "<title>".len())
        .and_then(|from| lower[from..].find("</title>").map(|len| text[from..from + len].trim()));
    match title {
        Some(title) => format!("a page titled \"{}\"", title.chars().take(80).collect::<String>()),
        None if text.starts_with('<') => "a page".into(),
        None => format!("{} bytes that are no answer", body.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NOW: Timestamp = Timestamp(1_770_000_000_000);

    fn reply(status: u16, body: &str) -> HttpReply {
        HttpReply { status, location: None, retry_after: None, body: body.to_owned().into(), cut_at: None, turn: None }
    }

    fn error(status: u16, code: &str, description: &str) -> Verdict {
        let body = json!({"error": code, "error_description": description}).to_string();
        read(&reply(status, &body), NOW).expect_err("an error object is no answer")
    }

    /// The kind of an error in one word.
    fn kind(verdict: &Verdict) -> &'static str {
        match verdict {
            Verdict::Token(_) => "token",
            Verdict::Moved(_) => "moved",
            Verdict::MethodLimit { .. } => "method limit",
            Verdict::PortalLimit { .. } => "portal limit",
            Verdict::Fault(error) => match error {
                ApiError::Again { .. } => "again",
                ApiError::Limited { .. } => "limited",
                ApiError::Resting { .. } => "resting",
                ApiError::NeedsLogin(_) => "needs_login",
                ApiError::Stopped { .. } => "stopped",
                ApiError::Refused { .. } => "refused",
                ApiError::NotFoundCall => "call_not_found",
                ApiError::Unclear { .. } => "unclear",
            },
        }
    }

    #[test]
    fn codes_decide_whatever_the_status_and_the_case() {
        for (code, want) in [
            ("expired_token", "token"),
            ("invalid_token", "token"),
            ("NO_AUTH_FOUND", "token"),
            ("authorization_error", "token"),
            ("ERROR_OAUTH", "token"),
            ("APPLICATION_NOT_FOUND", "needs_login"),
            ("not_installed", "needs_login"),
            ("WRONG_CLIENT", "needs_login"),
            ("insufficient_scope", "needs_login"),
            ("user_access_error", "needs_login"),
            ("ALLOWED_ONLY_INTRANET_USER", "needs_login"),
            ("INVALID_CREDENTIALS", "needs_login"),
            ("CONNECTION_ERROR", "again"),
            ("METHOD_CONFIRM_WAITING", "refused"),
            ("METHOD_CONFIRM_DENIED", "refused"),
            ("PAYMENT_REQUIRED", "stopped"),
            ("OVERLOAD_LIMIT", "stopped"),
            ("PORTAL_DELETED", "stopped"),
            ("WRONG_LICENSE", "stopped"),
            ("ACCESS_DENIED", "refused"),
            ("WRONG_AUTH_TYPE", "refused"),
            ("INVALID_REQUEST", "refused"),
            ("ERROR_ARGUMENT", "refused"),
            ("ERROR_CORE", "refused"),
            ("", "refused"),
            ("ERROR_BATCH_LENGTH_EXCEEDED", "refused"),
            ("ERROR_METHOD_NOT_FOUND", "refused"),
            ("ERROR_BATCH_METHOD_NOT_ALLOWED", "refused"),
            ("OPERATION_TIME_LIMIT", "method limit"),
            ("QUERY_LIMIT_EXCEEDED", "portal limit"),
            ("INTERNAL_SERVER_ERROR", "unclear"),
            ("ERROR_UNEXPECTED_ANSWER", "unclear"),
        ] {
            for status in [200, 400, 403] {
                assert_eq!(kind(&error(status, code, "words")), want, "{code} with HTTP {status}");
                assert_eq!(kind(&error(status, &code.to_ascii_lowercase(), "")), want, "{code} in lower case");
            }
        }
    }

    #[test]
    fn words_decide_where_the_code_is_missing() {
        let not_found = "Call is not found (call should be registered prior to finishing";
        for code in ["", "ERROR_CORE"] {
            assert_eq!(error(400, code, not_found), Verdict::Fault(ApiError::NotFoundCall));
        }
        let tariff = error(401, "ACCESS_DENIED", "REST is available only on commercial plans");
        assert_eq!(kind(&tariff), "stopped");
        assert_eq!(
            error(400, "", "User is not found or is not active"),
            Verdict::Fault(ApiError::Refused {
                code: String::new(),
                description: "User is not found or is not active".into(),
                http: 400
            })
        );
    }

    #[test]
    fn unknown_codes_are_judged_by_status() {
        for (status, want) in [
            (200, "refused"),
            (400, "refused"),
            (401, "refused"),
            (404, "refused"),
            (429, "portal limit"),
            (500, "unclear"),
            (503, "portal limit"),
        ] {
            assert_eq!(kind(&error(status, "SOMETHING_NEW", "words")), want, "HTTP {status}");
        }
    }

    #[test]
    fn a_page_never_ends_a_request() {
        for (status, body, want) in [
            (200, "<html><title>Licence</title></html>", "unclear"),
            (200, "", "unclear"),
            (302, "<html>", "unclear"),
            (401, "<html>", "token"),
            (403, "<html><h1>Forbidden</h1>", "again"),
            (404, "not here", "again"),
            (429, "", "portal limit"),
            (500, "", "unclear"),
            (502, "<html><head><TITLE>502 Bad Gateway</TITLE>", "unclear"),
            (503, "<html>maintenance", "again"),
            (500, "{\"result\":1}", "unclear"),
            (400, "{}", "again"),
        ] {
            let verdict = read(&reply(status, body), NOW).expect_err(body);
            assert_eq!(kind(&verdict), want, "HTTP {status} {body}");
        }
        let why = read(&reply(502, "<TITLE> 502 Bad Gateway </TITLE>"), NOW).expect_err("page").into_error();
        assert!(why.to_string().contains("502 Bad Gateway"), "{why}");
    }

    #[test]
    fn limits_end_when_the_portal_says() {
        let body = r#"{"error":"OPERATION_TIME_LIMIT","error_description":"Method is blocked due to operation time limit.",
            "time":{"operating_reset_at":"1770000300","operating":481.2}}"#;
        let verdict = read(&reply(429, body), NOW).expect_err("limited");
        assert!(matches!(verdict, Verdict::MethodLimit { until: Some(Timestamp(1_770_000_300_000)), .. }));
        let mut page = reply(429, "");
        page.retry_after = Some(Duration::from_secs(7));
        let verdict = read(&page, NOW).expect_err("limited");
        assert!(matches!(verdict, Verdict::PortalLimit { until: Some(Timestamp(1_770_000_007_000)), .. }));
        page.status = 503;
        let verdict = read(&page, NOW).expect_err("down");
        let seven = Some(Duration::from_secs(7));
        assert!(matches!(verdict, Verdict::Fault(ApiError::Again { after, .. }) if after == seven));
    }

    /// A megabyte of the smallest objects takes seventy once it is read, eight portals' of them half a gigabyte.
    #[test]
    fn a_full_page_of_users_is_read_and_an_answer_of_nothing_but_parts_is_unclear() {
        let fields: Vec<_> = (0..90).map(|n| format!("\"UF_USR_{n}\":\"a, b\"")).collect();
        let user = format!("{{\"ID\":\"1\",\"UF_DEPARTMENT\":[1,2,3],{}}}", fields.join(","));
        let page = |rows: Vec<&str>| reply(200, &format!("{{\"result\":[{}]}}", rows.join(",")));
        assert!(read(&page(vec![&user; 50]), NOW).is_ok());
        for part in [r#"{"ID":"1"}"#, "[]", "0"] {
            let verdict = read(&page(vec![part; 90_000]), NOW);
            assert!(matches!(verdict, Err(Verdict::Fault(ApiError::Unclear { .. }))), "{part}: {verdict:?}");
        }
    }

    #[test]
    fn answers_are_read_with_loose_types() {
        let body = "\u{feff}{\"result\":[],\"total\":\"120\",\"next\":\"50\",\"time\":{}}";
        assert_eq!(
            read(&reply(200, body), NOW),
            Ok(RestAnswer { result: json!([]), total: Some(120), next: Some(50) })
        );
        let body = r#"{"result":{"CALL_ID":"x"},"error":null}"#;
        assert_eq!(read(&reply(200, body), NOW).expect("answer").result["CALL_ID"], "x");
        assert_eq!(read(&reply(200, "[]"), NOW).expect("answer").result, Value::Null);
    }

    #[test]
    fn a_redirect_is_told_apart_from_a_page() {
        let mut moved = reply(302, "<html>");
        moved.location = Some("https://new.example/rest/profile?auth=hush".into());
        let verdict = read(&moved, NOW).expect_err("moved");
        assert_eq!(kind(&verdict), "moved");
        let why = verdict.into_error().to_string();
        assert!(why.contains("new.example") && !why.contains("hush"), "{why}");
    }
}
