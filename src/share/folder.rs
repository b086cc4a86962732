//! The folder from which a web server serves the pages of share links.

use std::{
    fs::{self, OpenOptions},
    io::{self, ErrorKind, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use crate::chance::Chance;

/// A folder with one page per link. Pages are named by the hashes of links; nothing that a person has written is part
/// of a name.
pub(super) struct Folder {
    path: PathBuf,
    chance: Chance,
}

impl Folder {
    pub(super) fn new(path: PathBuf, chance: Chance) -> Self {
        Self { path, chance }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The path, as it is kept to tell this folder from another one.
    pub(super) fn name(&self) -> String {
        self.path.to_string_lossy().into_owned()
    }

    fn page(&self, hash: &str) -> PathBuf {
        self.path.join(format!("{hash}.html"))
    }

    /// Writes a page atomically: a web server may be reading the previous one.
    pub(super) async fn write(&self, hash: &str, html: String) -> io::Result<()> {
        let (page, half) = (self.page(hash), self.half_written(hash)?);
        blocking(move || {
            let write = || {
                let mut file = OpenOptions::new().write(true).create_new(true).mode(0o644).open(&half)?;
                file.write_all(html.as_bytes())?;
                // Otherwise, an empty page could be left after a power failure.
                file.sync_all()?;
                fs::rename(&half, &page)
            };
            write().inspect_err(|_| drop(fs::remove_file(&half)))
        })
        .await
    }

    /// The temporary name of an incomplete page. Web servers do not serve files that begin with a dot.
    fn half_written(&self, hash: &str) -> io::Result<PathBuf> {
        Ok(self.path.join(format!(".{hash}.{}", self.chance.id()?)))
    }

    /// Checks that pages can be written.
    pub(super) async fn probe(&self) -> io::Result<()> {
        let probe = self.half_written("probe")?;
        blocking(move || {
            OpenOptions::new().write(true).create_new(true).open(&probe)?;
            fs::remove_file(probe)
        })
        .await
    }

    /// Deletes a page, if it exists.
    pub(super) async fn remove(&self, hash: &str) -> io::Result<()> {
        let page = self.page(hash);
        blocking(move || match fs::remove_file(page) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        })
        .await
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}
