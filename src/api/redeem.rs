//! `redeem`: into everything a code leads to.

use app::{Joined, MissedRoom, wording};
use serde_json::json;

use super::{Request, Resource, refuse, reply::Reply};
use crate::invites::Invites;

pub(super) async fn answer(invites: &Invites, request: Request) -> Result<Reply, Reply> {
    let code = request.code()?;
    let joined = invites.redeem(&request.account, &code).await.map_err(refuse(Resource::Redeem))?;
    let Joined { rooms, missed } = joined;
    let failed: Vec<_> = missed
        .into_iter()
        .map(|MissedRoom { room, reason, code }| json!({"room": room, "reason": wording::reason(&reason), "errcode": code}))
        .collect();
    Ok(Reply::ok(&json!({"rooms": rooms, "failed": failed})))
}
