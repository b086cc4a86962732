//! Writing the audit log.

use app::{Action, Detail, Door};

use crate::{
    account::Account,
    chance::Chance,
    clock::{Clock, DAY},
    error::Result,
    store::{Audit, Entry, Millis},
};

/// Who has done something on the command line, where nobody signs in.
const OPERATOR: &str = "operator";

/// The audit log. Cheap to clone.
#[derive(Clone)]
pub(super) struct AuditLog {
    pub(super) store: Audit,
    /// For how many days entries are kept.
    pub(super) days: u32,
    pub(super) clock: Clock,
    pub(super) chance: Chance,
}

impl AuditLog {
    /// An entry for what somebody is about to do, to be written in the same transaction.
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

    /// An entry for what somebody is about to do on the command line.
    pub(super) fn entry_of_operator(&self, action: Action, detail: Detail) -> Result<Entry> {
        Ok(Entry {
            at: (self.clock)(),
            id: self.chance.id()?,
            actor: OPERATOR.to_owned(),
            door: Door::Command,
            action,
            code: None,
            detail: Some(detail),
        })
    }

    /// Writes an entry for an action that has no transaction of its own.
    pub(super) async fn note(&self, entry: &Entry) -> Result<()> {
        Ok(self.store.note(entry).await?)
    }

    /// Deletes entries that are too old.
    pub(super) async fn forget(&self) -> Result<()> {
        let days = Millis::from(self.days);
        Ok(self.store.forget((self.clock)() - days * DAY).await?)
    }
}
