//! Who follows calls: each open stream takes a connection, so that an employee has a handful of them at most.

use crate::domain::{CompanyId, UserId};
use crate::metrics::Exposition;
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio_util::sync::CancellationToken;

/// Streams of one employee: some calls at once in some tabs of the portal. One more, and the oldest gives way.
const MOST: usize = 16;

type Holder = (CompanyId, UserId);
type Streams = VecDeque<(u64, CancellationToken)>;

/// All open streams.
#[derive(Debug, Default)]
pub(crate) struct Seats {
    open: Mutex<HashMap<Holder, Streams>>,
    next: AtomicU64,
    gave_way: AtomicU64,
}

/// One stream's entry; dropping it frees the entry.
#[derive(Debug)]
pub(crate) struct Seat {
    seats: Arc<Seats>,
    holder: Holder,
    number: u64,
    /// Cancelled when a newer stream of the same employee has taken the place.
    pub(crate) taken: CancellationToken,
}

impl Seats {
    /// A place for one more stream of this employee.
    pub(crate) fn take(self: &Arc<Self>, company: CompanyId, user: UserId) -> Seat {
        let (holder, taken) = ((company, user), CancellationToken::new());
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let mut open = self.open();
        let streams = open.entry(holder.clone()).or_default();
        if streams.len() >= MOST
            && let Some((_, oldest)) = streams.pop_front()
        {
            oldest.cancel();
            self.gave_way.fetch_add(1, Ordering::Relaxed);
        }
        streams.push_back((number, taken.clone()));
        drop(open);
        Seat { seats: self.clone(), holder, number, taken }
    }

    /// Writes how often a stream has given way.
    pub(crate) fn metrics(&self, out: &mut Exposition) {
        let help = "Streams of cards closed for a newer one of the same employee.";
        out.counter("ecss_crm_card_streams_gave_way_total", help, self.gave_way.load(Ordering::Relaxed));
    }

    fn open(&self) -> MutexGuard<'_, HashMap<Holder, Streams>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut open = self.seats.open();
        let Some(streams) = open.get_mut(&self.holder) else { return };
        streams.retain(|(number, _)| *number != self.number);
        if streams.is_empty() {
            open.remove(&self.holder);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_stream_of_an_employee_gives_way_and_nobody_elses() {
        let seats = Arc::new(Seats::default());
        let colleague = seats.take("m".into(), UserId(2));
        let mut own: Vec<_> = (0..=MOST).map(|_| seats.take("m".into(), UserId(1))).collect();
        let taken: Vec<_> = own.iter().map(|seat| seat.taken.is_cancelled()).collect();
        assert_eq!((taken[0], taken[1..].iter().any(|t| *t)), (true, false));
        own.truncate(2);
        own.push(seats.take("m".into(), UserId(1)));
        assert!(!own[1].taken.is_cancelled() && !colleague.taken.is_cancelled(), "there is room again");
        assert_eq!(seats.gave_way.load(Ordering::Relaxed), 1);
        drop((own, colleague));
        assert!(seats.open().is_empty());
    }
}
