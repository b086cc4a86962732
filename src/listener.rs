//! Where requests come in: how long clients may take over what they send and what they are sent, how many there may be, and how they are
//! parted with when the service stops.
//!
//! `axum::serve` waits for a client as long as it likes, and a stop waits with it. hyper can bound how long a client takes over its headers,
//! but counts from the last answer on, so that a connection that is kept for the next request would be closed as early as one that
//! dawdles, under the hands of a reverse proxy that is about to use it. So each connection has a [`Phase`], and a bound for each.

use std::{
    convert::Infallible,
    io::{self, IoSlice},
    net::SocketAddr,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use app::wording;
use axum::{
    Router,
    body::{Body, Bytes},
    extract::{ConnectInfo, Request},
    middleware::{Next, from_fn},
    response::Response,
    serve::Listener,
};
use futures_util::{StreamExt, stream};
use http::{HeaderValue, StatusCode, Version, header};
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
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
    time::{Instant, sleep_until, timeout, timeout_at},
};
use tokio_util::{
    sync::{CancellationToken, WaitForCancellationFutureOwned},
    task::TaskTracker,
};

/// How long a connection that is parted with may take over the end of its answer.
const LAST_WORDS: Duration = Duration::from_millis(250);

/// After how many seconds whoever was turned away may come again.
const RETRY_AFTER: u32 = 5;

/// What clients may do to the service.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// How long the headers of a request may take, from their first byte on, and those of a connection's first request from its beginning on.
    pub head: Duration,
    /// How long the whole body of a request may take, from when somebody reads it.
    pub body: Duration,
    /// How long the service itself may take over an answer. Events that are sent as they happen go on for as long as they like.
    pub answer: Duration,
    /// How long a client may take nothing of what it is sent.
    pub stall: Duration,
    /// How long a connection is kept for another request.
    pub idle: Duration,
    /// How many connections there may be at once; more wait in the system's queue.
    pub connections: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(10),
            body: Duration::from_secs(15),
            // Longer than joining a room of many servers may take.
            answer: Duration::from_secs(120),
            stall: Duration::from_secs(30),
            // Longer than reverse proxies keep a connection that they do not use (nginx: 60 s), so that they close it, and never send a
            // request into one that is being closed here.
            idle: Duration::from_secs(75),
            connections: 10_000,
        }
    }
}

/// Why a request is turned away by the listener rather than by whoever it was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The service is about to stop.
    Stopping,
    /// The body did not arrive in time.
    TooSlow,
    /// There was no answer in time.
    TooLong,
}

impl Refused {
    /// Its status.
    pub fn status(self) -> StatusCode {
        match self {
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Stopping | Self::TooLong => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// What the person is told.
    pub fn text(self) -> &'static str {
        match self {
            Self::Stopping => wording::STOPPING,
            Self::TooSlow => wording::TOO_SLOW,
            Self::TooLong => wording::TOO_LONG,
        }
    }
}

/// How a door words it.
pub type Words = fn(Refused) -> Response;

/// How far a stop has come. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Stop {
    begun: CancellationToken,
    parting: CancellationToken,
    /// The requests that are being answered.
    working: TaskTracker,
}

impl Stop {
    /// From now on nothing new is taken: nobody listens any more, and requests on connections that are there are refused.
    pub fn begin(&self) {
        self.begun.cancel();
        self.working.close();
    }

    /// Until it has begun.
    pub async fn begun(&self) {
        self.begun.cancelled().await;
    }

    /// Until every request that was taken before has its answer. Those of which the body is still on its way are refused, and whoever watches
    /// events has had an answer: neither is waited for.
    pub async fn answered(&self) {
        self.working.wait().await;
    }

    /// Parts with all who are still connected.
    pub fn part(&self) {
        self.parting.cancel();
    }
}

/// The same routes with bounds on the time that a request takes. What is turned away is worded by `words`.
pub fn bounded(routes: Router, limits: Bounds, stop: &Stop, words: Words) -> Router {
    let stop = stop.clone();
    routes.layer(from_fn(move |request: Request, next: Next| {
        let stop = stop.clone();
        async move { answer(request, next, limits, &stop, words).await }
    }))
}

async fn answer(request: Request, next: Next, limits: Bounds, stop: &Stop, words: Words) -> Response {
    // Taken before it is looked whether there is a stop, so that a stop either waits for this request or refuses it.
    let _working = stop.working.token();
    let version = request.version();
    if stop.begun.is_cancelled() {
        return refusal(Refused::Stopping, version, words);
    }
    let late = Arc::new(AtomicBool::new(false));
    let request = request.map(|body| punctual(body, limits.body, stop.begun.clone(), Arc::clone(&late)));
    let answer = timeout(limits.answer, next.run(request)).await;
    match answer {
        // Whoever read the body only knows that there is no more of it.
        _ if late.load(Ordering::Relaxed) && stop.begun.is_cancelled() => refusal(Refused::Stopping, version, words),
        _ if late.load(Ordering::Relaxed) => refusal(Refused::TooSlow, version, words),
        Ok(response) => response,
        Err(_) => refusal(Refused::TooLong, version, words),
    }
}

