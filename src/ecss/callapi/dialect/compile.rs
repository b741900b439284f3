//! Turns the written dialect into the checked form the rest works with.

use super::template::{Json, Message, Text};
use super::words::{Aliases, Vocabulary, plain};
use super::{
    Answers, Command, Commands, Dialect, Envelope, Heartbeat, LegWords, Ready, Register, Socket, StatusWord,
    TimeFormat, file,
};
use crate::domain::leg::{Cause, Direction, LegState};
use reqwest::Method;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};

/// Why a dialect cannot be used.
#[derive(Debug)]
pub(super) struct DialectRefusal {
    pub(super) key: Option<String>,
    pub(super) problem: String,
    pub(super) remedy: &'static str,
}

const TEMPLATE: &str = "correct the template; see the annotated default dialect for the placeholders";
const NAMES: &str = "use each name once, with at least one letter";

fn refuse(key: &str, problem: impl Into<String>, remedy: &'static str) -> DialectRefusal {
    DialectRefusal { key: Some(key.to_owned()), problem: problem.into(), remedy }
}

fn text(key: &str, template: &str, allowed: &[&str]) -> Result<Text, DialectRefusal> {
    Text::parse(template, allowed).map_err(|problem| refuse(key, problem, TEMPLATE))
}

fn message(key: &str, template: &str, allowed: &[&str]) -> Result<Option<Message>, DialectRefusal> {
    if template.is_empty() {
        return Ok(None);
    }
    Message::parse(template, allowed).map(Some).map_err(|problem| refuse(key, problem, TEMPLATE))
}

fn seconds(key: &str, value: f64) -> Result<Duration, DialectRefusal> {
    if (0.0..=86_400.0).contains(&value) {
        return Ok(Duration::from_secs_f64(value));
    }
    Err(refuse(key, format!("{value} is not a sensible number of seconds"), "use a number from 0 to 86400"))
}

fn pointers(key: &str, list: Vec<String>) -> Result<Vec<String>, DialectRefusal> {
    match list.iter().find(|pointer| !pointer.is_empty() && !pointer.starts_with('/')) {
        Some(bad) => Err(refuse(key, format!("`{bad}` is not a JSON pointer"), "begin every pointer with `/`")),
        None => Ok(list),
    }
}

fn header_name(key: &str, name: &str) -> Result<HeaderName, DialectRefusal> {
    name.parse().map_err(|_| refuse(key, format!("`{name}` cannot be a header name"), "use letters, digits and `-`"))
}

fn vocabulary<T: Copy>(
    key: &str,
    words: &BTreeMap<String, String>,
    meaning: impl Fn(&str) -> Option<T>,
    remedy: &'static str,
) -> Result<Vocabulary<T>, DialectRefusal> {
    words
        .iter()
        .map(|(word, ours)| {
            let found = meaning(ours).ok_or_else(|| refuse(key, format!("`{ours}` is none of our words"), remedy))?;
            Ok((word.as_str(), found))
        })
        .collect()
}

/// Checks everything and builds the dialect.
pub(super) fn compile(file: file::File) -> Result<Dialect, DialectRefusal> {
    Ok(Dialect {
        register: register(file.register)?,
        socket: socket(&file.socket)?,
        ready: Ready {
            patterns: file
                .ready
                .messages
                .iter()
                .map(|m| serde_json::from_str(m))
                .collect::<Result<_, _>>()
                .map_err(|e| refuse("ready.messages", format!("not JSON ({e})"), "write each message as JSON"))?,
            after: seconds("ready.after_seconds", file.ready.after_seconds)?,
        },
        envelope: envelope(&file.envelope, &file.events)?,
        legs: legs(&file.fields, &file.legs, &file.status, &file.direction, &file.cause, file.time)?,
        commands: commands(&file.commands)?,
        answers: Answers {
            ok: file.answer.ok.iter().map(|word| (word.as_str(), ())).collect(),
            error: pointers("answer.error", file.answer.error)?,
            call_id: pointers("answer.call_id", file.answer.call_id)?,
            message: pointers("answer.message", file.answer.message)?,
        },
        heartbeat: heartbeat(file.heartbeat)?,
        log_once: super::log_once::LogOnce::default(),
    })
}

