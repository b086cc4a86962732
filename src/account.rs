//! The sender of a request, through either interface.

use std::{fmt, net::IpAddr};

use app::Door;
use http::HeaderValue;
use matrix_sdk::ruma::{OwnedUserId, UserId};

/// An account that the homeserver has authenticated, with the access token that proves it.
#[derive(Clone)]
pub struct Account {
    user_id: OwnedUserId,
    token: String,
    guest: bool,
    origin: Origin,
}

impl Account {
    /// An account as the homeserver identified it by an access token.
    pub fn new(user_id: OwnedUserId, token: &str, guest: bool) -> Self {
        Self { user_id, token: token.to_owned(), guest, origin: Origin::default() }
    }

    /// The same account, with the origin of the current request.
    #[must_use]
    pub fn coming_from(self, origin: &Origin) -> Self {
        Self { origin: origin.clone(), ..self }
    }

    /// Where the current request came from.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Their Matrix id, as the homeserver has confirmed it.
    pub fn user_id(&self) -> &UserId {
        &self.user_id
    }

    /// Their access token, for requests in their own name.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Whether it is a guest's account (Client-Server API, "Guest access").
    pub fn is_guest(&self) -> bool {
        self.guest
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Account").field(&self.user_id).finish()
    }
}

/// Where a request came from, as far as that is known.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// The interface it came through.
    pub door: Door,
    /// The client's address, as reported by trusted proxies.
    pub address: Option<IpAddr>,
    /// The client's `User-Agent` header.
    pub user_agent: Option<HeaderValue>,
}
