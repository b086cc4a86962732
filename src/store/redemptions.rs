//! Redemptions, room by room.

use std::collections::HashMap;

use app::{MissedRoom, Reason};

use super::{Millis, Result, Store, in_transaction, invites::CHANGED, on_pool};

/// One person's use of one code, as far as it has come.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Redemption {
    /// Whether they are in everything it leads to.
    pub complete: bool,
    /// What came of each room so far.
    pub outcomes: Vec<Outcome>,
    /// How far the direct chat is.
    pub chat: Chat,
}

/// What came of one room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The room's id, or nothing for the direct chat.
    pub room: Option<String>,
    /// Whether they came in, or else why not.
    pub came: Came,
}

/// Whether somebody came in to a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Came {
    /// They are in.
    In,
    /// They are not.
    Missed {
        /// Why.
        reason: Reason,
        /// The homeserver's error code.
        errcode: String,
        /// Whether redeeming again may help.
        again: bool,
    },
}

impl Redemption {
    /// How many rooms they came in to, a direct chat included.
    pub fn came_in_to(&self) -> usize {
        self.outcomes.iter().filter(|outcome| outcome.came == Came::In).count()
    }

    /// Whether they came in to something, and redeeming again would not bring them into anything more of these `rooms`, or into the `chat`
    /// that comes with them.
    pub fn is_over(&self, rooms: &[String], chat: bool) -> bool {
        let settled = |room: Option<&str>| {
            let outcome = self.outcomes.iter().find(|outcome| outcome.room.as_deref() == room);
            outcome.is_some_and(|outcome| !matches!(outcome.came, Came::Missed { again: true, .. }))
        };
        let all = rooms.iter().all(|room| settled(Some(room))) && (!chat || settled(None));
        self.complete || all && self.came_in_to() > 0
    }

    /// Whether they came in to a room, or with `None` to the direct chat.
    pub fn is_in(&self, room: Option<&str>) -> bool {
        self.outcomes.iter().any(|outcome| outcome.room.as_deref() == room && outcome.came == Came::In)
    }
}

impl Outcome {
    /// The room as one that is missing, if it is.
    pub fn missed(&self) -> Option<MissedRoom> {
        match &self.came {
            Came::In => None,
            Came::Missed { reason, errcode, .. } => {
                Some(MissedRoom { room: self.room.clone(), reason: reason.clone(), code: errcode.clone() })
            }
        }
    }
}

/// Somebody's use of a code, as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// Matrix id.
    pub redeemer: String,
    /// When they began.
    pub started_at: Millis,
    /// When they were first let in to anything.
    pub came_at: Option<Millis>,
    /// When they were in everything.
    pub completed_at: Option<Millis>,
    /// How far they are.
    pub redemption: Redemption,
}

/// How many people have used a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct Totals {
    /// Those who have begun.
    pub begun: i64,
    /// Those who came in to anything.
    pub came: i64,
    /// Those who are in everything.
    pub complete: i64,
}

/// Whether there was a use left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begun {
    /// They have one.
    Yes,
    /// The invite is used up.
    UsedUp,
}

/// How far the direct chat of a redemption is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Chat {
    /// The mark under which a room may have been made.
    pub marker: Option<String>,
    /// The room.
    pub room: Option<String>,
}

/// Under what the direct chat stands among the outcomes.
pub(super) const CHAT: &str = "";

type RedemptionRow = (Option<Millis>, Option<String>, Option<String>);

#[derive(sqlx::FromRow)]
struct OutcomeRow {
    redeemer: String,
    room: String,
    joined: bool,
    reason: Option<String>,
    said: Option<String>,
    errcode: Option<String>,
    again: bool,
}
impl From<OutcomeRow> for Outcome {
    fn from(row: OutcomeRow) -> Self {
        let came = match row.joined {
            true => Came::In,
            false => Came::Missed {
                reason: Reason::of(&row.reason.unwrap_or_default(), row.said),
                errcode: row.errcode.unwrap_or_default(),
                again: row.again,
            },
        };
        Self { room: Some(row.room).filter(|room| room != CHAT), came }
    }
}

