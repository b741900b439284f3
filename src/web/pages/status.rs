//! A connection's state, ready to be put on a page.

use crate::domain::link::{LinkFault, LinkState, PortalState};
use crate::web::lang::{LinkStory, Texts};
use crate::web::show::Moment;

/// A connection's state with its moments spelled out.
pub(crate) struct Status {
    /// The words.
    pub(crate) story: LinkStory,
    /// Since when.
    pub(crate) since: Option<Moment>,
    /// When the next attempt is; empty when none is planned.
    pub(crate) next: String,
}

impl Status {
    /// The switch connection.
    pub(crate) fn link(t: &Texts, state: &LinkState) -> Self {
        Self::new(t, LinkStory::of_link(&t.link, state))
    }

    /// The portal connection.
    pub(crate) fn portal(t: &Texts, state: &PortalState) -> Self {
        Self::new(t, LinkStory::of_portal(&t.link, state))
    }

    /// A fault seen just now.
    pub(crate) fn fault(t: &Texts, fault: &LinkFault) -> Self {
        Self::new(t, LinkStory::of_fault(&t.link, fault))
    }

    fn new(t: &Texts, story: LinkStory) -> Self {
        let next = story.until.map_or_else(String::new, |at| (t.link.next_try)(&Moment::of(at).text));
        Self { since: story.since.map(Moment::of), next, story }
    }
}
