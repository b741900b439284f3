//! Health and metrics: is the process alive, is it ready, how are the companies.

use super::WebState;
use super::office::{CompanyHealth, Health};
use crate::domain::Timestamp;
use crate::domain::link::{DiskState, PortalState};
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
    let (health, now) = (state.office.health().await, state.clock.now());
    let ready = health.problems.is_empty();
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = json!({
        "ready": ready,
        "problems": health.problems,
        "companies": { "total": health.companies.len(), "link": by_link(&health), "portal": by_portal(&health) },
        "bindings_refused": refused(&health),
        "installs_waiting": health.waiting_installs,
        "backlog": {
            "calls": health.companies.iter().map(|c| c.backlog.calls).sum::<u64>(),
            "oldest_seconds": health.companies.iter().map(|c| waits(c, now)).max().unwrap_or(0),
        },
        "database": health.disk.code(),
    });
    (status, Json(body)).into_response()
}

/// `GET /metrics`: Prometheus' text form.
pub(crate) async fn metrics(State(state): State<WebState>) -> Response {
    let health = state.office.health().await;
    let text = exposition(&health, state.clock.now())
        + &bodies_refused(&state)
        + &state.seats.metrics()
        + &(state.server_metrics)()
        + &state.office.metrics();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}

fn bodies_refused(state: &WebState) -> String {
    let refused = state.bodies.refused();
    format!(
        "# HELP ecss_crm_bodies_refused_total Large bodies of requests for which there was no room.\n\
         # TYPE ecss_crm_bodies_refused_total counter\necss_crm_bodies_refused_total {refused}\n"
    )
}

/// Answers about health are true for a moment only.
pub(crate) async fn never_cached(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Name, kind, help and value of a metric that each company has; `None` where a company has none.
type Gauge = (&'static str, &'static str, &'static str, fn(&CompanyHealth, Timestamp) -> Option<u64>);

/// Seconds for which the oldest call of a company has waited to be told.
fn waits(company: &CompanyHealth, now: Timestamp) -> u64 {
    company.backlog.since.map_or(0, |since| now.since(since).as_secs())
}

/// Whole days until the grant ends.
fn days_left(company: &CompanyHealth, now: Timestamp) -> Option<u64> {
    company.grant_ends_at.map(|ends| ends.since(now).as_secs() / 86_400)
}

fn by_link(health: &Health) -> BTreeMap<&'static str, u64> {
    count(BTreeMap::new(), health, |c| c.link.code())
}

/// Every state is there, so that whoever watches need not guess their names.
fn by_portal(health: &Health) -> BTreeMap<&'static str, u64> {
    count(PortalState::CODES.map(|code| (code, 0)).into(), health, |c| c.portal.code())
}

/// How many companies' portals refuse to set up which of our things.
fn refused(health: &Health) -> BTreeMap<&'static str, u64> {
    let mut counts = BTreeMap::new();
    for what in health.companies.iter().flat_map(|c| &c.refused_bindings) {
        *counts.entry(what.code()).or_default() += 1;
    }
    counts
}

fn count(
    zero: BTreeMap<&'static str, u64>,
    health: &Health,
    code: impl Fn(&CompanyHealth) -> &'static str,
) -> BTreeMap<&'static str, u64> {
    health.companies.iter().fold(zero, |mut counts, company| {
        *counts.entry(code(company)).or_default() += 1;
        counts
    })
}

fn exposition(health: &Health, now: Timestamp) -> String {
    let mut out = String::new();
    let mut line = |text: &str| {
        out.push_str(text);
        out.push('\n');
    };
    line("# HELP ecss_crm_ready Whether the daemon can do its work.");
    line("# TYPE ecss_crm_ready gauge");
    line(&format!("ecss_crm_ready {}", u8::from(health.problems.is_empty())));
    line("# HELP ecss_crm_disk_ok Whether the database stores everything.");
    line("# TYPE ecss_crm_disk_ok gauge");
    line(&format!("ecss_crm_disk_ok {}", u8::from(health.disk == DiskState::Ok)));
    line("# HELP ecss_crm_companies Companies by state of a connection.");
    line("# TYPE ecss_crm_companies gauge");
    for (connection, counts) in [("link", by_link(health)), ("portal", by_portal(health))] {
        for (state, n) in counts {
            line(&format!("ecss_crm_companies{{connection=\"{connection}\",state=\"{state}\"}} {n}"));
        }
    }
    line("# HELP ecss_crm_portal_state Which state the portal is in: 1 for that one, 0 for the others.");
    line("# TYPE ecss_crm_portal_state gauge");
    for company in &health.companies {
        for state in PortalState::CODES {
            let (domain, holds) = (label(&company.domain), u8::from(company.portal.code() == state));
            line(&format!("ecss_crm_portal_state{{company=\"{domain}\",state=\"{state}\"}} {holds}"));
        }
    }
    for (name, kind, help, value) in GAUGES {
        line(&format!("# HELP {name} {help}\n# TYPE {name} {kind}"));
        for company in &health.companies {
            if let Some(value) = value(company, now) {
                line(&format!("{name}{{company=\"{}\"}} {value}", label(&company.domain)));
            }
        }
    }
    out
}

