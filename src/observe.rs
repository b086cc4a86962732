//! What operators see of the running service: a listener of its own with its health and its metrics, and a line in the
//! log for each request.

mod health;
mod requests;

use std::{io, net::SocketAddr, sync::Arc};

use axum::{
    Router,
    extract::State,
    response::{IntoResponse, Response},
    routing::get,
};
use http::{StatusCode, header};
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;

pub use self::{
    health::{Health, Parts},
    requests::{Observer, REQUESTS, observe},
};
use crate::{
    listener::{Bounds, Stop, listen},
    metrics::{CONTENT_TYPE, Metrics},
};

/// How many connections there may be at once: those who ask here are few.
const CONNECTIONS: usize = 100;

/// The internal listener; it closes when this is dropped.
#[must_use]
#[derive(Debug)]
pub struct Internal {
    /// Where it listens; the port is the actual one.
    pub address: SocketAddr,
    _listening: AbortOnDropHandle<()>,
}

/// Listens on an address for those who ask for health and metrics. It answers from the beginning to the very end, and
/// is not ready for as long as the service is starting or stopping.
///
/// # Errors
/// If the address cannot be listened on.
pub async fn listen_internally(address: SocketAddr, health: Arc<Health>, metrics: Metrics) -> io::Result<Internal> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    tracing::info!(%address, "listening for health and metrics");
    let limits = Bounds { connections: CONNECTIONS, ..Bounds::default() };
    let routes = router(health, metrics);
    // The service's own stop is not for this one: somebody wants to know that it stops.
    let listening = tokio::spawn(async move { listen(listener, routes, limits, &Stop::default()).await });
    Ok(Internal { address, _listening: AbortOnDropHandle::new(listening) })
}

fn router(health: Arc<Health>, metrics: Metrics) -> Router {
    Router::new()
        .route("/health/live", get(live))
        .route("/health/ready", get(ready))
        .route("/metrics", get(counted))
        .with_state(Seen { health, metrics })
}

/// What there is to see.
#[derive(Clone)]
struct Seen {
    health: Arc<Health>,
    metrics: Metrics,
}

/// The process answers; nothing else is asked of it. Whatever may be wrong, starting it again would not mend that.
async fn live() -> Response {
    json(StatusCode::OK, r#"{"status":"live"}"#.to_owned())
}

async fn ready(State(seen): State<Seen>) -> Response {
    let report = seen.health.report().await;
    let status = if report.is_ready() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    json(status, serde_json::to_string(&report).unwrap_or_default())
}

async fn counted(State(seen): State<Seen>) -> Response {
    seen.metrics.ready(seen.health.report().await.is_ready());
    ([(header::CONTENT_TYPE, CONTENT_TYPE)], seen.metrics.text()).into_response()
}

fn json(status: StatusCode, body: String) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")], body).into_response()
}
