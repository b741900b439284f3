//! The steps of the set-up above the tabs, and the call that tries it out.

use super::{Ask, NOW, Site};
use crate::domain::call::DialFailure;
use crate::domain::checks::Finding;
use crate::domain::checks::portal::{Installation, PortalFinding};
use crate::domain::checks::setup::{SetupStep, StepState, progress};
use crate::domain::checks::switch::{SwitchEvents, SwitchFinding};
use crate::domain::link::LinkState;
use crate::web::service::{ServiceFault, TestCallError};
use axum::http::StatusCode;

/// A company whose application waits to be installed and whose switch is not connected.
fn begun() -> Site {
    let findings = [
        Finding::Portal(PortalFinding::Installation(Installation::Unfinished { at: NOW })),
        Finding::Switch(SwitchFinding::Connection(LinkState::NotConfigured, crate::domain::checks::Severity::Fault)),
        Finding::Switch(SwitchFinding::Events(SwitchEvents::NoWay)),
    ];
    let site = Site::new();
    let mut world = site.service.world();
    world.overview.as_mut().expect("company").setup = Some(progress(&findings));
    world.findings = findings.into();
    drop(world);
    site
}

#[tokio::test]
async fn every_tab_leads_through_the_set_up_until_a_card_has_opened() {
    let site = begun();
    for tab in ["ecss", "bitrix", "employees", "calls", "diagnostics"] {
        let reply = site.send(Ask::get(&format!("/company?tab={tab}")).admin()).await;
        reply.shows(&["Первая настройка: готово 4 из 7", "aria-current=\"step\"", "Использует только API"]);
    }
    let state = site.send(Ask::get("/company/state").admin()).await;
    // What is next is told whole; of what follows only what it is.
    state.shows(&["Есть связь с ECSS-10", "ECSS-10 сообщает о вызовах"]);
    state.hides(&["Нужен любой вызов", "/company?tab=ecss"]);
    let english = site.send(Ask::get("/company/state").admin().english()).await;
    english.shows(&["First set-up: 4 of 7 done", "Uses API only"]);
    site.service.world().overview.as_mut().expect("company").setup = None;
    site.send(Ask::get("/company/state").admin()).await.hides(&["Первая настройка:", "<ol"]);
}

#[tokio::test]
async fn the_step_that_is_next_says_what_to_do_and_where() {
    for (done, words) in [(5, "Нужен любой вызов"), (6, "под учётной записью сотрудника")]
    {
        let site = Site::new();
        let mut steps = progress(&[]);
        for step in &mut steps[done..] {
            step.state = StepState::Open;
        }
        assert_eq!(steps[5].step, SetupStep::FirstCall);
        site.service.world().overview.as_mut().expect("company").setup = Some(steps);
        let state = site.send(Ask::get("/company/state").admin()).await;
        state.shows(&[words, "/company/test-call\">Сделать проверочный вызов"]);
    }
}

#[tokio::test]
async fn a_test_call_rings_the_admins_own_phone_unless_another_one_is_typed_in() {
    let site = begun();
    let page = site.send(Ask::get("/company/test-call").admin()).await;
    page.shows(&["value=\"1001\"", "Что видно серверу", "id=\"switch.events\"", "id=\"switch.connection\""]);
    page.hides(&["id=\"portal.installation\""]);
    let rings = site.send(Ask::post("/company/test-call", "from=1002&to=%2B7+983+123-45-67").admin()).await;
    assert_eq!(rings.status, StatusCode::OK);
    rings.shows(&["телефон 1002 звонит", "role=\"status\""]);
    assert_eq!(site.service.world().log, ["test call 1002 +79831234567"]);
    let ask = || Ask::post("/company/test-call", "from=1001&to=100").admin();
    assert_eq!(site.send(ask().json()).await.json()["ok"], true);
    for (error, words) in [
        (TestCallError::NotDialled(DialFailure::Offline), "нет соединения с АТС"),
        (TestCallError::NotDialled(DialFailure::Forbidden), "api\\call\\enabled"),
        (TestCallError::NoAnswer, "не ответила вовремя"),
    ] {
        site.service.world().test_call = Err(error);
        site.send(ask()).await.shows(&[words, "role=\"alert\"", "value=\"100\""]);
        assert_eq!(site.send(ask().json()).await.json()["ok"], false);
    }
    site.service.world().test_call = Err(TestCallError::NobodysNumber);
    let reply = site.send(ask()).await;
    assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
    reply.shows(&["нет ни у одного сотрудника", "from-fault"]);
    site.service.world().test_call = Err(TestCallError::Fault(ServiceFault::Busy("full".into())));
    assert_eq!(site.send(ask()).await.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn a_test_call_needs_two_numbers_and_an_administrator() {
    let site = begun();
    for (form, faulty) in
        [("from=&to=100", "from-fault"), ("from=1001&to=", "to-fault"), ("from=1001&to=дом", "to-fault")]
    {
        let reply = site.send(Ask::post("/company/test-call", form).admin()).await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{form}");
        reply.shows(&[faulty]);
    }
    let json = site.send(Ask::post("/company/test-call", "from=&to=").admin().json()).await;
    assert_eq!(json.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(json.json()["fields"]["from"].is_string() && json.json()["fields"]["to"].is_string());
    assert_eq!(site.post("/company/test-call", "from=1001&to=100").await.status, StatusCode::UNAUTHORIZED);
    assert!(site.service.world().log.is_empty());
}
