//! Everything that is kept about one person: read for them, and erased.

use std::collections::BTreeSet;

use app::Detail;
use serde::Serialize;

use super::{
    Entry, Freshness, LONG_POSTGRES_TIMEOUT, Millis, Pool, RETRY_STEP, Result, TRIES,
    audit::{kept, note},
    freshness::Changed,
    in_long_transaction, on_pool,
    owners::ALONE,
    tell,
};

/// Everything that is kept about a person, table by table, as it is handed to them. Times are milliseconds since the
/// epoch. Of other people it contains nothing, and no code that this person has not made or redeemed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PersonalData {
    invites: Vec<OwnInvite>,
    invite_rooms: Vec<OwnRoom>,
    blocks_of_their_invites: Vec<OwnBlock>,
    redemptions: Vec<OwnRedemption>,
    redeemed_rooms: Vec<OwnOutcome>,
    share_links: Vec<OwnLink>,
    blocks_they_made: Vec<BlockMade>,
    invites_they_paused_as_admin: Vec<i64>,
    all_invites_paused_since: Option<Millis>,
    audit: Vec<OwnEntry>,
    redeeming_until: Option<Millis>,
    list_version: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow)]
struct OwnInvite {
    code: String,
    number: i64,
    label: Option<String>,
    welcome: Option<String>,
    public_title: Option<String>,
    picture: Option<String>,
    chat: bool,
    registration: bool,
    registration_token: String,
    show_rooms: bool,
    created_at: Millis,
    changed_at: Millis,
    deleted_at: Option<Millis>,
    not_before: Option<Millis>,
    expires_at: Option<Millis>,
    max_uses: Option<i64>,
    paused: bool,
    paused_by_admin: bool,
    paused_because: Option<String>,
    uses: i64,
    begun: i64,
    came: i64,
    completed: i64,
    last_came_at: Option<Millis>,
    accounts: i64,
    source: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow)]
struct OwnRoom {
    code: String,
    room: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow)]
struct OwnBlock {
    code: String,
    room: String,
    reason: Option<String>,
    at: Millis,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow)]
struct OwnRedemption {
    code: String,
    started_at: Millis,
    use_at: Option<Millis>,
    came_at: Option<Millis>,
    completed_at: Option<Millis>,
    chat_room: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow)]
struct OwnOutcome {
    code: String,
    /// Empty for the direct chat.
    room: String,
    joined: bool,
    reason: Option<String>,
    said: Option<String>,
    errcode: Option<String>,
    at: Millis,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow)]
struct OwnLink {
    hash: String,
    path: String,
    query: String,
    created_at: Millis,
}

/// Room admins know the invites that they block by number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow)]
struct BlockMade {
    invite: i64,
    room: String,
    reason: Option<String>,
    at: Millis,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow)]
struct OwnEntry {
    at: Millis,
    /// Whether they did it, or somebody else did it with an invite of theirs.
    by_them: bool,
    door: String,
    action: String,
    invite: Option<i64>,
    detail: Option<String>,
}

/// What erasing a person has changed, or would.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Erased {
    /// Invites of theirs that let people in, or would have, and have ended.
    pub ended: u64,
    /// All invites of theirs, those that ended before included, which belong to nobody now.
    pub invites: u64,
    /// Redemptions that go on counting, without a name.
    pub redemptions: u64,
    /// Redemptions of which nothing has come, which are gone.
    pub given_up: u64,
    /// Share links that are gone: those that they shared, and those that led to them.
    pub links: u64,
    /// Blocks, pauses of other people's invites, and the pause of all invites: they stay, without a name.
    pub decisions: u64,
    /// Entries of the audit log that stay, without a name.
    pub entries: u64,
}

/// Whom to erase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Erasure<'a> {
    /// Matrix id of the person.
    pub person: &'a str,
    /// The id that takes its place where something has to stay: nobody has it, and nobody else was given it.
    pub alias: &'a str,
    /// The path of share links that lead to the person.
    pub path: &'a str,
}

/// What a statement takes beside the person (`$1`).
enum With {
    Nothing,
    /// `$2` is the alias.
    Alias,
    /// `$2` is the time.
    Now,
    /// `$2` is the alias, `$3` the time.
    AliasAndNow,
    /// `$2` is the path of links to the person.
    Path,
    /// `$1` and `$2` are the details that name the person and the alias.
    Details,
}

/// One statement of an erasure, and what its rows count as.
struct Step {
    sql: &'static str,
    with: With,
    counts: Option<fn(&mut Erased) -> &mut u64>,
}

