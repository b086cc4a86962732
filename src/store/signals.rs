//! Telling those who watch a redemption that something has come of it: by a channel within the process, and by `NOTIFY` between instances
//! (PostgreSQL, "NOTIFY").

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use sqlx::postgres::PgListener;
use tokio::{
    sync::{mpsc, watch},
    time::interval,
};

use super::{Pool, Result, in_time};

/// The channel of PostgreSQL's on which instances tell each other.
const CHANNEL: &str = "super_invites_redemptions";

/// How often it is looked whether anything can be heard.
const PROBE: Duration = Duration::from_secs(60);

/// How much may wait to be told to other instances.
const WAITING: usize = 1_000;

/// Who redeems what.
type Key = (String, String);

/// Signals that something has come of a redemption. A signal may get lost, so nobody may rely on one. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Signals {
    pool: Pool,
    watched: Arc<Watched>,
    outbox: mpsc::Sender<String>,
    /// What other instances are still to be told.
    told: Arc<tokio::sync::Mutex<mpsc::Receiver<String>>>,
}

/// Who is watched in this process.
#[derive(Debug, Default)]
struct Watched(Mutex<HashMap<Key, watch::Sender<()>>>);

impl Signals {
    pub(super) fn new(pool: Pool) -> Self {
        let (outbox, told) = mpsc::channel(WAITING);
        Self { pool, watched: Arc::default(), outbox, told: Arc::new(tokio::sync::Mutex::new(told)) }
    }

    /// Tells everybody who watches this redemption, here and, by whoever [hears](Self::hear), in other instances. Nobody waits for that.
    pub fn tell(&self, code: &str, redeemer: &str) {
        self.watched.wake(&(code.to_owned(), redeemer.to_owned()));
        if matches!(self.pool, Pool::Postgres(_)) {
            // No Matrix id has a line break in it, whatever a code has. Where too many wait, one is lost.
            self.outbox.try_send(format!("{code}\n{redeemer}")).ok();
        }
    }

    /// Watches a redemption.
    pub fn watch(&self, code: &str, redeemer: &str) -> Signal {
        let key = (code.to_owned(), redeemer.to_owned());
        let news = self.watched.all().entry(key.clone()).or_insert_with(|| watch::channel(()).0).subscribe();
        Signal { watched: Arc::clone(&self.watched), key, news }
    }

    /// Tells other instances, and passes on what they tell, for as long as there may be any.
    ///
    /// # Errors
    /// If nothing can be heard; then those who watch look for themselves.
    pub async fn hear(&self) -> Result<()> {
        let Pool::Postgres(pool) = &self.pool else { return std::future::pending().await };
        let mut listener = in_time(async {
            let mut listener = PgListener::connect_with(pool).await?;
            listener.listen(CHANNEL).await?;
            Ok(listener)
        })
        .await?;
        let mut told = self.told.lock().await;
        let mut probe = interval(PROBE);
        loop {
            tokio::select! {
                heard = listener.recv() => {
                    if let Some((code, redeemer)) = heard?.payload().rsplit_once('\n') {
                        self.watched.wake(&(code.to_owned(), redeemer.to_owned()));
                    }
                }
                // A connection that is dead says nothing either. Asked again for what it does already, it has to answer.
                _ = probe.tick() => in_time(async {
                    listener.unlisten(CHANNEL).await?;
                    Ok(listener.listen(CHANNEL).await?)
                })
                .await?,
                Some(payload) = told.recv() => {
                    let telling = sqlx::query("SELECT pg_notify($1, $2)").bind(CHANNEL).bind(payload);
                    in_time(async { Ok(telling.execute(pool).await?) }).await?;
                }
            }
        }
    }
}

impl Watched {
    fn all(&self) -> MutexGuard<'_, HashMap<Key, watch::Sender<()>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake(&self, key: &Key) {
        if let Some(watched) = self.all().get(key) {
            watched.send_replace(());
        }
    }
}

/// Somebody who watches a redemption. Whoever drops it costs nothing more.
#[derive(Debug)]
pub struct Signal {
    watched: Arc<Watched>,
    key: Key,
    news: watch::Receiver<()>,
}

impl Signal {
    /// Waits until something has come of the redemption since this was called the last time.
    pub async fn wait(&mut self) {
        // Its sender stays for as long as somebody watches.
        self.news.changed().await.ok();
    }
}

impl Drop for Signal {
    fn drop(&mut self) {
        let mut watched = self.watched.all();
        // This one is counted yet.
        if watched.get(&self.key).is_some_and(|signal| signal.receiver_count() == 1) {
            watched.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;
    use crate::{config::SqlUrl, store::Store};

    async fn signals() -> Signals {
        Store::open(&SqlUrl::SqliteMemory).await.unwrap().signals
    }

    #[tokio::test]
    async fn whoever_watches_is_told_of_what_came_since_they_looked() {
        let signals = signals().await;
        let mut anna = signals.watch("code", "@anna:x");
        signals.tell("code", "@ben:x");
        signals.tell("other", "@anna:x");
        assert!(anna.wait().now_or_never().is_none(), "that was somebody else");
        signals.tell("code", "@anna:x");
        assert!(anna.wait().now_or_never().is_some(), "before they listened");
        assert!(anna.wait().now_or_never().is_none(), "once");
    }

    #[tokio::test]
    async fn nobody_is_remembered_who_has_left() {
        let signals = signals().await;
        let (one, other) = (signals.watch("code", "@anna:x"), signals.watch("code", "@anna:x"));
        drop(one);
        assert_eq!(signals.watched.all().len(), 1);
        drop(other);
        assert_eq!(signals.watched.all().len(), 0);
    }
}
