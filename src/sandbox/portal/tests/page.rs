//! The page in a browser: its files, the live view, its buttons.

use super::super::{PhoneActions, PhoneError, PhoneFuture, PhoneMode, PhoneState};
use super::{IVANOV, Inbox, NUMBER, Stage, field};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use tokio::sync::watch;

async fn post(stage: &Stage, path: &str, body: Value) -> (u16, Value) {
    let url = format!("http://{}{path}", stage.portal.domain());
    let response = stage.client.post(url).json(&body).send().await.expect("an answer");
    (response.status().as_u16(), response.json().await.expect("JSON"))
}

async fn view(stage: &Stage) -> Value {
    let url = format!("http://{}/sandbox/view?user={IVANOV}", stage.portal.domain());
    stage.client.get(url).send().await.expect("an answer").json().await.expect("JSON")
}

#[tokio::test]
async fn the_page_and_its_files_need_nothing_from_outside() {
    let stage = Stage::new().await;
    let get = |path: &str| stage.client.get(format!("http://{}{path}", stage.portal.domain()));
    for path in ["/", "/app/?user=1"] {
        let response = get(path).header("accept-language", "en-US,en").send().await.expect("a page");
        assert!(response.headers().contains_key("content-security-policy"));
        let html = response.text().await.expect("HTML");
        assert!(html.contains(r#"<html lang="en">"#) && !html.contains("http://") && !html.contains("https://"));
        for file in html.split("/sandbox/assets/").skip(1).filter_map(|rest| rest.split('"').next()) {
            let response = get(&format!("/sandbox/assets/{file}")).send().await.expect("a file");
            assert_eq!(response.status(), 200, "{file}");
            let text = response.text().await.expect("text");
            assert!(!text.contains("http://") && !text.contains("https://") && !text.contains("@import"), "{file}");
        }
    }
    let russian = get("/").send().await.expect("a page").text().await.expect("HTML");
    assert!(russian.contains(r#"<html lang="ru">"#), "Russian first");
}

#[test]
fn both_languages_have_the_same_words() {
    let text = include_str!("../assets/words.js");
    let (russian, rest) = text.split_once("const english").expect("two languages");
    let english = rest.split_once("\n};").expect("an end").0;
    let keys = |part: &str| -> Vec<String> {
        let words = part.split(['\n', ',']).map(str::trim);
        let mut keys: Vec<String> = words
            .filter_map(|w| w.split_once(": \"").map(|(key, _)| key.trim_matches('"').to_owned()))
            .filter(|key| key.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c)))
            .collect();
        keys.sort();
        keys
    };
    assert!(keys(english).len() > 60, "{:?}", keys(english));
    assert_eq!(keys(russian), keys(english));
}

#[tokio::test]
async fn the_view_follows_a_call_from_click_to_record() {
    let stage = Stage::new().await;
    let (status, refused) = post(&stage, "/sandbox/click", json!({ "user": IVANOV, "number": NUMBER })).await;
    assert_eq!((status, refused["error"].as_str()), (409, Some("NoApplication")));
    let mut inbox = Inbox::open().await;
    stage.get("event.bind", json!({ "event": "ONEXTERNALCALLSTART", "handler": inbox.url })).await;
    stage.get("placement.bind", json!({ "PLACEMENT": "CALL_CARD", "HANDLER": inbox.url, "TITLE": "ECSS" })).await;
    let (status, clicked) = post(&stage, "/sandbox/click", json!({ "user": IVANOV, "number": NUMBER })).await;
    assert_eq!(status, 200);
    assert_eq!(
        inbox.posts.recv().await.and_then(|f| field(&f, "event").map(str::to_owned)).as_deref(),
        Some("ONEXTERNALCALLSTART")
    );

    let now = view(&stage).await;
    assert_eq!(now["card"]["call"], clicked["call"]);
    assert_eq!(now["card"]["about"]["client"], "Сергей Клиентов");
    assert_eq!(now["card"]["about"]["direction"], "outgoing");
    assert_eq!(now["tabs"], json!(["ECSS"]));
    assert_eq!(now["phones"], Value::Null);
    let (_, frames) = post(&stage, "/sandbox/frames", json!({ "user": IVANOV })).await;
    assert_eq!((frames[0]["title"].as_str(), frames.as_array().map(Vec::len)), (Some("ECSS"), Some(1)));
    assert!(frames[0]["url"].as_str().is_some_and(|url| url.contains("PROTOCOL=0")), "the page came by HTTP");

    let (_, app) = post(&stage, "/sandbox/frames?placement=DEFAULT", json!({ "user": 1 })).await;
    assert!(app[0]["fields"].as_array().is_some_and(|f| f.contains(&json!(["PLACEMENT", "DEFAULT"]))));

    stage.finish(clicked["call"].as_str().expect("a call"), IVANOV, 65).await;
    let then = view(&stage).await;
    assert_eq!(then["card"], Value::Null);
    assert_eq!((&then["records"][0]["ok"], &then["records"][0]["duration"]), (&json!(true), &json!(65)));
    assert_eq!((&then["feed"][0]["what"], &then["feed"][1]["what"]), (&json!("finished"), &json!("card_hidden")));
}

#[tokio::test]
async fn a_left_card_can_be_closed_by_the_employee() {
    let stage = Stage::new().await;
    stage.register(json!({})).await;
    post(&stage, "/sandbox/close", json!({ "user": IVANOV })).await;
    assert_eq!(view(&stage).await["card"], Value::Null);
    assert!(stage.portal.visible().is_empty());
}

#[tokio::test]
async fn the_live_view_is_sent_again_when_something_changes() {
    let stage = Stage::new().await;
    let url = format!("http://{}/sandbox/live?user={IVANOV}", stage.portal.domain());
    let mut live = stage.client.get(url).send().await.expect("a stream");
    let first = live.chunk().await.expect("data").expect("a view");
    assert!(first.starts_with(b"event: view") && String::from_utf8_lossy(&first).contains(r#""card":null"#));
    let call = stage.register(json!({})).await;
    let mut seen = String::new();
    while !seen.contains(&format!(r#""call":"{call}""#)) {
        let chunk = live.chunk().await.expect("data").expect("a view");
        seen.push_str(&String::from_utf8_lossy(&chunk));
    }
    stage.world.stop();
    while let Ok(Some(_)) = live.chunk().await {}
}

struct Desk {
    pressed: Mutex<Vec<String>>,
    changes: watch::Sender<u64>,
}

impl Desk {
    fn press(&self, what: String) -> PhoneFuture<'_> {
        Box::pin(async move {
            if what.ends_with("1009") {
                return Err(PhoneError("the telephone is busy".to_owned()));
            }
            self.pressed.lock().expect("no panic before").push(what);
            self.changes.send_modify(|n| *n += 1);
            Ok(())
        })
    }
}

impl PhoneActions for Desk {
    fn ring<'a>(&'a self, number: &'a str, from: &'a str) -> PhoneFuture<'a> {
        self.press(format!("ring {from} {number}"))
    }

    fn pick_up<'a>(&'a self, number: &'a str) -> PhoneFuture<'a> {
        self.press(format!("pick_up {number}"))
    }

    fn hang_up<'a>(&'a self, number: &'a str) -> PhoneFuture<'a> {
        self.press(format!("hang_up {number}"))
    }

    fn dial<'a>(&'a self, from: &'a str, to: &'a str) -> PhoneFuture<'a> {
        self.press(format!("dial {from} {to}"))
    }

    fn remote_answer<'a>(&'a self, number: &'a str) -> PhoneFuture<'a> {
        self.press(format!("remote_answer {number}"))
    }

    fn phones(&self) -> Vec<PhoneState> {
        let silent = self.pressed.lock().expect("no panic before").is_empty();
        let state = if silent { PhoneMode::Idle } else { PhoneMode::Ringing };
        vec![PhoneState {
            number: "1001".to_owned(), label: "Иванов".to_owned(), state, remote: None, group: false
        }]
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }
}

