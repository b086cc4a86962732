//! What happened on which day. Days are counted from the epoch (UTC).

use std::collections::BTreeMap;

use app::Reason;

use super::{Millis, Pool, Result, on_pool};

/// What happened on some days: each number stands behind its day, and days on which nothing happened are left out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counts {
    /// How many invites were made.
    pub created: Vec<(i64, i64)>,
    /// How many people came in to anything.
    pub joined: Vec<(i64, i64)>,
    /// For how many people an account was created on the pages.
    pub accounts: Vec<(i64, i64)>,
    /// How many rooms somebody did not come in to, by why; those that they came in to later are not among them.
    pub missed: Vec<(i64, Reason, i64)>,
}

/// What a transaction changes in the counts of days. It is written last, and in one order, so that no two transactions wait for each other, and the rows of
/// today, which all of them share, are locked for a moment only. To spread them over several rows would not let more people in: on PostgreSQL each of
/// these transactions also tells other instances what it has changed, and those that do so are committed one after the other anyway (ADR 18).
#[derive(Debug, Default)]
pub(super) struct Tally(BTreeMap<(i64, &'static str, String), i64>);

impl Tally {
    /// One invite more.
    pub(super) fn created(&mut self, at: Millis) {
        self.add(at, CREATED, String::new(), 1);
    }

    /// One person more who came in to anything.
    pub(super) fn joined(&mut self, at: Millis) {
        self.add(at, JOINED, String::new(), 1);
    }

    /// Rooms more, or fewer, that somebody did not come in to.
    pub(super) fn missed(&mut self, at: Millis, reason: Option<String>, more: i64) {
        self.add(at, MISSED, reason.unwrap_or_default(), more);
    }

    fn add(&mut self, at: Millis, what: &'static str, reason: String, more: i64) {
        *self.0.entry((day_of(at), what, reason)).or_default() += more;
    }

    /// The days, what is counted, the reasons, and how many more.
    pub(super) fn changes(&self) -> impl Iterator<Item = (i64, &'static str, &str, i64)> {
        let changed = self.0.iter().filter(|(_, more)| **more != 0);
        changed.map(|((day, what, reason), more)| (*day, *what, reason.as_str(), *more))
    }
}

const CREATED: &str = "created";
const JOINED: &str = "joined";
const ACCOUNTS: &str = "accounts";
const MISSED: &str = "missed";

/// The day of a time.
pub(super) fn day_of(at: Millis) -> i64 {
    const DAY: Millis = 86_400_000;
    at / DAY
}

/// From here on nobody else counts an account on the day `$1`, until the transaction ends.
pub(super) const ACCOUNTS_TURN: &str =
    "INSERT INTO day_counts (day, what, reason, number) VALUES ($1, 'accounts', '', 0)
     ON CONFLICT (day, what, reason) DO UPDATE SET number = day_counts.number";

/// Counts the account of `$2`, whose entry has the id `$3`, unless there is another entry: whoever sends a form twice has created one account.
pub(super) const ONE_ACCOUNT: &str = "UPDATE day_counts SET number = number + 1
     WHERE day = $1 AND what = 'accounts' AND reason = '' AND NOT EXISTS (SELECT 1 FROM audit
        WHERE action = 'account_created' AND actor = $2 AND at >= $1 * 86400000 AND at < ($1 + 1) * 86400000 AND id <> $3)";

pub(super) const COUNT: &str = "INSERT INTO day_counts (day, what, reason, number) VALUES ($1, $2, $3, $4)
     ON CONFLICT (day, what, reason) DO UPDATE SET number = day_counts.number + excluded.number";

/// Writes a [`Tally`] at the end of a transaction.
macro_rules! count_days {
    ($tx:expr, $tally:expr) => {
        for (day, what, reason, more) in $tally.changes() {
            let count = sqlx::query($crate::store::days::COUNT).bind(day).bind(what).bind(reason).bind(more);
            count.execute($tx).await?;
        }
    };
}

pub(super) use count_days;

/// What happened on the server's days. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Days(pub(super) Pool);

impl Days {
    /// What has happened from a day on. A number of the past stays what it was when what it counted is gone: when a person is erased, and when the audit
    /// log is cut. Only who is in a room at last has not missed it.
    pub async fn since(&self, day: i64) -> Result<Counts> {
        const COUNTS: &str = "SELECT day, what, reason, number FROM day_counts WHERE day >= $1 AND number > 0 ORDER BY day, what, reason";
        let rows: Vec<(i64, String, String, i64)> =
            on_pool!(&self.0, |pool| sqlx::query_as(COUNTS).bind(day).fetch_all(pool).await?)?;
        let mut counts = Counts::default();
        for (day, what, reason, number) in rows {
            match what.as_str() {
                CREATED => counts.created.push((day, number)),
                JOINED => counts.joined.push((day, number)),
                ACCOUNTS => counts.accounts.push((day, number)),
                // Everything that the homeserver has said in its own words is one reason here.
                _ => counts.missed.push((day, Reason::of(&reason, Some(String::new())), number)),
            }
        }
        Ok(counts)
    }
}
