//! Why TLS did not come about, by what somebody can do about it.

use super::trust::RefusedCertificate;
use rustls::{AlertDescription, CertificateError, OtherError};
use std::error::Error;

#[derive(Debug, Clone)]
pub enum TlsFault {
    /// The certificate is not trusted.
    Untrusted(RefusedCertificate),
    /// Both sides have no version or cipher in common; this server speaks 1.2 and 1.3. In the library's words.
    Outdated(String),
    /// What answers does not speak TLS.
    NotTls,
    /// Anything else, in the library's words.
    Other(String),
}

/// The fault, if `error` or a cause of it comes from TLS.
pub fn tls_fault(error: &(dyn Error + 'static)) -> Option<TlsFault> {
    causes(error).find_map(<dyn Error>::downcast_ref::<rustls::Error>).map(judge)
}

fn judge(error: &rustls::Error) -> TlsFault {
    let words = error.to_string();
    match error {
        rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(inner))) => inner
            .downcast_ref::<RefusedCertificate>()
            .map_or(TlsFault::Other(words), |refused| TlsFault::Untrusted(refused.clone())),
        // A server that is too old either says so, or answers in its own version.
        rustls::Error::PeerIncompatible(_)
        | rustls::Error::AlertReceived(
            AlertDescription::ProtocolVersion
            | AlertDescription::HandshakeFailure
            | AlertDescription::InsufficientSecurity,
        ) => TlsFault::Outdated(words),
        rustls::Error::InvalidMessage(_) => TlsFault::NotTls,
        _ => TlsFault::Other(words),
    }
}

/// An error and its causes, the outermost first.
pub fn causes<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| {
        // An io::Error hides its own payload from `source()`.
        match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    #[test]
    fn a_fault_is_found_however_deep_it_lies() {
        let of = |error: rustls::Error| tls_fault(&io::Error::other(io::Error::new(io::ErrorKind::InvalidData, error)));
        let plain = rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType);
        assert!(matches!(of(plain), Some(TlsFault::NotTls)));
        for alert in [AlertDescription::ProtocolVersion, AlertDescription::HandshakeFailure] {
            assert!(matches!(of(rustls::Error::AlertReceived(alert)), Some(TlsFault::Outdated(_))), "{alert:?}");
        }
        let odd = rustls::Error::AlertReceived(AlertDescription::InternalError);
        assert!(matches!(of(odd), Some(TlsFault::Other(words)) if words.contains("InternalError")));
        assert!(tls_fault(&io::Error::from(io::ErrorKind::ConnectionRefused)).is_none());
    }
}
