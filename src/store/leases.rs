//! Who is at work on what, among several instances.

use super::{Millis, Pool, Result, Written, on_pool};

/// Longer than any lease, and than the clocks of instances may differ, in milliseconds.
const LONGEST: Millis = 2 * 60_000;

/// Who is at work on what. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Leases(pub(super) Pool);

impl Leases {
    /// Takes or renews a lease until `until`: [`Written::NotAsExpected`] while somebody else's has not ended. One that is to last far longer than
    /// this one was taken before the clock was set back; its holder, if they live, renews it by the new time.
    pub async fn take(&self, name: &str, holder: &str, now: Millis, until: Millis) -> Result<Written> {
        // A minute is more than the clocks of instances may differ, and shorter than anybody waits.
        const TAKE: &str = "INSERT INTO leases (name, holder, until) VALUES ($1, $2, $4)
             ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
             WHERE leases.holder = excluded.holder OR leases.until <= $3 OR leases.until > $4 + 60000";
        let rows = on_pool!(&self.0, |pool| {
            sqlx::query(TAKE).bind(name).bind(holder).bind(now).bind(until).execute(pool).await?.rows_affected()
        })?;
        Ok(rows.into())
    }

    /// Who holds a lease, as they have called themselves; `None` if nobody does `now`. One that is to last longer than any does was taken before
    /// the clock was set back.
    pub async fn holder(&self, name: &str, now: Millis) -> Result<Option<String>> {
        const HOLDER: &str = "SELECT holder FROM leases WHERE name = $1 AND until > $2 AND until < $3";
        let never = now.saturating_add(LONGEST);
        on_pool!(&self.0, |pool| {
            sqlx::query_scalar(HOLDER).bind(name).bind(now).bind(never).fetch_optional(pool).await?
        })
    }

    /// Forgets leases that have ended before `before`: whoever held them has died.
    pub async fn forget(&self, before: Millis) -> Result<()> {
        const FORGET: &str = "DELETE FROM leases WHERE until < $1";
        on_pool!(&self.0, |pool| {
            sqlx::query(FORGET).bind(before).execute(pool).await?;
        })?;
        Ok(())
    }

    /// Gives a lease back.
    pub async fn release(&self, name: &str, holder: &str) -> Result<()> {
        const RELEASE: &str = "DELETE FROM leases WHERE name = $1 AND holder = $2";
        on_pool!(&self.0, |pool| {
            sqlx::query(RELEASE).bind(name).bind(holder).execute(pool).await?;
        })?;
        Ok(())
    }
}
