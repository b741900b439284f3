//! The token answer and its errors as the authorization server writes them.

use super::OAuthError;
use super::bridge::BridgeFault;
use crate::bitrix::lenient;
use crate::domain::{CompanyId, Timestamp, Tokens, UserId};
use oauth2::basic::{BasicRevocationErrorResponse, BasicTokenIntrospectionResponse, BasicTokenType};
use oauth2::{
    AccessToken, Client, EndpointNotSet, EndpointSet, ErrorResponse, RefreshToken, RequestTokenError, Scope,
    StandardRevocableToken, TokenResponse,
};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// The OAuth client for this server's dialect.
pub(super) type Exchange = Client<
    WireFault,
    Granted,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

/// How an exchange can fail in the library's words.
pub(super) type ExchangeError = RequestTokenError<BridgeFault, WireFault>;

/// A token answer. The server names no token type and may send any number as a string.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Granted {
    access_token: AccessToken,
    #[serde(default)]
    refresh_token: Option<RefreshToken>,
    #[serde(default, deserialize_with = "lenient::de_int")]
    expires_in: Option<i64>,
    /// Unix seconds.
    #[serde(default, deserialize_with = "lenient::de_int")]
    expires: Option<i64>,
    #[serde(default, deserialize_with = "lenient::de_text")]
    scope: Option<String>,
    #[serde(default, deserialize_with = "lenient::de_text")]
    client_endpoint: Option<String>,
    #[serde(default, deserialize_with = "lenient::de_text")]
    server_endpoint: Option<String>,
    #[serde(default, deserialize_with = "lenient::de_text")]
    member_id: Option<String>,
    #[serde(default, deserialize_with = "lenient::de_int")]
    user_id: Option<i64>,
    #[serde(skip, default = "bearer")]
    token_type: BasicTokenType,
}

fn bearer() -> BasicTokenType {
    BasicTokenType::Bearer
}

impl TokenResponse for Granted {
    type TokenType = BasicTokenType;

    fn access_token(&self) -> &AccessToken {
        &self.access_token
    }

    fn token_type(&self) -> &BasicTokenType {
        &self.token_type
    }

    fn expires_in(&self) -> Option<Duration> {
        self.expires_in.and_then(|s| u64::try_from(s).ok()).map(Duration::from_secs)
    }

    fn refresh_token(&self) -> Option<&RefreshToken> {
        self.refresh_token.as_ref()
    }

    fn scopes(&self) -> Option<&Vec<Scope>> {
        None
    }
}

/// Lifetime of an access token where the answer does not say.
const USUAL_LIFE: Duration = Duration::from_secs(3600);

impl Granted {
    /// The pair received at `now`; what the answer leaves out is taken over from the pair before. `None` without
    /// any refresh token.
    pub(super) fn tokens(&self, before: Option<&Tokens>, now: Timestamp) -> Option<Tokens> {
        let secret = |text: &str| SecretString::from(text.to_owned());
        let expires_at = match (self.expires_in(), self.expires) {
            // Counted from our own clock, so that a wrong one does no harm.
            (Some(life), _) => now + life,
            (None, Some(seconds)) => Timestamp(seconds.saturating_mul(1000)),
            (None, None) => now + USUAL_LIFE,
        };
        let refresh = self.refresh_token.as_ref().filter(|r| !r.secret().is_empty());
        let tokens = Tokens {
            access: secret(self.access_token.secret()),
            refresh: refresh.map(|r| secret(r.secret())).or_else(|| before.map(|b| b.refresh.clone()))?,
            previous: refresh.and(before).map(|b| b.refresh.clone()),
            expires_at,
            refresh_obtained_at: if refresh.is_some() { now } else { before.map_or(now, |b| b.refresh_obtained_at) },
            user_id: self.user_id.filter(|id| *id > 0).map(UserId),
            server_endpoint: self.server_endpoint.clone(),
            scope: self.scope.clone().unwrap_or_default(),
        };
        Some(match before {
            Some(before) => tokens.filled_from(before),
            None => tokens,
        })
    }

    /// Whose grant it is.
    pub(super) fn member_id(&self) -> Option<CompanyId> {
        self.member_id.as_deref().map(CompanyId::from)
    }

    /// Base of the portal's REST, with a slash at its end.
    pub(super) fn client_endpoint(&self) -> Option<String> {
        self.client_endpoint.as_deref().map(|e| format!("{}/", e.trim_end_matches('/')))
    }
}

/// An error object.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub(super) struct WireFault {
    #[serde(default, deserialize_with = "lenient::de_text")]
    error: Option<String>,
    #[serde(default, deserialize_with = "lenient::de_text")]
    error_description: Option<String>,
}

impl fmt::Display for WireFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = self.error.as_deref().unwrap_or("no code");
        match &self.error_description {
            Some(text) => write!(f, "{text} [{code}]"),
            None => f.write_str(code),
        }
    }
}

impl ErrorResponse for WireFault {}

/// What was offered to the server; the same error means different things for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Offer {
    /// The code of a login, good for 30 seconds and once.
    Code,
    Token,
}

