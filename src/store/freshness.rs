//! Whether what was read from the database is still current, so that answers may come from memory.
//!
//! This process knows what it writes itself. What others write it is told by `NOTIFY` on PostgreSQL, sent in the transaction that changes
//! something, so that it arrives if and only if that is committed. That it would be heard is not taken for granted (a pooler may swallow it):
//! each instance keeps telling itself something. SQLite tells nobody, so a connection looks for the commits of others (SQLite,
//! `PRAGMA data_version`).
//!
//! Counters of changes are kept for hashes of codes and of owners, so their number is fixed. Two that share a counter only cost a read.

use std::{
    collections::BTreeSet,
    hash::{BuildHasher, RandomState},
    io::ErrorKind,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use sqlx::{PgPool, SqlitePool, postgres::PgListener};
use tokio::time::{MissedTickBehavior, interval};

use super::{Error, Pool, Result, in_time};

/// The channel of PostgreSQL's on which instances tell each other what has changed.
pub(super) const CHANNEL: &str = "super_invites_changes";

/// The number of counters. All instances have to agree on it.
const COUNTERS: u64 = 4096;

/// What stands for everything in a notification.
const EVERYTHING: &str = "*";

/// What a notification begins with that an instance sends to itself.
const TO_ITSELF: char = '?';

/// Above this many counters, a notification says that everything has changed: it has 8,000 bytes at most (PostgreSQL, "NOTIFY").
const MOST_TOLD: usize = 500;

/// For how long memory is trusted after something was sent that was heard: a network that has forgotten a connection tells nobody.
const TRUST: Duration = Duration::from_secs(3);

/// How often something is sent only to be heard.
const PROBE: Duration = Duration::from_secs(1);

/// After how long without hearing that there has to be a new connection.
const SILENCE: Duration = Duration::from_secs(10);

/// How often SQLite is asked whether somebody else has written, and for how long that holds.
const LOOK: Duration = Duration::from_millis(200);
const TRUST_IN_LOOK: Duration = Duration::from_millis(600);

/// For how long a transaction may yet be committed of which nobody has waited for the end.
const DOUBT: Duration = Duration::from_secs(60);

/// Says whether what is in memory is still current. Cheap to clone.
///
/// Whoever keeps something takes a mark before they read it, and uses it only while that mark [holds](Self::holds).
#[derive(Debug, Clone)]
pub struct Freshness(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    pool: Pool,
    /// Which instance this is; no secret.
    id: u64,
    /// How often something has changed.
    counters: Box<[AtomicU64]>,
    /// How often everything may have changed.
    everything: AtomicU64,
    /// Times are milliseconds since then.
    begun: Instant,
    trusted_until: AtomicU64,
    doubted_until: AtomicU64,
    /// Whether anybody has asked lately: for nobody, nobody has to be heard.
    is_asked: AtomicBool,
}

/// When something was read, in changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    counter: u16,
    changes: u64,
    everything: u64,
}

impl Freshness {
    pub(super) fn new(pool: Pool) -> Self {
        Self(Arc::new(Inner {
            pool,
            id: RandomState::new().hash_one(0),
            counters: (0..COUNTERS).map(|_| AtomicU64::new(0)).collect(),
            everything: AtomicU64::new(0),
            begun: Instant::now(),
            trusted_until: AtomicU64::new(0),
            doubted_until: AtomicU64::new(0),
            is_asked: AtomicBool::new(false),
        }))
    }

    /// The mark for what is about to be read of an invite, by its code, or of everything of an owner, by their Matrix id; `None` while nothing may
    /// be kept, because changes would not be heard of.
    pub fn mark(&self, key: &str) -> Option<Mark> {
        let counter = counter(key);
        // Read before it is asked whether that may be trusted: whoever begins to doubt counts afterwards.
        let everything = self.0.everything.load(Ordering::SeqCst);
        let changes = self.changes(counter);
        self.is_trusted().then_some(Mark { counter, changes, everything })
    }

    /// Whether what was read after this mark was taken is still current.
    pub fn holds(&self, mark: &Mark) -> bool {
        self.is_trusted()
            && self.0.everything.load(Ordering::SeqCst) == mark.everything
            && self.changes(mark.counter) == mark.changes
    }

    /// Keeps up with what others write, until that fails. Only meanwhile is anything answered from memory.
    ///
    /// # Errors
    /// If nothing can be heard.
    pub async fn keep_up(&self) -> Result<()> {
        let _hearing = Hearing(self);
        match &self.0.pool {
            Pool::Postgres(pool) => self.listen(pool).await,
            Pool::Sqlite(pool) => self.look(pool).await,
        }
    }

