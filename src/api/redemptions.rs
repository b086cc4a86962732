//! `redemptions`: the people who redeemed one of the caller's own invites.

use app::{Came, Guest};
use http::Method;
use serde::Serialize;

use super::{
    people::Shown,
    redeem::Failed,
    reply::Reply,
    resource::{Request, Resource},
};
use crate::{clock::DAY, invites::Invites};

/// The default number of entries in a response.
const USUAL: u32 = 50;

pub(super) const RESOURCE: Resource = Resource {
    path: "redemptions",
    methods: &[Method::GET],
    answer: |api, request| Box::pin(async move { answer(&api.invites, request).await }),
};

#[derive(Serialize)]
struct Page {
    redemptions: Vec<Redemption>,
    total: u32,
    accepted_count: u32,
    completed_count: u32,
    by_day: Vec<Day>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_batch: Option<String>,
}

#[derive(Serialize)]
struct Day {
    ts: i64,
    accepted_count: u32,
}

#[derive(Serialize)]
struct Redemption {
    #[serde(flatten)]
    person: Shown,
    started_ts: i64,
    complete: bool,
    rooms: Vec<String>,
    direct_chat: bool,
    failed: Vec<Failed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted_ts: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    completed_ts: Option<i64>,
}

impl From<Guest> for Redemption {
    fn from(guest: Guest) -> Self {
        let mut rooms: Vec<String> = guest.joined.into_iter().map(|room| room.id).collect();
        rooms.sort();
        Self {
            person: guest.person.into(),
            started_ts: guest.since,
            complete: guest.complete,
            rooms,
            direct_chat: guest.chat,
            failed: guest.missed.into_iter().map(|(_, missed)| missed.into()).collect(),
            accepted_ts: guest.came_at,
            completed_ts: guest.completed_at,
        }
    }
}

async fn answer(invites: &Invites, request: Request) -> Result<Reply, Reply> {
    let code = request.code()?;
    let from = request.query.text("from")?.unwrap_or_default();
    let most = request.query.number("limit")?.unwrap_or(USUAL);
    let came = invites.owner.came(&request.account, &code, &from, most, false).await?;
    let Came { guests, next, begun, came, complete, by_day } = came;
    Ok(Reply::ok(&Page {
        redemptions: guests.into_iter().map(Redemption::from).collect(),
        total: begun,
        accepted_count: came,
        completed_count: complete,
        by_day: by_day.into_iter().map(|(day, came)| Day { ts: day * DAY, accepted_count: came }).collect(),
        next_batch: next,
    }))
}
