//! The queue under floods.

use super::call_tokens::{CALLS, CallTokens, TOKENS_OF_CALL};
use super::queue::{ACQUAINTED_FOR, NETWORKS, SOURCES, WAITING, WAITING_OF_SOURCE};
use super::{Turn, TurnRefused, VisitorQueue};
use crate::domain::Timestamp;
use crate::domain::source::Source;
use std::collections::BTreeMap;
use std::time::Duration;

const NOW: Timestamp = Timestamp(1_000_000);

#[expect(clippy::unnecessary_wraps, reason = "as the room takes it")]
fn source(n: u32) -> Option<Source> {
    Some(Source::of_ipv4(n))
}

#[test]
fn a_flood_from_one_place_leaves_the_next_turn_to_others() {
    let mut queue = VisitorQueue::new(1);
    let flood: Vec<u64> = (0..1000).filter_map(|_| queue.enter(source(1), NOW)).collect();
    assert_eq!(flood.len(), WAITING_OF_SOURCE);
    for _ in 0..10 {
        let place = queue.choose(NOW).expect("somebody waits");
        assert_eq!(queue.turn(place, NOW), Ok(Turn::Stranger));
        queue.leave(place);
    }
    let left = *queue.waiting.keys().next().expect("somebody waits");
    assert_eq!(queue.turn(left, NOW), Err(TurnRefused::Wait(Duration::from_secs(5))), "that was all at once");
    let genuine = queue.enter(source(2), NOW).expect("room for another source");
    let later = NOW + Duration::from_secs(5);
    assert_eq!(queue.turn(left, later), Err(TurnRefused::NotFirst));
    assert_eq!(queue.turn(genuine, later), Ok(Turn::Stranger));
}

#[test]
fn five_hundred_employees_of_one_known_address_who_come_within_ten_minutes_wait_for_nobody() {
    let mut queue = VisitorQueue::new(1);
    queue.greet(source(7), NOW);
    for n in 0..500 {
        let now = NOW + Duration::from_millis(1_200 * n);
        let place = queue.enter(source(7), now).expect("room");
        assert_eq!(queue.turn(place, now), Ok(Turn::Acquainted), "employee {n}");
        queue.leave(place);
    }
}

#[test]
fn sixty_employees_behind_one_known_address_do_not_wait_for_strangers() {
    let mut queue = VisitorQueue::new(1);
    queue.greet(source(7), NOW);
    let flood: Vec<u64> = (0..300).filter_map(|n| queue.enter(source(1000 + n), NOW)).collect();
    let staff: Vec<u64> = (0..60).map(|_| queue.enter(source(7), NOW).expect("room")).collect();
    assert!(flood.len() >= WAITING);
    assert_eq!(queue.waiting.len(), WAITING + 60);
    for place in &staff {
        assert_eq!(queue.turn(*place, NOW), Ok(Turn::Acquainted));
        queue.leave(*place);
    }
    let next_day = NOW + ACQUAINTED_FOR;
    let mut queue = VisitorQueue::new(1);
    queue.greet(source(7), NOW);
    let place = queue.enter(source(7), next_day).expect("room");
    assert_ne!(queue.turn(place, next_day), Ok(Turn::Acquainted), "a stranger again");
}

#[test]
fn in_a_full_room_one_of_the_largest_network_gives_way() {
    let mut queue = VisitorQueue::new(7);
    // Three quarters from four addresses of one network, the rest from single ones far away.
    let many: Vec<u64> = (0..WAITING)
        .map(|n| queue.enter(source(n as u32 % 4 * if n % 4 == 3 { n as u32 * 65_536 } else { 1 }), NOW).expect("room"))
        .collect();
    let place = queue.enter(source(0xcb00_7101), NOW).expect("room for another network");
    assert_eq!(queue.waiting.len(), WAITING);
    let gone: Vec<_> = many.iter().filter(|place| queue.turn(**place, NOW) == Err(TurnRefused::Displaced)).collect();
    assert!(gone.len() == 1 && gone[0] % 4 != 0, "{gone:?}");
    assert!(queue.waiting.contains_key(&place));
}

/// A flood from `networks` networks of ten thousand addresses each, `a_second` new ones a second, and twelve
/// employees who come one after another from places that nobody knows: how many of them have their turn within ten
/// seconds.
fn newcomers_served(networks: u32, a_second: u32) -> usize {
    let mut queue = VisitorQueue::new(42);
    let (mut forged, mut served, mut n) = (BTreeMap::new(), 0, 0_u32);
    let step = Duration::from_millis(100);
    let mut now = NOW;
    for person in 0..15_u32 {
        let mut mine = None;
        for tick in 0..100 {
            now = now + step;
            for _ in 0..a_second / 10 {
                n += 1;
                let from = ((n % networks + 1) << 16) | (n / networks % 10_000);
                forged.extend(queue.enter(source(from), now).map(|place| (place, now)));
            }
            if tick == 0 && person >= 3 {
                mine = queue.enter(source(((40_000 + person) << 16) | 0x4d), now);
            }
            let over: Vec<u64> =
                forged.iter().filter(|(_, at)| now.since(**at) >= Duration::from_secs(10)).map(|(p, _)| *p).collect();
            let next = queue.strangers.wait(now).is_zero().then(|| queue.choose(now)).flatten();
            for place in over.into_iter().chain(next.filter(|place| Some(*place) != mine)) {
                if !forged.contains_key(&place)
                    || queue.turn(place, now).is_ok()
                    || now.since(forged[&place]) >= Duration::from_secs(10)
                {
                    forged.remove(&place);
                    queue.leave(place);
                }
            }
            if let Some(place) = mine
                && queue.turn(place, now).is_ok()
            {
                served += 1;
                queue.leave(place);
                mine = None;
            }
        }
        if let Some(place) = mine {
            queue.leave(place);
        }
    }
    served
}

#[test]
fn somebody_new_has_his_turn_in_a_flood_from_many_addresses_of_some_networks() {
    for (networks, a_second) in [(1, 20), (4, 100), (16, 20)] {
        let served = newcomers_served(networks, a_second);
        assert!(served >= 11, "{networks} networks, {a_second} a second: {served} of 12");
    }
}

#[test]
fn whoever_does_not_tell_where_he_comes_from_is_known_to_nobody() {
    let mut queue = VisitorQueue::new(1);
    queue.greet(None, NOW);
    let place = queue.enter(None, NOW).expect("room");
    assert_eq!(queue.turn(place, NOW), Ok(Turn::Stranger));
}

#[test]
fn what_is_remembered_is_bounded() {
    let (mut queue, mut calls) = (VisitorQueue::new(1), CallTokens::default());
    for n in 0..5000_u32 {
        queue.greet(source(n), NOW + Duration::from_millis(u64::from(n)));
        calls.admit(&format!("externalCall.{n}").as_str().into());
        if let Some(place) = queue.enter(source(n), NOW) {
            let _ = queue.turn(place, NOW);
        }
    }
    assert!(queue.known.len() == SOURCES && queue.waiting.len() <= 2 * WAITING);
    assert!(calls.len() <= CALLS && queue.served.len() <= NETWORKS);
    let call = "externalCall.x".into();
    assert_eq!((0..1000).filter(|_| calls.admit(&call)).count(), TOKENS_OF_CALL as usize);
}
