//! Who people are: whose a token is, signing in and out, names and pictures.

use app::{Error as Refusal, Person, SignInWays};
use matrix_sdk::ruma::{OwnedServerName, UserId};
use tokio_util::task::TaskTracker;
use url::Url;

pub use crate::homeserver::{Picture, SignedIn};
use crate::{
    account::{Account, Origin},
    error::{Error, Result},
    homeserver::{self, Accounts, Homeserver, Media, SignIn},
};

/// How long to wait where the homeserver does not say.
const USUAL_WAIT: u32 = 5;

/// The people of the homeserver. Cheap to clone.
#[derive(Clone)]
pub struct People {
    accounts: Accounts,
    sign_in: SignIn,
    media: Media,
    here: OwnedServerName,
    tasks: TaskTracker,
}

impl People {
    /// The people of this homeserver. What is done for them after they have their answer is one of `tasks`.
    pub fn new(homeserver: &Homeserver, tasks: TaskTracker) -> Self {
        Self {
            accounts: homeserver.accounts.clone(),
            sign_in: homeserver.sign_in.clone(),
            media: homeserver.media.clone(),
            here: homeserver.server_name.clone(),
            tasks,
        }
    }

    /// Whose access token this is. Guests may do nothing here.
    pub async fn authenticate(&self, token: &str, origin: &Origin) -> Result<Account> {
        let account = self.accounts.whoami(token, origin).await.map_err(|error| match &*error {
            homeserver::Error::Refused(refusal) if refusal.errcode == "M_USER_LOCKED" => Refusal::Locked.into(),
            homeserver::Error::Refused(refusal) if matches!(refusal.status, 401 | 403) => {
                Refusal::SignedOut { soft: refusal.soft_logout }.into()
            }
            // Anything else says nothing about the session, and a client that is told it has ended throws it away.
            homeserver::Error::Refused(_) => Error::unreachable(),
            _ => Error::from(error),
        })?;
        match account.is_guest() {
            true => Err(Refusal::Guest.into()),
            false => Ok(account.coming_from(origin)),
        }
    }

    /// Whether somebody is a server admin, now.
    pub async fn is_server_admin(&self, account: &Account) -> Result<bool> {
        Ok(self.accounts.is_server_admin(account).await?)
    }

    /// How people can sign in here.
    pub async fn sign_in_ways(&self, origin: &Origin) -> Result<SignInWays> {
        self.sign_in.ways(origin).await.map_err(|error| refused(error, Refusal::SignInFailed))
    }

    /// Where the homeserver, at `public` as browsers see it, begins a sign-in by somebody else; it leads back to `back`.
    pub fn sso_address(public: &Url, provider: &str, back: &str) -> String {
        SignIn::sso_address(public, provider, back)
    }

    /// Signs somebody in by user name or Matrix id, and password.
    pub async fn sign_in_by_password(&self, user: &str, password: &str, origin: &Origin) -> Result<SignedIn> {
        let user = user.trim();
        if user.is_empty() || password.is_empty() {
            return Err(Refusal::WrongPassword.into());
        }
        let here = &self.here;
        if let Ok(id) = UserId::parse(user)
            && id.server_name() != here
        {
            let (server, here) = (id.server_name().to_string(), here.to_string());
            return Err(Refusal::WrongServer { server, here }.into());
        }
        // Without its server people still write the @.
        let local = user.split(':').next().unwrap_or(user).trim_start_matches('@');
        let user = UserId::parse_with_server_name(local, here).map_err(|_| Refusal::WrongPassword)?;
        let session = self.sign_in.by_password(user, password, origin).await;
        session.map_err(|error| refused(error, Refusal::WrongPassword))
    }

    /// Signs somebody in who comes back from a sign-in elsewhere.
    pub async fn sign_in_by_token(&self, token: &str, origin: &Origin) -> Result<SignedIn> {
        let session = self.sign_in.by_token(token, origin).await;
        session.map_err(|error| refused(error, Refusal::SignInFailed))
    }

    /// Ends the session with this token on the homeserver. One that has ended already is no error.
    ///
    /// # Errors
    /// [`Refusal::StillSignedIn`] if the homeserver could not do it.
    pub async fn sign_out(&self, token: &str) -> Result<()> {
        match self.sign_in.sign_out(token).await {
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
        let people = self.clone();
        self.tasks.spawn(async move { people.sign_out(&token).await.ok() });
    }

    /// Somebody's name and picture, as far as they can be had.
    pub async fn person(&self, user: &UserId) -> Person {
        self.accounts.person(user).await
    }

    /// A picture behind an `mxc:` address, small; `None` if there is none.
    pub async fn picture(&self, address: &str) -> Result<Option<Picture>> {
        Ok(self.media.picture(address.into()).await?)
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
