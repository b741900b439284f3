//! English texts.

mod audit;
mod card;
pub(super) mod checks;
mod company;
mod faults;
pub(super) mod reasons;
mod setup;
mod state;
pub(super) mod trace;

use super::{CallTexts, EmployeeTexts, LoginTexts, StateText, Texts};

pub(super) const EN: Texts = Texts {
    product: "ECSS-10 and Bitrix24",
    home: "To the log-in page",
    logout: "Log out",
    save: "Save",
    saved: "Saved.",
    not_saved: "Not saved: correct the marked fields.",
    request: "Request id",
    login: LOGIN,
    company: company::COMPANY,
    employees: EMPLOYEES,
    calls: CALLS,
    card: card::CARD,
    link: faults::LINK,
    state: state::STATE,
    checks: checks::CHECKS,
    setup: setup::SETUP,
    audit: audit::AUDIT,
    field: faults::FIELD,
    error: faults::ERROR,
};

const LOGIN: LoginTexts = LoginTexts {
    title: "Log in or register a company",
    lead: "Log in through your Bitrix24 portal. Only an administrator of the portal can register and manage its company.",
    domain: "Company domain",
    domain_hint: "Address of the Bitrix24 portal, e.g. firma.bitrix24.com",
    more: "more parameters",
    more_hint: "Needed to register, and once more if the application was created again in the portal. Take the values from the local application's settings in the portal.",
    client_id: "Client identifier",
    client_id_hint: "In Bitrix24: “Application ID (client_id)”",
    client_secret: "Secret key",
    client_secret_hint: "In Bitrix24: “Application key (client_secret)”",
    submit: "Log in",
    no_way_back: "The portal showed an error instead of a log-in",
    no_way_back_lead: "The portal does not lead back here then and does not say why. Mostly it is one of these:",
    no_way_back_causes: [
        "The installation of the application is not finished: tick “Uses API only” in the local application's settings in the portal, and save.",
        "The application was created again: type in its new keys above, under the further parameters.",
        "You have no access to the application: log in as an administrator of the portal.",
    ],
    handler: "This server's address for the local application in Bitrix24:",
    own_machine: "At this address the server is seen by itself only: neither the card nor events of Bitrix24 will work. The server's administrator has to set the gateway's address (proxyGatewayURL).",
    private_address: "This is a private address: Bitrix24 in the cloud cannot send events there, such as clicks on numbers, and an employee's browser asks whether the portal may reach the local network. For a boxed portal in the same network it will do.",
    inside_title: "The application is connected",
    inside: "The settings open in a tab of their own: inside the portal the browser does not keep you logged in to them.",
    inside_open: "Open the company's settings",
    not_admin: StateText {
        title: "Administrator rights are needed",
        what: "Only an administrator of the Bitrix24 portal can manage the integration.",
        todo: "Your call card works without these rights. To change settings, ask an administrator of the portal.",
    },
};

const EMPLOYEES: EmployeeTexts = EmployeeTexts {
    title: "Users' phone numbers",
    lead: "New users of the portal are added whenever this list is opened. Numbers of known users change only here.",
    name: "User",
    numbers: "Internal numbers",
    numbers_hint: "Separate several numbers by commas; calls made from Bitrix24 use the first.",
    dismissed: "dismissed",
    nameless: |id| format!("User {id}"),
    empty: "The portal has not listed any user yet.",
    close: "Close",
    close_hint: "Changes are saved when this window closes.",
    loading: "Loading the list…",
    failed: "The list could not be loaded. Close this window and try again.",
    saving: "Saving…",
    import_failed: "The portal did not answer, so this is the list as it was. Numbers can be changed; new users will appear once the portal is back.",
    import_refused: |words| {
        format!(
            "The portal did not list its users, so this is the list as it was. The portal's answer: “\u{2068}{words}\u{2069}”. Check that the application has the right “Users (user)” and that an administrator of the portal has logged in."
        )
    },
    profiles_unclear: |n| {
        let (users, whose) = if n == 1 { ("user has", "its row") } else { ("users have", "their rows") };
        format!(
            "{n} {users} an internal number in the Bitrix24 profile that could not be read whole. Check {whose}, marked below, and type the missing numbers."
        )
    },
    profile_unclear: |text| {
        format!(
            "In the Bitrix24 profile: “\u{2068}{text}\u{2069}”. Not all of it could be read; type the numbers yourself."
        )
    },
    profile_differs: |text| format!("In the Bitrix24 profile: “\u{2068}{text}\u{2069}”."),
    import_taken: |number, user, holder| {
        format!(
            "Number {number} from the profile of “{user}” was not added: “{holder}” has it. Remove it there if it has a new owner."
        )
    },
    taken: |number, holder| format!("Number {number} belongs to “{holder}”. Remove it from one of the rows."),
    taken_row: |user, number, holder| {
        format!("Not saved. “{user}”: number {number} belongs to “{holder}”. Remove it from one of the rows.")
    },
    wrong_row: |user, fault| format!("Not saved. “{user}”: {fault}"),
    no_such: |id| format!("Not saved: there is no user {id} in the list. Open the list again."),
    malformed: "Not saved: the list of numbers came in an unknown form. Reload the page and try again.",
};

const CALLS: CallTexts = CallTexts {
    active: "Active calls",
    active_none: "Nobody is talking now.",
    recent: "Recent calls",
    recent_none: "There have been no calls yet.",
    older: "Show earlier ones",
    started: "Began",
    who: "Employee",
    remote: "Other party",
    phase: "State",
    story: "Story of the call",
    story_open: "Details",
    story_none: "Nothing is recorded about this call: records are kept for a limited time.",
    legs: "Parties",
    nobody: "nobody's number",
    hidden: "hidden number",
    service_number: "service number of the switch",
    feature_code: "feature code",
    emergency: "emergency service",
    internal: "internal",
    incoming: "incoming",
    outgoing: "outgoing",
    unanswered: "No answer",
    crm: "Call in the CRM",
    back: "To all calls",
};
