//! English texts for states, faults and error pages.

use crate::lang::{ErrorTexts, FieldTexts, LinkTexts, StateText};

pub(super) const LINK: LinkTexts = LinkTexts {
    not_configured: StateText {
        title: "Not set up",
        what: "The connection to ECSS-10 has not been set up yet.",
        todo: "Fill in the ECSS-10 settings and save them.",
    },
    connecting: StateText { title: "Connecting", what: "Connecting to ECSS-10.", todo: "Wait a few seconds." },
    online: StateText { title: "Connected", what: "ECSS-10 is connected.", todo: "" },
    waiting: "No connection",
    next_try: |at| format!("The next attempt is at {at}."),
    needs_admin: "Needs your attention",
    stopped: StateText {
        title: "Stopped",
        what: "The company is not being served now.",
        todo: "Unless the service is just restarting, log in again.",
    },
    wrong_key: StateText {
        title: "The key was refused",
        what: "ECSS-10 did not accept the client identifier or the API key.",
        todo: "Compare “Client id”, “API Key” and domain with the output of domain/<DOMAIN>/integrations/list and save the settings.",
    },
    unknown_host: StateText {
        title: "Unknown address",
        what: "The name in the Call API address cannot be found in DNS.",
        todo: "Check for a typing error, and whether this machine's DNS server knows the name; an IP address works too.",
    },
    forbidden: StateText {
        title: "Address not allowed",
        what: "The address leads to a place that this server may not contact by its settings.",
        todo: "Check the name in DNS. If it is right, the server's administrator can allow it with switch_networks in config.toml.",
    },
    never_contacted: StateText {
        title: "Address not allowed",
        what: "The address leads to a place where no switch can be; this server never contacts it.",
        todo: "Check the address for a typing error and the name in DNS; name the address of ECSS-10 itself.",
    },
    private_network: "a private network",
    this_machine: "the machine of this server itself",
    no_servers_address: "an address that no server can have",
    link_local: "a link-local address",
    metadata: "the metadata service of a cloud",
    unreachable: StateText {
        title: "No connection",
        what: "Nobody answers at this address.",
        todo: "Check address and port (usually 8088), whether ecss-call-api.service runs, and whether a firewall lets the connection through.",
    },
    untrusted: StateText {
        title: "Untrusted certificate",
        what: "The ECSS-10 certificate is issued by an unknown authority. Nothing has been sent.",
        todo: "Compare the fingerprint and accept the certificate, or name your own authority.",
    },
    untrusted_name: StateText {
        title: "Certificate for another name",
        what: "The ECSS-10 certificate was issued for other names than the one in the address. Nothing has been sent.",
        todo: "Write the address with a name from the certificate (see the particulars), or compare the fingerprint and accept the certificate.",
    },
    untrusted_expired: StateText {
        title: "The certificate has expired",
        what: "The time of the ECSS-10 certificate is over. Nothing has been sent.",
        todo: "Have the certificate renewed at ECSS-10; the connection comes back by itself within a minute. Until then the certificate can be accepted by its fingerprint.",
    },
    untrusted_early: StateText {
        title: "The certificate is not valid yet",
        what: "The time of the ECSS-10 certificate has not begun by this server's clock. Nothing has been sent.",
        todo: "Check the date on this server and on ECSS-10.",
    },
    untrusted_changed: StateText {
        title: "Another certificate than the accepted one",
        what: "Either the certificate was replaced at ECSS-10, or somebody stands between this server and ECSS-10. Nothing has been sent.",
        todo: "Ask the administrator of ECSS-10 for the fingerprint of the new certificate. Accept it only if it is the one shown here.",
    },
    outdated_tls: StateText {
        title: "Outdated encryption",
        what: "ECSS-10 and this server have no version or cipher of TLS in common: this server speaks TLS 1.2 and 1.3. Nothing has been sent.",
        todo: "Have TLS 1.2 or newer switched on at ECSS-10 or at what stands before it; the connection comes back by itself.",
    },
    protocol: StateText {
        title: "Unexpected answer",
        what: "What answers there is not a Call API, or a version we do not know.",
        todo: "Check address and port. If they are right, set logLevel to debug on the server, check once more, and add the last lines of its log to your request for help.",
    },
    lost: StateText {
        title: "The connection was lost",
        what: "ECSS-10 closed the connection or fell silent.",
        todo: "It will be restored by itself. If this keeps happening, check the network and the log of ecss-call-api.",
    },
    portal_not_asked: StateText {
        title: "Not known yet",
        what: "The Bitrix24 portal has not been asked anything since the server started.",
        todo: "Wait: the portal is asked within minutes, and at once with the first call.",
    },
    portal_ok: StateText { title: "Answering", what: "The Bitrix24 portal answers requests.", todo: "" },
    portal_unreachable: StateText {
        title: "The portal does not answer",
        what: "The Bitrix24 portal does not answer requests. Attempts go on by themselves.",
        todo: "If this lasts, check whether the portal opens from this server's machine.",
    },
    portal_limited: StateText {
        title: "Request limit of the portal",
        what: "The limit of requests to the Bitrix24 portal is used up. They are sent as the portal allows.",
        todo: "If this happens often, reduce the load of other applications or change the portal's plan.",
    },
    portal_resting: StateText {
        title: "Limit for one kind of request",
        what: "The portal has paused one kind of request of our application: its time is used up. Other requests are answered.",
        todo: "Nothing needs to be done: the portal lifts the limit by itself.",
    },
    portal_payment: StateText {
        title: "The portal is closed: not paid",
        what: "The subscription or licence of the Bitrix24 portal is over, and it takes no requests of applications.",
        todo: "Renew the portal's subscription.",
    },
    portal_plan: StateText {
        title: "The portal is closed: its plan has no applications",
        what: "On the plan of the Bitrix24 portal applications have no REST.",
        todo: "Change the portal's plan or subscribe to Marketplace.",
    },
    portal_deleted: StateText {
        title: "The portal is closed: deleted",
        what: "Bitrix24 says that the portal was deleted or closed.",
        todo: "Restore the portal. If it is no longer needed, remove the application to take the company off this server.",
    },
    portal_blocked: StateText {
        title: "The portal is closed: blocked",
        what: "Bitrix24 support has blocked requests of applications to the portal because of overload.",
        todo: "Ask Bitrix24 support for the reason of the block.",
    },
    portal_needs_login: StateText {
        title: "Log in again",
        what: "The portal no longer accepts the grant it gave.",
        todo: "Press “Log in again”: an administrator of the portal must confirm access once more.",
    },
    particulars: "Particulars",
};

