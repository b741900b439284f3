//! What an administrator sees and sets.

use super::{DaemonService, fault};
use crate::domain::audit::{AuditAction, call_changes, number_changes, switch_changes};
use crate::domain::binding::{RefusalReason, Refusals};
use crate::domain::company::{CallSettings, SwitchSettings};
use crate::domain::excess::{Excess, Unrecorded};
use crate::domain::link::{Backlog, LinkState, PortalState};
use crate::domain::{CompanyId, Phone, UserId};
use crate::session::SyncError;
use crate::store::{Conflict, StoreError};
use crate::web::service::{
    Admin, Checked, Employees, Import, NumbersError, Overview, SaveError, ServiceFault, SwitchInput, SwitchShown,
    TakenNumber, TokenLife,
};

/// An access token lives this long; the authorization server tells its end only.
const ACCESS_LIFE: std::time::Duration = std::time::Duration::from_secs(3600);

/// What saving came to.
pub(super) fn saved(result: Result<(), StoreError>) -> Result<(), SaveError> {
    result.map_err(|error| match error {
        StoreError::Conflict(Conflict::UnknownCompany) => SaveError::Gone,
        other => SaveError::Fault(fault(&other)),
    })
}

impl DaemonService {
    pub(super) async fn overview(&self, id: &CompanyId) -> Result<Option<Overview>, ServiceFault> {
        let Some(company) = self.store.company(id).await.map_err(|e| fault(&e))? else { return Ok(None) };
        let handle = self.companies.get(id);
        let status = handle.as_ref().map(crate::session::CompanyHandle::status);
        let tokens = handle.as_ref().and_then(|h| h.portal().tokens());
        let owner = match tokens.as_ref().and_then(|t| t.user_id) {
            Some(user) => self
                .store
                .employees(id)
                .await
                .map_err(|e| fault(&e))?
                .into_iter()
                .find(|e| e.user == user)
                .map(|e| e.name),
            None => None,
        };
        let token = tokens.map(|t| TokenLife {
            obtained_at: t.expires_at - ACCESS_LIFE,
            expires_at: t.expires_at,
            grant_ends_at: t.refresh_ends_at(),
            owner,
        });
        let events_proved = company.application_token.is_some();
        let setup = self.setup_of(id).await?;
        Ok(Some(Overview {
            id: company.id,
            name: company.name,
            domain: company.domain,
            client_id: company.client_id,
            switch: company.switch.map(shown),
            calls: company.calls,
            link: status.as_ref().map_or(LinkState::Stopped, |s| s.link.clone()),
            portal: status.as_ref().map_or(PortalState::NotAsked, |s| s.portal_at(self.clock.now())),
            token,
            install: self.companies.waiting_install(id),
            events_proved,
            removal: self.companies.doubted_removal(id),
            refusals: status.as_ref().map_or_else(Refusals::default, |s| s.refusals.clone()),
            unknown_numbers: status.as_ref().map_or(0, |s| s.unknown_numbers),
            backlog: status.as_ref().map_or(Backlog::default(), |s| s.backlog),
            dropped: status.as_ref().map_or(0, |s| s.dropped),
            excess: status.as_ref().map_or_else(Excess::default, |s| s.excess),
            unrecorded: status.as_ref().map_or_else(Unrecorded::default, |s| s.unrecorded),
            disk: self.disk(),
            setup,
        }))
    }

    pub(super) async fn put_name(&self, admin: &Admin, name: &str) -> Result<(), SaveError> {
        let id = &admin.company;
        let before = self.store.company(id).await.map_err(|e| fault(&e))?.ok_or(SaveError::Gone)?.name;
        saved(self.store.rename_company(id, name).await)?;
        self.audit(admin, (before != name).then(|| AuditAction::Renamed { name: name.to_owned() })).await;
        Ok(())
    }

