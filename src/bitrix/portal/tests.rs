//! A portal and an authorization server on loopback, and what the client makes of their moods.

mod renewal;

use super::*;
use crate::bitrix::testing::{FakeAnswer, FakePortal, FakeRequest, http, http_with};
use futures_util::future::join_all;
use serde_json::json;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

const NOW: Timestamp = Timestamp(1_770_000_000_000);
const REGISTER: &str = "telephony.externalCall.register";

/// Remembers what was stored; can be made to fail.
#[derive(Default)]
pub(crate) struct Memory {
    pub(crate) saved: Mutex<Vec<String>>,
    /// The pair as it would be found after a restart.
    kept: Mutex<Option<Tokens>>,
    pub(crate) moved: Mutex<Vec<String>>,
    fails: AtomicBool,
}

impl TokenStore for Memory {
    fn save<'a>(&'a self, tokens: &'a Tokens) -> StoreFuture<'a> {
        Box::pin(async move {
            // A real store takes its time; others must not get in between.
            tokio::task::yield_now().await;
            if self.fails.load(Ordering::SeqCst) {
                return Err(TokenStoreError("the disk is full".into()));
            }
            self.saved.lock().unwrap().push(tokens.access.expose_secret().to_owned());
            *self.kept.lock().unwrap() = Some(tokens.clone());
            Ok(())
        })
    }

    fn moved<'a>(&'a self, client_endpoint: &'a str) -> StoreFuture<'a> {
        Box::pin(async move {
            self.moved.lock().unwrap().push(client_endpoint.to_owned());
            Ok(())
        })
    }
}

/// A portal, its authorization server, and our client between them.
pub(crate) struct World {
    pub(crate) portal: Portal,
    pub(crate) rest: FakePortal,
    auth: FakePortal,
    token_store: Arc<Memory>,
    clock: Clock,
}

impl World {
    /// A portal that answers as told, and an authorization server whose tokens are `a2`, `a3`, …
    pub(crate) async fn new(answer: impl Fn(&FakeRequest) -> FakeAnswer + Send + Sync + 'static) -> Self {
        let rest = FakePortal::start(answer).await;
        let endpoint = format!("{}/rest/", rest.base);
        let sold = AtomicUsize::new(1);
        Self::with(rest, http(), move |hit| match hit.path.as_str() {
            "/oauth/token/" => {
                let n = sold.fetch_add(1, Ordering::SeqCst) + 1;
                assert_eq!(hit.form()["refresh_token"], format!("r{}", n - 1));
                granted(&format!("a{n}"), &format!("r{n}"), &endpoint)
            }
            _ => FakeAnswer::error(401, "expired_token", ""),
        })
        .await
    }

    async fn with(
        rest: FakePortal,
        http: Guarded,
        auth: impl Fn(&FakeRequest) -> FakeAnswer + Send + Sync + 'static,
    ) -> Self {
        let auth = FakePortal::start(auth).await;
        let (token_store, clock) = (Arc::new(Memory::default()), Clock::manual(NOW));
        let oauth = OAuth::new(&auth.base, http.clone(), clock.clone()).expect("a host");
        let tools = BitrixTools { oauth, http, clock: clock.clone() };
        let portal = Portal::new(setup(&format!("{}/rest", rest.base)), tools, token_store.clone());
        Self { portal, rest, auth, token_store, clock }
    }

    fn refreshes(&self) -> usize {
        self.auth.count("/oauth/token/")
    }
}

fn setup(endpoint: &str) -> PortalSetup {
    PortalSetup {
        company: "m1".into(),
        client_endpoint: endpoint.into(),
        credentials: credentials(),
        tokens: Some(pair("a1", "r1")),
        budget: Budget::Unlimited,
        language: None,
    }
}

fn credentials() -> AppCredentials {
    AppCredentials { client_id: "local.1".into(), client_secret: "hush".to_owned().into() }
}

fn pair(access: &str, refresh: &str) -> Tokens {
    Tokens {
        access: access.to_owned().into(),
        refresh: refresh.to_owned().into(),
        expires_at: NOW,
        previous: None,
        refresh_obtained_at: NOW,
        user_id: None,
        server_endpoint: None,
        scope: String::new(),
    }
}

fn granted(access: &str, refresh: &str, endpoint: &str) -> FakeAnswer {
    FakeAnswer::json(
        200,
        &json!({"access_token": access, "refresh_token": refresh, "expires_in": "3600", "member_id": "m1",
                "client_endpoint": endpoint}),
    )
}

