//! `telephony.externalCall.finish`

use super::{CrmEntity, FINISH};
use crate::bitrix::batch::BatchCommand;
use crate::bitrix::lenient;
use crate::domain::call::FinishStatus;
use crate::domain::{CrmCallId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Ends a CRM call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finish {
    pub call: CrmCallId,
    /// Who talked, or who is answerable for a missed call.
    pub user: UserId,
    /// Seconds of conversation; the portal takes a call with 0 for missed whatever the status says.
    pub duration_s: u32,
    /// How it ended.
    pub status_code: FinishStatus,
    /// For people, where the status alone says too little.
    pub failed_reason: Option<String>,
    /// Put a message about the call into the user's chat.
    pub add_to_chat: bool,
}

impl Finish {
    /// Ends the call and closes the card of the finishing user, nobody else's.
    /// [`ApiError::NotFoundCall`](crate::bitrix::ApiError::NotFoundCall) means that it was finished before.
    pub fn command(&self) -> BatchCommand {
        BatchCommand::new(FINISH, self.params())
    }

    /// Parameters as the portal wants them. `ADD_TO_CHAT` is always sent, as its default is documented as yes and
    /// behaves as no.
    fn params(&self) -> Value {
        // An answered call of less than a second was answered nevertheless.
        let duration =
            if self.status_code == FinishStatus::Answered { self.duration_s.max(1) } else { self.duration_s };
        let mut params = json!({
            "CALL_ID": self.call,
            "USER_ID": self.user,
            "DURATION": duration,
            "STATUS_CODE": self.status_code.code(),
            "ADD_TO_CHAT": u8::from(self.add_to_chat),
        });
        if let Some(reason) = self.failed_reason.as_ref().filter(|r| !r.is_empty()) {
            params["FAILED_REASON"] = reason.as_str().into();
        }
        params
    }
}

/// What the portal has made of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Finished {
    /// Row in the portal's call statistics.
    pub statistic: Option<i64>,
    /// The activity in the CRM; `None` for calls without a CRM item.
    pub activity: Option<i64>,
    /// To whom the activity belongs.
    pub crm: Option<CrmEntity>,
    /// What went wrong inside the portal although the call is finished.
    pub errors: Option<String>,
}

impl Finished {
    /// Reads `result`; the call is finished even if nothing in it can be understood.
    pub fn read(result: &Value) -> Self {
        let id = |name: &str| result.get(name).and_then(lenient::int).filter(|id| *id > 0);
        let errors = result.get("ERRORS").filter(|e| match e {
            Value::Object(map) => !map.is_empty(),
            Value::Array(list) => !list.is_empty(),
            other => !other.is_null() && **other != json!(""),
        });
        Self {
            statistic: id("ID"),
            activity: id("CRM_ACTIVITY_ID"),
            crm: CrmEntity::read(result, "CRM_ENTITY_TYPE", "CRM_ENTITY_ID"),
            errors: errors.map(Value::to_string),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finish(duration_s: u32, status_code: FinishStatus) -> Finish {
        Finish { call: "c".into(), user: UserId(7), duration_s, status_code, failed_reason: None, add_to_chat: false }
    }

    #[test]
    fn parameters_are_what_the_portal_documents() {
        assert_eq!(
            finish(42, FinishStatus::Answered).params(),
            json!({"CALL_ID": "c", "USER_ID": 7, "DURATION": 42, "STATUS_CODE": "200", "ADD_TO_CHAT": 0})
        );
        let busy = Finish {
            failed_reason: Some("the phone is busy".into()),
            add_to_chat: true,
            ..finish(0, FinishStatus::Busy)
        };
        assert_eq!(
            busy.params(),
            json!({"CALL_ID": "c", "USER_ID": 7, "DURATION": 0, "STATUS_CODE": "486", "ADD_TO_CHAT": 1,
                   "FAILED_REASON": "the phone is busy"})
        );
    }

    #[test]
    fn an_answered_call_lasts_at_least_a_second() {
        assert_eq!(finish(0, FinishStatus::Answered).params()["DURATION"], 1);
        assert_eq!(finish(0, FinishStatus::Missed).params()["DURATION"], 0);
    }

    #[test]
    fn a_stored_request_is_sent_as_it_was_meant() {
        let text = serde_json::to_string(&finish(3, FinishStatus::Cancelled)).unwrap();
        assert_eq!(serde_json::from_str::<Finish>(&text).unwrap(), finish(3, FinishStatus::Cancelled));
    }

    #[test]
    fn answers_are_read_with_loose_types() {
        let finished =
            Finished::read(&json!({"ID": "15", "CALL_ID": "c", "CALL_START_DATE": {}, "CRM_ACTIVITY_ID": 99,
            "CRM_ENTITY_TYPE": "CONTACT", "CRM_ENTITY_ID": "3", "ERRORS": {"ACTIVITY_CREATION": "no rights"}}));
        assert_eq!((finished.statistic, finished.activity), (Some(15), Some(99)));
        assert_eq!(finished.crm, Some(CrmEntity { kind: "CONTACT".into(), id: 3 }));
        assert!(finished.errors.expect("errors").contains("no rights"));
        for nothing in [json!([]), json!(true), json!({"ERRORS": [], "CRM_ACTIVITY_ID": null})] {
            assert_eq!(Finished::read(&nothing), Finished::default(), "{nothing}");
        }
    }
}
