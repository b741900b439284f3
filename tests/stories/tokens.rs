//! The grant's life: tokens expire, refreshes fail, admins log in again.

use crate::support::{CLIENT, Firm, IVAN, PYOTR, Story, only, told};
use ecss_crm_server::sandbox::portal::{Fault, PushKind};

/// Refreshes asked for so far.
fn refreshes(story: &Story) -> usize {
    let asked = story.town().portals.auth_requests();
    asked.iter().filter(|r| r.params["grant_type"] == "refresh_token").count()
}

async fn whole_call(story: &Story, firm: &Firm) {
    let before = firm.portal.finished_calls().len();
    let call = firm.incoming(CLIENT, "1001").await;
    firm.cards_at(story, &[IVAN]).await;
    firm.phone("1001").pick_up().await.expect("it rings");
    story.switch().remote_hangs_up(call).await.expect("it talks");
    firm.finished(story, before + 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expired_token_is_renewed_once_however_many_calls_need_it() {
    let (mut story, mut firm) = Story::with_firm().await;
    let first = firm.incoming(CLIENT, "1001").await;
    firm.cards_at(&story, &[IVAN]).await;
    firm.portal.expire_tokens();
    firm.phone("1001").pick_up().await.expect("it rings");
    let group = firm.domain.group_call("+73832000010", &["1002", "1003"]).await.expect("both are free");
    let third = firm.incoming("+79139000077", "1000").await;
    firm.cards_at(&story, &[1, IVAN, PYOTR, 9]).await;
    for call in [first, group, third] {
        story.switch().remote_hangs_up(call).await.expect("it goes on");
    }
    firm.finished(&story, 3).await;
    assert_eq!(refreshes(&story), 1);
    assert_eq!(told(&firm.portal, "register").len(), 3);
    // The new pair is stored: after a restart nothing is renewed again.
    story.stop_daemon().await;
    story.start_daemon(1).await;
    firm.settled(&story).await;
    whole_call(&story, &firm).await;
    assert_eq!(refreshes(&story), 1);
    firm.portal.expire_tokens();
    whole_call(&story, &firm).await;
    assert_eq!(refreshes(&story), 2);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_authorization_server_delays_but_loses_nothing() {
    let (story, firm) = Story::with_firm().await;
    let call = firm.incoming(CLIENT, "1001").await;
    firm.cards_at(&story, &[IVAN]).await;
    firm.portal.expire_tokens();
    story.town().portals.auth_standing(Fault::Outage);
    firm.phone("1001").pick_up().await.expect("it rings");
    story.switch().remote_hangs_up(call).await.expect("it talks");
    let asked = || (!story.town().portals.auth_requests().is_empty() && refreshes(&story) >= 2).then_some(());
    story.until("the authorization server has been asked in vain", asked).await;
    story.town().portals.auth_heal();
    assert_eq!(only(firm.finished(&story, 1).await).code, "200");
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_grant_waits_for_the_admin_and_then_tells_everything() {
    let (story, mut firm) = Story::with_firm().await;
    let call = firm.incoming(CLIENT, "1001").await;
    firm.cards_at(&story, &[IVAN]).await;
    firm.portal.revoke_grants();
    firm.phone("1001").pick_up().await.expect("it rings");
    story.switch().remote_hangs_up(call).await.expect("it talks");
    let admin = &mut firm.admin;
    let seen = async || admin.page("/company?tab=bitrix").await.ok().filter(|p| p.contains("status bad")).map(drop);
    story.until_asked("the page asks the admin to log in", seen).await;
    // A call meanwhile is not lost either.
    let meanwhile = firm.incoming("+73832000010", "1002").await;
    firm.phone("1002").pick_up().await.expect("it rings");
    story.switch().remote_hangs_up(meanwhile).await.expect("it talks");
    story.truth(meanwhile).await;
    let tried = refreshes(&story);
    let mut again = story.town().admin();
    again.log_in(&firm.portal, 1, None).await.expect("the keys are known");
    let records = firm.finished(&story, 2).await;
    assert!(records.iter().all(|r| r.code == "200"), "{records:?}");
    assert!(tried <= 2, "a dead grant is not tried again and again: {tried}");
    let shown: Vec<_> = firm.portal.pushes().into_iter().filter(|p| p.kind == PushKind::Show).map(|p| p.user).collect();
    assert_eq!(shown, [IVAN], "nobody is shown a card of a call that is over");
    firm.admin = again;
    firm.settled(&story).await;
    whole_call(&story, &firm).await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refresh_whose_answer_is_lost_ends_in_a_question_to_the_admin_and_not_in_a_loop() {
    let (story, mut firm) = Story::with_firm().await;
    firm.portal.expire_tokens();
    story.town().portals.auth_next(Fault::DropAfter);
    let call = firm.incoming(CLIENT, "1001").await;
    firm.phone("1001").pick_up().await.expect("it rings");
    story.switch().remote_hangs_up(call).await.expect("it talks");
    let admin = &mut firm.admin;
    let seen = async || admin.page("/company?tab=bitrix").await.ok().filter(|p| p.contains("status bad")).map(drop);
    story.until_asked("the page asks the admin to log in", seen).await;
    let mut again = story.town().admin();
    again.log_in(&firm.portal, 1, None).await.expect("the keys are known");
    assert_eq!(only(firm.finished(&story, 1).await).code, "200");
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_admin_leaves_the_company_the_next_admin_takes_over() {
    let (story, mut firm) = Story::with_firm().await;
    firm.portal.set_user(ecss_crm_server::sandbox::portal::User {
        admin: true,
        ..ecss_crm_server::sandbox::portal::User::new(2, "Вера", "Новая").inner("1090")
    });
    firm.portal.dismiss(1);
    let call = firm.incoming(CLIENT, "1001").await;
    firm.phone("1001").pick_up().await.expect("it rings");
    story.switch().remote_hangs_up(call).await.expect("it talks");
    let admin = &mut firm.admin;
    let seen = async || admin.page("/company?tab=bitrix").await.ok().filter(|p| p.contains("status bad")).map(drop);
    story.until_asked("the page asks for an admin", seen).await;
    let mut next = story.town().admin();
    next.log_in(&firm.portal, 2, None).await.expect("an admin too");
    assert_eq!(only(firm.finished(&story, 1).await).code, "200");
    firm.admin = next;
    firm.settled(&story).await;
    whole_call(&story, &firm).await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_renamed_portal_is_followed() {
    let (mut story, mut firm) = Story::with_firm().await;
    let call = firm.incoming(CLIENT, "1001").await;
    firm.cards_at(&story, &[IVAN]).await;
    story.forgive_one_refresh();
    let domain = firm.portal.rename().await.expect("a new address");
    firm.phone("1001").pick_up().await.expect("it rings");
    story.switch().remote_hangs_up(call).await.expect("it talks");
    assert_eq!(only(firm.finished(&story, 1).await).code, "200");
    story.stop_daemon().await;
    story.start_daemon(1).await;
    firm.settled(&story).await;
    assert!(firm.admin.page("/company").await.expect("the page").contains(&domain), "the page shows the new name");
    whole_call(&story, &firm).await;
    story.end().await;
}
