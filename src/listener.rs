//! Accepting connections: how long clients may take to send and to receive, how many connections there may be, and how
//! they are closed when the service stops.
//!
//! `axum::serve` waits for a client indefinitely, and so does its shutdown. hyper can bound the time for the headers of
//! a request, but counts it from the previous response, so that a keep-alive connection would be closed as early as a
//! slow one, just when a reverse proxy is about to reuse it. Therefore each connection has a [`Phase`], with a time
//! limit for each.

use std::{
    convert::Infallible,
    io::{self, IoSlice},
    net::SocketAddr,
    pin::{Pin, pin},
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use app::{
    wording,
    words::{Language, with},
};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::{ConnectInfo, Request},
    middleware::{Next, from_fn},
    response::Response,
};
use futures_util::{StreamExt, stream};
use http::{HeaderMap, HeaderValue, StatusCode, Version, header};
use hyper::{
    body::{Body as HttpBody, Frame, Incoming, SizeHint},
    service::{Service, service_fn},
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::watch,
    task::JoinSet,
    time::{Instant, sleep_until, timeout, timeout_at},
};
use tokio_util::{
    sync::{CancellationToken, WaitForCancellationFutureOwned},
    task::TaskTracker,
};

use crate::socket::{Socket, Stream};

/// How long a connection may take to send the rest of a response when it is closed.
const LAST_WORDS: Duration = Duration::from_millis(250);

/// The `Retry-After` of refused requests, in seconds.
const RETRY_AFTER: u32 = 5;

/// Limits for clients.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// How long the headers of a request may take, from their first byte on; for the first request of a connection,
    /// from the start of the connection.
    pub head: Duration,
    /// How long the whole body of a request may take, from when the service begins to read it.
    pub body: Duration,
    /// How long the service itself may take to respond. Server-sent events may continue for as long as they like.
    pub answer: Duration,
    /// How long a client may accept none of the data that is sent to it.
    pub stall: Duration,
    /// How long a connection is kept open for another request.
    pub idle: Duration,
    /// How many connections there may be at once; more wait in the system's queue.
    pub connections: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(10),
            body: Duration::from_secs(15),
            // Longer than joining a room on many servers may take.
            answer: Duration::from_secs(120),
            stall: Duration::from_secs(30),
            // Longer than reverse proxies keep an unused connection (nginx: 60 s), so that they are the ones who close
            // it, and never send a request into a connection that is being closed here.
            idle: Duration::from_secs(75),
            connections: 10_000,
        }
    }
}

/// Why the listener itself refuses a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The service is stopping.
    Stopping,
    /// The body did not arrive in time.
    TooSlow,
    /// The response was not ready in time.
    TooLong,
}

impl Refused {
    /// The HTTP status.
    pub fn status(self) -> StatusCode {
        match self {
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Stopping | Self::TooLong => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The message for the client, in the language of the request.
    pub fn text(self) -> &'static str {
        match self {
            Self::Stopping => wording::stopping(),
            Self::TooSlow => wording::too_slow(),
            Self::TooLong => wording::too_long(),
        }
    }
}

/// Formats a refusal, in the way of the interface that was asked.
pub type Words = fn(Refused) -> Response;

/// The progress of a shutdown. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Stop {
    begun: CancellationToken,
    parting: CancellationToken,
    /// The requests that are being handled.
    working: TaskTracker,
}

impl Stop {
    /// Begins the shutdown: no more connections are accepted, and new requests on existing ones are refused.
    pub fn begin(&self) {
        self.begun.cancel();
        self.working.close();
    }

    /// Waits until the shutdown has begun.
    pub async fn begun(&self) {
        self.begun.cancelled().await;
    }

    /// Whether the shutdown has begun.
    pub fn has_begun(&self) -> bool {
        self.begun.is_cancelled()
    }

    /// Waits until every request that was accepted before has its response. Requests whose body is still arriving are
    /// refused, and server-sent events have had a response: neither are waited for.
    pub async fn answered(&self) {
        self.working.wait().await;
    }

