//! Against a portal on loopback that keeps bindings as the real one does.

use super::*;
use crate::bitrix::portal::tests::World;
use crate::bitrix::testing::{FakeAnswer, FakeRequest};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

const EVENTS: &str = "https://crm.example/events";
const CARD: &str = "https://crm.example/call/call.html";

fn wanted() -> WantedBindings {
    WantedBindings {
        card_handler: CARD.into(),
        event_handler: EVENTS.into(),
        title_ru: "Звонок".into(),
        title_en: "Call".into(),
    }
}

/// An event bound to our address.
fn ours(event: &str) -> (String, String) {
    (event.to_owned(), EVENTS.to_owned())
}

/// Our line, with CRM items for clicks or without.
fn our_line(create: &str) -> (String, String, Option<String>) {
    ("ecss-10".into(), "ECSS-10".into(), Some(create.into()))
}

/// Another answer than a refusal.
type Fails = fn() -> FakeAnswer;

/// What a portal has bound, and how it behaves.
#[derive(Default)]
struct Book {
    events: Vec<(String, String)>,
    cards: Vec<String>,
    /// Number, name, and what was said of CRM items (an older box keeps nothing of that).
    lines: Vec<(String, String, Option<String>)>,
    /// An older box.
    old_lines: bool,
    /// Methods that are refused, with their words.
    refuse: Vec<(&'static str, &'static str)>,
    /// Methods that fail in another way.
    fail: Vec<(&'static str, Fails)>,
    /// Lists are shown empty although they are not.
    forgetful: bool,
}

fn serve(book: &mut Book, hit: &FakeRequest) -> FakeAnswer {
    let (method, params) = (hit.rest(), hit.json());
    let text = |key: &str| params[key].as_str().unwrap_or_default().to_owned();
    if let Some((_, words)) = book.refuse.iter().find(|(m, _)| *m == method) {
        return FakeAnswer::error(400, "ERROR_CORE", words);
    }
    if let Some((_, make_answer)) = book.fail.iter().find(|(m, _)| *m == method) {
        return make_answer();
    }
    match method {
        "event.get" | "placement.get" if book.forgetful => FakeAnswer::result(&json!([])),
        "event.get" => {
            let row = |(event, handler): &(String, String)| json!({"event": event, "handler": handler, "auth_type": "0", "offline": 0});
            let offline = json!({"event": "ONEXTERNALCALLSTART", "handler": "", "offline": 1});
            FakeAnswer::result(&book.events.iter().map(row).chain([offline]).collect())
        }
        "event.bind" => {
            let new = (text("event").to_ascii_uppercase(), text("handler"));
            if book.events.contains(&new) {
                return FakeAnswer::error(400, "ERROR_CORE", "Unable to set event handler: Handler already binded");
            }
            book.events.push(new);
            FakeAnswer::result(&json!(true))
        }
        "event.unbind" => {
            let old = (text("event").to_ascii_uppercase(), text("handler"));
            book.events.retain(|e| *e != old);
            FakeAnswer::result(&json!({"count": 1}))
        }
        "event.test" => FakeAnswer::result(&json!(true)),
        "placement.get" => {
            let rows = book.cards.iter().map(|h| json!({"placement": "CALL_CARD", "handler": h, "userId": 0}));
            FakeAnswer::result(
                &rows.chain([json!({"placement": "LEFT_MENU", "handler": "https://other.example"})]).collect(),
            )
        }
        "placement.bind" => {
            if book.cards.contains(&text("HANDLER")) {
                // Several placement errors come with HTTP 200.
                return FakeAnswer::error(200, "ERROR_CORE", "Unable to set placement handler: Handler already binded");
            }
            book.cards.push(text("HANDLER"));
            FakeAnswer::result(&json!(true))
        }
        "placement.unbind" => {
            assert_eq!(text("PLACEMENT"), "CALL_CARD");
            book.cards.retain(|h| *h != text("HANDLER"));
            FakeAnswer::result(&json!({"count": 2}))
        }
        "telephony.externalLine.get" if book.forgetful => FakeAnswer::result(&json!([])),
        "telephony.externalLine.get" => {
            let row = |(number, name, create): &(String, String, Option<String>)| match create {
                Some(create) => json!({"NUMBER": number, "NAME": name, "CRM_AUTO_CREATE": create}),
                None => json!({"NUMBER": number, "NAME": name}),
            };
            FakeAnswer::result(&book.lines.iter().map(row).collect())
        }
        "telephony.externalLine.add" if book.lines.iter().any(|l| l.0 == text("NUMBER")) => {
            FakeAnswer::error(400, "", "Line already exists")
        }
        "telephony.externalLine.add" => {
            let create = (!book.old_lines).then(|| text("CRM_AUTO_CREATE"));
            book.lines.push((text("NUMBER"), text("NAME"), create));
            FakeAnswer::result(&json!({"ID": 1}))
        }
        "telephony.externalLine.update" => {
            let old = book.old_lines;
            if book.lines.iter().all(|l| l.0 != text("NUMBER")) {
                return FakeAnswer::error(400, "", "Could not find line with number ecss-10");
            }
            for line in book.lines.iter_mut().filter(|l| l.0 == text("NUMBER")) {
                *line = (text("NUMBER"), text("NAME"), (!old).then(|| text("CRM_AUTO_CREATE")));
            }
            FakeAnswer::result(&json!({"ID": 1}))
        }
        other => panic!("{other} was not expected"),
    }
}

async fn portal(book: Book) -> (World, Arc<Mutex<Book>>) {
    let book = Arc::new(Mutex::new(book));
    let seen = book.clone();
    (World::new(move |hit| serve(&mut seen.lock().unwrap(), hit)).await, book)
}

fn asked(world: &World, method: &str) -> usize {
    world.rest.count(&format!("/rest/{method}"))
}

#[tokio::test]
async fn a_new_portal_gets_everything_and_the_second_look_changes_nothing() {
    let (world, book) = portal(Book::default()).await;
    let report = world.portal.ensure_bound(&wanted(), Choices::default()).await;
    let line = "line ECSS-10 (CRM items for clicks: N)";
    assert_eq!(report.bound, ["OnExternalCallStart", "OnUserAdd", line, "CALL_CARD"]);
    assert!(report.unbound.is_empty() && report.failed.is_empty());
    assert_eq!(
        report.to_string(),
        format!("bound: OnExternalCallStart, OnUserAdd, {line}, CALL_CARD; unbound: nothing")
    );
    {
        let book = book.lock().unwrap();
        assert_eq!(book.events, ["ONEXTERNALCALLSTART", "ONUSERADD"].map(ours));
        assert_eq!((book.cards.as_slice(), book.lines.as_slice()), (&[CARD.to_owned()][..], &[our_line("N")][..]));
    }
    let bind = world.rest.hits().into_iter().find(|h| h.rest() == "placement.bind").expect("bound").json();
    assert_eq!((&bind["TITLE"], &bind["LANG_ALL"]["ru"]["TITLE"]), (&json!("Call"), &json!("Звонок")));

    let report = world.portal.ensure_bound(&wanted(), Choices::default()).await;
    assert!(report.is_unchanged(), "{report:?}");
    assert_eq!((asked(&world, "event.bind"), asked(&world, "placement.bind")), (2, 1));
}

#[tokio::test]
async fn old_addresses_of_ours_go_and_other_bindings_stay() {
    let old = |e: &str| (e.to_owned(), "https://old.example/events".to_owned());
    let (world, book) = portal(Book {
        events: vec![old("ONEXTERNALCALLSTART"), old("ONCRMLEADADD")],
        cards: vec!["https://old.example/card".into()],
        lines: vec![our_line("N")],
        ..Book::default()
    })
    .await;
    let report = world.portal.ensure_bound(&wanted(), Choices::default()).await;
    assert_eq!(report.unbound, ["https://old.example/events", "https://old.example/card"]);
    let book = book.lock().unwrap();
    assert_eq!(book.events, [old("ONCRMLEADADD"), ours("ONEXTERNALCALLSTART"), ours("ONUSERADD")]);
    assert_eq!(book.cards, [CARD]);
    assert_eq!(asked(&world, "telephony.externalLine.update"), 1, "an existing line is touched too");
}

#[tokio::test]
async fn a_forced_rebind_unbinds_the_same_address_first() {
    let (world, book) = portal(Book {
        events: vec![ours("ONEXTERNALCALLSTART"), ours("ONUSERADD")],
        cards: vec![CARD.into()],
        lines: vec![our_line("N")],
        ..Book::default()
    })
    .await;
    let report = world.portal.ensure_bound(&wanted(), Choices { force_rebind: true, ..Choices::default() }).await;
    assert_eq!(
        (report.unbound.as_slice(), report.bound.as_slice()),
        (&[CARD.to_owned()][..], &["CALL_CARD".to_owned()][..])
    );
    assert_eq!(book.lock().unwrap().cards, [CARD]);
    assert_eq!(asked(&world, "telephony.externalLine.update"), 0, "no event was bound");
}

#[tokio::test]
async fn the_line_follows_the_companys_choice_and_is_written_only_when_it_differs() {
    for (before, old, create, writes, after) in [
        (Some(our_line("Y")), false, false, 1, Some("N")),
        (Some(our_line("N")), false, false, 0, Some("N")),
        (Some(our_line("N")), false, true, 1, Some("Y")),
        (Some(("ecss-10".into(), String::new(), Some("N".into()))), false, false, 1, Some("N")),
        (Some(("ecss-10".into(), "ECSS-10".into(), None)), true, false, 0, None),
        (None, true, false, 1, None),
        (None, false, true, 1, Some("Y")),
    ] {
        let (world, book) = portal(Book {
            events: ["ONEXTERNALCALLSTART", "ONUSERADD"].map(ours).into(),
            cards: vec![CARD.into()],
            lines: before.clone().into_iter().collect(),
            old_lines: old,
            ..Book::default()
        })
        .await;
        let choices = Choices { create_for_clicks: create, ..Choices::default() };
        world.portal.ensure_bound(&wanted(), choices).await;
        let written = asked(&world, "telephony.externalLine.add") + asked(&world, "telephony.externalLine.update");
        assert_eq!(written, writes, "{before:?} {create}");
        let line = book.lock().unwrap().lines[0].clone();
        assert_eq!((line.1.as_str(), line.2.as_deref()), ("ECSS-10", after), "{before:?} {create}");
    }
}

#[tokio::test]
async fn a_name_given_to_the_line_in_the_portal_stays() {
    let named = ("ecss-10".to_owned(), "Офис".to_owned(), Some("Y".to_owned()));
    let (world, book) = portal(Book { lines: vec![named], ..Book::default() }).await;
    world.portal.ensure_bound(&wanted(), Choices::default()).await;
    assert_eq!(book.lock().unwrap().lines, [("ecss-10".to_owned(), "Офис".to_owned(), Some("N".to_owned()))]);
}

#[tokio::test]
async fn already_bound_is_as_good_as_bound() {
    let (world, _) = portal(Book {
        events: vec![ours("ONEXTERNALCALLSTART"), ours("ONUSERADD")],
        cards: vec![CARD.into()],
        lines: vec![our_line("N")],
        forgetful: true,
        ..Book::default()
    })
    .await;
    let report = world.portal.ensure_bound(&wanted(), Choices::default()).await;
    assert_eq!(report.failed, []);
}

#[tokio::test]
async fn one_refusal_does_not_stop_the_rest() {
    let (world, book) = portal(Book {
        events: vec![("ONEXTERNALCALLSTART".into(), "https://old.example/events".into())],
        refuse: vec![("event.bind", "ERROR_WRONG_HANDLER_URL")],
        ..Book::default()
    })
    .await;
    let report = world.portal.ensure_bound(&wanted(), Choices::default()).await;
    assert_eq!(report.bound, ["line ECSS-10 (CRM items for clicks: N)", "CALL_CARD"]);
    assert_eq!((report.failed.len(), report.failed[0].0), (1, Binding::Click));
    assert_eq!(book.lock().unwrap().events.len(), 1, "the old address is better than none");

    let lines = [("telephony.externalLine.add", "DB error"), ("telephony.externalLine.update", "DB error")];
    let (world, _) = portal(Book { refuse: lines.into(), ..Book::default() }).await;
    let report = world.portal.ensure_bound(&wanted(), Choices::default()).await;
    assert_eq!((report.bound.len(), report.failed.len(), report.failed[0].0), (3, 1, Binding::Line));
}

#[tokio::test]
async fn whatever_one_thing_fails_by_the_others_are_set_up() {
    let fails: [Fails; 4] = [
        || FakeAnswer::error(401, "insufficient_scope", "The request requires higher privileges"),
        || FakeAnswer::error(429, "OPERATION_TIME_LIMIT", "Method is blocked due to operation time limit."),
        || FakeAnswer::html(200, "<title>Authorization</title>"),
        || FakeAnswer::html(502, "Bad Gateway"),
    ];
    for fail in fails {
        for (method, what, set_up) in [
            ("event.get", Binding::Click, 2),
            ("event.bind", Binding::Click, 2),
            ("telephony.externalLine.get", Binding::Line, 3),
            ("telephony.externalLine.add", Binding::Line, 3),
            ("placement.get", Binding::Card, 3),
            ("placement.bind", Binding::Card, 3),
        ] {
            let (world, _) = portal(Book { fail: vec![(method, fail)], ..Book::default() }).await;
            let report = world.portal.ensure_bound(&wanted(), Choices::default()).await;
            assert_eq!(report.bound.len(), set_up, "{method} {report:?}");
            assert_eq!(report.failed.iter().map(|(what, _)| *what).collect::<Vec<_>>(), [what], "{method}");
            assert_eq!(report.of_whole_portal(), None, "{method}");
        }
    }
}

#[tokio::test]
async fn a_line_that_is_refused_is_told_of_with_the_reason_of_its_refusal_however_often_it_is_tried() {
    let (world, _) = portal(Book { refuse: vec![("telephony.externalLine.add", "DB error")], ..Book::default() }).await;
    for attempt in 1..=3 {
        let report = world.portal.ensure_bound(&wanted(), Choices::default()).await;
        let (what, error) = report.failed.first().expect("refused");
        assert!(*what == Binding::Line && error.message_contains("DB error"), "attempt {attempt}: {error}");
    }
}

#[tokio::test]
async fn a_portal_that_does_not_tell_of_new_users_is_no_fault() {
    let events = vec![ours("ONEXTERNALCALLSTART")];
    let refuse = vec![("event.bind", "Event not found")];
    let (cards, lines) = (vec![CARD.into()], vec![our_line("N")]);
    let (world, _) = portal(Book { events, cards, lines, refuse, ..Book::default() }).await;
    assert!(world.portal.ensure_bound(&wanted(), Choices::default()).await.is_unchanged());
    assert_eq!(asked(&world, "telephony.externalLine.update"), 0, "a line is touched for clicks only");
}

#[tokio::test]
async fn a_portal_that_answers_nothing_at_all_is_told_from_one_thing_that_fails() {
    let world = World::new(|_| FakeAnswer::html(502, "")).await;
    let report = world.portal.ensure_bound(&wanted(), Choices::default()).await;
    assert!(matches!(report.of_whole_portal(), Some(ApiError::Unclear { .. })), "{report:?}");
    let empty: &Value = &world.rest.hits()[0].json();
    assert_eq!(empty["auth"], "a1");
}

/// What the portal's test events are bound to.
fn test_handlers(book: &Arc<Mutex<Book>>) -> Vec<String> {
    let book = book.lock().unwrap();
    book.events.iter().filter(|(event, _)| event == "ONAPPTEST").map(|(_, handler)| handler.clone()).collect()
}

#[tokio::test]
async fn a_test_event_is_bound_asked_for_and_unbound_again() {
    let (world, book) = portal(Book::default()).await;
    let secret = "0123456789abcdef".to_owned().into();
    for attempt in 1..=2 {
        world.portal.ask_for_test_event(EVENTS, &secret).await.expect("what is bound already is no fault");
        assert_eq!((test_handlers(&book), asked(&world, "event.test")), (vec![EVENTS.to_owned()], attempt));
    }
    let test = world.rest.hits().into_iter().find(|h| h.rest() == "event.test").expect("asked").json();
    assert_eq!(test["any"], "0123456789abcdef");
    // While the event is waited for its handler stays, whatever else is looked after, and no other one does.
    book.lock().unwrap().events.push(("ONAPPTEST".into(), "https://somebody.example/".into()));
    let awaits = Choices { awaits_test_event: true, ..Choices::default() };
    world.portal.ensure_bound(&wanted(), awaits).await;
    assert_eq!(test_handlers(&book), [EVENTS]);
    world.portal.end_test_events(EVENTS).await.expect("unbound");
    assert_eq!(test_handlers(&book), Vec::<String>::new());
}

#[tokio::test]
async fn what_a_former_run_has_left_of_its_test_event_goes_and_nobody_is_told() {
    let old = ("ONAPPTEST".to_owned(), "https://old.example/events".to_owned());
    let (world, book) = portal(Book { events: vec![ours("ONAPPTEST"), old.clone()], ..Book::default() }).await;
    let report = world.portal.ensure_bound(&wanted(), Choices::default()).await;
    assert!(report.failed.is_empty() && report.unbound.is_empty(), "{report:?}");
    assert_eq!(test_handlers(&book), Vec::<String>::new());
    // Nor is anybody told where the portal refuses that.
    let refuse = vec![("event.unbind", "Access denied!")];
    let (world, _) = portal(Book { events: vec![old], refuse, ..Book::default() }).await;
    let report = world.portal.ensure_bound(&wanted(), Choices::default()).await;
    assert!(report.failed.is_empty() && report.answered, "{report:?}");
}

#[tokio::test]
async fn a_portal_that_knows_no_test_events_says_so() {
    let refuse = vec![("event.test", "Method not found!")];
    let (world, _) = portal(Book { refuse, ..Book::default() }).await;
    let refused = world.portal.ask_for_test_event(EVENTS, &"s".to_owned().into()).await.expect_err("refused");
    assert!(matches!(refused, ApiError::Refused { .. }), "{refused}");
    let refuse = vec![("event.bind", "Access denied!")];
    let (world, _) = portal(Book { refuse, ..Book::default() }).await;
    world.portal.ask_for_test_event(EVENTS, &"s".to_owned().into()).await.expect_err("refused");
    assert_eq!(asked(&world, "event.test"), 0, "nobody would be told");
}
