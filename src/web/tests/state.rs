//! What stands above every tab while something is wrong or waits, and where else it is shown.

use super::fake::employee;
use super::{Ask, NOW, Site};
use crate::domain::Timestamp;
use crate::domain::UserId;
use crate::domain::binding::{Binding, RefusalReason, Refusals, RefusedBinding};
use crate::domain::company::Trust;
use crate::domain::link::{Backlog, Closed, DiskState, InstallTrouble, LinkState, PortalState, WaitingInstall};
use crate::domain::removal::{Doubt, ToldRemoval};
use crate::web::service::Overview;
use axum::http::StatusCode;
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 3600);
const TABS: [&str; 5] = ["ecss", "bitrix", "employees", "calls", "diagnostics"];

fn site(change: impl FnOnce(&mut Overview)) -> Site {
    let site = Site::new();
    change(site.service.world().overview.as_mut().expect("company"));
    site
}

fn unreachable() -> PortalState {
    PortalState::Unreachable { since: NOW - MINUTE * 12, why: "HTTP 503".to_owned() }
}

async fn state(site: &Site) -> String {
    let reply = site.send(Ask::get("/company/state").admin()).await;
    assert_eq!(reply.status, StatusCode::OK);
    reply.body
}

#[track_caller]
fn holds(body: &str, texts: &[&str]) {
    for text in texts {
        assert!(body.contains(text), "{text:?} is not in\n{body}");
    }
}

#[tokio::test]
async fn nothing_stands_there_while_all_is_well() {
    let site = Site::new();
    assert!(!state(&site).await.contains("<h2"));
    site.send(Ask::get("/company?tab=diagnostics").admin()).await.hides(&["Отброшено"]);
}

#[tokio::test]
async fn an_outage_is_told_on_every_tab_with_what_waits_and_for_how_long() {
    let site = site(|o| {
        o.portal = unreachable();
        o.backlog = Backlog { calls: 22, since: Some(NOW - MINUTE * 11) };
    });
    for tab in TABS {
        let reply = site.send(Ask::get(&format!("/company?tab={tab}")).admin()).await;
        reply.shows(&[
            "Портал не отвечает",
            "уже 12 минут",
            "22 вызова ждут передачи в CRM, самый давний уже 11 минут.",
        ]);
        reply.shows(&["Всё сохранено и будет передано само, ничего не потеряется"]);
    }
    let english = site.send(Ask::get("/company/state").admin().english()).await;
    english.shows(&[
        "The portal does not answer",
        "for 12 minutes",
        "22 calls wait to be sent to the CRM, the oldest for 11 minutes.",
    ]);
    let diagnostics = site.send(Ask::get("/company?tab=diagnostics").admin()).await;
    diagnostics.shows(&["HTTP 503", "<dd>22 ", "самый давний ждёт 11 минут, с"]);
}

#[tokio::test]
async fn a_connection_that_is_not_protected_is_told_on_every_tab_and_since_when() {
    let off = Trust::Off { since: Some(NOW - DAY * 3) };
    let site = site(|o| o.switch.as_mut().expect("a switch").trust = off);
    for tab in TABS {
        let reply = site.send(Ask::get(&format!("/company?tab={tab}")).admin()).await;
        reply.shows(&["Сертификат ECSS-10 не проверяется", "уже 3 дня", "другую проверку сертификата"]);
        let reply = site.send(Ask::get(&format!("/company?tab={tab}")).admin().english()).await;
        reply.shows(&["The certificate of ECSS-10 is not checked", "for 3 days", "Choose another check"]);
    }
    let plain = self::site(|o| o.switch.as_mut().expect("a switch").addresses[0] = "http://10.0.3.90:8088".to_owned());
    plain.send(Ask::get("/company").admin()).await.shows(&["Соединение с ECSS-10 не шифруется"]);
    let english = plain.send(Ask::get("/company").admin().english()).await;
    english.shows(&["The connection to ECSS-10 is not encrypted", "Write the address with https://"]);
}

