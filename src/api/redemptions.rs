//! `redemptions`: who came with one of one's own invites.

use app::{Came, Guest, wording};
use serde_json::{Value, json};

use super::{Request, Resource, refuse, reply::Reply};
use crate::invites::Invites;

/// How many are answered at once where a client does not say.
const USUAL: u32 = 50;

pub(super) async fn answer(invites: &Invites, request: Request) -> Result<Reply, Reply> {
    let code = request.code()?;
    let from = request.query.text("from")?.unwrap_or_default();
    let most = request.query.number("limit")?.unwrap_or(USUAL);
    let came = invites.came(&request.account, &code, &from, most).await.map_err(refuse(Resource::Redemptions))?;
    let Came { guests, next, begun, came, complete, by_day } = came;
    let mut body = json!({
        "redemptions": guests.into_iter().map(redemption).collect::<Vec<_>>(),
        "total": begun,
        "accepted_count": came,
        "completed_count": complete,
        "by_day": by_day.into_iter().map(|(day, came)| json!({"ts": day * 86_400_000, "accepted_count": came})).collect::<Vec<_>>(),
    });
    if let Some(next) = next {
        body["next_batch"] = next.into();
    }
    Ok(Reply::ok(&body))
}

fn redemption(guest: Guest) -> Value {
    let mut rooms: Vec<Value> = guest.joined.into_iter().map(|room| room.id.into()).collect();
    let failed: Vec<Value> = guest
        .missed
        .into_iter()
        .map(|(_, missed)| json!({"room": missed.room, "reason": wording::reason(&missed.reason), "errcode": missed.code}))
        .collect();
    rooms.sort_by(|one, other| one.as_str().cmp(&other.as_str()));
    let mut body = json!({
        "user_id": guest.person.user_id,
        "display_name": guest.person.display_name,
        "avatar_url": guest.person.avatar_url,
        "started_ts": guest.since,
        "complete": guest.complete,
        "rooms": rooms,
        "direct_chat": guest.chat,
        "failed": failed,
    });
    for (name, ts) in [("accepted_ts", guest.came_at), ("completed_ts", guest.completed_at)] {
        if let Some(ts) = ts {
            body[name] = ts.into();
        }
    }
    body
}
