//! `/checks`: what is known of this server and its companies, for the command line.

use super::WebState;
use super::read::FormFields;
use super::service::CheckedPart;
use crate::domain::CompanyId;
use crate::domain::checks::{Finding, Severity, worst, worst_first};
use crate::lang::{Lang, finding_text};
use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

/// `GET /checks?company=…&lang=…`: machine, gateway and one company, or of all companies what is not good.
pub(crate) async fn report(State(state): State<WebState>, RawQuery(query): RawQuery) -> Response {
    let query = FormFields::parse(query.unwrap_or_default().as_bytes());
    let lang = Lang::of_portal(query.get("lang"));
    let company = Some(query.get("company")).filter(|id| !id.is_empty()).map(CompanyId::from);
    let parts = match state.service.checks(company.as_ref()).await {
        Ok(Some(parts)) => parts,
        Ok(None) => return StatusCode::NOT_FOUND.into_response(),
        Err(fault) => return (StatusCode::SERVICE_UNAVAILABLE, fault.to_string()).into_response(),
    };
    let all: Vec<Finding> = parts.iter().flat_map(|part| part.findings.clone()).collect();
    let mut shown: Vec<(Severity, Value)> = Vec::new();
    for CheckedPart { company: of, mut findings } in parts {
        worst_first(&mut findings);
        let brief = of.is_some() && company.is_none();
        let findings = findings.iter().filter(|finding| !brief || finding.severity() > Severity::Good);
        shown.extend(findings.map(|finding| {
            let text = finding_text(lang, finding, state.clock.now());
            let value = json!({
                "id": finding.id(),
                "severity": finding.severity(),
                "company": of,
                "sentence": text.sentence,
                "evidence": text.evidence,
                "remedy": text.remedy,
                "copy": text.copy,
            });
            (finding.severity(), value)
        }));
    }
    shown.sort_by_key(|(severity, _)| std::cmp::Reverse(*severity));
    let worst = worst(&all);
    let findings: Vec<Value> = shown.into_iter().map(|(_, value)| value).collect();
    let report = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "worst": worst,
        "findings": findings,
    });
    Json(report).into_response()
}
