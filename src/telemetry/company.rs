//! Which company a line is about: one span around everything that is done for a company.
//!
//! A line names the company of the innermost such span once, behind its message, unless it names one itself. The span is
//! on at every level, so that a line of any level has it; a line below the level costs nothing, as it is dropped before
//! anybody looks for its span.

use super::bounded::{Bounded, FIELD};
use super::filter::is_own;
use crate::domain::CompanyId;
use std::fmt;
use std::sync::Arc;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Metadata, Span, Subscriber, error_span};
use tracing_subscriber::layer::{Context, Filter, Layer};
use tracing_subscriber::registry::{LookupSpan, Scope};

/// The field that names a company, of spans and events alike.
pub const COMPANY_FIELD: &str = "company";

/// The span of what is done for one company: around the future of its task or request (`.instrument(…)`), which hands it
/// on to what it spawns (`.in_current_span()`). Around work that does not wait: `.in_scope(…)`. It stands in no other span,
/// as a company's tasks outlive the request that has started them.
pub fn company_span(company: &CompanyId) -> Span {
    error_span!(parent: None, "company", %company)
}

/// The company of a span, kept with it; one text for all lines.
#[derive(Debug, Clone)]
struct SpanCompany(Arc<str>);

/// The company of the innermost span that has one.
pub fn of_scope<'a, S>(scope: Option<Scope<'a, S>>) -> Option<Arc<str>>
where
    S: for<'l> LookupSpan<'l>,
{
    scope?.find_map(|span| span.extensions().get::<SpanCompany>().map(|company| company.0.clone()))
}

/// Keeps the companies of spans for [`of_scope`].
#[derive(Debug)]
pub struct CompanyLayer;

impl<S: Subscriber + for<'l> LookupSpan<'l>> Layer<S> for CompanyLayer {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut found = FoundCompany(None);
        attributes.record(&mut found);
        found.keep(id, &context);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let mut found = FoundCompany(None);
        values.record(&mut found);
        found.keep(id, &context);
    }
}

/// Lets only spans pass that can name a company.
#[derive(Debug)]
pub struct CompanySpans;

impl CompanySpans {
    fn passes(what: &Metadata<'_>) -> bool {
        what.is_span() && is_own(what.target()) && what.fields().field(COMPANY_FIELD).is_some()
    }
}

impl<S: Subscriber> Filter<S> for CompanySpans {
    fn enabled(&self, what: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        Self::passes(what)
    }

    fn callsite_enabled(&self, what: &'static Metadata<'static>) -> Interest {
        if Self::passes(what) { Interest::always() } else { Interest::never() }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::INFO)
    }
}

/// The company among a span's fields.
struct FoundCompany(Option<Arc<str>>);

impl FoundCompany {
    fn keep<S: Subscriber + for<'l> LookupSpan<'l>>(self, id: &Id, context: &Context<'_, S>) {
        if let (Some(company), Some(span)) = (self.0, context.span(id)) {
            span.extensions_mut().replace(SpanCompany(company));
        }
    }
}

impl Visit for FoundCompany {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == COMPANY_FIELD {
            self.0 = Some(Bounded::of(FIELD, format_args!("{value:?}")).into());
        }
    }
}
