//! Acting for users: the two ways of doing it, and everything that may be done.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use matrix_sdk::ruma::{
    MilliSecondsSinceUnixEpoch, OwnedRoomId, OwnedUserId, RoomId, UserId,
    api::client::{
        config::{get_global_account_data, set_global_account_data},
        membership::{
            invite_user::v3::{self as invite_user, InviteUserId},
            join_room_by_id, joined_rooms,
        },
        room::{
            create_room::v3::{self as create_room, CreationContent, RoomPreset},
            get_summary,
        },
        session::logout,
        state::get_state_event_for_key,
    },
    events::{
        GlobalAccountDataEventType, InitialStateEvent, StateEventType,
        direct::DirectEventContent,
        ignored_user_list::IgnoredUserListEventContent,
        room::{
            encryption::RoomEncryptionEventContent,
            member::{MembershipState, RoomMemberEventContent},
        },
    },
    room::RoomType,
    serde::Raw,
    uint,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio::sync::OnceCell;

use super::{Error, Homeserver, Result, admin};
use crate::config::{ActingMode, Secret};

/// How long a log-in for a user lasts if the service dies before it logs out: a redemption takes seconds.
const PUPPET_LIFETIME: Duration = Duration::from_secs(10 * 60);

/// The token that can act for everybody.
pub(super) struct Acting {
    mode: ActingMode,
    token: Secret,
    /// The admin, with [`ActingMode::Admin`], once their limits are lifted.
    admin: OnceCell<OwnedUserId>,
}

impl Acting {
    pub(super) fn new(mode: ActingMode, token: Secret) -> Self {
        Self { mode, token, admin: OnceCell::new() }
    }

    pub(super) fn mode(&self) -> ActingMode {
        self.mode
    }

    pub(super) fn own_token(&self) -> &str {
        self.token.reveal()
    }
}

/// The service, acting as one user for as long as this value lives.
pub struct Actor {
    homeserver: Arc<Homeserver>,
    user: OwnedUserId,
    puppet: Option<Secret>,
}

/// A user's relation to a room (Client-Server API, `m.room.member`), as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Membership {
    /// In the room.
    Joined,
    /// Invited, and not in the room yet.
    Invited,
    /// Banned: nobody may let them in but the room's moderators.
    Banned,
    /// None of these, or never heard of.
    Outside,
}

/// What is shown of a room to somebody who may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomSummary {
    /// What it is called.
    pub name: Option<String>,
    /// `mxc:` address of its picture.
    pub avatar_url: Option<String>,
    /// Whether it is a space.
    pub space: bool,
}

/// What a direct chat that this service makes carries in its `m.room.create`, to be found again after a crash.
#[derive(Debug, Serialize, Deserialize)]
struct Marked {
    #[serde(rename = "org.super_invites.redemption")]
    marker: String,
}

impl Homeserver {
    /// Acts as a user of this homeserver. The caller has authenticated them, or is about to invite in their name.
    pub async fn act_as(self: &Arc<Self>, user: &UserId) -> Result<Actor> {
        let puppet = match self.acting.mode {
            ActingMode::Appservice => None,
            ActingMode::Admin => Some(self.log_in(user).await?),
        };
        Ok(Actor { homeserver: Arc::clone(self), user: user.to_owned(), puppet })
    }

    /// A short log-in for a user, without a device.
    async fn log_in(&self, user: &UserId) -> Result<Secret> {
        // Synapse refuses to log an admin in as themselves: their own token does it.
        if self.admin().await? == user {
            return Ok(self.acting.token.clone());
        }
        #[expect(
            clippy::disallowed_methods,
            reason = "the homeserver's own clock decides, so an injected one would be wrong"
        )]
        let end = SystemTime::now() + PUPPET_LIFETIME;
        let valid_until_ms = MilliSecondsSinceUnixEpoch::from_system_time(end);
        let answer = self.call(admin::LogIn { user, valid_until_ms }).await?;
        Ok(answer.access_token.into())
    }

    /// The admin whose token this is. On first use the homeserver's limits are lifted for them, and with that for everybody
    /// whom they act for (Synapse admin API, "Override ratelimiting for users").
    pub(super) async fn admin(&self) -> Result<&OwnedUserId> {
        let learn = async {
            let user = self.acting_user().await?;
            self.call(admin::OverrideRatelimit { user: &user, messages_per_second: 0, burst_count: 0 }).await?;
            Ok(user)
        };
        self.acting.admin.get_or_try_init(|| learn).await
    }

    pub(super) async fn log_out(&self, token: Secret) {
        let request = logout::v3::Request::new();
        if let Err(error) = self.transport.send(request, token.reveal(), None).await {
            tracing::warn!(%error, "a log-in for a user stays open until it expires");
        }
    }
}

