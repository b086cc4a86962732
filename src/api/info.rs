//! `info`: what a code offers.

use app::{Error as Refusal, Preview};
use http::{Method, StatusCode};
use serde::Serialize;

use super::{
    people::Shown,
    reply::Reply,
    resource::{Request, Resource},
};
use crate::{error::Error, invites::Invites};

pub(super) const RESOURCE: Resource = Resource {
    path: "info",
    methods: &[Method::GET],
    answer: |api, request| Box::pin(async move { answer(&api.invites, request).await }),
};

#[derive(Serialize)]
struct Info {
    rooms_count: u32,
    has_redeemed: bool,
    create_dm: bool,
    inviter: Shown,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    welcome: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
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
    let Preview { rooms, redeemed, chat, inviter, welcome, expires_at, state } = preview;
    Ok(Reply::ok(&Info {
        rooms_count: rooms,
        has_redeemed: redeemed,
        create_dm: chat,
        inviter: inviter.into(),
        state: state.key(),
        welcome,
        expires_at,
    }))
}
