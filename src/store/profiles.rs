//! What the portal's profiles say of internal numbers; see [`Profile`].

use super::{Store, StoreError};
use crate::domain::profile::Profile;
use crate::domain::written::AsWritten;
use crate::domain::{CompanyId, UserId};
use sqlx::SqliteConnection;

impl Store {
    /// The texts of all employees who have one, by user id.
    pub async fn profiles(&self, company: &CompanyId) -> Result<Vec<Profile>, StoreError> {
        let id = company.as_str();
        let rows = sqlx::query!(
            r#"SELECT user_id, profile AS "profile!", profile_settled FROM employees
               WHERE company = $1 AND profile IS NOT NULL AND profile <> '' ORDER BY user_id"#,
            id
        )
        .fetch_all(self.db())
        .await?;
        let profile = |settled: Option<String>, text: String, user| Profile {
            user: UserId(user),
            settled: settled.is_some_and(|settled| settled == text),
            text: AsWritten::new(&text),
        };
        Ok(rows.into_iter().map(|r| profile(r.profile_settled, r.profile, r.user_id)).collect())
    }
}

/// Keeps what the portal says now.
pub(super) async fn keep_reported(
    conn: &mut SqliteConnection,
    company: &CompanyId,
    user: UserId,
    text: &AsWritten,
) -> Result<(), StoreError> {
    let (id, text) = (company.as_str(), text.as_str());
    sqlx::query!("UPDATE employees SET profile = $3 WHERE company = $1 AND user_id = $2", id, user.0, text)
        .execute(conn)
        .await?;
    Ok(())
}

/// The admin has decided which numbers this employee has.
pub(super) async fn settle(conn: &mut SqliteConnection, company: &CompanyId, user: UserId) -> Result<(), StoreError> {
    let id = company.as_str();
    sqlx::query!("UPDATE employees SET profile_settled = profile WHERE company = $1 AND user_id = $2", id, user.0)
        .execute(conn)
        .await?;
    Ok(())
}
