//! Legs the switch has forgotten while the connection holds (field cases, row 5): nothing is reported of them any more, not
//! even their end, until somebody remembers.

use super::{CallId, LegId, Refusal, Turn};

impl Turn<'_> {
    /// Nothing is reported of this leg from now on.
    pub(in crate::sandbox::switch) fn forget(&mut self, id: LegId) -> Result<(), Refusal> {
        self.live(id)?;
        self.leg_mut(id).silent = true;
        Ok(())
    }

    /// Nothing is reported of any leg of this call from now on.
    pub(in crate::sandbox::switch) fn forget_call(&mut self, call: CallId) -> Result<(), Refusal> {
        for leg in self.running(call)?.legs.clone() {
            self.leg_mut(leg).silent = true;
        }
        Ok(())
    }

    /// What was forgotten of this call is reported now, as it stands now.
    pub(in crate::sandbox::switch) fn remember(&mut self, call: CallId) -> Result<(), Refusal> {
        let known = self.state.calls.get(&call).ok_or(Refusal::NoSuchCall)?;
        let silent: Vec<LegId> = known.legs.iter().copied().filter(|leg| self.leg(*leg).silent).collect();
        for leg in &silent {
            self.leg_mut(*leg).silent = false;
        }
        self.show(&silent);
        Ok(())
    }
}
