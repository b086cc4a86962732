//! The use cases: everything that can be done with invites, with all rules and all authorisation, whichever door the
//! request came through.

mod chat;
mod entry;
mod landing;
mod overview;
mod redeem;
mod registration;
mod rooms;
mod session;

use std::{sync::Arc, time::Duration};

use app::{Draft, Error as Refusal, Invite, LONGEST_LABEL, Preview, Registration};
use matrix_sdk::ruma::{OwnedUserId, UserId};
use moka::future::Cache;
use tokio_util::task::TaskTracker;
use url::Url;

use self::redeem::Running;
use crate::{
    account::{Account, Origin},
    error::{Error, Result},
    homeserver::{self, Homeserver},
    store::{Millis, NewInvite, RegistrationToken, Store, StoredInvite, Written},
};

/// Tells the time, in milliseconds since the epoch.
pub type Clock = Arc<dyn Fn() -> Millis + Send + Sync>;

/// What an operator can set about invites.
#[derive(Debug, Clone)]
pub struct Rules {
    /// The most rooms of one invite.
    pub max_rooms: usize,
    /// Whether codes open accounts as well.
    pub registration: bool,
    /// Where people find Element in the browser.
    pub element_web_url: Option<Url>,
}

/// The use cases, over one database and one homeserver. Cheap to clone.
#[derive(Clone)]
pub struct Invites(Arc<Inner>);

struct Inner {
    store: Store,
    homeserver: Arc<Homeserver>,
    rules: Rules,
    clock: Clock,
    lists: Lists,
    running: Running,
    tasks: TaskTracker,
}

/// Lists that were asked for lately, by owner, with the version that says whether they are still right.
type Lists = Cache<String, (i64, Arc<Vec<Invite>>)>;

/// How many rooms the lists in memory may name in all: some tens of megabytes.
const LISTED_ROOMS: u64 = 200_000;

/// For how long a list stays in memory after it was last asked for.
const LISTED: Duration = Duration::from_secs(300);

fn lists() -> Lists {
    let weight = |_: &String, (_, list): &(i64, Arc<Vec<Invite>>)| {
        let rooms: usize = list.iter().map(|invite| invite.rooms.len() + 1).sum();
        u32::try_from(rooms).unwrap_or(u32::MAX)
    };
    Cache::builder().max_capacity(LISTED_ROOMS).weigher(weight).time_to_idle(LISTED).build()
}

impl Invites {
    /// The use cases over this database and this homeserver.
    pub fn new(store: Store, homeserver: Arc<Homeserver>, rules: Rules, clock: Clock) -> Self {
        Self(Arc::new(Inner {
            store,
            homeserver,
            rules,
            clock,
            lists: lists(),
            running: Running::default(),
            tasks: TaskTracker::new(),
        }))
    }

    /// Whose access token this is. Guests may do nothing here.
    pub async fn authenticate(&self, token: &str, origin: &Origin) -> Result<Account> {
        let account = self.0.homeserver.whoami(token, origin).await.map_err(|error| match &*error {
            homeserver::Error::Refused(refusal) if refusal.errcode == "M_USER_LOCKED" => Refusal::Locked.into(),
            homeserver::Error::Refused(refusal) if matches!(refusal.status, 401 | 403) => {
                Refusal::SignedOut { soft: refusal.soft_logout }.into()
            }
            // Anything else says nothing about the session, and a client that is told it has ended throws it away.
            homeserver::Error::Refused(_) => Error::unreachable(),
            _ => Error::from(error),
        })?;
        match account.is_guest() {
            true => Err(Refusal::Guest.into()),
            false => Ok(account),
        }
    }

    /// Everything that somebody has made and not deleted, oldest first.
    pub async fn list(&self, account: &Account) -> Result<Arc<Vec<Invite>>> {
        let owner = account.user_id().as_str();
        // Read before the list: if it changes in between, the list is newer than it says, and read again.
        let version = self.0.store.invites_version(owner).await?;
        if let Some((known, list)) = self.0.lists.get(owner).await
            && known == version
        {
            return Ok(list);
        }
        let list = Arc::new(self.0.store.invites_of(owner).await?);
        self.0.lists.insert(owner.to_owned(), (version, Arc::clone(&list))).await;
        Ok(list)
    }

    /// One of somebody's own invites.
    pub async fn one(&self, account: &Account, code: &str) -> Result<Invite> {
        Ok(self.own(account, code).await?.invite)
    }

