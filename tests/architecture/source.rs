//! Rust sources as the rules want them: words without comments, module paths, test code set apart.

use proc_macro2::{Delimiter, Group, Spacing, TokenStream, TokenTree};
use std::collections::BTreeSet;
use std::fs;
use std::ops::Range;
use std::path::Path;

/// Words after which an item begins; anything else under `#[cfg(test)]` is beyond this reader.
const ITEMS: [&str; 14] = [
    "async",
    "const",
    "enum",
    "extern",
    "fn",
    "impl",
    "macro_rules",
    "mod",
    "pub",
    "static",
    "struct",
    "trait",
    "type",
    "use",
];

/// One file below `src`.
pub struct Source {
    /// Relative to `src`, with `/`.
    pub path: String,
    pub text: String,
    /// The words of its production code.
    pub words: Vec<Word>,
    /// Lines that are not test code.
    pub production_lines: usize,
    /// Whether all of it is test code: it, or a module above it, is declared under `#[cfg(test)]`.
    pub test_only: bool,
    test_modules: Vec<String>,
}

/// An identifier, a literal, or one sign (`::` counts as one).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// As it is written, a text with its quotes.
    pub text: String,
    /// From 1.
    pub line: usize,
}

/// All sources below a folder.
pub fn read(src: &Path) -> Vec<Source> {
    let mut found = Vec::new();
    collect(src, "", &mut found);
    judge(found)
}

/// Sources from memory: path and text.
pub fn judge(files: impl IntoIterator<Item = (String, String)>) -> Vec<Source> {
    let mut sources: Vec<Source> = files.into_iter().map(|(path, text)| Source::new(path, text)).collect();
    let tests: BTreeSet<String> = sources.iter().flat_map(|s| s.test_modules.clone()).collect();
    for source in &mut sources {
        let path = source.module();
        source.test_only = (1..=path.len()).any(|n| tests.contains(&path[..n].join("::")));
    }
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    sources
}

fn collect(folder: &Path, below: &str, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).expect("src can be listed") {
        let entry = entry.expect("src can be listed");
        let name = format!("{below}{}", entry.file_name().to_str().expect("names in src are plain"));
        if entry.path().is_dir() {
            collect(&entry.path(), &format!("{name}/"), found);
        } else if entry.path().extension().is_some_and(|extension| extension == "rs") {
            found.push((name, fs::read_to_string(entry.path()).expect("a source can be read")));
        }
    }
}

impl Source {
    fn new(path: String, text: String) -> Self {
        let all = words(&text, &path);
        let tests = test_items(&all, &path);
        let mut lines: BTreeSet<usize> = (1..=text.lines().count()).collect();
        let mut test_modules = Vec::new();
        for item in &tests {
            lines.retain(|n| !(all[item.start].line..=all[item.end - 1].line).contains(n));
            if let [.., keyword, name, end] = &all[item.clone()]
                && keyword.text == "mod"
                && end.text == ";"
            {
                test_modules.push(name.text.clone());
            }
        }
        let production = |at: &usize| !tests.iter().any(|item| item.contains(at));
        let words = (0..all.len()).filter(production).map(|at| all[at].clone()).collect();
        let mut source =
            Self { path, text, words, production_lines: lines.len(), test_only: false, test_modules: Vec::new() };
        let below = source.module();
        source.test_modules =
            test_modules.into_iter().map(|name| [below.as_slice(), &[name]].concat().join("::")).collect();
        source
    }

    /// The module the file is: `web/pages/mod.rs` is `["web", "pages"]`, `lib.rs` is `[]`.
    pub fn module(&self) -> Vec<String> {
        let path = self.path.trim_end_matches(".rs");
        let mut parts: Vec<String> = path.split('/').map(str::to_owned).collect();
        if parts.last().is_some_and(|last| last == "mod") || path == "lib" {
            parts.pop();
        }
        parts
    }

    /// Every path into this crate that production code names, from the crate's root, with its line.
    pub fn uses(&self) -> Vec<(Vec<String>, usize)> {
        let mut found = Vec::new();
        let mut module = self.module();
        // How deep the braces are, and where inline modules began.
        let (mut depth, mut inline) = (0, Vec::new());
        for (at, word) in self.words.iter().enumerate() {
            match word.text.as_str() {
                "{" => {
                    depth += 1;
                    if at >= 2 && self.words[at - 2].text == "mod" {
                        module.push(self.words[at - 1].text.clone());
                        inline.push(depth);
                    }
                }
                "}" => {
                    if inline.last() == Some(&depth) {
                        inline.pop();
                        module.pop();
                    }
                    depth -= 1;
                }
                "crate" | "ecss_crm_server" if self.begins_path(at) => self.tree(at + 1, Vec::new(), &mut found),
                "super" if self.begins_path(at) => {
                    let ups = self.words[at..].iter().step_by(2).take_while(|w| w.text == "super").count();
                    let left = module.len().saturating_sub(ups);
                    self.tree(at + 2 * ups - 1, module[..left].to_vec(), &mut found);
                }
                _ => {}
            }
        }
        found
    }

