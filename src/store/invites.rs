//! Invites and their rooms.

use app::{Invite, Limits, Pause, Sort};

use super::{Entry, Millis, Result, Store, audit::note, containing, in_transaction, on_pool};

/// An invite with what only the server knows of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredInvite {
    /// What people see.
    pub invite: Invite,
    /// What it is called to people who may know of it, but not its code.
    pub number: i64,
    /// Whether the owner wants the code to open an account as well.
    pub registration: bool,
    /// What is known of the registration token of this name.
    pub registration_token: RegistrationToken,
    /// From when on the registration token may not be as the invite wants it; `None` if it is.
    pub token_due: Option<Millis>,
    /// When it was deleted, if it was.
    pub deleted_at: Option<Millis>,
    /// Whether every invite of the server is stopped.
    pub all_paused: bool,
}

/// What is known of the homeserver's registration token that has a code's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegistrationToken {
    /// Nothing: none was asked for.
    None,
    /// There was none, and this service was about to make one.
    Making,
    /// This service made it.
    Ours,
    /// It was there before, and is not this service's to delete.
    Foreign,
}

impl RegistrationToken {
    fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Making => "making",
            Self::Ours => "ours",
            Self::Foreign => "foreign",
        }
    }

    fn read(text: &str) -> Self {
        match text {
            "making" => Self::Making,
            "ours" => Self::Ours,
            "foreign" => Self::Foreign,
            _ => Self::None,
        }
    }

    /// Whether the homeserver has one.
    pub fn is_there(self) -> bool {
        matches!(self, Self::Ours | Self::Foreign)
    }

    /// Whether it ends with the invite.
    pub fn is_ours(self) -> bool {
        matches!(self, Self::Making | Self::Ours)
    }
}

/// What an invite is written from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewInvite {
    /// The secret text.
    pub code: String,
    /// Matrix id of the owner.
    pub owner: String,
    /// Room ids, each once.
    pub rooms: Vec<String>,
    /// Whether a direct chat comes with it.
    pub chat: bool,
    /// Whether the code is to open an account.
    pub registration: bool,
    /// What the owner calls it.
    pub label: Option<String>,
    /// What the owner says to those who open the link.
    pub welcome: Option<String>,
    /// Whether its rooms are shown to everybody who has the code.
    pub show_rooms: bool,
    /// When and how often it may be used.
    pub limits: Limits,
}

/// How many invites somebody may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// The most that let people in, or will.
    pub open: i64,
    /// The most that were made lately.
    pub lately: i64,
    /// Since when is lately.
    pub since: Millis,
}

/// What came of making an invite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Created {
    /// It is there.
    Done,
    /// The code was there already, or was once.
    Taken,
    /// The owner has too many that let people in.
    TooManyOpen,
    /// The owner has made too many lately.
    TooManyLately,
}

/// Which of all invites are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllSelection<'a> {
    /// A part of the owner's id, or a whole code, room id or number; nothing for all.
    pub text: &'a str,
    /// How many to leave out.
    pub skip: i64,
    /// How many at most.
    pub take: i64,
}

/// Which of an owner's invites are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection<'a> {
    /// A part of the label or the code; nothing for all.
    pub text: &'a str,
    /// Rooms one of which an invite leads into, instead.
    pub rooms: &'a [String],
    /// In which order.
    pub sort: Sort,
    /// How many to leave out.
    pub skip: i64,
    /// How many at most.
    pub take: i64,
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

/// Between the room ids of an invite: no room id has control characters.
const SEPARATOR: &str = "\n";

/// The text in which [`Selection::rooms`] is handed to the database: each between two separators.
fn between_separators(rooms: &[String]) -> String {
    rooms.iter().fold(SEPARATOR.to_owned(), |text, room| text + room.as_str() + SEPARATOR)
}

#[derive(sqlx::FromRow)]
struct InviteRow {
    code: String,
    owner: String,
    chat: bool,
    registration: bool,
    registration_token: String,
    deleted_at: Option<Millis>,
    label: Option<String>,
    welcome: Option<String>,
    show_rooms: bool,
    number: i64,
    created_at: Millis,
    not_before: Option<Millis>,
    expires_at: Option<Millis>,
    max_uses: Option<i64>,
    uses: i64,
    paused_by: Option<String>,
    token_due: Option<Millis>,
    rooms: Option<String>,
    came: i64,
    last_came: Option<Millis>,
    all_paused: bool,
}

