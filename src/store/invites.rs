//! Invites, as they are read.

use app::{Invite, InviteState, Limits, Terms};

use super::{Freshness, Millis, Pool, RegistrationToken, Result, in_changing_transaction, on_pool};

/// An invite with what only the server knows of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredInvite {
    /// What people see.
    pub invite: Invite,
    /// What it is called to people who may know of it, but not its code.
    pub number: i64,
    /// Whether it was last saved while codes opened accounts here.
    pub opens_accounts: bool,
    /// What is known of the registration token of this name.
    pub registration_token: RegistrationToken,
    /// How many accounts were opened with registration tokens of it that are gone.
    pub accounts: u32,
    /// How many were opened with one that is about to go, or has gone.
    pub accounts_leaving: u32,
    /// From when on the registration token may not be as the invite wants it; `None` if it is.
    pub token_due: Option<Millis>,
    /// When it was deleted, if it was.
    pub deleted_at: Option<Millis>,
    /// Why a server admin has stopped it, if one has and said so.
    pub held_reason: Option<String>,
    /// Whether every invite of the server is stopped.
    pub all_paused: bool,
    /// Whether the Python module has made it.
    pub by_module: bool,
}

impl StoredInvite {
    /// Whether it lets people in at `now`, if it was not deleted.
    pub fn state(&self, now: Millis) -> InviteState {
        self.invite.state(self.all_paused, now)
    }
}

/// That every invite of the server is stopped.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct AllPaused {
    /// Matrix id of the server admin who has stopped them.
    pub actor: String,
    /// Since when.
    pub at: Millis,
    /// Why, if they said so.
    pub reason: Option<String>,
}

/// Something with an invite in it as its owner wrote it, whatever the operator allows now. The use cases bound it by that before anybody
/// sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct AsWritten<T>(pub(super) T);

impl<T> AsWritten<T> {
    /// What was written, bounded by nothing.
    pub fn as_written(self) -> T {
        self.0
    }
}

impl AsMut<Invite> for StoredInvite {
    fn as_mut(&mut self) -> &mut Invite {
        &mut self.invite
    }
}

/// Whether a write found what it was meant for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// It is written.
    Done,
    /// It is not: something else is there, or nothing is.
    NotAsExpected,
}

impl From<u64> for Written {
    fn from(rows: u64) -> Self {
        if rows == 0 { Self::NotAsExpected } else { Self::Done }
    }
}

/// When invites end, beyond what they say themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ends {
    /// The time, in milliseconds since the epoch.
    pub now: Millis,
    /// Those made then or before have ended.
    pub made_before: Option<Millis>,
    /// Those that have let in so many have ended.
    pub max_uses: Option<u32>,
}

/// Whether an invite `i` has ended, as [`Invite::has_ended`] says of one that was not deleted: `$1` to `$3` are what [`Ends`] says.
macro_rules! ended {
    () => {
        "(i.deleted_at IS NOT NULL OR i.expires_at <= $1 OR i.uses >= i.max_uses OR i.created_at <= CAST($2 AS BIGINT)
            OR i.uses >= CAST($3 AS BIGINT))"
    };
}

/// Whether an invite `i` lets in whoever has one of its uses, as [`Invite::state`] says: `$2` is the time, and whatever was made at `$3` or
/// before has ended.
macro_rules! lets_in {
    () => {
        "i.deleted_at IS NULL AND i.paused_by IS NULL AND i.held_by IS NULL AND (i.not_before IS NULL OR i.not_before <= $2)
            AND (i.expires_at IS NULL OR i.expires_at > $2)
            AND (CAST($3 AS BIGINT) IS NULL OR i.created_at > CAST($3 AS BIGINT))
            AND NOT EXISTS (SELECT 1 FROM switches WHERE name = 'pause')"
    };
}

/// Whether the invite with the code `$1` was somebody's who was erased: whatever goes on with it then must not name them again.
macro_rules! of_erased {
    () => {
        "EXISTS (SELECT 1 FROM invites WHERE code = $1 AND owner LIKE '@erased-%:erased.invalid')"
    };
}

pub(super) use {ended, lets_in, of_erased};

/// Between the room ids of an invite: no room id has control characters.
pub(super) const SEPARATOR: &str = "\n";

