//! Invites as the admins of a room see them, and what they block.

use app::{Invite, Terms};

use super::{
    AsWritten, Entry, Freshness, Millis, Pool, Result,
    audit::note,
    in_changing_transaction,
    invites::{changed, limits},
    on_pool,
};

/// That an invite is kept out of a room.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Block {
    /// The room.
    pub room: String,
    /// Matrix id of the admin.
    pub actor: String,
    /// Why, if they said so.
    pub reason: Option<String>,
    /// Since when.
    pub at: Millis,
}

/// An invite that leads into a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomInvite {
    /// Its number.
    pub number: i64,
    /// The invite, without its rooms.
    pub invite: Invite,
    /// How many people came into this room through it.
    pub came: i64,
    /// Whether it is kept out.
    pub block: Option<Block>,
}

impl AsMut<Invite> for RoomInvite {
    fn as_mut(&mut self) -> &mut Invite {
        &mut self.invite
    }
}

#[derive(sqlx::FromRow)]
struct RoomInviteRow {
    number: i64,
    code: String,
    owner: String,
    created_at: Millis,
    not_before: Option<Millis>,
    expires_at: Option<Millis>,
    max_uses: Option<i64>,
    uses: i64,
    paused_by: Option<String>,
    held_by: Option<String>,
    came: Option<i64>,
    actor: Option<String>,
    reason: Option<String>,
    at: Option<Millis>,
}

impl RoomInviteRow {
    fn read(self, room: &str) -> RoomInvite {
        let block = self.actor.map(|actor| Block {
            room: room.to_owned(),
            actor,
            reason: self.reason,
            at: self.at.unwrap_or_default(),
        });
        RoomInvite {
            number: self.number,
            came: self.came.unwrap_or_default(),
            block,
            invite: Invite {
                paused: self.paused_by.is_some(),
                held: self.held_by.is_some(),
                code: self.code,
                owner: self.owner,
                terms: Terms { limits: limits(self.not_before, self.expires_at, self.max_uses), ..Terms::default() },
                came: 0,
                last_came: None,
                created_at: self.created_at,
                uses: u32::try_from(self.uses).unwrap_or(u32::MAX),
            },
        }
    }
}

/// Which rooms invites lead into, and which they are kept out of. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Rooms(pub(super) Pool, pub(super) Freshness);

impl Rooms {
    /// Some of the live invites that lead into a room, the newest first: at most `most` of those with numbers below `before`.
    pub async fn invites_into(&self, room: &str, before: i64, most: i64) -> Result<Vec<AsWritten<RoomInvite>>> {
        const INTO: &str =
            "SELECT i.number, i.code, i.owner, i.created_at, i.not_before, i.expires_at, i.max_uses, i.uses,
                i.paused_by, i.held_by, a.came, b.actor, b.reason, b.at
             FROM invite_rooms r JOIN invites i ON i.code = r.code
                LEFT JOIN room_arrivals a ON a.code = r.code AND a.room = r.room
                LEFT JOIN blocks b ON b.code = r.code AND b.room = r.room
             WHERE r.room = $1 AND r.number < $2 AND i.deleted_at IS NULL
             ORDER BY r.number DESC LIMIT $3";
        let rows: Vec<RoomInviteRow> = on_pool!(&self.0, |pool| {
            sqlx::query_as(INTO).bind(room).bind(before).bind(most).fetch_all(pool).await?
        })?;
        Ok(rows.into_iter().map(|row| AsWritten(row.read(room))).collect())
    }

    /// Whether each of the newest live invites that lead into a room is kept out of it, the newest first; at most `most`.
    pub async fn kept_out(&self, room: &str, most: i64) -> Result<Vec<bool>> {
        const KEPT_OUT: &str = "SELECT b.code IS NOT NULL
             FROM invite_rooms r LEFT JOIN blocks b ON b.code = r.code AND b.room = r.room
             WHERE r.room = $1 AND r.number < $2 ORDER BY r.number DESC LIMIT $3";
        on_pool!(&self.0, |pool| {
            sqlx::query_scalar(KEPT_OUT).bind(room).bind(i64::MAX).bind(most).fetch_all(pool).await?
        })
    }

    /// The code of the live invite with this number, if it leads into that room.
    pub async fn code_into(&self, room: &str, number: i64) -> Result<Option<String>> {
        const CODE: &str = "SELECT r.code FROM invite_rooms r JOIN invites i ON i.code = r.code
             WHERE r.room = $1 AND r.number = $2 AND i.deleted_at IS NULL";
        on_pool!(&self.0, |pool| sqlx::query_scalar(CODE).bind(room).bind(number).fetch_optional(pool).await?)
    }

    /// The rooms out of which an invite is kept.
    pub async fn blocks(&self, code: &str) -> Result<Vec<Block>> {
        const BLOCKS: &str = "SELECT room, actor, reason, at FROM blocks WHERE code = $1";
        on_pool!(&self.0, |pool| sqlx::query_as(BLOCKS).bind(code).fetch_all(pool).await?)
    }

    /// Keeps an invite out of a room.
    pub async fn block(&self, code: &str, block: &Block, entry: &Entry) -> Result<()> {
        const BLOCK: &str = "INSERT INTO blocks (code, room, actor, reason, at) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (code, room) DO UPDATE SET actor = excluded.actor, reason = excluded.reason, at = excluded.at";
        in_changing_transaction!(self, |tx, changes| {
            changed!(&mut *tx, changes, code);
            let query = sqlx::query(BLOCK).bind(code).bind(&block.room).bind(&block.actor).bind(&block.reason);
            query.bind(block.at).execute(&mut *tx).await?;
            note!(&mut *tx, entry);
        });
        Ok(())
    }

    /// Lets an invite lead into a room again.
    pub async fn unblock(&self, code: &str, room: &str, entry: &Entry) -> Result<()> {
        const UNBLOCK: &str = "DELETE FROM blocks WHERE code = $1 AND room = $2";
        in_changing_transaction!(self, |tx, changes| {
            changed!(&mut *tx, changes, code);
            sqlx::query(UNBLOCK).bind(code).bind(room).execute(&mut *tx).await?;
            note!(&mut *tx, entry);
        });
        Ok(())
    }
}