    /// Closes all remaining connections.
    pub fn part(&self) {
        self.parting.cancel();
    }
}

/// The routes of a running service, which can be replaced: each request is answered by those that are there when it arrives, on connections that
/// were open before as well. Cheap to clone.
#[derive(Clone)]
pub struct Routes(Arc<RwLock<Router>>);

impl Routes {
    /// Answers requests with these from now on.
    pub fn replace(&self, routes: Router) {
        let before = std::mem::replace(&mut *self.0.write().unwrap_or_else(PoisonError::into_inner), routes);
        // Not while others wait.
        drop(before);
    }

    fn current(&self) -> Router {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl From<Router> for Routes {
    fn from(routes: Router) -> Self {
        Self(Arc::new(RwLock::new(routes)))
    }
}

/// Adds time limits for requests to routes. `words` formats the refusals, in the `language` of a request with these
/// headers.
pub fn bounded<L>(routes: Router, limits: Bounds, stop: &Stop, words: Words, language: L) -> Router
where
    L: Fn(&HeaderMap) -> Language + Clone + Send + Sync + 'static,
{
    let stop = stop.clone();
    routes.layer(from_fn(move |request: Request, next: Next| {
        let (stop, language) = (stop.clone(), language(request.headers()));
        let words = move |refused| with(language, || words(refused));
        async move { answer(request, next, limits, &stop, words).await }
    }))
}

async fn answer(
    request: Request,
    next: Next,
    limits: Bounds,
    stop: &Stop,
    words: impl Fn(Refused) -> Response,
) -> Response {
    // Counted before checking for a shutdown, so that a shutdown either waits for this request or refuses it.
    let _working = stop.working.token();
    let version = request.version();
    if stop.begun.is_cancelled() {
        return refusal(Refused::Stopping, version, words);
    }
    let late = Arc::new(AtomicBool::new(false));
    let request = request.map(|body| punctual(body, limits.body, stop.begun.clone(), Arc::clone(&late)));
    let answer = timeout(limits.answer, next.run(request)).await;
    match answer {
        // The handler that read the body only saw it end with an error.
        _ if late.load(Ordering::Relaxed) && stop.begun.is_cancelled() => refusal(Refused::Stopping, version, words),
        _ if late.load(Ordering::Relaxed) => refusal(Refused::TooSlow, version, words),
        Ok(response) => response,
        Err(_) => refusal(Refused::TooLong, version, words),
    }
}

fn refusal(refused: Refused, version: Version, words: impl Fn(Refused) -> Response) -> Response {
    let mut response = words(refused);
    let headers = response.headers_mut();
    if refused.status() == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(header::RETRY_AFTER, RETRY_AFTER.into());
    }
    // The rest of the body is not read. HTTP/2 has no such header.
    if refused != Refused::TooLong && version <= Version::HTTP_11 {
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// A body that fails, and sets `late`, if it is not complete within this time, or when a shutdown begins.
fn punctual(body: Body, within: Duration, stop: CancellationToken, late: Arc<AtomicBool>) -> Body {
    if body.is_end_stream() {
        return body;
    }
    // Counted from the first read: until then it is not the client that is slow.
    let from = (body.into_data_stream(), None);
    Body::from_stream(stream::try_unfold(from, move |(mut chunks, until)| {
        let (stop, late) = (stop.clone(), Arc::clone(&late));
        async move {
            let until = until.unwrap_or_else(|| Instant::now() + within);
            let next = tokio::select! {
                biased;
                next = timeout_at(until, chunks.next()) => next.ok(),
                () = stop.cancelled() => None,
            };
            match next {
                Some(chunk) => Ok::<Option<(Bytes, _)>, axum::BoxError>(
                    chunk.transpose()?.map(|chunk| (chunk, (chunks, Some(until)))),
                ),
                None => {
                    late.store(true, Ordering::Relaxed);
                    Err("the body is late".into())
                }
            }
        }
    }))
}

/// Accepts connections until the shutdown has begun, and returns when the last one has closed.
pub async fn listen(socket: impl Into<Socket>, routes: impl Into<Routes>, limits: Bounds, stop: &Stop) {
    let (mut socket, routes) = (socket.into(), routes.into());
    // If the caller stops waiting, the connections are closed with it.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = stop.begun.cancelled() => break,
            (stream, peer) = socket.accept(), if connections.len() < limits.connections => {
                connections.spawn(connection(stream, peer, routes.clone(), limits, stop.clone()));
            }
            Some(_) = connections.join_next() => {}
        }
    }
    drop(socket);
    while connections.join_next().await.is_some() {}
}

async fn connection(stream: Stream, peer: SocketAddr, routes: Routes, limits: Bounds, stop: Stop) {
    let (phase, mut phases) = watch::channel(Phase::new());
    let line = TokioIo::new(Line { stream, phase: phase.clone() });
    let parting = stop.parting.clone();
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        let work = Work::begin(&phase, request.version());
        let (answer, parting) = (TowerToHyperService::new(routes.current()).call(request), parting.clone());
        async move {
            let response = answer.await?;
            let events = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "text/event-stream");
            let parting = events.then(|| Box::pin(parting.cancelled_owned()));
            Ok::<_, Infallible>(response.map(|body| Answer { body, parting, _work: work }))
        }
    });
    let builder = auto::Builder::new(TokioExecutor::new());
    let mut connection = pin!(builder.serve_connection(line, service));
    loop {
        let until = phases.borrow_and_update().until(&limits);
        let overdue = async {
            match until {
                Some(until) => sleep_until(until).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            // Errors of a connection concern only its client.
            _ = connection.as_mut() => return,
            _ = phases.changed() => {}
            () = overdue => break,
            () = stop.parting.cancelled() => break,
        }
    }
    connection.as_mut().graceful_shutdown();
    let last_words = Instant::now() + LAST_WORDS;
    loop {
        // A request may have arrived just now: as long as its response is being received, its own time limits apply.
        let is_served = {
            let phase = phases.borrow_and_update();
            phase.running > 0 && phase.stalled.is_none() && !stop.parting.is_cancelled()
        };
        tokio::select! {
            _ = connection.as_mut() => return,
            () = sleep_until(last_words), if !is_served => return,
            () = stop.parting.cancelled(), if is_served => {}
            _ = phases.changed() => {}
        }
    }
}

