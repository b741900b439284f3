//! The number table.

use super::ServiceFault;
use crate::domain::directory::Employee;
use crate::domain::profile::Profile;
use crate::domain::{Phone, UserId};

/// The number table.
#[derive(Debug, Clone)]
pub struct Employees {
    /// Everybody, dismissed ones included.
    pub rows: Vec<Employee>,
    /// What the portal's profiles say of their numbers.
    pub profiles: Vec<Profile>,
    /// How the import before it went.
    pub import: Import,
}

/// How an import of the portal's users went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Import {
    /// None was asked for.
    NotAsked,
    Done {
        /// New users.
        added: u64,
        /// Profile numbers of new users that somebody has already.
        taken: Vec<TakenNumber>,
    },
    /// The portal answered no, in these words; the table is as it was.
    Refused(String),
    /// The portal did not answer; the table is as it was.
    Failed(String),
}

/// A number that two employees claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenNumber {
    pub number: Phone,
    /// Who wants it.
    pub user: UserId,
    pub holder: UserId,
}

/// Why numbers were not saved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NumbersError {
    /// Two employees would have one number.
    #[error("number {} of user {} belongs to user {}", .0.number, .0.user, .0.holder)]
    Taken(TakenNumber),
    /// The table has no such employee.
    #[error("there is no employee {0}")]
    NoSuchEmployee(UserId),
    /// The company is gone.
    #[error("the company is gone")]
    Gone,
    /// See [`ServiceFault`].
    #[error(transparent)]
    Fault(#[from] ServiceFault),
}
