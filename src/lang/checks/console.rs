//! Commands of the switch's console (CoCon), with this company's own names, as the product's manual has them.

use crate::domain::checks::facts::Integration;
use crate::domain::checks::number_ranges;

/// What the integration is to serve: exactly the numbers of our table.
pub(in crate::lang) fn serve_numbers(integration: &Integration) -> String {
    let Integration { domain, client_id, numbers } = integration;
    format!("/domain/{domain}/integrations/set {client_id} --numbers {{{}}}", number_ranges(numbers))
}

/// Which integrations there are, with their keys and numbers.
pub(in crate::lang) fn list_integrations(integration: &Integration) -> String {
    format!("/domain/{}/integrations/list", integration.domain)
}

/// What has to be so on the switch before it tells of calls; the address of the subscriber's alias stands open.
pub(in crate::lang) fn prerequisites(integration: &Integration) -> Vec<String> {
    let domain = &integration.domain;
    let number = integration.numbers.first().map_or("<NUMBER>", |number| number.digits());
    vec![
        "/api/csta/set enabled true".to_owned(),
        format!("/domain/{domain}/properties/info"),
        serve_numbers(integration),
        format!("/domain/{domain}/alias/set {number} <GROUP> {number}@{domain} api\\call\\enabled true"),
    ]
}
