//! A proxy in front of the homeserver that records requests, and fails on demand.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::{Method, StatusCode};
use reqwest::Client;
use serde_json::Value;
use tokio::{net::TcpListener, sync::Notify};

use super::World;

/// A kind of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The request is lost, and gets no response.
    LostRequest,
    /// The request is carried out, but its response is lost.
    LostAnswer,
    /// The request is held back until [`Proxy::release`], and arrives then.
    Held,
    /// The response of a reverse proxy that cannot reach its upstream.
    BadGateway,
    /// The response of a homeserver with an internal error.
    Broken,
    /// The response of a homeserver whose rate limit is exceeded.
    Limited,
    /// The response of a homeserver that does not know the endpoint.
    Unknown,
    /// The response to an application service that is not an admin.
    NotAdmin,
    /// This body in place of the requested one, with a status of success.
    Junk(&'static str),
    /// A 401 with this body, as where more is wanted (Client-Server API, "User-Interactive Authentication API").
    Unauthorized(&'static str),
    /// A 403 with this error code.
    Forbidden(&'static str),
}

struct Rule {
    method: Method,
    path: &'static str,
    /// How many matching requests pass first.
    skip: u32,
    /// How many fail then.
    times: u32,
    fault: Fault,
}

/// Answers a request in place of the homeserver: its body to a status and a body.
type Stand = dyn Fn(&Value) -> (u16, Value) + Send + Sync;

struct Inner {
    client: Client,
    homeserver: String,
    rules: Mutex<Vec<Rule>>,
    /// What answers requests with this method whose path ends like this.
    stands: Mutex<Vec<(Method, &'static str, Arc<Stand>)>>,
    /// The requests, each with its access token.
    log: Mutex<Vec<(String, String)>>,
    /// The requests, each with its `traceparent`.
    traces: Mutex<Vec<(String, String)>>,
    struck: Notify,
    released: Notify,
}

pub struct Proxy {
    pub url: String,
    inner: Arc<Inner>,
}

impl Proxy {
    pub async fn start(world: &World) -> Self {
        Self::before(world, &world.homeserver).await
    }

    /// A reverse proxy in front of another server: it buffers responses, and forwards nothing about the client.
    pub async fn before(world: &World, url: &str) -> Self {
        let inner = Arc::new(Inner {
            client: world.client.clone(),
            homeserver: url.to_owned(),
            rules: Mutex::default(),
            stands: Mutex::default(),
            log: Mutex::default(),
            traces: Mutex::default(),
            struck: Notify::new(),
            released: Notify::new(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(forward).with_state(Arc::clone(&inner));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, inner }
    }

    /// From now on, `times` requests with this method and `path` in their path fail, after `skip` have passed.
    pub fn fail(&self, method: Method, path: &'static str, skip: u32, times: u32, fault: Fault) {
        self.inner.rules.lock().unwrap().push(Rule { method, path, skip, times, fault });
    }

    /// From now on, requests with this method whose path ends with `path` are answered by this.
    pub fn answer(
        &self,
        method: Method,
        path: &'static str,
        answer: impl Fn(&Value) -> (u16, Value) + Send + Sync + 'static,
    ) {
        self.inner.stands.lock().unwrap().push((method, path, Arc::new(answer)));
    }

    /// Removes all failures.
    pub fn heal(&self) {
        self.inner.rules.lock().unwrap().clear();
    }

    /// Waits until a request was lost.
    pub async fn struck(&self) {
        self.inner.struck.notified().await;
    }

    /// Lets one request proceed that is held back.
    pub fn release(&self) {
        self.inner.released.notify_one();
    }

    /// How many requests with this method and `path` in their path have reached the homeserver.
    pub fn count(&self, method: &Method, path: &str) -> usize {
        let begin = format!("{method} ");
        let log = self.inner.log.lock().unwrap();
        log.iter().filter(|(line, _)| line.starts_with(&begin) && line.contains(path)).count()
    }

    /// For how many requests with `path` in their path somebody's token was used.
    pub fn count_with(&self, token: &str, path: &str) -> usize {
        let log = self.inner.log.lock().unwrap();
        log.iter().filter(|(line, used)| used == token && line.contains(path)).count()
    }
}

impl Proxy {
    /// How many requests with `path` in their path belong to the trace with this identifier.
    pub fn count_traced(&self, id: &str, path: &str) -> usize {
        let traces = self.inner.traces.lock().unwrap();
        traces.iter().filter(|(line, trace)| trace.contains(id) && line.contains(path)).count()
    }
}

impl Inner {
    fn stand(&self, asked: &Method, path: &str) -> Option<Arc<Stand>> {
        let stands = self.stands.lock().unwrap();
        let found = stands.iter().find(|(method, end, _)| method == asked && path.ends_with(end));
        found.map(|(.., answer)| Arc::clone(answer))
    }

    fn fault(&self, method: &Method, path: &str) -> Option<Fault> {
        let mut rules = self.rules.lock().unwrap();
        let rule = rules.iter_mut().find(|rule| rule.method == method && path.contains(rule.path) && rule.times > 0)?;
        if rule.skip > 0 {
            rule.skip -= 1;
            return None;
        }
        rule.times -= 1;
        Some(rule.fault)
    }

    async fn forward(&self, request: Request) -> Response {
        let (parts, body) = request.into_parts();
        let target = parts.uri.path_and_query().unwrap().as_str();
        let token = parts.headers.get(http::header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = token.unwrap_or_default().trim_start_matches("Bearer ").to_owned();
        self.log.lock().unwrap().push((format!("{} {target}", parts.method), token));
        if let Some(trace) = parts.headers.get("traceparent").and_then(|value| value.to_str().ok()) {
            self.traces.lock().unwrap().push((format!("{} {target}", parts.method), trace.to_owned()));
        }
        let body = to_bytes(body, usize::MAX).await.unwrap();
        let mut headers = parts.headers;
        headers.remove(http::header::HOST);
        let url = format!("{}{target}", self.homeserver);
        let answer = self.client.request(parts.method, url).headers(headers).body(body).send().await.unwrap();
        let mut response = Response::builder().status(answer.status());
        *response.headers_mut().unwrap() = answer.headers().clone();
        response.headers_mut().unwrap().remove(http::header::TRANSFER_ENCODING);
        response.body(Body::from(answer.bytes().await.unwrap())).unwrap()
    }
}

async fn forward(State(inner): State<Arc<Inner>>, request: Request) -> Response {
    let json =
        |status: StatusCode, body: &'static str| (status, [("content-type", "application/json")], body).into_response();
    if let Some(answer) = inner.stand(request.method(), request.uri().path()) {
        let body = to_bytes(request.into_body(), usize::MAX).await.unwrap();
        let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
        let (status, body) = answer(&asked);
        let status = StatusCode::from_u16(status).unwrap();
        return (status, [("content-type", "application/json")], body.to_string()).into_response();
    }
    match inner.fault(request.method(), request.uri().path()) {
        None => inner.forward(request).await,
        Some(Fault::LostRequest) => {
            inner.struck.notify_one();
            std::future::pending().await
        }
        Some(Fault::LostAnswer) => {
            inner.forward(request).await;
            inner.struck.notify_one();
            std::future::pending().await
        }
        Some(Fault::Held) => {
            inner.struck.notify_one();
            inner.released.notified().await;
            inner.forward(request).await
        }
        Some(Fault::BadGateway) => (StatusCode::BAD_GATEWAY, "<html>Bad Gateway</html>").into_response(),
        Some(Fault::Broken) => {
            json(StatusCode::INTERNAL_SERVER_ERROR, r#"{"errcode": "M_UNKNOWN", "error": "Internal server error"}"#)
        }
        Some(Fault::Limited) => json(
            StatusCode::TOO_MANY_REQUESTS,
            r#"{"errcode": "M_LIMIT_EXCEEDED", "error": "Too Many Requests", "retry_after_ms": 50}"#,
        ),
        Some(Fault::Unknown) => {
            json(StatusCode::NOT_FOUND, r#"{"errcode":"M_UNRECOGNIZED","error":"Unrecognized request"}"#)
        }
        Some(Fault::Junk(body)) => json(StatusCode::OK, body),
        Some(Fault::Unauthorized(body)) => json(StatusCode::UNAUTHORIZED, body),
        Some(Fault::Forbidden(errcode)) => {
            let body = format!(r#"{{"errcode": "{errcode}", "error": "No"}}"#);
            (StatusCode::FORBIDDEN, [("content-type", "application/json")], body).into_response()
        }
        Some(Fault::NotAdmin) => {
            json(StatusCode::FORBIDDEN, r#"{"errcode": "M_FORBIDDEN", "error": "You are not a server admin"}"#)
        }
    }
}
