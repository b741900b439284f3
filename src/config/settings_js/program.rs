//! Statements: what a settings file does besides holding one literal.

use super::cursor::{Cursor, Stop, begins_name, in_name};
use super::reader::{Entry, SourceReader};
use super::skip::{Until, skip};
use super::value::{Js, Unread};

/// Statements without effect for us, as far as we can see.
pub type Ignored = Vec<Unread>;

/// What an assignment writes to.
enum AssignmentTarget {
    Exports,
    Variable(String),
    Key {
        object: usize,
        key: String,
        at: usize,
    },
    /// Nothing that matters to the settings.
    Elsewhere,
}

impl SourceReader<'_> {
    /// Reads to the end of the file; returns the statements that were stepped over.
    pub fn program(&mut self) -> Result<Ignored, Stop> {
        let mut ignored = Vec::new();
        loop {
            self.cursor.space()?;
            let start = self.cursor.at;
            match self.cursor.peek() {
                None => return Ok(ignored),
                Some(';') => {
                    self.cursor.at += 1;
                    continue;
                }
                Some(_) => {}
            }
            self.depth = 0;
            let unread = match self.statement() {
                Ok(None) => continue,
                Ok(Some(unread)) | Err(Stop::Foreign(unread)) => unread,
                Err(broken) => return Err(broken),
            };
            self.cursor.at = start;
            skip(&mut self.cursor, Until::Statement)?;
            let text = self.cursor.slice(start, self.cursor.at);
            if self.touches_settings(&text) {
                return Err(Stop::Broken(Unread {
                    at: start,
                    what: format!("this statement is not run ({})", unread.what),
                }));
            }
            ignored.push(Unread { at: start, what: unread.what });
        }
    }

    fn statement(&mut self) -> Result<Option<Unread>, Stop> {
        let start = self.cursor.at;
        let mut ahead = self.cursor.clone();
        match ahead.name().as_deref() {
            Some("var" | "let" | "const") if ahead.peek().is_some_and(|c| !in_name(c)) => {
                self.cursor = ahead;
                return self.declarations().map(|()| None);
            }
            Some(
                "if" | "for" | "while" | "do" | "switch" | "try" | "with" | "return" | "throw" | "export" | "import",
            ) => {
                return Err(Stop::broken(start, "this statement is not run, so nothing behind it is certain"));
            }
            Some(word @ ("function" | "class")) => {
                self.cursor = ahead;
                while self.cursor.peek().is_some_and(|c| c != '{') {
                    if self.cursor.peek() == Some('(') {
                        skip(&mut self.cursor, Until::Bracket)?;
                    } else {
                        self.cursor.at += 1;
                    }
                }
                if self.cursor.peek().is_none() {
                    return Err(Stop::broken(start, format!("this {word} has no body")));
                }
                return skip(&mut self.cursor, Until::Bracket).map(|_| None);
            }
            _ => {}
        }
        let (value, assigned) = self.assignment()?;
        self.end_of_statement(start)?;
        Ok(match value {
            Js::Unreadable(unread) if !assigned => Some(unread),
            _ => None,
        })
    }

    fn declarations(&mut self) -> Result<(), Stop> {
        loop {
            self.cursor.space()?;
            let at = self.cursor.at;
            let names = self.declared(at)?;
            self.cursor.space()?;
            let value = if self.cursor.eat("=") { self.initial_value(at)? } else { Js::Undefined };
            for (name, member) in names {
                let value = member.map_or_else(|| value.clone(), |member| self.member(&value, &member, at));
                self.bounds.made(&value, at)?;
                self.variables.insert(name, value);
            }
            let before = self.cursor.clone();
            self.cursor.space()?;
            if !self.cursor.eat(",") {
                self.cursor = before;
                return self.end_of_statement(at);
            }
        }
    }

    /// The name that is declared, or several with the members that they are taken from: `{ a, b: c }`.
    fn declared(&mut self, at: usize) -> Result<Vec<(String, Option<String>)>, Stop> {
        let foreign = || Stop::foreign(at, "this declaration is not followed");
        if !self.cursor.eat("{") {
            return Ok(vec![(self.cursor.name().ok_or_else(foreign)?, None)]);
        }
        let mut names = Vec::new();
        loop {
            self.cursor.space()?;
            if self.cursor.eat("}") {
                return Ok(names);
            }
            let member = self.cursor.name().ok_or_else(foreign)?;
            self.cursor.space()?;
            let name = if self.cursor.eat(":") {
                self.cursor.space()?;
                self.cursor.name().ok_or_else(foreign)?
            } else {
                member.clone()
            };
            names.push((name, Some(member)));
            self.cursor.space()?;
            if !self.cursor.eat(",") && !self.cursor.looking_at("}") {
                return Err(foreign());
            }
        }
    }

    /// The value of a declaration or assignment. One that cannot be followed is only a fault where it is used.
    fn initial_value(&mut self, at: usize) -> Result<Js, Stop> {
        self.cursor.space()?;
        let (start, depth) = (self.cursor.at, self.depth);
        // `a = b = c = …` goes as deep as it is long.
        self.deeper(start)?;
        let read = self.assignment();
        if !matches!(read, Ok((_, true))) {
            self.item_end = self.cursor.at;
        }
        let unread = match read {
            Ok((value, _)) if self.end_of_statement(at).is_ok() || self.comma_follows() => {
                self.depth = depth;
                return Ok(value);
            }
            Ok(_) => Unread { at: start, what: "this expression is not followed".to_owned() },
            Err(Stop::Foreign(unread)) => unread,
            Err(broken) => return Err(broken),
        };
        self.depth = depth;
        self.cursor.at = start;
        self.item_end = skip(&mut self.cursor, Until::Statement)?;
        Ok(Js::Unreadable(unread))
    }

    fn comma_follows(&mut self) -> bool {
        let mut ahead = self.cursor.clone();
        ahead.space().is_ok() && ahead.peek() == Some(',')
    }

    /// `a = b = value` or just a value; returns whether anything was assigned.
    fn assignment(&mut self) -> Result<(Js, bool), Stop> {
        let start = self.cursor.clone();
        let Some(target) = self.target()? else {
            self.cursor = start;
            return Ok((self.expression()?, false));
        };
        self.cursor.space()?;
        let value_at = self.cursor.at;
        let value = self.initial_value(value_at)?;
        if matches!(value, Js::Unreadable(_)) {
            let text = self.cursor.slice(value_at, self.item_end);
            if self.touches_settings(&text) {
                return Err(Stop::foreign(value_at, "this could change other settings"));
            }
        }
        match target {
            AssignmentTarget::Exports => self.exports = value.clone(),
            AssignmentTarget::Variable(name) => drop(self.variables.insert(name, value.clone())),
            AssignmentTarget::Key { object, key, at } => {
                let value_end = Some(self.item_end);
                let entry = Entry { key, key_at: at, value: value.clone(), value_at, value_end };
                self.objects[object].set(entry);
            }
            AssignmentTarget::Elsewhere => {}
        }
        Ok((value, true))
    }

    /// What stands before a single `=`, if one follows.
    fn target(&mut self) -> Result<Option<AssignmentTarget>, Stop> {
        self.cursor.space()?;
        let Some(first) = self.cursor.name() else { return Ok(None) };
        let mut owner = None;
        let mut last = (first, self.cursor.at);
        loop {
            self.cursor.space()?;
            let at = self.cursor.at;
            let key = if self.cursor.eat(".") {
                self.cursor.space()?;
                self.cursor.name()
            } else if self.cursor.eat("[") {
                let key = self.expression()?.text();
                self.expect(']')?;
                key
            } else {
                break;
            };
            let Some(key) = key else { return Ok(None) };
            owner = Some(self.value_of(owner, &last.0));
            last = (key, at);
        }
        if !self.cursor.looking_at("=") || self.cursor.looking_at("==") || self.cursor.looking_at("=>") {
            return Ok(None);
        }
        self.cursor.at += 1;
        let (key, at) = last;
        Ok(Some(match owner {
            None => AssignmentTarget::Variable(key),
            Some(Js::Module) if key == "exports" => AssignmentTarget::Exports,
            Some(Js::Object(object)) => AssignmentTarget::Key { object, key, at },
            Some(_) => AssignmentTarget::Elsewhere,
        }))
    }

    /// The value of `name`, as a variable or as a member of `owner`.
    fn value_of(&self, owner: Option<Js>, name: &str) -> Js {
        match owner {
            None => self.named(name, 0).unwrap_or(Js::Undefined),
            Some(owner) => self.member(&owner, name, 0),
        }
    }

    fn end_of_statement(&mut self, start: usize) -> Result<(), Stop> {
        let mut ahead: Cursor<'_> = self.cursor.clone();
        let line_ended = ahead.space()?;
        match ahead.peek() {
            None => Ok(()),
            Some(';') => {
                self.cursor = ahead;
                Ok(())
            }
            Some(_) if line_ended => Ok(()),
            Some(_) => Err(Stop::foreign(start, "this statement is not followed")),
        }
    }

    /// Whether running this text could change what the file exports.
    fn touches_settings(&self, text: &str) -> bool {
        if text.starts_with("console.") {
            return false;
        }
        let holds_object = |name: &str| matches!(self.variables.get(name), Some(Js::Object(_)));
        text.split(|c: char| !in_name(c))
            .filter(|word| word.chars().next().is_some_and(begins_name))
            .any(|word| word == "exports" || word == "module" || holds_object(word))
    }
}
