//! Every SQL statement, in one form for both engines: `$1` placeholders, `ON CONFLICT`, `RETURNING`, milliseconds as
//! `BIGINT`.
//!
//! Each method is one query or one transaction, so nothing is ever half written, and none asks the homeserver anything
//! in between.

mod audit;
mod changes;
mod days;
mod freshness;
mod invites;
mod keys;
mod leases;
mod matrix_registration;
mod module;
mod owners;
mod person;
mod redemptions;
mod registration_tokens;
mod rooms;
mod selections;
mod share_links;
mod signals;
mod takeover;
#[cfg(test)]
mod tests;

use std::{
    fs::{OpenOptions, Permissions},
    io::ErrorKind,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    time::Duration,
};

use sqlx::{
    Connection, PgPool, SqlitePool,
    migrate::Migrator,
    postgres::PgPoolOptions,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::config::SqlUrl;

pub use self::{
    audit::{About, Audit, Entry, Noted, Span},
    changes::{NewInvite, OverQuota, Pause, Quota},
    days::{Counts, Days},
    freshness::{Freshness, Mark},
    invites::{AllPaused, AsWritten, Ends, Invites, StoredInvite, Written},
    keys::Keys,
    leases::Leases,
    matrix_registration::OldToken,
    module::{NotTaken, OldGuest, OldInvite, OtherPrograms},
    owners::Owners,
    person::{Erased, Erasure, PersonalData, Persons},
    redemptions::{Begun, Came, Chat, Outcome, Redemption, Redemptions, Totals, Use, Whom},
    registration_tokens::{RegistrationToken, RegistrationTokens},
    rooms::{Block, RoomInvite, Rooms},
    selections::{Among, Place},
    share_links::{ShareLink, ShareLinks, StaticPage},
    signals::{Signal, Signals},
    takeover::{Source, Taken, TakenGuest, TakenInvite, Takeovers},
};

static MIGRATIONS: Migrator = sqlx::migrate!();

/// The number of the latest migration that this version knows.
pub fn latest_migration() -> i64 {
    MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or_default()
}

/// How long a write waits for another one in SQLite, which has one writer at a time.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// How often, and at what interval, creating a new SQLite database is tried while another process creates it.
const MAKING_TRIES: u32 = 20;
const BETWEEN_TRIES: Duration = Duration::from_millis(100);

/// How often a transaction is tried that conflicts with others.
const TRIES: u32 = 10;

/// By how much the wait before the next try grows each time.
const RETRY_STEP: Duration = Duration::from_millis(10);

/// Milliseconds since the epoch.
pub type Millis = i64;

/// The result of a database operation.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a database operation failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be opened, or the server does not answer.
    #[error("the database cannot be opened")]
    Open(#[source] sqlx::Error),
    /// A newer version has migrated it, to this migration.
    #[error(
        "a newer version of super-invites has migrated the database (migration {0}; this version knows them up to {known}): run that version \
         again, or restore a backup from before",
        known = latest_migration()
    )]
    Newer(i64),
    /// It lacks this many migrations, and must not be migrated now.
    #[error(
        "the database lacks {0} migrations: run `super-invites migrate` first, or `super-invites serve` without --no-migrate"
    )]
    NotMigrated(usize),
    /// The tables could not be created or migrated.
    #[error("the database cannot be brought up to date")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// It is not a database of ours, or not one that can be imported.
    #[error(transparent)]
    NotTaken(#[from] NotTaken),
    /// A query failed.
    #[error("the database fails")]
    Query(#[from] sqlx::Error),
}

impl Error {
    /// Whether two transactions conflicted, so that one of them was rolled back and can simply be run again: a
    /// serialization failure or a deadlock (PostgreSQL, "Error Codes", class 40). In SQLite a writer waits for the
    /// previous one, and has waited long enough when it gives up.
    fn is_conflict(&self) -> bool {
        let Self::Query(sqlx::Error::Database(error)) = self else { return false };
        matches!(error.code().as_deref(), Some("40001" | "40P01"))
    }

    /// Whether PostgreSQL may only be starting, or not be reachable yet (PostgreSQL, "Error Codes": `cannot_connect_now`, `too_many_connections`).
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Open(sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut) => true,
            Self::Open(sqlx::Error::Database(error)) => matches!(error.code().as_deref(), Some("57P03" | "53300")),
            _ => false,
        }
    }
}

