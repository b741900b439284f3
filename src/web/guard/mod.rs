//! Who may: administrators by cookie, employees by ticket, log-ins by number and from one browser.

mod admin;
mod browser;
mod same_site;
mod throttle;
mod ticket;

pub(crate) use admin::{SignedIn, ended_cookie, session_cookie, token_of};
pub(crate) use browser::BrowserMark;
pub(crate) use same_site::SameSite;
pub use throttle::ClientAddr;
pub(crate) use throttle::{Throttle, client_address};
pub(crate) use ticket::Ticket;