impl WireFault {
    /// What the caller can do about it. Letter case of the codes is not stable.
    pub(super) fn judge(&self, offer: Offer) -> OAuthError {
        let why = self.to_string();
        match self.error.as_deref().unwrap_or_default().to_ascii_lowercase().as_str() {
            "invalid_grant" | "bad_verification_code" | "expired_token" | "invalid_token" | "no_auth_found" => {
                match offer {
                    Offer::Code => OAuthError::CodeDead,
                    Offer::Token => OAuthError::GrantDead(why),
                }
            }
            "invalid_client"
            | "wrong_client"
            | "unauthorized_client"
            | "not_installed"
            | "application_not_found"
            | "insufficient_scope"
            | "invalid_scope" => OAuthError::WrongClient(why),
            "payment_required" => OAuthError::Payment(why),
            "query_limit_exceeded"
            | "operation_time_limit"
            | "overload_limit"
            | "internal_server_error"
            | "connection_error" => OAuthError::Again { why },
            _ => OAuthError::Protocol(why),
        }
    }
}

/// The library's error in our words.
pub(super) fn judge(error: &ExchangeError, offer: Offer) -> OAuthError {
    match error {
        RequestTokenError::ServerResponse(fault) => fault.judge(offer),
        RequestTokenError::Request(fault) => judge_bridge(fault),
        // The path says which field is wrong; the body may hold tokens.
        RequestTokenError::Parse(at, _) => OAuthError::Protocol(format!("unexpected token answer at {}", at.path())),
        RequestTokenError::Other(why) => OAuthError::Protocol(why.clone()),
    }
}

/// Nothing usable came back.
pub(super) fn judge_bridge(fault: &BridgeFault) -> OAuthError {
    OAuthError::Again { why: fault.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret as _;

    const NOW: Timestamp = Timestamp(1_770_000_000_000);

    fn granted(body: &str) -> Granted {
        serde_json::from_str(body).expect(body)
    }

    #[test]
    fn numbers_may_be_strings_and_the_domain_is_not_the_portals() {
        let answer = granted(
            r#"{"access_token":"a1","refresh_token":"r1","expires_in":"3600","expires":1770003600,"scope":"user,telephony",
                "domain":"oauth.bitrix24.tech","server_endpoint":"https://oauth.bitrix24.tech/rest/","status":"L",
                "client_endpoint":"https://firma.example/rest","member_id":"m1","user_id":"7"}"#,
        );
        let tokens = answer.tokens(None, NOW).expect("a pair");
        assert_eq!(tokens.access.expose_secret(), "a1");
        assert_eq!(tokens.expires_at, NOW + Duration::from_secs(3600));
        assert_eq!((tokens.user_id, tokens.scope.as_str()), (Some(UserId(7)), "user,telephony"));
        assert_eq!(answer.client_endpoint().as_deref(), Some("https://firma.example/rest/"));
        assert_eq!(answer.member_id(), Some("m1".into()));
    }

    #[test]
    fn what_is_left_out_is_taken_over() {
        let before =
            granted(r#"{"access_token":"a1","refresh_token":"r1","user_id":7,"scope":"user","server_endpoint":"s"}"#)
                .tokens(None, NOW)
                .expect("a pair");
        let later = NOW + Duration::from_secs(60);
        let tokens =
            granted(r#"{"access_token":"a2","expires":"1770003600"}"#).tokens(Some(&before), later).expect("a pair");
        assert_eq!((tokens.access.expose_secret(), tokens.refresh.expose_secret()), ("a2", "r1"));
        assert_eq!(tokens.refresh_obtained_at, NOW);
        assert!(tokens.previous.is_none(), "the refresh token is the same");
        assert_eq!(tokens.expires_at, Timestamp(1_770_003_600_000));
        assert_eq!((tokens.user_id, tokens.scope.as_str()), (Some(UserId(7)), "user"));
        assert_eq!(tokens.server_endpoint.as_deref(), Some("s"));
        assert!(granted(r#"{"access_token":"a2","refresh_token":""}"#).tokens(None, NOW).is_none());
        let next =
            granted(r#"{"access_token":"a3","refresh_token":"r3"}"#).tokens(Some(&tokens), later).expect("a pair");
        assert_eq!(next.previous.as_ref().map(secrecy::ExposeSecret::expose_secret), Some("r1"));
    }

    #[test]
    fn an_answer_does_not_print_its_tokens() {
        let answer = granted(r#"{"access_token":"hush-a","refresh_token":"hush-r"}"#);
        assert!(!format!("{answer:?}").contains("hush"), "{answer:?}");
        assert!(!format!("{:?}", answer.tokens(None, NOW)).contains("hush"));
    }

    #[test]
    fn codes_are_judged_whatever_their_case() {
        for (code, offer, want) in [
            ("invalid_grant", Offer::Code, "code"),
            ("bad_verification_code", Offer::Code, "code"),
            ("INVALID_GRANT", Offer::Token, "grant"),
            ("expired_token", Offer::Token, "grant"),
            ("NO_AUTH_FOUND", Offer::Token, "grant"),
            ("invalid_client", Offer::Token, "client"),
            ("WRONG_CLIENT", Offer::Code, "client"),
            ("NOT_INSTALLED", Offer::Token, "client"),
            ("insufficient_scope", Offer::Code, "client"),
            ("PAYMENT_REQUIRED", Offer::Token, "payment"),
            ("QUERY_LIMIT_EXCEEDED", Offer::Token, "again"),
            ("invalid_request", Offer::Token, "protocol"),
            ("", Offer::Token, "protocol"),
        ] {
            let fault = WireFault { error: Some(code.into()), error_description: Some("words".into()) };
            let got = match fault.judge(offer) {
                OAuthError::CodeDead => "code",
                OAuthError::GrantDead(_) => "grant",
                OAuthError::WrongClient(_) => "client",
                OAuthError::Again { .. } => "again",
                OAuthError::Payment(_) => "payment",
                OAuthError::Protocol(_) => "protocol",
            };
            assert_eq!(got, want, "{code}");
        }
    }
}
