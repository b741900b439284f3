//! Whole calls: each rings, is answered and ends. The nth begins at n/rate, whatever the measured program does.

use super::far_side::FarSide;
use super::figures::Distribution;
use super::frames::CallFrames;
use super::ledger::CallMoment;
use super::subject::Subject;
use serde_json::{Value, json};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until};

/// How long a telephone rings, and how long people talk.
const RINGS: Duration = Duration::from_millis(500);
const TALKS: Duration = Duration::from_millis(1200);
/// How long the portal may have to wait for the last request.
const PATIENCE: Duration = Duration::from_secs(30);
/// Every request that comes twice has come by then.
const SECOND_THOUGHTS: Duration = Duration::from_millis(300);

/// Calls that are spread evenly over time and over these companies.
#[derive(Debug, Clone)]
pub struct Load {
    pub companies: Range<usize>,
    pub per_second: usize,
    pub calls: usize,
}

/// What came of a load.
#[derive(Debug)]
pub struct Outcome {
    pub calls: usize,
    /// Milliseconds from frame to register request, in the order of the calls.
    pub register_ms: Vec<f64>,
    pub unregistered: usize,
    pub unfinished: usize,
    /// Registered or finished more than once.
    pub doubled: usize,
    /// Finished with a length that the conversation did not have.
    pub wrong: usize,
    pub cpu_seconds: f64,
    pub resident_mib: f64,
    /// How late the bench itself began a call, at worst.
    pub lag_ms: f64,
}

impl Load {
    /// So many calls a second for so many seconds.
    pub fn of(companies: Range<usize>, per_second: usize, seconds: usize) -> Self {
        Self { companies, per_second, calls: per_second * seconds }
    }

    /// Plays the calls to their end and judges what the portals were told.
    pub async fn play(&self, far: &Arc<FarSide>, subject: &Subject) -> anyhow::Result<Outcome> {
        let before = subject.usage()?;
        let (begin, mut lag) = (Instant::now(), Duration::ZERO);
        let (mut numbers, mut calls) = (Vec::with_capacity(self.calls), tokio::task::JoinSet::new());
        for n in 0..self.calls {
            let due = begin + Duration::from_secs_f64(n as f64 / self.per_second as f64);
            sleep_until(due).await;
            lag = lag.max(due.elapsed());
            let (number, company) = (far.ledger.begin(), self.companies.start + n % self.companies.len());
            numbers.push(number);
            calls.spawn(call(far.clone(), company, number));
            while calls.try_join_next().is_some() {}
        }
        while calls.join_next().await.is_some() {}
        let ended = Instant::now();
        while !far.ledger.all_finished(&numbers) && ended.elapsed() < PATIENCE {
            sleep(Duration::from_millis(20)).await;
        }
        sleep(SECOND_THOUGHTS).await;
        let after = subject.usage()?;
        let records: Vec<_> = numbers.iter().map(|number| far.ledger.record(*number)).collect();
        let count =
            |judge: &dyn Fn(&super::ledger::CallRecord) -> bool| records.iter().filter(|record| judge(record)).count();
        Ok(Outcome {
            calls: records.len(),
            register_ms: records.iter().filter_map(super::ledger::CallRecord::register_ms).collect(),
            unregistered: count(&|record| record.registers == 0),
            unfinished: count(&|record| record.finishes == 0),
            doubled: count(&|record| record.registers > 1 || record.finishes > 1),
            wrong: count(&super::ledger::CallRecord::is_wrong),
            cpu_seconds: after.cpu_seconds - before.cpu_seconds,
            resident_mib: after.resident_mib,
            lag_ms: lag.as_secs_f64() * 1000.0,
        })
    }
}

async fn call(far: Arc<FarSide>, company: usize, number: usize) {
    let mut frames = CallFrames::new(number);
    far.switch.say(company, frames.ringing(), Some((number, CallMoment::Rang)));
    sleep(RINGS).await;
    far.switch.say(company, frames.talking(), Some((number, CallMoment::Answered)));
    sleep(TALKS).await;
    far.switch.say(company, frames.released(), Some((number, CallMoment::Released)));
}

impl Outcome {
    pub fn register(&self) -> Distribution {
        Distribution::of(self.register_ms.iter().copied())
    }

    pub fn cpu_per_thousand(&self) -> f64 {
        self.cpu_seconds * 1000.0 / self.calls as f64
    }

    /// Calls that the portals know falsely.
    pub fn faults(&self) -> usize {
        self.unregistered + self.unfinished + self.doubled + self.wrong
    }

    /// What is said of the calls at the end of a line.
    pub fn verdict(&self) -> String {
        if self.faults() == 0 {
            return format!("all {} calls whole", self.calls);
        }
        let Self { unregistered, unfinished, doubled, wrong, calls, .. } = self;
        format!(
            "OF {calls} CALLS {unregistered} UNREGISTERED, {unfinished} UNFINISHED, {doubled} DOUBLED, {wrong} WRONG"
        )
    }

    pub fn json(&self) -> Value {
        let register = self.register();
        json!({
            "calls": self.calls, "register_p50_ms": register.p50(), "register_p99_ms": register.p99(),
            "register_max_ms": register.percentile(100), "cpu_s_per_1000_calls": self.cpu_per_thousand(),
            "resident_mib": self.resident_mib, "pacing_lag_ms": self.lag_ms, "unregistered": self.unregistered,
            "unfinished": self.unfinished, "doubled": self.doubled, "wrong": self.wrong,
        })
    }
}
