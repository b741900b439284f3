//! Lines that say the same again and again: the first ones are written, of the rest only how many there were.
//!
//! A kind of line is a place in the program, the company it is about, and of a request the status it was answered with:
//! a flood of what is refused must not hide what was served. Nothing is lost in silence: the number of
//! lines left out, also of errors, follows as a line of its own with the next line that is written, or at the end.

use super::bounded::{Bounded, MESSAGE};
use super::company::COMPANY_FIELD;
use super::level::LogLevel;
use crate::clock::Clock;
use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tracing::callsite::Identifier;
use tracing::field::{Field, Visit};
use tracing::{Event, Metadata};

/// How long lines of a kind are counted, in milliseconds.
const WINDOW_MS: i64 = 10_000;

/// Lines of a kind that are written within that time, up to `info`: more than any company has to say about itself, and
/// with the longest lines some 400 KiB.
const FEW: u64 = 100;

/// The same for `http` and beyond, where every request and every decision is wanted: 300 in a second, half as many
/// again as a busy server answers when cards open everywhere.
const MANY: u64 = 3_000;

/// Kinds that are told apart at a time; beyond that companies are not, so that invented ones cost no memory.
const MOST_KINDS: usize = 1024;

/// The longest status.
const STATUS: usize = 8;

/// The longest name of a company that is told apart, in bytes.
const COMPANY: usize = 64;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct LineKind {
    place: Identifier,
    company: String,
    status: String,
}

#[derive(Debug)]
struct Window {
    since: i64,
    written: u64,
    left_out: Option<LeftOut>,
}

/// Lines of one kind that were not written.
#[derive(Debug, Clone)]
pub struct LeftOut {
    /// What they had in common.
    pub what: &'static Metadata<'static>,
    /// The message of the first of them.
    pub message: String,
    /// How many.
    pub lines: u64,
}

/// Counts lines by kind.
#[derive(Debug)]
pub struct Repeats {
    clock: Clock,
    kinds: Mutex<Kinds>,
}

#[derive(Debug, Default)]
struct Kinds {
    windows: HashMap<LineKind, Window>,
    /// Of windows that have begun again.
    ended: Vec<LeftOut>,
    /// Whether anything was left out that has not been reported yet.
    owing: bool,
    total: u64,
}

impl Repeats {
    /// Nothing counted yet.
    pub fn new(clock: Clock) -> Self {
        Self { clock, kinds: Mutex::default() }
    }

    /// Whether this one is to be written; `within` is the company it is about where it names none itself.
    pub fn admit(&self, event: &Event<'_>, within: Option<&str>) -> bool {
        let what = event.metadata();
        let most = if LogLevel::of(what) <= LogLevel::Info { FEW } else { MANY };
        let mut company = Of { field: COMPANY_FIELD, text: String::new(), most: COMPANY };
        event.record(&mut company);
        if let Some(within) = within.filter(|_| company.text.is_empty()) {
            company.text = Bounded::of(COMPANY, within);
        }
        let mut status = Of { field: "status", text: String::new(), most: STATUS };
        event.record(&mut status);
        let (now, mut kinds) = (self.clock.now().millis(), self.kinds());
        let mut kind = LineKind { place: what.callsite(), company: company.text, status: status.text };
        if !kinds.windows.contains_key(&kind) && kinds.windows.len() >= MOST_KINDS {
            kinds.windows.retain(|_, window| !over(window, now) || window.left_out.is_some());
            if kinds.windows.len() >= MOST_KINDS {
                kind.company.clear();
                kind.status.clear();
            }
        }
        let kinds = &mut *kinds;
        let window = kinds.windows.entry(kind).or_insert(Window { since: now, written: 0, left_out: None });
        if over(window, now) {
            // Told before the line that is written now.
            kinds.ended.extend(window.left_out.take());
            (window.since, window.written) = (now, 0);
        }
        if window.written < most {
            window.written += 1;
            return true;
        }
        match &mut window.left_out {
            Some(left_out) => left_out.lines += 1,
            none => {
                let mut message = Of { field: "message", text: String::new(), most: MESSAGE };
                event.record(&mut message);
                *none = Some(LeftOut { what, message: message.text, lines: 1 });
            }
        }
        kinds.owing = true;
        kinds.total += 1;
        false
    }

    /// Takes what is to be reported by now; all of it at the end.
    pub fn take(&self, all: bool) -> Vec<LeftOut> {
        let (now, mut kinds) = (self.clock.now().millis(), self.kinds());
        if !kinds.owing {
            return Vec::new();
        }
        let due = |window: &Window| window.left_out.is_some() && (all || over(window, now));
        let mut taken = std::mem::take(&mut kinds.ended);
        taken.extend(kinds.windows.extract_if(|_, window| due(window)).filter_map(|(_, window)| window.left_out));
        kinds.owing = kinds.windows.values().any(|window| window.left_out.is_some());
        taken
    }

    /// Lines left out since the start.
    pub fn total(&self) -> u64 {
        self.kinds().total
    }

    fn kinds(&self) -> MutexGuard<'_, Kinds> {
        self.kinds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A clock that was set back ends a window as well.
const fn over(window: &Window, now: i64) -> bool {
    now >= window.since + WINDOW_MS || now < window.since
}

/// One field of an event, as text.
struct Of {
    field: &'static str,
    text: String,
    most: usize,
}

impl Visit for Of {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == self.field {
            self.text = Bounded::of(self.most, format_args!("{value:?}"));
        }
    }
}
