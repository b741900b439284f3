//! How a grant is kept alive: what a crash, a silent authorization server or a long sleep may do to it.

use super::*;
use crate::domain::REFRESH_LIFE;
use std::collections::BTreeSet;

/// An authorization server by the book: each refresh token is good once.
#[derive(Default)]
struct Till {
    good: BTreeSet<String>,
    sold: usize,
}

impl Till {
    fn sell(&mut self, offered: &str) -> FakeAnswer {
        if !self.good.remove(offered) {
            return FakeAnswer::error(400, "invalid_grant", "Invalid grant");
        }
        self.sold += 1;
        let refresh = format!("n{}", self.sold);
        self.good.insert(refresh.clone());
        FakeAnswer::json(
            200,
            &json!({"access_token": format!("x{}", self.sold), "refresh_token": refresh, "expires_in": 3600}),
        )
    }
}

/// A portal that accepts the tokens `good` says, a till that honours `honours`, and a client that has just started
/// with `found` in its token store.
async fn restarted(found: Tokens, honours: &[&str], good: fn(&str) -> bool) -> World {
    let rest = FakePortal::start(
        move |hit: &FakeRequest| if good(&hit.auth()) { FakeAnswer::result(&json!(1)) } else { expired() },
    )
    .await;
    let till = Mutex::new(Till { good: honours.iter().map(|r| (*r).to_owned()).collect(), sold: 0 });
    let auth =
        FakePortal::start(move |hit: &FakeRequest| till.lock().unwrap().sell(&hit.form()["refresh_token"])).await;
    started(rest, auth, found)
}

fn started(rest: FakePortal, auth: FakePortal, found: Tokens) -> World {
    let (token_store, clock) = (Arc::new(Memory::default()), Clock::manual(NOW));
    let oauth = OAuth::new(&auth.base, http(), clock.clone()).expect("a host");
    let tools = BitrixTools { oauth, http: http(), clock: clock.clone() };
    let setup = PortalSetup { tokens: Some(found), ..setup(&format!("{}/rest", rest.base)) };
    World { portal: Portal::new(setup, tools, token_store.clone()), rest, auth, token_store, clock }
}

fn offered(world: &World) -> Vec<String> {
    world.auth.hits().iter().map(|hit| hit.form()["refresh_token"].clone()).collect()
}

fn previous(tokens: &Tokens) -> Option<&str> {
    tokens.previous.as_ref().map(secrecy::ExposeSecret::expose_secret)
}

/// Killed before the question was sent, or after the answer but before it was stored: the old pair is all there is.
#[tokio::test]
async fn after_a_crash_before_the_new_pair_is_stored_the_old_refresh_token_is_offered() {
    for (honours, lives) in [(&["r1"][..], true), (&[][..], false)] {
        let world = restarted(pair("a1", "r1"), honours, |access| access == "x1").await;
        let answer = world.portal.call(REGISTER, &Value::Null).await;
        assert_eq!(answer.is_ok(), lives, "{answer:?}");
        assert!(lives || matches!(answer, Err(ApiError::NeedsLogin(_))), "{answer:?}");
        assert_eq!(offered(&world), ["r1"]);
    }
}

/// Killed after the new pair was stored and before its first use.
#[tokio::test]
async fn after_a_crash_a_stored_pair_is_used_and_proved() {
    let found = Tokens { previous: Some("r1".to_owned().into()), ..pair("a2", "r2") };
    let world = restarted(found, &["r2"], |access| access == "a2").await;
    let before = world.portal.tokens().expect("a pair");
    world.portal.call(REGISTER, &Value::Null).await.expect("accepted");
    assert_eq!(offered(&world), [""; 0], "nothing had to be renewed");
    assert_eq!(previous(&before), Some("r1"));
    world.portal.proved(&before).await;
    let kept = world.token_store.kept.lock().unwrap().clone().expect("stored");
    assert_eq!((kept.refresh.expose_secret(), previous(&kept)), ("r2", None));
    world.portal.proved(&before).await;
    assert_eq!(world.token_store.saved.lock().unwrap().len(), 1, "proved once");
}

/// The new pair was stored, but the authorization server does not know of it: its own disk was slower than its answer.
#[tokio::test]
async fn a_pair_that_never_proved_itself_gives_way_to_the_one_before_once() {
    let found = || Tokens { previous: Some("r1".to_owned().into()), ..pair("a2", "r2") };
    let world = restarted(found(), &["r1"], |access| access == "x1").await;
    world.portal.call(REGISTER, &Value::Null).await.expect("the one before is honoured");
    assert_eq!(offered(&world), ["r2", "r1"], "the newest first");
    assert_eq!(*world.token_store.saved.lock().unwrap(), ["x1"]);

    let world = restarted(found(), &[], |_| false).await;
    for _ in 0..3 {
        let error = world.portal.call(REGISTER, &Value::Null).await.expect_err("dead");
        assert!(matches!(error, ApiError::NeedsLogin(_)), "{error:?}");
    }
    assert_eq!(offered(&world), ["r2", "r1"], "each once, and then the admin is asked");
}