pub(super) const FIELD: FieldTexts = FieldTexts {
    summary: "Correct the marked fields.",
    empty: "Fill in this field.",
    too_long: |max| format!("Too long: at most {max} characters."),
    too_many: |max| format!("Too many: at most {max}."),
    strange: "Remove invisible characters.",
    not_a_host: "This does not look like a portal's domain. Example: firma.bitrix24.com",
    not_an_address: |text| format!("“{text}” does not look like an address. Example: https://192.0.2.10:8088"),
    wrong_scheme: |text| format!("“{text}”: an address begins with https:// (or http://)."),
    not_plain: |text| {
        format!("“{text}”: leave only protocol, name or IP address, and port; no password, no “?” or “#”.")
    },
    not_ours: |text| format!("“{text}”: the server does not call this address. Give the address of ECSS-10."),
    unknown_choice: "Choose a value from the list.",
    key_needed: "No key is stored yet, type it in.",
    keys_needed: "This company is not registered yet: type in client identifier and secret key.",
    keys_stale: "The portal no longer knows the application whose keys are stored: it was deleted or created again. Type in the keys of the new one.",
    nobodys_number: "No employee in the list of users has this number.",
    not_pem: "A text in PEM form is needed, beginning with -----BEGIN CERTIFICATE-----",
    not_sha256: "64 hexadecimal digits are needed; colons are fine.",
    not_numbers: "Numbers or patterns of digits are needed, e.g. 200, 20x, 2000-2009 (both ends of a range with as many digits).",
    not_hours: "A whole number of hours from 1 to 168 is needed.",
    not_a_budget: "Requests per second and burst are needed, e.g. 2/45, or unlimited.",
    not_an_employee: "There is no such employee in the list.",
    no_digits: "The number has no digits.",
    long_number: "The number is longer than 40 characters.",
    strange_number: |c| format!("“{c}” cannot be dialled; digits, * and # can."),
    unclear_number: "It is not clear whether this is one number or several. Separate numbers by commas and write the digits of one number together.",
};

