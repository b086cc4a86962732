//! `rooms`: the invites that lead into a room, for its admins.

use app::RoomInvite;
use http::Method;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    people::Known,
    reply::Reply,
    resource::{Answer, Kind, Operation, Parameter, Request, Resource},
    shape::Shape,
};
use crate::invites::Invites;

/// The default number of invites in a response.
const USUAL: u32 = 100;

pub(super) const RESOURCE: Resource = Resource {
    path: "rooms",
    operations: &[
        Operation {
            method: Method::GET,
            id: "room_invites",
            summary: "Lists the invites that lead into a room, for its admins, the newest first.",
            query: &[
                Parameter { name: "room", description: "The room's id.", required: true, kind: Kind::Text },
                Parameter {
                    name: "from",
                    description: "Where to continue: the `next_batch` of the page before.",
                    required: false,
                    kind: Kind::Number(0),
                },
                Parameter {
                    name: "limit",
                    description: "How many invites to return at most: 1 to 100, 100 if it is missing.",
                    required: false,
                    kind: Kind::Number(0),
                },
            ],
            body: None,
            answer: Answer::Json(Shape::of::<Entries>()),
            errors: &[(400, &["M_MISSING_PARAM", "M_INVALID_PARAM"]), (403, &["M_FORBIDDEN"])],
        },
        Operation {
            method: Method::POST,
            id: "block_invite",
            summary: "Blocks an invite in a room, or no longer, for the room's admins.",
            query: &[],
            body: Some(Shape::of::<Block>()),
            answer: Answer::Json(Shape::nothing()),
            errors: &[
                (400, &["M_NOT_JSON", "M_BAD_JSON", "M_INVALID_PARAM"]),
                (403, &["M_FORBIDDEN"]),
                (404, &["NOT_FOUND"]),
            ],
        },
    ],
    answer: |api, request| Box::pin(async move { answer(&api.invites, request).await }),
};

/// The body of a request to block an invite in a room, or no longer.
#[derive(Deserialize, ToSchema)]
#[schema(as = BlockRequest)]
struct Block {
    /// The room's id.
    room: String,
    /// The invite's number.
    invite: i64,
    /// Whether it is to be blocked.
    blocked: bool,
    /// Why, for other admins of the room.
    #[schema(max_length = 200)]
    reason: Option<String>,
}

/// A page of the invites that lead into a room.
#[derive(Serialize, ToSchema)]
#[schema(as = RoomInvites)]
struct Entries {
    invites: Vec<Entry>,
    /// Where the next page begins; missing on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next_batch: Option<String>,
}

/// An invite that leads into a room.
#[derive(Serialize, ToSchema)]
#[schema(as = RoomInvite)]
struct Entry {
    #[serde(flatten)]
    invite: Known,
    /// Who has blocked it here, if anybody has.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    blocked: Option<Blocked>,
}

/// That an invite is blocked in a room.
#[derive(Serialize, ToSchema)]
struct Blocked {
    /// The Matrix id of the admin who did it.
    by: String,
    /// When, in milliseconds since the epoch.
    ts: i64,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reason: Option<String>,
}

async fn answer(invites: &Invites, request: Request) -> Result<Reply, Reply> {
    let account = request.account.clone();
    if request.method == Method::POST {
        let Block { room, invite, blocked, reason } = request.read().await?;
        invites.room_admin.block(&account, &room, invite, blocked, reason).await?;
        return Ok(Reply::done());
    }
    let Some(room) = request.query.text("room")?.filter(|room| !room.is_empty()) else {
        return Err(Reply::missing_param("room"));
    };
    let (from, most) = (request.query.number("from")?, request.query.number("limit")?.unwrap_or(USUAL));
    let (into, next) = invites.room_admin.invites_into(&account, &room, from, most).await?;
    let next_batch = next.map(|next| next.to_string());
    Ok(Reply::ok(&Entries { invites: into.into_iter().map(Entry::from).collect(), next_batch }))
}

impl From<RoomInvite> for Entry {
    fn from(RoomInvite { invite, block, .. }: RoomInvite) -> Self {
        let blocked = block.map(|block| Blocked { by: block.by.user_id, ts: block.at, reason: block.reason });
        Self { invite: invite.into(), blocked }
    }
}
