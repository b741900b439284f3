//! `telephony.externalCall.register`

use super::REGISTER;
use crate::bitrix::batch::{BatchCommand, result_of};
use crate::bitrix::error::ApiError;
use crate::bitrix::lenient;
use crate::domain::call::CrmCallKind;
use crate::domain::{CrmCallId, ExternalId, Phone, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Sent where the caller hides the number, as the portal refuses a call without any.
///
/// The portal keeps digits and `#*+,;` of it and refuses what is false for PHP then (`""`, `"0"`). It finds clients by
/// the number without signs, or by the text as it is where nothing is left; no client is kept under a text without
/// digits, so that this one never finds any, as `"00"` might (`registerExternalCall` in voximplant/lib/rest/helper.php,
/// `prepareCode` in crm/lib/integrity/duplicatecommunicationcriterion.php, bitrix modules 26.250).
const HIDDEN_NUMBER: &str = "+";

/// The field with the portal's name of a CRM call.
pub const CALL_ID: &str = "CALL_ID";
/// The field with our own name of it.
pub const EXTERNAL_CALL_ID: &str = "EXTERNAL_CALL_ID";

/// The number in the portal's words. One that is false for PHP would be refused, and says as much as a hidden one.
fn said(number: Option<&Phone>) -> Option<&str> {
    number.map(Phone::as_str).filter(|text| *text != "0")
}

/// Direction, as the portal counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CallKind {
    /// An employee called.
    Outgoing = 1,
    /// An employee was called.
    Incoming = 2,
    /// An employee took over a call that another had answered.
    Redirected = 3,
    /// The portal asked for a call back.
    Callback = 4,
}

impl From<CrmCallKind> for CallKind {
    fn from(kind: CrmCallKind) -> Self {
        match kind {
            CrmCallKind::Outgoing => Self::Outgoing,
            CrmCallKind::Incoming => Self::Incoming,
            CrmCallKind::Redirected => Self::Redirected,
        }
    }
}

/// Makes a CRM call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisterRequest {
    /// Whose call it is. Never resolved by the portal from an inner number, as two users may have the same there.
    pub user: UserId,
    /// The client's number; `None` when hidden.
    pub number: Option<Phone>,
    /// Direction.
    pub kind: CallKind,
    /// When it began.
    pub started_at: Timestamp,
    /// Make a CRM item if none is found for the number (never done for a hidden one).
    pub crm_create: bool,
    /// Open the card for `user` at once.
    pub show: bool,
    /// Unique per CRM call: what makes repeating harmless.
    pub external_id: ExternalId,
    /// The external line, at most 50 characters.
    pub line: Option<String>,
}

impl RegisterRequest {
    /// Makes the call. Repeating it with the same external id within 30 minutes of its start returns the same CRM
    /// call, as long as that is not finished.
    pub fn command(&self) -> BatchCommand {
        BatchCommand::new(REGISTER, self.params())
    }

    /// Parameters as the portal wants them.
    fn params(&self) -> Value {
        let number = said(self.number.as_ref());
        let mut params = json!({
            "USER_ID": self.user,
            "PHONE_NUMBER": number.unwrap_or(HIDDEN_NUMBER),
            "TYPE": self.kind as u8,
            "CALL_START_DATE": iso_8601(self.started_at),
            "CRM_CREATE": u8::from(self.crm_create && number.is_some()),
            "SHOW": u8::from(self.show),
            EXTERNAL_CALL_ID: self.external_id,
        });
        if let Some(line) = self.line.as_ref().filter(|l| !l.is_empty()) {
            params["LINE_NUMBER"] = line.as_str().into();
        }
        params
    }
}

/// Whole seconds with a numeric zone: the portal refuses fractions, and old ones the letter Z.
fn iso_8601(at: Timestamp) -> String {
    let moment = jiff::Timestamp::from_millisecond(at.millis()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    moment.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()
}

/// Something in the CRM.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CrmEntity {
    /// `CONTACT`, `COMPANY`, `LEAD` or `DEAL`.
    pub kind: String,
    pub id: i64,
}

impl CrmEntity {
    /// From two fields, which are empty or zero where there is none.
    pub(super) fn read(from: &Value, kind: &str, id: &str) -> Option<Self> {
        let id = from.get(id).and_then(lenient::int).filter(|id| *id > 0)?;
        Some(Self { kind: from.get(kind).and_then(lenient::text)?, id })
    }
}

/// The CRM call that was made, or that there was already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisteredCall {
    /// The portal's name for it.
    pub call: CrmCallId,
    /// Whom the portal has found (or made) for the number.
    pub crm: Option<CrmEntity>,
    /// What it has made.
    pub created: Vec<CrmEntity>,
    /// Why it could not make a CRM item although it should.
    pub lead_error: Option<String>,
}

