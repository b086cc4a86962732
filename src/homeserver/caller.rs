//! Requests with a member's own token, so that they see what they may see and nothing else.

use std::collections::BTreeSet;

use matrix_sdk::ruma::{
    OwnedRoomAliasId, OwnedRoomId, OwnedUserId, RoomId,
    api::client::{alias::get_alias, membership::joined_rooms, state::get_state_event_for_key},
    events::{
        StateEventType,
        room::{
            create::RoomCreateEventContent,
            power_levels::{RoomPowerLevels, RoomPowerLevelsEventContent, RoomPowerLevelsSource},
        },
    },
    room_version_rules::AuthorizationRules,
};
use serde::Deserialize;

use super::{
    error::{Error, Result},
    rooms::{Rooms, administers},
};
use crate::account::{Account, Origin};

/// Whether a member may invite people to a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MayInvite {
    /// They may, now.
    Yes,
    /// They are in the room, but their power level is too low.
    PowerTooLow,
}

/// The parts of an `m.room.create` event that decide who its creators are.
#[derive(Deserialize)]
struct Creation {
    sender: OwnedUserId,
    content: RoomCreateEventContent,
}

impl Rooms {
    /// Resolves an alias; `None` if it does not exist.
    pub async fn resolve(&self, alias: OwnedRoomAliasId) -> Result<Option<OwnedRoomId>> {
        match self.link.transport.send_for(get_alias::v3::Request::new(alias), &Origin::default()).await {
            Ok(answer) => Ok(Some(answer.room_id)),
            // An alias on a server that cannot be reached does not exist either: Synapse answers 502 for it.
            Err(Error::Refused(refusal)) if refusal.is_judgement() || refusal.status == 502 => Ok(None),
            // Another server's response, which was passed on unchecked.
            Err(Error::Unexpected(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The rooms that the member has joined.
    pub async fn rooms_of(&self, account: &Account) -> Result<BTreeSet<OwnedRoomId>> {
        let request = joined_rooms::v3::Request::new();
        let answer = self.link.transport.send(request, account.token(), None).await?;
        Ok(answer.joined_rooms.into_iter().collect())
    }

    /// Whether the member may invite people to a room that they have joined (Client-Server API, `m.room.power_levels`).
    pub async fn may_invite(&self, account: &Account, room: &RoomId) -> Result<MayInvite> {
        let Some(levels) = self.power_levels(account, room).await? else { return Ok(MayInvite::PowerTooLow) };
        let user = account.user_id();
        // In nearly every room the power levels alone allow it, and the creators need not be asked for.
        if levels.is_some()
            && RoomPowerLevels::new(source(levels.clone()), &AuthorizationRules::V1, []).user_can_invite(user)
        {
            return Ok(MayInvite::Yes);
        }
        match self.powers(account, room, source(levels)).await?.is_some_and(|powers| powers.user_can_invite(user)) {
            true => Ok(MayInvite::Yes),
            false => Ok(MayInvite::PowerTooLow),
        }
    }

    /// Whether the account is in the room and may remove members from it and change its power levels now.
    pub async fn administers(&self, account: &Account, room: &RoomId) -> Result<bool> {
        // A former member still sees the state as of when they left.
        if !self.rooms_of(account).await?.contains(room) {
            return Ok(false);
        }
        let Some(levels) = self.power_levels(account, room).await? else { return Ok(false) };
        let powers = self.powers(account, room, source(levels)).await?;
        Ok(powers.is_some_and(|powers| administers(&powers, account.user_id())))
    }

    /// The power levels of a room, if it has any; `None` if they cannot be parsed, so that nobody is allowed anything.
    async fn power_levels(
        &self,
        account: &Account,
        room: &RoomId,
    ) -> Result<Option<Option<RoomPowerLevelsEventContent>>> {
        let levels = self.state_of(account, room, StateEventType::RoomPowerLevels, false).await?;
        Ok(levels.map(|levels| serde_json::from_str(&levels)).transpose().ok())
    }

    /// The power levels of a room with its creators; `None` if they cannot be parsed.
    async fn powers(
        &self,
        account: &Account,
        room: &RoomId,
        source: RoomPowerLevelsSource,
    ) -> Result<Option<RoomPowerLevels>> {
        let Some(creation) = self.state_of(account, room, StateEventType::RoomCreate, true).await? else {
            return Ok(None);
        };
        let Ok(Creation { sender, content }) = serde_json::from_str(&creation) else { return Ok(None) };
        let rules = content.room_version.rules().map_or(AuthorizationRules::V1, |rules| rules.authorization);
        let mut creators = vec![sender];
        creators.extend(content.additional_creators);
        Ok(Some(RoomPowerLevels::new(source, &rules, creators)))
    }

    async fn state_of(
        &self,
        account: &Account,
        room: &RoomId,
        kind: StateEventType,
        whole_event: bool,
    ) -> Result<Option<String>> {
        let mut request = get_state_event_for_key::v3::Request::new(room.to_owned(), kind, String::new());
        if whole_event {
            request.format = get_state_event_for_key::v3::StateEventFormat::Event;
        }
        match self.link.transport.send(request, account.token(), None).await {
            Ok(answer) => Ok(Some(answer.event_or_content.get().to_owned())),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn source(levels: Option<RoomPowerLevelsEventContent>) -> RoomPowerLevelsSource {
    levels.map_or(RoomPowerLevelsSource::None, RoomPowerLevelsSource::Original)
}
