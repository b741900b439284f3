//! Texts and messages with placeholders, checked when the dialect is loaded and filled in without surprises:
//! a value can never break out of the JSON string or the URL part it is put into.

use serde_json::{Map, Value};

/// A text with `${name}` placeholders.
#[derive(Debug, Clone)]
pub(crate) struct Text(Vec<TemplatePiece>);

#[derive(Debug, Clone)]
enum TemplatePiece {
    Literal(String),
    Placeholder(String),
}

/// What goes into the placeholders.
pub(crate) type TemplateValues<'v> = &'v [(&'v str, Value)];

impl Text {
    /// Reads a text; placeholders outside `allowed` are refused.
    pub(super) fn parse(text: &str, allowed: &[&str]) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, tail) = after.split_once('}').ok_or_else(|| format!("`${{{after}` is never closed"))?;
            if !allowed.contains(&name) {
                return Err(format!("`${{{name}}}` is not known here; known are: {}", allowed.join(", ")));
            }
            if !before.is_empty() {
                pieces.push(TemplatePiece::Literal(before.to_owned()));
            }
            pieces.push(TemplatePiece::Placeholder(name.to_owned()));
            rest = tail;
        }
        if !rest.is_empty() {
            pieces.push(TemplatePiece::Literal(rest.to_owned()));
        }
        Ok(Self(pieces))
    }

    /// Whether there is nothing to say.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text with values as they are, for headers.
    pub(crate) fn plain(&self, values: TemplateValues<'_>) -> String {
        self.fill(values, String::push_str)
    }

    /// The text with percent-encoded values, for paths, queries and forms.
    pub(crate) fn encoded(&self, values: TemplateValues<'_>) -> String {
        use std::fmt::Write as _;
        self.fill(values, |out, value| {
            for byte in value.bytes() {
                if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                    out.push(char::from(byte));
                } else {
                    let _ = write!(out, "%{byte:02X}");
                }
            }
        })
    }

    /// A text that is nothing but one placeholder takes its value with its type.
    fn typed(&self, values: TemplateValues<'_>) -> Value {
        match self.0.as_slice() {
            [TemplatePiece::Placeholder(name)] => lookup(values, name).cloned().unwrap_or_default(),
            _ => Value::String(self.plain(values)),
        }
    }

    fn fill(&self, values: TemplateValues<'_>, put: impl Fn(&mut String, &str)) -> String {
        let mut out = String::new();
        for piece in &self.0 {
            match piece {
                TemplatePiece::Literal(text) => out.push_str(text),
                TemplatePiece::Placeholder(name) => match lookup(values, name) {
                    Some(Value::String(text)) => put(&mut out, text),
                    Some(other) => put(&mut out, &other.to_string()),
                    None => {}
                },
            }
        }
        out
    }
}

fn lookup<'v>(values: TemplateValues<'v>, name: &str) -> Option<&'v Value> {
    values.iter().find(|(n, _)| *n == name).map(|(_, value)| value)
}

/// A message: JSON with placeholders in its strings, or a plain text.
#[derive(Debug, Clone)]
pub(crate) enum Message {
    /// JSON; values are put in as JSON values.
    Json(Json),
    Text(Text),
}

/// JSON with placeholders in its strings.
#[derive(Debug, Clone)]
pub(crate) enum Json {
    Text(Text),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
    Other(Value),
}

impl Json {
    /// Reads a JSON template.
    pub(super) fn parse(text: &str, allowed: &[&str]) -> Result<Self, String> {
        let value: Value = serde_json::from_str(text)
            .map_err(|e| format!("not JSON ({e}); every placeholder stands inside quotes, numbers too"))?;
        Self::from_value(&value, allowed)
    }

    fn from_value(value: &Value, allowed: &[&str]) -> Result<Self, String> {
        Ok(match value {
            Value::String(text) => Self::Text(Text::parse(text, allowed)?),
            Value::Array(items) => {
                Self::List(items.iter().map(|i| Self::from_value(i, allowed)).collect::<Result<_, _>>()?)
            }
            Value::Object(members) => Self::Object(
                members
                    .iter()
                    .map(|(name, member)| Ok((name.clone(), Self::from_value(member, allowed)?)))
                    .collect::<Result<_, String>>()?,
            ),
            other => Self::Other(other.clone()),
        })
    }

    /// The JSON with its placeholders filled in.
    pub(crate) fn fill(&self, values: TemplateValues<'_>) -> Value {
        match self {
            Self::Text(text) => text.typed(values),
            Self::List(items) => items.iter().map(|i| i.fill(values)).collect(),
            Self::Object(members) => {
                Value::Object(members.iter().map(|(n, m)| (n.clone(), m.fill(values))).collect::<Map<_, _>>())
            }
            Self::Other(value) => value.clone(),
        }
    }
}

impl Message {
    /// Reads a message: one that begins like JSON must be JSON.
    pub(super) fn parse(text: &str, allowed: &[&str]) -> Result<Self, String> {
        if text.trim_start().starts_with(['{', '[', '"']) {
            Json::parse(text, allowed).map(Self::Json)
        } else {
            Text::parse(text, allowed).map(Self::Text)
        }
    }

    /// What goes over the wire.
    pub(crate) fn fill(&self, values: TemplateValues<'_>) -> String {
        match self {
            Self::Json(json) => json.fill(values).to_string(),
            Self::Text(text) => text.plain(values),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_value_cannot_break_out_of_its_place() {
        let evil = [("key", json!("a\"b&c=d/ж"))];
        let json = Json::parse(r#"{"k":"x ${key} y","n":[1,"${key}"]}"#, &["key"]).expect("template");
        assert_eq!(json.fill(&evil), json!({"k": "x a\"b&c=d/ж y", "n": [1, "a\"b&c=d/ж"]}));
        let text = Text::parse("k=${key}", &["key"]).expect("template");
        assert_eq!(text.encoded(&evil), "k=a%22b%26c%3Dd%2F%D0%B6");
    }

    #[test]
    fn a_lone_placeholder_keeps_its_type() {
        let values = [("request_id", json!(7)), ("payload", json!({"to": "1"}))];
        let template = r#"{"i":"${request_id}","t":"no ${request_id}","p":"${payload}"}"#;
        let json = Json::parse(template, &["request_id", "payload"]).expect("template");
        assert_eq!(json.fill(&values), json!({"i": 7, "t": "no 7", "p": {"to": "1"}}));
    }

    #[test]
    fn faults_in_templates_say_what_is_wrong() {
        assert!(Text::parse("a ${b", &["b"]).expect_err("open").contains("never closed"));
        assert!(Text::parse("${x}", &["b"]).expect_err("unknown").contains("known are: b"));
        assert!(Json::parse("{\"a\":${b}}", &["b"]).expect_err("unquoted").contains("inside quotes"));
        assert!(matches!(Message::parse("hello ${b}", &["b"]), Ok(Message::Text(_))));
        assert!(Message::parse("{nonsense", &[]).is_err());
    }
}
