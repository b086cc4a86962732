//! `redeem`: joins everything that a code leads to.

use app::{Joined, MissedRoom, wording};
use http::Method;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    reply::Reply,
    resource::{Answer, CODE, Operation, Request, Resource},
    shape::Shape,
};
use crate::invites::Invites;

pub(super) const RESOURCE: Resource = Resource {
    path: "redeem",
    operations: &[Operation {
        method: Method::POST,
        id: "redeem",
        summary: "Joins everything that a code leads to. If rooms are missing afterwards, it may be called again.",
        query: &[CODE],
        body: None,
        answer: Answer::Json(Shape::of::<Redeemed>()),
        errors: &[
            (400, &["M_MISSING_PARAM", "M_INVALID_PARAM", "CANT_REDEEM", "ALREADY_REDEEMED"]),
            (403, &["CANT_REDEEM", "M_USER_SUSPENDED"]),
            (404, &["NOT_FOUND"]),
            (429, &["M_LIMIT_EXCEEDED"]),
        ],
    }],
    answer: |api, request| Box::pin(async move { answer(&api.invites, request).await }),
};

/// What has come of a redemption.
#[derive(Serialize, ToSchema)]
struct Redeemed {
    /// The ids of the rooms that the caller has joined, the direct chat included.
    rooms: Vec<String>,
    /// What is missing.
    failed: Vec<Failed>,
}

/// A room that could not be joined.
#[derive(Serialize, ToSchema)]
#[schema(as = FailedRoom)]
pub(super) struct Failed {
    /// The room's id; null for the direct chat.
    #[schema(required = true)]
    room: Option<String>,
    /// Why, as a sentence for people.
    reason: String,
    /// Why, as the homeserver's error code.
    errcode: String,
}

impl From<MissedRoom> for Failed {
    fn from(MissedRoom { room, reason, code }: MissedRoom) -> Self {
        Self { room, reason: wording::reason(&reason).into_owned(), errcode: code }
    }
}

async fn answer(invites: &Invites, request: Request) -> Result<Reply, Reply> {
    let code = request.code()?;
    let joined = invites.guest.redeem(&request.account, &code).await?;
    let Joined { rooms, missed } = joined;
    Ok(Reply::ok(&Redeemed { rooms, failed: missed.into_iter().map(Failed::from).collect() }))
}
