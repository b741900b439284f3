//! What is known while a file is read from top to bottom.

use super::bounds::Bounds;
use super::cursor::Cursor;
use super::value::{Js, Unread};
use std::collections::HashMap;

/// One `key: value` of an object.
#[derive(Debug, Clone)]
pub struct Entry {
    pub key: String,
    pub key_at: usize,
    pub value: Js,
    pub value_at: usize,
    /// Behind the last character of the value; `None` where the value has no text of its own (`{ key }`, `key() {}`).
    pub value_end: Option<usize>,
}

/// Where the parts of an object literal stand; for editing it.
#[derive(Debug, Clone, Default)]
pub struct Literal {
    /// Its `{`.
    pub open: usize,
    /// Its `}`.
    pub close: usize,
    /// First character of the last item, and behind its last one; none in an empty literal.
    pub last: Option<(usize, usize)>,
    /// Behind the comma that follows the last item.
    pub comma_end: Option<usize>,
    /// Stretches that hold only space and comments, between items and at the ends.
    pub gaps: Vec<(usize, usize)>,
}

/// An object literal, with what later statements have set in it.
#[derive(Debug, Clone, Default)]
pub struct Object {
    /// In order; no key twice.
    pub entries: Vec<Entry>,
    /// Where among them each key is.
    places: HashMap<String, usize>,
    /// Keys that the literal itself holds twice: key and position of the one without effect.
    pub repeated: Vec<(String, usize)>,
    /// Parts that could set any key, and cannot be read.
    pub opaque: Vec<Unread>,
    /// Where it stands, unless it has grown from assignments alone.
    pub literal: Option<Literal>,
}

impl Object {
    /// Sets a key; a repeated key keeps its last value.
    pub fn set(&mut self, entry: Entry) -> Option<Entry> {
        if let Some(place) = self.places.get(&entry.key) {
            return Some(std::mem::replace(&mut self.entries[*place], entry));
        }
        self.places.insert(entry.key.clone(), self.entries.len());
        self.entries.push(entry);
        None
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Js {
        self.places.get(key).map_or(Js::Undefined, |place| self.entries[*place].value.clone())
    }
}

/// Everything known so far.
pub struct SourceReader<'t> {
    pub cursor: Cursor<'t>,
    pub environment: &'t HashMap<&'t str, &'t str>,
    /// The file's own path, for `__dirname`.
    pub file: &'t str,
    pub variables: HashMap<String, Js>,
    pub objects: Vec<Object>,
    /// `module.exports`.
    pub exports: Js,
    pub depth: u32,
    pub bounds: Bounds,
    /// Behind the last character of the item that was read last.
    pub item_end: usize,
}

impl<'t> SourceReader<'t> {
    /// At the beginning of a file.
    pub fn new(text: &'t [char], file: &'t str, environment: &'t HashMap<&'t str, &'t str>) -> Self {
        Self {
            cursor: Cursor::new(text),
            environment,
            file,
            variables: HashMap::new(),
            objects: vec![Object::default()],
            exports: Js::Object(0),
            depth: 0,
            bounds: Bounds::default(),
            item_end: 0,
        }
    }
}
