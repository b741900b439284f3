//! What stands above every tab while something is wrong or waits: the portal, the grant, the database.

use crate::domain::Timestamp;
use crate::domain::binding::{Binding, RefusalReason, RefusedBinding};
use crate::domain::company::Unprotected;
use crate::domain::link::{Backlog, DiskState, InstallTrouble, LinkState, PortalState};
use crate::domain::removal::Doubt;
use crate::lang::{ConnectionText, Lang, StateText, Tone, lasting};
use crate::web::service::{Overview, TokenLife};
use crate::web::show::Moment;
use std::time::Duration;

/// A portal that answers is behind when a call has waited this long; before that it is being sent.
const BEHIND: Duration = Duration::from_secs(30);
/// A grant is renewed long before its last month; one that was not needs somebody's eye.
const GRANT_ENDS_SOON: Duration = Duration::from_secs(30 * 24 * 3600);

/// One thing that is not well.
pub(crate) struct Trouble {
    /// The style sheet's class.
    pub(crate) tone: &'static str,
    /// Two to five words.
    pub(crate) title: &'static str,
    pub(crate) since: Option<Moment>,
    /// For how long, in words; empty where nobody knows.
    pub(crate) lasts: String,
    /// What it means.
    pub(crate) what: &'static str,
    /// What a person should do; empty when nothing.
    pub(crate) todo: &'static str,
    /// When the next attempt is, and the words before it.
    pub(crate) next: Option<(&'static str, Moment)>,
    /// The day on which it becomes worse, and the words before it.
    pub(crate) ends: Option<(String, Moment)>,
    /// How many calls wait; empty when none do.
    pub(crate) waits: String,
    /// What happens to them.
    pub(crate) then: &'static str,
    /// What the other side said or what was seen; empty when that helps nobody.
    pub(crate) said: String,
    /// The words before it: whose answer it is.
    pub(crate) said_by: &'static str,
    /// Logging in mends it.
    pub(crate) log_in: bool,
}

/// How long a grant has to live, for a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GrantLife {
    Long,
    Soon,
    Over,
}

impl GrantLife {
    pub(crate) fn of(token: &TokenLife, now: Timestamp) -> Self {
        match token.grant_ends_at.since(now) {
            Duration::ZERO => Self::Over,
            left if left < GRANT_ENDS_SOON => Self::Soon,
            _ => Self::Long,
        }
    }
}

/// Everything that is not well with a company, the worst first.
pub(crate) fn troubles(lang: Lang, overview: &Overview, now: Timestamp) -> Vec<Trouble> {
    let writer = TroubleWriter { lang, now };
    let disk = writer.disk(&overview.disk);
    let portal = writer.portal(overview);
    let grant = writer.grant(overview);
    let refused = writer.refused(overview);
    let install = writer.install(overview);
    let removal = writer.removal(overview);
    let unproved = writer.unproved_events(overview);
    let excess = writer.excess(overview);
    let unrecorded = writer.unrecorded(overview);
    let unprotected = writer.unprotected(overview);
    let ours = disk.into_iter().chain(unrecorded).chain(portal).chain(excess).chain(unprotected);
    ours.chain(grant).chain(removal).chain(refused).chain(install).chain(unproved).collect()
}

/// How many calls wait and for how long; empty when none do.
pub(crate) fn waits(lang: Lang, backlog: Backlog, now: Timestamp) -> String {
    let t = &lang.texts().state;
    match backlog {
        Backlog { calls: 0, .. } => String::new(),
        Backlog { calls, since: None } => (t.calls_wait)(calls),
        Backlog { calls, since: Some(since) } => (t.calls_wait_since)(calls, &lasting(lang, now.since(since))),
    }
}

struct TroubleWriter {
    lang: Lang,
    now: Timestamp,
}

