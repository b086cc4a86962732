//! `redemptions`: the people who redeemed one of the caller's own invites.

use app::{Came, Guest};
use http::Method;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    people::Shown,
    redeem::Failed,
    reply::Reply,
    resource::{Answer, CODE, Kind, Operation, Parameter, Request, Resource},
    shape::Shape,
};
use crate::{clock::DAY, invites::Invites};

/// The default number of entries in a response.
const USUAL: u32 = 50;

pub(super) const RESOURCE: Resource = Resource {
    path: "redemptions",
    operations: &[Operation {
        method: Method::GET,
        id: "redemptions",
        summary: "Lists the people who redeemed one of the caller's own invites, those who came last first.",
        query: &[
            CODE,
            Parameter {
                name: "from",
                description: "Where to continue: the `next_batch` of the page before.",
                required: false,
                kind: Kind::Text,
            },
            Parameter {
                name: "limit",
                description: "How many entries to return at most: 1 to 50, 50 if it is missing.",
                required: false,
                kind: Kind::Number(0),
            },
        ],
        body: None,
        answer: Answer::Json(Shape::of::<Page>()),
        errors: &[
            (400, &["M_MISSING_PARAM", "M_INVALID_PARAM"]),
            (403, &[""]),
            (404, &["NOT_FOUND"]),
            (429, &["M_LIMIT_EXCEEDED"]),
        ],
    }],
    answer: |api, request| Box::pin(async move { answer(&api.invites, request).await }),
};

/// A page of the people who redeemed an invite.
#[derive(Serialize, ToSchema)]
#[schema(as = Redemptions)]
struct Page {
    redemptions: Vec<Redemption>,
    /// How many people have redeemed it.
    total: u32,
    /// How many of them have joined anything.
    accepted_count: u32,
    /// How many of them have joined everything.
    completed_count: u32,
    /// How many people joined on which day.
    by_day: Vec<Day>,
    /// Where the next page begins; missing on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next_batch: Option<String>,
}

/// The people who joined on one day.
#[derive(Serialize, ToSchema)]
struct Day {
    /// When the day begins (UTC), in milliseconds since the epoch.
    ts: i64,
    accepted_count: u32,
}

/// A person who redeemed an invite, and what came of it.
#[derive(Serialize, ToSchema)]
struct Redemption {
    #[serde(flatten)]
    person: Shown,
    /// When they first redeemed it, in milliseconds since the epoch.
    started_ts: i64,
    /// Whether they have joined everything.
    complete: bool,
    /// The ids of the rooms that they have joined.
    rooms: Vec<String>,
    /// Whether they have a direct chat with the caller.
    direct_chat: bool,
    /// What is missing.
    failed: Vec<Failed>,
    /// When they first joined anything, in milliseconds since the epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    accepted_ts: Option<i64>,
    /// When they had joined everything, in milliseconds since the epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
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
