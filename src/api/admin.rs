//! `admin/…`: for server admins.

use std::borrow::Cow;

use app::{AuditEntry, Intervention, ServerInvite, ServerInvites, wording};
use http::Method;
use serde::{Deserialize, Serialize};

use super::{Request, Resource, people::Known, refuse, reply::Reply};
use crate::invites::Invites;

#[derive(Deserialize)]
struct Intervene {
    invite: i64,
    action: Intervention,
}

/// Both ways: what is asked for, and what is so.
#[derive(Serialize, Deserialize)]
struct PauseAll {
    paused: bool,
}

#[derive(Serialize)]
struct Found {
    invites: Vec<Entry>,
    total: u32,
    page: u32,
    pages: u32,
    all_paused: bool,
}

#[derive(Serialize)]
struct Entry {
    #[serde(flatten)]
    invite: Known,
    /// The beginning of its code.
    token: String,
    rooms: Vec<String>,
    create_dm: bool,
    as_registration_token: bool,
}

#[derive(Serialize)]
struct Line<'a> {
    ts: i64,
    actor: &'a str,
    door: &'static str,
    action: &'static str,
    invite: Option<i64>,
    owner: Option<&'a str>,
    token: Option<&'a str>,
    detail: Option<Cow<'a, str>>,
}

/// All invites of the server, and what can be done to one of them.
pub(super) async fn invites(invites: &Invites, method: &Method, request: Request) -> Result<Reply, Reply> {
    let refused = refuse(Resource::AdminInvites);
    let account = request.account.clone();
    if *method == Method::POST {
        let Intervene { invite, action } = request.read().await?;
        invites.intervene(&account, invite, action).await.map_err(refused)?;
        return Ok(Reply::done());
    }
    let search = request.query.text("search")?.unwrap_or_default();
    let page = request.query.number("page")?.unwrap_or(1);
    let found = invites.server_invites(&account, &search, page).await.map_err(refused)?;
    let ServerInvites { invites, matching, page, pages, all_paused, .. } = found;
    Ok(Reply::ok(&Found {
        invites: invites.into_iter().map(Entry::from).collect(),
        total: matching,
        page,
        pages,
        all_paused: all_paused.is_some(),
    }))
}

impl From<ServerInvite> for Entry {
    fn from(server: ServerInvite) -> Self {
        let ServerInvite { invite, code, rooms, chat, registration } = server;
        Self { invite: invite.into(), token: code, rooms, create_dm: chat, as_registration_token: registration }
    }
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
    Ok(Reply::ok(&PauseAll { paused }))
}

/// Who did what, one JSON object a line, the last first.
pub(super) async fn audit(invites: &Invites, request: Request) -> Result<Reply, Reply> {
    let since = request.query.number("since")?.unwrap_or_default();
    let most = request.query.number("limit")?;
    let entries = invites.audit_since(&request.account, since, most).await.map_err(refuse(Resource::AdminAudit))?;
    Ok(Reply::lines(entries.iter().map(Line::from)))
}

impl<'a> From<&'a AuditEntry> for Line<'a> {
    fn from(entry: &'a AuditEntry) -> Self {
        let AuditEntry { at, actor, door, action, invite, owner, code, detail } = entry;
        Self {
            ts: *at,
            actor,
            door: door.key(),
            action: action.key(),
            invite: *invite,
            owner: owner.as_deref(),
            token: code.as_deref(),
            detail: detail.as_ref().map(wording::detail),
        }
    }
}
