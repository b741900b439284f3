//! Numbers that are nobody's: codes for the switch itself, the company's own service numbers, the emergency services.

use crate::support::{
    CLIENT, CLIENT_DIGITS, IVAN, PYOTR, Story, TestCompany, assert_nobody_else_talked, assert_talked, assert_true,
    only, seconds, talk, talked_leg, talks, told,
};
use ecss_crm_server::sandbox::switch::{PickUpStyle, RemotePolicy};

/// What is dialled, what of it may be known, and what must not leave the switch.
const CODES: [(&str, &str, &[&str]); 7] = [
    ("*160*990017*77405521#", "*160", &["77405521", "990017"]),
    ("#160", "#160", &[]),
    ("*71#", "*71", &[]),
    ("*21*89161234567#", "*21", &["9161234567"]),
    ("**62*+79161234568#", "**62", &["9161234568"]),
    ("*6789161234569", "*67", &["9161234569"]),
    ("#31#89161234560", "#31", &["9161234560"]),
];

/// A client's call, recorded after whatever would have been recorded of others.
async fn whole_call(story: &Story, company: &TestCompany) {
    let before = company.portal.finished_calls().len();
    let call = company.incoming(CLIENT, "1001").await;
    company.cards_at(story, &[IVAN]).await;
    company.phone("1001").pick_up().await.expect("it rings");
    story.switch().remote_hangs_up(call).await.expect("it talks");
    let truth = story.truth(call).await;
    let record = company.finished(story, before + 1).await.remove(before);
    assert_true(&record, &talked_leg(&truth, "1001"));
}

