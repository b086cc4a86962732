//! What forms carry.

use serde::{Deserialize, Serialize};

use super::{Draft, Edit, Limits, RoomChoice, utc_millis};
use crate::{Error, Result};

/// The field of a form that says which server function it is for, where it is posted without a script.
pub const FORM_FUNCTION: &str = "_function";

/// Where to go after something was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Next {
    /// A page, as a path below where the pages are mounted; empty for the one that the form stands on.
    pub next: String,
}

impl Next {
    /// To the page itself, which has something else to show now.
    pub fn here() -> Self {
        Self { next: String::new() }
    }

    /// To that page.
    pub fn to(next: String) -> Self {
        Self { next }
    }
}

/// What came of a form that was posted without a script, and did not work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posted {
    /// Which server function it was for.
    pub function: String,
    /// Why it did not work.
    pub error: Error,
    /// What was typed.
    pub fields: Vec<(String, String)>,
}

impl Posted {
    /// What was typed is shown again, but never a password.
    pub fn new(function: String, error: Error, mut fields: Vec<(String, String)>) -> Self {
        fields.retain(|(name, _)| name != "password");
        Self { function, error, fields }
    }

    /// What was typed into a field.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// Whether a box was ticked, among others of the same name.
    pub fn is_ticked(&self, name: &str, value: &str) -> bool {
        self.fields.iter().any(|(field, ticked)| field == name && ticked == value)
    }
}

/// The form for making and changing an invite. A box that is not ticked is not sent.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct InviteForm {
    /// The code of the invite that is changed; a new one is made if there is none.
    pub editing: Option<String>,
    /// The code for a new one; nothing for a generated one.
    pub code: String,
    /// What the owner calls it.
    pub label: String,
    /// Room ids.
    pub rooms: Vec<String>,
    /// What the owner says to those who open the link.
    pub welcome: String,
    /// From when on it may be used, as [`utc_text`](super::utc_text) writes it; nothing for at once.
    pub not_before: String,
    /// From when on it may not be used any more, in the same way; nothing for never.
    pub expires_at: String,
    /// How many people it may let in; nothing for as many as like.
    pub max_uses: String,
    /// Whether a direct chat comes with it.
    pub chat: bool,
    /// Whether the names of the rooms are shown to everybody who has the code.
    pub show_rooms: bool,
    /// Whether the form asks for what comes next.
    pub asks_registration: bool,
    /// Whether the code also opens an account.
    pub registration: bool,
}

impl InviteForm {
    /// What is asked for with it.
    ///
    /// # Errors
    /// [`Error::Invalid`] for an invite that leads nowhere.
    pub fn into_draft(self) -> Result<Draft> {
        if self.rooms.is_empty() && !self.chat {
            return Err(Error::Invalid {
                field: "rooms".to_owned(),
                problem: "are missing: choose one at least, or the chat with you".to_owned(),
            });
        }
        let code = Some(self.code.trim().to_owned()).filter(|code| !code.is_empty());
        Ok(Draft {
            new: self.editing.is_none(),
            code: self.editing.or(code),
            rooms: self.rooms,
            chat: self.chat,
            registration: self.asks_registration.then_some(self.registration),
            label: Edit::Set(Some(self.label)),
            welcome: Edit::Set(Some(self.welcome)),
            show_rooms: Some(self.show_rooms),
            not_before: Edit::Set(optional("Opens", &self.not_before, "is no time", utc_millis)?),
            expires_at: Edit::Set(optional("Ends", &self.expires_at, "is no time", utc_millis)?),
            max_uses: Edit::Set(optional(
                "How many people",
                &self.max_uses,
                "must be a whole number, 1 at least",
                |text| text.parse().ok().filter(|most| *most > 0),
            )?),
            paused: None,
        })
    }
}

/// What stands in a field that may stay empty.
fn optional<T>(field: &str, text: &str, problem: &str, read: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>> {
    match text.trim() {
        "" => Ok(None),
        text => match read(text) {
            Some(value) => Ok(Some(value)),
            None => Err(Error::Invalid { field: field.to_owned(), problem: problem.to_owned() }),
        },
    }
}

/// What somebody can choose from for an invite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rooms {
    /// Their rooms.
    pub choices: Vec<RoomChoice>,
    /// Whether codes can open accounts here.
    pub opens_accounts: bool,
    /// What this server allows.
    pub allowed: Allowed,
}

/// What a server allows of invites, as far as it matters to somebody who makes one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Allowed {
    /// Why they may not make one, if they may not.
    pub refusal: Option<String>,
    /// Whether they may choose the code.
    pub chosen_codes: bool,
    /// The bounds that a new invite has where they say nothing.
    pub usual: Limits,
    /// The most people that one invite may let in.
    pub max_uses: Option<u32>,
    /// For how many days after it was made an invite may be open.
    pub max_days: Option<u32>,
}
