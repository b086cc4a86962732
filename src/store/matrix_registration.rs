//! The database of `matrix-registration`, a program with which people opened accounts by tokens, read. It stays as it is.

use super::{Error, Millis, NotTaken, OtherPrograms, Result, module::time, on_pool};

/// A token of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OldToken {
    /// What people type.
    pub name: String,
    /// Until when it opens accounts.
    pub until: Option<Millis>,
    /// How many accounts it opens in all; nothing for no bound.
    pub most: Option<i64>,
    /// How many it has opened.
    pub used: i64,
    /// Whether somebody has ended it.
    pub disabled: bool,
}

impl OtherPrograms {
    /// The tokens of matrix-registration, 0.9 and 1.0.
    ///
    /// # Errors
    /// [`Error::NotTaken`] for a database that is not, or not quite, its own.
    pub async fn registration_tokens(&self) -> Result<Vec<OldToken>> {
        // In databases that began with 0.7, `max_usage` is true or false: it was called `one_time` then.
        const TOKENS: &str =
            "SELECT name, CAST(expiration_date AS TEXT), CAST(max_usage AS TEXT), CAST(used AS BIGINT),
                COALESCE(disabled, FALSE) FROM tokens WHERE name IS NOT NULL ORDER BY name";
        type Row = (String, Option<String>, Option<String>, Option<i64>, bool);
        if !self.tables().await?.contains("tokens") {
            return Err(Error::NotTaken(NotTaken::NoTokens));
        }
        let half_written = |error| Error::NotTaken(NotTaken::OtherTokens(error));
        let rows: Vec<Row> = on_pool!(&self.0, |pool| {
            let rows = sqlx::query_as(TOKENS).fetch_all(pool).await;
            rows.map_err(half_written)?
        })?;
        let read = |(name, until, most, used, disabled): Row| {
            let until = until.as_deref().map(time).transpose().map_err(Error::NotTaken)?;
            let most = most.and_then(|most| match most.as_str() {
                "true" => Some(1),
                number => number.parse().ok().filter(|most| *most > 0),
            });
            let used = used.unwrap_or_default().max(0);
            Ok(OldToken { name, until, most, used, disabled })
        };
        rows.into_iter().map(read).collect()
    }
}