const fn step(sql: &'static str, with: With) -> Step {
    Step { sql, with, counts: None }
}

const fn counted(sql: &'static str, with: With, counts: fn(&mut Erased) -> &mut u64) -> Step {
    Step { sql, with, counts: Some(counts) }
}

/// The whole erasure, in order. Rows of invites stay, because no code is ever issued twice; those of people who came
/// stay, because they are what the counts count.
static STEPS: [Step; 23] = [
    // Whoever had a list of invites in memory must not take it for the current one, if this person makes invites again:
    // versions go on from here.
    step(
        "INSERT INTO counters (name, value) SELECT 'owner versions', version FROM owners WHERE owner = $1
         ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE counters.value < excluded.value",
        With::Nothing,
    ),
    step("DELETE FROM owners WHERE owner = $1", With::Nothing),
    step("DELETE FROM owner_words WHERE owner = $1", With::Nothing),
    // Their invites. What other people wrote about them goes as well.
    step("DELETE FROM invite_rooms WHERE code IN (SELECT code FROM invites WHERE owner = $1)", With::Nothing),
    step("DELETE FROM blocks WHERE code IN (SELECT code FROM invites WHERE owner = $1)", With::Nothing),
    step(
        "UPDATE redemptions SET chat_marker = NULL, chat_tried_at = NULL, chat_room = NULL
         WHERE code IN (SELECT code FROM invites WHERE owner = $1)",
        With::Nothing,
    ),
    // The homeserver's words may name anybody. That it said something stays: it is what the days count, also when somebody is let in later. Without the
    // words it is read as a failure of the homeserver (`Reason::of`).
    step(
        "UPDATE outcomes SET said = NULL WHERE said IS NOT NULL AND code IN (SELECT code FROM invites WHERE owner = $1)",
        With::Nothing,
    ),
    counted(
        "UPDATE invites SET deleted_at = $2, changed_at = $2, token_due = $2 WHERE owner = $1 AND deleted_at IS NULL",
        With::Now,
        |erased| &mut erased.ended,
    ),
    counted(
        "UPDATE invites SET owner = $2, label = NULL, welcome = NULL, public_title = NULL, picture = NULL, paused_by = NULL,
            held_reason = NULL, changed_at = $3
         WHERE owner = $1",
        With::AliasAndNow,
        |erased| &mut erased.invites,
    ),
    // What they redeemed, and nothing came of: as if they had never begun.
    step(
        "UPDATE invites SET uses = uses - 1, token_due = CASE WHEN registration THEN $2 ELSE token_due END
         WHERE code IN (SELECT code FROM redemptions WHERE redeemer = $1 AND came_at IS NULL AND use_at IS NOT NULL)",
        With::Now,
    ),
    step(
        "UPDATE invites SET begun = begun - 1
         WHERE code IN (SELECT code FROM redemptions WHERE redeemer = $1 AND came_at IS NULL)",
        With::Nothing,
    ),
    step(
        "DELETE FROM outcomes WHERE redeemer = $1
            AND code IN (SELECT code FROM redemptions WHERE redeemer = $1 AND came_at IS NULL)",
        With::Nothing,
    ),
    counted("DELETE FROM redemptions WHERE redeemer = $1 AND came_at IS NULL", With::Nothing, |erased| {
        &mut erased.given_up
    }),
    // The others: outcomes refer to redemptions, so these are there under both names for a moment.
    counted(
        "INSERT INTO redemptions (code, redeemer, started_at, came_at, completed_at, use_at)
         SELECT code, $2, started_at, came_at, completed_at, use_at FROM redemptions WHERE redeemer = $1",
        With::Alias,
        |erased| &mut erased.redemptions,
    ),
    step(
        "UPDATE outcomes SET redeemer = $2, said = NULL
         WHERE redeemer = $1 AND code IN (SELECT code FROM redemptions WHERE redeemer = $1)",
        With::Alias,
    ),
    step("DELETE FROM redemptions WHERE redeemer = $1", With::Nothing),
    // What they decided for others holds until somebody ends it.
    counted("UPDATE blocks SET actor = $2 WHERE actor = $1", With::Alias, |erased| &mut erased.decisions),
    counted("UPDATE invites SET held_by = $2 WHERE held_by = $1", With::Alias, |erased| &mut erased.decisions),
    counted("UPDATE switches SET actor = $2 WHERE actor = $1", With::Alias, |erased| &mut erased.decisions),
    // The others stay until their pages are gone: only they say which pages those are.
    counted(
        "DELETE FROM share_links WHERE (sharer = $1 OR path = $2) AND page = 'none'",
        With::Path,
        |erased| &mut erased.links,
    ),
    // Of an entry by them on an invite of theirs, both names go.
    counted(
        "UPDATE audit SET actor = $2, owner = CASE WHEN owner = $1 THEN $2 ELSE owner END WHERE actor = $1",
        With::Alias,
        |erased| &mut erased.entries,
    ),
    counted("UPDATE audit SET owner = $2 WHERE owner = $1", With::Alias, |erased| &mut erased.entries),
    counted("UPDATE audit SET detail = $2 WHERE action = 'exported' AND detail = $1", With::Details, |erased| {
        &mut erased.entries
    }),
];

