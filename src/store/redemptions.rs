//! Redemptions, room by room.

use std::collections::HashMap;

use app::{MissedRoom, Reason};

use super::{
    Ends, Freshness, Millis, Pool, Result,
    days::{Tally, count_days},
    in_changing_transaction,
    invites::{changed, lets_in, of_erased},
    on_pool,
};

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

/// Of which people the uses of a code are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whom {
    /// All who have begun.
    Everybody,
    /// Those who have not joined everything.
    Incomplete,
}

/// How many people have used a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct Totals {
    /// Those who have begun.
    pub begun: i64,
    /// Those who came in to anything.
    pub came: i64,
    /// Those who are in everything.
    pub completed: i64,
}

/// Whether there was a use left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begun {
    /// They have one.
    Yes,
    /// None is left, or the invite lets nobody in now.
    No,
}

/// How far the direct chat of a redemption is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Chat {
    /// The mark under which a room may have been made.
    pub marker: Option<String>,
    /// When it was last tried, unless that was refused: the homeserver may be at it yet.
    pub tried_at: Option<Millis>,
    /// The room.
    pub room: Option<String>,
}

/// Under what the direct chat stands among the outcomes.
pub(super) const CHAT: &str = "";

type RedemptionRow = (Option<Millis>, Option<String>, Option<Millis>, Option<String>);

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

/// The homeserver's words may name the owner. Without them they are read as a failure of the homeserver (`Reason::of`).
pub(super) const NOTE: &str = concat!(
    "INSERT INTO outcomes (code, redeemer, room, joined, reason, said, errcode, at, again)
     VALUES ($1, $2, $3, $4, $5, CASE WHEN ",
    of_erased!(),
    " THEN NULL ELSE CAST($6 AS TEXT) END,
        $7, $8, $9)
     ON CONFLICT (code, redeemer, room) DO UPDATE
     SET joined = excluded.joined, reason = excluded.reason, said = excluded.said, errcode = excluded.errcode,
        at = excluded.at, again = excluded.again
     WHERE NOT outcomes.joined
     RETURNING joined, reason"
);

/// Nobody else notes what came of somebody's redemption until the transaction ends. No index has to be written for this column.
pub(super) const ALONE_AT_IT: &str = "UPDATE redemptions SET chat_room = chat_room WHERE code = $1 AND redeemer = $2";

/// When and why somebody did not come in to a room so far.
pub(super) const MISSED: &str =
    "SELECT at, reason FROM outcomes WHERE code = $1 AND redeemer = $2 AND room = $3 AND NOT joined";

pub(super) const ONE_MORE_IN_ROOM: &str = "INSERT INTO room_arrivals (code, room, came) VALUES ($1, $2, 1)
     ON CONFLICT (code, room) DO UPDATE SET came = room_arrivals.came + 1";

/// Writes what came of a room in a transaction, and counts whoever is in it now.
macro_rules! write_outcome {
    ($tx:expr, $tally:expr, $code:expr, $redeemer:expr, $outcome:expr, $now:expr) => {{
        let outcome: &$crate::store::Outcome = $outcome;
        let (joined, reason, errcode, again) = match &outcome.came {
            $crate::store::Came::In => (true, None, None, false),
            $crate::store::Came::Missed { reason, errcode, again } => (false, Some(reason), Some(errcode), *again),
        };
        let room = outcome.room.as_deref().unwrap_or($crate::store::redemptions::CHAT);
        let alone = sqlx::query($crate::store::redemptions::ALONE_AT_IT).bind($code).bind($redeemer);
        alone.execute($tx).await?;
        let missed = sqlx::query_as($crate::store::redemptions::MISSED).bind($code).bind($redeemer).bind(room);
        let missed: Option<($crate::store::Millis, Option<String>)> = missed.fetch_optional($tx).await?;
        let written: Option<(bool, Option<String>)> = sqlx::query_as($crate::store::redemptions::NOTE)
            .bind($code)
            .bind($redeemer)
            .bind(room)
            .bind(joined)
            .bind(reason.map(app::Reason::key))
            .bind(reason.and_then(app::Reason::said))
            .bind(errcode)
            .bind($now)
            .bind(again)
            .fetch_optional($tx)
            .await?;
        if let Some((joined, reason)) = written {
            if let Some((at, reason)) = missed {
                $tally.missed(at, reason, -1);
            }
            if !joined {
                $tally.missed($now, reason, 1);
            } else if let Some(room) = &outcome.room {
                sqlx::query($crate::store::redemptions::ONE_MORE_IN_ROOM).bind($code).bind(room).execute($tx).await?;
            }
        }
    }};
}

pub(super) const CAME_IN: &str =
    "UPDATE redemptions SET came_at = $3 WHERE code = $1 AND redeemer = $2 AND came_at IS NULL";

