//! What server admins see of everybody's invites, and what they can do about them.

use std::sync::Arc;

use app::{Action, AuditEntry, Code, Error as Refusal, Intervention};
use matrix_sdk::ruma::OwnedServerName;

use super::{audit::AuditLog, registration_token::RegistrationTokens, rules::Rules, switches::Switches};
use crate::{
    account::Account,
    clock::Clock,
    error::Result,
    homeserver::Accounts,
    store::{self, About, Invites, Millis, Noted, Owners, Pause, Span},
};

/// The most entries in one response.
const MOST: i64 = 10_000;

/// The use cases of server admins.
pub struct ServerAdmin {
    pub(super) invites: Invites,
    pub(super) owners: Owners,
    pub(super) log: store::Audit,
    pub(super) accounts: Accounts,
    pub(super) server_name: OwnedServerName,
    pub(super) rules: Arc<Rules>,
    pub(super) tokens: RegistrationTokens,
    pub(super) switches: Switches,
    pub(super) audit: AuditLog,
    pub(super) clock: Clock,
}

impl ServerAdmin {
    /// Pauses, resumes or revokes somebody's invite.
    pub async fn intervene(&self, account: &Account, number: i64, what: Intervention) -> Result<()> {
        self.check_server_admin(account).await?;
        let found = self.invites.by_number(number).await?.ok_or(Refusal::UnknownInvite)?;
        let found = self.rules.bounded(found);
        let code = &found.invite.code;
        let paused = match what {
            Intervention::Revoke => return self.switches.delete(account, code).await,
            Intervention::Pause => true,
            Intervention::Resume => false,
        };
        self.switches.pause(account, code, paused, Pause::Admin).await?;
        self.tokens.settle(code).await.map(drop)
    }

    /// Pauses or resumes all invites of the server. Their registration tokens follow within seconds.
    pub async fn pause_all(&self, account: &Account, paused: bool) -> Result<()> {
        self.check_server_admin(account).await?;
        let action = if paused { Action::PausedAll } else { Action::ResumedAll };
        let entry = self.audit.entry(account, action, None, None)?;
        Ok(self.invites.pause_all(paused, &entry).await?)
    }

    /// Whether all invites of the server are paused.
    pub async fn all_paused(&self) -> Result<bool> {
        Ok(self.invites.all_paused().await?.is_some())
    }

    /// The entries of the audit log since a time, for a server admin: newest first, and at most `most`.
    pub async fn audit_since(&self, account: &Account, since: Millis, most: Option<u32>) -> Result<Vec<AuditEntry>> {
        self.check_server_admin(account).await?;
        let take = most.map_or(MOST, i64::from).min(MOST);
        let entries = self.log.entries(&Span { since, before: None, about: About::Anything, take }).await?;
        Ok(entries.into_iter().map(line).collect())
    }

    pub(super) async fn check_server_admin(&self, account: &Account) -> Result<()> {
        match self.accounts.is_server_admin(account).await? {
            true => Ok(()),
            false => Err(Refusal::ServerAdminsOnly.into()),
        }
    }
}

pub(super) fn line(noted: Noted) -> AuditEntry {
    let Noted { entry, number, owner } = noted;
    AuditEntry {
        at: entry.at,
        actor: entry.actor,
        door: entry.door,
        action: entry.action,
        invite: number,
        owner,
        code: entry.code.map(|code| Code::masked(&code)),
        detail: entry.detail,
    }
}
