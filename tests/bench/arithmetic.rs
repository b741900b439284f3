//! Tests of what the bench calculates and reads: a wrong figure would look like any other.

mod figures;
mod reading;

use figures::{Distribution, cpu_seconds, most_within, resident_mib};
use reading::{Asked, call_of_client, commands, field};
use std::time::{Duration, Instant};

#[test]
fn percentiles_are_values_that_were_measured() {
    let hundred = Distribution::of((1..=100).rev().map(f64::from));
    assert_eq!((hundred.p50(), hundred.p99(), hundred.percentile(100)), (50.0, 99.0, 100.0));
    let three = Distribution::of([3.0, 1.0, 2.0]);
    assert_eq!((three.p50(), three.p99(), three.count()), (2.0, 3.0, 3));
    assert!(Distribution::default().p50().is_nan(), "nothing was measured");
}

#[test]
fn processor_time_is_read_behind_the_name() {
    let stat = "7 (a) b) S 1 7 7 0 -1 4194560 900 0 1 0 150 25 9 9 20 0 5 0 100 200 300";
    assert_eq!(cpu_seconds(stat), Some(1.75));
    assert_eq!(cpu_seconds("7 (a) S 1"), None);
    let own = std::fs::read_to_string("/proc/self/stat").expect("Linux tells it");
    assert!(cpu_seconds(&own).is_some(), "{own}");
}

#[test]
fn memory_is_read_in_mebibytes() {
    assert_eq!(resident_mib("Name:\tx\nVmHWM:\t 4096 kB\nVmRSS:\t 2048 kB\n"), Some(2.0));
    assert_eq!(resident_mib("Name:\tx\n"), None, "a process that has ended");
}

#[test]
fn the_busiest_second_is_found_wherever_it_begins() {
    let begin = Instant::now();
    let at = |millis: &[u64]| millis.iter().map(|ms| begin + Duration::from_millis(*ms)).collect::<Vec<_>>();
    let most = |millis: &[u64]| most_within(&at(millis), Duration::from_secs(1));
    assert_eq!(most(&[]), 0);
    assert_eq!(most(&[0, 1000, 2000]), 1);
    assert_eq!(most(&[2100, 900, 1899, 0]), 2);
}

#[test]
fn calls_are_recognised_in_json_and_in_forms() {
    let register = Asked::Register { call: 12 };
    let finish = Asked::Finish { call: 12, seconds: 3.0 };
    let of = Asked::read;
    let json = r#"{"EXTERNAL_CALL_ID":"x","PHONE_NUMBER":"+79000000012","USER_ID":7,"auth":"a"}"#;
    assert_eq!(of("telephony.externalCall.register", json), register);
    assert_eq!(of("telephony.externalcall.register", "USER_ID=7&PHONE_NUMBER=%2B79000000012&TYPE=2"), register);
    assert_eq!(of("telephony.externalcall.finish", r#"{"CALL_ID":"bench.12","DURATION":3}"#), finish);
    assert_eq!(of("telephony.externalcall.finish", "DURATION=3&CALL_ID=bench.12"), finish);
    assert_eq!(of("telephony.externalcall.finish", "CALL_ID=other.12"), Asked::Unreadable);
    assert_eq!(of("telephony.externalcall.hide", ""), Asked::Card);
    assert_eq!(of("profile", "{}"), Asked::Other);
    assert_eq!(
        (call_of_client("79000000012"), call_of_client("7900000001"), call_of_client("1001")),
        (Some(12), None, None)
    );
}

#[test]
fn a_batch_is_cut_into_its_commands() {
    let body = r#"{"auth":"a","cmd":{"c00":"m.one?A=1&B=%22","c01":"m.two?"},"halt":0}"#;
    assert_eq!(commands(body), [("c00", "m.one", "A=1&B=%22"), ("c01", "m.two", "")]);
    assert!(commands("{}").is_empty());
    assert_eq!(field(r#"{"auth":"user-7"}"#, "auth"), Some("user-7"));
    assert_eq!(field("client_id=bench7&x=1", "client_id"), Some("bench7"));
    assert_eq!(field("", "auth"), None);
}