fn expired() -> FakeAnswer {
    FakeAnswer::error(401, "expired_token", "The access token provided has expired")
}

#[tokio::test]
async fn the_token_travels_in_the_body_and_nowhere_else() {
    let world = World::new(|_| FakeAnswer::result(&json!({"CALL_ID": "c1"}))).await;
    let answer = world.portal.call(REGISTER, &json!({"USER_ID": 7})).await.expect("an answer");
    assert_eq!(answer.result["CALL_ID"], "c1");
    let hit = &world.rest.hits()[0];
    assert_eq!(
        (hit.method.as_str(), hit.path.as_str(), hit.query.as_str()),
        ("POST", "/rest/telephony.externalCall.register", "")
    );
    assert_eq!(hit.json(), json!({"USER_ID": 7, "auth": "a1"}));
    assert_eq!(hit.headers["content-type"], "application/json");
    assert!(!hit.headers.contains_key("authorization"));
}

#[tokio::test]
async fn an_expired_token_is_renewed_stored_and_the_call_repeated() {
    let world = World::new(|hit| if hit.auth() == "a1" { expired() } else { FakeAnswer::result(&json!(true)) }).await;
    world.portal.call("app.info", &json!([])).await.expect("an answer");
    assert_eq!(*world.token_store.saved.lock().unwrap(), ["a2"]);
    assert_eq!((world.refreshes(), world.rest.hits().len()), (1, 2));
    let tokens = world.portal.tokens().expect("a pair");
    assert_eq!((tokens.refresh.expose_secret(), tokens.expires_at), ("r2", NOW + Duration::from_secs(3600)));
}

#[tokio::test]
async fn a_storm_of_expired_calls_refreshes_once() {
    let world = World::new(|hit| if hit.auth() == "a1" { expired() } else { FakeAnswer::result(&json!(true)) }).await;
    let outcomes = join_all((0..50).map(|_| world.portal.call(REGISTER, &Value::Null))).await;
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    assert_eq!(world.refreshes(), 1);
    assert_eq!(*world.token_store.saved.lock().unwrap(), ["a2"]);
}

#[tokio::test]
async fn tokens_that_cannot_be_stored_are_not_used_and_not_lost() {
    let world = World::new(|hit| if hit.auth() == "a1" { expired() } else { FakeAnswer::result(&json!(true)) }).await;
    world.token_store.fails.store(true, Ordering::SeqCst);
    for _ in 0..2 {
        let error = world.portal.call(REGISTER, &Value::Null).await.expect_err("not stored");
        assert!(matches!(&error, ApiError::Again { why, .. } if why.contains("disk is full")), "{error:?}");
    }
    assert!(world.rest.hits().iter().all(|h| h.auth() == "a1"), "the new token was used before it was stored");
    assert_eq!(world.refreshes(), 1, "the unsaved pair is kept, the old refresh token may be worthless");
    world.token_store.fails.store(false, Ordering::SeqCst);
    world.portal.call(REGISTER, &Value::Null).await.expect("stored at last");
    assert_eq!((world.refreshes(), world.token_store.saved.lock().unwrap().as_slice()), (1, &["a2".to_owned()][..]));
}

#[tokio::test]
async fn a_fresh_token_that_is_refused_too_ends_the_matter() {
    for code in ["expired_token", "NO_AUTH_FOUND", "invalid_token"] {
        let world = World::new(move |_| FakeAnswer::error(401, code, "")).await;
        let error = world.portal.call(REGISTER, &Value::Null).await.expect_err("refused");
        assert!(matches!(error, ApiError::NeedsLogin(_)), "{error:?}");
        assert_eq!((world.refreshes(), world.rest.hits().len()), (1, 2), "{code}");
    }
}

#[tokio::test]
async fn a_dead_grant_is_asked_about_once_and_healed_by_a_login() {
    let rest = FakePortal::start(
        |hit: &FakeRequest| if hit.auth() == "a9" { FakeAnswer::result(&json!(1)) } else { expired() },
    )
    .await;
    let endpoint = format!("{}/rest/", rest.base);
    let world = World::with(rest, http(), |_| FakeAnswer::error(400, "invalid_grant", "Invalid grant")).await;
    for _ in 0..3 {
        let error = world.portal.call(REGISTER, &Value::Null).await.expect_err("dead");
        assert!(matches!(error, ApiError::NeedsLogin(_)), "{error:?}");
    }
    assert_eq!((world.refreshes(), world.rest.hits().len()), (1, 1), "a dead grant is no retry loop");
    world.portal.adopt(&endpoint, credentials(), pair("a9", "r9")).await;
    world.portal.call(REGISTER, &Value::Null).await.expect("alive again");
}

