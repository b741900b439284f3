//! The call card and its buttons.

use super::fake::{COMPANY, ME, call};
use super::{Ask, NOW, Reply, Site};
use crate::domain::UserId;
use crate::domain::card::{CommandRefused, Phase};
use crate::domain::leg::{Capabilities, CommandError, SwitchRefusal};
use crate::web::guard::Ticket;
use crate::web::service::OpenError;
use axum::http::StatusCode;
use std::time::Duration;

/// A ticket as the card's page carries it.
pub(super) fn ticket(site: &Site) -> String {
    Ticket::new(COMPANY.into(), ME, NOW).sign(&site.state.key, site.clock.now())
}

fn ringing(site: &Site) {
    site.service.world().calls = vec![call("c1", ME, Phase::Ringing, &["crm-1"]).into()];
}

async fn press(site: &Site, json: &serde_json::Value) -> Reply {
    site.send(Ask::new("POST", "/call/action", json.to_string()).header("content-type", "application/json")).await
}

#[tokio::test]
async fn the_card_shows_call_and_buttons() {
    let site = Site::new();
    ringing(&site);
    let query = "DOMAIN=firma.bitrix24.ru&PROTOCOL=1&LANG=ru&APP_SID=x";
    let reply = site.post(&format!("/bitrix/call/call.html?{query}"), "AUTH_ID=t&CALL_ID=crm-1").await;
    assert_eq!(reply.status, StatusCode::OK);
    reply.shows(&["Входящий вызов", "+79831234567", "Пётр", ">Принять<", ">Отклонить<", "data-card=\"crm-1\""]);
    assert_eq!(site.service.world().log, [format!("card {query} AUTH_ID=t&CALL_ID=crm-1")]);
    let policy = reply.header("content-security-policy");
    assert!(policy.ends_with("frame-ancestors https://firma.bitrix24.ru"), "{policy}");
    assert_eq!(reply.header("x-frame-options"), "");
    assert_eq!(reply.header("cache-control"), "no-store");
    assert_eq!(reply.header("set-cookie"), "", "the card needs no cookie");
}

#[tokio::test]
async fn a_portal_over_plain_http_may_frame_the_card_too() {
    let reply = Site::new().post("/call/call.html?PROTOCOL=0", "CALL_ID=1").await;
    let policy = reply.header("content-security-policy");
    assert!(policy.ends_with("frame-ancestors https://firma.bitrix24.ru http://firma.bitrix24.ru"), "{policy}");
}

#[tokio::test]
async fn the_cards_ticket_opens_the_stream_and_nothing_else_does() {
    let site = Site::new();
    ringing(&site);
    let page = site.post("/call/call.html", "CALL_ID=crm-1").await.body;
    let start = page.find("data-ticket=\"").expect("ticket") + "data-ticket=\"".len();
    let word = &page[start..start + page[start..].find('"').expect("quote")];
    let pressed = serde_json::json!({ "ticket": word, "action": "answer", "call": "c1" });
    assert_eq!(press(&site, &pressed).await.status, StatusCode::OK);
    let cookie = Ask::get(&format!("/company?ticket={word}")).header("cookie", &format!("ecss_crm_session={word}"));
    assert_eq!(site.send(cookie).await.status, StatusCode::SEE_OTHER, "a ticket is no session");
}

#[tokio::test]
async fn a_card_can_ask_whether_its_ticket_still_counts() {
    let site = Site::new();
    let look = |ticket: String| serde_json::json!({ "ticket": ticket, "action": "look" });
    assert_eq!(press(&site, &look(ticket(&site))).await.status, StatusCode::OK);
    assert_eq!(press(&site, &look("x".to_owned())).await.status, StatusCode::UNAUTHORIZED);
    assert!(site.service.world().log.is_empty(), "nothing is done");
}

#[tokio::test]
async fn a_card_of_a_call_that_is_not_ours_is_polite() {
    let site = Site::new();
    let reply = site.post("/call/call.html", "CALL_ID=foreign").await;
    assert_eq!(reply.status, StatusCode::OK);
    reply.shows(&["Нет вызова", "по другой линии", "+7 983 123-45-67"]);
    ringing(&site);
    let reply = site.post("/call/call.html", "CALL_ID=foreign").await;
    reply.shows(&["Входящий вызов", "открыта для другого вызова"]);
}

