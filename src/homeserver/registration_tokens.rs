//! Registration tokens, through Synapse's admin API.

use std::sync::Arc;

use super::{
    admin,
    error::{Error, Result},
    link::Link,
};

/// How many accounts a registration token may open, and until when; unlimited if unset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenLimits {
    /// How many accounts in all; never zero, which Synapse treats as unlimited.
    pub uses_allowed: Option<u64>,
    /// When it expires, in milliseconds since the epoch.
    pub expires_at: Option<i64>,
}

/// A registration token, as the homeserver knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenState {
    limits: TokenLimits,
    pending: u64,
    completed: u64,
}

impl TokenState {
    /// Whether it can open an account at `now`, in milliseconds since the epoch.
    pub fn is_valid(self, now: i64) -> bool {
        let used_up =
            self.limits.uses_allowed.is_some_and(|allowed| allowed > 0 && self.pending + self.completed >= allowed);
        !used_up && self.limits.expires_at.is_none_or(|end| now < end)
    }

    /// Whether somebody is in the middle of opening an account with it. The homeserver lets them finish, even without the token.
    pub fn is_in_use(self) -> bool {
        self.pending > 0
    }

    /// How many accounts it has opened, or is about to.
    pub fn taken(self) -> u64 {
        self.completed.saturating_add(self.pending)
    }

    /// How many accounts it has opened.
    pub fn opened(&self) -> u64 {
        self.completed
    }

    /// Its limits.
    pub fn limits(self) -> TokenLimits {
        self.limits
    }

    /// The same token with other limits.
    #[must_use]
    pub fn with(self, limits: TokenLimits) -> Self {
        Self { limits, ..self }
    }
}

impl From<admin::RegistrationToken> for TokenState {
    fn from(token: admin::RegistrationToken) -> Self {
        let admin::RegistrationToken { uses_allowed, pending, completed, expiry_time } = token;
        Self { limits: TokenLimits { uses_allowed, expires_at: expiry_time }, pending, completed }
    }
}

/// The registration tokens of the homeserver. Cheap to clone.
#[derive(Clone)]
pub struct RegistrationTokens(pub(super) Arc<Link>);

impl RegistrationTokens {
    /// The registration token with this name, if there is one.
    pub async fn get(&self, token: &str) -> Result<Option<TokenState>> {
        match self.0.call(admin::GetRegistrationToken { token }).await {
            Ok(found) => Ok(Some(found.into())),
            Err(error) if error.is("M_NOT_FOUND") => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Creates a registration token. It is not an error if it exists already.
    pub async fn create(&self, token: &str, limits: TokenLimits) -> Result<()> {
        let TokenLimits { uses_allowed, expires_at: expiry_time } = limits;
        let created = match self.0.call(admin::CreateRegistrationToken { token, uses_allowed, expiry_time }).await {
            Ok(_) => Ok(()),
            // "Token already exists" has the same error code as an invalid token, so look it up.
            Err(error @ Error::Refused(_)) if error.is("M_INVALID_PARAM") => match self.get(token).await {
                Ok(Some(_)) => Ok(()),
                Ok(None) => Err(error),
                Err(unknown) => Err(unknown),
            },
            Err(error) => Err(error),
        };
        self.counted("create", created)
    }

    /// Changes the limits of a registration token; returns what it is with them.
    pub async fn limit(&self, token: &str, limits: TokenLimits) -> Result<TokenState> {
        let TokenLimits { uses_allowed, expires_at: expiry_time } = limits;
        let changed = self.0.call(admin::UpdateRegistrationToken { token, uses_allowed, expiry_time }).await;
        self.counted("change", changed.map(TokenState::from))
    }

    /// Deletes a registration token. It is not an error if there is none.
    pub async fn delete(&self, token: &str) -> Result<()> {
        let deleted = match self.0.call(admin::DeleteRegistrationToken { token }).await {
            Err(error) if !error.is("M_NOT_FOUND") => Err(error),
            _ => Ok(()),
        };
        self.counted("delete", deleted)
    }

    fn counted<T>(&self, action: &'static str, done: Result<T>) -> Result<T> {
        let outcome = match &done {
            Ok(_) => "done",
            Err(Error::Refused(_)) => "refused",
            Err(_) => "failed",
        };
        self.0.metrics().registration_token("synapse", action, outcome);
        done
    }
}
