//! Every Matrix call, and the only place that holds the token which can act for everybody.
//!
//! What can be done with that token is what the public methods here and on [`Actor`] do, and nothing else: invite, join,
//! make and mark a direct chat, read membership, ignored people, the state of an account and what rooms are called, and look
//! after registration tokens. Whoever asks is authenticated first, with *their own* token ([`Homeserver::whoami`]).

mod acting;
mod admin;
mod caller;
mod error;
mod media;
mod registration_tokens;
mod rooms;
mod sign_in;
mod standing;
mod summaries;
mod transport;

use std::{sync::Arc, time::Duration};

use app::Person;
use matrix_sdk::ruma::{OwnedRoomId, OwnedServerName, OwnedUserId, UserId, api::client::profile::get_profile};
use moka::future::Cache;
use url::Url;

use self::{acting::Acting, transport::Transport};
pub use self::{
    acting::{Actor, Membership},
    caller::MayInvite,
    error::{Error, Refusal, Result},
    media::Picture,
    registration_tokens::{TokenLimits, TokenState},
    rooms::JoinedRoom,
    sign_in::Session,
    standing::Standing,
    summaries::{Entrance, RoomSummary, Viewer},
};
use crate::account::{Account, Origin};
use crate::config::{ActingMode, Secret};

/// For how long what is shown of an inviter may be old: their name, their picture, whether their account is in order.
const INVITER_CACHE: Duration = Duration::from_secs(10);

/// For how long what pages show of people and rooms may be old.
const SHOWN_CACHE: Duration = Duration::from_secs(60);

/// For how long it is believed that an account which could be logged in a moment ago may be used.
const LOG_IN_CACHE: Duration = Duration::from_secs(1);

/// For how long a member's list of rooms may be old.
const ROOMS_CACHE: Duration = Duration::from_secs(20);

/// The homeserver beside which this service runs.
pub struct Homeserver {
    transport: Transport,
    server_name: OwnedServerName,
    acting: Acting,
    sessions: Cache<String, Account>,
    inviters: Cache<OwnedUserId, InviterState>,
    people: Cache<OwnedUserId, Person>,
    rooms: Cache<String, Arc<Vec<JoinedRoom>>>,
    summaries: Cache<(OwnedUserId, OwnedRoomId), Option<RoomSummary>>,
    /// What log-ins have told a moment ago; also so that there is one at a time for each account.
    log_ins: Cache<OwnedUserId, Standing>,
}

/// What is shown of somebody who invites.
#[derive(Debug, Clone)]
pub struct InviterState {
    /// Who they are.
    pub person: Person,
    /// Whether their account can be used.
    pub standing: Standing,
}

/// How far Synapse's admin API is open to this service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdminApi {
    /// It answers.
    Open,
    /// It is there, for others.
    Closed,
    /// The homeserver has none.
    Missing,
}

/// Whether the homeserver limits how fast the service works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limits {
    /// Like everybody.
    Usual,
    /// Not.
    Lifted,
}

impl Homeserver {
    /// A homeserver at `url`; nothing is asked yet. An access token's owner is remembered for `token_cache`.
    pub fn new(
        url: &Url,
        server_name: OwnedServerName,
        mode: ActingMode,
        token: Secret,
        token_cache: Duration,
    ) -> Result<Self> {
        Ok(Self {
            transport: Transport::new(url)?,
            server_name,
            acting: Acting::new(mode, token),
            sessions: Cache::builder()
                .max_capacity(if token_cache.is_zero() { 0 } else { 10_000 })
                .time_to_live(token_cache)
                .build(),
            inviters: Cache::builder().max_capacity(10_000).time_to_live(INVITER_CACHE).build(),
            people: Cache::builder().max_capacity(10_000).time_to_live(SHOWN_CACHE).build(),
            // Each may be some hundred kilobytes.
            rooms: Cache::builder().max_capacity(200).time_to_live(ROOMS_CACHE).build(),
            summaries: Cache::builder().max_capacity(50_000).time_to_live(SHOWN_CACHE).build(),
            log_ins: Cache::builder().max_capacity(1_000).time_to_live(LOG_IN_CACHE).build(),
        })
    }

    /// The homeserver's name, as in `@user:name`.
    pub fn server_name(&self) -> &OwnedServerName {
        &self.server_name
    }

    /// Whose access token this is, by the homeserver's own word (Client-Server API, `GET /account/whoami`), remembered for a
    /// short time. `origin` is passed on, or everybody would seem to use the homeserver from here.
    pub async fn whoami(&self, token: &str, origin: &Origin) -> Result<Account, Arc<Error>> {
        let ask = self.transport.whoami(token, origin);
        self.sessions.try_get_with_by_ref(token, ask).await
    }