    /// Makes an invite, or changes one of one's own.
    ///
    /// The invite exists even if its registration token could not be made: then the answer says so, and saving again tries again.
    pub async fn save(&self, account: &Account, draft: Draft) -> Result<(Invite, Registration)> {
        let code = draft.code.as_deref().map(app::Code::parse).transpose()?;
        let old = match &code {
            Some(code) => self.0.store.invite(code.as_str()).await?,
            None => None,
        };
        if let Some(old) = &old {
            check_owner(old, account.user_id())?;
            if old.deleted_at.is_some() {
                return Err(Refusal::CodeSpent { code: old.invite.code.clone() }.into());
            }
        }
        if self.0.homeserver.is_suspended(account.user_id()).await? {
            return Err(Refusal::Suspended.into());
        }
        let label = match &draft.label {
            Some(label) => label_of(label)?,
            None => old.as_ref().and_then(|old| old.invite.label.clone()),
        };
        let known = old.as_ref().map_or(&[][..], |old| &old.invite.rooms);
        let new = NewInvite {
            rooms: self.0.check_rooms(account, &draft.rooms, known).await?,
            owner: account.user_id().to_string(),
            chat: draft.chat,
            label,
            show_rooms: draft.show_rooms.or(old.as_ref().map(|old| old.invite.show_rooms)).unwrap_or_default(),
            registration: draft.registration.or(old.as_ref().map(|old| old.registration)).unwrap_or(true),
            code: code.map_or_else(|| app::Code::generate(getrandom::fill), Ok)?.into(),
        };
        let now = (self.0.clock)();
        let written = match &old {
            Some(_) => self.0.store.change_invite(&new, now).await?,
            None => self.0.store.create_invite(&new, now).await?,
        };
        if written == Written::NotAsExpected {
            // Somebody was faster: their code, or our own, deleted in this moment.
            return match self.0.store.invite(&new.code).await? {
                Some(taken) if taken.invite.owner == new.owner => Err(Refusal::CodeSpent { code: new.code }.into()),
                _ => Err(Refusal::NotYours.into()),
            };
        }
        let token = old.as_ref().map_or(RegistrationToken::None, |old| old.registration_token);
        let registration = self.0.register(&new.code, new.registration, token).await?;
        let (came, last_came) = old.map_or((0, None), |old| (old.invite.came, old.invite.last_came));
        let NewInvite { code, owner, rooms, chat, label, show_rooms, .. } = new;
        Ok((Invite { code, owner, rooms, chat, came, last_came, label, show_rooms }, registration))
    }

    /// Deletes one of one's own invites, and the registration token that came with it. Its code is never used again.
    pub async fn delete(&self, account: &Account, code: &str) -> Result<()> {
        let old = self.own(account, code).await?;
        match self.0.store.delete_invite(code, (self.0.clock)()).await? {
            Written::Done => {}
            Written::NotAsExpected => return Err(Refusal::UnknownInvite.into()),
        }
        if old.registration_token.is_ours() {
            self.0.unregister(code).await?;
        }
        Ok(())
    }

    /// What a code promises, for somebody who holds it.
    pub async fn preview(&self, account: &Account, code: &str) -> Result<Preview> {
        let StoredInvite { invite, deleted_at, .. } = self.0.store.invite(code).await?.ok_or(Refusal::UnknownInvite)?;
        if deleted_at.is_some() {
            return Err(Refusal::Ended.into());
        }
        let owner = user_id(&invite.owner)?;
        let inviter = Box::pin(self.0.homeserver.inviter(&owner)).await?;
        if !inviter.standing.may_invite() {
            return Err(Refusal::OwnerGone.into());
        }
        let redeemed = self.0.store.has_redeemed(code, account.user_id().as_str()).await?;
        let rooms = invite.rooms.len() + usize::from(invite.chat);
        Ok(Preview {
            rooms: u32::try_from(rooms).unwrap_or(u32::MAX),
            redeemed,
            chat: invite.chat,
            inviter: inviter.person,
        })
    }

    /// Waits until every redemption that has begun is done, for a tidy shutdown.
    pub async fn finish(&self) {
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }

    async fn own(&self, account: &Account, code: &str) -> Result<StoredInvite> {
        let stored = self.0.store.invite(code).await?.filter(|stored| stored.deleted_at.is_none());
        let stored = stored.ok_or(Refusal::UnknownInvite)?;
        check_owner(&stored, account.user_id())?;
        Ok(stored)
    }
}

/// What an owner calls an invite; nothing if there is nothing but space.
fn label_of(text: &str) -> Result<Option<String>, Refusal> {
    let text = text.trim();
    if text.chars().count() > LONGEST_LABEL || text.contains(char::is_control) {
        return Err(Refusal::Invalid {
            field: "label".into(),
            problem: format!("must be one line of at most {LONGEST_LABEL} characters"),
        });
    }
    Ok(Some(text.to_owned()).filter(|text| !text.is_empty()))
}

fn user_id(text: &str) -> Result<OwnedUserId> {
    UserId::parse(text).map_err(|error| Error::Failed(Arc::new(error)))
}

fn check_owner(stored: &StoredInvite, user: &UserId) -> Result<(), Refusal> {
    match stored.invite.owner == user.as_str() {
        true => Ok(()),
        false => Err(Refusal::NotYours),
    }
}
