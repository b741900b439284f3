//! Authorization: the redirect, codes, rotating refresh tokens, documented errors.

use super::{ADMIN, IVANOV, Stage};
use crate::sandbox::portal::php;
use serde_json::{Value, json};
use std::time::Duration;

fn credentials(stage: &Stage) -> (String, String) {
    let keys = stage.portal.keys().expect("keys");
    (keys.client_id, keys.client_secret)
}

async fn exchange(stage: &Stage, kind: &str, proof: (&str, &str)) -> (u16, Value) {
    let (id, secret) = credentials(stage);
    stage.token(&[("grant_type", kind), ("client_id", &id), ("client_secret", &secret), proof]).await
}

async fn refresh(stage: &Stage, token: &str) -> (u16, Value) {
    exchange(stage, "refresh_token", ("refresh_token", token)).await
}

fn code(stage: &Stage, user: i64) -> String {
    let to = stage.portal.authorize(user, "s").expect("a redirect");
    let query = php::pairs(to.split_once('?').expect("a query").1);
    super::field(&query, "code").expect("a code").to_owned()
}

#[tokio::test]
async fn the_authorize_page_asks_who_and_returns_to_the_form_s_handler() {
    let stage = Stage::new().await;
    stage.portal.set_handler("https://crm.example:8802/bitrix/", "");
    let (id, _) = credentials(&stage);
    let page = format!(
        "https://{}/oauth/authorize/?client_id={id}&state=a%26b&redirect_uri=https%3A%2F%2Fevil.example",
        stage.portal.domain()
    );
    let asked = stage.client.get(&page).header("accept-language", "ru").send().await.expect("a page");
    assert_eq!(asked.status(), 200);
    let html = asked.text().await.expect("HTML");
    assert!(html.contains("Иван Иванов") && html.contains("/sandbox/login") && !html.contains("Уволенный"));

    let back = format!("/oauth/authorize/?client_id={id}&state=a%26b");
    let login = stage.client.post(format!("https://{}/sandbox/login", stage.portal.domain()));
    let logged = login.form(&[("user", "1"), ("back", &back)]).send().await.expect("an answer");
    assert_eq!((logged.status().as_u16(), logged.headers()["location"].to_str().expect("text")), (303, back.as_str()));
    let cookie = logged.headers()["set-cookie"].to_str().expect("text").split(';').next().expect("a pair").to_owned();

    let back = stage.client.get(&page).header("cookie", cookie).send().await.expect("a redirect");
    assert_eq!(back.status(), 302);
    let to = back.headers()["location"].to_str().expect("text");
    let (handler, query) = to.split_once('?').expect("a query");
    assert_eq!(handler, "https://crm.example:8802/bitrix/");
    let query = php::pairs(query);
    let names: Vec<&str> = query.iter().map(|(n, _)| n.as_str()).collect();
    assert_eq!(names, ["code", "state", "domain", "member_id", "scope", "server_domain"]);
    assert_eq!(super::field(&query, "state"), Some("a&b"));
    assert_eq!(super::field(&query, "domain"), Some(stage.portal.domain().as_str()));
    assert_eq!(super::field(&query, "server_domain"), Some(stage.world.auth_host()));
    assert_eq!(super::field(&query, "scope"), Some("placement,user,telephony,call"));
}

#[tokio::test]
async fn a_wrong_client_stays_on_the_portal_s_own_page() {
    let stage = Stage::new().await;
    let page = |id: &str| {
        stage.client.get(format!("https://{}/oauth/authorize/?client_id={id}&state=1", stage.portal.domain())).send()
    };
    let wrong = page("local.0").await.expect("a page");
    assert_eq!(wrong.status(), 404);
    assert!(wrong.headers().get("location").is_none());
    let (id, _) = credentials(&stage);
    stage.portal.edit_app(|app| app.installed = false);
    assert_eq!(page(&id).await.expect("a page").status(), 404, "not installed");
}

#[tokio::test]
async fn a_code_becomes_tokens_once_within_half_a_minute() {
    let stage = Stage::new().await;
    let first = code(&stage, ADMIN);
    let (status, grant) = exchange(&stage, "authorization_code", ("code", &first)).await;
    assert_eq!(status, 200, "{grant}");
    assert_eq!((&grant["expires_in"], &grant["status"], &grant["user_id"]), (&json!(3600), &json!("L"), &json!(ADMIN)));
    assert_eq!(grant["domain"], stage.world.auth_host(), "the authorization server's, not the portal's");
    assert_eq!(grant["client_endpoint"], stage.portal.rest_url());
    assert_eq!(grant["server_endpoint"], format!("{}/rest/", stage.world.auth_url()));
    assert_eq!(grant["member_id"], stage.portal.member_id());
    assert_eq!(grant["expires"].as_i64(), Some(stage.world.now().millis() / 1000 + 3600));
    let access = grant["access_token"].as_str().expect("a token");
    assert_eq!(stage.call_with(access, "user.admin", json!({})).await.1["result"], true);

    let (status, body) = exchange(&stage, "authorization_code", ("code", &first)).await;
    assert_eq!((status, body["error"].as_str()), (400, Some("invalid_grant")));
    let late = code(&stage, ADMIN);
    stage.world.advance(Duration::from_secs(30));
    assert_eq!(exchange(&stage, "authorization_code", ("code", &late)).await.1["error"], "invalid_grant");
}

