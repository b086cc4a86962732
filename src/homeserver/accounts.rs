//! Accounts and profiles.

use std::{sync::Arc, time::Duration};

use app::{ERASED_SERVER, Person, wording};
use matrix_sdk::ruma::{OwnedUserId, UserId, api::client::profile::get_profile};
use moka::future::Cache;

use super::{
    admin,
    error::{Error, Result},
    link::{Link, SHOWN_CACHE},
};
use crate::account::{Account, Origin};

/// How old the shown name, picture and account state of an inviter may be.
const INVITER_CACHE: Duration = Duration::from_secs(10);

/// For how long an account that could be logged in counts as usable.
const LOG_IN_CACHE: Duration = Duration::from_secs(1);

/// The accounts of the homeserver. Cheap to clone.
#[derive(Clone)]
pub struct Accounts {
    pub(super) link: Arc<Link>,
    sessions: Sessions,
    inviters: Cache<OwnedUserId, InviterState>,
    people: Cache<OwnedUserId, Person>,
    /// The results of recent log-ins; the cache also makes sure that there is one at a time for each account.
    pub(super) log_ins: Cache<OwnedUserId, Standing>,
}

/// The owners of access tokens, as the homeserver reported them recently.
pub(super) type Sessions = Cache<String, Account>;

/// A person who invites, as shown on pages.
#[derive(Debug, Clone)]
pub struct InviterState {
    /// The person.
    pub person: Person,
    /// The state of their account.
    pub standing: Standing,
}

/// The state of an account, as server admins have set it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It may be used.
    Active,
    /// It can read, but neither invite nor join (suspended).
    Suspended,
    /// It cannot be used for now (locked).
    Locked,
    /// It cannot be used ever again (deactivated).
    Deactivated,
    /// The homeserver only pretends to carry out what its user does (Synapse admin API, "Controlling whether a user is
    /// shadow-banned").
    ShadowBanned,
    /// There is no such account.
    Unknown,
}

impl Standing {
    /// Whether people can be invited in this person's name.
    pub fn may_invite(self) -> bool {
        self == Self::Active
    }
}

impl From<admin::UserState> for Standing {
    fn from(state: admin::UserState) -> Self {
        match state {
            admin::UserState { deactivated: true, .. } => Self::Deactivated,
            admin::UserState { locked: true, .. } => Self::Locked,
            admin::UserState { suspended: true, .. } => Self::Suspended,
            admin::UserState { shadow_banned: true, .. } => Self::ShadowBanned,
            _ => Self::Active,
        }
    }
}

impl Accounts {
    pub(super) fn new(link: &Arc<Link>, sessions: &Sessions) -> Self {
        let accounts = Self {
            link: Arc::clone(link),
            sessions: sessions.clone(),
            inviters: Cache::builder().max_capacity(10_000).time_to_live(INVITER_CACHE).build(),
            people: Cache::builder().max_capacity(10_000).time_to_live(SHOWN_CACHE).build(),
            log_ins: Cache::builder().max_capacity(1_000).time_to_live(LOG_IN_CACHE).build(),
        };
        link.watch("inviters", &accounts.inviters);
        link.watch("people", &accounts.people);
        link.watch("log_ins", &accounts.log_ins);
        accounts
    }

    /// The owner of an access token, according to the homeserver (Client-Server API, `GET /account/whoami`), cached
    /// briefly. `origin` is passed on; otherwise everybody would seem to use the homeserver from this service's
    /// address.
    pub async fn whoami(&self, token: &str, origin: &Origin) -> Result<Account, Arc<Error>> {
        let ask = self.link.transport.whoami(token, origin);
        self.sessions.try_get_with_by_ref(token, ask).await
    }

    /// Forgets whose a token is.
    pub async fn forget(&self, token: &str) {
        self.sessions.invalidate(token).await;
    }

    /// Whether somebody is a server admin now. Asked with their own token: admins may query their own account, others
    /// may not.
    pub async fn is_server_admin(&self, account: &Account) -> Result<bool> {
        let question = admin::QueryUser { user: account.user_id() };
        match self.link.transport.call(question, account.token()).await {
            Ok(state) => Ok(state.admin),
            Err(error) if error.is_judgement() => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// When an account was created, in milliseconds since the epoch; `None` if the homeserver does not say.
    pub async fn account_made_at(&self, user: &UserId) -> Result<Option<i64>> {
        match self.link.call(admin::QueryUser { user }).await {
            Ok(state) => Ok(state.creation_ts.map(|seconds| seconds * 1000)),
            Err(error) if error.is_judgement() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Profile and account state of an inviter, at most [`INVITER_CACHE`] old: for display, not for decisions.
    pub async fn inviter(&self, user: &UserId) -> Result<InviterState, Arc<Error>> {
        let ask = async {
            let (profile, standing) = tokio::join!(self.profile(user), self.shown_standing(user));
            Ok(InviterState { person: profile?, standing: standing? })
        };
        self.inviters.try_get_with_by_ref(user, ask).await
    }

    /// Profile of a person, as far as it is available: a page does not fail because a name is missing.
    pub async fn person(&self, user: &UserId) -> Person {
        if user.server_name().as_str() == ERASED_SERVER {
            let display_name = Some(wording::erased().to_owned());
            return Person { user_id: user.to_string(), display_name, avatar_url: None };
        }
        let found = self.people.try_get_with_by_ref(user, self.profile(user)).await;
        found.unwrap_or_else(|error| {
            tracing::debug!(%error, "a profile is missing");
            Person { user_id: user.to_string(), display_name: None, avatar_url: None }
        })
    }

    /// Display name and picture (Client-Server API, "Profiles"); empty for an account without a profile.
    async fn profile(&self, user: &UserId) -> Result<Person> {
        let request = get_profile::v3::Request::new(user.to_owned());
        let unknown = Person { user_id: user.to_string(), display_name: None, avatar_url: None };
        let profile = match self.link.transport.send(request, self.link.own_token(), None).await {
            Err(Error::Refused(refusal)) if matches!(refusal.status, 403 | 404) => return Ok(unknown),
            answer => answer?,
        };
        let text = |field| Some(profile.get(field)?.as_str()?.to_owned()).filter(|text| !text.is_empty());
        Ok(Person { display_name: text("displayname"), avatar_url: text("avatar_url"), ..unknown })
    }
}
