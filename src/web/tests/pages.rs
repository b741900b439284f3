//! Calls and their stories, and every page in both languages.

use super::fake::{ME, call, employee, overview};
use super::{Ask, NOW, Site};
use crate::domain::Timestamp;
use crate::domain::UserId;
use crate::domain::card::{CallView, Phase};
use crate::domain::link::{LinkFault, LinkState, PortalState};
use axum::http::StatusCode;

#[tokio::test]
async fn calls_are_listed_with_people_and_phases() {
    let site = Site::new();
    {
        let mut world = site.service.world();
        world.calls = vec![call("running", ME, Phase::Talking, &[]).into()];
        let mut foreign = call("over", UserId(99), Phase::Ended, &[]);
        foreign.legs[0].owner = None;
        foreign.legs[0].remote = None;
        world.recent = vec![call("running", ME, Phase::Talking, &[]), foreign];
    }
    for uri in ["/company/calls", "/company?tab=calls"] {
        let reply = site.send(Ask::get(uri).admin()).await;
        reply.shows(&["Иван Петров", "+79831234567", "Разговор", "номер без сотрудника", "номер скрыт"]);
        assert_eq!(reply.body.matches("/company/calls/running").count(), 1, "a running call is not listed twice");
    }
    let json = site.send(Ask::get("/company/calls").admin().json()).await.json();
    assert_eq!((&json["active"][0]["key"], &json["recent"][0]["key"]), (&"running".into(), &"over".into()));
}

#[tokio::test]
async fn a_long_history_has_pages() {
    let site = Site::new();
    let many = (0..120).map(|n| CallView {
        started_at: Timestamp(NOW.millis() - n),
        ..call(&format!("call-{n}"), ME, Phase::Ended, &[])
    });
    site.service.world().recent = many.collect();
    let first = site.send(Ask::get("/company/calls").admin()).await;
    let link = "/company/calls?before=50";
    first.shows(&["call-49\"", link]);
    first.hides(&["call-50\""]);
    let second = site.send(Ask::get(link).admin()).await;
    second.shows(&["call-50\"", "call-99\""]);
    let last = site.send(Ask::get("/company/calls?before=100").admin()).await;
    last.shows(&["call-119\""]);
    last.hides(&["?before="]);
    assert_eq!(site.send(Ask::get("/company/calls?before=x").admin()).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_calls_story_is_told_in_the_visitors_language() {
    let site = Site::new();
    site.service.world().recent = vec![call("c2c/externalCall.1", ME, Phase::Ended, &["crm-1"])];
    let uri = "/company/calls/c2c/externalCall.1";
    site.send(Ask::get(uri).admin()).await.shows(&["Телефон зазвонил", "crm-1", "&#60;b&#62;"]);
    site.send(Ask::get(uri).admin().english()).await.shows(&["The phone rang"]);
    let json = site.send(Ask::get(uri).admin().json()).await.json();
    assert_eq!((&json["call"]["key"], &json["trace"][0]["at"]), (&"c2c/externalCall.1".into(), &NOW.millis().into()));
    let reply = site.send(Ask::get("/company/calls/unknown").admin()).await;
    assert_eq!(reply.status, StatusCode::NOT_FOUND);
}

/// A site whose every name is Latin, so that what is Cyrillic comes from us.
fn latin() -> Site {
    let site = Site::new();
    {
        let mut world = site.service.world();
        world.employees = vec![employee(7, "Ivan", &["1001"]), employee(8, "", &[])];
        let mut company = overview();
        company.name = "Acme".to_owned();
        company.token = None;
        company.link = LinkState::Waiting { since: NOW, until: NOW, why: LinkFault::WrongKey };
        company.portal = PortalState::Limited { since: NOW };
        world.overview = Some(company);
        let mut view = call("c1", ME, Phase::Ringing, &[]);
        view.legs[0].display_name = None;
        world.calls = vec![view.clone().into()];
        world.recent = vec![view];
    }
    site
}

fn every_page() -> Vec<(&'static str, &'static str, &'static str)> {
    vec![
        ("GET", "/", ""),
        ("POST", "/login", "domain=x"),
        ("GET", "/?code=c&state=forged", ""),
        ("GET", "/nowhere", ""),
        ("GET", "/company?tab=ecss", ""),
        ("POST", "/company/ecss", "tls=pinned"),
        ("POST", "/company/ecss/check", ""),
        ("GET", "/company?tab=bitrix&saved=1", ""),
        ("POST", "/company/calls", "budget=x"),
        ("GET", "/company?tab=employees", ""),
        ("POST", "/company/employees", "numbers.7=x"),
        ("GET", "/company?tab=calls", ""),
        ("GET", "/company/calls/c1", ""),
        ("GET", "/company?tab=diagnostics", ""),
        ("GET", "/call/call.html", ""),
        ("POST", "/call/call.html", "CALL_ID=1"),
        ("POST", "/", "PLACEMENT=DEFAULT"),
    ]
}

#[tokio::test]
async fn english_pages_are_english_all_through() {
    let site = latin();
    for (method, uri, body) in every_page() {
        let reply = site.send(Ask::new(method, uri, body).admin().html().english()).await;
        let text = reply.body.replace("Иван", "").replace("Петров", "");
        let cyrillic: String = text.chars().filter(|c| ('\u{400}'..='\u{4ff}').contains(c)).collect();
        assert_eq!(cyrillic, "", "{method} {uri}");
        reply.shows(&["<html lang=\"en\">"]);
    }
}

#[tokio::test]
async fn russian_pages_are_russian_all_through() {
    let site = latin();
    for (method, uri, body) in every_page() {
        let reply = site.send(Ask::new(method, uri, body).admin().html()).await;
        reply.shows(&["<html lang=\"ru\">"]);
        reply.hides(&[" the ", " is ", "Save", "Log in", "Bitrix24 "]);
    }
}

#[tokio::test]
async fn every_field_has_a_label_and_every_id_is_unique() {
    let site = latin();
    for (method, uri, body) in every_page() {
        let page = site.send(Ask::new(method, uri, body).admin().html()).await.body;
        let ids: Vec<&str> = page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        let mut unique = ids.clone();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!(unique.len(), ids.len(), "{method} {uri}: {ids:?}");
        for field in page.split(['<', '>']).filter(|t| t.starts_with("input ") && !t.contains("type=\"hidden\"")) {
            let id = field.split("id=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("an id");
            assert!(page.contains(&format!("for=\"{id}\"")), "{method} {uri}: {id} has no label");
        }
    }
}
