//! Who has which number: what keeps a ringing phone from finding its employee.

use super::Severity;
use super::facts::CompanyFacts;
use crate::domain::directory::Employee;
use crate::domain::profile::Remark;
use crate::domain::written::inner_numbers;
use crate::domain::{Phone, UserId};
use std::collections::{BTreeMap, HashMap};

/// Employees listed one by one, at most.
const LISTED: usize = 50;

/// See [`super::Finding`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EmployeesFinding {
    /// Who has a number at all.
    Numbers { with: usize, without: NamedEmployees },
    /// Profiles of the portal that nobody can read as numbers, and that nobody has decided about.
    Unreadable(NamedEmployees),
    /// Numbers that stand in the profiles of several who work here.
    Double(Vec<(Phone, Vec<String>)>),
    /// Numbers of dismissed employees that stand in the profile of somebody who works here.
    Blocked(Vec<BlockedNumber>),
}

/// Some employees by name, and how many there are beyond them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NamedEmployees {
    pub listed: Vec<String>,
    pub more: usize,
}

/// A number that somebody needs and somebody has who is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockedNumber {
    pub number: Phone,
    /// Who has it in our table.
    pub dismissed: String,
    /// Whose profile names it.
    pub successor: String,
}

impl NamedEmployees {
    fn of<'a>(employees: impl Iterator<Item = &'a Employee>) -> Self {
        let mut listed: Vec<String> = employees.map(name).collect();
        let more = listed.len().saturating_sub(LISTED);
        listed.truncate(LISTED);
        Self { listed, more }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.listed.len() + self.more
    }
}

fn name(employee: &Employee) -> String {
    if employee.name.is_empty() { format!("ID {}", employee.user) } else { employee.name.clone() }
}

impl EmployeesFinding {
    pub(super) const fn id(&self) -> &'static str {
        match self {
            Self::Numbers { .. } => "employees.numbers",
            Self::Unreadable(_) => "employees.unreadable_profiles",
            Self::Double(_) => "employees.double_numbers",
            Self::Blocked(_) => "employees.blocked_numbers",
        }
    }

    pub(super) fn severity(&self) -> Severity {
        let well = match self {
            Self::Numbers { with: 0, without } if without.count() > 0 => return Severity::Fault,
            Self::Numbers { with: 0, .. } => return Severity::Unknown,
            // Not everybody has a telephone.
            Self::Numbers { .. } => true,
            Self::Unreadable(who) => who.count() == 0,
            Self::Double(numbers) => numbers.is_empty(),
            Self::Blocked(numbers) => numbers.is_empty(),
        };
        if well { Severity::Good } else { Severity::Warning }
    }
}

/// Everything about a company's table of numbers.
pub(super) fn examine(facts: &CompanyFacts) -> Vec<EmployeesFinding> {
    let active: BTreeMap<UserId, &Employee> =
        facts.employees.iter().filter(|e| e.active).map(|e| (e.user, e)).collect();
    let without = NamedEmployees::of(active.values().copied().filter(|e| e.numbers.is_empty()));
    let with = active.values().filter(|e| !e.numbers.is_empty()).count();
    let unclear = facts.profiles.iter().filter_map(|profile| {
        let employee = active.get(&profile.user)?;
        (profile.remark(&employee.numbers) == Some(Remark::Unclear)).then_some(*employee)
    });
    let unreadable = NamedEmployees::of(unclear);
    let mut wanted: BTreeMap<Phone, Vec<&Employee>> = BTreeMap::new();
    for profile in facts.profiles.iter().filter(|profile| !profile.settled) {
        let Some(employee) = active.get(&profile.user) else { continue };
        for number in inner_numbers(&profile.text).numbers {
            wanted.entry(number).or_default().push(employee);
        }
    }
    let holders: HashMap<&str, &Employee> =
        facts.employees.iter().flat_map(|e| e.numbers.iter().map(move |number| (number.digits(), e))).collect();
    let holder_of = |number: &Phone| holders.get(number.digits()).copied();
    let (mut double, mut blocked) = (Vec::new(), Vec::new());
    for (number, who) in wanted {
        if let Some(holder) = holder_of(&number).filter(|holder| !holder.active) {
            blocked.push(BlockedNumber { number, dismissed: name(holder), successor: name(who[0]) });
        } else if who.len() > 1 {
            double.push((number, who.into_iter().map(name).collect()));
        }
    }
    vec![
        EmployeesFinding::Numbers { with, without },
        EmployeesFinding::Unreadable(unreadable),
        EmployeesFinding::Double(double),
        EmployeesFinding::Blocked(blocked),
    ]
}
