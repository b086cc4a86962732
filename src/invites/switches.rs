//! Pausing, resuming and deleting an invite.

use app::{Action, Detail, Error as Refusal};

use super::{audit::AuditLog, registration_token::RegistrationTokens};
use crate::{
    account::Account,
    error::Result,
    store::{Invites, Pause, Written},
};

/// Operations that owners use for their own invites, and server admins for all. Cheap to clone.
#[derive(Clone)]
pub(super) struct Switches {
    pub(super) invites: Invites,
    pub(super) tokens: RegistrationTokens,
    pub(super) audit: AuditLog,
}

impl Switches {
    /// Deletes an invite and its registration token.
    pub(super) async fn delete(&self, account: &Account, code: &str) -> Result<()> {
        let entry = self.audit.entry(account, Action::Deleted, Some(code), None)?;
        match self.invites.delete(code, &entry).await? {
            Written::Done => self.tokens.settle(code).await.map(drop),
            Written::NotAsExpected => Err(Refusal::UnknownInvite.into()),
        }
    }

    /// Pauses or resumes an invite. Its registration token has to be updated afterwards. The reason is kept if a server
    /// admin pauses it.
    pub(super) async fn pause(
        &self,
        account: &Account,
        code: &str,
        paused: bool,
        by: Pause,
        reason: Option<String>,
    ) -> Result<()> {
        let action = if paused { Action::Paused } else { Action::Resumed };
        let entry = self.audit.entry(account, action, Some(code), reason.map(Detail::Why))?;
        match self.invites.pause(code, paused, by, &entry).await? {
            Written::Done => Ok(()),
            Written::NotAsExpected => Err(Refusal::UnknownInvite.into()),
        }
    }
}
