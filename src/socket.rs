//! The socket that the service listens on: of TCP, or a UNIX socket, which has a file for as long as the service runs.

use std::{
    fmt,
    fs::Permissions,
    io::{self, ErrorKind, IoSlice},
    net::SocketAddr,
    os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    pin::Pin,
    task::{Context, Poll},
};

use axum::serve::Listener;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream, UnixListener, UnixStream},
};

use crate::{
    config::{Listen, SocketMode},
    proxies::UNIX_PEER,
};

/// A socket that is bound.
#[derive(Debug)]
pub struct Socket(Bound);

#[derive(Debug)]
enum Bound {
    Tcp(TcpListener),
    Unix(UnixListener, SocketFile),
}

impl Socket {
    /// Binds the socket. `mode` says who may connect to a UNIX socket. A file that is left of a UNIX socket on which nobody listens any more is
    /// replaced.
    ///
    /// # Errors
    /// If the address is not one of this machine, or is taken.
    pub async fn bind(listen: &Listen, mode: SocketMode) -> io::Result<Self> {
        match listen {
            Listen::Address(address) => Ok(Self(Bound::Tcp(TcpListener::bind(address).await?))),
            Listen::Socket(path) => {
                remove_stale(path).await?;
                let listener = UnixListener::bind(path)?;
                let file = SocketFile::new(path)?;
                std::fs::set_permissions(path, Permissions::from_mode(mode.bits()))?;
                Ok(Self(Bound::Unix(listener, file)))
            }
        }
    }

    /// The next connection, with the address of the peer, which is [`UNIX_PEER`] for a UNIX socket.
    pub(crate) async fn accept(&mut self) -> (Stream, SocketAddr) {
        match &mut self.0 {
            Bound::Tcp(listener) => {
                let (stream, peer) = Listener::accept(listener).await;
                (Stream::Tcp(stream), peer)
            }
            Bound::Unix(listener, _) => {
                let (stream, _) = Listener::accept(listener).await;
                (Stream::Unix(stream), UNIX_PEER)
            }
        }
    }
}

impl From<TcpListener> for Socket {
    fn from(listener: TcpListener) -> Self {
        Self(Bound::Tcp(listener))
    }
}

/// Where it listens, for a log: with the port that the system has chosen.
impl fmt::Display for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Bound::Tcp(listener) => match listener.local_addr() {
                Ok(address) => write!(f, "{address}"),
                Err(error) => write!(f, "({error})"),
            },
            Bound::Unix(_, file) => write!(f, "unix:{}", file.path.display()),
        }
    }
}

/// Removes the file of a UNIX socket that nobody listens on: its service was killed.
async fn remove_stale(path: &Path) -> io::Result<()> {
    let taken = |what: &str| Err(io::Error::new(ErrorKind::AddrInUse, what.to_owned()));
    match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
        Ok(there) if !there.file_type().is_socket() => return taken("there is a file that is no socket"),
        Ok(_) => {}
    }
    match UnixStream::connect(path).await {
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => std::fs::remove_file(path),
        Err(error) => Err(error),
        Ok(_) => taken("somebody else listens there"),
    }
}

/// The file of a UNIX socket, which is removed with this value.
#[derive(Debug)]
struct SocketFile {
    path: PathBuf,
    /// Its device and inode: another file of that name is left alone.
    identity: (u64, u64),
}

impl SocketFile {
    fn new(path: &Path) -> io::Result<Self> {
        Ok(Self { path: path.to_owned(), identity: identity(path)? })
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if identity(&self.path).is_ok_and(|identity| identity == self.identity) {
            std::fs::remove_file(&self.path).ok();
        }
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    let metadata = std::fs::symlink_metadata(path)?;
    Ok((metadata.dev(), metadata.ino()))
}

/// A client's connection.
#[derive(Debug)]
pub(crate) enum Stream {
    /// Over TCP.
    Tcp(TcpStream),
    /// Over a UNIX socket.
    Unix(UnixStream),
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Unix(stream) => Pin::new(stream).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write(cx, data),
            Self::Unix(stream) => Pin::new(stream).poll_write(cx, data),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write_vectored(cx, data),
            Self::Unix(stream) => Pin::new(stream).poll_write_vectored(cx, data),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Tcp(stream) => stream.is_write_vectored(),
            Self::Unix(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_flush(cx),
            Self::Unix(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Unix(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A path in a folder of its own.
    fn path(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("super-invites-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        folder.join("socket")
    }

    async fn bind(path: &Path, mode: &str) -> io::Result<Socket> {
        let mode = serde_json::from_value(mode.into()).unwrap();
        Socket::bind(&Listen::Socket(path.to_owned()), mode).await
    }

    #[tokio::test]
    async fn the_file_of_a_socket_is_there_while_it_is_listened_on() {
        let path = path("socket");
        let mut socket = bind(&path, "0606").await.unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o606);
        let (client, (_, peer)) = tokio::join!(UnixStream::connect(&path), socket.accept());
        client.unwrap();
        assert_eq!(peer, UNIX_PEER);
        drop(socket);
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn only_a_file_that_nobody_listens_on_is_replaced() {
        let path = path("stale");
        let first = bind(&path, "0660").await.unwrap();
        let error = bind(&path, "0660").await.unwrap_err().to_string();
        assert!(error.contains("somebody else listens there"), "{error}");
        // As one that is killed leaves it.
        std::mem::forget(first.leave_file());
        let second = bind(&path, "0660").await.unwrap();
        drop(second);
        std::fs::write(&path, "a file of somebody's").unwrap();
        let error = bind(&path, "0660").await.unwrap_err().to_string();
        assert!(error.contains("no socket"), "{error}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "a file of somebody's");
    }

    #[tokio::test]
    async fn the_file_of_whoever_came_after_is_left_alone() {
        let path = path("successor");
        let old = bind(&path, "0660").await.unwrap();
        std::fs::rename(&path, path.with_extension("old")).unwrap();
        let _new = bind(&path, "0660").await.unwrap();
        drop(old);
        assert!(path.exists());
    }

    impl Socket {
        /// Stops listening, and returns the file, which is still there.
        fn leave_file(self) -> SocketFile {
            match self.0 {
                Bound::Unix(_, file) => file,
                Bound::Tcp(_) => panic!("it has no file"),
            }
        }
    }
}
