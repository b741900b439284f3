//! Changes one value of the file and nothing else: comments, order, quotes and line ends stay as they are.

use super::bytes::Decoded;
use super::commented::commented_out;
use super::reader::{Entry, Literal, Object, SourceReader};
use super::value::Js;
use super::write::Written;
use super::{Layer, by_name, layer_of, read_text};
use crate::config::fault::{Fault, FaultPlace};
use crate::config::keys::{self, Key};
use config::ValueKind;

/// A piece of the text and what stands there instead.
struct Change {
    from: usize,
    to: usize,
    text: String,
}

impl Change {
    fn insert(at: usize, text: impl Into<String>) -> Self {
        Self { from: at, to: at, text: text.into() }
    }
}

/// The file with `key` set to `value`. A line for the key that is commented out is brought to life; without one, the
/// key is added at the end.
///
/// The result is read again: if more than this key had changed by the edit, nothing is changed and the fault says so.
pub fn set(
    bytes: &[u8],
    file: &str,
    environment: &[(String, String)],
    key: Key,
    value: &Written,
) -> Result<Vec<u8>, Vec<Fault>> {
    let before = Decoded::new(bytes);
    let variables = by_name(environment);
    let mut reader = SourceReader::new(&before.text, file, &variables);
    let outcome = reader.program();
    let layer = layer_of(&reader, outcome);
    if layer.broken {
        return Err(layer.faults);
    }
    let name = keys::canonical(key.name);
    if layer.values.get(&name).is_some_and(|found| found.kind == value.kind()) {
        return Ok(bytes.to_vec());
    }
    let by_hand = |problem: &str| {
        let place = layer.values.get(&name).map_or_else(|| FaultPlace::file(file), |found| found.place.clone());
        vec![place.of(key.name).fault(problem, format!("write {} there by hand", value.text('\'')))]
    };
    let changes = changes(&reader, &before.text, key, value)
        .ok_or_else(|| by_hand("is set in a way that cannot be edited by this command"))?;
    let after = before.with(changes.into_iter().map(|change| (change.from..change.to, change.text)).collect());
    let again = read_text(&Decoded::new(&after).text, file, environment);
    if again.broken || !only_differs_in(&layer, &again, &name, &value.kind()) {
        return Err(by_hand("cannot be set by this command without changing other settings"));
    }
    Ok(after)
}

fn only_differs_in(before: &Layer, after: &Layer, name: &str, value: &ValueKind) -> bool {
    let kinds = |layer: &Layer| {
        let others = layer.values.iter().filter(|(key, _)| *key != name);
        others.map(|(key, found)| (key.clone(), found.kind.clone())).collect::<Vec<_>>()
    };
    kinds(before) == kinds(after) && after.values.get(name).is_some_and(|found| found.kind == *value)
}

fn changes(reader: &SourceReader<'_>, text: &[char], key: Key, value: &Written) -> Option<Vec<Change>> {
    let Js::Object(index) = reader.exports else { return None };
    let object: &Object = &reader.objects[index];
    if let Some(entry) = object.entries.iter().find(|entry| entry.key == key.name) {
        return replace(text, entry, value).map(|change| vec![change]);
    }
    match &object.literal {
        Some(literal) => Some(revive(text, literal, key, value).unwrap_or_else(|| add(text, literal, key, value))),
        None => Some(vec![append(text, key, value)]),
    }
}

fn replace(text: &[char], entry: &Entry, value: &Written) -> Option<Change> {
    match entry.value_end {
        Some(end) => {
            let quote = text.get(entry.value_at).copied().filter(|c| matches!(c, '"' | '\'')).unwrap_or('\'');
            Some(Change { from: entry.value_at, to: end, text: value.text(quote) })
        }
        // `{ key }` becomes `{ key: value }`; a method has no place for a value.
        None if entry.value_at == entry.key_at && !matches!(entry.value, Js::Unreadable(_)) => {
            let end = entry.key_at + entry.key.chars().count();
            Some(Change::insert(end, format!(": {}", value.text('\''))))
        }
        None => None,
    }
}

/// Brings the line of a key to life that is commented out.
fn revive(text: &[char], literal: &Literal, key: Key, value: &Written) -> Option<Vec<Change>> {
    let (found, gap) = literal.gaps.iter().find_map(|gap| Some((commented_out(text, *gap, key.name)?, *gap)))?;
    let written = format!("{}: {},", key.name, value.text(found.quote));
    let mut changes = vec![Change { from: found.from, to: found.to, text: written }];
    // The item before it may have been the last one.
    changes.extend(comma_behind_last(literal).filter(|comma| comma.from <= gap.0));
    Some(changes)
}

fn comma_behind_last(literal: &Literal) -> Option<Change> {
    let (_, end) = literal.last?;
    literal.comma_end.is_none().then(|| Change::insert(end, ","))
}

fn add(text: &[char], literal: &Literal, key: Key, value: &Written) -> Vec<Change> {
    let item = format!("{}: {}", key.name, value.text('\''));
    let Some((first, end)) = literal.last else {
        return vec![Change::insert(literal.open + 1, format!(" {item} "))];
    };
    let trailing = if literal.comma_end.is_some() { "," } else { "" };
    let Some(line) = own_line(text, literal.close) else {
        return match literal.comma_end {
            Some(comma) => vec![Change::insert(comma, format!(" {item},"))],
            None => vec![Change::insert(end, format!(", {item}"))],
        };
    };
    // A line of its own before that of the closing bracket.
    let (first_line, line_end) = (line_start(text, first), line_end_before(text, line));
    let indent: String = text[first_line..].iter().take_while(|c| matches!(c, ' ' | '\t')).collect();
    let mut changes = vec![Change::insert(line, format!("{indent}{item}{trailing}{line_end}"))];
    changes.extend(comma_behind_last(literal));
    changes
}

/// For a file that only assigns to `exports`.
fn append(text: &[char], key: Key, value: &Written) -> Change {
    let end = text.len();
    let line_end = text.iter().position(|c| *c == '\n').map_or("\n", |at| line_end_before(text, at + 1));
    let gap = if end == 0 || super::cursor::ends_line(text[end - 1]) { "" } else { line_end };
    Change::insert(end, format!("{gap}exports.{} = {};{line_end}", key.name, value.text('\'')))
}

fn line_start(text: &[char], at: usize) -> usize {
    text[..at].iter().rposition(|c| super::cursor::ends_line(*c)).map_or(0, |end| end + 1)
}

/// The beginning of the line of `at`, if only space stands before it there.
fn own_line(text: &[char], at: usize) -> Option<usize> {
    let start = line_start(text, at);
    (start > 0 && text[start..at].iter().all(|c| c.is_whitespace())).then_some(start)
}

/// How the line before the position ends.
fn line_end_before(text: &[char], at: usize) -> &'static str {
    match text[..at] {
        [.., '\r', '\n'] => "\r\n",
        [.., '\r'] => "\r",
        _ => "\n",
    }
}