#[tokio::test]
async fn each_closed_portal_has_its_own_remedy() {
    for (because, words) in [
        (Closed::Payment, ["не оплачен", "Продлите подписку"]),
        (Closed::Plan, ["тариф без приложений", "Маркетплейс"]),
        (Closed::Deleted, ["удалён", "Восстановите портал"]),
        (Closed::Blocked, ["заблокирован", "поддержку Битрикс24"]),
    ] {
        let site = site(|o| {
            o.portal = PortalState::Closed { since: NOW, because, why: String::new() };
            o.backlog = Backlog { calls: 1, since: None };
        });
        let body = state(&site).await;
        holds(&body, &words);
        holds(&body, &["1 вызов ждёт передачи в CRM.", "как только доступ вернётся", "уже меньше минуты"]);
        assert!(!body.contains("action="), "a log-in does not help");
    }
}

#[tokio::test]
async fn a_limit_says_whether_it_holds_all_requests_or_one_kind() {
    let since = NOW - MINUTE;
    holds(&state(&site(|o| o.portal = PortalState::Limited { since })).await, &["Исчерпан лимит", "уже 1 минуту"]);
    let until = NOW + MINUTE;
    let resting = state(&site(|o| o.portal = PortalState::Resting { since, until })).await;
    holds(&resting, &["один вид запросов", "Следующая попытка:", "2026-02-02T02:41:00Z"]);
}

#[tokio::test]
async fn a_dead_grant_offers_the_log_in_wherever_one_is() {
    let dead = PortalState::NeedsLogin { since: NOW, why: "invalid_grant".to_owned() };
    for change in [
        (|o: &mut Overview, dead: PortalState| o.portal = dead) as fn(&mut Overview, PortalState),
        |o, _| o.token = None,
        |o, _| o.token.as_mut().expect("token").grant_ends_at = NOW,
    ] {
        let site = site(|o| change(o, dead.clone()));
        for tab in TABS {
            let reply = site.send(Ask::get(&format!("/company?tab={tab}")).admin()).await;
            let banner = reply.body.split("<form class=\"inline\"").next().unwrap_or_default();
            holds(banner, &["/bitrix/login\"", "value=\"firma.bitrix24.ru\"", "Войти заново"]);
            let policy = reply.header("content-security-policy");
            assert!(policy.contains("form-action https:"), "the form leads to the portal: {policy}");
        }
    }
}

#[tokio::test]
async fn a_grant_tells_its_life_and_warns_in_its_last_month() {
    let site = Site::new();
    let bitrix = || async { site.send(Ask::get("/company?tab=bitrix").admin()).await };
    bitrix().await.shows(&["Продлевается сам.", "Без обращения к порталу закончится через 180 дней —"]);
    bitrix().await.hides(&["скоро закончится"]);
    site.clock.advance(DAY * 151);
    bitrix().await.shows(&["Доступ к порталу скоро закончится", "через 29 дней —", "Доступ давно не продлевался."]);
    site.clock.advance(DAY * 29);
    bitrix().await.shows(&["Доступ закончился.", "Войдите заново"]);
}

#[tokio::test]
async fn a_database_in_trouble_is_everybodys_trouble() {
    let since = NOW - MINUTE * 125;
    for (disk, title) in [
        (DiskState::Full { since }, "нет места"),
        (DiskState::ReadOnly { since }, "не записывается"),
        (DiskState::Failing { since, why: "disk I/O error".to_owned() }, "сбоит"),
    ] {
        let body = state(&site(|o| o.disk = disk)).await;
        holds(&body, &[title, "уже 2 часа 5 минут", "хранятся в памяти"]);
    }
    let site = site(|o| o.disk = DiskState::Failing { since, why: "disk I/O error".to_owned() });
    site.send(Ask::get("/company?tab=diagnostics").admin()).await.shows(&["База данных сбоит", "disk I/O error"]);
}

