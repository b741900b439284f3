//! Exchanges with a server on loopback.

use super::*;
use crate::bitrix::testing::{FakeAnswer, FakePortal, FakeRequest, http};
use crate::domain::Timestamp;
use serde_json::json;
use std::time::Duration;

const NOW: Timestamp = Timestamp(1_770_000_000_000);

fn credentials() -> AppCredentials {
    AppCredentials { client_id: "local.1".into(), client_secret: "hush".to_owned().into() }
}

fn granted(access: &str, refresh: &str) -> FakeAnswer {
    FakeAnswer::json(
        200,
        &json!({
            "access_token": access, "refresh_token": refresh, "expires_in": 3600, "expires": "1770003600",
            "scope": "user,telephony", "domain": "oauth.bitrix.info", "status": "L", "member_id": "m1", "user_id": "7",
            "client_endpoint": "https://firma.example/rest/", "server_endpoint": "https://oauth.bitrix.info/rest/"
        }),
    )
}

fn oauth(base: &str) -> OAuth {
    OAuth::new(base, http(), Clock::manual(NOW)).expect("a host")
}

/// An OAuth whose official servers stand on loopback.
fn oauth_with_official(configured: &str, official: &[&str]) -> OAuth {
    let hosts = Hosts::with_official(configured, official).expect("hosts");
    OAuth {
        hosts: Arc::new(hosts),
        refreshing: Arc::new(Semaphore::new(REFRESHES_AT_ONCE)),
        http: http(),
        clock: Clock::manual(NOW),
    }
}

fn tokens(server_endpoint: Option<&str>) -> Tokens {
    Tokens {
        access: "a1".to_owned().into(),
        refresh: "r1".to_owned().into(),
        expires_at: NOW,
        previous: None,
        refresh_obtained_at: NOW,
        user_id: None,
        server_endpoint: server_endpoint.map(str::to_owned),
        scope: String::new(),
    }
}

/// An address on which nobody listens.
async fn nobody() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

#[test]
fn the_login_link_carries_two_parameters_and_escapes_them() {
    assert_eq!(
        OAuth::authorize_url("firma.bitrix24.ru", "local.1", "a b&c"),
        "https://firma.bitrix24.ru/oauth/authorize/?client_id=local.1&state=a+b%26c"
    );
    assert!(
        OAuth::authorize_url("http://127.0.0.1:81/", "x", "y").starts_with("http://127.0.0.1:81/oauth/authorize/?")
    );
}

#[tokio::test]
async fn a_code_is_posted_as_a_form_and_the_secret_stays_out_of_the_address() {
    let server = FakePortal::start(|_| granted("a1", "r1")).await;
    let grant = oauth(&server.base).exchange(&credentials(), "c 1").await.expect("a grant");
    assert_eq!(grant.member_id, "m1".into());
    assert_eq!(grant.client_endpoint, "https://firma.example/rest/");
    assert_eq!(grant.tokens.expires_at, NOW + Duration::from_secs(3600));
    let hits = server.hits();
    assert_eq!((hits.len(), hits[0].method.as_str(), hits[0].path.as_str()), (1, "POST", "/oauth/token/"));
    assert_eq!(hits[0].query, "");
    assert!(!hits[0].headers.contains_key("authorization"));
    let want =
        [("client_id", "local.1"), ("client_secret", "hush"), ("code", "c 1"), ("grant_type", "authorization_code")];
    assert_eq!(hits[0].form(), want.map(|(k, v)| (k.to_owned(), v.to_owned())).into());
}

#[tokio::test]
async fn a_refresh_takes_over_what_the_answer_leaves_out() {
    let server = FakePortal::start(|_| {
        FakeAnswer::json(200, &json!({"access_token": "a2", "refresh_token": "r2", "expires_in": "60"}))
    })
    .await;
    let renewal = oauth(&server.base).refresh(&credentials(), &tokens(Some("s"))).await.expect("a pair");
    assert_eq!(renewal.tokens.refresh.expose_secret(), "r2");
    assert_eq!(renewal.tokens.server_endpoint.as_deref(), Some("s"));
    assert_eq!((renewal.member_id, renewal.client_endpoint), (None, None));
    assert_eq!(server.hits()[0].form()["refresh_token"], "r1");
    assert_eq!(server.hits()[0].form()["grant_type"], "refresh_token");
}

#[tokio::test]
async fn a_server_that_knows_only_get_is_asked_by_get() {
    for refusal in [405, 404] {
        let server = FakePortal::start(move |hit: &FakeRequest| {
            if hit.method == "POST" { FakeAnswer::html(refusal, "<h1>no</h1>") } else { granted("a1", "r1") }
        })
        .await;
        oauth(&server.base).exchange(&credentials(), "c1").await.expect("a grant");
        assert_eq!(server.hits()[1].form()["code"], "c1");
    }
}

#[tokio::test]
async fn an_oauth_error_is_final_whatever_its_status() {
    for (status, code) in [(400, "invalid_grant"), (200, "INVALID_GRANT"), (401, "invalid_grant")] {
        let server = FakePortal::start(move |_| FakeAnswer::error(status, code, "")).await;
        let oauth = oauth(&server.base);
        assert_eq!(oauth.exchange(&credentials(), "c").await.expect_err("dead"), OAuthError::CodeDead);
        let error = oauth.refresh(&credentials(), &tokens(None)).await.expect_err("dead");
        assert!(matches!(error, OAuthError::GrantDead(_)), "{error:?}");
        assert_eq!(server.hits().len(), 2, "no second attempt for an answer that is an answer");
    }
    let server = FakePortal::start(|_| FakeAnswer::error(200, "WRONG_CLIENT", "")).await;
    let error = oauth(&server.base).refresh(&credentials(), &tokens(None)).await.expect_err("wrong");
    assert!(matches!(error, OAuthError::WrongClient(_)), "{error:?}");
}

