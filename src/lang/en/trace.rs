//! English sentences of a call's trace.

use crate::domain::Phone;
use crate::domain::call::{ClickFacts, CrmCallKind, CrmStep, DialFailure, FinishStatus, Note};
use crate::domain::card::Button;
use crate::domain::leg::{Direction, LegState};
use crate::domain::numbers::{NumberRule, Party};
use crate::domain::outbox::RequestReply;
use crate::lang::EmployeeNames;

pub(in crate::lang) fn sentence(note: &Note, names: &EmployeeNames) -> Option<String> {
    Some(match note {
        Note::Leg { own, remote, direction, state, owner, .. } => {
            let who = owner.map_or_else(String::new, |user| format!(" ({})", names.of(user)));
            let arrow = if *direction == Direction::In { "←" } else { "→" };
            format!("{own}{who} {arrow} {}: {}", shown(remote.as_ref()), leg_state(*state))
        }
        Note::Number { number, party, rule, .. } => number_taken_for(number.as_ref(), *party, rule),
        Note::NumberChanged { from, to, .. } => format!(
            "The client's number has changed: {} → {to}. The portal cannot change it: that call is closed, another one goes on",
            shown(from.as_ref())
        ),
        Note::LegLeft { .. } => "The phone is in another call of the switch now".into(),
        Note::LegCame { .. } => "The phone has come from another call of the switch".into(),
        Note::Overdue { .. } => {
            "The switch never told the end: longer than a call may last, so it was closed with its end unknown".into()
        }
        Note::GaveWay => {
            "The switch told of more calls than there can be: this one, silent the longest, was closed, its end unknown"
                .into()
        }
        Note::LegsGaveWay { legs } => format!(
            "The switch told of more phones in this call than there can be: the most silent ones were ended: {legs}"
        ),
        Note::LegsRefused { legs } => {
            format!("The switch told of more phones in this call than there can be. Not taken in: {legs}")
        }
        Note::RecordRefused { .. } => {
            "More conversations in this call than there can be: this one is not sent to the CRM".into()
        }
        Note::NumberNotFollowed { to, .. } => {
            format!("The client's number has changed too often in this call; the new one is not sent to the CRM: {to}")
        }
        Note::NotRecorded { .. } => {
            "Not recorded in the CRM: too many calls waited for the portal, and this one had waited longest".into()
        }
        Note::StoryEnds => "The story has become too long; what follows is not kept".into(),
        Note::NobodysNumber { own } => format!("No card: nobody in the table has the number {own}"),
        Note::Internal => "Colleagues: by the company's setting not sent to the CRM".into(),
        Note::Stale { .. } => "The switch repeated an outdated phase; it changed nothing".into(),
        Note::Opened { kind, user, .. } => format!("{} — {}", call_kind(*kind), names.of(*user)),
        Note::Clicked { user, to, facts, .. } => clicked(&names.of(*user), to.as_ref(), facts),
        Note::DialFailed { why } => format!("The number was not dialled: {}", dial_failure(*why)),
        Note::Matched { .. } => "The switch's call of this click was found".into(),
        Note::Pressed { user, button } => {
            format!("{} pressed on the card «{}»", names.of(*user), button_name(*button))
        }
        Note::LinkLost => "The connection to the switch broke".into(),
        Note::EndUnknown { .. } => "Not seen again after the connection came back: its end is unknown".into(),
        Note::GoesOn { state, .. } => {
            format!("A call whose end had been taken as unknown was heard of again: {}", leg_state(*state))
        }
        Note::Moved { from, to, .. } => format!("The call moved to another number: {from} → {to}"),
        Note::HandedOver { .. } => {
            "A colleague handed an outside call over: from now on the conversation counts for the CRM".into()
        }
        Note::RaceLost { .. } => {
            "Two phones were picked up at once; the switch disconnected this one, so it counts as no conversation"
                .into()
        }
        Note::RangAgain { after_s, .. } => format!(
            "The call rang again after {after_s} s, when it had been recorded as missed: it is recorded once more"
        ),
        Note::ClockBack { seconds } => {
            format!("The server's clock was put back by {seconds} s; the call's own time goes on")
        }
        Note::Intent { step, .. } => intent(step, names)?,
        Note::Told { request, answer, .. } => match answer {
            RequestReply::Done | RequestReply::DoneWithoutItem(_) | RequestReply::DoneWithErrors(_) => {
                format!("The portal took: {}", request.name())
            }
            RequestReply::NotDone(why) => format!("The portal answered: {} — {why}", request.name()),
        },
        Note::Closed { status, .. } => format!("Outcome: {} ({})", outcome(*status), status.code()),
    })
}

fn shown(number: Option<&Phone>) -> String {
    number.map_or_else(|| "hidden number".to_owned(), Phone::to_string)
}