#[tokio::test]
async fn without_the_switch_there_are_no_buttons() {
    let site = Site::new();
    ringing(&site);
    site.service.world().online = false;
    let reply = site.post("/call/call.html", "CALL_ID=crm-1").await;
    reply.shows(&["Нет связи с ECSS-10", "data-action=\"answer\" hidden", "data-action=\"reject\" hidden"]);
    site.service.world().served = false;
    let reply = site.post("/call/call.html", "CALL_ID=crm-1").await;
    assert_eq!(reply.status, StatusCode::OK);
}

#[tokio::test]
async fn who_cannot_be_vouched_for_gets_no_card() {
    for (error, status, words) in [
        (OpenError::UnknownPortal, 403, "Портал не зарегистрирован"),
        (OpenError::Forbidden, 403, "Доступ не подтверждён"),
        (OpenError::Unreachable(String::new()), 503, "Портал не отвечает"),
        (OpenError::Unreadable(String::new()), 422, "Запрос не разобрать"),
    ] {
        let site = Site::new();
        site.service.world().open_error = Some(error);
        let reply = site.post("/call/call.html", "CALL_ID=1").await;
        assert_eq!(reply.status.as_u16(), status);
        reply.shows(&[words]);
        reply.hides(&["data-ticket"]);
        let policy = reply.header("content-security-policy");
        assert!(policy.contains("https://*.bitrix24.ru"), "the explanation can be read inside a portal: {policy}");
    }
}

#[tokio::test]
async fn the_page_alone_explains_itself() {
    let reply = Site::new().get("/call/call.html").await;
    assert_eq!(reply.status, StatusCode::OK);
    reply.shows(&["Карточка вызова", "открывает Битрикс24"]);
}

#[tokio::test]
async fn buttons_become_commands() {
    let site = Site::new();
    for (phase, action, to, command) in [
        (Phase::Ringing, "answer", None, "Answer"),
        (Phase::Ringing, "reject", None, "Reject"),
        (Phase::Talking, "reject", None, "Reject"),
        (Phase::Talking, "hold", None, "Hold"),
        (Phase::Held, "retrieve", None, "Retrieve"),
        (Phase::Talking, "transfer", Some("10-02"), "Transfer(1002)"),
    ] {
        site.service.world().calls = vec![call("c1", ME, phase, &["crm-1"]).into()];
        site.service.world().log.clear();
        let pressed = serde_json::json!({
            "ticket": ticket(&site), "action": action, "call": "c1", "leg": "c1-leg", "to": to,
        });
        let reply = press(&site, &pressed).await;
        assert_eq!((reply.status, reply.json()["ok"].clone()), (StatusCode::OK, true.into()), "{action}");
        assert_eq!(site.service.world().log, [format!("act 7 c1 Some(c1-leg) {command}")]);
    }
}

#[tokio::test]
async fn a_form_and_the_portals_name_of_the_call_work_as_well() {
    let site = Site::new();
    ringing(&site);
    let reply = site.post("/call/action", &format!("ticket={}&action=answer&call=crm-1", ticket(&site))).await;
    assert_eq!(reply.status, StatusCode::OK);
    assert_eq!(site.service.world().log, ["act 7 c1 Some(c1-leg) Answer"]);
}

#[tokio::test]
async fn a_ticket_that_is_not_good_is_refused() {
    let site = Site::new();
    ringing(&site);
    let good = ticket(&site);
    let other_key = Ticket::new(COMPANY.into(), ME, NOW).sign(&[1; 32], NOW);
    for word in ["", "x", "a.b", &good[1..], &format!("{good}x"), &other_key] {
        let pressed = serde_json::json!({ "ticket": word, "action": "answer", "call": "c1" });
        let reply = press(&site, &pressed).await;
        assert_eq!((reply.status, reply.json()["code"].clone()), (StatusCode::UNAUTHORIZED, "stale_ticket".into()));
        assert_eq!(site.get(&format!("/call/stream?ticket={word}")).await.status, StatusCode::UNAUTHORIZED);
    }
    site.clock.advance(Duration::from_secs(15 * 60));
    let pressed = serde_json::json!({ "ticket": good, "action": "answer", "call": "c1" });
    assert_eq!(press(&site, &pressed).await.status, StatusCode::UNAUTHORIZED, "expired");
    assert!(site.service.world().log.is_empty());
}

