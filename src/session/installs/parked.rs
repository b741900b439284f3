//! A notice as the store keeps it.

use crate::bitrix::hook::{Install, Sender};
use crate::domain::{CompanyId, Timestamp, UserId};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Life of an access token, where the notice does not tell.
const ACCESS_LIFE: Duration = Duration::from_secs(3600);

/// A notice as it is kept, sealed. Notices of former versions have the first three fields only.
#[derive(Serialize, Deserialize)]
pub(super) struct Parked {
    access: String,
    application_token: String,
    server_endpoint: Option<String>,
    #[serde(default)]
    refresh: Option<String>,
    /// Unix milliseconds.
    #[serde(default)]
    expires_at: i64,
    #[serde(default)]
    scope: String,
    #[serde(default)]
    user: Option<UserId>,
    #[serde(default)]
    language: Option<String>,
}

impl Parked {
    /// `None` if the notice holds nothing that could be confirmed later.
    pub fn of(notice: &Install, now: Timestamp) -> Option<Self> {
        let text = |secret: &SecretString| secret.expose_secret().to_owned();
        let life = notice.expires_in.map_or(ACCESS_LIFE, Duration::from_secs);
        Some(Self {
            access: notice.access.as_ref().map(text)?,
            application_token: notice.from.application_token.as_ref().map(text)?,
            server_endpoint: notice.server_endpoint.clone(),
            refresh: notice.refresh.as_ref().map(text),
            expires_at: (now + life).millis(),
            scope: notice.scope.clone(),
            user: notice.user,
            language: notice.language.clone(),
        })
    }

    /// The notice as if it were told now.
    pub fn notice(self, id: &CompanyId, now: Timestamp) -> Install {
        let access = Some(SecretString::from(self.access));
        Install {
            from: Sender {
                member_id: Some(id.clone()),
                application_token: Some(self.application_token.into()),
                access: access.clone(),
                server_endpoint: self.server_endpoint.clone(),
                ..Sender::default()
            },
            client_endpoint: None,
            server_endpoint: self.server_endpoint,
            access,
            refresh: self.refresh.map(SecretString::from),
            expires_in: Some(Timestamp(self.expires_at).since(now).as_secs()),
            scope: self.scope,
            user: self.user,
            language: self.language,
            update: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_is_kept_whole_and_former_ones_are_read() {
        let now = Timestamp(1_000_000);
        let former = r#"{"access":"a","application_token":"t","server_endpoint":null}"#;
        let notice = serde_json::from_str::<Parked>(former).expect("readable").notice(&"m".into(), now);
        assert_eq!((notice.expires_in, notice.refresh.is_none(), notice.user), (Some(0), true, None));
        let full = Install {
            refresh: Some("r".into()),
            expires_in: Some(100),
            scope: "user".into(),
            user: Some(UserId(5)),
            language: Some("en".into()),
            ..notice
        };
        let text = serde_json::to_string(&Parked::of(&full, now).expect("enough")).expect("plain data");
        let later = now + Duration::from_secs(40);
        let again = serde_json::from_str::<Parked>(&text).expect("readable").notice(&"m".into(), later);
        assert_eq!((again.expires_in, again.user, again.language.as_deref()), (Some(60), Some(UserId(5)), Some("en")));
        assert_eq!(
            again.tokens(later).map(|t| (t.refresh.expose_secret().to_owned(), t.scope)),
            Some(("r".into(), "user".into()))
        );
        assert!(Parked::of(&Install { access: None, ..full }, now).is_none(), "nothing to confirm");
    }
}
