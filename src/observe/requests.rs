//! A line in the log for each request, and its place in the metrics.
//!
//! A code is a secret, and stands in the paths of many pages. So neither knows the path: they know the route, with
//! `{code}` in place of the code. The query is in neither.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Instant,
};

use app::{Door, PREFIX};
use axum::{
    extract::{ConnectInfo, MatchedPath, Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderValue, Method};
use tracing::Instrument;

use crate::{
    chance::Chance,
    metrics::{Metrics, Route},
    proxies::Proxies,
    trace::{REQUEST_ID, Trace, within},
};

/// The target of the lines about requests, for directives such as `super_invites::request=off`.
pub const REQUESTS: &str = "super_invites::request";

/// The route of requests that no route matches: their paths are whatever somebody has typed.
const UNMATCHED: &str = "(unmatched)";

/// The status of a request whose client has hung up before there was a response, as nginx has it.
const HUNG_UP: u16 = 499;

/// How many characters of a `User-Agent` header are logged.
const LONGEST_AGENT: usize = 200;

/// What observing a request needs. Cheap to clone.
#[derive(Clone)]
pub struct Observer {
    /// Where requests are counted.
    pub metrics: Metrics,
    /// Which proxies are trusted to report the client's address.
    pub proxies: Arc<Proxies>,
    /// Makes identifiers for requests that bring none.
    pub chance: Chance,
    /// The path of the operator's choice below which the pages are; empty if there is none.
    pub mount: Arc<str>,
}

/// Answers a request within its trace, and logs and counts it.
pub async fn observe(State(observer): State<Observer>, request: Request, next: Next) -> Response {
    let trace = Trace::of(request.headers(), &observer.chance).ok();
    let mut seen = Seen::new(observer, &request, trace);
    let span = tracing::info_span!("request", request_id = seen.request_id.as_deref());
    let mut response = within(trace, next.run(request)).instrument(span).await;
    seen.status = response.status().as_u16();
    if let Some(route) = response.extensions().get::<Route>() {
        seen.route.clone_from(&route.0);
    }
    if let Some(id) = seen.request_id.as_deref().and_then(|id| HeaderValue::from_str(id).ok()) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

/// A request, until it has its response or its client has hung up.
struct Seen {
    metrics: Metrics,
    method: &'static str,
    route: String,
    status: u16,
    user_agent: Option<String>,
    client: Option<IpAddr>,
    request_id: Option<String>,
    begun: Instant,
}

impl Seen {
    fn new(observer: Observer, request: &Request, trace: Option<Trace>) -> Self {
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
        let origin = peer.map(|ConnectInfo(peer)| observer.proxies.origin(Door::default(), *peer, request.headers()));
        let origin = origin.unwrap_or_default();
        Self {
            metrics: observer.metrics,
            method: method(request.method()),
            route: route(request, &observer.mount),
            status: HUNG_UP,
            user_agent: origin.user_agent.as_ref().map(shortened),
            client: origin.address,
            request_id: trace.map(Trace::id),
            begun: Instant::now(),
        }
    }
}

impl Drop for Seen {
    fn drop(&mut self) {
        let took = self.begun.elapsed();
        self.metrics.request(&self.route, self.method, self.status, took);
        tracing::info!(
            target: REQUESTS,
            method = self.method,
            path = self.route.as_str(),
            status = self.status,
            duration_ms = (took.as_secs_f64() * 10_000.0).round() / 10.0,
            user_agent = self.user_agent.as_deref(),
            client = self.client.map(tracing::field::display),
            request_id = self.request_id.as_deref(),
            "answered"
        );
    }
}

/// The pattern of the path.
fn route(request: &Request, mount: &str) -> String {
    if let Some(path) = request.extensions().get::<MatchedPath>() {
        return path.as_str().to_owned();
    }
    // Files have a router of their own, which keeps its matches to itself.
    let file = |base: &&str| request.uri().path().strip_prefix(*base).is_some_and(|path| path.starts_with("/_assets/"));
    let base = [PREFIX, mount].into_iter().filter(|base| !base.is_empty()).find(file);
    base.map_or_else(|| UNMATCHED.to_owned(), |base| format!("{base}/_assets/{{file}}"))
}

/// One of the usual methods: a client may send any word, and each would be kept for as long as the process lives.
fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        Method::PATCH => "PATCH",
        _ => "other",
    }
}

