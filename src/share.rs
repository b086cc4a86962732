//! Links that members share by their apps: each has an address of its own, and a page there for whoever opens it in a browser.
//!
//! The pages stand in a folder of the operator's, from which a web server serves them, or are made by the service when they are asked for.

mod folder;
mod page;
mod target;

use std::{
    future::Future,
    path::{Path, PathBuf},
    sync::Arc,
};

use app::{Error as Refusal, Field, Problem};
use matrix_sdk::ruma::{OwnedServerName, UserId};

use self::{
    folder::Folder,
    page::{Page, Pages},
};
pub use self::{page::TemplateError, target::Target};
use crate::{
    account::{Account, Origin},
    chance::Chance,
    clock::Clock,
    config::{Config, ConfigError},
    error::{Error, Result},
    homeserver::Accounts,
    invites::SharedCodes,
    store::{self, ShareLink, ShareLinks, StaticPage},
};

/// How many pages are written or removed at once.
const SWEEP: i64 = 100;

/// Share links. Cheap to clone.
#[derive(Clone)]
pub struct Sharing(Arc<Inner>);

struct Inner {
    codes: SharedCodes,
    store: ShareLinks,
    accounts: Accounts,
    clock: Clock,
    server: OwnedServerName,
    prefix: String,
    folder: Option<Folder>,
    pages: Pages,
}

/// Why links cannot be shared here.
#[derive(Debug, thiserror::Error)]
pub enum ShareError {
    /// The configuration does not fit.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Pages cannot be put into the folder.
    #[error("share_link_generator.target_path: nothing can be written to {}", .0.display())]
    Folder(PathBuf, #[source] std::io::Error),
    /// The database does not do what it should.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// A template of the operator's own does not work.
    #[error("share_link_generator.template_path: {0}")]
    Template(#[from] TemplateError),
}

/// A link, for its sharer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedLink {
    /// The address to be shared.
    pub url: String,
    /// The same for the app.
    pub app_url: String,
}

/// What a browser is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The page.
    pub html: String,
    /// Whether what it leads to has ended.
    pub ended: bool,
}

impl Sharing {
    /// Share links as they are configured, if they are.
    ///
    /// # Errors
    /// For a configuration or templates that do not fit.
    pub fn new(
        config: &Config,
        codes: SharedCodes,
        store: ShareLinks,
        accounts: Accounts,
        clock: Clock,
        chance: &Chance,
    ) -> Result<Option<Self>, ShareError> {
        let Some(settings) = &config.share_link_generator else { return Ok(None) };
        let landing = config.public_url.as_ref().filter(|_| config.enable_web);
        Ok(Some(Self(Arc::new(Inner {
            codes,
            store,
            accounts,
            clock,
            server: config.server_name.clone(),
            prefix: config.share_link_prefix()?,
            folder: settings.target_path.clone().map(|path| Folder::new(path, chance.clone())),
            pages: Pages::new(settings.template_path.as_deref(), landing)?,
        }))))
    }

    /// Whether the service serves the pages itself, and no web server.
    pub fn serves_pages(&self) -> bool {
        self.0.folder.is_none()
    }

    /// Whether the operator has templates of their own.
    pub fn has_own_templates(&self) -> bool {
        self.0.pages.are_ones_own()
    }

    /// This homeserver.
    pub fn server(&self) -> &OwnedServerName {
        &self.0.server
    }

    /// Notes that somebody asks for a link.
    ///
    /// # Errors
    /// If they, or all together, have asked for too many.
    pub fn note(&self, account: &Account) -> Result<(), Refusal> {
        self.0.codes.note_share(account)
    }

    /// Looks whether pages can be put into the folder, where there is one. If it is another one than before, all pages will be put there.
    ///
    /// # Errors
    /// If they cannot.
    pub async fn prepare(&self) -> Result<(), ShareError> {
        let Some(folder) = &self.0.folder else { return Ok(()) };
        folder.probe().await.map_err(|error| ShareError::Folder(folder.path().to_owned(), error))?;
        Ok(self.0.store.set_folder(&folder.path().to_string_lossy()).await?)
    }

    /// Makes a link to a place, which the segments of its path name, for somebody to share. Doing it again makes the same link.
    pub async fn share(
        &self,
        account: &Account,
        segments: &[&str],
        query: Vec<(String, String)>,
    ) -> Result<SharedLink> {
        let target = Target::new(segments, query, account.user_id().as_str());
        let longest = Field::Link.longest().unwrap_or(u32::MAX);
        if target.path.len() + target.query.len() > longest as usize {
            return Err(Refusal::Invalid { field: Field::Link, problem: Problem::TooMuch(longest) }.into());
        }
        let code = match target.invite_of(&self.0.server) {
            Some(code) => self.0.codes.is_there(account, &code).await?.then_some(code),
            None => None,
        };
        let link = ShareLink {
            hash: target.hash(&self.0.prefix),
            sharer: account.user_id().to_string(),
            path: target.path.clone(),
            query: target.query.clone(),
            code,
        };
        self.0.store.keep(&link, (self.0.clock)()).await?;
        if let Some(folder) = &self.0.folder
            && !self.0.has_ended(&link).await?
        {
            self.0.write(folder, &link).await?;
        }
        Ok(SharedLink { url: target.url(&self.0.prefix), app_url: target.app_url() })
    }