fn refusal(refused: Refused, version: Version, words: Words) -> Response {
    let mut response = words(refused);
    let headers = response.headers_mut();
    if refused.status() == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(header::RETRY_AFTER, RETRY_AFTER.into());
    }
    // What is left of the body is not waited for. HTTP/2 has no such header.
    if refused != Refused::TooLong && version <= Version::HTTP_11 {
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// A body that ends with an error, and says so in `late`, when it is not there after so long, or not yet when there is a stop.
fn punctual(body: Body, within: Duration, stop: CancellationToken, late: Arc<AtomicBool>) -> Body {
    if body.is_end_stream() {
        return body;
    }
    // From when it is first asked for: until then it is not the client who is slow.
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

/// Serves until the stop has begun; then it ends with the last connection.
pub async fn listen(mut listener: TcpListener, routes: Router, limits: Bounds, stop: &Stop) {
    // Connections end with it, if nobody waits for their end any more.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = stop.begun.cancelled() => break,
            (stream, peer) = Listener::accept(&mut listener), if connections.len() < limits.connections => {
                connections.spawn(connection(stream, peer, routes.clone(), limits, stop.clone()));
            }
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn connection(stream: TcpStream, peer: SocketAddr, routes: Router, limits: Bounds, stop: Stop) {
    let (phase, mut phases) = watch::channel(Phase::new());
    let line = TokioIo::new(Line { stream, phase: phase.clone() });
    let (routes, parting) = (TowerToHyperService::new(routes), stop.parting.clone());
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        let work = Work::begin(&phase, request.version());
        let (answer, parting) = (routes.call(request), parting.clone());
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
            // What goes wrong on a connection is the client's business.
            _ = connection.as_mut() => return,
            _ = phases.changed() => {}
            () = overdue => break,
            () = stop.parting.cancelled() => break,
        }
    }
    connection.as_mut().graceful_shutdown();
    let last_words = Instant::now() + LAST_WORDS;
    loop {
        // A request may have come in this moment: it has bounds of its own, as long as its answer is taken.
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

/// What a connection waits for.
#[derive(Debug, Clone, Copy)]
struct Phase {
    /// How many requests are being answered.
    running: usize,
    /// Whether something of the next request has arrived.
    heard: bool,
    /// Whether it is HTTP/2, in which what arrives need not be a request.
    multiplexed: bool,
    /// Since when it is so.
    since: Instant,
    /// Since when the client takes nothing of what it is sent.
    stalled: Option<Instant>,
}

impl Phase {
    /// At the beginning the client has something to say, or would not have come.
    fn new() -> Self {
        Self { running: 0, heard: true, multiplexed: false, since: Instant::now(), stalled: None }
    }

    /// When it has taken too long.
    fn until(&self, limits: &Bounds) -> Option<Instant> {
        match self {
            Self { stalled: Some(since), .. } => Some(*since + limits.stall),
            Self { running: 0, heard: true, since, .. } => Some(*since + limits.head),
            Self { running: 0, heard: false, since, .. } => Some(*since + limits.idle),
            // The request has bounds of its own.
            _ => None,
        }
    }
}

/// A request that is being answered, for as long as this value lives.
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

/// The body of an answer: its request is at work until its end. Events end when the service parts with its clients.
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

/// A client's connection, which notes when something arrives, and when nothing can be sent.
struct Line {
    stream: TcpStream,
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
    use axum::{
        response::{
            IntoResponse,
            sse::{Event, Sse},
        },
        routing::{get, post},
    };
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        sync::Notify,
        time::sleep,
    };

    use super::*;

    /// Whatever has not come to be after so long never will.
    const ENDS: Duration = Duration::from_secs(20);

    /// Longer than any test.
    const LONG: Duration = Duration::from_secs(3600);

    const SHORT: Duration = Duration::from_millis(200);

    /// Bounds that no test meets unless it sets them lower.
    const LAX: Bounds = Bounds { head: LONG, body: LONG, answer: LONG, stall: LONG, idle: LONG, connections: 100 };

    /// A listener, and how to stop it.
    struct Served {
        address: SocketAddr,
        stop: Stop,
        /// Lets `/held` answer.
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
            let routes = bounded(routes, limits, &stop, words);
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

        /// What comes until `end` has come.
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

        /// What comes until the connection is closed.
        async fn rest(&mut self) -> String {
            let mut heard = Vec::new();
            let read = async {
                // A connection may be reset, too, if there was more to be read from it.
                while self.0.read_buf(&mut heard).await.is_ok_and(|count| count > 0) {}
            };
            timeout(ENDS, read).await.expect("it is closed");
            String::from_utf8(heard).unwrap()
        }
    }

    #[tokio::test]
    async fn headers_that_never_end_are_cut() {
        let served = Served::with(Bounds { head: SHORT, ..LAX }).await;
        // Not even one, so that it is not known which HTTP it is to be; and one after the other without end.
        for begin in ["", "PRI * HT", "GET / HTTP/1.1\r\n"] {
            let mut client = served.call().await;
            client.say(begin).await;
            let (mut read, mut write) = client.0.into_split();
            let trickle = tokio::spawn(async move {
                while begin.ends_with('\n') && write.write_all(b"x-more: x\r\n").await.is_ok() {
                    sleep(SHORT / 10).await;
                }
                // Kept open: it is not the client who ends it.
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
