//! The grant's life: tokens expire, refreshes fail, admins log in again.

use crate::support::{CLIENT, IVAN, PYOTR, Story, TestCompany, only, told};
use ecss_crm_server::domain::Budget;
use ecss_crm_server::domain::{CompanyId, Tokens};
use ecss_crm_server::sandbox::portal::{Fault, Limits, PortalSpec, PushKind, User};
use ecss_crm_server::store::Store;
use futures_util::future::join_all;
use std::time::Duration;

/// Refreshes asked for so far.
fn refreshes(story: &Story) -> usize {
    let asked = story.environment().portals.auth_requests();
    asked.iter().filter(|r| r.params["grant_type"] == "refresh_token").count()
}

async fn whole_call(story: &Story, company: &TestCompany) {
    let before = company.portal.finished_calls().len();
    let call = company.incoming(CLIENT, "1001").await;
    company.cards_at(story, &[IVAN]).await;
    company.phone("1001").pick_up().await.expect("it rings");
    story.switch().remote_hangs_up(call).await.expect("it talks");
    company.finished(story, before + 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expired_token_is_renewed_once_however_many_calls_need_it() {
    let (mut story, mut company) = Story::with_company().await;
    let first = company.incoming(CLIENT, "1001").await;
    company.cards_at(&story, &[IVAN]).await;
    company.portal.expire_tokens();
    company.phone("1001").pick_up().await.expect("it rings");
    let group = company.domain.group_call("+73832000010", &["1002", "1003"]).await.expect("both are free");
    let third = company.incoming("+79139000077", "1000").await;
    company.cards_at(&story, &[1, IVAN, PYOTR, 9]).await;
    for call in [first, group, third] {
        story.switch().remote_hangs_up(call).await.expect("it goes on");
    }
    company.finished(&story, 3).await;
    assert_eq!(refreshes(&story), 1);
    assert_eq!(told(&company.portal, "register").len(), 3);
    // The new pair is stored: after a restart nothing is renewed again.
    story.stop_daemon().await;
    story.start_daemon(1).await;
    company.settled(&story).await;
    whole_call(&story, &company).await;
    assert_eq!(refreshes(&story), 1);
    company.portal.expire_tokens();
    whole_call(&story, &company).await;
    assert_eq!(refreshes(&story), 2);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_authorization_server_delays_but_loses_nothing() {
    let (story, company) = Story::with_company().await;
    let call = company.incoming(CLIENT, "1001").await;
    company.cards_at(&story, &[IVAN]).await;
    company.portal.expire_tokens();
    story.environment().portals.auth_standing(Fault::Outage);
    company.phone("1001").pick_up().await.expect("it rings");
    story.switch().remote_hangs_up(call).await.expect("it talks");
    let asked = || (!story.environment().portals.auth_requests().is_empty() && refreshes(&story) >= 2).then_some(());
    story.until("the authorization server has been asked in vain", asked).await;
    story.environment().portals.auth_heal();
    assert_eq!(only(company.finished(&story, 1).await).code, "200");
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_grant_waits_for_the_admin_and_then_tells_everything() {
    let (story, mut company) = Story::with_company().await;
    let call = company.incoming(CLIENT, "1001").await;
    company.cards_at(&story, &[IVAN]).await;
    company.portal.revoke_grants();
    company.phone("1001").pick_up().await.expect("it rings");
    story.switch().remote_hangs_up(call).await.expect("it talks");
    let admin = &mut company.admin;
    let seen = async || admin.page("/company?tab=bitrix").await.ok().filter(|p| p.contains("status bad")).map(drop);
    story.until_asked("the page asks the admin to log in", seen).await;
    // A call meanwhile is not lost either.
    let meanwhile = company.incoming("+73832000010", "1002").await;
    company.phone("1002").pick_up().await.expect("it rings");
    story.switch().remote_hangs_up(meanwhile).await.expect("it talks");
    story.truth(meanwhile).await;
    let tried = refreshes(&story);
    let mut again = story.environment().admin();
    again.log_in(&company.portal, 1, None).await.expect("the keys are known");
    let records = company.finished(&story, 2).await;
    assert!(records.iter().all(|r| r.code == "200"), "{records:?}");
    assert!(tried <= 2, "a dead grant is not tried again and again: {tried}");
    let shown: Vec<_> =
        company.portal.pushes().into_iter().filter(|p| p.kind == PushKind::Show).map(|p| p.user).collect();
    assert_eq!(shown, [IVAN], "nobody is shown a card of a call that is over");
    company.admin = again;
    company.settled(&story).await;
    whole_call(&story, &company).await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refresh_whose_answer_is_lost_ends_in_a_question_to_the_admin_and_not_in_a_loop() {
    let (story, mut company) = Story::with_company().await;
    company.portal.expire_tokens();
    story.environment().portals.auth_next(Fault::DropAfter);
    let call = company.incoming(CLIENT, "1001").await;
    company.phone("1001").pick_up().await.expect("it rings");
    story.switch().remote_hangs_up(call).await.expect("it talks");
    let admin = &mut company.admin;
    let seen = async || admin.page("/company?tab=bitrix").await.ok().filter(|p| p.contains("status bad")).map(drop);
    story.until_asked("the page asks the admin to log in", seen).await;
    let mut again = story.environment().admin();
    again.log_in(&company.portal, 1, None).await.expect("the keys are known");
    assert_eq!(only(company.finished(&story, 1).await).code, "200");
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_admin_leaves_the_company_the_next_admin_takes_over() {
    let (story, mut company) = Story::with_company().await;
    company.portal.set_user(User { admin: true, ..User::new(2, "Вера", "Новая").inner("1090") });
    company.portal.dismiss(1);
    let call = company.incoming(CLIENT, "1001").await;
    company.phone("1001").pick_up().await.expect("it rings");
    story.switch().remote_hangs_up(call).await.expect("it talks");
    let admin = &mut company.admin;
    let seen = async || admin.page("/company?tab=bitrix").await.ok().filter(|p| p.contains("status bad")).map(drop);
    story.until_asked("the page asks for an admin", seen).await;
    let mut next = story.environment().admin();
    next.log_in(&company.portal, 2, None).await.expect("an admin too");
    assert_eq!(only(company.finished(&story, 1).await).code, "200");
    company.admin = next;
    company.settled(&story).await;
    whole_call(&story, &company).await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_renamed_portal_is_followed() {
    let (mut story, mut company) = Story::with_company().await;
    let call = company.incoming(CLIENT, "1001").await;
    company.cards_at(&story, &[IVAN]).await;
    story.forgive_one_refresh();
    let domain = company.portal.rename().await.expect("a new address");
    company.phone("1001").pick_up().await.expect("it rings");
    story.switch().remote_hangs_up(call).await.expect("it talks");
    assert_eq!(only(company.finished(&story, 1).await).code, "200");
    story.stop_daemon().await;
    story.start_daemon(1).await;
    company.settled(&story).await;
    assert!(company.admin.page("/company").await.expect("the page").contains(&domain), "the page shows the new name");
    whole_call(&story, &company).await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_calls_that_meet_an_expired_token_at_once_cost_one_refresh() {
    const CALLS: i64 = 50;
    let story = Story::begin_with(|s| s.portal_budget = Budget::Unlimited).await;
    let mut spec = PortalSpec { limits: Limits { bucket: None, operating: None }, ..PortalSpec::default() };
    spec.users.extend((0..CALLS).map(|n| User::new(100 + n, "Номер", &n.to_string()).inner(&(2000 + n).to_string())));
    let company = story.newcomer("firma.local", spec).await.register(&story).await;
    company.portal.expire_tokens();
    // Long enough for all of them to find the token dead.
    story.environment().portals.auth_next(Fault::Latency(Duration::from_secs(3)));
    let numbers: Vec<_> = (0..CALLS).map(|n| (2000 + n).to_string()).collect();
    let calls = join_all(numbers.iter().map(|number| company.incoming(CLIENT, number))).await;
    let registered = || (told(&company.portal, "register").len() == numbers.len()).then_some(());
    story.until("all calls are registered", registered).await;
    let asked = company.portal.requests_of("telephony.externalcall.register");
    let refused = asked.iter().filter(|r| r.status == 401).count();
    assert!(refused >= 2, "the token was found dead by {refused}");
    assert_eq!(asked.len(), numbers.len() + refused, "each is repeated once");
    assert_eq!(refreshes(&story), 1);
    for call in calls {
        story.switch().remote_hangs_up(call).await.expect("it rings");
    }
    company.finished(&story, numbers.len()).await;
    assert_eq!(refreshes(&story), 1);
    story.end().await;
}

/// What stands in the database about the grant, changed while the daemon is off.
async fn meanwhile(story: &mut Story, company: &TestCompany, change: impl FnOnce(&mut Tokens)) {
    story.stop_daemon().await;
    let store = Store::open(&story.environment().settings.state_dir).await.expect("the database");
    let id = CompanyId::new(company.portal.member_id());
    let mut tokens = store.tokens(&id).await.expect("the database").expect("a pair");
    change(&mut tokens);
    store.save_tokens(&id, &tokens).await.expect("stored");
    store.close().await;
}

const DAY: Duration = Duration::from_secs(24 * 3600);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_company_that_was_off_for_five_months_renews_its_grant_at_the_start() {
    let (mut story, mut company) = Story::with_company().await;
    meanwhile(&mut story, &company, |t| t.refresh_obtained_at = t.refresh_obtained_at - DAY * 151).await;
    story.environment().portals.advance(Duration::from_secs(7200));
    assert_eq!(refreshes(&story), 0);
    story.start_daemon(1).await;
    let renewed = || (refreshes(&story) == 1).then_some(());
    story.until("the grant is renewed without a call", renewed).await;
    company.settled(&story).await;
    assert_eq!(refreshes(&story), 1);
    // What was renewed is young: the next start renews nothing, and nothing is kept that is not needed.
    meanwhile(&mut story, &company, |t| assert!(t.previous.is_none(), "the new pair has proved itself")).await;
    story.start_daemon(1).await;
    company.settled(&story).await;
    assert_eq!(refreshes(&story), 1);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_more_than_180_days_the_page_asks_to_log_in_and_nobody_else_is_asked() {
    let (mut story, mut company) = Story::with_company().await;
    meanwhile(&mut story, &company, |t| t.refresh_obtained_at = t.refresh_obtained_at - DAY * 181).await;
    story.start_daemon(1).await;
    let admin = &mut company.admin;
    let seen = async || admin.page("/company?tab=bitrix").await.ok().filter(|p| p.contains("status bad")).map(drop);
    story.until_asked("the page asks the admin to log in", seen).await;
    assert_eq!(refreshes(&story), 0, "the answer is known");
    let mut again = story.environment().admin();
    again.log_in(&company.portal, 1, None).await.expect("the keys are known");
    company.admin = again;
    company.settled(&story).await;
    whole_call(&story, &company).await;
    story.end().await;
}

/// A call whose end the portal has not heard, as its grant was dead when it ended.
async fn unheard(story: &Story, company: &mut TestCompany) {
    let call = company.incoming(CLIENT, "1001").await;
    company.cards_at(story, &[IVAN]).await;
    company.portal.revoke_grants();
    company.phone("1001").pick_up().await.expect("it rings");
    story.switch().remote_hangs_up(call).await.expect("it talks");
    let admin = &mut company.admin;
    let seen = async || admin.page("/company?tab=bitrix").await.ok().filter(|p| p.contains("status bad")).map(drop);
    story.until_asked("the page asks the admin to log in", seen).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_application_installed_again_goes_on_with_what_waited() {
    let (story, mut company) = Story::with_company().await;
    unheard(&story, &mut company).await;
    let told = company.portal.install(1).await.expect("an installation path");
    assert_eq!(told.status, Some(200));
    let record = only(company.finished(&story, 1).await);
    assert_eq!((record.code.as_str(), record.call.registrations), ("200", 1));
    company.settled(&story).await;
    whole_call(&story, &company).await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waited_when_the_application_was_removed_is_told_when_it_is_back_with_other_keys() {
    let (story, mut company) = Story::with_company().await;
    unheard(&story, &mut company).await;
    let told = only(company.portal.uninstall(false).await);
    assert_eq!(told.status, Some(200));
    story.switch().wait_unlinked().await.expect("the company no longer listens to the switch");
    let fresh = company.portal.reissue_app();
    company.portal.edit_app(|app| app.installed = true);
    let mut again = story.environment().admin();
    again.log_in(&company.portal, 1, Some(&fresh)).await.expect("installed again");
    company.admin = again;
    let record = only(company.finished(&story, 1).await);
    assert_eq!((record.code.as_str(), record.call.registrations), ("200", 1));
    company.settled(&story).await;
    whole_call(&story, &company).await;
    story.end().await;
}