impl TroubleWriter {
    fn trouble(&self, tone: Tone, message: StateText, since: Option<Timestamp>) -> Trouble {
        let lasts = since.map(|since| lasting(self.lang, self.now.since(since)));
        Trouble {
            tone: tone.class(),
            title: message.title,
            since: since.map(Moment::of),
            lasts: lasts.map_or_else(String::new, |lasts| (self.lang.texts().state.lasting)(&lasts)),
            what: message.what,
            todo: message.todo,
            next: None,
            ends: None,
            waits: String::new(),
            then: "",
            said: String::new(),
            said_by: "",
            log_in: false,
        }
    }

    fn disk(&self, disk: &DiskState) -> Option<Trouble> {
        let t = &self.lang.texts().state;
        let message = match disk {
            DiskState::Ok => return None,
            DiskState::Full { .. } => t.disk_full,
            DiskState::ReadOnly { .. } => t.disk_read_only,
            DiskState::Failing { .. } => t.disk_failing,
        };
        Some(self.trouble(Tone::Bad, message, disk.since()))
    }

    fn portal(&self, overview: &Overview) -> Option<Trouble> {
        let t = self.lang.texts();
        let late = overview.backlog.since.is_some_and(|since| self.now.since(since) >= BEHIND);
        let over = match &overview.token {
            Some(token) => GrantLife::of(token, self.now) == GrantLife::Over,
            // A company that is not being served is shown elsewhere.
            None => overview.link != LinkState::Stopped,
        };
        let mut trouble = match &overview.portal {
            PortalState::Ok | PortalState::NotAsked if over => {
                Trouble { log_in: true, ..self.trouble(Tone::Bad, t.link.portal_needs_login, None) }
            }
            PortalState::Ok if late && overview.backlog.calls > 0 => self.trouble(Tone::Busy, t.state.behind, None),
            PortalState::Ok | PortalState::NotAsked => return None,
            state => {
                let text = ConnectionText::of_portal(&t.link, state);
                let message = StateText { title: text.title, what: text.what, todo: text.todo };
                let next = text.until.map(|at| (t.state.next, Moment::of(at)));
                let log_in = matches!(state, PortalState::NeedsLogin { .. });
                Trouble { next, log_in, ..self.trouble(text.tone, message, text.since) }
            }
        };
        trouble.waits = waits(self.lang, overview.backlog, self.now);
        if !trouble.waits.is_empty() {
            let by_hand = trouble.log_in || matches!(overview.portal, PortalState::Closed { .. });
            trouble.then = match overview.disk {
                DiskState::Ok if by_hand => t.state.sent_after,
                DiskState::Ok => t.state.sent_by_itself,
                _ => t.state.sent_from_memory,
            };
        }
        Some(trouble)
    }

    /// What the portal does not let us set up. While it takes no requests at all, that says more.
    fn refused(&self, overview: &Overview) -> Vec<Trouble> {
        let t = &self.lang.texts().state;
        let refusals = &overview.refusals;
        let describe = |refused: &RefusedBinding| {
            let (tone, message) = match refused.what {
                Binding::Click => (Tone::Bad, t.refused_click),
                Binding::Card => (Tone::Bad, t.refused_card),
                Binding::Line => (Tone::Busy, t.refused_line),
                Binding::OldAddress => (Tone::Busy, t.refused_old_address),
                Binding::Users => (Tone::Bad, t.refused_users),
            };
            Trouble {
                said: refused.why.to_string(),
                said_by: match refused.why {
                    RefusalReason::Words(_) => t.said,
                    RefusalReason::Seen(_) => t.seen,
                },
                next: refusals.next_try.map(|at| (t.next, Moment::of(at))),
                log_in: refused.what != Binding::OldAddress,
                ..self.trouble(tone, message, Some(refused.since))
            }
        };
        let answers = matches!(overview.portal, PortalState::Ok | PortalState::Resting { .. });
        refusals.bindings.iter().filter(|_| answers).map(describe).collect()
    }

    /// The switch reports more than can be true.
    fn excess(&self, overview: &Overview) -> Option<Trouble> {
        let since = overview.excess.spell.goes_on_since(self.now)?;
        let t = &self.lang.texts().state;
        let waits = (t.gave_way)(overview.excess.calls, overview.excess.legs);
        Some(Trouble { waits, ..self.trouble(Tone::Bad, t.excess, Some(since)) })
    }

