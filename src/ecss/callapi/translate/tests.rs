//! Frames in all their spellings.

use super::*;
use crate::domain::leg::{Cause, Direction, LegState};
use crate::domain::{Phone, Timestamp};
use proptest::prelude::*;
use serde_json::json;

fn zone() -> TimeZone {
    TimeZone::get("Europe/Moscow").expect("zone")
}

fn read(value: &Value) -> Frame {
    Frame::read(&value.to_string(), &Dialect::default(), &zone())
}

fn phone(text: &str) -> Phone {
    Phone::parse(text).expect("number")
}

/// A talking leg in the default spelling; fields are replaced by those of `change`.
fn leg(change: Value) -> Value {
    let mut leg = json!({
        "id": "f0a1", "call_id": "f0a0", "call_ref": "f0af", "direction": "in", "digits": "2001",
        "remote_digits": "+74955550000", "display_name": "Reception", "status": "talking",
        "answer_time": "2026/05/06 10:20:30", "has_answer_time": true, "workitem_id": null
    });
    let (Value::Object(leg_fields), Value::Object(changed)) = (&mut leg, change) else { panic!("objects") };
    leg_fields.extend(changed);
    leg
}

fn event(data: impl Into<Value>) -> Value {
    json!({"event": "conversations_event", "data": data.into()})
}

fn only_leg(value: &Value) -> LegEvent {
    let frame = read(value);
    assert_eq!(frame.unknown, None, "{value}");
    assert_eq!(frame.legs.len(), 1, "{value}");
    frame.legs.into_iter().next().expect("one")
}

#[test]
fn a_leg_with_every_fact() {
    let seen = only_leg(&event(vec![leg(json!({}))]));
    let want = LegEvent {
        leg: "f0a1".into(),
        call: "f0a0".into(),
        call_ref: Some("f0af".to_owned()),
        own: phone("2001"),
        remote: Some(phone("+74955550000")),
        remote_unreadable: false,
        direction: Direction::In,
        state: LegState::Talking,
        answered_at: Some(Timestamp(1_778_052_030_000)),
        display_name: Some("Reception".to_owned()),
        cause: None,
    };
    assert_eq!(seen, want);
}

#[test]
fn the_same_leg_however_it_is_wrapped() {
    let want = only_leg(&event(vec![leg(json!({}))]));
    let bare = leg(json!({}));
    for wrapped in [
        bare.clone(),
        json!([bare]),
        event(bare.clone()),
        event(bare.to_string()),
        event(json!([bare.to_string()])),
        json!({"type": "conversations_event", "payload": {"conversations": {"f0a1": bare}}}),
        json!({"action": "call/update", "requestId": null, "params": {"calls": [{"legs": [bare]}]}}),
        Value::String(event(vec![bare.clone()]).to_string()),
        // An object around the legs that looks like one itself, and states the call for all.
        json!({"id": 5, "status": "ok", "call_id": "f0a0", "direction": "in",
               "legs": [{"leg_id": "f0a1", "state": "active", "dir": "incoming", "extension": 2001, "callRef": "f0af",
                         "remoteNumber": "sip:+74955550000@trunk", "displayName": "Reception",
                         "answeredAt": "2026-05-06T07:20:30Z"}]}),
    ] {
        assert_eq!(only_leg(&wrapped), want, "{wrapped}");
    }
}

#[test]
fn legs_keep_the_order_of_the_frame() {
    let frame = read(&event(json!([
        leg(json!({"id": "z", "status": "released"})),
        {"nested": [leg(json!({"id": "a"}))]},
        leg(json!({"id": "m", "status": "alerting"})),
    ])));
    let ids: Vec<_> = frame.legs.iter().map(|leg| leg.leg.as_str()).collect();
    assert_eq!(ids, ["z", "a", "m"]);
}

#[test]
fn status_words() {
    for (word, state) in [
        ("initiating", LegState::Dialing),
        ("alerting", LegState::Ringing),
        ("Ringing", LegState::Ringing),
        ("working", LegState::Talking),
        ("CONNECTED", LegState::Talking),
        ("on_hold", LegState::Held),
        ("onHold", LegState::Held),
        ("released", LegState::Released),
        ("idle", LegState::Released),
    ] {
        assert_eq!(only_leg(&leg(json!({"status": word}))).state, state, "{word}");
    }
}

