//! The registration token that has an invite's code as its name: it opens accounts as long as the invite lets people
//! in.

use std::{sync::Arc, time::Duration};

use app::{Code, Invite, InviteState, Registration};
use futures_util::future::join_all;
use tokio_util::task::TaskTracker;

use super::{
    catalog::Catalog,
    lease::{Leases, Turns},
    rules::least,
};
use crate::{
    config::Policy,
    error::{Error, Result, StepError},
    homeserver::{self, TokenLimits, TokenState},
    store::{self, Millis, RegistrationToken, StoredInvite},
    trace::carried,
};

/// After how long a token expires that cannot be closed at once, in milliseconds; longer than the clocks of instances
/// differ.
const SOON: Millis = 3_000;

/// How many tokens are updated at once.
const TOKENS_AT_ONCE: i64 = 4;

/// After how long a failed update is tried again, in milliseconds.
const TOKEN_RETRY_AFTER: Millis = 5_000;

/// After how long it is looked whether nobody uses a token any more that waits to be deleted, in milliseconds.
const IN_USE: Millis = 60_000;

/// The timing of the lease that updates of one token take.
const LEASE_TIMING: Turns =
    Turns { lease: Duration::from_secs(30), queue: Duration::from_secs(3), look: Duration::from_millis(50) };

/// The state that a registration token should have.
enum Wanted {
    /// It opens accounts, within these bounds.
    Open {
        /// How many more people the invite lets in.
        left: Option<u32>,
        /// How many accounts the token may open in all.
        most: Option<u32>,
        /// When it expires, in milliseconds since the epoch.
        until: Option<Millis>,
    },
    /// It does not exist, for this reason.
    Gone(Registration),
}

/// Keeps registration tokens in line with their invites. Cheap to clone.
#[derive(Clone)]
pub(super) struct RegistrationTokens {
    pub(super) catalog: Catalog,
    pub(super) store: store::RegistrationTokens,
    pub(super) homeserver: homeserver::RegistrationTokens,
    pub(super) leases: Leases,
    pub(super) tasks: TaskTracker,
}

impl RegistrationTokens {
    /// If the server's rules have changed, applies them to existing registration tokens.
    pub(super) async fn apply_rules(&self) -> Result<()> {
        let rules = &self.catalog.rules;
        let Policy { max_uses, max_days, chosen_code_accounts, chosen_code_account_days, .. } = rules.policy;
        let rules = (rules.registration, max_uses, max_days, chosen_code_accounts, chosen_code_account_days);
        Ok(self.store.set_rules(&format!("{rules:?}"), (self.catalog.clock)()).await?)
    }

    /// Updates all registration tokens that are due, until the homeserver refuses.
    pub(super) async fn settle_what_is_due(&self) -> Result<()> {
        loop {
            let due = self.store.due((self.catalog.clock)(), TOKENS_AT_ONCE).await?;
            // All of them run to their end, so that none keeps its lease.
            for settled in join_all(due.iter().map(|code| self.settle(code))).await {
                if settled? == Registration::Unavailable {
                    return Ok(());
                }
            }
            if due.is_empty() {
                return Ok(());
            }
        }
    }

    /// Brings an invite's registration token in line with the invite. If that fails,
    /// [`Housekeeping::sweep`](super::Housekeeping::sweep) tries again.
    ///
    /// It runs to its end even if the caller gives up.
    pub(super) async fn settle(&self, code: &str) -> Result<Registration> {
        let (tokens, code) = (self.clone(), code.to_owned());
        let settle = self.tasks.spawn(carried(async move {
            tokens.leases.in_turn(&format!("token:{code}"), "", LEASE_TIMING, tokens.settle_now(&code)).await
        }));
        let settled = settle.await.map_err(|error| Error::Failed(Arc::new(error)))?;
        Ok(settled?.unwrap_or(Registration::Unavailable))
    }

    /// Updates the registration token of an invite of which a use was taken or given back, in the background.
    pub(super) fn settle_soon(&self, invite: &Invite) {
        if invite.terms.limits.max_uses.is_none() {
            return;
        }
        let (tokens, code) = (self.clone(), invite.code.clone());
        self.tasks.spawn(carried(async move {
            if let Err(error) = tokens.settle(&code).await {
                // It stays due.
                tracing::warn!(%error, "a registration token has to wait for the next sweep");
            }
        }));
    }

