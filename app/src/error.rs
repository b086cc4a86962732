//! Everything a person can be told when something does not work.

use leptos::{prelude::FromServerFnError, server_fn::error::ServerFnErrorErr};
use serde::{Deserialize, Serialize};

use crate::{Field, Problem, RoomProblem, Rule, wire::Wire, wording};

/// A result whose error can be shown to a person.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why something does not work, for the person who wanted it; [`wording`] says it. What went wrong inside is logged, never told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", wording::error(self))]
pub enum Error {
    /// The homeserver does not know the session (any more).
    SignedOut {
        /// Whether signing in again brings the same device back (Matrix `soft_logout`).
        soft: bool,
    },
    /// The account is locked by an administrator.
    Locked,
    /// The account is a guest account.
    Guest,
    /// The account is suspended by an administrator.
    Suspended,
    /// The account was closed for good.
    Deactivated,
    /// There is no such user, or the password is another one: the homeserver does not say which, so that nobody can find out who
    /// has an account.
    WrongPassword,
    /// The Matrix id is of another homeserver.
    WrongServer {
        /// The other homeserver.
        server: String,
        /// This one.
        here: String,
    },
    /// What came back from a sign-in elsewhere cannot be used (any more).
    SignInFailed,
    /// Too many attempts, of one person or of all together.
    TooFast {
        /// After how many seconds to try again.
        retry_after: u32,
    },
    /// Visitors who are not signed in have tried too many wrong codes, so such look-ups are refused for now.
    TooManyGuesses {
        /// After how many seconds to try again.
        retry_after: u32,
    },
    /// There is no such invite, or it was deleted.
    UnknownInvite,
    /// The invite was there once.
    Ended,
    /// The person whose invite it is cannot invite anybody any more.
    OwnerGone,
    /// The invite belongs to somebody else.
    NotYours,
    /// The owner tried to redeem it.
    OwnInvite,
    /// This person redeemed it already, and is in everything it leads to.
    AlreadyRedeemed,
    /// A deleted code cannot come back.
    CodeSpent {
        /// The code asked for.
        code: String,
    },
    /// A field of what was sent cannot be used.
    Invalid {
        /// The field.
        field: Field,
        /// What is wrong with it.
        problem: Problem,
    },
    /// The member may not invite people to these rooms.
    RoomsRefused(Vec<RoomRefusal>),
    /// Only the admins of a room may know which invites lead into it.
    RoomAdminsOnly,
    /// Only server admins may do it.
    ServerAdminsOnly,
    /// A rule of this server speaks against it.
    Forbidden(Rule),
    /// The invite opens no account (any more).
    NoAccountWithIt,
    /// The homeserver opens no accounts now, or none without steps that these pages cannot take.
    NoNewAccounts,
    /// For a new account the homeserver asks for a step on a page of its own, a captcha say. Whoever has taken it makes the same attempt again.
    OneMoreStep {
        /// That page.
        address: String,
    },
    /// The account is made, and its owner signed in; but the invite has ended in between.
    EndedMeanwhile {
        /// The account's Matrix id.
        user_id: String,
    },
    /// The homeserver does not answer, so a session could not be ended there.
    StillSignedIn,
    /// The homeserver does not answer. Nothing is lost, and it may work in a moment.
    Unreachable {
        /// After how many seconds to try again.
        retry_after: u32,
    },
    /// The program in the browser and the server are of different versions, or the page was open for too long.
    Outdated,
    /// Something broke here, and is in the log.
    Internal,
}

/// A room that an invite may not lead into, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomRefusal {
    /// The room as it was named: an id or an alias.
    pub room: String,
    /// Why not.
    pub problem: RoomProblem,
}

/// An error on its way to a page: what the page does about it, and the sentence, which the server writes. The browser's program has no
/// other ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{words}")]
pub struct Told {
    /// What the page does about it.
    pub kind: Kind,
    /// The sentence.
    pub words: String,
    /// The field that it is about, where it is about one.
    pub field: Option<Field>,
    /// The page of somebody else's on which there is something to do first.
    pub first: Option<String>,
}

/// What a page does about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// It leads to signing in.
    SignedOut,
    /// It says that there is no such invite.
    NoInvite,
    /// It says that the invite lets nobody in.
    DeadInvite,
    /// It asks to sign in, because too many have tried wrong codes.
    Guarded,
    /// It says that trying again may help, and what the matter is.
    Unreachable,
    /// It says that trying again may help.
    Broken,
    /// It says the sentence.
    Refused,
    /// It says the sentence, which is how long to wait.
    TooFast,
}

impl Told {
    /// The server cannot be reached.
    pub fn unreachable() -> Self {
        Self { kind: Kind::Unreachable, words: wording::UNREACHABLE.to_owned(), field: None, first: None }
    }

    /// What was read is of another version.
    pub fn outdated() -> Self {
        Self { kind: Kind::Refused, words: wording::OUTDATED.to_owned(), field: None, first: None }
    }

    /// Something broke.
    pub fn broken() -> Self {
        Self { kind: Kind::Broken, words: wording::BROKEN.to_owned(), field: None, first: None }
    }
}

impl From<Error> for Told {
    fn from(error: Error) -> Self {
        let field = match error {
            Error::Invalid { field, .. } => Some(field),
            _ => None,
        };
        let kind = match error {
            Error::SignedOut { .. } => Kind::SignedOut,
            Error::UnknownInvite => Kind::NoInvite,
            Error::Ended | Error::OwnerGone => Kind::DeadInvite,
            Error::TooManyGuesses { .. } => Kind::Guarded,
            Error::Unreachable { .. } => Kind::Unreachable,
            Error::Internal => Kind::Broken,
            Error::TooFast { .. } => Kind::TooFast,
            _ => Kind::Refused,
        };
        let words = wording::error(&error);
        let first = match error {
            Error::OneMoreStep { address } => Some(address),
            _ => None,
        };
        Self { kind, words, field, first }
    }
}

impl FromServerFnError for Told {
    type Encoder = Wire;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            // The browser could not reach this service at all.
            ServerFnErrorErr::Request(_) => Self::unreachable(),
            // No page of this version sends such a form.
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) | ServerFnErrorErr::Deserialization(_) => {
                Self::outdated()
            }
            _ => Self::broken(),
        }
    }
}
