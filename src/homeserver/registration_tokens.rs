//! Registration tokens, through Synapse's admin API.

use super::{Error, Homeserver, Result, admin};

/// A registration token, as the homeserver knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenState {
    used_up: bool,
    expires_at: Option<i64>,
}

impl TokenState {
    /// Whether it opens an account at `now`, in milliseconds since the epoch.
    pub fn is_valid(self, now: i64) -> bool {
        !self.used_up && self.expires_at.is_none_or(|end| now < end)
    }
}

impl Homeserver {
    /// The registration token of this name, if there is one.
    pub async fn registration_token(&self, token: &str) -> Result<Option<TokenState>> {
        match self.call(admin::GetRegistrationToken { token }).await {
            Ok(answer) => Ok(Some(TokenState {
                // Zero uses allowed means no limit, as Synapse takes it.
                used_up: answer
                    .uses_allowed
                    .is_some_and(|allowed| allowed > 0 && answer.pending + answer.completed >= allowed),
                expires_at: answer.expiry_time,
            })),
            Err(error) if error.is("M_NOT_FOUND") => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Makes a registration token without an end. That there is one already is no error.
    pub async fn create_registration_token(&self, token: &str) -> Result<()> {
        match self.call(admin::CreateRegistrationToken { token }).await {
            Ok(_) => Ok(()),
            // "Token already exists": with the same error code as a token that is not legal, so look.
            Err(error @ Error::Refused(_)) if error.is("M_INVALID_PARAM") => {
                match self.registration_token(token).await? {
                    Some(_) => Ok(()),
                    None => Err(error),
                }
            }
            Err(error) => Err(error),
        }
    }

    /// Takes a registration token away. That there is none is no error.
    pub async fn delete_registration_token(&self, token: &str) -> Result<()> {
        match self.call(admin::DeleteRegistrationToken { token }).await {
            Err(error) if !error.is("M_NOT_FOUND") => Err(error),
            _ => Ok(()),
        }
    }
}
