//! What all tabs of the settings have in common: who the company is, which tab is open, what was just done.

use super::setup::ShownSetup;
use super::trouble::{Trouble, troubles};
use crate::lang::CompanyTexts;
use crate::web::WebState;
use crate::web::guard::SignedIn;
use crate::web::middleware::error::WebError;
use crate::web::middleware::headers::HeaderPolicy;
use crate::web::middleware::request_context::RequestContext;
use crate::web::read::FormFields;
use crate::web::service::{Admin, Overview};
use crate::web::show::{Shell, html};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

/// A tab of the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Tab {
    #[default]
    Ecss,
    Bitrix,
    Employees,
    Calls,
    Diagnostics,
}

impl Tab {
    const ALL: [Self; 5] = [Self::Ecss, Self::Bitrix, Self::Employees, Self::Calls, Self::Diagnostics];

    /// The word in the address.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Ecss => "ecss",
            Self::Bitrix => "bitrix",
            Self::Employees => "employees",
            Self::Calls => "calls",
            Self::Diagnostics => "diagnostics",
        }
    }

    /// The tab an address or form names; the first one if it names none.
    pub(crate) fn of(fields: &FormFields) -> Self {
        Self::ALL.into_iter().find(|tab| tab.word() == fields.get("tab")).unwrap_or_default()
    }

    const fn title(self, t: &CompanyTexts) -> &'static str {
        match self {
            Self::Ecss => t.tab_ecss,
            Self::Bitrix => t.tab_bitrix,
            Self::Employees => t.tab_employees,
            Self::Calls => t.tab_calls,
            Self::Diagnostics => t.tab_diagnostics,
        }
    }
}

/// Head of a settings page.
pub(crate) struct Top {
    /// The name, or the domain while there is none.
    pub(crate) title: String,
    /// The name as it stands in the field.
    pub(crate) name: String,
    /// What is wrong with it.
    pub(crate) name_fault: String,
    /// Portal host.
    pub(crate) domain: String,
    /// Who is logged in.
    pub(crate) admin: String,
    /// The open tab.
    pub(crate) tab: Tab,
    /// A change was saved just now.
    pub(crate) notice: Notice,
    /// What is wrong or waits.
    pub(crate) troubles: Vec<Trouble>,
    /// What is left to set up; `None` once a card has opened.
    pub(crate) setup: Option<ShownSetup>,
    t: &'static CompanyTexts,
}

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Notice {
    #[default]
    None,
    Saved,
    NotSaved,
}

impl Notice {
    /// What the address says after a change.
    pub(crate) fn of(query: &FormFields) -> Self {
        if query.has("saved") { Self::Saved } else { Self::None }
    }

    pub(crate) fn saved(self) -> bool {
        self == Self::Saved
    }

    pub(crate) fn not_saved(self) -> bool {
        self == Self::NotSaved
    }
}

impl Top {
    /// The head for this company.
    pub(crate) fn new(
        state: &WebState,
        context: &RequestContext,
        overview: &Overview,
        admin: &Admin,
        tab: Tab,
        notice: Notice,
    ) -> Self {
        let title = if overview.name.is_empty() { &overview.domain } else { &overview.name };
        Self {
            title: title.clone(),
            name: overview.name.clone(),
            name_fault: String::new(),
            domain: overview.domain.clone(),
            admin: admin.name.clone(),
            tab,
            notice,
            troubles: troubles(context.lang, overview, state.clock.now()),
            setup: overview.setup.as_ref().map(|steps| ShownSetup::of(context.lang, steps, state.clock.now())),
            t: &context.lang.texts().company,
        }
    }

    /// The tabs: word in the address, title, whether it is the open one.
    pub(crate) fn tabs(&self) -> Vec<(&'static str, &'static str, bool)> {
        Tab::ALL.into_iter().map(|tab| (tab.word(), tab.title(self.t), tab == self.tab)).collect()
    }
}

/// A settings page as an answer. Any of them may have to offer a log-in, and that leads to the portal.
pub(crate) fn settings(status: StatusCode, page: &impl Template) -> Response {
    let mut response = html(status, page);
    response.extensions_mut().insert(HeaderPolicy { form_leads_away: true, ..HeaderPolicy::default() });
    response
}

/// What is wrong or waits, without the page around it.
#[derive(Template)]
#[template(path = "state_update.html")]
struct StatePart<'a> {
    shell: Shell<'a>,
    top: Top,
}

/// `GET /company/state`: what pages that are open look at every few seconds.
pub(crate) async fn state_update(
    State(state): State<WebState>,
    context: RequestContext,
    SignedIn(admin): SignedIn,
) -> Result<Response, WebError> {
    let overview = overview(&state, &admin).await?;
    let top = Top::new(&state, &context, &overview, &admin, Tab::default(), Notice::None);
    Ok(html(StatusCode::OK, &StatePart { shell: Shell::new(&state, &context), top }))
}

/// The company of a session.
pub(crate) async fn overview(state: &WebState, admin: &Admin) -> Result<Overview, WebError> {
    state.service.company(&admin.company).await?.ok_or(WebError::Gone)
}

/// Where to go after a change on a tab.
pub(crate) fn saved(state: &WebState, tab: Tab) -> String {
    format!("{}/company?tab={}&saved=1", state.base, tab.word())
}
