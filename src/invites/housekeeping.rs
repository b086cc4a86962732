//! What has to be done again and again.

use super::{audit::AuditLog, registration_token::RegistrationTokens};
use crate::{
    clock::Clock,
    error::Result,
    store::{Leases, Millis, Redemptions},
};

/// How many uses are given back at once.
const GIVEN_BACK: i64 = 50;

/// After how long a lease is forgotten that nobody has given back, in milliseconds: more than clocks differ.
const LEASE_KEPT: Millis = 60 * 60_000;

/// For how long a use stays taken by somebody who did not come in to anything and is not at work, in milliseconds: long enough for
/// them to try again.
const USE_HELD: Millis = 10 * 60_000;

/// Looks after what nobody waits for.
pub struct Housekeeping {
    pub(super) redemptions: Redemptions,
    pub(super) leases: Leases,
    pub(super) tokens: RegistrationTokens,
    pub(super) audit: AuditLog,
    pub(super) clock: Clock,
}

impl Housekeeping {
    /// Lets the rules of this server, if they are others than before, bear on the registration tokens that are out.
    pub async fn apply_rules(&self) -> Result<()> {
        self.tokens.apply_rules().await
    }

    /// Does what is due: registration tokens become what their invites want, uses are given back with which nobody came, and old
    /// entries of the audit log are forgotten. Meant to be called every few seconds.
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
