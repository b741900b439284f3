//! The whole back end against a switch on a real socket.

mod certificates;
mod connecting;
mod heavy;
mod rig;
mod talking;
mod unread;
