//! The tab that says how everything is, and what to do where it is not well.

use super::finding::ShownFinding;
use super::status::{GrantLine, Status};
use super::top::{Top, settings};
use crate::domain::audit::AuditEntry;
use crate::domain::checks::Finding;
use crate::domain::link::{DiskState, PortalState};
use crate::lang::{DeedText, Lang, deed_text, lasting};
use crate::web::WebState;
use crate::web::middleware::request_context::RequestContext;
use crate::web::service::Overview;
use crate::web::show::{Moment, Shell};
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

#[derive(Template)]
#[template(path = "diagnostics.html")]
struct DiagnosticsPage<'a> {
    shell: Shell<'a>,
    top: Top,
    /// What is not well or not known, the worst first …
    open: Vec<ShownFinding>,
    /// … and what was seen to work.
    good: Vec<ShownFinding>,
    /// Who did what, the newest first.
    deeds: Vec<ShownDeed>,
    overview: &'a Overview,
    link: Status,
    portal: Status,
    /// The banner says the rest.
    well: bool,
    /// The grant is refused, whatever life its tokens have left.
    dead: bool,
    token_until: Option<Moment>,
    grant: Option<GrantLine>,
    /// How long the oldest call waits, and since when.
    oldest: Option<(String, Moment)>,
    disk: &'static str,
    disk_why: &'a str,
    version: &'static str,
}

/// Something that somebody did.
struct ShownDeed {
    at: Moment,
    who: String,
    what: String,
}

impl ShownDeed {
    fn of(lang: Lang, entry: &AuditEntry) -> Self {
        let DeedText { who, what } = deed_text(lang, &entry.deed);
        Self { at: Moment::of(entry.at), who, what }
    }
}

/// The tab.
pub(crate) fn page(
    state: &WebState,
    context: &RequestContext,
    status: StatusCode,
    overview: &Overview,
    (findings, deeds): (&[Finding], &[AuditEntry]),
    top: Top,
) -> Response {
    let t = context.lang.texts();
    let now = state.clock.now();
    let dead = overview.token.is_some() && matches!(overview.portal, PortalState::NeedsLogin { .. });
    let waits = |since| ((t.company.waiting_oldest)(&lasting(context.lang, now.since(since))), Moment::of(since));
    let (disk, disk_why) = match &overview.disk {
        DiskState::Ok => (t.state.disk_ok, ""),
        DiskState::Full { .. } => (t.state.disk_full.title, ""),
        DiskState::ReadOnly { .. } => (t.state.disk_read_only.title, ""),
        DiskState::Failing { why, .. } => (t.state.disk_failing.title, why.as_str()),
    };
    let (good, open) = ShownFinding::sorted(context.lang, findings, now);
    let page = DiagnosticsPage {
        shell: Shell::new(state, context),
        top,
        open,
        good,
        deeds: deeds.iter().map(|entry| ShownDeed::of(context.lang, entry)).collect(),
        overview,
        link: Status::link(t, &overview.link),
        portal: Status::portal(t, &overview.portal),
        well: matches!(overview.portal, PortalState::Ok | PortalState::NotAsked),
        dead,
        grant: overview.token.as_ref().filter(|_| !dead).map(|token| GrantLine::of(context.lang, token, now)),
        oldest: overview.backlog.since.map(waits),
        disk,
        disk_why,
        token_until: overview.token.as_ref().map(|token| Moment::of(token.expires_at)),
        version: env!("CARGO_PKG_VERSION"),
    };
    settings(status, &page)
}
