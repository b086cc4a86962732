//! Names and pictures of rooms, for people who look at an invite. Looking never logs anybody in.

use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt, stream};
use matrix_sdk::ruma::{
    OwnedRoomId, RoomId, UserId,
    api::client::room::get_summary,
    room::{JoinRuleSummary, RoomType},
};
use tokio::sync::OnceCell;

use super::{
    admin,
    error::{Error, Result},
    rooms::{Entrance, RoomSummary, Rooms},
};
use crate::{account::Account, config::ActingMode};

/// How many rooms are queried at once.
const ROOMS_QUERIED_AT_ONCE: usize = 4;

/// The person as whom rooms are viewed.
#[derive(Debug, Clone, Copy)]
pub enum Viewer<'a> {
    /// The sender of the request, with their own token.
    Caller(&'a Account),
    /// Somebody who is not present.
    Member(&'a UserId),
}

impl Viewer<'_> {
    fn user(&self) -> &UserId {
        match self {
            Self::Caller(account) => account.user_id(),
            Self::Member(user) => user,
        }
    }
}

impl Rooms {
    /// What the viewer sees of each room, in the same order; `None` for a room that they may not see, or whose state
    /// cannot be parsed. At most [`SHOWN_CACHE`](super::link::SHOWN_CACHE) old.
    pub async fn summaries(
        &self,
        viewer: Viewer<'_>,
        rooms: &[OwnedRoomId],
    ) -> Result<Vec<Option<RoomSummary>>, Arc<Error>> {
        // With an admin's token, viewing a room as somebody else would mean logging them in. Instead, the admin API
        // says which rooms they have joined.
        let joined = OnceCell::new();
        let ask = async |room: OwnedRoomId| {
            let look = async {
                let seen = match viewer {
                    Viewer::Caller(account) => self.summary(&room, account.token(), None).await,
                    Viewer::Member(user) => match self.link.mode {
                        ActingMode::Appservice => self.summary(&room, self.link.own_token(), Some(user)).await,
                        ActingMode::Admin => {
                            let joined = joined.get_or_try_init(|| self.link.call(admin::JoinedRooms { user })).await?;
                            match joined.joined_rooms.iter().any(|id| *id == room) {
                                true => self.details(&room).await,
                                false => Ok(None),
                            }
                        }
                    },
                };
                match seen {
                    Err(error) if error.is_judgement() => Ok(None),
                    Err(Error::Unexpected(source)) => {
                        tracing::debug!(%room, source, "a room cannot be shown");
                        Ok(None)
                    }
                    seen => seen,
                }
            };
            self.summaries.try_get_with((viewer.user().to_owned(), room.clone()), look).await
        };
        stream::iter(rooms.to_vec()).map(ask).buffered(ROOMS_QUERIED_AT_ONCE).try_collect().await
    }

    /// Queried as a member, or as anybody else who may see the room (Client-Server API, `GET /room_summary`).
    async fn summary(&self, room: &RoomId, token: &str, identity: Option<&UserId>) -> Result<Option<RoomSummary>> {
        let request = get_summary::v1::Request::new(room.to_owned().into(), Vec::new());
        let summary = self.link.transport.send(request, token, identity).await?.summary;
        Ok(Some(RoomSummary {
            name: summary.name.or(summary.canonical_alias.map(|alias| alias.to_string())),
            avatar_url: summary.avatar_url.map(|avatar| avatar.to_string()),
            space: summary.room_type == Some(RoomType::Space),
            members: u32::try_from(u64::from(summary.num_joined_members)).ok(),
            entrance: match summary.join_rule {
                JoinRuleSummary::Public => Entrance::Public,
                JoinRuleSummary::Restricted(rule) | JoinRuleSummary::KnockRestricted(rule) => {
                    Entrance::Through(Some(rule.allowed_room_ids))
                }
                _ => Entrance::Closed,
            },
        }))
    }

    /// Queried as a server admin.
    async fn details(&self, room: &RoomId) -> Result<Option<RoomSummary>> {
        let details = self.link.call(admin::RoomDetails { room }).await?;
        Ok(Some(RoomSummary {
            name: details.name.or(details.canonical_alias),
            avatar_url: details.avatar,
            space: details.room_type.as_deref() == Some(RoomType::Space.as_str()),
            members: details.joined_members,
            entrance: match details.join_rules.as_deref() {
                Some("public") => Entrance::Public,
                Some("restricted" | "knock_restricted") => Entrance::Through(None),
                _ => Entrance::Closed,
            },
        }))
    }
}
