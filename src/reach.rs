//! How requests from outside reach this service: `super-invites check` asks the running service, through any proxies in
//! between.
//!
//! The sender has to prove that they have the same key, because the response reveals what is behind the proxies.

use std::{convert::Infallible, net::SocketAddr, sync::Arc, time::Duration};

use app::PREFIX;
use axum::{
    Router,
    extract::{ConnectInfo, State},
    response::{
        IntoResponse, Response,
        sse::{Event, Sse},
    },
    routing::get,
};
use futures_util::{StreamExt, stream};
use http::{HeaderMap, HeaderName, StatusCode, header};
use serde::{Deserialize, Serialize};

use crate::{
    clock::Clock,
    proxies::{Proxies, UNIX_PEER},
    session::{Purpose, Sealer},
};

/// Tells nginx, and proxies that follow its convention, not to buffer a response.
pub const UNBUFFERED: (HeaderName, &str) = (HeaderName::from_static("x-accel-buffering"), "no");

/// The header with the sender's proof.
pub const PROOF: &str = "x-super-invites-check";

/// The time between the first and the second part of the response.
pub const PAUSE: Duration = Duration::from_secs(1);

/// The address of the request at the public address of the service, whose pages are below `mount`.
pub fn address(public: &str, mount: &str) -> String {
    let public = public.trim_end_matches('/');
    match mount {
        "" => format!("{}{}", public.strip_suffix(PREFIX).unwrap_or(public), path(PREFIX)),
        // Nothing else need be forwarded from there.
        _ => path(public),
    }
}

fn path(base: &str) -> String {
    format!("{base}/_reach")
}

/// How a request arrived here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reached {
    /// The address of the peer: a proxy's, if there is one.
    pub peer: String,
    /// Whether the peer is a trusted proxy.
    pub trusted: bool,
    /// Whether a proxy has forwarded the client's address.
    pub forwarded: bool,
    /// The requested host, if it was forwarded.
    pub host: Option<String>,
}

#[derive(Clone)]
struct Reach {
    sealer: Sealer,
    proxies: Arc<Proxies>,
    clock: Clock,
}

/// The routes that answer such requests: below the API's prefix, and where the pages are if that is elsewhere.
pub fn router(sealer: Sealer, proxies: Arc<Proxies>, clock: Clock, mount: &str) -> Router {
    let mut router = Router::new().route(&path(PREFIX), get(reached));
    if !mount.is_empty() {
        router = router.route(&path(mount), get(reached));
    }
    router.with_state(Reach { sealer, proxies, clock })
}

async fn reached(
    State(reach): State<Reach>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> Response {
    let proof = headers.get(PROOF).and_then(|proof| proof.to_str().ok()).unwrap_or_default();
    if !reach.sealer.proves(Purpose::Check, "", proof, (reach.clock)()) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let reached = Reached {
        peer: match peer == UNIX_PEER {
            true => "the UNIX socket".to_owned(),
            false => peer.ip().to_canonical().to_string(),
        },
        trusted: reach.proxies.trusts(peer.ip()),
        forwarded: headers.contains_key("x-forwarded-for"),
        host: headers.get(header::HOST).and_then(|host| host.to_str().ok()).map(str::to_owned),
    };
    let first = Event::default().event("reached").data(serde_json::to_string(&reached).unwrap_or_default());
    let first = stream::once(async { Ok::<_, Infallible>(first) });
    let last = stream::once(async {
        tokio::time::sleep(PAUSE).await;
        Ok(Event::default().event("end").data(""))
    });
    ([UNBUFFERED], Sse::new(first.chain(last))).into_response()
}