/// The database, by subject. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    pool: Pool,
    /// Invites.
    pub invites: Invites,
    /// People who have made invites.
    pub owners: Owners,
    /// Redemptions of invites.
    pub redemptions: Redemptions,
    /// The rooms that invites lead into.
    pub rooms: Rooms,
    /// The audit log.
    pub audit: Audit,
    /// What happened on which day.
    pub days: Days,
    /// Leases on work.
    pub leases: Leases,
    /// Keys that all instances share.
    pub keys: Keys,
    /// Which state registration tokens should have.
    pub registration_tokens: RegistrationTokens,
    /// Share links.
    pub share_links: ShareLinks,
    /// What is kept about one person.
    pub persons: Persons,
    /// Signals to people who watch redemptions.
    pub signals: Signals,
    /// Whether what was read is still current.
    pub freshness: Freshness,
    /// Tables of other programs in this database.
    pub other_programs: OtherPrograms,
    /// Imports of their data.
    pub takeovers: Takeovers,
}

/// What [`Store::look_at`] finds.
#[derive(Debug)]
pub enum Found {
    /// There is no such file.
    Nothing,
    /// There is no table of this service in it, or they are those of an older version, which has had the migrations up to this one.
    Behind(Option<i64>),
    /// It is up to date.
    UpToDate(Box<Store>),
}

/// How many connections to the database there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connections {
    /// Those at work.
    pub busy: u64,
    /// Those that wait for work.
    pub idle: u64,
    /// How many there may be.
    pub most: u64,
}

impl Connections {
    fn new(all: u32, idle: usize, most: u32) -> Self {
        let idle = u64::try_from(idle).unwrap_or_default();
        Self { busy: u64::from(all).saturating_sub(idle), idle, most: most.into() }
    }
}

/// A connection pool of one of the two engines.
#[derive(Debug, Clone)]
enum Pool {
    /// SQLite, in a file or in memory.
    Sqlite(SqlitePool),
    /// PostgreSQL.
    Postgres(PgPool),
}

/// Runs the same code on whichever engine it is, with `$pool` bound to its pool. A `?` in it leaves this code, not the function.
macro_rules! on_pool {
    ($pool_of:expr, |$pool:ident| $body:expr) => {{
        let done: $crate::store::Result<_> = match $pool_of {
            $crate::store::Pool::Sqlite($pool) => async { Ok($body) }.await,
            $crate::store::Pool::Postgres($pool) => $crate::store::in_time(async { Ok($body) }).await,
        };
        done
    }};
}

/// For how long PostgreSQL may be at work on anything. Its answer may also never come: a network that has forgotten a connection tells nobody.
const POSTGRES_TIMEOUT: Duration = Duration::from_secs(30);

/// The same for what reads whole tables, and for which nobody waits but an operator: an import, and erasing a person.
const LONG_POSTGRES_TIMEOUT: Duration = Duration::from_secs(600);

async fn in_time<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    within(POSTGRES_TIMEOUT, work).await
}

async fn within<T>(time: Duration, work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::time::timeout(time, work).await.unwrap_or(Err(Error::Query(sqlx::Error::PoolTimedOut)))
}

/// Runs the same code in a transaction of either engine, and again if it conflicts with another transaction: it may be
/// run several times, and must do all its work in the transaction. A `?` in it leaves the transaction, not the
/// function, and rolls everything back.
///
/// In SQLite it begins as a writing transaction: one that begins by reading could find at its first write that another
/// has overtaken it. In PostgreSQL all transactions lock rows in the same order, the owner's, the invite's, the
/// redemption's, and those of the days' counts last, so that no two wait for each other.
macro_rules! in_transaction {
    ($pool_of:expr, |$tx:ident| $body:expr) => {{
        let mut tries = 0;
        loop {
            let done: $crate::store::Result<_> = match $pool_of {
                $crate::store::Pool::Sqlite(pool) => {
                    async {
                        let mut $tx = pool.begin_with("BEGIN IMMEDIATE").await?;
                        let value = $body;
                        $tx.commit().await?;
                        Ok(value)
                    }
                    .await
                }
                $crate::store::Pool::Postgres(pool) => {
                    $crate::store::in_time(async {
                        let mut $tx = pool.begin().await?;
                        let value = $body;
                        $tx.commit().await?;
                        Ok(value)
                    })
                    .await
                }
            };
            match done {
                Err(error) if error.is_conflict() && tries < $crate::store::TRIES => {
                    tries += 1;
                    tokio::time::sleep($crate::store::RETRY_STEP * tries).await;
                }
                done => break done?,
            }
        }
    }};
}

