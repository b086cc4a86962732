//! What codes offer to people who ask again and again, in memory until it changes.

use std::sync::Arc;

use app::{Invite, InviteState};
use matrix_sdk::ruma::UserId;
use moka::sync::Cache;

use super::{
    catalog::{Admits, Catalog},
    lists::{KEPT, size_of},
};
use crate::{
    error::Result,
    store::{Freshness, Mark, Millis, Redemptions, StoredInvite},
};

/// The most memory they may take, in bytes.
const MOST_BYTES: u64 = 32 * 1024 * 1024;

/// The approximate size of an entry without its texts, in bytes.
const EACH: usize = 128;

/// An invite as one person may see it who has its code. What depends on the time is not decided yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Offer {
    /// The invite, bounded by the current policy.
    pub(super) invite: Invite,
    /// Whether it was deleted.
    pub(super) is_deleted: bool,
    /// Whether all invites of the server are paused.
    all_paused: bool,
    /// Whether the person holds one of its uses; only asked if all are taken.
    holds_use: bool,
    /// Whether redeeming it brings the person into nothing more.
    pub(super) is_redeemed: bool,
}

impl Offer {
    /// The invite's state at `now`.
    pub(super) fn state(&self, now: Millis) -> InviteState {
        self.invite.state(self.all_paused, now)
    }

    /// Whether it lets the person in at `now`.
    pub(super) fn is_open(&self, now: Millis) -> bool {
        match Admits::of(&self.invite, self.all_paused, now) {
            _ if self.is_deleted => false,
            Admits::Everybody => true,
            Admits::Holders => self.holds_use,
            Admits::Nobody => false,
        }
    }
}

/// Reads offers, and keeps them. Nobody who is let in or out is decided about with them, only what is shown.
pub(super) struct Offers {
    catalog: Catalog,
    redemptions: Redemptions,
    freshness: Freshness,
    /// By the person and the code.
    kept: Cache<String, (Mark, Arc<Offer>)>,
}

impl Offers {
    pub(super) fn new(catalog: Catalog, redemptions: Redemptions, freshness: Freshness) -> Self {
        let weight = |key: &String, (_, offer): &(Mark, Arc<Offer>)| {
            u32::try_from(EACH + key.len() + size_of(&offer.invite)).unwrap_or(u32::MAX)
        };
        let kept = Cache::builder().max_capacity(MOST_BYTES).weigher(weight).time_to_idle(KEPT).build();
        Self { catalog, redemptions, freshness, kept }
    }

    /// What this code offers to somebody; `None` if there never was one. That is not kept: it is as easily asked for as guessed.
    pub(super) async fn get(&self, user: &UserId, code: &str) -> Result<Option<Arc<Offer>>> {
        // No Matrix id has a line break in it, whatever a code has.
        let key = format!("{user}\n{code}");
        if let Some((mark, offer)) = self.kept.get(&key)
            && self.freshness.holds(&mark)
        {
            return Ok(Some(offer));
        }
        // Taken before anything is read: what changes meanwhile is read again the next time.
        let mark = self.freshness.mark(code);
        let Some(offer) = self.read(user, code).await?.map(Arc::new) else { return Ok(None) };
        if let Some(mark) = mark {
            self.kept.insert(key, (mark, Arc::clone(&offer)));
        }
        Ok(Some(offer))
    }

    async fn read(&self, user: &UserId, code: &str) -> Result<Option<Offer>> {
        let Some(stored) = self.catalog.find(code).await? else { return Ok(None) };
        let StoredInvite { invite, deleted_at, all_paused, .. } = stored;
        let (is_deleted, terms) = (deleted_at.is_some(), &invite.terms);
        let is_used_up = terms.limits.max_uses.is_some_and(|most| invite.uses >= most);
        let holds_use = is_used_up && self.redemptions.holds_use(code, user.as_str()).await?;
        let redemption = match is_deleted {
            true => None,
            false => self.redemptions.get(code, user.as_str()).await?,
        };
        let is_redeemed = redemption.is_some_and(|redemption| redemption.is_over(&terms.rooms, terms.chat));
        Ok(Some(Offer { invite, is_deleted, all_paused, holds_use, is_redeemed }))
    }
}
