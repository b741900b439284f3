//! Listening: sockets, TLS, and the serving of connections, for any router.

mod beside;
pub(crate) mod bind;
pub(crate) mod inherit;
pub(crate) mod serve;
pub(crate) mod tls;

pub use bind::tcp;
pub use serve::serve;
pub use tls::{PairFiles, Tls};
