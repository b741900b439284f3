//! `batch`: up to fifty commands in one request, later ones may name results of earlier ones.

use crate::sandbox::portal::answer::{Answer, Refusal};
use crate::sandbox::portal::params::Params;
use crate::sandbox::portal::php;
use serde_json::{Value, json};
use std::cell::Cell;

/// Commands over this are refused one by one.
const MOST: usize = 50;

/// The parts of a batch's answer while it grows.
#[derive(Default)]
struct Parts {
    result: Vec<(String, Value)>,
    error: Vec<(String, Value)>,
    total: Vec<(String, Value)>,
    next: Vec<(String, Value)>,
    time: Vec<(String, Value)>,
}

/// One command of a batch.
pub struct Command<'a> {
    /// Lower case.
    pub method: &'a str,
    /// With references filled in.
    pub params: &'a Params,
    /// It is not to be carried out.
    pub refused: Option<Refusal>,
    /// It names the result of a command that has none.
    pub dangling: bool,
}

/// Runs the commands of `params` in order; `execute` runs one (or only notes it, if it is refused beforehand)
/// and gives its answer with its time block.
pub fn run(params: &Params, mut execute: impl FnMut(Command<'_>) -> (Answer, Value)) -> Answer {
    let commands = params.commands();
    if commands.is_empty() {
        return Err(Refusal { http: 400, ..Refusal::argument("cmd") });
    }
    let halt = params.get("halt").is_some_and(php::truth);
    let mut parts = Parts::default();
    for (at, (name, command)) in commands.into_iter().enumerate() {
        let (method, query) = command.split_once('?').unwrap_or((&command, ""));
        let method = method.to_ascii_lowercase();
        let mut inner = Params::of_query(query);
        let dangling = Cell::new(false);
        inner.map_texts(&|text| filled(text, &parts.result, &dangling));
        let (refused, dangling) = (refused(at, &method), dangling.get());
        let (answer, time) = execute(Command { method: &method, params: &inner, refused, dangling });
        match answer {
            Ok(done) => {
                parts.result.push((name.clone(), done.result));
                parts.total.extend(done.total.map(|n| (name.clone(), n.into())));
                parts.next.extend(done.next.map(|n| (name.clone(), n.into())));
                parts.time.push((name, time));
            }
            Err(refusal) => {
                parts.error.push((name, refusal.body()));
                if halt {
                    break;
                }
            }
        }
    }
    let whole = json!({
        "result": php::array(parts.result),
        "result_error": php::array(parts.error),
        "result_total": php::array(parts.total),
        "result_next": php::array(parts.next),
        "result_time": php::array(parts.time),
    });
    Ok(whole.into())
}

/// What no batch may hold.
fn refused(at: usize, method: &str) -> Option<Refusal> {
    let refusal = if at >= MOST {
        Refusal::new(400, "ERROR_BATCH_LENGTH_EXCEEDED", "Max batch length exceeded")
    } else if method == "batch" {
        Refusal::new(405, "ERROR_BATCH_METHOD_NOT_ALLOWED", "Method is not allowed for batch usage")
    } else {
        return None;
    };
    Some(refusal.clients_fault())
}

/// Replaces `$result[name][FIELD]…` by what it names; a name without a result is empty, and `dangling` is set.
fn filled(text: &str, results: &[(String, Value)], dangling: &Cell<bool>) -> Value {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("$result[") {
        let (path, length) = path(&rest[at + "$result".len()..]);
        if length == 0 {
            break;
        }
        let value = look_up(&path, results);
        dangling.set(dangling.get() || value.is_null());
        let after = at + "$result".len() + length;
        if at == 0 && after == rest.len() && out.is_empty() {
            return value;
        }
        out.push_str(&rest[..at]);
        out.push_str(&php::text(&value).unwrap_or_default());
        rest = &rest[after..];
    }
    out.push_str(rest);
    Value::String(out)
}

/// Reads `[a][b]…` at the start: its steps and its length.
fn path(text: &str) -> (Vec<&str>, usize) {
    let mut steps = Vec::new();
    let mut length = 0;
    while let Some(inner) = text[length..].strip_prefix('[') {
        let Some(end) = inner.find(']') else { break };
        steps.push(&inner[..end]);
        length += end + 2;
    }
    (steps, length)
}

fn look_up(path: &[&str], results: &[(String, Value)]) -> Value {
    let Some((first, rest)) = path.split_first() else { return Value::Null };
    let mut value = results.iter().find(|(name, _)| name == first).map(|(_, value)| value);
    for step in rest {
        value = value.and_then(|v| match v {
            Value::Array(list) => step.parse::<usize>().ok().and_then(|i| list.get(i)),
            other => other.get(*step),
        });
    }
    value.cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::portal::answer::Done;

    fn echo(command: Command<'_>) -> (Answer, Value) {
        if let Some(refusal) = command.refused {
            return (Err(refusal), Value::Null);
        }
        if command.method == "bad" {
            return (Err(Refusal::business("no")), Value::Null);
        }
        let mut shown = command.params.shown();
        if command.dangling {
            shown["dangling"] = true.into();
        }
        (Ok(Done::from(shown)), json!({ "duration": 0.1 }))
    }

    fn answer(json: &Value) -> Value {
        let params = Params::read("", "application/json", json.to_string().as_bytes()).expect("JSON");
        run(&params, echo).expect("a batch").result
    }

    #[test]
    fn commands_run_in_the_order_of_writing_and_see_earlier_results() {
        let body =
            r#"{"cmd":{"z":"echo?CALL_ID=c1","a":"echo?x=$result[z][CALL_ID]&y=id-%24result%5Bz%5D%5BCALL_ID%5D."}}"#;
        let params = Params::read("", "application/json", body.as_bytes()).expect("JSON");
        let result = run(&params, echo).expect("a batch").result;
        assert_eq!(result["result"]["a"], json!({ "x": "c1", "y": "id-c1." }));
    }

    #[test]
    fn empty_maps_are_lists_and_numbered_maps_too() {
        let all = answer(&json!({ "cmd": ["echo?a=1", "echo?b=2"] }));
        assert_eq!(all["result"], json!([{ "a": "1" }, { "b": "2" }]));
        assert_eq!(all["result_error"], json!([]));
        let second_bad = answer(&json!({ "cmd": ["echo?a=1", "bad"] }));
        assert_eq!(second_bad["result_error"], json!({ "1": { "error": "", "error_description": "no" } }));
    }

    #[test]
    fn halt_stops_at_the_first_error() {
        let stopped = answer(&json!({ "halt": 1, "cmd": { "a": "bad", "b": "echo?x=1" } }));
        assert_eq!(stopped["result"], json!([]));
        let went_on = answer(&json!({ "halt": 0, "cmd": { "a": "bad", "b": "echo?x=$result[a][ID]" } }));
        assert_eq!(
            went_on["result"],
            json!({ "b": { "x": null, "dangling": true } }),
            "a reference to a failed command is null"
        );
    }

    #[test]
    fn the_fifty_first_command_and_a_batch_in_a_batch_are_refused() {
        let many: Vec<String> = (0..51).map(|i| format!("echo?i={i}")).collect();
        let all = answer(&json!({ "cmd": many }));
        assert_eq!(all["result"].as_array().map(Vec::len), Some(50));
        assert_eq!(all["result_error"]["50"]["error"], "ERROR_BATCH_LENGTH_EXCEEDED");
        let nested = answer(&json!({ "cmd": { "a": "batch?cmd[x]=echo" } }));
        assert_eq!(nested["result_error"]["a"]["error"], "ERROR_BATCH_METHOD_NOT_ALLOWED");
    }
}
