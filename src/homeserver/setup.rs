//! Whether the homeserver is ready for this service.

use std::sync::Arc;

use matrix_sdk::ruma::OwnedUserId;

use super::{admin, error::Result, link::Link};
use crate::config::ActingMode;

/// Whether this service may use Synapse's admin API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdminApi {
    /// It may.
    Open,
    /// The API exists, but denies access.
    Closed,
    /// The homeserver has no such API.
    Missing,
}

/// Whether the homeserver's rate limits apply to this service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateLimit {
    /// They apply, as to everybody.
    Usual,
    /// They were lifted.
    Lifted,
}

/// The homeserver as an operator sets it up. Cheap to clone.
#[derive(Clone)]
pub struct Setup(pub(super) Arc<Link>);

impl Setup {
    /// The service's own user: the application service's sender, or the admin.
    pub async fn acting_user(&self) -> Result<OwnedUserId> {
        self.0.acting_user().await
    }

    /// Makes the homeserver ready for this service: creates the application service's own user, or lifts the admin's
    /// rate limits. Repeating it changes nothing.
    pub async fn prepare(&self) -> Result<()> {
        match self.0.mode {
            ActingMode::Admin => self.0.admin().await.map(drop),
            ActingMode::Appservice => {
                let sender = self.0.acting_user().await?;
                let username = sender.localpart();
                let kind = "m.login.application_service";
                match self.0.call(admin::RegisterSender { kind, username, inhibit_login: true }).await {
                    Err(error) if !error.is("M_USER_IN_USE") => Err(error),
                    _ => Ok(()),
                }
            }
        }
    }

    /// Whether the acting token may use Synapse's admin API.
    pub async fn admin_api(&self) -> Result<AdminApi> {
        let user = self.0.acting_user().await?;
        match self.0.call(admin::QueryUser { user: &user }).await {
            Ok(_) => Ok(AdminApi::Open),
            Err(error) if error.is("M_UNRECOGNIZED") => Ok(AdminApi::Missing),
            Err(error) if error.is_judgement() => Ok(AdminApi::Closed),
            Err(error) => Err(error),
        }
    }

    /// Whether rate limits apply to the acting user (Synapse admin API, "Get status of ratelimit").
    pub async fn rate_limit(&self) -> Result<RateLimit> {
        let user = self.0.acting_user().await?;
        let answer = self.0.call(admin::Ratelimit { user: &user }).await?;
        Ok(match answer.messages_per_second {
            Some(0) => RateLimit::Lifted,
            _ => RateLimit::Usual,
        })
    }
}
