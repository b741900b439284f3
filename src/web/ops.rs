//! Health and metrics: is the process alive, is it ready, how are the companies.

use super::middleware::request_context::text;
use super::service::{CompanyHealth, Health};
use super::{OpsDoor, WebState};
use crate::domain::Timestamp;
use crate::domain::link::{DiskState, PortalState};
use crate::metrics::{Exposition, MetricKind};
use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};

/// `GET /healthz`: the process answers.
pub(crate) async fn alive() -> &'static str {
    "ok\n"
}

/// `GET /readyz`: 200 when the daemon can do its work, 503 with the reasons when it cannot. A company
/// without connection is its administrator's matter and does not make the daemon unready.
pub(crate) async fn ready(State(state): State<WebState>) -> Response {
    let (health, now) = (state.service.health().await, state.clock.now());
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
    let health = state.service.health().await;
    let mut out = Exposition::default();
    write_metrics(&health, state.clock.now(), &mut out);
    state.bodies.metrics(&mut out);
    state.stream_slots.metrics(&mut out);
    (state.process_metrics)(&mut out);
    state.service.metrics(&mut out);
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], out.finish()).into_response()
}

/// Answers about health are true for a moment only.
pub(crate) async fn never_cached(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Through a port it is asked by `localhost` or by an address. A page can give its own name an address of this machine
/// and would then be allowed to read what the browser fetches for it.
pub(crate) async fn asked_by_address(State(door): State<OpsDoor>, request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST);
    let by_address = host.is_none() || text(request.headers(), header::HOST).is_some_and(is_address);
    if door == OpsDoor::Socket || by_address {
        return next.run(request).await;
    }
    (StatusCode::MISDIRECTED_REQUEST, "ask for localhost or an IP address, not for a name\n").into_response()
}

/// Whether a `Host` names this machine or an address, with a port or without.
fn is_address(host: &str) -> bool {
    let bare = match host.rsplit_once(':') {
        Some((bare, port)) if port.bytes().all(|b| b.is_ascii_digit()) => bare,
        _ => host,
    };
    let inner = bare.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    bare.eq_ignore_ascii_case("localhost")
        || bare.parse::<Ipv4Addr>().is_ok()
        || inner.is_some_and(|inner| inner.parse::<Ipv6Addr>().is_ok())
}

/// Name, kind, help and value of a metric that each company has; `None` where a company has none.
type Figure = (&'static str, MetricKind, &'static str, fn(&CompanyHealth, Timestamp) -> Option<u64>);

/// Seconds for which the oldest call of a company has waited to be sent.
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

/// Every state is there, so that a monitoring system need not guess their names.
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

/// Writes what is known of the daemon and each company.
fn write_metrics(health: &Health, now: Timestamp, out: &mut Exposition) {
    let (ready, disk) = (health.problems.is_empty(), health.disk == DiskState::Ok);
    out.gauge("ecss_crm_ready", "Whether the daemon can do its work.", u64::from(ready));
    out.gauge("ecss_crm_disk_ok", "Whether the database stores everything.", u64::from(disk));
    let mut states = out.family(MetricKind::Gauge, "ecss_crm_companies", "Companies by state of a connection.");
    for (connection, counts) in [("link", by_link(health)), ("portal", by_portal(health))] {
        for (state, companies) in counts {
            states.sample(&[("connection", connection), ("state", state)], companies);
        }
    }
    let help = "Which state the portal is in: 1 for that one, 0 for the others.";
    let mut states = out.family(MetricKind::Gauge, "ecss_crm_portal_state", help);
    for company in &health.companies {
        for state in PortalState::CODES {
            let holds = u64::from(company.portal.code() == state);
            states.sample(&[("company", &company.domain), ("state", state)], holds);
        }
    }
    write_evidence(health, now, out);
    for (name, kind, help, value) in FIGURES {
        let mut figures = out.family(kind, name, help);
        for company in &health.companies {
            if let Some(value) = value(company, now) {
                figures.sample(&[("company", &company.domain)], value);
            }
        }
    }
}

/// How long ago each thing was seen to work; what was not seen since the start has no figure.
fn write_evidence(health: &Health, now: Timestamp, out: &mut Exposition) {
    let help = "Seconds since this was last seen to work; missing where it was not since the start.";
    let mut ages = out.family(MetricKind::Gauge, "ecss_crm_evidence_age_seconds", help);
    for company in &health.companies {
        for (kind, at) in &company.seen {
            ages.sample(&[("company", &company.domain), ("evidence", kind.code())], now.since(*at).as_secs());
        }
    }
}

