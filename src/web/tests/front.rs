//! Prefixes, headers, error pages, static files.

use super::{Ask, NOW, Site};
use crate::domain::card::Phase;
use crate::web::service::ServiceFault;
use crate::web::tests::fake::{ME, call};
use axum::http::StatusCode;

#[tokio::test]
async fn every_page_is_found_under_any_prefix() {
    for (prefixes, uri, status) in [
        (&["/bitrix"][..], "/bitrix", 200),
        (&["/bitrix"], "/bitrix/", 200),
        (&["/bitrix"], "/", 200),
        (&["/bitrix"], "/bitrix/call/call.html", 200),
        (&["/bitrix"], "/call/call.html", 200),
        (&["/bitrix"], "/bitrix/company", 303),
        (&["/own", "/bitrix"], "/own/company", 303),
        (&["/own", "/bitrix"], "/bitrix/company", 303),
        (&[], "/bitrix", 404),
        (&[], "/company", 303),
        (&["/bitrix"], "/bitrixx", 404),
        (&["/bitrix"], "/other/company", 404),
    ] {
        let site = Site::under(super::BASE, prefixes);
        assert_eq!(site.get(uri).await.status.as_u16(), status, "{prefixes:?} {uri}");
    }
}

#[tokio::test]
async fn a_post_to_the_handler_without_a_slash_is_answered_and_not_redirected() {
    let site = Site::new();
    let reply = site.post("/bitrix?DOMAIN=firma.bitrix24.ru&LANG=ru", "event=ONAPPINSTALL&ts=1").await;
    assert_eq!(reply.status, StatusCode::OK);
    let want = "post DOMAIN=firma.bitrix24.ru&LANG=ru event=ONAPPINSTALL&ts=1";
    assert_eq!(site.service.world().log, [want], "query and body arrive whole");
}

#[tokio::test]
async fn links_start_with_the_public_base_whatever_the_host_says() {
    let site = Site::new();
    let ask = || Ask::get("/").header("host", "evil.example").header("x-forwarded-host", "evil.example");
    let reply = site.send(ask()).await;
    reply.hides(&["evil.example"]);
    reply.shows(&["action=\"https://pbx.example:8802/bitrix/login\"", "https://pbx.example:8802/bitrix/static/app."]);
    let reply = site.send(Ask::get("/company").header("host", "evil.example")).await;
    assert_eq!(reply.header("location"), "https://pbx.example:8802/bitrix/");
}