pub(super) const ONE_MORE_CAME: &str = "UPDATE invites SET came = came + 1,
        last_came_at = CASE WHEN last_came_at > $2 THEN last_came_at ELSE $2 END
     WHERE code = $1";

pub(super) const ONE_MORE_ON_THE_DAY: &str = "INSERT INTO arrivals (code, day, came) VALUES ($1, $2 / 86400000, 1)
     ON CONFLICT (code, day) DO UPDATE SET came = arrivals.came + 1";

/// Notes in a transaction that somebody came in to something, and counts them the first time.
macro_rules! arrive {
    ($tx:expr, $tally:expr, $code:expr, $redeemer:expr, $at:expr) => {{
        let came = sqlx::query($crate::store::redemptions::CAME_IN).bind($code).bind($redeemer).bind($at);
        if came.execute($tx).await?.rows_affected() > 0 {
            $tally.joined($at);
            for count in [$crate::store::redemptions::ONE_MORE_CAME, $crate::store::redemptions::ONE_MORE_ON_THE_DAY] {
                sqlx::query(count).bind($code).bind($at).execute($tx).await?;
            }
        }
    }};
}

pub(super) const COMPLETE: &str =
    "UPDATE redemptions SET completed_at = $3 WHERE code = $1 AND redeemer = $2 AND completed_at IS NULL";

pub(super) const ONE_MORE_COMPLETE: &str = "UPDATE invites SET completed = completed + 1 WHERE code = $1";

/// Notes in a transaction that somebody is in everything, and counts them the first time.
macro_rules! complete {
    ($tx:expr, $code:expr, $redeemer:expr, $at:expr) => {{
        let complete = sqlx::query($crate::store::redemptions::COMPLETE).bind($code).bind($redeemer).bind($at);
        if complete.execute($tx).await?.rows_affected() > 0 {
            sqlx::query($crate::store::redemptions::ONE_MORE_COMPLETE).bind($code).execute($tx).await?;
        }
    }};
}

pub(super) use {arrive, complete, write_outcome};

/// Of whom a page is listed: `$1` is the code, `$2` and `$3` are where the previous page ended, `$4` is how many.
macro_rules! page_of_uses {
    ($condition:tt) => {
        concat!(
            "FROM redemptions WHERE code = $1 ",
            $condition,
            " AND started_at <= $2 AND (started_at < $2 OR redeemer > $3) ORDER BY started_at DESC, redeemer LIMIT $4"
        )
    };
}

macro_rules! uses {
    ($condition:tt) => {
        concat!("SELECT redeemer, started_at, came_at, completed_at ", page_of_uses!($condition))
    };
}

