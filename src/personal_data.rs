//! `super-invites export` and `super-invites erase`: what is kept about one person. Both work beside a running service.

use std::{
    fmt::Write,
    path::{Path, PathBuf},
};

use matrix_sdk::ruma::{OwnedUserId, UserId};
use serde::Serialize;
use tokio_util::task::TaskTracker;

use crate::{
    ServeError,
    chance::Chance,
    clock::Clock,
    config::{Config, ConfigError},
    error,
    invites::Invites,
    metrics::Metrics,
    share,
    store::{Erased, Millis, PersonalData, Store},
};

/// Why a person's data could not be exported or erased.
#[derive(Debug, thiserror::Error)]
pub enum PersonalDataError {
    /// The configuration is wrong, or the database cannot be opened.
    #[error(transparent)]
    Open(#[from] ServeError),
    /// The database failed.
    #[error("nothing was changed in the database: it fails")]
    Failed(#[from] error::Error),
    /// A redemption of theirs goes on and on.
    #[error("nothing was changed in the database: {0} is redeeming an invite; please try again in a minute")]
    Redeeming(OwnedUserId),
    /// A page of a share link cannot be deleted.
    #[error(
        "everything is erased but share links, because their pages cannot be deleted from {}: see to that, and erase again",
        .0.display()
    )]
    Pages(PathBuf, #[source] std::io::Error),
    /// The database failed once everything else was erased.
    #[error("everything is erased but share links, because the database fails: please erase again")]
    Links(#[source] error::Error),
}

/// What is kept about a person, as JSON.
#[derive(Serialize)]
struct Export<'a> {
    user: &'a UserId,
    exported_at: Millis,
    #[serde(flatten)]
    data: PersonalData,
}

/// Everything that is kept about a person, as JSON. The audit log notes that it was read.
pub async fn export(config: &Config, user: &UserId, clock: Clock, chance: Chance) -> Result<String, PersonalDataError> {
    let (store, invites) = open(config, user, &clock, &chance).await?;
    let data = invites.persons.export(user).await;
    store.close().await;
    let export = Export { user, exported_at: clock(), data: data? };
    // Plain data with text keys: there is nothing that could not be written.
    Ok(serde_json::to_string_pretty(&export).unwrap_or_default())
}

/// Erases a person, and returns in words what that has changed; with `dry_run`, what it would.
pub async fn erase(
    config: &Config,
    user: &UserId,
    clock: Clock,
    chance: Chance,
    dry_run: bool,
) -> Result<String, PersonalDataError> {
    let (store, invites) = open(config, user, &clock, &chance).await?;
    let erased = erase_with(config, &invites, user, dry_run).await;
    store.close().await;
    Ok(in_words(user, &erased?, dry_run))
}

async fn erase_with(
    config: &Config,
    invites: &Invites,
    user: &UserId,
    dry_run: bool,
) -> Result<Erased, PersonalDataError> {
    let path = share::path_to(user);
    let erased = Box::pin(invites.persons.erase(user, &path, dry_run)).await?;
    let erased = erased.ok_or_else(|| PersonalDataError::Redeeming(user.to_owned()))?;
    if !dry_run {
        remove_links(config, invites, user, &path).await?;
    }
    Ok(erased)
}

/// Deletes the pages of share links, and then the links, which say until then which pages those are: if this breaks off, erasing again goes on with it.
async fn remove_links(config: &Config, invites: &Invites, user: &UserId, path: &str) -> Result<(), PersonalDataError> {
    let folder = config.share_link_generator.as_ref().and_then(|settings| settings.target_path.as_deref());
    let hashes = invites.persons.static_pages(user, path).await.map_err(PersonalDataError::Links)?;
    if let Some(folder) = folder {
        remove(folder, &hashes).await?;
    }
    invites.persons.forget_links(&hashes).await.map_err(PersonalDataError::Links)?;
    // The running service may have written one of them again in between.
    match folder {
        Some(folder) => remove(folder, &hashes).await,
        None => Ok(()),
    }
}

async fn remove(folder: &Path, hashes: &[String]) -> Result<(), PersonalDataError> {
    let removed = share::remove_pages(folder, hashes).await;
    removed.map_err(|error| PersonalDataError::Pages(folder.to_owned(), error))
}

async fn open(config: &Config, user: &UserId, clock: &Clock, chance: &Chance) -> Result<(Store, Invites), ServeError> {
    if user.server_name() != config.server_name {
        let problem = format!("--user: {user} has no account on {}", config.server_name);
        return Err(ConfigError::Key(problem).into());
    }
    let metrics = Metrics::new();
    let homeserver = crate::homeserver(config, &metrics)?;
    // Where there is no database yet, this is the wrong folder, and nothing would be erased.
    let store = Store::open_migrated(&config.database()?).await?;
    if store.other_programs.module_state().await?.is_some() {
        tracing::warn!(
            "the tables of synapse_super_invites in this database stay as that module has left them, and may name this person: drop them once nobody goes back to it"
        );
    }
    let invites = crate::invites(config, &store, &homeserver, clock, chance, TaskTracker::new(), &metrics);
    Ok((store, invites))
}

/// What an erasure has changed, one line for each kind of data.
fn in_words(user: &UserId, erased: &Erased, dry_run: bool) -> String {
    let Erased { ended, invites, redemptions, given_up, links, decisions, entries } = *erased;
    let did = if dry_run { "Would erase" } else { "Erased" };
    let mut words = format!("{did} what is kept about {user}");
    let mut nothing = true;
    for (number, what) in [
        (ended, "invites end, and their registration tokens within seconds if the service is running"),
        (invites, "invites belong to nobody any more; their codes stay taken"),
        (redemptions, "redemptions go on counting, without a name"),
        (given_up, "redemptions of which nothing came are forgotten, and their places are free"),
        (links, "share links are deleted, with their pages"),
        (decisions, "blocks and pauses stay, without a name"),
        (entries, "entries of the audit log stay, without a name"),
    ] {
        if number > 0 {
            nothing = false;
            // Writing to a string never fails.
            write!(words, "\n{number} {what}").ok();
        }
    }
    if nothing { format!("Nothing is kept about {user}") } else { words }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_erased_is_said_in_numbers() {
        let anna = &UserId::parse("@anna:example.org").expect("it is one");
        let erased = Erased { ended: 1, invites: 3, redemptions: 0, ..Erased::default() };
        assert_eq!(
            in_words(anna, &erased, true),
            "Would erase what is kept about @anna:example.org\n\
             1 invites end, and their registration tokens within seconds if the service is running\n\
             3 invites belong to nobody any more; their codes stay taken"
        );
        assert_eq!(in_words(anna, &Erased::default(), false), "Nothing is kept about @anna:example.org");
    }
}
