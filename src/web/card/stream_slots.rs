//! Who follows calls: each open stream takes a connection for as long as its card is open, so that nobody may have too
//! many of them.
//!
//! An employee with many tabs looks at the newest one, so within a ticket and of one employee the oldest stream gives
//! way, and its card says so and comes back when it is looked at. When a company or all of them together have as many
//! as there may be, who holds most gives way, but only to somebody who holds clearly less: otherwise the newcomer is
//! asked to come back later, as taking a place from an equal one would only move the lack about.

use crate::domain::{CompanyId, Timestamp, UserId};
use crate::metrics::Exposition;
use crate::web::guard::Ticket;
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio_util::sync::CancellationToken;

/// How many streams there may be at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct StreamLimits {
    /// Of one ticket: a card that comes back after a lost connection, before the old one is known to be lost.
    ticket: usize,
    /// Of one employee: some calls at once in some tabs of the portal.
    employee: usize,
    company: usize,
    /// Of all companies together.
    total: usize,
}

impl StreamLimits {
    /// A quarter of the connections stays free for what the portals send, for pages and for buttons, which need one for
    /// a moment only. No company has more than half of the rest.
    const fn within(connections: usize) -> Self {
        let total = connections - connections / 4;
        Self { ticket: 4, employee: 16, company: total.div_ceil(2), total }
    }
}

type SlotHolder = (CompanyId, UserId);

#[derive(Debug)]
struct CardStream {
    number: u64,
    /// When the portal vouched for its ticket; no two cards have the same moment, and renewing keeps it.
    ticket: Timestamp,
    taken: CancellationToken,
}

#[derive(Debug, Default)]
struct Open {
    /// Those of an employee, the oldest first.
    streams: HashMap<SlotHolder, VecDeque<CardStream>>,
    companies: HashMap<CompanyId, usize>,
    total: usize,
}

/// All open streams.
#[derive(Debug)]
pub(crate) struct StreamSlots {
    limits: StreamLimits,
    open: Mutex<Open>,
    next: AtomicU64,
    gave_way: AtomicU64,
    refused: AtomicU64,
}

/// One stream's entry; dropping it frees the entry.
#[derive(Debug)]
pub(crate) struct StreamSlot {
    stream_slots: Arc<StreamSlots>,
    holder: SlotHolder,
    number: u64,
    /// Cancelled when another stream has taken the place.
    pub(crate) taken: CancellationToken,
}

impl StreamSlots {
    /// Nobody follows anything yet; this many connections are served at once.
    pub(crate) fn within(connections: usize) -> Self {
        Self {
            limits: StreamLimits::within(connections),
            open: Mutex::default(),
            next: AtomicU64::new(0),
            gave_way: AtomicU64::new(0),
            refused: AtomicU64::new(0),
        }
    }

    /// A place for one more stream of this ticket; `None` if there is none now.
    pub(crate) fn take(self: &Arc<Self>, ticket: &Ticket) -> Option<StreamSlot> {
        let (holder, taken) = ((ticket.company.clone(), ticket.user), CancellationToken::new());
        let mut open = self.open();
        match open.room_for(&holder, ticket.vouched_at, &self.limits) {
            Room::Free => {}
            Room::InsteadOf(holder, number) => {
                let removed = open.remove(&holder, number);
                removed.inspect(|stream| stream.taken.cancel());
                self.gave_way.fetch_add(1, Ordering::Relaxed);
            }
            Room::None => {
                self.refused.fetch_add(1, Ordering::Relaxed);
                return None;
            }
        }
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        open.add(&holder, CardStream { number, ticket: ticket.vouched_at, taken: taken.clone() });
        drop(open);
        Some(StreamSlot { stream_slots: self.clone(), holder, number, taken })
    }

