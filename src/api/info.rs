//! `info`: what a code promises.

use app::Preview;
use serde_json::json;

use super::{Request, Resource, refuse, reply::Reply};
use crate::invites::Invites;

pub(super) async fn answer(invites: &Invites, request: Request) -> Result<Reply, Reply> {
    let code = request.code()?;
    let preview = invites.preview(&request.account, &code).await.map_err(refuse(Resource::Info))?;
    let Preview { rooms, redeemed, chat, inviter, welcome, expires_at, state } = preview;
    let mut body = json!({
        "rooms_count": rooms,
        "has_redeemed": redeemed,
        "create_dm": chat,
        "inviter": {
            "user_id": inviter.user_id,
            "display_name": inviter.display_name,
            "avatar_url": inviter.avatar_url,
        },
        "state": state.key(),
    });
    if let Some(welcome) = welcome {
        body["welcome"] = welcome.into();
    }
    if let Some(expires_at) = expires_at {
        body["expires_at"] = expires_at.into();
    }
    Ok(Reply::ok(&body))
}