#[tokio::test]
async fn a_token_can_be_asked_for_with_get_too() {
    let stage = Stage::new().await;
    let (id, secret) = credentials(&stage);
    let code = code(&stage, IVANOV);
    let query = php::query([
        ("grant_type", "authorization_code"),
        ("client_id", &id),
        ("client_secret", &secret),
        ("code", &code),
    ]);
    let url = format!("{}/oauth/token/?{query}", stage.world.auth_url());
    let grant: Value = stage.client.get(url).send().await.expect("an answer").json().await.expect("JSON");
    assert_eq!(grant["user_id"], IVANOV);
    let asked = stage.world.auth_requests().pop().expect("a request");
    assert!(asked.params.get("client_secret").is_none(), "the log keeps no secrets");
}

#[tokio::test]
async fn every_refresh_gives_a_new_token_and_kills_the_old_one() {
    let stage = Stage::new().await;
    let pair = stage.portal.issue(ADMIN);
    stage.world.advance(Duration::from_secs(3600));
    let (status, second) = refresh(&stage, &pair.refresh).await;
    assert_eq!(status, 200);
    assert_ne!(second["refresh_token"], pair.refresh);
    let (status, body) = refresh(&stage, &pair.refresh).await;
    assert_eq!((status, body["error"].as_str()), (400, Some("invalid_grant")));
    stage.world.advance(Duration::from_secs(180 * 24 * 3600));
    let (_, body) = refresh(&stage, second["refresh_token"].as_str().expect("a token")).await;
    assert_eq!(body["error"], "invalid_grant", "180 days are over");
    assert!(stage.world.auth_violations().is_empty());
}

#[tokio::test]
async fn a_lost_refresh_answer_is_final_unless_the_world_shows_grace() {
    let stage = Stage::new().await;
    let pair = stage.portal.issue(ADMIN);
    stage.world.advance(Duration::from_secs(3600));
    stage.world.auth_next(super::super::Fault::DropAfter);
    let (id, secret) = credentials(&stage);
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", &id),
        ("client_secret", &secret),
        ("refresh_token", &pair.refresh),
    ];
    let lost = stage.client.post(format!("{}/oauth/token/", stage.world.auth_url())).form(&form).send().await;
    assert!(lost.is_err());
    assert_eq!(refresh(&stage, &pair.refresh).await.0, 400);
    stage.world.set_refresh_grace(Duration::from_secs(60));
    assert_eq!(refresh(&stage, &pair.refresh).await.0, 200);
}

#[tokio::test]
async fn a_needless_refresh_is_a_violation() {
    let stage = Stage::new().await;
    let pair = stage.portal.issue(ADMIN);
    assert_eq!(refresh(&stage, &pair.refresh).await.0, 200, "it works all the same");
    assert_eq!(stage.world.auth_violations().len(), 1);
    let pair = stage.portal.issue(ADMIN);
    stage.portal.next(super::super::Fault::ExpiredToken);
    stage.call_with(&pair.access, "profile", json!({})).await;
    refresh(&stage, &pair.refresh).await;
    assert_eq!(stage.world.auth_violations().len(), 1, "the portal had refused the token");
}

#[tokio::test]
async fn errors_are_the_documented_ones() {
    let stage = Stage::new().await;
    let (id, secret) = credentials(&stage);
    for (form, status, error) in [
        (vec![("client_id", id.as_str())], 400, "invalid_request"),
        (vec![("grant_type", "password"), ("client_id", &id), ("client_secret", &secret)], 400, "invalid_request"),
        (vec![("grant_type", "refresh_token"), ("client_id", &id), ("client_secret", &secret)], 400, "invalid_request"),
        (
            vec![("grant_type", "refresh_token"), ("client_id", &id), ("client_secret", "no"), ("refresh_token", "x")],
            401,
            "invalid_client",
        ),
        (
            vec![
                ("grant_type", "refresh_token"),
                ("client_id", "local.0"),
                ("client_secret", &secret),
                ("refresh_token", "x"),
            ],
            401,
            "invalid_client",
        ),
        (
            vec![
                ("grant_type", "refresh_token"),
                ("client_id", &id),
                ("client_secret", &secret),
                ("refresh_token", "x"),
            ],
            400,
            "invalid_grant",
        ),
    ] {
        let (got, body) = stage.token(&form).await;
        assert_eq!((got, body["error"].as_str()), (status, Some(error)), "{form:?}");
    }
    let plain = stage
        .client
        .post(format!("http://{}/oauth/token/", stage.world.auth_host()))
        .form(&[("grant_type", "refresh_token")]);
    assert_eq!(plain.send().await.expect("an answer").status(), 400, "tokens do not travel in the open");
    let pair = stage.portal.issue(IVANOV);
    stage.portal.dismiss(IVANOV);
    assert_eq!(refresh(&stage, &pair.refresh).await.1["error"], "invalid_grant", "dismissed");
}

#[tokio::test]
async fn the_authorization_server_knows_what_a_token_is_worth() {
    let stage = Stage::new().await;
    let info = async |token: &str| -> (u16, Value) {
        let url = format!("{}/rest/app.info?auth={token}", stage.world.auth_url());
        let response = stage.client.get(url).send().await.expect("an answer");
        (response.status().as_u16(), response.json().await.expect("JSON"))
    };
    let (status, body) = info(&stage.token).await;
    assert_eq!(status, 200);
    assert_eq!(body["result"]["CODE"], credentials(&stage).0);
    assert_eq!((&body["result"]["INSTALLED"], &body["result"]["STATUS"]), (&json!(true), &json!("L")));
    assert_eq!(info("forged").await.1["error"], "invalid_token");
    stage.portal.expire_tokens();
    let (status, body) = info(&stage.token).await;
    assert_eq!((status, body["error"].as_str()), (401, Some("expired_token")));
}
