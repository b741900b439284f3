//! Object literals.

use super::cursor::{Stop, begins_name};
use super::reader::{Entry, Literal, Object, SourceReader};
use super::skip::{Until, skip};
use super::value::{Js, Unread};

impl SourceReader<'_> {
    /// An object literal whose `{` is next.
    pub fn object(&mut self) -> Result<Js, Stop> {
        let start = self.cursor.at;
        self.cursor.at += 1;
        let mut object = Object::default();
        let mut literal = Literal { open: start, ..Literal::default() };
        let mut gap = self.cursor.at;
        loop {
            self.cursor.space()?;
            literal.gaps.push((gap, self.cursor.at));
            let item = self.cursor.at;
            match self.cursor.peek() {
                None => return Err(Stop::broken(start, "this { is never closed")),
                Some('}') => {
                    literal.close = self.cursor.at;
                    object.literal = Some(literal);
                    self.cursor.at += 1;
                    self.objects.push(object);
                    return Ok(Js::Object(self.objects.len() - 1));
                }
                Some('.') if self.cursor.eat("...") => self.spread(&mut object)?,
                _ => self.property(&mut object)?,
            }
            literal.last = Some((item, self.item_end));
            (gap, literal.comma_end) = (self.item_end, None);
            self.cursor.space()?;
            match self.cursor.peek() {
                Some(',') => {
                    self.cursor.at += 1;
                    (gap, literal.comma_end) = (self.cursor.at, Some(self.cursor.at));
                }
                Some('}') | None => {}
                Some(_) => return Err(Stop::broken(self.cursor.at, "a comma or } is missing before this")),
            }
        }
    }

    fn spread(&mut self, object: &mut Object) -> Result<(), Stop> {
        let at = self.cursor.at;
        match self.item()? {
            Js::Object(index) => {
                let source = &self.objects[index];
                self.bounds.copied(source, at)?;
                object.opaque.extend(source.opaque.iter().cloned());
                for entry in source.entries.clone() {
                    object.set(entry);
                }
            }
            Js::Undefined | Js::Null | Js::Bool(_) | Js::Number(_) => {}
            Js::Unreadable(unread) => object.opaque.push(unread),
            _ => object.opaque.push(Unread { at, what: "what ... inserts here cannot be read".to_owned() }),
        }
        Ok(())
    }

    fn property(&mut self, object: &mut Object) -> Result<(), Stop> {
        let key_at = self.cursor.at;
        let Some(key) = self.key()? else {
            let what = "this key has no name that can be read".to_owned();
            object.opaque.push(Unread { at: key_at, what });
            self.item_end = skip(&mut self.cursor, Until::Item)?;
            return Ok(());
        };
        let key_end = self.cursor.at;
        self.cursor.space()?;
        let (value, value_at, value_end) = match self.cursor.peek() {
            Some(':') => {
                self.cursor.at += 1;
                self.cursor.space()?;
                let value_at = self.cursor.at;
                if matches!(self.cursor.peek(), Some(',' | '}') | None) {
                    return Err(Stop::broken(value_at, format!("the value of {key} is missing")));
                }
                (self.item()?, value_at, Some(self.item_end))
            }
            Some(',' | '}') => {
                self.item_end = key_end;
                let value = self.named(&key, key_at)?;
                self.bounds.made(&value, key_at)?;
                (value, key_at, None)
            }
            Some('(') => {
                self.item_end = skip(&mut self.cursor, Until::Item)?;
                (Js::Unreadable(Unread { at: key_at, what: "functions are not run".to_owned() }), key_at, None)
            }
            _ => return Err(Stop::broken(self.cursor.at, format!("a : is missing after {key}"))),
        };
        if let Some(lost) = object.set(Entry { key: key.clone(), key_at, value, value_at, value_end }) {
            object.repeated.push((key, lost.key_at));
        }
        Ok(())
    }

    /// A key as it may stand before a colon; `None` for one that would have to be worked out.
    fn key(&mut self) -> Result<Option<String>, Stop> {
        match self.cursor.peek() {
            Some('"' | '\'') => self.cursor.string().map(Some),
            Some(c) if c.is_ascii_digit() => Ok(Js::Number(self.cursor.number()?).text()),
            Some('[') => {
                self.cursor.at += 1;
                let name = self.item()?.text();
                self.expect(']')?;
                Ok(name)
            }
            Some(c) if begins_name(c) => {
                let mut name = self.cursor.name();
                // `get size() {…}`, `async size() {…}`: the last word is the key.
                if matches!(name.as_deref(), Some("get" | "set" | "async")) {
                    self.cursor.space()?;
                    name = self.cursor.name().or(name);
                }
                Ok(name)
            }
            _ => Err(Stop::broken(self.cursor.at, "a key was expected here")),
        }
    }
}
