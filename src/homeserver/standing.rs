//! The state of an account. Acting for somebody skips the checks that their own token would have to pass.
//!
//! There are three queries, by what the answer is for: [`Accounts::standing`] before somebody is invited in a person's
//! name, [`Accounts::caller_standing`] for somebody who has signed in themselves, and [`Accounts::shown_standing`] for
//! display.

use std::{sync::Arc, time::Duration};

use app::wording;
use matrix_sdk::ruma::{
    OwnedUserId, UserId,
    api::client::session::login::v3::{self as login, ApplicationService, LoginInfo},
    api::client::uiaa::UserIdentifier,
};

use super::{
    accounts::{Accounts, Standing},
    admin,
    error::{Error, Result},
    link::Link,
};
use crate::{
    config::{ActingMode, Secret},
    trace::carried,
};

/// The device id of every log-in that only checks whether an account can be used. It is always the same, so that a
/// log-in left behind by a killed process is replaced by the next check.
const DEVICE: &str = "SUPER_INVITES_CHECK";

/// How many times logging out is tried, each time after twice as long a wait.
const LOG_OUT_TRIES: u32 = 6;

/// The first of these waits.
const LOG_OUT_AGAIN: Duration = Duration::from_millis(500);

impl Accounts {
    /// The state of an account now.
    ///
    /// An application service without admin rights may not query it, so it tries what such an account would be refused.
    /// It cannot find out whether an account is shadow-banned.
    ///
    /// # Errors
    /// Anything that leaves the state unknown.
    pub async fn standing(&self, user: &UserId) -> Result<Standing, Arc<Error>> {
        match self.told_standing(user).await? {
            Some(told) => Ok(told),
            None if self.is_suspended(user).await? => Ok(Standing::Suspended),
            None => self.standing_by_log_in(user.to_owned()).await,
        }
    }

    /// The state of an account whose own token was accepted a moment ago, so that it is neither locked nor deactivated.
    /// Never logs the account in.
    pub async fn caller_standing(&self, user: &UserId) -> Result<Standing> {
        match self.told_standing(user).await? {
            Some(told) => Ok(told),
            None if self.is_suspended(user).await? => Ok(Standing::Suspended),
            None => Ok(Standing::Active),
        }
    }

    /// The state of an account as far as it is known without acting for it. Unknown counts as active; it is checked
    /// before anything is done.
    pub(super) async fn shown_standing(&self, user: &UserId) -> Result<Standing> {
        Ok(self.told_standing(user).await?.unwrap_or(Standing::Active))
    }

    /// The state according to the admin API; `None` if an application service may not use that.
    async fn told_standing(&self, user: &UserId) -> Result<Option<Standing>> {
        match self.link.call(admin::QueryUser { user }).await {
            Ok(state) if state.name == user.as_str() => Ok(Some(state.into())),
            Ok(_) => Err(Error::Unexpected("this is somebody else's state".into())),
            Err(error) if error.is("M_NOT_FOUND") => Ok(Some(Standing::Unknown)),
            Err(error) if error.is_judgement() && self.link.mode == ActingMode::Appservice => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether the account is suspended, which its own token does not reveal. Cheaper than [`Self::standing`].
    pub async fn is_suspended(&self, user: &UserId) -> Result<bool> {
        match self.link.mode {
            ActingMode::Appservice => self.link.act_as(user).await?.is_suspended().await,
            ActingMode::Admin => Ok(self.told_standing(user).await? == Some(Standing::Suspended)),
        }
    }

    /// Logs the user in (Application Service API, "Server admin style permissions") and out again: unlike everything
    /// else that an application service may do for a user, a homeserver refuses that for locked and deactivated
    /// accounts.
    async fn standing_by_log_in(&self, user: OwnedUserId) -> Result<Standing, Arc<Error>> {
        let (link, asks) = (Arc::clone(&self.link), user.clone());
        let ask = async move {
            // In a task of its own: if the caller gives up, the log-in is still undone.
            let asked = tokio::spawn(carried(async move { link.try_log_in(asks).await }));
            asked.await.unwrap_or_else(|error| Err(Error::Unexpected(error.into())))
        };
        // One at a time for each account: two would share the device, and one would end the other's log-in.
        self.log_ins.try_get_with(user, ask).await
    }
}

impl Link {
    async fn try_log_in(self: Arc<Self>, user: OwnedUserId) -> Result<Standing> {
        let info = LoginInfo::ApplicationService(ApplicationService::new(UserIdentifier::Matrix(user.into())));
        let mut request = login::Request::new(info);
        request.device_id = Some(DEVICE.into());
        request.initial_device_display_name = Some(wording::CHECKING_DEVICE.to_owned());
        match self.transport.send(request, self.own_token(), None).await {
            Ok(answer) => {
                let token = Secret::from(answer.access_token);
                if !self.log_out(&token).await {
                    // Nobody waits for this: the answer is known already.
                    tokio::spawn(carried(async move { self.log_out_later(&token).await }));
                }
                Ok(Standing::Active)
            }
            Err(error) if error.is("M_USER_LOCKED") => Ok(Standing::Locked),
            Err(error) if error.is("M_USER_DEACTIVATED") => Ok(Standing::Deactivated),
            // If another service handles log-ins (MAS), there is no such endpoint and the state stays unknown; whatever
            // the account may not do is refused when it is done.
            Err(error) if error.is("M_UNRECOGNIZED") => Ok(Standing::Active),
            Err(error) => Err(error),
        }
    }

    async fn log_out_later(&self, token: &Secret) {
        for time in 0..LOG_OUT_TRIES {
            tokio::time::sleep(LOG_OUT_AGAIN * 2_u32.pow(time)).await;
            if self.log_out(token).await {
                return;
            }
        }
        tracing::warn!("a log-in stays in somebody's list of sessions until their account is checked again");
    }
}
