//! Expressions: literals, `process.env`, the operators that give defaults, joining, a few built-ins.
//!
//! Nothing is run. What is not followed becomes [`Js::Unreadable`] and spoils only what depends on it.

use super::cursor::{Cursor, Stop, begins_name};
use super::skip::{Until, skip};
use super::value::{Js, Unread, parse_int};
use std::collections::HashMap;

/// One `key: value` of an object.
#[derive(Debug, Clone)]
pub struct Entry {
    pub key: String,
    pub key_at: usize,
    pub value: Js,
    pub value_at: usize,
}

/// An object literal, with what later statements have set in it.
#[derive(Debug, Default)]
pub struct Object {
    /// In order; no key twice.
    pub entries: Vec<Entry>,
    /// Keys that the literal itself holds twice: key and position of the one without effect.
    pub repeated: Vec<(String, usize)>,
    /// Parts that could set any key, and cannot be read.
    pub opaque: Vec<Unread>,
}

impl Object {
    /// Sets a key; a repeated key keeps its last value.
    pub fn set(&mut self, entry: Entry) -> Option<Entry> {
        match self.entries.iter_mut().find(|known| known.key == entry.key) {
            Some(known) => Some(std::mem::replace(known, entry)),
            None => {
                self.entries.push(entry);
                None
            }
        }
    }

    fn get(&self, key: &str) -> Js {
        self.entries.iter().find(|entry| entry.key == key).map_or(Js::Undefined, |entry| entry.value.clone())
    }
}

/// Everything known so far while a file is read from top to bottom.
pub struct Reader<'t> {
    pub cursor: Cursor<'t>,
    pub environment: &'t HashMap<&'t str, &'t str>,
    pub variables: HashMap<String, Js>,
    pub objects: Vec<Object>,
    /// `module.exports`.
    pub exports: Js,
    pub depth: u32,
}

/// Nesting beyond which a file is no settings file; keeps recursion off the stack's end.
const DEEPEST: u32 = 64;

