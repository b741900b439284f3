//! Makes a call that an administrator asks for, to see whether a card opens.

use super::{DaemonService, fault};
use crate::domain::Phone;
use crate::domain::call::DialFailure;
use crate::domain::leg::CommandError;
use crate::web::service::{Admin, TestCallError};

impl DaemonService {
    /// Has an employee's phone dial a number; what follows is a call like any other.
    pub(super) async fn make_test_call(&self, admin: &Admin, from: &Phone, to: &Phone) -> Result<(), TestCallError> {
        let employees = self.store.employees(&admin.company).await.map_err(|e| fault(&e))?;
        let active = employees.iter().filter(|employee| employee.active);
        let is_ours = active.flat_map(|employee| &employee.numbers).any(|number| number.digits() == from.digits());
        if !is_ours {
            return Err(TestCallError::NobodysNumber);
        }
        let handle = self.companies.get(&admin.company).ok_or(TestCallError::NotDialled(DialFailure::Offline))?;
        tracing::info!(by = %admin.user, from = %from.masked(), "a test call");
        handle.test_call(from.clone(), to.clone()).await.map_err(|error| match error {
            CommandError::TimedOut => TestCallError::NoAnswer,
            other => TestCallError::NotDialled((&other).into()),
        })
    }
}
