//! What is measured. Each workload has a far side and processes of its own.

pub mod cards;
pub mod companies;
pub mod history;
pub mod rates;
pub mod repeats;

use super::report::Report;

/// How much is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// All workloads within four minutes.
    Short,
    /// The sizes that the daemon is meant for.
    Full,
}

impl Extent {
    /// One of two sizes.
    pub fn of<T>(self, short: T, full: T) -> T {
        match self {
            Self::Short => short,
            Self::Full => full,
        }
    }
}

/// The workloads by the names that select them.
pub const NAMES: [&str; 5] = ["rates", "repeats", "history", "companies", "cards"];

/// Runs the workload with this name.
pub async fn run(name: &str, extent: Extent, report: &mut Report) -> anyhow::Result<()> {
    match name {
        "rates" => rates::measure(extent, report).await,
        "repeats" => repeats::measure(extent, report).await,
        "history" => history::measure(extent, report).await,
        "companies" => companies::measure(extent, report).await,
        "cards" => cards::measure(extent, report).await,
        other => anyhow::bail!("there is no workload {other}, only {}", NAMES.join(" ")),
    }
}
