//! The folder in which a web server finds the pages of share links.

use std::{
    fs::{self, OpenOptions},
    io::{self, ErrorKind, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use crate::chance::Chance;

/// A folder with one page a link. The pages' names are the hashes of links and nothing that somebody has written.
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

    fn page(&self, hash: &str) -> PathBuf {
        self.path.join(format!("{hash}.html"))
    }

    /// Puts a page there, whole or not at all: a web server may be reading the one of before.
    pub(super) async fn write(&self, hash: &str, html: String) -> io::Result<()> {
        let (page, half) = (self.page(hash), self.half_written(hash)?);
        blocking(move || {
            let write = || {
                let mut file = OpenOptions::new().write(true).create_new(true).mode(0o644).open(&half)?;
                file.write_all(html.as_bytes())?;
                // Or a page with nothing in it could stand there after a power cut.
                file.sync_all()?;
                fs::rename(&half, &page)
            };
            write().inspect_err(|_| drop(fs::remove_file(&half)))
        })
        .await
    }

    /// Where a page stands until it is whole. Web servers do not serve what begins with a dot.
    fn half_written(&self, hash: &str) -> io::Result<PathBuf> {
        Ok(self.path.join(format!(".{hash}.{}", self.chance.id()?)))
    }

    /// Whether pages can be put there.
    pub(super) async fn probe(&self) -> io::Result<()> {
        let probe = self.half_written("probe")?;
        blocking(move || {
            OpenOptions::new().write(true).create_new(true).open(&probe)?;
            fs::remove_file(probe)
        })
        .await
    }

    /// Takes a page away, if it is there.
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