#[tokio::test]
async fn what_is_being_told_is_no_trouble_until_it_has_waited() {
    let site = site(|o| o.backlog = Backlog { calls: 3, since: Some(NOW) });
    assert!(!state(&site).await.contains("<h2"));
    site.clock.advance(MINUTE);
    holds(&state(&site).await, &["Передаём накопившееся", "3 вызова ждут"]);
}

#[tokio::test]
async fn what_was_given_up_is_told_in_diagnostics() {
    let site = site(|o| o.dropped = 7);
    site.send(Ask::get("/company?tab=diagnostics").admin()).await.shows(&["Отброшено", "<dd>7<p"]);
}

#[tokio::test]
async fn the_state_is_for_administrators() {
    let reply = Site::new().send(Ask::get("/company/state").json()).await;
    assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_dismissed_responsible_stays_and_is_named_so() {
    let site = site(|o| o.calls.responsible = Some(UserId(9)));
    {
        let mut world = site.service.world();
        for (user, name) in [(9, "Олег Бывший"), (10, "Пётр Давний")] {
            let mut gone = employee(user, name, &[]);
            gone.active = false;
            world.employees.push(gone);
        }
    }
    let reply = site.send(Ask::get("/company?tab=bitrix").admin()).await;
    reply.shows(&["<option value=\"9\" selected>Олег Бывший (уволен)</option>", "Выбранный сотрудник уволен"]);
    reply.hides(&["Пётр Давний"]);
    let kept = site.send(Ask::post("/company/calls", "responsible=9").admin()).await;
    assert_eq!(kept.status, StatusCode::SEE_OTHER);
    let refused = site.send(Ask::post("/company/calls", "responsible=10&crm_create=x").admin()).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    for field in ["responsible", "crm_create"] {
        let marked = format!("aria-describedby=\"{field}-hint {field}-fault\" aria-invalid=\"true\"");
        refused.shows(&[&marked, &format!("id=\"{field}-fault\""), &format!("id=\"{field}-hint\"")]);
    }
}

#[tokio::test]
async fn readiness_counts_states_and_what_waits() {
    let site = Site::new();
    {
        let mut world = site.service.world();
        let mut closed = super::fake::company_health(LinkState::NotConfigured);
        closed.portal = PortalState::Closed { since: NOW, because: Closed::Plan, why: String::new() };
        closed.backlog = Backlog { calls: 2, since: Some(NOW - MINUTE) };
        let mut down = super::fake::company_health(LinkState::NotConfigured);
        down.portal = unreachable();
        down.backlog = Backlog { calls: 3, since: Some(Timestamp(NOW.millis() - 5_000)) };
        world.health.companies = vec![closed, down];
    }
    let reply = super::ops::ops(&site, "/readyz").await;
    assert_eq!(reply.status, StatusCode::OK, "a company's trouble is not the daemon's");
    let json = reply.json();
    let portal = &json["companies"]["portal"];
    let counts = [&portal["closed"], &portal["unreachable"], &portal["needs_login"], &portal["ok"]];
    assert_eq!(counts.map(|n| n.as_u64().unwrap_or(99)), [1, 1, 0, 0]);
    assert_eq!((&json["backlog"]["calls"], &json["backlog"]["oldest_seconds"]), (&5.into(), &60.into()));
    assert_eq!(json["database"], "ok");
}

#[tokio::test]
async fn what_the_portal_refuses_to_set_up_is_told_with_its_words_and_a_remedy() {
    let refused = |what| RefusedBinding {
        what,
        since: NOW - MINUTE * 3,
        why: RefusalReason::Words("Access denied! [ACCESS_DENIED]".into()),
    };
    for (what, title, remedy, log_in) in [
        (Binding::Click, "подписку на звонки", "право «Телефония (telephony)»", true),
        (Binding::Card, "не встраивает карточку", "«Встраивание приложений (placement)»", true),
        (Binding::Line, "не принимает линию", "право «Телефония (telephony)»", true),
        (Binding::OldAddress, "не забывает прежний адрес", "переустановите приложение", false),
        (Binding::Users, "не отдаёт список пользователей", "право «Пользователи (user)»", true),
    ] {
        let next_try = Some(NOW + MINUTE);
        let site = site(|o| o.refusals = Refusals { bindings: vec![refused(what)], next_try });
        let body = state(&site).await;
        let words = "Ответ портала: <code>Access denied! [ACCESS_DENIED]</code>";
        holds(&body, &[title, remedy, "уже 3 минуты", words, "Следующая попытка:"]);
        assert_eq!(body.contains("action="), log_in, "{what:?}");
        let english = site.send(Ask::get("/company/state").admin().english()).await;
        english.shows(&["The portal does not", "answer:"]);
    }
}

#[tokio::test]
async fn an_installation_that_waits_to_be_confirmed_is_told() {
    let server = |why: &str| format!("Сервер авторизации Битрикс24: <code>{why}</code>");
    let portal = |why: &str| format!("портала: <code>{why}</code>");
    let next = "Следующая попытка:";
    for (why, texts, log_in) in [
        (InstallTrouble::ServerNotYet("HTTP 503".into()), ["ещё не подтверждена", &server("HTTP 503"), next], false),
        (InstallTrouble::ServerRefuses("WRONG".into()), ["её отклонил", &server("WRONG"), "новыми ключами"], true),
        (InstallTrouble::PortalFails(RefusalReason::Words("no".into())), ["ещё не", &portal("no"), next], false),
        (InstallTrouble::OtherApplication, ["создано заново", "новые ключи", "Войти заново"], true),
        (InstallTrouble::TokensMissing, ["без ключей доступа", "Войти заново", "прежним доступом"], true),
    ] {
        let waiting = WaitingInstall { since: NOW - MINUTE * 2, why: why.clone(), next_try: Some(NOW + MINUTE) };
        let body = state(&site(|o| o.install = Some(waiting))).await;
        holds(&body, &texts);
        holds(&body, &["уже 2 минуты"]);
        assert_eq!(body.contains("action="), log_in, "{why:?}");
        assert!(!body.contains("не отвечает"), "{why:?}");
    }
}

#[tokio::test]
async fn events_that_nothing_proves_are_told_with_what_to_do() {
    let body = state(&site(|o| o.events_proved = false)).await;
    holds(&body, &["пока нечем подтвердить", "под учётной записью администратора"]);
    let waiting = WaitingInstall { since: NOW, why: InstallTrouble::Untried, next_try: None };
    let body = state(&site(|o| (o.events_proved, o.install) = (false, Some(waiting)))).await;
    assert!(!body.contains("нечем подтвердить"), "what waits may bring it");
}

#[tokio::test]
async fn a_removal_that_is_not_confirmed_is_told() {
    for (why, texts) in [
        (Doubt::StillAccepted(1), ["по-прежнему принимает", "данные не удалены"]),
        (Doubt::NoAnswer(1, "HTTP 503".into()), ["ещё не подтверждено", "<code>HTTP 503</code>"]),
    ] {
        let reported = ToldRemoval { since: NOW - MINUTE * 2, clean: true, why };
        let body = state(&site(|o| o.removal = Some(reported))).await;
        holds(&body, &texts);
        holds(&body, &["уже 2 минуты"]);
    }
    let reported = ToldRemoval { since: NOW, clean: true, why: Doubt::Unasked };
    let body = state(&site(|o| o.removal = Some(reported))).await;
    assert!(!body.contains("удалени"), "it is being asked about just now");
}

#[tokio::test]
async fn the_page_says_which_outgoing_number_to_choose() {
    let site = site(|_| {});
    let russian = site.send(Ask::get("/company?tab=bitrix").admin()).await;
    russian.shows(&["линию «ECSS-10», а не само приложение"]);
    let english = site.send(Ask::get("/company?tab=bitrix").admin().english()).await;
    english.shows(&["not the application itself"]);
}
