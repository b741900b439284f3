//! What to ask of the portal next for one CRM call, given everything that waits to be sent.
//!
//! After an outage a lane may hold a whole call's worth of steps. Telling them one by one would open and close
//! cards nobody should see any more, so the plan looks ahead: it says no more than what is still true.

use super::call::{CrmCallKind, CrmStep, FinishStatus, Reason};
use super::{CrmCallId, Phone, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Which CRM call a request is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CardTarget {
    /// One the portal has named.
    Known(CrmCallId),
    /// The one that the register before it in the same plan makes.
    New,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Make the CRM call.
    Register {
        user: UserId,
        /// The client's number.
        number: Option<Phone>,
        /// Direction.
        kind: CrmCallKind,
        /// When it began.
        started_at: Timestamp,
        /// Make a CRM item if there is none.
        create: bool,
        /// Open the card.
        show: bool,
    },
    /// Open cards.
    Show(CardTarget, Vec<UserId>),
    /// Close cards.
    Hide(CardTarget, Vec<UserId>),
    /// End the CRM call.
    Finish {
        /// Which one: always one that is stored under the portal's name, so that a lost answer can never lead to a
        /// second record.
        crm: CrmCallId,
        user: UserId,
        /// Seconds of conversation.
        duration_s: u32,
        /// How it ended.
        status: FinishStatus,
        /// What the status does not say.
        reason: Option<Reason>,
    },
}

impl Request {
    /// Notes who may see the card once this has been asked.
    pub fn note(&self, sees: &mut BTreeSet<UserId>) {
        match self {
            Self::Register { user, show: true, .. } => {
                sees.insert(*user);
            }
            Self::Register { show: false, .. } => {}
            Self::Show(_, users) => sees.extend(users),
            Self::Hide(_, users) => sees.retain(|u| !users.contains(u)),
            Self::Finish { .. } => sees.clear(),
        }
    }

    /// What it asks for.
    pub const fn kind(&self) -> RequestKind {
        match self {
            Self::Register { .. } => RequestKind::Register,
            Self::Show(..) => RequestKind::Show,
            Self::Hide(..) => RequestKind::Hide,
            Self::Finish { .. } => RequestKind::Finish,
        }
    }
}

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RequestKind {
    /// A CRM call.
    Register,
    /// Cards to open.
    Show,
    /// Cards to close.
    Hide,
    /// The end of a CRM call.
    Finish,
}

impl RequestKind {
    /// Its name in log lines and traces.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::Show => "show",
            Self::Hide => "hide",
            Self::Finish => "finish",
        }
    }
}

/// What the portal made of a request. Stored in traces as the text that engineers read there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum RequestReply {
    /// It was carried out.
    Done,
    /// The CRM call was made, but not the CRM item that goes with it: why, by the portal's word.
    DoneWithoutItem(String),
    /// The CRM call was ended, but something that goes with it failed: the portal's words.
    DoneWithErrors(String),
    /// There was nothing to carry out, or it failed: why, in English.
    NotDone(String),
}

/// How stored replies begin where the request was carried out.
const DONE: &str = "ok";
const WITHOUT_ITEM: &str = "ok, but no CRM item: ";
const WITH_ERRORS: &str = "ok, but: ";

impl fmt::Display for RequestReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done => f.write_str(DONE),
            Self::DoneWithoutItem(why) => write!(f, "{WITHOUT_ITEM}{why}"),
            Self::DoneWithErrors(errors) => write!(f, "{WITH_ERRORS}{errors}"),
            Self::NotDone(why) => f.write_str(why),
        }
    }
}

impl From<RequestReply> for String {
    fn from(reply: RequestReply) -> Self {
        reply.to_string()
    }
}

impl From<String> for RequestReply {
    fn from(text: String) -> Self {
        if text == DONE {
            Self::Done
        } else if let Some(why) = text.strip_prefix(WITHOUT_ITEM) {
            Self::DoneWithoutItem(why.to_owned())
        } else if let Some(errors) = text.strip_prefix(WITH_ERRORS) {
            Self::DoneWithErrors(errors.to_owned())
        } else {
            Self::NotDone(text)
        }
    }
}

