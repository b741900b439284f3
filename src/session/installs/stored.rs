//! Notices between the portal's words, the form they are kept in, and the disk.

use crate::bitrix::hook::{Install, Sender};
use crate::domain::installs::{StoredNotice, StoredNotices};
use crate::domain::source::Source;
use crate::domain::{CompanyId, Timestamp};
use secrecy::{ExposeSecret as _, SecretString};
use std::time::Duration;

/// Life of an access token, where the notice does not tell.
const ACCESS_LIFE: Duration = Duration::from_secs(3600);

/// A notice that came at `received_at`, to be kept; `None` if it holds nothing that could be confirmed later.
pub(super) fn to_store(
    notice: &Install,
    received_at: Timestamp,
    vouched: bool,
    source: Option<Source>,
    now: Timestamp,
) -> Option<StoredNotice> {
    let text = |secret: &SecretString| secret.expose_secret().to_owned();
    let life = notice.expires_in.map_or(ACCESS_LIFE, Duration::from_secs);
    if notice.access.is_none() && notice.refresh.is_none() {
        return None;
    }
    Some(StoredNotice {
        access: notice.access.as_ref().map(text).unwrap_or_default(),
        application_token: notice.from.application_token.as_ref().map(text).unwrap_or_default(),
        server_endpoint: notice.server_endpoint.clone(),
        refresh: notice.refresh.as_ref().map(text),
        expires_at: (now + life).millis(),
        scope: notice.scope.clone(),
        user: notice.user,
        language: notice.language.clone(),
        received_at: received_at.millis(),
        vouched,
        source,
    })
}

/// The notice as if it came now.
pub(super) fn from_store(stored: StoredNotice, id: &CompanyId, now: Timestamp) -> Install {
    let some = |text: String| Some(text).filter(|t| !t.is_empty()).map(SecretString::from);
    let access = some(stored.access);
    Install {
        from: Sender {
            member_id: Some(id.clone()),
            application_token: some(stored.application_token),
            access: access.clone(),
            server_endpoint: stored.server_endpoint.clone(),
            ..Sender::default()
        },
        client_endpoint: None,
        server_endpoint: stored.server_endpoint,
        access,
        refresh: stored.refresh.map(SecretString::from),
        expires_in: Some(Timestamp(stored.expires_at).since(now).as_secs()),
        scope: stored.scope,
        user: stored.user,
        language: stored.language,
    }
}

/// Reads what is stored of a portal; former versions kept a single notice.
pub(super) fn read(body: &SecretString) -> StoredNotices {
    let body = body.expose_secret();
    let one = || serde_json::from_str(body).ok().map(|one| vec![one]);
    StoredNotices(serde_json::from_str(body).ok().or_else(one).unwrap_or_default())
}

/// What is to be stored of a portal.
pub(super) fn body(all: &StoredNotices) -> SecretString {
    serde_json::to_string(&all.0).expect("notices are plain data").into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::UserId;

    #[test]
    fn a_notice_is_kept_whole_and_former_ones_are_read() {
        let now = Timestamp(1_000_000);
        let former = SecretString::from(r#"{"access":"a","application_token":"t","server_endpoint":null}"#.to_owned());
        let notice = from_store(read(&former).0.remove(0), &"m".into(), now);
        assert_eq!((notice.expires_in, notice.refresh.is_none(), notice.user), (Some(0), true, None));
        let full = Install {
            refresh: Some("r".into()),
            expires_in: Some(100),
            scope: "user".into(),
            user: Some(UserId(5)),
            language: Some("en".into()),
            ..notice
        };
        let mut all = StoredNotices::default();
        all.add(to_store(&full, now, false, None, now).expect("enough"), 0.5);
        let later = now + Duration::from_secs(40);
        let kept = read(&body(&all)).0.remove(0);
        assert_eq!(kept.received_at(), now);
        let again = from_store(kept, &"m".into(), later);
        assert_eq!((again.expires_in, again.user, again.language.as_deref()), (Some(60), Some(UserId(5)), Some("en")));
        assert_eq!(
            again.tokens(later).map(|t| (t.refresh.expose_secret().to_owned(), t.scope)),
            Some(("r".into(), "user".into()))
        );
        let bare = Install { access: None, ..full };
        let kept = to_store(&bare, now, false, None, now).expect("the refresh token proves it");
        let bare = from_store(kept, &"m".into(), now);
        assert!(bare.access.is_none());
        assert!(to_store(&Install { refresh: None, ..bare }, now, false, None, now).is_none(), "nothing to confirm");
    }
}
