//! What forms send, and what comes back.

use serde::{Deserialize, Serialize};
use url::form_urlencoded;

use super::{
    Done, Draft, Edit, Field, Invite, Limits, Person, Problem, RoomChoice, Terms, Wanted, WantedLimits,
    choice::{self, ENDS, FOR_HOW_MANY, OWN, WITHOUT_END},
    utc_millis, utc_text,
};
use crate::{Error, Result, Told, wording};

/// The form field that names the server function, for a form that is posted without a script.
pub const FORM_FUNCTION: &str = "_function";

/// Where the browser goes after a form has succeeded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Next {
    /// The path of a page, relative to where the pages are mounted; empty for the page that the form is on.
    pub next: String,
    /// What that page says of what was done, once, in the language of whoever did it.
    pub notice: Option<String>,
}

impl Next {
    /// Stay on the same page, which has something new to show.
    pub fn here() -> Self {
        Self::to(String::new())
    }

    /// Go to this page.
    pub fn to(next: String) -> Self {
        Self { next, notice: None }
    }

    /// And say there what was done.
    #[must_use]
    pub fn saying(self, notice: Notice) -> Self {
        Self { notice: Some(wording::notice(notice)), ..self }
    }
}

/// What a page says once of what was just done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// An invite was created.
    Created,
    /// The changes of an invite were saved.
    Saved,
    /// An invite was deleted.
    Deleted,
    /// Something was done to invites that were chosen together.
    Several(Done),
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
    /// The title under which everybody who has the code sees the invite.
    pub public_title: String,
    /// The id of the room whose picture everybody who has the code sees; none if empty.
    pub picture: String,
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
                public_title: Edit::Set(Some(self.public_title)),
                picture: Edit::Set(Some(self.picture).filter(|picture| !picture.is_empty())),
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
            public_title: terms.public_title.unwrap_or_default(),
            picture: terms.picture.unwrap_or_default(),
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

    /// The form for a new invite like an existing one, at `now`: with all that its owner chose for it but its name and its code. One that lasted
    /// for one of the ready-made times lasts as long again; times that are past are not taken over.
    pub fn like(invite: &Invite, allowed: &Allowed, now: i64) -> Self {
        let (form, new) = (Self::of(invite.terms.clone()), Self::new(allowed));
        let limits = invite.terms.limits;
        let ends = match limits.expires_at {
            None => nearest(form.ends, &allowed.lasts(None)),
            Some(end) => match choice::as_long(end - invite.created_at) {
                Some(days) => nearest(days, &allowed.lasts(None)),
                None if end > now => OWN.to_owned(),
                None => new.ends,
            },
        };
        let expires_at = if ends == OWN { form.expires_at } else { String::new() };
        let begins = limits.not_before.is_some_and(|begin| begin > now);
        Self {
            ends,
            expires_at,
            places: nearest(form.places, &allowed.places()),
            not_before: if begins { form.not_before } else { String::new() },
            label: String::new(),
            ..form
        }
    }

    /// Whether it says something that few forms say, so that it must not be folded away.
    pub fn says_more(&self) -> bool {
        self.chat
            || self.show_rooms
            || [&self.welcome, &self.public_title, &self.picture, &self.code, &self.not_before]
                .iter()
                .any(|text| !text.is_empty())
    }

    /// The form as it was filled in, from the body that it sends.
    pub fn sent(body: &str) -> Self {
        let fields: Vec<_> = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
        Self::filled_in(&fields)
    }

    /// The form as it was filled in, from its fields.
    pub fn filled_in(fields: &[(String, String)]) -> Self {
        let named = |name: &'static str| fields.iter().filter(move |(field, _)| field == name).map(|(_, value)| value);
        let first = |name: &'static str| named(name).next().cloned().unwrap_or_default();
        let text = |field: Field| first(field.name());
        let ticked = |field: Field| text(field) == "true";
        Self {
            code: text(Field::Code),
            label: text(Field::Label),
            rooms: named(Field::Rooms.name()).cloned().collect(),
            welcome: text(Field::Welcome),
            public_title: text(Field::PublicTitle),
            picture: text(Field::Picture),
            not_before: text(Field::NotBefore),
            ends: first(ENDS),
            expires_at: text(Field::ExpiresAt),
            places: first(FOR_HOW_MANY),
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
    /// The member, as others see them.
    pub me: Person,
    /// The member's rooms.
    pub choices: Vec<RoomChoice>,
    /// Whether codes can open accounts here.
    pub opens_accounts: bool,
    /// The server's rules for invites.
    pub allowed: Allowed,
    /// What the form for a new invite begins with.
    pub start: InviteForm,
    /// The code of the member's newest invite, if they have one.
    pub newest: Option<String>,
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

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400_000;

    fn invite(limits: Limits) -> Invite {
        let terms = Terms {
            rooms: vec!["!a:x".to_owned()],
            chat: true,
            label: Some("Party".to_owned()),
            welcome: Some("Hi".to_owned()),
            public_title: Some("Camp".to_owned()),
            picture: Some("!a:x".to_owned()),
            show_rooms: true,
            limits,
            ..Terms::default()
        };
        Invite {
            code: "party".to_owned(),
            owner: "@anna:x".to_owned(),
            terms,
            came: 3,
            last_came: None,
            created_at: 10 * DAY,
            uses: 3,
            paused: true,
            held: false,
        }
    }

    #[test]
    fn another_one_has_the_choices_of_the_first_but_not_its_name_or_code() {
        let limits = Limits { not_before: Some(9 * DAY), expires_at: Some(17 * DAY - 300), max_uses: Some(12) };
        let form = InviteForm::like(&invite(limits), &Allowed::default(), 40 * DAY);
        assert_eq!((form.rooms.as_slice(), form.welcome.as_str()), (&["!a:x".to_owned()][..], "Hi"));
        assert_eq!((form.public_title.as_str(), form.picture.as_str()), ("Camp", "!a:x"));
        assert!(form.chat && form.show_rooms && form.says_more());
        assert_eq!((form.label.as_str(), form.code.as_str(), form.editing), ("", "", None));
        assert_eq!((form.ends.as_str(), form.expires_at.as_str(), form.not_before.as_str()), ("7", "", ""));
        assert_eq!((form.places.as_str(), form.max_uses.as_str()), ("own", "12"));
    }

    #[test]
    fn a_time_of_its_own_is_taken_over_as_long_as_it_is_ahead() {
        let limits = |begin, end| Limits { not_before: begin, expires_at: end, max_uses: None };
        let (none, strict) = (Allowed::default(), Allowed { max_days: Some(5), ..Allowed::default() });
        let like = |limits, allowed, now| InviteForm::like(&invite(limits), allowed, now);
        let ahead = like(limits(Some(12 * DAY), Some(20 * DAY)), &none, 11 * DAY);
        assert_eq!((ahead.ends.as_str(), ahead.expires_at.as_str()), ("own", "1970-01-21T00:00"));
        assert_eq!(ahead.not_before, "1970-01-13T00:00");
        let past = like(limits(None, Some(20 * DAY)), &none, 20 * DAY);
        assert_eq!((past.ends.as_str(), past.expires_at.as_str()), ("7", ""));
        assert_eq!(like(limits(None, None), &none, 20 * DAY).ends, "never");
        assert_eq!(like(limits(None, None), &strict, 20 * DAY).ends, "1", "the server's rules come first");
    }

    #[test]
    fn a_form_is_read_as_it_was_filled_in() {
        let fields =
            [("form[rooms][]", "!a:x"), ("form[rooms][]", "!b:x"), ("form[chat]", "true"), ("form[ends]", "30")];
        let more = [("form[public_title]", "Camp"), ("form[picture]", "!b:x")];
        let fields = fields.into_iter().chain(more).map(|(name, value)| (name.to_owned(), value.to_owned()));
        let form = InviteForm::filled_in(&fields.collect::<Vec<_>>());
        assert_eq!(form.rooms, ["!a:x", "!b:x"]);
        assert_eq!((form.public_title.as_str(), form.picture.as_str()), ("Camp", "!b:x"));
        assert_eq!((form.chat, form.show_rooms, form.ends.as_str()), (true, false, "30"));
    }
}
