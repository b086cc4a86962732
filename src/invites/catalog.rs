//! Looking up invites with their current limits: as their owners wrote them, bounded by the current policy.

use std::sync::Arc;

use app::{Error as Refusal, Invite, InviteState};
use matrix_sdk::ruma::UserId;

use super::rules::Rules;
use crate::{
    clock::Clock,
    error::Result,
    store::{Ends, Invites, Millis, Redemptions, StoredInvite},
};

/// Whom an invite lets in that was not deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admits {
    /// Everybody.
    Everybody,
    /// The people who hold its uses, which are all taken.
    Holders,
    /// Nobody.
    Nobody,
}

impl Admits {
    /// Whom it lets in at `now`; `all_paused` says whether all invites of the server are paused.
    pub(super) fn of(invite: &Invite, all_paused: bool, now: Millis) -> Self {
        match invite.state(all_paused, now) {
            InviteState::Open => Self::Everybody,
            InviteState::UsedUp if !all_paused && !invite.is_stopped() => Self::Holders,
            _ => Self::Nobody,
        }
    }
}

/// Looks up invites. Cheap to clone.
#[derive(Clone)]
pub(super) struct Catalog {
    pub(super) invites: Invites,
    pub(super) redemptions: Redemptions,
    pub(super) rules: Arc<Rules>,
    pub(super) clock: Clock,
}

impl Catalog {
    /// The invite with this code, even if it was deleted, bounded by the current policy.
    pub(super) async fn find(&self, code: &str) -> Result<Option<StoredInvite>> {
        Ok(self.invites.get(code).await?.map(|stored| self.rules.bounded(stored)))
    }

    /// The invite with this code if it lets this person in, or is their own; callers handle the latter.
    pub(super) async fn open_or_own(&self, redeemer: &UserId, code: &str) -> Result<Invite> {
        let stored = self.find(code).await?.ok_or(Refusal::UnknownInvite)?;
        let own = stored.deleted_at.is_none() && stored.invite.owner == redeemer.as_str();
        match own || self.is_open_to(&stored, Some(redeemer)).await? {
            true => Ok(stored.invite),
            false => Err(Refusal::UnknownInvite.into()),
        }
    }

    /// Whether an invite lets somebody in.
    pub(super) async fn is_open_to(&self, stored: &StoredInvite, user: Option<&UserId>) -> Result<bool> {
        let invite = &stored.invite;
        match (Admits::of(invite, stored.all_paused, (self.clock)()), user) {
            _ if stored.deleted_at.is_some() => Ok(false),
            (Admits::Everybody, _) => Ok(true),
            (Admits::Holders, Some(user)) => Ok(self.redemptions.holds_use(&invite.code, user.as_str()).await?),
            _ => Ok(false),
        }
    }

    /// When invites end because of the policy, beyond what they say themselves.
    pub(super) fn ends(&self) -> Ends {
        self.rules.ends((self.clock)())
    }
}
