//! What share links need to know of invites.

use std::{future::Future, sync::Arc};

use app::Error as Refusal;

use super::{
    catalog::Catalog,
    guesses::Guesses,
    work::{Done, Work},
};
use crate::{
    account::{Account, Origin},
    error::{Error, Result},
    store::Ends,
};

/// The use cases behind share links. Cheap to clone.
#[derive(Clone)]
pub struct SharedCodes {
    pub(super) catalog: Catalog,
    pub(super) guesses: Guesses,
    pub(super) work: Arc<Done>,
}

impl SharedCodes {
    /// Counts a share link that somebody makes.
    ///
    /// # Errors
    /// [`Refusal::TooFast`] if they, or all together, have made too many.
    pub fn note_share(&self, account: &Account) -> Result<(), Refusal> {
        self.work.take(Work::ShareLink, account.user_id(), 1, (self.catalog.clock)())
    }

    /// Whether there is an invite with this code, to which somebody wants to share a link. If it does not let them in,
    /// this counts as a guess, as everywhere.
    pub async fn is_there(&self, account: &Account, code: &str) -> Result<bool> {
        let stored = self.catalog.find(code).await?;
        let look = async {
            let Some(stored) = &stored else { return Err(Refusal::UnknownInvite.into()) };
            let own = stored.invite.owner == account.user_id().as_str() && stored.deleted_at.is_none();
            match own || self.catalog.is_open_to(stored, Some(account.user_id())).await? {
                true => Ok(()),
                false => Err(Refusal::UnknownInvite.into()),
            }
        };
        match self.guesses.guard(account, code, look).await {
            Ok(()) | Err(Error::Refused(Refusal::UnknownInvite)) => Ok(stored.is_some()),
            Err(error) => Err(error),
        }
    }

    /// Looks up the page of a share link, for a request from `origin`. Its address can be computed from a code, so a
    /// look-up without a result counts as a guess; existing pages are shown no matter how many others guess elsewhere.
    pub async fn look_for_page<T>(
        &self,
        origin: &Origin,
        look: impl Future<Output = Result<Option<T>>>,
    ) -> Result<Option<T>> {
        let guess = self.guesses.begin_from(origin.address)?;
        let found = look.await?;
        if let (Some(guess), None) = (guess, &found) {
            drop(guess.failed());
        }
        Ok(found)
    }

    /// Whether an invite lets nobody in now: it has ended, is paused, or has not started yet.
    pub async fn lets_nobody_in(&self, code: &str) -> Result<bool> {
        match self.catalog.find(code).await? {
            None => Ok(true),
            Some(stored) => Ok(!self.catalog.is_open_to(&stored, None).await?),
        }
    }

    /// Whether an invite has ended: nobody can join through it again unless its owner changes it.
    pub async fn has_ended(&self, code: &str) -> Result<bool> {
        Ok(match self.catalog.find(code).await? {
            None => true,
            Some(stored) if stored.deleted_at.is_some() => true,
            Some(stored) => stored.invite.has_ended((self.catalog.clock)()),
        })
    }

    /// When invites end because of the policy.
    pub fn ends(&self) -> Ends {
        self.catalog.ends()
    }
}
