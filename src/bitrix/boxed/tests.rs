//! The portal in a box: well kept, with each fault of a page, and switched off.

use super::look_at_portal;
use crate::bitrix::testing::http;
use crate::domain::checks::Severity;
use crate::domain::checks::boxed_portal::BoxedPortalFinding;
use axum::Router;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse as _, Redirect};
use axum::routing::get;
use reqwest::Url;
use std::collections::BTreeSet;

const REFUSAL: &str = r#"{"OK":false,"ERROR":[{"CODE":"CONNECTOR_ID_NOT_SPECIFIED"}]}"#;

/// What the document on open lines in a box asks for, by section and number there, and the checks that look at it.
const ASKED_FOR: [(&str, &str, &[&str]); 20] = [
    ("1.1", "the connector page is reachable", &["connection", "connector_page"]),
    ("1.2", "a licence is in force", &["licence"]),
    ("1.3", "messengers are reachable", &["outgoing_connections"]),
    ("1.4", "nginx goes on without the client", &["proxy_client_abort"]),
    ("1.5", "php-fpm goes on without the client", &["fastcgi_client_abort"]),
    ("1.6", "the live chat may be framed", &["live_chat_page"]),
    ("1.8", "the chat-bot module is set up", &["chat_bot_module"]),
    ("1.9", "the chat-bot page wants no log-in", &["chat_bot_page"]),
    ("1.10", "long waiting of chat bots", &["chat_bot_module"]),
    ("1.11", "connector files are not redirected", &["connector_page", "chat_bot_page"]),
    ("2.1", "the public address", &["public_address", "connector_module"]),
    ("2.2", "debug log of connectors", &["connector_module"]),
    ("2.3", "connectors are ticked", &["connector_module"]),
    ("3.1", "debug log of open lines", &["open_lines_module"]),
    ("important 1", "an administrator sets it", &["external_users"]),
    ("important 2", "clients become extranet users", &["external_users"]),
    ("important 3", "a wrong public address is the usual cause", &["public_address", "connection"]),
    ("details 1-3", "paths of the logs", &["connector_module", "open_lines_module"]),
    ("details 4-5", "directives", &["proxy_client_abort", "fastcgi_client_abort"]),
    // Not in the document: calls need them.
    ("beyond it", "cards and requests", &["push_publish", "push_subscribe", "rest"]),
];

#[tokio::test]
async fn each_line_of_the_document_has_its_checks_and_each_check_its_line() {
    let found = looked_at(Router::new()).await;
    let told: BTreeSet<&str> = found.iter().filter_map(|finding| finding.id().strip_prefix("boxed_portal.")).collect();
    let asked: BTreeSet<&str> = ASKED_FOR.iter().flat_map(|(_, _, checks)| checks.iter().copied()).collect();
    assert_eq!(told, asked);
}

/// A portal where all is well but for the paths of `instead`, which are served first.
async fn looked_at(instead: Router) -> Vec<BoxedPortalFinding> {
    let well = Router::new().fallback(|uri: axum::http::Uri| async move {
        match uri.path() {
            "/pub/imconnector/" | "/pub/imbot.php" => REFUSAL.into_response(),
            "/online/" => ([("x-frame-options", "SAMEORIGIN")], Html("<html>")).into_response(),
            "/rest/app.info" => (StatusCode::UNAUTHORIZED, r#"{"error":"invalid_token"}"#).into_response(),
            _ => (StatusCode::BAD_REQUEST, "").into_response(),
        }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/some/path?x=1", listener.local_addr().expect("bound"));
    tokio::spawn(async move { axum::serve(listener, instead.fallback_service(well)).await });
    look_at_portal(&http(), &Url::parse(&url).expect("a URL")).await
}

fn faults(found: &[BoxedPortalFinding]) -> Vec<&'static str> {
    // These portals stand on this machine, which is no public address.
    let faults = found.iter().filter(|finding| finding.severity() == Severity::Fault).map(BoxedPortalFinding::id);
    faults.filter(|id| *id != "boxed_portal.public_address").collect()
}

#[tokio::test]
async fn a_well_kept_portal_has_no_fault_and_each_check_is_told_once() {
    let found = looked_at(Router::new()).await;
    assert_eq!(faults(&found), [""; 0], "{found:?}");
    let ids: BTreeSet<&str> = found.iter().map(BoxedPortalFinding::id).collect();
    assert_eq!((ids.len(), found.len()), (16, 16), "{ids:?}");
}

#[tokio::test]
async fn each_fault_of_a_page_is_found_and_no_other() {
    let connector = "/pub/imconnector/";
    let large = "x".repeat(1 << 20);
    for (instead, id) in [
        (Router::new().route(connector, get(|| async { Redirect::to("/auth/") })), "boxed_portal.connector_page"),
        (Router::new().route(connector, get(|| async { StatusCode::FORBIDDEN })), "boxed_portal.connector_page"),
        (Router::new().route(connector, get(|| async { Html("<html>") })), "boxed_portal.connector_page"),
        (Router::new().route(connector, get(|| async { "\0\0" })), "boxed_portal.connector_page"),
        (Router::new().route(connector, get(|| async move { large })), "boxed_portal.connector_page"),
        (
            Router::new().route(connector, get(|| async { r#"{"OK":false,"ERROR":{"CODE":"MODULE_NOT_INSTALLED"}}"# })),
            "boxed_portal.connector_page",
        ),
        (Router::new().route("/pub/imbot.php", get(|| async { StatusCode::NOT_FOUND })), "boxed_portal.chat_bot_page"),
        (
            Router::new().route("/online/", get(|| async { ([("x-frame-options", "DENY")], Html("<html>")) })),
            "boxed_portal.live_chat_page",
        ),
        (Router::new().route("/bitrix/sub/", get(|| async { StatusCode::BAD_GATEWAY })), "boxed_portal.push_subscribe"),
        (Router::new().route("/bitrix/pub/", get(|| async { StatusCode::NOT_FOUND })), "boxed_portal.push_publish"),
        (Router::new().route("/rest/app.info", get(|| async { Html("<html>") })), "boxed_portal.rest"),
    ] {
        let found = looked_at(instead).await;
        assert_eq!(faults(&found), [id], "{found:?}");
    }
}

#[tokio::test]
async fn where_nobody_answers_only_the_connection_is_at_fault() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/", listener.local_addr().expect("bound"));
    drop(listener);
    let found = look_at_portal(&http(), &Url::parse(&url).expect("a URL")).await;
    assert_eq!(faults(&found), ["boxed_portal.connection"], "{found:?}");
}
