//! How many bytes of bodies may be held at once, by all requests together.
//!
//! Anybody can begin thousands of large bodies and send them slowly. What portals and cards send is small and is always
//! taken; larger bodies share one allotment, which each holds until nobody needs its bytes any more.

use crate::metrics::Exposition;
use bytes::{Bytes, BytesMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// This much of every body needs no share: an event is two kilobytes, the form of a card with many bindings a few more.
/// Times the connections that may be unused (1,024) it is 8 MiB.
const FREE: usize = 8 * 1024;
/// What all larger bodies hold together: sixteen number tables of the largest size, or 256 of the largest forms.
const ALTOGETHER: usize = 16 * 1024 * 1024;

/// What larger bodies share.
#[derive(Debug, Clone)]
pub(crate) struct BodyMemory {
    shares: Arc<Semaphore>,
    refused: Arc<AtomicU64>,
}

impl Default for BodyMemory {
    fn default() -> Self {
        Self { shares: Arc::new(Semaphore::new(ALTOGETHER)), refused: Arc::default() }
    }
}

impl BodyMemory {
    /// Bodies since the start for which there was no room.
    pub(crate) fn metrics(&self, out: &mut Exposition) {
        let help = "Large bodies of requests for which there was no room.";
        out.counter("ecss_crm_bodies_refused_total", help, self.refused.load(Ordering::Relaxed));
    }

    /// Room for a body that begins.
    pub(super) fn begin(&self) -> IncomingBody {
        IncomingBody { room: self.clone(), bytes: BytesMut::new(), share: None }
    }
}

/// There is no room for a larger body now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NoMemoryLeft;

/// A body that is being read.
pub(super) struct IncomingBody {
    room: BodyMemory,
    bytes: BytesMut,
    share: Option<OwnedSemaphorePermit>,
}

impl IncomingBody {
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn add(&mut self, chunk: &[u8]) -> Result<(), NoMemoryLeft> {
        let held = self.share.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let missing = (self.bytes.len() + chunk.len()).saturating_sub(FREE + held);
        if missing > 0 {
            let missing = u32::try_from(missing).unwrap_or(u32::MAX);
            let Ok(more) = self.room.shares.clone().try_acquire_many_owned(missing) else {
                self.room.refused.fetch_add(1, Ordering::Relaxed);
                return Err(NoMemoryLeft);
            };
            match &mut self.share {
                Some(share) => share.merge(more),
                None => self.share = Some(more),
            }
        }
        self.bytes.extend_from_slice(chunk);
        Ok(())
    }

    /// The whole body; its share is given back with the last of its bytes.
    pub(super) fn done(self) -> Bytes {
        Bytes::from_owner(HeldBytes { bytes: self.bytes.freeze(), _share: self.share })
    }
}

struct HeldBytes {
    bytes: Bytes,
    _share: Option<OwnedSemaphorePermit>,
}

impl AsRef<[u8]> for HeldBytes {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_bodies_are_always_taken_and_large_ones_share() {
        let room = BodyMemory::default();
        let large = vec![b'a'; 1024 * 1024];
        let fill = || {
            let mut body = room.begin();
            body.add(&large).map(|()| body.done())
        };
        let held: Vec<_> = (0..16).map_while(|_| fill().ok()).collect();
        assert_eq!(held.len(), 16);
        assert_eq!((fill(), room.refused.load(Ordering::Relaxed)), (Err(NoMemoryLeft), 1));
        let small: Vec<_> = (0..1000)
            .map(|_| {
                let mut body = room.begin();
                body.add(&large[..FREE]).map(|()| body.done())
            })
            .collect();
        assert!(small.iter().all(|body| body.as_ref().is_ok_and(|bytes| bytes.len() == FREE)));
        let part = held[0].slice(..1);
        drop(held);
        assert_eq!((0..16).filter(|_| fill().is_ok()).count(), 16, "the shares come back");
        drop(part);
        assert_eq!(room.shares.available_permits(), ALTOGETHER);
    }

    #[test]
    fn a_body_pays_for_what_is_above_the_free_part_only() {
        let room = BodyMemory::default();
        let mut body = room.begin();
        for _ in 0..10 {
            body.add(&vec![b'x'; 1024]).expect("room");
        }
        assert_eq!((body.len(), room.shares.available_permits()), (10 * 1024, ALTOGETHER - 2 * 1024));
    }
}
