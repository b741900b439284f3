//! What the states and faults of the connections are called.

use super::{CardTexts, LinkTexts, StateText};
use crate::domain::Timestamp;
use crate::domain::card::Phase;
use crate::domain::leg::Direction;
use crate::domain::link::{Closed, Distrust, LinkFault, LinkState, PortalState};
use crate::domain::reach::{AddressClass, Forbidden};

/// How a state should look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Good,
    Busy,
    Bad,
    Idle,
}

impl Tone {
    /// The class of the style sheet.
    pub(crate) const fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Busy => "busy",
            Self::Bad => "bad",
            Self::Idle => "idle",
        }
    }
}

/// A connection's state as a page shows it.
#[derive(Debug, Clone)]
pub(crate) struct ConnectionText {
    pub tone: Tone,
    /// Two or three words.
    pub title: &'static str,
    /// What it means.
    pub what: &'static str,
    /// What to do; empty when nothing is.
    pub todo: &'static str,
    /// What was seen, for an engineer; empty when there is nothing more to say.
    pub particulars: String,
    pub since: Option<Timestamp>,
    /// When the next attempt is.
    pub until: Option<Timestamp>,
}

impl ConnectionText {
    fn new(tone: Tone, state_text: StateText) -> Self {
        Self {
            tone,
            title: state_text.title,
            what: state_text.what,
            todo: state_text.todo,
            particulars: String::new(),
            since: None,
            until: None,
        }
    }

    /// The story of the switch connection.
    pub(crate) fn of_link(t: &LinkTexts, state: &LinkState) -> Self {
        match state {
            LinkState::NotConfigured => Self::new(Tone::Idle, t.not_configured),
            LinkState::Connecting { since } => Self { since: Some(*since), ..Self::new(Tone::Busy, t.connecting) },
            LinkState::Online { since, address } => {
                Self { since: Some(*since), particulars: address.clone(), ..Self::new(Tone::Good, t.online) }
            }
            LinkState::Waiting { since, until, why } => Self {
                title: t.waiting,
                since: Some(*since),
                until: Some(*until),
                ..Self { tone: Tone::Busy, ..Self::of_fault(t, why) }
            },
            LinkState::NeedsAdmin { since, why } => {
                Self { title: t.needs_admin, since: Some(*since), ..Self::of_fault(t, why) }
            }
            LinkState::Stopped => Self::new(Tone::Idle, t.stopped),
        }
    }

    /// The story of a fault.
    pub(crate) fn of_fault(t: &LinkTexts, fault: &LinkFault) -> Self {
        let (state_text, particulars) = match fault {
            LinkFault::WrongKey => (t.wrong_key, ""),
            LinkFault::UnknownHost(text) => (t.unknown_host, text.as_str()),
            LinkFault::Forbidden(forbidden) => return Self::of_forbidden(t, forbidden),
            LinkFault::Unreachable(text) => (t.unreachable, text.as_str()),
            LinkFault::Untrusted { why, reason, .. } => (untrusted(t, *why), reason.as_str()),
            LinkFault::OutdatedTls(text) => (t.outdated_tls, text.as_str()),
            LinkFault::Protocol(text) => (t.protocol, text.as_str()),
            LinkFault::Lost(text) => (t.lost, text.as_str()),
        };
        Self { particulars: particulars.to_owned(), ..Self::new(Tone::Bad, state_text) }
    }

    /// Which name leads to what, and whether anybody can allow it.
    fn of_forbidden(t: &LinkTexts, Forbidden { host, place }: &Forbidden) -> Self {
        let state_text = if place.allowed_by().is_some() { t.forbidden } else { t.never_contacted };
        let kind = match place {
            AddressClass::Internet | AddressClass::Nowhere => t.no_servers_address,
            AddressClass::Private => t.private_network,
            AddressClass::ThisMachine => t.this_machine,
            AddressClass::LinkLocal => t.link_local,
            AddressClass::Metadata => t.metadata,
        };
        Self { particulars: format!("{host} → {kind}"), ..Self::new(Tone::Bad, state_text) }
    }

    /// The story of the portal connection.
    pub(crate) fn of_portal(t: &LinkTexts, state: &PortalState) -> Self {
        match state {
            PortalState::NotAsked => Self::new(Tone::Idle, t.portal_not_asked),
            PortalState::Ok => Self::new(Tone::Good, t.portal_ok),
            PortalState::Unreachable { since, why } => {
                Self { since: Some(*since), particulars: why.clone(), ..Self::new(Tone::Bad, t.portal_unreachable) }
            }
            PortalState::Limited { since } => Self { since: Some(*since), ..Self::new(Tone::Busy, t.portal_limited) },
            PortalState::Resting { since, until } => {
                Self { since: Some(*since), until: Some(*until), ..Self::new(Tone::Busy, t.portal_resting) }
            }
            PortalState::Closed { since, because, why } => {
                let state_text = match because {
                    Closed::Payment => t.portal_payment,
                    Closed::Plan => t.portal_plan,
                    Closed::Deleted => t.portal_deleted,
                    Closed::Blocked => t.portal_blocked,
                };
                Self { since: Some(*since), particulars: why.clone(), ..Self::new(Tone::Bad, state_text) }
            }
            PortalState::NeedsLogin { since, why } => {
                Self { since: Some(*since), particulars: why.clone(), ..Self::new(Tone::Bad, t.portal_needs_login) }
            }
        }
    }
}

