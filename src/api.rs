//! The JSON door, to the letter of what clients of the Python module `synapse_super_invites` rely on: its paths, statuses,
//! error codes and field names. Legacy words live here and nowhere else.

mod access_token;
mod admin;
mod info;
mod query;
mod redeem;
mod redemptions;
mod reply;
mod rooms;
mod tokens;

use std::{net::SocketAddr, sync::Arc};

use app::PREFIX;
use axum::{
    Router,
    body::{Body, Bytes},
    extract::{ConnectInfo, Path, RawQuery, State, rejection::PathRejection},
    response::Response,
    routing::any,
};
use http::{HeaderMap, Method, StatusCode};
use serde::de::DeserializeOwned;

use self::{query::Query, reply::Reply};
use crate::{
    account::{Account, Door},
    error::Error,
    invites::Invites,
    proxies::Proxies,
};

/// The largest body that is read, in bytes.
const LARGEST_BODY: usize = 64 * 1024;

/// What every request needs.
#[derive(Clone)]
struct Api {
    invites: Invites,
    proxies: Arc<Proxies>,
}

/// One of the API's addresses.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Resource {
    Tokens,
    Info,
    Redeem,
    Redemptions,
    Rooms,
    AdminInvites,
    AdminPause,
    AdminAudit,
}

impl Resource {
    fn at(path: &str) -> Option<Self> {
        Some(match path {
            "tokens" => Self::Tokens,
            "info" => Self::Info,
            "redeem" => Self::Redeem,
            "redemptions" => Self::Redemptions,
            "rooms" => Self::Rooms,
            "admin/invites" => Self::AdminInvites,
            "admin/pause" => Self::AdminPause,
            "admin/audit" => Self::AdminAudit,
            _ => return None,
        })
    }

    fn allows(self, method: &Method) -> bool {
        match self {
            Self::Tokens => [Method::GET, Method::POST, Method::DELETE].contains(method),
            Self::Info | Self::Redemptions | Self::AdminAudit => method == Method::GET,
            Self::Redeem => method == Method::POST,
            Self::Rooms | Self::AdminInvites | Self::AdminPause => [Method::GET, Method::POST].contains(method),
        }
    }
}

/// A request whose sender is known.
struct Request {
    account: Account,
    query: Query,
    body: Body,
}

/// The API's routes.
pub fn router(invites: Invites, proxies: Arc<Proxies>) -> Router {
    Router::new()
        .route(PREFIX, any(async || Reply::unrecognized().into_response()))
        .route(&format!("{PREFIX}/"), any(door))
        // One route for everything below, because an address is compared after its percent-encoding is undone.
        .route(&format!("{PREFIX}/{{*path}}"), any(door))
        .with_state(Api { invites, proxies })
}

async fn door(
    State(api): State<Api>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    method: Method,
    path: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Response {
    if method == Method::OPTIONS {
        return Reply::preflight();
    }
    let Some(resource) = path.ok().and_then(|Path(path)| Resource::at(&path)) else {
        return Reply::unrecognized().into_response();
    };
    let method = if method == Method::HEAD { Method::GET } else { method };
    let answer = async {
        if !resource.allows(&method) {
            return Err(Reply::error(StatusCode::METHOD_NOT_ALLOWED, "M_UNRECOGNIZED", "Unrecognized request"));
        }
        let query = Query::parse(query.as_deref().unwrap_or_default());
        let token = access_token::find(&headers, &query)?;
        let origin = api.proxies.origin(Door::Api, peer, &headers);
        let account = api.invites.authenticate(&token, &origin).await.map_err(refuse(resource))?;
        let odd = query.has_odd_code();
        let request = Request { account, query, body };
        let answer = match resource {
            Resource::Tokens => tokens::answer(&api.invites, &method, request).await,
            Resource::Info => info::answer(&api.invites, request).await,
            Resource::Redeem => redeem::answer(&api.invites, request).await,
            Resource::Redemptions => redemptions::answer(&api.invites, request).await,
            Resource::Rooms => rooms::answer(&api.invites, &method, request).await,
            Resource::AdminInvites => admin::invites(&api.invites, &method, request).await,
            Resource::AdminPause => admin::pause(&api.invites, &method, request).await,
            Resource::AdminAudit => admin::audit(&api.invites, request).await,
        };
        answer.map_err(|reply| if odd && reply.is_not_found() { query::not_ascii() } else { reply })
    };
    let (Ok(reply) | Err(reply)) = answer.await;
    reply.into_response()
}

impl Request {
    /// The code in the query, which must be there.
    fn code(&self) -> Result<String, Reply> {
        match self.query.code()? {
            None => Err(Reply::missing_param("token")),
            Some(code) if code.is_empty() => {
                Err(Reply::invalid_param("The query parameter 'token' must not be empty."))
            }
            Some(code) => Ok(code),
        }
    }

    async fn json(self) -> Result<serde_json::Map<String, serde_json::Value>, Reply> {
        let body: Bytes = axum::body::to_bytes(self.body, LARGEST_BODY).await.map_err(|_| {
            let problem = format!("The request is too large: at most {} KiB are read.", LARGEST_BODY / 1024);
            Reply::error(StatusCode::PAYLOAD_TOO_LARGE, "M_TOO_LARGE", problem)
        })?;
        match serde_json::from_slice(&body) {
            Ok(serde_json::Value::Object(fields)) => Ok(fields),
            Ok(_) => Err(Reply::bad_json("Content must be a JSON object.")),
            Err(_) => Err(Reply::error(StatusCode::BAD_REQUEST, "M_NOT_JSON", "Content not JSON.")),
        }
    }
}

impl Request {
    /// A body of this shape; what is wrong with another one is said.
    async fn read<T: DeserializeOwned>(self) -> Result<T, Reply> {
        let fields = self.json().await?;
        serde_path_to_error::deserialize(serde_json::Value::Object(fields)).map_err(|error| {
            let field = error.path().to_string();
            let problem = error.into_inner();
            Reply::bad_json(if field == "." { problem.to_string() } else { format!("“{field}”: {problem}.") })
        })
    }
}

/// A use case's error as this resource answers it.
fn refuse(resource: Resource) -> impl Fn(Error) -> Reply {
    move |error| Reply::refusal(resource, error.into_told())
}