/// One row an invite, with its rooms in one text, so that a list of a thousand is one quick query.
macro_rules! select_invites {
    ($($rest:tt)*) => {
        concat!(
            "SELECT code, owner, chat, registration, registration_token, deleted_at, label, welcome, show_rooms,
                number, created_at, not_before, expires_at, max_uses, uses, paused_by, token_due,
                EXISTS (SELECT 1 FROM switches WHERE name = 'pause') AS all_paused,
                (SELECT STRING_AGG(r.room, $1 ORDER BY r.position) FROM invite_rooms r WHERE r.code = i.code) AS rooms,
                (SELECT COUNT(*) FROM redemptions d WHERE d.code = i.code AND d.came_at IS NOT NULL) AS came,
                (SELECT MAX(d.came_at) FROM redemptions d WHERE d.code = i.code) AS last_came
             FROM invites i ",
            $($rest)*
        )
    };
}

/// Those of an owner (`$2`) that match a [`Selection`].
macro_rules! matching {
    ($rest:literal) => {
        concat!(
            "WHERE owner = $2 AND deleted_at IS NULL AND (LOWER(COALESCE(label, '')) LIKE $3 ESCAPE '!'
                OR LOWER(code) LIKE $3 ESCAPE '!' OR EXISTS (SELECT 1 FROM invite_rooms r
                    WHERE r.code = i.code AND REPLACE($4, $1 || r.room || $1, '') <> $4)) ",
            $rest
        )
    };
}

/// Those of all owners that match an [`AllSelection`].
macro_rules! of_all {
    ($rest:literal) => {
        concat!(
            "WHERE deleted_at IS NULL AND (LOWER(owner) LIKE $2 ESCAPE '!' OR code = $3 OR CAST(number AS TEXT) = $3
                OR EXISTS (SELECT 1 FROM invite_rooms r WHERE r.code = i.code AND r.room = $3)) ",
            $rest
        )
    };
}

/// Binds what is written of an invite.
macro_rules! write {
    ($text:expr, $new:expr, $now:expr) => {{
        let new: &NewInvite = $new;
        sqlx::query($text)
            .bind(&new.code)
            .bind(&new.owner)
            .bind(new.chat)
            .bind(new.registration)
            .bind($now)
            .bind(&new.label)
            .bind(new.show_rooms)
            .bind(&new.welcome)
            .bind(new.limits.not_before)
            .bind(new.limits.expires_at)
            .bind(new.limits.max_uses.map(i64::from))
    }};
}

macro_rules! add_rooms {
    ($tx:expr, $new:expr) => {
        for (position, room) in (0_i64..).zip(&$new.rooms) {
            sqlx::query(ADD_ROOM).bind(&$new.code).bind(room).bind(position).execute($tx).await?;
        }
    };
}

const ADD_ROOM: &str = "INSERT INTO invite_rooms (code, room, position) VALUES ($1, $2, $3)";

/// Who has stopped an invite.
pub(super) fn pause(owner: &str, paused_by: Option<&str>) -> Option<Pause> {
    paused_by.map(|by| if by == owner { Pause::Owner } else { Pause::Admin })
}

impl From<InviteRow> for StoredInvite {
    fn from(row: InviteRow) -> Self {
        let rooms = row.rooms.map(|rooms| rooms.split(SEPARATOR).map(str::to_owned).collect()).unwrap_or_default();
        Self {
            invite: Invite {
                paused: pause(&row.owner, row.paused_by.as_deref()),
                code: row.code,
                owner: row.owner,
                rooms,
                chat: row.chat,
                came: u32::try_from(row.came).unwrap_or(u32::MAX),
                last_came: row.last_came,
                label: row.label,
                welcome: row.welcome,
                show_rooms: row.show_rooms,
                created_at: row.created_at,
                limits: Limits {
                    not_before: row.not_before,
                    expires_at: row.expires_at,
                    max_uses: row.max_uses.map(|most| u32::try_from(most).unwrap_or(u32::MAX)),
                },
                uses: u32::try_from(row.uses).unwrap_or_default(),
            },
            number: row.number,
            token_due: row.token_due,
            all_paused: row.all_paused,
            registration: row.registration,
            registration_token: RegistrationToken::read(&row.registration_token),
            deleted_at: row.deleted_at,
        }
    }
}

/// Says that what the owner of an invite sees has changed; every transaction that changes it ends with this.
pub(super) const CHANGED: &str = "INSERT INTO owners (owner, version) SELECT owner, 1 FROM invites WHERE code = $1
     ON CONFLICT (owner) DO UPDATE SET version = owners.version + 1";