impl RegisteredCall {
    /// Stands for the CRM call that the register makes which is command number `n` (from 0) of the same batch.
    pub fn call_of(n: usize) -> CrmCallId {
        CrmCallId::new(result_of(n, CALL_ID))
    }

    /// Reads `result`. An answer without `CALL_ID` leaves it open what the portal has done.
    pub fn read(result: &Value) -> Result<Self, ApiError> {
        let call = result.get(CALL_ID).and_then(lenient::text);
        let call = call.ok_or_else(|| ApiError::Unclear { why: "register answered without a CALL_ID".into() })?;
        let created = result.get("CRM_CREATED_ENTITIES").cloned().map(lenient::list).unwrap_or_default();
        Ok(Self {
            call: CrmCallId::new(call),
            crm: CrmEntity::read(result, "CRM_ENTITY_TYPE", "CRM_ENTITY_ID"),
            created: created.iter().filter_map(|e| CrmEntity::read(e, "ENTITY_TYPE", "ENTITY_ID")).collect(),
            lead_error: result.get("LEAD_CREATION_ERROR").and_then(lenient::text),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn register() -> RegisterRequest {
        RegisterRequest {
            user: UserId(7),
            number: Some(Phone::parse("+79835551122").unwrap()),
            kind: CallKind::Incoming,
            started_at: Timestamp(1_795_341_600_999),
            crm_create: true,
            show: false,
            external_id: "call-1/leg-2".into(),
            line: Some("ecss-10".into()),
        }
    }

    #[test]
    fn parameters_are_what_the_portal_documents() {
        assert_eq!(
            register().params(),
            json!({
                "USER_ID": 7, "PHONE_NUMBER": "+79835551122", "TYPE": 2,
                "CALL_START_DATE": "2026-11-22T10:00:00+00:00", "CRM_CREATE": 1, "SHOW": 0,
                "EXTERNAL_CALL_ID": "call-1/leg-2", "LINE_NUMBER": "ecss-10"
            })
        );
        for (kind, number) in
            [(CallKind::Outgoing, 1), (CallKind::Incoming, 2), (CallKind::Redirected, 3), (CallKind::Callback, 4)]
        {
            assert_eq!(RegisterRequest { kind, ..register() }.params()["TYPE"], number);
        }
    }

    #[test]
    fn a_hidden_number_is_registered_but_makes_no_lead() {
        for hidden in [None, Phone::parse("0").ok()] {
            let params = RegisterRequest { number: hidden, line: None, show: true, ..register() }.params();
            assert_eq!((&params["PHONE_NUMBER"], &params["CRM_CREATE"]), (&json!("+"), &json!(0)));
            assert_eq!(params["SHOW"], 1);
            assert!(params.get("LINE_NUMBER").is_none());
        }
    }

    #[test]
    fn every_number_that_can_be_sent_survives_the_portal() {
        for number in ["", "0", "+0", "00", "1001", "+79835551122", "*72#", "8001", "000"] {
            let sent = RegisterRequest { number: Phone::parse(number).ok(), ..register() }.params();
            let text = sent["PHONE_NUMBER"].as_str().expect("text");
            assert!(text.chars().all(|c| c.is_ascii_digit() || "#*+,;".contains(c)), "{text} is stripped");
            assert!(!text.is_empty() && text != "0", "{number} is sent as {text}, which is false for PHP");
        }
    }

    #[test]
    fn a_stored_request_is_sent_as_it_was_meant() {
        let text = serde_json::to_string(&register()).unwrap();
        assert_eq!(serde_json::from_str::<RegisterRequest>(&text).unwrap(), register());
    }

    #[test]
    fn answers_are_read_with_and_without_a_crm() {
        let full = json!({"CALL_ID": "externalCall.1.2", "CRM_CREATED_LEAD": "11", "CRM_ENTITY_TYPE": "LEAD",
            "CRM_ENTITY_ID": "11", "CRM_CREATED_ENTITIES": [{"ENTITY_TYPE": "LEAD", "ENTITY_ID": 11}],
            "LEAD_CREATION_ERROR": "no stage"});
        let registered = RegisteredCall::read(&full).unwrap();
        let lead = CrmEntity { kind: "LEAD".into(), id: 11 };
        assert_eq!((registered.crm, registered.created), (Some(lead.clone()), vec![lead]));
        assert_eq!(registered.lead_error.as_deref(), Some("no stage"));

        let bare = json!({"CALL_ID": "c", "CRM_CREATED_LEAD": null, "CRM_ENTITY_TYPE": "", "CRM_ENTITY_ID": null,
            "CRM_CREATED_ENTITIES": {}});
        let registered = RegisteredCall::read(&bare).unwrap();
        assert_eq!((registered.crm, registered.created.len(), registered.lead_error), (None, 0, None));
        for empty in [json!([]), json!(null), json!({"CALL_ID": ""})] {
            assert!(matches!(RegisteredCall::read(&empty), Err(ApiError::Unclear { .. })), "{empty}");
        }
    }
}
