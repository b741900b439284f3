//! Neutral commands in the dialect's words, and what an answer means.

use super::dialect::{Dialect, STATUS};
use super::pointer::{first, word};
use crate::domain::SwitchCallId;
use crate::domain::leg::{Accepted, Cause, CommandError, SwitchCommand, SwitchRefusal};
use serde_json::{Value, json};

/// Status of a refusal that names none.
const UNNAMED: u16 = 500;
/// The switch's own words are shown to people; more than this is not read by anybody.
const LONGEST_MESSAGE: usize = 200;

/// The message that asks for a command; `None` where the dialect switches it off.
pub(super) fn render(dialect: &Dialect, command: &SwitchCommand, request_id: u64) -> Option<String> {
    let template = dialect.command(command);
    if !template.enabled {
        return None;
    }
    let mut values = Vec::new();
    let mut target = None;
    match command {
        SwitchCommand::Make { from, to } => {
            values.push(("from", json!(from.as_str())));
            target = Some(to);
        }
        SwitchCommand::Answer(leg)
        | SwitchCommand::Release(leg)
        | SwitchCommand::Hold(leg)
        | SwitchCommand::Retrieve(leg) => values.push(("id", json!(leg.as_str()))),
        SwitchCommand::Transfer { leg, to } => {
            values.push(("id", json!(leg.as_str())));
            target = Some(to);
        }
    }
    if let Some(to) = target {
        values.extend([("to", json!(to.as_str())), ("to_digits", json!(to.digits()))]);
    }
    let payload = template.payload.fill(&values);
    let message = dialect.commands.message.fill(&[
        ("action", json!(template.action)),
        ("request_id", json!(request_id)),
        ("request_id_text", json!(request_id.to_string())),
        ("payload_text", json!(payload.to_string())),
        ("payload", payload),
    ]);
    Some(message.to_string())
}

/// What the answer to a command says.
pub(super) fn outcome(dialect: &Dialect, answer: &Value) -> Result<Accepted, CommandError> {
    let rules = &dialect.answers;
    let status = status(dialect, answer);
    let complaint = || first(answer, &rules.error, |v| (!v.is_null() && v != &json!(false)).then_some(())).is_some();
    let refused = match status {
        Some(200..=299) => None,
        Some(status) => Some(status),
        None => complaint().then_some(UNNAMED),
    };
    match refused {
        None => Ok(Accepted { call: first(answer, &rules.call_id, word).map(|(_, id)| SwitchCallId::new(id)) }),
        Some(status) => {
            let message = first(answer, &rules.message, word).map(|(_, text)| text).unwrap_or_default();
            let status = if status >= 500 { more_precise(dialect, &message).unwrap_or(status) } else { status };
            let message = message.chars().take(LONGEST_MESSAGE).collect();
            Err(CommandError::Refused { status, why: refusal(status), message })
        }
    }
}

/// What the status of a refused command means.
const fn refusal(status: u16) -> SwitchRefusal {
    match status {
        401 | 403 => SwitchRefusal::Forbidden,
        404 => SwitchRefusal::WrongNumber,
        409 | 486 => SwitchRefusal::Busy,
        408 | 480 => SwitchRefusal::Unavailable,
        _ => SwitchRefusal::Other,
    }
}

/// The switch behind the adapter says why it could not do it ("busy") inside an answer of 500, with the words of a
/// leg's cause.
fn more_precise(dialect: &Dialect, message: &str) -> Option<u16> {
    let cause = dialect.legs.cause.get(message)?;
    Some(match cause {
        Cause::Busy => 486,
        Cause::NoAnswer => 408,
        Cause::Declined => 603,
        Cause::Cancelled => 487,
        Cause::WrongNumber => 404,
        Cause::Unavailable => 480,
        Cause::Forbidden => 403,
        Cause::Normal | Cause::Failed => return None,
    })
}

