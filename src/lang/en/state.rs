//! English texts for what is wrong or waits.

use crate::lang::count::en;
use crate::lang::{StateText, StateTexts};

pub(super) const STATE: StateTexts = StateTexts {
    well: "All is well again.",
    next: "The next attempt:",
    lasting: |lasts| format!("for {lasts}"),
    calls_wait: |n| format!("{} to be sent to the CRM.", waiting(n)),
    calls_wait_since: |n, lasts| {
        let oldest = if n == 1 { "for" } else { "the oldest for" };
        format!("{} to be sent to the CRM, {oldest} {lasts}.", waiting(n))
    },
    sent_by_itself: "Everything is stored and will be sent automatically, nothing is lost.",
    sent_after: "Everything is stored and will be sent automatically as soon as access is back.",
    sent_from_memory: "Everything will be sent automatically unless the service stops before.",
    behind: StateText {
        title: "Telling what has piled up",
        what: "The portal answers; calls are sent one after another, no faster than it allows.",
        todo: "",
    },
    grant_ends: StateText {
        title: "Access to the portal ends soon",
        what: "Access has not been renewed for long: the portal or the authorization server did not answer.",
        todo: "Log in again so that access does not end.",
    },
    refused_click: StateText {
        title: "The portal does not take the subscription to clicks",
        what: "A click on a number in Bitrix24 does not reach this server. Other calls are recorded.",
        todo: "Check that the application has the right “Telephony (telephony)” and that an administrator of the portal has logged in, then press “Log in again”.",
    },
    refused_card: StateText {
        title: "The portal does not embed the call card",
        what: "The call card of Bitrix24 has no ECSS-10 tab. Calls are recorded as usual.",
        todo: "Check that the application has the rights “Placements (placement)” and “Telephony (telephony)” and that an administrator of the portal has logged in, then press “Log in again”.",
    },
    refused_line: StateText {
        title: "The portal does not take the line ECSS-10",
        what: "The line cannot be chosen as the number for outgoing calls, or it makes CRM items otherwise than chosen on this page.",
        todo: "Check that the application has the right “Telephony (telephony)”, then press “Log in again”.",
    },
    refused_old_address: StateText {
        title: "The portal does not forget a former address of this server",
        what: "Events and the card may go to the old address as well.",
        todo: "If the old address is not needed any more, install the application again in the portal.",
    },
    refused_users: StateText {
        title: "The portal does not list its users",
        what: "New users and their numbers do not appear, and dismissed ones are not marked. Calls to numbers that are not in the list are not recorded in the CRM.",
        todo: "Check that the application has the right “Users (user)” and that an administrator of the portal has logged in, then press “Log in again”.",
    },
    said: "The portal's answer:",
    seen: "Seen instead of the portal's answer:",
    server_said: "Bitrix24's authorization server:",
    install_waits: StateText {
        title: "The installation of the application is not confirmed yet",
        what: "The portal has announced an installation, and Bitrix24's authorization server has not confirmed it yet. Clicks on numbers may not work before it does.",
        todo: "Nothing needs to be done: it is asked again. If it takes long, check this server's access to the internet.",
    },
    install_refused: StateText {
        title: "The installation of the application is not confirmed",
        what: "The portal has announced an installation, but Bitrix24's authorization server says no to it. Clicks on numbers and the recording of calls may not work.",
        todo: "Check the portal's subscription and the application's keys: if the application was created again, log in at this server with its new keys, else press “Log in again”.",
    },
    install_other: StateText {
        title: "The application was created again in the portal",
        what: "Another application with this server's address is installed in the portal: the keys of the former one fit no more. Until somebody logs in with the new keys, calls are not recorded in the CRM and cards do not open.",
        todo: "Open this local application in the portal and press “Log in again” here: the log-in page asks for its new keys.",
    },
    install_unknown: StateText {
        title: "The installation of the application is not confirmed yet",
        what: "The portal has announced an installation, but has not confirmed that an administrator made it. Clicks on numbers may not work before it does.",
        todo: "Nothing needs to be done: it is asked again.",
    },
    install_bare: StateText {
        title: "The portal has announced an installation without tokens",
        what: "Such an installation cannot be confirmed. The card and clicks are checked and set up again with the access there was, where necessary.",
        todo: "If clicks on numbers do not work, press “Log in again”.",
    },
    events_unproved: StateText {
        title: "The portal's events cannot be proved yet",
        what: "The notice of the application's installation did not arrive or could not be confirmed. Calls are recorded in the CRM, but some clicks on numbers and the removal of the application are refused.",
        todo: "As an administrator, open the application once inside the portal, or the card of any call: that settles it. If the portal shows neither, install the application again.",
    },
    removal_doubted: StateText {
        title: "Somebody has announced the application's removal",
        what: "The portal still accepts this server, so nothing was changed: calls go on, nothing is deleted. The portal is asked again for an hour. The proof that came along is known to every employee's browser.",
        todo: "If you have removed the application, nothing needs to be done. If not, look in the server's log for when this was announced, and find out who in the company did.",
    },
    removal_unasked: StateText {
        title: "The removal of the application is not confirmed yet",
        what: "Somebody has announced the application's removal, and the portal cannot be asked whether it is so. Nothing is deleted until then.",
        todo: "Nothing needs to be done: the portal is asked again. If the application was not removed, log in again, which settles it.",
    },
    excess: StateText {
        title: "The switch reports more calls than there can be",
        what: "Calls that were silent the longest are closed with their end unknown, and the records say so. Calls of other companies are not touched.",
        todo: "Ask the switch's administrator to check this integration: events of ends may be missing, or something else sends in its name. The server's log says since when.",
    },
    unencrypted: StateText {
        title: "The connection to ECSS-10 is not encrypted",
        what: "The address begins with http://: the API key, events and numbers can be read and changed by anybody in between.",
        todo: "Write the address with https:// on the ECSS-10 tab.",
    },
    unchecked: StateText {
        title: "The certificate of ECSS-10 is not checked",
        what: "The check is switched off: anybody in between can pretend to be ECSS-10 and read the API key, events and numbers.",
        todo: "Choose another check of the certificate on the ECSS-10 tab: it can be accepted by its fingerprint.",
    },
    gave_way: |calls, legs| format!("Closed since the start: {calls} calls, {legs} legs."),
    unrecorded: StateText {
        title: "Calls are missing in the CRM",
        what: "More calls wait for Bitrix24 than there is room for. Those that have waited longest are not recorded there any more; the story of each says so.",
        todo: "See to it that Bitrix24 takes requests again. If the company has not had so many calls, ask the switch's administrator to check this integration.",
    },
    not_recorded: |calls| format!("Not recorded since the start: {calls} calls."),
    disk_ok: "Everything is stored.",
    disk_full: StateText {
        title: "The server's disk is full",
        what: "The database has no space left. New events are kept in memory until there is; they are lost if the server stops.",
        todo: "Ask the server's administrator to free space. The service must not be stopped before.",
    },
    disk_read_only: StateText {
        title: "The database cannot be written",
        what: "The server's disk is read-only. New events are kept in memory; they are lost if the server stops.",
        todo: "Ask the server's administrator to check the disk and the rights of the database's folder. The service must not be stopped before.",
    },
    disk_failing: StateText {
        title: "The database fails",
        what: "What happens cannot be written. New events are kept in memory; they are lost if the server stops.",
        todo: "Ask the server's administrator to check the disk and the service's log.",
    },
};

fn waiting(n: u64) -> String {
    format!("{n} {}", en(n, ["call waits", "calls wait"]))
}
