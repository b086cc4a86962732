//! What happened on which day. Days are counted from the epoch (UTC).

use app::Reason;

use super::{Pool, Result, on_pool};

/// What happened on some days: each number stands behind its day, and days on which nothing happened are left out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counts {
    /// How many invites were made.
    pub created: Vec<(i64, i64)>,
    /// How many people came in to anything.
    pub joined: Vec<(i64, i64)>,
    /// How many accounts were opened on the pages, as far back as the audit log goes.
    pub accounts: Vec<(i64, i64)>,
    /// How many rooms somebody did not come in to, by why; those that they came in to later are not among them.
    pub missed: Vec<(i64, Reason, i64)>,
}

/// What happened on the server's days. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Days(pub(super) Pool);

impl Days {
    /// What has happened from a day on.
    pub async fn since(&self, day: i64) -> Result<Counts> {
        const CREATED: &str = "SELECT created_at / 86400000, COUNT(*) FROM invites
             WHERE created_at >= $1 * 86400000 GROUP BY created_at / 86400000";
        const JOINED: &str = "SELECT day, CAST(SUM(came) AS BIGINT) FROM arrivals WHERE day >= $1 GROUP BY day";
        // Whoever sends a form twice has opened one account.
        const ACCOUNTS: &str = "SELECT at / 86400000, COUNT(DISTINCT actor) FROM audit
             WHERE action = 'account_created' AND at >= $1 * 86400000 GROUP BY at / 86400000";
        const MISSED: &str = "SELECT at / 86400000, reason, COUNT(*) FROM outcomes
             WHERE NOT joined AND at >= $1 * 86400000 GROUP BY at / 86400000, reason";
        on_pool!(&self.0, |pool| {
            let missed: Vec<(i64, Option<String>, i64)> = sqlx::query_as(MISSED).bind(day).fetch_all(pool).await?;
            // Everything that the homeserver has said in its own words is one reason here.
            let reason = |key: Option<String>| Reason::of(&key.unwrap_or_default(), Some(String::new()));
            Counts {
                created: sqlx::query_as(CREATED).bind(day).fetch_all(pool).await?,
                joined: sqlx::query_as(JOINED).bind(day).fetch_all(pool).await?,
                accounts: sqlx::query_as(ACCOUNTS).bind(day).fetch_all(pool).await?,
                missed: missed.into_iter().map(|(day, key, number)| (day, reason(key), number)).collect(),
            }
        })
    }
}
