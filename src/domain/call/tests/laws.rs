//! What holds for every history, also for those no switch should ever produce.

use super::judge::Run;
use super::*;
use proptest::prelude::*;

#[derive(Debug, Clone)]
enum Happening {
    Leg { who: u8, out: bool, internal: bool, moved: bool, state: LegState },
    Press { who: u8, reject: bool },
    Wait(u16),
    Lost,
    Back,
    Restart,
    Registered,
    Refused,
    ClockJumps(i32),
}

fn state() -> impl Strategy<Value = LegState> {
    prop_oneof![
        3 => Just(LegState::Ringing),
        3 => Just(LegState::Talking),
        1 => Just(LegState::Held),
        1 => Just(LegState::Dialing),
        3 => Just(LegState::Released),
    ]
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        8 => (0u8..5, any::<bool>(), prop::bool::weighted(0.2), prop::bool::weighted(0.1), state())
            .prop_map(|(who, out, internal, moved, state)| Happening::Leg { who, out, internal, moved, state }),
        1 => (0u8..5, any::<bool>()).prop_map(|(who, reject)| Happening::Press { who, reject }),
        4 => (0u16..40).prop_map(Happening::Wait),
        1 => Just(Happening::Lost),
        1 => Just(Happening::Back),
        1 => Just(Happening::Restart),
        1 => Just(Happening::Registered),
        1 => prop::bool::weighted(0.1).prop_map(|refused| if refused { Happening::Refused } else { Happening::Registered }),
        1 => (-4000i32..4000).prop_map(Happening::ClockJumps),
    ]
}

fn leg_of(who: u8, out: bool, internal: bool, moved: bool, state: LegState) -> LegEvent {
    let id = format!("{}{}", 1001 + u32::from(who), if out { "o" } else { "i" });
    let own = format!("{}", 1001 + u32::from(who) + u32::from(moved));
    let direction = if out { Direction::Out } else { Direction::In };
    leg(&id, &own, direction, if internal { "1009" } else { CLIENT }, state)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_the_portal_ends_up_clean(history in prop::collection::vec(happening(), 1..40), cards in any::<bool>()) {
        let mut run = Run::new(&CallSettings { internal: if cards { InternalCalls::Card } else { InternalCalls::Ignore }, ..CallSettings::default() });
        for h in history {
            match h {
                Happening::Leg { who, out, internal, moved, state } => {
                    run.event(Event::Legs(vec![sighting(leg_of(who, out, internal, moved, state))]));
                }
                Happening::Press { who, reject } => {
                    let command = if reject { crate::domain::card::CardCommand::Reject } else { crate::domain::card::CardCommand::Answer };
                    run.event(Event::Pressed { user: UserId(i64::from(who) + 1), leg: None, command });
                }
                Happening::Wait(s) => run.wait(s.into()),
                Happening::Lost => run.event(Event::LinkLost(run.now)),
                Happening::Back => run.event(Event::LinkBack),
                Happening::Restart => {
                    run.event(Event::LinkLost(run.now));
                    run.event(Event::LinkBack);
                }
                Happening::ClockJumps(seconds) => run.now = Timestamp(run.now.millis() + i64::from(seconds) * 1000),
                Happening::Refused => {
                    let lane = run.call.crm.iter().find(|c| !c.is_planned() && !c.is_closed()).map(|c| c.lane.clone());
                    if let Some(lane) = lane {
                        run.judge.forget(&lane);
                        run.event(Event::RegisterRefused { lane });
                    }
                }
                Happening::Registered => {
                    run.event(Event::Registered { lane: "c1".into(), crm: "x".into() });
                }
            }
        }
        // The link comes back for good and nothing is heard of any leg: all must come to an end by itself.
        run.end();
    }
}
