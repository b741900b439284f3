//! Listening: sockets, TLS, and the serving of connections, for any router.

mod beside;
pub mod bind;
pub mod inherit;
pub mod serve;
pub mod tls;
