//! The table of employees and their internal numbers.

use super::seal::SealContext;
use super::{Conflict, Store, StoreError, profiles};
use crate::domain::directory::{Employee, PortalUser};
use crate::domain::written::inner_numbers;
use crate::domain::{CompanyId, Phone, UserId};
use sqlx::SqliteConnection;
use std::collections::BTreeMap;

/// What an import of the portal's users has changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportReport {
    /// Users that were not in the table.
    pub added: usize,
    /// Known users whose name or activity differed.
    pub updated: usize,
    /// Profile numbers that new users did not get.
    pub conflicts: Vec<NumberConflict>,
    /// New users, and known ones whose profile has changed, part of whose profile could not be read.
    pub unclear: Vec<UserId>,
}

/// A profile number that belongs to somebody else already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberConflict {
    /// The number in the profile.
    pub number: Phone,
    /// The new user with that profile.
    pub user: UserId,
    /// Who has the number in our table.
    pub holder: UserId,
}

impl Store {
    /// All employees by user id, with their numbers in the admin's order.
    pub async fn employees(&self, company: &CompanyId) -> Result<Vec<Employee>, StoreError> {
        let id = company.as_str();
        let rows = sqlx::query!(
            r#"SELECT e.user_id, e.name, e.active AS "active: bool", n.written AS "written?"
               FROM employees e
               LEFT JOIN employee_numbers n ON n.company = e.company AND n.user_id = e.user_id
               WHERE e.company = $1
               ORDER BY e.user_id, n.place"#,
            id
        )
        .fetch_all(self.db())
        .await?;
        let mut employees: Vec<Employee> = Vec::new();
        for row in rows {
            let user = UserId(row.user_id);
            if employees.last().is_none_or(|e| e.user != user) {
                employees.push(Employee { user, name: row.name, active: row.active, numbers: Vec::new() });
            }
            if let (Some(written), Some(employee)) = (row.written, employees.last_mut()) {
                let corrupt = |_| SealContext::new("employee_numbers", "written", id).corrupt();
                employee.numbers.push(Phone::parse(&written).map_err(corrupt)?);
            }
        }
        Ok(employees)
    }

    /// Takes over the portal's list of users. New users are added, with the numbers of their profile if they are active
    /// and nobody has them. Known users get name (a missing one takes none away) and activity; their numbers are the
    /// admin's, and what the profile says is only kept beside them. Users that are missing from the list stay, so that
    /// a list that came short takes no number away.
    pub async fn import_employees(
        &self,
        company: &CompanyId,
        users: &[PortalUser],
    ) -> Result<ImportReport, StoreError> {
        let mut report = ImportReport::default();
        let known: BTreeMap<_, _> = self.employees(company).await?.into_iter().map(|e| (e.user, e)).collect();
        let texts: BTreeMap<_, _> = self.profiles(company).await?.into_iter().map(|p| (p.user, p.text)).collect();
        let renamed = |e: &Employee, u: &PortalUser| !u.name.is_empty() && e.name != u.name;
        let differs = |u: &PortalUser| known.get(&u.user).is_none_or(|e| renamed(e, u) || e.active != u.active);
        let said = |u: &PortalUser| texts.get(&u.user).cloned().unwrap_or_default();
        let differs_in_profile = |u: &PortalUser| u.inner.as_ref().is_some_and(|text| *text != said(u));
        let changed: Vec<_> = users.iter().filter(|u| differs(u) || differs_in_profile(u)).collect();
        if changed.is_empty() {
            return Ok(report);
        }
        let mut tx = self.begin_durable().await?;
        for user in changed {
            let is_new = !update(tx.conn(), company, user).await?;
            if is_new {
                insert(tx.conn(), company, user).await?;
                report.added += 1;
            } else if differs(user) {
                report.updated += 1;
            }
            let Some(text) = &user.inner else { continue };
            profiles::keep_reported(tx.conn(), company, user.user, text).await?;
            if !user.active {
                continue;
            }
            let read = inner_numbers(text);
            if read.unclear && (is_new || differs_in_profile(user)) {
                report.unclear.push(user.user);
            }
            for (place, number) in (0..).zip(read.numbers.iter().filter(|_| is_new)) {
                if let Some((holder, _)) = holder(tx.conn(), company, number).await? {
                    report.conflicts.push(NumberConflict { number: number.clone(), user: user.user, holder });
                } else {
                    give(tx.conn(), company, user.user, number, place).await?;
                }
            }
        }
        tx.commit().await?;
        Ok(report)
    }

