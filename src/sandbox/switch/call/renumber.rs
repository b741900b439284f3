//! The other number changes during the call (field cases, row 3): a technical number while it rings and the client's
//! later, a hidden number that becomes known, a party that is exchanged by the far side.

use super::{CallId, Leg, LegId, Party, Refusal, Turn};
use std::sync::Arc;

impl Turn<'_> {
    /// The leg shows this number from its next news on.
    pub(in crate::sandbox::switch) fn renumber(&mut self, id: LegId, remote: &Arc<str>) {
        let now = self.now;
        let leg = self.leg(id);
        if leg.remote == *remote {
            return;
        }
        let name = self.state.name_of(&self.call(leg.call).domain, remote);
        let leg = self.leg_mut(id);
        let before = std::mem::replace(&mut leg.remote, Arc::clone(remote));
        leg.earlier_remotes.push((now, before));
        leg.name = name;
    }

    /// The same, and the leg says so at once.
    pub(in crate::sandbox::switch) fn renumber_now(&mut self, id: LegId, remote: &Arc<str>) {
        self.renumber(id, remote);
        self.show(&[id]);
    }

    /// All telephones that have this call learn another number of the party outside, in one frame.
    pub(in crate::sandbox::switch) fn renumber_all(&mut self, call: CallId, remote: &Arc<str>) -> Result<(), Refusal> {
        let legs = self.running(call)?.legs.clone();
        let is_phone = |leg: &Leg| leg.party == Party::Phone && !leg.is_over();
        let phones: Vec<LegId> = legs.into_iter().filter(|leg| is_phone(self.leg(*leg))).collect();
        for leg in &phones {
            self.renumber(*leg, remote);
        }
        self.show(&phones);
        Ok(())
    }

    /// Shows a leg as it stood some time ago.
    pub(in crate::sandbox::switch) fn show_old(&mut self, leg: Leg) {
        self.frames.push(vec![leg]);
    }
}
