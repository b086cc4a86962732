//! Acting for users: the two ways of doing it, and everything that can be done.

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
        room::create_room::v3::{self as create_room, CreationContent, RoomPreset},
        session::logout,
    },
    events::{
        AnyGlobalAccountDataEventContent, GlobalAccountDataEventType, InitialStateEvent, StateEventType,
        room::encryption::RoomEncryptionEventContent,
    },
    serde::{JsonObject, Raw},
    uint,
};
use serde::Serialize;
use serde_json::Value;

use super::{
    admin,
    caller::{powers, state_request},
    error::{Error, Result},
    link::Link,
};
use crate::{
    config::{ActingMode, Secret},
    trace::carried,
};

/// When a log-in for a user expires if the service dies before it logs out. A redemption takes only seconds.
const PUPPET_LIFETIME: Duration = Duration::from_secs(10 * 60);

/// The service acting as one user, for as long as this value lives.
pub struct Actor {
    link: Arc<Link>,
    user: OwnedUserId,
    puppet: Option<Secret>,
}

/// A user's membership in a room (Client-Server API, `m.room.member`), as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Membership {
    /// In the room.
    Joined,
    /// Invited, and not in the room yet.
    Invited,
    /// Banned: only the room's moderators can change that.
    Banned,
    /// Neither of these, or unknown.
    Outside,
}

/// The key of the marker in the `m.room.create` content of a direct chat that this service makes, by which the chat is
/// found again after a crash.
const MARKER: &str = "org.super_invites.redemption";

/// The `m.room.create` content of such a chat.
#[derive(Debug, Serialize)]
struct Marked<'a> {
    #[serde(rename = "org.super_invites.redemption")]
    marker: &'a str,
}

/// Acts for the users of this homeserver. Cheap to clone.
#[derive(Clone)]
pub struct Acting(pub(super) Arc<Link>);

impl Acting {
    /// Acts as a user of this homeserver. The caller has authenticated the user, or is about to invite in their name.
    pub async fn act_as(&self, user: &UserId) -> Result<Actor> {
        self.0.act_as(user).await
    }
}

impl Link {
    pub(super) async fn act_as(self: &Arc<Self>, user: &UserId) -> Result<Actor> {
        let puppet = match self.mode {
            ActingMode::Appservice => None,
            ActingMode::Admin => Some(self.log_in(user).await?),
        };
        Ok(Actor { link: Arc::clone(self), user: user.to_owned(), puppet })
    }

    /// A short-lived log-in for a user, without a device.
    async fn log_in(&self, user: &UserId) -> Result<Secret> {
        // Synapse refuses to log an admin in as themselves; their own token will do.
        if self.admin().await? == user {
            return Ok(self.token.clone());
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

    /// The admin whose token this is. On first use the homeserver's rate limits are lifted for the admin, and thereby
    /// for everybody the admin acts for (Synapse admin API, "Override ratelimiting for users").
    pub(super) async fn admin(&self) -> Result<&OwnedUserId> {
        let learn = async {
            let user = self.acting_user().await?;
            self.call(admin::OverrideRatelimit { user: &user, messages_per_second: 0, burst_count: 0 }).await?;
            Ok(user)
        };
        self.admin.get_or_try_init(|| learn).await
    }

    /// Ends a log-in for a user; returns whether it has ended.
    pub(super) async fn log_out(&self, token: &Secret) -> bool {
        match self.transport.send(logout::v3::Request::new(), token.reveal(), None).await {
            Ok(_) => true,
            Err(Error::Refused(refusal)) if refusal.status == 401 => true,
            Err(error) => {
                tracing::warn!(%error, "a log-in for a user could not be ended");
                false
            }
        }
    }
}

impl Drop for Actor {
    fn drop(&mut self) {
        let Some(token) = self.puppet.take() else { return };
        if token != self.link.token
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            let link = Arc::clone(&self.link);
            // If this fails, the log-in expires.
            runtime.spawn(carried(async move { link.log_out(&token).await }));
        }
    }
}

/// Sends a request as the actor. It is a macro, because a generic function's bounds would be longer than all calls of
/// it.
macro_rules! send {
    ($actor:expr, $request:expr) => {{
        let actor: &Actor = $actor;
        let (token, identity) = match &actor.puppet {
            Some(token) => (token.reveal(), None),
            None => (actor.link.own_token(), Some(&*actor.user)),
        };
        actor.link.transport.send($request, token, identity)
    }};
}

impl Actor {
    /// The user who is acted for.
    pub fn user(&self) -> &UserId {
        &self.user
    }