/// What a connection is waiting for.
#[derive(Debug, Clone, Copy)]
struct Phase {
    /// How many of its requests are being handled.
    running: usize,
    /// Whether the beginning of the next request has arrived.
    heard: bool,
    /// Whether it is HTTP/2, where incoming data need not be a request.
    multiplexed: bool,
    /// When the phase began.
    since: Instant,
    /// Since when the client accepts no data, if it does not.
    stalled: Option<Instant>,
}

impl Phase {
    /// A new connection is expected to send a request at once.
    fn new() -> Self {
        Self { running: 0, heard: true, multiplexed: false, since: Instant::now(), stalled: None }
    }

    /// When its time is up.
    fn until(&self, limits: &Bounds) -> Option<Instant> {
        match self {
            Self { stalled: Some(since), .. } => Some(*since + limits.stall),
            Self { running: 0, heard: true, since, .. } => Some(*since + limits.head),
            Self { running: 0, heard: false, since, .. } => Some(*since + limits.idle),
            // Requests have their own time limit.
            _ => None,
        }
    }
}

/// A request that is being handled, for as long as this value lives.
struct Work(watch::Sender<Phase>);

impl Work {
    fn begin(phase: &watch::Sender<Phase>, version: Version) -> Self {
        phase.send_modify(|phase| {
            phase.multiplexed = version == Version::HTTP_2;
            phase.running += 1;
            phase.heard = false;
        });
        Self(phase.clone())
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        self.0.send_modify(|phase| {
            phase.running -= 1;
            phase.since = Instant::now();
        });
    }
}