#[tokio::test]
async fn a_renewed_pair_remembers_the_refresh_token_before_it_until_it_is_proved() {
    let world = restarted(pair("a1", "r1"), &["r1"], |access| access == "x1" || access == "x2").await;
    world.portal.call(REGISTER, &Value::Null).await.expect("renewed");
    let first = world.portal.tokens().expect("a pair");
    assert_eq!(previous(&first), Some("r1"));
    world.portal.renew().await.expect("renewed again");
    world.portal.proved(&first).await;
    let second = world.portal.tokens().expect("a pair");
    assert_eq!(previous(&second), Some("n1"), "what was proved is an older pair");
    world.portal.proved(&second).await;
    assert_eq!(previous(&world.portal.tokens().expect("a pair")), None);
}

#[tokio::test]
async fn a_grant_that_slept_for_180_days_is_over_without_asking() {
    let world = restarted(pair("a1", "r1"), &["r1"], |_| false).await;
    world.clock.advance(REFRESH_LIFE);
    for _ in 0..2 {
        let error = world.portal.renew().await.expect_err("over");
        assert!(matches!(error, ApiError::NeedsLogin(_)), "{error:?}");
    }
    assert_eq!(offered(&world), [""; 0]);
    world
        .portal
        .adopt(
            &world.portal.client_endpoint(),
            credentials(),
            Tokens { refresh_obtained_at: world.clock.now(), ..pair("a9", "r9") },
        )
        .await;
    assert!(world.portal.renew().await.is_err(), "and asked again after a log-in");
    assert_eq!(offered(&world), ["r9"]);
}

/// Fifty requests, one after the other or at once: the server that is down is asked as if there were one.
#[tokio::test]
async fn an_authorization_server_that_is_down_is_asked_in_growing_intervals() {
    let rest = FakePortal::start(|_| expired()).await;
    let world = World::with(rest, http(), |_| FakeAnswer::html(502, "<html>")).await;
    let outcomes = join_all((0..50).map(|_| world.portal.call(REGISTER, &Value::Null))).await;
    assert!(outcomes.iter().all(|o| o.as_ref().is_err_and(ApiError::may_retry)), "{outcomes:?}");
    assert_eq!((world.refreshes(), world.rest.hits().len()), (1, 50));
    let mut pauses = Vec::new();
    for n in 2..8 {
        let error = world.portal.call(REGISTER, &Value::Null).await.expect_err("down");
        let ApiError::Again { after: Some(pause), .. } = error else { panic!("{error:?}") };
        assert_eq!(world.refreshes(), n - 1, "not before its time");
        world.clock.advance(pause);
        world.portal.call(REGISTER, &Value::Null).await.expect_err("down");
        assert_eq!(world.refreshes(), n);
        pauses.push(pause);
    }
    assert!(pauses[0] < Duration::from_secs(1) && pauses[5] > pauses[0] * 4, "{pauses:?}");
    assert!(pauses.iter().all(|p| *p <= Duration::from_secs(15)), "its return is noticed soon: {pauses:?}");
    assert_eq!(world.rest.hits().len(), 50 + 6, "with a token whose time is over the portal is not asked either");
}

/// The pause is for renewals: a token that is still good goes on working.
#[tokio::test]
async fn an_early_renewal_in_vain_does_not_stop_requests() {
    let rest = FakePortal::start(|_| FakeAnswer::result(&json!(1))).await;
    let auth = FakePortal::start(|_| FakeAnswer::html(502, "<html>")).await;
    let world = started(rest, auth, Tokens { expires_at: NOW + Duration::from_secs(60), ..pair("a1", "r1") });
    assert!(world.portal.renew().await.expect_err("down").may_retry());
    world.portal.call(REGISTER, &Value::Null).await.expect("the token is good");
    world.portal.renew().await.expect_err("not asked");
    assert_eq!(world.refreshes(), 1);
}

#[tokio::test]
async fn a_token_that_expires_under_a_batch_is_renewed_and_the_batch_repeated_whole() {
    let world = World::new(|hit| match (hit.rest(), hit.auth().as_str()) {
        ("batch", "a1") => expired(),
        ("batch", _) => FakeAnswer::result(&json!({"result": {"c00": 1, "c01": 2}, "result_error": []})),
        other => panic!("{other:?}"),
    })
    .await;
    let commands = [1, 2].map(|n| crate::bitrix::batch::BatchCommand::new("app.info", json!({"N": n})));
    let outcomes = world.portal.send(&commands, true).await.expect("carried out");
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    let hits = world.rest.hits();
    assert_eq!((hits.len(), world.refreshes()), (2, 1));
    assert_eq!(hits[0].json()["cmd"], hits[1].json()["cmd"]);
}

/// A log-in while the old grant is being renewed: whatever is stored last must be the log-in.
#[tokio::test]
async fn a_login_wins_over_a_renewal_under_way() {
    let world = restarted(pair("a1", "r1"), &["r1"], |access| access == "a9").await;
    let endpoint = world.portal.client_endpoint();
    let (renewed, ()) =
        tokio::join!(world.portal.renew(), world.portal.adopt(&endpoint, credentials(), pair("a9", "r9")),);
    renewed.expect("renewed or found done");
    let kept = world.token_store.kept.lock().unwrap().clone().expect("stored");
    assert_eq!(kept.access.expose_secret(), "a9");
    world.portal.call(REGISTER, &Value::Null).await.expect("the log-in's token");
}
