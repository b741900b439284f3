//! What a profile in the portal says, beside the row of the number table.

use crate::domain::directory::Employee;
use crate::domain::profile::{Profile, Remark};
use crate::lang::EmployeeTexts;
use crate::web::service::Employees;

/// A profile's text that is worth a look.
pub(super) struct ProfileRemark {
    /// As it stands in the portal.
    pub(super) text: String,
    /// Part of it could not be read.
    pub(super) unclear: bool,
    /// The sentence beside the row.
    pub(super) note: String,
}

impl ProfileRemark {
    /// What there is to say of this employee's profile.
    pub(super) fn of(t: &EmployeeTexts, table: &Employees, employee: &Employee) -> Option<Self> {
        let (profile, remark) = remark(table, employee)?;
        let (unclear, note) = match remark {
            Remark::Unclear => (true, t.profile_unclear),
            Remark::Differs => (false, t.profile_differs),
        };
        // Lines of the profile become one line of the page.
        let line = profile.text.as_str().split_whitespace().collect::<Vec<_>>().join(" ");
        Some(Self { text: profile.text.to_string(), unclear, note: note(&line) })
    }
}

/// In how many rows something is unread.
pub(super) fn unclear(table: &Employees) -> u64 {
    let is_unclear = |e: &&Employee| matches!(remark(table, e), Some((_, Remark::Unclear)));
    table.rows.iter().filter(is_unclear).count() as u64
}

/// Employees who have left need no number.
fn remark<'a>(table: &'a Employees, employee: &Employee) -> Option<(&'a Profile, Remark)> {
    let of_his = |p: &&Profile| p.user == employee.user && employee.active;
    // Both lists are in the order of user ids.
    let at = table.profiles.binary_search_by_key(&employee.user, |p| p.user).ok()?;
    let profile = table.profiles.get(at).filter(of_his)?;
    Some((profile, profile.remark(&employee.numbers)?))
}