    /// Replaces the numbers of the listed employees by exactly these, in this order; others keep theirs. Numbers may
    /// move between listed employees. [`Conflict::Number`] names the first number that somebody else has; then
    /// nothing is changed.
    pub async fn save_numbers(&self, company: &CompanyId, table: &[(UserId, Vec<Phone>)]) -> Result<(), StoreError> {
        let id = company.as_str();
        let mut tx = self.begin_durable().await?;
        for (user, _) in table {
            sqlx::query!("DELETE FROM employee_numbers WHERE company = $1 AND user_id = $2", id, user.0)
                .execute(tx.conn())
                .await?;
        }
        for (user, numbers) in table {
            if !exists(tx.conn(), company, *user).await? {
                return Err(Conflict::UnknownEmployee(*user).into());
            }
            profiles::settle(tx.conn(), company, *user).await?;
            for (place, number) in (0..).zip(numbers) {
                match holder(tx.conn(), company, number).await? {
                    None => give(tx.conn(), company, *user, number, place).await?,
                    Some((same, _)) if same == *user => {}
                    Some((holder, holder_name)) => {
                        let number = number.clone();
                        return Err(Conflict::Number { number, wanted_by: *user, holder, holder_name }.into());
                    }
                }
            }
        }
        tx.commit().await
    }
}

/// Refreshes a known user; `false` if the user is not known.
async fn update(conn: &mut SqliteConnection, company: &CompanyId, user: &PortalUser) -> Result<bool, StoreError> {
    let id = company.as_str();
    let done = sqlx::query!(
        "UPDATE employees SET name = CASE WHEN $3 = '' THEN name ELSE $3 END, active = $4
         WHERE company = $1 AND user_id = $2",
        id,
        user.user.0,
        user.name,
        user.active
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() > 0)
}

async fn insert(conn: &mut SqliteConnection, company: &CompanyId, user: &PortalUser) -> Result<(), StoreError> {
    let id = company.as_str();
    sqlx::query!(
        "INSERT INTO employees (company, user_id, name, active) VALUES ($1, $2, $3, $4)",
        id,
        user.user.0,
        user.name,
        user.active
    )
    .execute(conn)
    .await?;
    Ok(())
}

async fn exists(conn: &mut SqliteConnection, company: &CompanyId, user: UserId) -> Result<bool, StoreError> {
    let id = company.as_str();
    let row = sqlx::query_scalar!("SELECT user_id FROM employees WHERE company = $1 AND user_id = $2", id, user.0);
    Ok(row.fetch_optional(conn).await?.is_some())
}

/// Who has a number, with the name.
async fn holder(
    conn: &mut SqliteConnection,
    company: &CompanyId,
    number: &Phone,
) -> Result<Option<(UserId, String)>, StoreError> {
    let (id, digits) = (company.as_str(), number.digits());
    let row = sqlx::query!(
        "SELECT e.user_id, e.name FROM employee_numbers n
         JOIN employees e ON e.company = n.company AND e.user_id = n.user_id
         WHERE n.company = $1 AND n.number = $2",
        id,
        digits
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|r| (UserId(r.user_id), r.name)))
}

async fn give(
    conn: &mut SqliteConnection,
    company: &CompanyId,
    user: UserId,
    number: &Phone,
    place: i64,
) -> Result<(), StoreError> {
    let (id, digits, written) = (company.as_str(), number.digits(), number.as_str());
    sqlx::query!(
        "INSERT INTO employee_numbers (company, number, written, user_id, place) VALUES ($1, $2, $3, $4, $5)",
        id,
        digits,
        written,
        user.0,
        place
    )
    .execute(conn)
    .await?;
    Ok(())
}
