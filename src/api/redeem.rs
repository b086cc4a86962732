//! `redeem`: joins everything that a code leads to.

use app::{Joined, MissedRoom, wording};
use http::Method;
use serde::Serialize;

use super::{
    reply::Reply,
    resource::{Request, Resource},
};
use crate::invites::Invites;

pub(super) const RESOURCE: Resource = Resource {
    path: "redeem",
    methods: &[Method::POST],
    answer: |api, request| Box::pin(async move { answer(&api.invites, request).await }),
};

#[derive(Serialize)]
struct Redeemed {
    rooms: Vec<String>,
    failed: Vec<Failed>,
}

/// A room that could not be joined; without an id for the direct chat.
#[derive(Serialize)]
pub(super) struct Failed {
    room: Option<String>,
    reason: String,
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
