//! Telephony as the portal keeps it: open calls, the 30-minute rule, finished calls, cards on screens.

use super::judge::{Push, PushKind};
use super::state::Portal;
use super::{ids, php, story::Story};
use crate::domain::Timestamp;
use std::collections::BTreeSet;
use std::time::Duration;

/// A second registration finds an open call that is not older than this.
const SAME_CALL: Duration = Duration::from_secs(30 * 60);

/// Type 1: the employee calls.
pub const OUTGOING: i64 = 1;
/// Type 4: the portal promised to call back.
pub const CALLBACK: i64 = 4;

/// What the CRM knows about the other side of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bound {
    /// `CONTACT`, `COMPANY`, `LEAD` or `DEAL`.
    pub entity: String,
    /// Id within its type.
    pub id: i64,
    /// Made by this very call.
    pub created: bool,
}

/// A registered call that is not finished yet.
#[derive(Debug, Clone)]
pub struct OpenCall {
    /// `CALL_ID`.
    pub id: String,
    /// The application it belongs to.
    pub app: i64,
    /// Who registered it: the application, or the portal itself (click-to-call).
    pub by_portal: bool,
    /// The employee it was registered for.
    pub user: i64,
    /// The cleaned number of the other side.
    pub number: String,
    /// 1 outgoing, 2 incoming, 3 redirected, 4 callback, 5 information call.
    pub kind: i64,
    /// The external line.
    pub line: Option<String>,
    /// `EXTERNAL_CALL_ID`, if given.
    pub external: Option<String>,
    /// `CALL_START_DATE`, or the moment of registration.
    pub started: Timestamp,
    pub registered: Timestamp,
    /// What the CRM bound it to.
    pub bound: Option<Bound>,
    /// The other side is an employee: no CRM.
    pub internal: bool,
    /// Everybody a card was pushed to.
    pub shown: BTreeSet<i64>,
    /// How often it was registered.
    pub registrations: u32,
}

/// A finished call: the row in the statistics with its CRM activity.
#[derive(Debug, Clone)]
pub struct FinishedCall {
    /// The row's id.
    pub row: i64,
    pub call: OpenCall,
    /// Who finished it: owner in the statistics.
    pub user: i64,
    /// Seconds of talk.
    pub duration: i64,
    /// `STATUS_CODE`.
    pub code: String,
    /// `FAILED_REASON`.
    pub reason: String,
    /// Missed calls and the like are posted to the chat.
    pub to_chat: bool,
    /// Cost as sent.
    pub cost: String,
    pub cost_currency: String,
    /// 1 to 5; zero if not given.
    pub vote: i64,
    /// Id of the CRM activity; none for internal calls.
    pub activity: Option<i64>,
    pub finished: Timestamp,
    /// The recording's file id.
    pub record: Option<i64>,
}

impl FinishedCall {
    /// The statistics call a call successful by its duration, not by its code.
    pub fn succeeded(&self) -> bool {
        self.duration > 0
    }
}

/// A card on an employee's screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    pub call: String,
    pub since: Timestamp,
}

/// A registration with its parameters checked.
#[derive(Debug, Clone, Default)]
pub struct Registration {
    /// See [`OpenCall::by_portal`].
    pub by_portal: bool,
    /// Known and active.
    pub user: i64,
    /// Already cleaned, true for PHP.
    pub number: String,
    /// 1 to 5.
    pub kind: i64,
    /// Cut to 50 characters, not empty.
    pub line: Option<String>,
    /// As sent.
    pub external: Option<String>,
    /// As sent.
    pub started: Option<Timestamp>,
    /// Given by the client instead of a search; an empty one is nobody, and nobody is searched for.
    pub entity: Option<(String, i64)>,
    /// Make a lead if nothing is found.
    pub create: bool,
    /// Show the card to the employee.
    pub show: bool,
}

/// A number as calls are kept under, if the portal takes it: only what can be dialled survives, and what is left must
/// be true for PHP, so that a caller called `0` is refused like one called nothing
/// (`registerExternalCall`, bitrix modules, voximplant/lib/rest/helper.php).
pub fn cleaned(number: &str) -> Option<String> {
    Some(php::strip_letters(number)).filter(|number| php::text_is_true(number))
}

