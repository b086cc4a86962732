//! Whether an account may be used. Acting for somebody skips the checks that their own token would meet.

use std::sync::Arc;

use matrix_sdk::ruma::{
    UserId,
    api::client::session::login::v3::{self as login, ApplicationService, LoginInfo},
    api::client::uiaa::UserIdentifier,
};

use super::{Error, Homeserver, Result, admin};
use crate::config::{ActingMode, Secret};

/// What a server admin has done to an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nothing: it may be used.
    Active,
    /// It may look, but neither invite nor join.
    Suspended,
    /// It may not be used for now.
    Locked,
    /// It may not be used again.
    Deactivated,
    /// There is no such account.
    Unknown,
}

impl Standing {
    /// Whether people can still be invited in this person's name.
    pub fn may_invite(self) -> bool {
        self == Self::Active
    }
}

impl Homeserver {
    /// The state of an account, now.
    ///
    /// An application service that is no admin may not ask for it; it then tries what such an account would be refused.
    pub async fn standing(self: &Arc<Self>, user: &UserId) -> Result<Standing> {
        match self.call(admin::QueryUser { user }).await {
            Ok(state) if state.deactivated => Ok(Standing::Deactivated),
            Ok(state) if state.locked => Ok(Standing::Locked),
            Ok(state) if state.suspended => Ok(Standing::Suspended),
            Ok(_) => Ok(Standing::Active),
            Err(error) if error.is("M_NOT_FOUND") => Ok(Standing::Unknown),
            Err(Error::Refused(_)) if self.acting.mode() == ActingMode::Appservice => {
                match self.is_suspended(user).await? {
                    true => Ok(Standing::Suspended),
                    false => self.standing_by_log_in(user).await,
                }
            }
            Err(error) => Err(error),
        }
    }

    /// Whether the account is suspended, which its own token does not tell. Cheaper than [`Self::standing`].
    pub async fn is_suspended(self: &Arc<Self>, user: &UserId) -> Result<bool> {
        match self.acting.mode() {
            ActingMode::Appservice => self.act_as(user).await?.is_suspended().await,
            // An admin is told the state itself, so this does not come back here.
            ActingMode::Admin => Ok(Box::pin(self.standing(user)).await? == Standing::Suspended),
        }
    }

    /// Logs the user in (Application Service API, "Server admin style permissions") and out again: unlike everything else that
    /// an application service may do for somebody, a homeserver refuses that for locked and deactivated accounts.
    async fn standing_by_log_in(&self, user: &UserId) -> Result<Standing> {
        let identifier = UserIdentifier::Matrix(user.to_owned().into());
        let info = LoginInfo::ApplicationService(ApplicationService::new(identifier));
        match self.transport.send(login::Request::new(info), self.acting.own_token(), None).await {
            Ok(answer) => {
                self.log_out(Secret::from(answer.access_token)).await;
                Ok(Standing::Active)
            }
            Err(error) if error.is("M_USER_LOCKED") => Ok(Standing::Locked),
            Err(error) if error.is("M_USER_DEACTIVATED") => Ok(Standing::Deactivated),
            // Where logging in is somebody else's business (MAS), nothing can be known; what the account may not do is refused
            // when it is done.
            Err(Error::Refused(_)) => Ok(Standing::Active),
            Err(error) => Err(error),
        }
    }
}