    /// Invites `guest` to a room.
    pub async fn invite(&self, room: &RoomId, guest: &UserId) -> Result<()> {
        let guest = InviteUserId::new(guest.to_owned());
        let request = invite_user::Request::new(room.to_owned(), guest.into());
        send!(self, request).await.map(drop)
    }

    /// Joins a room to which the actor was invited, or which is open to them.
    pub async fn join(&self, room: &RoomId) -> Result<()> {
        let request = join_room_by_id::v3::Request::new(room.to_owned());
        send!(self, request).await.map(drop)
    }

    /// Somebody's membership in a room, as far as the actor may see it.
    pub async fn membership(&self, room: &RoomId, user: &UserId) -> Result<Membership> {
        let content = self.state(room, StateEventType::RoomMember, user.as_str()).await?;
        Ok(match content.get("membership").and_then(Value::as_str) {
            Some("join") => Membership::Joined,
            Some("invite") => Membership::Invited,
            Some("ban") => Membership::Banned,
            _ => Membership::Outside,
        })
    }

    /// The rooms that the actor has joined.
    pub async fn joined_rooms(&self) -> Result<Vec<OwnedRoomId>> {
        Ok(send!(self, joined_rooms::v3::Request::new()).await?.joined_rooms)
    }

    /// Whether the actor ignores somebody (Client-Server API, "Ignoring users").
    pub async fn ignores(&self, user: &UserId) -> Result<bool> {
        let list = self.account_data(GlobalAccountDataEventType::IgnoredUserList).await?.unwrap_or_default();
        Ok(list.get("ignored_users").is_some_and(|ignored| ignored.get(user.as_str()).is_some()))
    }

    /// Whether the actor takes invitations only from people with whom they share a room that is not public (MSC4494). Under which prefix a
    /// homeserver knows that while it is a proposal does not matter.
    pub async fn accepts_only_shared(&self) -> Result<bool> {
        let permission = self.account_data("m.invite_permission_config".into()).await?.unwrap_or_default();
        let action = permission.get("default_action").and_then(Value::as_str);
        Ok(action.is_some_and(|action| action.ends_with("deny_public")))
    }

    /// Whether the actor may invite people to a room in which they are (Client-Server API, `m.room.power_levels`).
    pub async fn may_invite(&self, room: &RoomId) -> Result<bool> {
        let (levels, creation) = tokio::try_join!(
            self.state_text(room, StateEventType::RoomPowerLevels, "", false),
            self.state_text(room, StateEventType::RoomCreate, "", true),
        )?;
        Ok(powers(levels.as_deref(), creation.as_deref()).is_some_and(|powers| powers.user_can_invite(&self.user)))
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
        let content = Raw::new(&Marked { marker }).map_err(|error| Error::Unexpected(error.into()))?;
        request.creation_content = Some(content.cast_unchecked::<CreationContent>());
        Ok(send!(self, request).await?.room_id)
    }

