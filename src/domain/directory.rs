//! Number → employee, by our own table.

use super::{Phone, UserId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A Bitrix24 user as our table knows him.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Employee {
    /// The portal's user id.
    pub user: UserId,
    /// Name as shown to people; may be empty when the portal gives none.
    pub name: String,
    /// Whether the portal still lists him as active.
    pub active: bool,
    /// Internal numbers, in the admin's order; the first is used for click-to-call.
    pub numbers: Vec<Phone>,
}

/// A user as the portal lists him; its profile number is only a suggestion for our table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortalUser {
    /// The portal's user id.
    pub user: UserId,
    /// Name as shown to people; empty when the portal gives none.
    pub name: String,
    /// Whether he may work in the portal.
    pub active: bool,
    /// The internal number of his profile, if it can be dialled.
    pub inner: Option<Phone>,
}

/// The table of one company, indexed by number.
#[derive(Debug, Clone, Default)]
pub struct Directory {
    employees: BTreeMap<UserId, Employee>,
    by_number: BTreeMap<String, UserId>,
}

impl Directory {
    /// Builds the index. The store refuses two employees with one number; if it happens anyway, the
    /// lower user id wins, so that the answer does not depend on the order of rows.
    pub fn new(employees: impl IntoIterator<Item = Employee>) -> Self {
        let employees: BTreeMap<_, _> = employees.into_iter().map(|e| (e.user, e)).collect();
        let mut by_number = BTreeMap::new();
        for e in employees.values() {
            for n in &e.numbers {
                by_number.entry(n.digits().to_owned()).or_insert(e.user);
            }
        }
        Self { employees, by_number }
    }

    /// Who has this internal number.
    pub fn owner(&self, number: &Phone) -> Option<UserId> {
        self.by_number.get(number.digits()).copied()
    }

    /// The employee with this id.
    pub fn employee(&self, user: UserId) -> Option<&Employee> {
        self.employees.get(&user)
    }

    /// All employees, by user id.
    pub fn employees(&self) -> impl Iterator<Item = &Employee> {
        self.employees.values()
    }

    /// All internal numbers, as digits.
    pub fn numbers(&self) -> impl Iterator<Item = &str> {
        self.by_number.keys().map(String::as_str)
    }
}
