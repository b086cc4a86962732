//! `rooms`: the invites that lead into a room, for its admins.

use app::{KnownInvite, RoomInvite};
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Request, Resource, refuse, reply::Reply};
use crate::invites::Invites;

#[derive(Deserialize)]
struct Block {
    room: String,
    invite: i64,
    blocked: bool,
    reason: Option<String>,
}

pub(super) async fn answer(invites: &Invites, method: &Method, request: Request) -> Result<Reply, Reply> {
    let refused = refuse(Resource::Rooms);
    let account = request.account.clone();
    if *method == Method::POST {
        let Block { room, invite, blocked, reason } = request.read().await?;
        invites.block(&account, &room, invite, blocked, reason).await.map_err(refused)?;
        return Ok(Reply::ok(&json!({})));
    }
    let Some(room) = request.query.text("room")?.filter(|room| !room.is_empty()) else {
        return Err(Reply::missing_param("room"));
    };
    let into = invites.invites_into(&account, &room).await.map_err(refused)?;
    Ok(Reply::ok(&json!({"invites": into.into_iter().map(room_invite).collect::<Vec<_>>()})))
}

fn room_invite(RoomInvite { invite, block }: RoomInvite) -> Value {
    let mut body = known(invite);
    if let Some(block) = block {
        body["blocked"] = json!({"by": block.by.user_id, "ts": block.at});
        if let Some(reason) = block.reason {
            body["blocked"]["reason"] = reason.into();
        }
    }
    body
}

/// An invite to somebody who may know of it, but not use it.
pub(super) fn known(invite: KnownInvite) -> Value {
    let KnownInvite { number, owner, created_at, limits, state, came } = invite;
    let mut body = json!({
        "invite": number,
        "owner": {"user_id": owner.user_id, "display_name": owner.display_name, "avatar_url": owner.avatar_url},
        "created_ts": created_at,
        "state": state.key(),
        "accepted_count": came,
    });
    if let Some(end) = limits.expires_at {
        body["expires_at"] = end.into();
    }
    body
}