/// The body of a response, which keeps its request counted as running until the end. Server-sent events end when the
/// service closes its connections.
struct Answer {
    body: Body,
    parting: Option<Pin<Box<WaitForCancellationFutureOwned>>>,
    _work: Work,
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if let Some(parting) = &mut self.parting
            && parting.as_mut().poll(cx).is_ready()
        {
            return Poll::Ready(None);
        }
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A client's connection, which records when data arrives and when none can be sent.
struct Line {
    stream: Stream,
    phase: watch::Sender<Phase>,
}

impl Line {
    fn sent(&self, sent: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        self.phase.send_if_modified(|phase| {
            let changed = phase.stalled.is_some() != sent.is_pending();
            if changed {
                phase.stalled = sent.is_pending().then(Instant::now);
            }
            changed
        });
        sent
    }
}

impl AsyncRead for Line {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            self.phase.send_if_modified(|phase| {
                let begins = phase.running == 0 && !phase.heard && !phase.multiplexed;
                if begins {
                    (phase.heard, phase.since) = (true, Instant::now());
                }
                begins
            });
        }
        read
    }
}

impl AsyncWrite for Line {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        let sent = Pin::new(&mut self.stream).poll_write(cx, data);
        self.sent(sent)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let sent = Pin::new(&mut self.stream).poll_write_vectored(cx, data);
        self.sent(sent)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use app::words::Catalogue;
    use axum::{
        response::{
            IntoResponse,
            sse::{Event, Sse},
        },
        routing::{get, post},
    };
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::{TcpListener, TcpStream},
        sync::Notify,
        time::sleep,
    };

    use super::*;

    /// Anything that has not happened after this time never will.
    const ENDS: Duration = Duration::from_secs(20);

    /// Longer than any test.
    const LONG: Duration = Duration::from_secs(3600);

    const SHORT: Duration = Duration::from_millis(200);

    /// Limits that no test reaches unless it lowers them.
    const LAX: Bounds = Bounds { head: LONG, body: LONG, answer: LONG, stall: LONG, idle: LONG, connections: 100 };

    /// What is said when a response is not ready in time.
    const TOO_LONG: &str = "This took too long. Please try again in a moment.";

    /// A running listener, and the means to stop it.
    struct Served {
        address: SocketAddr,
        stop: Stop,
        /// Lets the handler of `/held` respond.
        held: Arc<Notify>,
        task: tokio::task::JoinHandle<()>,
    }

    impl Served {
        async fn with(limits: Bounds) -> Self {
            let held = Arc::new(Notify::new());
            let holds = Arc::clone(&held);
            let ticks = || {
                stream::unfold((), |()| async {
                    sleep(SHORT).await;
                    Some((Ok::<_, Infallible>(Event::default().data("tick")), ()))
                })
            };
            let routes = Router::new()
                .route("/", get(async || "here"))
                .route("/body", post(async |body: Bytes| body))
                .route("/never", get(std::future::pending::<()>))
                .route("/large", get(async || vec![0; 64 * 1024 * 1024]))
                .route("/events", get(async move || Sse::new(ticks())))
                .route(
                    "/held",
                    get(async move || {
                        holds.notified().await;
                        "done"
                    }),
                );
            let words = |refused: Refused| (refused.status(), refused.text()).into_response();
            let stop = Stop::default();
            let texts = [(TOO_LONG.to_owned(), vec!["Zu lang".to_owned()])];
            let german = Catalogue { tag: "de".to_owned(), forms: String::new(), texts: texts.into() };
            let german = Language::read(german.encode().leak()).unwrap();
            let asked = move |headers: &HeaderMap| match headers.contains_key(header::ACCEPT_LANGUAGE) {
                true => german,
                false => Language::default(),
            };
            let routes = bounded(routes, limits, &stop, words, asked);
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let listening = stop.clone();
            let task = tokio::spawn(async move { listen(listener, routes, limits, &listening).await });
            Self { address, stop, held, task }
        }

        async fn call(&self) -> Client {
            Client(TcpStream::connect(self.address).await.unwrap())
        }
    }

    struct Client(TcpStream);

    impl Client {
        async fn say(&mut self, text: &str) {
            self.0.write_all(text.as_bytes()).await.unwrap();
        }

        async fn ask(&mut self, path: &str) {
            self.say(&format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n")).await;
        }

        /// Reads until `end` has arrived.
        async fn until(&mut self, end: &str) -> String {
            let mut heard = Vec::new();
            let read = async {
                while !String::from_utf8_lossy(&heard).contains(end) {
                    assert_ne!(self.0.read_buf(&mut heard).await.unwrap(), 0, "it is closed before {end:?}");
                }
            };
            timeout(ENDS, read).await.expect("it comes");
            String::from_utf8(heard).unwrap()
        }

        /// Reads until the connection is closed.
        async fn rest(&mut self) -> String {
            let mut heard = Vec::new();
            let read = async {
                // A connection may also be reset, if data remained unread on the other side.
                while self.0.read_buf(&mut heard).await.is_ok_and(|count| count > 0) {}
            };
            timeout(ENDS, read).await.expect("it is closed");
            String::from_utf8(heard).unwrap()
        }
    }

    #[tokio::test]
    async fn routes_that_are_replaced_answer_from_then_on() {
        let before = Router::new().route("/", get(async || "before"));
        let routes = Routes::from(before);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = Client(TcpStream::connect(listener.local_addr().unwrap()).await.unwrap());
        let (listening, stop) = (routes.clone(), Stop::default());
        let task = tokio::spawn(async move { listen(listener, listening, LAX, &stop).await });
        client.ask("/").await;
        client.until("before").await;
        routes.replace(Router::new().route("/", get(async || "after")));
        client.ask("/").await;
        client.until("after").await;
        task.abort();
    }

    #[tokio::test]
    async fn headers_that_never_end_are_cut() {
        let served = Served::with(Bounds { head: SHORT, ..LAX }).await;
        // Incomplete beginnings, of which the first two do not even show the version of HTTP; and then bytes that
        // arrive one after the other without end.
        for begin in ["", "PRI * HT", "GET / HTTP/1.1\r\n"] {
            let mut client = served.call().await;
            client.say(begin).await;
            let (mut read, mut write) = client.0.into_split();
            let trickle = tokio::spawn(async move {
                while begin.ends_with('\n') && write.write_all(b"x-more: x\r\n").await.is_ok() {
                    sleep(SHORT / 10).await;
                }
                // Kept open, so that it is not the client who closes it.
                sleep(ENDS).await;
                drop(write);
            });
            let mut heard = Vec::new();
            timeout(ENDS / 2, read.read_to_end(&mut heard)).await.expect("it is closed").ok();
            assert!(heard.is_empty(), "{begin:?}");
            trickle.abort();
        }
    }

    #[tokio::test]
    async fn a_body_that_trickles_is_answered_408() {
        let served = Served::with(Bounds { body: SHORT, ..LAX }).await;
        let mut client = served.call().await;
        client.say("POST /body HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n").await;
        let (mut read, mut write) = client.0.into_split();
        let trickle = tokio::spawn(async move {
            while write.write_all(b"x").await.is_ok() {
                sleep(SHORT / 10).await;
            }
        });
        let mut heard = Vec::new();
        timeout(ENDS, read.read_to_end(&mut heard)).await.expect("it is closed").ok();
        let heard = String::from_utf8(heard).unwrap();
        assert!(heard.starts_with("HTTP/1.1 408 ") && heard.contains("took too long to arrive"), "{heard}");
        trickle.abort();
    }

    #[tokio::test]
    async fn a_body_in_time_is_read() {
        let served = Served::with(LAX).await;
        let mut client = served.call().await;
        client.say("POST /body HTTP/1.1\r\nhost: x\r\ncontent-length: 6\r\n\r\nabc").await;
        sleep(SHORT).await;
        client.say("def").await;
        client.until("abcdef").await;
    }

    #[tokio::test]
    async fn what_takes_too_long_is_answered_503() {
        let served = Served::with(Bounds { answer: SHORT, ..LAX }).await;
        let mut client = served.call().await;
        client.ask("/never").await;
        let heard = client.until("Please try again").await;
        assert!(heard.starts_with("HTTP/1.1 503 ") && heard.contains("retry-after: 5\r\n"), "{heard}");
    }

    #[tokio::test]
    async fn a_refusal_is_in_the_language_of_the_request() {
        let served = Served::with(Bounds { answer: SHORT, ..LAX }).await;
        let mut client = served.call().await;
        client.say("GET /never HTTP/1.1\r\nhost: x\r\naccept-language: de\r\n\r\n").await;
        client.until("Zu lang").await;
        client.ask("/never").await;
        client.until(TOO_LONG).await;
    }

    #[tokio::test]
    async fn events_outlast_every_bound() {
        let tight = Bounds { head: SHORT, body: SHORT, answer: SHORT, stall: SHORT, idle: SHORT, ..LAX };
        let served = Served::with(tight).await;
        let mut client = served.call().await;
        client.ask("/events").await;
        for _ in 0..5 {
            client.until("tick").await;
        }
    }

    #[tokio::test]
    async fn a_connection_is_kept_for_a_while_and_then_closed() {
        // Longer than headers may take.
        let served = Served::with(Bounds { head: SHORT, idle: SHORT * 10, ..LAX }).await;
        let mut client = served.call().await;
        client.ask("/").await;
        client.until("here").await;
        sleep(SHORT * 3).await;
        client.ask("/").await;
        client.until("here").await;
        assert_eq!(client.rest().await, "");
    }

    #[tokio::test]
    async fn whoever_reads_nothing_is_cut_and_makes_room_for_the_next() {
        let served = Served::with(Bounds { stall: SHORT, connections: 1, ..LAX }).await;
        let mut deaf = served.call().await;
        deaf.ask("/large").await;
        let mut next = served.call().await;
        next.ask("/").await;
        next.until("here").await;
    }

    #[tokio::test]
    async fn there_are_no_more_connections_than_there_may_be() {
        let served = Served::with(Bounds { connections: 2, ..LAX }).await;
        let (mut one, mut two) = (served.call().await, served.call().await);
        for client in [&mut one, &mut two] {
            client.ask("/").await;
            client.until("here").await;
        }
        let mut three = served.call().await;
        three.ask("/").await;
        let early = timeout(SHORT, three.0.readable()).await;
        assert!(early.is_err(), "a third one is not answered");
        drop(one);
        three.until("here").await;
    }

    #[tokio::test]
    async fn a_stop_waits_for_answers_and_for_nobody_else() {
        let served = Served::with(LAX).await;
        let (mut held, mut kept) = (served.call().await, served.call().await);
        let (mut watcher, mut dawdler, mut trickler) = (served.call().await, served.call().await, served.call().await);
        held.ask("/held").await;
        kept.ask("/").await;
        kept.until("here").await;
        watcher.ask("/events").await;
        watcher.until("tick").await;
        dawdler.say("GET / HTTP/1.1\r\n").await;
        trickler.say("POST /body HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc").await;
        while served.stop.working.len() < 2 {
            sleep(SHORT / 10).await;
        }

        served.stop.begin();
        let heard = trickler.rest().await;
        assert!(heard.starts_with("HTTP/1.1 503 "), "{heard}");
        kept.ask("/").await;
        let heard = kept.rest().await.to_ascii_lowercase();
        assert!(heard.starts_with("http/1.1 503 ") && heard.contains("retry-after: 5\r\n"), "{heard}");
        assert!(heard.contains("connection: close\r\n"), "{heard}");
        while TcpStream::connect(served.address).await.is_ok() {
            sleep(SHORT / 10).await;
        }
        assert!(timeout(SHORT, served.stop.answered()).await.is_err(), "there is an answer to come");

        served.held.notify_one();
        held.until("done").await;
        timeout(ENDS, served.stop.answered()).await.expect("nobody else is waited for");
        served.stop.part();
        timeout(ENDS, served.task).await.expect("it ends").unwrap();
        assert!(watcher.rest().await.ends_with("\r\n0\r\n\r\n"), "its events have an end");
    }
}
