//! `info`: what a code offers.

use app::{Error as Refusal, Preview};
use http::{Method, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    people::{Shown, states},
    reply::Reply,
    resource::{Answer, CODE, Operation, Request, Resource},
    shape::Shape,
};
use crate::{error::Error, invites::Invites};

pub(super) const RESOURCE: Resource = Resource {
    path: "info",
    operations: &[Operation {
        method: Method::GET,
        id: "info",
        summary: "Shows what a code offers, to whoever holds it.",
        query: &[CODE],
        body: None,
        answer: Answer::Json(Shape::of::<Info>()),
        errors: &[
            (400, &["M_MISSING_PARAM", "M_INVALID_PARAM"]),
            (403, &["NOT_FOUND", "CANT_REDEEM"]),
            (429, &["M_LIMIT_EXCEEDED"]),
        ],
    }],
    answer: |api, request| Box::pin(async move { answer(&api.invites, request).await }),
};

/// What a code offers.
#[derive(Serialize, ToSchema)]
struct Info {
    /// How many rooms it leads to; the direct chat counts as one.
    rooms_count: u32,
    /// Whether the caller has joined with it, and redeeming it again would add nothing.
    has_redeemed: bool,
    /// Whether those who redeem it get a direct chat with its owner.
    create_dm: bool,
    /// Its owner.
    inviter: Shown,
    #[schema(schema_with = states)]
    state: &'static str,
    /// A text for those who are invited.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    welcome: Option<String>,
    /// The title that its owner has given it for everybody who has the code.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    public_title: Option<String>,
    /// When it ends, in milliseconds since the epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    expires_at: Option<i64>,
}

async fn answer(invites: &Invites, request: Request) -> Result<Reply, Reply> {
    let code = request.code()?;
    let preview = match invites.guest.preview(&request.account, &code).await {
        // The module answers 403 here, and 404 everywhere else.
        Err(Error::Refused(Refusal::UnknownInvite)) => {
            return Err(Reply::error(StatusCode::FORBIDDEN, "NOT_FOUND", "Token not found"));
        }
        preview => preview?,
    };
    let Preview { rooms, redeemed, chat, inviter, welcome, public_title, expires_at, state } = preview;
    Ok(Reply::ok(&Info {
        rooms_count: rooms,
        has_redeemed: redeemed,
        create_dm: chat,
        inviter: inviter.into(),
        state: state.key(),
        welcome,
        public_title,
        expires_at,
    }))
}
