//! A member's rooms, requested with their own token.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use futures_util::{StreamExt, TryStreamExt, stream};
use matrix_sdk::ruma::{
    OwnedRoomId, OwnedUserId, UserId,
    api::client::{
        state::get_state_events,
        sync::sync_events::v5::{self as sliding_sync, request::List},
    },
    events::{
        StateEventType,
        room::{
            create::RoomCreateEventContent,
            power_levels::{RoomPowerLevels, RoomPowerLevelsSource},
        },
    },
    presence::PresenceState,
    room::RoomType,
    room_version_rules::AuthorizationRules,
    serde::JsonObject,
    uint,
};
use moka::future::Cache;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{
    error::{Error, Result},
    link::{Link, SHOWN_CACHE},
};
use crate::account::Account;

/// How old a member's list of rooms may be.
const ROOMS_CACHE: Duration = Duration::from_secs(20);

/// The rooms of the homeserver, as its people see them. Cheap to clone.
#[derive(Clone)]
pub struct Rooms {
    pub(super) link: Arc<Link>,
    lists: Cache<String, Arc<Vec<JoinedRoom>>>,
    pub(super) summaries: Cache<(OwnedUserId, OwnedRoomId), Option<RoomSummary>>,
}

/// How many rooms are queried at once, if the homeserver does not list all of them in one response.
const ROOMS_QUERIED_AT_ONCE: usize = 4;

/// A room that somebody has joined, as they see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinedRoom {
    /// Its room id.
    pub id: OwnedRoomId,
    /// Its name.
    pub name: Option<String>,
    /// `mxc:` address of its picture.
    pub avatar_url: Option<String>,
    /// Whether it is a space.
    pub space: bool,
    /// How many people are in it.
    pub members: u32,
    /// Whether it is encrypted.
    pub encrypted: bool,
    /// Whether anybody may join it without an invitation.
    pub public: bool,
    /// Whether it was replaced by another room.
    pub replaced: bool,
    /// Whether it is a direct chat.
    pub direct: bool,
    /// Whether the member may invite people to it.
    pub may_invite: bool,
    /// Whether the member may remove members from it and change its power levels.
    pub administered: bool,
    /// For a space: the ids of its rooms.
    pub children: Vec<OwnedRoomId>,
}

/// The state of a room, as far as it was requested.
struct State(Vec<JsonObject>);

impl State {
    fn events(&self, kind: &StateEventType) -> impl Iterator<Item = &JsonObject> {
        let kind = kind.to_string();
        self.0.iter().filter(move |event| event.get("type").and_then(Value::as_str) == Some(&kind))
    }

    /// The content of the event of this type with an empty state key, if there is one.
    fn content(&self, kind: &StateEventType) -> Option<&Value> {
        let event = self.events(kind).find(|event| event.get("state_key").is_some_and(|key| key == ""))?;
        event.get("content")
    }

    fn text(&self, kind: &StateEventType, field: &str) -> Option<String> {
        Some(self.content(kind)?.get(field)?.as_str()?.to_owned()).filter(|text| !text.is_empty())
    }

    /// The power levels; `None` if they cannot be parsed, so that nobody is allowed anything.
    fn powers(&self) -> Option<RoomPowerLevels> {
        let source = match self.content(&StateEventType::RoomPowerLevels) {
            None => RoomPowerLevelsSource::None,
            Some(levels) => RoomPowerLevelsSource::Original(read(levels)?),
        };
        let creation: RoomCreateEventContent = read(self.content(&StateEventType::RoomCreate)?)?;
        let rules = creation.room_version.rules().map_or(AuthorizationRules::V1, |rules| rules.authorization);
        let sender = self.events(&StateEventType::RoomCreate).find_map(|event| event.get("sender")?.as_str());
        let mut creators: Vec<OwnedUserId> = sender.and_then(|sender| UserId::parse(sender).ok()).into_iter().collect();
        creators.extend(creation.additional_creators);
        Some(RoomPowerLevels::new(source, &rules, creators))
    }

    fn children(&self) -> Vec<OwnedRoomId> {
        // A child that was removed keeps its event, but without servers to join through (Client-Server API,
        // `m.space.child`).
        let live = |event: &&JsonObject| event.get("content").is_some_and(|content| content["via"].is_array());
        let children = self.events(&StateEventType::SpaceChild).filter(live);
        children.filter_map(|event| event.get("state_key")?.as_str()?.try_into().ok()).collect()
    }

    fn room(&self, id: OwnedRoomId, user: &UserId) -> JoinedRoom {
        let name = self.text(&StateEventType::RoomName, "name");
        let powers = self.powers();
        JoinedRoom {
            name: name.or_else(|| self.text(&StateEventType::RoomCanonicalAlias, "alias")),
            avatar_url: self.text(&StateEventType::RoomAvatar, "url"),
            space: self.text(&StateEventType::RoomCreate, "type").as_deref() == Some(RoomType::Space.as_str()),
            members: 0,
            encrypted: self.text(&StateEventType::RoomEncryption, "algorithm").is_some(),
            public: self.text(&StateEventType::RoomJoinRules, "join_rule").as_deref() == Some("public"),
            replaced: self.content(&StateEventType::RoomTombstone).is_some(),
            direct: false,
            may_invite: powers.as_ref().is_some_and(|powers| powers.user_can_invite(user)),
            administered: powers.is_some_and(|powers| administers(&powers, user)),
            children: self.children(),
            id,
        }
    }
}

fn read<T: DeserializeOwned>(content: &Value) -> Option<T> {
    T::deserialize(content).ok()
}