fn register(raw: file::Register) -> Result<Register, DialectRefusal> {
    const KNOWN: &[&str] = &["client_id", "api_key", "domain"];
    let headers = raw.headers.iter().map(|(name, value)| {
        let key = "register.headers";
        Ok((header_name(key, name)?, text(key, value, KNOWN)?))
    });
    Ok(Register {
        method: Method::from_bytes(raw.method.to_ascii_uppercase().as_bytes())
            .map_err(|_| refuse("register.method", "not an HTTP method", "use POST, PUT or GET"))?,
        path: text("register.path", &raw.path, KNOWN)?,
        headers: headers.collect::<Result<_, _>>()?,
        content_type: HeaderValue::from_str(&raw.content_type)
            .map_err(|_| refuse("register.content_type", "not a media type", "use e.g. application/json"))?,
        body: message("register.body", &raw.body, KNOWN)?,
        token: pointers("register.token", raw.token)?,
        bare_token: raw.bare_token,
        wrong_key: raw.wrong_key,
        timeout: seconds("register.timeout_seconds", raw.timeout_seconds)?,
    })
}

fn socket(raw: &file::Socket) -> Result<Socket, DialectRefusal> {
    const PUBLIC: &[&str] = &["client_id", "domain", "token"];
    const ALL: &[&str] = &["client_id", "domain", "token", "api_key"];
    let header = if raw.header.is_empty() {
        None
    } else {
        Some((header_name("socket.header", &raw.header)?, text("socket.header_value", &raw.header_value, PUBLIC)?))
    };
    let subscribe = raw.subscribe.iter().map(|m| {
        message("socket.subscribe", m, ALL)?.ok_or_else(|| refuse("socket.subscribe", "an empty message", "remove it"))
    });
    Ok(Socket {
        path: text("socket.path", &raw.path, PUBLIC)?,
        header,
        query: text("socket.query", &raw.query, PUBLIC)?,
        protocol: text("socket.protocol", &raw.protocol, PUBLIC)?,
        first_message: message("socket.first_message", &raw.first_message, ALL)?,
        subscribe: subscribe.collect::<Result<_, _>>()?,
        timeout: seconds("socket.timeout_seconds", raw.timeout_seconds)?,
    })
}

fn envelope(raw: &file::Envelope, events: &file::Events) -> Result<Envelope, DialectRefusal> {
    Ok(Envelope {
        names: Aliases::new([&raw.name, &raw.payload, &raw.request_id, &raw.status])
            .map_err(|name| refuse("envelope", format!("`{name}` stands for two parts"), NAMES))?,
        legs: events.legs.iter().map(|word| (word.as_str(), ())).collect(),
        quiet: events.quiet.iter().map(|word| (word.as_str(), ())).collect(),
    })
}

fn legs(
    fields: &file::LegFields,
    legs: &file::Legs,
    status: &BTreeMap<String, String>,
    direction: &BTreeMap<String, String>,
    cause: &BTreeMap<String, String>,
    time: file::Time,
) -> Result<LegWords, DialectRefusal> {
    Ok(LegWords {
        fields: Aliases::new([
            &fields.leg,
            &fields.call,
            &fields.call_ref,
            &fields.own,
            &fields.remote,
            &fields.direction,
            &fields.status,
            &fields.answered_at,
            &fields.display_name,
            &fields.cause,
        ])
        .map_err(|name| refuse("fields", format!("`{name}` stands for two fields"), NAMES))?,
        hidden: legs.hidden.iter().map(|word| (word.as_str(), ())).collect(),
        status: vocabulary("status", status, status_word, "use dialing, ringing, talking, held, released or ignore")?,
        direction: vocabulary("direction", direction, direction_word, "use in or out")?,
        cause: vocabulary(
            "cause",
            cause,
            cause_word,
            "use normal, busy, no-answer, declined, cancelled, wrong-number, unavailable, failed or forbidden",
        )?,
        times: time.formats.into_iter().map(time_format).collect::<Result<_, _>>()?,
    })
}

