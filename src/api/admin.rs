//! `admin/…`: for server admins.

use app::{AuditEntry, Intervention, ServerInvite, ServerInvites, wording};
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Request, Resource, refuse, reply::Reply, rooms::known};
use crate::invites::Invites;

#[derive(Deserialize)]
struct Intervene {
    invite: i64,
    action: Intervention,
}

#[derive(Deserialize)]
struct PauseAll {
    paused: bool,
}

/// All invites of the server, and what can be done to one of them.
pub(super) async fn invites(invites: &Invites, method: &Method, request: Request) -> Result<Reply, Reply> {
    let refused = refuse(Resource::AdminInvites);
    let account = request.account.clone();
    if *method == Method::POST {
        let Intervene { invite, action } = request.read().await?;
        invites.intervene(&account, invite, action).await.map_err(refused)?;
        return Ok(Reply::ok(&json!({})));
    }
    let search = request.query.text("search")?.unwrap_or_default();
    let page = request.query.number("page")?.unwrap_or(1);
    let found = invites.server_invites(&account, &search, page).await.map_err(refused)?;
    let ServerInvites { invites, matching, page, pages, all_paused, .. } = found;
    Ok(Reply::ok(&json!({
        "invites": invites.into_iter().map(server_invite).collect::<Vec<_>>(),
        "total": matching,
        "page": page,
        "pages": pages,
        "all_paused": all_paused.is_some(),
    })))
}

fn server_invite(server: ServerInvite) -> Value {
    let ServerInvite { invite, code, rooms, chat, registration } = server;
    let mut body = known(invite);
    body["token"] = code.into();
    body["rooms"] = rooms.into();
    body["create_dm"] = chat.into();
    body["as_registration_token"] = registration.into();
    body
}

/// The switch that stops every invite of the server.
pub(super) async fn pause(invites: &Invites, method: &Method, request: Request) -> Result<Reply, Reply> {
    let refused = refuse(Resource::AdminPause);
    let account = request.account.clone();
    if *method == Method::POST {
        let PauseAll { paused } = request.read().await?;
        invites.pause_all(&account, paused).await.map_err(&refused)?;
    }
    let paused = invites.all_paused().await.map_err(refused)?;
    Ok(Reply::ok(&json!({"paused": paused})))
}

/// Who did what, one JSON object a line, the last first.
pub(super) async fn audit(invites: &Invites, request: Request) -> Result<Reply, Reply> {
    let since = request.query.number("since")?.unwrap_or_default();
    let most = request.query.number("limit")?;
    let entries = invites.audit_since(&request.account, since, most).await.map_err(refuse(Resource::AdminAudit))?;
    Ok(Reply::lines(entries.iter().map(line)))
}

fn line(entry: &AuditEntry) -> Value {
    let AuditEntry { at, actor, door, action, invite, owner, code, detail } = entry;
    json!({
        "ts": at,
        "actor": actor,
        "door": door.key(),
        "action": action.key(),
        "invite": invite,
        "owner": owner,
        "token": code,
        "detail": detail.as_ref().map(wording::detail),
    })
}