/// Nobody else writes where the person's id could be written again until the erasure is committed (PostgreSQL, "Explicit Locking"). A statement that
/// waits for this looks at what there is then; one that had begun before would still write down whose the invite was. SQLite has one writer anyway.
const ALONE_AT_IT: &str = "LOCK TABLE owners, redemptions, outcomes, audit IN SHARE ROW EXCLUSIVE MODE";

/// What is kept about a person. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Persons(pub(super) Pool, pub(super) Freshness);

impl Persons {
    /// Everything that is kept about a person. It reads some tables whole: nobody waits for it but an operator.
    pub async fn export(&self, person: &str) -> Result<PersonalData> {
        const INVITES: &str = "SELECT code, number, label, welcome, public_title, picture, chat, registration,
                registration_token, show_rooms,
                created_at, changed_at, deleted_at, not_before, expires_at, max_uses, paused_by IS NOT NULL AS paused,
                held_by IS NOT NULL AS paused_by_admin, held_reason AS paused_because, uses, begun, came, completed, last_came_at, accounts, source
             FROM invites WHERE owner = $1 ORDER BY number";
        const ROOMS: &str = "SELECT r.code, r.room FROM invite_rooms r JOIN invites i ON i.code = r.code
             WHERE i.owner = $1 ORDER BY i.number, r.position";
        const BLOCKS: &str = "SELECT b.code, b.room, b.reason, b.at FROM blocks b JOIN invites i ON i.code = b.code
             WHERE i.owner = $1 ORDER BY i.number, b.room";
        const REDEMPTIONS: &str = "SELECT code, started_at, use_at, came_at, completed_at, chat_room FROM redemptions
             WHERE redeemer = $1 ORDER BY started_at, code";
        const OUTCOMES: &str = "SELECT code, room, joined, reason, said, errcode, at FROM outcomes
             WHERE redeemer = $1 ORDER BY at, code, room";
        const LINKS: &str =
            "SELECT hash, path, query, created_at FROM share_links WHERE sharer = $1 ORDER BY created_at, hash";
        const BLOCKED: &str = "SELECT i.number AS invite, b.room, b.reason, b.at
             FROM blocks b JOIN invites i ON i.code = b.code WHERE b.actor = $1 ORDER BY b.at, i.number";
        const HELD: &str = "SELECT number FROM invites WHERE held_by = $1 ORDER BY number";
        const SWITCH: &str = "SELECT at FROM switches WHERE actor = $1 AND name = 'pause'";
        const AUDIT: &str = "SELECT a.at, a.actor = $1 AS by_them, a.door, a.action, i.number AS invite, a.detail
             FROM audit a LEFT JOIN invites i ON i.code = a.code
             WHERE a.actor = $1 OR a.owner = $1 OR a.action = 'exported' AND a.detail = $2 ORDER BY a.at, a.id";
        const LEASE: &str = "SELECT until FROM leases WHERE name = 'redeem:' || $1";
        const VERSION: &str = "SELECT version FROM owners WHERE owner = $1";
        let exported = named(person);
        on_pool!(&self.0, |pool| {
            PersonalData {
                invites: sqlx::query_as(INVITES).bind(person).fetch_all(pool).await?,
                invite_rooms: sqlx::query_as(ROOMS).bind(person).fetch_all(pool).await?,
                blocks_of_their_invites: sqlx::query_as(BLOCKS).bind(person).fetch_all(pool).await?,
                redemptions: sqlx::query_as(REDEMPTIONS).bind(person).fetch_all(pool).await?,
                redeemed_rooms: sqlx::query_as(OUTCOMES).bind(person).fetch_all(pool).await?,
                share_links: sqlx::query_as(LINKS).bind(person).fetch_all(pool).await?,
                blocks_they_made: sqlx::query_as(BLOCKED).bind(person).fetch_all(pool).await?,
                invites_they_paused_as_admin: sqlx::query_scalar(HELD).bind(person).fetch_all(pool).await?,
                all_invites_paused_since: sqlx::query_scalar(SWITCH).bind(person).fetch_optional(pool).await?,
                audit: sqlx::query_as(AUDIT).bind(person).bind(&exported).fetch_all(pool).await?,
                redeeming_until: sqlx::query_scalar(LEASE).bind(person).fetch_optional(pool).await?,
                list_version: sqlx::query_scalar(VERSION).bind(person).fetch_optional(pool).await?,
            }
        })
    }