/// Whether somebody may remove members and change power levels.
pub(super) fn administers(powers: &RoomPowerLevels, user: &UserId) -> bool {
    powers.user_can_kick(user) && powers.user_can_send_state(user, StateEventType::RoomPowerLevels)
}

/// A room as shown to somebody who may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomSummary {
    /// Its name.
    pub name: Option<String>,
    /// `mxc:` address of its picture.
    pub avatar_url: Option<String>,
    /// Whether it is a space.
    pub space: bool,
    /// How many people are in it, if the homeserver says so.
    pub members: Option<u32>,
    /// Who can join it without an invitation.
    pub entrance: Entrance,
}

/// Who can join a room without an invitation (Client-Server API, `m.room.join_rules`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entrance {
    /// Nobody.
    Closed,
    /// Everybody.
    Public,
    /// Members of any of these rooms; `None` if it is not known which rooms.
    Through(Option<Vec<OwnedRoomId>>),
}

impl Rooms {
    pub(super) fn new(link: &Arc<Link>) -> Self {
        let rooms = Self {
            link: Arc::clone(link),
            // Each list may take some hundred kilobytes.
            lists: Cache::builder().max_capacity(200).time_to_live(ROOMS_CACHE).build(),
            summaries: Cache::builder().max_capacity(50_000).time_to_live(SHOWN_CACHE).build(),
        };
        link.watch("room_lists", &rooms.lists);
        link.watch("room_summaries", &rooms.summaries);
        rooms
    }

    /// The rooms that somebody has joined, at most [`ROOMS_CACHE`] old unless `fresh`: in one request if the homeserver
    /// supports that (simplified sliding sync, MSC4186), or else room by room. The most recently active one comes
    /// first.
    pub async fn joined_rooms(&self, account: &Account, fresh: bool) -> Result<Arc<Vec<JoinedRoom>>, Arc<Error>> {
        if fresh {
            self.lists.invalidate(account.token()).await;
        }
        let ask = async {
            let rooms = match self.rooms_at_once(account).await {
                Err(Error::Refused(refusal)) if matches!(refusal.status, 400 | 404 | 405 | 501) => {
                    self.rooms_one_by_one(account).await?
                }
                rooms => rooms?,
            };
            Ok(Arc::new(rooms))
        };
        self.lists.try_get_with_by_ref(account.token(), ask).await
    }

    async fn rooms_at_once(&self, account: &Account) -> Result<Vec<JoinedRoom>> {
        let mut list = List::default();
        list.ranges = vec![(uint!(0), uint!(9999))];
        let mut filters = sliding_sync::request::ListFilters::default();
        filters.is_invite = Some(false);
        list.filters = Some(filters);
        let kinds = [
            StateEventType::RoomCreate,
            StateEventType::RoomName,
            StateEventType::RoomAvatar,
            StateEventType::RoomCanonicalAlias,
            StateEventType::RoomJoinRules,
            StateEventType::RoomPowerLevels,
            StateEventType::RoomEncryption,
            StateEventType::RoomTombstone,
        ];
        list.room_details.required_state = kinds.into_iter().map(|kind| (kind, String::new())).collect();
        list.room_details.required_state.push((StateEventType::SpaceChild, "*".to_owned()));
        let mut request = sliding_sync::Request::new();
        request.conn_id = Some("super-invites".to_owned());
        // Listing rooms does not make anybody appear online.
        request.set_presence = PresenceState::Offline;
        request.lists = BTreeMap::from([("all".to_owned(), list)]);
        let answer = self.link.transport.send(request, account.token(), None).await?;

        let mut rooms = Vec::new();
        for (id, room) in answer.rooms {
            let state = room.required_state.iter().filter_map(|event| event.deserialize_as_unchecked().ok());
            let state = State(state.collect());
            let mut joined = state.room(id, account.user_id());
            joined.name = room.name.or(joined.name);
            let avatar = room.avatar.into_option().map(|avatar| avatar.to_string());
            joined.avatar_url = avatar.or(joined.avatar_url);
            joined.members = u32::try_from(u64::from(room.joined_count.unwrap_or_default())).unwrap_or(u32::MAX);
            joined.direct = room.is_dm.unwrap_or_default();
            rooms.push((room.bump_stamp, joined));
        }
        rooms.sort_by(|(one, _), (other, _)| other.cmp(one));
        Ok(rooms.into_iter().map(|(_, room)| room).collect())
    }

    async fn rooms_one_by_one(&self, account: &Account) -> Result<Vec<JoinedRoom>> {
        let ask = async |id: OwnedRoomId| {
            let request = get_state_events::v3::Request::new(id.clone());
            let answer = match self.link.transport.send(request, account.token(), None).await {
                // The member has left it just now.
                Err(error) if error.is_judgement() => return Ok::<_, Error>(None),
                answer => answer?,
            };
            let state = answer.room_state.iter().filter_map(|event| event.deserialize_as_unchecked().ok());
            let state = State(state.collect());
            let joined = |event: &&JsonObject| event.get("content").is_some_and(|c| c["membership"] == "join");
            let members = state.events(&StateEventType::RoomMember).filter(joined).count();
            let direct = |event: &JsonObject| event.get("content").is_some_and(|c| c["is_direct"] == true);
            let mut room = state.room(id, account.user_id());
            room.direct = state.events(&StateEventType::RoomMember).any(direct);
            room.members = u32::try_from(members).unwrap_or(u32::MAX);
            Ok(Some(room))
        };
        let ids = self.rooms_of(account).await?;
        let rooms: Vec<Option<JoinedRoom>> =
            stream::iter(ids).map(ask).buffered(ROOMS_QUERIED_AT_ONCE).try_collect().await?;
        Ok(rooms.into_iter().flatten().collect())
    }
}
