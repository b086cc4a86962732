//! New accounts, for those who come without one.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How somebody who holds an invite can get an account on this server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum SignUp {
    /// On the invite's own page.
    Here {
        /// What they accept by it.
        terms: Vec<Document>,
    },
    /// Not by these pages.
    Elsewhere {
        /// A page that says how, where the operator has one.
        help: Option<String>,
    },
}

/// A text of the server's to read before one accepts it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// What it is called.
    pub name: String,
    /// Where it is: an `http` or `https` address.
    pub address: String,
}

/// What somebody types who wants a new account.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AccountForm {
    /// The user name, without the server's.
    pub user: String,
    /// What others see; the user name, if it is empty.
    pub display_name: String,
    /// The password.
    pub password: String,
}

impl fmt::Debug for AccountForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccountForm").field("user", &self.user).finish_non_exhaustive()
    }
}

/// What is said of a form while it is filled in.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AccountAdvice {
    /// Of the user name, once there is one.
    pub user: Option<Advice>,
    /// Of the password, once there is one.
    pub password: Option<Advice>,
}

/// A sentence about a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Advice {
    /// Whether the field can stay as it is.
    pub good: bool,
    /// The sentence.
    pub words: String,
}
