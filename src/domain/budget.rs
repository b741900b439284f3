//! How fast a portal lets us ask.

use std::fmt;
use std::str::FromStr;

/// The request budget of a portal: a bucket that leaks `per_second` and overflows at `burst`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Budget {
    /// A cloud portal.
    Limited {
        /// Requests per second in the long run.
        per_second: u32,
        /// Requests that may be made at once.
        burst: u32,
    },
    /// A boxed portal, which does not count.
    Unlimited,
}

impl Default for Budget {
    /// A little below what an ordinary cloud portal grants (2 per second, 50 at once).
    fn default() -> Self {
        Self::Limited { per_second: 2, burst: 45 }
    }
}

/// The text is not a budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is neither RATE/BURST (both at least 1, such as 2/45) nor unlimited")]
pub struct NoBudget;

impl FromStr for Budget {
    type Err = NoBudget;

    fn from_str(text: &str) -> Result<Self, NoBudget> {
        let text = text.trim();
        if text.eq_ignore_ascii_case("unlimited") {
            return Ok(Self::Unlimited);
        }
        let (rate, burst) = text.split_once('/').ok_or(NoBudget)?;
        let number = |text: &str| text.trim().parse::<u32>().ok().filter(|n| (1..=100_000).contains(n)).ok_or(NoBudget);
        Ok(Self::Limited { per_second: number(rate)?, burst: number(burst)? })
    }
}

impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Limited { per_second, burst } => write!(f, "{per_second}/{burst}"),
            Self::Unlimited => f.write_str("unlimited"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_budget_reads_back_as_it_is_written() {
        for text in ["2/45", "5/225", "unlimited"] {
            assert_eq!(text.parse::<Budget>().unwrap().to_string(), text);
        }
        assert_eq!(" 2 / 45 ".parse(), Ok(Budget::default()));
        assert_eq!("Unlimited".parse(), Ok(Budget::Unlimited));
    }

    #[test]
    fn half_a_budget_is_none() {
        for text in ["", "2", "2/", "/45", "0/45", "2/0", "-1/5", "2/45/6", "2.5/45", "none"] {
            assert_eq!(text.parse::<Budget>(), Err(NoBudget), "{text}");
        }
    }
}