#[test]
fn a_phase_that_is_nothing_to_us_is_silent_and_an_unknown_one_is_told() {
    let acw = read(&event(vec![leg(json!({"status": "acw"}))]));
    assert_eq!((acw.legs.len(), acw.unknown, acw.oddities.len()), (0, None, 0));
    let strange = read(&event(vec![leg(json!({"status": "hovering"})), leg(json!({"id": "b"}))]));
    assert_eq!(strange.legs.len(), 1, "the other leg of the frame still counts");
    assert_eq!(strange.oddities, [Oddity::Status("hovering".to_owned())]);
    assert!(strange.unknown.expect("the strange leg").contains("hovering"));
}

#[test]
fn numbers_in_every_clothing() {
    for own in [
        json!("2001"),
        json!(2001),
        json!("sip:2001@firm"),
        json!("\"Anna\" <sip:2001@firm;user=phone>"),
        json!("tel:2001"),
    ] {
        assert_eq!(only_leg(&leg(json!({"digits": own}))).own, phone("2001"), "{own}");
    }
    for hidden in [
        json!(null),
        json!(""),
        json!("anonymous"),
        json!("Anonymous"),
        json!("sip:anonymous@x"),
        json!(7.5),
        json!({}),
    ] {
        assert_eq!(only_leg(&leg(json!({"remote_digits": hidden}))).remote, None, "{hidden}");
    }
}

#[test]
fn a_leg_without_a_vital_fact_is_unknown() {
    for (change, oddity) in [
        (json!({"digits": null}), Oddity::NoOwnNumber),
        (json!({"digits": "reception"}), Oddity::NoOwnNumber),
        (json!({"direction": "sideways"}), Oddity::Direction("sideways".to_owned())),
        (json!({"direction": null}), Oddity::Direction(String::new())),
    ] {
        let frame = read(&event(vec![leg(change.clone())]));
        assert!(frame.legs.is_empty() && frame.unknown.is_some(), "{change}");
        assert_eq!(frame.oddities, [oddity], "{change}");
    }
    for no_leg in [json!({"id": null}), json!({"id": ""}), json!({"id": "x".repeat(300)}), json!({"status": 3})] {
        let frame = read(&event(vec![leg(no_leg.clone())]));
        assert!(frame.legs.is_empty() && frame.unknown.is_some(), "{no_leg}");
    }
}

#[test]
fn what_is_missing_falls_back() {
    assert_eq!(only_leg(&leg(json!({"call_id": null}))).call.as_str(), "f0af");
    assert_eq!(only_leg(&leg(json!({"call_id": null, "call_ref": null}))).call.as_str(), "f0a1");
    assert_eq!(only_leg(&leg(json!({"direction": null, "status": "dialing"}))).direction, Direction::Out);
    assert_eq!(only_leg(&leg(json!({"id": 77}))).leg.as_str(), "77");
    let timeless = read(&leg(json!({"answer_time": "yesterday"})));
    assert_eq!(timeless.legs[0].answered_at, None);
    assert_eq!(timeless.oddities, [Oddity::Time("yesterday".to_owned())]);
}

#[test]
fn causes_in_words_and_codes() {
    for (said, want) in [
        (json!({"cause": "busy"}), Some(Cause::Busy)),
        (json!({"cause": 486}), Some(Cause::Busy)),
        (json!({"release_cause": "SIP 480 Temporarily Unavailable"}), Some(Cause::Unavailable)),
        (json!({"reason": "unassignedNumber"}), Some(Cause::WrongNumber)),
        (json!({"releaseReason": {"code": 603, "text": "whatever"}}), Some(Cause::Declined)),
        (json!({"cause": "Q.850;cause=17"}), None),
        (json!({"cause": "gremlins"}), None),
        (json!({"cause": null}), None),
        (json!({}), None),
    ] {
        let mut change = said.clone();
        change["status"] = json!("released");
        assert_eq!(read(&leg(change)).legs[0].cause, want, "{said}");
    }
    assert_eq!(only_leg(&leg(json!({"cause": "busy"}))).cause, None, "a living leg has not ended");
}

