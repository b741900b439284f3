//! Which of those who open our pages and have proved nothing the portal is asked about next.
//!
//! Anybody can show tokens by the thousand, and the portal answers few questions. Who comes from where somebody has
//! proved himself before goes first; of the others each network has its turn.

mod call_tokens;
mod lots;
mod queue;
mod recent;
#[cfg(test)]
mod tests;

pub use call_tokens::CallTokens;
pub use queue::{Turn, TurnRefused, VisitorQueue};