#[derive(sqlx::FromRow)]
pub(super) struct InviteRow {
    code: String,
    owner: String,
    chat: bool,
    registration: bool,
    registration_token: String,
    deleted_at: Option<Millis>,
    label: Option<String>,
    welcome: Option<String>,
    public_title: Option<String>,
    picture: Option<String>,
    show_rooms: bool,
    number: i64,
    created_at: Millis,
    not_before: Option<Millis>,
    expires_at: Option<Millis>,
    max_uses: Option<i64>,
    uses: i64,
    opens_accounts: bool,
    paused_by: Option<String>,
    held_by: Option<String>,
    held_reason: Option<String>,
    token_due: Option<Millis>,
    accounts: i64,
    accounts_leaving: i64,
    rooms: Option<String>,
    came: i64,
    last_came_at: Option<Millis>,
    all_paused: bool,
    source: String,
}

/// One row an invite, with its rooms in one text, so that a list of a thousand is one quick query.
macro_rules! select_invites {
    ($($rest:tt)*) => {
        concat!(
            "SELECT code, owner, chat, registration, registration_token, deleted_at, label, welcome, public_title, picture,
                show_rooms,
                number, created_at, not_before, expires_at, max_uses, uses, opens_accounts, paused_by, held_by, held_reason,
                token_due,
                accounts, accounts_leaving, source, EXISTS (SELECT 1 FROM switches WHERE name = 'pause') AS all_paused,
                (SELECT STRING_AGG(r.room, $1 ORDER BY r.position) FROM invite_rooms r WHERE r.code = i.code) AS rooms,
                came, last_came_at
             FROM invites i ",
            $($rest)*
        )
    };
}
pub(super) use select_invites;

/// The limits of a row.
pub(super) fn limits(not_before: Option<Millis>, expires_at: Option<Millis>, max_uses: Option<i64>) -> Limits {
    Limits { not_before, expires_at, max_uses: max_uses.map(|most| u32::try_from(most).unwrap_or(u32::MAX)) }
}

impl InviteRow {
    pub(super) fn read(self) -> AsWritten<StoredInvite> {
        AsWritten(self.into())
    }

    /// Without what only the server knows.
    pub(super) fn read_invite(self) -> AsWritten<Invite> {
        AsWritten(StoredInvite::from(self).invite)
    }
}

impl From<InviteRow> for StoredInvite {
    fn from(row: InviteRow) -> Self {
        let rooms = row.rooms.map(|rooms| rooms.split(SEPARATOR).map(str::to_owned).collect()).unwrap_or_default();
        Self {
            invite: Invite {
                paused: row.paused_by.is_some(),
                held: row.held_by.is_some(),
                code: row.code,
                owner: row.owner,
                terms: Terms {
                    rooms,
                    chat: row.chat,
                    registration: row.registration,
                    label: row.label,
                    welcome: row.welcome,
                    public_title: row.public_title,
                    picture: row.picture,
                    show_rooms: row.show_rooms,
                    limits: limits(row.not_before, row.expires_at, row.max_uses),
                },
                came: u32::try_from(row.came).unwrap_or(u32::MAX),
                last_came: row.last_came_at,
                created_at: row.created_at,
                uses: u32::try_from(row.uses).unwrap_or_default(),
            },
            number: row.number,
            token_due: row.token_due,
            accounts: u32::try_from(row.accounts).unwrap_or(u32::MAX),
            accounts_leaving: u32::try_from(row.accounts_leaving).unwrap_or(u32::MAX),
            held_reason: row.held_reason,
            all_paused: row.all_paused,
            by_module: row.source == "module",
            opens_accounts: row.opens_accounts,
            registration_token: RegistrationToken::read(&row.registration_token),
            deleted_at: row.deleted_at,
        }
    }
}

pub(super) const CHANGED: &str = "INSERT INTO owners (owner, version)
     SELECT owner, 1 + COALESCE((SELECT value FROM counters WHERE name = 'owner versions'), 0) FROM invites WHERE code = $1
     ON CONFLICT (owner) DO UPDATE SET version = owners.version + 1 RETURNING owner";

/// Says that what the owner of an invite sees changes, and keeps others from changing it until that is done. Every transaction that changes it
/// begins with this.
macro_rules! changed {
    ($tx:expr, $changes:ident, $code:expr) => {
        let owner: Option<String> =
            sqlx::query_scalar($crate::store::invites::CHANGED).bind($code).fetch_optional($tx).await?;
        $changes.add($code);
        if let Some(owner) = owner {
            $changes.add(&owner);
        }
    };
}

pub(super) use changed;

