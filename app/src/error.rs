//! Everything a person can be told when something does not work.

use leptos::{prelude::FromServerFnError, server_fn::error::ServerFnErrorErr};
use serde::{Deserialize, Serialize};

use crate::wire::Wire;

/// A result whose error can be shown to a person.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why something does not work, in words for the person who wanted it. What went wrong inside is logged, never told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Error {
    /// The homeserver does not know the session (any more).
    #[error("Your session has ended. Please sign in again.")]
    SignedOut {
        /// Whether signing in again brings the same device back (Matrix `soft_logout`).
        soft: bool,
    },
    /// The account is locked by an administrator.
    #[error("This account has been locked.")]
    Locked,
    /// The account is a guest account.
    #[error("Guests cannot use invites.")]
    Guest,
    /// The account is suspended by an administrator.
    #[error("This account is suspended, so it can neither make nor redeem invites.")]
    Suspended,
    /// The account was closed for good.
    #[error("This account has been deactivated.")]
    Deactivated,
    /// There is no such user, or the password is another one: the homeserver does not say which, so that nobody can find out who
    /// has an account.
    #[error("There is no account with this user name and password. Please check both.")]
    WrongPassword,
    /// The Matrix id is of another homeserver.
    #[error("Accounts of {server} cannot sign in here, only those of {here}.")]
    WrongServer {
        /// The other homeserver.
        server: String,
        /// This one.
        here: String,
    },
    /// What came back from a sign-in elsewhere cannot be used (any more).
    #[error("Signing in did not work, or took too long. Please try again.")]
    SignInFailed,
    /// Too many attempts, of one person or of all together.
    #[error("That was too often. Please try again in {}.", duration(*retry_after))]
    TooFast {
        /// After how many seconds to try again.
        retry_after: u32,
    },
    /// Visitors who are not signed in have tried too many wrong codes, so such look-ups are refused for now.
    #[error("Too many wrong codes have been tried. Sign in to open this one, or try again in {}.", duration(*retry_after))]
    TooManyGuesses {
        /// After how many seconds to try again.
        retry_after: u32,
    },
    /// There is no such invite, or it was deleted.
    #[error("There is no such invite.")]
    UnknownInvite,
    /// The invite was there once.
    #[error("This invite has ended. Please ask for a new one.")]
    Ended,
    /// The person whose invite it is cannot invite anybody any more.
    #[error("The person who made this invite can no longer invite people. Please ask for a new one.")]
    OwnerGone,
    /// The invite belongs to somebody else.
    #[error("This invite belongs to somebody else.")]
    NotYours,
    /// The owner tried to redeem it.
    #[error("You cannot redeem your own invite.")]
    OwnInvite,
    /// This person redeemed it already, and is in everything it leads to.
    #[error("You have redeemed this invite already.")]
    AlreadyRedeemed,
    /// A deleted code cannot come back.
    #[error("The code “{code}” was deleted and cannot be used again. Please choose another one.")]
    CodeSpent {
        /// The code asked for.
        code: String,
    },
    /// A field of what was sent cannot be used.
    #[error("“{field}” {problem}.")]
    Invalid {
        /// The field, by the name under which it was sent.
        field: String,
        /// What is wrong, and what is allowed, continuing the sentence that the field's name begins.
        problem: String,
    },
    /// The member may not invite people to these rooms.
    #[error("You cannot invite people to {}.", list(.0))]
    RoomsRefused(Vec<RoomRefusal>),
    /// Something that only others may do.
    #[error("{0}")]
    Forbidden(String),
    /// A rule of this server speaks against it.
    #[error("{reason} (This server’s rule: {rule}.)")]
    Rule {
        /// The rule, as the configuration names it.
        rule: String,
        /// A sentence for the person.
        reason: String,
    },
    /// The homeserver does not answer, so a session could not be ended there.
    #[error("The homeserver does not answer, so you are still signed in. Please try again in a moment.")]
    StillSignedIn,
    /// The homeserver does not answer. Nothing is lost, and it may work in a moment.
    #[error("The homeserver does not answer right now. Nothing is lost: please try again in a moment.")]
    Unreachable {
        /// After how many seconds to try again.
        retry_after: u32,
    },
    /// The program in the browser and the server are of different versions, or the page was open for too long.
    #[error("This page is too old. Please reload it.")]
    Outdated,
    /// Something broke here, and is in the log.
    #[error("Something went wrong here. It has been noted; please try again later.")]
    Internal,
}

/// A room that an invite may not lead into, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomRefusal {
    /// The room as it was named: an id or an alias.
    pub room: String,
    /// A sentence for the member who wanted it.
    pub reason: String,
}

fn list(rooms: &[RoomRefusal]) -> String {
    let names: Vec<String> =
        rooms.iter().map(|refusal| format!("{} ({})", refusal.room, refusal.reason.trim_end_matches('.'))).collect();
    names.join(", ")
}

/// A duration in words.
fn duration(seconds: u32) -> String {
    match seconds {
        0..=1 => "a second".to_owned(),
        2..=90 => format!("{seconds} seconds"),
        _ => format!("{} minutes", seconds.div_ceil(60)),
    }
}

impl FromServerFnError for Error {
    type Encoder = Wire;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            // The browser could not reach this service at all.
            ServerFnErrorErr::Request(_) => Self::Unreachable { retry_after: 5 },
            // No page of this version sends such a form.
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) | ServerFnErrorErr::Deserialization(_) => {
                Self::Outdated
            }
            _ => Self::Internal,
        }
    }
}