impl Portal {
    /// Registers a call, or finds the open one that is the same.
    pub fn register(&mut self, new: &Registration, now: Timestamp) -> &OpenCall {
        if let Some(line) = &new.line {
            self.lines.entry(line.clone()).or_default();
        }
        let at = self.same_call(new, now).unwrap_or_else(|| {
            let call = self.open(new, now);
            self.add_to_feed(
                now,
                Story::Registered { call: call.id.clone(), number: call.number.clone(), kind: call.kind },
            );
            self.calls.push(call);
            self.calls.len() - 1
        });
        self.calls[at].registrations += 1;
        if new.show {
            let (id, user) = (self.calls[at].id.clone(), self.calls[at].user);
            self.show(&id, Some(vec![user]), now);
        }
        &self.calls[at]
    }

    /// Same application, employee, number and type, begun within 30 minutes; same line and external id if given.
    fn same_call(&self, new: &Registration, now: Timestamp) -> Option<usize> {
        self.calls.iter().position(|call| {
            call.app == self.app_id
                && call.user == new.user
                && call.number == new.number
                && call.kind == new.kind
                && call.started > now - SAME_CALL
                && (new.line.is_none() || call.line == new.line)
                && (new.external.is_none() || call.external == new.external)
        })
    }

    fn open(&mut self, new: &Registration, now: Timestamp) -> OpenCall {
        // A bot's number counts here, unlike for `USER_PHONE_INNER`.
        let internal = self.users.iter().any(|u| u.active && u.kept_inner().as_ref() == Some(&new.number));
        let given = new.entity.clone().map(|(entity, id)| Bound { entity, id, created: false });
        let given = given.map(|bound| Some(bound).filter(|b| !b.entity.is_empty() && b.id > 0));
        let found = || {
            let client = self.client(&new.number)?;
            Some(Bound { entity: client.entity.to_owned(), id: client.id, created: false })
        };
        let mut bound = if internal { None } else { given.unwrap_or_else(found) };
        if bound.is_none() && new.create && !internal {
            let id = self.next_id();
            bound = Some(Bound { entity: "LEAD".to_owned(), id, created: true });
        }
        OpenCall {
            id: ids::call_id(now),
            app: self.app_id,
            by_portal: new.by_portal,
            user: new.user,
            number: new.number.clone(),
            kind: new.kind,
            line: new.line.clone(),
            external: new.external.clone(),
            started: new.started.unwrap_or(now),
            registered: now,
            bound,
            internal,
            shown: BTreeSet::new(),
            registrations: 0,
        }
    }

    /// Pushes the card to `users` (default: the employee of the call); false if the call is not open.
    pub fn show(&mut self, call: &str, users: Option<Vec<i64>>, now: Timestamp) -> bool {
        self.push(call, users, PushKind::Show, now)
    }

    /// Pushes its removal; false if the call is not open.
    pub fn hide(&mut self, call: &str, users: Option<Vec<i64>>, now: Timestamp) -> bool {
        self.push(call, users, PushKind::Hide, now)
    }

    fn push(&mut self, call: &str, users: Option<Vec<i64>>, kind: PushKind, now: Timestamp) -> bool {
        let Some(open) = self.calls.iter_mut().find(|c| c.id == call) else { return false };
        let users = users.unwrap_or_else(|| vec![open.user]);
        if kind == PushKind::Show {
            open.shown.extend(&users);
        }
        for user in users {
            let took_effect = match kind {
                PushKind::Show => self.screens.show(user, call, now),
                PushKind::Hide => self.screens.hide(user, call),
            };
            self.pushes.push(Push { at: now, kind, call: call.to_owned(), user, took_effect });
            if took_effect {
                let call = call.to_owned();
                let story = match kind {
                    PushKind::Show => Story::CardShown { call, user },
                    PushKind::Hide => Story::CardHidden { call, user },
                };
                self.add_to_feed(now, story);
            }
        }
        true
    }

    /// Ends an open call: its row goes, the statistics and the CRM get theirs, and the card of the one
    /// who finished is hidden; other people's cards stay.
    pub fn finish(&mut self, call: &str, end: FinishedCall, now: Timestamp) -> &FinishedCall {
        self.hide(call, Some(vec![end.user]), now);
        self.calls.retain(|c| c.id != call);
        self.add_to_feed(
            now,
            Story::Finished {
                call: call.to_owned(),
                number: end.call.number.clone(),
                user: end.user,
                duration: end.duration,
                code: end.code.clone(),
            },
        );
        if end.code == "304" && matches!(end.call.kind, 2 | 3) {
            self.missed.push((end.call.number.clone(), end.user));
        } else if end.code == "200" && end.call.kind == OUTGOING {
            self.missed.retain(|(number, _)| *number != end.call.number);
        }
        let at = self.finished.len();
        self.finished.push(end);
        &self.finished[at]
    }
}
