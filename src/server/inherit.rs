//! Sockets of an earlier run: whether one is still what the settings ask for, and the removal of one that is not.

use super::beside::own_path;
use super::bind::{Listener, addresses};
use std::fs;
use std::io;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use tokio::net::UnixStream;

/// Whether a TCP socket listens where [`super::bind::tcp`] would have it listen.
pub async fn is_tcp_of(socket: &std::net::TcpListener, host: &str, port: u16) -> bool {
    let Ok(bound) = socket.local_addr() else { return false };
    addresses(host, port).await.is_ok_and(|wanted| wanted.contains(&bound))
}

/// Whether connections to `path` come to this very socket.
pub async fn is_unix_of(socket: &UnixListener, path: &Path) -> bool {
    let Some(name) = name_of(socket) else { return false };
    own_path(&name) == path && leads_to(path, &name).await
}

/// Whether a path leads to the socket that was bound under `name`: another process may have taken the path since,
/// or somebody may have removed the file. The connection this takes is over before anybody accepts it.
async fn leads_to(path: &Path, name: &Path) -> bool {
    match UnixStream::connect(path).await {
        Ok(stream) => stream.peer_addr().is_ok_and(|peer| peer.as_pathname() == Some(name)),
        // So many are waiting that no more may: a socket that nobody keeps would refuse at once.
        Err(error) => error.kind() == io::ErrorKind::WouldBlock,
    }
}

fn name_of(socket: &UnixListener) -> Option<PathBuf> {
    Some(socket.local_addr().ok()?.as_pathname()?.to_owned())
}

/// Closes a Unix socket that is no longer wanted, and removes its file unless another has taken its place.
/// Returns the path.
pub async fn retire_unix(socket: UnixListener) -> Option<PathBuf> {
    let name = name_of(&socket)?;
    let path = own_path(&name);
    if leads_to(&path, &name).await
        && let Err(error) = fs::remove_file(&path)
    {
        tracing::warn!(path = %path.display(), %error, "the file of a socket no longer used cannot be removed");
    }
    Some(path)
}

impl Listener {
    /// A listening TCP socket that was handed over to this process.
    pub fn inherited_tcp(socket: std::net::TcpListener) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        tokio::net::TcpListener::from_std(socket).map(Self::Tcp)
    }

    /// A listening Unix socket that was handed over to this process, reached by `path`.
    pub fn inherited_unix(socket: UnixListener, path: PathBuf) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        Ok(Self::Unix { listener: tokio::net::UnixListener::from_std(socket)?, path })
    }
}

#[cfg(test)]
mod tests {
    use super::super::bind::{tcp, unix};
    use super::*;
    use std::os::fd::AsFd as _;

    /// What the next run would be handed.
    fn copy(listener: &Listener) -> UnixListener {
        UnixListener::from(listener.as_fd().try_clone_to_owned().unwrap())
    }

    #[tokio::test]
    async fn a_unix_socket_is_known_by_the_path_that_leads_to_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("http");
        let first = unix(&path).unwrap();
        assert!(is_unix_of(&copy(&first), &path).await);
        assert!(!is_unix_of(&copy(&first), &dir.path().join("https")).await);
        let second = unix(&path).unwrap();
        assert!(!is_unix_of(&copy(&first), &path).await, "another has taken its place");
        assert!(is_unix_of(&copy(&second), &path).await);
        fs::remove_file(&path).unwrap();
        assert!(!is_unix_of(&copy(&second), &path).await, "nobody finds it");
    }

    #[tokio::test]
    async fn a_socket_bound_by_the_service_manager_keeps_its_own_name() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("http");
        assert!(is_unix_of(&UnixListener::bind(&path).unwrap(), &path).await);
    }

    #[tokio::test]
    async fn an_inherited_socket_serves_those_who_have_waited() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("http");
        let first = unix(&path).unwrap();
        let kept = copy(&first);
        let _waits = UnixStream::connect(&path).await.unwrap();
        drop(first);
        let Listener::Unix { listener, .. } = Listener::inherited_unix(kept, path).unwrap() else {
            panic!("a Unix socket")
        };
        listener.accept().await.unwrap();
    }

    #[tokio::test]
    async fn a_queue_that_is_full_is_no_reason_to_give_a_socket_up() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("http");
        let socket = tokio::net::UnixSocket::new_stream().unwrap();
        socket.bind(&path).unwrap();
        let listener = Listener::Unix { listener: socket.listen(0).unwrap(), path: path.clone() };
        let mut waiting = Vec::new();
        while let Ok(client) = UnixStream::connect(&path).await {
            waiting.push(client);
        }
        assert!(is_unix_of(&copy(&listener), &path).await);
    }

    #[tokio::test]
    async fn a_retired_socket_takes_its_file_along_but_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("http");
        let first = copy(&unix(&path).unwrap());
        let second = copy(&unix(&path).unwrap());
        assert_eq!(retire_unix(first).await.as_deref(), Some(&*path));
        assert!(path.exists());
        retire_unix(second).await;
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn a_tcp_socket_is_known_by_its_address() {
        let bound = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = bound.local_addr().unwrap().port();
        assert!(is_tcp_of(&bound, "127.0.0.1", port).await);
        assert!(!is_tcp_of(&bound, "127.0.0.1", port ^ 1).await);
        assert!(!is_tcp_of(&bound, "", port).await);
        let Ok(everywhere) = tcp("", 0).await else { panic!("any port") };
        let address = everywhere.tcp_address().unwrap();
        let copy = std::net::TcpListener::from(everywhere.as_fd().try_clone_to_owned().unwrap());
        assert!(is_tcp_of(&copy, "", address.port()).await);
        assert!(is_tcp_of(&copy, "*", address.port()).await);
    }
}
