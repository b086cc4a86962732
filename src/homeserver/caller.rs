//! Requests with a member's own token, so that they see what they may see and nothing else.

use std::collections::BTreeSet;

use matrix_sdk::ruma::{
    OwnedRoomAliasId, OwnedRoomId, OwnedUserId, RoomId,
    api::client::{alias::get_alias, membership::joined_rooms, state::get_state_event_for_key},
    events::{
        StateEventType,
        room::{
            create::RoomCreateEventContent,
            power_levels::{RoomPowerLevels, RoomPowerLevelsSource},
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
        let levels = self.state_of(account, room, StateEventType::RoomPowerLevels, false).await?;
        let user = account.user_id();
        // In nearly every room the levels alone say yes, and who created it need not be asked.
        let source = levels.as_deref().and_then(|levels| power_source(Some(levels)));
        if source.is_some_and(|source| RoomPowerLevels::new(source, &AuthorizationRules::V1, []).user_can_invite(user))
        {
            return Ok(MayInvite::Yes);
        }
        let creation = self.state_of(account, room, StateEventType::RoomCreate, true).await?;
        match powers(levels.as_deref(), creation.as_deref()).is_some_and(|powers| powers.user_can_invite(user)) {
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
        let levels = self.state_of(account, room, StateEventType::RoomPowerLevels, false).await?;
        let creation = self.state_of(account, room, StateEventType::RoomCreate, true).await?;
        let powers = powers(levels.as_deref(), creation.as_deref());
        Ok(powers.is_some_and(|powers| administers(&powers, account.user_id())))
    }

    async fn state_of(
        &self,
        account: &Account,
        room: &RoomId,
        kind: StateEventType,
        whole_event: bool,
    ) -> Result<Option<String>> {
        let request = state_request(room, kind, "", whole_event);
        match self.link.transport.send(request, account.token(), None).await {
            Ok(answer) => Ok(Some(answer.event_or_content.get().to_owned())),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Asks for a state event of a room: for its content, or for the whole of it.
pub(super) fn state_request(
    room: &RoomId,
    kind: StateEventType,
    key: &str,
    whole_event: bool,
) -> get_state_event_for_key::v3::Request {
    let mut request = get_state_event_for_key::v3::Request::new(room.to_owned(), kind, key.to_owned());
    if whole_event {
        request.format = get_state_event_for_key::v3::StateEventFormat::Event;
    }
    request
}

/// Who may do what in a room, from its power levels, if it has any, and the event that created it; nothing where that cannot be understood, so
/// that nobody may do anything.
pub(super) fn powers(levels: Option<&str>, creation: Option<&str>) -> Option<RoomPowerLevels> {
    let Creation { sender, content } = serde_json::from_str(creation?).ok()?;
    let rules = content.room_version.rules().map_or(AuthorizationRules::V1, |rules| rules.authorization);
    let mut creators = vec![sender];
    creators.extend(content.additional_creators);
    Some(RoomPowerLevels::new(power_source(levels)?, &rules, creators))
}

fn power_source(levels: Option<&str>) -> Option<RoomPowerLevelsSource> {
    match levels {
        None => Some(RoomPowerLevelsSource::None),
        Some(levels) => Some(RoomPowerLevelsSource::Original(serde_json::from_str(levels).ok()?)),
    }
}
