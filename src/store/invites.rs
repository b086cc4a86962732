//! Invites and their rooms.

use app::{Invite, Sort};

use super::{Millis, Result, Store, in_transaction, on_pool};

/// An invite with what only the server knows of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredInvite {
    /// What people see.
    pub invite: Invite,
    /// Whether the owner wants the code to open an account as well.
    pub registration: bool,
    /// What is known of the registration token of this name.
    pub registration_token: RegistrationToken,
    /// When it was deleted, if it was.
    pub deleted_at: Option<Millis>,
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
    /// Whether its rooms are shown to everybody who has the code.
    pub show_rooms: bool,
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

#[derive(sqlx::FromRow)]
struct InviteRow {
    code: String,
    owner: String,
    chat: bool,
    registration: bool,
    registration_token: String,
    deleted_at: Option<Millis>,
    label: Option<String>,
    show_rooms: bool,
    rooms: Option<String>,
    came: i64,
    last_came: Option<Millis>,
}

/// One row an invite, with its rooms in one text, so that a list of a thousand is one quick query.
macro_rules! select_invites {
    ($($rest:tt)*) => {
        concat!(
            "SELECT code, owner, chat, registration, registration_token, deleted_at, label, show_rooms,
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

impl From<InviteRow> for StoredInvite {
    fn from(row: InviteRow) -> Self {
        let rooms = row.rooms.map(|rooms| rooms.split(SEPARATOR).map(str::to_owned).collect()).unwrap_or_default();
        Self {
            invite: Invite {
                code: row.code,
                owner: row.owner,
                rooms,
                chat: row.chat,
                came: u32::try_from(row.came).unwrap_or(u32::MAX),
                last_came: row.last_came,
                label: row.label,
                show_rooms: row.show_rooms,
            },
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

    /// A number that is another one whenever what [`Self::invites_of`] answers may be another.
    pub async fn invites_version(&self, owner: &str) -> Result<i64> {
        const VERSION: &str = "SELECT version FROM owners WHERE owner = $1";
        let version: Option<i64> =
            on_pool!(self, |pool| { sqlx::query_scalar(VERSION).bind(owner).fetch_optional(pool).await? });
        Ok(version.unwrap_or_default())
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

    /// Writes a new invite, unless its code was ever used before.
    pub async fn create_invite(&self, new: &NewInvite, now: Millis) -> Result<Written> {
        const CREATE: &str =
            "INSERT INTO invites (code, owner, chat, registration, created_at, changed_at, label, show_rooms)
             VALUES ($1, $2, $3, $4, $5, $5, $6, $7) ON CONFLICT (code) DO NOTHING";
        self.write_invite(CREATE, new, now).await
    }

    /// Writes a live invite of this owner anew.
    pub async fn change_invite(&self, new: &NewInvite, now: Millis) -> Result<Written> {
        const CHANGE: &str =
            "UPDATE invites SET chat = $3, registration = $4, changed_at = $5, label = $6, show_rooms = $7
             WHERE code = $1 AND owner = $2 AND deleted_at IS NULL";
        self.write_invite(CHANGE, new, now).await
    }

    async fn write_invite(&self, write: &'static str, new: &NewInvite, now: Millis) -> Result<Written> {
        const CLEAR: &str = "DELETE FROM invite_rooms WHERE code = $1";
        const ADD_ROOM: &str = "INSERT INTO invite_rooms (code, room, position) VALUES ($1, $2, $3)";
        Ok(in_transaction!(self, |tx| {
            let written = sqlx::query(write).bind(&new.code).bind(&new.owner).bind(new.chat);
            let written = written.bind(new.registration).bind(now).bind(&new.label).bind(new.show_rooms);
            let written = written.execute(&mut *tx).await?.rows_affected();
            if written > 0 {
                sqlx::query(CLEAR).bind(&new.code).execute(&mut *tx).await?;
                for (position, room) in (0_i64..).zip(&new.rooms) {
                    sqlx::query(ADD_ROOM).bind(&new.code).bind(room).bind(position).execute(&mut *tx).await?;
                }
                sqlx::query(CHANGED).bind(&new.code).execute(&mut *tx).await?;
            }
            written.into()
        }))
    }

    /// Marks an invite as deleted.
    pub async fn delete_invite(&self, code: &str, now: Millis) -> Result<Written> {
        const DELETE: &str =
            "UPDATE invites SET deleted_at = $2, changed_at = $2 WHERE code = $1 AND deleted_at IS NULL";
        Ok(in_transaction!(self, |tx| {
            let rows = sqlx::query(DELETE).bind(code).bind(now).execute(&mut *tx).await?.rows_affected();
            if rows > 0 {
                sqlx::query(CHANGED).bind(code).execute(&mut *tx).await?;
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

    /// Codes whose registration token this service made and should have deleted, at most `most`.
    pub async fn registration_tokens_to_sweep(&self, most: i64) -> Result<Vec<String>> {
        const SWEEP: &str = "SELECT code FROM invites
             WHERE registration_token IN ('making', 'ours') AND (deleted_at IS NOT NULL OR NOT registration)
             ORDER BY changed_at LIMIT $1";
        on_pool!(self, |pool| Ok(sqlx::query_scalar(SWEEP).bind(most).fetch_all(pool).await?))
    }
}
