//! People, and how they sign in.

use serde::{Deserialize, Serialize};

/// The server in the Matrix ids that take the place of people whose data was erased: there is none of this name, and never
/// will be (RFC 2606, section 2).
pub const ERASED_SERVER: &str = "erased.invalid";

/// A person, as shown to others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Their Matrix id, `@user:name`.
    pub user_id: String,
    /// The name they chose, if any.
    pub display_name: Option<String>,
    /// The address of their picture, if they have one.
    pub avatar_url: Option<String>,
}

impl Person {
    /// The name they chose, or the local part of their id.
    pub fn name(&self) -> &str {
        let short = || self.user_id.trim_start_matches('@').split(':').next().unwrap_or(&self.user_id);
        self.display_name.as_deref().unwrap_or_else(short)
    }

    /// The first word of their name.
    pub fn first_name(&self) -> &str {
        self.name().split_whitespace().next().unwrap_or_else(|| self.name())
    }

    /// The name of their homeserver.
    pub fn server(&self) -> &str {
        self.user_id.split_once(':').map_or(&*self.user_id, |(_, server)| server)
    }
}

/// The visitor of a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visitor {
    /// The person who is signed in, if anybody is.
    pub person: Option<Person>,
    /// Whether they are a server admin.
    pub server_admin: bool,
    /// Whether all invites of the server are paused; always false for visitors who are not signed in.
    pub all_paused: bool,
    /// Why, if the server admin who has paused them said so.
    pub paused_because: Option<String>,
}

/// The ways in which people can sign in (Client-Server API, `GET /login`).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SignInWays {
    /// The homeserver's name, as in `@user:name`.
    pub server_name: String,
    /// Whether a user name and a password will do.
    pub password: bool,
    /// The identity providers for single sign-on.
    pub providers: Vec<IdentityProvider>,
}

/// An identity provider for single sign-on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdentityProvider {
    /// The homeserver's id for it; empty for the only one of a homeserver that names none.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// The address of its icon, if it has one.
    pub icon: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebody_is_called_by_the_first_word_of_their_name() {
        let first = |display_name: Option<&str>| {
            let display_name = display_name.map(str::to_owned);
            let person = Person { user_id: "@anna:garden.example".to_owned(), display_name, avatar_url: None };
            assert_eq!(person.server(), "garden.example");
            person.first_name().to_owned()
        };
        assert_eq!(first(Some("Anna Ahlgren")), "Anna");
        assert_eq!(first(Some("نور حداد")), "نور");
        assert_eq!(first(None), "anna");
        assert_eq!(first(Some(" ")), " ");
    }
}
