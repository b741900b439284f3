//! How many tokens are shown for one running call.

use crate::domain::CrmCallId;
use std::collections::BTreeMap;

/// Tokens that may be shown for one running call. Its id cannot be guessed; a group of fifty opens fifty cards, some
/// twice.
pub(super) const TOKENS_OF_CALL: u32 = 200;
/// Calls whose tokens are counted; many more than ring at once.
pub(super) const CALLS: usize = 4096;

/// Counts the tokens shown for each running call of one company.
#[derive(Debug, Default)]
pub struct CallTokens(BTreeMap<CrmCallId, u32>);

impl CallTokens {
    /// Whether one more token may be shown for this call.
    pub fn admit(&mut self, call: &CrmCallId) -> bool {
        if self.0.len() >= CALLS {
            self.0.clear();
        }
        let shown = self.0.entry(call.clone()).or_default();
        *shown = shown.saturating_add(1);
        *shown <= TOKENS_OF_CALL
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}
