//! Every SQL text. One text for both engines: `$1` placeholders, `ON CONFLICT`, `RETURNING`, milliseconds as `BIGINT`.
//!
//! Each method is one query or one transaction, so nothing is ever half written, and none asks the homeserver anything in
//! between.

mod audit;
mod changes;
mod invites;
mod keys;
mod leases;
mod matrix_registration;
mod module;
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
    invites::{AsWritten, Ends, Invites, StoredInvite, Written},
    keys::Keys,
    leases::Leases,
    matrix_registration::OldToken,
    module::{NotTaken, OldGuest, OldInvite, OtherPrograms},
    redemptions::{Begun, Came, Chat, Outcome, Redemption, Redemptions, Totals, Use},
    registration_tokens::{RegistrationToken, RegistrationTokens},
    rooms::{Block, RoomInvite, Rooms},
    selections::{Among, Selection},
    share_links::{ShareLink, ShareLinks, StaticPage},
    signals::{Signal, Signals},
    takeover::{Source, Taken, TakenGuest, TakenInvite, Takeovers},
};

static MIGRATIONS: Migrator = sqlx::migrate!();

/// How long a write waits for another one in SQLite, which has one writer at a time.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// How often, and how far apart, a new SQLite database is tried to be made while another process makes it.
const MAKING_TRIES: u32 = 20;
const BETWEEN_TRIES: Duration = Duration::from_millis(100);

/// How often a transaction is tried again that another one was in the way of.
const TRIES: u32 = 10;

/// How much longer each time it is waited before.
const PAUSE: Duration = Duration::from_millis(10);

/// Milliseconds since the epoch.
pub type Millis = i64;

/// A result of asking the database.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why the database does not do what it should.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be opened, or nobody answers there.
    #[error("the database cannot be opened")]
    Open(#[source] sqlx::Error),
    /// The tables could not be made or changed.
    #[error("the database cannot be brought up to date")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// It is not ours, or not one that can be taken over.
    #[error(transparent)]
    NotTaken(#[from] NotTaken),
    /// A query failed.
    #[error("the database fails")]
    Query(#[from] sqlx::Error),
}

impl Error {
    /// Whether two transactions were in each other's way, so that one of them was undone and may simply be run again: a serialization failure or
    /// a deadlock (PostgreSQL, "Error Codes", class 40). In SQLite a writer waits for the one before, and has waited when it gives up.
    fn is_conflict(&self) -> bool {
        let Self::Query(sqlx::Error::Database(error)) = self else { return false };
        matches!(error.code().as_deref(), Some("40001" | "40P01"))
    }
}

/// The database, by what is kept in it. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    pool: Pool,
    /// Invites.
    pub invites: Invites,
    /// Who redeemed them.
    pub redemptions: Redemptions,
    /// Which rooms they lead into.
    pub rooms: Rooms,
    /// Who did what.
    pub audit: Audit,
    /// Who is at work on what.
    pub leases: Leases,
    /// Keys that all instances share.
    pub keys: Keys,
    /// What registration tokens shall be.
    pub registration_tokens: RegistrationTokens,
    /// Links that members share.
    pub share_links: ShareLinks,
    /// Telling those who watch.
    pub signals: Signals,
    /// What other programs have left here.
    pub other_programs: OtherPrograms,
    /// What was taken over from them.
    pub takeovers: Takeovers,
}

/// Connections to one of the two engines.
#[derive(Debug, Clone)]
enum Pool {
    /// SQLite: a file, or memory.
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
const PATIENCE: Duration = Duration::from_secs(30);

async fn in_time<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::time::timeout(PATIENCE, work).await.unwrap_or(Err(Error::Query(sqlx::Error::PoolTimedOut)))
}

/// Runs the same code in a transaction of whichever engine it is, and again if another transaction was in its way: it may be run several
/// times, and must do all its work in the transaction. A `?` in it leaves the transaction, not the function, and nothing of it stays.
///
/// In SQLite it is a writing one from the start: one that begins by reading could find at its first write that another has overtaken it. In
/// PostgreSQL all of them take rows in one order, the owner's, the invite's, the redemption's, so that none waits for another that waits for it.
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
                    tokio::time::sleep($crate::store::PAUSE * tries).await;
                }
                done => break done?,
            }
        }
    }};
}

/// The same, but with `$dry` nothing of it stays.
macro_rules! in_transaction_unless {
    ($pool_of:expr, $dry:expr, |$tx:ident| $body:expr) => {
        match $pool_of {
            $crate::store::Pool::Sqlite(pool) => {
                let mut $tx = pool.begin_with("BEGIN IMMEDIATE").await?;
                $body;
                if $dry { $tx.rollback().await? } else { $tx.commit().await? }
            }
            $crate::store::Pool::Postgres(pool) => {
                let mut $tx = pool.begin().await?;
                $body;
                if $dry { $tx.rollback().await? } else { $tx.commit().await? }
            }
        }
    };
}