#[test]
fn frames_that_are_no_events() {
    let kind = |value: Value| read(&value).kind;
    assert_eq!(kind(json!({"event": "connection_state", "data": {"state": "open"}})), FrameKind::Quiet);
    assert_eq!(kind(json!({"event": "pong"})), FrameKind::Quiet);
    assert_eq!(kind(json!("pong")), FrameKind::Quiet);
    assert_eq!(kind(json!({"action": "call.make", "requestId": 7, "status": 200})), FrameKind::Answer(7));
    assert_eq!(kind(json!({"action": "call.make", "reqId": "7"})), FrameKind::Answer(7));
    assert_eq!(kind(json!({"event": "conversations_event", "requestId": 7, "data": []})), FrameKind::Event);
    for quiet in [json!("pong"), json!(""), event(json!([])), event(json!(null)), json!({"requestId": 1})] {
        assert_eq!(read(&quiet).unknown, None, "{quiet}");
    }
    for unknown in [json!({}), json!([]), json!(5), json!("hello"), json!({"event": "news", "data": []}), event("text")]
    {
        assert!(read(&unknown).unknown.is_some(), "{unknown}");
    }
}

#[test]
fn legs_in_an_answer_count_too() {
    let frame = read(&json!({"action": "call.make", "requestId": 3, "status": 200, "payload": leg(json!({}))}));
    assert_eq!((frame.kind, frame.legs.len(), frame.unknown), (FrameKind::Answer(3), 1, None));
}

#[test]
fn pings_are_answered_in_kind() {
    for (ping, pong) in [
        (json!({"event": "ping"}), json!({"event": "pong"})),
        (json!({"type": "PING", "ts": 5}), json!({"type": "PONG", "ts": 5})),
        (
            json!({"action": "ping", "requestId": 4, "payload": {}}),
            json!({"action": "pong", "requestId": 4, "payload": {}}),
        ),
    ] {
        match read(&ping).kind {
            FrameKind::Ping(answer) => assert_eq!(serde_json::from_str::<Value>(&answer).expect("JSON"), pong),
            other => panic!("{ping}: {other:?}"),
        }
    }
    assert_eq!(Frame::read("ping", &Dialect::default(), &zone()).kind, FrameKind::Ping("pong".to_owned()));
    assert_eq!(read(&json!({"event": "shopping"})).kind, FrameKind::Event);
}

#[test]
fn readiness_is_recognised_by_meaning() {
    let ready = |value: Value| read(&value).is_ready(&Dialect::default());
    assert!(ready(json!({"event": "connection_state", "data": {"state": "open"}})));
    assert!(ready(json!({"type": "connectionState", "payload": [{"status": "OPEN"}], "extra": 1})));
    assert!(ready(json!({"event": "connection_state", "data": "{\"state\":\"open\"}"})));
    assert!(!ready(json!({"event": "connection_state", "data": {"state": "closed"}})));
    assert!(!ready(json!({"event": "other", "data": {"state": "open"}})));
    assert!(!ready(json!("open")));
}

#[test]
fn depth_and_size_are_bounded() {
    let mut nested = leg(json!({}));
    for _ in 0..20 {
        nested = json!([nested]);
    }
    let frame = read(&nested);
    assert!(frame.legs.is_empty());
    assert_eq!(frame.oddities, [Oddity::TooBig]);
    let mut text = leg(json!({})).to_string();
    for _ in 0..12 {
        text = Value::String(format!("[{text}]")).to_string();
        assert!(text.len() < 1 << 20);
    }
    assert!(Frame::read(&text, &Dialect::default(), &zone()).legs.len() <= 1);
    let hostile = "[".repeat(500_000);
    assert!(Frame::read(&hostile, &Dialect::default(), &zone()).unknown.is_some());
    let wide = json!(vec![json!([]); 300_000]);
    assert!(read(&wide).oddities.contains(&Oddity::TooBig));
}

#[test]
fn a_log_line_about_an_oddity_is_short_and_gives_no_number_away() {
    for oddity in [Oddity::Status("+79835551122".to_owned()), Oddity::Time("79835551122".repeat(20))] {
        let line = oddity.to_string();
        assert!(!line.contains("79835551122") && line.len() < 200, "{line}");
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let words = [
        "id",
        "status",
        "digits",
        "direction",
        "in",
        "talking",
        "event",
        "ping",
        "data",
        "1001",
        "answer_time",
        "[]",
        "{\"a\":1}",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        proptest::sample::select(words.to_vec()).prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 6, move |inner| {
        let name = prop_oneof![proptest::sample::select(words.to_vec()).prop_map(String::from), ".{0,6}"];
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::btree_map(name, inner.clone(), 0..8)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
            inner.prop_map(|value| Value::String(value.to_string())),
        ]
    })
}

