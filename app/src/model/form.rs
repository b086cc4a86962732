//! What forms carry.

use serde::{Deserialize, Serialize};

use super::{Draft, Edit, Field, Limits, Problem, RoomChoice, Terms, Wanted, WantedLimits, utc_millis, utc_text};
use crate::{Error, Result, Told};

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
    pub error: Told,
    /// What was typed.
    pub fields: Vec<(String, String)>,
}

impl Posted {
    /// What was typed is shown again, but never a password.
    pub fn new(function: String, error: Told, mut fields: Vec<(String, String)>) -> Self {
        let secret = [Field::Password.name(), Field::NewPassword.name()];
        fields.retain(|(name, _)| !secret.contains(&name.as_str()));
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
            return Err(Error::Invalid { field: Field::Rooms, problem: Problem::Nowhere });
        }
        let code = Some(self.code.trim().to_owned()).filter(|code| !code.is_empty());
        Ok(Draft {
            new: self.editing.is_none(),
            code: self.editing.or(code),
            paused: None,
            terms: Wanted {
                rooms: self.rooms,
                chat: self.chat,
                registration: self.asks_registration.then_some(self.registration),
                label: Edit::Set(Some(self.label)),
                welcome: Edit::Set(Some(self.welcome)),
                show_rooms: Some(self.show_rooms),
                limits: WantedLimits {
                    not_before: optional(Field::NotBefore, &self.not_before, Problem::NoTime, utc_millis)?,
                    expires_at: optional(Field::ExpiresAt, &self.expires_at, Problem::NoTime, utc_millis)?,
                    max_uses: optional(Field::MaxUses, &self.max_uses, Problem::NoCount, |text| {
                        text.parse().ok().filter(|most| *most > 0)
                    })?,
                },
            },
        })
    }

    /// The form as it shows these terms.
    pub fn of(terms: Terms) -> Self {
        let Limits { not_before, expires_at, max_uses } = terms.limits;
        Self {
            label: terms.label.unwrap_or_default(),
            rooms: terms.rooms,
            welcome: terms.welcome.unwrap_or_default(),
            not_before: not_before.map(utc_text).unwrap_or_default(),
            expires_at: expires_at.map(utc_text).unwrap_or_default(),
            max_uses: max_uses.map(|most| most.to_string()).unwrap_or_default(),
            chat: terms.chat,
            show_rooms: terms.show_rooms,
            registration: terms.registration,
            ..Self::default()
        }
    }

    /// The form as somebody has filled it in who has no script.
    pub fn filled_in(posted: &Posted) -> Self {
        let text = |field: Field| posted.field(field.name()).unwrap_or_default().to_owned();
        let ticked = |field: Field| posted.is_ticked(field.name(), "true");
        let rooms = posted.fields.iter().filter(|(name, _)| name == Field::Rooms.name());
        Self {
            code: text(Field::Code),
            label: text(Field::Label),
            rooms: rooms.map(|(_, room)| room.clone()).collect(),
            welcome: text(Field::Welcome),
            not_before: text(Field::NotBefore),
            expires_at: text(Field::ExpiresAt),
            max_uses: text(Field::MaxUses),
            chat: ticked(Field::Chat),
            show_rooms: ticked(Field::ShowRooms),
            registration: ticked(Field::Registration),
            ..Self::default()
        }
    }
}

/// What stands in a field that may stay empty.
fn optional<T>(field: Field, text: &str, problem: Problem, read: impl FnOnce(&str) -> Option<T>) -> Result<Edit<T>> {
    match text.trim() {
        "" => Ok(Edit::Set(None)),
        text => match read(text) {
            Some(value) => Ok(Edit::Set(Some(value))),
            None => Err(Error::Invalid { field, problem }),
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
    pub refusal: Option<Told>,
    /// Whether they may choose the code.
    pub chosen_codes: bool,
    /// The bounds that a new invite has where they say nothing.
    pub usual: Limits,
    /// The most people that one invite may let in.
    pub max_uses: Option<u32>,
    /// For how many days after it was made an invite may be open.
    pub max_days: Option<u32>,
}
