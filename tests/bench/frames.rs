//! What the switch says of a call.

use super::portal_setup::{EMPLOYEES, FIRST_NUMBER};
use super::reading::CLIENT;
use ecss_crm_server::clock::Clock;

/// Said once after a connection was opened.
pub const OPEN: &str = r#"{"event":"connection_state","data":{"state":"open"}}"#;

/// The one leg of a call that comes from outside to one employee.
pub struct CallFrames {
    pub call: usize,
    /// When it was answered, in the switch's own spelling.
    answered: Option<String>,
}

impl CallFrames {
    pub fn new(call: usize) -> Self {
        Self { call, answered: None }
    }

    pub fn ringing(&self) -> String {
        self.leg("alerting")
    }

    /// The first one answers the call now; later ones repeat what is known.
    pub fn talking(&mut self) -> String {
        self.answered.get_or_insert_with(|| {
            let now = jiff::Timestamp::from_millisecond(Clock::system().now().millis()).unwrap_or_default();
            now.strftime("\"%Y/%m/%d %H:%M:%S\"").to_string()
        });
        self.leg("talking")
    }

    pub fn released(&self) -> String {
        self.leg("released")
    }

    fn leg(&self, status: &str) -> String {
        let (call, answered) = (self.call, self.answered.as_deref().unwrap_or("null"));
        let number = FIRST_NUMBER + call % EMPLOYEES;
        format!(
            "{{\"event\":\"conversations_event\",\"data\":[{{\"id\":\"{call:012x}01\",\"call_id\":\"{call:012x}00\",\
             \"call_ref\":\"{call:012x}f0\",\"direction\":\"in\",\"digits\":\"{number}\",\
             \"remote_digits\":\"{CLIENT}{call:09}\",\"display_name\":null,\"status\":\"{status}\",\
             \"answer_time\":{answered},\"workitem_id\":null}}]}}"
        )
    }
}
