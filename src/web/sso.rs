//! Single sign-on: to the homeserver's page, and back (Client-Server API, "Client login via SSO").

use std::sync::Arc;

use app::{Error, LocalPath};
use axum::{
    extract::{Query, State},
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};
use serde::Deserialize;

use super::{
    reply::{ResponseParts, see_other},
    state::Web,
    visit::Visit,
};
use crate::{
    people::{self, People},
    session::{Detour, Session},
};

/// The query of a link that begins single sign-on.
#[derive(Deserialize)]
pub(super) struct Departure {
    #[serde(default)]
    by: String,
    #[serde(default)]
    to: String,
}

/// The query with which the homeserver sends the browser back.
#[derive(Deserialize)]
pub(super) struct Return {
    #[serde(default)]
    state: String,
    #[serde(default, rename = "loginToken")]
    token: String,
}

/// Redirects to the homeserver, and remembers in a sealed cookie where the person wanted to go.
pub(super) async fn begin(State(web): State<Arc<Web>>, visit: Visit, Query(departure): Query<Departure>) -> Response {
    let Ok(state) = web.settings.chance.code().map(String::from) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let back = visit.address(&LocalPath::parse(&format!("/sign-in/back?state={state}")));
    let address = People::sso_address(&web.settings.homeserver, &departure.by, &back);
    let to = LocalPath::parse(&departure.to);
    let detour = Detour { state, to: to.as_str().to_owned() };
    let reply = ResponseParts::default();
    reply.cookie(web.settings.sealer.seal(Some(&detour), visit.is_secure()));
    reply.apply((StatusCode::FOUND, [(header::LOCATION, address)]).into_response(), visit.base)
}

/// Signs the person in if they left from this very browser, and leads on to where they wanted to go.
pub(super) async fn finish(State(web): State<Arc<Web>>, visit: Visit, Query(back): Query<Return>) -> Response {
    let (sealer, secure) = (&web.settings.sealer, visit.is_secure());
    let detour = sealer.open::<Detour>(&visit.headers, secure);
    let reply = ResponseParts::default();
    reply.cookie(sealer.seal::<Detour>(None, secure));
    let to = detour.as_ref().map(|detour| LocalPath::parse(&detour.to));
    let signed_in = match detour.filter(|detour| detour.state == back.state) {
        Some(_) => {
            web.people.sign_in_by_token(&back.token, &visit.origin).await.map_err(crate::error::Error::into_told)
        }
        None => Err(Error::SignInFailed),
    };
    let next = match signed_in {
        Ok(session) => {
            let before = sealer.open::<Session>(&visit.headers, secure);
            web.people.leave(before.map(|before| before.token));
            reply.cookie(sealer.seal(Some(&Session::from(session)), secure));
            to.unwrap_or(LocalPath::parse("/invites"))
        }
        Err(error) => super::site::sign_in_again_path(to.as_ref(), &error),
    };
    reply.apply(see_other(visit.base, &next), visit.base)
}

impl From<people::SignedIn> for Session {
    fn from(session: people::SignedIn) -> Self {
        Self { user_id: session.user_id.to_string(), token: session.token.reveal().to_owned() }
    }
}
