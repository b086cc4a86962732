//! The database of the Python module `synapse_super_invites`, read. Its tables stay as they are.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use app::utc_millis;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};

use super::{Error, Millis, Pool, Result, on_pool, open_postgres};
use crate::config::SqlUrl;

/// The versions of its tables that are known, as Alembic calls them: without and with the errors of those who came.
const REVISIONS: [&str; 2] = ["25e4ec3cea32", "8c8c90d89eac"];

/// The tables that it makes.
const TABLES: [&str; 5] = ["accepted", "alembic_version", "rooms", "token_room_associations", "tokens"];

/// As much of the errors of one person as it has kept.
const LONGEST_ERRORS: usize = 1024;

/// Why a database cannot be taken over.
#[derive(Debug, thiserror::Error)]
pub enum NotTaken {
    /// There are tables, and none of them is the module's or this service's.
    #[error("this is the database of another program: it has the tables {}", .0.join(", "))]
    Another(Vec<String>),
    /// There is nothing to take over.
    #[error("there is no database of synapse_super_invites here: the table {0} is missing")]
    Missing(&'static str),
    /// The tables are of a version that is not known.
    #[error(
        "the tables are of a version of synapse_super_invites that is not known (Alembic revision {0}); known are 25e4ec3cea32 and 8c8c90d89eac"
    )]
    Revision(String),
    /// A table is not as that version has made it.
    #[error("the tables are not as synapse_super_invites has made them, perhaps half written")]
    HalfWritten(#[source] sqlx::Error),
    /// There are no tokens of matrix-registration.
    #[error("there is no database of matrix-registration here: the table tokens is missing")]
    NoTokens,
    /// They are not as matrix-registration has made them.
    #[error("the tokens are not as matrix-registration 0.9 or 1.0 has made them")]
    OtherTokens(#[source] sqlx::Error),
    /// A time cannot be read.
    #[error("“{0}” is no time that such a program has written")]
    Time(String),
}

/// A code of the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OldInvite {
    /// The code.
    pub code: String,
    /// Matrix id of who made it.
    pub owner: String,
    /// Whether a direct chat comes with it.
    pub chat: bool,
    /// When it was made.
    pub created_at: Millis,
    /// When it was deleted, if it was.
    pub deleted_at: Option<Millis>,
    /// Room ids and aliases, in the order of their names: the module kept none.
    pub rooms: Vec<String>,
    /// Who came.
    pub came: Vec<OldGuest>,
}

/// Somebody who came by a code of the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OldGuest {
    /// Matrix id.
    pub redeemer: String,
    /// When.
    pub at: Millis,
    /// What the module noted of rooms into which they did not come, or were before: one line each.
    pub errors: String,
    /// Whether there may have been more to note.
    pub cut_off: bool,
}

type TokenRow = (String, String, bool, Option<String>, Option<String>);

/// Reads a time as SQLAlchemy writes it: `2024-05-28 17:39:39.516462+02:00`, or without a zone in UTC.
pub(super) fn time(text: &str) -> Result<Millis, NotTaken> {
    let read = || {
        let (minute, rest) = text.split_at_checked(16)?;
        let minute = utc_millis(&minute.replace(' ', "T"))?;
        let zone = rest.find(['+', '-', 'Z']).unwrap_or(rest.len());
        let (seconds, zone) = rest.split_at_checked(zone)?;
        let seconds: f64 = seconds.strip_prefix(':').unwrap_or("0").parse().ok().filter(|seconds| *seconds < 61.0)?;
        let (sign, zone) = match zone.split_at_checked(1) {
            Some(("+", zone)) => (1, zone),
            Some(("-", zone)) => (-1, zone),
            _ => (0, "0"),
        };
        let (hours, minutes) = zone.split_once(':').unwrap_or((zone, "0"));
        let offset = hours.parse::<Millis>().ok()? * 60 + minutes.parse::<Millis>().ok()?;
        #[expect(clippy::cast_possible_truncation, reason = "less than 61 seconds")]
        let millis = (seconds * 1000.0) as Millis;
        Some(minute + millis - sign * offset * 60_000)
    };
    read().ok_or_else(|| NotTaken::Time(text.to_owned()))
}

/// What other programs have left in a database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct OtherPrograms(pub(super) Pool);

impl OtherPrograms {
    /// Opens another database to read from; nothing in it is changed, or made.
    pub async fn open(url: &SqlUrl) -> Result<Self> {
        Ok(Self(match url {
            SqlUrl::SqliteFile(path) => {
                let options = SqliteConnectOptions::new().filename(path).read_only(true);
                let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await;
                Pool::Sqlite(pool.map_err(Error::Open)?)
            }
            SqlUrl::SqliteMemory => return Err(Error::NotTaken(NotTaken::Missing("tokens"))),
            SqlUrl::Postgres(url) => open_postgres(url).await?,
        }))
    }

