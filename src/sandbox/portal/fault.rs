//! Misfortunes on demand: what the network, the portal and its providers do to a request.

use std::collections::VecDeque;
use std::time::Duration;

/// What happens to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// 503 with an HTML page, nothing executed.
    Outage,
    /// No answer ever; the connection stays open.
    Hang,
    /// The connection is closed before anything is executed.
    DropBefore,
    /// Executed, then the connection is closed: the answer is lost.
    DropAfter,
    /// Executed after a pause.
    Latency(Duration),
    /// Executed at once, answered after a pause.
    SlowAnswer(Duration),
    /// 401 `expired_token`, whatever the token.
    ExpiredToken,
    /// 401 `invalid_token`.
    InvalidToken,
    /// 503 `QUERY_LIMIT_EXCEEDED`, whatever the bucket.
    QueryLimit,
    /// 503 `OVERLOAD_LIMIT`: blocked by support.
    Overload,
    /// 429 `OPERATION_TIME_LIMIT`, to be lifted after this many seconds.
    OperationTimeLimit(u32),
    /// 402 `PAYMENT_REQUIRED`.
    PaymentRequired,
    /// 401 `ACCESS_DENIED`: REST is not in the plan.
    NotInPlan,
    /// 401 `CONNECTION_ERROR`: a box that cannot reach the authorization server.
    AuthServerUnreachable,
    /// 500 `INTERNAL_SERVER_ERROR`, nothing executed.
    InternalError,
    /// 500 `PORTAL_DELETED`.
    PortalDeleted,
    /// 200 with an HTML page instead of JSON, nothing executed.
    Html,
    /// Executed, but the answer's body is empty (status 200).
    EmptyBody,
    /// An answer as no portal gives it, nothing executed.
    Odd(Odd),
    /// Executed, and the answer is blown up to so many bytes.
    Padded(usize),
    /// Any refusal: status, code, text.
    Refuse(u16, String, String),
}

/// What is wrong with the body of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Odd {
    /// It comes byte by byte, one a second.
    Trickling,
    /// It never ends, as fast as it is read.
    Endless,
    /// It is compressed, though nobody has asked for that.
    Compressed,
}

/// What a fault answers instead of executing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Instead {
    /// Status, code, text, and seconds until a pause is over.
    Refusal(u16, String, String, Option<u32>),
    /// Status and an HTML page.
    Page(u16, &'static str),
    /// Nothing, ever.
    Silence,
    /// The connection is closed.
    Hangup,
    /// Such a body.
    Odd(Odd),
}

impl Fault {
    /// What is answered instead of executing; `None` if the request is executed.
    pub fn instead(&self) -> Option<Instead> {
        let refusal =
            |http, code: &str, text: &str| Some(Instead::Refusal(http, code.to_owned(), text.to_owned(), None));
        match self {
            Self::Outage => Some(Instead::Page(503, "503 Service Temporarily Unavailable")),
            Self::Html => Some(Instead::Page(200, "Authorization")),
            Self::Odd(odd) => Some(Instead::Odd(*odd)),
            Self::Hang => Some(Instead::Silence),
            Self::DropBefore => Some(Instead::Hangup),
            Self::DropAfter | Self::Latency(_) | Self::SlowAnswer(_) | Self::EmptyBody | Self::Padded(_) => None,
            Self::ExpiredToken => refusal(401, "expired_token", "The access token provided has expired."),
            Self::InvalidToken => refusal(401, "invalid_token", "Unable to get application by token"),
            Self::QueryLimit => refusal(503, "QUERY_LIMIT_EXCEEDED", "Too many requests"),
            Self::Overload => refusal(503, "OVERLOAD_LIMIT", "REST API is blocked due to overload."),
            Self::OperationTimeLimit(seconds) => Some(Instead::Refusal(
                429,
                "OPERATION_TIME_LIMIT".to_owned(),
                "Method is blocked due to operation time limit.".to_owned(),
                Some(*seconds),
            )),
            Self::PaymentRequired => refusal(402, "PAYMENT_REQUIRED", "Payment required"),
            Self::NotInPlan => refusal(401, "ACCESS_DENIED", "REST is available only on commercial plans."),
            Self::AuthServerUnreachable => refusal(401, "CONNECTION_ERROR", "Error connecting to authorization server"),
            Self::InternalError => refusal(500, "INTERNAL_SERVER_ERROR", "Internal server error"),
            Self::PortalDeleted => refusal(500, "PORTAL_DELETED", "Portal was deleted"),
            Self::Refuse(http, code, text) => refusal(*http, code, text),
        }
    }
}

/// The faults waiting for requests of one server.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    once: VecDeque<(Option<String>, Fault)>,
    standing: Vec<(Option<String>, Fault)>,
    inside: VecDeque<(String, Fault)>,
}

impl Faults {
    /// The next request (of `method`, if given) meets `fault`; several queue up.
    pub fn next(&mut self, method: Option<&str>, fault: Fault) {
        self.once.push_back((method.map(str::to_ascii_lowercase), fault));
    }

    /// Every request (of `method`, if given) meets `fault` until [`Faults::heal`].
    pub fn standing(&mut self, method: Option<&str>, fault: Fault) {
        self.standing.push((method.map(str::to_ascii_lowercase), fault));
    }

    /// The next command of `method` inside a batch meets `fault`, which must be a refusal; the others are carried out.
    pub fn next_inside(&mut self, method: &str, fault: Fault) {
        self.inside.push_back((method.to_ascii_lowercase(), fault));
    }

    /// Status, code and text of the refusal that a command of a batch meets.
    pub fn take_inside(&mut self, method: &str) -> Option<(u16, String, String)> {
        let at = self.inside.iter().position(|(wanted, _)| wanted == method)?;
        match self.inside.remove(at)?.1.instead()? {
            Instead::Refusal(http, code, text, _) => Some((http, code, text)),
            Instead::Page(..) | Instead::Silence | Instead::Hangup | Instead::Odd(_) => None,
        }
    }

    /// Forgets all faults.
    pub fn heal(&mut self) {
        *self = Self::default();
    }

    /// The fault for a request that touches `methods` (a batch touches several); single ones are used up.
    pub fn take(&mut self, methods: &[String]) -> Option<Fault> {
        let hits = |wanted: &Option<String>| wanted.as_ref().is_none_or(|w| methods.contains(w));
        if let Some(at) = self.once.iter().position(|(wanted, _)| hits(wanted)) {
            return self.once.remove(at).map(|(_, fault)| fault);
        }
        self.standing.iter().find(|(wanted, _)| hits(wanted)).map(|(_, fault)| fault.clone())
    }
}