impl Store {
    /// The invite with this code, deleted or not.
    pub async fn invite(&self, code: &str) -> Result<Option<StoredInvite>> {
        const INVITE: &str = select_invites!("WHERE code = $2");
        if code.contains('\0') {
            // PostgreSQL has no such text, so there is no such code.
            return Ok(None);
        }
        let row: Option<InviteRow> =
            on_pool!(self, |pool| { sqlx::query_as(INVITE).bind(SEPARATOR).bind(code).fetch_optional(pool).await? });
        Ok(row.map(StoredInvite::from))
    }

    /// The invite with this number, unless it was deleted.
    pub async fn invite_by_number(&self, number: i64) -> Result<Option<StoredInvite>> {
        const INVITE: &str = select_invites!("WHERE number = $2 AND deleted_at IS NULL");
        let row: Option<InviteRow> =
            on_pool!(self, |pool| { sqlx::query_as(INVITE).bind(SEPARATOR).bind(number).fetch_optional(pool).await? });
        Ok(row.map(StoredInvite::from))
    }

    /// A number that is another one whenever what [`Self::invites_of`] answers may be another; and whether every invite of the server is
    /// stopped.
    pub async fn invites_version(&self, owner: &str) -> Result<(i64, bool)> {
        const VERSION: &str = "SELECT COALESCE((SELECT version FROM owners WHERE owner = $1), 0),
             EXISTS (SELECT 1 FROM switches WHERE name = 'pause')";
        on_pool!(self, |pool| Ok(sqlx::query_as(VERSION).bind(owner).fetch_one(pool).await?))
    }

    /// Everything an owner has made and not deleted, oldest first.
    pub async fn invites_of(&self, owner: &str) -> Result<Vec<Invite>> {
        const INVITES: &str = select_invites!("WHERE owner = $2 AND deleted_at IS NULL ORDER BY created_at, code");
        let rows: Vec<InviteRow> =
            on_pool!(self, |pool| { sqlx::query_as(INVITES).bind(SEPARATOR).bind(owner).fetch_all(pool).await? });
        Ok(rows.into_iter().map(|row| StoredInvite::from(row).invite).collect())
    }

    /// Those of an owner's invites that are asked for, and how many match and how many there are in all.
    pub async fn select_invites(&self, owner: &str, selection: &Selection<'_>) -> Result<(Vec<Invite>, i64, i64)> {
        const NEWEST: &str = select_invites!(matching!("ORDER BY created_at DESC, code LIMIT $5 OFFSET $6"));
        const MOST_PEOPLE: &str =
            select_invites!(matching!("ORDER BY came DESC, created_at DESC, code LIMIT $5 OFFSET $6"));
        const LAST_CAME: &str =
            select_invites!(matching!("ORDER BY last_came DESC NULLS LAST, created_at DESC, code LIMIT $5 OFFSET $6"));
        const NAME: &str = select_invites!(matching!("ORDER BY LOWER(COALESCE(label, code)), code LIMIT $5 OFFSET $6"));
        const MATCHING: &str = concat!("SELECT COUNT(*) FROM invites i ", matching!(""));
        const ALL: &str = "SELECT COUNT(*) FROM invites WHERE owner = $1 AND deleted_at IS NULL";
        let select = match selection.sort {
            Sort::Newest => NEWEST,
            Sort::MostPeople => MOST_PEOPLE,
            Sort::LastCame => LAST_CAME,
            Sort::Name => NAME,
        };
        let (text, rooms) = (containing(selection.text), between_separators(selection.rooms));
        on_pool!(self, |pool| {
            let rows: Vec<InviteRow> = sqlx::query_as(select)
                .bind(SEPARATOR)
                .bind(owner)
                .bind(&text)
                .bind(&rooms)
                .bind(selection.take)
                .bind(selection.skip)
                .fetch_all(pool)
                .await?;
            let matching = sqlx::query_scalar(MATCHING).bind(SEPARATOR).bind(owner).bind(&text).bind(&rooms);
            let matching = matching.fetch_one(pool).await?;
            let all = sqlx::query_scalar(ALL).bind(owner).fetch_one(pool).await?;
            Ok((rows.into_iter().map(|row| StoredInvite::from(row).invite).collect(), matching, all))
        })
    }

