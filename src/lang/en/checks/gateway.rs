//! The public address and what stands in front of the daemon, in English.

use crate::domain::Timestamp;
use crate::domain::checks::gateway::{
    APART, AddressPlace, AnswerFound, FrameFound, GatewayFinding, PublicAddress, SizeFound, StreamFound,
};
use crate::domain::link::LinkState;
use crate::domain::reach::AddressClass;
use crate::lang::checks::{FindingText, nginx};
use crate::lang::{ConnectionText, en};

const NOT_TRIED: &str = "Something else answers at the public address, so this cannot be tried.";

pub(in crate::lang) fn text(finding: &GatewayFinding) -> FindingText {
    match finding {
        GatewayFinding::Address(address) => self::address(address),
        GatewayFinding::Answers(answer) => answers(answer),
        GatewayFinding::Stream(StreamFound::Arrived { apart }) if *apart >= APART => {
            FindingText::new("The gateway passes events on to the card at once.")
                .seen(format!("The pieces came {} ms apart.", apart.as_millis()))
        }
        GatewayFinding::Stream(StreamFound::NotTried) => {
            FindingText::new("It is not known whether the gateway passes events on to the card at once.")
                .seen(NOT_TRIED)
        }
        GatewayFinding::Stream(found) => {
            let seen = match found {
                StreamFound::Arrived { apart } => {
                    format!("Pieces sent within 600 ms came within {} ms.", apart.as_millis())
                }
                StreamFound::BrokeOff(why) => why.clone(),
                StreamFound::NotTried => String::new(),
            };
            FindingText::new("The gateway holds the card's events back: the card shows the past.")
                .seen(seen)
                .todo("Turn buffering off in the gateway's location and reload it.")
                .copy(nginx::stream())
        }
        GatewayFinding::Size(SizeFound::Taken { bytes }) => {
            FindingText::new("What the portal posts passes the gateway whole.").seen(format!("Tried: {bytes} bytes."))
        }
        GatewayFinding::Size(SizeFound::NotTried) => {
            FindingText::new("It is not known whether the gateway lets large posts of the portal through.")
                .seen(NOT_TRIED)
        }
        GatewayFinding::Size(SizeFound::Refused { bytes, status }) => {
            FindingText::new("The gateway refuses large posts of the portal.")
                .seen(format!("{bytes} bytes: HTTP {status}."))
                .todo("Raise client_max_body_size in the gateway's location.")
                .copy(nginx::size())
        }
        GatewayFinding::Frame(FrameFound::Untouched) => {
            FindingText::new("The gateway does not keep the card from being shown inside the portal.")
        }
        GatewayFinding::Frame(FrameFound::NotTried) => {
            FindingText::new("It is not known whether the gateway keeps the card from being shown inside the portal.")
                .seen(NOT_TRIED)
        }
        GatewayFinding::Frame(FrameFound::Added(headers)) => {
            let text = FindingText::new(
                "The gateway adds headers by which browsers refuse to show the card inside the portal.",
            );
            headers.iter().fold(text, |text, header| text.seen(header.clone()))
                .todo("Remove these headers (add_header X-Frame-Options, Content-Security-Policy) from the gateway's location.")
        }
    }
}

fn address(PublicAddress { base, place }: &PublicAddress) -> FindingText {
    match place {
        AddressPlace::Leads(AddressClass::Internet) => {
            FindingText::new("The public address is one of the internet.").seen(base.clone())
        }
        AddressPlace::Leads(AddressClass::Private) => {
            FindingText::new("The public address is a private one: Bitrix24 in the cloud cannot send events there, such as clicks on numbers.")
                .seen(base.clone())
                .seen("A browser in the same network opens the card if the employee lets the portal reach the local network: Chromium asks for that.")
                .todo("For a portal in the cloud put an address of the internet into proxyGatewayURL. For a boxed portal in the same network a private address will do.")
        }
        AddressPlace::Leads(place) => {
            FindingText::new("At the public address this server is seen by itself only.")
                .seen(format!("{base} ({})", place.words()))
                .todo("Put an address into proxyGatewayURL (or serverHost) that employees and Bitrix24 can open.")
        }
        AddressPlace::Unknown(why) => FindingText::new("The name in the public address is not in DNS.")
            .seen(format!("{base}: {why}"))
            .todo("Check proxyGatewayURL (or serverHost) and the DNS entry."),
    }
}

fn answers(answer: &AnswerFound) -> FindingText {
    match answer {
        AnswerFound::Ourselves { took } => {
            FindingText::new("This service answers at the public address.").seen(format!("Within {} ms.", took.as_millis()))
        }
        AnswerFound::Somebody { status, said } => {
            FindingText::new("Something else answers at the public address.")
                .seen(format!("HTTP {status}: {said}"))
                .todo("See that the gateway passes requests on to this service, and that the prefix in proxyGatewayURL is that of the gateway's location.")
                .copy(nginx::whole())
        }
        AnswerFound::Redirect { status, to } => FindingText::new("The public address redirects: posts of the portal do not survive that.")
            .seen(format!("HTTP {status} → {to}"))
            .todo("Put the final address into proxyGatewayURL, or remove the redirect."),
        AnswerFound::GatewayAlone { status } => {
            FindingText::new("The gateway answers but does not reach the service.")
                .seen(format!("HTTP {status}."))
                .todo("See that the gateway names this service's socket or port, and may use it.")
                .copy(nginx::whole())
        }
        AnswerFound::Nobody(fault) => {
            let state = LinkState::NeedsAdmin { since: Timestamp(0), why: fault.clone() };
            let seen = ConnectionText::of_link(&en::EN.link, &state).particulars;
            FindingText::new("Nobody answers at the public address, or browsers do not trust its certificate.")
                .seen(seen)
                .seen(fault.to_string())
                .todo("See that the gateway runs, that the port is open, and that a trusted authority has issued the certificate for this name.")
        }
    }
}