pub(super) const NOTE: &str = "INSERT INTO outcomes (code, redeemer, room, joined, reason, said, errcode, at, again)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
     ON CONFLICT (code, redeemer, room) DO UPDATE
     SET joined = excluded.joined, reason = excluded.reason, said = excluded.said, errcode = excluded.errcode,
        at = excluded.at, again = excluded.again
     WHERE NOT outcomes.joined";

/// Writes what came of a room in a transaction.
macro_rules! write_outcome {
    ($tx:expr, $code:expr, $redeemer:expr, $outcome:expr, $now:expr) => {{
        let outcome: &$crate::store::Outcome = $outcome;
        let (joined, reason, errcode, again) = match &outcome.came {
            $crate::store::Came::In => (true, None, None, false),
            $crate::store::Came::Missed { reason, errcode, again } => (false, Some(reason), Some(errcode), *again),
        };
        sqlx::query($crate::store::redemptions::NOTE)
            .bind($code)
            .bind($redeemer)
            .bind(outcome.room.as_deref().unwrap_or($crate::store::redemptions::CHAT))
            .bind(joined)
            .bind(reason.map(app::Reason::key))
            .bind(reason.and_then(app::Reason::said))
            .bind(errcode)
            .bind($now)
            .bind(again)
            .execute($tx)
            .await?;
    }};
}

pub(super) use write_outcome;

impl Store {
    /// How far somebody's use of a code is; `None` if they never tried.
    pub async fn redemption(&self, code: &str, redeemer: &str) -> Result<Option<Redemption>> {
        const REDEMPTION: &str = "SELECT completed_at, chat_marker, chat_room
             FROM redemptions WHERE code = $1 AND redeemer = $2";
        const OUTCOMES: &str = "SELECT redeemer, room, joined, reason, said, errcode, again FROM outcomes WHERE code = $1 AND redeemer = $2 ORDER BY room";
        on_pool!(self, |pool| {
            let row: Option<RedemptionRow> =
                sqlx::query_as(REDEMPTION).bind(code).bind(redeemer).fetch_optional(pool).await?;
            let Some((completed_at, marker, room)) = row else { return Ok(None) };
            let outcomes: Vec<OutcomeRow> = sqlx::query_as(OUTCOMES).bind(code).bind(redeemer).fetch_all(pool).await?;
            Ok(Some(Redemption {
                complete: completed_at.is_some(),
                outcomes: outcomes.into_iter().map(Outcome::from).collect(),
                chat: Chat { marker, room },
            }))
        })
    }

    /// Who has used a code, the last first: at most `most` of those before one, by when they began and who they are.
    pub async fn uses(&self, code: &str, before: Option<(Millis, &str)>, most: i64) -> Result<Vec<Use>> {
        const USES: &str = "SELECT redeemer, started_at, came_at, completed_at FROM redemptions
             WHERE code = $1 AND (started_at < $2 OR started_at = $2 AND redeemer > $3)
             ORDER BY started_at DESC, redeemer LIMIT $4";
        const OUTCOMES: &str = "SELECT redeemer, room, joined, reason, said, errcode, again FROM outcomes
             WHERE code = $1 AND redeemer IN (SELECT redeemer FROM redemptions
                WHERE code = $1 AND (started_at < $2 OR started_at = $2 AND redeemer > $3)
                ORDER BY started_at DESC, redeemer LIMIT $4) ORDER BY room";
        let (before, who) = before.unwrap_or((Millis::MAX, ""));
        on_pool!(self, |pool| {
            let rows = sqlx::query_as(USES).bind(code).bind(before).bind(who).bind(most);
            let rows: Vec<(String, Millis, Option<Millis>, Option<Millis>)> = rows.fetch_all(pool).await?;
            let outcomes = sqlx::query_as(OUTCOMES).bind(code).bind(before).bind(who).bind(most);
            let outcomes: Vec<OutcomeRow> = outcomes.fetch_all(pool).await?;
            let mut by_redeemer: HashMap<String, Vec<Outcome>> = HashMap::new();
            for mut row in outcomes {
                let redeemer = std::mem::take(&mut row.redeemer);
                by_redeemer.entry(redeemer).or_default().push(row.into());
            }
            let uses = rows.into_iter().map(|(redeemer, started_at, came_at, completed_at)| {
                let outcomes = by_redeemer.remove(&redeemer).unwrap_or_default();
                let complete = completed_at.is_some();
                let redemption = Redemption { complete, outcomes, chat: Chat::default() };
                Use { redeemer, started_at, came_at, completed_at, redemption }
            });
            Ok(uses.collect())
        })
    }

