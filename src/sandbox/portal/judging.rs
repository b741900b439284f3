//! One portal in a test's hands: what it has seen.

use super::calls::{FinishedCall, OpenCall};
use super::handle::SimPortal;
use super::judge::{Delivery, Push, Request, Verdict, Violation};
use super::state::{Handler, Placement};

impl SimPortal {
    /// REST requests so far.
    pub fn requests(&self) -> Vec<Request> {
        self.read(|p| p.log.requests().to_vec())
    }

    /// Requests of one method (lower case), alone or inside a batch.
    pub fn requests_of(&self, method: &str) -> Vec<Request> {
        self.read(|p| p.log.requests().iter().filter(|r| r.method == method).cloned().collect())
    }

    /// Calls that are not finished.
    pub fn open_calls(&self) -> Vec<OpenCall> {
        self.read(|p| p.calls.clone())
    }

    /// Finished calls, in order.
    pub fn finished_calls(&self) -> Vec<FinishedCall> {
        self.read(|p| p.finished.clone())
    }

    /// The missed-call counter: number and employee.
    pub fn missed_calls(&self) -> Vec<(String, i64)> {
        self.read(|p| p.missed.clone())
    }

    /// Cards on screens: employee and `CALL_ID`.
    pub fn visible(&self) -> Vec<(i64, String)> {
        self.read(|p| p.screens.all().map(|(user, card)| (user, card.call.clone())).collect())
    }

    /// Push messages so far.
    pub fn pushes(&self) -> Vec<Push> {
        self.read(|p| p.pushes.clone())
    }

    /// Events sent so far.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.read(|p| p.deliveries.clone())
    }

    /// Bound events.
    pub fn handlers(&self) -> Vec<Handler> {
        self.read(|p| p.handlers.clone())
    }

    /// Bound placements.
    pub fn placements(&self) -> Vec<Placement> {
        self.read(|p| p.placements.clone())
    }

    /// External lines: number and name.
    pub fn lines(&self) -> Vec<(String, String)> {
        self.read(|p| p.lines.iter().map(|(number, line)| (number.clone(), line.name.clone())).collect())
    }

    /// Whether clicks by this line make CRM items; `None` for a line that is not there.
    pub fn creates_for_line(&self, number: &str) -> Option<bool> {
        self.read(|p| p.lines.get(number).map(|line| line.crm_auto_create))
    }

    /// What a correct client never does.
    pub fn violations(&self) -> Vec<Violation> {
        self.read(|p| p.log.violations.clone())
    }

    /// What is left undone and what was done wrong.
    pub fn verdict(&self) -> Verdict {
        self.read(|p| p.verdict())
    }

    /// Panics with a list unless the verdict is silent.
    pub fn assert_silent(&self) {
        let verdict = self.verdict();
        assert!(verdict.is_silent(), "portal {}:\n{verdict}", self.member_id());
    }
}
