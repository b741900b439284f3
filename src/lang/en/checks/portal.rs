//! The way to Bitrix24, in English.

use crate::domain::binding::Binding;
use crate::domain::checks::Severity;
use crate::domain::checks::portal::{BoundState, Installation, PortalFinding, Reported};
use crate::domain::link::{InstallTrouble, PortalState};
use crate::lang::checks::{FindingText, FindingWriter};
use crate::lang::when::moment;
use crate::lang::{ConnectionText, StateText, en};

/// The check is made within the hour, and at once after a log-in.
const NOT_ASKED: &str = "The portal has not answered this yet; it is asked once an hour and right after a log-in.";

pub(in crate::lang) fn text(writer: FindingWriter, finding: &PortalFinding) -> FindingText {
    match finding {
        PortalFinding::Answers { state: PortalState::Ok, last: Some(last) } => {
            FindingText::new("The Bitrix24 portal answers.").seen(format!("The last answer: {}.", writer.ago(*last)))
        }
        PortalFinding::Answers { state, last } => {
            let text = ConnectionText::of_portal(&en::EN.link, state);
            let said = if text.particulars.is_empty() { String::new() } else { format!("Seen: {}", text.particulars) };
            let last = last.map_or_else(String::new, |last| format!("The last answer: {}.", writer.ago(last)));
            FindingText::new(text.what).seen(last).seen(said).todo(text.todo)
        }
        PortalFinding::Grant { ends_at: None, .. } => {
            FindingText::new("There is no access to the portal: no administrator of the portal has logged in, or access was withdrawn.")
                .todo("Press “Log in again” on the company's page.")
        }
        PortalFinding::Grant { ends_at: Some(ends), severity } => {
            let text = FindingText::new(if *severity == Severity::Good {
                "Access to the portal is in force and renews itself."
            } else {
                "Access to the portal has ended or ends soon."
            });
            let text = text.seen(format!("Without renewal it ends on {}.", moment(*ends)));
            text.todo_unless(*severity == Severity::Good, "Press “Log in again” on the company's page.")
        }
        PortalFinding::Owner(Reported::NotYet) => {
            FindingText::new("It is not known in whose name the portal takes requests.").seen(NOT_ASKED)
        }
        PortalFinding::Owner(Reported::Said { at, what }) if what.admin => {
            FindingText::new("Requests are made in the name of an administrator of the portal.")
                .seen(format!("{}, checked {}.", what.name, writer.ago(*at)))
        }
        PortalFinding::Owner(Reported::Said { at, what }) => {
            FindingText::new("Whoever has logged in is no administrator of the portal any more: the portal will refuse some requests.")
                .seen(format!("{}, checked {}.", what.name, writer.ago(*at)))
                .todo("Have an administrator of the portal press “Log in again” on the company's page.")
        }
        PortalFinding::Installation(installation) => self::installation(writer, installation),
        PortalFinding::Licence(Reported::NotYet) => {
            FindingText::new("It is not known whether the portal is paid for.").seen(NOT_ASKED)
        }
        PortalFinding::Licence(Reported::Said { at, what }) if what.expired => {
            FindingText::new("The portal's or the application's subscription is over.")
                .seen(format!("{}, checked {}.", what.name, writer.ago(*at)))
                .todo("Renew the portal's subscription: applications do not work without it.")
        }
        PortalFinding::Licence(Reported::Said { at, what }) => {
            FindingText::new("The portal is paid for.").seen(format!("{}, checked {}.", what.name, writer.ago(*at)))
        }
        PortalFinding::Rights(Reported::NotYet) => {
            FindingText::new("It is not known which rights the application has.").seen(NOT_ASKED)
        }
        PortalFinding::Rights(Reported::Said { at, what }) if what.is_empty() => {
            FindingText::new("The application has all the rights it needs.").seen(format!("Checked {}.", writer.ago(*at)))
        }
        PortalFinding::Rights(Reported::Said { what, .. }) => {
            FindingText::new("The application lacks rights.")
                .seen(format!("Not ticked: {}.", what.join(", ")))
                .todo("Tick these rights in the application's settings (“Developer resources” – “Integrations”), save, and press “Log in again”.")
        }
        PortalFinding::Bound { what, state } => bound(writer, *what, state),
        PortalFinding::Events { last: Some(last), .. } => {
            FindingText::new("Events of the portal reach this server.")
                .seen(format!("The last one: {}.", writer.ago(*last)))
        }
        PortalFinding::Events { last: None, proved } => {
            let text = FindingText::new("No event has come from the portal yet: it is not known whether a click on a number arrives.")
                .todo("Click on a telephone number in a client's card: your phone rings, and the time appears here.");
            let state = en::EN.state.events_unproved;
            if *proved { text } else { text.seen(format!("{}.", state.title)).todo(state.todo) }
        }
        PortalFinding::Cards { confirmed: Some(confirmed), .. } => {
            FindingText::new("The call card opens in the employees' browsers.")
                .seen(format!("The last one: {}.", writer.ago(*confirmed)))
        }
        PortalFinding::Cards { opened, call, .. } => {
            let text = match (opened, call) {
                (Some(opened), _) => FindingText::new("A card was opened in the portal, but the browser could not follow it.")
                    .seen(format!("Opened: {}.", writer.ago(*opened)))
                    .todo("See whether the gateway before this server holds answers back (proxy_buffering off)."),
                (None, Some(call)) => FindingText::new("There are calls, but no browser has shown a card yet.")
                    .seen(format!("The last call: {}.", writer.ago(*call))),
                (None, None) => FindingText::new("Nobody has opened a call card yet: it is not known whether it opens."),
            };
            text.todo("Call an employee who has Bitrix24 open, and open the ECSS-10 tab in the call card.")
        }
        PortalFinding::Backlog { backlog, late } => {
            let text = FindingText::new(match (*late, backlog.calls) {
                (false, 0) => "Everything has been sent to the CRM.",
                (false, _) => "Calls are being sent to the CRM.",
                (true, _) => "Calls wait longer than usual to be sent to the CRM.",
            });
            let waits = backlog.since.map_or_else(String::new, |since| {
                format!("Calls that wait: {}, the oldest for {}.", backlog.calls, writer.lasting(since))
            });
            let text = text.seen(waits);
            if *late { text.todo(en::EN.state.sent_by_itself) } else { text }
        }
    }
}

