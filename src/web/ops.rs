//! Health and metrics: is the process alive, is it ready, how are the companies.

use super::WebState;
use super::office::{CompanyHealth, Health};
use crate::domain::link::PortalState;
use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// `GET /healthz`: the process answers.
pub(crate) async fn alive() -> &'static str {
    "ok\n"
}

/// `GET /readyz`: 200 when the daemon can do its work, 503 with the reasons when it cannot. A company
/// without connection is its administrator's matter and does not make the daemon unready.
pub(crate) async fn ready(State(state): State<WebState>) -> Response {
    let health = state.office.health().await;
    let ready = health.problems.is_empty();
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = json!({
        "ready": ready,
        "problems": health.problems,
        "companies": { "total": health.companies.len(), "link": by_link(&health), "portal": by_portal(&health) },
    });
    (status, Json(body)).into_response()
}

/// `GET /metrics`: Prometheus' text form.
pub(crate) async fn metrics(State(state): State<WebState>) -> Response {
    let health = state.office.health().await;
    let text = exposition(&health) + &state.office.metrics();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}

/// Answers about health are true for a moment only.
pub(crate) async fn never_cached(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Name, kind, help and value of a metric that each company has.
type Gauge = (&'static str, &'static str, &'static str, fn(&CompanyHealth) -> u64);

fn by_link(health: &Health) -> BTreeMap<&'static str, u64> {
    count(health, |c| c.link.code())
}

fn by_portal(health: &Health) -> BTreeMap<&'static str, u64> {
    count(health, |c| c.portal.code())
}

fn count(health: &Health, code: impl Fn(&CompanyHealth) -> &'static str) -> BTreeMap<&'static str, u64> {
    health.companies.iter().fold(BTreeMap::new(), |mut counts, company| {
        *counts.entry(code(company)).or_default() += 1;
        counts
    })
}

fn exposition(health: &Health) -> String {
    let mut out = String::new();
    let mut line = |text: &str| {
        out.push_str(text);
        out.push('\n');
    };
    line("# HELP ecss_crm_ready Whether the daemon can do its work.");
    line("# TYPE ecss_crm_ready gauge");
    line(&format!("ecss_crm_ready {}", u8::from(health.problems.is_empty())));
    line("# HELP ecss_crm_companies Companies by state of a connection.");
    line("# TYPE ecss_crm_companies gauge");
    for (connection, counts) in [("link", by_link(health)), ("portal", by_portal(health))] {
        for (state, n) in counts {
            line(&format!("ecss_crm_companies{{connection=\"{connection}\",state=\"{state}\"}} {n}"));
        }
    }
    let gauges: [Gauge; 5] = [
        ("ecss_crm_link_up", "gauge", "Whether events of the switch flow.", |c| u64::from(c.link.is_online())),
        ("ecss_crm_portal_ok", "gauge", "Whether the portal answers.", |c| u64::from(c.portal == PortalState::Ok)),
        ("ecss_crm_calls", "gauge", "Running calls.", |c| c.calls),
        ("ecss_crm_portal_waiting", "gauge", "Requests to the portal that wait.", |c| c.waiting),
        ("ecss_crm_unknown_numbers_total", "counter", "Calls whose number belongs to nobody.", |c| c.unknown_numbers),
    ];
    for (name, kind, help, value) in gauges {
        line(&format!("# HELP {name} {help}\n# TYPE {name} {kind}"));
        for company in &health.companies {
            line(&format!("{name}{{company=\"{}\"}} {}", label(&company.domain), value(company)));
        }
    }
    out
}

/// A label's value with what would end it escaped.
fn label(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        match c {
            '\\' | '"' => write!(out, "\\{c}"),
            '\n' => write!(out, "\\n"),
            c => write!(out, "{c}"),
        }
        .expect("a String takes everything");
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Timestamp;
    use crate::domain::link::LinkState;

    #[test]
    fn metrics_count_by_state_and_by_company() {
        let company = |domain: &str, link| CompanyHealth {
            domain: domain.to_owned(),
            link,
            portal: PortalState::Ok,
            calls: 3,
            waiting: 0,
            unknown_numbers: 1,
        };
        let online = LinkState::Online { since: Timestamp(0), address: String::new() };
        let health = Health {
            problems: vec![],
            companies: vec![company("a.example", online), company("b\"\\\n", LinkState::NotConfigured)],
        };
        let text = exposition(&health);
        for want in [
            "ecss_crm_ready 1\n",
            "ecss_crm_companies{connection=\"link\",state=\"not_configured\"} 1\n",
            "ecss_crm_companies{connection=\"portal\",state=\"ok\"} 2\n",
            "ecss_crm_link_up{company=\"a.example\"} 1\n",
            "ecss_crm_calls{company=\"b\\\"\\\\\\n\"} 3\n",
        ] {
            assert!(text.contains(want), "{want} not in\n{text}");
        }
        assert!(text.lines().all(|l| l.starts_with('#') || l.split(' ').count() == 2));
    }
}
