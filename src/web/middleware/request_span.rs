//! Whose company a request is about, for the lines that are logged while it is answered.

use crate::domain::CompanyId;
use tracing::{Span, error_span, field};

/// The span of one request, whose company is not known yet. The log knows a company by the name of the field.
pub(crate) fn request_span() -> Span {
    error_span!("request", company = field::Empty)
}

/// The request that is being answered is this company's.
pub(crate) fn request_is_of(company: &CompanyId) {
    Span::current().record("company", field::display(company));
}
