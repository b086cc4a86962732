//! The JSON API, to the letter of what clients of the Python module `synapse_super_invites` rely on: its paths,
//! statuses, error codes and field names. Legacy names are used here and nowhere else.

mod access_token;
mod admin;
mod description;
mod info;
mod people;
mod query;
mod redeem;
mod redemptions;
mod reply;
mod resource;
mod rooms;
mod shape;
mod share_link;
mod tokens;

use std::{
    net::SocketAddr,
    sync::{Arc, LazyLock},
};

use app::{Door, PREFIX, words};
use axum::{
    Router,
    extract::{self, ConnectInfo, Path, State, rejection::PathRejection},
    response::Response,
    routing::any,
};
use http::{Method, request::Parts};

pub use self::resource::Api;
use self::{
    description::Description,
    query::Query,
    reply::Reply,
    resource::{Request, Resource},
};
use crate::{listener::Refused, metrics::Route};

/// The API's resources, below [`PREFIX`].
const RESOURCES: [Resource; 8] = [
    tokens::RESOURCE,
    info::RESOURCE,
    redeem::RESOURCE,
    redemptions::RESOURCE,
    rooms::RESOURCE,
    admin::INVITES,
    admin::PAUSE,
    admin::AUDIT,
];

/// The path of the resource that makes share links, for `super-invites check`.
pub const SHARE_LINK: &str = share_link::RESOURCE.path;

static DESCRIPTION: LazyLock<Description> =
    LazyLock::new(|| Description::of(RESOURCES.iter().chain([&share_link::RESOURCE])));

/// The description of the API (OpenAPI 3.1, as JSON), which is served below [`PREFIX`].
pub fn description() -> &'static str {
    DESCRIPTION.text()
}

/// The API's routes.
pub fn router(api: Api) -> Router {
    Router::new()
        .route(PREFIX, any(async || Reply::unrecognized().into_response()))
        .route(&format!("{PREFIX}/"), any(door))
        // One route for everything below, because the path is compared after its percent-encoding is decoded.
        .route(&format!("{PREFIX}/{{*path}}"), any(door))
        .route(SHARE_LINK, any(share_link_door))
        .with_state(Arc::new(api))
}

/// The API's response to a request that the listener refuses.
pub fn refused(refused: Refused) -> Response {
    Reply::error(refused.status(), "M_UNKNOWN", refused.text()).into_response()
}

async fn door(
    State(api): State<Arc<Api>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    path: Result<Path<String>, PathRejection>,
    sent: extract::Request,
) -> Response {
    let path = path.map(|Path(path)| path).unwrap_or_default();
    match RESOURCES.into_iter().find(|resource| resource.path == path) {
        Some(resource) => {
            let mut response = answer(api, resource, peer, sent).await;
            response.extensions_mut().insert(Route(format!("{PREFIX}/{path}")));
            response
        }
        None if path == description::PATH => DESCRIPTION.answer(sent.method(), sent.headers()),
        None if sent.method() == Method::OPTIONS => Reply::preflight(),
        None => Reply::unrecognized().into_response(),
    }
}

async fn share_link_door(
    State(api): State<Arc<Api>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    sent: extract::Request,
) -> Response {
    match &api.sharing {
        Some(_) => answer(api, share_link::RESOURCE, peer, sent).await,
        None => Reply::unrecognized().into_response(),
    }
}

async fn answer(api: Arc<Api>, resource: Resource, peer: SocketAddr, sent: extract::Request) -> Response {
    let (Parts { method, uri, headers, .. }, body) = sent.into_parts();
    if method == Method::OPTIONS {
        return Reply::preflight();
    }
    let method = if method == Method::HEAD { Method::GET } else { method };
    // The sentences in the answers, which are errors; clients that ask for no language get English.
    let language = api.languages.accepted(&headers);
    let answer = async {
        if !resource.supports(&method) {
            return Err(Reply::not_allowed());
        }
        let query = Query::parse(uri.query().unwrap_or_default());
        let token = access_token::find(&headers, &query)?;
        let origin = api.proxies.origin(Door::Api, peer, &headers);
        if method != Method::GET {
            // What changes something is not done for a session that has ended.
            api.people.forget(&token).await;
        }
        let account = api.people.authenticate(&token, &origin).await?;
        let odd = query.has_odd_code();
        let answer = (resource.answer)(Arc::clone(&api), Request { account, method, query, body });
        answer.await.map_err(|reply| if odd && reply.is_not_found() { query::not_ascii() } else { reply })
    };
    let (Ok(reply) | Err(reply)) = words::speaking(language, answer).await;
    reply.into_response()
}
