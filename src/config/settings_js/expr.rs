//! What operators work on: literals, names, `process.env`, a few built-ins.
//!
//! Nothing is run. What is not followed becomes [`Js::Unreadable`] and spoils only what depends on it.

use super::cursor::{Stop, begins_name};
use super::operators::unreadable_of;
use super::reader::SourceReader;
use super::skip::{Until, skip};
use super::value::{Js, Unread};
use super::{calls, paths};

impl SourceReader<'_> {
    /// A value with its `.member`, `[index]` and `(call)` parts.
    pub fn postfix(&mut self) -> Result<Js, Stop> {
        let start = self.cursor.at;
        let mut value = self.primary()?;
        self.bounds.made(&value, start)?;
        loop {
            let before = self.cursor.clone();
            self.cursor.space()?;
            if self.cursor.eat("?.") || (self.cursor.looking_at(".") && self.cursor.eat(".")) {
                self.cursor.space()?;
                let Some(name) = self.cursor.name() else {
                    return Err(Stop::foreign(start, "this expression is not followed"));
                };
                value = self.member(&value, &name, start);
            } else if self.cursor.eat("[") {
                let key = self.expression()?;
                self.expect(']')?;
                value = match key.text() {
                    Some(name) => self.member(&value, &name, start),
                    None => unreadable_of(&key, &key, start, "this index is not followed"),
                };
            } else if self.cursor.eat("(") {
                let arguments = self.items(')')?;
                value = self.apply(&value, &arguments, start)?;
            } else {
                // A line end here may end the statement, so the space is given back.
                self.cursor = before;
                return Ok(value);
            }
            self.bounds.made(&value, start)?;
        }
    }

    fn primary(&mut self) -> Result<Js, Stop> {
        self.cursor.space()?;
        let at = self.cursor.at;
        match self.cursor.peek() {
            Some('"' | '\'') => Ok(Js::Text(self.cursor.string()?)),
            Some('`') => self.template(),
            Some(c) if c.is_ascii_digit() || (c == '.' && !self.cursor.looking_at("...")) => {
                Ok(Js::Number(self.cursor.number()?))
            }
            Some('{') => self.object(),
            Some('[') => {
                self.cursor.at += 1;
                self.items(']').map(|_| Js::List)
            }
            Some('(') => {
                self.cursor.at += 1;
                self.cursor.space()?;
                if self.cursor.looking_at(")") {
                    return Err(Stop::foreign(at, "functions are not run"));
                }
                let value = self.expression()?;
                self.expect(')')?;
                Ok(value)
            }
            Some(c) if begins_name(c) => {
                let name = self.cursor.name().unwrap_or_default();
                self.named(&name, at)
            }
            _ => Err(Stop::foreign(at, "this expression is not followed")),
        }
    }

    pub fn named(&self, name: &str, at: usize) -> Result<Js, Stop> {
        Ok(match name {
            "undefined" => Js::Undefined,
            "null" => Js::Null,
            "true" => Js::Bool(true),
            "false" => Js::Bool(false),
            "NaN" => Js::Number(f64::NAN),
            "Infinity" => Js::Number(f64::INFINITY),
            "function" | "async" | "class" | "new" | "await" | "delete" | "void" | "import" => {
                return Err(Stop::foreign(at, format!("{name} is not run")));
            }
            _ => match self.variables.get(name) {
                // Told where it is used: there stands the setting that wants a value.
                Some(Js::Unreadable(_)) => {
                    Js::Unreadable(Unread { at, what: format!("{name} has no value that can be read") })
                }
                Some(value) => value.clone(),
                None => match name {
                    "process" => Js::Process,
                    "module" => Js::Module,
                    "exports" | "this" => Js::Object(0),
                    "__dirname" => Js::Text(paths::folder_of(&paths::absolute(self.file))),
                    "__filename" => Js::Text(paths::absolute(self.file)),
                    _ => match calls::BUILT_INS.iter().find(|known| **known == name) {
                        Some(known) => Js::Function(known),
                        None => Js::Unreadable(Unread { at, what: format!("{name} has no value that can be read") }),
                    },
                },
            },
        })
    }

    pub fn member(&self, owner: &Js, name: &str, at: usize) -> Js {
        match (owner, name) {
            (Js::Process, "env") => Js::Environment,
            (Js::Environment, _) => match self.environment.get(name) {
                Some(value) => Js::Text((*value).to_owned()),
                None => Js::Undefined,
            },
            (Js::Module, "exports") => self.exports.clone(),
            (Js::Function("Object"), "freeze") => Js::Function("Object.freeze"),
            (Js::Function("Object"), "assign") => Js::Function("Object.assign"),
            (Js::Function("Number"), "parseInt") => Js::Function("parseInt"),
            (Js::PathModule, "join") => Js::Function("path.join"),
            (Js::PathModule, "resolve") => Js::Function("path.resolve"),
            (Js::PathModule, "dirname") => Js::Function("path.dirname"),
            (Js::PathModule, "posix") => Js::PathModule,
            (Js::PathModule, "sep") => Js::Text("/".to_owned()),
            (Js::Object(index), _) if self.objects[*index].opaque.is_empty() => self.objects[*index].get(name),
            (Js::Unreadable(unread), _) => Js::Unreadable(unread.clone()),
            _ => Js::Unreadable(Unread { at, what: format!(".{name} is not followed") }),
        }
    }

    fn template(&mut self) -> Result<Js, Stop> {
        let start = self.cursor.at;
        self.cursor.at += 1;
        let mut whole = Js::Text(String::new());
        let mut units: Vec<u16> = Vec::new();
        let glue =
            |whole: &Js, part: &Js| whole.plus(part).unwrap_or_else(|why| unreadable_of(whole, part, start, why));
        loop {
            let inserted = self.cursor.eat("${");
            let end = !inserted && self.cursor.eat("`");
            if inserted || end {
                whole = glue(&whole, &Js::Text(String::from_utf16_lossy(&units)));
                self.bounds.made(&whole, start)?;
                units.clear();
                if end {
                    return Ok(whole);
                }
                let part = self.expression()?;
                self.expect('}')?;
                whole = glue(&whole, &part);
                self.bounds.made(&whole, start)?;
                continue;
            }
            match self.cursor.next() {
                Some('\\') => self.cursor.escape(&mut units)?,
                Some('\r') => {
                    self.cursor.eat("\n");
                    units.push(0x0a);
                }
                Some(c) => units.extend_from_slice(c.encode_utf16(&mut [0; 2])),
                None => return Err(Stop::broken(start, "this template has no closing `")),
            }
        }
    }

    /// Expressions between commas up to `close`; one that is not followed becomes unreadable.
    fn items(&mut self, close: char) -> Result<Vec<Js>, Stop> {
        let mut values = Vec::new();
        loop {
            self.cursor.space()?;
            if self.cursor.peek() == Some(close) {
                self.cursor.at += 1;
                return Ok(values);
            }
            if !self.cursor.eat(",") {
                values.push(self.item()?);
                self.cursor.space()?;
                if !matches!(self.cursor.peek(), Some(c) if c == close || c == ',') {
                    return Err(Stop::broken(self.cursor.at, format!("a comma or {close} is missing here")));
                }
            }
        }
    }

    /// One expression of a list or object; if it is not followed, it is stepped over.
    pub fn item(&mut self) -> Result<Js, Stop> {
        let (start, depth) = (self.cursor.at, self.depth);
        let read = self.expression();
        let unread = match read {
            Ok(value) => {
                self.item_end = self.cursor.at;
                self.cursor.space()?;
                match self.cursor.peek() {
                    None | Some(',' | '}' | ']' | ')') => return Ok(value),
                    Some(c)
                        if is_value_start(c) && !["instanceof", "in "].iter().any(|w| self.cursor.looking_at(w)) =>
                    {
                        return Err(Stop::broken(self.cursor.at, "a comma is missing before this"));
                    }
                    _ => Unread { at: start, what: "this expression is not followed".to_owned() },
                }
            }
            Err(Stop::Foreign(unread)) => unread,
            Err(broken) => return Err(broken),
        };
        self.depth = depth;
        self.cursor.at = start;
        self.item_end = skip(&mut self.cursor, Until::Item)?;
        Ok(Js::Unreadable(unread))
    }

    /// Steps over space and `c`.
    pub fn expect(&mut self, c: char) -> Result<(), Stop> {
        self.cursor.space()?;
        if self.cursor.peek() == Some(c) {
            self.cursor.at += 1;
            return Ok(());
        }
        Err(Stop::foreign(self.cursor.at, "this expression is not followed"))
    }
}

fn is_value_start(c: char) -> bool {
    begins_name(c) || c.is_ascii_digit() || matches!(c, '"' | '\'')
}