    /// How many people have used a code.
    pub async fn totals(&self, code: &str) -> Result<Totals> {
        const TOTALS: &str = "SELECT COUNT(*) AS begun, COUNT(came_at) AS came, COUNT(completed_at) AS complete
             FROM redemptions WHERE code = $1";
        on_pool!(self, |pool| Ok(sqlx::query_as(TOTALS).bind(code).fetch_one(pool).await?))
    }

    /// How many people came on which day, days counted from the epoch (UTC); days on which nobody came are left out.
    pub async fn came_by_day(&self, code: &str) -> Result<Vec<(i64, i64)>> {
        const BY_DAY: &str = "SELECT came_at / 86400000 AS day, COUNT(*) FROM redemptions
             WHERE code = $1 AND came_at IS NOT NULL GROUP BY came_at / 86400000 ORDER BY day";
        on_pool!(self, |pool| Ok(sqlx::query_as(BY_DAY).bind(code).fetch_all(pool).await?))
    }

    /// Whether somebody has redeemed a code completely.
    pub async fn has_redeemed(&self, code: &str, redeemer: &str) -> Result<bool> {
        const COMPLETE: &str =
            "SELECT COUNT(*) FROM redemptions WHERE code = $1 AND redeemer = $2 AND completed_at IS NOT NULL";
        let found: i64 =
            on_pool!(self, |pool| { sqlx::query_scalar(COMPLETE).bind(code).bind(redeemer).fetch_one(pool).await? });
        Ok(found > 0)
    }

    /// Whether somebody has one of an invite's uses.
    pub async fn holds_use(&self, code: &str, redeemer: &str) -> Result<bool> {
        const HOLDS: &str = "SELECT COUNT(*) FROM redemptions WHERE code = $1 AND redeemer = $2 AND use_at IS NOT NULL";
        let found: i64 =
            on_pool!(self, |pool| { sqlx::query_scalar(HOLDS).bind(code).bind(redeemer).fetch_one(pool).await? });
        Ok(found > 0)
    }

    /// Begins somebody's use of a code and takes one of its uses, if fewer than `most` are taken; that it was begun before is fine.
    pub async fn begin_redemption(&self, code: &str, redeemer: &str, most: Option<u32>, now: Millis) -> Result<Begun> {
        // Whoever gives stale uses back sees that this one is not.
        const HELD: &str =
            "UPDATE redemptions SET use_at = $3 WHERE code = $1 AND redeemer = $2 AND use_at IS NOT NULL";
        const TAKE: &str =
            "UPDATE invites SET uses = uses + 1, token_due = CASE WHEN registration AND $4 THEN $3 ELSE token_due END
             WHERE code = $1 AND uses < $2";
        const BEGIN: &str = "INSERT INTO redemptions (code, redeemer, started_at, use_at) VALUES ($1, $2, $3, $3)
             ON CONFLICT (code, redeemer) DO UPDATE SET use_at = excluded.use_at";
        let (bounded, most) = (most.is_some(), most.map_or(i64::MAX, i64::from));
        Ok(in_transaction!(self, |tx| {
            let held = sqlx::query(HELD).bind(code).bind(redeemer).bind(now).execute(&mut *tx).await?;
            if held.rows_affected() > 0 {
                Begun::Yes
            } else if sqlx::query(TAKE)
                .bind(code)
                .bind(most)
                .bind(now)
                .bind(bounded)
                .execute(&mut *tx)
                .await?
                .rows_affected()
                > 0
            {
                sqlx::query(BEGIN).bind(code).bind(redeemer).bind(now).execute(&mut *tx).await?;
                sqlx::query(CHANGED).bind(code).execute(&mut *tx).await?;
                Begun::Yes
            } else {
                Begun::UsedUp
            }
        }))
    }

