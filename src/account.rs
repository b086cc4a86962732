//! Who is asking, whichever door they came through.

use std::{fmt, net::IpAddr};

use app::Door;
use http::HeaderValue;
use matrix_sdk::ruma::{OwnedUserId, UserId};

/// Somebody whom the homeserver knows, and the token that proves it.
#[derive(Clone)]
pub struct Account {
    user_id: OwnedUserId,
    token: String,
    guest: bool,
    origin: Origin,
}

impl Account {
    /// What the homeserver said of a token.
    pub fn new(user_id: OwnedUserId, token: &str, guest: bool) -> Self {
        Self { user_id, token: token.to_owned(), guest, origin: Origin::default() }
    }

    /// The same, where they come from now.
    #[must_use]
    pub fn coming_from(self, origin: &Origin) -> Self {
        Self { origin: origin.clone(), ..self }
    }

    /// Where they come from.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Their Matrix id.
    pub fn user_id(&self) -> &UserId {
        &self.user_id
    }

    /// Their access token, for what is asked in their own name.
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

/// Where a request came from, as far as it is known.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// Through which door.
    pub door: Door,
    /// The client's address, behind trusted proxies.
    pub address: Option<IpAddr>,
    /// What the client calls itself.
    pub user_agent: Option<HeaderValue>,
}
