//! What room admins see of the invites that lead into their rooms, and what they can do about them.

use std::{cmp::Reverse, sync::Arc};

use app::{
    Action, Block, Detail, Error as Refusal, Field, LookedAfter, OwnInvite, Room, RoomInvite, RoomInvites, RoomsQuery,
};
use futures_util::{StreamExt, TryStreamExt, stream};
use matrix_sdk::ruma::{OwnedRoomAliasId, OwnedRoomId};

use super::{
    audit::AuditLog,
    parse::{LONGEST_ID, number, sought, text, user_id},
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

/// How many rooms are on a page.
const ROOMS: usize = 20;

/// How many invites of each of them are.
const OF_EACH: u32 = 5;

/// How many invites of a room are on a page of its own.
const ON_A_PAGE: u32 = 20;

/// The most invites in one response.
const MOST_INVITES: u32 = 100;

/// How many rooms are queried at once.
const ROOMS_QUERIED_AT_ONCE: usize = 4;

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
        let (into, next) = self.stored_into(room.as_str(), before, most.clamp(1, MOST_INVITES)).await?;
        let all_paused = self.invites.all_paused().await?.is_some();
        let mut invites = Vec::new();
        for invite in into {
            invites.push(self.shown(invite, all_paused).await?);
        }
        Ok((invites, next))
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

    /// The rooms that somebody administers, a page of those that are asked for, with the invites that lead into them.
    pub async fn looked_after(&self, account: &Account, query: &RoomsQuery) -> Result<LookedAfter> {
        self.work.take(Work::LookUpRoom, account.user_id(), 1, (self.clock)())?;
        let joined = self.rooms.joined_rooms(account, true).await?;
        let mut administered = joined.to_vec();
        administered.retain(|room| room.administered && !room.direct && is_asked_for(room, query));
        let all = administered.len();
        let count = async |room: JoinedRoom| -> Result<(JoinedRoom, Vec<bool>)> {
            let kept_out = self.stored_rooms.kept_out(room.id.as_str(), RoomInvites::MOST.into()).await?;
            Ok((room, kept_out))
        };
        let mut rooms: Vec<(JoinedRoom, Vec<bool>)> =
            stream::iter(administered).map(count).buffered(ROOMS_QUERIED_AT_ONCE).try_collect().await?;
        rooms.retain(|(_, kept_out)| !kept_out.is_empty());
        rooms.sort_by_cached_key(|(room, _)| {
            (Reverse(room.space), room.name.as_ref().map(|name| name.to_lowercase()), room.id.clone())
        });
        let matching = rooms.len();
        let last = rooms.iter().position(|(room, _)| room.id.as_str() == query.after);
        let before = last.map_or(0, |last| last + 1);
        let page: Vec<_> = rooms.into_iter().skip(before).take(ROOMS).collect();
        let next = page.last().filter(|_| before + page.len() < matching).map(|(room, _)| room.id.to_string());
        let all_paused = self.invites.all_paused().await?.is_some();
        let (most, from) = match query.room.is_empty() {
            true => (OF_EACH, None),
            false => (ON_A_PAGE, query.before.parse().ok()),
        };
        let look = async |(room, kept_out): (JoinedRoom, Vec<bool>)| -> Result<RoomInvites> {
            let (into, next) = self.stored_into(room.id.as_str(), from, most).await?;
            let mut invites = Vec::new();
            for one in into {
                let code = (one.invite.owner == account.user_id().as_str()).then(|| one.invite.code.clone());
                let own = match code {
                    Some(code) => self.own(&code, &joined).await?,
                    None => None,
                };
                invites.push(RoomInvite { own, ..self.shown(one, all_paused).await? });
            }
            Ok(RoomInvites {
                room: shown::room(&room),
                members: room.members,
                all: number(kept_out.len()),
                blocked: number(kept_out.iter().filter(|kept_out| **kept_out).count()),
                invites,
                next,
            })
        };
        Ok(LookedAfter {
            rooms: stream::iter(page).map(look).buffered(ROOMS_QUERIED_AT_ONCE).try_collect().await?,
            before: number(before),
            matching: number(matching),
            next,
            quiet: number(all - matching),
            now: (self.clock)(),
        })
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

    /// Some of the invites that lead into a room, and the number below which there are more.
    async fn stored_into(
        &self,
        room: &str,
        before: Option<i64>,
        most: u32,
    ) -> Result<(Vec<store::RoomInvite>, Option<i64>)> {
        let found = self.stored_rooms.invites_into(room, before.unwrap_or(i64::MAX), i64::from(most) + 1).await?;
        let more = found.len() > most as usize;
        let found: Vec<_> = found.into_iter().take(most as usize).map(|into| self.rules.bounded(into)).collect();
        let next = found.last().filter(|_| more).map(|last| last.number);
        Ok((found, next))
    }

    async fn shown(&self, into: store::RoomInvite, all_paused: bool) -> Result<RoomInvite> {
        let block = match into.block {
            Some(store::Block { actor, reason, at, .. }) => {
                Some(Block { by: self.accounts.person(&user_id(&actor)?).await, at, reason })
            }
            None => None,
        };
        let came = u32::try_from(into.came).unwrap_or(u32::MAX);
        let state = into.invite.state(all_paused, (self.clock)());
        let invite = shown::known(&self.accounts, into.number, &into.invite, came, state).await?;
        Ok(RoomInvite { invite, block, own: None })
    }

    /// What somebody sees of an invite of their own who is in the `joined` rooms.
    async fn own(&self, code: &str, joined: &[JoinedRoom]) -> Result<Option<OwnInvite>> {
        let Some(stored) = self.invites.get(code).await? else { return Ok(None) };
        let terms = self.rules.bounded(stored).invite.terms;
        let rooms = terms.rooms.into_iter().map(|id| match joined.iter().find(|room| room.id.as_str() == id) {
            Some(room) => shown::room(room),
            None => Room { id, left: true, ..Room::default() },
        });
        Ok(Some(OwnInvite { code: code.to_owned(), label: terms.label.or(terms.public_title), rooms: rooms.collect() }))
    }
}

fn is_asked_for(room: &JoinedRoom, query: &RoomsQuery) -> bool {
    let text = sought(&query.search).to_lowercase();
    let is_named = || room.name.as_ref().is_some_and(|name| name.to_lowercase().contains(&text));
    let matches = text.is_empty() || room.id.as_str() == sought(&query.search) || is_named();
    matches && (query.room.is_empty() || room.id.as_str() == query.room)
}
