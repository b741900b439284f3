//! Number → employee, by our own table.

use super::written::AsWritten;
use super::{Phone, UserId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A Bitrix24 user as our table knows them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Employee {
    /// The portal's user id.
    pub user: UserId,
    /// Name as shown to people; may be empty when the portal gives none.
    pub name: String,
    /// Whether the portal still lists them as active.
    pub active: bool,
    /// Internal numbers, in the admin's order; the first is used for click-to-call. Those of somebody who is not
    /// active are kept for their return and count for nobody meanwhile.
    pub numbers: Vec<Phone>,
}

/// A user as the portal lists them; the number of the profile is only a suggestion for our table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortalUser {
    /// The portal's user id.
    pub user: UserId,
    /// Name as shown to people; empty when the portal gives none.
    pub name: String,
    /// Whether they may work in the portal.
    pub active: bool,
    /// The internal number of their profile as it stands there; `None` where the portal does not say.
    pub inner: Option<AsWritten>,
}

/// The table of one company as calls need it, indexed by number. Each company keeps one in memory, so that it holds no more
/// than that.
#[derive(Debug, Clone, Default)]
pub struct Directory {
    /// In the order of their ids.
    employees: Box<[ListedEmployee]>,
    /// Digits and whose they are, in the order of the digits.
    numbers: Box<[(Box<str>, UserId)]>,
}

/// An employee as calls need to know him.
#[derive(Debug, Clone)]
pub struct ListedEmployee {
    user: UserId,
    /// Whether the portal still lists him as active.
    pub active: bool,
    /// The number that rings for his clicks.
    pub phone: Option<Phone>,
}

impl Directory {
    /// Builds the index. The store refuses two employees with one number; if it happens anyway, the
    /// lower user id wins, so that the answer does not depend on the order of rows.
    pub fn new(employees: impl IntoIterator<Item = Employee>) -> Self {
        let employees: BTreeMap<_, _> = employees.into_iter().map(|e| (e.user, e)).collect();
        let mut numbers = BTreeMap::new();
        let (active, left): (Vec<_>, Vec<_>) = employees.values().partition(|e| e.active);
        for e in active.into_iter().chain(left) {
            for n in &e.numbers {
                numbers.entry(n.digits().into()).or_insert(e.user);
            }
        }
        let listed =
            |e: Employee| ListedEmployee { user: e.user, active: e.active, phone: e.numbers.into_iter().next() };
        Self { employees: employees.into_values().map(listed).collect(), numbers: numbers.into_iter().collect() }
    }

    /// Who has this internal number; nobody has the number of somebody who is not active.
    pub fn owner(&self, number: &Phone) -> Option<UserId> {
        self.insider(number).filter(|user| self.employee(*user).is_some_and(|e| e.active))
    }

    /// Whose internal number this is, or was until they left: a call to it is none with a client.
    pub fn insider(&self, number: &Phone) -> Option<UserId> {
        let at = self.numbers.binary_search_by(|(digits, _)| (**digits).cmp(number.digits())).ok()?;
        self.numbers.get(at).map(|(_, user)| *user)
    }

    /// The employee with this id.
    pub fn employee(&self, user: UserId) -> Option<&ListedEmployee> {
        let at = self.employees.binary_search_by_key(&user, |e| e.user).ok()?;
        self.employees.get(at)
    }
}

/// Employees of ours who count as active and are missing from the portal's complete list of active users.
pub fn missing<'a>(known: &'a [Employee], active: &[PortalUser]) -> Vec<&'a Employee> {
    let listed: BTreeSet<_> = active.iter().map(|u| u.user).collect();
    known.iter().filter(|e| e.active && !listed.contains(&e.user)).collect()
}

/// Which of our employees are dismissed, as the portal would list them, by its two complete lists.
///
/// Some users stand in neither list: they were deleted, or the user we ask as may no longer see them. If that concerns
/// more than half of the employees, it says more about that user's rights than about them, and nobody is taken for
/// deleted.
pub fn dismissed(known: &[Employee], active: &[PortalUser], former: &[PortalUser]) -> Vec<PortalUser> {
    let former: BTreeMap<_, _> = former.iter().filter(|u| !u.active).map(|u| (u.user, u)).collect();
    let missing = missing(known, active);
    let (listed, vanished): (Vec<_>, Vec<_>) = missing.into_iter().partition(|e| former.contains_key(&e.user));
    let believed = vanished.len() * 2 <= known.iter().filter(|e| e.active).count();
    let as_listed = |e: &Employee| PortalUser { user: e.user, name: e.name.clone(), active: false, inner: None };
    listed.into_iter().chain(vanished.into_iter().filter(|_| believed)).map(as_listed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn employee(user: i64, active: bool) -> Employee {
        let number = Phone::parse(&format!("{}", 1000 + user)).expect("a number");
        Employee { user: UserId(user), name: format!("E{user}"), active, numbers: vec![number] }
    }

    fn listed(users: &[i64], active: bool) -> Vec<PortalUser> {
        users.iter().map(|n| PortalUser { user: UserId(*n), name: String::new(), active, inner: None }).collect()
    }

    #[test]
    fn numbers_of_somebody_dismissed_are_nobodys() {
        let directory = Directory::new([employee(1, true), employee(2, false)]);
        let owner = |n: &str| directory.owner(&Phone::parse(n).expect(n));
        assert_eq!((owner("1001"), owner("1002")), (Some(UserId(1)), None));
        assert_eq!(directory.insider(&Phone::parse("1002").expect("1002")), Some(UserId(2)), "and no client's");
        assert!(directory.employee(UserId(2)).is_some());
    }

    #[test]
    fn who_is_missing_is_dismissed_unless_half_of_all_have_vanished() {
        let known: Vec<_> = (1..=6).map(|n| employee(n, n != 6)).collect();
        let gone = |active: &[i64], former: &[i64]| -> Vec<i64> {
            let found = dismissed(&known, &listed(active, true), &listed(former, false));
            assert!(found.iter().all(|u| !u.active && u.name == format!("E{}", u.user)));
            found.iter().map(|u| u.user.0).collect()
        };
        assert_eq!(gone(&[1, 2, 3, 4, 5, 77], &[6, 78]), [0_i64; 0], "all are there, strangers are not ours");
        assert_eq!(gone(&[1, 2, 3, 4], &[5, 6]), [5]);
        assert_eq!(gone(&[1, 2, 3], &[5]), [5, 4], "one listed as dismissed, one deleted");
        assert_eq!(gone(&[1], &[2, 3, 4, 5]), [2, 3, 4, 5], "what the portal says in so many words is believed");
        assert_eq!(gone(&[1], &[5]), [5], "too many vanish at once");
    }
}
