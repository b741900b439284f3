//! Calls that the switch names differently than we do.

use crate::domain::{CallKey, SwitchCallId};
use std::collections::{HashMap, VecDeque};

/// Names of one call that are remembered, the newest: a call is renamed when it is parked or picked up, not all the time.
const MOST_PER_CALL: usize = 16;

#[derive(Debug, Default)]
pub(super) struct CallAliases {
    keys: HashMap<SwitchCallId, CallKey>,
    names: HashMap<CallKey, VecDeque<SwitchCallId>>,
}

impl CallAliases {
    /// Our key of the call that the switch names so.
    pub fn get(&self, name: &SwitchCallId) -> Option<&CallKey> {
        self.keys.get(name)
    }

    /// The switch names this call so.
    pub fn add(&mut self, name: SwitchCallId, key: CallKey) {
        if let Some(before) = self.keys.insert(name.clone(), key.clone()) {
            if before == key {
                return;
            }
            self.names.entry(before).or_default().retain(|other| *other != name);
        }
        let names = self.names.entry(key).or_default();
        names.push_back(name);
        if names.len() > MOST_PER_CALL
            && let Some(oldest) = names.pop_front()
        {
            self.keys.remove(&oldest);
        }
    }

    /// The call is in memory no longer; tells its names.
    pub fn forget(&mut self, key: &CallKey) -> VecDeque<SwitchCallId> {
        let names = self.names.remove(key).unwrap_or_default();
        for name in &names {
            self.keys.remove(name);
        }
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_is_renamed_without_end_keeps_its_newest_names() {
        let mut aliases = CallAliases::default();
        let name = |n: usize| SwitchCallId::new(format!("s{n}"));
        for n in 0..1_000 {
            aliases.add(name(n), "ours".into());
            aliases.add(name(n), "ours".into());
        }
        assert_eq!((aliases.keys.len(), aliases.names[&"ours".into()].len()), (MOST_PER_CALL, MOST_PER_CALL));
        assert_eq!((aliases.get(&name(999)), aliases.get(&name(0))), (Some(&"ours".into()), None));
        aliases.add(name(999), "another".into());
        aliases.forget(&"ours".into());
        assert_eq!((aliases.keys.len(), aliases.get(&name(999))), (1, Some(&"another".into())));
    }
}