    pub(super) async fn put_switch(&self, admin: &Admin, input: SwitchInput) -> Result<(), SaveError> {
        let id = &admin.company;
        let company = self.store.company(id).await.map_err(|e| fault(&e))?.ok_or(SaveError::Gone)?;
        let SwitchShown { backend, client_id, addresses, domain, trust } = input.shown;
        let trust = trust.chosen(company.switch.as_ref().map(|s| &s.trust), self.clock.now());
        let stored = company.switch.as_ref().map(|s| s.api_key.clone());
        let api_key = input.api_key.or(stored).ok_or(SaveError::KeyNeeded)?;
        let settings = SwitchSettings { backend, client_id, api_key, addresses, domain, trust };
        saved(self.store.save_switch(id, &settings).await)?;
        self.audit(admin, switch_changes(company.switch.as_ref(), &settings)).await;
        if let Some(handle) = self.companies.get(id) {
            handle.reconnect(Some(settings));
        }
        Ok(())
    }

    pub(super) async fn put_calls(&self, admin: &Admin, calls: CallSettings) -> Result<(), SaveError> {
        let id = &admin.company;
        let before = self.store.company(id).await.map_err(|e| fault(&e))?.ok_or(SaveError::Gone)?.calls;
        saved(self.store.save_call_settings(id, &calls).await)?;
        self.audit(admin, call_changes(&before, &calls)).await;
        if let Some(handle) = self.companies.get(id) {
            handle.portal().set_budget(self.companies.budget(&calls));
            saved(handle.reload().await)?;
            handle.choices_changed();
        }
        Ok(())
    }

    pub(super) async fn try_switch(&self, id: &CompanyId) -> Result<Checked, ServiceFault> {
        let company = self.store.company(id).await.map_err(|e| fault(&e))?;
        let (Some(settings), Some(handle)) = (company.and_then(|c| c.switch), self.companies.get(id)) else {
            return Ok(Checked::NotConfigured);
        };
        Ok(handle.check_switch(&settings).await.map_or_else(Checked::Failed, |()| Checked::Works))
    }

    pub(super) async fn table(&self, id: &CompanyId, import: bool) -> Result<Employees, ServiceFault> {
        let import = match (import, self.companies.get(id)) {
            (false, _) => Import::NotAsked,
            (true, None) => Import::Failed("the company is not being served".into()),
            (true, Some(handle)) => match handle.sync_users().await {
                Ok(report) => Import::Done {
                    added: report.added as u64,
                    taken: report
                        .conflicts
                        .into_iter()
                        .map(|c| TakenNumber { number: c.number, user: c.user, holder: c.holder })
                        .collect(),
                },
                Err(SyncError::Portal(error)) => {
                    // Upkeep asks again, sees whether the portal is down or refuses this, and tells it above the tabs.
                    handle.users_changed();
                    match error.refusal_reason() {
                        RefusalReason::Words(words) => Import::Refused(words),
                        RefusalReason::Seen(seen) => Import::Failed(seen),
                    }
                }
                Err(SyncError::Store(error)) => return Err(fault(&error)),
            },
        };
        let rows = self.store.employees(id).await.map_err(|e| fault(&e))?;
        let profiles = self.store.profiles(id).await.map_err(|e| fault(&e))?;
        Ok(Employees { rows, profiles, import })
    }

    pub(super) async fn put_numbers(&self, admin: &Admin, rows: Vec<(UserId, Vec<Phone>)>) -> Result<(), NumbersError> {
        let id = &admin.company;
        let before = self.store.employees(id).await.map_err(|e| NumbersError::Fault(fault(&e)))?;
        self.store.save_numbers(id, &rows).await.map_err(|error| match error {
            StoreError::Conflict(Conflict::Number { number, wanted_by, holder, .. }) => {
                NumbersError::Taken(TakenNumber { number, user: wanted_by, holder })
            }
            StoreError::Conflict(Conflict::UnknownEmployee(user)) => NumbersError::NoSuchEmployee(user),
            StoreError::Conflict(Conflict::UnknownCompany) => NumbersError::Gone,
            other => NumbersError::Fault(fault(&other)),
        })?;
        self.audit(admin, number_changes(&before, &rows)).await;
        if let Some(handle) = self.companies.get(id) {
            handle.reload().await.map_err(|e| NumbersError::Fault(fault(&e)))?;
        }
        Ok(())
    }
}

fn shown(s: SwitchSettings) -> SwitchShown {
    SwitchShown { backend: s.backend, client_id: s.client_id, addresses: s.addresses, domain: s.domain, trust: s.trust }
}