    /// Those of all live invites that are asked for, the newest first, and how many match.
    pub async fn select_all(&self, selection: &AllSelection<'_>) -> Result<(Vec<StoredInvite>, i64)> {
        const ALL: &str = select_invites!(of_all!("ORDER BY created_at DESC, code LIMIT $4 OFFSET $5"));
        const MATCHING: &str = concat!("SELECT COUNT(*) FROM invites i ", of_all!("AND $1 <> ''"));
        let pattern = containing(selection.text);
        on_pool!(self, |pool| {
            let rows = sqlx::query_as(ALL).bind(SEPARATOR).bind(&pattern).bind(selection.text);
            let rows: Vec<InviteRow> = rows.bind(selection.take).bind(selection.skip).fetch_all(pool).await?;
            let matching = sqlx::query_scalar(MATCHING).bind(SEPARATOR).bind(&pattern).bind(selection.text);
            Ok((rows.into_iter().map(StoredInvite::from).collect(), matching.fetch_one(pool).await?))
        })
    }

    /// Writes a new invite, unless its code was ever used before or its owner has too many.
    pub async fn create_invite(&self, new: &NewInvite, quota: &Quota, entry: &Entry, now: Millis) -> Result<Created> {
        // Also keeps others from making one for the same owner until this one is counted.
        const COUNT_ME: &str = "INSERT INTO owners (owner, version) VALUES ($1, 1)
             ON CONFLICT (owner) DO UPDATE SET version = owners.version + 1";
        const OPEN: &str = "SELECT COUNT(*) FROM invites WHERE owner = $1 AND deleted_at IS NULL
             AND (expires_at IS NULL OR expires_at > $2) AND (max_uses IS NULL OR uses < max_uses)";
        const LATELY: &str = "SELECT COUNT(*) FROM invites WHERE owner = $1 AND created_at > $2";
        const NUMBER: &str = "UPDATE counters SET value = value + 1 WHERE name = 'invites' RETURNING value";
        const CREATE: &str =
            "INSERT INTO invites (code, owner, chat, registration, created_at, changed_at, label, show_rooms,
                welcome, not_before, expires_at, max_uses, token_due, number)
             VALUES ($1, $2, $3, $4, $5, $5, $6, $7, $8, $9, $10, $11, $5, $12) ON CONFLICT (code) DO NOTHING";
        Ok(in_transaction!(self, |tx| {
            sqlx::query(COUNT_ME).bind(&new.owner).execute(&mut *tx).await?;
            let open: i64 = sqlx::query_scalar(OPEN).bind(&new.owner).bind(now).fetch_one(&mut *tx).await?;
            let lately: i64 = sqlx::query_scalar(LATELY).bind(&new.owner).bind(quota.since).fetch_one(&mut *tx).await?;
            if lately >= quota.lately {
                Created::TooManyLately
            } else if open >= quota.open {
                Created::TooManyOpen
            } else {
                let number: i64 = sqlx::query_scalar(NUMBER).fetch_one(&mut *tx).await?;
                let written = write!(CREATE, new, now).bind(number).execute(&mut *tx).await?.rows_affected();
                if written > 0 {
                    add_rooms!(&mut *tx, new);
                    note!(&mut *tx, entry);
                    Created::Done
                } else {
                    Created::Taken
                }
            }
        }))
    }

    /// Writes a live invite of this owner anew.
    pub async fn change_invite(&self, new: &NewInvite, entry: &Entry, now: Millis) -> Result<Written> {
        const CHANGE: &str =
            "UPDATE invites SET chat = $3, registration = $4, changed_at = $5, label = $6, show_rooms = $7,
                welcome = $8, not_before = $9, expires_at = $10, max_uses = $11, token_due = $5
             WHERE code = $1 AND owner = $2 AND deleted_at IS NULL";
        const CLEAR: &str = "DELETE FROM invite_rooms WHERE code = $1";
        Ok(in_transaction!(self, |tx| {
            let written = write!(CHANGE, new, now).execute(&mut *tx).await?.rows_affected();
            if written > 0 {
                sqlx::query(CLEAR).bind(&new.code).execute(&mut *tx).await?;
                add_rooms!(&mut *tx, new);
                sqlx::query(CHANGED).bind(&new.code).execute(&mut *tx).await?;
                note!(&mut *tx, entry);
            }
            written.into()
        }))
    }

    /// Stops a live invite for a while, or lets it go on. What a server admin has stopped, an owner cannot change.
    pub async fn pause_invite(&self, code: &str, paused: bool, by_admin: bool, entry: &Entry) -> Result<Written> {
        const PAUSE: &str = "UPDATE invites SET paused_by = CASE WHEN $2 THEN $3 END, changed_at = $4, token_due = $4
             WHERE code = $1 AND deleted_at IS NULL AND ($5 OR paused_by IS NULL OR paused_by = owner)";
        Ok(in_transaction!(self, |tx| {
            let rows = sqlx::query(PAUSE).bind(code).bind(paused).bind(&entry.actor).bind(entry.at).bind(by_admin);
            let rows = rows.execute(&mut *tx).await?.rows_affected();
            if rows > 0 {
                sqlx::query(CHANGED).bind(code).execute(&mut *tx).await?;
                note!(&mut *tx, entry);
            }
            rows.into()
        }))
    }

    /// Stops every invite of the server, or lets them go on.
    pub async fn pause_all(&self, paused: bool, entry: &Entry) -> Result<()> {
        const ON: &str =
            "INSERT INTO switches (name, actor, at) VALUES ('pause', $1, $2) ON CONFLICT (name) DO NOTHING";
        const OFF: &str = "DELETE FROM switches WHERE name = 'pause'";
        const DUE: &str = "UPDATE invites SET token_due = $1 WHERE deleted_at IS NULL AND registration";
        in_transaction!(self, |tx| {
            match paused {
                true => sqlx::query(ON).bind(&entry.actor).bind(entry.at).execute(&mut *tx).await?,
                false => sqlx::query(OFF).execute(&mut *tx).await?,
            };
            sqlx::query(DUE).bind(entry.at).execute(&mut *tx).await?;
            note!(&mut *tx, entry);
        });
        Ok(())
    }

    /// Notes under which rules registration tokens are now; if those are others, all of them have to be looked after.
    pub async fn set_token_rules(&self, rules: &str, now: Millis) -> Result<()> {
        const NOTE: &str = "INSERT INTO keys (name, value) VALUES ('token rules', $1)
             ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE keys.value <> excluded.value";
        const DUE: &str = "UPDATE invites SET token_due = $1 WHERE registration AND deleted_at IS NULL";
        in_transaction!(self, |tx| {
            let changed = sqlx::query(NOTE).bind(rules).execute(&mut *tx).await?;
            if changed.rows_affected() > 0 {
                sqlx::query(DUE).bind(now).execute(&mut *tx).await?;
            }
        });
        Ok(())
    }

    /// Who has stopped every invite of the server, and when, if somebody has.
    pub async fn all_paused(&self) -> Result<Option<(String, Millis)>> {
        const PAUSED: &str = "SELECT actor, at FROM switches WHERE name = 'pause'";
        on_pool!(self, |pool| Ok(sqlx::query_as(PAUSED).fetch_optional(pool).await?))
    }

    /// Marks an invite as deleted.
    pub async fn delete_invite(&self, code: &str, entry: &Entry) -> Result<Written> {
        const DELETE: &str = "UPDATE invites SET deleted_at = $2, changed_at = $2, token_due = $2
             WHERE code = $1 AND deleted_at IS NULL";
        Ok(in_transaction!(self, |tx| {
            let rows = sqlx::query(DELETE).bind(code).bind(entry.at).execute(&mut *tx).await?.rows_affected();
            if rows > 0 {
                sqlx::query(CHANGED).bind(code).execute(&mut *tx).await?;
                note!(&mut *tx, entry);
            }
            rows.into()
        }))
    }

    /// Notes what is known of the registration token of a code.
    pub async fn set_registration_token(&self, code: &str, token: RegistrationToken) -> Result<()> {
        const SET: &str = "UPDATE invites SET registration_token = $2 WHERE code = $1";
        on_pool!(self, |pool| {
            sqlx::query(SET).bind(code).bind(token.as_str()).execute(pool).await?;
        });
        Ok(())
    }

    /// Notes that the registration token was looked after, and when it is due again; unless something has changed since it was `due`.
    pub async fn token_settled(&self, code: &str, due: Option<Millis>, next: Option<Millis>) -> Result<()> {
        const SETTLED: &str = "UPDATE invites SET token_due = $3
             WHERE code = $1 AND (token_due = $2 OR token_due IS NULL AND CAST($2 AS BIGINT) IS NULL)";
        on_pool!(self, |pool| {
            sqlx::query(SETTLED).bind(code).bind(due).bind(next).execute(pool).await?;
        });
        Ok(())
    }

    /// Codes whose registration token has to be looked after, at most `most`.
    pub async fn tokens_due(&self, now: Millis, most: i64) -> Result<Vec<String>> {
        const DUE: &str = "SELECT code FROM invites WHERE token_due <= $1 ORDER BY token_due LIMIT $2";
        on_pool!(self, |pool| Ok(sqlx::query_scalar(DUE).bind(now).bind(most).fetch_all(pool).await?))
    }
}