    /// The hashes of the share links that an erasure takes away and whose pages may stand in the folder of static pages. An erasure leaves these links
    /// there for [`Self::forget_links`].
    pub async fn static_pages(&self, erasure: Erasure<'_>) -> Result<Vec<String>> {
        const PAGES: &str =
            "SELECT hash FROM share_links WHERE (sharer = $1 OR path = $2) AND page <> 'none' ORDER BY hash";
        on_pool!(&self.0, |pool| {
            sqlx::query_scalar(PAGES).bind(erasure.person).bind(erasure.path).fetch_all(pool).await?
        })
    }

    /// Forgets share links with these hashes, which an erasure has left because of their pages, once those are gone. Whatever was shared since then
    /// stays.
    pub async fn forget_links(&self, hashes: &[String]) -> Result<()> {
        const FORGET: &str = "DELETE FROM share_links WHERE hash = $1";
        on_pool!(&self.0, |pool| {
            for hash in hashes {
                sqlx::query(FORGET).bind(hash).execute(pool).await?;
            }
        })?;
        Ok(())
    }

    /// Erases a person, but for the share links that [`Self::static_pages`] names, and writes who has done it. With `dry` it only says what it would
    /// change. Redemptions with invites of theirs may be running: what is written of those from then on does not name them.
    ///
    /// Their redemptions must not be running: whoever erases holds the lease of those.
    pub async fn erase(&self, erasure: Erasure<'_>, entry: &Entry, dry: bool) -> Result<Erased> {
        let mut tries = 0;
        loop {
            match self.try_to_erase(erasure, entry, dry).await {
                Err(error) if error.is_conflict() && tries < TRIES => {
                    tries += 1;
                    tokio::time::sleep(RETRY_STEP * tries).await;
                }
                done => return done,
            }
        }
    }

    async fn try_to_erase(&self, erasure: Erasure<'_>, entry: &Entry, dry: bool) -> Result<Erased> {
        const OWNERS: &str =
            "SELECT owner FROM invites WHERE code IN (SELECT code FROM redemptions WHERE redeemer = $1)";
        const LINKS: &str = "SELECT COUNT(*) FROM share_links WHERE sharer = $1 OR path = $2";
        let Erasure { person, alias, path } = erasure;
        let details = (named(person), named(alias));
        let mut erased = Erased::default();
        let change = self.1.change();
        in_long_transaction!(&self.0, LONG_POSTGRES_TIMEOUT, dry, (!dry).then_some(ALONE_AT_IT), |tx| {
            // All owners whose lists change.
            let owners: Vec<String> = sqlx::query_scalar(OWNERS).bind(person).fetch_all(&mut *tx).await?;
            let owners: BTreeSet<&str> = owners.iter().map(String::as_str).chain([person]).collect();
            for owner in owners {
                sqlx::query(ALONE).bind(owner).execute(&mut *tx).await?;
            }
            for Step { sql, with, counts } in &STEPS {
                let query = sqlx::query(*sql);
                let query = match with {
                    With::Nothing => query.bind(person),
                    With::Alias => query.bind(person).bind(alias),
                    With::Now => query.bind(person).bind(entry.at),
                    With::AliasAndNow => query.bind(person).bind(alias).bind(entry.at),
                    With::Path => query.bind(person).bind(path),
                    With::Details => query.bind(&details.0).bind(&details.1),
                };
                let rows = query.execute(&mut *tx).await?.rows_affected();
                if let Some(counts) = counts {
                    *counts(&mut erased) += rows;
                }
            }
            let with_pages: i64 = sqlx::query_scalar(LINKS).bind(person).bind(path).fetch_one(&mut *tx).await?;
            erased.links += u64::try_from(with_pages).unwrap_or_default();
            note!(&mut *tx, entry);
            tell!(&mut *tx, self.1, &Changed::everything());
        });
        change.done(&Changed::everything());
        Ok(erased)
    }
}

/// The detail that names a person, as it stands in the table.
fn named(person: &str) -> String {
    kept(&Detail::Person(person.to_owned()))
}
