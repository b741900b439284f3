//! Where health and metrics are served.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

/// Address of `/healthz`, `/readyz` and `/metrics`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OpsListen {
    /// `127.0.0.1:9801`
    Tcp(SocketAddr),
    /// `/run/ecss-crm-server/ops` (or `unix:/run/…`)
    Unix(PathBuf),
}

/// The text is not an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is neither ADDRESS:PORT nor the absolute path of a socket")]
pub struct NoAddress;

impl FromStr for OpsListen {
    type Err = NoAddress;

    fn from_str(text: &str) -> Result<Self, NoAddress> {
        let text = text.trim();
        let path = text.strip_prefix("unix:").unwrap_or(text);
        if path.starts_with('/') && !path.ends_with('/') {
            return Ok(Self::Unix(PathBuf::from(path)));
        }
        let address = match text.strip_prefix("localhost:") {
            Some(port) => SocketAddr::from((Ipv4Addr::LOCALHOST, port.parse().map_err(|_| NoAddress)?)),
            None => text.parse().map_err(|_| NoAddress)?,
        };
        if address.port() == 0 { Err(NoAddress) } else { Ok(Self::Tcp(address)) }
    }
}

impl fmt::Display for OpsListen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => write!(f, "{address}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_paths_are_told_apart() {
        assert_eq!("localhost:9801".parse::<OpsListen>().unwrap().to_string(), "127.0.0.1:9801");
        assert_eq!("[::1]:9801".parse::<OpsListen>().unwrap().to_string(), "[::1]:9801");
        for text in ["/run/x/ops", "unix:/run/x/ops"] {
            assert_eq!(text.parse(), Ok(OpsListen::Unix("/run/x/ops".into())), "{text}");
        }
    }

    #[test]
    fn what_is_neither_is_refused() {
        for text in
            ["", "9801", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:70000", "run/ops", "unix:ops", "/run/", "host:1"]
        {
            assert_eq!(text.parse::<OpsListen>(), Err(NoAddress), "{text}");
        }
    }
}
