//! How often a client was turned away before any handler saw it, for metrics.

use crate::metrics::Exposition;
use std::sync::atomic::{AtomicU64, Ordering};

/// Requests of which it is not clear whom they are for.
static UNCLEAR_HOST: AtomicU64 = AtomicU64::new(0);
/// Connections closed to make room for others.
static GAVE_WAY: AtomicU64 = AtomicU64::new(0);
/// Connections refused because their source had its share.
static OVER_SHARE: AtomicU64 = AtomicU64::new(0);

/// One more request with an unclear `Host`.
pub(super) fn unclear_host() {
    UNCLEAR_HOST.fetch_add(1, Ordering::Relaxed);
}

/// One more connection that gave way.
pub(super) fn gave_way() {
    GAVE_WAY.fetch_add(1, Ordering::Relaxed);
}

/// One more connection of a source that has its share.
pub(super) fn over_share() {
    OVER_SHARE.fetch_add(1, Ordering::Relaxed);
}

/// Writes them.
pub fn metrics(out: &mut Exposition) {
    for (name, help, count) in [
        ("ecss_crm_requests_unclear_total", "Requests refused because of their Host header.", &UNCLEAR_HOST),
        ("ecss_crm_connections_gave_way_total", "Unused connections closed to make room for others.", &GAVE_WAY),
        ("ecss_crm_connections_refused_total", "Connections of sources that had their share.", &OVER_SHARE),
    ] {
        out.counter(name, help, count.load(Ordering::Relaxed));
    }
}
