//! Invites and their rooms.

use std::collections::HashMap;

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

type InviteRow = (String, String, bool, bool, String, Option<Millis>, i64);

const INVITE: &str = "SELECT code, owner, chat, registration, registration_token, deleted_at,
            (SELECT COUNT(*) FROM redemptions r WHERE r.code = i.code AND r.came_at IS NOT NULL)
     FROM invites i WHERE code = $1";

const ADD_ROOM: &str = "INSERT INTO invite_rooms (code, room, position) VALUES ($1, $2, $3)";

impl Store {
    /// The invite with this code, deleted or not.
    pub async fn invite(&self, code: &str) -> Result<Option<StoredInvite>> {
        const ROOMS: &str = "SELECT room FROM invite_rooms WHERE code = $1 ORDER BY position";
        if code.contains('\0') {
            // PostgreSQL has no such text, so there is no such code.
            return Ok(None);
        }
        on_pool!(self, |pool| {
            let row: Option<InviteRow> = sqlx::query_as(INVITE).bind(code).fetch_optional(pool).await?;
            let Some((code, owner, chat, registration, token, deleted_at, came)) = row else {
                return Ok(None);
            };
            let rooms = sqlx::query_scalar(ROOMS).bind(&code).fetch_all(pool).await?;
            Ok(Some(StoredInvite {
                invite: Invite { code, owner, rooms, chat, came: count(came) },
                registration,
                registration_token: RegistrationToken::read(&token),
                deleted_at,
            }))
        })
    }

    /// Everything an owner has made and not deleted, oldest first.
    pub async fn invites_of(&self, owner: &str) -> Result<Vec<Invite>> {
        const INVITES: &str =
            "SELECT code, chat FROM invites WHERE owner = $1 AND deleted_at IS NULL ORDER BY created_at, code";
        const ROOMS: &str = "SELECT r.code, r.room FROM invites i JOIN invite_rooms r ON r.code = i.code
             WHERE i.owner = $1 AND i.deleted_at IS NULL ORDER BY r.code, r.position";
        const CAME: &str = "SELECT r.code, COUNT(*) FROM invites i JOIN redemptions r ON r.code = i.code
             WHERE i.owner = $1 AND i.deleted_at IS NULL AND r.came_at IS NOT NULL GROUP BY r.code";
        let (invites, rooms, came) = on_pool!(self, |pool| {
            let invites: Vec<(String, bool)> = sqlx::query_as(INVITES).bind(owner).fetch_all(pool).await?;
            let rooms: Vec<(String, String)> = sqlx::query_as(ROOMS).bind(owner).fetch_all(pool).await?;
            let came: Vec<(String, i64)> = sqlx::query_as(CAME).bind(owner).fetch_all(pool).await?;
            (invites, rooms, came)
        });
        let mut rooms_of: HashMap<String, Vec<String>> = HashMap::with_capacity(invites.len());
        for (code, room) in rooms {
            rooms_of.entry(code).or_default().push(room);
        }
        let came: HashMap<String, i64> = came.into_iter().collect();
        Ok(invites
            .into_iter()
            .map(|(code, chat)| Invite {
                rooms: rooms_of.remove(&code).unwrap_or_default(),
                came: count(came.get(&code).copied().unwrap_or_default()),
                owner: owner.to_owned(),
                chat,
                code,
            })
            .collect())
    }

    /// Writes a new invite, unless its code was ever used before.
    pub async fn create_invite(&self, new: &NewInvite, now: Millis) -> Result<Written> {
        const CREATE: &str = "INSERT INTO invites (code, owner, chat, registration, created_at, changed_at)
             VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT (code) DO NOTHING";
        Ok(in_transaction!(self, |tx| {
            let rows = sqlx::query(CREATE)
                .bind(&new.code)
                .bind(&new.owner)
                .bind(new.chat)
                .bind(new.registration)
                .bind(now)
                .execute(&mut *tx)
                .await?
                .rows_affected();
            if rows > 0 {
                for (position, room) in (0_i64..).zip(&new.rooms) {
                    sqlx::query(ADD_ROOM).bind(&new.code).bind(room).bind(position).execute(&mut *tx).await?;
                }
            }
            rows.into()
        }))
    }

    /// Writes a live invite of this owner anew.
    pub async fn change_invite(&self, new: &NewInvite, now: Millis) -> Result<Written> {
        const CHANGE: &str = "UPDATE invites SET chat = $3, registration = $4, changed_at = $5
             WHERE code = $1 AND owner = $2 AND deleted_at IS NULL";
        const CLEAR: &str = "DELETE FROM invite_rooms WHERE code = $1";
        Ok(in_transaction!(self, |tx| {
            let rows = sqlx::query(CHANGE)
                .bind(&new.code)
                .bind(&new.owner)
                .bind(new.chat)
                .bind(new.registration)
                .bind(now)
                .execute(&mut *tx)
                .await?
                .rows_affected();
            if rows > 0 {
                sqlx::query(CLEAR).bind(&new.code).execute(&mut *tx).await?;
                for (position, room) in (0_i64..).zip(&new.rooms) {
                    sqlx::query(ADD_ROOM).bind(&new.code).bind(room).bind(position).execute(&mut *tx).await?;
                }
            }
            rows.into()
        }))
    }

    /// Marks an invite as deleted.
    pub async fn delete_invite(&self, code: &str, now: Millis) -> Result<Written> {
        const DELETE: &str =
            "UPDATE invites SET deleted_at = $2, changed_at = $2 WHERE code = $1 AND deleted_at IS NULL";
        let rows =
            on_pool!(self, |pool| { sqlx::query(DELETE).bind(code).bind(now).execute(pool).await?.rows_affected() });
        Ok(rows.into())
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

fn count(rows: i64) -> u32 {
    u32::try_from(rows).unwrap_or(u32::MAX)
}