#[tokio::test]
async fn wrong_keys_are_believed_for_a_while_only() {
    let rest = FakePortal::start(|_| expired()).await;
    let world = World::with(rest, http(), |_| FakeAnswer::error(401, "invalid_client", "")).await;
    for (advance, want) in [(0, 1), (0, 1), (599, 1), (2, 2)] {
        world.clock.advance(Duration::from_secs(advance));
        let error = world.portal.call(REGISTER, &Value::Null).await.expect_err("wrong keys");
        assert!(matches!(error, ApiError::NeedsLogin(_)), "{error:?}");
        assert_eq!(world.refreshes(), want);
    }
}

#[tokio::test]
async fn a_pair_of_another_portal_is_neither_stored_nor_used() {
    let rest = FakePortal::start(|_| expired()).await;
    let other =
        |_: &FakeRequest| FakeAnswer::json(200, &json!({"access_token": "x", "refresh_token": "y", "member_id": "m2"}));
    let world = World::with(rest, http(), other).await;
    let error = world.portal.call(REGISTER, &Value::Null).await.expect_err("another portal");
    assert!(matches!(error, ApiError::NeedsLogin(_)), "{error:?}");
    assert!(world.token_store.saved.lock().unwrap().is_empty());
}

#[tokio::test]
async fn without_a_login_nothing_is_sent() {
    let rest = FakePortal::start(|_| FakeAnswer::result(&json!(1))).await;
    let oauth = OAuth::new(&rest.base, http(), Clock::system()).expect("a host");
    let tools = BitrixTools { oauth, http: http(), clock: Clock::system() };
    let nobody = PortalSetup { tokens: None, ..setup(&rest.base) };
    let portal = Portal::new(nobody, tools, Arc::new(Memory::default()));
    assert!(matches!(portal.call(REGISTER, &Value::Null).await, Err(ApiError::NeedsLogin(_))));
    assert!(rest.hits().is_empty());
}

#[tokio::test]
async fn the_body_decides_before_the_status() {
    let error = |status, body: &'static str| async move {
        let world = World::new(move |_| FakeAnswer::html(status, body)).await;
        world.portal.call(REGISTER, &Value::Null).await.expect_err(body)
    };
    let refused = error(400, r#"{"error":"","error_description":"Unsupported phone number format"}"#).await;
    assert_eq!(
        refused,
        ApiError::Refused { code: String::new(), description: "Unsupported phone number format".into(), http: 400 }
    );
    let http_200 = error(200, r#"{"error":"ERROR_CORE","error_description":"no"}"#).await;
    assert!(matches!(http_200, ApiError::Refused { http: 200, .. }));
    assert!(matches!(error(502, "<html><title>502 Bad Gateway</title>").await, ApiError::Unclear { .. }));
    assert!(matches!(error(403, "<html>").await, ApiError::Again { .. }));
}

#[tokio::test]
async fn a_lost_answer_is_unclear_and_a_closed_door_is_not() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/rest/", silent.local_addr().unwrap());
    let auth = FakePortal::start(|_| expired()).await;
    let oauth = OAuth::new(&auth.base, http(), Clock::system()).expect("a host");
    let tools = BitrixTools { oauth, http: http_with(Duration::from_secs(3)), clock: Clock::system() };
    let portal = Portal::new(setup(&base), tools, Arc::new(Memory::default()));
    let error = portal.call(REGISTER, &Value::Null).await.expect_err("no answer");
    assert!(matches!(error, ApiError::Unclear { .. }), "{error:?}");
    drop(silent);
    let error = portal.call(REGISTER, &Value::Null).await.expect_err("nobody");
    assert!(matches!(error, ApiError::Again { .. }), "{error:?}");
}

