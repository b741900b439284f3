//! Steps of one company that are not in the database yet, merged into what is still worth storing.

use crate::domain::{CallKey, CompanyId, CrmCallId, ExternalId, Timestamp};
use crate::store::bulk_write::BulkWrite;
use crate::store::{CallUpdate, EventId, IntentId, NewIntent, TimedRecord, TraceLine};
use crate::store::{calls, inbox, outbox, trace};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

/// About so many bytes may wait in one company; then lines of stories are given up, the oldest first.
const MOST_BYTES: usize = 64 << 20;

/// What each thing takes beside its texts, about: its place in a table, and its names.
const ENTRY: usize = 128;

/// What waits. Of a call only its last state counts, and a request that was settled meanwhile counts for nothing;
/// requests are never given up.
#[derive(Debug, Default)]
pub(super) struct WriteBuffer {
    calls: HashMap<CallKey, WaitingCall>,
    intents: BTreeMap<IntentId, (Timestamp, NewIntent)>,
    settled: BTreeSet<IntentId>,
    crm_ids: HashMap<ExternalId, (Timestamp, CrmCallId)>,
    handled: Vec<(Timestamp, EventId)>,
    trace: VecDeque<TraceLine>,
    /// About how much memory all that takes.
    bytes: usize,
    steps: u64,
    dropped: u64,
}

#[derive(Debug)]
struct WaitingCall {
    first: Timestamp,
    last: Timestamp,
    update: CallUpdate,
}

/// One thing that is written, where things are written one by one.
pub(super) type Part<'a> = Box<dyn Fn(&mut BulkWrite, &CompanyId) + Send + Sync + 'a>;

impl WriteBuffer {
    /// Adds a step behind the others.
    pub fn add(&mut self, step: TimedRecord) {
        let TimedRecord { at, record, ids } = step;
        self.steps += 1;
        for call in record.calls {
            self.put_call(WaitingCall { first: at, last: at, update: call });
        }
        for (id, intent) in ids.into_iter().zip(record.intents) {
            self.bytes += intent.body.len() + ENTRY;
            self.intents.insert(id, (at, intent));
        }
        record.settled.into_iter().for_each(|id| self.settle(id));
        self.crm_ids.extend(record.crm_ids.into_iter().map(|(lane, crm)| (lane, (at, crm))));
        self.handled.extend(record.handled.into_iter().map(|id| (at, id)));
        record.trace.into_iter().for_each(|line| self.push_line(line));
        self.drop_lines_to(MOST_BYTES);
    }

    /// Adds what has waited longer than this, but could not be written.
    pub fn put_before(&mut self, older: Self) {
        let newer = std::mem::replace(self, older);
        newer.calls.into_values().for_each(|call| self.put_call(call));
        for (id, (at, intent)) in newer.intents {
            self.bytes += intent.body.len() + ENTRY;
            self.intents.insert(id, (at, intent));
        }
        newer.settled.into_iter().for_each(|id| self.settle(id));
        self.crm_ids.extend(newer.crm_ids);
        self.handled.extend(newer.handled);
        newer.trace.into_iter().for_each(|line| self.push_line(line));
        self.steps += newer.steps;
        self.dropped += newer.dropped;
        self.drop_lines_to(MOST_BYTES);
    }

    fn put_call(&mut self, call: WaitingCall) {
        self.bytes += call.update.body.len() + ENTRY;
        match self.calls.get_mut(&call.update.key) {
            Some(old) => {
                self.bytes -= old.update.body.len() + ENTRY;
                (old.last, old.update) = (call.last, call.update);
            }
            None => drop(self.calls.insert(call.update.key.clone(), call)),
        }
    }

    /// The request is taken out of the database all the same: a move that came to no end may have put it there.
    fn settle(&mut self, id: IntentId) {
        if let Some((_, intent)) = self.intents.remove(&id) {
            self.bytes -= intent.body.len() + ENTRY;
        }
        if self.settled.insert(id) {
            self.bytes += size_of::<IntentId>();
        }
    }

    fn push_line(&mut self, line: TraceLine) {
        self.bytes += line.text.len() + ENTRY;
        self.trace.push_back(line);
    }

    fn drop_lines_to(&mut self, most: usize) {
        while self.bytes > most
            && let Some(line) = self.trace.pop_front()
        {
            self.bytes -= line.text.len() + ENTRY;
            self.dropped += 1;
        }
    }

