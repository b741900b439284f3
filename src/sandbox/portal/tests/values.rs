//! How values arrive: brackets, encodings, casts.

use super::super::calls::cleaned;
use super::super::params::{NotJson, Params};
use super::super::state::same_number;
use super::super::{php, timing};
use super::NOON;
use crate::domain::Timestamp;
use serde_json::{Value, json};

#[test]
fn bracketed_names_become_trees_and_lists() {
    let pairs = php::pairs("a=1&b%5B%5D=x&b[]=y&c[k][z]=%D1%8F+%2B&a=2&broken=%zz");
    assert_eq!(
        Value::Object(php::tree(pairs)),
        json!({ "a": "2", "b": ["x", "y"], "c": { "k": { "z": "я +" } }, "broken": "%zz" })
    );
}

#[test]
fn what_is_encoded_is_decoded() {
    let text = "я & b=c+[d] %";
    assert_eq!(php::pairs(&php::query([("n[]", text)])), [("n[]".to_owned(), text.to_owned())]);
}

#[test]
fn numbers_and_truth_are_cast_as_in_php() {
    for (value, number) in [(json!("12abc"), 12), (json!(" 7"), 7), (json!(true), 1), (json!(null), 0), (json!("x"), 0)]
    {
        assert_eq!(php::int(&value), number, "{value}");
    }
    for (value, truth) in
        [(json!("0"), false), (json!("false"), true), (json!(0), false), (json!([]), false), (json!(""), false)]
    {
        assert_eq!(php::truth(&value), truth, "{value}");
    }
}

#[test]
fn the_body_wins_over_the_query() {
    let params = Params::read("a=query&b=1", "application/json; charset=utf-8", br#"{"a":"body"}"#).expect("JSON");
    assert_eq!((params.text("a"), params.text("b")), (Some("body".to_owned()), Some("1".to_owned())));
    assert_eq!(Params::read("", "application/json", b"a=1").err(), Some(NotJson));
    let form = Params::read("a=query", "application/x-www-form-urlencoded", b"a=body").expect("a form");
    assert_eq!(form.text("a"), Some("body".to_owned()));
}

#[test]
fn only_what_can_be_dialled_stays_in_a_number() {
    let kept = |text: &str| cleaned(text).unwrap_or_default();
    assert_eq!(kept("+7 (983) 555-11-22, доб. 5"), "+79835551122,5");
    for nothing in ["аноним", "anonymous", "", "0", "доб. 0"] {
        assert_eq!(cleaned(nothing), None, "{nothing}");
    }
    assert_eq!(["00", "+0", "+", "0,"].map(kept), ["00", "+0", "+", "0,"], "true for PHP");
    assert!(same_number("+79835551122", "8 983 555 11 22"));
    assert!(!same_number("1001", "11001"));
    assert!(!same_number("", ""));
}

#[test]
fn dates_are_read_with_a_zone_and_written_in_the_servers() {
    assert_eq!(timing::written(NOON), "2026-01-01T15:00:00+03:00");
    for text in
        ["2026-01-01T12:00:00Z", "2026-01-01T15:00:00+03:00", "2026-01-01T15:00:00", "2026-01-01T12:00:00.000+00:00"]
    {
        assert_eq!(timing::read(text), Some(NOON), "{text}");
    }
    for text in ["01.01.2026 12:00", "2026-01-01 12:00:00", "yesterday", "1767268800"] {
        assert_eq!(timing::read(text), None::<Timestamp>, "{text}");
    }
}