    /// The direct chat that [`Self::create_chat`] made with this marker, if it exists.
    pub async fn find_chat(&self, marker: &str) -> Result<Option<OwnedRoomId>> {
        for room in self.joined_rooms().await? {
            match self.state(&room, StateEventType::RoomCreate, "").await {
                Ok(content) if content.get(MARKER).and_then(Value::as_str) == Some(marker) => return Ok(Some(room)),
                // The unreachable room may be the one we look for.
                Err(unreachable @ Error::Unreachable(_)) => return Err(unreachable),
                // A room that cannot be read now cannot be the one that was just made.
                _ => {}
            }
        }
        Ok(None)
    }

    /// The rooms that the actor's clients show as direct chats with somebody (Client-Server API, `m.direct`).
    pub async fn direct_chats(&self, friend: &UserId) -> Result<Vec<OwnedRoomId>> {
        let direct = self.account_data(GlobalAccountDataEventType::Direct).await?.unwrap_or_default();
        let rooms = direct.get(friend.as_str()).and_then(Value::as_array).into_iter().flatten();
        Ok(rooms.filter_map(|room| room.as_str()?.try_into().ok()).collect())
    }

    /// Marks a room as a direct chat with somebody, in addition to existing ones. Content that a client has written in
    /// an unexpected format is left alone, even if that means that the chat is not marked.
    pub async fn add_direct_chat(&self, friend: &UserId, room: &RoomId) -> Result<()> {
        let kind = GlobalAccountDataEventType::Direct;
        let Some(mut direct) = self.account_data(kind.clone()).await? else { return Ok(()) };
        let rooms = direct.entry(friend.as_str()).or_insert_with(|| Value::Array(Vec::new()));
        let Value::Array(rooms) = rooms else { return Ok(()) };
        if rooms.iter().any(|known| known == room.as_str()) {
            return Ok(());
        }
        rooms.push(room.as_str().into());
        let unexpected = |error: serde_json::Error| Error::Unexpected(error.into());
        let content = Raw::new(&direct).map_err(unexpected)?.cast_unchecked::<AnyGlobalAccountDataEventContent>();
        let request = set_global_account_data::v3::Request::new_raw(self.user.clone(), kind, content);
        send!(self, request).await.map(drop)
    }

    /// The actor's account data of a type; empty if there is none, `None` if it cannot be parsed.
    async fn account_data(&self, kind: GlobalAccountDataEventType) -> Result<Option<JsonObject>> {
        let request = get_global_account_data::v3::Request::new(self.user.clone(), kind);
        match send!(self, request).await {
            Ok(answer) => Ok(serde_json::from_str(answer.account_data.json().get()).ok()),
            Err(error) if error.is_not_found() => Ok(Some(JsonObject::new())),
            Err(Error::Unexpected(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The content of a state event; empty if there is none.
    async fn state(&self, room: &RoomId, kind: StateEventType, key: &str) -> Result<JsonObject> {
        let content = self.state_text(room, kind, key, false).await?;
        content.map_or_else(|| Ok(JsonObject::new()), |content| read(&content))
    }

    /// The content of a state event, or the whole of it, as JSON.
    async fn state_text(
        &self,
        room: &RoomId,
        kind: StateEventType,
        key: &str,
        whole_event: bool,
    ) -> Result<Option<String>> {
        match send!(self, state_request(room, kind, key, whole_event)).await {
            Ok(answer) => Ok(Some(answer.event_or_content.get().to_owned())),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether the account is suspended, so that the homeserver would refuse an invitation by it. Found out by trying
    /// an impossible invitation, because only admins may query the account's state.
    pub(super) async fn is_suspended(&self) -> Result<bool> {
        let nowhere = RoomId::new_v1(&self.link.server_name);
        match self.invite(&nowhere, &self.user).await {
            Err(error) if error.is_judgement() => Ok(error.is("M_USER_SUSPENDED")),
            answer => answer.map(|()| false),
        }
    }
}

/// Content of an event, as an untyped object: anybody may have written anything there.
fn read(json: &str) -> Result<JsonObject> {
    serde_json::from_str(json).map_err(|error| Error::Unexpected(error.into()))
}
