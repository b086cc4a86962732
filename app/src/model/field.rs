//! The fields of forms and requests, and what can be wrong with them.

use serde::{Deserialize, Serialize};

use super::code::LONGEST_CODE;

/// Something that a form or a request can say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// The code.
    Code,
    /// What the owner calls it.
    Label,
    /// Where it leads.
    Rooms,
    /// Whether a direct chat with the owner comes with it.
    Chat,
    /// Whether the code also opens an account.
    Registration,
    /// What the owner says to those who open the link.
    Welcome,
    /// Whether the names of the rooms are shown to everybody who has the code.
    ShowRooms,
    /// From when on it may be used.
    NotBefore,
    /// From when on it may not be used any more.
    ExpiresAt,
    /// How many people it may let in.
    MaxUses,
    /// Why a room's admin keeps it out.
    BlockReason,
    /// The link that is to be shared.
    Link,
    /// Whose account it is.
    UserName,
    /// The password of the account.
    Password,
    /// What a new account is to be called.
    NewUserName,
    /// What others see of a new account.
    DisplayName,
    /// The password of a new account.
    NewPassword,
}

impl Field {
    /// Under which name a form sends it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Code => "form[code]",
            Self::Label => "form[label]",
            Self::Rooms => "form[rooms][]",
            Self::Chat => "form[chat]",
            Self::Registration => "form[registration]",
            Self::Welcome => "form[welcome]",
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
            Self::NewPassword => "form[password]",
        }
    }

    /// The most characters that it may have, where it is a text.
    pub fn longest(self) -> Option<u32> {
        match self {
            Self::Code => Some(LONGEST_CODE),
            Self::Label => Some(80),
            Self::Welcome => Some(1000),
            Self::BlockReason => Some(200),
            // Browsers and messengers cut longer addresses short.
            Self::Link => Some(4096),
            // A Matrix id has at most 255 bytes (Matrix specification, Appendices, "User Identifiers").
            Self::NewUserName => Some(255),
            // Synapse takes no longer ones of either.
            Self::DisplayName => Some(256),
            Self::NewPassword => Some(512),
            _ => None,
        }
    }
}

/// What a homeserver can want of a password (Matrix error codes `M_PASSWORD_…` and `M_WEAK_PASSWORD`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordRule {
    /// More characters.
    Longer,
    /// A digit.
    Digit,
    /// A capital letter.
    Uppercase,
    /// A small letter.
    Lowercase,
    /// A character that is neither a letter nor a digit.
    Symbol,
    /// No common word.
    NoWord,
    /// A stronger one, in whatever way.
    Stronger,
}

/// What is wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// A code that is not legal: it may have at most so many characters.
    IllegalCode(u32),
    /// A new invite cannot have this code: it is, or was, that of another one.
    TakenCode,
    /// A new invite cannot have this code: it is that of one of the member's own.
    OwnCode,
    /// More rooms than so many.
    TooManyRooms(u32),
    /// A text that is neither a room id nor an alias; cut short.
    NoRoom(String),
    /// The invite would lead nowhere.
    Nowhere,
    /// A text that is no time.
    NoTime,
    /// A text that is no whole number from 1 on.
    NoCount,
    /// A time that is over.
    Past,
    /// An end that is not after the beginning.
    BeforeBegin,
    /// More than one line of so many characters.
    NotOneLine(u32),
    /// A text of more than so many characters.
    TooLong(u32),
    /// A link whose path and query have more than so many characters together.
    TooMuch(u32),
    /// Nothing was typed where something has to be.
    Missing,
    /// Somebody has this user name, or had it once.
    TakenName,
    /// No user name.
    IllegalName,
    /// A user name that the homeserver does not want.
    RefusedName,
    /// A password that is easy to guess.
    EasyPassword,
    /// A password against a rule of the homeserver.
    AgainstRule(PasswordRule),
}
