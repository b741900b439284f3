//! Rust sources as the rules want them: words without comments and strings, module paths, test code set apart.

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

/// An identifier, a number, or one sign (`::` counts as one).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// As it is written.
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
        let all = words(&text);
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

/// Cuts a source into words. Comments go, a string or character becomes the word `"`.
fn words(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let (mut rest, mut line) = (text, 1);
    while let Some(c) = rest.chars().next() {
        let (length, word) = match c {
            _ if rest.starts_with("//") => (rest.find('\n').unwrap_or(rest.len()), None),
            _ if rest.starts_with("/*") => (block_comment(rest), None),
            _ if rest.starts_with("::") => (2, Some("::")),
            '"' => (string(rest), Some("\"")),
            '\'' => match character(rest) {
                Some(length) => (length, Some("\"")),
                None => (1, Some("'")),
            },
            _ if raw_string(rest).is_some() => (raw_string(rest).expect("it was just found"), Some("\"")),
            _ if c.is_alphanumeric() || c == '_' => {
                let length = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
                (length, Some(&rest[..length]))
            }
            _ if c.is_whitespace() => (c.len_utf8(), None),
            _ => (c.len_utf8(), Some(&rest[..c.len_utf8()])),
        };
        if let Some(word) = word {
            words.push(Word { text: word.to_owned(), line });
        }
        line += rest[..length].matches('\n').count();
        rest = &rest[length..];
    }
    words
}

fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < text.len() {
        let rest = &text.as_bytes()[at..];
        match rest {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

/// Length of a string with its quotes.
fn string(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Length of `r"…"`, `r#"…"#` and the like.
fn raw_string(text: &str) -> Option<usize> {
    let begin = ["r", "br", "cr"].iter().find(|b| text.starts_with(*b) && text[b.len()..].starts_with(['"', '#']))?;
    let hashes = text[begin.len()..].bytes().take_while(|b| *b == b'#').count();
    let opening = begin.len() + hashes + 1;
    // `r#type` is a name.
    text[..opening.min(text.len())].ends_with('"').then(|| {
        let end = format!("\"{}", "#".repeat(hashes));
        text[opening..].find(&end).map_or(text.len(), |at| opening + at + end.len())
    })
}

/// Length of a character literal; nothing for a lifetime.
fn character(text: &str) -> Option<usize> {
    let mut chars = text.char_indices().skip(1);
    let (_, first) = chars.next()?;
    if first == '\\' {
        chars.next();
        return chars.find(|(_, c)| *c == '\'').map(|(at, _)| at + 1);
    }
    chars.next().filter(|(_, c)| *c == '\'').map(|(at, _)| at + 1)
}