#[tokio::test]
async fn telephones_are_shown_and_pressed_through_the_page() {
    let stage = Stage::new().await;
    assert_eq!(post(&stage, "/sandbox/phones/pick_up", json!({ "number": "1001" })).await.0, 404);
    let desk = Arc::new(Desk { pressed: Mutex::default(), changes: watch::Sender::new(0) });
    stage.world.set_phones(desk.clone());
    assert_eq!(view(&stage).await["phones"][0]["state"], "idle");
    let url = format!("http://{}/sandbox/live?user={IVANOV}", stage.portal.domain());
    let mut live = stage.client.get(url).send().await.expect("a stream");
    live.chunk().await.expect("data");
    for (action, other) in [("ring", NUMBER), ("pick_up", ""), ("hang_up", ""), ("dial", "1002"), ("remote_answer", "")]
    {
        let path = format!("/sandbox/phones/{action}");
        assert_eq!(post(&stage, &path, json!({ "number": "1001", "other": other })).await.0, 200, "{action}");
    }
    let pressed = desk.pressed.lock().expect("no panic before").clone();
    assert_eq!(
        pressed,
        ["ring +79835551122 1001", "pick_up 1001", "hang_up 1001", "dial 1001 1002", "remote_answer 1001"]
    );
    let chunk = live.chunk().await.expect("data").expect("a view");
    assert!(String::from_utf8_lossy(&chunk).contains("ringing"), "a telephone's change reaches the page");
    let (status, busy) = post(&stage, "/sandbox/phones/hang_up", json!({ "number": "1009" })).await;
    assert_eq!((status, busy["error"].as_str()), (409, Some("the telephone is busy")));
    assert_eq!(post(&stage, "/sandbox/phones/explode", json!({ "number": "1001" })).await.0, 409);
}
