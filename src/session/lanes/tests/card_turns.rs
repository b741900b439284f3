//! Cards of one employee that follow each other.

use super::*;

#[test]
fn a_card_waits_until_the_one_before_it_is_closed_but_not_for_long_and_not_for_one_that_rests() {
    let out = |lanes: &mut Lanes, seconds| {
        let parcels = lanes.ready(at(seconds), &mut coins(9));
        for parcel in &parcels {
            land(lanes, parcel);
        }
        parcels.iter().flat_map(|p| &p.jobs).map(line).collect::<Vec<_>>()
    };
    let both = || {
        let mut lanes = Lanes::default();
        push(&mut lanes, 1, &[hide(&[2]), finish()], Some("crm"));
        let mut next = |step| {
            let step = (IntentId(2), step, at(1) + Duration::from_millis(1));
            lanes.push(&name(2), &CallKey::new("c2"), step, Past::None);
        };
        next(register());
        next(show(&[2]));
        lanes
    };
    let mut lanes = both();
    for want in ["1:hide", "1:finish", "2:register,show"] {
        assert_eq!(out(&mut lanes, 2), [want]);
    }
    assert_eq!(leaves(&mut both(), at(9), &mut coins(9)), [["1:hide"], ["2:register,show"]], "not for long");
    let mut lanes = both();
    assert_eq!(leaves(&mut lanes, at(2), &mut coins(9)), [["1:hide"]]);
    lanes.failed(&name(1), at(2), Rest::BackOff, false);
    lanes.landed(false);
    assert_eq!(leaves(&mut lanes, at(2), &mut coins(9)), [["2:register,show"]], "not for one that rests");
}
