//! Numbers for people: percentiles, and the line each story ends with.

use super::stage::say;
use std::fs::OpenOptions;
use std::io::Write as _;

/// The value below which `share` per cent of the (unsorted) values lie.
pub fn percentile(values: &[u64], share: usize) -> Option<u64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let at = (sorted.len() * share).div_ceil(100).saturating_sub(1);
    sorted.get(at).copied()
}

/// Shows a line, and adds it to the file that `ECSS_CRM_VERDICTS` names.
pub fn publish(line: &str) {
    say(line);
    let Some(file) = std::env::var_os("ECSS_CRM_VERDICTS") else { return };
    let mut file = OpenOptions::new().create(true).append(true).open(file).expect("the file for verdicts");
    writeln!(file, "{line}").expect("the verdict is written");
}
