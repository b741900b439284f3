//! The only wall clock and the only source of randomness.
//!
//! A machine's clock may be set: by NTP soon after the start, by a person, by the end of a virtual machine's pause.
//! Spans measured across that would be wrong, and tasks that wait for a moment would wait for hours or not at all. The
//! daemon therefore lives by a steady clock, which takes over a corrected time a few seconds later, all at once. Those
//! who remember moments (the companies' actors) hold it until they can date again what they remember; all others must
//! bear a jump.

use crate::domain::Timestamp;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom as _, SystemRandom};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Tells the time; in tests a hand-driven one.
#[derive(Debug, Clone)]
pub struct Clock(TimeSource);

#[derive(Debug, Clone)]
enum TimeSource {
    System,
    /// With the origin this holder goes by; `None` follows every correction.
    Steady(Arc<Steady>, Option<i64>),
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// The machine's clock as it is, with every jump. For logs, and for what has no use for spans.
    pub const fn system() -> Self {
        Self(TimeSource::System)
    }

    /// A clock that runs evenly from now on, whatever is done to the machine's clock, and is corrected by
    /// [`Self::follow`]; clones share it.
    pub fn steady() -> Self {
        Self(TimeSource::Steady(Arc::new(Steady::start()), None))
    }

    /// A clock that stands still until it is moved; clones share it.
    pub fn manual(start: Timestamp) -> Self {
        Self(TimeSource::Manual(Arc::new(AtomicI64::new(start.millis()))))
    }

    /// Now, in Unix milliseconds UTC.
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            TimeSource::System => system_now(),
            TimeSource::Steady(steady, held) => steady.now(*held),
            TimeSource::Manual(millis) => Timestamp(millis.load(Ordering::SeqCst)),
        }
    }

    /// Notes this moment, to be dated later by a clock that may have been corrected in between.
    pub fn mark(&self) -> Mark {
        match &self.0 {
            TimeSource::Steady(steady, _) => Mark::Running(steady.run()),
            TimeSource::System | TimeSource::Manual(_) => Mark::Dated(self.now()),
        }
    }

    /// When a noted moment was, by this clock.
    pub fn dated(&self, mark: Mark) -> Timestamp {
        match (&self.0, mark) {
            (TimeSource::Steady(steady, held), Mark::Running(run)) => {
                Timestamp(held.unwrap_or_else(|| steady.origin())) + run
            }
            (_, Mark::Running(_)) => self.now(),
            (_, Mark::Dated(at)) => at,
        }
    }

    /// Moves a manual clock forward; the machine's clock is not ours to move, so there it does nothing.
    pub fn advance(&self, span: Duration) {
        if let TimeSource::Manual(millis) = &self.0 {
            millis.fetch_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX), Ordering::SeqCst);
        }
    }

    /// Compares a steady clock with the machine's and takes over a difference that lasts; to be called every
    /// [`FOLLOW`]. Returns by how many milliseconds the clock has jumped now.
    pub fn follow(&self) -> Option<i64> {
        let TimeSource::Steady(steady, _) = &self.0 else { return None };
        steady.follow()
    }

    /// The same clock for a holder that remembers moments and measures spans between them: it is corrected only when
    /// the holder calls [`Self::catch_up`], and can then date again what it remembers.
    #[must_use]
    pub fn held(&self) -> Self {
        match &self.0 {
            TimeSource::Steady(steady, _) => Self(TimeSource::Steady(steady.clone(), Some(steady.origin()))),
            other => Self(other.clone()),
        }
    }

    /// Takes over what a held clock was corrected by meanwhile; returns the milliseconds it has jumped.
    pub fn catch_up(&mut self) -> i64 {
        let TimeSource::Steady(steady, Some(held)) = &mut self.0 else { return 0 };
        let origin = steady.origin();
        origin - std::mem::replace(held, origin)
    }

    /// For tests: this much time passes at once for everything that lives by this steady clock, holders included. Tasks
    /// that sleep already find out when something wakes them.
    pub fn pass(&self, span: Duration) {
        if let TimeSource::Steady(steady, _) = &self.0 {
            steady.passed.fetch_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX), Ordering::SeqCst);
        }
    }

    /// For tests: a steady clock sees the machine's as if somebody had set it by this much, in milliseconds.
    pub fn set_machine(&self, by: i64) {
        if let TimeSource::Steady(steady, _) = &self.0 {
            steady.pretended.fetch_add(by, Ordering::SeqCst);
        }
    }
}

