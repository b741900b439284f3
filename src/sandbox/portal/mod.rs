//! A simulated Bitrix24: portals with their REST interface, the authorization server, events, call cards and a
//! page that looks like the real one.
//!
//! It is a witness, not a mock: it does what the portal is known to do, quirks and limits included, whatever our
//! own client happens to send. Several portals live in one [`PortalWorld`]; each is driven and judged through
//! its [`SimPortal`]. Servers are real sockets: every portal speaks HTTP and HTTPS on one port, so that a browser
//! can look at `http://127.0.0.1:PORT/` while REST insists on HTTPS.
//!
//! Where to look: `methods` is the REST interface, `calls` the telephony behind it, `grants` the tokens,
//! `server` the sockets, `outgoing` what the portal sends, `handle` and `judging` what tests use.

mod answer;
mod calls;
mod fault;
mod frames;
mod grants;
mod handle;
mod ids;
mod judge;
mod judging;
mod limits;
mod methods;
mod network;
mod outgoing;
mod params;
mod phones;
mod php;
mod screens;
mod server;
mod spec;
mod state;
mod story;
#[cfg(test)]
mod tests;
mod timing;
mod world;

pub use calls::{Bound, FinishedCall, OpenCall};
pub use fault::{Fault, Odd};
pub use frames::FramePost;
pub use grants::Pair;
pub use handle::SimPortal;
pub use judge::{Delivery, Push, PushKind, Request, Verdict, Violation};
pub use network::Network;
pub use outgoing::{ClickRefused, Clicked, ClickedIn};
pub use phones::{PhoneActions, PhoneError, PhoneFuture, PhoneMode, PhoneState};
pub use spec::{AppKeys, AppSpec, Bucket, Client, Limits, Operating, PortalSpec, User, UserKind};
pub use state::{EventAuth, Handler, Placement};
pub use world::{PortalWorld, WorldOptions};
