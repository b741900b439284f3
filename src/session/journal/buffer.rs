//! Steps that wait in memory for a disk that fails, merged into what is still worth storing.

use crate::domain::{CallKey, CrmCallId, ExternalId, Timestamp};
use crate::store::{CallUpdate, EventId, IntentId, NewIntent, Record, TimedRecord, TraceLine};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

/// About so many bytes may wait in one company; then lines of stories are given up, the oldest first.
const MOST_BYTES: usize = 64 << 20;
/// Lines of stories stored together.
const LINES: usize = 2_000;

/// What waits. Of a call only its last state counts, and a request that was settled meanwhile counts for nothing;
/// requests are never given up.
#[derive(Debug, Default)]
pub(super) struct WriteBuffer {
    calls: BTreeMap<CallKey, (Timestamp, CallUpdate)>,
    intents: BTreeMap<IntentId, (Timestamp, NewIntent)>,
    settled: BTreeSet<IntentId>,
    crm_ids: HashMap<ExternalId, (Timestamp, CrmCallId)>,
    handled: Vec<(Timestamp, EventId)>,
    trace: VecDeque<TraceLine>,
    /// About how much memory all that takes.
    bytes: usize,
    steps: u64,
    dropped: u64,
    /// What [`Self::next`] has given out last.
    given: Given,
}

#[derive(Debug, Default)]
enum Given {
    #[default]
    Nothing,
    State,
    Lines(usize),
}

impl WriteBuffer {
    /// Adds a step behind the others.
    pub fn add(&mut self, step: TimedRecord) {
        let TimedRecord { at, record, ids } = step;
        self.steps += 1;
        for call in record.calls {
            self.bytes += call.body.len();
            if let Some((_, old)) = self.calls.insert(call.key.clone(), (at, call)) {
                self.bytes -= old.body.len();
            }
        }
        for (id, intent) in ids.into_iter().zip(record.intents) {
            self.bytes += intent.body.len();
            self.intents.insert(id, (at, intent));
        }
        for id in record.settled {
            match self.intents.remove(&id) {
                Some((_, intent)) => self.bytes -= intent.body.len(),
                None => drop(self.settled.insert(id)),
            }
        }
        self.crm_ids.extend(record.crm_ids.into_iter().map(|(lane, crm)| (lane, (at, crm))));
        self.handled.extend(record.handled.into_iter().map(|id| (at, id)));
        for line in record.trace {
            self.bytes += line.text.len();
            self.trace.push_back(line);
        }
        self.drop_lines_to(MOST_BYTES);
    }

    fn drop_lines_to(&mut self, most: usize) {
        while self.bytes > most
            && let Some(line) = self.trace.pop_front()
        {
            self.bytes -= line.text.len();
            self.dropped += 1;
        }
    }

    /// What to store next, in one transaction: first everything that belongs together, then the stories piece by
    /// piece. Given out again until [`Self::done`].
    pub fn next(&mut self) -> Option<Vec<TimedRecord>> {
        let state = self.state();
        if !state.is_empty() {
            self.given = Given::State;
            return Some(state);
        }
        let lines: Vec<_> = self.trace.iter().take(LINES).cloned().collect();
        let at = lines.first()?.at;
        self.given = Given::Lines(lines.len());
        Some(vec![TimedRecord { at, record: Record { trace: lines, ..Record::default() }, ids: Vec::new() }])
    }

    fn state(&self) -> Vec<TimedRecord> {
        let of = |at: Timestamp, record: Record| TimedRecord { at, record, ids: Vec::new() };
        let calls =
            self.calls.values().map(|(at, call)| of(*at, Record { calls: vec![call.clone()], ..Record::default() }));
        let intents = self.intents.iter().map(|(id, (at, intent))| TimedRecord {
            ids: vec![*id],
            ..of(*at, Record { intents: vec![intent.clone()], ..Record::default() })
        });
        let names = self.crm_ids.iter().map(|(lane, (at, crm))| {
            of(*at, Record { crm_ids: vec![(lane.clone(), crm.clone())], ..Record::default() })
        });
        let handled = self.handled.iter().map(|(at, id)| of(*at, Record { handled: vec![*id], ..Record::default() }));
        let settled = (!self.settled.is_empty())
            .then(|| of(Timestamp(0), Record { settled: self.settled.iter().copied().collect(), ..Record::default() }));
        calls.chain(intents).chain(names).chain(handled).chain(settled).collect()
    }

    /// What was given out last is stored.
    pub fn done(&mut self) {
        match std::mem::take(&mut self.given) {
            Given::Nothing => {}
            Given::State => {
                self.calls.clear();
                self.intents.clear();
                self.settled.clear();
                self.crm_ids.clear();
                self.handled.clear();
            }
            Given::Lines(count) => drop(self.trace.drain(..count)),
        }
        let state =
            self.calls.values().map(|(_, c)| c.body.len()).chain(self.intents.values().map(|(_, i)| i.body.len()));
        self.bytes = state.chain(self.trace.iter().map(|l| l.text.len())).sum();
    }

    /// What the CRM calls a lane, if that waits.
    pub fn crm_id(&self, lane: &ExternalId) -> Option<&CrmCallId> {
        self.crm_ids.get(lane).map(|(_, crm)| crm)
    }

    /// Steps taken in.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Lines given up.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn too_much_costs_the_oldest_lines_and_no_request() {
        let mut buffer = WriteBuffer::default();
        for n in 0..10 {
            buffer.add(step(n, "ten bytes."));
        }
        buffer.drop_lines_to(250);
        assert_eq!((buffer.dropped(), buffer.trace[0].at, buffer.intents.len()), (5, Timestamp(5), 10));
        buffer.drop_lines_to(0);
        assert_eq!((buffer.dropped(), buffer.intents.len(), buffer.calls.len()), (10, 10, 10));
    }

    #[test]
    fn what_is_given_out_is_given_again_until_it_is_done_and_stories_come_last() {
        let mut buffer = WriteBuffer::default();
        for n in 0..3 {
            buffer.add(step(n, "x"));
        }
        buffer.add(TimedRecord {
            record: Record { settled: vec![IntentId(1), IntentId(77)], ..Record::default() },
            ..step(3, "x")
        });
        let first = buffer.next().unwrap();
        let ids = |steps: &[TimedRecord]| steps.iter().flat_map(|s| s.ids.clone()).collect::<Vec<_>>();
        assert_eq!(ids(&first), [IntentId(0), IntentId(2)], "what was settled meanwhile is not even stored");
        assert!(first.iter().any(|s| s.record.settled == [IntentId(77)]));
        assert_eq!(ids(&buffer.next().unwrap()), ids(&first));
        buffer.done();
        let lines = buffer.next().unwrap();
        assert_eq!((lines.len(), lines[0].record.trace.len()), (1, 3));
        buffer.done();
        assert!(buffer.next().is_none());
        assert_eq!(buffer.bytes, 0);
    }
}
