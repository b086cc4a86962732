//! What server admins see of everybody's invites, and what they can do about them.

use std::sync::Arc;

use app::{Action, AuditEntry, Code, Day, Days, Detail, Error as Refusal, Field, Intervention};
use matrix_sdk::ruma::OwnedServerName;

use super::{audit::AuditLog, parse::text, registration_token::RegistrationTokens, rules::Rules, switches::Switches};
use crate::{
    account::Account,
    clock::{Clock, DAY},
    error::Result,
    homeserver::Accounts,
    store::{self, About, AllPaused, Counts, Invites, Millis, Noted, Owners, Pause, Span},
};

/// The most entries in one response.
const MOST_ENTRIES: i64 = 10_000;

/// How many days the overview tells of.
const DAYS: usize = 30;

/// The use cases of server admins.
pub struct ServerAdmin {
    pub(super) invites: Invites,
    pub(super) owners: Owners,
    pub(super) log: store::Audit,
    pub(super) days: store::Days,
    pub(super) accounts: Accounts,
    pub(super) server_name: OwnedServerName,
    pub(super) rules: Arc<Rules>,
    pub(super) tokens: RegistrationTokens,
    pub(super) switches: Switches,
    pub(super) audit: AuditLog,
    pub(super) clock: Clock,
}

impl ServerAdmin {
    /// Pauses, resumes or revokes somebody's invite. Its owner sees the reason for a pause.
    pub async fn intervene(
        &self,
        account: &Account,
        number: i64,
        what: Intervention,
        reason: Option<String>,
    ) -> Result<()> {
        self.check_server_admin(account).await?;
        let reason = text(Field::BlockReason, reason, false)?;
        let found = self.invites.by_number(number).await?.ok_or(Refusal::UnknownInvite)?;
        let found = self.rules.bounded(found);
        let code = &found.invite.code;
        let paused = match what {
            Intervention::Revoke => return self.switches.delete(account, code).await,
            Intervention::Pause => true,
            Intervention::Resume => false,
        };
        let reason = reason.filter(|_| paused);
        self.switches.pause(account, code, paused, Pause::Admin, reason).await?;
        self.tokens.settle(code).await.map(drop)
    }

    /// Pauses or resumes all invites of the server. Their registration tokens follow within seconds. Members see the
    /// reason for a pause.
    pub async fn pause_all(&self, account: &Account, paused: bool, reason: Option<String>) -> Result<()> {
        self.check_server_admin(account).await?;
        let reason = text(Field::BlockReason, reason, false)?.filter(|_| paused);
        let action = if paused { Action::PausedAll } else { Action::ResumedAll };
        let entry = self.audit.entry(account, action, None, reason.map(Detail::Why))?;
        Ok(self.invites.pause_all(paused, &entry).await?)
    }

    /// Who has paused all invites of the server, if they are paused.
    pub async fn all_paused(&self) -> Result<Option<AllPaused>> {
        Ok(self.invites.all_paused().await?)
    }

    /// What happened on the server lately, for a server admin.
    pub async fn days(&self, account: &Account) -> Result<Days> {
        self.check_server_admin(account).await?;
        let now = (self.clock)();
        let today = now.div_euclid(DAY);
        let first = today - i64::try_from(DAYS).unwrap_or_default() + 1;
        Ok(Days { days: by_day(self.days.since(first).await?, today), now })
    }

    /// The entries of the audit log since a time, for a server admin: newest first, and at most `most`.
    pub async fn audit_since(&self, account: &Account, since: Millis, most: Option<u32>) -> Result<Vec<AuditEntry>> {
        self.check_server_admin(account).await?;
        let take = most.map_or(MOST_ENTRIES, i64::from).min(MOST_ENTRIES);
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

/// Each of the last days, today first.
fn by_day(counts: Counts, today: i64) -> Vec<Day> {
    let mut days = vec![Day::default(); DAYS];
    let count = |number: i64| u32::try_from(number).unwrap_or(u32::MAX);
    // A clock that was put back may have left something in the future: it is left out.
    let mut on = |day: i64, note: &mut dyn FnMut(&mut Day)| {
        if let Some(day) = usize::try_from(today - day).ok().and_then(|before| days.get_mut(before)) {
            note(day);
        }
    };
    for (day, number) in counts.created {
        on(day, &mut |day| day.created = count(number));
    }
    for (day, number) in counts.joined {
        on(day, &mut |day| day.joined = count(number));
    }
    for (day, number) in counts.accounts {
        on(day, &mut |day| day.accounts = count(number));
    }
    for (day, reason, number) in counts.missed {
        on(day, &mut |day| day.missed.push((reason.clone(), count(number))));
    }
    days
}
