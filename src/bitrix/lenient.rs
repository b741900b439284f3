//! Reads values whose JSON type is not stable.
//!
//! The portal is written in PHP: numbers come as strings, empty objects as `[]`, flags as `Y`, `"1"` or `true`.

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// The value as text: a string as it is, a number in decimal. Empty text counts as absent.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(s) if !s.is_empty() => Some(s.clone()),
        Value::Number(n) => Some(n.to_string()),
        _ => None,
    }
}

/// The value as a whole number.
pub(super) fn int(value: &Value) -> Option<i64> {
    match value {
        Value::Number(n) => n.as_i64().or_else(|| n.as_f64().map(|f| f as i64)),
        Value::String(s) => {
            let s = s.trim();
            s.parse().ok().or_else(|| s.parse::<f64>().ok().filter(|f| f.is_finite()).map(|f| f as i64))
        }
        _ => None,
    }
}

/// The value as a flag; `None` if it says neither yes nor no.
pub(super) fn flag(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(b) => Some(*b),
        Value::Number(n) => Some(n.as_f64() != Some(0.0)),
        Value::String(s) => match s.to_ascii_lowercase().as_str() {
            "y" | "yes" | "true" | "1" => Some(true),
            "n" | "no" | "false" | "0" | "" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// The value as an object; anything else (above all the `[]` of an empty one) is an empty object.
pub(super) fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// The value as a list: an array as it is, an object with any keys as its values, anything else as empty.
pub(super) fn list(value: Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items,
        Value::Object(map) => map.into_iter().map(|(_, v)| v).collect(),
        _ => Vec::new(),
    }
}

/// For `#[serde(deserialize_with)]`: optional text of any scalar type.
pub(super) fn de_text<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Ok(text(&Value::deserialize(from)?))
}

/// For `#[serde(deserialize_with)]`: an optional whole number of any scalar type.
pub(super) fn de_int<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    Ok(int(&Value::deserialize(from)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_come_as_strings_floats_and_nothing() {
        for (value, want) in [
            (json!(50), Some(50)),
            (json!("50"), Some(50)),
            (json!(" 7 "), Some(7)),
            (json!(1_770_000_000.5), Some(1_770_000_000)),
            (json!("1770000000.25"), Some(1_770_000_000)),
            (json!(""), None),
            (json!("NaN"), None),
            (json!(null), None),
            (json!([]), None),
        ] {
            assert_eq!(int(&value), want, "{value}");
        }
    }

    #[test]
    fn flags_come_in_every_costume() {
        for (value, want) in [
            (json!(true), Some(true)),
            (json!("Y"), Some(true)),
            (json!("1"), Some(true)),
            (json!(0), Some(false)),
            (json!("N"), Some(false)),
            (json!(""), Some(false)),
            (json!("later"), None),
            (json!(null), None),
        ] {
            assert_eq!(flag(&value), want, "{value}");
        }
    }

    #[test]
    fn an_empty_php_array_is_an_empty_object() {
        assert!(object(json!([])).is_empty());
        assert!(list(json!({})).is_empty());
        assert_eq!(list(json!({"3": "a", "5": "b"})).len(), 2);
        assert_eq!(text(&json!(12)), Some("12".into()));
        assert_eq!(text(&json!("")), None);
    }
}
