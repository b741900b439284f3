//! Several commands in one request, where the budget or the clock is short.
//!
//! A later command can use an earlier one's answer before we have seen it, see [`result_of`].

use super::answer::{RestAnswer, Verdict, classify};
use super::error::ApiError;
use super::lenient;
use super::portal::Portal;
use crate::domain::Timestamp;
use serde_json::{Map, Value, json};
use url::form_urlencoded::Serializer;

/// One command of a batch.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchCommand {
    /// REST method.
    pub method: String,
    /// An object of parameters; a value may be [`result_of`] an earlier command.
    pub params: Value,
}

/// Stands for a field of the answer to command number `n` (from 0) of the same batch.
pub fn result_of(n: usize, field: &str) -> String {
    format!("$result[{}][{field}]", key(n))
}

/// The portal carries commands out in the order of the JSON object, which is written in the order of its keys.
fn key(n: usize) -> String {
    format!("c{n:02}")
}

impl BatchCommand {
    /// Makes a command.
    pub fn new(method: impl Into<String>, params: Value) -> Self {
        Self { method: method.into(), params }
    }

    /// `method?query`, the form in which the portal wants it.
    fn line(&self) -> String {
        let mut query = Serializer::new(String::new());
        if let Value::Object(map) = &self.params {
            for (key, value) in map {
                append(&mut query, key, value);
            }
        }
        format!("{}?{}", self.method, query.finish())
    }
}

/// PHP's way of writing nested values: `USER_ID[0]=7`.
fn append(query: &mut Serializer<'_, String>, key: &str, value: &Value) {
    match value {
        Value::Null => {}
        Value::Bool(flag) => {
            query.append_pair(key, if *flag { "1" } else { "0" });
        }
        Value::Number(number) => {
            query.append_pair(key, &number.to_string());
        }
        Value::String(text) => {
            query.append_pair(key, text);
        }
        Value::Array(items) => {
            for (n, item) in items.iter().enumerate() {
                append(query, &format!("{key}[{n}]"), item);
            }
        }
        Value::Object(map) => {
            for (inner, item) in map {
                append(query, &format!("{key}[{inner}]"), item);
            }
        }
    }
}

/// What became of each command, in the order of asking. One that was not carried out because an earlier one failed
/// is [`ApiError::Again`].
fn split(count: usize, result: Value, now: Timestamp) -> Vec<Result<RestAnswer, Verdict>> {
    let mut result = lenient::object(result);
    let mut part = |name: &str| lenient::object(result.remove(name).unwrap_or_default());
    let (mut results, mut errors, totals, nexts) =
        (part("result"), part("result_error"), part("result_total"), part("result_next"));
    let number = |map: &Map<String, Value>, key: &str| map.get(key).and_then(lenient::int);
    let outcome = |n: usize| {
        let key = &*key(n);
        if let Some(error) = errors.remove(key) {
            // Inner errors have no status of their own.
            return Err(classify(&lenient::object(error), 400, None, now));
        }
        let left_out = || ApiError::Again { after: None, why: "the portal left this command of a batch out".into() };
        let result = results.remove(key).ok_or_else(|| Verdict::Fault(left_out()))?;
        Ok(RestAnswer { result, total: number(&totals, key), next: number(&nexts, key) })
    };
    (0..count).map(outcome).collect()
}

