//! A call after the clock was corrected.

use super::crm::{CrmCall, CrmCallLife};
use super::crm_share::CrmShare;
use super::leg_life::{LegEnd, LegLife, Talk};
use super::{Call, Leg};
use crate::domain::Timestamp;

impl Call {
    /// The clock by which this call was followed was wrong and has been moved by so many milliseconds: every moment is
    /// dated again, so that all spans stay what they are.
    pub fn redate(&mut self, millis: i64) {
        let Self {
            key: _,
            started_at,
            policy: _,
            click: _,
            legs,
            crm,
            confirm_until,
            ahead: _,
            gave_way: _,
            renumbered: _,
        } = self;
        move_by(millis, [Some(started_at), confirm_until.as_mut()]);
        for leg in legs {
            let Leg { first_seen, last_seen, life, share, other_number, .. } = leg;
            move_by(millis, [Some(first_seen), Some(last_seen), other_number.as_mut().map(|n| &mut n.since)]);
            move_by(millis, of_life(life));
            move_by(millis, [of_share(share)]);
        }
        for CrmCall { started_at, life, .. } in crm.iter_mut() {
            move_by(millis, [Some(started_at), of_crm_call(life)]);
        }
    }
}

fn of_life(life: &mut LegLife) -> [Option<&mut Timestamp>; 3] {
    match life {
        LegLife::Live { phase, unheard_since } => [unheard_since.as_mut(), phase.talk_mut().map(of_talk), None],
        LegLife::Ended { at, talk, end: LegEnd::Unseen { unheard_since } } => {
            [Some(at), talk.as_mut().map(of_talk), unheard_since.as_mut()]
        }
        LegLife::Ended { at, talk, end: LegEnd::Seen | LegEnd::GivenUp } => {
            [Some(at), talk.as_mut().map(of_talk), None]
        }
    }
}

const fn of_talk(talk: &mut Talk) -> &mut Timestamp {
    match talk {
        Talk::Since(at) | Talk::LostRace(at) => at,
    }
}

const fn of_share(share: &mut CrmShare) -> Option<&mut Timestamp> {
    match share {
        CrmShare::Outside { since } => since.as_mut(),
        CrmShare::In { since, .. } => Some(since),
    }
}

const fn of_crm_call(life: &mut CrmCallLife) -> Option<&mut Timestamp> {
    match life {
        CrmCallLife::Open { linger_until, .. } => linger_until.as_mut(),
        CrmCallLife::Planned | CrmCallLife::Finished | CrmCallLife::Replaced | CrmCallLife::Refused => None,
    }
}

fn move_by<const N: usize>(millis: i64, moments: [Option<&mut Timestamp>; N]) {
    for moment in moments.into_iter().flatten() {
        *moment = moment.shifted(millis);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{CallPolicy, Event, Sighting, step};
    use super::*;
    use crate::domain::company::CallSettings;
    use crate::domain::leg::{Direction, LegEvent, LegState};
    use crate::domain::numbers::{NumberRule, OwnNumber, Party};
    use crate::domain::{Phone, UserId};
    use serde_json::Value;
    use std::time::Duration;

    const NOW: Timestamp = Timestamp(1_790_000_000_000);
    const HOUR: i64 = 3_600_000;

    fn sighting(state: LegState) -> Sighting {
        let number = |text| Phone::parse(text).expect("a number");
        let leg = LegEvent {
            leg: "l".into(),
            call: "c".into(),
            call_ref: None,
            own: number("1001"),
            remote: Some(number("+79835551122")),
            remote_unreadable: false,
            direction: Direction::In,
            state,
            answered_at: None,
            display_name: None,
            cause: None,
        };
        Sighting {
            leg,
            own: OwnNumber::Employee(UserId(7)),
            party: Party::Client,
            rule: NumberRule::NothingElse,
            moved: false,
        }
    }

    /// All numbers in the stored form that look like moments.
    fn moments(value: &Value) -> Vec<i64> {
        match value {
            Value::Number(n) => n.as_i64().filter(|n| *n > 1_000_000_000_000).into_iter().collect(),
            Value::Array(all) => all.iter().flat_map(moments).collect(),
            Value::Object(all) => all.values().flat_map(moments).collect(),
            _ => Vec::new(),
        }
    }

    #[test]
    fn every_moment_of_a_call_moves_and_no_span_changes() {
        let mut call = Call::new("c".into(), CallPolicy::new(&CallSettings::default(), Duration::from_secs(5)), NOW);
        let mut now = NOW;
        let events = [
            Event::Legs(vec![sighting(LegState::Ringing)]),
            Event::Legs(vec![sighting(LegState::Talking)]),
            Event::LinkLost(NOW + Duration::from_secs(7)),
            Event::LinkBack,
        ];
        for event in events {
            now = now + Duration::from_secs(3);
            call = step(call, event, now).call;
            let before = moments(&serde_json::to_value(&call).expect("plain data"));
            assert!(before.len() >= 4);
            let mut moved = call.clone();
            moved.redate(-HOUR);
            let after = moments(&serde_json::to_value(&moved).expect("plain data"));
            assert_eq!(after, before.iter().map(|t| t - HOUR).collect::<Vec<_>>());
            moved.redate(HOUR);
            assert_eq!(moved, call);
        }
    }
}