fn installation(writer: FindingWriter, installation: &Installation) -> FindingText {
    match installation {
        Installation::NotAsked => {
            FindingText::new("It is not known whether the installation of the application is finished.").seen(NOT_ASKED)
        }
        Installation::Finished { at } => {
            FindingText::new("The installation of the application is finished.").seen(format!("Checked {}.", writer.ago(*at)))
        }
        Installation::Unfinished { at } => {
            FindingText::new("The installation of the application is not finished: the portal sends no events and shows no card.")
                .seen(format!("The portal said so {}.", writer.ago(*at)))
                .todo("Open the application's settings (“Developer resources” – “Integrations”), tick “Script only (no user interface)” and save, then press “Log in again”.")
        }
        Installation::Waits(install) => {
            let state = match &install.why {
                InstallTrouble::Untried | InstallTrouble::ServerNotYet(_) => en::EN.state.install_waits,
                InstallTrouble::ServerRefuses(_) => en::EN.state.install_refused,
                InstallTrouble::PortalFails(_) => en::EN.state.install_unknown,
                InstallTrouble::OtherApplication => en::EN.state.install_other,
                InstallTrouble::TokensMissing => en::EN.state.install_bare,
            };
            FindingText::new(format!("{}.", state.title))
                .seen(format!("Announced {}.", writer.ago(install.since)))
                .todo(state.todo)
        }
    }
}

fn bound(writer: FindingWriter, what: Binding, state: &BoundState) -> FindingText {
    let (there, missing, refused) = names(what);
    match state {
        BoundState::NotAsked => FindingText::new(format!("Not known: {there}?")).seen(NOT_ASKED),
        BoundState::There { at } => {
            FindingText::new(format!("By the portal's own list {there}.")).seen(format!("Checked {}.", writer.ago(*at)))
        }
        BoundState::Missing { at } => FindingText::new(format!("By the portal's own list {missing}."))
            .seen(format!("Checked {}.", writer.ago(*at)))
            .todo("Press “Log in again” on the company's page: everything is set up once more."),
        BoundState::Refused { since, why } => FindingText::new(format!("{}.", refused.title))
            .seen(refused.what)
            .seen(format!("The portal's answer: {why} (first {})", writer.ago(*since)))
            .todo(refused.todo),
    }
}

const fn names(what: Binding) -> (&'static str, &'static str, StateText) {
    let state = &en::EN.state;
    match what {
        Binding::Click => (
            "clicks on numbers are sent to this server",
            "clicks on numbers are not sent to this server",
            state.refused_click,
        ),
        Binding::Card => ("the call card has its ECSS-10 tab", "the call card has no ECSS-10 tab", state.refused_card),
        Binding::Line => (
            "the line ECSS-10 is among the numbers for outgoing calls",
            "the line ECSS-10 is not among the numbers for outgoing calls",
            state.refused_line,
        ),
        Binding::OldAddress => (
            "there is no former address of this server",
            "a former address of this server is left",
            state.refused_old_address,
        ),
        Binding::Users => ("the portal lists its users", "the portal does not list its users", state.refused_users),
    }
}