    fn begins_path(&self, at: usize) -> bool {
        let is_colons = |at: usize| self.words.get(at).is_some_and(|w| w.text == "::");
        is_colons(at + 1) && !at.checked_sub(1).is_some_and(is_colons)
    }

    /// Follows `::name` and `::{…}` from `at`; every end of a branch is a path.
    fn tree(&self, mut at: usize, mut path: Vec<String>, found: &mut Vec<(Vec<String>, usize)>) {
        let line = self.words[at - 1].line;
        while self.words.get(at).is_some_and(|w| w.text == "::") {
            let next = self.words.get(at + 1).map_or("", |w| w.text.as_str());
            if next == "{" {
                return self.branches(at + 2, &path, found);
            }
            if !next.starts_with(|c: char| c.is_alphabetic() || c == '_') {
                break;
            }
            path.push(next.to_owned());
            at += 2;
        }
        if !path.is_empty() {
            found.push((path, line));
        }
    }

    fn branches(&self, mut at: usize, path: &[String], found: &mut Vec<(Vec<String>, usize)>) {
        let mut depth = 1;
        let mut begins = true;
        while depth > 0 && at < self.words.len() {
            let text = self.words[at].text.as_str();
            match text {
                "{" => depth += 1,
                "}" => depth -= 1,
                _ => {}
            }
            if begins && depth == 1 {
                match text {
                    "self" | "*" => found.push((path.to_vec(), self.words[at].line)),
                    _ => self.tree(at + 1, [path, &[text.to_owned()]].concat(), found),
                }
            }
            begins = depth == 1 && text == ",";
            at += 1;
        }
    }
}

/// Items under `#[cfg(test)]`, attribute included.
fn test_items(words: &[Word], path: &str) -> Vec<Range<usize>> {
    const MARK: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let mut items: Vec<Range<usize>> = Vec::new();
    for at in 0..words.len() {
        let marked = words[at..].iter().map(|w| w.text.as_str()).take(MARK.len()).eq(MARK);
        if marked && items.last().is_none_or(|last| last.end <= at) {
            items.push(at..item_end(words, at, path));
        }
    }
    items
}

fn item_end(words: &[Word], mut at: usize, path: &str) -> usize {
    while words[at].text == "#" {
        at = closing(words, at + 1) + 1;
    }
    let (first, line) = (words[at].text.as_str(), words[at].line);
    assert!(ITEMS.contains(&first), "{path}:{line}: `{first}` under #[cfg(test)] is not understood by this test");
    // The braces of a `use` are followed by its semicolon.
    let ends_with_brace = first != "use" && !(first == "pub" && words[at..].iter().take(5).any(|w| w.text == "use"));
    loop {
        match words[at].text.as_str() {
            ";" => return at + 1,
            "{" if ends_with_brace => return closing(words, at) + 1,
            "(" | "[" | "{" => at = closing(words, at) + 1,
            _ => at += 1,
        }
    }
}

/// Where the bracket at `at` closes.
fn closing(words: &[Word], at: usize) -> usize {
    let mut depth = 0;
    for (n, word) in words.iter().enumerate().skip(at) {
        match word.text.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return n;
        }
    }
    words.len() - 1
}

/// Cuts a source into words, as the compiler does. Comments go, also those that document something.
fn words(text: &str, path: &str) -> Vec<Word> {
    let tokens: TokenStream = text.parse().unwrap_or_else(|fault| panic!("{path} is no Rust: {fault}"));
    let mut words = Vec::new();
    flatten(tokens, &mut words);
    words
}

fn flatten(tokens: TokenStream, words: &mut Vec<Word>) {
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let line = token.span().start().line;
        let text = match token {
            TokenTree::Group(group) if is_doc_comment(&group, words) => {
                let signs = words.iter().rev().take_while(|word| matches!(word.text.as_str(), "#" | "!")).count();
                words.truncate(words.len() - signs);
                continue;
            }
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => unreachable!("only macros make such groups"),
                };
                words.push(Word { text: open.to_owned(), line });
                flatten(group.stream(), words);
                words.push(Word { text: close.to_owned(), line: group.span_close().start().line });
                continue;
            }
            TokenTree::Punct(sign) => {
                let follows = |next: &TokenTree| matches!(next, TokenTree::Punct(next) if next.as_char() == ':');
                let joint = sign.as_char() == ':' && sign.spacing() == Spacing::Joint;
                match tokens.next_if(|next| joint && follows(next)) {
                    Some(_) => "::".to_owned(),
                    None => sign.to_string(),
                }
            }
            other => other.to_string(),
        };
        words.push(Word { text, line });
    }
}

/// `[doc = "…"]` behind `#` or `#!`, which is how the compiler reads `///` and `//!`.
fn is_doc_comment(group: &Group, before: &[Word]) -> bool {
    let is_attribute = before.last().is_some_and(|word| matches!(word.text.as_str(), "#" | "!"));
    let mut inner = group.stream().into_iter();
    is_attribute
        && group.delimiter() == Delimiter::Bracket
        && matches!(inner.next(), Some(TokenTree::Ident(name)) if name == "doc")
        && matches!(inner.next(), Some(TokenTree::Punct(sign)) if sign.as_char() == '=')
}
