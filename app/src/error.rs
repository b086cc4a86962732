//! Every error that a person can be told about.

use leptos::{prelude::FromServerFnError, server_fn::error::ServerFnErrorErr};
use serde::{Deserialize, Serialize};

use crate::{Field, Problem, RoomProblem, Rule, wire::Wire, wording};

/// A result whose error can be shown to a person.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why something does not work, for the person who wanted it; [`wording`] puts it into words. Internal failures are
/// logged, and shown to nobody.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", wording::error(self))]
pub enum Error {
    /// The homeserver does not know the session, or not any more.
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
    /// There is no such user, or the password is wrong: the homeserver does not say which, so that nobody can find out
    /// who has an account.
    WrongPassword,
    /// The Matrix id belongs to another homeserver.
    WrongServer {
        /// The homeserver in the id.
        server: String,
        /// This homeserver.
        here: String,
    },
    /// The data that came back from single sign-on cannot be used, or not any more.
    SignInFailed,
    /// Too many attempts, by this person or by everybody together.
    TooFast {
        /// After how many seconds to try again.
        retry_after: u32,
    },
    /// Visitors who are not signed in have tried too many wrong codes, so look-ups by such visitors are refused for
    /// now.
    TooManyGuesses {
        /// After how many seconds to try again.
        retry_after: u32,
    },
    /// There is no such invite, or it was deleted.
    UnknownInvite,
    /// The invite existed once, but is over.
    Ended,
    /// The owner of the invite cannot invite anybody any more.
    OwnerGone,
    /// The invite belongs to somebody else.
    NotYours,
    /// The owner tried to redeem their own invite.
    OwnInvite,
    /// This person has redeemed it already, and is in everything it leads to.
    AlreadyRedeemed,
    /// The code of a deleted invite cannot be used for a new one.
    CodeSpent {
        /// The code that the request asked for.
        code: String,
    },
    /// The value of a field is not acceptable.
    Invalid {
        /// Which field.
        field: Field,
        /// What is wrong with the value.
        problem: Problem,
    },
    /// The member may not invite people to these rooms.
    RoomsRefused(Vec<RoomRefusal>),
    /// Only the admins of a room may know which invites lead into it.
    RoomAdminsOnly,
    /// Only server admins may do it.
    ServerAdminsOnly,
    /// A rule of this server forbids it.
    Forbidden(Rule),
    /// The invite does not open an account, or not any more.
    NoAccountWithIt,
    /// The homeserver does not accept new accounts now, or only with steps that these pages cannot take.
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
    /// The homeserver does not answer, so the session could not be ended there.
    StillSignedIn,
    /// The homeserver does not answer. Nothing is lost, and trying again may work in a moment.
    Unreachable {
        /// After how many seconds to try again.
        retry_after: u32,
    },
    /// The program in the browser and the server are of different versions, or the page has been open for too long.
    Outdated,
    /// An internal failure; the details are in the log.
    Internal,
}

/// A room that an invite may not lead into, with the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomRefusal {
    /// The room as the request named it: an id or an alias.
    pub room: String,
    /// Why the invite may not lead there.
    pub problem: RoomProblem,
}

/// An error as it is sent to a page: what the page does about it, and the sentence to show, which the server has
/// written. The browser's program contains no other error messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{words}")]
pub struct Told {
    /// What the page does about it.
    pub kind: Kind,
    /// The sentence to show.
    pub words: String,
    /// The field that the error is about, if it is about one.
    pub field: Option<Field>,
    /// The page of somebody else's on which there is something to do first.
    pub first: Option<String>,
}

/// What a page does about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// It leads to the sign-in page.
    SignedOut,
    /// It says that there is no such invite.
    NoInvite,
    /// It says that the invite lets nobody in.
    DeadInvite,
    /// It asks the visitor to sign in, because too many wrong codes have been tried.
    Guarded,
    /// It says that the homeserver cannot be reached, and that trying again may help.
    Unreachable,
    /// It says that something failed here, and that trying again may help.
    Broken,
    /// It shows the sentence.
    Refused,
    /// It shows the sentence, which says how long to wait.
    TooFast,
}

impl Told {
    /// The error for a server that cannot be reached.
    pub fn unreachable() -> Self {
        Self { kind: Kind::Unreachable, words: wording::unreachable().to_owned(), field: None, first: None }
    }

    /// The error for data that was written by another version.
    pub fn outdated() -> Self {
        Self { kind: Kind::Refused, words: wording::outdated().to_owned(), field: None, first: None }
    }

    /// The error for an internal failure.
    pub fn broken() -> Self {
        Self { kind: Kind::Broken, words: wording::broken().to_owned(), field: None, first: None }
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
