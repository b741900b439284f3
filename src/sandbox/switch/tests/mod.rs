//! The simulated switch seen from outside, through a client that knows nothing of its inside.

mod captures;
mod client;
mod commands;
mod groups;
mod load;
mod quirks;
mod register;
mod support;
mod transfers;
mod trouble;