#[tokio::test]
async fn a_method_without_time_rests_alone() {
    let world = World::new(|hit| {
        if hit.rest() == "user.get" {
            FakeAnswer::json(
                429,
                &json!({"error": "OPERATION_TIME_LIMIT", "error_description": "blocked",
                "time": {"operating_reset_at": 1_770_000_300}}),
            )
        } else {
            FakeAnswer::result(&json!(1))
        }
    })
    .await;
    for _ in 0..2 {
        let error = world.portal.call("user.get", &Value::Null).await.expect_err("limited");
        assert!(matches!(error, ApiError::Resting { until: Timestamp(1_770_000_300_000), .. }), "{error:?}");
    }
    assert_eq!(world.rest.hits().len(), 1, "the second attempt is not sent");
    world.portal.call(REGISTER, &Value::Null).await.expect("another method goes on");
    world.clock.advance(Duration::from_secs(300));
    world.portal.call("user.get", &Value::Null).await.expect_err("asked again");
    assert_eq!(world.rest.count("/rest/user.get"), 2);
}

#[tokio::test]
async fn a_full_portal_is_believed_by_the_budget() {
    let full = AtomicBool::new(true);
    let world = World::new(move |_| {
        if full.swap(false, Ordering::SeqCst) {
            FakeAnswer::error(503, "QUERY_LIMIT_EXCEEDED", "Too many requests")
        } else {
            FakeAnswer::result(&json!(1))
        }
    })
    .await;
    world.portal.set_budget("20/100".parse().unwrap());
    let error = world.portal.call(REGISTER, &Value::Null).await.expect_err("full");
    assert!(matches!(error, ApiError::Limited { until: None, .. }), "{error:?}");
    let start = tokio::time::Instant::now();
    world.portal.call(REGISTER, &Value::Null).await.expect("after a pause");
    assert!(start.elapsed() >= Duration::from_millis(45), "{:?}", start.elapsed());
}

/// A portal that was renamed: the old address redirects, the new one answers.
async fn renamed(
    info: impl Fn(&str) -> Value + Send + Sync + 'static,
    named_by_refresh: Option<&'static str>,
) -> (World, FakePortal) {
    let new = FakePortal::start(|_| FakeAnswer::result(&json!("new"))).await;
    let target = new.base.clone();
    let old = FakePortal::start(move |hit: &FakeRequest| {
        FakeAnswer::html(302, "<html>").with("location", format!("{target}{}", hit.path))
    })
    .await;
    let (old_endpoint, new_endpoint) = (format!("{}/rest/", old.base), format!("{}/rest/", new.base));
    let world = World::with(old, http(), move |hit| match hit.path.as_str() {
        "/rest/app.info" => FakeAnswer::result(&info(&new_endpoint)),
        _ => granted("a2", "r2", if named_by_refresh == Some("new") { &new_endpoint } else { &old_endpoint }),
    })
    .await;
    (world, new)
}

#[tokio::test]
async fn a_renamed_portal_is_followed_once_the_authorization_server_confirms() {
    let (world, new) =
        renamed(|endpoint| json!({"install": {"member_id": "m1", "client_endpoint": endpoint}}), None).await;
    let answer = world.portal.call(REGISTER, &json!({"USER_ID": 7})).await.expect("the new address answers");
    assert_eq!(answer.result, "new");
    assert_eq!(new.hits()[0].method, "POST");
    assert_eq!(new.hits()[0].json(), json!({"USER_ID": 7, "auth": "a1"}));
    assert_eq!(*world.token_store.moved.lock().unwrap(), [format!("{}/rest/", new.base)]);
    assert_eq!(world.refreshes(), 0);
    world.portal.call(REGISTER, &Value::Null).await.expect("an answer");
    assert_eq!(world.rest.hits().len(), 1, "the old address is not asked again");
}

