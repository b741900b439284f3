//! Whose access token somebody has shown us.

use super::answer::{RestAnswer, Verdict};
use super::error::ApiError;
use super::exchange::AnswerLimit;
use super::lenient;
use super::portal::{self, BitrixTools};
use crate::domain::UserId;
use secrecy::SecretString;
use serde_json::Value;

/// A portal user as the portal itself names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenOwner {
    /// Their id in the portal.
    pub user: UserId,
    /// Whether they administer the portal.
    pub admin: bool,
    /// First and last name; may be empty.
    pub name: String,
}

/// Asks the portal at `client_endpoint` whose token this is.
///
/// The answer is worth as much as the address: it must come from the authorization server or our own records, never
/// from the client that has shown the token. [`ApiError::NeedsLogin`] means that the token is not good.
pub async fn who(tools: &BitrixTools, client_endpoint: &str, access: &SecretString) -> Result<TokenOwner, ApiError> {
    let endpoint = &format!("{}/", client_endpoint.trim_end_matches('/'));
    ask(|method| async move {
        portal::post(&tools.http, &tools.clock, endpoint, method, &Value::Null, access, AnswerLimit::Ordinary)
            .await
            .map_err(Verdict::into_error)
    })
    .await
}

/// `profile` needs no scope and names the user; where it says nothing about rights, `user.admin` does.
pub(super) async fn ask<F>(call: impl Fn(&'static str) -> F) -> Result<TokenOwner, ApiError>
where
    F: Future<Output = Result<RestAnswer, ApiError>>,
{
    let profile = call("profile").await?.result;
    let without_id = || ApiError::Unclear { why: "profile answered without an ID".into() };
    let (user, admin, name) = read_profile(&profile).ok_or_else(without_id)?;
    let admin = match admin {
        Some(admin) => admin,
        None => lenient::flag(&call("user.admin").await?.result).unwrap_or(false),
    };
    Ok(TokenOwner { user, admin, name })
}

/// Whom an answer of `profile` names, whether they administer the portal if it says so, and their name.
pub(super) fn read_profile(profile: &Value) -> Option<(UserId, Option<bool>, String)> {
    let user = profile.get("ID").and_then(lenient::int).filter(|id| *id > 0).map(UserId)?;
    let part = |key: &str| profile.get(key).and_then(lenient::text);
    let name = [part("NAME"), part("LAST_NAME")].into_iter().flatten().collect::<Vec<_>>().join(" ");
    Some((user, profile.get("ADMIN").and_then(lenient::flag), name.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bitrix::testing::answer;
    use serde_json::json;

    async fn read(profile: Value, admin: Value) -> Result<TokenOwner, ApiError> {
        ask(|method| {
            std::future::ready(Ok(answer(match method {
                "profile" => profile.clone(),
                "user.admin" => admin.clone(),
                other => panic!("{other} is not needed"),
            })))
        })
        .await
    }

    #[tokio::test]
    async fn profile_names_user_and_rights() {
        let who = read(json!({"ID": "7", "ADMIN": true, "NAME": "Anna", "LAST_NAME": "Orlova"}), Value::Null).await;
        assert_eq!(who, Ok(TokenOwner { user: UserId(7), admin: true, name: "Anna Orlova".into() }));
        let who = read(json!({"ID": 8, "ADMIN": false, "NAME": null}), json!(true)).await;
        assert_eq!(who, Ok(TokenOwner { user: UserId(8), admin: false, name: String::new() }));
    }

    #[tokio::test]
    async fn rights_are_asked_for_where_profile_is_silent_and_never_assumed() {
        assert!(read(json!({"ID": "7"}), json!(true)).await.expect("a user").admin);
        assert!(!read(json!({"ID": "7"}), json!([])).await.expect("a user").admin);
        for profile in [json!([]), json!({"ID": null}), json!({"ID": "0"})] {
            assert!(read(profile.clone(), json!(true)).await.is_err(), "{profile}");
        }
    }
}
