//! What an engineer wants to know of a line of a call's trace, beside its sentence: ids and the portal's names for them.

use crate::bitrix::telephony::{CALL_ID, EXTERNAL_CALL_ID};
use crate::domain::call::Note;
use crate::lang::{Lang, leg_state};

/// The same in every language; empty where there is nothing more to say.
pub(super) fn particulars(note: &Note) -> String {
    match note {
        Note::Stale { leg, state } => format!("leg {leg}: {}", leg_state(*state, Lang::En)),
        Note::Leg { leg, .. }
        | Note::Number { leg, .. }
        | Note::NumberChanged { leg, .. }
        | Note::NumberNotFollowed { leg, .. }
        | Note::LegLeft { leg }
        | Note::LegCame { leg }
        | Note::Overdue { leg }
        | Note::RecordRefused { leg }
        | Note::Matched { leg }
        | Note::EndUnknown { leg }
        | Note::GoesOn { leg, .. }
        | Note::Moved { leg, .. }
        | Note::HandedOver { leg }
        | Note::RaceLost { leg }
        | Note::RangAgain { leg, .. } => format!("leg {leg}"),
        Note::NotRecorded { lane }
        | Note::Opened { lane, .. }
        | Note::Intent { lane, .. }
        | Note::Closed { lane, .. } => format!("{EXTERNAL_CALL_ID} {lane}"),
        Note::Clicked { crm, .. } => format!("{CALL_ID} {crm}"),
        Note::Told { request, answer, took_ms, lane } => {
            format!("{}, {took_ms} ms, {lane}: {answer}", request.name())
        }
        Note::GaveWay
        | Note::LegsGaveWay { .. }
        | Note::LegsRefused { .. }
        | Note::StoryEnds
        | Note::NobodysNumber { .. }
        | Note::Internal
        | Note::DialFailed { .. }
        | Note::Pressed { .. }
        | Note::LinkLost
        | Note::ClockBack { .. } => String::new(),
    }
}
