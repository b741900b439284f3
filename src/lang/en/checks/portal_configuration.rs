//! The configuration of nginx in front of a portal, in English.

use crate::domain::checks::boxed_portal::nginx::{WebServerSetting, WebServerVerdict};
use crate::lang::checks::FindingText;

pub(super) fn text(setting: WebServerSetting, verdict: &WebServerVerdict) -> FindingText {
    match verdict {
        WebServerVerdict::AsNeeded(seen) => FindingText::of(as_needed(setting), seen.clone(), ""),
        WebServerVerdict::NotUsed => FindingText::new(not_used(setting)),
        WebServerVerdict::Wrong(seen) => {
            let (sentence, remedy) = wrong(setting);
            FindingText::of(sentence, seen.clone(), remedy).copy(lines(setting).iter().map(|line| (*line).to_owned()))
        }
        WebServerVerdict::Undecided(seen) => {
            let (sentence, remedy) = undecided(setting);
            FindingText::of(sentence, seen.clone(), remedy)
        }
    }
}

const fn lines(setting: WebServerSetting) -> &'static [&'static str] {
    match setting {
        WebServerSetting::ProxyClientAbort => &["proxy_ignore_client_abort on;"],
        WebServerSetting::FastcgiClientAbort => &["fastcgi_ignore_client_abort on;"],
        WebServerSetting::LiveChatHeaders => &["add_header X-Frame-Options SAMEORIGIN;"],
        WebServerSetting::ServerBlock | WebServerSetting::ConnectorRedirects | WebServerSetting::PushLocations => &[],
    }
}

const fn as_needed(setting: WebServerSetting) -> &'static str {
    match setting {
        WebServerSetting::ServerBlock => "This server block serves the portal.",
        WebServerSetting::ProxyClientAbort => "A request is worked off even when its client has left.",
        WebServerSetting::FastcgiClientAbort => "php-fpm works a request off even when its client has left.",
        WebServerSetting::LiveChatHeaders => "nginx lets the live chat be shown in a frame.",
        WebServerSetting::ConnectorRedirects => "nginx does not redirect requests of connectors.",
        WebServerSetting::PushLocations => "Requests for the push server are passed to it.",
    }
}

const fn not_used(setting: WebServerSetting) -> &'static str {
    match setting {
        WebServerSetting::ServerBlock => "The configuration has no server block.",
        WebServerSetting::ProxyClientAbort => "Requests of connectors are not passed on by proxy_pass.",
        WebServerSetting::FastcgiClientAbort => "Requests of connectors are not passed on by fastcgi_pass.",
        WebServerSetting::LiveChatHeaders => "This nginx does not serve the live chat.",
        WebServerSetting::ConnectorRedirects => "This nginx does not serve requests of connectors.",
        WebServerSetting::PushLocations => "This nginx does not serve requests for the push server.",
    }
}

const fn wrong(setting: WebServerSetting) -> (&'static str, &'static str) {
    match setting {
        WebServerSetting::ServerBlock => ("No server block serves the portal.", "Check server_name and listen."),
        WebServerSetting::ProxyClientAbort => (
            "nginx breaks a request off when its client leaves: a message may get lost.",
            "Add the line to the locations named here and run nginx -s reload.",
        ),
        WebServerSetting::FastcgiClientAbort => (
            "nginx breaks a request to php-fpm off when its client leaves: a message may get lost.",
            "Add the line to the locations named here and run nginx -s reload.",
        ),
        WebServerSetting::LiveChatHeaders => (
            "nginx forbids showing the live chat in a frame.",
            "Replace the header named here in the location that serves /online/. Mind that add_header in a location drops every add_header of the blocks around it.",
        ),
        WebServerSetting::ConnectorRedirects => {
            ("nginx redirects requests of connectors.", "Exempt these paths from the redirect.")
        }
        WebServerSetting::PushLocations => (
            "Requests for the push server are not passed to it.",
            "Add locations of their own for /bitrix/pub/ and /bitrix/sub/ with proxy_pass to the push server.",
        ),
    }
}

const fn undecided(setting: WebServerSetting) -> (&'static str, &'static str) {
    match setting {
        WebServerSetting::ServerBlock => (
            "The portal's name is in no server_name: the default block serves it.",
            "Check that this is the right server; if so, add the name to server_name.",
        ),
        WebServerSetting::ProxyClientAbort => (
            "The configuration does not tell which location serves requests of connectors.",
            "Check the regular expression named here; the right location needs proxy_ignore_client_abort on.",
        ),
        WebServerSetting::FastcgiClientAbort => (
            "The configuration does not tell which location serves requests of connectors.",
            "Check the regular expression named here; the right location needs fastcgi_ignore_client_abort on.",
        ),
        WebServerSetting::LiveChatHeaders => (
            "The configuration does not tell which location serves the live chat.",
            "Check the regular expression named here, and X-Frame-Options in the right location.",
        ),
        WebServerSetting::ConnectorRedirects => (
            "The configuration does not tell whether requests of connectors are redirected.",
            "Check the conditions named here: these paths must not meet them.",
        ),
        WebServerSetting::PushLocations => (
            "Requests for the push server are passed on like all others.",
            "All is well if the next proxy passes them to the push server; otherwise add locations of their own.",
        ),
    }
}
