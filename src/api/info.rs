//! `info`: what a code promises.

use app::Preview;
use serde::Serialize;

use super::{Request, Resource, people::Shown, refuse, reply::Reply};
use crate::invites::Invites;

#[derive(Serialize)]
struct Info {
    rooms_count: u32,
    has_redeemed: bool,
    create_dm: bool,
    inviter: Shown,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    welcome: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<i64>,
}

pub(super) async fn answer(invites: &Invites, request: Request) -> Result<Reply, Reply> {
    let code = request.code()?;
    let preview = invites.preview(&request.account, &code).await.map_err(refuse(Resource::Info))?;
    let Preview { rooms, redeemed, chat, inviter, welcome, expires_at, state } = preview;
    Ok(Reply::ok(&Info {
        rooms_count: rooms,
        has_redeemed: redeemed,
        create_dm: chat,
        inviter: inviter.into(),
        state: state.key(),
        welcome,
        expires_at,
    }))
}
