//! Every Matrix call, and the only holder of the token that can act for everybody.
//!
//! What can be done with that token is what the public methods here and on [`Actor`] do, and nothing else: invite,
//! join, create and mark a direct chat, read memberships, ignored users, the state of an account and the names of
//! rooms, and manage registration tokens. The person who asks is authenticated first, with *their own* token
//! ([`Accounts::whoami`]).

mod accounts;
mod acting;
mod admin;
mod caller;
mod calls;
mod error;
mod link;
mod media;
mod new_accounts;
mod registration_tokens;
mod rooms;
mod setup;
mod sign_in;
mod stages;
mod standing;
mod summaries;
mod transport;

use std::{sync::Arc, time::Duration};

use matrix_sdk::ruma::OwnedServerName;
use moka::future::Cache;
use tokio::sync::OnceCell;
use url::Url;

pub use self::{
    accounts::{Accounts, InviterState, Standing},
    acting::{Acting, Actor, Membership},
    caller::MayInvite,
    error::{Error, Rejection, Result},
    media::{Media, Picture},
    new_accounts::{Demands, NewAccounts, Registered},
    registration_tokens::{RegistrationTokens, TokenLimits, TokenState},
    rooms::{Entrance, JoinedRoom, RoomSummary, Rooms},
    setup::{AdminApi, RateLimit, Setup},
    sign_in::{SignIn, SignedIn},
    stages::{Mail, NewAccount, NoAccount},
    summaries::Viewer,
};
use self::{link::Link, transport::Transport};
use crate::{
    config::{ActingMode, Secret},
    metrics::Metrics,
};

/// The homeserver that this service belongs to, by subject. Cheap to clone.
#[derive(Clone)]
pub struct Homeserver {
    /// Accounts and profiles.
    pub accounts: Accounts,
    /// Rooms as members see them.
    pub rooms: Rooms,
    /// Acting for users.
    pub acting: Acting,
    /// Registration tokens.
    pub registration_tokens: RegistrationTokens,
    /// Signing in and out.
    pub sign_in: SignIn,
    /// Registering new accounts.
    pub new_accounts: NewAccounts,
    /// Pictures.
    pub media: Media,
    /// Whether the homeserver is ready for this service.
    pub setup: Setup,
    /// The homeserver's name, as in `@user:name`.
    pub server_name: OwnedServerName,
}

impl Homeserver {
    /// A homeserver at `url`; no request is made yet. The owner of an access token is cached for `token_cache`.
    /// Requests and caches are counted in `metrics`.
    pub fn new(
        url: &Url,
        server_name: OwnedServerName,
        mode: ActingMode,
        token: Secret,
        token_cache: Duration,
        metrics: &Metrics,
    ) -> Result<Self> {
        let transport = Transport::new(url, metrics.clone())?;
        let link = Arc::new(Link { transport, server_name: server_name.clone(), mode, token, admin: OnceCell::new() });
        let sessions = Cache::builder()
            .max_capacity(if token_cache.is_zero() { 0 } else { 10_000 })
            .time_to_live(token_cache)
            .build();
        link.watch("access_tokens", &sessions);
        Ok(Self {
            accounts: Accounts::new(&link, &sessions),
            rooms: Rooms::new(&link),
            acting: Acting(Arc::clone(&link)),
            registration_tokens: RegistrationTokens(Arc::clone(&link)),
            new_accounts: NewAccounts::new(&link),
            sign_in: SignIn { link: Arc::clone(&link), sessions },
            media: Media(Arc::clone(&link)),
            setup: Setup(link),
            server_name,
        })
    }
}
