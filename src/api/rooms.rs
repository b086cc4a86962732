//! `rooms`: the invites that lead into a room, for its admins.

use app::RoomInvite;
use http::Method;
use serde::{Deserialize, Serialize};

use super::{
    people::Known,
    reply::Reply,
    resource::{Request, Resource},
};
use crate::invites::Invites;

/// The default number of invites in a response.
const USUAL: u32 = 100;

pub(super) const RESOURCE: Resource = Resource {
    path: "rooms",
    methods: &[Method::GET, Method::POST],
    answer: |api, request| Box::pin(async move { answer(&api.invites, request).await }),
};

#[derive(Deserialize)]
struct Block {
    room: String,
    invite: i64,
    blocked: bool,
    reason: Option<String>,
}

#[derive(Serialize)]
struct Entries {
    invites: Vec<Entry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_batch: Option<String>,
}

#[derive(Serialize)]
struct Entry {
    #[serde(flatten)]
    invite: Known,
    #[serde(skip_serializing_if = "Option::is_none")]
    blocked: Option<Blocked>,
}

#[derive(Serialize)]
struct Blocked {
    by: String,
    ts: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
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
