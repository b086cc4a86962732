//! What forms send, and what comes back.

use serde::{Deserialize, Serialize};

use super::{
    Draft, Edit, Field, Limits, Problem, RoomChoice, Terms, Wanted, WantedLimits,
    choice::{self, ENDS, FOR_HOW_MANY, OWN, WITHOUT_END},
    utc_millis, utc_text,
};
use crate::{Error, Result, Told};

/// The form field that names the server function, for a form that is posted without a script.
pub const FORM_FUNCTION: &str = "_function";

/// Where the browser goes after a form has succeeded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Next {
    /// The path of a page, relative to where the pages are mounted; empty for the page that the form is on.
    pub next: String,
}

impl Next {
    /// Stay on the same page, which has something new to show.
    pub fn here() -> Self {
        Self { next: String::new() }
    }

    /// Go to this page.
    pub fn to(next: String) -> Self {
        Self { next }
    }
}

/// The failure of a form that was posted without a script.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posted {
    /// The server function that the form was for.
    pub function: String,
    /// The error, as the page shows it.
    pub error: Told,
    /// The submitted fields, without passwords.
    pub fields: Vec<(String, String)>,
}

impl Posted {
    /// Keeps what was typed, to show it again, but never a password.
    pub fn new(function: String, error: Told, mut fields: Vec<(String, String)>) -> Self {
        let secret = [Field::Password.name(), Field::NewPassword.name()];
        fields.retain(|(name, _)| !secret.contains(&name.as_str()));
        Self { function, error, fields }
    }

    /// The submitted value of a field.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// Whether a box was ticked, among others of the same name.
    pub fn is_ticked(&self, name: &str, value: &str) -> bool {
        self.fields.iter().any(|(field, ticked)| field == name && ticked == value)
    }
}

/// The form for making and changing an invite. Browsers do not send a box that is not ticked.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct InviteForm {
    /// The code of the invite to change; unset for a new one.
    pub editing: Option<String>,
    /// The code of a new invite; generated if empty.
    pub code: String,
    /// The owner's label.
    pub label: String,
    /// The ids of the chosen rooms.
    pub rooms: Vec<String>,
    /// The owner's message to people who open the link.
    pub welcome: String,
    /// The start time, as [`utc_text`](super::utc_text) writes it; at once if empty.
    pub not_before: String,
    /// After how many days it ends, [`WITHOUT_END`](super::WITHOUT_END), or [`OWN`](super::OWN) for `expires_at`, as if empty.
    pub ends: String,
    /// The end time, as [`utc_text`](super::utc_text) writes it; never if empty.
    pub expires_at: String,
    /// How many people it may let in, [`WITHOUT_END`](super::WITHOUT_END), or [`OWN`](super::OWN) for `max_uses`, as if empty.
    pub places: String,
    /// How many people it may let in; unlimited if empty.
    pub max_uses: String,
    /// Whether a direct chat with the owner is part of it.
    pub chat: bool,
    /// Whether the names of the rooms are shown to everybody who has the code.
    pub show_rooms: bool,
    /// Whether the form has the box for `registration`, so that its absence means that it was not ticked.
    pub asks_registration: bool,
    /// Whether the code also opens an account.
    pub registration: bool,
}

impl InviteForm {
    /// The draft that the form asks for at `now`, in milliseconds since the epoch.
    ///
    /// # Errors
    /// [`Error::Invalid`] for an invite that leads nowhere, and for values that cannot be read.
    pub fn into_draft(self, now: i64) -> Result<Draft> {
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
                    not_before: start(&self.not_before)?,
                    expires_at: choice::end(&self.ends, &self.expires_at, now)?,
                    max_uses: choice::places(&self.places, &self.max_uses)?,
                },
            },
        })
    }

    /// The form as it shows the terms of an existing invite.
    pub fn of(terms: Terms) -> Self {
        let Limits { not_before, expires_at, max_uses } = terms.limits;
        Self {
            ends: choice::end_of(terms.limits),
            places: choice::places_of(terms.limits),
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

    /// The form for a new invite. Where the server's rules say nothing it lasts a week: what nobody thinks of any more ends by itself.
    pub fn new(allowed: &Allowed) -> Self {
        let form = Self::of(Terms::usual(allowed.usual));
        let week = if form.ends == WITHOUT_END { "7".to_owned() } else { form.ends };
        Self { ends: nearest(week, &allowed.lasts(None)), places: nearest(form.places, &allowed.places()), ..form }
    }

    /// The form as it was posted without a script, to be shown again.
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
            ends: posted.field(ENDS).unwrap_or_default().to_owned(),
            expires_at: text(Field::ExpiresAt),
            places: posted.field(FOR_HOW_MANY).unwrap_or_default().to_owned(),
            max_uses: text(Field::MaxUses),
            chat: ticked(Field::Chat),
            show_rooms: ticked(Field::ShowRooms),
            registration: ticked(Field::Registration),
            ..Self::default()
        }
    }
}

/// A choice, or the largest that the server's rules leave.
fn nearest(choice: String, allowed: &[String]) -> String {
    match allowed {
        _ if allowed.contains(&choice) => choice,
        [.., largest, _own] => largest.clone(),
        _ => OWN.to_owned(),
    }
}

/// Reads the start, which may be empty.
fn start(text: &str) -> Result<Edit<i64>> {
    let invalid = Error::Invalid { field: Field::NotBefore, problem: Problem::NoTime };
    Ok(Edit::Set(match text.trim() {
        "" => None,
        text => Some(utc_millis(text).ok_or(invalid)?),
    }))
}

/// What a member can choose for an invite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rooms {
    /// The member's rooms.
    pub choices: Vec<RoomChoice>,
    /// Whether codes can open accounts here.
    pub opens_accounts: bool,
    /// The server's rules for invites.
    pub allowed: Allowed,
}

/// The rules of a server that matter to a member who makes an invite.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Allowed {
    /// Why the member may not make invites, if so.
    pub refusal: Option<Told>,
    /// Whether the member may choose the code.
    pub chosen_codes: bool,
    /// The limits of a new invite for which the member sets none.
    pub usual: Limits,
    /// The most people that one invite may let in.
    pub max_uses: Option<u32>,
    /// For how many days after its creation an invite may be open.
    pub max_days: Option<u32>,
}
