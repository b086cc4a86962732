//! Live progress of a redemption (HTML, "Server-sent events").

use std::{convert::Infallible, sync::Arc, time::Duration};

use app::Progress;
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
const PAUSE: Duration = Duration::from_millis(150);

/// How long a watcher waits for the redemption to begin.
const BEGIN: Duration = Duration::from_secs(10);

pub(super) async fn events(State(web): State<Arc<Web>>, visit: Visit, Path(code): Path<String>) -> Response {
    let (site, reply) = Site::new(Arc::clone(&web), visit, false);
    // Subscribed before the first check, so that nothing is missed in between.
    let begun = async {
        let watcher = site.watch(&code).await?;
        Ok((watcher, site.progress(&code).await?))
    };
    match begun.await {
        Ok((watcher, first)) => {
            let events = Sse::new(changes(site, watcher, code, first)).keep_alive(KeepAlive::default());
            ([UNBUFFERED], events).into_response()
        }
        Err(error) => reply.apply(status_of(&error).into_response(), ""),
    }
}

/// The state of a stream of events.
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
                    Err(_) => return Some((Ok(Event::default().event("end").data("")), None)),
                },
            };
            watch.begun |= now.running;
            let ended = now.complete || !now.running && (watch.begun || Instant::now() > watch.until);
            if ended || watch.shown.as_ref() != Some(&now) {
                let name = if ended { "end" } else { "progress" };
                let event = Event::default().event(name).data(app::to_wire(&now));
                watch.shown = Some(now);
                return Some((Ok(event), (!ended).then_some(watch)));
            }
            let looked = Instant::now();
            if timeout(LOOK, watch.watcher.wait()).await.is_ok() {
                // Perhaps another instance is redeeming, and has sent a signal.
                watch.until = Instant::now() + BEGIN;
                // One check covers all signals that arrive in the meantime.
                sleep_until(looked + PAUSE).await;
            }
        }
    })
}
