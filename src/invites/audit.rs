//! Who did what to which invite.

use app::{Action, AuditEntry, AuditPage, Code, Detail};

use super::{Inner, Invites, rules::DAY, sought};
use crate::{
    account::Account,
    error::Result,
    store::{Entry, Millis, Noted, Span},
};

/// How many entries stand on one page.
const ON_A_PAGE: i64 = 50;

/// The most entries that are handed out at once.
const MOST: i64 = 10_000;

impl Inner {
    /// The entry for what somebody is about to do.
    pub(super) fn entry(
        &self,
        account: &Account,
        action: Action,
        code: Option<&str>,
        detail: Option<Detail>,
    ) -> Result<Entry> {
        Ok(Entry {
            at: (self.clock)(),
            id: self.chance.id()?,
            actor: account.user_id().to_string(),
            door: account.origin().door,
            action,
            code: code.map(str::to_owned),
            detail,
        })
    }

    /// Forgets entries that are too old.
    pub(super) async fn forget_audit(&self) -> Result<()> {
        let days = Millis::from(self.rules.audit_days);
        Ok(self.store.forget_audit((self.clock)() - days * DAY).await?)
    }
}

impl Invites {
    /// A page of the log for a server admin, the last entry first. `before` is where the page before this one has ended.
    pub async fn audit(&self, account: &Account, search: &str, before: &str) -> Result<AuditPage> {
        self.0.check_server_admin(account).await?;
        let (search, before) = (sought(search), sought(before));
        let before = before.split_once('-').and_then(|(at, id)| Some((at.parse().ok()?, id)));
        let span = Span { since: 0, before, search: &search, take: ON_A_PAGE + 1 };
        let mut entries = self.0.store.audit(&span).await?;
        let more = entries.len() > usize::try_from(ON_A_PAGE).unwrap_or(usize::MAX);
        if more {
            entries.pop();
        }
        let next = entries.last().filter(|_| more).map(|last| format!("{}-{}", last.entry.at, last.entry.id));
        Ok(AuditPage { entries: entries.into_iter().map(shown).collect(), next, now: (self.0.clock)() })
    }

    /// What was done since then, for a server admin: the last first, and at most `most`.
    pub async fn audit_since(&self, account: &Account, since: Millis, most: Option<u32>) -> Result<Vec<AuditEntry>> {
        self.0.check_server_admin(account).await?;
        let take = most.map_or(MOST, i64::from).min(MOST);
        let entries = self.0.store.audit(&Span { since, before: None, search: "", take }).await?;
        Ok(entries.into_iter().map(shown).collect())
    }
}

fn shown(noted: Noted) -> AuditEntry {
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
