//! What is known while a file is read from top to bottom.

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
        if let Some(known) = self.entries.iter_mut().find(|known| known.key == entry.key) {
            return Some(std::mem::replace(known, entry));
        }
        self.entries.push(entry);
        None
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Js {
        self.entries.iter().find(|entry| entry.key == key).map_or(Js::Undefined, |entry| entry.value.clone())
    }
}

/// Everything known so far.
pub struct Reader<'t> {
    pub cursor: Cursor<'t>,
    pub environment: &'t HashMap<&'t str, &'t str>,
    pub variables: HashMap<String, Js>,
    pub objects: Vec<Object>,
    /// `module.exports`.
    pub exports: Js,
    pub depth: u32,
}
