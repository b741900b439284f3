//! Some hundreds of files, written by hand and by a generator, against what Node.js itself reads from them.
//!
//! What Node.js has read stands in `expected.json`, so that the comparison needs no Node.js. Where there is one, it is
//! asked as well. After a change of the files: `ECSS_CRM_WRITE_EXPECTED=1 cargo test --lib corpus`.

mod generated;
mod node;
mod written;

use super::tests::{ENVIRONMENT, MANUAL};
use super::{Layer, Written, read, set};
use crate::config::Fault;
use crate::config::keys::{self, KEYS, KeyKind};
use config::ValueKind;
use generated::Dice;
use node::{Node, ROOT};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A file of the corpus: name and contents.
type File = (String, Vec<u8>);

/// What Node.js reads: the exported settings, or nothing if it cannot load the file.
type Truth = Option<Map<String, Value>>;

const EXPECTED: &str = include_str!("expected.json");

fn corpus() -> Vec<File> {
    let mut files = written::files();
    files.extend(generated::files());
    files
}

fn layer(name: &str, contents: &[u8]) -> Layer {
    let environment: Vec<_> = ENVIRONMENT.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    read(contents, &format!("{ROOT}/srv/src/{name}"), &environment)
}

/// Our settings as Node.js would show them.
fn ours(layer: &Layer) -> Map<String, Value> {
    let shown = |kind: &ValueKind| match kind {
        ValueKind::Boolean(flag) => Value::from(*flag),
        ValueKind::I64(number) => Value::from(*number),
        ValueKind::Float(number) => Value::from(*number),
        ValueKind::Array(_) => Value::from("a list"),
        ValueKind::Table(_) => Value::from("an object"),
        other => Value::from(other.to_string()),
    };
    let key = |name: &str| keys::find(name).map(|key| key.name.to_owned());
    layer.values.iter().filter_map(|(name, found)| Some((key(name)?, shown(&found.kind)))).collect()
}

fn expected() -> BTreeMap<String, Truth> {
    serde_json::from_str(EXPECTED).unwrap()
}

#[test]
fn there_are_many_files_and_all_differ() {
    let files = corpus();
    assert!(files.len() >= 300, "{}", files.len());
    let names: std::collections::BTreeSet<_> = files.iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), files.len());
}

