//! Listening to a connection: raw messages for `capture` files, with secrets masked before they get there.

use crate::clock::Clock;
use crate::domain::Timestamp;
use crate::domain::numbers::as_reported;
use crate::domain::phone::mask as mask_number;
use serde::Serialize;
use serde_json::Value;
use std::fmt;
use std::sync::Arc;

/// Which way a message went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Flow {
    /// Our HTTP request.
    Request,
    /// The switch's HTTP answer.
    Answer,
    /// A frame of ours.
    Sent,
    /// A frame of the switch.
    Received,
}

/// Receives what is said. It is called between frames and must not block.
pub trait Tap: Send + Sync {
    /// One message; `text` is masked.
    fn message(&self, at: Timestamp, flow: Flow, text: &str);
}

/// Fields whose values are never shown.
const SECRET_FIELDS: &[&str] =
    &["token", "jwt", "accesstoken", "refreshtoken", "apikey", "key", "secret", "password", "authorization"];
/// Shorter values are too common to be blotted out wherever they occur.
const SHORTEST: usize = 6;
/// How much of a frame a sample shows.
const SAMPLE: usize = 400;
const BLOT: &str = "***";

/// Blots secrets out of a text: known values, values of telling fields, anything that looks like a JWT.
#[derive(Clone, Default)]
pub(crate) struct Masker(Vec<String>);

impl fmt::Debug for Masker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Masker({} secrets)", self.0.len())
    }
}

impl Masker {
    /// Adds a value that must never be shown.
    pub(crate) fn add(&mut self, secret: &str) {
        if secret.len() >= SHORTEST {
            let json = Value::from(secret).to_string();
            self.0.extend([secret.to_owned(), json[1..json.len() - 1].to_owned()]);
            self.0.dedup();
        }
    }

    /// The text without its secrets. JSON stays JSON.
    pub(crate) fn mask(&self, text: &str) -> String {
        let mut text = match serde_json::from_str::<Value>(text) {
            Ok(mut value) => {
                if blot_fields(&mut value) {
                    value.to_string()
                } else {
                    text.to_owned()
                }
            }
            Err(_) => text.to_owned(),
        };
        for secret in &self.0 {
            if text.contains(secret.as_str()) {
                text = text.replace(secret.as_str(), BLOT);
            }
        }
        blot_jwts(&text)
    }

    /// A short form for traces and faults: masked, telephone numbers too, and cut.
    pub(crate) fn sample(&self, text: &str) -> String {
        let text = self.mask(text);
        let text = ["%23", "%2A", "%2a"].iter().zip(["#", "*", "*"]).fold(text, |text, (a, b)| text.replace(a, b));
        let masked = mask_digits(&text);
        match masked.char_indices().nth(SAMPLE) {
            Some((cut, _)) => format!("{}…", &masked[..cut]),
            None => masked,
        }
    }
}

fn blot_fields(value: &mut Value) -> bool {
    match value {
        Value::Object(members) => {
            let mut changed = false;
            for (name, member) in members {
                let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
                if SECRET_FIELDS.contains(&plain.to_ascii_lowercase().as_str()) && member.is_string() {
                    *member = BLOT.into();
                    changed = true;
                } else {
                    changed |= blot_fields(member);
                }
            }
            changed
        }
        Value::Array(items) => items.iter_mut().fold(false, |changed, item| blot_fields(item) | changed),
        _ => false,
    }
}

/// A JWT begins with a JSON object in base64url, that is with `eyJ`.
fn blot_jwts(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("eyJ") {
        let tail = &rest[at..];
        let end = tail.find(|c: char| !c.is_ascii_alphanumeric() && !"-_.=".contains(c)).unwrap_or(tail.len());
        out.push_str(&rest[..at]);
        out.push_str(if end > 20 { BLOT } else { &tail[..end] });
        rest = &tail[end..];
    }
    out + rest
}

/// Hides the middle of every run of seven or more digits, and of feature codes all but their first part: there may be
/// somebody's password behind it.
fn mask_digits(text: &str) -> String {
    let dialable = |c: char| c.is_ascii_digit() || matches!(c, '*' | '#');
    // Between the parts of a code there may be spaces; a run neither begins nor ends with one.
    let inside = |c: char| dialable(c) || matches!(c, ' ' | '-');
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(dialable) {
        let tail = &rest[at..];
        let end = tail.find(|c: char| !inside(c)).unwrap_or(tail.len());
        let run = tail[..end].trim_end_matches(|c| !dialable(c));
        let plain = tail.find(|c: char| !c.is_ascii_digit()).unwrap_or(tail.len());
        let run = if run.contains(['*', '#']) { run } else { &tail[..plain] };
        let end = run.len();
        out.push_str(&rest[..at]);
        match as_reported(run) {
            Ok(kept) if run.contains(['*', '#']) && kept.as_str() != run => {
                out.push_str(&mask_number(kept.as_str()));
                out.push('…');
            }
            _ => out.push_str(&mask_number(run)),
        }
        rest = &tail[end..];
    }
    out + rest
}

/// A tap with what it needs to write frames; without a tap nothing is copied or masked.
#[derive(Clone)]
pub(crate) struct FrameListener {
    pub(crate) tap: Option<Arc<dyn Tap>>,
    pub(crate) clock: Clock,
    pub(crate) masker: Masker,
    /// Whose connection it is: the id and domain under which a company is known to its switch.
    pub(crate) owner: Arc<str>,
}

impl FrameListener {
    pub(crate) fn report(&self, flow: Flow, text: &str) {
        if let Some(tap) = &self.tap {
            tap.message(self.clock.now(), flow, &self.masker.mask(text));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masker() -> Masker {
        let mut masker = Masker::default();
        masker.add("s3cr\"t-key");
        masker.add("1");
        masker
    }

    #[test]
    fn secrets_are_blotted_wherever_they_stand() {
        let jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl";
        for text in [
            r#"{"x":"s3cr\"t-key","n":1}"#,
            "plain s3cr\"t-key text",
            r#"{"data":[{"api_key":"whatever"}]}"#,
            r#"{"accessToken":"opaque"}"#,
            &format!("broken {{\"x\":\"{jwt}\""),
        ] {
            let masked = masker().mask(text);
            assert!(masked.contains(BLOT), "{masked}");
            for part in ["s3cr", "whatever", "opaque", "eyJ", "c2ln"] {
                assert!(!masked.contains(part), "{masked}");
            }
        }
        assert!(!format!("{:?}", masker()).contains("s3cr"));
    }

    #[test]
    fn what_is_not_secret_stays_as_it_was() {
        let text = r#"{"b":1,"a":"eyJust a word","n":"111"}"#;
        assert_eq!(masker().mask(text), text);
    }

    #[test]
    fn a_sample_is_short_and_gives_no_number_away() {
        let masker = masker();
        assert_eq!(masker.sample(r#"{"remote":"79835551122","own":"1001"}"#), r#"{"remote":"7983…22","own":"1001"}"#);
        assert_eq!(masker.sample(&"ж".repeat(1000)).chars().count(), SAMPLE + 1);
    }
}
