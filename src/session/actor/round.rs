//! Collects what a round of steps wants done, so that it is stored in one transaction before any of it is done.

use crate::domain::call::{Action, Call, Event, Intent, Leg, Note, Step, step};
use crate::domain::excess::Excess;
use crate::domain::leg::SwitchCommand;
use crate::domain::{CallKey, LegId, Phone, Timestamp};
use crate::session::message::{ActionReply, DialReply};
use crate::session::open_calls::OpenCalls;
use crate::store::{CallUpdate, NewIntent, Record, TraceLine};
use std::collections::BTreeSet;

/// Who is waiting for the switch's answer to a command.
pub(super) enum Origin {
    /// Nobody in particular.
    Nobody,
    /// A click in the portal.
    Click,
    Card(ActionReply),
    TestCall(DialReply),
}

/// A command for the switch.
pub(super) struct CommandToSend {
    /// The call it belongs to; `None` for a number that is only dialled, whose legs make a call of their own.
    pub call: Option<CallKey>,
    pub command: SwitchCommand,
    pub origin: Origin,
}

#[derive(Default)]
pub(super) struct Round {
    pub record: Record,
    /// The steps behind `record.intents`, in the same order.
    pub steps: Vec<(CallKey, Intent)>,
    pub commands: Vec<CommandToSend>,
    /// Legs that calls have forgotten.
    pub forgotten: Vec<(CallKey, LegId)>,
    /// What there was too much of.
    pub excess: Excess,
    touched: BTreeSet<CallKey>,
}

/// Our side's numbers that a step has met for the first time in their phase.
#[derive(Default)]
pub(super) struct NamedNumbers {
    /// They belong to employees.
    pub employees: Vec<Phone>,
    /// They belong to nobody.
    pub nobodys: Vec<Phone>,
}

impl NamedNumbers {
    fn add(&mut self, note: &Note) {
        match note {
            Note::NobodysNumber { own } => self.nobodys.push(own.clone()),
            Note::Leg { own, owner: Some(_), .. } => self.employees.push(own.clone()),
            _ => {}
        }
    }
}

impl Round {
    /// Steps a call; returns the call, when it wants to be looked at again, and the numbers of nobody that it met.
    pub fn step(
        &mut self,
        call: Call,
        event: Event,
        origin: Origin,
        now: Timestamp,
    ) -> (Call, Option<Timestamp>, NamedNumbers) {
        let Step { call, actions } = step(call, event, now);
        let (mut wake, mut named, mut origin) = (None, NamedNumbers::default(), Some(origin));
        for action in actions {
            match action {
                Action::Crm(intent) => self.intent(&call.key, now, intent),
                Action::Switch(command) => {
                    let origin = origin.take().unwrap_or(Origin::Nobody);
                    self.commands.push(CommandToSend { call: Some(call.key.clone()), command, origin });
                }
                Action::Refuse(why) => {
                    if let Some(Origin::Card(reply)) = origin.take() {
                        let _ = reply.send(Err(why));
                    }
                }
                Action::Wake(at) => wake = Some(at),
                Action::LegForgotten(leg) => self.forgotten.push((call.key.clone(), leg)),
                Action::Note(note) => {
                    self.count(&note);
                    named.add(&note);
                    self.note(&call.key, now, &note);
                }
            }
        }
        self.touched.insert(call.key.clone());
        (call, wake, named)
    }

    fn count(&mut self, note: &Note) {
        match note {
            Note::GaveWay => self.excess.calls += 1,
            Note::LegsGaveWay { legs } | Note::LegsRefused { legs } => self.excess.legs += *legs as u64,
            Note::RecordRefused { .. } | Note::NumberNotFollowed { .. } => self.excess.legs += 1,
            _ => {}
        }
    }

    /// How many calls this round has changed.
    pub fn calls(&self) -> usize {
        self.touched.len()
    }

    /// Adds something the portal is to be told.
    pub fn intent(&mut self, call: &CallKey, now: Timestamp, intent: Intent) {
        self.note(call, now, &Note::Intent { lane: intent.lane.clone(), step: intent.step.clone() });
        let body = serde_json::to_string(&intent.step).expect("steps are plain data");
        self.record.intents.push(NewIntent { lane: intent.lane.clone(), call: call.clone(), body });
        self.steps.push((call.clone(), intent));
    }

    /// The call is to be stored, though no step has changed it.
    pub fn touch(&mut self, call: CallKey) {
        self.touched.insert(call);
    }

    /// Adds a line to a call's trace.
    pub fn note(&mut self, call: &CallKey, at: Timestamp, note: &Note) {
        tracing::debug!(%call, ?note, "call");
        let text = serde_json::to_string(note).expect("notes are plain data");
        self.record.trace.push(TraceLine { call: call.clone(), at, text });
    }

    /// Adds the final state of every call that has changed.
    pub fn close(&mut self, open_calls: &OpenCalls) {
        for key in std::mem::take(&mut self.touched) {
            let Some(call) = open_calls.get(&key) else { continue };
            let body = serde_json::to_string(call).expect("calls are plain data");
            let ended_at = call.is_over().then(|| ended_at(call));
            self.record.calls.push(CallUpdate { key, body, ended_at });
        }
    }
}

/// When the last of its legs ended.
pub(super) fn ended_at(call: &Call) -> Timestamp {
    call.legs.iter().filter_map(Leg::ended_at).max().unwrap_or(call.started_at)
}
