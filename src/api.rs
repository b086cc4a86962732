//! The JSON door, to the letter of what clients of the Python module `synapse_super_invites` rely on: its paths, statuses,
//! error codes and field names. Legacy words live here and nowhere else.

mod access_token;
mod admin;
mod info;
mod people;
mod query;
mod redeem;
mod redemptions;
mod reply;
mod rooms;
mod share_link;
mod tokens;

use std::{net::SocketAddr, sync::Arc};

use app::{Door, PREFIX};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::{self, ConnectInfo, Path, State, rejection::PathRejection},
    response::Response,
    routing::any,
};
use http::{Method, StatusCode, request::Parts};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::{Map, Value};

use self::{query::Query, reply::Reply};
use crate::{account::Account, error::Error, invites::Invites, listener::Refused, proxies::Proxies, share::Sharing};

/// The largest body that is read, in bytes.
const LARGEST_BODY: usize = 64 * 1024;

/// What every request needs.
#[derive(Clone)]
struct Api {
    invites: Invites,
    proxies: Arc<Proxies>,
    sharing: Option<Sharing>,
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
    ShareLink,
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
            Self::ShareLink => method == Method::PUT,
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

/// Where links to be shared are made, apart from everything else.
pub const SHARE_LINK: &str = "/_synapse/client/share_link/";

/// The API's routes.
pub fn router(invites: Invites, proxies: Arc<Proxies>, sharing: Option<Sharing>) -> Router {
    Router::new()
        .route(PREFIX, any(async || Reply::unrecognized().into_response()))
        .route(&format!("{PREFIX}/"), any(door))
        // One route for everything below, because an address is compared after its percent-encoding is undone.
        .route(&format!("{PREFIX}/{{*path}}"), any(door))
        .route(SHARE_LINK, any(share_link_door))
        .with_state(Api { invites, proxies, sharing })
}

/// What the listener turns away, as the API says it.
pub fn refused(refused: Refused) -> Response {
    Reply::error(refused.status(), "M_UNKNOWN", refused.text()).into_response()
}

async fn door(
    State(api): State<Api>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    path: Result<Path<String>, PathRejection>,
    sent: extract::Request,
) -> Response {
    match path.ok().and_then(|Path(path)| Resource::at(&path)) {
        Some(resource) => api.answer(resource, peer, sent).await,
        None if sent.method() == Method::OPTIONS => Reply::preflight(),
        None => Reply::unrecognized().into_response(),
    }
}

async fn share_link_door(
    State(api): State<Api>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    sent: extract::Request,
) -> Response {
    match &api.sharing {
        Some(_) => api.answer(Resource::ShareLink, peer, sent).await,
        None => Reply::unrecognized().into_response(),
    }
}

impl Api {
    async fn answer(&self, resource: Resource, peer: SocketAddr, sent: extract::Request) -> Response {
        let (Parts { method, uri, headers, .. }, body) = sent.into_parts();
        if method == Method::OPTIONS {
            return Reply::preflight();
        }
        let method = if method == Method::HEAD { Method::GET } else { method };
        let answer = async {
            if !resource.allows(&method) {
                return Err(Reply::error(StatusCode::METHOD_NOT_ALLOWED, "M_UNRECOGNIZED", "Unrecognized request"));
            }
            let query = Query::parse(uri.query().unwrap_or_default());
            let token = access_token::find(&headers, &query)?;
            let origin = self.proxies.origin(Door::Api, peer, &headers);
            let account = self.invites.authenticate(&token, &origin).await.map_err(refuse(resource))?;
            let odd = query.has_odd_code();
            let request = Request { account, query, body };
            let answer = match resource {
                Resource::Tokens => tokens::answer(&self.invites, &method, request).await,
                Resource::Info => info::answer(&self.invites, request).await,
                Resource::Redeem => redeem::answer(&self.invites, request).await,
                Resource::Redemptions => redemptions::answer(&self.invites, request).await,
                Resource::Rooms => rooms::answer(&self.invites, &method, request).await,
                Resource::AdminInvites => admin::invites(&self.invites, &method, request).await,
                Resource::AdminPause => admin::pause(&self.invites, &method, request).await,
                Resource::AdminAudit => admin::audit(&self.invites, request).await,
                Resource::ShareLink => match &self.sharing {
                    Some(sharing) => share_link::answer(sharing, request).await,
                    None => Err(Reply::unrecognized()),
                },
            };
            answer.map_err(|reply| if odd && reply.is_not_found() { query::not_ascii() } else { reply })
        };
        let (Ok(reply) | Err(reply)) = answer.await;
        reply.into_response()
    }
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

    async fn bytes(self) -> Result<Bytes, Reply> {
        axum::body::to_bytes(self.body, LARGEST_BODY).await.map_err(|_| {
            let problem = format!("The request is too large: at most {} KiB are read.", LARGEST_BODY / 1024);
            Reply::error(StatusCode::PAYLOAD_TOO_LARGE, "M_TOO_LARGE", problem)
        })
    }

    async fn json(self) -> Result<Map<String, Value>, Reply> {
        object(&self.bytes().await?)
    }

    /// A body of this shape; what is wrong with another one is said.
    async fn read<T: DeserializeOwned>(self) -> Result<T, Reply> {
        parsed(&self.bytes().await?)
    }
}

fn object(body: &[u8]) -> Result<Map<String, Value>, Reply> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => Err(Reply::bad_json("Content must be a JSON object.")),
        Err(_) => Err(Reply::error(StatusCode::BAD_REQUEST, "M_NOT_JSON", "Content not JSON.")),
    }
}

/// A JSON object of this shape; what is wrong with another one is said.
fn parsed<T: DeserializeOwned>(body: &[u8]) -> Result<T, Reply> {
    shaped(Value::Object(object(body)?))
}

/// A value of this shape, whatever it is read from; what is wrong with another one is said.
fn shaped<'de, T: Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<T, Reply> {
    serde_path_to_error::deserialize(from).map_err(|error: serde_path_to_error::Error<D::Error>| {
        let field = error.path().to_string();
        let problem = error.into_inner().to_string();
        // Where in the text it is helps nobody.
        let problem = problem.split(" at line ").next().unwrap_or_default();
        Reply::bad_json(if field == "." { problem.to_owned() } else { format!("“{field}”: {problem}.") })
    })
}

/// A use case's error as this resource answers it.
fn refuse(resource: Resource) -> impl Fn(Error) -> Reply {
    move |error| Reply::refusal(resource, error.into_told())
}