    /// The user in whose name the service itself speaks: the application service's sender, or the admin.
    pub async fn acting_user(&self) -> Result<OwnedUserId> {
        let token = self.acting.own_token();
        Ok(self.transport.whoami(token, &Origin::default()).await?.user_id().to_owned())
    }

    /// Makes the homeserver ready for this service: the application service's own user exists, or the admin's limits are
    /// lifted. Doing it again changes nothing.
    pub async fn prepare(&self) -> Result<()> {
        match self.acting.mode() {
            ActingMode::Admin => self.admin().await.map(drop),
            ActingMode::Appservice => {
                let sender = self.acting_user().await?;
                let username = sender.localpart();
                let kind = "m.login.application_service";
                match self.call(admin::RegisterSender { kind, username, inhibit_login: true }).await {
                    Err(error) if !error.is("M_USER_IN_USE") => Err(error),
                    _ => Ok(()),
                }
            }
        }
    }

    /// How far Synapse's admin API is open to the acting token.
    pub async fn admin_api(&self) -> Result<AdminApi> {
        let user = self.acting_user().await?;
        match self.call(admin::QueryUser { user: &user }).await {
            Ok(_) => Ok(AdminApi::Open),
            Err(error) if error.is("M_UNRECOGNIZED") => Ok(AdminApi::Missing),
            Err(error) if error.is_judgement() => Ok(AdminApi::Closed),
            Err(error) => Err(error),
        }
    }

    /// Whether somebody is a server admin, now. Asked with their own token: an admin may see their own account, others may not.
    pub async fn is_server_admin(&self, account: &Account) -> Result<bool> {
        let question = admin::QueryUser { user: account.user_id() };
        match self.transport.call(question, account.token()).await {
            Ok(state) => Ok(state.admin),
            Err(error) if error.is_judgement() => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// When an account was made, in milliseconds since the epoch; nothing if the homeserver does not say.
    pub async fn account_made_at(&self, user: &UserId) -> Result<Option<i64>> {
        match self.call(admin::QueryUser { user }).await {
            Ok(state) => Ok(state.creation_ts.map(|seconds| seconds * 1000)),
            Err(error) if error.is_judgement() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether the homeserver's limits hold for the acting user (Synapse admin API, "Get status of ratelimit").
    pub async fn limits(&self) -> Result<Limits> {
        let user = self.acting_user().await?;
        let answer = self.call(admin::Ratelimit { user: &user }).await?;
        Ok(match answer.messages_per_second {
            Some(0) => Limits::Lifted,
            _ => Limits::Usual,
        })
    }

    /// Name, picture and state of somebody who invites, at most [`INVITER_CACHE`] old: to be shown, not to be relied on.
    pub async fn inviter(&self, user: &UserId) -> Result<InviterState, Arc<Error>> {
        let ask = async {
            let (profile, standing) = tokio::join!(self.profile(user), self.shown_standing(user));
            Ok(InviterState { person: profile?, standing: standing? })
        };
        self.inviters.try_get_with_by_ref(user, ask).await
    }

    /// Name and picture of somebody, as far as they can be had: a page does not fail because a name is missing.
    pub async fn person(&self, user: &UserId) -> Person {
        let found = self.people.try_get_with_by_ref(user, self.profile(user)).await;
        found.unwrap_or_else(|error| {
            tracing::debug!(%error, "a profile is missing");
            Person { user_id: user.to_string(), display_name: None, avatar_url: None }
        })
    }

    /// Asks something that only the acting token may.
    async fn call<E: admin::Endpoint>(&self, endpoint: E) -> Result<E::Answer> {
        self.transport.call(endpoint, self.acting.own_token()).await
    }

    /// Display name and picture (Client-Server API, "Profiles"); none of an account without a profile.
    async fn profile(&self, user: &UserId) -> Result<Person> {
        let request = get_profile::v3::Request::new(user.to_owned());
        let unknown = Person { user_id: user.to_string(), display_name: None, avatar_url: None };
        let profile = match self.transport.send(request, self.acting.own_token(), None).await {
            Err(Error::Refused(refusal)) if matches!(refusal.status, 403 | 404) => return Ok(unknown),
            answer => answer?,
        };
        let text = |field| Some(profile.get(field)?.as_str()?.to_owned()).filter(|text| !text.is_empty());
        Ok(Person { display_name: text("displayname"), avatar_url: text("avatar_url"), ..unknown })
    }
}
