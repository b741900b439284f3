//! Cards of one employee that follow each other.

use super::*;

#[test]
fn a_card_waits_until_the_one_before_it_is_closed_but_not_for_long_and_not_for_one_that_rests() {
    let out = |outbox: &mut Outbox, seconds| {
        let dispatches = outbox.ready(at(seconds), &mut coins(9));
        for dispatch in &dispatches {
            land(outbox, dispatch);
        }
        dispatches.iter().flat_map(|p| &p.jobs).map(line).collect::<Vec<_>>()
    };
    let both = || {
        let mut outbox = Outbox::default();
        push(&mut outbox, 1, &[hide(&[2]), finish()], Some("crm"));
        let mut next = |step| {
            let step = (IntentId(2), step, at(1) + Duration::from_millis(1));
            outbox.push(&name(2), &CallKey::new("c2"), step, LaneHistory::None);
        };
        next(register());
        next(show(&[2]));
        outbox
    };
    let mut outbox = both();
    for want in ["1:hide", "1:finish", "2:register,show"] {
        assert_eq!(out(&mut outbox, 2), [want]);
    }
    assert_eq!(leaves(&mut both(), at(9), &mut coins(9)), [["1:hide"], ["2:register,show"]], "not for long");
    let mut outbox = both();
    assert_eq!(leaves(&mut outbox, at(2), &mut coins(9)), [["1:hide"]]);
    outbox.failed(&name(1), at(2), RetryPause::BackOff, false);
    outbox.completed(false);
    assert_eq!(leaves(&mut outbox, at(2), &mut coins(9)), [["2:register,show"]], "not for one that rests");
}
