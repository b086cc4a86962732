//! Signing in and out, for those who use the pages.

use app::{Error as Refusal, Person, SignInWays};
use matrix_sdk::ruma::UserId;

use super::Invites;
use crate::{
    account::Origin,
    error::{Error, Result},
    homeserver::{self, Picture, Session},
};

/// How long to wait where the homeserver does not say.
const USUAL_WAIT: u32 = 5;

impl Invites {
    /// How people can sign in here.
    pub async fn sign_in_ways(&self, origin: &Origin) -> Result<SignInWays> {
        self.0.homeserver.sign_in_ways(origin).await.map_err(|error| refused(error, Refusal::SignInFailed))
    }

    /// Signs somebody in by user name or Matrix id, and password.
    pub async fn sign_in_by_password(&self, user: &str, password: &str, origin: &Origin) -> Result<Session> {
        let user = user.trim();
        if user.is_empty() || password.is_empty() {
            return Err(Refusal::WrongPassword.into());
        }
        let here = self.0.homeserver.server_name();
        if let Ok(id) = UserId::parse(user)
            && id.server_name() != here
        {
            let (server, here) = (id.server_name().to_string(), here.to_string());
            return Err(Refusal::WrongServer { server, here }.into());
        }
        // Without its server people still write the @.
        let local = user.split(':').next().unwrap_or(user).trim_start_matches('@');
        let user = UserId::parse_with_server_name(local, here).map_err(|_| Refusal::WrongPassword)?;
        let session = self.0.homeserver.sign_in_by_password(user, password, origin).await;
        session.map_err(|error| refused(error, Refusal::WrongPassword))
    }

    /// Signs somebody in who comes back from a sign-in elsewhere.
    pub async fn sign_in_by_token(&self, token: &str, origin: &Origin) -> Result<Session> {
        let session = self.0.homeserver.sign_in_by_token(token, origin).await;
        session.map_err(|error| refused(error, Refusal::SignInFailed))
    }

    /// Ends the session with this token on the homeserver. One that has ended already is no error.
    ///
    /// # Errors
    /// [`Refusal::StillSignedIn`] if the homeserver could not do it.
    pub async fn sign_out(&self, token: &str) -> Result<()> {
        match self.0.homeserver.sign_out(token).await {
            Err(homeserver::Error::Refused(refusal)) if refusal.status == 401 => Ok(()),
            Err(error) => {
                tracing::warn!(%error, "a session could not be ended");
                Err(Refusal::StillSignedIn.into())
            }
            Ok(()) => Ok(()),
        }
    }

    /// Ends the session that another one has taken the place of, if there was one, without waiting for it.
    pub fn leave(&self, token: Option<String>) {
        let Some(token) = token else { return };
        let invites = self.clone();
        self.0.tasks.spawn(async move { invites.sign_out(&token).await.ok() });
    }

    /// Somebody's name and picture, as far as they can be had.
    pub async fn person(&self, user: &UserId) -> Person {
        self.0.homeserver.person(user).await
    }

    /// A picture behind an `mxc:` address, small; `None` if there is none.
    pub async fn picture(&self, address: &str) -> Result<Option<Picture>> {
        Ok(self.0.homeserver.picture(address.into()).await?)
    }
}

/// What a refused sign-in means to a person.
fn refused(error: homeserver::Error, otherwise: Refusal) -> Error {
    let homeserver::Error::Refused(refusal) = &error else { return error.into() };
    let seconds = |wait: std::time::Duration| u32::try_from(wait.as_millis().div_ceil(1000)).unwrap_or(u32::MAX);
    match refusal.errcode.as_str() {
        "M_USER_DEACTIVATED" => Refusal::Deactivated,
        "M_USER_LOCKED" => Refusal::Locked,
        "M_LIMIT_EXCEEDED" => Refusal::TooFast { retry_after: refusal.retry_after.map_or(USUAL_WAIT, seconds) },
        _ if refusal.status >= 500 => return Error::unreachable(),
        _ => otherwise,
    }
    .into()
}
