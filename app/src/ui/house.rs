//! An invite as its landing page presents it: the inviter, its name and its content. A space is drawn as a house, a
//! room as a door.

use super::{
    avatar::{hue, inside, person_html, room_html},
    escaped,
};
use crate::{AppLink, Landing, Person, Progress, Room, Step, StepState, t, wording};

/// How many rooms the server joins at the same time, as far as this program knows.
const ROOMS_JOINED_AT_ONCE: usize = 4;

/// What the landing page shows of an invite.
#[derive(Clone)]
pub(crate) struct House {
    pub(crate) code: String,
    /// The person who invites.
    pub(crate) inviter: Person,
    /// The picture that the owner has chosen for it, in place of the inviter's.
    picture: Option<Room>,
    /// The space that the rooms are in, if it may be known and gives the place its name.
    pub(crate) space: Option<Room>,
    /// The name of the place it leads to, if that may be shown.
    pub(crate) name: Option<String>,
    /// Whether that is a title which the owner has written.
    titled: bool,
    /// What it leads to, counted; without the space that gives it its name.
    pub(crate) what: String,
    /// The inviter's message.
    pub(crate) welcome: Option<String>,
    /// The id that decides the colour of the front: that of the space, of the first room that may be shown, or of the
    /// inviter.
    pub(crate) hue_of: String,
    /// The steps that joining takes.
    pub(crate) ahead: Progress,
    /// Apps that can open it.
    pub(crate) apps: Vec<AppLink>,
}

impl House {
    pub(crate) fn of(code: String, landing: &Landing) -> Self {
        let inviter = landing.inviter.clone();
        let house = landing.shown.iter().find(|room| room.space && room.name.is_some());
        let of = house.or(landing.shown.first()).map_or(&inviter.user_id, |room| &room.id);
        // Below a title of another name, the space is one of the places.
        let titled = landing.public_title.is_some();
        let space = house.filter(|_| !titled).cloned();
        let spaces = landing.spaces.saturating_sub(u32::from(space.is_some()));
        let chat = landing.chat.then(|| inviter.first_name());
        let what = wording::leads_to(landing.rooms, spaces, chat);
        let name = landing.public_title.clone().or_else(|| wording::place(&landing.shown));
        let picture = landing.picture.clone().filter(|room| room.avatar_url.is_some());
        let (ahead, welcome, apps) = (landing.ahead(), landing.welcome.clone(), landing.apps.clone());
        Self { code, hue_of: of.clone(), inviter, picture, space, name, titled, what, welcome, ahead, apps }
    }

    /// Whether names of what it leads to are shown.
    pub(crate) fn is_named(&self) -> bool {
        self.ahead.steps.iter().any(|step| step.room.as_ref().is_some_and(|room| room.name.is_some()))
    }

    /// The title that its owner has written, if there is one.
    pub(crate) fn title(&self) -> Option<&str> {
        self.name.as_deref().filter(|_| self.titled)
    }

    /// Whether its owner has chosen a picture for it.
    pub(crate) fn has_picture(&self) -> bool {
        self.picture.is_some()
    }

    /// The picture above its name, as HTML: the one that its owner has chosen, or that of the inviter.
    pub(crate) fn face(&self) -> String {
        self.picture.as_ref().map_or_else(|| person_html(&self.inviter, ""), |room| room_html(room, ""))
    }

    /// The class for its colour.
    pub(crate) fn hue(&self) -> String {
        hue(&self.hue_of)
    }

    /// What there is to join: by name, or counted where names may not be shown.
    pub(crate) fn all(&self) -> String {
        let named = self.places(&self.ahead, false).into_iter().map(|place| match place.host {
            Some(host) => wording::a_chat_with(host.first_name()),
            None => place.name,
        });
        match self.is_named() {
            true => wording::some_of(named.collect()),
            false => self.what.clone(),
        }
    }

    /// The space, if somebody with this progress may see it.
    pub(crate) fn space_of(&self, progress: &Progress) -> Option<Room> {
        let known = || progress.steps.iter().find_map(|step| step.room.clone().filter(|room| room.space));
        self.space.clone().or_else(|| known().filter(|room| progress.complete && room.name.is_some()))
    }

    /// What there is to join, with the state of each at this progress. The space is left out, because it is the house
    /// itself, unless it could not be joined.
    pub(crate) fn places(&self, progress: &Progress, at_work: bool) -> Vec<Place> {
        let space = self.space_of(progress);
        let is_house = |step: &Step| {
            let same = step.room.as_ref().zip(space.as_ref()).is_some_and(|(room, space)| room.id == space.id);
            same && !matches!(step.state, StepState::Missed(_))
        };
        let mut waiting = 0;
        let places = progress.steps.iter().filter(|step| !is_house(step)).zip(1..).map(|(step, number)| {
            waiting += usize::from(step.state == StepState::Waiting);
            let name = match &step.room {
                Some(room) => wording::room(room).to_owned(),
                None if step.chat => wording::chat_with(self.inviter.first_name()),
                None => String::new(),
            };
            let host = step.chat.then(|| self.inviter.clone());
            let (room, state) = (step.room.clone(), step.state.clone());
            Place { name, number, room, host, state, now: at_work && waiting <= ROOMS_JOINED_AT_ONCE }
        });
        places.collect()
    }
}

/// A room, or the direct chat.
#[derive(Clone)]
pub(crate) struct Place {
    /// Its name; empty where it may not be shown.
    pub(crate) name: String,
    /// Its position in the list, from 1.
    number: usize,
    /// The room, if it may be shown.
    pub(crate) room: Option<Room>,
    /// The person whom the chat is with, if it is the direct chat.
    pub(crate) host: Option<Person>,
    /// Its state.
    pub(crate) state: StepState,
    /// Whether it is being joined right now, if its state is waiting.
    pub(crate) now: bool,
}

impl Place {
    pub(crate) fn is_in(&self) -> bool {
        matches!(self.state, StepState::In(_))
    }

    /// Its title in a list.
    pub(crate) fn title(&self) -> String {
        if self.name.is_empty() { t!("Room {n}", n = self.number) } else { self.name.clone() }
    }

    /// The classes of its door.
    pub(super) fn class(&self) -> String {
        let state = match &self.state {
            StepState::In(_) => "joined",
            StepState::Missed(_) => "failed",
            StepState::Waiting if self.now => "ajar",
            StepState::Waiting => "",
        };
        let id = self.room.as_ref().map(|room| &room.id).or(self.host.as_ref().map(|host| &host.user_id));
        format!("door {state} {}", id.map(|id| hue(id)).unwrap_or_default())
    }

    /// What is in the door, as HTML.
    pub(super) fn html(&self) -> String {
        let (url, name) = match &self.room {
            Some(room) => (room.avatar_url.as_deref(), room.name.as_deref().unwrap_or_default()),
            None => (None, ""),
        };
        let members = self.room.as_ref().and_then(|room| room.members);
        let members = members
            .map(|members| format!(r#" <span class="door-count">{}</span>"#, escaped(&wording::members(members))));
        let leaf = if self.host.is_some() { " chat" } else { "" };
        [door(leaf, &inside(url, name), &self.name), members.unwrap_or_default()].concat()
    }
}

/// A door with its name below, as HTML. `leaf` is HTML, too.
pub(super) fn door(class: &str, leaf: &str, name: &str) -> String {
    format!(
        r#"<span class="door-frame" aria-hidden="true"><span class="door-leaf{class}">{leaf}</span></span><span class="door-name" dir="auto">{}</span>"#,
        escaped(name)
    )
}