/// How urgent it is to go on with a lane; the most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Urgency {
    /// A card has to appear or vanish on somebody's screen.
    Card,
    /// A CRM call has to be made, which a card waits for.
    Register,
    /// A CRM call has to be ended.
    Finish,
    /// The call is over before the portal has heard of it: nobody looks.
    Past,
}

/// How urgent what waits in a lane is (oldest first; `crm` is the lane's CRM call, once known).
pub fn urgency(waiting: &[&CrmStep], crm: Option<&CrmCallId>) -> Urgency {
    let over = || waiting.iter().any(|step| matches!(step, CrmStep::Finish { .. }));
    match waiting.first() {
        Some(CrmStep::Register { .. }) if crm.is_none() => {
            if over() {
                Urgency::Past
            } else {
                Urgency::Register
            }
        }
        Some(CrmStep::Finish { .. }) => Urgency::Finish,
        _ => Urgency::Card,
    }
}

/// The next thing to do in a lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// To be asked one after the other, none after one that fails; may be empty when the waiting steps cancel out.
    pub requests: Vec<Request>,
    /// How many waiting steps these requests settle.
    pub settles: usize,
    /// The lane's CRM call, where a settled step names it.
    pub adopts: Option<CrmCallId>,
}

/// Plans the next requests for `waiting` (oldest first); `crm` is the lane's CRM call, once known, and `sees`
/// who has its card open (`None`: nobody knows, so anybody may). `None`: nothing waits.
pub fn plan(waiting: &[&CrmStep], crm: Option<&CrmCallId>, sees: Option<&BTreeSet<UserId>>) -> Option<Plan> {
    let first = *waiting.first()?;
    let settle = |requests, settles| Some(Plan { requests, settles, adopts: None });
    match (first, crm) {
        (CrmStep::Adopt { crm }, _) => Some(Plan { requests: Vec::new(), settles: 1, adopts: Some(crm.clone()) }),
        (CrmStep::Register { user, number, kind, started_at, create, show }, None) => {
            let mut changes = CardChanges::of(&waiting[1..]);
            let own = changes.last.remove(user).unwrap_or(*show);
            let register = Request::Register {
                user: *user,
                number: number.clone(),
                kind: *kind,
                started_at: *started_at,
                create: *create,
                show: own && !changes.over,
            };
            // It may have been carried out before, with its answer lost: then they see the card.
            if *show && (changes.over || !own) {
                changes.last.insert(*user, false);
            }
            let mut requests = vec![register];
            requests.extend(changes.requests(&CardTarget::New, sees));
            settle(requests, 1 + changes.steps)
        }
        (CrmStep::Show { .. } | CrmStep::Hide { .. }, Some(crm)) => {
            let changes = CardChanges::of(waiting);
            settle(changes.requests(&CardTarget::Known(crm.clone()), sees), changes.steps)
        }
        (CrmStep::Finish { user, duration_s, status, reason, ended_at: _ }, Some(crm)) => {
            let request = Request::Finish {
                crm: crm.clone(),
                user: *user,
                duration_s: *duration_s,
                status: *status,
                reason: *reason,
            };
            settle(vec![request], 1)
        }
        // Registered already: the answer was stored, the settling was not. Or nothing can be told, as the portal does
        // not have the call.
        (CrmStep::Register { .. }, Some(_))
        | (CrmStep::Show { .. } | CrmStep::Hide { .. } | CrmStep::Finish { .. }, None) => settle(Vec::new(), 1),
    }
}

/// A run of shows and hides, merged.
struct CardChanges {
    /// The last word per user.
    last: BTreeMap<UserId, bool>,
    /// How many steps the run has.
    steps: usize,
    /// The call ends after it: nobody is to see a card.
    over: bool,
}

impl CardChanges {
    fn of(waiting: &[&CrmStep]) -> Self {
        let (mut last, mut steps) = (BTreeMap::new(), 0);
        for step in waiting {
            let (users, show) = match step {
                CrmStep::Show { users } => (users, true),
                CrmStep::Hide { users } => (users, false),
                CrmStep::Register { .. } | CrmStep::Adopt { .. } | CrmStep::Finish { .. } => break,
            };
            steps += 1;
            last.extend(users.iter().map(|user| (*user, show)));
        }
        let over = matches!(waiting.get(steps), Some(CrmStep::Finish { .. }));
        Self { last, steps, over }
    }

