//! An employee clicks a number in the portal.

use crate::support::{CLIENT, IVAN, PYOTR, Story, TestCompany, assert_true, only, talked_leg, told};
use ecss_crm_server::sandbox::portal::{EventAuth, FinishedCall, Request, User};
use ecss_crm_server::sandbox::switch::{CommandFault, MakeStyle, PhoneStatus};
use reqwest::StatusCode;

async fn ended(story: &Story, company: &TestCompany) -> FinishedCall {
    only(company.finished(story, 1).await)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_phone_rings_then_the_client_and_the_portals_own_call_is_finished() {
    let (story, company) = Story::with_company().await;
    let (crm, status) = company.click(IVAN, "+7 (983) 555-11-22").await;
    assert_eq!(status, Some(200));
    let command = story.switch().wait_command("call.make").await.expect("the switch is asked");
    assert_eq!(command.payload["from"], "1001");
    company.phone_is("1001", PhoneStatus::Ringing).await;
    company.phone("1001").pick_up().await.expect("it rings");
    let call = company.phone("1001").state().and_then(|p| p.call).expect("a call");
    story.switch().remote_answers(call).await.expect("it rings there");
    company.phone("1001").hang_up().await.expect("it talks");
    let truth = story.truth(call).await;
    let record = ended(&story, &company).await;
    assert_true(&record, &talked_leg(&truth, "1001"));
    assert_eq!((record.call.id.as_str(), record.user), (crm.as_str(), IVAN));
    assert!(told(&company.portal, "register").is_empty(), "the portal has registered the call itself");
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_the_same_call_when_the_switch_tells_events_first_and_no_id() {
    let (story, company) = Story::with_company().await;
    story.switch().set_make_style(MakeStyle::DirectOut);
    story.switch().next_command(CommandFault::ActSilently);
    let (crm, _) = company.click(IVAN, CLIENT).await;
    company.phone_is("1001", PhoneStatus::Dialing).await;
    let call = company.phone("1001").state().and_then(|p| p.call).expect("a call");
    story.switch().remote_answers(call).await.expect("it rings there");
    story.switch().remote_hangs_up(call).await.expect("it talks");
    let record = ended(&story, &company).await;
    assert_eq!((record.call.id.as_str(), record.code.as_str()), (crm.as_str(), "200"));
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_click_while_the_phone_is_in_use_is_busy() {
    let (story, company) = Story::with_company().await;
    let other = company.domain.internal_call("1001", "1002").await.expect("both are free");
    company.phone("1002").pick_up().await.expect("it rings");
    let (crm, status) = company.click(IVAN, CLIENT).await;
    assert_eq!(status, Some(200));
    let record = ended(&story, &company).await;
    assert_eq!((record.call.id.as_str(), record.code.as_str(), record.duration), (crm.as_str(), "486", 0));
    assert!(!record.reason.is_empty(), "the manager reads why");
    company.phone("1001").hang_up().await.expect("it talks");
    story.truth(other).await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_who_does_not_answer_a_click_is_missed() {
    let (story, company) = Story::with_company().await;
    company.click(IVAN, CLIENT).await;
    company.phone_is("1001", PhoneStatus::Ringing).await;
    company.phone("1001").pick_up().await.expect("it rings");
    let call = company.phone("1001").state().and_then(|p| p.call).expect("a call");
    story.switch().no_answer(call).await.expect("it rings there");
    let record = ended(&story, &company).await;
    assert_eq!((record.code.as_str(), record.duration), ("304", 0));
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_employee_who_does_not_pick_up_after_his_click_has_not_called() {
    let (story, company) = Story::with_company().await;
    company.click(IVAN, CLIENT).await;
    company.phone_is("1001", PhoneStatus::Ringing).await;
    company.phone("1001").reject().await.expect("it rings");
    let record = ended(&story, &company).await;
    assert_eq!(record.duration, 0);
    assert_ne!(record.code, "200");
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_click_of_an_employee_without_a_number_says_so() {
    let (story, mut company) = Story::with_company().await;
    company.portal.set_user(User::new(20, "Новый", "Сотрудник"));
    company.employees().await;
    let (_, status) = company.click(20, CLIENT).await;
    assert_eq!(status, Some(200));
    let record = ended(&story, &company).await;
    assert_eq!((record.code.as_str(), record.user), ("404", 20));
    assert!(record.reason.contains("номер"), "{}", record.reason);
    assert!(story.switch().commands().is_empty());
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_click_of_an_employee_we_have_never_heard_of_is_finished_all_the_same() {
    let (story, company) = Story::with_company().await;
    company.portal.set_user(User::new(21, "Ещё", "Новее").inner("1021"));
    let (_, status) = company.click(21, CLIENT).await;
    assert_eq!(status, Some(200));
    let record = ended(&story, &company).await;
    assert_eq!((record.user, record.duration), (21, 0));
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_click_without_a_switch_is_unavailable() {
    let (story, mut company) = Story::with_company().await;
    story.switch().stop_node(0).await;
    story.switch().wait_unlinked().await.expect("the node is gone");
    company.link_is(&story, "busy").await;
    company.click(IVAN, CLIENT).await;
    let record = ended(&story, &company).await;
    assert_eq!((record.code.as_str(), record.duration), ("503", 0));
    assert!(record.reason.contains("АТС"), "{}", record.reason);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_click_told_much_too_late_startles_nobody() {
    let (story, company) = Story::with_company().await;
    // The portal's clock stands where it stood when the click was made; ours has gone on.
    let sent = company.portal.world().now();
    let (crm, form) = {
        let (crm, _) = company.click(IVAN, CLIENT).await;
        (crm, company.portal.deliveries().pop().expect("the event").form)
    };
    company.phone_is("1001", PhoneStatus::Ringing).await;
    company.phone("1001").reject().await.expect("it rings");
    ended(&story, &company).await;
    let asked = story.switch().commands().len();

    let late = (sent.millis() / 1000 - 3600).to_string();
    let other = crm.replace("externalCall", "externalCall.late");
    let form: Vec<(String, String)> = form
        .into_iter()
        .map(|(name, value)| match name.as_str() {
            "ts" => (name, late.clone()),
            "data[CALL_ID]" => (name, other.clone()),
            _ => (name, value),
        })
        .collect();
    let answer =
        story.environment().client().post(format!("{}/events", story.environment().base())).form(&form).send().await;
    assert_eq!(answer.expect("an answer").status(), StatusCode::OK);
    let refused = || company.portal.requests_of("telephony.externalcall.finish").into_iter().find(|r| !r.executed);
    let finish = story.until("the late click is finished", refused).await;
    assert_eq!((&finish.params["CALL_ID"], &finish.params["STATUS_CODE"]), (&other.into(), &"503".into()));
    assert_eq!(story.switch().commands().len(), asked, "nobody is rung");
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_click_told_twice_rings_once() {
    let (story, company) = Story::with_company().await;
    company.click(IVAN, CLIENT).await;
    let number = company.portal.deliveries().last().expect("the event").number;
    let again = company.portal.redeliver(number).await.expect("the event");
    assert_eq!(again.status, Some(200), "a repeated event is taken and forgotten");
    company.phone_is("1001", PhoneStatus::Ringing).await;
    company.phone("1001").pick_up().await.expect("it rings");
    let call = company.phone("1001").state().and_then(|p| p.call).expect("a call");
    story.switch().remote_answers(call).await.expect("it rings there");
    story.switch().remote_hangs_up(call).await.expect("it talks");
    ended(&story, &company).await;
    let again = company.portal.redeliver(number).await.expect("the event");
    assert_eq!(again.status, Some(200), "also after the call");
    // The next click's command would come after whatever the repetition had caused.
    company.click(PYOTR, CLIENT).await;
    company.phone_is("1002", PhoneStatus::Ringing).await;
    company.phone("1002").reject().await.expect("it rings");
    company.finished(&story, 2).await;
    let rung: Vec<_> = story.switch().commands().into_iter().map(|c| c.payload["from"].clone()).collect();
    assert_eq!(rung, ["1001", "1002"]);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_click_that_does_not_come_from_the_portal_does_nothing() {
    let (story, company) = Story::with_company().await;
    company.click(PYOTR, CLIENT).await;
    company.phone_is("1002", PhoneStatus::Ringing).await;
    company.phone("1002").reject().await.expect("it rings");
    ended(&story, &company).await;
    let event = company.portal.deliveries().pop().expect("the event");
    let forge = |change: fn(&str, String) -> Option<String>| -> Vec<(String, String)> {
        let edit = |(name, value): (String, String)| {
            let value = if name == "data[CALL_ID]" { format!("{value}.forged") } else { value };
            change(&name, value).map(|value| (name, value))
        };
        event.form.clone().into_iter().filter_map(edit).collect()
    };
    let wrong =
        |name: &str, value: String| Some(if name == "auth[application_token]" { "0".repeat(32) } else { value });
    let none = |name: &str, value: String| (name != "auth[application_token]").then_some(value);
    let other = |name: &str, value: String| Some(if name == "auth[member_id]" { "f".repeat(32) } else { value });
    let cases = [
        (forge(wrong), StatusCode::FORBIDDEN),
        (forge(none), StatusCode::FORBIDDEN),
        (forge(other), StatusCode::FORBIDDEN),
    ];
    for (form, status) in cases {
        let answer = story.environment().client().post(&event.url).form(&form).send().await.expect("an answer");
        assert_eq!(answer.status(), status, "{form:?}");
    }
    assert_eq!(story.switch().commands().len(), 1, "only the true click has dialled");
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_without_tokens_or_addresses_are_events_too() {
    let (story, company) = Story::with_company().await;
    let kinds = [EventAuth::Usual, EventAuth::NoServerEndpoint, EventAuth::NoTokens, EventAuth::WithRefresh];
    for (n, kind) in kinds.into_iter().enumerate() {
        company.portal.set_event_auth(kind);
        let (_, status) = company.click(IVAN, CLIENT).await;
        assert_eq!(status, Some(200), "{kind:?}");
        company.phone_is("1001", PhoneStatus::Ringing).await;
        company.phone("1001").reject().await.expect("it rings");
        company.finished(&story, n + 1).await;
    }
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_click_that_the_switch_forbids_or_does_not_answer_is_finished() {
    let (story, company) = Story::with_company().await;
    let refuse = |status, message: &str| CommandFault::Refuse { status, message: message.to_owned() };
    let cases = [
        (refuse(403, "You are not allowed for this command"), "403"),
        (refuse(404, "no such number"), "404"),
        (refuse(500, "busy"), "486"),
        (refuse(500, "timeout"), "480"),
        (refuse(500, "no free channel"), "503"),
    ];
    for (n, (fault, code)) in cases.into_iter().enumerate() {
        story.switch().next_command(fault.clone());
        company.click(IVAN, CLIENT).await;
        let record = company.finished(&story, n + 1).await.remove(n);
        assert_eq!(record.code, code, "{fault:?}");
    }
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clicks_that_the_portal_has_not_registered_are_calls_like_any_each_its_own() {
    let (story, company) = Story::with_company().await;
    company.click(IVAN, CLIENT).await;
    company.phone_is("1001", PhoneStatus::Ringing).await;
    company.phone("1001").reject().await.expect("it rings");
    ended(&story, &company).await;
    let event = company.portal.deliveries().pop().expect("the event");
    for (user, phone) in [(IVAN, "1001"), (PYOTR, "1002")] {
        let mut form = event.form.clone();
        form.retain(|(name, _)| name != "data[CALL_ID]");
        form.iter_mut().filter(|(name, _)| name == "data[USER_ID]").for_each(|(_, value)| *value = user.to_string());
        let answer = story.environment().client().post(&event.url).form(&form).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK);
        company.phone_is(phone, PhoneStatus::Ringing).await;
    }
    let mut calls = Vec::new();
    for phone in ["1001", "1002"] {
        company.phone(phone).pick_up().await.expect("it rings");
        let call = company.phone(phone).state().and_then(|p| p.call).expect("a call");
        story.switch().remote_answers(call).await.expect("it rings there");
        company.phone(phone).hang_up().await.expect("it talks");
        calls.push(call.to_string());
    }
    let mut talked: Vec<_> = company.finished(&story, 3).await.into_iter().map(|r| (r.code, r.user)).collect();
    talked.sort();
    assert_eq!(talked[..2], [("200".to_owned(), IVAN), ("200".to_owned(), PYOTR)]);
    let name = |request: Request| request.params["EXTERNAL_CALL_ID"].as_str().expect("a name").to_owned();
    let mut named: Vec<_> = told(&company.portal, "register").into_iter().map(name).collect();
    named.sort();
    calls.sort();
    assert_eq!(named, calls, "each is registered under its own name");
    story.end().await;
}
