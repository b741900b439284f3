//! What is known of a company, put together to be judged.

use super::{DaemonService, fault};
use crate::domain::CompanyId;
use crate::domain::checks::facts::{CompanyFacts, Integration};
use crate::domain::checks::setup::{StepProgress, progress};
use crate::domain::checks::{Finding, examine};
use crate::domain::company::Unprotected;
use crate::domain::evidence::EvidenceKind;
use crate::domain::link::{Backlog, LinkState, PortalState};
use crate::telemetry::company_span;
use crate::web::service::{CheckedPart, ServiceFault};
use tracing::Instrument as _;

impl DaemonService {
    /// This server, and one company or all.
    pub(super) async fn all_checks(
        &self,
        company: Option<&CompanyId>,
    ) -> Result<Option<Vec<CheckedPart>>, ServiceFault> {
        let wanted: Vec<CompanyId> = match company {
            Some(id) => vec![id.clone()],
            None => self.companies.all().iter().map(|handle| handle.id().clone()).collect(),
        };
        let mut parts = vec![CheckedPart { company: None, findings: self.checks.all().await }];
        for id in &wanted {
            let found = self.facts_of(id).instrument(company_span(id)).await?;
            match found {
                Some((domain, facts)) => parts.push(CheckedPart { company: Some(domain), findings: examine(&facts) }),
                None if company.is_some() => return Ok(None),
                None => {}
            }
        }
        Ok(Some(parts))
    }

    /// What concerns a company: itself, and the way to this server.
    pub(super) async fn findings_of(&self, id: &CompanyId) -> Result<Option<Vec<Finding>>, ServiceFault> {
        let Some((_, facts)) = self.facts_of(id).await? else { return Ok(None) };
        let mut findings = examine(&facts);
        findings.extend(self.checks.gateway());
        Ok(Some(findings))
    }

    /// How far a company's set-up is; `None` once everything was seen to work together.
    pub(super) async fn setup_of(&self, id: &CompanyId) -> Result<Option<Vec<StepProgress>>, ServiceFault> {
        let evidence = self.companies.evidence(id).await.map_err(|e| fault(&e))?;
        if evidence.last(EvidenceKind::CardConfirmed).is_some() {
            return Ok(None);
        }
        Ok(self.facts_of(id).await?.map(|(_, facts)| progress(&examine(&facts))))
    }

    async fn facts_of(&self, id: &CompanyId) -> Result<Option<(String, CompanyFacts)>, ServiceFault> {
        let Some(company) = self.store.company(id).await.map_err(|e| fault(&e))? else { return Ok(None) };
        let employees = self.store.employees(id).await.map_err(|e| fault(&e))?;
        let profiles = self.store.profiles(id).await.map_err(|e| fault(&e))?;
        let evidence = self.companies.evidence(id).await.map_err(|e| fault(&e))?;
        let (handle, now) = (self.companies.get(id), self.clock.now());
        let status = handle.as_ref().map(crate::session::CompanyHandle::status);
        let switch = company.switch.as_ref();
        let mut facts = CompanyFacts {
            now,
            since: company.created_at,
            link: status.as_ref().map_or(LinkState::Stopped, |status| status.link.clone()),
            integration: None,
            portal: status.as_ref().map_or(PortalState::NotAsked, |status| status.portal_at(now)),
            card_outcomes: handle.as_ref().map(crate::session::CompanyHandle::card_outcomes).unwrap_or_default(),
            grant_ends_at: handle.and_then(|handle| handle.portal().tokens()).map(|tokens| tokens.refresh_ends_at()),
            refusals: status.as_ref().map(|status| status.refusals.clone()).unwrap_or_default(),
            install: self.companies.waiting_install(id),
            events_proved: company.application_token.is_some(),
            backlog: status.map_or_else(Backlog::default, |status| status.backlog),
            evidence,
            employees,
            profiles,
            unprotected: switch.and_then(|switch| Unprotected::of(&switch.addresses, &switch.trust)),
        };
        let numbers = facts.numbers().into_iter().cloned().collect();
        facts.integration = switch.map(|switch| Integration {
            domain: switch.domain.clone(),
            client_id: switch.client_id.clone(),
            numbers,
        });
        Ok(Some((company.domain, facts)))
    }
}
