//! Signing in and out, for the pages.

use std::sync::Arc;

use app::{IdentityProvider, SignInWays, wording};
use matrix_sdk::ruma::{
    OwnedUserId,
    api::client::{
        session::{
            get_login_types::v3::{self as login_types, LoginType},
            login::v3::{self as login, LoginInfo, Password, Token},
            logout,
        },
        uiaa::UserIdentifier,
    },
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

use super::{accounts::Sessions, error::Result, link::Link};
use crate::{account::Origin, config::Secret};

/// A session that the homeserver has just created.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The user it belongs to.
    pub user_id: OwnedUserId,
    /// Their access token.
    pub token: Secret,
}

/// How people sign in and out. Cheap to clone.
#[derive(Clone)]
pub struct SignIn {
    pub(super) link: Arc<Link>,
    pub(super) sessions: Sessions,
}

impl SignIn {
    /// The ways of signing in that the homeserver supports (Client-Server API, `GET /login`).
    pub async fn ways(&self, origin: &Origin) -> Result<SignInWays> {
        let answer = self.link.transport.send_for(login_types::Request::new(), origin).await?;
        let server_name = self.link.server_name.to_string();
        let mut ways = SignInWays { server_name, ..SignInWays::default() };
        for flow in answer.flows {
            match flow {
                LoginType::Password(_) => ways.password = true,
                LoginType::Sso(sso) if sso.identity_providers.is_empty() => {
                    let name = ways.server_name.clone();
                    ways.providers.push(IdentityProvider { id: String::new(), name, icon: None });
                }
                LoginType::Sso(sso) => {
                    ways.providers.extend(sso.identity_providers.into_iter().map(|provider| IdentityProvider {
                        id: provider.id,
                        name: provider.name,
                        icon: provider.icon.map(|icon| icon.to_string()),
                    }));
                }
                _ => {}
            }
        }
        Ok(ways)
    }

    /// The address at which single sign-on begins, on the homeserver at `public` as browsers see it; it returns to
    /// `back` (Client-Server API, "Client login via SSO").
    pub fn sso_address(public: &Url, provider: &str, back: &str) -> String {
        let escape = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let provider = if provider.is_empty() { String::new() } else { format!("/{}", escape(provider)) };
        let public = public.as_str().trim_end_matches('/');
        format!("{public}/_matrix/client/v3/login/sso/redirect{provider}?redirectUrl={}", escape(back))
    }

    /// Signs somebody in with a password.
    pub async fn by_password(&self, user: OwnedUserId, password: &str, origin: &Origin) -> Result<SignedIn> {
        let identifier = UserIdentifier::Matrix(user.into());
        self.sign_in(LoginInfo::Password(Password::new(identifier, password.to_owned())), origin).await
    }

    /// Signs somebody in with the login token that single sign-on returned. It can be used once.
    pub async fn by_token(&self, token: &str, origin: &Origin) -> Result<SignedIn> {
        self.sign_in(LoginInfo::Token(Token::new(token.to_owned())), origin).await
    }

    async fn sign_in(&self, info: LoginInfo, origin: &Origin) -> Result<SignedIn> {
        let mut request = login::Request::new(info);
        request.initial_device_display_name = Some(wording::DEVICE.to_owned());
        let answer = self.link.transport.send_for(request, origin).await?;
        Ok(SignedIn { user_id: answer.user_id, token: answer.access_token.into() })
    }

    /// Ends somebody's session and deletes its device.
    pub async fn sign_out(&self, token: &str) -> Result<()> {
        self.link.transport.send(logout::v3::Request::new(), token, None).await?;
        self.sessions.invalidate(token).await;
        Ok(())
    }
}
