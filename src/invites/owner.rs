//! What people who make invites can do: make, change, list and end their own.

use std::sync::Arc;

use app::{Allowed, Error as Refusal, Invite, InviteState};
use matrix_sdk::ruma::UserId;

use super::{
    audit::AuditLog,
    catalog::Catalog,
    creators::Creators,
    guesses::Guesses,
    lists::{Listed, Lists},
    registration_token::RegistrationTokens,
    rooms::RoomCheck,
    switches::Switches,
    work::{Done, Work},
};
use crate::{
    account::Account,
    chance::Chance,
    clock::Clock,
    error::Result,
    homeserver::{Accounts, Rooms},
    store::{self, Invites, Pause, Redemptions, StoredInvite},
};

/// The use cases of people who make invites.
pub struct Owner {
    pub(super) catalog: Catalog,
    pub(super) creators: Creators,
    pub(super) room_check: RoomCheck,
    pub(super) guesses: Guesses,
    pub(super) invites: Invites,
    pub(super) redemptions: Redemptions,
    pub(super) stored_rooms: store::Rooms,
    pub(super) accounts: Accounts,
    pub(super) rooms: Rooms,
    pub(super) tokens: RegistrationTokens,
    pub(super) audit: AuditLog,
    pub(super) switches: Switches,
    pub(super) lists: Lists,
    pub(super) work: Arc<Done>,
    pub(super) clock: Clock,
    pub(super) chance: Chance,
}

impl Owner {
    /// All invites that the member has made and not deleted, oldest first.
    pub async fn list(&self, account: &Account) -> Result<Arc<Listed>> {
        let owner = account.user_id().as_str();
        let read = async {
            // Read before the list: if it changes in between, the list is newer than its version, and is read again next
            // time.
            let (version, all_paused) = self.invites.version(owner).await?;
            Ok((self.lists.get(owner, version, self.read(owner)).await?, all_paused))
        };
        self.lists.at(owner, (self.clock)(), read).await
    }

    /// The same list as the database has it now, for those who are about to change something: what another instance has changed may reach the
    /// memory of this one later.
    pub(super) async fn list_from_database(&self, account: &Account) -> Result<Listed> {
        let owner = account.user_id().as_str();
        let (_, all_paused) = self.invites.version(owner).await?;
        Ok(Listed::new(Arc::new(self.read(owner).await?), all_paused, (self.clock)()))
    }

    async fn read(&self, owner: &str) -> Result<Vec<Invite>> {
        let invites = self.invites.of(owner).await?.into_iter();
        Ok(invites.map(|invite| self.catalog.rules.bounded(invite)).collect())
    }

    /// One of the member's own invites, and its state.
    pub async fn one(&self, account: &Account, code: &str) -> Result<(Invite, InviteState)> {
        let stored = self.own(account, code).await?;
        let state = stored.state((self.clock)());
        Ok((stored.invite, state))
    }

    /// Deletes one of the member's own invites, and its registration token. Its code can never be used again.
    pub async fn delete(&self, account: &Account, code: &str) -> Result<()> {
        self.own(account, code).await?;
        self.switches.delete(account, code).await
    }

    /// Pauses or resumes one of the member's own invites.
    pub async fn pause(&self, account: &Account, code: &str, paused: bool) -> Result<()> {
        if self.own(account, code).await?.invite.paused == paused {
            return Ok(());
        }
        self.work.take(Work::SaveInvite, account.user_id(), 1, (self.clock)())?;
        self.switches.pause(account, code, paused, Pause::Owner, None).await?;
        self.tokens.settle(code).await.map(drop)
    }

    pub(super) async fn own(&self, account: &Account, code: &str) -> Result<StoredInvite> {
        let look = async {
            let stored = self.catalog.find(code).await?.filter(|stored| stored.deleted_at.is_none());
            let stored = stored.ok_or(Refusal::UnknownInvite)?;
            check_owner(&stored, account.user_id())?;
            Ok(stored)
        };
        self.guesses.guard(account, code, look).await
    }

    /// The rules for a member who makes an invite.
    pub async fn allowed(&self, account: &Account) -> Result<Allowed> {
        self.creators.allowed(account).await
    }
}

pub(super) fn check_owner(stored: &StoredInvite, user: &UserId) -> Result<(), Refusal> {
    match stored.invite.owner == user.as_str() {
        true => Ok(()),
        false => Err(Refusal::NotYours),
    }
}
