//! Directives and their blocks, with each included file in the place where it is included.

use super::tokens::{TokenKind, tokens};
use super::{ConfigurationFault, FaultKind};
use std::rc::Rc;

/// Blocks within blocks, and files within files.
const DEEPEST: usize = 40;

/// Directives with all that is included; each inclusion counts anew.
const MOST: usize = 200_000;

/// What `nginx -T` writes above each file.
const MARK: &str = "# configuration file ";

/// Where a directive stands; lines are those of its own file, counted from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DirectivePlace {
    pub file: Rc<str>,
    pub line: usize,
}

/// A directive with its words, the name first.
#[derive(Debug, Clone)]
pub(super) struct Directive {
    pub words: Vec<String>,
    pub place: DirectivePlace,
    /// What stands in its braces; empty where it has none.
    pub inner: Vec<Directive>,
}

impl Directive {
    pub fn name(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }

    pub fn arguments(&self) -> &[String] {
        self.words.get(1..).unwrap_or_default()
    }

    /// As it is written, with its place.
    pub fn shown(&self) -> String {
        format!("{} ({}:{})", self.words.join(" "), self.place.file, self.place.line)
    }
}

/// The whole configuration; the first file is the main one.
pub(super) fn directives(text: &str) -> Result<Vec<Directive>, ConfigurationFault> {
    let mut files = Vec::new();
    for (file, contents) in files_of(text) {
        let file: Rc<str> = file.into();
        let read = parse(&file, &contents).map_err(|fault| fault.of_file(&file))?;
        files.push((file, read));
    }
    let (main, read) = files.first().cloned().ok_or_else(|| FaultKind::NoServer.at(1))?;
    let folder = main.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
    Includer { files: &files, folder, count: 0 }.included(&read, 0)
}

/// What stands above the first mark are remarks of nginx; a text without marks is one file.
fn files_of(text: &str) -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = Vec::new();
    for line in text.split_inclusive('\n') {
        let marked = line.strip_prefix(MARK).and_then(|rest| rest.trim_end().strip_suffix(':'));
        match (marked, files.last_mut()) {
            (Some(path), _) => files.push((path.to_owned(), String::new())),
            (None, Some((_, contents))) => contents.push_str(line),
            (None, None) => {}
        }
    }
    if files.is_empty() { vec![("nginx.conf".to_owned(), text.to_owned())] } else { files }
}

fn parse(file: &Rc<str>, text: &str) -> Result<Vec<Directive>, ConfigurationFault> {
    let mut open: Vec<Directive> = Vec::new();
    let mut done: Vec<Directive> = Vec::new();
    let mut words: Vec<String> = Vec::new();
    let mut begun = 1;
    for token in tokens(text)? {
        let line = token.line;
        if let TokenKind::Word(word) = token.kind {
            begun = if words.is_empty() { line } else { begun };
            words.push(word);
            continue;
        }
        let closes = token.kind == TokenKind::Close;
        if closes != words.is_empty() {
            return Err(FaultKind::Unexpected(if closes { "}" } else { "; or {" }).at(line));
        }
        let place = DirectivePlace { file: Rc::clone(file), line: begun };
        let directive = Directive { words: std::mem::take(&mut words), place, inner: Vec::new() };
        let ended = match token.kind {
            TokenKind::Open if open.len() == DEEPEST => return Err(FaultKind::TooDeep.at(line)),
            TokenKind::Open => {
                open.push(directive);
                continue;
            }
            TokenKind::Close => open.pop().ok_or_else(|| FaultKind::Unexpected("}").at(line))?,
            TokenKind::Semicolon | TokenKind::Lua | TokenKind::Word(_) => directive,
        };
        open.last_mut().map_or(&mut done, |outer| &mut outer.inner).push(ended);
    }
    match (open.last(), words.is_empty()) {
        (Some(outer), _) => Err(FaultKind::OpenBlock.at(outer.place.line)),
        (None, false) => Err(FaultKind::NoEnd.at(begun)),
        (None, true) => Ok(done),
    }
}

struct Includer<'a> {
    files: &'a [(Rc<str>, Vec<Directive>)],
    folder: String,
    count: usize,
}

impl Includer<'_> {
    fn included(&mut self, read: &[Directive], depth: usize) -> Result<Vec<Directive>, ConfigurationFault> {
        let mut whole = Vec::new();
        for directive in read {
            let place = &directive.place;
            self.count += 1;
            if depth > DEEPEST || self.count > MOST {
                return Err(FaultKind::TooDeep.at(place.line).of_file(&place.file));
            }
            if let ("include", [path]) = (directive.name(), directive.arguments()) {
                let path = if path.starts_with('/') { path.clone() } else { format!("{}/{path}", self.folder) };
                let files = self.files;
                let mut found = files.iter().filter(|(file, _)| fits(&path, file)).peekable();
                // A mask may find nothing; a name may not.
                if found.peek().is_none() && !(path.contains('*') && files.len() > 1) {
                    return Err(FaultKind::NotIncluded(path).at(place.line).of_file(&place.file));
                }
                for (_, read) in found {
                    whole.extend(self.included(read, depth + 1)?);
                }
            } else {
                let inner = self.included(&directive.inner, depth + 1)?;
                whole.push(Directive { words: directive.words.clone(), place: place.clone(), inner });
            }
        }
        Ok(whole)
    }
}

/// Whether a path fits a mask with `*` and `?`, neither of which stands for a slash.
fn fits(mask: &str, path: &str) -> bool {
    let mut starts = vec![true];
    starts.resize(path.len() + 1, false);
    for wanted in mask.bytes() {
        let mut next = vec![false; path.len() + 1];
        for (at, here) in path.bytes().enumerate() {
            let one = if wanted == b'?' { here != b'/' } else { here == wanted };
            match wanted {
                b'*' => next[at + 1] = (starts[at] || next[at]) && here != b'/',
                _ => next[at + 1] = starts[at] && one,
            }
        }
        if wanted == b'*' {
            next = next.iter().zip(&starts).map(|(after, before)| *after || *before).collect();
        }
        starts = next;
    }
    starts.last().copied().unwrap_or_default()
}
