//! Health and metrics.

use super::fake::company_health;
use super::{Ask, OpsDoor, Reply, Site, ops_router};
use crate::domain::link::LinkState;
use axum::http::StatusCode;
use tower::ServiceExt as _;

pub(super) async fn ops(site: &Site, uri: &str) -> Reply {
    Reply::of(site.ops.clone().oneshot(Ask::get(uri).request()).await.expect("the router does not fail")).await
}

#[tokio::test]
async fn the_public_door_does_not_lead_to_the_machine_room() {
    let site = Site::new();
    for uri in ["/healthz", "/readyz", "/metrics", "/bitrix/metrics"] {
        assert_eq!(site.get(uri).await.status, StatusCode::NOT_FOUND, "{uri}");
    }
    assert_eq!(ops(&site, "/company").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn readiness_is_about_the_daemon_and_tells_of_the_companies() {
    let site = Site::new();
    assert_eq!(ops(&site, "/healthz").await.body, "ok\n");
    site.service.world().health.companies.push(company_health(LinkState::NotConfigured));
    let reply = ops(&site, "/readyz").await;
    assert_eq!((reply.status, reply.header("cache-control")), (StatusCode::OK, "no-store"));
    assert_eq!(reply.json()["companies"]["link"]["not_configured"], 1);
    site.service.world().health.problems.push("the database is read-only".to_owned());
    let reply = ops(&site, "/readyz").await;
    assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(reply.json()["problems"][0], "the database is read-only");
}

#[tokio::test]
async fn metrics_end_with_those_of_the_office() {
    let site = Site::new();
    let reply = ops(&site, "/metrics").await;
    assert!(reply.header("content-type").starts_with("text/plain"));
    assert!(reply.body.starts_with("# HELP ecss_crm_ready") && reply.body.ends_with("ecss_crm_extra 1\n"));
}

#[tokio::test]
async fn a_page_whose_name_leads_to_this_machine_reads_no_metrics() {
    let site = Site::new();
    for (host, want) in [
        ("localhost:9801", StatusCode::OK),
        ("127.0.0.1:9801", StatusCode::OK),
        ("10.0.0.5", StatusCode::OK),
        ("[::1]:9801", StatusCode::OK),
        ("evil.example:9801", StatusCode::MISDIRECTED_REQUEST),
        ("127.0.0.1.evil.example", StatusCode::MISDIRECTED_REQUEST),
        ("localhost.evil.example", StatusCode::MISDIRECTED_REQUEST),
    ] {
        for uri in ["/metrics", "/readyz", "/healthz"] {
            let request = Ask::get(uri).header("host", host).request();
            let answer = site.ops.clone().oneshot(request).await.expect("the router does not fail");
            assert_eq!(answer.status(), want, "{host} {uri}");
        }
    }
    let socket = ops_router(site.state.clone(), OpsDoor::Socket);
    let answer = socket.oneshot(Ask::get("/healthz").header("host", "any").request()).await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::OK);
}
