//! The people of the homeserver: authentication, signing in and out, profiles.

use app::{Error as Refusal, Person, SignInWays};
use matrix_sdk::ruma::{OwnedServerName, UserId};
use tokio_util::task::TaskTracker;
use url::Url;

pub use crate::homeserver::{Picture, SignedIn};
use crate::{
    account::{Account, Origin},
    error::{Error, Result},
    homeserver::{self, Accounts, Homeserver, Media, SignIn},
    trace::carried,
};

/// How many seconds to wait when the homeserver does not say.
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
    /// The people of this homeserver. Work that continues after a response is spawned on `tasks`.
    pub fn new(homeserver: &Homeserver, tasks: TaskTracker) -> Self {
        Self {
            accounts: homeserver.accounts.clone(),
            sign_in: homeserver.sign_in.clone(),
            media: homeserver.media.clone(),
            here: homeserver.server_name.clone(),
            tasks,
        }
    }

    /// The owner of an access token. Guest accounts are refused.
    pub async fn authenticate(&self, token: &str, origin: &Origin) -> Result<Account> {
        let account = self.accounts.whoami(token, origin).await.map_err(|error| match &*error {
            homeserver::Error::Refused(refusal) if refusal.errcode == "M_USER_LOCKED" => Refusal::Locked.into(),
            homeserver::Error::Refused(refusal) if matches!(refusal.status, 401 | 403) => {
                Refusal::SignedOut { soft: refusal.soft_logout }.into()
            }
            // Any other error says nothing about the session; a client that is told that it has ended would discard it.
            homeserver::Error::Refused(_) => Error::unreachable(),
            _ => Error::from(error),
        })?;
        match account.is_guest() {
            true => Err(Refusal::Guest.into()),
            false => Ok(account.coming_from(origin)),
        }
    }

    /// Forgets whose a token is, so that the homeserver is asked again: the session may have ended since.
    pub async fn forget(&self, token: &str) {
        self.accounts.forget(token).await;
    }

    /// Whether somebody is a server admin, now.
    pub async fn is_server_admin(&self, account: &Account) -> Result<bool> {
        Ok(self.accounts.is_server_admin(account).await?)
    }

    /// How people can sign in here.
    pub async fn sign_in_ways(&self, origin: &Origin) -> Result<SignInWays> {
        self.sign_in.ways(origin).await.map_err(|error| refused(error, Refusal::SignInFailed))
    }

    /// The address at which single sign-on begins, on the homeserver at `public` as browsers see it; it returns to
    /// `back`.
    pub fn sso_address(public: &Url, provider: &str, back: &str) -> String {
        SignIn::sso_address(public, provider, back)
    }

    /// Signs somebody in with a user name or Matrix id, and a password.
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
        // Without the server name, people still type the @.
        let local = user.split(':').next().unwrap_or(user).trim_start_matches('@');
        let user = UserId::parse_with_server_name(local, here).map_err(|_| Refusal::WrongPassword)?;
        let session = self.sign_in.by_password(user, password, origin).await;
        session.map_err(|error| refused(error, Refusal::WrongPassword))
    }

    /// Signs somebody in who returns from single sign-on.
    pub async fn sign_in_by_token(&self, token: &str, origin: &Origin) -> Result<SignedIn> {
        let session = self.sign_in.by_token(token, origin).await;
        session.map_err(|error| refused(error, Refusal::SignInFailed))
    }

    /// Ends the session with this token on the homeserver. It is not an error if it has ended already.
    ///
    /// # Errors
    /// [`Refusal::StillSignedIn`] if the homeserver does not answer.
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

    /// Ends a session that was replaced by another one, if there was one, without waiting.
    pub fn leave(&self, token: Option<String>) {
        let Some(token) = token else { return };
        let people = self.clone();
        self.tasks.spawn(carried(async move { people.sign_out(&token).await.ok() }));
    }

    /// A person's profile, as far as it is available.
    pub async fn person(&self, user: &UserId) -> Person {
        self.accounts.person(user).await
    }

    /// A thumbnail of the picture at an `mxc:` address; `None` if there is none.
    pub async fn picture(&self, address: &str) -> Result<Option<Picture>> {
        Ok(self.media.picture(address.into()).await?)
    }
}

/// The error to show for a refused sign-in; `otherwise` for a refusal without a more specific one.
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
