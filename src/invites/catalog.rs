//! Invites as they are now: as they were written, bounded by what is allowed.

use std::sync::Arc;

use app::{Error as Refusal, Invite, InviteState};
use matrix_sdk::ruma::UserId;

use super::rules::Rules;
use crate::{
    clock::Clock,
    error::Result,
    store::{Ends, Invites, Redemptions, StoredInvite},
};

/// Where invites are looked up. Cheap to clone.
#[derive(Clone)]
pub(super) struct Catalog {
    pub(super) invites: Invites,
    pub(super) redemptions: Redemptions,
    pub(super) rules: Arc<Rules>,
    pub(super) clock: Clock,
}

impl Catalog {
    /// The invite with this code, deleted or not, bounded by what is allowed now.
    pub(super) async fn find(&self, code: &str) -> Result<Option<StoredInvite>> {
        Ok(self.invites.get(code).await?.map(|stored| self.rules.bounded(stored)))
    }

    /// An invite that lets this person in, or their own, of which they are told by other means that it is.
    pub(super) async fn open_or_own(&self, redeemer: &UserId, code: &str) -> Result<Invite> {
        let stored = self.find(code).await?.ok_or(Refusal::UnknownInvite)?;
        let own = stored.deleted_at.is_none() && stored.invite.owner == redeemer.as_str();
        match own || self.is_open_to(&stored, Some(redeemer)).await? {
            true => Ok(stored.invite),
            false => Err(Refusal::UnknownInvite.into()),
        }
    }

    /// Whether an invite lets somebody in. One that is used up lets those in who have one of its uses.
    pub(super) async fn is_open_to(&self, stored: &StoredInvite, user: Option<&UserId>) -> Result<bool> {
        let (invite, stopped) = (&stored.invite, stored.all_paused || stored.invite.is_stopped());
        match (stored.state((self.clock)()), user) {
            _ if stored.deleted_at.is_some() => Ok(false),
            (InviteState::Open, _) => Ok(true),
            (InviteState::UsedUp, Some(user)) if !stopped => {
                Ok(self.redemptions.holds_use(&invite.code, user.as_str()).await?)
            }
            _ => Ok(false),
        }
    }

    /// When invites end, beyond what they say themselves.
    pub(super) fn ends(&self) -> Ends {
        self.rules.ends((self.clock)())
    }
}
