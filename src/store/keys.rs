//! Keys that all instances share.

use super::{Pool, Result, on_pool};

/// Keys that all instances share. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Keys(pub(super) Pool);

impl Keys {
    /// The key of that name: `fresh` the first time it is asked for, and from then on what it was then.
    pub async fn get(&self, name: &str, fresh: &str) -> Result<String> {
        const MAKE: &str = "INSERT INTO keys (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
        const READ: &str = "SELECT value FROM keys WHERE name = $1";
        on_pool!(&self.0, |pool| {
            sqlx::query(MAKE).bind(name).bind(fresh).execute(pool).await?;
            sqlx::query_scalar(READ).bind(name).fetch_one(pool).await?
        })
    }

    /// The key of that name, if anybody has ever asked for it.
    pub async fn find(&self, name: &str) -> Result<Option<String>> {
        const FIND: &str = "SELECT value FROM keys WHERE name = $1";
        on_pool!(&self.0, |pool| sqlx::query_scalar(FIND).bind(name).fetch_optional(pool).await?)
    }
}
