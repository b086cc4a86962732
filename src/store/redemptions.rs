//! Redemptions, room by room.

use std::collections::HashMap;

use app::MissedRoom;

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
        /// A sentence for them.
        reason: String,
        /// The homeserver's error code.
        errcode: String,
    },
}

impl Redemption {
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
            Came::Missed { reason, errcode } => {
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
    /// How far they are.
    pub redemption: Redemption,
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
const CHAT: &str = "";

type RedemptionRow = (Option<Millis>, Option<String>, Option<String>);

type OutcomeRow = (String, bool, Option<String>, Option<String>);

/// The same, behind whose it is.
type UseOutcomeRow = (String, String, bool, Option<String>, Option<String>);

impl From<OutcomeRow> for Outcome {
    fn from((room, joined, reason, errcode): OutcomeRow) -> Self {
        let missed = || Came::Missed { reason: reason.unwrap_or_default(), errcode: errcode.unwrap_or_default() };
        Self { room: Some(room).filter(|room| room != CHAT), came: if joined { Came::In } else { missed() } }
    }
}

impl Store {
    /// How far somebody's use of a code is; `None` if they never tried.
    pub async fn redemption(&self, code: &str, redeemer: &str) -> Result<Option<Redemption>> {
        const REDEMPTION: &str = "SELECT completed_at, chat_marker, chat_room
             FROM redemptions WHERE code = $1 AND redeemer = $2";
        const OUTCOMES: &str =
            "SELECT room, joined, reason, errcode FROM outcomes WHERE code = $1 AND redeemer = $2 ORDER BY room";
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

    /// Who has used a code, the last first and at most `most`; and how many in all.
    pub async fn uses(&self, code: &str, most: i64) -> Result<(Vec<Use>, i64)> {
        const USES: &str = "SELECT redeemer, started_at, completed_at IS NOT NULL FROM redemptions
             WHERE code = $1 ORDER BY started_at DESC, redeemer LIMIT $2";
        const OUTCOMES: &str = "SELECT redeemer, room, joined, reason, errcode FROM outcomes
             WHERE code = $1 AND redeemer IN (SELECT redeemer FROM redemptions
                WHERE code = $1 ORDER BY started_at DESC, redeemer LIMIT $2) ORDER BY room";
        const ALL: &str = "SELECT COUNT(*) FROM redemptions WHERE code = $1";
        on_pool!(self, |pool| {
            let rows: Vec<(String, Millis, bool)> = sqlx::query_as(USES).bind(code).bind(most).fetch_all(pool).await?;
            let outcomes: Vec<UseOutcomeRow> = sqlx::query_as(OUTCOMES).bind(code).bind(most).fetch_all(pool).await?;
            let all = sqlx::query_scalar(ALL).bind(code).fetch_one(pool).await?;
            let mut by_redeemer: HashMap<String, Vec<Outcome>> = HashMap::new();
            for (redeemer, room, joined, reason, errcode) in outcomes {
                by_redeemer.entry(redeemer).or_default().push((room, joined, reason, errcode).into());
            }
            let uses = rows.into_iter().map(|(redeemer, started_at, complete)| {
                let outcomes = by_redeemer.remove(&redeemer).unwrap_or_default();
                Use { redeemer, started_at, redemption: Redemption { complete, outcomes, chat: Chat::default() } }
            });
            Ok((uses.collect(), all))
        })
    }

    /// Whether somebody has redeemed a code completely.
    pub async fn has_redeemed(&self, code: &str, redeemer: &str) -> Result<bool> {
        const COMPLETE: &str =
            "SELECT COUNT(*) FROM redemptions WHERE code = $1 AND redeemer = $2 AND completed_at IS NOT NULL";
        let found: i64 =
            on_pool!(self, |pool| { sqlx::query_scalar(COMPLETE).bind(code).bind(redeemer).fetch_one(pool).await? });
        Ok(found > 0)
    }

    /// Begins somebody's use of a code; that it was begun before is fine.
    pub async fn begin_redemption(&self, code: &str, redeemer: &str, now: Millis) -> Result<()> {
        const BEGIN: &str = "INSERT INTO redemptions (code, redeemer, started_at) VALUES ($1, $2, $3)
             ON CONFLICT (code, redeemer) DO NOTHING";
        on_pool!(self, |pool| {
            sqlx::query(BEGIN).bind(code).bind(redeemer).bind(now).execute(pool).await?;
        });
        Ok(())
    }

    /// Notes what came of a room. Whoever is in stays in, whatever is noted later.
    pub async fn note_outcome(&self, code: &str, redeemer: &str, outcome: &Outcome, now: Millis) -> Result<()> {
        const NOTE: &str = "INSERT INTO outcomes (code, redeemer, room, joined, reason, errcode, at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (code, redeemer, room) DO UPDATE
             SET joined = excluded.joined, reason = excluded.reason, errcode = excluded.errcode, at = excluded.at
             WHERE NOT outcomes.joined";
        const CAME_IN: &str =
            "UPDATE redemptions SET came_at = $3 WHERE code = $1 AND redeemer = $2 AND came_at IS NULL";
        let (joined, reason, errcode) = match &outcome.came {
            Came::In => (true, None, None),
            Came::Missed { reason, errcode } => (false, Some(reason), Some(errcode)),
        };
        in_transaction!(self, |tx| {
            sqlx::query(NOTE)
                .bind(code)
                .bind(redeemer)
                .bind(outcome.room.as_deref().unwrap_or(CHAT))
                .bind(joined)
                .bind(reason)
                .bind(errcode)
                .bind(now)
                .execute(&mut *tx)
                .await?;
            if joined {
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