    /// Ends the connections.
    pub async fn close(&self) {
        self.0.close().await;
    }

    /// The tables in the database.
    pub(super) async fn tables(&self) -> Result<BTreeSet<String>> {
        const SQLITE: &str =
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'";
        // Without those of extensions.
        const POSTGRES: &str =
            "SELECT CAST(c.relname AS TEXT) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p')
                AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')";
        let names: Vec<String> = match &self.0 {
            Pool::Sqlite(pool) => sqlx::query_scalar(SQLITE).fetch_all(pool).await?,
            Pool::Postgres(pool) => sqlx::query_scalar(POSTGRES).fetch_all(pool).await?,
        };
        Ok(names.into_iter().collect())
    }

    /// Which of this service's migrations the database has had.
    pub(super) async fn our_migrations(&self) -> Result<BTreeSet<i64>> {
        const VERSIONS: &str = "SELECT version FROM _sqlx_migrations";
        if !self.tables().await?.contains("_sqlx_migrations") {
            return Ok(BTreeSet::new());
        }
        let versions: Vec<i64> = on_pool!(&self.0, |pool| sqlx::query_scalar(VERSIONS).fetch_all(pool).await?)?;
        Ok(versions.into_iter().collect())
    }

    /// Refuses a database in which another program has its tables, and whose own would come beside them.
    pub(super) async fn check_ours(&self) -> Result<()> {
        let tables = self.tables().await?;
        if tables.is_empty() || tables.contains("_sqlx_migrations") {
            return Ok(());
        }
        match tables.contains("tokens") && tables.contains("alembic_version") {
            true => self.module_revision(&tables).await.map(drop),
            false => Err(Error::NotTaken(NotTaken::Another(tables.into_iter().take(10).collect()))),
        }
    }

    /// Which of [`REVISIONS`] the module's tables are of, by its place there.
    async fn module_revision(&self, tables: &BTreeSet<String>) -> Result<usize> {
        const REVISION: &str = "SELECT version_num FROM alembic_version";
        if let Some(missing) = TABLES.into_iter().find(|table| !tables.contains(*table)) {
            return Err(Error::NotTaken(NotTaken::Missing(missing)));
        }
        let revision: Option<String> = on_pool!(&self.0, |pool| {
            let asked = sqlx::query_scalar(REVISION).fetch_optional(pool).await;
            asked.map_err(|error| Error::NotTaken(NotTaken::HalfWritten(error)))?
        })?;
        let revision = revision.unwrap_or_else(|| "none".to_owned());
        let known = REVISIONS.iter().position(|known| *known == revision);
        known.ok_or(Error::NotTaken(NotTaken::Revision(revision)))
    }

    /// The state of the module's tables, as a text that is another one whenever there may be something new to take over; nothing where it never
    /// was.
    ///
    /// # Errors
    /// As [`Self::module_invites`].
    pub async fn module_state(&self) -> Result<Option<String>> {
        const STATE: &str = "SELECT COUNT(*), CAST(MAX(created_at) AS TEXT), CAST(MAX(deleted_at) AS TEXT), CAST(COUNT(deleted_at) AS BIGINT),
                (SELECT COUNT(*) FROM accepted), (SELECT CAST(MAX(id) AS BIGINT) FROM accepted) FROM tokens";
        type State = (i64, Option<String>, Option<String>, i64, i64, Option<i64>);
        let tables = self.tables().await?;
        if !TABLES.iter().all(|table| tables.contains(*table)) {
            return Ok(None);
        }
        let half_written = |error| Error::NotTaken(NotTaken::HalfWritten(error));
        let state: State =
            on_pool!(&self.0, |pool| sqlx::query_as(STATE).fetch_one(pool).await.map_err(half_written)?)?;
        Ok(Some(format!("{state:?}")))
    }