#[tokio::test]
async fn faults_of_the_server_are_tried_again_later_and_tell_no_secret() {
    for (status, body) in [(502, "<html>"), (500, "{\"error\":\"x\"}"), (200, "<html>"), (404, "<html>"), (429, "")] {
        let server = FakePortal::start(move |_| FakeAnswer::html(status, body)).await;
        let error = oauth(&server.base).refresh(&credentials(), &tokens(None)).await.expect_err("a fault");
        assert!(matches!(error, OAuthError::Again { .. }), "HTTP {status}: {error:?}");
    }
    let nobody = nobody().await;
    let error = oauth(&nobody).refresh(&credentials(), &tokens(None)).await.expect_err("nobody");
    assert!(matches!(error, OAuthError::Again { .. }), "{error:?}");
    assert!(!format!("{error:?}").contains("hush"));
}

#[tokio::test]
async fn an_answer_without_what_is_needed_is_a_protocol_error() {
    for body in [json!({"access_token": "a"}), json!({"refresh_token": "r"}), json!({"access_token": 5}), json!({})] {
        let answer = body.clone();
        let server = FakePortal::start(move |_| FakeAnswer::json(200, &answer)).await;
        let error = oauth(&server.base).exchange(&credentials(), "c").await.expect_err("incomplete");
        assert!(matches!(error, OAuthError::Protocol(_)), "{body}: {error:?}");
    }
}

#[tokio::test]
async fn the_other_official_server_helps_out_only_when_the_first_is_unreachable() {
    let helper = FakePortal::start(|_| granted("a2", "r2")).await;
    let dead = nobody().await;
    let oauth = oauth_with_official(&dead, &[&dead, &helper.base]);
    oauth.refresh(&credentials(), &tokens(None)).await.expect("a pair from the other");
    assert_eq!(helper.hits().len(), 1);

    let broken = FakePortal::start(|_| FakeAnswer::html(502, "")).await;
    let oauth = oauth_with_official(&broken.base, &[&broken.base, &helper.base]);
    oauth.refresh(&credentials(), &tokens(None)).await.expect_err("it has answered");
    assert_eq!(helper.hits().len(), 1, "an answer of the first counts");

    let oauth = oauth_with_official(&nobody().await, &[&helper.base]);
    oauth.refresh(&credentials(), &tokens(None)).await.expect_err("a private server");
    assert_eq!(helper.hits().len(), 1, "a private server is never left");
}

#[tokio::test]
async fn the_secret_goes_to_no_host_that_somebody_named() {
    let stranger = FakePortal::start(|_| granted("a2", "r2")).await;
    let ours = FakePortal::start(|_| granted("a2", "r2")).await;
    let oauth = oauth(&ours.base);
    let seen = format!("{}/rest/", stranger.base);
    oauth.refresh(&credentials(), &tokens(Some(&seen))).await.expect("a pair");
    oauth.app_info(&"a".to_owned().into(), Some(&seen)).await.expect("an answer");
    assert_eq!((stranger.hits().len(), ours.hits().len()), (0, 2));
}

#[tokio::test]
async fn a_hostile_portal_address_in_an_answer_is_not_taken() {
    for odd in ["https://firma.example@evil.example/rest/", "javascript:alert(1)", "https://evil.example/?x=/rest/"] {
        let server = FakePortal::start(move |hit: &FakeRequest| match hit.path.as_str() {
            "/rest/app.info" => FakeAnswer::result(&json!({"install": {"member_id": "m1", "client_endpoint": odd}})),
            _ => FakeAnswer::json(
                200,
                &json!({"access_token": "a", "refresh_token": "r", "member_id": "m1", "client_endpoint": odd}),
            ),
        })
        .await;
        let oauth = oauth(&server.base);
        let error = oauth.exchange(&credentials(), "c").await.expect_err("no portal");
        assert!(matches!(&error, OAuthError::Protocol(why) if why.contains("client_endpoint")), "{odd}: {error:?}");
        let renewal = oauth.refresh(&credentials(), &tokens(None)).await.expect("a pair is a pair");
        assert_eq!(renewal.client_endpoint, None, "{odd}: the portal stays where it was");
        let info = oauth.app_info(&"a".to_owned().into(), None).await.expect("an answer");
        assert_eq!(info.client_endpoint, None, "{odd}");
    }
}

#[tokio::test]
async fn app_info_tells_whose_token_it_is() {
    let server = FakePortal::start(|hit: &FakeRequest| {
        assert_eq!(hit.path, "/rest/app.info");
        match hit.form()["auth"].as_str() {
            "good" => FakeAnswer::result(&json!({"client_id": "local.1", "install": {"member_id": "m1"}})),
            _ => FakeAnswer::error(401, "expired_token", "The access token provided has expired"),
        }
    })
    .await;
    let oauth = oauth(&server.base);
    let info = oauth.app_info(&"good".to_owned().into(), None).await.expect("an answer");
    assert_eq!(info.member_id, Some("m1".into()));
    let error = oauth.app_info(&"old".to_owned().into(), None).await.expect_err("expired");
    assert!(matches!(error, OAuthError::GrantDead(_)), "{error:?}");
}
