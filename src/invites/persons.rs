//! What is kept about one person: read for them, or erased, by an operator.

use std::time::Duration;

use app::{Action, Detail, ERASED_SERVER};
use matrix_sdk::ruma::UserId;

use super::{
    audit::AuditLog,
    lease::{Leases, Turns},
    redeem::turn_of,
};
use crate::{
    chance::Chance,
    error::Result,
    store::{self, Erased, Erasure, PersonalData},
};

/// The timing of the lease under which somebody is erased: the one of their redemptions, so that none is running. On SQLite it cannot be renewed while
/// the erasure writes, so it is longer than that takes.
const ERASING: Turns =
    Turns { lease: Duration::from_secs(60), queue: Duration::from_secs(90), look: Duration::from_millis(100) };

/// The use cases of an operator who is asked what is kept about somebody.
pub struct Persons {
    pub(super) store: store::Persons,
    pub(super) leases: Leases,
    pub(super) audit: AuditLog,
    pub(super) chance: Chance,
}

impl Persons {
    /// Everything that is kept about a person.
    pub async fn export(&self, person: &UserId) -> Result<PersonalData> {
        let data = self.store.export(person.as_str()).await?;
        let detail = Detail::Person(person.to_string());
        self.audit.note(&self.audit.entry_of_operator(Action::Exported, detail)?).await?;
        Ok(data)
    }

    /// The share links that erasing a person takes away and whose pages may stand in the folder of static pages; `path`
    /// is that of links that lead to the person.
    pub async fn static_pages(&self, person: &UserId, path: &str) -> Result<Vec<String>> {
        let erasure = Erasure { person: person.as_str(), alias: "", path };
        Ok(self.store.static_pages(erasure).await?)
    }

    /// Forgets share links with these hashes, which [`Self::erase`] has left, once their pages are gone.
    pub async fn forget_links(&self, hashes: &[String]) -> Result<()> {
        Ok(self.store.forget_links(hashes).await?)
    }

    /// Erases a person, but for share links with a static page: their invites end, and whatever has to stay loses their name. With `dry` nothing is
    /// changed. `None` if a redemption of theirs does not end.
    pub async fn erase(&self, person: &UserId, path: &str, dry: bool) -> Result<Option<Erased>> {
        let alias = format!("@erased-{}:{ERASED_SERVER}", self.chance.id()?);
        let entry = self.audit.entry_of_operator(Action::Erased, Detail::Person(alias.clone()))?;
        let erasure = Erasure { person: person.as_str(), alias: &alias, path };
        let erase = async { Ok(self.store.erase(erasure, &entry, dry).await?) };
        if dry {
            return erase.await.map(Some);
        }
        // A redemption that is running writes under the name that it has begun with.
        self.leases.in_turn(&turn_of(person), "", ERASING, Box::pin(erase)).await
    }
}
