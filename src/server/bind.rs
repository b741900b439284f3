//! Sockets to accept connections on.
//!
//! A Unix socket is bound under another name and then renamed over its own, and it is never unlinked: a new
//! process takes over from the old one without a moment in which nobody listens.

use super::beside::beside;
use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::{DirBuilderExt as _, FileTypeExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use tokio::net::{TcpListener, TcpSocket, UnixListener, UnixSocket};

/// Connections that may wait to be accepted.
const BACKLOG: u32 = 1024;

/// A socket that connections can be accepted from.
#[derive(Debug)]
pub enum Listener {
    /// A TCP port.
    Tcp(TcpListener),
    /// A Unix socket.
    Unix {
        /// The socket.
        listener: UnixListener,
        /// The path it is reached by; the socket itself may know an older one.
        path: PathBuf,
    },
}

/// Why a socket cannot be listened on; each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Somebody else listens there.
    #[error("{address} is in use: stop the program that holds it (ss -ltnp shows which), or choose another")]
    InUse {
        /// What was asked for.
        address: String,
    },
    /// The process may not.
    #[error("{address} may not be used ({source}): {remedy}")]
    Forbidden {
        /// What was asked for.
        address: String,
        /// What the system said.
        source: io::Error,
        /// What to do.
        remedy: &'static str,
    },
    /// The address is none of this machine's, or its name is unknown.
    #[error("{address} is no address of this machine ({source}): correct serverHost")]
    NotHere {
        /// What was asked for.
        address: String,
        /// What the system said.
        source: io::Error,
    },
    /// Something that is no socket has the socket's name.
    #[error("{} is there and is no socket: move it away", path.display())]
    NoSocket { path: PathBuf },
    #[error("{address} cannot be listened on: {source}")]
    Other {
        /// What was asked for.
        address: String,
        /// What the system said.
        source: io::Error,
    },
}

/// Listens on a TCP port. An empty host means all addresses; a name is looked up.
pub async fn tcp(host: &str, port: u16) -> Result<Listener, BindError> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in addresses(host, port).await? {
        match tcp_address(address) {
            Ok(listener) => return Ok(Listener::Tcp(listener)),
            Err(e) => last = e,
        }
    }
    Err(tcp_fault(shown(host, port), port, last))
}

/// The addresses that [`tcp`] tries, in its order.
pub async fn addresses(host: &str, port: u16) -> Result<Vec<SocketAddr>, BindError> {
    match host {
        "" | "*" => Ok(vec![([0_u16; 8], port).into(), ([0_u8; 4], port).into()]),
        name => match tokio::net::lookup_host((name, port)).await {
            Ok(found) => Ok(found.collect()),
            Err(source) => Err(BindError::NotHere { address: shown(host, port), source }),
        },
    }
}

fn shown(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

fn tcp_address(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv6() { TcpSocket::new_v6()? } else { TcpSocket::new_v4()? };
    // A restart must not wait until the old process's connections have left the kernel.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

fn tcp_fault(address: String, port: u16, source: io::Error) -> BindError {
    match source.kind() {
        io::ErrorKind::AddrInUse => BindError::InUse { address },
        io::ErrorKind::AddrNotAvailable | io::ErrorKind::NotFound => BindError::NotHere { address, source },
        io::ErrorKind::PermissionDenied if port < 1024 => {
            let remedy = "ports below 1024 are for programs with CAP_NET_BIND_SERVICE: write [Service] PrivateUsers=no \
                          CapabilityBoundingSet=CAP_NET_BIND_SERVICE AmbientCapabilities=CAP_NET_BIND_SERVICE, each on \
                          a line of its own, into /etc/systemd/system/ecss-crm-server.service.d/10-lowport.conf, then \
                          systemctl daemon-reload and restart the service; or choose a port above 1023";
            BindError::Forbidden { address, source, remedy }
        }
        io::ErrorKind::PermissionDenied => BindError::Forbidden { address, source, remedy: "choose another port" },
        _ => BindError::Other { address, source },
    }
}

/// Listens on a Unix socket, mode 0660, taking the place of one that is there. Makes missing folders.
///
/// Must be called within a runtime.
pub fn unix(path: &Path) -> Result<Listener, BindError> {
    let fault = |source: io::Error| {
        let address = path.display().to_string();
        match source.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                let remedy = "let the service's user write to the folder (and ReadWritePaths= of the unit name it)";
                BindError::Forbidden { address, source, remedy }
            }
            _ => BindError::Other { address, source },
        }
    };
    if fs::symlink_metadata(path).is_ok_and(|found| !found.file_type().is_socket()) {
        return Err(BindError::NoSocket { path: path.to_owned() });
    }
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        // The gateway's user must be able to walk through.
        DirBuilder::new().recursive(true).mode(0o711).create(parent).map_err(fault)?;
    }
    let listener = bind_beside(path).map_err(fault)?;
    Ok(Listener::Unix { listener, path: path.to_owned() })
}

