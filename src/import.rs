//! `super-invites import`: imports the data of other programs.

use std::fmt::Write;

use matrix_sdk::ruma::OwnedUserId;
use tokio_util::task::TaskTracker;

use crate::{
    ServeError,
    chance::Chance,
    clock::Clock,
    config::{Config, ConfigError, SqlUrl},
    invites::Takeover,
    metrics::Metrics,
    store::{self, NotTaken, OtherPrograms, Store, Taken},
};

/// The source of an import.
#[derive(Debug, Clone)]
pub enum Import {
    /// A database of the Python module.
    Module(SqlUrl),
    /// A database of matrix-registration, and the future owner of the invites that its tokens become.
    MatrixRegistration(SqlUrl, OwnedUserId),
}

/// Imports from another database, and returns a summary in numbers; with `dry_run` nothing is imported.
pub async fn import(
    config: &Config,
    what: &Import,
    clock: Clock,
    chance: Chance,
    dry_run: bool,
) -> Result<String, ServeError> {
    let metrics = Metrics::new();
    let homeserver = crate::homeserver(config, &metrics)?;
    let (Import::Module(from) | Import::MatrixRegistration(from, _)) = what;
    if let Import::MatrixRegistration(_, owner) = what
        && owner.server_name() != config.server_name
    {
        return Err(ConfigError::Key(format!("--owner: {owner} has no account on {}", config.server_name)).into());
    }
    let (store, from) = (Store::open(&config.database()?).await?, OtherPrograms::open(from).await?);
    let invites = crate::invites(config, &store, &homeserver, &clock, &chance, TaskTracker::new(), &metrics);
    let takeover = match what {
        Import::Module(_) => invites.takeovers.take_over(&from, dry_run).await,
        Import::MatrixRegistration(_, owner) => {
            invites.takeovers.take_over_tokens(&from, owner, dry_run).await.map(Some)
        }
    };
    from.close().await;
    store.close().await;
    let did = if dry_run { "Would take over" } else { "Took over" };
    match takeover? {
        Some(takeover) => Ok(format!("{did} {}", in_words(&takeover))),
        None => Err(store::Error::NotTaken(NotTaken::Missing("tokens")).into()),
    }
}

/// The summary of an import, or of what one would do, in numbers; with one line for each kind of data that was skipped.
pub(crate) fn in_words(takeover: &Takeover) -> String {
    let Takeover { taken, unusable, strangers, nowhere } = *takeover;
    let Taken { invites, deleted, deleted_since, rooms, came, conflicts } = taken;
    let mut words =
        format!("{invites} invites, {deleted} of them deleted, into {rooms} rooms, with {came} people who came");
    for (number, what) in [
        (deleted_since, "invites were deleted since the last time"),
        (conflicts, "codes are other invites’ here, which stay as they are"),
        (unusable as u64, "invites were left out: their codes are too long, or cannot be written down"),
        (strangers as u64, "invites or people who came were left out: their owners’ or their own Matrix ids are none"),
        (nowhere as u64, "rooms were left out: they are named by neither an id nor an alias"),
    ] {
        if number > 0 {
            // Writing to a string never fails.
            write!(words, "\n{number} {what}").ok();
        }
    }
    words
}