#[tokio::test]
async fn a_refresh_confirms_where_app_info_is_silent() {
    let (world, new) = renamed(|_| json!([]), Some("new")).await;
    world.portal.call(REGISTER, &Value::Null).await.expect("the new address answers");
    assert_eq!((world.refreshes(), new.hits()[0].auth().as_str()), (1, "a2"));
    assert_eq!(world.token_store.moved.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn an_unconfirmed_redirect_gets_no_token_and_no_refresh_loop() {
    let (world, stranger) = renamed(|_| json!({"install": {"member_id": "m2"}}), None).await;
    for _ in 0..3 {
        let error = world.portal.call(REGISTER, &Value::Null).await.expect_err("not confirmed");
        assert!(matches!(error, ApiError::Again { .. }), "{error:?}");
    }
    assert!(stranger.hits().is_empty());
    assert_eq!((world.refreshes(), world.auth.count("/rest/app.info")), (1, 1));
    assert!(world.token_store.moved.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_portal_that_redirects_elsewhere_each_time_makes_us_ask_a_few_times_only() {
    let count = AtomicUsize::new(0);
    let old = FakePortal::start(move |hit: &FakeRequest| {
        let n = count.fetch_add(1, Ordering::SeqCst);
        FakeAnswer::html(302, "<html>")
            .with("location", format!("http://127.0.0.{}:{}{}", n % 250 + 2, n % 60_000, hit.path))
    })
    .await;
    let endpoint = format!("{}/rest/", old.base);
    let world = World::with(old, http(), move |hit| match hit.path.as_str() {
        "/rest/app.info" => FakeAnswer::result(&json!({"install": {"member_id": "m2"}})),
        _ => granted("a2", "r2", &endpoint),
    })
    .await;
    for _ in 0..1000 {
        let error = world.portal.call(REGISTER, &Value::Null).await.expect_err("not confirmed");
        assert!(matches!(error, ApiError::Again { .. }), "{error:?}");
    }
    assert_eq!(world.rest.hits().len(), 1000);
    assert_eq!((world.auth.count("/rest/app.info"), world.refreshes()), (3, 3));
    world.clock.advance(Duration::from_secs(200));
    world.portal.call(REGISTER, &Value::Null).await.expect_err("not confirmed");
    assert_eq!(world.auth.count("/rest/app.info"), 4, "it may have moved after all");
}

#[tokio::test]
async fn a_refresh_that_names_a_new_address_moves_the_portal() {
    let new = FakePortal::start(|_| FakeAnswer::result(&json!("new"))).await;
    let old = FakePortal::start(|_| expired()).await;
    let endpoint = format!("{}/rest/", new.base);
    let world = World::with(old, http(), move |_| granted("a2", "r2", &endpoint)).await;
    assert_eq!(world.portal.call(REGISTER, &Value::Null).await.expect("an answer").result, "new");
    assert_eq!(*world.portal.client_endpoint(), format!("{}/rest/", new.base));
}

#[tokio::test]
async fn a_foreign_token_is_shown_to_the_portal_as_it_is() {
    let world = World::new(|hit| match (hit.rest(), hit.auth().as_str()) {
        ("profile", "u1") => FakeAnswer::result(&json!({"ID": "5", "ADMIN": false, "NAME": "Anna", "LAST_NAME": ""})),
        _ => expired(),
    })
    .await;
    let anna = TokenOwner { user: crate::domain::UserId(5), admin: false, name: "Anna".into() };
    assert_eq!(world.portal.who(&"u1".to_owned().into(), Priority::Live).await, Ok(anna));
    let error = world.portal.who(&"u2".to_owned().into(), Priority::Live).await.expect_err("not good");
    assert!(matches!(error, ApiError::NeedsLogin(_)), "{error:?}");
    assert_eq!(world.refreshes(), 0, "somebody else's token is not ours to renew");
}

/// Callers run requests in tasks of their own, so that nothing is dropped half-way; that must stay possible.
#[tokio::test]
async fn requests_can_run_in_tasks() {
    let world = World::new(|_| FakeAnswer::result(&json!([]))).await;
    let (portal, oauth) =
        (world.portal.clone(), OAuth::new(&world.auth.base, http(), Clock::system()).expect("a host"));
    let tools = BitrixTools { oauth: oauth.clone(), http: http(), clock: Clock::system() };
    let work = tokio::spawn(async move {
        let access: SecretString = "u1".to_owned().into();
        portal.call("app.info", &Value::Null).await.expect("an answer");
        portal.users().await.expect("a list");
        portal.who(&access, Priority::Visitor).await.expect_err("no user");
        super::super::who(&tools, &portal.client_endpoint(), &access).await.expect_err("no user");
        let wanted = crate::bitrix::bindings::WantedBindings {
            card_handler: String::new(),
            event_handler: String::new(),
            title_ru: String::new(),
            title_en: String::new(),
        };
        portal.ensure_bound(&wanted, crate::bitrix::bindings::Choices::default()).await;
        portal.renew().await.expect("a pair");
        oauth.exchange(&credentials(), "c").await.expect_err("no code");
        oauth.app_info(&access, None).await.expect_err("expired");
    });
    work.await.expect("nothing panics");
}

#[test]
fn a_portal_is_named_by_its_host() {
    assert_eq!(portal_domain("https://firma.example/rest/").as_deref(), Some("firma.example"));
    assert_eq!(portal_domain("https://firma.example:8443/rest/").as_deref(), Some("firma.example:8443"));
    assert_eq!(portal_domain("nonsense"), None);
}
