//! How the portal's PHP sees values: bracketed forms become trees, types are cast, empty objects become lists.

use serde_json::{Map, Value};

/// Splits a query or form body into its decoded pairs, in order.
pub fn pairs(text: &str) -> Vec<(String, String)> {
    let pair = |part: &str| {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        (decode(name), decode(value))
    };
    text.split('&').filter(|p| !p.is_empty()).map(pair).collect()
}

/// Undoes percent encoding; `+` is a space. Bytes that are no UTF-8 become replacement characters.
pub fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        let hex = || std::str::from_utf8(bytes.get(i + 1..i + 3)?).ok().and_then(|h| u8::from_str_radix(h, 16).ok());
        match bytes[i] {
            b'%' if hex().is_some() => {
                out.push(hex().unwrap_or_default());
                i += 2;
            }
            b'+' => out.push(b' '),
            other => out.push(other),
        }
        i += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Percent-encodes everything but unreserved characters.
pub fn encode(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::with_capacity(text.len()), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

/// Makes a query or form body of pairs.
pub fn query<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let pair = |(name, value): (&str, &str)| format!("{}={}", encode(name), encode(value));
    pairs.into_iter().map(pair).collect::<Vec<_>>().join("&")
}

/// Puts `a[b][]`-named pairs into a tree: a later value replaces an earlier one of the same name.
pub fn tree(pairs: impl IntoIterator<Item = (String, String)>) -> Map<String, Value> {
    let mut root = Map::new();
    for (name, value) in pairs {
        let (first, rest) = steps(&name);
        insert(&mut root, first, &rest, value);
    }
    root.into_iter().map(|(name, value)| (name, listed(value))).collect()
}

fn steps(name: &str) -> (&str, Vec<&str>) {
    match name.split_once('[') {
        Some((first, rest)) if !first.is_empty() && rest.ends_with(']') => {
            (first, rest[..rest.len() - 1].split("][").collect())
        }
        _ => (name, Vec::new()),
    }
}

fn insert(into: &mut Map<String, Value>, key: &str, rest: &[&str], value: String) {
    let key = if key.is_empty() { next_index(into) } else { key.to_owned() };
    let Some((next, rest)) = rest.split_first() else {
        into.insert(key, Value::String(value));
        return;
    };
    let slot = into.entry(key).or_insert_with(|| Value::Object(Map::new()));
    if !slot.is_object() {
        *slot = Value::Object(Map::new());
    }
    if let Value::Object(inner) = slot {
        insert(inner, next, rest, value);
    }
}

fn next_index(map: &Map<String, Value>) -> String {
    map.keys().filter_map(|k| k.parse::<u64>().ok()).max().map_or(0, |n| n + 1).to_string()
}

/// An object whose keys are 0, 1, 2 … is a list.
fn listed(value: Value) -> Value {
    let Value::Object(map) = value else { return value };
    let by_index: Vec<Option<Value>> = (0..map.len()).map(|i| map.get(&i.to_string()).cloned()).collect();
    if by_index.iter().all(Option::is_some) {
        Value::Array(by_index.into_iter().flatten().map(listed).collect())
    } else {
        Value::Object(map.into_iter().map(|(k, v)| (k, listed(v))).collect())
    }
}

/// An associative array as PHP writes it to JSON: a list if its keys are 0, 1, 2 …, `[]` if it is empty.
pub fn array(entries: Vec<(String, Value)>) -> Value {
    if entries.iter().enumerate().all(|(i, (key, _))| *key == i.to_string()) {
        Value::Array(entries.into_iter().map(|(_, value)| value).collect())
    } else {
        Value::Object(entries.into_iter().collect())
    }
}

/// `(string)`: arrays have no text.
pub fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(true) => Some("1".to_owned()),
        Value::Bool(false) | Value::Null => Some(String::new()),
        Value::Array(_) | Value::Object(_) => None,
    }
}

/// `(int)`: leading digits count, anything else is zero.
pub fn int(value: &Value) -> i64 {
    match value {
        Value::Number(number) => number.as_i64().or_else(|| number.as_f64().map(|f| f as i64)).unwrap_or(0),
        Value::Bool(yes) => i64::from(*yes),
        Value::String(text) => leading_int(text),
        Value::Null => 0,
        Value::Array(list) => i64::from(!list.is_empty()),
        Value::Object(map) => i64::from(!map.is_empty()),
    }
}

fn leading_int(text: &str) -> i64 {
    let text = text.trim_start();
    let end = text
        .char_indices()
        .take_while(|(i, c)| c.is_ascii_digit() || (*i == 0 && (*c == '-' || *c == '+')))
        .map(|(i, c)| i + c.len_utf8())
        .last()
        .unwrap_or(0);
    text[..end].parse().unwrap_or(0)
}

/// `$value === 'Y'`: nothing but that very text, so `true`, `1` and `"y"` are no.
pub fn strictly_yes(value: &Value) -> bool {
    value.as_str() == Some("Y")
}

/// What `preg_replace("/[^0-9\#\*\+,;]/i", "", …)` leaves of a number; null has no text, arrays none either
/// (`CVoxImplantPhone::stripLetters`, bitrix modules, voximplant/classes/general/vi_phone.php).
pub fn strip_letters(number: &str) -> String {
    number.chars().filter(|c| c.is_ascii_digit() || "#*+,;".contains(*c)).collect()
}

/// Whether a text counts as something: `if (!$text)` takes `""` and `"0"` for nothing, `"00"` and `"false"` not.
pub fn text_is_true(text: &str) -> bool {
    !text.is_empty() && text != "0"
}

/// `(bool)`: empty text, "0", zero, null and empty arrays are false.
pub fn truth(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(yes) => *yes,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => text_is_true(text),
        Value::Array(list) => !list.is_empty(),
        Value::Object(map) => !map.is_empty(),
    }
}