use {in_transaction, in_transaction_unless, on_pool};

impl Store {
    /// Opens the database and brings its tables up to date. Several instances may do so at once.
    pub async fn open(url: &SqlUrl) -> Result<Self> {
        Self::up_to_date(match url {
            SqlUrl::SqliteFile(path) => {
                Pool::Sqlite(sqlite_file(path.clone(), SqlitePoolOptions::new()).await.map_err(Error::Open)?)
            }
            SqlUrl::SqliteMemory => Pool::Sqlite(sqlite_memory().await.map_err(Error::Open)?),
            SqlUrl::Postgres(url) => open_postgres(url).await?,
        })
        .await
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
        let store = Self::new(pool);
        store.other_programs.check_ours().await?;
        store.pool.migrate().await?;
        Ok(store)
    }

    fn new(pool: Pool) -> Self {
        Self {
            invites: Invites(pool.clone()),
            redemptions: Redemptions(pool.clone()),
            rooms: Rooms(pool.clone()),
            audit: Audit(pool.clone()),
            leases: Leases(pool.clone()),
            keys: Keys(pool.clone()),
            registration_tokens: RegistrationTokens(pool.clone()),
            share_links: ShareLinks(pool.clone()),
            signals: Signals::new(pool.clone()),
            other_programs: OtherPrograms(pool.clone()),
            takeovers: Takeovers(pool.clone()),
            pool,
        }
    }

    /// Whether the database takes a write, undone at once.
    pub async fn probe(&self) -> Result<()> {
        const WRITE: &str =
            "INSERT INTO leases (name, holder, until) VALUES ('probe', '', 0) ON CONFLICT (name) DO NOTHING";
        match &self.pool {
            Pool::Sqlite(pool) => {
                let mut tx = pool.begin_with("BEGIN IMMEDIATE").await?;
                sqlx::query(WRITE).execute(&mut *tx).await?;
                tx.rollback().await?;
            }
            Pool::Postgres(pool) => {
                let mut tx = pool.begin().await?;
                sqlx::query(WRITE).execute(&mut *tx).await?;
                tx.rollback().await?;
            }
        }
        Ok(())
    }

    /// Finishes what is being written and closes the database.
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
            // PostgreSQL lets one instance at a time in.
            Self::Postgres(pool) => return Ok(MIGRATIONS.run(pool).await?),
            Self::Sqlite(pool) => pool,
        };
        let mut tries = 0;
        loop {
            match MIGRATIONS.run(pool).await {
                // The one that comes second fails on what the first has just made, and finds it made when it looks again.
                Err(_) if tries < MAKING_TRIES => {
                    tries += 1;
                    tokio::time::sleep(BETWEEN_TRIES).await;
                }
                done => return Ok(done?),
            }
        }
    }
}

/// A pattern for `LIKE … ESCAPE '!'` that finds a text as it is, anywhere.
fn containing(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in text.to_lowercase().chars() {
        if "%_!".contains(c) {
            pattern.push('!');
        }
        pattern.push(c);
    }
    pattern + "%"
}

/// Makes the file if it is not there, for nobody else to read, whatever the process's file mode creation mask: it holds every code, and the
/// key of the sessions. SQLite gives its `-wal` and `-shm` the same mode. One that was there before is closed as well: a group keeps what it
/// may do only where nobody else could do anything, so that somebody has chosen that.
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

async fn open_postgres(url: &str) -> Result<Pool> {
    let options = PgPoolOptions::new().max_connections(20).acquire_timeout(BUSY_TIMEOUT);
    Ok(Pool::Postgres(options.connect(url).await.map_err(Error::Open)?))
}

async fn sqlite_file(path: PathBuf, pool: SqlitePoolOptions) -> sqlx::Result<SqlitePool> {
    close_to_others(&path)?;
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        // With the write-ahead log a crash of the machine may lose the last moment, never the database.
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
            // One process at a time turns the write-ahead log on, and SQLite refuses the others without its busy timeout.
            Err(error) if locked(&error) && tries < MAKING_TRIES => {
                tries += 1;
                tokio::time::sleep(BETWEEN_TRIES).await;
            }
            opened => return opened,
        }
    }
}

fn locked(error: &sqlx::Error) -> bool {
    // SQLITE_BUSY, of which the extended codes keep the lowest byte: https://www.sqlite.org/rescode.html
    let code = error.as_database_error().and_then(|error| error.code()?.parse::<i32>().ok());
    code.is_some_and(|code| code & 0xff == 5)
}

async fn sqlite_memory() -> sqlx::Result<SqlitePool> {
    let options = SqliteConnectOptions::new().in_memory(true).foreign_keys(true);
    // The database is the connection: there is one, and it stays.
    let pool = SqlitePoolOptions::new().max_connections(1).min_connections(1);
    pool.idle_timeout(None).max_lifetime(None).connect_with(options).await
}