/// One way a switch might spell its frames.
#[derive(Debug, Clone)]
struct Spelling {
    name: String,
    payload: String,
    single: bool,
    as_text: bool,
    around: u8,
    ids: usize,
    camel: bool,
    state_word: usize,
}

#[test]
fn a_snapshot_of_thousands_of_legs_is_read_and_a_frame_of_nothing_but_brackets_is_not() {
    let leg = r#"{"id":"0123456789abcdef","call_id":"0123456789abcdef","call_ref":"0123456789abcdef","direction":"in","digits":"1001","remote_digits":"79835551122","display_name":"Anna, of \"Roga, kopyta\"","status":"talking","answer_time":"2026/11/26 10:00:00"}"#;
    let snapshot = format!("[{}]", vec![leg; 4_000].join(","));
    assert!(snapshot.len() < 1024 * 1024 && !FRAME.are_exceeded_by(snapshot.as_bytes()));
    for part in [r#"{"":0},"#, "[],", "0,"] {
        assert!(FRAME.are_exceeded_by(part.repeat(1024 * 1024 / part.len()).as_bytes()), "{part}");
    }
}

fn spelling() -> impl Strategy<Value = Spelling> {
    (
        proptest::sample::select(vec!["event", "action", "type", "method", "name", "cmd", "evt"]),
        proptest::sample::select(vec!["data", "payload", "params", "body", "result", "content"]),
        any::<bool>(),
        any::<bool>(),
        0..3_u8,
        0..2_usize,
        any::<bool>(),
        0..3_usize,
    )
        .prop_map(|(name, payload, single, as_text, around, ids, camel, state_word)| Spelling {
            name: name.to_owned(),
            payload: payload.to_owned(),
            single,
            as_text,
            around,
            ids,
            camel,
            state_word,
        })
}

impl Spelling {
    fn key(&self, snake: &str) -> String {
        if !self.camel {
            return snake.to_owned();
        }
        let mut parts = snake.split('_');
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |key, part| key + &part[..1].to_uppercase() + &part[1..])
    }

    fn frame(&self, legs: &[(u32, LegState)]) -> Value {
        let spelt = legs.iter().map(|(n, state)| {
            let word = match state {
                LegState::Ringing => ["alerting", "ringing", "Delivered"],
                LegState::Talking => ["talking", "working", "Answered"],
                _ => ["released", "finished", "TERMINATED"],
            }[self.state_word];
            let mut leg = Map::new();
            leg.insert(self.key(["id", "leg_id"][self.ids]), json!(format!("leg{n}")));
            leg.insert(self.key("call_id"), json!("call"));
            leg.insert(self.key("digits"), json!(n.to_string()));
            leg.insert(self.key("remote_digits"), json!("anonymous"));
            leg.insert(self.key("direction"), json!("in"));
            leg.insert(self.key("status"), json!(word));
            Value::Object(leg)
        });
        let spelt: Vec<Value> = spelt.collect();
        let mut payload = if self.single && spelt.len() == 1 { spelt[0].clone() } else { Value::Array(spelt) };
        for _ in 0..self.around {
            payload = json!({ "items": payload });
        }
        if self.as_text {
            payload = Value::String(payload.to_string());
        }
        json!({self.name.as_str(): "conversations_event", self.payload.as_str(): payload})
    }
}

proptest! {
    #[test]
    fn any_json_is_read_without_panic(value in any_json()) {
        let frame = read(&value);
        let masker = Masker::default();
        prop_assert!(Frame::events(frame.legs, frame.unknown.as_deref(), &masker).count() <= 2);
    }

    #[test]
    fn any_text_is_read_without_panic(text in ".{0,200}") {
        Frame::read(&text, &Dialect::default(), &zone());
    }

    #[test]
    fn a_frame_means_the_same_in_every_spelling(
        spelling in spelling(),
        legs in proptest::collection::vec(
            (1000..1100_u32, proptest::sample::select(vec![LegState::Ringing, LegState::Talking, LegState::Released])),
            1..5,
        ),
    ) {
        let frame = read(&spelling.frame(&legs));
        let seen: Vec<_> = frame.legs.iter().map(|l| (l.own.as_str().parse().expect("number"), l.state)).collect();
        prop_assert_eq!(seen, legs);
        prop_assert!(frame.unknown.is_none());
        prop_assert!(frame.legs.iter().all(|l| l.call.as_str() == "call" && l.remote.is_none()));
    }
}