/// The beginning of a header's value, in which everything but printable ASCII is escaped.
fn shortened(value: &HeaderValue) -> String {
    let text = String::from_utf8_lossy(value.as_bytes());
    text.chars().take(LONGEST_AGENT).fold(String::new(), |mut text, c| {
        match c {
            ' '..='~' => text.push(c),
            _ => text.extend(c.escape_default()),
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use axum::{Router, body::Body, middleware::from_fn_with_state, routing::get};
    use http::StatusCode;
    use hyper::service::Service;
    use hyper_util::service::TowerToHyperService;

    use super::*;

    fn observer() -> Observer {
        let chance = Chance::new(|bytes| {
            bytes.fill(7);
            Ok(())
        });
        let proxies = Arc::new(Proxies::new(Vec::new()));
        Observer { metrics: Metrics::new(), proxies, chance, mount: "/our/invites".into() }
    }

    async fn ask(observer: &Observer, method: &str, path: &str) -> Response {
        let routes = Router::new()
            .route("/i/{code}", get(async || "here"))
            .route("/never", get(std::future::pending::<()>))
            .layer(from_fn_with_state(observer.clone(), observe));
        let request = Request::builder().method(method).uri(path).body(Body::empty()).expect("a request");
        TowerToHyperService::new(routes).call(request).await.expect("it cannot fail")
    }

    #[tokio::test]
    async fn a_request_is_counted_by_its_route_and_bears_its_identifier() {
        let observer = observer();
        let response = ask(&observer, "GET", "/i/summer?access_token=secret").await;
        assert_eq!(response.headers()[REQUEST_ID], "07".repeat(16).as_str());
        assert_eq!(ask(&observer, "GET", "/nothing/summer").await.status(), StatusCode::NOT_FOUND);
        ask(&observer, "WHATEVER", "/i/summer").await;
        let text = observer.metrics.text();
        for series in [
            r#"{route="/i/{code}",method="GET",status="200"} 1"#,
            r#"{route="(unmatched)",method="GET",status="404"} 1"#,
            r#"{route="/i/{code}",method="other",status="405"} 1"#,
        ] {
            assert!(text.contains(series), "{series}: {text}");
        }
        for secret in ["summer", "secret", "WHATEVER"] {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
    }

    #[tokio::test]
    async fn files_are_counted_together_wherever_the_pages_are() {
        let files = || Router::new().fallback(async || "a file");
        let observer = observer();
        let mut routes = Router::new();
        for base in [PREFIX, "/our/invites"] {
            routes = routes.nest_service(&format!("{base}/_assets"), files());
        }
        let service = TowerToHyperService::new(routes.layer(from_fn_with_state(observer.clone(), observe)));
        for path in ["/our/invites/_assets/pkg/a.js", "/our/invites/_assets/b.svg", "/elsewhere/_assets/b.svg"] {
            let request = Request::builder().uri(path).body(Body::empty()).expect("a request");
            service.call(request).await.expect("it cannot fail");
        }
        let request = Request::builder().uri(format!("{PREFIX}/_assets/b.svg")).body(Body::empty());
        service.call(request.expect("a request")).await.expect("it cannot fail");
        let text = observer.metrics.text();
        for series in [
            r#"{route="/our/invites/_assets/{file}",method="GET",status="200"} 2"#.to_owned(),
            format!(r#"{{route="{PREFIX}/_assets/{{file}}",method="GET",status="200"}} 1"#),
            r#"{route="(unmatched)",method="GET",status="404"} 1"#.to_owned(),
        ] {
            assert!(text.contains(&series), "{series}: {text}");
        }
    }

    #[tokio::test]
    async fn a_client_that_hangs_up_is_counted_as_well() {
        let observer = observer();
        let mut asked = Box::pin(ask(&observer, "GET", "/never"));
        assert!(futures_util::poll!(&mut asked).is_pending());
        drop(asked);
        let text = observer.metrics.text();
        assert!(text.contains(r#"{route="/never",method="GET",status="499"} 1"#), "{text}");
    }

    #[test]
    fn a_user_agent_is_short_and_one_line() {
        let shown = |bytes: &[u8]| shortened(&HeaderValue::from_bytes(bytes).expect("a legal value"));
        assert_eq!(shown(b"Mozilla/5.0 (X11)"), "Mozilla/5.0 (X11)");
        assert_eq!(shown("a\tb\u{202e}c".as_bytes()), r"a\tb\u{202e}c");
        assert_eq!(shown(&[b'x'; 5_000]).len(), LONGEST_AGENT);
    }
}
