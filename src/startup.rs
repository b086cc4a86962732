//! Opening the database when the service starts, which may be before the database has.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::{
    config::SqlUrl,
    store::{Result, Store},
};

/// How long PostgreSQL is waited for. After that the service ends, so that whatever started it sees that something is wrong.
const PATIENCE: Duration = Duration::from_secs(60);

/// The interval at which it is tried.
const AGAIN: Duration = Duration::from_secs(2);

/// Opens the database, and migrates it unless it has to be migrated already. A PostgreSQL that does not answer yet is waited for.
///
/// # Errors
/// If it cannot be used, or does not answer in time.
pub async fn open(url: &SqlUrl, migrate: bool) -> Result<Store> {
    let until = Instant::now() + PATIENCE;
    loop {
        let opened = match migrate {
            true => Store::open(url).await,
            false => Store::open_migrated(url).await,
        };
        match opened {
            Err(error) if error.may_pass() && matches!(url, SqlUrl::Postgres(_)) && Instant::now() < until => {
                let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
                tracing::warn!(%cause, "PostgreSQL does not answer yet, and is waited for");
                sleep(AGAIN).await;
            }
            opened => return opened,
        }
    }
}
