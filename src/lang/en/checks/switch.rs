//! The way from the switch, in English.

use crate::domain::checks::switch::{SwitchEvents, SwitchFinding};
use crate::domain::company::Unprotected;
use crate::domain::link::LinkState;
use crate::lang::checks::{FindingText, FindingWriter, list_integrations, listed, prerequisites, serve_numbers};
use crate::lang::when::moment;
use crate::lang::{ConnectionText, en};

pub(in crate::lang) fn text(writer: FindingWriter, finding: &SwitchFinding) -> FindingText {
    match finding {
        SwitchFinding::Connection(state, _) => connection(writer, state),
        SwitchFinding::Events(events) => self::events(writer, events),
        SwitchFinding::UnseenNumbers { unseen, since, integration, .. } => {
            let Some(first) = unseen.listed.first() else {
                return FindingText::new("Every number of the employees has been in a call.");
            };
            let text = FindingText::new("There are numbers that ECSS-10 has never named.")
                .seen(format!("Not seen since {}: {}.", moment(*since), listed(&unseen.listed, unseen.more, "and {} more")))
                .todo(format!(
                    "Call from such a number, for example from {first}. If the call does not appear in the list of calls, the integration does not serve the number: give it all numbers with the command below."
                ));
            text.copy(integration.iter().map(serve_numbers))
        }
        SwitchFinding::NobodysNumbers { numbers, .. } if numbers.is_empty() => {
            FindingText::new("Every number that ECSS-10 has named belongs to somebody.")
        }
        SwitchFinding::NobodysNumbers { numbers, more } => {
            let mut text = FindingText::new("ECSS-10 names numbers that nobody has: no card opens for them.");
            for (number, at) in numbers {
                text = text.seen(format!("{number}: {}", writer.ago(*at)));
            }
            if *more > 0 {
                text = text.seen(format!("and {more} more"));
            }
            text.todo("Give the number to an employee on the tab “Users” or, if it is a queue or an attendant, add it to the service numbers on the tab “Bitrix24 connection”.")
        }
        SwitchFinding::Protection(None) => {
            FindingText::new("The connection to ECSS-10 is encrypted and its certificate is checked.")
        }
        SwitchFinding::Protection(Some(unprotected)) => {
            let state = match unprotected {
                Unprotected::Unencrypted => en::EN.state.unencrypted,
                Unprotected::Unchecked { .. } => en::EN.state.unchecked,
            };
            FindingText::new(format!("{}.", state.title)).seen(state.what).todo(state.todo)
        }
    }
}

fn connection(writer: FindingWriter, state: &LinkState) -> FindingText {
    let text = ConnectionText::of_link(&en::EN.link, state);
    if let LinkState::Online { since, address } = state {
        return FindingText::new("ECSS-10 is connected.").seen(format!("{address}, since {}", moment(*since)));
    }
    let since = text.since.map_or_else(String::new, |since| format!("For {}.", writer.lasting(since)));
    let particulars = if text.particulars.is_empty() { String::new() } else { format!("Seen: {}", text.particulars) };
    FindingText::new(format!("ECSS-10: {}", text.what)).seen(since).seen(particulars).todo(text.todo)
}

fn events(writer: FindingWriter, events: &SwitchEvents) -> FindingText {
    match events {
        SwitchEvents::Seen { last } => {
            FindingText::new("Events of calls arrive.").seen(format!("The last one: {}.", writer.ago(*last)))
        }
        SwitchEvents::NoWay => {
            FindingText::new("It is not known yet whether events of calls arrive: ECSS-10 is not connected.")
        }
        SwitchEvents::LongAgo { last, integration } => {
            let text = FindingText::new("ECSS-10 is connected but has not told of a call for long.")
                .seen(format!("The last event: {}.", writer.ago(*last)))
                .todo("Call from any employee's number. If the call does not appear in the list of calls, check the numbers of the integration.");
            text.copy(integration.iter().map(list_integrations))
        }
        SwitchEvents::Never { connected, integration, .. } => {
            let text = FindingText::new("ECSS-10 is connected but has not told of any call yet.")
                .seen(format!("Connected {}.", writer.ago(*connected)))
                .todo("Call another number from any employee's phone: the call must appear in the list of calls.")
                .todo("If it does not, enable CSTA: without it ECSS-10 does not tell of calls that were not begun in the CRM.")
                .todo("See that the domain's property vats_type is private.")
                .todo("Give the employees' numbers to the integration and set api\\call\\enabled for them.");
            text.copy(integration.iter().flat_map(prerequisites))
        }
    }
}