    /// At most one hide and one show. Where it is not known who sees a card, any of these steps may have been carried
    /// out already with its answer lost: then it is said again, as hiding or showing twice does no harm.
    fn requests(&self, target: &CardTarget, sees: Option<&BTreeSet<UserId>>) -> Vec<Request> {
        let may_see = |user: &UserId| sees.is_none_or(|sees| sees.contains(user));
        let surely_sees = |user: &UserId| sees.is_some_and(|sees| sees.contains(user));
        let users = |want: &dyn Fn(&UserId, bool) -> bool| -> Vec<UserId> {
            self.last.iter().filter(|(user, show)| want(user, **show && !self.over)).map(|(user, _)| *user).collect()
        };
        let hide = users(&|user, show| !show && may_see(user));
        let show = users(&|user, show| show && !surely_sees(user));
        let mut requests = Vec::new();
        if !hide.is_empty() {
            requests.push(Request::Hide(target.clone(), hide));
        }
        if !show.is_empty() {
            requests.push(Request::Show(target.clone(), show));
        }
        requests
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn register(user: i64) -> CrmStep {
        CrmStep::Register {
            user: UserId(user),
            number: None,
            kind: CrmCallKind::Incoming,
            started_at: Timestamp(0),
            create: false,
            show: true,
        }
    }
    fn users(ids: &[i64]) -> Vec<UserId> {
        ids.iter().copied().map(UserId).collect()
    }
    fn show(ids: &[i64]) -> CrmStep {
        CrmStep::Show { users: users(ids) }
    }
    fn hide(ids: &[i64]) -> CrmStep {
        CrmStep::Hide { users: users(ids) }
    }
    fn finish() -> CrmStep {
        CrmStep::Finish { user: UserId(1), duration_s: 5, status: FinishStatus::Answered, reason: None, ended_at: None }
    }

    impl Request {
        /// Who is to see a card, or not any more.
        fn users(&self) -> Vec<UserId> {
            match self {
                Self::Register { user, show, .. } => show.then_some(*user).into_iter().collect(),
                Self::Show(_, users) | Self::Hide(_, users) => users.clone(),
                Self::Finish { .. } => Vec::new(),
            }
        }
    }

    /// Everything that would be asked if nothing were added, as short lines.
    fn all(steps: &[CrmStep], known: Option<&str>) -> Vec<String> {
        let mut waiting: Vec<&CrmStep> = steps.iter().collect();
        let mut crm = known.map(CrmCallId::from);
        let mut sees = known.is_none().then(BTreeSet::new);
        let mut lines = Vec::new();
        while let Some(plan) = plan(&waiting, crm.as_ref(), sees.as_ref()) {
            for request in plan.requests {
                if let Some(sees) = &mut sees {
                    request.note(sees);
                }
                lines.push(match &request {
                    Request::Register { show, .. } => format!("register {show}"),
                    Request::Show(_, u) => format!("show {u:?}"),
                    Request::Hide(_, u) => format!("hide {u:?}"),
                    Request::Finish { .. } => "finish".to_owned(),
                });
                if matches!(request, Request::Register { .. }) {
                    crm = Some("new".into());
                }
            }
            crm = plan.adopts.or(crm);
            waiting.drain(..plan.settles);
        }
        lines
    }

    #[test]
    fn replies_are_stored_as_the_text_that_older_versions_wrote() {
        for (reply, text) in [
            (RequestReply::Done, r#""ok""#),
            (RequestReply::DoneWithoutItem("no stage".into()), r#""ok, but no CRM item: no stage""#),
            (RequestReply::DoneWithErrors("{}".into()), r#""ok, but: {}""#),
            (RequestReply::NotDone("HTTP 503".into()), r#""HTTP 503""#),
        ] {
            assert_eq!(serde_json::to_string(&reply).expect("text"), text);
            assert_eq!(serde_json::from_str::<RequestReply>(text).expect("a reply"), reply);
        }
        assert_eq!(serde_json::to_string(&RequestKind::Register).expect("text"), r#""register""#);
    }

    #[test]
    fn a_live_call_is_told_step_by_step() {
        assert_eq!(all(&[register(1)], None), ["register true"]);
        assert_eq!(all(&[show(&[2, 3])], Some("c")), ["show [u2, u3]"]);
        assert_eq!(all(&[finish()], Some("c")), ["finish"]);
    }

    #[test]
    fn a_call_that_is_over_opens_no_card() {
        let late = [register(1), show(&[2, 3]), hide(&[1, 3]), finish()];
        assert_eq!(all(&late, None), ["register false", "finish"]);
    }

    #[test]
    fn cards_that_may_be_open_are_closed_before_the_end() {
        assert_eq!(all(&[hide(&[1]), show(&[2]), finish()], Some("c")), ["hide [u1, u2]", "finish"]);
        assert_eq!(all(&[hide(&[1]), show(&[1]), finish()], Some("c")), ["hide [u1]", "finish"]);
    }

    #[test]
    fn steps_that_cancel_out_are_not_told() {
        assert_eq!(all(&[register(1), show(&[2]), hide(&[2])], None), ["register true"]);
        assert_eq!(all(&[register(1), hide(&[1]), show(&[2])], None), ["register false", "show [u2]"]);
        assert_eq!(all(&[register(1), hide(&[1]), show(&[1])], None), ["register true"]);
        let wandering = [register(1), hide(&[1]), show(&[2]), hide(&[2]), show(&[3])];
        assert_eq!(all(&wandering, None), ["register false", "show [u3]"]);
    }

    #[test]
    fn a_group_that_rings_together_is_told_together() {
        let steps = [register(1), show(&[2, 3])];
        let waiting: Vec<&CrmStep> = steps.iter().collect();
        let plan = plan(&waiting, None, Some(&BTreeSet::new())).expect("a plan");
        assert!(matches!(&plan.requests[..], [Request::Register { show: true, .. }, Request::Show(CardTarget::New, u)]
            if *u == users(&[2, 3])));
        assert_eq!(plan.settles, 2);
    }

    #[test]
    fn a_register_whose_first_answer_was_lost_takes_its_card_back() {
        let lines = |steps: &[CrmStep]| -> Vec<String> {
            let waiting: Vec<&CrmStep> = steps.iter().collect();
            let plan = plan(&waiting, None, None).expect("a plan");
            plan.requests.iter().map(|r| format!("{} {:?}", r.kind().name(), r.users())).collect()
        };
        assert_eq!(lines(&[register(1), finish()]), ["register []", "hide [u1]"]);
        assert_eq!(lines(&[register(1), show(&[2]), hide(&[1])]), ["register []", "hide [u1]", "show [u2]"]);
        assert_eq!(lines(&[register(1)]), ["register [u1]"]);
    }

    #[test]
    fn urgent_is_what_somebody_sees() {
        let of = |steps: &[CrmStep], crm: Option<&str>| {
            urgency(&steps.iter().collect::<Vec<_>>(), crm.map(CrmCallId::from).as_ref())
        };
        assert_eq!(of(&[register(1), show(&[2])], None), Urgency::Register);
        assert_eq!(of(&[register(1), show(&[2]), finish()], None), Urgency::Past);
        assert_eq!(of(&[hide(&[2]), finish()], Some("c")), Urgency::Card);
        assert_eq!(of(&[finish()], Some("c")), Urgency::Finish);
        assert!(Urgency::Card < Urgency::Register && Urgency::Finish < Urgency::Past);
    }

    #[test]
    fn what_may_have_been_told_already_is_taken_back() {
        assert_eq!(all(&[show(&[2]), hide(&[2])], Some("c")), ["hide [u2]"], "the show's answer may have been lost");
        assert_eq!(all(&[show(&[2, 3]), hide(&[1, 2])], Some("c")), ["hide [u1, u2]", "show [u3]"]);
        assert_eq!(all(&[hide(&[1]), show(&[1])], Some("c")), ["show [u1]"], "and so may the hide's");
    }

    #[test]
    fn a_click_is_told_under_the_portals_own_name() {
        assert_eq!(all(&[CrmStep::Adopt { crm: "p".into() }, finish()], None), ["finish"]);
    }

    #[test]
    fn a_register_whose_answer_is_known_is_not_repeated() {
        assert_eq!(all(&[register(1), finish()], Some("c")), ["finish"]);
        assert_eq!(all(&[finish()], None), Vec::<String>::new(), "and without a call there is nothing to finish");
    }
}
