//! Whether the homeserver is ready for this service.

use std::sync::Arc;

use matrix_sdk::ruma::OwnedUserId;

use super::{admin, error::Result, link::Link};
use crate::config::ActingMode;

/// How far Synapse's admin API is open to this service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdminApi {
    /// It answers.
    Open,
    /// It is there, for others.
    Closed,
    /// The homeserver has none.
    Missing,
}

/// Whether the homeserver limits how fast the service works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateLimit {
    /// Like everybody.
    Usual,
    /// Not.
    Lifted,
}

/// The homeserver as an operator sets it up. Cheap to clone.
#[derive(Clone)]
pub struct Setup(pub(super) Arc<Link>);

impl Setup {
    /// The user in whose name the service itself speaks: the application service's sender, or the admin.
    pub async fn acting_user(&self) -> Result<OwnedUserId> {
        self.0.acting_user().await
    }

    /// Makes the homeserver ready for this service: the application service's own user exists, or the admin's limits are
    /// lifted. Doing it again changes nothing.
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

    /// How far Synapse's admin API is open to the acting token.
    pub async fn admin_api(&self) -> Result<AdminApi> {
        let user = self.0.acting_user().await?;
        match self.0.call(admin::QueryUser { user: &user }).await {
            Ok(_) => Ok(AdminApi::Open),
            Err(error) if error.is("M_UNRECOGNIZED") => Ok(AdminApi::Missing),
            Err(error) if error.is_judgement() => Ok(AdminApi::Closed),
            Err(error) => Err(error),
        }
    }

    /// Whether the homeserver's limits hold for the acting user (Synapse admin API, "Get status of ratelimit").
    pub async fn rate_limit(&self) -> Result<RateLimit> {
        let user = self.0.acting_user().await?;
        let answer = self.0.call(admin::Ratelimit { user: &user }).await?;
        Ok(match answer.messages_per_second {
            Some(0) => RateLimit::Lifted,
            _ => RateLimit::Usual,
        })
    }
}
