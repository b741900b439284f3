//! One text for whoever helps from afar: versions, settings without secrets, checks, companies, the last lines of the log.
//!
//! Small enough to be mailed, and it says itself what is in it. What could be a telephone number is masked.

use super::companies::list_companies;
use super::doctor::doctor;
use crate::clock::Clock;
use crate::config::{Settings, without_secrets};
use crate::lang::Lang;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

/// As much of the end of each log is taken, in bytes.
const LOG_TAIL: u64 = 128 * 1024;
/// So many digits in a row may be a telephone number; fewer are times, sizes and internal numbers.
const NUMBER: usize = 9;
/// What the text begins with.
const CONTENTS: &str = "In here: versions, the settings without secrets, what `doctor` says, the companies' ids, portals and \
    states, the last lines of both logs. Not in here: tokens and keys; what may be a telephone number is \
    masked.";

/// Puts it together. What cannot be had says so in its place.
pub async fn support_bundle(settings: &Settings, doubts: Vec<String>, lang: Lang) -> String {
    let mut text = format!("{CONTENTS}\n");
    section(&mut text, "Versions", &versions());
    section(&mut text, "Settings", &without_secrets(settings));
    let checks = match doctor(settings, doubts, None, lang).await {
        Ok(Some(report)) => serde_json::to_string_pretty(&report).unwrap_or_else(|error| error.to_string()),
        Ok(None) => String::new(),
        Err(error) => format!("{error:#}"),
    };
    section(&mut text, "Checks", &masked(&checks));
    let companies = match list_companies(settings).await {
        Ok(companies) => serde_json::to_string_pretty(&companies).unwrap_or_else(|error| error.to_string()),
        Err(error) => error.to_string(),
    };
    section(&mut text, "Companies", &companies);
    for log in [&settings.default_log_file, &settings.error_log_file] {
        section(&mut text, &format!("The end of {}", log.display()), &masked(&tail(log)));
    }
    text
}

fn section(text: &mut String, title: &str, content: &str) {
    // Writing into a String cannot fail.
    let _ = writeln!(text, "\n==== {title}\n{}", content.trim_end());
}

fn versions() -> String {
    let file = |path: &str| std::fs::read_to_string(path).unwrap_or_else(|error| format!("{path}: {error}"));
    let system = file("/etc/os-release");
    let name = system.lines().find_map(|line| line.strip_prefix("PRETTY_NAME=")).unwrap_or_default();
    let now = Clock::system().now();
    let version = env!("CARGO_PKG_VERSION");
    format!(
        "ecss-crm-server {version}\nsystem: {name}\n{}made at {} (Unix milliseconds)",
        file("/proc/version"),
        now.millis()
    )
}

/// The last whole lines of a file.
fn tail(path: &Path) -> String {
    let read = || -> std::io::Result<String> {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(LOG_TAIL)))?;
        let mut bytes = Vec::new();
        file.take(LOG_TAIL).read_to_end(&mut bytes)?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Ok(if length > LOG_TAIL {
            text.split_once('\n').map_or_else(String::new, |(_, rest)| rest.to_owned())
        } else {
            text
        })
    };
    read().unwrap_or_else(|error| error.to_string())
}

/// Of each long run of digits only the last two stay.
fn masked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut digits = String::new();
    for c in text.chars().map(Some).chain([None]) {
        match c {
            Some(digit) if digit.is_ascii_digit() => digits.push(digit),
            other => {
                if digits.len() >= NUMBER {
                    out.extend(std::iter::repeat_n('*', digits.len() - 2));
                    out.push_str(&digits[digits.len() - 2..]);
                } else {
                    out.push_str(&digits);
                }
                digits.clear();
                out.extend(other);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_a_telephone_number_is_masked_and_nothing_else() {
        assert_eq!(masked("79835551122 at 2026-11-27 1001, 8035"), "*********22 at 2026-11-27 1001, 8035");
        assert_eq!(masked("+7983555112"), "+********12");
        assert_eq!(masked(""), "");
    }

    #[test]
    fn of_a_long_log_the_last_whole_lines_are_taken() {
        let place = tempfile::tempdir().unwrap();
        let log = place.path().join("log");
        std::fs::write(&log, "строка\n".repeat(100_000)).unwrap();
        let end = tail(&log);
        assert!(end.len() as u64 <= LOG_TAIL && end.lines().all(|line| line == "строка"));
        std::fs::write(&log, "one\ntwo\n").unwrap();
        assert_eq!(tail(&log), "one\ntwo\n");
        assert!(tail(&place.path().join("none")).contains("No such file"));
    }
}
