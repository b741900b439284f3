//! A switch that repeats what it has told before. Some do so every second for every leg, and nothing comes of it but the
//! moment when the leg was last heard of.

use super::event::Sighting;
use super::leg::Leg;
use super::state::Call;
use crate::domain::Timestamp;

impl Call {
    /// Takes note that these legs were heard of at `clock`, if nothing else is new. `false`, with nothing changed, where
    /// [`step`](super::step()) has to look at them.
    pub fn take_repetition(&mut self, seen: &[Sighting], clock: Timestamp) -> bool {
        let now = clock + self.ahead;
        // A clock that was put back has to be noted, and a call that gave way is not over after all.
        if self.gave_way || now < self.last_report() {
            return false;
        }
        let known = |s: &Sighting| self.legs.iter().rfind(|leg| leg.id == s.leg.leg).is_some_and(|leg| repeats(leg, s));
        if !seen.iter().all(known) {
            return false;
        }
        for s in seen {
            if let Some(leg) = self.legs.iter_mut().rfind(|leg| leg.id == s.leg.leg) {
                leg.last_seen = now;
            }
        }
        true
    }
}

/// Whether the sighting shows nothing that is not known of the leg.
fn repeats(leg: &Leg, seen: &Sighting) -> bool {
    let e = &seen.leg;
    let same_other_side = leg.remote == e.remote && leg.party == seen.party && leg.other_number.is_none();
    let same_details = e.display_name.as_ref().is_none_or(|name| leg.display_name.as_ref() == Some(name))
        && e.call_ref.as_ref().is_none_or(|reference| leg.call_refs.contains(reference))
        && e.cause.is_none_or(|cause| leg.cause == Some(cause));
    !seen.moved
        && leg.is_live()
        && !leg.is_unheard()
        && leg.state() == e.state
        && leg.own.digits() == e.own.digits()
        && same_other_side
        && same_details
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::call::{CallPolicy, Event, step};
    use crate::domain::company::CallSettings;
    use crate::domain::leg::{Cause, Direction, LegEvent, LegState};
    use crate::domain::numbers::{NumberRule, OwnNumber, Party};
    use crate::domain::{Phone, UserId};
    use std::time::Duration;

    const NOW: Timestamp = Timestamp(1_000_000);

    fn phone(text: &str) -> Phone {
        Phone::parse(text).expect("a number")
    }

    fn talking() -> Sighting {
        let leg = LegEvent {
            leg: "l".into(),
            call: "c".into(),
            call_ref: Some("r".into()),
            own: phone("1001"),
            remote: Some(phone("+79835551122")),
            remote_unreadable: false,
            direction: Direction::In,
            state: LegState::Talking,
            answered_at: None,
            display_name: Some("Anna".to_owned()),
            cause: None,
        };
        let own = OwnNumber::Employee(UserId(1));
        Sighting { leg, own, party: Party::Client, rule: NumberRule::Form, moved: false }
    }

    fn seen(sighting: Sighting) -> Vec<Sighting> {
        vec![sighting]
    }

    #[test]
    fn a_repetition_changes_only_when_a_leg_was_heard_of() {
        let policy = CallPolicy::new(&CallSettings::default(), Duration::from_secs(5));
        let call = step(Call::new("c".into(), policy, NOW), Event::Legs(seen(talking())), NOW).call;
        let later = NOW + Duration::from_secs(2);
        let mut again = call.clone();
        assert!(again.take_repetition(&seen(talking()), later));
        assert_eq!(again.last_report(), later);
        again.legs[0].last_seen = NOW;
        assert_eq!(again, call);
        assert!(!call.clone().take_repetition(&seen(talking()), NOW - Duration::from_secs(1)), "the clock");
        let changes: [fn(&mut Sighting); 9] = [
            |s| s.leg.leg = "other".into(),
            |s| s.leg.call_ref = Some("other".into()),
            |s| s.leg.own = phone("1002"),
            |s| s.leg.remote = Some(phone("+79835550000")),
            |s| s.party = Party::Service,
            |s| s.leg.state = LegState::Held,
            |s| s.leg.display_name = Some("Boris".to_owned()),
            |s| s.leg.cause = Some(Cause::Busy),
            |s| s.moved = true,
        ];
        for (n, change) in changes.into_iter().enumerate() {
            let mut other = talking();
            change(&mut other);
            let mut looked_at = call.clone();
            assert!(!looked_at.take_repetition(&seen(other), later), "change {n}");
            assert_eq!(looked_at, call, "change {n}");
        }
        let lost = step(call, Event::LinkLost(later), later).call;
        assert!(!lost.clone().take_repetition(&seen(talking()), later), "a leg that nothing was heard of is confirmed");
    }
}