/// The name `ecss_crm_portal_waiting` is older than `ecss_crm_portal_waiting_calls` and says the same.
const GAUGES: [Gauge; 13] = [
    ("ecss_crm_link_up", "gauge", "Whether events of the switch flow.", |c, _| Some(u64::from(c.link.is_online()))),
    ("ecss_crm_portal_ok", "gauge", "Whether the portal answers.", |c, _| Some(u64::from(c.portal == PortalState::Ok))),
    ("ecss_crm_calls", "gauge", "Running calls.", |c, _| Some(c.calls)),
    ("ecss_crm_portal_waiting", "gauge", "Calls that wait to be told to the portal.", |c, _| Some(c.backlog.calls)),
    ("ecss_crm_portal_waiting_calls", "gauge", "Calls that wait to be told to the portal.", |c, _| {
        Some(c.backlog.calls)
    }),
    ("ecss_crm_portal_waiting_seconds", "gauge", "How long the oldest of them has waited.", |c, now| {
        Some(waits(c, now))
    }),
    ("ecss_crm_unknown_numbers_total", "counter", "Calls whose number belongs to nobody.", |c, _| {
        Some(c.unknown_numbers)
    }),
    ("ecss_crm_portal_bindings_refused", "gauge", "Things that the portal refuses to set up.", |c, _| {
        Some(c.refused_bindings.len() as u64)
    }),
    ("ecss_crm_shed_total", "counter", "Events and messages given up because a queue was full.", |c, _| Some(c.shed)),
    (
        "ecss_crm_excess_calls_total",
        "counter",
        "Calls closed because the switch told of too many open ones.",
        |c, _| Some(c.excess.calls),
    ),
    ("ecss_crm_excess_legs_total", "counter", "Legs given up because one call had too many.", |c, _| {
        Some(c.excess.legs)
    }),
    (
        "ecss_crm_excess_lines_total",
        "counter",
        "Lines of calls' stories not kept because there were too many.",
        |c, _| Some(c.excess.lines),
    ),
    ("ecss_crm_refresh_token_days_left", "gauge", "Days until the grant ends if it is not used.", days_left),
];

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
    use crate::domain::excess::Excess;
    use crate::domain::link::{Backlog, LinkState};

    #[test]
    fn metrics_count_by_state_and_by_company() {
        let company = |domain: &str, link| CompanyHealth {
            domain: domain.to_owned(),
            link,
            portal: PortalState::Ok,
            calls: 3,
            backlog: Backlog { calls: 12, since: Some(Timestamp(1000)) },
            shed: 2,
            grant_ends_at: (domain == "a.example").then_some(Timestamp(10 * 86_400_000)),
            unknown_numbers: 1,
            excess: Excess { calls: 5, legs: 6, lines: 7, ..Excess::default() },
            refused_bindings: vec![crate::domain::binding::Binding::Card],
        };
        let online = LinkState::Online { since: Timestamp(0), address: String::new() };
        let health = Health {
            disk: DiskState::Full { since: Timestamp(0) },
            problems: vec![],
            waiting_installs: 0,
            companies: vec![company("a.example", online), company("b\"\\\n", LinkState::NotConfigured)],
        };
        let text = exposition(&health, Timestamp(61_000));
        for want in [
            "ecss_crm_ready 1\n",
            "ecss_crm_companies{connection=\"link\",state=\"not_configured\"} 1\n",
            "ecss_crm_companies{connection=\"portal\",state=\"ok\"} 2\n",
            "ecss_crm_companies{connection=\"portal\",state=\"needs_login\"} 0\n",
            "ecss_crm_disk_ok 0\n",
            "ecss_crm_portal_state{company=\"a.example\",state=\"ok\"} 1\n",
            "ecss_crm_portal_state{company=\"a.example\",state=\"closed\"} 0\n",
            "ecss_crm_portal_waiting{company=\"a.example\"} 12\n",
            "ecss_crm_portal_waiting_calls{company=\"a.example\"} 12\n",
            "ecss_crm_portal_waiting_seconds{company=\"a.example\"} 60\n",
            "ecss_crm_portal_bindings_refused{company=\"a.example\"} 1\n",
            "ecss_crm_shed_total{company=\"a.example\"} 2\n",
            "ecss_crm_excess_calls_total{company=\"a.example\"} 5\n",
            "ecss_crm_excess_legs_total{company=\"a.example\"} 6\n",
            "ecss_crm_excess_lines_total{company=\"a.example\"} 7\n",
            "ecss_crm_refresh_token_days_left{company=\"a.example\"} 9\n",
            "ecss_crm_link_up{company=\"a.example\"} 1\n",
            "ecss_crm_calls{company=\"b\\\"\\\\\\n\"} 3\n",
        ] {
            assert!(text.contains(want), "{want} not in\n{text}");
        }
        assert_eq!(text.matches("ecss_crm_refresh_token_days_left{").count(), 1, "who has no grant has no days");
        assert!(text.lines().all(|l| l.starts_with('#') || l.split(' ').count() == 2));
    }
}
