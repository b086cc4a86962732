//! The use cases: everything that can be done with invites, with all rules and all authorisation, whichever door the
//! request came through.

mod attempts;
mod audit;
mod chat;
mod entry;
mod guesses;
mod landing;
mod lease;
mod overview;
mod redeem;
mod registration;
mod room_admins;
mod rooms;
mod rules;
mod save;
mod server_admins;
mod session;
mod sharing;
mod takeover;
mod work;

use std::{future::Future, sync::Arc, time::Duration};

use app::{Action, Error as Refusal, Invite, InviteState, Preview};
use matrix_sdk::ruma::{OwnedUserId, UserId};
use moka::{Entry, future::Cache, ops::compute::Op};
use tokio_util::task::TaskTracker;

use self::{
    guesses::Guesses,
    redeem::Running,
    work::{Done, Work},
};
pub use self::{rules::Rules, save::Saved, takeover::Takeover};
use crate::{
    account::{Account, Origin},
    chance::Chance,
    config::{FailedLookups, WorkLimits},
    error::{Error, Result},
    homeserver::{self, Homeserver, Standing},
    store::{Millis, Store, StoredInvite, Written},
};

/// Tells the time, in milliseconds since the epoch.
pub type Clock = Arc<dyn Fn() -> Millis + Send + Sync>;

/// The use cases, over one database and one homeserver. Cheap to clone.
#[derive(Clone)]
pub struct Invites(Arc<Inner>);

struct Inner {
    store: Store,
    homeserver: Arc<Homeserver>,
    rules: Rules,
    clock: Clock,
    chance: Chance,
    guesses: Guesses,
    done: Done,
    lists: Lists,
    running: Running,
    tasks: TaskTracker,
}

/// Lists that were asked for lately, by owner, with the version that says whether they are still right.
type Lists = Cache<String, List>;

/// A list with its version.
type List = (i64, Arc<Vec<Invite>>);

/// How much memory the lists may take in all, in bytes.
const LISTED_BYTES: u64 = 64 * 1024 * 1024;

/// What an invite takes in memory beside its texts, in bytes: about so much.
const EACH: usize = 256;

/// For how long a list stays in memory after it was last asked for.
const LISTED: Duration = Duration::from_secs(300);

fn lists() -> Lists {
    let weight = |_: &String, (_, list): &List| {
        let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let bytes = |invite: &Invite| {
            let terms = &invite.terms;
            let rooms: usize = terms.rooms.iter().map(|room| room.len() + 24).sum();
            EACH + invite.code.len() + invite.owner.len() + rooms + text(&terms.label) + text(&terms.welcome)
        };
        u32::try_from(list.iter().map(bytes).sum::<usize>()).unwrap_or(u32::MAX)
    };
    Cache::builder().max_capacity(LISTED_BYTES).weigher(weight).time_to_idle(LISTED).build()
}