/// The same for a transaction that changes what others may have in memory: `$changed` notes what that is. Once it is committed, nothing of it
/// is answered from the memory of this process, nor, once they have heard of it, of other instances.
macro_rules! in_changing_transaction {
    ($of:expr, |$tx:ident, $changed:ident| $body:expr) => {{
        let freshness: &$crate::store::Freshness = &$of.1;
        let change = freshness.change();
        let (value, changed) = $crate::store::in_transaction!(&$of.0, |$tx| {
            let mut $changed = $crate::store::freshness::Changed::nothing();
            let value = $body;
            $crate::store::tell!(&mut *$tx, freshness, &$changed);
            (value, $changed)
        });
        change.done(&changed);
        value
    }};
}

/// Tells other instances what a transaction changes, once it is committed.
macro_rules! tell {
    ($tx:expr, $freshness:expr, $changed:expr) => {
        if let Some(notification) = $freshness.notification($changed) {
            let telling = sqlx::query("SELECT pg_notify($1, $2)").bind($crate::store::freshness::CHANNEL);
            telling.bind(notification).execute($tx).await?;
        }
    };
}

/// A transaction that may take long: PostgreSQL has `$time` for it. With `$dry` everything is rolled back. It is run once.
macro_rules! in_long_transaction {
    ($pool_of:expr, $time:expr, $dry:expr, |$tx:ident| $body:expr) => {
        $crate::store::in_long_transaction!($pool_of, $time, $dry, None, |$tx| $body)
    };
    // On PostgreSQL, it begins with the statement `$first`, if there is one.
    ($pool_of:expr, $time:expr, $dry:expr, $first:expr, |$tx:ident| $body:expr) => {
        match $pool_of {
            $crate::store::Pool::Sqlite(pool) => {
                let mut $tx = pool.begin_with("BEGIN IMMEDIATE").await?;
                $body;
                if $dry { $tx.rollback().await? } else { $tx.commit().await? }
            }
            $crate::store::Pool::Postgres(pool) => {
                let work = Box::pin(async {
                    let mut $tx = pool.begin().await?;
                    let first: Option<&'static str> = $first;
                    if let Some(first) = first {
                        sqlx::query(first).execute(&mut *$tx).await?;
                    }
                    $body;
                    if $dry {
                        $tx.rollback().await?
                    } else {
                        $tx.commit().await?
                    }
                    Ok::<_, $crate::store::Error>(())
                });
                $crate::store::within($time, work).await?;
            }
        }
    };
}

use {in_changing_transaction, in_long_transaction, in_transaction, on_pool, tell};

impl Store {
    /// Opens the database and migrates its tables. Several instances may do so at once.
    pub async fn open(url: &SqlUrl) -> Result<Self> {
        Self::up_to_date(open_pool(url).await?).await
    }

    /// Opens a database that has been migrated before.
    ///
    /// # Errors
    /// [`Error::NotMigrated`] if it has not been, or by an older version, or if there is no such file.
    pub async fn open_migrated(url: &SqlUrl) -> Result<Self> {
        if let SqlUrl::SqliteFile(path) = url
            && !path.exists()
        {
            return Err(Error::NotMigrated(MIGRATIONS.iter().count()));
        }
        let (store, missing) = Self::of_ours(open_pool(url).await?).await?;
        if missing > 0 {
            return Err(Error::NotMigrated(missing));
        }
        store.owners.catch_up().await?;
        Ok(store)
    }

    /// Opens a database to say what it is. Nothing in it is changed, and none is made.
    ///
    /// # Errors
    /// If it cannot be opened, is not this service's, or is a newer version's.
    pub async fn look_at(url: &SqlUrl) -> Result<Found> {
        let pool = match url {
            SqlUrl::SqliteFile(path) if !path.exists() => return Ok(Found::Nothing),
            SqlUrl::SqliteFile(path) => Pool::Sqlite(sqlite_as_it_is(path).await.map_err(Error::Open)?),
            // Nobody else ever sees it.
            SqlUrl::SqliteMemory => return Ok(Found::UpToDate(Box::new(Self::open(url).await?))),
            SqlUrl::Postgres(url) => open_postgres(url).await?,
        };
        let ours = Self::of_ours(pool.clone()).await;
        let found = match ours {
            Ok((store, 0)) => return Ok(Found::UpToDate(Box::new(store))),
            Ok((store, _)) => store.other_programs.our_migrations().await.map(|had| Found::Behind(had.last().copied())),
            Err(error) => Err(error),
        };
        pool.close().await;
        found
    }

