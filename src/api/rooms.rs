//! `rooms`: the invites that lead into a room, for its admins.

use app::RoomInvite;
use http::Method;
use serde::{Deserialize, Serialize};

use super::{Request, Resource, people::Known, refuse, reply::Reply};
use crate::invites::Invites;

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

pub(super) async fn answer(invites: &Invites, method: &Method, request: Request) -> Result<Reply, Reply> {
    let refused = refuse(Resource::Rooms);
    let account = request.account.clone();
    if *method == Method::POST {
        let Block { room, invite, blocked, reason } = request.read().await?;
        invites.block(&account, &room, invite, blocked, reason).await.map_err(refused)?;
        return Ok(Reply::done());
    }
    let Some(room) = request.query.text("room")?.filter(|room| !room.is_empty()) else {
        return Err(Reply::missing_param("room"));
    };
    let into = invites.invites_into(&account, &room).await.map_err(refused)?;
    Ok(Reply::ok(&Entries { invites: into.into_iter().map(Entry::from).collect() }))
}

impl From<RoomInvite> for Entry {
    fn from(RoomInvite { invite, block }: RoomInvite) -> Self {
        let blocked = block.map(|block| Blocked { by: block.by.user_id, ts: block.at, reason: block.reason });
        Self { invite: invite.into(), blocked }
    }
}