fn status_word(word: &str) -> Option<StatusWord> {
    Some(match word {
        "dialing" => StatusWord::State(LegState::Dialing),
        "ringing" => StatusWord::State(LegState::Ringing),
        "talking" => StatusWord::State(LegState::Talking),
        "held" => StatusWord::State(LegState::Held),
        "released" => StatusWord::State(LegState::Released),
        "ignore" => StatusWord::Ignore,
        _ => return None,
    })
}

fn direction_word(word: &str) -> Option<Direction> {
    match word {
        "in" => Some(Direction::In),
        "out" => Some(Direction::Out),
        _ => None,
    }
}

fn cause_word(word: &str) -> Option<Cause> {
    Some(match word {
        "normal" => Cause::Normal,
        "busy" => Cause::Busy,
        "no-answer" => Cause::NoAnswer,
        "declined" => Cause::Declined,
        "cancelled" => Cause::Cancelled,
        "wrong-number" => Cause::WrongNumber,
        "unavailable" => Cause::Unavailable,
        "failed" => Cause::Failed,
        "forbidden" => Cause::Forbidden,
        _ => return None,
    })
}

fn time_format(format: String) -> Result<TimeFormat, DialectRefusal> {
    match format.as_str() {
        "iso8601" => return Ok(TimeFormat::Iso8601),
        "epoch" => return Ok(TimeFormat::Epoch),
        _ => {}
    }
    let example = jiff::civil::date(2026, 2, 3).at(4, 5, 6, 0);
    let back = jiff::fmt::strtime::format(&format, example)
        .and_then(|written| jiff::civil::DateTime::strptime(&format, written));
    if back.is_ok_and(|back| back == example) {
        return Ok(TimeFormat::Local(format));
    }
    Err(refuse(
        "time.formats",
        format!("`{format}` does not describe a date and a time to the second"),
        "use strftime signs such as %Y-%m-%d %H:%M:%S, or iso8601, or epoch",
    ))
}

fn commands(raw: &file::Commands) -> Result<Commands, DialectRefusal> {
    let envelope = ["action", "request_id", "request_id_text", "payload", "payload_text"];
    let command = |name: &str, raw: &file::Command, known: &[&str]| {
        let payload = Json::parse(&raw.payload, known)
            .map_err(|problem| refuse(&format!("commands.{name}.payload"), problem, TEMPLATE))?;
        Ok(Command { enabled: raw.enabled, action: raw.action.clone(), payload })
    };
    Ok(Commands {
        message: Json::parse(&raw.message, &envelope)
            .map_err(|problem| refuse("commands.message", problem, TEMPLATE))?,
        timeout: seconds("commands.timeout_seconds", raw.timeout_seconds)?,
        make: command("make", &raw.make, &["from", "to", "to_digits"])?,
        answer: command("answer", &raw.answer, &["id"])?,
        release: command("release", &raw.release, &["id"])?,
        hold: command("hold", &raw.hold, &["id"])?,
        retrieve: command("retrieve", &raw.retrieve, &["id"])?,
        transfer: command("transfer", &raw.transfer, &["id", "to", "to_digits"])?,
    })
}

fn heartbeat(raw: file::Heartbeat) -> Result<Heartbeat, DialectRefusal> {
    let idle = seconds("heartbeat.idle_seconds", raw.idle_seconds)?;
    if idle.is_zero() || raw.misses == 0 {
        return Err(refuse("heartbeat", "no silence would be allowed at all", "use idle_seconds > 0 and misses ≥ 1"));
    }
    Ok(Heartbeat {
        control_ping: raw.control_ping,
        message: message("heartbeat.message", &raw.message, &[])?,
        idle,
        misses: raw.misses,
        answers: raw.answers.into_iter().map(|(ping, pong)| (plain(&ping), pong)).collect(),
    })
}