fn number_taken_for(number: Option<&Phone>, party: Party, rule: &NumberRule) -> String {
    let shown = number.map_or("—", Phone::as_str);
    let what = match party {
        Party::Client => format!("{shown} is a client's number"),
        Party::Hidden => "The switch showed no number".to_owned(),
        Party::Colleague(_) => format!("{shown} is a colleague's number"),
        Party::Service => format!("{shown} is a service number of the switch: not sent to the CRM"),
        Party::FeatureCode => {
            format!("{shown}… is a feature code: not sent to the CRM, and nothing more of it is kept")
        }
        Party::Emergency => format!("{shown} is an emergency service: nobody becomes a client by this call"),
    };
    let why = match rule {
        NumberRule::NotShown => return what,
        NumberRule::Unreadable => "what it showed is none: a name, a SIP address, or too many digits",
        NumberRule::Table => "it stands in the table of users",
        NumberRule::Setting { entry } => return format!("{what} (by the setting «{entry}»)"),
        NumberRule::Form => "by its form",
        NumberRule::EmergencyList => "it is a well-known number",
        NumberRule::NothingElse => "no other rule applies",
    };
    format!("{what} ({why})")
}

fn clicked(who: &str, to: Option<&Phone>, facts: &ClickFacts) -> String {
    let what = match (to, &facts.written) {
        (Some(to), _) => format!("{who} clicked in Bitrix24 on {to}"),
        // Isolated, so that a text of another direction does not turn the sentence round.
        (None, Some(text)) => format!("{who} clicked in Bitrix24 on “\u{2068}{text}\u{2069}”"),
        (None, None) => format!("{who} clicked in Bitrix24"),
    };
    super::card::CARD.click.click_text(what, facts)
}

fn intent(step: &CrmStep, names: &EmployeeNames) -> Option<String> {
    Some(match step {
        CrmStep::Register { user, show: true, .. } => {
            format!("Registering the call and opening the card: {}", names.of(*user))
        }
        CrmStep::Register { user, show: false, .. } => {
            format!("Registering the call without a card: {}", names.of(*user))
        }
        CrmStep::Show { users } => format!("Opening the card: {}", names.all(users)),
        CrmStep::Hide { users } => format!("Closing the card: {}", names.all(users)),
        CrmStep::Finish { user, duration_s, .. } => {
            format!("Finishing the call: {}, {duration_s} s of conversation", names.of(*user))
        }
        // Told by the click's own line already.
        CrmStep::Adopt { .. } => return None,
    })
}

pub(in crate::lang) const fn leg_state(state: LegState) -> &'static str {
    match state {
        LegState::Dialing => "dialling",
        LegState::Ringing => "ringing",
        LegState::Talking => "talking",
        LegState::Held => "on hold",
        LegState::Released => "released",
    }
}

const fn call_kind(kind: CrmCallKind) -> &'static str {
    match kind {
        CrmCallKind::Outgoing => "Outgoing call",
        CrmCallKind::Incoming => "Incoming call",
        CrmCallKind::Redirected => "Transferred call",
    }
}

const fn outcome(status: FinishStatus) -> &'static str {
    match status {
        FinishStatus::Answered => "answered",
        FinishStatus::Missed => "missed",
        FinishStatus::Declined => "declined",
        FinishStatus::Cancelled => "cancelled by the caller",
        FinishStatus::Forbidden => "forbidden",
        FinishStatus::WrongNumber => "wrong number",
        FinishStatus::Busy => "busy",
        FinishStatus::Unavailable => "unavailable",
        FinishStatus::Failed => "network failure",
        FinishStatus::GoesOnElsewhere => "goes on in another record",
    }
}

pub(in crate::lang) const fn dial_failure(why: DialFailure) -> &'static str {
    match why {
        DialFailure::NoNumber => "the employee has no internal number; set one in the table",
        DialFailure::Offline => "no connection to the switch",
        DialFailure::NotOffered => "the switch does not dial on request",
        DialFailure::Forbidden => "the switch forbids it; check api\\call\\enabled and the integration's numbers",
        DialFailure::WrongNumber => "no such number",
        DialFailure::NotANumber => "there is no number in it that can be dialled; correct it in the client's card",
        DialFailure::HiddenNumber => "the caller hid his number, so that this entry cannot be called back",
        DialFailure::Busy => "the phone is busy",
        DialFailure::Unavailable => "the phone is not reachable",
        DialFailure::Failed => "the switch reported an error",
        DialFailure::TooLate => "the portal's request came too late",
    }
}

const fn button_name(button: Button) -> &'static str {
    match button {
        Button::Answer => "answer",
        Button::Reject => "reject",
        Button::Hold => "hold",
        Button::Retrieve => "retrieve",
        Button::Transfer => "transfer",
    }
}