macro_rules! outcomes_of {
    ($condition:tt) => {
        concat!(
            "SELECT redeemer, room, joined, reason, said, errcode, again FROM outcomes
             WHERE code = $1 AND redeemer IN (SELECT redeemer ",
            page_of_uses!($condition),
            ") ORDER BY room"
        )
    };
}

/// Who redeemed which invite, and what came of it. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Redemptions(pub(super) Pool, pub(super) Freshness);

impl Redemptions {
    /// How far somebody's use of a code is; `None` if they never tried.
    pub async fn get(&self, code: &str, redeemer: &str) -> Result<Option<Redemption>> {
        const REDEMPTION: &str = "SELECT completed_at, chat_marker, chat_tried_at, chat_room
             FROM redemptions WHERE code = $1 AND redeemer = $2";
        const OUTCOMES: &str = "SELECT redeemer, room, joined, reason, said, errcode, again FROM outcomes WHERE code = $1 AND redeemer = $2 ORDER BY room";
        on_pool!(&self.0, |pool| {
            let row: Option<RedemptionRow> =
                sqlx::query_as(REDEMPTION).bind(code).bind(redeemer).fetch_optional(pool).await?;
            let Some((completed_at, marker, tried_at, room)) = row else { return Ok(None) };
            let outcomes: Vec<OutcomeRow> = sqlx::query_as(OUTCOMES).bind(code).bind(redeemer).fetch_all(pool).await?;
            Some(Redemption {
                complete: completed_at.is_some(),
                outcomes: outcomes.into_iter().map(Outcome::from).collect(),
                chat: Chat { marker, tried_at, room },
            })
        })
    }

    /// Who has used a code, the last first: at most `most` of those before one, by when they began and who they are.
    pub async fn uses(&self, code: &str, whom: Whom, before: Option<(Millis, &str)>, most: i64) -> Result<Vec<Use>> {
        const USES: [&str; 2] = [uses!(""), uses!("AND completed_at IS NULL")];
        const OUTCOMES: [&str; 2] = [outcomes_of!(""), outcomes_of!("AND completed_at IS NULL")];
        let (people, rooms) = match whom {
            Whom::Everybody => (USES[0], OUTCOMES[0]),
            Whom::Incomplete => (USES[1], OUTCOMES[1]),
        };
        let (before, who) = before.unwrap_or((Millis::MAX, ""));
        on_pool!(&self.0, |pool| {
            let rows = sqlx::query_as(people).bind(code).bind(before).bind(who).bind(most);
            let rows: Vec<(String, Millis, Option<Millis>, Option<Millis>)> = rows.fetch_all(pool).await?;
            let asked = sqlx::query_as(rooms).bind(code).bind(before).bind(who).bind(most);
            let outcomes: Vec<OutcomeRow> = asked.fetch_all(pool).await?;
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
            uses.collect()
        })
    }

    /// How many people have used a code.
    pub async fn totals(&self, code: &str) -> Result<Totals> {
        const TOTALS: &str = "SELECT begun, came, completed FROM invites WHERE code = $1";
        on_pool!(&self.0, |pool| sqlx::query_as(TOTALS).bind(code).fetch_one(pool).await?)
    }

    /// How many people came on which day, days counted from the epoch (UTC); days on which nobody came are left out.
    pub async fn came_by_day(&self, code: &str) -> Result<Vec<(i64, i64)>> {
        const BY_DAY: &str = "SELECT day, came FROM arrivals WHERE code = $1 ORDER BY day";
        on_pool!(&self.0, |pool| sqlx::query_as(BY_DAY).bind(code).fetch_all(pool).await?)
    }

    /// Whether somebody has redeemed a code completely.
    pub async fn is_complete(&self, code: &str, redeemer: &str) -> Result<bool> {
        const COMPLETE: &str =
            "SELECT COUNT(*) FROM redemptions WHERE code = $1 AND redeemer = $2 AND completed_at IS NOT NULL";
        let found: i64 = on_pool!(&self.0, |pool| {
            sqlx::query_scalar(COMPLETE).bind(code).bind(redeemer).fetch_one(pool).await?
        })?;
        Ok(found > 0)
    }

    /// Whether somebody has one of an invite's uses.
    pub async fn holds_use(&self, code: &str, redeemer: &str) -> Result<bool> {
        const HOLDS: &str = "SELECT COUNT(*) FROM redemptions WHERE code = $1 AND redeemer = $2 AND use_at IS NOT NULL";
        let found: i64 = on_pool!(&self.0, |pool| {
            let query = sqlx::query_scalar(HOLDS).bind(code).bind(redeemer);
            query.fetch_one(pool).await?
        })?;
        Ok(found > 0)
    }

    /// Begins somebody's use of a code and takes one of its uses, if it lets people in now and one is left; they may have one already.
    pub async fn begin(&self, code: &str, redeemer: &str, ends: Ends) -> Result<Begun> {
        const LETS_IN: &str = concat!("SELECT COUNT(*) FROM invites i WHERE code = $1 AND ", lets_in!());
        // Whoever gives stale uses back sees that this one is not.
        const HELD: &str =
            "UPDATE redemptions SET use_at = $3 WHERE code = $1 AND redeemer = $2 AND use_at IS NOT NULL";
        const TAKE: &str = concat!(
            "UPDATE invites AS i SET uses = uses + 1, token_due = CASE
                WHEN registration AND (max_uses IS NOT NULL OR CAST($4 AS BIGINT) IS NOT NULL) THEN $2 ELSE token_due END
             WHERE code = $1 AND (max_uses IS NULL OR uses < max_uses)
                AND (CAST($4 AS BIGINT) IS NULL OR uses < CAST($4 AS BIGINT)) AND ",
            lets_in!()
        );
        const RENEW_USE: &str = "UPDATE redemptions SET use_at = $3 WHERE code = $1 AND redeemer = $2";
        const FIRST: &str = "INSERT INTO redemptions (code, redeemer, started_at, use_at) VALUES ($1, $2, $3, $3)";
        const ONE_MORE: &str = "UPDATE invites SET begun = begun + 1 WHERE code = $1";
        let Ends { now, made_before, max_uses } = ends;
        let most = max_uses.map(i64::from);
        Ok(in_changing_transaction!(self, |tx, changes| {
            // From here on nobody else begins with an invite of this owner: what is looked at now is so until the end.
            changed!(&mut *tx, changes, code);
            let open: i64 =
                sqlx::query_scalar(LETS_IN).bind(code).bind(now).bind(made_before).fetch_one(&mut *tx).await?;
            let held = sqlx::query(HELD).bind(code).bind(redeemer).bind(now);
            if open == 0 {
                Begun::No
            } else if held.execute(&mut *tx).await?.rows_affected() > 0 {
                Begun::Yes
            } else {
                let take = sqlx::query(TAKE).bind(code).bind(now).bind(made_before).bind(most);
                if take.execute(&mut *tx).await?.rows_affected() == 0 {
                    Begun::No
                } else {
                    let again = sqlx::query(RENEW_USE).bind(code).bind(redeemer).bind(now).execute(&mut *tx).await?;
                    if again.rows_affected() == 0 {
                        sqlx::query(FIRST).bind(code).bind(redeemer).bind(now).execute(&mut *tx).await?;
                        sqlx::query(ONE_MORE).bind(code).execute(&mut *tx).await?;
                    }
                    Begun::Yes
                }
            }
        }))
    }

    /// Gives a use back with which nobody came in to anything, if it was taken before `before`.
    pub async fn give_use_back(&self, code: &str, redeemer: &str, before: Millis, now: Millis) -> Result<()> {
        const BACK: &str = "UPDATE redemptions SET use_at = NULL
             WHERE code = $1 AND redeemer = $2 AND use_at < $3 AND came_at IS NULL";
        const ONE_LESS: &str = "UPDATE invites SET uses = uses - 1, token_due = CASE WHEN registration THEN $2 ELSE token_due END WHERE code = $1";
        in_changing_transaction!(self, |tx, changes| {
            changed!(&mut *tx, changes, code);
            let back = sqlx::query(BACK).bind(code).bind(redeemer).bind(before).execute(&mut *tx).await?;
            if back.rows_affected() > 0 {
                sqlx::query(ONE_LESS).bind(code).bind(now).execute(&mut *tx).await?;
            }
        });
        Ok(())
    }

    /// Codes and redeemers of uses that were taken before `before`, with which nobody has come in to anything, and nobody is at work
    /// `now`; at most `most`.
    pub async fn stale_uses(&self, before: Millis, now: Millis, most: i64) -> Result<Vec<(String, String)>> {
        const STALE: &str = "SELECT code, redeemer FROM redemptions WHERE came_at IS NULL AND use_at < $1
             AND NOT EXISTS (SELECT 1 FROM leases WHERE name = 'redeem:' || redeemer AND until > $2) LIMIT $3";
        on_pool!(&self.0, |pool| sqlx::query_as(STALE).bind(before).bind(now).bind(most).fetch_all(pool).await?)
    }

    /// Notes what came of a room. Whoever is in stays in, whatever is noted later.
    pub async fn note_outcome(&self, code: &str, redeemer: &str, outcome: &Outcome, now: Millis) -> Result<()> {
        let is_in = outcome.came == Came::In;
        in_changing_transaction!(self, |tx, changes| {
            // What is missing decides whether redeeming again may help, which this person is told.
            changes.add(code);
            if is_in {
                changed!(&mut *tx, changes, code);
            }
            let mut tally = Tally::default();
            write_outcome!(&mut *tx, tally, code, redeemer, outcome, now);
            if is_in {
                arrive!(&mut *tx, tally, code, redeemer, now);
            }
            count_days!(&mut *tx, tally);
        });
        Ok(())
    }

    /// Notes under which mark it is tried to make the direct chat, and since when; nothing once that was refused.
    pub async fn note_chat_marker(
        &self,
        code: &str,
        redeemer: &str,
        marker: &str,
        tried_at: Option<Millis>,
    ) -> Result<()> {
        const MARK: &str = concat!(
            "UPDATE redemptions SET chat_marker = $3, chat_tried_at = $4 WHERE code = $1 AND redeemer = $2 AND NOT ",
            of_erased!()
        );
        on_pool!(&self.0, |pool| {
            sqlx::query(MARK).bind(code).bind(redeemer).bind(marker).bind(tried_at).execute(pool).await?;
        })?;
        Ok(())
    }

    /// Notes which room is the direct chat.
    pub async fn note_chat_room(&self, code: &str, redeemer: &str, room: &str) -> Result<()> {
        const ROOM: &str =
            concat!("UPDATE redemptions SET chat_room = $3 WHERE code = $1 AND redeemer = $2 AND NOT ", of_erased!());
        on_pool!(&self.0, |pool| {
            sqlx::query(ROOM).bind(code).bind(redeemer).bind(room).execute(pool).await?;
        })?;
        Ok(())
    }

    /// Notes that somebody is in everything a code leads to.
    pub async fn complete(&self, code: &str, redeemer: &str, now: Millis) -> Result<()> {
        in_changing_transaction!(self, |tx, changes| {
            changed!(&mut *tx, changes, code);
            let mut tally = Tally::default();
            arrive!(&mut *tx, tally, code, redeemer, now);
            complete!(&mut *tx, code, redeemer, now);
            count_days!(&mut *tx, tally);
        });
        Ok(())
    }
}