#[test]
fn every_file_is_read_as_node_reads_it() {
    let truths = expected();
    let files = corpus();
    assert_eq!(truths.len(), files.len(), "see the module for how to write the expectations anew");
    let (mut read_whole, mut wrong) = (0, Vec::new());
    for (name, contents) in &files {
        let layer = layer(name, contents);
        let reported: Vec<String> = layer.faults.iter().map(ToString::to_string).collect();
        let ours = ours(&layer);
        let right = match &truths[name] {
            Some(truth) if reported.is_empty() => {
                read_whole += 1;
                ours == *truth
            }
            // What we do not follow is told and never guessed.
            Some(truth) => name.starts_with("foreign") && ours.iter().all(|(key, value)| truth.get(key) == Some(value)),
            None => name.starts_with("broken") && !reported.is_empty(),
        };
        let placed = |fault: &Fault| fault.line.is_some() && fault.column.is_some() && !fault.remedy.is_empty();
        if !right || !layer.faults.iter().all(placed) {
            let text = String::from_utf8_lossy(contents);
            wrong.push(format!("{name}: {reported:?}\nours {ours:?}\nnode {:?}\n{text}", truths[name]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(read_whole >= 250, "{read_whole}");
}

#[test]
fn the_expectations_are_what_node_says_here() {
    let Some(node) = Node::find() else {
        eprintln!("skipped: there is no node here");
        return;
    };
    let truths = node.read(&corpus());
    if std::env::var_os("ECSS_CRM_WRITE_EXPECTED").is_some() {
        let lines: Vec<String> = truths
            .iter()
            .map(|(name, truth)| format!("{}:{}", Value::from(name.as_str()), serde_json::to_string(truth).unwrap()))
            .collect();
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/config/settings_js/corpus/expected.json");
        std::fs::write(path, format!("{{\n{}\n}}\n", lines.join(",\n"))).unwrap();
        return;
    }
    assert_eq!(truths, expected());
}

/// A new value for a key, of its type.
fn new_value(dice: &mut Dice, kind: KeyKind) -> Written {
    match kind {
        KeyKind::Flag => Written::Flag(dice.below(2) == 0),
        KeyKind::Number => Written::Number(1 + u32::try_from(dice.below(65_535)).unwrap()),
        KeyKind::Text | KeyKind::Retired => {
            let texts =
                ["", "/", "debug", "it's", "a \"b\" \\ c", "порт // x", "*/ }", "${x}`", "\u{1F600}\n\t", "\u{2028}'"];
            Written::Text(dice.one(&texts).to_owned())
        }
    }
}

/// A file, the key that is set again, its value, and the file afterwards.
type Edit = (File, &'static str, Written, Vec<u8>);

/// Each file with one key set again; also each key in the manual's file.
fn edits() -> Vec<Edit> {
    let mut dice = Dice::new(4);
    let (mut done, mut wrong) = (Vec::new(), Vec::new());
    let manual = KEYS
        .iter()
        .filter(|key| key.in_settings_js)
        .map(|key| (format!("manual-{}.js", key.name), MANUAL.into(), *key));
    let any = corpus().into_iter().map(|(name, contents)| {
        let settable: Vec<_> = KEYS.iter().filter(|key| key.in_settings_js).collect();
        (name, contents, *dice.one(&settable))
    });
    let cases: Vec<_> = any.collect();
    let mut dice = Dice::new(5);
    for (name, contents, key) in cases.into_iter().chain(manual) {
        let value = new_value(&mut dice, key.kind);
        let environment: Vec<_> = ENVIRONMENT.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let file = format!("{ROOT}/srv/src/{name}");
        match set(&contents, &file, &environment, key, &value) {
            Ok(after) => done.push(((name, contents), key.name, value, after)),
            Err(_) if name.starts_with("broken") || name.starts_with("foreign") => {}
            Err(faults) => {
                wrong.push(format!("{name}: {} {faults:?}\n{}", key.name, String::from_utf8_lossy(&contents)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    done
}

#[test]
fn an_edit_gives_exactly_the_new_value_and_nothing_else() {
    let edits = edits();
    assert!(edits.len() >= 250, "{}", edits.len());
    let wrong = edits.iter().filter(|((name, before), key, value, after)| {
        let mut wanted = ours(&layer(name, before));
        wanted.insert((*key).to_owned(), shown(value));
        ours(&layer(name, after)) != wanted
    });
    none(wrong);
}

#[test]
fn node_reads_the_same_from_an_edited_file() {
    let Some(node) = Node::find() else {
        eprintln!("skipped: there is no node here");
        return;
    };
    let edits = edits();
    let files = |side: fn(&Edit) -> File| edits.iter().map(side).collect::<Vec<_>>();
    let before = node.read(&files(|((name, before), ..)| (name.clone(), before.clone())));
    let after = node.read(&files(|((name, _), _, _, after)| (name.clone(), after.clone())));
    let wrong = edits.iter().filter(|((name, _), key, value, _)| {
        // We edit some files that Node.js refuses for a fault elsewhere, too.
        let Some(mut wanted) = before[name].clone() else { return false };
        wanted.insert((*key).to_owned(), shown(value));
        after[name].as_ref() != Some(&wanted)
    });
    none(wrong);
}

fn none<'e>(wrong: impl Iterator<Item = &'e Edit>) {
    let reported: Vec<String> = wrong
        .map(|((name, before), key, value, after)| {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            format!("{name}: {key} = {value:?}\n{}\n-- became\n{}", text(before), text(after))
        })
        .collect();
    assert!(reported.is_empty(), "{}", reported.join("\n\n"));
}

fn shown(value: &Written) -> Value {
    match value {
        Written::Text(text) => Value::from(text.as_str()),
        Written::Flag(flag) => Value::from(*flag),
        Written::Number(number) => Value::from(*number),
    }
}