    async fn settle_now(&self, code: &str) -> Result<Registration> {
        let Some(stored) = self.catalog.find(code).await? else { return Ok(Registration::NotRequested) };
        let stored = match stored.registration_token {
            // Where codes do not open accounts, the module's tokens stay open until an operator decides: this may be
            // the first start, before everything is configured.
            RegistrationToken::Inherited if !self.catalog.rules.registration && stored.deleted_at.is_none() => {
                self.store.settled(code, stored.token_due, None, (self.catalog.clock)()).await?;
                return Ok(Registration::NotEnabled);
            }
            RegistrationToken::Inherited => match self.inherit(code).await {
                Ok(()) => self.catalog.find(code).await?.unwrap_or(stored),
                Err(StepError::Failed(error)) => return Err(error),
                Err(StepError::Homeserver(error)) => {
                    // Where codes do not open accounts, the homeserver may well deny access to registration tokens.
                    let give_up = error.is_judgement() && !self.catalog.rules.registration;
                    tracing::warn!(%error, "a registration token of the Python module cannot be looked after");
                    let again = (!give_up).then(|| (self.catalog.clock)() + TOKEN_RETRY_AFTER);
                    self.store.settled(code, stored.token_due, again, (self.catalog.clock)()).await?;
                    return Ok(Registration::Unavailable);
                }
            },
            _ => stored,
        };
        let (now, due) = ((self.catalog.clock)(), stored.token_due);
        match self.settle_counted(stored, now).await {
            Ok((registration, again)) => {
                self.store.settled(code, due, again, now).await?;
                Ok(registration)
            }
            Err(StepError::Failed(error)) => Err(error),
            Err(StepError::Homeserver(error)) => {
                tracing::warn!(%error, "a registration token is not yet as its invite wants it");
                self.store.settled(code, due, Some(now + TOKEN_RETRY_AFTER), now).await?;
                Ok(Registration::Unavailable)
            }
        }
    }

    /// Brings the registration token in line with its invite; also returns when it has to change next without anybody's
    /// doing.
    async fn settle_counted(
        &self,
        mut stored: StoredInvite,
        now: Millis,
    ) -> Result<(Registration, Option<Millis>), StepError> {
        let code = stored.invite.code.clone();
        // The accounts of a deleted token may not be counted yet, and the right state depends on their number.
        if stored.accounts_leaving > 0 && self.homeserver.get(&code).await?.is_none() {
            self.store.forget(&code).await?;
            stored.registration_token = RegistrationToken::None;
            stored.accounts = stored.accounts.saturating_add(std::mem::take(&mut stored.accounts_leaving));
        }
        let (wanted, again) = self.wanted_token(&stored, now);
        match wanted {
            Wanted::Open { left, most, until } => {
                Ok((self.ensure_token(&stored, left, most, until, now).await?, again))
            }
            Wanted::Gone(why) => {
                let is_settled = !stored.registration_token.is_ours() || self.end_token(&stored, now).await?;
                let in_use = (!is_settled).then(|| now.saturating_add(IN_USE));
                Ok((why, least(again, in_use)))
            }
        }
    }

    /// Ends a registration token that this service made; returns whether that is all.
    async fn end_token(&self, stored: &StoredInvite, now: Millis) -> Result<bool, StepError> {
        let code = &stored.invite.code;
        match stored.deleted_at.is_none() && Code::parse(code).is_err() {
            true => {
                self.close_token(code).await?;
                Ok(true)
            }
            false => self.remove_token(stored, now).await,
        }
    }

    /// Finds out whether the Python module has left a registration token with this name.
    async fn inherit(&self, code: &str) -> Result<(), StepError> {
        let token = self.homeserver.get(code).await?;
        Ok(self.store.settle_inheritance(code, token.is_some()).await?)
    }

    /// The state that the invite's token should have, and when that changes next without anybody's doing.
    fn wanted_token(&self, stored: &StoredInvite, now: Millis) -> (Wanted, Option<Millis>) {
        let invite = &stored.invite;
        if !stored.invite.terms.registration {
            return (Wanted::Gone(Registration::NotRequested), None);
        }
        if !self.catalog.rules.registration {
            return (Wanted::Gone(Registration::NotEnabled), None);
        }
        if stored.deleted_at.is_some() {
            return (Wanted::Gone(Registration::Closed), None);
        }
        if !stored.opens_accounts {
            return (Wanted::Gone(Registration::SaveFirst), None);
        }
        // The homeserver does not accept this text as the name of a token, but the module has bypassed its checks.
        if !stored.registration_token.is_ours() && Code::parse(&invite.code).is_err() {
            return (Wanted::Gone(Registration::NotAllowed), None);
        }
        let accounts = self.catalog.rules.accounts(stored);
        let opened_before = |most: u32| most.saturating_sub(stored.accounts);
        if accounts.most.map(opened_before) == Some(0) || accounts.until.is_some_and(|until| now >= until) {
            return (Wanted::Gone(Registration::NotAllowed), None);
        }
        let limits = invite.terms.limits;
        // Never more than the invite lets in, whether those people have joined yet or not.
        let most = least(accounts.most, limits.max_uses).map(opened_before);
        let until = least(limits.expires_at, accounts.until);
        match stored.state(now) {
            InviteState::Open if most == Some(0) => (Wanted::Gone(Registration::Closed), None),
            InviteState::Open => {
                let left = limits.max_uses.map(|most| most.saturating_sub(invite.uses));
                (Wanted::Open { left, most, until }, until)
            }
            InviteState::NotYet => (Wanted::Gone(Registration::Closed), limits.not_before),
            _ => (Wanted::Gone(Registration::Closed), None),
        }
    }

    /// Whether a code opens accounts, as far as that is known without asking the homeserver.
    pub(super) fn registration_of(&self, stored: &StoredInvite, now: Millis) -> Registration {
        match self.wanted_token(stored, now).0 {
            Wanted::Gone(why) => why,
            Wanted::Open { .. } if stored.registration_token.is_there() => Registration::Open,
            Wanted::Open { .. } => Registration::Unavailable,
        }
    }

