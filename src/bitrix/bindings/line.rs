//! `telephony.externalLine.get`, `…add` and `…update`

use super::{BindReport, Choices};
use crate::bitrix::error::ApiError;
use crate::bitrix::lenient;
use crate::bitrix::portal::Portal;
use crate::bitrix::telephony::{LINE_NAME, LINE_NUMBER};
use crate::domain::binding::Binding;
use serde_json::{Value, json};

/// Our line as the portal has it.
pub(super) struct ExternalLine {
    name: String,
    /// Clicks by this line make CRM items; older boxes have no such field.
    creates: Option<bool>,
}

/// Keeps our line in the portal, with the company's choice whether clicks by it make CRM items: without a word the
/// portal makes one for each unknown number (`($params['CRM_AUTO_CREATE'] ?? 'Y') === 'Y'`, bitrix modules,
/// voximplant/classes/general/vi_rest.php).
///
/// With `touch` it is written in any case: a change of a line makes the portal forget its list of numbers for outgoing
/// calls, which it keeps for a day otherwise.
pub(super) async fn ensure(portal: &Portal, choices: Choices, touch: bool, report: &mut BindReport) {
    let known = match portal.call("telephony.externalLine.get", &Value::Null).await {
        // A portal that does not list its lines may take one all the same.
        Err(error @ ApiError::Refused { .. }) => {
            report.note_answer(&error);
            None
        }
        listed => {
            let Some(answer) = report.keep_going(Binding::Line, listed) else { return };
            lenient::list(answer.result).iter().find_map(ours)
        }
    };
    let as_wanted =
        |line: &ExternalLine| line.creates.is_none_or(|c| c == choices.create_for_clicks) && !line.name.is_empty();
    if known.as_ref().is_some_and(|line| as_wanted(line) && !touch) {
        return;
    }
    // A name that somebody has given it in the portal stays.
    let name = known.as_ref().map(|line| line.name.as_str()).filter(|name| !name.is_empty()).unwrap_or(LINE_NAME);
    let create = if choices.create_for_clicks { "Y" } else { "N" };
    let params = json!({ "NUMBER": LINE_NUMBER, "NAME": name, "CRM_AUTO_CREATE": create });
    let outcome = match known {
        Some(_) => portal.call("telephony.externalLine.update", &params).await,
        None => match portal.call("telephony.externalLine.add", &params).await {
            // "Line already exists", or another refusal; a line that is not there cannot be changed either, and then the
            // first refusal is the reason.
            Err(refused @ ApiError::Refused { .. }) => {
                let updated = portal.call("telephony.externalLine.update", &params).await;
                updated.map_err(|error| if refused.message_contains("already exists") { error } else { refused })
            }
            other => other,
        },
    };
    if report.keep_going(Binding::Line, outcome).is_some() {
        report.bound.push(format!("line {LINE_NAME} (CRM items for clicks: {create})"));
    }
}

pub(super) fn ours(row: &Value) -> Option<ExternalLine> {
    let text = |key: &str| row.get(key).and_then(lenient::text);
    text("NUMBER").filter(|number| number == LINE_NUMBER)?;
    Some(ExternalLine {
        name: text("NAME").unwrap_or_default(),
        creates: row.get("CRM_AUTO_CREATE").and_then(lenient::flag),
    })
}
