//! A portal "in a box", in English.

use super::portal_configuration;
use crate::domain::checks::boxed_portal::page::{PageAnswer, PortalPage};
use crate::domain::checks::boxed_portal::public_address::AddressVerdict;
use crate::domain::checks::boxed_portal::{BoxedPortalFinding, ConnectionOutcome, UnseenSetting};
use crate::lang::checks::FindingText;

pub(in crate::lang) fn text(finding: &BoxedPortalFinding) -> FindingText {
    match finding {
        BoxedPortalFinding::PublicAddress { address, verdict } => {
            let (sentence, remedy) = public_address(*verdict);
            FindingText::of(sentence, vec![address.clone()], remedy)
        }
        BoxedPortalFinding::Connection(outcome) => match outcome {
            ConnectionOutcome::Made => FindingText::of("The portal answers.", Vec::new(), ""),
            ConnectionOutcome::TlsFailed(words) => FindingText::of(
                "No secure connection to the portal comes about.",
                vec![words.clone()],
                "Install a valid certificate for the portal's name, with all intermediate ones.",
            ),
            ConnectionOutcome::Failed(words) => FindingText::of(
                "The portal does not answer.",
                vec![words.clone()],
                "Check the name in DNS, the port and the firewall in front of the portal.",
            ),
        },
        BoxedPortalFinding::Page { page, path, answer } => {
            let (state, remedy, seen) = page_answer(answer);
            let evidence = std::iter::once(format!("GET {path}")).chain(seen).collect();
            FindingText::of(&format!("{}: {state}.", page_name(*page)), evidence, remedy)
        }
        BoxedPortalFinding::Unseen { setting, copy } => {
            let (sentence, remedy) = unseen(*setting);
            let copy = copy.iter().map(|line| (*line).to_owned()).collect();
            FindingText { copy, ..FindingText::of(sentence, Vec::new(), remedy) }
        }
        BoxedPortalFinding::WebServer { setting, verdict } => portal_configuration::text(*setting, verdict),
    }
}

const fn public_address(verdict: AddressVerdict) -> (&'static str, &'static str) {
    const REMEDY: &str = "Give the portal a public address that can be reached from the internet.";
    match verdict {
        AddressVerdict::Public => ("The address will do as a public one.", ""),
        AddressVerdict::NotEncrypted => (
            "The address is not encrypted: messages can be read on the way, and most messengers want HTTPS.",
            "Set up HTTPS on the portal and give the address with https://.",
        ),
        AddressVerdict::NoDomain => ("The portal's name has no dot: the portal refuses such a public address.", REMEDY),
        AddressVerdict::Private => ("The address is an internal one: the portal refuses it as public.", REMEDY),
        AddressVerdict::PrivateUnnoticed => (
            "The address is an internal one, though the portal's own check accepts it: nobody outside reaches it.",
            REMEDY,
        ),
    }
}

const fn page_name(page: PortalPage) -> &'static str {
    match page {
        PortalPage::Connector => "Connector page",
        PortalPage::ChatBot => "Chat-bot page",
        PortalPage::LiveChat => "Live-chat page",
        PortalPage::PushPublish => "Push server, publishing",
        PortalPage::PushSubscribe => "Push server, subscribing",
        PortalPage::Rest => "REST",
    }
}

fn page_answer(answer: &PageAnswer) -> (&'static str, &'static str, Option<String>) {
    match answer {
        PageAnswer::Expected => ("answers as it should", "", None),
        PageAnswer::NotAsked => {
            ("not checked, as there is no connection to the portal", "Mend the connection first.", None)
        }
        PageAnswer::NoAnswer(words) => {
            ("no answer", "Look into the log of the portal's web server.", Some(words.clone()))
        }
        PageAnswer::Redirected { status, location } => (
            "redirects elsewhere",
            "Turn redirects and log-in off for this path; if the address is http, give the https one.",
            Some(format!("{status}, Location: {location}")),
        ),
        PageAnswer::Closed { status } => {
            ("closed to strangers", "Allow this path without log-in and from every address.", Some(status.to_string()))
        }
        PageAnswer::Missing => {
            ("nothing at this path", "Install the module and check nginx's location.", Some("404".to_owned()))
        }
        PageAnswer::BehindIsDown { status } => (
            "nobody answers behind the proxy",
            "Start the service that nginx passes to; compare its address and port.",
            Some(status.to_string()),
        ),
        PageAnswer::OtherStatus { status } => {
            ("unexpected answer", "Look into the log of the portal's web server.", Some(status.to_string()))
        }
        PageAnswer::OtherContent => ("something else answers", "Check which nginx location serves this path.", None),
        PageAnswer::ModuleAbsent => {
            ("the module is not installed", "Install it on the portal's page of modules.", None)
        }
        PageAnswer::FramesForbidden { header } => (
            "may not be shown in a frame",
            "Allow X-Frame-Options SAMEORIGIN for this path in nginx and in the portal's proactive protection.",
            Some(header.clone()),
        ),
    }
}

const fn unseen(setting: UnseenSetting) -> (&'static str, &'static str) {
    match setting {
        UnseenSetting::Licence => (
            "Whether the licence key is valid cannot be seen from outside.",
            "Check the key in the settings of the main module: connectors' requests are signed with it.",
        ),
        UnseenSetting::OutgoingConnections => (
            "Whether the portal reaches the messengers' services cannot be seen from outside.",
            "Allow the portal's server outgoing connections by HTTP and HTTPS.",
        ),
        UnseenSetting::ProxyClientAbort => (
            "Whether a request is worked off when its client has left cannot be seen from outside.",
            "If nginx passes requests on by proxy_pass, add the line to the portal's location.",
        ),
        UnseenSetting::FastcgiClientAbort => (
            "Whether php-fpm works a request off when its client has left cannot be seen from outside.",
            "If nginx passes requests on by fastcgi_pass, add the line to the portal's location.",
        ),
        UnseenSetting::ChatBotModule => (
            "The settings of the chat-bot module cannot be seen from outside.",
            "Install and set up the module; if messages get lost, turn on its long waiting for an answer.",
        ),
        UnseenSetting::ConnectorModule => (
            "The settings of the module of messenger connectors cannot be seen from outside.",
            "Enter the public address with its protocol and tick the connectors. In debug mode faults go to the file.",
        ),
        UnseenSetting::OpenLinesModule => (
            "The settings of the open-lines module cannot be seen from outside.",
            "To look for faults turn on its debug mode: they go to the file.",
        ),
        UnseenSetting::ExternalUsers => (
            "Whether users are made for outside clients cannot be seen from outside.",
            "Settings are the portal administrator's. The portal makes an extranet user for each client.",
        ),
    }
}
