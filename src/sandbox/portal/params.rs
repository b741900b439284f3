//! The parameters of one request, whichever way they came: query, form or JSON.

use super::php;
use serde::Deserialize;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;

/// Names are case-sensitive, as the portal's telephony methods take them.
#[derive(Debug, Clone, Default)]
pub struct Params {
    values: Map<String, Value>,
    /// The names inside `cmd` in the order of sending; a JSON object loses it.
    commands: Vec<String>,
}

/// The body says it is JSON and is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotJson;

impl Params {
    /// Query and body together; the body wins.
    pub fn read(query: &str, content_type: &str, body: &[u8]) -> Result<Self, NotJson> {
        let mut pairs = php::pairs(query);
        if !content_type.trim_start().to_ascii_lowercase().starts_with("application/json") {
            pairs.extend(php::pairs(&String::from_utf8_lossy(body)));
            return Ok(Self::of_pairs(pairs));
        }
        let mut params = Self::of_pairs(pairs);
        if body.iter().all(u8::is_ascii_whitespace) {
            return Ok(params);
        }
        let values: Map<String, Value> = serde_json::from_slice(body).map_err(|_| NotJson)?;
        if values.contains_key("cmd") {
            params.commands = serde_json::from_slice::<Commands>(body).map(|c| c.cmd.0).unwrap_or_default();
        }
        params.values.extend(values);
        Ok(params)
    }

    /// Parameters written as a query, as inside a batch.
    pub fn of_query(query: &str) -> Self {
        Self::of_pairs(php::pairs(query))
    }

    fn of_pairs(pairs: Vec<(String, String)>) -> Self {
        let mut commands: Vec<String> = Vec::new();
        for (name, _) in &pairs {
            let inner = name.strip_prefix("cmd[").and_then(|rest| rest.strip_suffix(']'));
            if let Some(key) = inner.filter(|key| !key.is_empty() && !commands.iter().any(|c| c == key)) {
                commands.push(key.to_owned());
            }
        }
        Self { values: php::tree(pairs), commands }
    }

    /// The value, if it is there and not null.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.values.get(name).filter(|v| !v.is_null())
    }

    /// The value as text, if it is there, not null and not an array.
    pub fn text(&self, name: &str) -> Option<String> {
        self.get(name).and_then(php::text)
    }

    /// The value as text under either spelling of its name.
    pub fn text_of(&self, names: [&str; 2]) -> Option<String> {
        names.into_iter().find_map(|name| self.text(name))
    }

    /// The value as a number; zero if it is missing.
    pub fn int(&self, name: &str) -> i64 {
        self.get(name).map_or(0, php::int)
    }

    /// All values but those that identify the caller.
    pub fn shown(&self) -> Value {
        let open = |name: &str| !matches!(name, "auth" | "access_token" | "client_secret");
        Value::Object(self.values.iter().filter(|(n, _)| open(n)).map(|(n, v)| (n.clone(), v.clone())).collect())
    }

    /// The top-level names with their values.
    pub fn entries(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.values.iter()
    }

    /// The commands of a batch in the order they were sent: name and `method?query`.
    pub fn commands(&self) -> Vec<(String, String)> {
        match self.get("cmd") {
            Some(Value::Array(list)) => {
                list.iter().enumerate().filter_map(|(i, v)| Some((i.to_string(), php::text(v)?))).collect()
            }
            Some(Value::Object(map)) => {
                let unordered = map.keys().filter(|key| !self.commands.contains(key));
                let names = self.commands.iter().chain(unordered);
                names.filter_map(|n| Some((n.clone(), php::text(map.get(n)?)?))).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Applies `change` to every text, however deep.
    pub fn map_texts(&mut self, change: &impl Fn(&str) -> Value) {
        self.values.values_mut().for_each(|value| map_texts(value, change));
    }
}

fn map_texts(value: &mut Value, change: &impl Fn(&str) -> Value) {
    match value {
        Value::String(text) => *value = change(text),
        Value::Array(list) => list.iter_mut().for_each(|v| map_texts(v, change)),
        Value::Object(map) => map.values_mut().for_each(|v| map_texts(v, change)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[derive(Deserialize)]
struct Commands {
    cmd: Names,
}

/// The keys of a JSON object in the order of writing.
struct Names(Vec<String>);

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Keys;
        impl<'de> Visitor<'de> for Keys {
            type Value = Names;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of commands")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Names, A::Error> {
                let mut names = Vec::new();
                while let Some((name, _)) = map.next_entry::<String, IgnoredAny>()? {
                    names.push(name);
                }
                Ok(Names(names))
            }
        }
        deserializer.deserialize_map(Keys)
    }
}
