//! Share links, which members make in their apps: each has an address, and a page there for people who open it in a
//! browser.
//!
//! The pages are either written to a folder of the operator's, from which a web server serves them, or made by the
//! service on request.

mod folder;
mod page;
mod target;
mod words;

use std::{
    future::Future,
    path::{Path, PathBuf},
    sync::Arc,
};

use app::{
    Error as Refusal, Field, Problem,
    words::{Language, speaking},
};
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

/// How many pages are written or deleted at once.
const PAGES_AT_ONCE: i64 = 100;

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

/// Why share links cannot be made here.
#[derive(Debug, thiserror::Error)]
pub enum ShareError {
    /// The configuration is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Pages cannot be written to the folder.
    #[error("share_link_generator.target_path: nothing can be written to {}", .0.display())]
    Folder(PathBuf, #[source] std::io::Error),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// A template of the operator's is broken.
    #[error("share_link_generator.template_path: {0}")]
    Template(#[from] TemplateError),
}

/// A share link, as its maker gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedLink {
    /// The address to share.
    pub url: String,
    /// The same place as an address that opens the app.
    pub app_url: String,
}

/// A page for a browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The page as HTML.
    pub html: String,
    /// Whether the invite that it leads to has ended.
    pub ended: bool,
}

impl Sharing {
    /// Share links as configured; `None` if they are not.
    ///
    /// # Errors
    /// If the configuration or the templates are wrong.
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

    /// Whether the service serves the pages itself, rather than a web server.
    pub fn serves_pages(&self) -> bool {
        self.0.folder.is_none()
    }

    /// Whether the operator has own templates.
    pub fn has_own_templates(&self) -> bool {
        self.0.pages.are_ones_own()
    }

    /// The name of this homeserver.
    pub fn server(&self) -> &OwnedServerName {
        &self.0.server
    }

    /// Counts a share link that somebody makes.
    ///
    /// # Errors
    /// If they, or all together, have made too many.
    pub fn note(&self, account: &Account) -> Result<(), Refusal> {
        self.0.codes.note_share(account)
    }

    /// Checks that pages can be written to the folder, if there is one. If it is another one than before, [`Self::tidy`] will write all pages
    /// again.
    ///
    /// # Errors
    /// If they cannot be written.
    pub async fn prepare(&self) -> Result<(), ShareError> {
        let Some(folder) = &self.0.folder else { return Ok(self.0.store.forget_folder().await?) };
        folder.probe().await.map_err(|error| ShareError::Folder(folder.path().to_owned(), error))?;
        Ok(self.0.store.set_folder(&folder.name()).await?)
    }

    /// Makes a share link to a place, given by the segments of its path. Repeating it makes the same link.
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

    /// The page of a share link, for a request from `origin`.
    pub async fn page(&self, origin: &Origin, hash: &str) -> Result<Option<Shown>> {
        if !is_hash(hash) {
            return Ok(None);
        }
        // Only the look-up is counted, not making the page, which may wait for the homeserver: other requests from the
        // same address must not wait for that.
        let look = async { Ok(self.0.store.get(hash).await?) };
        match self.0.codes.look_for_page(origin, look).await? {
            Some(link) => Ok(Some(self.0.shown(&link).await?)),
            None => Ok(None),
        }
    }

    /// Deletes the pages of invites that have ended from the folder, and restores those of others. To be called
    /// regularly. It leaves a folder alone that another instance, or a later configuration, has replaced.
    pub async fn tidy(&self) -> Result<()> {
        let Some(folder) = &self.0.folder else { return Ok(()) };
        let Inner { store, codes, .. } = &*self.0;
        loop {
            if !store.is_folder(&folder.name()).await? {
                return Ok(());
            }
            let ended = store.pages_to_remove(codes.ends(), PAGES_AT_ONCE).await?;
            for link in &ended {
                self.0.remove(folder, link).await?;
            }
            let mut missing = store.pages_to_write(codes.ends(), PAGES_AT_ONCE).await?;
            missing.extend(store.other_pages_to_write(PAGES_AT_ONCE).await?);
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
    /// Writes the page of a share link to the folder. What is stored before and after lets [`Sharing::tidy`] finish
    /// this if the process dies in between.
    async fn write(&self, folder: &Folder, link: &ShareLink) -> Result<()> {
        self.store.begin_static_page(&link.hash).await?;
        // It is the same for everybody.
        let shown = speaking(Language::default(), self.shown(link)).await?;
        folder.write(&link.hash, shown.html).await.map_err(failed)?;
        // The invite may have ended, and been tidied up, before the page was there.
        match self.has_ended(link).await? {
            true => self.remove(folder, link).await,
            false => {
                self.store.set_static_page(&link.hash, StaticPage::There, &folder.name()).await?;
                // Somebody may have been erased before the page was there: then no link leads to it any more.
                match self.store.get(&link.hash).await? {
                    Some(_) => Ok(()),
                    None => folder.remove(&link.hash).await.map_err(failed),
                }
            }
        }
    }

    async fn remove(&self, folder: &Folder, link: &ShareLink) -> Result<()> {
        folder.remove(&link.hash).await.map_err(failed)?;
        Ok(self.store.set_static_page(&link.hash, StaticPage::None, &folder.name()).await?)
    }

    /// Whether the link leads to an invite that has ended, for which there is no static page.
    async fn has_ended(&self, link: &ShareLink) -> Result<bool> {
        match &link.code {
            Some(code) => self.codes.has_ended(code).await,
            None => Ok(target_of(link).invite_of(&self.server).is_some()),
        }
    }

    async fn shown(&self, link: &ShareLink) -> Result<Shown> {
        let target = target_of(link);
        let is_ours = target.invite_of(&self.server).is_some();
        // An invite of this server that never existed is treated like one that lets nobody in, so that guessing reveals
        // nothing.
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

/// Writes a page to a folder that a web server serves, at the hash of no link, and deletes it when `look` has checked
/// whether it is served.
///
/// # Errors
/// The system's error.
pub async fn try_folder<T>(folder: &Path, html: String, look: impl Future<Output = T>) -> std::io::Result<T> {
    let folder = Folder::new(folder.to_owned(), Chance::system());
    folder.write(NO_LINK, html).await?;
    let seen = look.await;
    folder.remove(NO_LINK).await?;
    Ok(seen)
}

/// Deletes the pages of these links from a folder that a web server serves. It is not an error if there are none.
///
/// # Errors
/// The system's error.
pub async fn remove_pages(folder: &Path, hashes: &[String]) -> std::io::Result<()> {
    let folder = Folder::new(folder.to_owned(), Chance::system());
    for hash in hashes.iter().filter(|hash| is_hash(hash)) {
        folder.remove(hash).await?;
    }
    Ok(())
}

/// The path of links that lead to a person, as it is kept.
pub fn path_to(user: &UserId) -> String {
    Target::new(&["u", user.as_str().trim_start_matches('@')], Vec::new(), "").path
}

/// A text in the format of a hash that belongs to no link.
pub const NO_LINK: &str = "0000000000000000000000000000000000000000";

/// Checks that the operator's templates can be used.
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

/// Whether a text has the format of a link's hash.
fn is_hash(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
