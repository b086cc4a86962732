//! Whether the service can do its work.

use std::{
    error::Error,
    sync::OnceLock,
    time::{Duration, Instant},
};

use serde::Serialize;
use tokio::sync::Mutex;

use crate::{homeserver::Setup, listener::Stop, store::Store};

/// How long the database and the homeserver each have to answer. Those who ask give up soon as well.
const PATIENCE: Duration = Duration::from_secs(3);

/// For how long the homeserver's answer is remembered, however many ask.
const REMEMBERED: Duration = Duration::from_secs(5);

/// The health of the service.
#[derive(Default)]
pub struct Health {
    stop: Stop,
    parts: OnceLock<Parts>,
    /// What was wrong with the homeserver, and when it was asked. Locked while it is being asked.
    homeserver: Mutex<Option<(Instant, Option<String>)>>,
}

/// What the service needs for its work.
pub struct Parts {
    /// The database.
    pub store: Store,
    /// The homeserver.
    pub homeserver: Setup,
}

/// The health of the service, as it is told.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    status: Status,
    /// What is wrong with the database; `None` if nothing is.
    database: Option<String>,
    /// What is wrong with the homeserver; `None` if nothing is.
    homeserver: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    Starting,
    Ready,
    NotReady,
    Stopping,
}

impl Report {
    pub(super) fn is_ready(&self) -> bool {
        self.status == Status::Ready
    }
}

impl Health {
    /// The health of a service that is starting, and that `stop` stops.
    pub fn new(stop: &Stop) -> Self {
        Self { stop: stop.clone(), ..Self::default() }
    }

    /// The service has started. Only the first call counts.
    pub fn started(&self, parts: Parts) {
        self.parts.set(parts).ok();
    }

    pub(super) async fn report(&self) -> Report {
        let without = |status| Report { status, database: None, homeserver: None };
        let Some(parts) = self.parts.get() else { return without(Status::Starting) };
        if self.stop.has_begun() {
            return without(Status::Stopping);
        }
        let (database, homeserver) = tokio::join!(database(&parts.store), self.homeserver(&parts.homeserver));
        let status = match database.is_none() && homeserver.is_none() {
            _ if self.stop.has_begun() => Status::Stopping,
            true => Status::Ready,
            false => Status::NotReady,
        };
        Report { status, database, homeserver }
    }

    /// What is wrong with the homeserver: whether it answers, and knows this service's token.
    async fn homeserver(&self, homeserver: &Setup) -> Option<String> {
        let mut known = self.homeserver.lock().await;
        if let Some((asked, problem)) = &*known
            && asked.elapsed() < REMEMBERED
        {
            return problem.clone();
        }
        let problem = match tokio::time::timeout(PATIENCE, homeserver.acting_user()).await {
            Ok(Ok(_)) => None,
            Ok(Err(error)) => Some(in_full(&error)),
            Err(_) => Some(late("the homeserver")),
        };
        *known = Some((Instant::now(), problem.clone()));
        problem
    }
}

async fn database(store: &Store) -> Option<String> {
    match tokio::time::timeout(PATIENCE, store.ping()).await {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(in_full(&error)),
        Err(_) => Some(late("the database")),
    }
}

fn late(who: &str) -> String {
    format!("{who} has not answered for {} seconds", PATIENCE.as_secs())
}

/// An error with its causes.
fn in_full(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_has_not_started_is_not_ready() {
        let report = Health::default().report().await;
        assert!(!report.is_ready());
        let text = serde_json::to_string(&report).expect("it is JSON");
        assert_eq!(text, r#"{"status":"starting","database":null,"homeserver":null}"#);
    }
}