    /// Whether a code opens accounts, as the homeserver says now: only it knows how many its token has opened. If it does not answer, what is
    /// known without it counts.
    pub(super) async fn registration_now(&self, stored: &StoredInvite, now: Millis) -> Registration {
        let known = self.registration_of(stored, now);
        if known != Registration::Open {
            return known;
        }
        match self.homeserver.get(&stored.invite.code).await {
            Ok(Some(token)) if token.is_valid(now) => Registration::Open,
            Ok(Some(token)) => {
                let opened = u64::from(stored.accounts) + token.opened();
                let most = self.catalog.rules.accounts(stored).most;
                match most.is_some_and(|most| opened >= u64::from(most)) {
                    true => Registration::NotAllowed,
                    false => Registration::Closed,
                }
            }
            Ok(None) => Registration::Unavailable,
            Err(error) => {
                tracing::warn!(%error, "whether a code still opens accounts is not known");
                known
            }
        }
    }

    /// Creates the registration token, or changes the limits of an existing one.
    async fn ensure_token(
        &self,
        stored: &StoredInvite,
        left: Option<u32>,
        most: Option<u32>,
        until: Option<Millis>,
        now: Millis,
    ) -> Result<Registration, StepError> {
        let code = &stored.invite.code;
        let token = self.homeserver.get(code).await?;
        let opened = token.as_ref().map_or(0, TokenState::opened);
        let limits = TokenLimits {
            // The people who have opened an account with it are among those whom the invite lets in.
            uses_allowed: least(left.map(|left| opened.saturating_add(left.into())), most.map(u64::from)),
            expires_at: until,
        };
        let Some(token) = token else {
            // Stored before the token is made: if the process dies in between, the token is known to be ours and is
            // deleted with the invite.
            self.store.set(code, RegistrationToken::Making).await?;
            self.homeserver.create(code, limits).await?;
            self.store.set(code, RegistrationToken::Ours).await?;
            return Ok(Registration::Open);
        };
        let valid = match stored.registration_token {
            RegistrationToken::Making | RegistrationToken::Ours | RegistrationToken::Inherited => {
                if token.limits() != limits {
                    self.homeserver.limit(code, limits).await?;
                }
                self.store.set(code, RegistrationToken::Ours).await?;
                token.with(limits).is_valid(now)
            }
            RegistrationToken::None | RegistrationToken::Foreign => {
                self.store.set(code, RegistrationToken::Foreign).await?;
                token.is_valid(now)
            }
        };
        Ok(if valid { Registration::Open } else { Registration::Closed })
    }

    /// Closes a registration token for now. It is not deleted, because the homeserver would not accept its name again.
    async fn close_token(&self, code: &str) -> homeserver::Result<()> {
        let Some(token) = self.homeserver.get(code).await? else { return Ok(()) };
        let now = (self.catalog.clock)();
        if !token.is_valid(now) {
            return Ok(());
        }
        // Synapse treats zero allowed uses as unlimited, and refuses an expiry time in the past.
        let limits = match token.opened() {
            0 => TokenLimits { expires_at: Some(now + SOON), ..token.limits() },
            opened => TokenLimits { uses_allowed: Some(opened), ..token.limits() },
        };
        self.homeserver.limit(code, limits).await.map(drop)
    }

    /// Deletes a registration token that this service made, and keeps the number of accounts that it has opened; returns whether it is
    /// gone. While somebody is in the middle of opening one, it is only closed, because without it nobody would count them.
    async fn remove_token(&self, stored: &StoredInvite, now: Millis) -> Result<bool, StepError> {
        let code = &stored.invite.code;
        // If the token is gone already, the number that was stored before it was deleted holds.
        if let Some(token) = self.homeserver.get(code).await? {
            // The number matters only to an invite that may open accounts again.
            let token = match stored.deleted_at {
                None => self.let_nobody_begin(code, token, now).await?,
                Some(_) => token,
            };
            if stored.deleted_at.is_none() && token.is_in_use() {
                return Ok(false);
            }
            self.store.note_leaving(code, token.opened()).await?;
            self.homeserver.delete(code).await?;
        }
        self.store.forget(code).await?;
        Ok(true)
    }

    /// Closes a registration token that is about to be deleted, so that nobody opens an account after they were counted. One with which
    /// nobody has begun cannot be closed at once, because Synapse treats zero allowed uses as unlimited: until it is deleted, one person may begin.
    async fn let_nobody_begin(&self, code: &str, token: TokenState, now: Millis) -> Result<TokenState, StepError> {
        if !token.is_valid(now) {
            return Ok(token);
        }
        let limits = TokenLimits { uses_allowed: Some(token.taken().max(1)), ..token.limits() };
        match self.homeserver.limit(code, limits).await {
            // It has to go, even if the homeserver does not want to close it; perhaps it has expired by the homeserver's clock.
            Err(error) if error.is_judgement() => Ok(token),
            closed => Ok(closed?),
        }
    }
}
