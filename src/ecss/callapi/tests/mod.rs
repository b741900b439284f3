//! The whole back end against a switch on a real socket.

mod connecting;
mod rig;
mod talking;
mod unread;
