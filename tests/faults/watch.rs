//! The daemon's memory while something goes on.

use super::stage::Stage;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Memory of the whole process in MiB, whatever is sent.
pub const MOST_MEMORY: u64 = 160;
/// How often it is looked at.
pub const LOOK: Duration = Duration::from_millis(100);

/// Looks at the daemon's memory until `stop`; the most that was seen, in MiB.
pub async fn memory(stage: &Stage, stop: &CancellationToken) -> u64 {
    let (mut often, mut most) = (tokio::time::interval(LOOK), stage.daemon.memory());
    while stop.run_until_cancelled(often.tick()).await.is_some() {
        most = most.max(stage.daemon.memory());
    }
    most
}