    async fn listen(&self, pool: &PgPool) -> Result<()> {
        let mut listener = in_time(async {
            let mut listener = PgListener::connect_with(pool).await?;
            // A new connection would not know what it has missed.
            listener.eager_reconnect(false);
            listener.listen(CHANNEL).await?;
            Ok(listener)
        })
        .await?;
        let mut probe = interval(PROBE);
        probe.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let me = format!("{TO_ITSELF}{} ", self.0.id);
        let (mut was_heard, mut waits_since) = (false, None);
        loop {
            tokio::select! {
                heard = listener.try_recv() => {
                    let Some(heard) = heard? else { return Err(lost()) };
                    let payload = heard.payload();
                    if let Some(sent_at) = payload.strip_prefix(&me) {
                        // What was committed before this was sent was heard before it: notifications arrive in the order of the commits.
                        self.trust(sent_at.parse().unwrap_or_default(), TRUST);
                        (was_heard, waits_since) = (true, None);
                    } else if !payload.starts_with(TO_ITSELF) {
                        self.forget(&Changed::read(payload));
                    }
                }
                _ = probe.tick() => {
                    if !self.0.is_asked.swap(false, Ordering::Relaxed) {
                        continue;
                    }
                    let now = self.now();
                    let silence = now - *waits_since.get_or_insert(now);
                    // If nothing was ever heard, a new connection would not help.
                    if was_heard && silence > millis(SILENCE) {
                        return Err(lost());
                    }
                    let telling = sqlx::query("SELECT pg_notify($1, $2)").bind(CHANNEL).bind(format!("{me}{now}"));
                    // By another connection, as others do.
                    in_time(async { Ok(telling.execute(pool).await?) }).await?;
                }
            }
        }
    }