impl Reader<'_> {
    /// An expression, up to a comma or closing bracket.
    pub fn expression(&mut self) -> Result<Js, Stop> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(Stop::broken(self.cursor.at, "this is nested too deeply"));
        }
        let value = self.choice();
        self.depth -= 1;
        value
    }

    fn choice(&mut self) -> Result<Js, Stop> {
        let condition = self.either()?;
        if self.operator(&["?"], &["??"])?.is_none() {
            return Ok(condition);
        }
        let yes = self.expression()?;
        self.cursor.space()?;
        if !self.cursor.eat(":") {
            return Err(Stop::broken(self.cursor.at, "a : is missing in this ?: choice"));
        }
        let no = self.expression()?;
        Ok(match condition.truthy() {
            Some(true) => yes,
            Some(false) => no,
            None => condition,
        })
    }

    fn either(&mut self) -> Result<Js, Stop> {
        let mut left = self.both()?;
        while let Some((word, _)) = self.operator(&["||", "??"], &[])? {
            let right = self.both()?;
            let take_right = if word == "||" { left.truthy().map(|truthy| !truthy) } else { left.nullish() };
            if take_right == Some(true) {
                left = right;
            }
        }
        Ok(left)
    }

    fn both(&mut self) -> Result<Js, Stop> {
        let mut left = self.equality()?;
        while self.operator(&["&&"], &[])?.is_some() {
            let right = self.equality()?;
            if left.truthy() == Some(true) {
                left = right;
            }
        }
        Ok(left)
    }

    fn equality(&mut self) -> Result<Js, Stop> {
        let mut left = self.sum()?;
        while let Some((word, at)) = self.operator(&["===", "!==", "==", "!="], &[])? {
            let right = self.sum()?;
            left = match left.same(&right, word.len() == 3) {
                Some(same) => Js::Bool(same == word.starts_with('=')),
                None => unreadable_of(&left, &right, at, "this comparison is not followed"),
            };
        }
        Ok(left)
    }

    fn sum(&mut self) -> Result<Js, Stop> {
        let mut left = self.product()?;
        while let Some((word, at)) = self.operator(&["+", "-"], &["++", "--"])? {
            let right = self.product()?;
            let result = if word == "+" { left.plus(&right) } else { left.arithmetic(word, &right) };
            left = result.unwrap_or_else(|why| unreadable_of(&left, &right, at, why));
        }
        Ok(left)
    }

    fn product(&mut self) -> Result<Js, Stop> {
        let mut left = self.unary()?;
        while let Some((word, at)) = self.operator(&["*", "/"], &["**"])? {
            let right = self.unary()?;
            left = left.arithmetic(word, &right).unwrap_or_else(|why| unreadable_of(&left, &right, at, why));
        }
        Ok(left)
    }

    /// Steps over one of `words` and says where it stood. Without one, the space before it is given back,
    /// because a line end there may end the statement.
    fn operator(&mut self, words: &[&'static str], but_not: &[&str]) -> Result<Option<(&'static str, usize)>, Stop> {
        let before = self.cursor.clone();
        self.cursor.space()?;
        let at = self.cursor.at;
        if !but_not.iter().any(|word| self.cursor.looking_at(word))
            && let Some(word) = words.iter().find(|word| self.cursor.eat(word))
        {
            return Ok(Some((word, at)));
        }
        self.cursor = before;
        Ok(None)
    }

    fn unary(&mut self) -> Result<Js, Stop> {
        self.cursor.space()?;
        let at = self.cursor.at;
        let Some(operator) = self.cursor.peek().filter(|c| matches!(c, '!' | '-' | '+')) else { return self.postfix() };
        self.cursor.at += 1;
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(Stop::broken(at, "this is nested too deeply"));
        }
        let operand = self.unary()?;
        self.depth -= 1;
        let result = match operator {
            '!' => operand.truthy().map(|truthy| Js::Bool(!truthy)),
            '-' => operand.number().map(|number| Js::Number(-number)),
            _ => operand.number().map(Js::Number),
        };
        Ok(result.unwrap_or_else(|| unreadable_of(&operand, &operand, at, "this sign is not followed")))
    }

    fn postfix(&mut self) -> Result<Js, Stop> {
        let start = self.cursor.at;
        let mut value = self.primary()?;
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
                value = self.apply(&value, &arguments, start);
            } else {
                // A line end here may end the statement, so the space is given back.
                self.cursor = before;
                return Ok(value);
            }
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
                self.named(name, at)
            }
            _ => Err(Stop::foreign(at, "this expression is not followed")),
        }
    }

    pub fn named(&self, name: String, at: usize) -> Result<Js, Stop> {
        Ok(match name.as_str() {
            "undefined" => Js::Undefined,
            "null" => Js::Null,
            "true" => Js::Bool(true),
            "false" => Js::Bool(false),
            "NaN" => Js::Number(f64::NAN),
            "Infinity" => Js::Number(f64::INFINITY),
            "function" | "async" | "class" | "new" | "await" | "typeof" | "delete" | "void" | "import" => {
                return Err(Stop::foreign(at, format!("{name} is not run")));
            }
            _ => match self.variables.get(&name) {
                Some(value) => value.clone(),
                None => match name.as_str() {
                    "process" => Js::Process,
                    "module" => Js::Module,
                    "exports" => Js::Object(0),
                    "Number" => Js::Function("Number"),
                    "parseInt" => Js::Function("parseInt"),
                    "String" => Js::Function("String"),
                    "Boolean" => Js::Function("Boolean"),
                    "Object" => Js::Function("Object"),
                    _ => Js::Unreadable(Unread { at, what: format!("{name} has no value that can be read") }),
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
            (Js::Function("Number"), "parseInt") => Js::Function("parseInt"),
            (Js::Object(index), _) if self.objects[*index].opaque.is_empty() => self.objects[*index].get(name),
            (Js::Unreadable(unread), _) => Js::Unreadable(unread.clone()),
            _ => Js::Unreadable(Unread { at, what: format!(".{name} is not followed") }),
        }
    }

    fn apply(&self, function: &Js, arguments: &[Js], at: usize) -> Js {
        let first = arguments.first().cloned().unwrap_or(Js::Undefined);
        if let (Js::Function(_), Js::Unreadable(_)) = (function, &first) {
            return first;
        }
        let result = match function {
            Js::Function("Number") => first.number().map(Js::Number),
            Js::Function("String") => first.text().map(Js::Text),
            Js::Function("Boolean") => first.truthy().map(Js::Bool),
            Js::Function("Object.freeze") => Some(first),
            Js::Function("parseInt") => {
                let radix = arguments.get(1).map_or(Some(0.0), Js::number);
                first.text().zip(radix).map(|(text, radix)| Js::Number(parse_int(&text, radix as u32)))
            }
            Js::Unreadable(unread) => Some(Js::Unreadable(unread.clone())),
            _ => None,
        };
        result.unwrap_or_else(|| Js::Unreadable(Unread { at, what: "this call is not run".to_owned() }))
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
                units.clear();
                if end {
                    return Ok(whole);
                }
                let part = self.expression()?;
                self.expect('}')?;
                whole = glue(&whole, &part);
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
        skip(&mut self.cursor, Until::Item)?;
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

/// The first of two values that cannot be read, or a fault of the operator between them.
fn unreadable_of(left: &Js, right: &Js, at: usize, why: &str) -> Js {
    match (left, right) {
        (Js::Unreadable(unread), _) | (_, Js::Unreadable(unread)) => Js::Unreadable(unread.clone()),
        _ => Js::Unreadable(Unread { at, what: why.to_owned() }),
    }
}
