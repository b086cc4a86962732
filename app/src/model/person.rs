//! People, and how they sign in.

use serde::{Deserialize, Serialize};

/// Somebody, as shown to others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Matrix id.
    pub user_id: String,
    /// The name they chose, if any.
    pub display_name: Option<String>,
    /// Where their picture is, if they have one.
    pub avatar_url: Option<String>,
}

impl Person {
    /// What to call them: the name they chose, or the first part of their id.
    pub fn name(&self) -> &str {
        let short = || self.user_id.trim_start_matches('@').split(':').next().unwrap_or(&self.user_id);
        self.display_name.as_deref().unwrap_or_else(short)
    }

    /// What to call them among friends: the first word of their name.
    pub fn first_name(&self) -> &str {
        self.name().split_whitespace().next().unwrap_or_else(|| self.name())
    }

    /// The homeserver that they are on.
    pub fn server(&self) -> &str {
        self.user_id.split_once(':').map_or(&*self.user_id, |(_, server)| server)
    }
}

/// Who looks at a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visitor {
    /// Who is signed in, if anybody is.
    pub person: Option<Person>,
    /// Whether they are a server admin.
    pub server_admin: bool,
    /// Whether every invite of the server is stopped; told to those who are signed in.
    pub all_paused: bool,
}

/// How people can sign in (Client-Server API, `GET /login`).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SignInWays {
    /// The homeserver's name, as in `@user:name`.
    pub server_name: String,
    /// By user name and password.
    pub password: bool,
    /// By somebody else who knows them ("single sign-on").
    pub providers: Vec<IdentityProvider>,
}

/// Somebody who tells the homeserver who a person is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdentityProvider {
    /// What the homeserver calls it; empty for the only one of a homeserver that names none.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Where its icon is, if it has one.
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
