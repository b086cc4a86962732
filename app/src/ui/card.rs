//! The content of an invite's preview picture, which chats show beside its link: as much as its landing page shows, and
//! no more.

use super::{House, avatar::hue_number, escaped, house::Place};
use crate::{Landing, Person, wording};

/// The content of the preview picture of an invite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// The person who invites.
    pub inviter: Person,
    /// The number of the inviter's hue, from 1 to 12.
    pub inviter_hue: u8,
    /// The line below the inviter's name, `invites you to`; empty where their name is the title itself.
    pub says: &'static str,
    /// The title that the owner wrote or the name of the place it leads to, or that of the inviter where neither may be shown.
    pub title: String,
    /// What it leads to, counted.
    pub what: String,
    /// The number of the house front's hue, from 1 to 12.
    pub hue: u8,
    /// The rooms and the chat that it leads to, in order.
    pub doors: Vec<CardDoor>,
}

/// A door on the picture: a room or the direct chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardDoor {
    /// The number of its hue, from 1 to 12; `None` where the room may not be shown.
    pub hue: Option<u8>,
    /// The name of the room, empty if it may not be shown; the inviter's first name for the chat.
    pub name: String,
    /// Whether it is the direct chat.
    pub chat: bool,
}

impl Card {
    /// The card as a stranger who has the link may see it.
    pub fn of(landing: &Landing) -> Self {
        let house = House::of(String::new(), landing);
        let doors = house.places(&house.ahead, false).iter().map(door).collect();
        let (says, title) = match &house.name {
            Some(name) => (wording::INVITES_YOU_TO, name.clone()),
            None => ("", house.inviter.name().to_owned()),
        };
        Self {
            inviter_hue: hue_number(&house.inviter.user_id),
            hue: hue_number(&house.hue_of),
            inviter: house.inviter,
            says,
            title,
            what: house.what,
            doors,
        }
    }

    /// The line below the title.
    pub fn below(&self) -> String {
        match self.says {
            "" => format!("{} {}", wording::INVITES_YOU_TO, self.what),
            _ => self.what.clone(),
        }
    }

    /// What a chat is told of the link, at which the invite is, as tags for the page's head (The Open Graph protocol). Its programs run no scripts.
    pub fn tags(&self, welcome: Option<&str>, address: &str) -> String {
        let description = match welcome {
            Some(welcome) => format!("{} · {welcome}", self.what),
            None => self.what.clone(),
        };
        [
            ("og:type", "website"),
            ("og:site_name", "Super Invites"),
            ("og:title", &self.headline()),
            ("og:description", &description),
            ("og:url", address),
            ("og:image", &format!("{address}/preview.png")),
            ("og:image:width", "1200"),
            ("og:image:height", "630"),
            ("og:image:alt", &self.headline()),
            ("twitter:card", "summary_large_image"),
        ]
        .map(|(property, content)| format!(r#"<meta property="{property}" content="{}">"#, escaped(content)))
        .concat()
    }

    /// What a chat says of the link: whose invite it is, and to what.
    pub fn headline(&self) -> String {
        wording::invites_to(self.inviter.name(), (!self.says.is_empty()).then_some(self.title.as_str()))
    }
}

fn door(place: &Place) -> CardDoor {
    let name = match &place.host {
        Some(host) => host.first_name().to_owned(),
        None => place.name.clone(),
    };
    let id = place.room.as_ref().map(|room| &room.id).or(place.host.as_ref().map(|host| &host.user_id));
    CardDoor { hue: id.map(|id| hue_number(id)), name, chat: place.host.is_some() }
}
