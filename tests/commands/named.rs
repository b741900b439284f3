//! Every command that a text of ours names can be typed: texts on pages, in the log and in the manuals alike.

use super::tool::Place;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Where texts for people stand.
const PLACES: [&str; 8] = ["src", "templates", "static", "config", "debian", "README.md", "SECURITY.md", "systemd"];

/// Words that follow the program's name where no command is named: files, units, sentences.
const NO_COMMANDS: [&str; 7] = ["and", "authors", "behind", "for", "package", "takes", "yet"];

fn files(path: &Path, found: &mut Vec<PathBuf>) {
    if path.is_dir() {
        for entry in fs::read_dir(path).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            files(&entry, found);
        }
    } else if path.exists() {
        found.push(path.to_owned());
    }
}

/// The command that a piece of text begins with, and the options right behind it.
fn command(text: &str) -> Option<(String, Vec<String>)> {
    let is_word = |word: &&str| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    let line = text.lines().next().unwrap_or_default();
    // A sentence ends, a quotation ends; what comes after it is no part of the command.
    let line =
        line.split(['`', '"', '\'', '.', ',', ';', ':', '<', '|', '(', ')', '&', '»', '”']).next().unwrap_or_default();
    let mut words = line.split_whitespace();
    let name = words.next().filter(is_word).filter(|name| !name.starts_with('-'))?;
    let options = words.filter(|word| word.starts_with("--") && is_word(word)).map(str::to_owned).collect();
    Some((name.to_owned(), options))
}

/// Everything that is written behind the program's name, each with where it stands.
fn named() -> BTreeMap<(String, Vec<String>), String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = Vec::new();
    for place in PLACES {
        files(&root.join(place), &mut all);
    }
    let mut named = BTreeMap::new();
    for file in all {
        let Ok(text) = fs::read_to_string(&file) else { continue };
        // Manuals write the hyphen as \-.
        let text = text.replace("\\-", "-");
        for (at, name) in text.match_indices("ecss-crm-server ") {
            let before = text[..at].chars().next_back();
            let stands_alone = before.is_none_or(|c| !c.is_alphanumeric() && !matches!(c, '/' | '-' | '.' | '_' | '='));
            if let Some(command) = command(&text[at + name.len()..]).filter(|_| stands_alone) {
                named.entry(command).or_insert_with(|| file.display().to_string());
            }
        }
    }
    named
}

/// The words that a help text lists: commands at the beginning of a line, options anywhere.
fn listed(help: &str) -> BTreeSet<String> {
    let commands = help.lines().filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next());
    let options =
        help.split_whitespace().map(|word| word.trim_matches(|c: char| !c.is_ascii_alphanumeric() && c != '-'));
    commands.chain(options.filter(|word| word.starts_with("--"))).map(str::to_owned).collect()
}

#[test]
fn no_text_names_a_command_or_an_option_that_does_not_exist() {
    let place = Place::new();
    let commands = listed(&place.run(&["--help"]).out);
    assert!(commands.contains("doctor") && commands.contains("check-config"), "{commands:?}");
    let named = named();
    let mut unknown = Vec::new();
    let mut tried = BTreeSet::new();
    for ((name, options), file) in &named {
        if NO_COMMANDS.contains(&name.as_str()) {
            continue;
        }
        if !commands.contains(name) {
            unknown.push(format!("{file}: ecss-crm-server {name}"));
            continue;
        }
        tried.insert(name.as_str());
        // Of a command with commands of its own its options stand further down.
        let help = ["list", "show", "forget", "get", "set"].map(|inner| place.run(&[name, inner, "--help"]).out);
        let known = listed(&(help.join("\n") + &place.run(&[name, "--help"]).out));
        unknown.extend(options.iter().filter(|o| !known.contains(*o)).map(|o| format!("{file}: {name} {o}")));
    }
    assert!(unknown.is_empty(), "{unknown:#?}");
    for wanted in ["doctor", "check-config", "gen-cert", "backup", "company"] {
        assert!(tried.contains(wanted), "{wanted} is named somewhere: {tried:?}");
    }
}
