//! Library errors as faults an administrator can act on.

use crate::domain::link::LinkFault;
use crate::http::untrusted_fingerprint;
use std::error::Error;
use std::time::Duration;
use tokio_tungstenite::tungstenite;

/// A failure before anything was said: nobody listens, TLS does not come about.
pub(super) fn unreachable(error: &(dyn Error + 'static)) -> LinkFault {
    if let Some((reason, sha256)) = untrusted_fingerprint(error) {
        return LinkFault::Untrusted { reason, sha256 };
    }
    let inmost = inmost(error);
    if let Some(tls) = find::<rustls::Error>(error) {
        return LinkFault::Protocol(match tls {
            rustls::Error::InvalidMessage(_) => {
                "the port does not speak TLS: check the port, or http:// for https://".to_owned()
            }
            other => format!("TLS failed: {other}"),
        });
    }
    LinkFault::Unreachable(inmost)
}

/// A step that took too long.
pub(super) fn too_slow(step: &str, limit: Duration) -> LinkFault {
    LinkFault::Unreachable(format!("{step} took longer than {} s", limit.as_secs_f64()))
}

/// The other side has not read for so long what we sent.
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
    let mut last = error;
    while let Some(next) = cause(last) {
        last = next;
    }
    last.to_string()
}

fn cause<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e (dyn Error + 'static)> {
    // An io::Error hides its own payload from `source()`.
    match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
        Some(inner) => Some(inner),
        None => error.source(),
    }
}

fn find<'e, T: Error + 'static>(error: &'e (dyn Error + 'static)) -> Option<&'e T> {
    let mut next = Some(error);
    while let Some(e) = next {
        if let Some(found) = e.downcast_ref() {
            return Some(found);
        }
        next = cause(e);
    }
    None
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
