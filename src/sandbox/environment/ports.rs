//! Ports of our own: below those the machine gives to outgoing connections, so that nobody takes one while the daemon
//! that it belongs to is stopped.

use std::io;
use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};

/// Below 32768, where the outgoing ones begin on Linux unless an administrator has changed that.
const FIRST: u32 = 12_000;
const COUNT: u32 = 20_000;
/// Neighbouring processes begin so far from each other.
const APART: u32 = 16;

/// A port of 127.0.0.1 that nobody listens on; another one at each call.
///
/// # Errors
/// If there is none at all.
pub fn free_port() -> io::Result<u16> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let begin = std::process::id().wrapping_mul(APART) % COUNT;
    for _ in 0..COUNT {
        let next = u32::from(NEXT.fetch_add(1, Ordering::Relaxed));
        let port = u16::try_from(FIRST + (begin + next) % COUNT).unwrap_or_default();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    Err(io::ErrorKind::AddrInUse.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_port_is_free_and_another_one() {
        let ports: Vec<_> = (0..4).map(|_| free_port().unwrap()).collect();
        let listeners: Vec<_> = ports.iter().map(|port| TcpListener::bind(("127.0.0.1", *port)).unwrap()).collect();
        assert_eq!(listeners.len(), 4);
        assert!(!ports.contains(&free_port().unwrap()), "{ports:?}");
    }
}
