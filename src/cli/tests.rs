//! The manual pages and the shell's completion name what the program has, all of it and nothing else.

use super::Cli;
use clap::CommandFactory as _;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

const ENGLISH: &str = include_str!("../../debian/man/ecss-crm-server.8");
const RUSSIAN: &str = include_str!("../../debian/man/ecss-crm-server.ru.8");
const COMPLETION: &str = include_str!("../../debian/ecss-crm-server.bash-completion");

/// Not in the package's build, so not in its pages.
const NOT_PACKAGED: &str = "sandbox";

/// Each command as it is typed, with its long options.
fn commands() -> BTreeMap<String, BTreeSet<String>> {
    let mut all = BTreeMap::new();
    let mut root = Cli::command();
    root.build();
    for command in root.get_subcommands().filter(|c| ![NOT_PACKAGED, "help"].contains(&c.get_name())) {
        let below: Vec<_> = command.get_subcommands().filter(|c| c.get_name() != "help").collect();
        if below.is_empty() {
            all.insert(command.get_name().to_owned(), options(command));
        }
        for one in below {
            all.insert(format!("{} {}", command.get_name(), one.get_name()), options(one));
        }
    }
    all
}

fn options(command: &clap::Command) -> BTreeSet<String> {
    let long = command.get_arguments().filter_map(|a| a.get_long());
    long.filter(|name| !["help", "version"].contains(name)).map(|name| format!("--{name}")).collect()
}

fn words_beginning(text: &str, with: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
    words.filter(|word| word.starts_with(with)).map(str::to_owned).collect()
}

/// The entries of a page's synopsis: what stands between the program's name and the next line break.
fn synopsis(page: &str) -> BTreeMap<String, BTreeSet<String>> {
    let text = page.replace("\\-", "-");
    let part = text.split(".SH ").nth(2).expect("a synopsis");
    let entries = part.split(".B ecss-crm-server").skip(1);
    let named = entries.filter_map(|entry| {
        let (first, _) = entry.split_once('\n')?;
        let name = first.trim();
        (!name.is_empty()).then(|| (name.to_owned(), words_beginning(entry, "--")))
    });
    named.collect()
}

#[test]
fn both_manual_pages_show_every_command_with_every_option() {
    for page in [ENGLISH, RUSSIAN] {
        assert_eq!(synopsis(page), commands());
    }
}

#[test]
fn both_manual_pages_explain_every_command_and_option() {
    for page in [ENGLISH, RUSSIAN] {
        let text = page.replace("\\-", "-");
        let explained = text.splitn(4, ".SH ").nth(3).expect("what follows the synopsis");
        let mut known = BTreeSet::from(["--help".to_owned(), "--version".to_owned()]);
        for (command, options) in commands() {
            let named = |macros: &str| {
                explained.contains(&format!("{macros} {command}"))
                    || explained.contains(&format!("{macros} \"{command}\""))
            };
            assert!(named(".B") || named(".BI"), "{command}");
            for option in options {
                assert!(words_beginning(explained, "--").contains(&option), "{command} {option}");
                known.insert(option);
            }
        }
        let strangers: Vec<_> = words_beginning(&text, "--").difference(&known).cloned().collect();
        assert_eq!(strangers, Vec::<String>::new());
    }
}

#[test]
fn the_shell_completes_every_command() {
    let listed = |name: &str| -> BTreeSet<String> {
        let (_, rest) = COMPLETION.split_once(&format!("{name}='")).expect("a list of words");
        rest.split('\'').next().unwrap_or_default().split(' ').map(str::to_owned).collect()
    };
    let mut wanted: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for command in commands().into_keys() {
        let (first, second) = command.split_once(' ').unwrap_or((&command, ""));
        wanted.entry("commands".to_owned()).or_default().insert(first.to_owned());
        if !second.is_empty() {
            wanted.entry(first.to_owned()).or_default().insert(second.to_owned());
        }
    }
    wanted.entry("commands".to_owned()).or_default().insert("help".to_owned());
    for (name, words) in wanted {
        assert_eq!(listed(&name), words, "{name}");
    }
}

/// Every text of ours that people read: sources, pages, manuals, the annotated settings.
fn texts() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders: Vec<PathBuf> =
        ["src", "templates", "debian", "config", "systemd"].iter().map(|f| root.join(f)).collect();
    let mut all = vec![root.join("README.md")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() { folders.push(path) } else { all.push(path) }
        }
    }
    let read = |path: PathBuf| std::fs::read_to_string(&path).ok().map(|text| (path, text));
    all.into_iter().filter_map(read).collect()
}

/// What is said to be typed: after the program's name in backticks or at a line's beginning, and in backticks alone
/// where it begins with the name of a group of commands.
fn typed_commands(text: &str) -> Vec<String> {
    // Sources break lines within a text.
    let text = text.replace("\\\n", " ");
    let quoted = text.split('`').skip(1).step_by(2).filter(|piece| !piece.contains("\n\n"));
    let lines = text.lines().filter(|line| line.trim_start().starts_with("ecss-crm-server "));
    let words = |piece: &str| piece.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let mut found = Vec::new();
    for (piece, alone) in quoted.map(|piece| (piece, true)).chain(lines.map(|line| (line, false))) {
        let mut piece = words(piece);
        let named = piece.first().is_some_and(|first| first == "ecss-crm-server");
        if named {
            piece.remove(0);
        }
        let is_word = |w: &String| w.len() > 1 && w.chars().all(|c| c.is_ascii_lowercase() || c == '-');
        let typed: Vec<String> = piece.into_iter().take(2).take_while(is_word).collect();
        let of_group = typed.len() == 2 && ["company", "config"].contains(&typed[0].as_str());
        if of_group || (named && alone && !typed.is_empty()) {
            found.push(typed.join(" "));
        }
    }
    found
}

#[test]
fn no_text_names_a_command_that_does_not_exist() {
    let commands = commands();
    let mut seen = BTreeSet::new();
    for (path, text) in texts() {
        for typed in typed_commands(&text) {
            let first = typed.split(' ').next().unwrap_or_default();
            let known = commands.contains_key(&typed) || commands.contains_key(first) || first == NOT_PACKAGED;
            assert!(known, "{}: {typed}", path.display());
            seen.insert(typed);
        }
    }
    assert!(seen.contains("company list") && seen.len() > 5, "the search itself must work: {seen:?}");
    assert_eq!(typed_commands("say `ecss-crm-server company \\\n   lists` or `config`"), ["company lists"]);
}
