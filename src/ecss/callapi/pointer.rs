//! JSON pointers that also look into JSON inside strings, as some answers carry their payload that way.

use serde_json::Value;
use std::borrow::Cow;

/// The value behind an RFC 6901 pointer; strings on the way that hold JSON are read.
pub(super) fn find<'v>(value: &'v Value, pointer: &str) -> Option<Cow<'v, Value>> {
    let mut here = Cow::Borrowed(value);
    for step in pointer.split('/').skip(1) {
        let step = step.replace("~1", "/").replace("~0", "~");
        if let Value::String(text) = here.as_ref() {
            here = Cow::Owned(inner_json(text)?);
        }
        here = match here {
            Cow::Borrowed(value) => Cow::Borrowed(child(value, &step)?),
            Cow::Owned(value) => Cow::Owned(child(&value, &step)?.clone()),
        };
    }
    Some(here)
}

/// The first pointer whose value `accept`s, with that pointer.
pub(super) fn first<'p, T>(
    value: &Value,
    pointers: &'p [String],
    accept: impl Fn(&Value) -> Option<T>,
) -> Option<(&'p str, T)> {
    pointers.iter().find_map(|pointer| {
        let found = find(value, pointer)?;
        accept(&found).map(|accepted| (pointer.as_str(), accepted))
    })
}

/// A non-empty text or a number as text.
pub(super) fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The object or array that a string holds, if it does.
pub(super) fn inner_json(text: &str) -> Option<Value> {
    if text.trim_start().starts_with(['{', '[']) { serde_json::from_str(text).ok() } else { None }
}

fn child<'v>(value: &'v Value, step: &str) -> Option<&'v Value> {
    match value {
        Value::Object(members) => members.get(step),
        Value::Array(items) => items.get(step.parse::<usize>().ok()?),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn pointers_go_through_objects_lists_and_strings() {
        let value = json!({"a/b": [{"x": 1}], "text": "{\"in\":[\"{\\\"deep\\\":2}\"]}", "plain": "word"});
        let at = |pointer| find(&value, pointer).map(Cow::into_owned);
        assert_eq!(at("/a~1b/0/x"), Some(json!(1)));
        assert_eq!(at("/text/in/0/deep"), Some(json!(2)));
        assert_eq!(at(""), Some(value.clone()));
        for nowhere in ["/b", "/plain/x", "/a~1b/1", "/a~1b/x"] {
            assert_eq!(at(nowhere), None, "{nowhere}");
        }
    }

    #[test]
    fn the_first_acceptable_value_wins() {
        let value = json!({"a": null, "b": " ", "c": {"d": 5}, "e": "x"});
        let pointers: Vec<String> = ["/a", "/b", "/c", "/c/d", "/e"].map(String::from).into();
        assert_eq!(first(&value, &pointers, word), Some(("/c/d", "5".to_owned())));
        assert_eq!(first(&value, &[], word), None);
    }
}
