//! The operator's settings, applied to an invite.

use app::{Code, Edit, Error as Refusal, Field, Invite, Limits, Problem, Rule};
use url::Url;

use crate::{
    clock::DAY,
    config::Policy,
    error::Error,
    store::{AsWritten, Ends, Millis, OverQuota, Quota, StoredInvite},
};

/// The operator's settings for invites.
#[derive(Debug, Clone)]
pub struct Rules {
    /// The most rooms of one invite.
    pub max_rooms: usize,
    /// Whether codes open accounts as well.
    pub registration: bool,
    /// The address of Element in the browser.
    pub element_web_url: Option<Url>,
    /// The policy for invites.
    pub policy: Policy,
    /// For how many days entries of the audit log are kept.
    pub audit_days: u32,
}

/// How many accounts a code may open, and until when, beyond what the invite itself says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Accounts {
    /// How many accounts.
    pub(super) most: Option<u32>,
    /// Until when, in milliseconds since the epoch.
    pub(super) until: Option<Millis>,
}

fn after(begin: Millis, days: Option<u32>) -> Option<Millis> {
    days.map(|days| begin.saturating_add(Millis::from(days) * DAY))
}

/// Whether a code looks as if the Python module had generated it: the first eight digits of a random UUID (RFC 9562).
/// One that was chosen to look like that is treated the same.
fn looks_generated_by_module(code: &str) -> bool {
    code.len() == 8 && code.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// The smaller of two bounds, each of which may be unset.
pub(super) fn least<T: Ord>(one: Option<T>, other: Option<T>) -> Option<T> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

impl Rules {
    /// Applies the current policy to an invite, whatever was allowed when it was made.
    pub(super) fn bound(&self, invite: &mut Invite) {
        let most = after(invite.created_at, self.policy.max_days);
        invite.terms.limits.expires_at = least(invite.terms.limits.expires_at, most);
        invite.terms.limits.max_uses = least(invite.terms.limits.max_uses, self.policy.max_uses);
    }

    /// The invite as it was written, with the current policy applied.
    pub(super) fn bounded<T: AsMut<Invite>>(&self, written: AsWritten<T>) -> T {
        let mut read = written.as_written();
        self.bound(read.as_mut());
        read
    }

    /// The limits of a new invite for which the owner sets none.
    pub(super) fn usual_limits(&self, now: Millis) -> Limits {
        Limits {
            not_before: None,
            expires_at: after(now, self.policy.default_days),
            max_uses: self.policy.default_uses,
        }
    }

    /// Checks that somebody may set these limits. Values that were there before are not checked again.
    pub(super) fn check_limits(
        &self,
        limits: Limits,
        before: Limits,
        end: &Edit<i64>,
        created_at: Millis,
        now: Millis,
    ) -> Result<(), Refusal> {
        let invalid = |field, problem| Refusal::Invalid { field, problem };
        if limits.max_uses == Some(0) {
            return Err(invalid(Field::MaxUses, Problem::NoCount));
        }
        if let Edit::Set(Some(end)) = *end
            && Some(end) != before.expires_at
            && end <= now
        {
            return Err(invalid(Field::ExpiresAt, Problem::Past));
        }
        if let (Some(begin), Some(end)) = (limits.not_before, limits.expires_at)
            && begin >= end
            && limits != before
        {
            return Err(invalid(Field::ExpiresAt, Problem::BeforeBegin));
        }
        self.check_policy(limits, before, created_at)
    }

    /// Checks that the policy allows these limits in place of those before.
    fn check_policy(&self, wanted: Limits, before: Limits, created_at: Millis) -> Result<(), Refusal> {
        if let (Some(most), Some(uses)) = (self.policy.max_uses, wanted.max_uses)
            && uses > most
            && wanted.max_uses != before.max_uses
        {
            return Err(Refusal::Forbidden(Rule::MaxUses(most)));
        }
        if let (Some(latest), Some(end)) = (after(created_at, self.policy.max_days), wanted.expires_at)
            && end > latest
            && wanted.expires_at != before.expires_at
        {
            return Err(Refusal::Forbidden(Rule::MaxDays(self.policy.max_days.unwrap_or_default())));
        }
        Ok(())
    }

    pub(super) fn quota(&self, now: Millis) -> Quota {
        let most = |most: Option<u32>| most.map_or(Millis::MAX, Millis::from);
        Quota {
            open: most(self.policy.open_invites),
            made_after: now.saturating_sub(after(0, self.policy.max_days).unwrap_or(Millis::MAX)),
            most_uses: most(self.policy.max_uses),
            lately: most(self.policy.creations_per_day),
            since: now - DAY,
        }
    }

    pub(super) fn over_quota(&self, over: OverQuota) -> Error {
        let rule = match over {
            OverQuota::Open => Rule::OpenInvites(self.policy.open_invites.unwrap_or_default()),
            OverQuota::Lately => Rule::CreationsPerDay(self.policy.creations_per_day.unwrap_or_default()),
        };
        Refusal::Forbidden(rule).into()
    }

    /// How far a code opens accounts. The policy bounds chosen codes, because they can be guessed; codes that the
    /// Python module has generated keep working as they did.
    pub(super) fn accounts(&self, stored: &StoredInvite) -> Accounts {
        let invite = &stored.invite;
        if Code::looks_generated(&invite.code) || stored.by_module && looks_generated_by_module(&invite.code) {
            return Accounts { most: None, until: None };
        }
        let until = after(invite.created_at, self.policy.chosen_code_account_days);
        Accounts { most: self.policy.chosen_code_accounts, until }
    }

    /// When invites end because of the policy, beyond what they say themselves.
    pub(super) fn ends(&self, now: Millis) -> Ends {
        let policy = &self.policy;
        let made_before = policy.max_days.map(|days| now.saturating_sub(Millis::from(days) * DAY));
        Ends { now, made_before, max_uses: policy.max_uses }
    }
}