/// A moment noted by a [`Clock`] or one of its clones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// This long after a steady clock was started.
    Running(Duration),
    /// By a clock that is not corrected.
    Dated(Timestamp),
}

/// How often [`Clock::follow`] is to be called.
pub const FOLLOW: Duration = Duration::from_secs(2);
/// A difference up to this, in milliseconds, is no correction: spans count more than such a difference.
const TOLERATED: i64 = 1_000;
/// A greater one is believed when it has lasted this long.
const LASTING: Duration = Duration::from_secs(3);

/// Time that runs evenly: Unix milliseconds at the start, and what has passed since by the machine's monotonic clock.
#[derive(Debug)]
struct Steady {
    start: Instant,
    origin: AtomicI64,
    /// Since when the machine's clock differs.
    off_since: Mutex<Option<Instant>>,
    pretended: AtomicI64,
    /// Milliseconds that have passed by a test's word only.
    passed: AtomicI64,
}

impl Steady {
    fn start() -> Self {
        Self {
            start: Instant::now(),
            origin: AtomicI64::new(system_now().millis()),
            off_since: Mutex::default(),
            pretended: AtomicI64::new(0),
            passed: AtomicI64::new(0),
        }
    }

    fn origin(&self) -> i64 {
        self.origin.load(Ordering::SeqCst)
    }

    /// How long it has run.
    fn run(&self) -> Duration {
        let passed = u64::try_from(self.passed.load(Ordering::SeqCst)).unwrap_or_default();
        self.start.elapsed() + Duration::from_millis(passed)
    }

    fn now(&self, held: Option<i64>) -> Timestamp {
        Timestamp(held.unwrap_or_else(|| self.origin())) + self.run()
    }

    fn follow(&self) -> Option<i64> {
        let (pretended, passed) = (self.pretended.load(Ordering::SeqCst), self.passed.load(Ordering::SeqCst));
        let machine = system_now().millis() + pretended + passed;
        self.compare(Instant::now(), machine - self.now(None).millis())
    }

    /// The machine's clock is ahead by `off` milliseconds at this moment.
    fn compare(&self, at: Instant, off: i64) -> Option<i64> {
        let mut off_since = self.off_since.lock().unwrap_or_else(PoisonError::into_inner);
        if off.abs() <= TOLERATED {
            *off_since = None;
            return None;
        }
        let since = *off_since.get_or_insert(at);
        if at.duration_since(since) < LASTING {
            return None;
        }
        *off_since = None;
        self.origin.fetch_add(off, Ordering::SeqCst);
        Some(off)
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that asks the machine's clock")]
fn system_now() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
}

/// Bytes nobody can guess.
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).expect("the operating system has a random source");
    bytes
}

/// A number in 0.0..1.0, for jitter.
pub fn random_unit() -> f64 {
    f64::from(u32::from_le_bytes(random_bytes())) / (f64::from(u32::MAX) + 1.0)
}