    async fn look(&self, pool: &SqlitePool) -> Result<()> {
        if !pool.connect_options().get_filename().exists() {
            // Nobody else has a database in memory.
            self.0.trusted_until.store(u64::MAX, Ordering::SeqCst);
            return std::future::pending().await;
        }
        // Always the same connection, because the number means something to it alone.
        let mut connection = pool.acquire().await?;
        let mut known = None;
        loop {
            if self.0.is_asked.swap(false, Ordering::Relaxed) {
                let asked = self.now();
                // It is another number whenever another connection has written, one of this process included.
                let version: i64 = sqlx::query_scalar("PRAGMA data_version").fetch_one(&mut *connection).await?;
                if known.replace(version).is_some_and(|known| known != version) {
                    self.forget(&Changed::everything());
                }
                self.trust(asked, TRUST_IN_LOOK);
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Begins a transaction that changes what others may have in memory.
    pub(super) fn change(&self) -> Change {
        Change { freshness: self.clone(), is_settled: false }
    }

    /// What other instances have to be told of a change, if there may be any that listen.
    pub(super) fn notification(&self, changed: &Changed) -> Option<String> {
        matches!(self.0.pool, Pool::Postgres(_)).then(|| changed.write())
    }

    fn changes(&self, counter: u16) -> u64 {
        self.0.counters.get(usize::from(counter)).map_or(0, |changes| changes.load(Ordering::SeqCst))
    }

    fn forget(&self, changed: &Changed) {
        match &changed.0 {
            None => {
                self.0.everything.fetch_add(1, Ordering::SeqCst);
            }
            Some(counters) => {
                for changes in counters.iter().filter_map(|counter| self.0.counters.get(usize::from(*counter))) {
                    changes.fetch_add(1, Ordering::SeqCst);
                }
            }
        }
    }

    fn is_trusted(&self) -> bool {
        self.0.is_asked.store(true, Ordering::Relaxed);
        let now = self.now();
        now < self.0.trusted_until.load(Ordering::SeqCst) && now >= self.0.doubted_until.load(Ordering::SeqCst)
    }

    fn trust(&self, since: u64, long: Duration) {
        self.0.trusted_until.store(since.saturating_add(millis(long)), Ordering::SeqCst);
    }

    fn now(&self) -> u64 {
        millis(self.0.begun.elapsed())
    }
}

fn lost() -> Error {
    Error::Query(sqlx::Error::Io(ErrorKind::ConnectionAborted.into()))
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The counter for a code, or an owner. All instances have to agree on it, whatever they were compiled with (FNV-1a).
fn counter(key: &str) -> u16 {
    let hash = key
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    u16::try_from(hash % COUNTERS).unwrap_or_default()
}

/// What has changed, as counters; everything if there are none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Changed(Option<BTreeSet<u16>>);

impl Changed {
    /// Nothing so far.
    pub(super) fn nothing() -> Self {
        Self(Some(BTreeSet::new()))
    }

    /// What everybody sees.
    pub(super) fn everything() -> Self {
        Self(None)
    }

    /// What is seen of the invite with this code, or by the owner with this Matrix id, as well.
    pub(super) fn add(&mut self, key: &str) {
        if let Some(counters) = &mut self.0 {
            counters.insert(counter(key));
        }
    }

    /// What everybody sees as well.
    pub(super) fn add_everything(&mut self) {
        self.0 = None;
    }

    fn write(&self) -> String {
        match &self.0 {
            Some(counters) if counters.len() <= MOST_TOLD => {
                let counters: Vec<String> = counters.iter().map(u16::to_string).collect();
                counters.join(" ")
            }
            _ => EVERYTHING.to_owned(),
        }
    }

    /// Anything else than numbers, perhaps of a later version, is everything.
    fn read(text: &str) -> Self {
        let numbers = text.split_whitespace().map(|number| number.parse::<u16>().ok());
        Self(numbers.collect())
    }
}

/// A transaction that changes what others may have in memory. If it is not known to have ended, nothing is kept in memory until it must have:
/// it may be committed even if nobody waits for it any more.
#[derive(Debug)]
#[must_use]
pub(super) struct Change {
    freshness: Freshness,
    is_settled: bool,
}

impl Change {
    /// It is committed.
    pub(super) fn done(mut self, changed: &Changed) {
        self.freshness.forget(changed);
        self.is_settled = true;
    }
}

impl Drop for Change {
    fn drop(&mut self) {
        if !self.is_settled {
            let until = self.freshness.now().saturating_add(millis(DOUBT));
            self.freshness.0.doubted_until.store(until, Ordering::SeqCst);
            self.freshness.forget(&Changed::everything());
        }
    }
}

/// The time during which changes are heard.
struct Hearing<'a>(&'a Freshness);

impl Drop for Hearing<'_> {
    fn drop(&mut self) {
        self.0.0.trusted_until.store(0, Ordering::SeqCst);
        self.0.forget(&Changed::everything());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{config::SqlUrl, store::Store};

    /// Waits until what is read may be kept.
    async fn trusted(freshness: &Freshness) -> Mark {
        loop {
            if let Some(mark) = freshness.mark("code") {
                return mark;
            }
            tokio::task::yield_now().await;
        }
    }

    async fn keeping_up() -> (Freshness, tokio::task::JoinHandle<()>) {
        let freshness = Store::open(&SqlUrl::SqliteMemory).await.unwrap().freshness;
        let keeps_up = freshness.clone();
        let task = tokio::spawn(async move { keeps_up.keep_up().await.unwrap() });
        (freshness, task)
    }

    fn changed(key: &str) -> Changed {
        let mut changed = Changed::nothing();
        changed.add(key);
        changed
    }

    #[tokio::test]
    async fn what_has_changed_is_not_current_any_more_and_nothing_else() {
        let (freshness, _task) = keeping_up().await;
        trusted(&freshness).await;
        let marks = ["code", "other"].map(|key| freshness.mark(key).unwrap());
        freshness.change().done(&Changed::nothing());
        assert!(marks.iter().all(|mark| freshness.holds(mark)));
        freshness.change().done(&changed("code"));
        assert_eq!(marks.map(|mark| freshness.holds(&mark)), [false, true]);
        freshness.change().done(&Changed::everything());
        assert_eq!(marks.map(|mark| freshness.holds(&mark)), [false, false]);
    }

    #[tokio::test]
    async fn without_hearing_of_changes_nothing_is_kept_or_trusted() {
        let silent = Store::open(&SqlUrl::SqliteMemory).await.unwrap().freshness;
        assert_eq!(silent.mark("code"), None, "nobody has begun to listen");
        let (freshness, task) = keeping_up().await;
        let mark = trusted(&freshness).await;
        task.abort();
        assert!(task.await.is_err());
        assert_eq!(freshness.mark("code"), None);
        assert!(!freshness.holds(&mark));
        // What was kept before stays forgotten: changes may have been missed meanwhile.
        let again = freshness.clone();
        let _task = tokio::spawn(async move { again.keep_up().await });
        trusted(&freshness).await;
        assert!(!freshness.holds(&mark));
    }

    #[tokio::test]
    async fn a_change_of_which_nobody_knows_whether_it_is_committed_may_yet_be() {
        let (freshness, _task) = keeping_up().await;
        let mark = trusted(&freshness).await;
        drop(freshness.change());
        assert!(!freshness.holds(&mark));
        assert_eq!(freshness.mark("code"), None);
    }

    #[test]
    fn instances_understand_each_other() {
        let mut some = changed("code");
        some.add("@anna:x");
        for told in [some, Changed::nothing(), Changed::everything()] {
            assert_eq!(Changed::read(&told.write()), told);
        }
        assert_eq!(Changed::read("17 something new"), Changed::everything());
        let mut many = Changed::nothing();
        for code in 0..4000 {
            many.add(&code.to_string());
        }
        assert_eq!(Changed::read(&many.write()), Changed::everything(), "it is too long to be told");
        // Another version of this service has to find the same counter (FNV-1a of these bytes, modulo 4096).
        assert_eq!(counter(""), 0x325);
        assert_eq!(counter("a"), 0xc8c);
    }
}