impl Drop for Actor {
    fn drop(&mut self) {
        let Some(token) = self.puppet.take() else { return };
        if token != self.homeserver.acting.token
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            let homeserver = Arc::clone(&self.homeserver);
            runtime.spawn(async move { homeserver.log_out(token).await });
        }
    }
}

/// Sends a request as the actor. A macro, because the bounds of a generic function would be longer than all its uses.
macro_rules! send {
    ($actor:expr, $request:expr) => {{
        let actor: &Actor = $actor;
        let (token, identity) = match &actor.puppet {
            Some(token) => (token.reveal(), None),
            None => (actor.homeserver.acting.own_token(), Some(&*actor.user)),
        };
        actor.homeserver.transport.send($request, token, identity)
    }};
}

impl Actor {
    /// Who is acted for.
    pub fn user(&self) -> &UserId {
        &self.user
    }

    /// Invites somebody to a room.
    pub async fn invite(&self, room: &RoomId, guest: &UserId) -> Result<()> {
        let guest = InviteUserId::new(guest.to_owned());
        let request = invite_user::Request::new(room.to_owned(), guest.into());
        send!(self, request).await.map(drop)
    }

    /// Joins a room.
    pub async fn join(&self, room: &RoomId) -> Result<()> {
        let request = join_room_by_id::v3::Request::new(room.to_owned());
        send!(self, request).await.map(drop)
    }

    /// How somebody stands to a room, as far as the actor may see.
    pub async fn membership(&self, room: &RoomId, user: &UserId) -> Result<Membership> {
        let content: Option<RoomMemberEventContent> =
            self.state(room, StateEventType::RoomMember, user.as_str()).await?;
        Ok(match content.map(|content| content.membership) {
            Some(MembershipState::Join) => Membership::Joined,
            Some(MembershipState::Invite) => Membership::Invited,
            Some(MembershipState::Ban) => Membership::Banned,
            _ => Membership::Outside,
        })
    }

    /// The rooms in which the actor is.
    pub async fn joined_rooms(&self) -> Result<Vec<OwnedRoomId>> {
        Ok(send!(self, joined_rooms::v3::Request::new()).await?.joined_rooms)
    }