#[tokio::test]
async fn nobody_acts_on_what_is_not_his() {
    let site = Site::new();
    site.service.world().calls =
        vec![call("mine", ME, Phase::Ringing, &[]).into(), call("theirs", UserId(8), Phase::Ringing, &[]).into()];
    let press = async |call: &str, leg: Option<&str>, action: &str, to: &str| {
        let pressed =
            serde_json::json!({ "ticket": ticket(&site), "action": action, "call": call, "leg": leg, "to": to });
        let reply = press(&site, &pressed).await;
        (reply.status.as_u16(), reply.json()["code"].as_str().unwrap_or_default().to_owned())
    };
    for (call, leg, action, to, want) in [
        ("theirs", None, "reject", "", (403, "not_yours")),
        ("theirs", Some("theirs-leg"), "reject", "", (403, "not_yours")),
        ("nothing", None, "reject", "", (404, "no_such_call")),
        ("", None, "reject", "", (404, "no_such_call")),
        ("mine", Some("theirs-leg"), "reject", "", (404, "no_such_call")),
        ("mine", None, "hold", "", (409, "not_now")),
        ("mine", None, "transfer", "1002", (409, "not_now")),
        ("mine", None, "transfer", "шеф", (422, "bad_number")),
        ("mine", None, "delete", "", (422, "bad_action")),
    ] {
        assert_eq!(press(call, leg, action, to).await, (want.0, want.1.to_owned()), "{call} {leg:?} {action}");
    }
    site.service.world().online = false;
    assert_eq!(press("mine", None, "reject", "").await, (503, "offline".to_owned()));
    site.service.world().served = false;
    assert_eq!(press("mine", None, "reject", "").await, (503, "offline".to_owned()));
    assert!(site.service.world().log.is_empty());
}

#[tokio::test]
async fn a_switch_that_cannot_hold_shows_no_such_button() {
    let site = Site::new();
    site.service.world().calls = vec![call("c1", ME, Phase::Talking, &["crm-1"]).into()];
    site.service.world().can = Capabilities { release: true, ..Capabilities::default() };
    let reply = site.post("/call/call.html", "CALL_ID=crm-1").await;
    reply.shows(&["data-action=\"hold\" hidden", "data-action=\"reject\">Завершить"]);
    let pressed = serde_json::json!({ "ticket": ticket(&site), "action": "hold", "call": "c1" });
    assert_eq!(press(&site, &pressed).await.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn what_the_switch_says_no_to_is_told() {
    let refused = CommandError::Refused { status: 486, why: SwitchRefusal::Busy, message: "busy here".to_owned() };
    for (error, status, words) in [
        (CommandRefused::Switch(refused), 409, "busy here"),
        (CommandRefused::Switch(CommandError::TimedOut), 503, "не ответила вовремя"),
        (CommandRefused::Switch(CommandError::Unsupported), 409, "не поддерживает"),
        (CommandRefused::Switch(CommandError::Offline), 503, "Нет связи"),
        (CommandRefused::NoSuchCall, 404, "уже нет"),
        (CommandRefused::WrongPhase, 409, "состояние вызова изменилось"),
        (CommandRefused::NotYours, 403, "другого сотрудника"),
        (CommandRefused::Busy, 503, "Не получилось"),
    ] {
        let site = Site::new();
        ringing(&site);
        site.service.world().act_error = Some(error);
        let pressed = serde_json::json!({ "ticket": ticket(&site), "action": "answer", "call": "c1" });
        let reply = press(&site, &pressed).await;
        assert_eq!(reply.status.as_u16(), status, "{words}");
        let message = reply.json()["message"].as_str().expect("message").to_owned();
        assert!(message.contains(words), "{message}");
    }
}

#[tokio::test]
async fn senseless_actions_are_answered_in_json() {
    let site = Site::new();
    for body in ["{", "null", "{\"ticket\":5}"] {
        let reply = site.send(Ask::new("POST", "/call/action", body).header("content-type", "application/json")).await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        assert_eq!(reply.json()["ok"], false);
    }
    assert_eq!(site.post("/call/action", "").await.status, StatusCode::UNAUTHORIZED);
}
