//! What room admins see of the invites that lead into their rooms, and what they can do about them.

use std::{cmp::Reverse, sync::Arc};

use app::{Action, Block, Detail, Error as Refusal, Field, LookedAfter, RoomInvite, RoomInvites};
use futures_util::{StreamExt, TryStreamExt, stream};
use matrix_sdk::ruma::{OwnedRoomAliasId, OwnedRoomId};

use super::{
    audit::AuditLog,
    parse::{LONGEST_ID, number, text, user_id},
    rules::Rules,
    shown,
    work::{Done, Work},
};
use crate::{
    account::Account,
    clock::Clock,
    error::Result,
    homeserver::{Accounts, JoinedRoom, Rooms},
    store::{self, Invites},
};

/// How many invites of a room are on a page.
const ON_A_PAGE: u32 = 20;

/// The most invites in one response.
const MOST: u32 = 100;

/// How many rooms are queried at once.
const AT_ONCE: usize = 4;

/// The use cases of room admins.
pub struct RoomAdmin {
    pub(super) invites: Invites,
    pub(super) stored_rooms: store::Rooms,
    pub(super) accounts: Accounts,
    pub(super) rooms: Rooms,
    pub(super) rules: Arc<Rules>,
    pub(super) audit: AuditLog,
    pub(super) work: Arc<Done>,
    pub(super) clock: Clock,
}

impl RoomAdmin {
    /// Some of the invites that lead into a room, given by its id or an alias, for one of its admins: at most `most` of
    /// those with numbers below `before`, newest first, and the number below which there are more. Admins see the
    /// owners, but neither the codes nor where else the invites lead.
    pub async fn invites_into(
        &self,
        account: &Account,
        room: &str,
        before: Option<i64>,
        most: u32,
    ) -> Result<(Vec<RoomInvite>, Option<i64>)> {
        let room = self.administered(account, room).await?;
        let all_paused = self.invites.all_paused().await?.is_some();
        self.room_invites(room.as_str(), before, most.clamp(1, MOST), all_paused).await
    }

    /// Blocks an invite in a room, or unblocks it, for an admin of the room. People who have joined through it stay.
    pub async fn block(
        &self,
        account: &Account,
        room: &str,
        invite: i64,
        blocked: bool,
        reason: Option<String>,
    ) -> Result<()> {
        let room = self.administered(account, room).await?;
        let code = &*self.stored_rooms.code_into(room.as_str(), invite).await?.ok_or(Refusal::UnknownInvite)?;
        let reason = text(Field::BlockReason, reason, false)?;
        let action = if blocked { Action::Blocked } else { Action::Unblocked };
        let entry = self.audit.entry(account, action, Some(code), Some(Detail::Room(room.to_string())))?;
        match blocked {
            true => {
                let (room, actor) = (room.to_string(), account.user_id().to_string());
                let block = store::Block { room, actor, reason, at: entry.at };
                Ok(self.stored_rooms.block(code, &block, &entry).await?)
            }
            false => Ok(self.stored_rooms.unblock(code, room.as_str(), &entry).await?),
        }
    }

    /// All rooms that somebody administers, or only the one with this id, with the invites that lead into them: for
    /// each the newest of those with numbers below `before`.
    pub async fn looked_after(&self, account: &Account, room: &str, before: Option<i64>) -> Result<LookedAfter> {
        self.work.take(Work::LookUpRoom, account.user_id(), 1, (self.clock)())?;
        let joined = self.rooms.joined_rooms(account, true).await?;
        let all_paused = self.invites.all_paused().await?.is_some();
        let look = async |room: JoinedRoom| -> Result<RoomInvites> {
            let (invites, next) = self.room_invites(room.id.as_str(), before, ON_A_PAGE, all_paused).await?;
            Ok(RoomInvites { room: shown::room(&room), members: room.members, invites, next })
        };
        let mut administered = joined.to_vec();
        administered.retain(|one| one.administered && !one.direct && (room.is_empty() || one.id == room));
        let mut rooms: Vec<RoomInvites> = stream::iter(administered).map(look).buffered(AT_ONCE).try_collect().await?;
        let all = rooms.len();
        rooms.retain(|room| !room.invites.is_empty());
        rooms.sort_by_key(|room| (Reverse(room.room.space), room.room.name.as_ref().map(|name| name.to_lowercase())));
        let quiet = room.is_empty().then(|| number(all - rooms.len()));
        Ok(LookedAfter { rooms, quiet, now: (self.clock)() })
    }

    /// The room, if the account may remove members from it and change its power levels now.
    async fn administered(&self, account: &Account, room: &str) -> Result<OwnedRoomId> {
        self.work.take(Work::LookUpRoom, account.user_id(), 1, (self.clock)())?;
        let id = match OwnedRoomAliasId::try_from(room) {
            _ if room.len() > LONGEST_ID => None,
            Ok(alias) => self.rooms.resolve(alias).await?,
            Err(_) => OwnedRoomId::try_from(room).ok(),
        };
        // Others are not told whether the room exists.
        let id = id.ok_or(Refusal::RoomAdminsOnly)?;
        match self.rooms.administers(account, &id).await? {
            true => Ok(id),
            false => Err(Refusal::RoomAdminsOnly.into()),
        }
    }

    async fn room_invites(
        &self,
        room: &str,
        before: Option<i64>,
        most: u32,
        all_paused: bool,
    ) -> Result<(Vec<RoomInvite>, Option<i64>)> {
        let mut found = self.stored_rooms.invites_into(room, before.unwrap_or(i64::MAX), i64::from(most) + 1).await?;
        let more = found.len() > most as usize;
        found.truncate(most as usize);
        let mut invites: Vec<RoomInvite> = Vec::new();
        for into in found {
            let into = self.rules.bounded(into);
            let block = match into.block {
                Some(store::Block { actor, reason, at, .. }) => {
                    Some(Block { by: self.accounts.person(&user_id(&actor)?).await, at, reason })
                }
                None => None,
            };
            let came = u32::try_from(into.came).unwrap_or(u32::MAX);
            let state = into.invite.state(all_paused, (self.clock)());
            let invite = shown::known(&self.accounts, into.number, &into.invite, came, state).await?;
            invites.push(RoomInvite { invite, block });
        }
        let next = invites.last().filter(|_| more).map(|last| last.invite.number);
        Ok((invites, next))
    }
}
