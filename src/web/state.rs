//! The state that all requests of the web interface share.

use std::{sync::Arc, time::Duration};

use app::Files;
use moka::future::Cache;
use url::Url;

use super::{drawn::Drawn, pictures::Pictures};
use crate::{
    account::Account,
    chance::Chance,
    clock::Clock,
    config::{AppLinks, Client},
    invites::Invites,
    metrics::Metrics,
    people::People,
    proxies::Proxies,
    session::Sealer,
    words::Languages,
};

/// How long it is cached whether somebody is a server admin, for the layout of pages.
const SERVER_ADMIN_CACHE: Duration = Duration::from_secs(60);

/// What the web interface depends on.
pub struct Settings {
    /// Which proxies are trusted to report the client's address.
    pub proxies: Arc<Proxies>,
    /// Seals cookies.
    pub sealer: Sealer,
    /// The languages of the pages.
    pub languages: Languages,
    /// The source of random numbers.
    pub chance: Chance,
    /// The clock.
    pub clock: Clock,
    /// The public address, for links.
    pub public_url: Option<Url>,
    /// The path below which the pages are, if the operator has chosen one.
    pub mount: String,
    /// The address of the homeserver for browsers.
    pub homeserver: Url,
    /// The homeserver's name, as in `@user:name`.
    pub server_name: String,
    /// Apps that the pages recommend.
    pub clients: Vec<Client>,
    /// Apps that may open links directly.
    pub app_links: AppLinks,
    /// Where caches are counted.
    pub metrics: Metrics,
}

/// What every request has access to.
pub(super) struct Web {
    pub(super) invites: Invites,
    pub(super) people: People,
    pub(super) settings: Settings,
    /// [`Settings::mount`], for as long as anybody may ask.
    pub(super) mount: &'static str,
    pub(super) files: Files,
    pub(super) pictures: Arc<Pictures>,
    pub(super) drawn: Drawn,
    /// Who is shown the pages for server admins, by access token. Actions on them are authorised separately.
    pub(super) server_admins: Cache<String, bool>,
}

impl Web {
    pub(super) fn new(
        invites: Invites,
        people: People,
        settings: Settings,
        files: Files,
        pictures: Arc<Pictures>,
    ) -> Self {
        let server_admins = Cache::builder().max_capacity(10_000).time_to_live(SERVER_ADMIN_CACHE).build();
        let counted = server_admins.clone();
        settings.metrics.watch_cache("server_admins", move || counted.entry_count());
        let drawn = Drawn::new(&settings.metrics);
        // As many bytes as the path has, once for each time the configuration is read.
        let mount: &'static str = settings.mount.clone().leak();
        Self { invites, people, settings, mount, files, pictures, drawn, server_admins }
    }

    pub(super) async fn is_server_admin(&self, account: &Account) -> bool {
        let ask = self.people.is_server_admin(account);
        self.server_admins.try_get_with_by_ref(account.token(), ask).await.unwrap_or_default()
    }

    /// The address of an invite to share, if a public address is configured.
    pub(super) fn public_address(&self, code: &str) -> Option<String> {
        Some(format!("{}{}", self.public_base()?, app::landing_path(code)))
    }

    /// What precedes the paths of pages in addresses to share, if a public address is configured.
    pub(super) fn public_base(&self) -> Option<String> {
        self.settings.public_url.as_ref().map(|public| public.as_str().trim_end_matches('/').to_owned())
    }
}
