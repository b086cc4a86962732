//! Live progress of a redemption (HTML, "Server-sent events").

use std::{convert::Infallible, sync::Arc, time::Duration};

use app::{Error, Progress};
use axum::{
    extract::{Path, State},
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures_util::{Stream, stream};
use tokio::time::{Instant, sleep_until, timeout};

use super::{reply::status_of, site::Site, state::Web, visit::Visit};
use crate::{invites::Watcher, reach::UNBUFFERED};

/// The interval at which to check for changes without a signal: it may have been lost, or the other instance may have
/// died.
const LOOK: Duration = Duration::from_secs(2);

/// The shortest time between two checks.
const SHORTEST_PAUSE: Duration = Duration::from_millis(150);

/// By what a browser that asks again says that nothing was at work the last time (HTML, `Last-Event-ID`).
const STOPPED: &str = "stopped";

/// How long a watcher waits for the redemption to begin.
const BEGIN: Duration = Duration::from_secs(10);

pub(super) async fn events(State(web): State<Arc<Web>>, visit: Visit, Path(code): Path<String>) -> Response {
    let before = visit.headers.get("last-event-id").cloned();
    let (site, reply) = Site::new(Arc::clone(&web), visit, false);
    // Watched before the first look, so that nothing is missed in between.
    let watcher = match site.watch(&code).await {
        Ok(watcher) => Ok(watcher),
        // They look now and then instead: a browser opens a stream again that has ended.
        Err(Error::TooFast { retry_after }) => Err(Duration::from_secs(retry_after.into())),
        Err(error) => return reply.apply(status_of(&error).into_response(), ""),
    };
    match (site.progress(&code).await, watcher) {
        (Ok(first), Ok(watcher)) => {
            let events = Sse::new(changes(site, watcher, code, first)).keep_alive(KeepAlive::default());
            ([UNBUFFERED], events).into_response()
        }
        (Ok(now), Err(retry)) => {
            // What has not begun may begin yet; what was not at work the last time either has stopped.
            let again = before.is_some_and(|last| last == STOPPED);
            let event = told(&now, now.complete || again && !now.running).retry(retry);
            let event = if now.running { event } else { event.id(STOPPED) };
            ([UNBUFFERED], Sse::new(stream::iter([Ok::<_, Infallible>(event)]))).into_response()
        }
        (Err(error), _) => reply.apply(status_of(&error).into_response(), ""),
    }
}

/// How far a redemption is; the browser does not ask again if that is its end.
fn told(progress: &Progress, ended: bool) -> Event {
    Event::default().event(if ended { "end" } else { "progress" }).data(app::to_wire(progress))
}

/// What the watcher has seen.
struct Watch {
    site: Arc<Site>,
    watcher: Watcher,
    code: String,
    shown: Option<Progress>,
    next: Option<Progress>,
    begun: bool,
    until: Instant,
}

/// A stream of all changes, until no more can come.
fn changes(
    site: Arc<Site>,
    watcher: Watcher,
    code: String,
    first: Progress,
) -> impl Stream<Item = Result<Event, Infallible>> {
    let until = Instant::now() + BEGIN;
    let watch = Watch { site, watcher, code, shown: None, next: Some(first), begun: false, until };
    stream::unfold(Some(watch), async |watch| {
        let mut watch = watch?;
        loop {
            let now = match watch.next.take() {
                Some(first) => first,
                None => match watch.site.progress(&watch.code).await {
                    Ok(now) => now,
                    // Nobody knows now. The browser opens the stream again.
                    Err(error) if status_of(&error).is_server_error() => return None,
                    Err(_) => return Some((Ok(Event::default().event("end").data("")), None)),
                },
            };
            watch.begun |= now.running;
            let ended = now.complete || !now.running && (watch.begun || Instant::now() > watch.until);
            if ended || watch.shown.as_ref() != Some(&now) {
                let event = told(&now, ended);
                watch.shown = Some(now);
                return Some((Ok(event), (!ended).then_some(watch)));
            }
            let looked = Instant::now();
            if timeout(LOOK, watch.watcher.wait()).await.is_ok() {
                // Perhaps another instance is redeeming, and has sent a signal.
                watch.until = Instant::now() + BEGIN;
                // One check covers all signals that arrive in the meantime.
                sleep_until(looked + SHORTEST_PAUSE).await;
            }
        }
    })
}
