//! The call brain: from legs seen on the switch to what the CRM and the employees' cards should be told.
//!
//! A [`Call`] is one call of the switch with all the legs we have seen of it. What the CRM knows of it is a
//! list of [`CrmCall`]s: usually one, another for each employee who takes the call over after somebody has
//! already talked. [`step()`] takes one event and returns what is to be done; it never fails and never waits.
//!
//! Inside, a step first *merges* the news into the legs (later phases win, repeated and overtaken news
//! change nothing), then *reconciles*: it derives from all legs who should see a card and whether a CRM call
//! is over, and emits only the difference to what has been told already. So duplicates and reordering need
//! no special cases, and a call loaded from the store goes on where it stood.
//!
//! What a leg can be doing stands in `leg_life`, its part in a CRM call in `crm_share`, where a CRM call stands in `crm`, and
//! how all this is written down in `stored`.
//!
//! Where things are decided: what news of a leg mean, and when one id of the switch stands for two people's time
//! (`leg_updates`); what happens when the client's number becomes known late or changes (`renumber`); which CRM call a leg belongs to (`assign`); who talks when several phones are picked up (`races`); who
//! sees a card and when a call is missed (`reconcile`); how it ended (`outcome`); what gives way when a call has become
//! too large (`limits`). A call counts its own time, which
//! never goes back even if the clock does (`state`).

mod action;
mod assign;
mod click;
mod crm;
mod crm_share;
mod event;
mod leg;
mod leg_life;
mod leg_updates;
mod limits;
mod note;
mod outcome;
mod races;
mod reconcile;
mod redate;
mod renumber;
mod repeats;
mod state;
mod step;
mod stored;
mod view;

#[cfg(test)]
mod tests;

pub use action::{Action, CrmStep, FinishStatus, Intent, Reason};
pub use click::{CallClick, Click, ClickDialling, ClickFacts, CrmItem, CrmItemKind};
pub use crm::{CrmCall, CrmCallKind};
pub use event::{DialFailure, Event, Sighting};
pub use leg::Leg;
pub use note::Note;
pub use state::{Call, CallPolicy};
pub use step::{Step, step};
