//! Stopping an invite, letting it go on, and ending it.

use app::{Action, Error as Refusal};

use super::{audit::AuditLog, registration_token::RegistrationTokens};
use crate::{
    account::Account,
    error::Result,
    store::{Invites, Pause, Written},
};

/// What owners do with their own invites, and server admins with everybody's. Cheap to clone.
#[derive(Clone)]
pub(super) struct Switches {
    pub(super) invites: Invites,
    pub(super) tokens: RegistrationTokens,
    pub(super) audit: AuditLog,
}

impl Switches {
    /// Deletes an invite, and the registration token that came with it.
    pub(super) async fn delete(&self, account: &Account, code: &str) -> Result<()> {
        let entry = self.audit.entry(account, Action::Deleted, Some(code), None)?;
        match self.invites.delete(code, &entry).await? {
            Written::Done => self.tokens.settle(code).await.map(drop),
            Written::NotAsExpected => Err(Refusal::UnknownInvite.into()),
        }
    }

    /// Stops an invite for a while, or lets it go on. Its registration token has to be settled afterwards.
    pub(super) async fn pause(&self, account: &Account, code: &str, paused: bool, by: Pause) -> Result<()> {
        let action = if paused { Action::Paused } else { Action::Resumed };
        let entry = self.audit.entry(account, action, Some(code), None)?;
        match self.invites.pause(code, paused, by, &entry).await? {
            Written::Done => Ok(()),
            Written::NotAsExpected => Err(Refusal::UnknownInvite.into()),
        }
    }
}
