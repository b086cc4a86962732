//! The fields of forms and requests, and the errors in their values.

use serde::{Deserialize, Serialize};

use super::code::LONGEST_CODE;

/// A field of a form or a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// The code of the invite.
    Code,
    /// The owner's label for the invite.
    Label,
    /// The rooms that the invite leads into.
    Rooms,
    /// Whether a direct chat with the owner is part of the invite.
    Chat,
    /// Whether the code also opens an account.
    Registration,
    /// The owner's message to people who open the link.
    Welcome,
    /// The title under which everybody who has the code sees the invite.
    PublicTitle,
    /// The room whose picture everybody who has the code sees.
    Picture,
    /// Whether the names of the rooms are shown to everybody who has the code.
    ShowRooms,
    /// The time from which the invite may be used.
    NotBefore,
    /// The time at which the invite ends.
    ExpiresAt,
    /// How many people it may let in.
    MaxUses,
    /// An admin's reason for blocking or pausing invites.
    BlockReason,
    /// The link that is to be turned into a share link.
    Link,
    /// The user name, for signing in.
    UserName,
    /// The password, for signing in.
    Password,
    /// The user name of a new account.
    NewUserName,
    /// The display name of a new account.
    DisplayName,
    /// The email address of a new account.
    Email,
    /// The password of a new account.
    NewPassword,
}

impl Field {
    /// The name under which a form sends it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Code => "form[code]",
            Self::Label => "form[label]",
            Self::Rooms => "form[rooms][]",
            Self::Chat => "form[chat]",
            Self::Registration => "form[registration]",
            Self::Welcome => "form[welcome]",
            Self::PublicTitle => "form[public_title]",
            Self::Picture => "form[picture]",
            Self::ShowRooms => "form[show_rooms]",
            Self::NotBefore => "form[not_before]",
            Self::ExpiresAt => "form[expires_at]",
            Self::MaxUses => "form[max_uses]",
            Self::BlockReason => "reason",
            Self::Link => "link",
            Self::UserName => "user",
            Self::Password => "password",
            Self::NewUserName => "form[user]",
            Self::DisplayName => "form[display_name]",
            Self::Email => "form[email]",
            Self::NewPassword => "form[password]",
        }
    }

    /// The most characters that a value may have, if it is a text.
    pub fn longest(self) -> Option<u32> {
        match self {
            Self::Code => Some(LONGEST_CODE),
            Self::Label => Some(80),
            // It is a heading, and stands on cards.
            Self::PublicTitle => Some(60),
            Self::Welcome => Some(1000),
            Self::BlockReason => Some(200),
            // Browsers and messengers truncate longer addresses.
            Self::Link => Some(4096),
            // A Matrix id has at most 255 bytes (Matrix specification, Appendices, "User Identifiers").
            Self::NewUserName => Some(255),
            // An address of an email has no more (RFC 5321, section 4.5.3.1.3).
            Self::Email => Some(254),
            // Synapse accepts no longer display names or passwords.
            Self::DisplayName => Some(256),
            Self::NewPassword => Some(512),
            _ => None,
        }
    }
}

/// A requirement that a homeserver can have for passwords (Matrix error codes `M_PASSWORD_…` and `M_WEAK_PASSWORD`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordRule {
    /// More characters.
    Longer,
    /// A digit.
    Digit,
    /// An upper-case letter.
    Uppercase,
    /// A lower-case letter.
    Lowercase,
    /// A character that is neither a letter nor a digit.
    Symbol,
    /// No common word.
    NoWord,
    /// A stronger password, for an unspecified reason.
    Stronger,
}

/// What is wrong with the value of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// A link to an invite of another server, at this address.
    OtherServer(String),
    /// A code that is not allowed; the number is the most characters that one may have.
    IllegalCode(u32),
    /// The code of a new invite is, or was, that of another one.
    TakenCode,
    /// The code of a new invite is that of another invite of the same member.
    OwnCode,
    /// More rooms than this number.
    TooManyRooms(u32),
    /// A text that is neither a room id nor an alias; truncated.
    NoRoom(String),
    /// The invite would lead nowhere.
    Nowhere,
    /// A text that is not a time.
    NoTime,
    /// A text that is not a positive whole number.
    NoCount,
    /// A time in the past.
    Past,
    /// An end time that is not after the start time.
    BeforeBegin,
    /// More than one line, or a line of more than this number of characters.
    NotOneLine(u32),
    /// A text of more than this number of characters.
    TooLong(u32),
    /// A link whose path and query together have more than this number of characters.
    TooMuch(u32),
    /// A room that is not one of the invite's.
    NotAmongRooms,
    /// A required value is missing.
    Missing,
    /// The user name is taken, or was once.
    TakenName,
    /// A text that is not a user name.
    IllegalName,
    /// A user name that the homeserver rejects.
    RefusedName,
    /// An email address that the homeserver does not know as one.
    NoEmail,
    /// An email address with which somebody has an account.
    TakenEmail,
    /// An email address that the homeserver rejects.
    RefusedEmail,
    /// An email address that has to be confirmed, by the link that was sent to it.
    Unconfirmed,
    /// A password that is easy to guess.
    EasyPassword,
    /// A password that violates a rule of the homeserver.
    AgainstRule(PasswordRule),
}
