//! A connection's state, ready to be put on a page.

use super::trouble::GrantLife;
use crate::domain::Timestamp;
use crate::domain::link::{LinkFault, LinkState, PortalState};
use crate::lang::{ConnectionText, Lang, Texts, lasting};
use crate::web::service::TokenLife;
use crate::web::show::Moment;

/// A connection's state with its moments spelled out.
pub(crate) struct Status {
    /// The words.
    pub(crate) text: ConnectionText,
    pub(crate) since: Option<Moment>,
    /// When the next attempt is; empty when none is planned.
    pub(crate) next: String,
}

impl Status {
    /// The switch connection.
    pub(crate) fn link(t: &Texts, state: &LinkState) -> Self {
        Self::new(t, ConnectionText::of_link(&t.link, state))
    }

    /// The portal connection.
    pub(crate) fn portal(t: &Texts, state: &PortalState) -> Self {
        Self::new(t, ConnectionText::of_portal(&t.link, state))
    }

    /// A fault seen just now.
    pub(crate) fn fault(t: &Texts, fault: &LinkFault) -> Self {
        Self::new(t, ConnectionText::of_fault(&t.link, fault))
    }

    fn new(t: &Texts, text: ConnectionText) -> Self {
        let next = text.until.map_or_else(String::new, |at| (t.link.next_try)(&Moment::of(at).text));
        Self { since: text.since.map(Moment::of), next, text }
    }
}

/// How long the grant lives if the portal is not spoken to.
pub(crate) struct GrantLine {
    pub(crate) ends: Moment,
    pub(crate) text: String,
    pub(crate) soon: bool,
    pub(crate) over: bool,
}

impl GrantLine {
    /// The life of this grant.
    pub(crate) fn of(lang: Lang, token: &TokenLife, now: Timestamp) -> Self {
        let life = GrantLife::of(token, now);
        Self {
            ends: Moment::of(token.grant_ends_at),
            text: (lang.texts().company.grant_until)(&lasting(lang, token.grant_ends_at.since(now))),
            soon: life == GrantLife::Soon,
            over: life == GrantLife::Over,
        }
    }
}
