//! `app.info` of the authorization server: the trusted word on whose token something is.

use crate::bitrix::lenient;
use crate::domain::{CompanyId, UserId};
use serde_json::Value;

/// What the server says about a token; every field may be missing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AppInfo {
    /// The application the token was issued to.
    pub client_id: Option<String>,
    /// The portal user it was issued for.
    pub user_id: Option<UserId>,
    /// The portal.
    pub member_id: Option<CompanyId>,
    /// Base of the portal's REST, with a slash at its end.
    pub client_endpoint: Option<String>,
    /// The portal's host.
    pub domain: Option<String>,
    /// Whether installation is complete; before that no event is delivered and no card is shown.
    pub installed: Option<bool>,
    /// Kind of application: `L` for a local one.
    pub status: Option<String>,
    /// The portal's language, e.g. `ru`.
    pub language: Option<String>,
    /// Granted scopes.
    pub scope: Option<String>,
}

impl AppInfo {
    /// Reads an answer in any of the shapes seen: flat or in `result`, in lower or upper case, installation facts
    /// in `install` or beside the rest.
    pub(in crate::bitrix) fn read(answer: &Value) -> Self {
        let result = answer.get("result").unwrap_or(answer);
        let find = |names: &[&str]| -> Option<&Value> {
            [result.get("install"), result.get("INSTALL"), Some(result), Some(answer)]
                .into_iter()
                .flatten()
                .find_map(|place| names.iter().find_map(|n| place.get(n)).filter(|v| !v.is_null()))
        };
        let text = |names: &[&str]| find(names).and_then(lenient::text);
        let scope = find(&["scope", "SCOPE"]).and_then(|v| match v {
            Value::Array(words) => Some(words.iter().filter_map(lenient::text).collect::<Vec<_>>().join(",")),
            other => lenient::text(other),
        });
        Self {
            client_id: text(&["client_id", "CLIENT_ID", "CODE", "code"]),
            user_id: find(&["user_id", "USER_ID"]).and_then(lenient::int).filter(|id| *id > 0).map(UserId),
            member_id: text(&["member_id", "MEMBER_ID"]).as_deref().map(CompanyId::from),
            client_endpoint: text(&["client_endpoint", "CLIENT_ENDPOINT"])
                .map(|e| format!("{}/", e.trim_end_matches('/'))),
            domain: text(&["domain", "DOMAIN"]),
            installed: find(&["installed", "INSTALLED"]).and_then(lenient::flag),
            language: text(&["language_id", "LANGUAGE_ID"]),
            status: text(&["status", "STATUS"]),
            scope,
        }
    }

    /// Whether this token belongs to our application: the server names the same client id.
    pub fn is_for(&self, client_id: &str) -> bool {
        self.client_id.as_deref() == Some(client_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_shape_of_the_authorization_server() {
        let info = AppInfo::read(&json!({"result": {
            "client_id": "local.1", "user_id": 7, "scope": ["user", "telephony"],
            "install": {"installed": true, "status": "L", "member_id": "m1", "domain": "firma.example",
                        "client_endpoint": "https://firma.example/rest"}}}));
        assert_eq!(info.user_id, Some(UserId(7)));
        assert_eq!(info.member_id, Some("m1".into()));
        assert_eq!(info.client_endpoint.as_deref(), Some("https://firma.example/rest/"));
        assert_eq!((info.installed, info.status.as_deref()), (Some(true), Some("L")));
        assert_eq!(info.scope.as_deref(), Some("user,telephony"));
        assert!(info.is_for("local.1") && !info.is_for("local.2"));
    }

    #[test]
    fn the_shape_of_a_portal_and_of_nothing() {
        let info = AppInfo::read(&json!({"result": {"ID": "3", "CODE": "local.1", "INSTALLED": "N", "STATUS": "L",
            "SCOPE": "user,telephony", "LANGUAGE_ID": "ru"}}));
        assert_eq!((info.client_id.as_deref(), info.installed), (Some("local.1"), Some(false)));
        assert_eq!(info.member_id, None);
        assert_eq!(AppInfo::read(&json!({"result": []})), AppInfo::default());
        assert!(!AppInfo::default().is_for(""));
    }
}
