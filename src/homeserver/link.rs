//! The connection to the homeserver, with the token that can act for everybody.

use std::{hash::Hash, time::Duration};

use matrix_sdk::ruma::{OwnedServerName, OwnedUserId};
use moka::future::Cache;
use tokio::sync::OnceCell;

use super::{admin::Endpoint, error::Result, transport::Transport};
use crate::{
    account::Origin,
    config::{ActingMode, Secret},
    metrics::Metrics,
};

/// How old the people and rooms on pages may be.
pub(super) const SHOWN_CACHE: Duration = Duration::from_secs(60);

/// What every call uses.
pub(super) struct Link {
    pub(super) transport: Transport,
    pub(super) server_name: OwnedServerName,
    pub(super) mode: ActingMode,
    pub(super) token: Secret,
    /// The admin, with [`ActingMode::Admin`], once their rate limits are lifted.
    pub(super) admin: OnceCell<OwnedUserId>,
}

impl Link {
    /// The service's own token.
    pub(super) fn own_token(&self) -> &str {
        self.token.reveal()
    }

    /// The service's own user: the application service's sender, or the admin.
    pub(super) async fn acting_user(&self) -> Result<OwnedUserId> {
        Ok(self.transport.whoami(self.own_token(), &Origin::default()).await?.user_id().to_owned())
    }

    /// Sends a request that needs the acting token.
    pub(super) async fn call<E: Endpoint>(&self, endpoint: E) -> Result<E::Answer> {
        self.transport.call(endpoint, self.own_token()).await
    }

    /// Where calls are counted.
    pub(super) fn metrics(&self) -> &Metrics {
        self.transport.metrics()
    }

    /// Has the entries of a cache counted.
    pub(super) fn watch<K, V>(&self, name: &'static str, cache: &Cache<K, V>)
    where
        K: Hash + Eq + Send + Sync + 'static,
        V: Clone + Send + Sync + 'static,
    {
        let cache = cache.clone();
        self.metrics().watch_cache(name, move || cache.entry_count());
    }
}
