//! Library errors as faults an administrator can act on.

use crate::domain::link::LinkFault;
use crate::http::{RefusedCertificate, TlsFault, causes, tls_fault};
use std::error::Error;
use std::time::Duration;
use tokio_tungstenite::tungstenite;

/// A failure before anything was said: nobody listens, TLS does not come about.
pub(super) fn unreachable(error: &(dyn Error + 'static)) -> LinkFault {
    match tls_fault(error) {
        None => LinkFault::Unreachable(inmost(error)),
        Some(TlsFault::Untrusted(RefusedCertificate { why, reason, sha256 })) => {
            LinkFault::Untrusted { why, reason, sha256 }
        }
        Some(TlsFault::Outdated(words)) => LinkFault::OutdatedTls(words),
        Some(TlsFault::NotTls) => {
            LinkFault::Protocol("the port does not speak TLS: check the port, or http:// for https://".to_owned())
        }
        Some(TlsFault::Other(words)) => LinkFault::Protocol(format!("TLS failed: {words}")),
    }
}

/// A step that took too long.
pub(super) fn too_slow(step: &str, limit: Duration) -> LinkFault {
    LinkFault::Unreachable(format!("{step} took longer than {} s", limit.as_secs_f64()))
}

/// The other side has not read for this long what we sent.
pub(super) fn unread(span: Duration) -> LinkFault {
    LinkFault::Lost(format!(
        "the switch has not read anything for {} s, not even our answers to its pings: check the load of its Call API \
         and what stands between",
        span.as_secs_f64()
    ))
}

/// A failure of the open socket.
pub(super) fn lost(error: &tungstenite::Error) -> LinkFault {
    LinkFault::Lost(inmost(error))
}

/// What the deepest cause says; the outer ones repeat it or hold URLs.
pub(super) fn inmost(error: &(dyn Error + 'static)) -> String {
    causes(error).last().unwrap_or(error).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    #[test]
    fn a_refused_port_and_a_plain_port_are_told_apart() {
        let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
        assert_eq!(unreachable(&refused), LinkFault::Unreachable("connection refused".to_owned()));
        let plain = rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType);
        let wrapped = io::Error::new(io::ErrorKind::InvalidData, plain);
        assert!(matches!(unreachable(&wrapped), LinkFault::Protocol(why) if why.contains("does not speak TLS")));
    }
}