    /// Everything, each thing once: calls in the order in which they began to wait, lines together with the others of
    /// their call.
    pub fn parts(&self) -> Vec<Part<'_>> {
        let mut calls: Vec<_> = self.calls.values().collect();
        calls.sort_by(|a, b| (a.first, &a.update.key).cmp(&(b.first, &b.update.key)));
        let mut lines: Vec<(&CallKey, Vec<&TraceLine>)> = Vec::new();
        let mut places = HashMap::new();
        for line in &self.trace {
            let place = *places.entry(&line.call).or_insert(lines.len());
            match lines.get_mut(place) {
                Some((_, of_call)) => of_call.push(line),
                None => lines.push((&line.call, vec![line])),
            }
        }
        let mut parts: Vec<Part<'_>> = Vec::new();
        for call in calls {
            parts.push(Box::new(|batch, company| calls::put(batch, company, &call.update, call.first, call.last)));
        }
        for (id, (at, intent)) in &self.intents {
            parts.push(Box::new(|batch, company| outbox::put(batch, company, *id, intent, *at)));
        }
        for (lane, (at, crm)) in &self.crm_ids {
            parts.push(Box::new(|batch, company| outbox::name_lane(batch, company, lane, crm, *at)));
        }
        for (at, id) in &self.handled {
            parts.push(Box::new(|batch, company| inbox::handle(batch, company, *id, *at)));
        }
        for id in &self.settled {
            parts.push(Box::new(|batch, company| outbox::settle(batch, company, *id)));
        }
        for (call, lines) in lines {
            parts.push(Box::new(move |batch, company| trace::put(batch, company, call, &lines)));
        }
        parts
    }

    /// The state of a call, if that waits.
    pub fn call(&self, key: &CallKey) -> Option<&str> {
        self.calls.get(key).map(|call| call.update.body.as_str())
    }

    /// What the CRM calls a lane, if that waits.
    pub fn crm_id(&self, lane: &ExternalId) -> Option<&CrmCallId> {
        self.crm_ids.get(lane).map(|(_, crm)| crm)
    }

    /// The newest request that was decided in here, also if it is settled.
    pub fn last_intent(&self) -> Option<IntentId> {
        let waiting = self.intents.last_key_value().map(|(id, _)| *id);
        waiting.max(self.settled.last().copied())
    }

    /// Steps taken in.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// About how many bytes of memory it takes.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// How many lines were given up since this was asked last.
    pub fn take_dropped(&mut self) -> u64 {
        std::mem::take(&mut self.dropped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Record;

    fn step(n: i64, text: &str) -> TimedRecord {
        let call = CallKey::from(format!("c{n}").as_str());
        let record = Record {
            intents: vec![NewIntent { lane: "l".into(), call: call.clone(), body: text.into() }],
            trace: vec![TraceLine { call: call.clone(), at: Timestamp(n), text: text.into() }],
            calls: vec![CallUpdate { key: call, body: text.into(), ended_at: None }],
            ..Record::default()
        };
        TimedRecord { at: Timestamp(n), record, ids: vec![IntentId(n)] }
    }

    fn settles(ids: &[i64]) -> TimedRecord {
        let settled = ids.iter().map(|n| IntentId(*n)).collect();
        TimedRecord { at: Timestamp(9), record: Record { settled, ..Record::default() }, ids: Vec::new() }
    }

    #[test]
    fn too_much_costs_the_oldest_lines_and_no_request() {
        let mut buffer = WriteBuffer::default();
        for n in 0..10 {
            buffer.add(step(n, "ten bytes."));
        }
        buffer.drop_lines_to(25 * (10 + ENTRY));
        assert_eq!((buffer.dropped, buffer.trace[0].at, buffer.intents.len()), (5, Timestamp(5), 10));
        buffer.drop_lines_to(0);
        assert_eq!((buffer.take_dropped(), buffer.intents.len(), buffer.calls.len()), (10, 10, 10));
        assert_eq!(buffer.take_dropped(), 0);
    }

    #[test]
    fn a_request_that_is_settled_is_not_written_any_more_and_taken_out_in_any_case() {
        let mut buffer = WriteBuffer::default();
        (0..3).for_each(|n| buffer.add(step(n, "x")));
        buffer.add(settles(&[1, 77]));
        assert_eq!(buffer.intents.keys().copied().collect::<Vec<_>>(), [IntentId(0), IntentId(2)]);
        assert_eq!(buffer.settled.iter().copied().collect::<Vec<_>>(), [IntentId(1), IntentId(77)]);
        assert_eq!(buffer.last_intent(), Some(IntentId(77)), "settled, but given");
        assert_eq!(buffer.bytes, 8 + 8 * ENTRY + 2 * 8, "calls, requests and lines; settled ids");
    }

    #[test]
    fn what_could_not_be_written_stands_before_what_has_come_since() {
        let (mut older, mut newer) = (WriteBuffer::default(), WriteBuffer::default());
        older.add(step(1, "old"));
        older.add(step(2, "old"));
        newer.add(TimedRecord { at: Timestamp(7), ids: vec![IntentId(3)], ..step(1, "newer") });
        newer.add(settles(&[2]));
        newer.put_before(older);
        let call = &newer.calls[&"c1".into()];
        assert_eq!((call.first, call.last, call.update.body.as_str()), (Timestamp(1), Timestamp(7), "newer"));
        assert_eq!(newer.intents.keys().copied().collect::<Vec<_>>(), [IntentId(1), IntentId(3)]);
        assert_eq!(newer.settled.iter().copied().collect::<Vec<_>>(), [IntentId(2)]);
        assert_eq!(newer.trace.iter().map(|line| line.text.as_str()).collect::<Vec<_>>(), ["old", "old", "newer"]);
        let (calls, requests, lines) = (5 + 3, 3 + 5, 3 + 3 + 5);
        assert_eq!(newer.bytes, calls + requests + lines + 7 * ENTRY + 8);
        assert_eq!(newer.steps, 4);
    }
}