/// A word nobody can guess, fit for URLs and cookies (32 random bytes, base64url).
pub fn random_token() -> String {
    URL_SAFE_NO_PAD.encode(random_bytes::<32>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_moves_only_when_told() {
        let clock = Clock::manual(Timestamp(1000));
        let twin = clock.clone();
        clock.advance(Duration::from_secs(2));
        assert_eq!(twin.now(), Timestamp(3000));
    }

    const HOUR: i64 = 3_600_000;

    #[test]
    fn a_noted_moment_is_dated_by_whoever_asks() {
        let manual = Clock::manual(Timestamp(1000));
        let mark = manual.mark();
        manual.advance(Duration::from_secs(9));
        assert_eq!(manual.dated(mark), Timestamp(1000));
        let clock = Clock::steady();
        let held = clock.held();
        let (mark, before) = (clock.mark(), held.dated(clock.mark()));
        let TimeSource::Steady(steady, _) = &clock.0 else { panic!("a steady clock") };
        steady.origin.fetch_add(HOUR, Ordering::SeqCst);
        assert!(held.dated(mark) <= before, "a holder of the clock dates as before");
        assert!(clock.dated(mark).millis() - held.dated(mark).millis() == HOUR);
    }

    #[test]
    fn a_steady_clock_takes_over_what_lasts_and_nothing_else() {
        for off in [HOUR, -HOUR, 1_001] {
            let steady = Steady::start();
            let (at, origin) = (Instant::now(), steady.origin());
            assert_eq!(steady.compare(at, off), None);
            assert_eq!(steady.compare(at + Duration::from_secs(2), 400), None, "it was set back at once");
            assert_eq!(steady.compare(at + Duration::from_secs(4), off), None);
            assert_eq!(steady.compare(at + Duration::from_secs(6), off), None);
            assert_eq!(steady.origin(), origin);
            assert_eq!(steady.compare(at + LASTING + Duration::from_secs(4), off), Some(off));
            assert_eq!(steady.origin(), origin + off);
        }
    }

    #[test]
    fn a_small_difference_is_never_taken_over() {
        let steady = Steady::start();
        let at = Instant::now();
        assert!((0..100).all(|n| steady.compare(at + FOLLOW * n, -TOLERATED).is_none()));
    }

    #[test]
    fn a_held_clock_jumps_when_its_holder_says_so() {
        let clock = Clock::steady();
        let mut held = clock.held();
        let TimeSource::Steady(steady, _) = &clock.0 else { panic!("steady") };
        steady.origin.fetch_add(-HOUR, Ordering::SeqCst);
        assert!(held.now().since(clock.now()) > Duration::from_secs(3_599));
        let twin = held.clone();
        assert_eq!(held.catch_up(), -HOUR);
        assert_eq!(held.catch_up(), 0);
        assert!(held.now().since(clock.now()) < Duration::from_secs(1));
        assert!(twin.now().since(held.now()) > Duration::from_secs(3_500), "a request under way keeps its time");
    }

    #[test]
    fn a_steady_clock_tells_the_machines_time_and_sees_it_set() {
        let clock = Clock::steady();
        let off = system_now().millis() - clock.now().millis();
        assert!(off.abs() <= TOLERATED, "{off}");
        clock.set_machine(HOUR);
        assert_eq!(clock.follow(), None, "not believed at once");
    }

    #[test]
    fn hours_that_pass_are_no_correction_and_count_for_holders_too() {
        let clock = Clock::steady();
        let mut held = clock.held();
        let before = held.now();
        let noted = clock.mark();
        clock.pass(Duration::from_secs(13 * 3_600));
        assert_eq!(clock.follow(), None);
        assert_eq!(held.catch_up(), 0);
        let passed = held.now().since(before).as_secs();
        assert!((46_800..46_810).contains(&passed), "{passed}");
        let since_noted = held.dated(clock.mark()).since(held.dated(noted)).as_secs();
        assert!((46_800..46_810).contains(&since_noted), "{since_noted}");
        assert!(clock.now().since(held.now()) < Duration::from_secs(1));
    }

    #[test]
    fn random_words_differ_and_jitter_stays_in_range() {
        assert_ne!(random_token(), random_token());
        assert!((0..100).all(|_| (0.0..1.0).contains(&random_unit())));
    }
}