#[tokio::test]
async fn pages_carry_the_security_headers() {
    let site = Site::new();
    for ask in [Ask::get("/"), Ask::get("/company?tab=bitrix").admin(), Ask::get("/nowhere")] {
        let reply = site.send(ask).await;
        let policy = reply.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; script-src 'self'"), "{policy}");
        assert!(policy.ends_with("frame-ancestors 'none'") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(reply.header("x-frame-options"), "DENY");
        assert_eq!(reply.header("x-content-type-options"), "nosniff");
        assert_eq!(reply.header("referrer-policy"), "same-origin");
        assert_eq!(reply.header("cache-control"), "no-store");
        assert_eq!(reply.header("x-request-id").len(), 12);
        assert!(!reply.body.contains("<style") && !reply.body.contains(" onclick") && !reply.body.contains("style=\""));
        assert!(!reply.body.contains("<script>"), "scripts stand in files of their own");
    }
}

#[tokio::test]
async fn static_files_are_named_by_content_and_cached_for_a_year() {
    let site = Site::new();
    let page = site.get("/").await.body;
    let start = page.find("/static/app.").expect("style sheet");
    let file = &page[start..start + page[start..].find('"').expect("quote")];
    let reply = site.get(&format!("/bitrix{file}")).await;
    assert_eq!((reply.status, reply.header("content-type")), (StatusCode::OK, "text/css; charset=utf-8"));
    assert_eq!(reply.header("cache-control"), "public, max-age=31536000, immutable");
    for gone in ["/static/app.css", "/static/app.000000000000.css", "/static/../Cargo.toml", "/static/"] {
        assert_eq!(site.get(gone).await.status, StatusCode::NOT_FOUND, "{gone}");
    }
}

#[tokio::test]
async fn what_is_not_there_leads_back() {
    let site = Site::new();
    let reply = site.get("/bitrix/nothing").await;
    assert_eq!(reply.status, StatusCode::NOT_FOUND);
    reply.shows(&["Страница не найдена", "href=\"https://pbx.example:8802/bitrix/\"", reply.header("x-request-id")]);
    let reply = site.send(Ask::get("/nothing").json()).await;
    assert_eq!(reply.json()["code"], "not_found");
}

#[tokio::test]
async fn wrong_methods_are_told_which_ones_work() {
    let site = Site::new();
    for (method, uri, allow) in [
        ("DELETE", "/", "GET,HEAD,POST"),
        ("GET", "/login", "POST"),
        ("GET", "/logout", "POST"),
        ("GET", "/events", "POST"),
        ("POST", "/call/stream", "GET,HEAD"),
        ("PATCH", "/company/employees", "GET,HEAD,PUT,POST"),
        ("PUT", "/company/ecss", "POST"),
    ] {
        let reply = site.send(Ask::new(method, uri, "")).await;
        assert_eq!(reply.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {uri}");
        assert_eq!(reply.header("allow"), allow, "{method} {uri}");
    }
    site.get("/login").await.shows(&["https://pbx.example:8802/bitrix/"]);
}

#[tokio::test]
async fn a_mebibyte_is_enough_for_every_form() {
    let site = Site::new();
    let large = "a=".to_owned() + &"x".repeat(1024 * 1024);
    for uri in ["/", "/login", "/events", "/call/call.html", "/call/action"] {
        let reply = site.post(uri, &large).await;
        assert_eq!(reply.status, StatusCode::PAYLOAD_TOO_LARGE, "{uri}");
        assert!(!reply.body.is_empty(), "{uri} says why");
    }
    let reply = site.send(Ask::new("PUT", "/company/employees", large.clone()).admin()).await;
    assert_eq!(reply.status, StatusCode::PAYLOAD_TOO_LARGE);
    let announced = Ask::new("POST", "/events", "short").header("content-length", "99999999999");
    assert_eq!(site.send(announced).await.status, StatusCode::PAYLOAD_TOO_LARGE, "before it is read");
    assert!(site.service.world().log.is_empty());
}

#[tokio::test]
async fn a_panic_fails_one_request_only() {
    let site = Site::new();
    let reply = site.send(Ask::get("/company").header("cookie", "ecss_crm_session=panic")).await;
    assert_eq!(reply.status, StatusCode::INTERNAL_SERVER_ERROR);
    reply.shows(&["Внутренняя ошибка", reply.header("x-request-id")]);
    reply.hides(&["panics"]);
    assert_eq!(site.get("/").await.status, StatusCode::OK);
}

#[tokio::test]
async fn our_faults_are_not_shown_to_visitors() {
    let site = Site::new();
    site.service.world().fault = Some(ServiceFault::Broken("SELECT secret FROM companies".to_owned()));
    let reply = site.send(Ask::get("/company").admin().english()).await;
    assert_eq!(reply.status, StatusCode::INTERNAL_SERVER_ERROR);
    reply.shows(&["Internal error"]);
    reply.hides(&["SELECT"]);
    site.service.world().fault = Some(ServiceFault::Busy("locked".to_owned()));
    let reply = site.send(Ask::get("/company").admin().json()).await;
    assert_eq!((reply.status, reply.json()["code"].clone()), (StatusCode::SERVICE_UNAVAILABLE, "busy".into()));
}

#[tokio::test]
async fn changes_come_from_our_own_pages_only() {
    let site = Site::new();
    let foreign = [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example"), ("origin", "null")];
    for (name, value) in foreign {
        for ask in [
            Ask::post("/company", "name=x").admin(),
            Ask::post("/company/ecss", "client_id=x").admin(),
            Ask::post("/company/ecss/check", "").admin(),
            Ask::post("/company/calls", "").admin(),
            Ask::put("/company/employees", "[]").admin(),
            Ask::post("/company/employees", "").admin(),
            Ask::post("/logout", "").admin(),
        ] {
            let reply = site.send(ask.header(name, value)).await;
            assert_eq!(reply.status, StatusCode::FORBIDDEN, "{name}: {value}");
        }
    }
    assert!(site.service.world().log.is_empty());
    let own = Ask::post("/company", "name=x").admin().header("sec-fetch-site", "same-origin");
    assert_eq!(site.send(own).await.status, StatusCode::SEE_OTHER);
    let own = Ask::post("/company", "name=x").admin().header("origin", "https://pbx.example:8802");
    assert_eq!(site.send(own).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn the_portal_may_post_across_sites() {
    let site = Site::new();
    for (uri, body) in [("/", "event=X"), ("/events", "event=X"), ("/call/call.html", "CALL_ID=1")] {
        let reply = site.send(Ask::post(uri, body).header("sec-fetch-site", "cross-site")).await;
        assert_eq!(reply.status, StatusCode::OK, "{uri}");
    }
}

#[tokio::test]
async fn hostile_names_stay_text() {
    let hostile = "<img src=x onerror=alert(1)>\"'&";
    let site = Site::new();
    {
        let mut world = site.service.world();
        let overview = world.overview.as_mut().expect("company");
        overview.name = hostile.to_owned();
        overview.client_id = hostile.to_owned();
        world.employees[0].name = hostile.to_owned();
        let mut view = call("key", ME, Phase::Ringing, &["crm"]);
        view.legs[0].display_name = Some(hostile.to_owned());
        view.key = "a\"><script>".into();
        world.recent.push(view.clone());
        world.calls.push(view.into());
    }
    let pages = [
        Ask::get("/company?tab=ecss").admin(),
        Ask::get("/company?tab=bitrix").admin(),
        Ask::get("/company?tab=employees").admin(),
        Ask::get("/company?tab=calls").admin(),
        Ask::get("/company?tab=diagnostics").admin(),
        Ask::get("/company/calls/a%22%3E%3Cscript%3E").admin(),
        Ask::post("/call/call.html", "CALL_ID=crm"),
        Ask::post("/login", "domain=%3Cimg+src%3Dx+onerror%3Dalert(1)%3E%22'%26"),
        Ask::get("/?error=%3Cimg+src%3D1%3E"),
    ];
    for ask in pages {
        let (uri, reply) = (ask.builder.uri_ref().map(ToString::to_string), site.send(ask).await);
        reply.hides(&["<img src=x", "<img src=1", "\"><script>", "onerror=alert(1)>\""]);
        assert!(reply.status != StatusCode::NOT_FOUND, "{uri:?}");
    }
    assert_eq!(site.clock.now(), NOW);
}