    /// Opens a SQLite file whose every commit is asked about first: where `allow` says no, the transaction is undone instead (SQLite,
    /// `sqlite3_commit_hook`). For tests, which let the process die between any two writes.
    pub async fn open_guarded(path: PathBuf, allow: impl Fn() -> bool + Clone + Send + Sync + 'static) -> Result<Self> {
        let options = SqlitePoolOptions::new().after_connect(move |connection, _| {
            let allow = allow.clone();
            Box::pin(async move {
                connection.lock_handle().await?.set_commit_hook(allow);
                Ok(())
            })
        });
        Self::up_to_date(Pool::Sqlite(sqlite_file(path, options).await.map_err(Error::Open)?)).await
    }

    async fn up_to_date(pool: Pool) -> Result<Self> {
        let (store, _) = Self::of_ours(pool).await?;
        store.pool.migrate().await?;
        store.owners.catch_up().await?;
        Ok(store)
    }

    /// A database that no other program uses, nor a newer version, and how many migrations it lacks.
    async fn of_ours(pool: Pool) -> Result<(Self, usize)> {
        let store = Self::new(pool);
        store.other_programs.check_ours().await?;
        let had = store.other_programs.our_migrations().await?;
        if let Some(newer) = had.iter().rfind(|version| !MIGRATIONS.version_exists(**version)) {
            return Err(Error::Newer(*newer));
        }
        let missing = MIGRATIONS.iter().filter(|migration| !had.contains(&migration.version)).count();
        Ok((store, missing))
    }

    fn new(pool: Pool) -> Self {
        let freshness = Freshness::new(pool.clone());
        Self {
            invites: Invites(pool.clone(), freshness.clone()),
            owners: Owners(pool.clone()),
            redemptions: Redemptions(pool.clone(), freshness.clone()),
            rooms: Rooms(pool.clone(), freshness.clone()),
            audit: Audit(pool.clone()),
            days: Days(pool.clone()),
            leases: Leases(pool.clone()),
            keys: Keys(pool.clone()),
            registration_tokens: RegistrationTokens(pool.clone()),
            share_links: ShareLinks(pool.clone()),
            persons: Persons(pool.clone(), freshness.clone()),
            signals: Signals::new(pool.clone()),
            other_programs: OtherPrograms(pool.clone()),
            takeovers: Takeovers(pool.clone(), freshness.clone()),
            freshness,
            pool,
        }
    }

    /// Checks that the database accepts a write, which is rolled back at once.
    pub async fn probe(&self) -> Result<()> {
        self.probe_within(POSTGRES_TIMEOUT).await
    }

    async fn probe_within(&self, time: Duration) -> Result<()> {
        const WRITE: &str =
            "INSERT INTO leases (name, holder, until) VALUES ('probe', '', 0) ON CONFLICT (name) DO NOTHING";
        match &self.pool {
            Pool::Sqlite(pool) => {
                let mut tx = pool.begin_with("BEGIN IMMEDIATE").await?;
                sqlx::query(WRITE).execute(&mut *tx).await?;
                tx.rollback().await?;
            }
            Pool::Postgres(pool) => {
                within(time, async {
                    let mut tx = pool.begin().await?;
                    sqlx::query(WRITE).execute(&mut *tx).await?;
                    tx.rollback().await?;
                    Ok(())
                })
                .await?;
            }
        }
        Ok(())
    }

    /// Checks that the database answers.
    pub async fn ping(&self) -> Result<()> {
        on_pool!(&self.pool, |pool| {
            sqlx::query("SELECT 1").execute(pool).await?;
        })?;
        Ok(())
    }

    /// The connections that there are now.
    pub fn connections(&self) -> Connections {
        match &self.pool {
            Pool::Sqlite(pool) => Connections::new(pool.size(), pool.num_idle(), pool.options().get_max_connections()),
            Pool::Postgres(pool) => {
                Connections::new(pool.size(), pool.num_idle(), pool.options().get_max_connections())
            }
        }
    }

    /// Finishes running writes and closes the database.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

impl Pool {
    async fn close(&self) {
        match self {
            Self::Sqlite(pool) => pool.close().await,
            Self::Postgres(pool) => pool.close().await,
        }
    }