pub(super) const ERROR: ErrorTexts = ErrorTexts {
    not_found: StateText {
        title: "Page not found",
        what: "There is nothing at this address.",
        todo: "Check the address or return to the log-in page.",
    },
    wrong_method: StateText {
        title: "This page does not work that way",
        what: "This address does not take such a request.",
        todo: "Return to the log-in page and repeat what you did from there.",
    },
    too_large: StateText {
        title: "The request is too large",
        what: "The request is larger than one megabyte and was not taken.",
        todo: "Shorten what you typed in and try again.",
    },
    too_slow: StateText {
        title: "The request did not arrive whole",
        what: "Sending the data took too long.",
        todo: "Check your connection and try again.",
    },
    unreadable: StateText {
        title: "The request cannot be read",
        what: "The request lacks something, or has it in an unknown form.",
        todo: "Go back, reload the page and try again.",
    },
    session_needed: StateText {
        title: "Please log in",
        what: "You are not logged in, or your log-in has run out.",
        todo: "Log in again; what was not saved has to be typed in once more.",
    },
    cross_site: StateText {
        title: "A request from a foreign page",
        what: "The change did not come from a page of this server and was turned away.",
        todo: "Open the settings at this server's address and try again.",
    },
    too_often: StateText {
        title: "Too many attempts",
        what: "There were too many log-in attempts within a minute.",
        todo: "Wait a minute and try again.",
    },
    crowded: StateText {
        title: "Too many requests",
        what: "More requests arrive than can be checked with the portal. Calls and their cards are not affected.",
        todo: "Wait a minute and open this page again.",
    },
    unknown_portal: StateText {
        title: "The portal is not registered",
        what: "This Bitrix24 portal is not registered here.",
        todo: "An administrator of the portal can register it on the log-in page.",
    },
    forbidden: StateText {
        title: "Access was not confirmed",
        what: "The portal did not confirm this request.",
        todo: "Reload the portal's page and open the application or the card again.",
    },
    portal_silent: StateText {
        title: "The portal does not answer",
        what: "The portal could not be asked who opened the page.",
        todo: "Wait a moment and open it again.",
    },
    stale_ticket: StateText {
        title: "The card is out of date",
        what: "This card's permission has run out.",
        todo: "Close the card and open it again.",
    },
    bad_state: StateText {
        title: "The log-in was not completed",
        what: "This log-in link is too old, was used before, was not made here or belongs to another browser.",
        todo: "Begin the log-in again in this browser. If it comes to this again, allow cookies for this address.",
    },
    code_refused: StateText {
        title: "The log-in was not completed",
        what: "Bitrix24 refused the log-in code: it lives 30 seconds and works once.",
        todo: "Begin the log-in again.",
    },
    keys_refused: StateText {
        title: "The application's keys were refused",
        what: "Bitrix24 does not know the client identifier or the secret key.",
        todo: "Copy both values from the local application's settings and log in with them again.",
    },
    other_portal: StateText {
        title: "Another portal answered",
        what: "The log-in was begun for one portal and confirmed by another.",
        todo: "Check the company domain and begin the log-in again.",
    },
    scopes_missing: StateText {
        title: "The application lacks rights",
        what: "Not all the rights needed are ticked in the local application's settings.",
        todo: "Tick placement, user, telephony and call, save the application and log in again.",
    },
    authorize_error: StateText {
        title: "Bitrix24 did not confirm the log-in",
        what: "The portal returned an error instead of a permission.",
        todo: "Check that the application is installed and that you are an administrator of the portal, then begin the log-in again.",
    },
    gone: StateText {
        title: "The company is gone",
        what: "The application was removed from the portal; the company is no longer served here.",
        todo: "To bring it back, add the application in the portal and register the company again.",
    },
    busy: StateText {
        title: "The server is busy",
        what: "The request could not be carried out just now.",
        todo: "Wait a few seconds and try again.",
    },
    internal: StateText {
        title: "Internal error",
        what: "The server could not carry out the request.",
        todo: "Try again later. If that does not help, give the request id to the server's administrator: the log has an entry under it.",
    },
};
