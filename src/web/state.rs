//! What every handler shares.

use super::card::StreamSlots;
use super::guard::Throttle;
use super::read::BodyMemory;
use super::service::WebService;
use crate::clock::Clock;
use crate::metrics::Exposition;
use std::fmt;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use url::Url;

/// What every handler shares; cheap to clone.
#[derive(Clone)]
pub struct WebState {
    /// The rest of the daemon.
    pub service: Arc<dyn WebService>,
    /// Public base address without a slash at its end; every link starts with it.
    pub base: Arc<str>,
    /// Prefixes to take off a request's path, the first that matches.
    pub prefixes: Arc<[String]>,
    /// Signs tickets of cards.
    pub key: [u8; 32],
    /// Tells the time.
    pub clock: Clock,
    /// Ends the streams when the daemon stops.
    pub shutdown: CancellationToken,
    /// Writes metrics of the process around these pages.
    pub(crate) process_metrics: fn(&mut Exposition),
    /// Open streams of cards.
    pub(crate) stream_slots: Arc<StreamSlots>,
    pub(crate) throttle: Arc<Throttle>,
    /// Shared by all bodies that are being read.
    pub(crate) bodies: BodyMemory,
    origin: Arc<str>,
    path: Arc<str>,
}

impl WebState {
    /// Puts the shared things together. This many connections are served at once.
    pub fn new(
        service: Arc<dyn WebService>,
        base: &str,
        prefixes: Vec<String>,
        key: [u8; 32],
        clock: Clock,
        shutdown: CancellationToken,
        connections: usize,
    ) -> Self {
        let base = base.trim_end_matches('/');
        let url = Url::parse(base).ok();
        let origin = url.as_ref().map_or_else(String::new, |u| u.origin().ascii_serialization());
        let path = url.as_ref().map_or("/", Url::path).to_owned();
        Self {
            service,
            base: base.into(),
            prefixes: prefixes.into(),
            key,
            clock,
            shutdown,
            process_metrics: |_| (),
            stream_slots: Arc::new(StreamSlots::within(connections)),
            throttle: Arc::default(),
            bodies: BodyMemory::default(),
            origin: origin.into(),
            path: path.into(),
        }
    }

    /// Shows these metrics too.
    #[must_use]
    pub fn with_process_metrics(self, process_metrics: fn(&mut Exposition)) -> Self {
        Self { process_metrics, ..self }
    }

    /// Scheme, host and port of the public address.
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// Path of the public address, for cookies: `/` or without a slash at its end.
    pub(crate) fn base_path(&self) -> &str {
        &self.path
    }
}

impl fmt::Debug for WebState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebState").field("base", &self.base).field("prefixes", &self.prefixes).finish_non_exhaustive()
    }
}
