//! Listening: sockets, TLS, and the serving of connections, for any router.

pub mod bind;
pub mod serve;
pub mod tls;
