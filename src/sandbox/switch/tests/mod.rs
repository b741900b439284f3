//! The simulated switch seen from outside, through a client that knows nothing of its inside.

mod captures;
mod client;
mod commands;
mod field;
mod groups;
mod load;
mod moves;
mod quirks;
mod register;
mod support;
mod transfers;
mod trouble;
