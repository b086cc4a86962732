//! New accounts, for people who come to an invite without one.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How somebody who holds an invite can get an account on this server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum SignUp {
    /// On the invite's own page.
    Here {
        /// The documents that they accept by creating the account.
        terms: Vec<Document>,
        /// Whether they have to confirm an email address.
        email: bool,
    },
    /// Only outside these pages.
    Elsewhere {
        /// The address of a page that says how, if the operator has configured one.
        help: Option<String>,
    },
}

/// A document, such as terms of service, to read before accepting it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Its title.
    pub name: String,
    /// Its address: `http` or `https`.
    pub address: String,
}

/// The form for a new account, as it was filled in.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AccountForm {
    /// The user name: the local part of the Matrix id.
    pub user: String,
    /// The display name; the user name is used if it is empty.
    pub display_name: String,
    /// The email address, if the homeserver asks for one.
    pub email: String,
    /// The password, in plain text.
    pub password: String,
}

impl fmt::Debug for AccountForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccountForm").field("user", &self.user).finish_non_exhaustive()
    }
}

/// Feedback on the form while it is being filled in.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AccountAdvice {
    /// Feedback on the user name, once one was typed.
    pub user: Option<Advice>,
    /// Feedback on the password, once one was typed.
    pub password: Option<Advice>,
}

/// Feedback on one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Advice {
    /// Whether the value is acceptable as it is.
    pub good: bool,
    /// The sentence to show.
    pub words: String,
}