    /// Writes how many there are, have given way and were refused.
    pub(crate) fn metrics(&self, out: &mut Exposition) {
        out.gauge("ecss_crm_card_streams", "Open streams of cards.", self.open().total as u64);
        let help = "Streams of cards closed for a newer one.";
        out.counter("ecss_crm_card_streams_gave_way_total", help, self.gave_way.load(Ordering::Relaxed));
        let help = "Streams of cards for which there was no room.";
        out.counter("ecss_crm_card_streams_refused_total", help, self.refused.load(Ordering::Relaxed));
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether there is room for one more.
enum Room {
    Free,
    /// If this one gives way.
    InsteadOf(SlotHolder, u64),
    None,
}

impl Open {
    fn room_for(&self, holder: &SlotHolder, ticket: Timestamp, limits: &StreamLimits) -> Room {
        let own = self.streams.get(holder);
        let count = own.map_or(0, VecDeque::len);
        let mut of_ticket = own.into_iter().flatten().filter(|stream| stream.ticket == ticket);
        if let Some(oldest) = of_ticket.next().filter(|_| 1 + of_ticket.count() >= limits.ticket) {
            return Room::InsteadOf(holder.clone(), oldest.number);
        }
        if count >= limits.employee {
            return self.oldest_of(holder);
        }
        let company = &holder.0;
        let of_company = self.of_company(company);
        if of_company < limits.company && self.total < limits.total {
            return Room::Free;
        }
        let greediest = self.companies.iter().max_by_key(|(_, streams)| **streams);
        let greedier = greediest.filter(|(_, streams)| of_company < limits.company && **streams > of_company + 1);
        match greedier {
            Some((other, _)) => self.greediest_in(other).map_or(Room::None, |(holder, _)| self.oldest_of(holder)),
            None => match self.greediest_in(company) {
                Some((colleague, streams)) if streams > count + 1 => self.oldest_of(colleague),
                _ => Room::None,
            },
        }
    }

    fn of_company(&self, company: &CompanyId) -> usize {
        self.companies.get(company).copied().unwrap_or(0)
    }

    /// The employee of a company who has most streams.
    fn greediest_in(&self, company: &CompanyId) -> Option<(&SlotHolder, usize)> {
        let own = self.streams.iter().filter(|((of, _), _)| of == company);
        own.map(|(holder, streams)| (holder, streams.len())).max_by_key(|(_, streams)| *streams)
    }

    fn oldest_of(&self, holder: &SlotHolder) -> Room {
        let oldest = self.streams.get(holder).and_then(VecDeque::front);
        oldest.map_or(Room::None, |stream| Room::InsteadOf(holder.clone(), stream.number))
    }

    fn add(&mut self, holder: &SlotHolder, stream: CardStream) {
        self.streams.entry(holder.clone()).or_default().push_back(stream);
        *self.companies.entry(holder.0.clone()).or_default() += 1;
        self.total += 1;
    }

    fn remove(&mut self, holder: &SlotHolder, number: u64) -> Option<CardStream> {
        let streams = self.streams.get_mut(holder)?;
        let at = streams.iter().position(|stream| stream.number == number)?;
        let removed = streams.remove(at);
        if streams.is_empty() {
            self.streams.remove(holder);
        }
        self.total -= 1;
        if let Some(count) = self.companies.get_mut(&holder.0) {
            *count -= 1;
            if *count == 0 {
                self.companies.remove(&holder.0);
            }
        }
        removed
    }
}

impl Drop for StreamSlot {
    fn drop(&mut self) {
        self.stream_slots.open().remove(&self.holder, self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The ticket of a card that employee has opened at that moment.
    fn card(company: &str, user: i64, opened: i64) -> Ticket {
        Ticket::new(company.into(), UserId(user), Timestamp(opened))
    }

    fn taken(stream_slots: &[StreamSlot]) -> Vec<usize> {
        stream_slots.iter().enumerate().filter(|(_, slot)| slot.taken.is_cancelled()).map(|(n, _)| n).collect()
    }

    fn room(limits: StreamLimits) -> Arc<StreamSlots> {
        Arc::new(StreamSlots { limits, ..StreamSlots::within(0) })
    }

    #[test]
    fn the_oldest_stream_of_an_employee_gives_way_and_nobody_elses() {
        let stream_slots = Arc::new(StreamSlots::within(4096));
        let colleague = stream_slots.take(&card("m", 2, 0)).unwrap();
        let mut own: Vec<_> = (0..=16).map(|n| stream_slots.take(&card("m", 1, n)).unwrap()).collect();
        assert_eq!(taken(&own), [0]);
        own.truncate(2);
        own.push(stream_slots.take(&card("m", 1, 20)).unwrap());
        assert!(!own[1].taken.is_cancelled() && !colleague.taken.is_cancelled(), "there is room again");
        let figures = |stream_slots: &StreamSlots| {
            let mut out = Exposition::default();
            stream_slots.metrics(&mut out);
            out.finish()
        };
        assert!(figures(&stream_slots).contains("\necss_crm_card_streams 3\n"), "{}", figures(&stream_slots));
        assert!(
            figures(&stream_slots).contains("\necss_crm_card_streams_gave_way_total 1\n"),
            "{}",
            figures(&stream_slots)
        );
        drop((own, colleague));
        let open = stream_slots.open();
        assert!(open.streams.is_empty() && open.companies.is_empty() && open.total == 0, "{open:?}");
    }

    #[test]
    fn one_ticket_has_a_handful_of_streams() {
        let stream_slots = Arc::new(StreamSlots::within(4096));
        let other_card = stream_slots.take(&card("m", 1, 7)).unwrap();
        let own: Vec<_> = (0..6).map(|_| stream_slots.take(&card("m", 1, 8)).unwrap()).collect();
        assert_eq!(taken(&own), [0, 1]);
        assert!(!other_card.taken.is_cancelled());
    }

    #[test]
    fn a_full_company_takes_from_who_holds_most_and_refuses_equals() {
        let stream_slots = room(StreamLimits { ticket: 4, employee: 16, company: 5, total: 100 });
        let greedy: Vec<_> = (0..4).map(|n| stream_slots.take(&card("m", 1, n)).unwrap()).collect();
        let modest = [stream_slots.take(&card("m", 2, 0)).unwrap()];
        let other_company = [stream_slots.take(&card("n", 1, 0)).unwrap()];
        let first = stream_slots.take(&card("m", 3, 0)).unwrap();
        assert_eq!((taken(&greedy), taken(&modest), taken(&other_company)), (vec![0], vec![], vec![]));
        let second = stream_slots.take(&card("m", 4, 0)).unwrap();
        assert_eq!(taken(&greedy), [0, 1]);
        assert!(stream_slots.take(&card("m", 2, 1)).is_none(), "two would be as many as the most");
        assert!(stream_slots.take(&card("n", 1, 1)).is_some(), "the other company has room");
        assert_eq!(stream_slots.refused.load(Ordering::Relaxed), 1);
        drop((first, second));
    }

    #[test]
    fn when_all_is_full_the_company_with_most_gives_way_to_who_has_clearly_less() {
        let stream_slots = room(StreamLimits { ticket: 4, employee: 16, company: 6, total: 8 });
        let large: Vec<_> = (0..6).map(|n| stream_slots.take(&card("large", 1 + n / 3, n)).unwrap()).collect();
        let small: Vec<_> = (0..2).map(|n| stream_slots.take(&card("small", n, 0)).unwrap()).collect();
        let newcomers: Vec<_> = (0..2).map(|n| stream_slots.take(&card("new", n, 0)).unwrap()).collect();
        assert_eq!((taken(&large).len(), taken(&small)), (2, vec![]));
        let more = stream_slots.take(&card("small", 7, 0)).unwrap();
        assert_eq!((taken(&large).len(), taken(&small), taken(&newcomers)), (3, vec![], vec![]));
        assert!(stream_slots.take(&card("small", 8, 0)).is_none(), "nobody holds clearly more");
        drop(more);
    }

    #[test]
    fn portals_and_pages_always_find_a_connection() {
        let limits = StreamLimits::within(4096);
        assert_eq!((limits.total, limits.company), (3072, 1536));
        let stream_slots = Arc::new(StreamSlots::within(40));
        let held: Vec<_> = (0..100).filter_map(|n| stream_slots.take(&card(&format!("c{n}"), n, 0))).collect();
        assert_eq!(held.len(), 30);
    }
}
