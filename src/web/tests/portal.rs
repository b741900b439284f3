//! What the portal posts.

use super::{Ask, Site};
use crate::web::service::{OpenError, ServiceFault};
use axum::http::StatusCode;

#[tokio::test]
async fn events_are_accepted_at_both_doors() {
    let site = Site::new();
    for uri in ["/", "/bitrix", "/events", "/bitrix/events"] {
        let reply = site.post(uri, "event=ONEXTERNALCALLSTART&data[CALL_ID]=x").await;
        assert_eq!((reply.status, reply.body.as_str()), (StatusCode::OK, "ok\n"), "{uri}");
    }
    let want = "post  event=ONEXTERNALCALLSTART&data[CALL_ID]=x";
    assert_eq!(site.service.world().log, [want; 4], "unread, as it came");
}

#[tokio::test]
async fn events_that_are_not_authentic_are_turned_away() {
    for (error, status, code) in [
        (OpenError::Forbidden, 403, "forbidden\n"),
        (OpenError::UnknownPortal, 403, "unknown_portal\n"),
        (OpenError::Unreadable(String::new()), 422, "unreadable\n"),
        (OpenError::Fault(ServiceFault::Busy(String::new())), 503, "busy\n"),
        (OpenError::Fault(ServiceFault::Broken(String::new())), 500, "internal\n"),
    ] {
        let site = Site::new();
        site.service.world().open_error = Some(error);
        let reply = site.post("/events", "event=X").await;
        assert_eq!((reply.status.as_u16(), reply.body.as_str()), (status, code));
        assert_eq!(site.post("/", "event=X").await.status.as_u16(), status);
    }
}

#[tokio::test]
async fn odd_bytes_reach_the_office_as_they_are() {
    let site = Site::new();
    let reply =
        site.send(Ask::new("POST", "/events", vec![0xff, 0x00, b'=', b'%']).header("content-type", "x/y")).await;
    assert_eq!(reply.status, StatusCode::OK);
    assert_eq!(site.service.world().log, ["post  \u{fffd}\0=%"]);
}

#[tokio::test]
async fn an_administrator_inside_the_portal_finds_the_settings() {
    let site = Site::new();
    let reply = site.post("/bitrix?DOMAIN=firma.bitrix24.ru&PROTOCOL=1", "PLACEMENT=DEFAULT&AUTH_ID=admin").await;
    assert_eq!(reply.status, StatusCode::OK);
    reply.shows(&[
        "Открыть настройки компании",
        "value=\"firma.bitrix24.ru\"",
        "target=\"_blank\"",
        "Иван &#60;b&#62;",
    ]);
    assert_eq!(reply.header("set-cookie"), "", "any page can make a browser post its own form here");
    let policy = reply.header("content-security-policy");
    assert!(policy.ends_with("frame-ancestors https://firma.bitrix24.ru"), "{policy}");
    assert_eq!(reply.header("x-frame-options"), "");
}

#[tokio::test]
async fn others_inside_the_portal_are_told_why_not() {
    let reply = Site::new().post("/?PROTOCOL=0&LANG=en", "PLACEMENT=DEFAULT&AUTH_ID=user").await;
    assert_eq!(reply.status, StatusCode::FORBIDDEN);
    reply.shows(&["Administrator rights are needed", "Your call card works without"]);
    assert_eq!(reply.header("set-cookie"), "");
    assert!(reply.header("content-security-policy").ends_with("https://firma.bitrix24.ru http://firma.bitrix24.ru"));
}

#[tokio::test]
async fn a_page_opened_where_events_are_taken_is_refused() {
    let reply = Site::new().post("/events", "PLACEMENT=DEFAULT&AUTH_ID=admin").await;
    assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(reply.header("set-cookie"), "");
}