impl Invites {
    /// The use cases over this database and this homeserver.
    pub fn new(
        store: Store,
        homeserver: Arc<Homeserver>,
        rules: Rules,
        failed_lookups: FailedLookups,
        limits: WorkLimits,
        clock: Clock,
        chance: Chance,
    ) -> Self {
        Self(Arc::new(Inner {
            store,
            homeserver,
            rules,
            guesses: Guesses::new(failed_lookups, Arc::clone(&clock)),
            done: Done::new(limits),
            clock,
            chance,
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
            false => Ok(account.coming_from(origin)),
        }
    }

    /// Everything that somebody has made and not deleted, oldest first; with the time for which the states of its invites hold, and whether
    /// every invite of the server is stopped.
    pub async fn list(&self, account: &Account) -> Result<Listed> {
        let owner = account.user_id().as_str();
        let now = (self.0.clock)();
        // Read before the list: if it changes in between, the list is newer than it says, and read again.
        let (version, all_paused) = self.0.store.invites_version(owner).await?;
        if let Some((known, invites)) = self.0.lists.get(owner).await
            && known == version
        {
            return Ok(Listed { invites, all_paused, now });
        }
        // Built once, whoever else asks meanwhile.
        let build = async |known: Option<Entry<String, List>>| match known {
            Some(known) if known.value().0 >= version => Ok(Op::Nop),
            _ => {
                let invites = self.0.store.invites_of(owner).await?.into_iter();
                let invites = invites.map(|invite| self.0.rules.bounded(invite)).collect();
                Ok::<_, Error>(Op::Put((version, Arc::new(invites))))
            }
        };
        let made = self.0.lists.entry_by_ref(owner).and_try_compute_with(build).await?;
        let invites = made.into_entry().map(|entry| entry.into_value().1).unwrap_or_default();
        Ok(Listed { invites, all_paused, now })
    }

    /// One of somebody's own invites, and whether it lets people in.
    pub async fn one(&self, account: &Account, code: &str) -> Result<(Invite, InviteState)> {
        let stored = self.own(account, code).await?;
        let state = stored.state((self.0.clock)());
        Ok((stored.invite, state))
    }

    /// Deletes one of one's own invites, and the registration token that came with it. Its code is never used again.
    pub async fn delete(&self, account: &Account, code: &str) -> Result<()> {
        self.own(account, code).await?;
        self.0.delete(account, code).await
    }

    /// Stops one of one's own invites for a while, or lets it go on.
    pub async fn pause(&self, account: &Account, code: &str, paused: bool) -> Result<()> {
        if self.own(account, code).await?.invite.paused == paused {
            return Ok(());
        }
        self.0.done.take(Work::SaveInvite, account.user_id(), 1, self.now())?;
        self.0.pause(account, code, paused).await?;
        self.0.settle_registration(code).await.map(drop)
    }

    /// What a code promises, for somebody who holds it. Its owner sees it also when it lets nobody in.
    pub async fn preview(&self, account: &Account, code: &str) -> Result<Preview> {
        self.0.guarded(account, code, self.0.preview(account, code)).await
    }

    /// Waits until every redemption that has begun is done, for a tidy shutdown.
    pub async fn finish(&self) {
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }

    async fn own(&self, account: &Account, code: &str) -> Result<StoredInvite> {
        let look = async {
            let stored = self.0.stored(code).await?.filter(|stored| stored.deleted_at.is_none());
            let stored = stored.ok_or(Refusal::UnknownInvite)?;
            check_owner(&stored, account.user_id())?;
            Ok(stored)
        };
        self.0.guarded(account, code, look).await
    }

    /// The time, in milliseconds since the epoch.
    pub fn now(&self) -> Millis {
        (self.0.clock)()
    }
}

/// Somebody's invites.
#[derive(Debug)]
pub struct Listed {
    /// The invites, oldest first.
    pub invites: Arc<Vec<Invite>>,
    /// Whether every invite of the server is stopped.
    pub all_paused: bool,
    /// The time, in milliseconds since the epoch.
    pub now: Millis,
}

impl Listed {
    /// Whether one of them lets people in.
    pub fn state(&self, invite: &Invite) -> InviteState {
        invite.state(self.all_paused, self.now)
    }
}

impl Inner {
    /// The invite with this code, deleted or not, bounded by what is allowed now.
    async fn stored(&self, code: &str) -> Result<Option<StoredInvite>> {
        Ok(self.store.invite(code).await?.map(|stored| self.rules.bounded(stored)))
    }

    /// Looks a code up for somebody, unless they have tried too many that are not there or not theirs.
    async fn guarded<T>(&self, account: &Account, code: &str, look: impl Future<Output = Result<T>>) -> Result<T> {
        self.guarded_for(Some(account.user_id()), account.origin(), code, look).await
    }

    async fn guarded_for<T>(
        &self,
        user: Option<&UserId>,
        origin: &Origin,
        code: &str,
        look: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let guess = self.guesses.begin(code, user, origin.address).await?;
        let found = look.await;
        if let (Some(guess), Err(Error::Refused(refusal))) = (guess, &found)
            && matches!(
                refusal,
                Refusal::UnknownInvite
                    | Refusal::Ended
                    | Refusal::NotYours
                    | Refusal::OwnerGone
                    | Refusal::CodeSpent { .. }
            )
        {
            drop(guess.failed());
        }
        found
    }

    async fn preview(&self, account: &Account, code: &str) -> Result<Preview> {
        let stored = self.stored(code).await?.ok_or(Refusal::UnknownInvite)?;
        let state = stored.state((self.clock)());
        let open = self.is_open_to(&stored, Some(account.user_id())).await?;
        let StoredInvite { invite, deleted_at, .. } = stored;
        if deleted_at.is_some() {
            return Err(Refusal::Ended.into());
        }
        if !open && invite.owner != account.user_id().as_str() {
            return Err(Refusal::UnknownInvite.into());
        }
        let owner = user_id(&invite.owner)?;
        let inviter = Box::pin(self.homeserver.inviter(&owner)).await?;
        match inviter.standing {
            Standing::Active => {}
            Standing::ShadowBanned if owner == account.user_id() => {}
            Standing::ShadowBanned => return Err(Refusal::UnknownInvite.into()),
            _ => return Err(Refusal::OwnerGone.into()),
        }
        let redemption = self.store.redemption(code, account.user_id().as_str()).await?;
        let redeemed = redemption.is_some_and(|redemption| redemption.is_over(&invite.terms.rooms, invite.terms.chat));
        let rooms = invite.terms.rooms.len() + usize::from(invite.terms.chat);
        Ok(Preview {
            rooms: u32::try_from(rooms).unwrap_or(u32::MAX),
            redeemed,
            chat: invite.terms.chat,
            inviter: inviter.person,
            welcome: invite.terms.welcome,
            expires_at: invite.terms.limits.expires_at,
            state,
        })
    }

    /// Deletes an invite, and the registration token that came with it.
    async fn delete(self: &Arc<Self>, account: &Account, code: &str) -> Result<()> {
        let entry = self.entry(account, Action::Deleted, Some(code), None)?;
        match self.store.delete_invite(code, &entry).await? {
            Written::Done => self.settle_registration(code).await.map(drop),
            Written::NotAsExpected => Err(Refusal::UnknownInvite.into()),
        }
    }
}

/// A text to look for, as a text in a database can be: PostgreSQL has none with NUL in it.
fn sought(text: &str) -> String {
    text.trim().replace('\0', "")
}

/// A number of things, for somebody who is told.
fn number(of: usize) -> u32 {
    u32::try_from(of).unwrap_or(u32::MAX)
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
