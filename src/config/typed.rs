//! Gives the winning values their types, and collects what does not fit.

use super::fault::{Fault, FaultPlace};
use super::keys;
use super::layer::FoundValue;
use config::ValueKind;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::path::PathBuf;

/// Hands out values by key. A key whose value does not fit counts as absent, and the fault is kept.
#[derive(Debug, Default)]
pub struct TypedValues {
    found: BTreeMap<String, FoundValue>,
    /// Keys about whose absence nothing may be concluded.
    suspect: BTreeSet<String>,
    /// What does not fit.
    pub faults: Vec<Fault>,
    /// What is doubtful.
    pub warnings: Vec<Fault>,
}

impl TypedValues {
    /// Of the winning values; `suspect` are keys that were set but could not be read.
    pub fn new(found: BTreeMap<String, FoundValue>, suspect: BTreeSet<String>) -> Self {
        Self { found, suspect, ..Self::default() }
    }

    /// Where a key is set.
    pub fn place(&self, key: &str) -> Option<&FaultPlace> {
        self.found.get(&keys::canonical(key)).map(|found| &found.place)
    }

    /// Whether a key's value could not be read or did not fit.
    pub fn is_suspect(&self, key: &str) -> bool {
        self.suspect.contains(&keys::canonical(key))
    }

    /// Keeps a fault of this key, at the place where it is set.
    pub fn refuse(&mut self, key: &str, problem: impl Into<String>, remedy: impl Into<String>) {
        let fault = self.fault(key, problem, remedy);
        self.suspect.insert(keys::canonical(key));
        self.faults.push(fault);
    }

    /// Keeps a warning about this key.
    pub fn doubt(&mut self, key: &str, problem: impl Into<String>, remedy: impl Into<String>) {
        let fault = self.fault(key, problem, remedy);
        self.warnings.push(fault);
    }

    fn fault(&self, key: &str, problem: impl Into<String>, remedy: impl Into<String>) -> Fault {
        let place = self.place(key).cloned();
        place.unwrap_or_else(|| FaultPlace::file("default").of(key)).fault(problem, remedy)
    }

    /// Whether a value can be nothing but a text, because it stands in the environment.
    fn can_only_be_text(&self, key: &str) -> bool {
        self.place(key).is_some_and(FaultPlace::is_environment)
    }

    /// Text; numbers are taken as they are written, with a warning. Surrounding space goes.
    pub fn text(&mut self, key: &str) -> Option<String> {
        let kind = self.found.get(&keys::canonical(key))?.kind.clone();
        match kind {
            ValueKind::String(text) => Some(text.trim().to_owned()),
            ValueKind::Float(number) if !number.is_finite() => {
                self.refuse(key, "is the result of a calculation that has none", "write a text in quotes");
                None
            }
            ValueKind::I64(_) | ValueKind::Float(_) => {
                // The number may be a secret.
                let problem = "is a number where a text is expected, and is taken as it is written";
                self.doubt(key, problem, "write it in quotes");
                Some(kind.to_string())
            }
            other => {
                self.refuse(key, format!("is {} where a text is expected", name_of(&other)), "write a text in quotes");
                None
            }
        }
    }

    /// Text; an empty one counts as absent.
    pub fn optional_text(&mut self, key: &str) -> Option<String> {
        self.text(key).filter(|text| !text.is_empty())
    }

    /// A path; an empty one counts as absent.
    pub fn optional_path(&mut self, key: &str) -> Option<PathBuf> {
        self.optional_text(key).map(PathBuf::from)
    }

    /// A path that must not be empty.
    pub fn path(&mut self, key: &str) -> Option<PathBuf> {
        let text = self.text(key)?;
        if text.is_empty() {
            self.refuse(key, "is empty", "write a path, or remove the key to get the default");
            return None;
        }
        Some(PathBuf::from(text))
    }

    /// A path that nothing depends on: one that makes no sense is doubted, and counts as absent.
    pub fn retired_path(&mut self, key: &str) -> Option<PathBuf> {
        match &self.found.get(&keys::canonical(key))?.kind {
            ValueKind::String(text) if !text.trim().is_empty() => Some(PathBuf::from(text.trim())),
            _ => {
                self.doubt(key, "is no path, and is not used since version 1.0", "remove it");
                None
            }
        }
    }

    /// True or false; also as a word or as 1 and 0, with a warning that says what it was taken for.
    pub fn flag(&mut self, key: &str) -> Option<bool> {
        let kind = self.found.get(&keys::canonical(key))?.kind.clone();
        let read = match &kind {
            ValueKind::Boolean(flag) => Some(*flag),
            ValueKind::I64(0) => Some(false),
            ValueKind::I64(1) => Some(true),
            ValueKind::Float(number) if *number == 0.0 => Some(false),
            ValueKind::Float(number) if (*number - 1.0).abs() < f64::EPSILON => Some(true),
            ValueKind::String(text) => match text.trim().to_ascii_lowercase().as_str() {
                "true" | "yes" | "on" | "1" => Some(true),
                "false" | "no" | "off" | "0" | "" => Some(false),
                _ => None,
            },
            _ => None,
        };
        match read {
            None => self.refuse(key, "is neither true nor false", "write true or false"),
            Some(flag) => match &kind {
                ValueKind::Boolean(_) => {}
                ValueKind::String(text) if self.can_only_be_text(key) && text.trim() == flag.to_string() => {}
                other => {
                    let problem =
                        format!("is {} where true or false is expected, and is taken for {flag}", shown(other));
                    let quotes = if self.can_only_be_text(key) { "" } else { " without quotes" };
                    self.doubt(key, problem, format!("write {flag}{quotes}"));
                }
            },
        }
        read
    }

