//! Which events reach a sink; the level can be changed while it runs.

use super::level::{LEVELS, LogLevel, begins};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use tracing::level_filters::LevelFilter;
use tracing::subscriber::Interest;
use tracing::{Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Filter};

/// A level shared by filters.
#[derive(Debug, Clone)]
pub struct Dial(Arc<AtomicU8>);

impl Dial {
    /// Set to `level`.
    pub fn new(level: LogLevel) -> Self {
        Self(Arc::new(AtomicU8::new(level as u8)))
    }

    /// What it is set to.
    pub fn get(&self) -> LogLevel {
        LEVELS.get(usize::from(self.0.load(Ordering::Relaxed))).copied().unwrap_or_default()
    }

    /// Sets it, for all events from now on.
    pub fn set(&self, level: LogLevel) {
        self.0.store(level as u8, Ordering::Relaxed);
        tracing::callsite::rebuild_interest_cache();
    }
}

/// Lets events up to a level pass. Libraries speak only from `warn` on, unless everything is wanted.
#[derive(Debug, Clone)]
pub struct UpTo {
    dial: Dial,
    at_most: Dial,
}

impl UpTo {
    /// Up to the dial's level, but never beyond `at_most`.
    pub const fn new(dial: Dial, at_most: Dial) -> Self {
        Self { dial, at_most }
    }

    fn level(&self) -> LogLevel {
        self.dial.get().min(self.at_most.get())
    }

    fn passes(&self, what: &Metadata<'_>) -> bool {
        // Spans carry the context of events of every level, so those of our own are always on.
        if what.is_span() {
            return is_own(what.target());
        }
        let (level, event) = (self.level(), LogLevel::of(what));
        event <= level && (is_own(what.target()) || event <= LogLevel::Warn || level == LogLevel::Silly)
    }
}

/// Whether it is a target of ours.
pub fn is_own(target: &str) -> bool {
    ["ecss_crm_server", "http", "verbose"].iter().any(|part| begins(target, part))
}

impl<S: Subscriber> Filter<S> for UpTo {
    fn enabled(&self, what: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        self.passes(what)
    }

    fn callsite_enabled(&self, what: &'static Metadata<'static>) -> Interest {
        if self.passes(what) { Interest::always() } else { Interest::never() }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        // Below INFO the spans would be lost.
        Some(self.level().ceiling().max(LevelFilter::INFO))
    }
}