    async fn migrate(&self) -> Result<()> {
        let pool = match self {
            // PostgreSQL lets one instance migrate at a time.
            Self::Postgres(pool) => return Ok(MIGRATIONS.run(pool).await?),
            Self::Sqlite(pool) => pool,
        };
        let mut tries = 0;
        loop {
            match MIGRATIONS.run(pool).await {
                // If another process was faster, creating what it has just created fails; the next try finds it.
                Err(_) if tries < MAKING_TRIES => {
                    tries += 1;
                    tokio::time::sleep(BETWEEN_TRIES).await;
                }
                done => return Ok(done?),
            }
        }
    }
}

/// Creates the file if it does not exist, readable by nobody else whatever the umask: it contains every code, and the
/// key of the sessions. SQLite gives its `-wal` and `-shm` files the same mode. The mode of an existing file is
/// restricted as well: a group keeps its access only if others had none, because then somebody has chosen that.
fn close_to_others(path: &Path) -> std::io::Result<()> {
    const OTHERS: u32 = 0o007;
    const OWNER: u32 = 0o700;
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    for beside in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(beside);
        let Ok(metadata) = std::fs::metadata(&name) else { continue };
        let mode = metadata.permissions().mode();
        if mode & OTHERS != 0 {
            let closed = std::fs::set_permissions(&name, Permissions::from_mode(mode & OWNER));
            if let Err(error) = closed {
                tracing::warn!(%error, file = %Path::new(&name).display(), "everybody on this machine can read the database");
            }
        }
    }
    Ok(())
}

async fn open_pool(url: &SqlUrl) -> Result<Pool> {
    match url {
        SqlUrl::SqliteFile(path) => {
            Ok(Pool::Sqlite(sqlite_file(path.clone(), SqlitePoolOptions::new()).await.map_err(Error::Open)?))
        }
        SqlUrl::SqliteMemory => Ok(Pool::Sqlite(sqlite_memory().await.map_err(Error::Open)?)),
        SqlUrl::Postgres(url) => open_postgres(url).await,
    }
}

async fn open_postgres(url: &str) -> Result<Pool> {
    // What was given up because it never answered does not hold its place until the network gives it up.
    let options =
        PgPoolOptions::new().max_connections(20).acquire_timeout(BUSY_TIMEOUT).after_release(|connection, _| {
            Box::pin(async {
                let answer = tokio::time::timeout(BUSY_TIMEOUT, connection.ping()).await;
                answer.map_err(|_| sqlx::Error::PoolTimedOut)??;
                Ok(true)
            })
        });
    Ok(Pool::Postgres(options.connect(url).await.map_err(Error::Open)?))
}

async fn sqlite_file(path: PathBuf, pool: SqlitePoolOptions) -> sqlx::Result<SqlitePool> {
    close_to_others(&path)?;
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        // With the write-ahead log, a crash of the machine may lose the last moments, but never the database.
        .synchronous(SqliteSynchronous::Normal)
        .busy_timeout(BUSY_TIMEOUT)
        .foreign_keys(true);
    // A COMMIT that fails on a full disk is undone by SQLite itself, of which sqlx does not know: it takes the next transaction on that connection
    // for one inside the last. Such a connection is closed.
    let pool = pool.max_connections(8).after_release(|connection, _| {
        Box::pin(async {
            connection.ping().await?;
            Ok(!connection.is_in_transaction())
        })
    });
    let mut tries = 0;
    loop {
        match pool.clone().connect_with(options.clone()).await {
            // Only one process at a time can turn the write-ahead log on, and SQLite refuses the others regardless of
            // the busy timeout.
            Err(error) if locked(&error) && tries < MAKING_TRIES => {
                tries += 1;
                tokio::time::sleep(BETWEEN_TRIES).await;
            }
            opened => return opened,
        }
    }
}

/// A file that is there, without making anything of it that it is not: its journal and its mode stay what they are.
async fn sqlite_as_it_is(path: &Path) -> sqlx::Result<SqlitePool> {
    let options = SqliteConnectOptions::new().filename(path).busy_timeout(BUSY_TIMEOUT).foreign_keys(true);
    SqlitePoolOptions::new().max_connections(1).connect_with(options).await
}

fn locked(error: &sqlx::Error) -> bool {
    // `SQLITE_BUSY`, in the lowest byte of extended result codes: https://www.sqlite.org/rescode.html
    let code = error.as_database_error().and_then(|error| error.code()?.parse::<i32>().ok());
    code.is_some_and(|code| code & 0xff == 5)
}

async fn sqlite_memory() -> sqlx::Result<SqlitePool> {
    let options = SqliteConnectOptions::new().in_memory(true).foreign_keys(true);
    // The database lives in its connection, so there is exactly one, and it stays open.
    let pool = SqlitePoolOptions::new().max_connections(1).min_connections(1);
    pool.idle_timeout(None).max_lifetime(None).connect_with(options).await
}