    /// A whole number within limits; also as a text of digits or with a fraction of nothing, with a warning.
    pub fn number(&mut self, key: &str, limits: &RangeInclusive<u32>) -> Option<u32> {
        let kind = self.found.get(&keys::canonical(key))?.kind.clone();
        let read = match &kind {
            ValueKind::I64(number) => Some(*number),
            ValueKind::String(text) => text.trim().parse::<i64>().ok(),
            ValueKind::Float(number) if number.fract() == 0.0 && number.abs() <= f64::from(u32::MAX) => {
                Some(*number as i64)
            }
            _ => None,
        };
        let fits = read.and_then(|number| u32::try_from(number).ok()).filter(|number| limits.contains(number));
        if fits.is_none() {
            let shown = match &kind {
                ValueKind::I64(number) => number.to_string(),
                ValueKind::String(text) => format!("{:?}", text.trim()),
                ValueKind::Float(number) => with_fraction(*number),
                other => name_of(other).to_owned(),
            };
            let (least, most) = (limits.start(), limits.end());
            self.refuse(key, format!("{shown} is not a whole number from {least} to {most}"), "correct the number");
        } else if let (Some(number), ValueKind::Float(_)) = (fits, &kind) {
            let problem = format!("is {} where a whole number is expected, and is taken for {number}", shown(&kind));
            self.doubt(key, problem, format!("write {number}"));
        } else if let (Some(number), ValueKind::String(_)) = (fits, &kind)
            && !self.can_only_be_text(key)
            // What `process.env` says is text, and `process.env.HTTP_PORT || 8801` is the manual's own form.
            && !self.place(key).is_some_and(|place| place.computed)
        {
            let problem = format!("is {} where a number is expected, and is taken for {number}", shown(&kind));
            self.doubt(key, problem, format!("write {number} without quotes"));
        }
        fits
    }
}

/// A value that is no secret, as it was written.
fn shown(kind: &ValueKind) -> String {
    match kind {
        ValueKind::String(text) => format!("the text {text:?}"),
        ValueKind::Float(number) => format!("the number {}", with_fraction(*number)),
        other => format!("the number {other}"),
    }
}

/// A number so that everybody sees that it was written with a fraction, be it one of nothing.
fn with_fraction(number: f64) -> String {
    format!("{number:?}")
}

fn name_of(kind: &ValueKind) -> &'static str {
    match kind {
        ValueKind::Nil => "nothing",
        ValueKind::Boolean(_) => "true or false",
        ValueKind::Table(_) => "a group of values",
        ValueKind::Array(_) => "a list",
        _ => "a number",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(pairs: Vec<(&str, ValueKind)>) -> TypedValues {
        let place = |key: &str| FaultPlace::file("f").at((1, 1)).of(key);
        let found = pairs.into_iter().map(|(key, kind)| (keys::canonical(key), FoundValue { kind, place: place(key) }));
        TypedValues::new(found.collect(), BTreeSet::new())
    }

    #[test]
    fn numbers_and_texts_stand_in_for_each_other() {
        let mut v =
            values(vec![("httpPort", "8801 ".into()), ("bitrixClientId", 12_i64.into()), ("httpsPort", 1_i64.into())]);
        assert_eq!(v.number("httpPort", &(1..=65535)), Some(8801));
        assert_eq!(v.number("httpsPort", &(1..=65535)), Some(1));
        assert_eq!(v.text("bitrixClientId").as_deref(), Some("12"));
        assert!(v.faults.is_empty());
        let reported: Vec<String> = v.warnings.iter().map(ToString::to_string).collect();
        assert_eq!(
            reported,
            [
                "f:1:1: httpPort: is the text \"8801 \" where a number is expected, and is taken for 8801; write 8801 \
                 without quotes",
                "f:1:1: bitrixClientId: is a number where a text is expected, and is taken as it is written; write it \
                 in quotes",
            ]
        );
    }

    #[test]
    fn flags_may_be_words() {
        for (kind, flag) in
            [("true".into(), true), ("off".into(), false), (ValueKind::I64(1), true), (false.into(), false)]
        {
            let quiet = matches!(kind, ValueKind::Boolean(_));
            let mut v = values(vec![("logToConsole", kind)]);
            assert_eq!(v.flag("logToConsole"), Some(flag));
            assert_eq!(v.warnings.is_empty(), quiet, "{:?}", v.warnings);
        }
    }

    #[test]
    fn what_does_not_fit_is_kept_as_a_fault_of_its_key() {
        let list = || ValueKind::Array(Vec::new());
        let mut v = values(vec![
            ("httpPort", 70_000_i64.into()),
            ("logToConsole", "maybe".into()),
            ("ca_file", list()),
            ("state_dir", "".into()),
        ]);
        assert_eq!(v.number("httpPort", &(1..=65535)), None);
        assert_eq!(v.flag("logToConsole"), None);
        assert_eq!(v.path("ca_file"), None);
        assert_eq!(v.path("state_dir"), None);
        let reported: Vec<String> = v.faults.iter().map(ToString::to_string).collect();
        assert_eq!(reported.len(), 4);
        assert!(reported[0].contains("70000 is not a whole number from 1 to 65535"), "{reported:?}");
        assert!(v.is_suspect("httpPort") && !v.is_suspect("httpsPort"));
    }
}