    /// Gives a use back with which nobody came in to anything, if it was taken before `before`.
    pub async fn give_use_back(&self, code: &str, redeemer: &str, before: Millis, now: Millis) -> Result<()> {
        const BACK: &str = "UPDATE redemptions SET use_at = NULL
             WHERE code = $1 AND redeemer = $2 AND use_at < $3 AND came_at IS NULL";
        const ONE_LESS: &str = "UPDATE invites SET uses = uses - 1, token_due = CASE WHEN registration THEN $2 ELSE token_due END WHERE code = $1";
        in_transaction!(self, |tx| {
            let back = sqlx::query(BACK).bind(code).bind(redeemer).bind(before).execute(&mut *tx).await?;
            if back.rows_affected() > 0 {
                sqlx::query(ONE_LESS).bind(code).bind(now).execute(&mut *tx).await?;
                sqlx::query(CHANGED).bind(code).execute(&mut *tx).await?;
            }
        });
        Ok(())
    }

    /// Codes and redeemers of uses that were taken before `before`, with which nobody has come in to anything, and nobody is at work
    /// `now`; at most `most`.
    pub async fn stale_uses(&self, before: Millis, now: Millis, most: i64) -> Result<Vec<(String, String)>> {
        const STALE: &str = "SELECT code, redeemer FROM redemptions WHERE came_at IS NULL AND use_at < $1
             AND NOT EXISTS (SELECT 1 FROM leases WHERE name = 'redeem:' || redeemer AND until > $2) LIMIT $3";
        on_pool!(self, |pool| Ok(sqlx::query_as(STALE).bind(before).bind(now).bind(most).fetch_all(pool).await?))
    }

    /// Notes what came of a room. Whoever is in stays in, whatever is noted later.
    pub async fn note_outcome(&self, code: &str, redeemer: &str, outcome: &Outcome, now: Millis) -> Result<()> {
        const CAME_IN: &str =
            "UPDATE redemptions SET came_at = $3 WHERE code = $1 AND redeemer = $2 AND came_at IS NULL";
        in_transaction!(self, |tx| {
            write_outcome!(&mut *tx, code, redeemer, outcome, now);
            if outcome.came == Came::In {
                let first = sqlx::query(CAME_IN).bind(code).bind(redeemer).bind(now).execute(&mut *tx).await?;
                if first.rows_affected() > 0 {
                    sqlx::query(CHANGED).bind(code).execute(&mut *tx).await?;
                }
            }
        });
        Ok(())
    }

    /// Notes under which mark the direct chat is about to be made.
    pub async fn note_chat_marker(&self, code: &str, redeemer: &str, marker: &str) -> Result<()> {
        const MARK: &str = "UPDATE redemptions SET chat_marker = $3 WHERE code = $1 AND redeemer = $2";
        on_pool!(self, |pool| {
            sqlx::query(MARK).bind(code).bind(redeemer).bind(marker).execute(pool).await?;
        });
        Ok(())
    }

    /// Notes which room is the direct chat.
    pub async fn note_chat_room(&self, code: &str, redeemer: &str, room: &str) -> Result<()> {
        const ROOM: &str = "UPDATE redemptions SET chat_room = $3 WHERE code = $1 AND redeemer = $2";
        on_pool!(self, |pool| {
            sqlx::query(ROOM).bind(code).bind(redeemer).bind(room).execute(pool).await?;
        });
        Ok(())
    }

    /// Notes that somebody is in everything a code leads to.
    pub async fn complete_redemption(&self, code: &str, redeemer: &str, now: Millis) -> Result<()> {
        const COMPLETE: &str = "UPDATE redemptions SET completed_at = $3, came_at = COALESCE(came_at, $3)
             WHERE code = $1 AND redeemer = $2 AND completed_at IS NULL";
        in_transaction!(self, |tx| {
            sqlx::query(COMPLETE).bind(code).bind(redeemer).bind(now).execute(&mut *tx).await?;
            sqlx::query(CHANGED).bind(code).execute(&mut *tx).await?;
        });
        Ok(())
    }
}
