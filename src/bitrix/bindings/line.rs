//! `telephony.externalLine.add` and `…update`

use super::BindReport;
use crate::bitrix::error::ApiError;
use crate::bitrix::portal::Portal;
use crate::bitrix::telephony::{LINE_NAME, LINE_NUMBER};
use serde_json::json;

/// Adds our line, or writes its name once more: either makes the portal forget its list of outgoing numbers.
/// A refusal only means that people see the new choice a day later.
pub(super) async fn touch(portal: &Portal, report: &mut BindReport) -> Result<(), ApiError> {
    let params = json!({ "NUMBER": LINE_NUMBER, "NAME": LINE_NAME });
    let outcome = match portal.call("telephony.externalLine.add", &params).await {
        Err(ApiError::Refused { .. }) => portal.call("telephony.externalLine.update", &params).await,
        other => other,
    };
    match outcome {
        Ok(_) => Ok(()),
        Err(error @ ApiError::Refused { .. }) => {
            report.notes.push(format!(
                "the line {LINE_NAME} could not be added, so the portal may offer it for outgoing calls only \
                 tomorrow: {error}"
            ));
            Ok(())
        }
        Err(error) => Err(error),
    }
}