const fn untrusted(t: &LinkTexts, why: Distrust) -> StateText {
    match why {
        Distrust::Authority => t.untrusted,
        Distrust::Name => t.untrusted_name,
        Distrust::Expired => t.untrusted_expired,
        Distrust::NotYetValid => t.untrusted_early,
        Distrust::Changed => t.untrusted_changed,
    }
}

/// A leg's phase in words.
pub(crate) const fn phase(t: &CardTexts, phase: Phase, direction: Direction) -> &'static str {
    match (phase, direction) {
        (Phase::Dialing, _) => t.dialing,
        (Phase::Ringing, Direction::In) => t.ringing_in,
        (Phase::Ringing, Direction::Out) => t.ringing_out,
        (Phase::Talking, _) => t.talking,
        (Phase::Held, _) => t.held,
        (Phase::Ended, _) => t.ended,
    }
}

/// How a phase looks; a class of the style sheet.
pub(crate) const fn tone(phase: Phase) -> &'static str {
    match phase {
        Phase::Dialing | Phase::Ringing | Phase::Held => "busy",
        Phase::Talking => "good",
        Phase::Ended => "idle",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::Lang;

    fn every_link_state() -> Vec<LinkState> {
        let at = Timestamp(0);
        let untrusted = |why| LinkFault::Untrusted { why, reason: "x".into(), sha256: "ab".into() };
        let faults = [
            LinkFault::WrongKey,
            LinkFault::UnknownHost("x".into()),
            LinkFault::Forbidden(Forbidden { host: "x".into(), place: AddressClass::Private }),
            LinkFault::Forbidden(Forbidden { host: "x".into(), place: AddressClass::Metadata }),
            LinkFault::Unreachable("x".into()),
            untrusted(Distrust::Authority),
            untrusted(Distrust::Name),
            untrusted(Distrust::Expired),
            untrusted(Distrust::NotYetValid),
            untrusted(Distrust::Changed),
            LinkFault::OutdatedTls("x".into()),
            LinkFault::Protocol("x".into()),
            LinkFault::Lost("x".into()),
        ];
        let mut all = vec![LinkState::NotConfigured, LinkState::Connecting { since: at }, LinkState::Stopped];
        all.extend(faults.into_iter().flat_map(|why| {
            [LinkState::Waiting { since: at, until: at, why: why.clone() }, LinkState::NeedsAdmin { since: at, why }]
        }));
        all
    }

    #[test]
    fn whatever_is_not_well_says_what_to_do() {
        for lang in [Lang::Ru, Lang::En] {
            let t = &lang.texts().link;
            for state in every_link_state() {
                let text = ConnectionText::of_link(t, &state);
                assert!(!text.what.is_empty() && !text.todo.is_empty(), "{state:?}");
                assert_ne!(text.tone, Tone::Good);
            }
            let (since, why) = (Timestamp(0), String::new());
            let closed = [Closed::Payment, Closed::Plan, Closed::Deleted, Closed::Blocked];
            let mut states: Vec<_> =
                closed.map(|because| PortalState::Closed { since, because, why: why.clone() }).into();
            states.push(PortalState::Unreachable { since, why: why.clone() });
            states.push(PortalState::Limited { since });
            states.push(PortalState::Resting { since, until: since });
            states.push(PortalState::NeedsLogin { since, why });
            let mut titles: Vec<_> = states.iter().map(|state| ConnectionText::of_portal(t, state)).collect();
            assert!(titles.iter().all(|s| !s.what.is_empty() && !s.todo.is_empty() && s.tone != Tone::Good));
            titles.sort_unstable_by_key(|s| s.title);
            titles.dedup_by_key(|s| s.title);
            assert_eq!(titles.len(), states.len(), "each state has a name of its own");
        }
    }

    #[test]
    fn a_working_connection_names_its_address() {
        let online = LinkState::Online { since: Timestamp(5), address: "https://a".into() };
        let text = ConnectionText::of_link(&Lang::En.texts().link, &online);
        assert_eq!((text.tone, text.particulars.as_str(), text.since), (Tone::Good, "https://a", Some(Timestamp(5))));
    }

    #[test]
    fn both_attempts_and_standstill_keep_the_faults_advice() {
        let t = &Lang::Ru.texts().link;
        let stuck =
            ConnectionText::of_link(t, &LinkState::NeedsAdmin { since: Timestamp(0), why: LinkFault::WrongKey });
        assert_eq!((stuck.title, stuck.todo, stuck.tone), (t.needs_admin, t.wrong_key.todo, Tone::Bad));
    }
}