    /// The page of a link, for whoever asks from there.
    pub async fn page(&self, origin: &Origin, hash: &str) -> Result<Option<Shown>> {
        if !is_hash(hash) {
            return Ok(None);
        }
        // Not while the page is made, which may wait for the homeserver: who looks for others meanwhile shall not wait as well.
        let look = async { Ok(self.0.store.get(hash).await?) };
        match self.0.codes.look_for_page(origin, look).await? {
            Some(link) => Ok(Some(self.0.shown(&link).await?)),
            None => Ok(None),
        }
    }

    /// Removes the pages of invites that have ended from the folder, and puts those of others back. Meant to be called now and then.
    pub async fn tidy(&self) -> Result<()> {
        let Some(folder) = &self.0.folder else { return Ok(()) };
        let Inner { store, codes, .. } = &*self.0;
        loop {
            let ended = store.pages_to_remove(codes.ends(), SWEEP).await?;
            for link in &ended {
                self.0.remove(folder, link).await?;
            }
            let mut missing = store.pages_to_write(codes.ends(), SWEEP).await?;
            missing.extend(store.other_pages_to_write(SWEEP).await?);
            for link in &missing {
                self.0.write(folder, link).await?;
            }
            if ended.is_empty() && missing.is_empty() {
                return Ok(());
            }
        }
    }
}

impl Inner {
    /// Puts the page of a link into the folder. What is noted before and after lets [`Sharing::tidy`] finish what dies in between.
    async fn write(&self, folder: &Folder, link: &ShareLink) -> Result<()> {
        self.store.set_static_page(&link.hash, StaticPage::Writing).await?;
        let shown = self.shown(link).await?;
        folder.write(&link.hash, shown.html).await.map_err(failed)?;
        // It may have ended in between, and been tidied up before it was there.
        match self.has_ended(link).await? {
            true => self.remove(folder, link).await,
            false => Ok(self.store.set_static_page(&link.hash, StaticPage::There).await?),
        }
    }

    async fn remove(&self, folder: &Folder, link: &ShareLink) -> Result<()> {
        folder.remove(&link.hash).await.map_err(failed)?;
        Ok(self.store.set_static_page(&link.hash, StaticPage::None).await?)
    }

    /// Whether it is a link to an invite that has ended, of which there is no static page.
    async fn has_ended(&self, link: &ShareLink) -> Result<bool> {
        match &link.code {
            Some(code) => self.codes.has_ended(code).await,
            None => Ok(target_of(link).invite_of(&self.server).is_some()),
        }
    }

    async fn shown(&self, link: &ShareLink) -> Result<Shown> {
        let target = target_of(link);
        let is_ours = target.invite_of(&self.server).is_some();
        // One of this server's that was never there is as one that lets nobody in: whoever guesses learns nothing.
        let ended = match &link.code {
            // A static page stays while its invite is paused.
            Some(code) if self.folder.is_some() => self.codes.has_ended(code).await?,
            Some(code) => self.codes.lets_nobody_in(code).await?,
            None => is_ours,
        };
        let sharer = match UserId::parse(&link.sharer) {
            Ok(sharer) => self.accounts.person(&sharer).await.display_name,
            Err(_) => None,
        };
        let page = Page { target: &target, url: target.url(&self.prefix), sharer, is_ours, ended };
        Ok(Shown { html: self.pages.render(&page), ended })
    }
}

/// Puts a page into a folder that a web server serves, for as long as `look` looks whether it is there, at the hash of no link.
///
/// # Errors
/// What the system says.
pub async fn try_folder<T>(folder: &Path, html: String, look: impl Future<Output = T>) -> std::io::Result<T> {
    let folder = Folder::new(folder.to_owned(), Chance::system());
    folder.write(NO_LINK, html).await?;
    let seen = look.await;
    folder.remove(NO_LINK).await?;
    Ok(seen)
}

/// What could be the hash of a link, and is none.
pub const NO_LINK: &str = "0000000000000000000000000000000000000000";

/// Whether the operator's own templates can be read.
///
/// # Errors
/// What is wrong with them.
pub fn check_templates(folder: Option<&Path>) -> Result<(), ShareError> {
    Pages::new(folder, None)?;
    Ok(())
}

fn target_of(link: &ShareLink) -> Target {
    Target { path: link.path.clone(), query: link.query.clone() }
}

fn failed(error: std::io::Error) -> Error {
    Error::Failed(Arc::new(error))
}

/// Whether it could be what stands in the address of a link.
fn is_hash(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