/// The numbers that were sent to the portal.
fn registered(company: &TestCompany) -> Vec<String> {
    let registers = told(&company.portal, "register");
    registers.iter().map(|r| r.params["PHONE_NUMBER"].as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_is_nobodys_call_and_its_digits_stay_at_the_switch() {
    let (story, mut company) = Story::with_company().await;
    company.choose(&[("crm_create", "all")]).await;
    for (code, known, secrets) in CODES {
        company.phone("1001").dial(code).await.expect("the phone is free");
        company.lists_active(&story, known).await;
        assert!(company.portal.visible().is_empty(), "nobody wants a card for {code}");
        story.assert_unknown(&mut company, secrets).await;
        company.phone("1001").hang_up().await.expect("an announcement");
        company.calls_are_over(&story).await;
    }
    whole_call(&story, &company).await;
    for (_, _, secrets) in CODES {
        story.assert_unknown(&mut company, secrets).await;
    }
    assert_eq!(registered(&company), [CLIENT_DIGITS], "of the codes nothing was told");
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_that_is_refused_or_only_rings_is_nobodys_call_either() {
    let (story, mut company) = Story::with_company().await;
    let domain = company.simulated.domain.clone();
    let secret = "*160*990017*77405521#";
    for policy in [RemotePolicy::Busy, RemotePolicy::WrongNumber, RemotePolicy::NoAnswer] {
        story.switch().set_remote_policy_for(&domain, secret, policy).expect("the domain is there");
        company.phone("1001").dial(secret).await.expect("the phone is free");
        if policy == RemotePolicy::NoAnswer {
            company.lists_active(&story, "*160").await;
            company.phone("1001").hang_up().await.expect("it rings");
        }
        company.calls_are_over(&story).await;
    }
    // Only the end of it is ever seen.
    story.switch().set_quirks(|q| q.fail_unseen = true);
    story.switch().set_remote_policy_for(&domain, secret, RemotePolicy::Busy).expect("the domain is there");
    company.phone("1001").dial(secret).await.expect("the phone is free");
    whole_call(&story, &company).await;
    story.assert_unknown(&mut company, &["77405521", "990017"]).await;
    assert_eq!(registered(&company), [CLIENT_DIGITS]);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_that_is_dialled_across_a_restart_is_kept_nowhere() {
    let (mut story, mut company) = Story::with_company().await;
    story.switch().set_quirks(|q| q.replay_on_connect = true);
    company.phone("1001").dial("*160*990017*77405521#").await.expect("the phone is free");
    company.lists_active(&story, "*160").await;
    story.stop_daemon().await;
    story.start_daemon(1).await;
    company.online(&story).await;
    company.phone("1001").hang_up().await.expect("an announcement");
    company.calls_are_over(&story).await;
    whole_call(&story, &company).await;
    story.assert_unknown(&mut company, &["77405521", "990017"]).await;
    assert_eq!(registered(&company), [CLIENT_DIGITS]);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_picks_up_with_a_code_has_the_clients_call_and_nobody_missed_it() {
    let (story, company) = Story::with_company().await;
    let call = company.incoming(CLIENT, "1001").await;
    company.cards_at(&story, &[IVAN]).await;
    let taken = company.phone("1002").dial("*81001").await.expect("it rings there");
    assert_eq!(taken, call, "the leg goes on in the client's call");
    company.cards_at(&story, &[PYOTR]).await;
    talk(2.3).await;
    story.switch().remote_hangs_up(call).await.expect("they talk");
    let truth = story.truth(call).await;
    let record = only(company.over(&story).await);
    assert_true(&record, &talked_leg(&truth, "1002"));
    assert_eq!((record.user, record.call.kind, record.call.number.as_str()), (PYOTR, 2, CLIENT_DIGITS));
    assert!(company.portal.missed_calls().is_empty());
    assert!(registered(&company).iter().all(|number| number == CLIENT_DIGITS), "{:?}", registered(&company));
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leg_that_picks_up_with_a_code_is_the_clients_conversation_whatever_it_looks_like() {
    for (style, stays_out) in [(PickUpStyle::Moves, true), (PickUpStyle::OwnCall, false)] {
        let (story, company) = Story::with_company().await;
        story.switch().set_quirks(|q| (q.pick_up, q.code_stays_out) = (style, stays_out));
        let rang = company.incoming(CLIENT, "1001").await;
        company.cards_at(&story, &[IVAN]).await;
        let call = company.phone("1002").dial("*81001").await.expect("it rings there");
        company.cards_at(&story, &[PYOTR]).await;
        talk(2.3).await;
        story.switch().remote_hangs_up(call).await.expect("they talk");
        let truth = story.truth(call).await;
        story.truth(rang).await;
        let records = company.over(&story).await;
        assert_talked(&records, PYOTR, CLIENT, seconds(&talked_leg(&truth, "1002")));
        assert_nobody_else_talked(&records, &[(PYOTR, CLIENT)]);
        assert_eq!(talks(&records, PYOTR, CLIENT).len(), 1, "{records:#?}");
        assert!(registered(&company).iter().all(|number| number == CLIENT_DIGITS), "{:?}", registered(&company));
        story.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_companys_own_service_numbers_are_shown_as_such_and_not_recorded() {
    let (story, mut company) = Story::with_company().await;
    let choices = [("crm_create", "all"), ("service_numbers", "200, 21x\n2000-2009"), ("feature_codes", "99x 0911")];
    company.choose(&choices).await;
    let domain = company.simulated.domain.clone();
    // What stands for x may be somebody's password.
    let numbers = [("200", "200"), ("217", "217"), ("2000", "2000"), ("2009", "2009"), ("993", "99"), ("0911", "0911")];
    for (number, shown) in numbers {
        story.switch().add_queue(&domain, number, &["1002", "1003"]).expect("a number of the switch");
        company.phone("1001").dial(number).await.expect("the phone is free");
        company.lists_active(&story, shown).await;
        assert!(company.portal.visible().is_empty(), "nobody wants a card for {number}");
        company.phone("1001").hang_up().await.expect("an announcement");
        company.calls_are_over(&story).await;
    }
    whole_call(&story, &company).await;
    assert_eq!(registered(&company), [CLIENT_DIGITS], "of the services nothing was told");
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_who_calls_a_service_number_is_a_client() {
    let (story, mut company) = Story::with_company().await;
    company.choose(&[("service_numbers", "200")]).await;
    story.switch().add_queue(&company.simulated.domain, "200", &["1001"]).expect("a queue");
    let call = company.incoming(CLIENT, "200").await;
    story.switch().queue_offer(call, Some("1001")).await.expect("the client waits");
    company.cards_at(&story, &[IVAN]).await;
    company.phone("1001").pick_up().await.expect("it rings");
    talk(1.2).await;
    story.switch().remote_hangs_up(call).await.expect("they talk");
    let truth = story.truth(call).await;
    let record = only(company.finished(&story, 1).await);
    assert_true(&record, &talked_leg(&truth, "1001"));
    assert_eq!((record.user, record.call.kind, record.call.number.as_str()), (IVAN, 2, CLIENT_DIGITS));
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_to_the_emergency_services_make_nobody_a_client() {
    let (story, mut company) = Story::with_company().await;
    company.choose(&[("crm_create", "all")]).await;
    for number in ["103", "102"] {
        let call = company.phone("1002").dial(number).await.expect("the phone is free");
        company.lists_active(&story, number).await;
        story.switch().remote_answers(call).await.expect("it rings there");
        company.phone("1002").hang_up().await.expect("they talk");
        company.calls_are_over(&story).await;
    }
    whole_call(&story, &company).await;
    for request in told(&company.portal, "register") {
        let client = request.params["PHONE_NUMBER"] == CLIENT_DIGITS;
        assert!(client || truth_of(&request.params["CRM_CREATE"]) == Some(false), "{}", request.params);
    }
    let bound = company.over(&story).await.into_iter().filter(|r| r.call.number.len() == 3);
    assert!(bound.into_iter().all(|r| r.call.bound.is_none()), "nobody has become a client");
    story.end().await;
}

/// A parameter as PHP takes it.
fn truth_of(value: &serde_json::Value) -> Option<bool> {
    match value {
        serde_json::Value::String(text) => Some(!["", "0"].contains(&text.as_str())),
        other => other.as_i64().map(|n| n != 0),
    }
}
