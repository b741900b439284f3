//! How long the hot path takes. Not a test of right or wrong: run it with
//! `cargo test --release store::tests::timing -- --ignored --nocapture` and read the figures.

use super::{new_company, store, tokens};
use crate::domain::{CallKey, CompanyId, Timestamp};
use crate::store::{CallUpdate, NewIntent, Record, Store, TraceLine};
use std::time::{Duration, Instant};

/// A step as it is when a phone begins to ring: a call, a request and some lines.
fn step(call: &str, requests: usize) -> Record {
    let key = CallKey::from(call);
    let text = r#"{"leg":"0001","own":"1001","remote":"+79835551122","state":"ringing"}"#;
    let line = TraceLine { call: key.clone(), at: Timestamp(5), text: text.to_owned() };
    let intent = NewIntent { lane: call.into(), call: key.clone(), body: text.repeat(6) };
    Record {
        calls: vec![CallUpdate { key, body: text.repeat(16), ended_at: None }],
        intents: vec![intent; requests],
        trace: vec![line; 4],
        ..Record::default()
    }
}

/// CPU time of this process so far in microseconds, all threads, from the kernel's count of 10 ms ticks.
fn cpu() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<_> = stat.rsplit(") ").next().unwrap().split(' ').collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    ticks * 10_000
}

fn show(what: &str, mut spans: Vec<Duration>, cpu: u64) {
    spans.sort_unstable();
    let at = |share: f64| spans[((spans.len() - 1) as f64 * share) as usize];
    let each = cpu / spans.len() as u64;
    println!("{what}: p50 {:?}, p90 {:?}, p99 {:?}, max {:?}; CPU {each} µs", at(0.5), at(0.9), at(0.99), at(1.0));
}

fn many(store: &Store, company: &CompanyId, what: &str, requests: usize) {
    let mut spans = Vec::new();
    let before = cpu();
    for i in 0..3000 {
        let record = step(&format!("call-{}", i / 4), requests);
        let begin = Instant::now();
        store.keep(company, record, Timestamp(i));
        spans.push(begin.elapsed());
    }
    show(what, spans, cpu() - before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "prints figures for a person"]
async fn one_step_after_the_other() {
    let (_dir, store, company) = store().await;
    let keeper = store.clone();
    let keeper = tokio::spawn(async move { keeper.tend(&crate::clock::Clock::system()).await });
    let (mut spans, before) = (Vec::new(), cpu());
    for _ in 0..3000 {
        let begin = Instant::now();
        let mut turn = store.single_swift().await.unwrap();
        sqlx::query("SELECT 1").execute(turn.conn()).await.unwrap();
        turn.commit().await.unwrap();
        spans.push(begin.elapsed());
    }
    show("the database thread's bare answer", spans, cpu() - before);
    many(&store, &company, "warm up", 1);
    many(&store, &company, "call + trace", 0);
    many(&store, &company, "call + trace + 1 request", 1);
    many(&store, &company, "call + trace + 2 requests", 2);
    keeper.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "prints figures for a person"]
async fn steps_of_many_companies() {
    let (_dir, store, _) = store().await;
    let keeper = store.clone();
    let keeper = tokio::spawn(async move { keeper.tend(&crate::clock::Clock::system()).await });
    for i in 0..200 {
        let other = new_company(&format!("member-{i}"), "x.example");
        store.register_company(&other, &tokens(i), Timestamp(1)).await.unwrap();
    }
    let (begin, before) = (Instant::now(), cpu());
    let tasks: Vec<_> = (0..200)
        .map(|i| {
            let (store, company) = (store.clone(), CompanyId::new(format!("member-{i}")));
            tokio::spawn(async move {
                let mut spans = Vec::new();
                for n in 0..100 {
                    let record = step(&format!("call-{i}-{}", n / 4), n % 2);
                    let begin = Instant::now();
                    store.keep(&company, record, Timestamp(n as i64));
                    tokio::task::yield_now().await;
                    spans.push(begin.elapsed());
                }
                spans
            })
        })
        .collect();
    let mut spans = Vec::new();
    for task in tasks {
        spans.extend(task.await.unwrap());
    }
    let took = begin.elapsed();
    println!("200 companies at once: {:.0} records/s", spans.len() as f64 / took.as_secs_f64());
    show("200 companies at once", spans, cpu() - before);
    keeper.abort();
}
