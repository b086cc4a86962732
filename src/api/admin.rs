//! `admin/…`: resources for server admins.

use std::borrow::Cow;

use app::{
    Action, AuditEntry, Door, Intervention, ServerInvite, ServerInvites, ServerQuery, wording,
    words::{Language, with},
};
use http::Method;
use serde::{Deserialize, Serialize};
use utoipa::{ToSchema, openapi::Object};

use super::{
    people::Known,
    reply::Reply,
    resource::{Answer, Kind, Operation, Parameter, Request, Resource},
    shape::{Shape, words},
};
use crate::invites::Invites;

/// All invites of the server, and interventions in one of them.
pub(super) const INVITES: Resource = Resource {
    path: "admin/invites",
    operations: &[
        Operation {
            method: Method::GET,
            id: "all_invites",
            summary: "Lists or searches all invites of the server, for server admins, the newest first.",
            query: &[
                Parameter {
                    name: "search",
                    description: "A part of the owner's Matrix id, an invite's number, a whole code, or a room; all invites if it is missing.",
                    required: false,
                    kind: Kind::Text,
                },
                Parameter {
                    name: "from",
                    description: "Where to continue: the `next_batch` of the page before.",
                    required: false,
                    kind: Kind::Number(0),
                },
                Parameter {
                    name: "limit",
                    description: "How many invites to return at most: 1 to 100, 20 if it is missing.",
                    required: false,
                    kind: Kind::Number(0),
                },
            ],
            body: None,
            answer: Answer::Json(Shape::of::<Found>()),
            errors: &[(400, &["M_INVALID_PARAM"]), (403, &["M_FORBIDDEN"])],
        },
        Operation {
            method: Method::POST,
            id: "intervene",
            summary: "Pauses, resumes or ends somebody's invite, for server admins.",
            query: &[],
            body: Some(Shape::of::<Intervene>()),
            answer: Answer::Json(Shape::nothing()),
            errors: &[
                (400, &["M_NOT_JSON", "M_BAD_JSON", "M_INVALID_PARAM"]),
                (403, &["M_FORBIDDEN"]),
                (404, &["NOT_FOUND"]),
            ],
        },
    ],
    answer: |api, request| Box::pin(async move { invites(&api.invites, request).await }),
};

/// The switch that pauses all invites of the server.
pub(super) const PAUSE: Resource = Resource {
    path: "admin/pause",
    operations: &[
        Operation {
            method: Method::GET,
            id: "all_paused",
            summary: "Says whether all invites of the server are paused.",
            query: &[],
            body: None,
            answer: Answer::Json(Shape::of::<PauseAll>()),
            errors: &[],
        },
        Operation {
            method: Method::POST,
            id: "pause_all",
            summary: "Pauses all invites of the server, or no longer, for server admins.",
            query: &[],
            body: Some(Shape::of::<PauseAll>()),
            answer: Answer::Json(Shape::of::<PauseAll>()),
            errors: &[(400, &["M_NOT_JSON", "M_BAD_JSON", "M_INVALID_PARAM"]), (403, &["M_FORBIDDEN"])],
        },
    ],
    answer: |api, request| Box::pin(async move { pause(&api.invites, request).await }),
};

/// The audit log.
pub(super) const AUDIT: Resource = Resource {
    path: "admin/audit",
    operations: &[Operation {
        method: Method::GET,
        id: "audit",
        summary: "Returns the audit log, for server admins, the newest entries first.",
        query: &[
            Parameter {
                name: "since",
                description: "Only entries from this time on, in milliseconds since the epoch.",
                required: false,
                kind: Kind::Number(0),
            },
            Parameter {
                name: "limit",
                description: "How many entries to return at most: 10000 if it is missing or more.",
                required: false,
                kind: Kind::Number(0),
            },
        ],
        body: None,
        answer: Answer::Lines(Shape::of::<Line<'static>>()),
        errors: &[(400, &["M_INVALID_PARAM"]), (403, &["M_FORBIDDEN"])],
    }],
    answer: |api, request| Box::pin(async move { audit(&api.invites, request).await }),
};

/// The body of a request to intervene in somebody's invite.
#[derive(Deserialize, ToSchema)]
#[schema(as = InterventionRequest)]
struct Intervene {
    /// The invite's number.
    invite: i64,
    #[schema(schema_with = interventions)]
    action: Intervention,
    /// Why; the owner sees it.
    #[schema(nullable = false)]
    reason: Option<String>,
}

/// Whether all invites of the server are paused. Both the request and the response.
#[derive(Serialize, Deserialize, ToSchema)]
struct PauseAll {
    paused: bool,
    /// Why; members see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reason: Option<String>,
}

/// A page of the server's invites.
#[derive(Serialize, ToSchema)]
#[schema(as = ServerInvites)]
struct Found {
    invites: Vec<Entry>,
    /// Where the next page begins; missing on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next_batch: Option<String>,
    /// Whether all invites of the server are paused.
    all_paused: bool,
}

/// An invite as server admins see it.
#[derive(Serialize, ToSchema)]
#[schema(as = ServerInvite)]
struct Entry {
    #[serde(flatten)]
    invite: Known,
    /// The beginning of the invite's code.
    token: String,
    /// The ids of the rooms that it leads to.
    rooms: Vec<String>,
    /// Whether those who redeem it get a direct chat with its owner.
    create_dm: bool,
    /// Whether its code also opens an account.
    as_registration_token: bool,
    /// The title that its owner has given it for everybody who has the code.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    public_title: Option<String>,
    /// Why a server admin has paused it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reason: Option<String>,
}

/// An entry of the audit log.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditEntry)]
struct Line<'a> {
    /// When it happened, in milliseconds since the epoch.
    ts: i64,
    /// The Matrix id of whoever did it.
    actor: &'a str,
    #[schema(schema_with = doors)]
    door: &'static str,
    #[schema(schema_with = actions)]
    action: &'static str,
    /// The invite's number, if it was done to one.
    #[schema(required = true)]
    invite: Option<i64>,
    /// The Matrix id of the invite's owner.
    #[schema(required = true)]
    owner: Option<&'a str>,
    /// The beginning of the invite's code.
    #[schema(required = true)]
    token: Option<&'a str>,
    /// More about it, as a text for people.
    #[schema(required = true)]
    detail: Option<Cow<'a, str>>,
}

fn interventions() -> Object {
    words(["pause", "resume", "revoke"], "What to do with it; `revoke` ends it for good.")
}

fn doors() -> Object {
    words([Door::Api, Door::Web].map(Door::key), "The interface through which it was done.")
}

fn actions() -> Object {
    words(Action::ALL.map(Action::key), "What was done.")
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
        let ServerInvite { invite, code, rooms, chat, registration, public_title, reason } = server;
        Self {
            invite: invite.into(),
            token: code,
            rooms,
            create_dm: chat,
            as_registration_token: registration,
            public_title,
            reason,
        }
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
            // Programs read it, so it is the same in every language.
            detail: detail.as_ref().map(|detail| with(Language::default(), || wording::detail(detail))),
        }
    }
}