    /// What the module has written here; nothing where it never was.
    ///
    /// # Errors
    /// [`Error::NotTaken`] for tables that are not, or not quite, the module's.
    pub async fn module_invites(&self) -> Result<Option<Vec<OldInvite>>> {
        const TOKENS: &str = "SELECT token, owner, create_dm, CAST(created_at AS TEXT), CAST(deleted_at AS TEXT) FROM tokens ORDER BY token";
        const ROOMS: &str = "SELECT token, room FROM token_room_associations ORDER BY token, room";
        const CAME: &str = r#"SELECT token_id, "user", CAST(created_at AS TEXT), CAST(NULL AS TEXT) FROM accepted
             WHERE token_id IS NOT NULL ORDER BY id"#;
        const CAME_WITH_ERRORS: &str = r#"SELECT token_id, "user", CAST(created_at AS TEXT), errors FROM accepted
             WHERE token_id IS NOT NULL ORDER BY id"#;
        let tables = self.tables().await?;
        if !tables.contains("alembic_version") && !tables.contains("tokens") {
            return Ok(None);
        }
        // What is left of them beside ours after somebody has cleaned up, or another program's.
        if tables.contains("_sqlx_migrations") && !TABLES.iter().all(|table| tables.contains(*table)) {
            return Ok(None);
        }
        let came = match self.module_revision(&tables).await? {
            0 => CAME,
            _ => CAME_WITH_ERRORS,
        };
        let half_written = |error| Error::NotTaken(NotTaken::HalfWritten(error));
        on_pool!(&self.0, |pool| {
            let tokens: Vec<TokenRow> = sqlx::query_as(TOKENS).fetch_all(pool).await.map_err(half_written)?;
            let rooms: Vec<(String, String)> = sqlx::query_as(ROOMS).fetch_all(pool).await.map_err(half_written)?;
            let came: Vec<(String, String, Option<String>, Option<String>)> =
                sqlx::query_as(came).fetch_all(pool).await.map_err(half_written)?;
            Some(joined(tokens, rooms, came)?)
        })
    }
}

/// The three tables as one, each person once with each code.
fn joined(
    tokens: Vec<TokenRow>,
    rooms: Vec<(String, String)>,
    came: Vec<(String, String, Option<String>, Option<String>)>,
) -> Result<Vec<OldInvite>> {
    let read = |text: Option<String>| text.as_deref().map(time).transpose().map_err(Error::NotTaken);
    let mut invites = BTreeMap::new();
    for (code, owner, chat, created_at, deleted_at) in tokens {
        let (created_at, deleted_at) = (read(created_at)?.unwrap_or_default(), read(deleted_at)?);
        let invite = OldInvite { code, owner, chat, created_at, deleted_at, rooms: Vec::new(), came: Vec::new() };
        invites.insert(invite.code.clone(), invite);
    }
    for (code, room) in rooms {
        if let Some(invite) = invites.get_mut(&code) {
            invite.rooms.push(room);
        }
    }
    let mut seen: HashMap<(String, String), usize> = HashMap::new();
    for (code, redeemer, at, errors) in came {
        let Some(invite) = invites.get_mut(&code) else { continue };
        let before = *seen.entry((code, redeemer.clone())).or_insert(invite.came.len());
        let (at, errors) = (read(at)?.unwrap_or(invite.created_at), errors.unwrap_or_default());
        let cut_off = errors.chars().count() >= LONGEST_ERRORS;
        match invite.came.get_mut(before) {
            // Two at once were let in twice: into what either of them got them.
            Some(twice) => {
                let (one, other): (BTreeSet<&str>, BTreeSet<&str>) =
                    (twice.errors.lines().collect(), errors.lines().collect());
                let both: Vec<&str> = one.intersection(&other).copied().collect();
                (twice.errors, twice.cut_off) = (both.join("\n"), twice.cut_off && cut_off);
            }
            None => invite.came.push(OldGuest { redeemer, at, errors, cut_off }),
        }
    }
    Ok(invites.into_values().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_either_engine_writes_them() {
        for (text, millis) in [
            ("2024-05-28 17:39:39", 1_716_917_979_000),
            ("2024-05-28 17:39:39.516462", 1_716_917_979_516),
            ("2024-05-28 17:39:39+00", 1_716_917_979_000),
            ("2024-05-28 19:39:39.5+02", 1_716_917_979_500),
            ("2024-05-28 14:09:39-03:30", 1_716_917_979_000),
            ("2024-05-28T17:39:39Z", 1_716_917_979_000),
        ] {
            assert_eq!(time(text).expect(text), millis, "{text}");
        }
        for text in ["", "yesterday", "2024-05-28", "2024-13-28 17:39:39", "2024-05-28 17:39:99", "ä2024-05-28 17:39:"]
        {
            assert!(time(text).is_err(), "{text}");
        }
    }

    #[test]
    fn whoever_came_twice_came_once_into_all_that_either_brought() {
        let tokens = vec![("a".into(), "@o:x".into(), false, Some("2024-05-28 17:39:39".into()), None)];
        let rooms = vec![("a".into(), "!1:x".into()), ("a".into(), "!2:x".into())];
        let came = |errors: &str| ("a".into(), "@g:x".into(), Some("2024-05-28 17:40:00".into()), Some(errors.into()));
        let both = vec![came("!1:x skipped: 'a'\n!2:x skipped: 'b'"), came("!2:x skipped: 'b'")];
        let read = joined(tokens, rooms, both).expect("it can be read");
        assert_eq!(read[0].came.len(), 1);
        assert_eq!(read[0].came[0].errors, "!2:x skipped: 'b'");
    }
}