/// The HTTP-like status of an answer; words become 200 or 500.
fn status(dialect: &Dialect, answer: &Value) -> Option<u16> {
    let (_, value) = dialect.envelope.names.pick(answer.as_object()?)[STATUS]?;
    match value {
        Value::Number(number) => Some(number.as_u64().and_then(|n| u16::try_from(n).ok()).unwrap_or(UNNAMED)),
        Value::Bool(yes) => Some(if *yes { 200 } else { UNNAMED }),
        Value::String(text) => Some(
            text.trim().parse().unwrap_or_else(|_| if dialect.answers.ok.get(text).is_some() { 200 } else { UNNAMED }),
        ),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Phone;

    fn phone(text: &str) -> Phone {
        Phone::parse(text).expect("number")
    }

    fn ask(dialect: &Dialect, command: &SwitchCommand) -> Value {
        serde_json::from_str(&render(dialect, command, 7).expect("enabled")).expect("JSON")
    }

    #[test]
    fn commands_in_the_default_dialect() {
        let make = SwitchCommand::Make { from: phone("1001"), to: phone("+79835551122") };
        let transfer = SwitchCommand::Transfer { leg: "l1".into(), to: phone("1002") };
        let dialect = Dialect::default();
        for (command, action, payload) in [
            (make, "call.make", json!({"from": "1001", "to": "+79835551122"})),
            (SwitchCommand::Answer("l\"1".into()), "call.answer", json!({"id": "l\"1"})),
            (SwitchCommand::Release("l1".into()), "call.release", json!({"id": "l1"})),
            (SwitchCommand::Hold("l1".into()), "call.hold", json!({"id": "l1"})),
            (SwitchCommand::Retrieve("l1".into()), "call.retrieve", json!({"id": "l1"})),
            (transfer, "call.transfer", json!({"id": "l1", "to": "1002"})),
        ] {
            let want = json!({"action": action, "requestId": 7, "payload": payload});
            assert_eq!(ask(&dialect, &command), want);
        }
    }

    #[test]
    fn another_envelope_and_a_command_switched_off() {
        let text = r#"
            [commands]
            message = '{"cmd":"${action}","rid":"${request_id_text}","params":"${payload_text}"}'
            [commands.make]
            action = "call/makeCall"
            payload = '{"number":"${to_digits}"}'
            [commands.answer]
            enabled = false
        "#;
        let dialect = Dialect::parse(text, "d").expect("dialect");
        let make = SwitchCommand::Make { from: phone("1001"), to: phone("+7983") };
        let want = json!({"cmd": "call/makeCall", "rid": "7", "params": "{\"number\":\"7983\"}"});
        assert_eq!(ask(&dialect, &make), want);
        assert_eq!(render(&dialect, &SwitchCommand::Answer("l".into()), 1), None);
    }

    #[test]
    fn answers_that_say_yes() {
        for (answer, call) in [
            (json!({"status": 200, "payload": {"call_id": "c1"}}), Some("c1")),
            (json!({"status": "200", "payload": "{\"callId\":\"c1\"}"}), Some("c1")),
            (json!({"status": "OK", "data": {"call_id": 17}}), Some("17")),
            (json!({"status": 202, "payload": {"ok": {"internalCallId": "c1"}}}), Some("c1")),
            (json!({"payload": {"ok": {}}}), None),
            (json!({"status": 200, "payload": null, "error": "ignored, the status counts"}), None),
        ] {
            let accepted = outcome(&Dialect::default(), &answer).expect("accepted");
            assert_eq!(accepted.call, call.map(SwitchCallId::from), "{answer}");
        }
    }

    #[test]
    fn answers_that_say_no_keep_the_switchs_words() {
        for (answer, want_status, want) in [
            (json!({"status": 403, "payload": {"message": "not registered"}}), 403, "not registered"),
            (json!({"status": 500, "payload": "{\"reason\":\"cannot\",\"body\":\"no line\"}"}), 500, "no line"),
            (json!({"status": 500, "payload": "{\"reason\":\"cannot\",\"body\":\"busy\"}"}), 486, "busy"),
            (json!({"status": 500, "payload": "{\"reason\":\"cannot\",\"body\":\"timeout\"}"}), 408, "timeout"),
            (json!({"status": 403, "payload": {"message": "busy"}}), 403, "busy"),
            (json!({"status": 409, "payload": "already running"}), 409, "already running"),
            (json!({"status": "error", "message": "no"}), 500, "no"),
            (json!({"error": {"message": "no such leg"}}), 500, "no such leg"),
            (json!({"statusCode": 404, "message": "x".repeat(999)}), 404, "x"),
            (json!({"status": 70000}), 500, ""),
            (json!({"status": false}), 500, ""),
        ] {
            match outcome(&Dialect::default(), &answer) {
                Err(CommandError::Refused { status, why, message }) => {
                    assert_eq!((status, why), (want_status, refusal(want_status)), "{answer}");
                    assert!(message.starts_with(want) && message.len() <= LONGEST_MESSAGE, "{answer}: {message}");
                }
                other => panic!("{answer}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_status_says_why_a_command_is_refused() {
        for (statuses, why) in [
            (&[401, 403][..], SwitchRefusal::Forbidden),
            (&[404], SwitchRefusal::WrongNumber),
            (&[409, 486], SwitchRefusal::Busy),
            (&[408, 480], SwitchRefusal::Unavailable),
            (&[400, 487, 500, 603], SwitchRefusal::Other),
        ] {
            assert!(statuses.iter().all(|status| refusal(*status) == why), "{statuses:?}");
        }
    }
}
