//! The four sequences seen in the field, leg by leg and field by field.

use super::client::Client;
use super::support::Bench;
use crate::sandbox::switch::{PhoneStatus, ReleaseCause};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::time::Duration;
use tokio::net::TcpStream;

/// Reads frames with their ids replaced by letters in the order of first appearance.
struct Reader {
    client: Client<TcpStream>,
    letters: HashMap<String, String>,
}

impl Reader {
    async fn legs(&mut self) -> Value {
        let mut legs = self.client.legs().await;
        for leg in &mut legs {
            for name in ["id", "call_id", "call_ref"] {
                let text = leg[name].as_str().expect("an id").to_owned();
                assert!(text.len() == 16 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')), "{text}");
                let next = char::from(b'a' + u8::try_from(self.letters.len()).expect("few ids"));
                leg[name] = Value::String(self.letters.entry(text).or_insert_with(|| next.to_string()).clone());
            }
        }
        Value::Array(legs)
    }
}

struct Seen<'a> {
    ids: [&'a str; 3],
    direction: &'a str,
    digits: [&'a str; 2],
    name: Option<&'a str>,
    status: &'a str,
    answer_time: Option<&'a str>,
}

fn leg(seen: &Seen<'_>) -> Value {
    json!({
        "id": seen.ids[0], "call_id": seen.ids[1], "call_ref": seen.ids[2], "direction": seen.direction,
        "digits": seen.digits[0], "remote_digits": seen.digits[1], "display_name": seen.name, "status": seen.status,
        "answer_time": seen.answer_time, "workitem_id": null,
    })
}

/// Both legs of a direct call 1001 → 1002, caller first.
fn direct(status: &str, answer_time: Option<&str>) -> [Value; 2] {
    let digits = ["1001", "1002"];
    let (caller, called) = (["a", "b", "c"], ["d", "b", "c"]);
    let out = Seen { ids: caller, direction: "out", digits, name: Some("Operator 2"), status, answer_time };
    let digits = ["1002", "1001"];
    let into = Seen { ids: called, direction: "in", digits, name: Some("Operator 1"), status, answer_time };
    [leg(&out), leg(&into)]
}

#[tokio::test]
async fn a_direct_call() {
    let bench = Bench::new().await;
    let mut reader = Reader { client: bench.client().await, letters: HashMap::new() };
    let call = bench.world.internal_call("1001", "1002").await.expect("call");
    assert_eq!(reader.legs().await, json!(direct("alerting", None)));
    bench.pass(4);
    bench.world.phone("1002").pick_up().await.expect("pick up");
    let at = Some("2026/09/03 15:43:50");
    assert_eq!(reader.legs().await, json!(direct("talking", at)));
    bench.pass(22);
    bench.world.phone("1001").hang_up().await.expect("hang up");
    assert_eq!(reader.legs().await, json!(direct("released", at)));

    let truth = bench.world.call(call).expect("truth");
    assert!(truth.legs.iter().all(|leg| leg.talked() == Some(Duration::from_secs(22)) && leg.visible));
    assert_eq!(truth.ended.map(|end| end.since(truth.started)), Some(Duration::from_secs(26)));
    bench.end(reader.client).await;
}

#[tokio::test]
async fn an_unanswered_call_ends_at_the_called_side_first() {
    let bench = Bench::new().await;
    let mut reader = Reader { client: bench.client().await, letters: HashMap::new() };
    let call = bench.world.internal_call("1001", "1002").await.expect("call");
    reader.legs().await;
    bench.world.no_answer(call).await.expect("ring out");
    let [out, into] = direct("released", None);
    assert_eq!(reader.legs().await, json!([into, out]));
    let truth = bench.world.call(call).expect("truth");
    assert!(truth.legs.iter().all(|leg| leg.cause == Some(ReleaseCause::NoAnswer) && leg.talked().is_none()));
    bench.end(reader.client).await;
}

#[tokio::test]
async fn a_queue_call_keeps_its_id_and_changes_its_reference() {
    let bench = Bench::new().await;
    let mut reader = Reader { client: bench.client().await, letters: HashMap::new() };
    let caller = |status, answer_time| {
        let (ids, digits) = (["a", "b", "c"], ["1001", "112"]);
        leg(&Seen { ids, direction: "out", digits, name: None, status, answer_time })
    };
    let operator = |status, answer_time| {
        let (ids, digits) = (["d", "b", "e"], ["1002", "1001"]);
        leg(&Seen { ids, direction: "in", digits, name: Some("Operator 2"), status, answer_time })
    };
    let (menu, talk) = (Some("2026/09/03 15:43:46"), Some("2026/09/03 15:43:51"));
    let call = bench.world.queue_call("1001", "112", &["1002"]).await.expect("call");
    assert_eq!(reader.legs().await, json!([caller("alerting", None)]));
    assert_eq!(reader.legs().await, json!([caller("talking", menu)]));
    bench.pass(1);
    bench.world.queue_offer(call, None).await.expect("offer");
    assert_eq!(reader.legs().await, json!([operator("alerting", None)]));
    bench.pass(4);
    bench.world.phone("1002").pick_up().await.expect("pick up");
    assert_eq!(reader.legs().await, json!([operator("talking", talk)]));
    bench.world.phone("1002").hang_up().await.expect("hang up");
    assert_eq!(reader.legs().await, json!([operator("released", talk), caller("released", menu)]));
    bench.end(reader.client).await;
}

#[tokio::test]
async fn of_a_call_from_outside_only_the_employees_leg_is_seen() {
    let bench = Bench::new().await;
    let mut reader = Reader { client: bench.client().await, letters: HashMap::new() };
    let seen = |status, answer_time| {
        let (ids, digits) = (["a", "b", "c"], ["1002", "79835551122"]);
        json!([leg(&Seen { ids, direction: "in", digits, name: None, status, answer_time })])
    };
    let call = bench.world.external_call("+7 983 555-11-22", "1002").await;
    assert_eq!(reader.legs().await, seen("alerting", None));
    let phone = bench.world.phone("1002").state().expect("phone");
    assert_eq!((phone.status, phone.remote.as_deref()), (PhoneStatus::Ringing, Some("+79835551122")));
    bench.world.phone("1002").pick_up().await.expect("pick up");
    let at = Some("2026/09/03 15:43:46");
    assert_eq!(reader.legs().await, seen("talking", at));
    bench.world.remote_hangs_up(call).await.expect("hang up");
    assert_eq!(reader.legs().await, seen("released", at));
    assert_eq!(bench.world.phone("1002").state().expect("phone").status, PhoneStatus::Idle);
    bench.end(reader.client).await;
}