    /// Too many calls have waited for the portal.
    fn unrecorded(&self, overview: &Overview) -> Option<Trouble> {
        let since = overview.unrecorded.spell.goes_on_since(self.now)?;
        let t = &self.lang.texts().state;
        let waits = (t.not_recorded)(overview.unrecorded.calls);
        Some(Trouble { waits, ..self.trouble(Tone::Bad, t.unrecorded, Some(since)) })
    }

    /// The connection to the switch can be listened to or taken over.
    fn unprotected(&self, overview: &Overview) -> Option<Trouble> {
        let switch = overview.switch.as_ref()?;
        let t = &self.lang.texts().state;
        let (message, since) = match Unprotected::of(&switch.addresses, &switch.trust)? {
            Unprotected::Unencrypted => (t.unencrypted, None),
            Unprotected::Unchecked { since } => (t.unchecked, since),
        };
        Some(self.trouble(Tone::Bad, message, since))
    }

    fn install(&self, overview: &Overview) -> Option<Trouble> {
        let waiting = overview.install.as_ref()?;
        let t = &self.lang.texts().state;
        let (tone, message, said, said_by, log_in) = match &waiting.why {
            InstallTrouble::Untried => (Tone::Busy, t.install_waits, "", "", false),
            InstallTrouble::ServerNotYet(why) => (Tone::Busy, t.install_waits, why.as_str(), t.server_said, false),
            InstallTrouble::ServerRefuses(why) => (Tone::Bad, t.install_refused, why.as_str(), t.server_said, true),
            InstallTrouble::PortalFails(RefusalReason::Words(why)) => {
                (Tone::Busy, t.install_unknown, why.as_str(), t.said, false)
            }
            InstallTrouble::PortalFails(RefusalReason::Seen(why)) => {
                (Tone::Busy, t.install_unknown, why.as_str(), t.seen, false)
            }
            InstallTrouble::OtherApplication => (Tone::Bad, t.install_other, "", "", true),
            InstallTrouble::TokensMissing => (Tone::Busy, t.install_bare, "", "", true),
        };
        Some(Trouble {
            said: said.to_owned(),
            said_by,
            next: waiting.next_try.map(|at| (t.next, Moment::of(at))),
            log_in,
            ..self.trouble(tone, message, Some(waiting.since))
        })
    }

    /// It is not known what proves the portal's events: the installation's notice never came, or was lost.
    fn unproved_events(&self, overview: &Overview) -> Option<Trouble> {
        let is_known = overview.events_proved || overview.install.is_some();
        let message = self.lang.texts().state.events_unproved;
        (!is_known).then(|| self.trouble(Tone::Busy, message, None))
    }

    fn removal(&self, overview: &Overview) -> Option<Trouble> {
        let reported = overview.removal.as_ref()?;
        let t = &self.lang.texts().state;
        let trouble = |message| self.trouble(Tone::Busy, message, Some(reported.since));
        match &reported.why {
            Doubt::Unasked => None,
            Doubt::StillAccepted(_) => Some(trouble(t.removal_doubted)),
            Doubt::NoAnswer(_, seen) => {
                Some(Trouble { said: seen.clone(), said_by: t.seen, ..trouble(t.removal_unasked) })
            }
        }
    }

    fn grant(&self, overview: &Overview) -> Option<Trouble> {
        let token = overview.token.as_ref().filter(|token| GrantLife::of(token, self.now) == GrantLife::Soon)?;
        let asked = matches!(overview.portal, PortalState::NeedsLogin { .. });
        if asked {
            return None;
        }
        let t = self.lang.texts();
        let left = lasting(self.lang, token.grant_ends_at.since(self.now));
        let ends = Some(((t.company.grant_until)(&left), Moment::of(token.grant_ends_at)));
        Some(Trouble { ends, log_in: true, ..self.trouble(Tone::Busy, t.state.grant_ends, None) })
    }
}