    /// What the actor sees of a room; `None` if they may not see it (Client-Server API, `GET /room_summary`).
    pub async fn room_summary(&self, room: &RoomId) -> Result<Option<RoomSummary>> {
        let request = get_summary::v1::Request::new(room.to_owned().into(), Vec::new());
        match send!(self, request).await {
            Ok(answer) => Ok(Some(RoomSummary {
                name: answer.summary.name.or(answer.summary.canonical_alias.map(|alias| alias.to_string())),
                avatar_url: answer.summary.avatar_url.map(|avatar| avatar.to_string()),
                space: answer.summary.room_type == Some(RoomType::Space),
            })),
            Err(Error::Refused(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether the actor ignores somebody (Client-Server API, "Ignoring users").
    pub async fn ignores(&self, user: &UserId) -> Result<bool> {
        let list: Option<IgnoredUserListEventContent> =
            self.account_data(GlobalAccountDataEventType::IgnoredUserList).await?;
        Ok(list.is_some_and(|list| list.ignored_users.contains_key(user)))
    }

    /// Makes an encrypted direct chat with `friend`, invited. `marker` finds it again ([`Self::find_chat`]).
    pub async fn create_chat(&self, friend: &UserId, marker: &str) -> Result<OwnedRoomId> {
        let mut encryption = RoomEncryptionEventContent::with_recommended_defaults();
        encryption.rotation_period_ms = Some(uint!(604_800_000));
        encryption.rotation_period_msgs = Some(uint!(100));
        let mut request = create_room::Request::new();
        request.preset = Some(RoomPreset::TrustedPrivateChat);
        request.is_direct = true;
        request.invite = vec![friend.to_owned()];
        request.initial_state = vec![InitialStateEvent::with_empty_state_key(encryption).to_raw_any()];
        let content = Marked { marker: marker.to_owned() };
        let content = Raw::new(&content).map_err(|error| Error::Unexpected(error.into()))?;
        request.creation_content = Some(content.cast_unchecked::<CreationContent>());
        Ok(send!(self, request).await?.room_id)
    }

    /// The direct chat that [`Self::create_chat`] made with this marker, if it came to be.
    pub async fn find_chat(&self, marker: &str) -> Result<Option<OwnedRoomId>> {
        for room in self.joined_rooms().await? {
            // Of a room that cannot be read, nothing is known; it is not the one that was made a moment ago.
            let content = self.state::<Marked>(&room, StateEventType::RoomCreate, "").await;
            if matches!(content, Ok(Some(found)) if found.marker == marker) {
                return Ok(Some(room));
            }
        }
        Ok(None)
    }

    /// The rooms that the actor's clients show as direct chats with somebody (Client-Server API, `m.direct`).
    pub async fn direct_chats(&self, friend: &UserId) -> Result<Vec<OwnedRoomId>> {
        let direct = self.direct().await?;
        Ok(direct.get(friend.as_str()).into_iter().flatten().cloned().collect())
    }

    /// Shows a room as a direct chat with somebody, beside those that are shown already.
    pub async fn add_direct_chat(&self, friend: &UserId, room: &RoomId) -> Result<()> {
        let mut direct = self.direct().await?;
        let rooms = direct.0.entry(friend.into()).or_default();
        if rooms.iter().any(|known| known == room) {
            return Ok(());
        }
        rooms.push(room.to_owned());
        let request = set_global_account_data::v3::Request::new(self.user.clone(), &direct)
            .map_err(|error| Error::Unexpected(error.into()))?;
        send!(self, request).await.map(drop)
    }

    async fn direct(&self) -> Result<DirectEventContent> {
        let content = self.account_data(GlobalAccountDataEventType::Direct).await?;
        Ok(content.unwrap_or_default())
    }

    async fn account_data<T: DeserializeOwned>(&self, kind: GlobalAccountDataEventType) -> Result<Option<T>> {
        let request = get_global_account_data::v3::Request::new(self.user.clone(), kind);
        match send!(self, request).await {
            Ok(answer) => read(answer.account_data.json().get()).map(Some),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn state<T: DeserializeOwned>(&self, room: &RoomId, kind: StateEventType, key: &str) -> Result<Option<T>> {
        let request = get_state_event_for_key::v3::Request::new(room.to_owned(), kind, key.to_owned());
        match send!(self, request).await {
            Ok(answer) => read(answer.event_or_content.get()).map(Some),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether the homeserver would refuse an invitation by the actor because the account is suspended. Asked with an
    /// invitation that cannot come to be, as the account's state itself is for admins only.
    pub(super) async fn is_suspended(&self) -> Result<bool> {
        let nowhere = RoomId::new_v1(&self.homeserver.server_name);
        match self.invite(&nowhere, &self.user).await {
            Err(error @ Error::Refused(_)) => Ok(error.is("M_USER_SUSPENDED")),
            answer => answer.map(|()| false),
        }
    }
}

/// Content that a client wrote wrongly is an error: taken as absent, it would be lost when it is written again.
fn read<T: DeserializeOwned>(json: &str) -> Result<T> {
    serde_json::from_str(json).map_err(|error| Error::Unexpected(error.into()))
}
