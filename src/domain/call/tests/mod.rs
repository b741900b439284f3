//! The brain's behaviour, told as stories, and its laws over generated histories.

mod clicks;
mod clock;
mod groups;
mod histories;
mod judge;
mod laws;
mod model;
mod moved_legs;
mod numbers;
mod overdue;
mod reconnect;
mod room;
mod stored;
mod stories;
mod transfers;

use super::*;
use crate::domain::card::CommandRefused;
use crate::domain::company::{CallSettings, InternalCalls};
use crate::domain::directory::{Directory, Employee};
use crate::domain::leg::{Cause, Direction, LegEvent, LegState, SwitchCommand};
use crate::domain::numbers::NumberPlan;
use crate::domain::{CallKey, ExternalId, Phone, Timestamp, UserId};
use std::time::Duration;

/// A client outside.
const CLIENT: &str = "+79835551122";

/// A call under test: time goes by, legs are seen, and what the portal was told is kept as short lines.
struct Scenario {
    call: Call,
    now: Timestamp,
    requests: Vec<String>,
    asked: Vec<SwitchCommand>,
    refused: Vec<CommandRefused>,
    wake: Option<Timestamp>,
}

/// Employees 1001…1009 are users 1…9; all other numbers belong to nobody.
fn owner(number: &Phone) -> Option<UserId> {
    match number.as_str().parse::<i64>() {
        Ok(n @ 1001..=1009) => Some(UserId(n - 1000)),
        _ => None,
    }
}

fn phone(text: &str) -> Phone {
    Phone::parse(text).expect("a test number")
}

/// A leg as the switch would tell it; ids are `own` numbers unless the test names them.
fn leg(id: &str, own: &str, direction: Direction, remote: &str, state: LegState) -> LegEvent {
    LegEvent {
        leg: id.into(),
        call: "c1".into(),
        call_ref: None,
        own: phone(own),
        remote: (!remote.is_empty()).then(|| phone(remote)),
        remote_unreadable: false,
        direction,
        state,
        answered_at: None,
        display_name: None,
        cause: None,
    }
}

fn sighting(mut leg: LegEvent) -> Sighting {
    let staff = (1..=9).map(|n| Employee {
        user: UserId(n),
        name: String::new(),
        active: true,
        numbers: vec![phone(&(1000 + n).to_string())],
    });
    let settings = CallSettings { service_numbers: vec!["200".to_owned()], ..CallSettings::default() };
    let (own, party, rule) = NumberPlan::new(&settings).judge(&mut leg, &Directory::new(staff));
    Sighting { leg, own, party, rule, moved: false }
}

impl Scenario {
    fn new() -> Self {
        Self::with(&CallSettings::default())
    }

    fn with(settings: &CallSettings) -> Self {
        let now = Timestamp(1_000_000_000);
        Self {
            call: Call::new(CallKey::from("c1"), CallPolicy::new(settings, Duration::from_secs(30)), now),
            now,
            requests: Vec::new(),
            asked: Vec::new(),
            refused: Vec::new(),
            wake: None,
        }
    }

    fn event(&mut self, event: Event) -> &mut Self {
        let Step { call, actions } = step(self.call.clone(), event, self.now);
        self.call = call;
        self.wake = None;
        for action in actions {
            match action {
                Action::Crm(intent) => self.requests.push(line(&intent)),
                Action::Switch(command) => self.asked.push(command),
                Action::Refuse(why) => self.refused.push(why),
                Action::Wake(at) => self.wake = Some(at),
                Action::LegForgotten(_) => {}
                Action::Note(_) => {}
            }
        }
        self
    }

    fn legs(&mut self, legs: Vec<LegEvent>) -> &mut Self {
        self.event(Event::Legs(legs.into_iter().map(sighting).collect()))
    }

    fn incoming(&mut self, own: &str, state: LegState) -> &mut Self {
        self.legs(vec![leg(own, own, Direction::In, CLIENT, state)])
    }

    fn outgoing(&mut self, own: &str, state: LegState) -> &mut Self {
        self.legs(vec![leg(own, own, Direction::Out, CLIENT, state)])
    }

    /// The connection to the switch breaks and is back at once.
    fn breaks(&mut self) -> &mut Self {
        let now = self.now;
        self.event(Event::LinkLost(now)).event(Event::LinkBack)
    }

    /// Time passes; timers that fall due are delivered at their time.
    fn after(&mut self, seconds: u64) -> &mut Self {
        let end = self.now + Duration::from_secs(seconds);
        while let Some(at) = self.wake.filter(|at| *at <= end) {
            self.now = at.max(self.now);
            self.event(Event::Tick);
        }
        self.now = end;
        self
    }

    /// Takes what was told since the last look.
    fn requests(&mut self) -> Vec<String> {
        std::mem::take(&mut self.requests)
    }
}

/// Employee 1 clicks on a number; his phone is 1001.
fn click_on(to: &str) -> Event {
    click(Some("1001"), Some(to), false, ClickFacts::default())
}

fn click(from: Option<&str>, to: Option<&str>, late: bool, facts: ClickFacts) -> Event {
    let click = Click { crm: "portal.1".into(), user: UserId(1), to: to.map(phone), late, facts };
    Event::Clicked { click, from: from.map(phone) }
}

/// The same leg, which has been in another call until now.
fn moved(leg: LegEvent) -> Event {
    Event::Legs(vec![Sighting { moved: true, ..sighting(leg) }])
}

fn line(intent: &Intent) -> String {
    let users = |u: &[UserId]| u.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    let lane = intent.lane.as_str().strip_prefix("c1").unwrap_or(intent.lane.as_str());
    let what = match &intent.step {
        CrmStep::Register { user, kind, show, create, .. } => {
            let show = if *show { " show" } else { "" };
            let create = if *create { " create" } else { "" };
            format!("register {user} {kind:?}{show}{create}")
        }
        CrmStep::Adopt { crm } => format!("adopt {crm}"),
        CrmStep::Show { users: u } => format!("show {}", users(u)),
        CrmStep::Hide { users: u } => format!("hide {}", users(u)),
        CrmStep::Finish { user, duration_s, status, .. } => format!("finish {user} {duration_s}s {}", status.code()),
    };
    if lane.is_empty() { what } else { format!("{lane}: {what}") }
}
