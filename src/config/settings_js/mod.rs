//! Reads `settings.js` as data. The file is never executed.
//!
//! The former package loaded it as a module, and administrators have edited it for years. So everything
//! that such edits are made of is understood (see the tests), and what is not is reported with its line.
//!
//! This reader is complete: it is there for files of the former package, and new features go into config.toml, not here.
//! A file that it cannot read is a reason to mend it; a wish for more of the language is none.

mod bounds;
mod bytes;
mod calls;
mod commented;
mod cursor;
mod edit;
mod expr;
mod object;
mod operators;
mod paths;
mod program;
mod reader;
mod skip;
mod value;
mod write;

pub use edit::set;
pub use write::Written;

use super::fault::{Fault, FaultPlace};
use super::keys;
use super::layer::{FoundValue, Layer, MOST_REPORTED};
use bytes::Decoded;
use cursor::Stop;
use program::Ignored;
use reader::{Object, SourceReader};
use std::collections::HashMap;
use value::{Js, Unread};

const WRITE_A_VALUE: &str =
    "write the value itself: 'text', a number, true, false, or process.env.NAME || value (the file is not executed)";

/// The settings in `bytes`, which came from `file`; `process.env` is `environment`.
///
/// Old editors have left comments in other encodings; the former package did not mind, and neither do we.
pub fn read(bytes: &[u8], file: &str, environment: &[(String, String)]) -> Layer {
    read_text(&Decoded::new(bytes).text, file, environment)
}

fn read_text(text: &[char], file: &str, environment: &[(String, String)]) -> Layer {
    let environment = by_name(environment);
    let mut reader = SourceReader::new(text, file, &environment);
    let outcome = reader.program();
    layer_of(&reader, outcome)
}

/// What has been read, as settings; `outcome` is how the reading ended.
fn layer_of(reader: &SourceReader<'_>, outcome: Result<Ignored, Stop>) -> Layer {
    let whole = FaultPlace::file(reader.file);
    let lines = SourceLines::of(reader.cursor.text());
    let place = |at: usize| whole.at(lines.position(at));
    let ignored = match outcome {
        Ok(ignored) => ignored,
        Err(Stop::Foreign(Unread { at, what }) | Stop::Broken(Unread { at, what })) => {
            return Layer::broken(
                place(at).fault(what, "correct the line; `node --check FILE` finds syntax errors too"),
            );
        }
    };
    let mut layer = match &reader.exports {
        Js::Object(0) if reader.objects[0].entries.is_empty() => {
            Layer::broken(whole.fault("the file exports no settings", "let it end with: module.exports = settings;"))
        }
        Js::Object(index) => {
            let quoted = |at: usize| matches!(reader.cursor.text().get(at), Some('\'' | '"' | '`'));
            of_object(&reader.objects[*index], &place, &quoted)
        }
        Js::Unreadable(Unread { at, what }) => Layer::broken(place(*at).fault(what, WRITE_A_VALUE)),
        _ => Layer::broken(
            whole.fault("what the file exports is no object", "let it end with: module.exports = settings;"),
        ),
    };
    let skipped = |unread: &Unread| {
        place(unread.at).fault("this statement has no effect here: the file is not executed", "remove it")
    };
    layer.warnings.extend(ignored.iter().map(skipped));
    layer.abridge();
    layer
}

fn by_name(environment: &[(String, String)]) -> HashMap<&str, &str> {
    environment.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect()
}

fn of_object(object: &Object, place: &impl Fn(usize) -> FaultPlace, quoted: &impl Fn(usize) -> bool) -> Layer {
    let mut layer = Layer::default();
    for unread in &object.opaque {
        layer.broken = true;
        layer.faults.push(place(unread.at).fault(&unread.what, "write the keys and values out"));
    }
    for (key, at) in &object.repeated {
        let fault =
            place(*at).of(key).fault("is set again further down, and that value is used", "remove one of the two");
        layer.warnings.push(fault);
    }
    let mut strangers = 0;
    for entry in &object.entries {
        let Some(key) = keys::KEYS.iter().find(|key| key.name == entry.key && key.in_settings_js) else {
            // What was meant by a key is only looked for where it will be reported.
            strangers += 1;
            let place = place(entry.key_at).of(&entry.key);
            layer.warnings.push(if strangers > MOST_REPORTED {
                place.fault(NOT_A_SETTING, "remove it")
            } else {
                unknown(&entry.key, &place)
            });
            continue;
        };
        let name = keys::canonical(key.name);
        if let Js::Unreadable(Unread { at, what }) = &entry.value {
            if key.kind == keys::KeyKind::Retired {
                let problem = format!("is not used since version 1.0, and cannot be read: {what}");
                layer.warnings.push(place(*at).of(&entry.key).fault(problem, "remove it"));
                continue;
            }
            layer.faults.push(place(*at).of(&entry.key).fault(what, WRITE_A_VALUE));
            layer.unreadable.insert(name);
        } else if let Some(kind) = entry.value.setting() {
            let place = FaultPlace { computed: !quoted(entry.value_at), ..place(entry.value_at) };
            layer.values.insert(name, FoundValue { kind, place: place.of(&entry.key) });
        }
    }
    layer
}

const NOT_A_SETTING: &str = "is not a setting and is ignored";

fn unknown(key: &str, place: &FaultPlace) -> Fault {
    match keys::find_spelt(key) {
        Some(key) if !key.in_settings_js => place.fault("is not read from this file", "move it to config.toml"),
        _ => place.fault(NOT_A_SETTING, keys::did_you_mean(key)),
    }
}

/// Where the lines of a text begin, so that many places in it are found at the price of one reading.
struct SourceLines {
    begins: Vec<usize>,
    length: usize,
}

impl SourceLines {
    fn of(text: &[char]) -> Self {
        let ends = |i: &usize| text[*i] == '\n' || (text[*i] == '\r' && text.get(*i + 1) != Some(&'\n'));
        let first = usize::from(text.first() == Some(&'\u{feff}'));
        let begins = [first].into_iter().chain((0..text.len()).filter(ends).map(|i| i + 1)).collect();
        Self { begins, length: text.len() }
    }

    /// Line and column (both from 1) of an index.
    fn position(&self, at: usize) -> (u32, u32) {
        let at = at.min(self.length);
        let line = self.begins.partition_point(|begin| *begin <= at).saturating_sub(1);
        let count = |n: usize| u32::try_from(n + 1).unwrap_or(u32::MAX);
        (count(line), count(at.saturating_sub(self.begins[line])))
    }
}

#[cfg(test)]
mod corpus;
#[cfg(test)]
mod edit_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
pub use tests::MANUAL;
