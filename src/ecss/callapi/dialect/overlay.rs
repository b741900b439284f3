//! Lays an administrator's partial file over the default and finds out which of its keys are at fault.
//!
//! If the whole does not make sense, every key is tried alone on top of the default. So each fault, be it an unknown
//! key, a wrong type or a broken template, is found with its own line, and all of them at once.

use super::fault::{DialectFault, Fault, position};
use super::{Dialect, compile};
use toml::de::{DeTable, DeValue};
use toml::{Table, Value};

/// One value of the administrator's file.
struct Leaf {
    path: Vec<String>,
    offset: usize,
    value: Value,
}

/// The dialect that results from laying `text` (the file named `name`) over `default`.
pub(super) fn lay_over(default: &str, text: &str, name: &str) -> Result<Dialect, DialectFault> {
    let fault = |offset: Option<usize>, key: Option<String>, problem: String, remedy: &str| {
        let place = offset.map(|o| position(text, o));
        let (line, column) = (place.map(|p| p.0), place.map(|p| p.1));
        Fault { file: name.to_owned(), line, column, key, problem, remedy: remedy.to_owned() }
    };
    let base: Table = default.parse().map_err(|e: toml::de::Error| DialectFault {
        faults: vec![fault(None, None, e.message().to_owned(), "the built-in dialect is broken; report this")],
    })?;
    let written = DeTable::parse(text).map_err(|e| DialectFault {
        faults: vec![fault(e.span().map(|s| s.start), None, e.message().to_owned(), "correct the TOML syntax")],
    })?;

    let mut leaves = Vec::new();
    collect(written.get_ref(), &base, &mut Vec::new(), &mut leaves);
    leaves.sort_by_key(|leaf| leaf.offset);
    let mut merged = base.clone();
    for leaf in &leaves {
        put(&mut merged, &leaf.path, leaf.value.clone());
    }
    let refused = match build(merged) {
        Ok(dialect) => return Ok(dialect),
        Err(refused) => refused,
    };
    let mut faults: Vec<Fault> = leaves
        .into_iter()
        .filter_map(|leaf| {
            let mut alone = base.clone();
            put(&mut alone, &leaf.path, leaf.value);
            let refused = build(alone).err()?;
            Some(fault(Some(leaf.offset), Some(leaf.path.join(".")), refused.problem, refused.remedy))
        })
        .collect();
    if faults.is_empty() {
        faults.push(fault(None, refused.key, refused.problem, refused.remedy));
    }
    Err(DialectFault { faults })
}

fn build(table: Table) -> Result<Dialect, compile::DialectRefusal> {
    let file = Value::Table(table).try_into().map_err(|e: toml::de::Error| {
        let problem = e.message().trim().to_owned();
        let remedy = if problem.starts_with("unknown field") {
            "correct the spelling or remove the key"
        } else {
            "write it in the form it has in the annotated default dialect"
        };
        compile::DialectRefusal { key: None, problem, remedy }
    })?;
    compile::compile(file)
}

/// Tables that exist in the default are looked into, anything else is one value.
fn collect(written: &DeTable<'_>, base: &Table, path: &mut Vec<String>, leaves: &mut Vec<Leaf>) {
    for (key, value) in written {
        path.push(key.get_ref().to_string());
        match (value.get_ref(), base.get(key.get_ref().as_ref())) {
            (DeValue::Table(inner), Some(Value::Table(known))) => collect(inner, known, path, leaves),
            (other, _) => leaves.push(Leaf { path: path.clone(), offset: key.span().start, value: owned(other) }),
        }
        path.pop();
    }
}

fn owned(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or_else(|_| Value::String(number.as_str().to_owned()), Value::Integer),
        DeValue::Float(number) => {
            number.as_str().parse().map_or_else(|_| Value::String(number.as_str().to_owned()), Value::Float)
        }
        DeValue::Boolean(yes) => Value::Boolean(*yes),
        DeValue::Datetime(when) => Value::Datetime(*when),
        DeValue::Array(items) => Value::Array(items.iter().map(|item| owned(item.get_ref())).collect()),
        DeValue::Table(table) => {
            Value::Table(table.iter().map(|(key, value)| (key.get_ref().to_string(), owned(value.get_ref()))).collect())
        }
    }
}

fn put(table: &mut Table, path: &[String], value: Value) {
    match path {
        [] => {}
        [last] => {
            table.insert(last.clone(), value);
        }
        [first, rest @ ..] => {
            if let Some(Value::Table(inner)) = table.get_mut(first) {
                put(inner, rest, value);
            }
        }
    }
}