fn bind_beside(path: &Path) -> io::Result<UnixListener> {
    let beside = beside(path)?;
    let socket = UnixSocket::new_stream()?;
    socket.bind(&beside)?;
    // Before listen(): nobody connects who may not.
    fs::set_permissions(&beside, Permissions::from_mode(0o660))?;
    let listener = socket.listen(BACKLOG)?;
    fs::rename(&beside, path)?;
    Ok(listener)
}

impl Listener {
    /// The address, for people: `127.0.0.1:8801` or the path.
    pub fn describe(&self) -> String {
        match self {
            Self::Tcp(listener) => listener.local_addr().map_or_else(|e| e.to_string(), |address| address.to_string()),
            Self::Unix { path, .. } => path.display().to_string(),
        }
    }

    /// The TCP address, with the port that the system chose if port 0 was asked for.
    pub fn tcp_address(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(listener) => listener.local_addr().ok(),
            Self::Unix { .. } => None,
        }
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tcp(listener) => listener.as_fd(),
            Self::Unix { listener, .. } => listener.as_fd(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::UnixStream;

    fn names_in(dir: &Path) -> Vec<String> {
        fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[tokio::test]
    async fn a_unix_socket_takes_over_from_the_one_that_is_there() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("new/deep/http");
        let old = unix(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o660);
        let _to_old = UnixStream::connect(&path).await.unwrap();
        let new = unix(&path).unwrap();
        let _to_new = UnixStream::connect(&path).await.unwrap();
        for listener in [old, new] {
            let Listener::Unix { listener, .. } = listener else { panic!("a Unix socket") };
            listener.accept().await.unwrap();
        }
        assert!(path.exists(), "never unlinked");
        assert_eq!(names_in(path.parent().unwrap()), ["http"]);
    }

    #[tokio::test]
    async fn what_a_crash_left_beside_is_removed_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("http");
        for name in ["http~a1b", "https", "http~a1b2", "http.tls"] {
            drop(std::os::unix::net::UnixListener::bind(dir.path().join(name)).unwrap());
        }
        fs::write(dir.path().join("http~txt"), "").unwrap();
        let _listener = unix(&path).unwrap();
        UnixStream::connect(&path).await.unwrap();
        let mut left = names_in(dir.path());
        left.sort();
        assert_eq!(left, ["http", "http.tls", "https", "http~a1b2", "http~txt"]);
    }

    #[tokio::test]
    async fn a_file_of_the_same_name_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("http");
        fs::write(&path, "precious").unwrap();
        assert!(matches!(unix(&path), Err(BindError::NoSocket { .. })));
        assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
        assert!(matches!(unix(&path.join("x")), Err(BindError::Other { .. })));
    }

    #[tokio::test]
    async fn a_port_in_use_and_a_foreign_address_are_told_apart() {
        let first = tcp("127.0.0.1", 0).await.unwrap();
        let port = first.tcp_address().unwrap().port();
        assert_eq!(first.describe(), format!("127.0.0.1:{port}"));
        assert!(matches!(tcp("127.0.0.1", port).await, Err(BindError::InUse { .. })));
        assert!(matches!(tcp("192.0.2.1", 0).await, Err(BindError::NotHere { .. })));
        assert!(matches!(tcp("no.such.host.invalid", 0).await, Err(BindError::NotHere { .. })));
    }

    #[test]
    fn a_port_that_only_root_may_use_names_the_drop_in_and_what_to_put_in() {
        let fault = |port| tcp_fault("h:1".to_owned(), port, io::ErrorKind::PermissionDenied.into()).to_string();
        for word in ["10-lowport.conf", "PrivateUsers=no", "AmbientCapabilities=CAP_NET_BIND_SERVICE", "daemon-reload"]
        {
            assert!(fault(443).contains(word), "{}", fault(443));
        }
        assert!(!fault(8801).contains("lowport"));
    }

    #[tokio::test]
    async fn an_empty_host_means_every_address() {
        let listener = tcp("", 0).await.unwrap();
        assert!(listener.tcp_address().unwrap().ip().is_unspecified());
    }
}
