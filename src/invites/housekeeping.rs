//! Recurring tasks.

use super::{audit::AuditLog, registration_token::RegistrationTokens};
use crate::{
    clock::Clock,
    error::Result,
    store::{Leases, Millis, Redemptions},
};

/// How many uses are given back at once.
const GIVEN_BACK: i64 = 50;

/// After how long an expired lease is deleted, in milliseconds: longer than the clocks of instances differ.
const LEASE_KEPT: Millis = 60 * 60_000;

/// How long somebody who has joined nothing keeps their use while they are not redeeming, in milliseconds: long enough
/// to try again.
const USE_HELD: Millis = 10 * 60_000;

/// Work that no request waits for.
pub struct Housekeeping {
    pub(super) redemptions: Redemptions,
    pub(super) leases: Leases,
    pub(super) tokens: RegistrationTokens,
    pub(super) audit: AuditLog,
    pub(super) clock: Clock,
}

impl Housekeeping {
    /// If the server's rules have changed, applies them to existing registration tokens.
    pub async fn apply_rules(&self) -> Result<()> {
        self.tokens.apply_rules().await
    }

    /// Does what is due: brings registration tokens in line with their invites, gives back uses with which nobody
    /// joined, and deletes old entries of the audit log. To be called every few seconds.
    pub async fn sweep(&self) -> Result<()> {
        let now = (self.clock)();
        for (code, redeemer) in self.redemptions.stale_uses(now - USE_HELD, now, GIVEN_BACK).await? {
            self.redemptions.give_use_back(&code, &redeemer, now - USE_HELD, now).await?;
        }
        self.leases.forget(now - LEASE_KEPT).await?;
        self.tokens.settle_what_is_due().await?;
        self.audit.forget().await
    }
}
