//! The arithmetic of the bench: percentiles, what Linux says of a process, how often something came within a second.

use std::time::{Duration, Instant};

/// Ticks of a second in which Linux tells programs processor time, on every architecture of today.
const TICKS_PER_SECOND: f64 = 100.0;

/// Measured values in their order of size.
#[derive(Debug, Clone, Default)]
pub struct Distribution(Vec<f64>);

impl Distribution {
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = values.into_iter().collect();
        sorted.sort_by(f64::total_cmp);
        Self(sorted)
    }

    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The smallest value that at least so many of a hundred do not exceed; not a number where nothing was measured.
    pub fn percentile(&self, percent: usize) -> f64 {
        let rank = (self.0.len() * percent).div_ceil(100);
        self.0.get(rank.saturating_sub(1)).copied().unwrap_or(f64::NAN)
    }

    pub fn p50(&self) -> f64 {
        self.percentile(50)
    }

    pub fn p99(&self) -> f64 {
        self.percentile(99)
    }
}

/// Seconds of processor time, of the program and of the kernel for it, in the text of `/proc/PID/stat`.
pub fn cpu_seconds(stat: &str) -> Option<f64> {
    // The second field is the program's name in brackets, which may hold spaces and brackets itself.
    let (_, behind_name) = stat.rsplit_once(')')?;
    let mut fields = behind_name.split_whitespace().skip(11).map(|field| field.parse::<f64>().ok());
    Some((fields.next()?? + fields.next()??) / TICKS_PER_SECOND)
}

/// Memory that is really in use, in MiB, in the text of `/proc/PID/status`.
pub fn resident_mib(status: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.split_whitespace().next()?.parse::<f64>().ok()? / 1024.0)
}

/// The most of these moments that lie within less than `window` of each other.
pub fn most_within(moments: &[Instant], window: Duration) -> usize {
    let mut sorted = moments.to_vec();
    sorted.sort_unstable();
    let within = |first: usize| sorted.partition_point(|at| *at < sorted[first] + window) - first;
    (0..sorted.len()).map(within).max().unwrap_or(0)
}
