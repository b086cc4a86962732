//! `admin/…`: resources for server admins.

use std::borrow::Cow;

use app::{AuditEntry, Intervention, ServerInvite, ServerInvites, ServerQuery, wording};
use http::Method;
use serde::{Deserialize, Serialize};

use super::{
    people::Known,
    reply::Reply,
    resource::{Request, Resource},
};
use crate::invites::Invites;

/// All invites of the server, and interventions in one of them.
pub(super) const INVITES: Resource = Resource {
    path: "admin/invites",
    methods: &[Method::GET, Method::POST],
    answer: |api, request| Box::pin(async move { invites(&api.invites, request).await }),
};

/// The switch that pauses all invites of the server.
pub(super) const PAUSE: Resource = Resource {
    path: "admin/pause",
    methods: &[Method::GET, Method::POST],
    answer: |api, request| Box::pin(async move { pause(&api.invites, request).await }),
};

/// The audit log.
pub(super) const AUDIT: Resource = Resource {
    path: "admin/audit",
    methods: &[Method::GET],
    answer: |api, request| Box::pin(async move { audit(&api.invites, request).await }),
};

#[derive(Deserialize)]
struct Intervene {
    invite: i64,
    action: Intervention,
    reason: Option<String>,
}

/// Both the request and the response.
#[derive(Serialize, Deserialize)]
struct PauseAll {
    paused: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

#[derive(Serialize)]
struct Found {
    invites: Vec<Entry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_batch: Option<String>,
    all_paused: bool,
}

#[derive(Serialize)]
struct Entry {
    #[serde(flatten)]
    invite: Known,
    /// The beginning of the invite's code.
    token: String,
    rooms: Vec<String>,
    create_dm: bool,
    as_registration_token: bool,
    /// Why a server admin has paused it.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
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

async fn invites(invites: &Invites, request: Request) -> Result<Reply, Reply> {
    let account = request.account.clone();
    if request.method == Method::POST {
        let Intervene { invite, action, reason } = request.read().await?;
        invites.server_admin.intervene(&account, invite, action, reason).await?;
        return Ok(Reply::done());
    }
    let search = request.query.text("search")?.unwrap_or_default();
    let (from, most) = (request.query.number::<i64>("from")?, request.query.number("limit")?);
    let before = from.map(|from| from.to_string()).unwrap_or_default();
    let query = ServerQuery { search, before, ..ServerQuery::default() };
    let found = invites.server_admin.find_invites(&account, &query, most, true).await?;
    let ServerInvites { invites, next, all_paused, .. } = found;
    Ok(Reply::ok(&Found {
        invites: invites.into_iter().map(Entry::from).collect(),
        next_batch: next,
        all_paused: all_paused.is_some(),
    }))
}

impl From<ServerInvite> for Entry {
    fn from(server: ServerInvite) -> Self {
        let ServerInvite { invite, code, rooms, chat, registration, reason } = server;
        Self { invite: invite.into(), token: code, rooms, create_dm: chat, as_registration_token: registration, reason }
    }
}

async fn pause(invites: &Invites, request: Request) -> Result<Reply, Reply> {
    let account = request.account.clone();
    if request.method == Method::POST {
        let PauseAll { paused, reason } = request.read().await?;
        invites.server_admin.pause_all(&account, paused, reason).await?;
    }
    let all_paused = invites.server_admin.all_paused().await?;
    Ok(Reply::ok(&PauseAll { paused: all_paused.is_some(), reason: all_paused.and_then(|paused| paused.reason) }))
}

/// The audit log as one JSON object per line, newest first.
async fn audit(invites: &Invites, request: Request) -> Result<Reply, Reply> {
    let since = request.query.number("since")?.unwrap_or_default();
    let most = request.query.number("limit")?;
    let entries = invites.server_admin.audit_since(&request.account, since, most).await?;
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