impl Portal {
    /// Sends commands, at most fifty by the portal's rule, as one request whose place in the budget the caller has
    /// taken already, see [`Portal::rate_limit_slot`]. With `halt`, those after the first failed one are not carried
    /// out. A single command goes alone, as that is what a portal answers fastest.
    ///
    /// The error of the request as a whole leaves open how many commands were carried out where it is
    /// [`ApiError::Unclear`].
    pub async fn send(
        &self,
        commands: &[BatchCommand],
        halt: bool,
    ) -> Result<Vec<Result<RestAnswer, ApiError>>, ApiError> {
        if let [one] = commands {
            return Ok(vec![self.call_paid(&one.method, &one.params).await]);
        }
        let cmd: Map<_, _> = commands.iter().enumerate().map(|(n, c)| (key(n), Value::from(c.line()))).collect();
        let answer = self.call_paid("batch", &json!({ "halt": u8::from(halt), "cmd": cmd })).await?;
        let outcomes = split(commands.len(), answer.result, self.now());
        let noted = |(command, outcome): (&BatchCommand, Result<RestAnswer, Verdict>)| {
            outcome.map_err(|verdict| match verdict {
                // The token has run out in mid-batch: the next request finds out and renews it.
                Verdict::Token(why) => ApiError::Again { after: None, why },
                verdict => self.note(&command.method, verdict),
            })
        };
        Ok(commands.iter().zip(outcomes).map(noted).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bitrix::portal::tests::World;
    use crate::bitrix::telephony::{CallKind, Cards, RegisterRequest};
    use crate::bitrix::testing::{FakeAnswer, FakeRequest};
    use crate::domain::{CrmCallId, Phone, UserId};
    use url::form_urlencoded;

    fn register() -> RegisterRequest {
        RegisterRequest {
            user: UserId(7),
            number: Some(Phone::parse("+79835551122").unwrap()),
            kind: CallKind::Incoming,
            started_at: Timestamp(1_795_341_600_000),
            crm_create: false,
            show: true,
            external_id: "x".into(),
            line: None,
        }
    }

    #[test]
    fn commands_are_written_as_queries() {
        let params =
            json!({"CALL_ID": result_of(0, "CALL_ID"), "USER_ID": [7, 8], "FILTER": {"ACTIVE": true}, "X": null});
        let line = BatchCommand::new("a.b", params).line();
        let (method, query) = line.split_once('?').expect("a query");
        let mut pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        pairs.sort();
        let want =
            [("CALL_ID", "$result[c00][CALL_ID]"), ("FILTER[ACTIVE]", "1"), ("USER_ID[0]", "7"), ("USER_ID[1]", "8")];
        assert_eq!((method, pairs), ("a.b", want.map(|(k, v)| (k.to_owned(), v.to_owned())).to_vec()));
    }

    #[test]
    fn every_command_gets_its_own_outcome() {
        let result = json!({"result": {"c00": {"X": 1}}, "result_total": {"c00": "5"}, "result_next": [], "result_time": [],
            "result_error": {"c01": {"error": "", "error_description": "Call is not found"}}});
        let outcomes = split(3, result, Timestamp(0));
        assert_eq!(outcomes[0].as_ref().map(|a| a.total), Ok(Some(5)));
        assert_eq!(outcomes[1], Err(Verdict::Fault(ApiError::NotFoundCall)));
        assert!(matches!(outcomes[2], Err(Verdict::Fault(ApiError::Again { .. }))));
        let outcomes = split(1, json!({"result": [], "result_error": []}), Timestamp(0));
        assert!(outcomes[0].is_err(), "an empty map comes as an array");
    }

    #[tokio::test]
    async fn register_and_show_leave_together() {
        let world = World::new(|hit: &FakeRequest| {
            assert_eq!(hit.rest(), "batch");
            let cmd = &hit.json()["cmd"];
            assert!(cmd["c00"].as_str().unwrap().starts_with("telephony.externalCall.register?"));
            let show = cmd["c01"].as_str().unwrap();
            assert!(show.contains("USER_ID%5B1%5D=9"), "{show}");
            FakeAnswer::result(&json!({"result": {"c00": {"CALL_ID": "c1"}, "c01": true}, "result_error": []}))
        })
        .await;
        let cards = Cards { call: CrmCallId::new(result_of(0, "CALL_ID")), users: vec![UserId(8), UserId(9)] };
        let outcomes = world.portal.send(&[register().command(), cards.show()], true).await.expect("an answer");
        assert_eq!(outcomes[0].as_ref().expect("registered").result["CALL_ID"], "c1");
        assert!(outcomes[1].is_ok());
        assert_eq!(world.rest.hits().len(), 1);
    }

    #[tokio::test]
    async fn one_failed_command_does_not_hide_what_the_others_did() {
        let world = World::new(|_| {
            FakeAnswer::result(&json!({"result": {"c00": {"CALL_ID": "c1"}},
                "result_error": {"c01": {"error": "", "error_description": "no"}}}))
        })
        .await;
        let cards = Cards { call: "c1".into(), users: vec![UserId(8)] };
        let outcomes = world.portal.send(&[register().command(), cards.show()], false).await.expect("an answer");
        assert!(outcomes[0].is_ok());
        assert!(matches!(outcomes[1], Err(ApiError::Refused { .. })));
    }

    #[tokio::test]
    async fn a_single_command_goes_alone() {
        let world = World::new(|hit: &FakeRequest| {
            assert_eq!(hit.rest(), "telephony.externalCall.register");
            FakeAnswer::result(&json!({"CALL_ID": "c1"}))
        })
        .await;
        let outcomes = world.portal.send(&[register().command()], true).await.expect("an answer");
        assert!(outcomes[0].is_ok());
    }
}
