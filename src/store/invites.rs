//! Invites and their rooms.

use app::Invite;

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

type InviteRow = (String, String, bool, bool, String, Option<Millis>, Option<String>, i64);

/// One row an invite, with its rooms in one text, so that a list of a thousand is one quick query.
macro_rules! select_invites {
    ($rest:literal) => {
        concat!(
            "SELECT code, owner, chat, registration, registration_token, deleted_at,
                (SELECT STRING_AGG(r.room, $1 ORDER BY r.position) FROM invite_rooms r WHERE r.code = i.code),
                (SELECT COUNT(*) FROM redemptions d WHERE d.code = i.code AND d.came_at IS NOT NULL)
             FROM invites i ",
            $rest
        )
    };
}

impl From<InviteRow> for StoredInvite {
    fn from((code, owner, chat, registration, token, deleted_at, rooms, came): InviteRow) -> Self {
        let rooms = rooms.map(|rooms| rooms.split(SEPARATOR).map(str::to_owned).collect()).unwrap_or_default();
        let came = u32::try_from(came).unwrap_or(u32::MAX);
        Self {
            invite: Invite { code, owner, rooms, chat, came },
            registration,
            registration_token: RegistrationToken::read(&token),
            deleted_at,
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

    /// Writes a new invite, unless its code was ever used before.
    pub async fn create_invite(&self, new: &NewInvite, now: Millis) -> Result<Written> {
        const CREATE: &str = "INSERT INTO invites (code, owner, chat, registration, created_at, changed_at)
             VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT (code) DO NOTHING";
        self.write_invite(CREATE, new, now).await
    }

    /// Writes a live invite of this owner anew.
    pub async fn change_invite(&self, new: &NewInvite, now: Millis) -> Result<Written> {
        const CHANGE: &str = "UPDATE invites SET chat = $3, registration = $4, changed_at = $5
             WHERE code = $1 AND owner = $2 AND deleted_at IS NULL";
        self.write_invite(CHANGE, new, now).await
    }

    async fn write_invite(&self, write: &'static str, new: &NewInvite, now: Millis) -> Result<Written> {
        const CLEAR: &str = "DELETE FROM invite_rooms WHERE code = $1";
        const ADD_ROOM: &str = "INSERT INTO invite_rooms (code, room, position) VALUES ($1, $2, $3)";
        Ok(in_transaction!(self, |tx| {
            let written = sqlx::query(write).bind(&new.code).bind(&new.owner).bind(new.chat);
            let written = written.bind(new.registration).bind(now).execute(&mut *tx).await?.rows_affected();
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