/// Invites: what their owners decided, and whether they let people in. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Invites(pub(super) Pool, pub(super) Freshness);

impl Invites {
    /// The invite with this code, deleted or not.
    pub async fn get(&self, code: &str) -> Result<Option<AsWritten<StoredInvite>>> {
        const INVITE: &str = select_invites!("WHERE code = $2");
        if code.contains('\0') {
            // PostgreSQL has no such text, so there is no such code.
            return Ok(None);
        }
        let row: Option<InviteRow> = on_pool!(&self.0, |pool| {
            sqlx::query_as(INVITE).bind(SEPARATOR).bind(code).fetch_optional(pool).await?
        })?;
        Ok(row.map(InviteRow::read))
    }

    /// The aliases to which live invites lead, each behind the code of one.
    pub async fn aliases(&self) -> Result<Vec<(String, String)>> {
        const ALIASES: &str = "SELECT r.code, r.room FROM invite_rooms r JOIN invites i ON i.code = r.code
             WHERE r.room LIKE '#%' AND i.deleted_at IS NULL";
        on_pool!(&self.0, |pool| sqlx::query_as(ALIASES).fetch_all(pool).await?)
    }

    /// Puts a room's id in the place of its alias. Where the invite leads into that room already, the alias goes.
    pub async fn resolve_alias(&self, code: &str, alias: &str, room: &str) -> Result<()> {
        const DROP: &str = "DELETE FROM invite_rooms WHERE code = $1 AND room = $2
             AND EXISTS (SELECT 1 FROM invite_rooms WHERE code = $1 AND room = $3)";
        const RESOLVE: &str = "UPDATE invite_rooms SET room = $3 WHERE code = $1 AND room = $2";
        in_changing_transaction!(self, |tx, changes| {
            changed!(&mut *tx, changes, code);
            for change in [DROP, RESOLVE] {
                sqlx::query(change).bind(code).bind(alias).bind(room).execute(&mut *tx).await?;
            }
        });
        Ok(())
    }

    /// The invite with this number, unless it was deleted.
    pub async fn by_number(&self, number: i64) -> Result<Option<AsWritten<StoredInvite>>> {
        const INVITE: &str = select_invites!("WHERE number = $2 AND deleted_at IS NULL");
        let row: Option<InviteRow> = on_pool!(&self.0, |pool| {
            sqlx::query_as(INVITE).bind(SEPARATOR).bind(number).fetch_optional(pool).await?
        })?;
        Ok(row.map(InviteRow::read))
    }

    /// The code of the invite with this number, deleted or not.
    pub async fn code_of(&self, number: i64) -> Result<Option<String>> {
        const CODE: &str = "SELECT code FROM invites WHERE number = $1";
        on_pool!(&self.0, |pool| sqlx::query_scalar(CODE).bind(number).fetch_optional(pool).await?)
    }

    /// A number that is another one whenever what [`Self::invites_of`] answers may be another; and whether every invite of the server is
    /// stopped.
    pub async fn version(&self, owner: &str) -> Result<(i64, bool)> {
        const VERSION: &str = "SELECT COALESCE((SELECT version FROM owners WHERE owner = $1),
                (SELECT value FROM counters WHERE name = 'owner versions'), 0),
             EXISTS (SELECT 1 FROM switches WHERE name = 'pause')";
        on_pool!(&self.0, |pool| sqlx::query_as(VERSION).bind(owner).fetch_one(pool).await?)
    }

    /// Everything an owner has made and not deleted, oldest first.
    pub async fn of(&self, owner: &str) -> Result<Vec<AsWritten<Invite>>> {
        const INVITES: &str = select_invites!("WHERE owner = $2 AND deleted_at IS NULL ORDER BY created_at, code");
        let rows: Vec<InviteRow> = on_pool!(&self.0, |pool| {
            let query = sqlx::query_as(INVITES).bind(SEPARATOR).bind(owner);
            query.fetch_all(pool).await?
        })?;
        Ok(rows.into_iter().map(InviteRow::read_invite).collect())
    }

    /// Who has stopped every invite of the server, when and why, if somebody has.
    pub async fn all_paused(&self) -> Result<Option<AllPaused>> {
        const PAUSED: &str = "SELECT actor, at, reason FROM switches WHERE name = 'pause'";
        on_pool!(&self.0, |pool| sqlx::query_as(PAUSED).fetch_optional(pool).await?)
    }
}
