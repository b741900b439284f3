//! What the fields of a post may look like. Whatever is longer, or written otherwise, no portal has sent: it is refused
//! before anybody asks the portal about it or keeps it.

use super::{Install, Opened, PortalPost, Sender};
use secrecy::{ExposeSecret as _, SecretString};

/// Longest token. Tokens seen have 32 to 80 signs (the samples in bitrix24/b24restdocs, settings/oauth/index.md); the
/// rest is for whatever comes next.
const TOKEN: usize = 512;
/// Longest `member_id`; it is an MD5 sum of 32 signs.
const MEMBER: usize = 64;
/// Longest name of a host (RFC 1035) with a scheme and a port.
const HOST: usize = 253 + 16;
/// Longest address of a REST interface.
const ADDRESS: usize = 512;
/// Longest list of scopes; all that exist are some fifty words.
const SCOPES: usize = 2048;
/// Longest code of a language.
const LANGUAGE: usize = 16;

/// The name of the first field that no portal can have written.
pub(super) fn fault(post: &PortalPost) -> Option<&'static str> {
    match post {
        PortalPost::Install(install) => sender(&install.from).or_else(|| of_install(install)),
        PortalPost::Uninstall { from, .. } | PortalPost::UserAdded { from } | PortalPost::OtherEvent { from, .. } => {
            sender(from)
        }
        PortalPost::TestEvent { from, secret } => {
            sender(from).or_else(|| first([("data[QUERY][any]", is_token(secret.as_ref()))]))
        }
        PortalPost::CallStart(start) => sender(&start.from),
        PortalPost::Opened(opened) => of_opened(opened),
    }
}

fn sender(from: &Sender) -> Option<&'static str> {
    first([
        ("auth[member_id]", from.member_id.as_ref().is_none_or(|id| is_member(id.as_str()))),
        ("auth[domain]", is_text(from.domain.as_deref(), HOST)),
        ("auth[application_token]", is_token(from.application_token.as_ref())),
        ("auth[access_token]", is_token(from.access.as_ref())),
        ("auth[server_endpoint]", is_text(from.server_endpoint.as_deref(), ADDRESS)),
    ])
}

fn of_install(install: &Install) -> Option<&'static str> {
    first([
        ("auth[refresh_token]", is_token(install.refresh.as_ref())),
        ("auth[client_endpoint]", is_text(install.client_endpoint.as_deref(), ADDRESS)),
        ("auth[scope]", is_text(Some(&install.scope), SCOPES)),
        ("data[LANGUAGE_ID]", is_text(install.language.as_deref(), LANGUAGE)),
    ])
}

fn of_opened(opened: &Opened) -> Option<&'static str> {
    first([
        ("member_id", opened.member_id.as_ref().is_none_or(|id| is_member(id.as_str()))),
        ("AUTH_ID", is_token(opened.auth_id.as_ref())),
        ("DOMAIN", is_text(opened.domain.as_deref(), HOST)),
        ("APPLICATION_TOKEN", is_token(opened.application_token.as_ref())),
        ("LANG", is_text(opened.language.as_deref(), LANGUAGE)),
    ])
}

fn first<const N: usize>(fields: [(&'static str, bool); N]) -> Option<&'static str> {
    fields.into_iter().find(|(_, good)| !good).map(|(name, _)| name)
}

fn is_member(text: &str) -> bool {
    text.len() <= MEMBER && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

/// A token is a word that needs no quoting anywhere.
fn is_token(token: Option<&SecretString>) -> bool {
    let word = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'~' | b'+' | b'/' | b'=');
    token.is_none_or(|token| token.expose_secret().len() <= TOKEN && token.expose_secret().bytes().all(word))
}

fn is_text(text: Option<&str>, longest: usize) -> bool {
    text.is_none_or(|text| text.len() <= longest && !text.chars().any(|c| c.is_control() || c == '\u{fffd}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(body: &str) -> Option<&'static str> {
        PortalPost::parse(None, body.as_bytes()).err().map(|fault| match fault {
            super::super::PostFault::Shape(field) => field,
            other => panic!("{other}"),
        })
    }

    #[test]
    fn what_portals_send_has_the_right_shape() {
        let token = "0f".repeat(35);
        for body in [
            format!(
                "event=ONAPPINSTALL&auth[access_token]={token}&auth[refresh_token]={token}&auth[member_id]={}",
                "a".repeat(32)
            ),
            format!("PLACEMENT=CALL_CARD&AUTH_ID={token}&member_id={}&DOMAIN=firma.bitrix24.ru:8443", "a".repeat(32)),
            format!("PLACEMENT=DEFAULT&AUTH_ID={token}&DOMAIN=%D0%BF%D0%BE%D1%80%D1%82%D0%B0%D0%BB.%D1%80%D1%84"),
            format!("event=ONEXTERNALCALLSTART&auth[application_token]={token}&auth[domain]=box.example"),
        ] {
            assert_eq!(refused(&body), None, "{body}");
        }
    }

    #[test]
    fn what_no_portal_sends_is_refused_by_the_name_of_its_field() {
        let (long, host) = ("a".repeat(TOKEN + 1), "h".repeat(HOST + 1));
        for (body, field) in [
            (format!("PLACEMENT=X&AUTH_ID={long}"), "AUTH_ID"),
            ("PLACEMENT=X&AUTH_ID=a%20b".to_owned(), "AUTH_ID"),
            ("PLACEMENT=X&AUTH_ID=%D1%8F".to_owned(), "AUTH_ID"),
            ("PLACEMENT=X&AUTH_ID=a%00".to_owned(), "AUTH_ID"),
            (format!("PLACEMENT=X&member_id={}", "a".repeat(MEMBER + 1)), "member_id"),
            ("PLACEMENT=X&member_id=%0a".to_owned(), "member_id"),
            (format!("PLACEMENT=X&DOMAIN={host}"), "DOMAIN"),
            (format!("PLACEMENT=X&APPLICATION_TOKEN={long}"), "APPLICATION_TOKEN"),
            (format!("event=ONAPPINSTALL&auth[access_token]={long}"), "auth[access_token]"),
            (format!("event=ONAPPINSTALL&auth[refresh_token]={long}"), "auth[refresh_token]"),
            (format!("event=ONAPPINSTALL&auth[scope]={}", "a,".repeat(SCOPES)), "auth[scope]"),
            (format!("event=ONAPPINSTALL&auth[client_endpoint]={}", "a".repeat(ADDRESS + 1)), "auth[client_endpoint]"),
            (format!("event=ONAPPINSTALL&auth[server_endpoint]={}", "a".repeat(ADDRESS + 1)), "auth[server_endpoint]"),
            (format!("event=ONAPPINSTALL&data[LANGUAGE_ID]={}", "a".repeat(LANGUAGE + 1)), "data[LANGUAGE_ID]"),
            (format!("event=ONAPPUNINSTALL&auth[application_token]={long}"), "auth[application_token]"),
            (format!("event=ONAPPTEST&data[QUERY][any]={long}"), "data[QUERY][any]"),
            (format!("event=ONUSERADD&auth[member_id]={}", "a".repeat(60_000)), "auth[member_id]"),
            (format!("event=ONEXTERNALCALLSTART&auth[domain]={host}"), "auth[domain]"),
        ] {
            assert_eq!(refused(&body), Some(field));
        }
    }
}