/// The name `ecss_crm_portal_waiting` is older than `ecss_crm_portal_waiting_calls` and says the same.
const FIGURES: [Figure; 14] = [
    ("ecss_crm_link_up", MetricKind::Gauge, "Whether events of the switch flow.", |c, _| {
        Some(u64::from(c.link.is_online()))
    }),
    ("ecss_crm_portal_ok", MetricKind::Gauge, "Whether the portal answers.", |c, _| {
        (c.portal != PortalState::NotAsked).then(|| u64::from(c.portal == PortalState::Ok))
    }),
    ("ecss_crm_calls", MetricKind::Gauge, "Running calls.", |c, _| Some(c.calls)),
    ("ecss_crm_portal_waiting", MetricKind::Gauge, "Calls that wait to be sent to the portal.", |c, _| {
        Some(c.backlog.calls)
    }),
    ("ecss_crm_portal_waiting_calls", MetricKind::Gauge, "Calls that wait to be sent to the portal.", |c, _| {
        Some(c.backlog.calls)
    }),
    ("ecss_crm_portal_waiting_seconds", MetricKind::Gauge, "How long the oldest of them has waited.", |c, now| {
        Some(waits(c, now))
    }),
    ("ecss_crm_unknown_numbers_total", MetricKind::Counter, "Calls whose number belongs to nobody.", |c, _| {
        Some(c.unknown_numbers)
    }),
    ("ecss_crm_portal_bindings_refused", MetricKind::Gauge, "Things that the portal refuses to set up.", |c, _| {
        Some(c.refused_bindings.len() as u64)
    }),
    ("ecss_crm_shed_total", MetricKind::Counter, "Events and messages given up because a queue was full.", |c, _| {
        Some(c.dropped)
    }),
    (
        "ecss_crm_excess_calls_total",
        MetricKind::Counter,
        "Calls closed because the switch told of too many open ones.",
        |c, _| Some(c.excess.calls),
    ),
    ("ecss_crm_excess_legs_total", MetricKind::Counter, "Legs given up because one call had too many.", |c, _| {
        Some(c.excess.legs)
    }),
    (
        "ecss_crm_excess_lines_total",
        MetricKind::Counter,
        "Lines of calls' stories not kept because there were too many.",
        |c, _| Some(c.excess.lines),
    ),
    (
        "ecss_crm_unrecorded_calls_total",
        MetricKind::Counter,
        "Calls not recorded because too many waited to be sent to the portal.",
        |c, _| Some(c.unrecorded.calls),
    ),
    ("ecss_crm_refresh_token_days_left", MetricKind::Gauge, "Days until the grant ends if it is not used.", days_left),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::excess::{Excess, Unrecorded};
    use crate::domain::link::{Backlog, LinkState};

    #[test]
    fn metrics_count_by_state_and_by_company() {
        let company = |domain: &str, link| CompanyHealth {
            domain: domain.to_owned(),
            link,
            portal: PortalState::Ok,
            calls: 3,
            backlog: Backlog { calls: 12, since: Some(Timestamp(1000)) },
            dropped: 2,
            grant_ends_at: (domain == "a.example").then_some(Timestamp(10 * 86_400_000)),
            unknown_numbers: 1,
            excess: Excess { calls: 5, legs: 6, lines: 7, ..Excess::default() },
            unrecorded: Unrecorded { calls: 8, ..Unrecorded::default() },
            refused_bindings: vec![crate::domain::binding::Binding::Card],
            seen: vec![(crate::domain::evidence::EvidenceKind::LegEvent, Timestamp(31_000))],
        };
        let online = LinkState::Online { since: Timestamp(0), address: String::new() };
        let health = Health {
            disk: DiskState::Full { since: Timestamp(0) },
            problems: vec![],
            waiting_installs: 0,
            companies: vec![company("a.example", online), company("b\"\\\n", LinkState::NotConfigured)],
        };
        let mut out = Exposition::default();
        write_metrics(&health, Timestamp(61_000), &mut out);
        let text = out.finish();
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
            "ecss_crm_unrecorded_calls_total{company=\"a.example\"} 8\n",
            "ecss_crm_refresh_token_days_left{company=\"a.example\"} 9\n",
            "ecss_crm_evidence_age_seconds{company=\"a.example\",evidence=\"leg_event\"} 30\n",
            "ecss_crm_link_up{company=\"a.example\"} 1\n",
            "ecss_crm_calls{company=\"b\\\"\\\\\\n\"} 3\n",
        ] {
            assert!(text.contains(want), "{want} not in\n{text}");
        }
        assert_eq!(text.matches("ecss_crm_refresh_token_days_left{").count(), 1, "who has no grant has no days");
        assert!(text.lines().all(|l| l.starts_with('#') || l.split(' ').count() == 2));
    }
}
