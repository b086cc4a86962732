//! What all requests of the browser door share.

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
    people::People,
    proxies::Proxies,
    session::Sealer,
};

/// For how long it is believed that somebody is a server admin, or not, when pages are made.
const SERVER_ADMIN_CACHE: Duration = Duration::from_secs(60);

/// What the browser door needs.
pub struct Settings {
    /// Whose word on a client's address is believed.
    pub proxies: Arc<Proxies>,
    /// What seals cookies.
    pub sealer: Sealer,
    /// Where random numbers come from.
    pub chance: Chance,
    /// The time.
    pub clock: Clock,
    /// The address that links carry.
    pub public_url: Option<Url>,
    /// Where browsers find the homeserver.
    pub homeserver: Url,
    /// What the homeserver is called.
    pub server_name: String,
    /// Apps that people are led to.
    pub clients: Vec<Client>,
    /// Apps that may open links by themselves.
    pub app_links: AppLinks,
}

/// What every request shares.
pub(super) struct Web {
    pub(super) invites: Invites,
    pub(super) people: People,
    pub(super) settings: Settings,
    pub(super) files: Files,
    pub(super) pictures: Arc<Pictures>,
    pub(super) drawn: Drawn,
    /// Who is shown the pages for server admins, by access token. What can be done there is checked when it is done.
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
        Self { invites, people, settings, files, pictures, drawn: Drawn::new(), server_admins }
    }

    pub(super) async fn is_server_admin(&self, account: &Account) -> bool {
        let ask = self.people.is_server_admin(account);
        self.server_admins.try_get_with_by_ref(account.token(), ask).await.unwrap_or_default()
    }

    /// The address of an invite to be shared, where it is configured.
    pub(super) fn public_address(&self, code: &str) -> Option<String> {
        let public = self.settings.public_url.as_ref()?;
        Some(format!("{}{}", public.as_str().trim_end_matches('/'), app::landing_path(code)))
    }
}
