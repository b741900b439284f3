//! The seven levels that administrators know from the former package.

use std::fmt;
use std::str::FromStr;
use tracing::level_filters::LevelFilter;
use tracing::{Level, Metadata};

/// How much is logged, in rising detail.
///
/// The five levels of `tracing` become seven by two targets:
///
/// | level | event |
/// | --- | --- |
/// | error, warn | `ERROR`, `WARN` |
/// | info | `INFO` |
/// | http | `INFO` with target `http` or `http::…` (one line per request served) |
/// | verbose | `DEBUG` with target `verbose` or `verbose::…` |
/// | debug | `DEBUG` |
/// | silly | `TRACE`, and everything that libraries have to say |
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum LogLevel {
    /// Something is broken.
    Error,
    /// Something wants looking at; the default.
    #[default]
    Warn,
    /// What happens, in few words.
    Info,
    /// Every request served.
    Http,
    /// Every decision.
    Verbose,
    /// For the search of problems.
    Debug,
    /// Every byte that is of any interest.
    Silly,
}

/// All levels, in rising detail.
pub const LEVELS: [LogLevel; 7] = [
    LogLevel::Error,
    LogLevel::Warn,
    LogLevel::Info,
    LogLevel::Http,
    LogLevel::Verbose,
    LogLevel::Debug,
    LogLevel::Silly,
];

/// The word is not a level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write one of error, warn, info, http, verbose, debug, silly")]
pub struct NoLevel;

impl LogLevel {
    /// The level's name, as it is configured and as it stands in log lines.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Http => "http",
            Self::Verbose => "verbose",
            Self::Debug => "debug",
            Self::Silly => "silly",
        }
    }

    /// The level of an event.
    pub fn of(event: &Metadata<'_>) -> Self {
        match *event.level() {
            Level::ERROR => Self::Error,
            Level::WARN => Self::Warn,
            Level::INFO if begins(event.target(), "http") => Self::Http,
            Level::INFO => Self::Info,
            Level::DEBUG if begins(event.target(), "verbose") => Self::Verbose,
            Level::DEBUG => Self::Debug,
            _ => Self::Silly,
        }
    }

    /// The most detailed `tracing` level that can matter: lets disabled events cost nothing.
    pub const fn ceiling(self) -> LevelFilter {
        match self {
            Self::Error => LevelFilter::ERROR,
            Self::Warn => LevelFilter::WARN,
            Self::Info | Self::Http => LevelFilter::INFO,
            Self::Verbose | Self::Debug => LevelFilter::DEBUG,
            Self::Silly => LevelFilter::TRACE,
        }
    }
}

/// Whether a target is `part` or lies below it.
pub fn begins(target: &str, part: &str) -> bool {
    target.strip_prefix(part).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

impl FromStr for LogLevel {
    type Err = NoLevel;

    fn from_str(text: &str) -> Result<Self, NoLevel> {
        LEVELS.into_iter().find(|level| level.name().eq_ignore_ascii_case(text.trim())).ok_or(NoLevel)
    }
}

impl fmt::Display for LogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_in_any_case_and_order_is_detail() {
        assert_eq!(" WARN ".parse(), Ok(LogLevel::Warn));
        assert_eq!("warning".parse::<LogLevel>(), Err(NoLevel));
        assert!(LEVELS.is_sorted());
        for level in LEVELS {
            assert_eq!(level.name().parse(), Ok(level));
            assert!(NoLevel.to_string().contains(level.name()));
        }
    }

    #[test]
    fn a_target_is_matched_by_whole_words() {
        assert!(begins("http", "http") && begins("http::card", "http"));
        assert!(!begins("https", "http") && !begins("crate::http", "http"));
    }
}
