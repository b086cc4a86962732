//! Pictures of people and rooms, or a letter in their place.

use leptos::prelude::*;

use crate::{
    Person, Room,
    ui::{Icon, Shape},
    view,
};

/// Colours for those without a picture; each with letters that can be read on it.
const COLOURS: [&str; 5] = [
    "bg-primary text-primary-content",
    "bg-secondary text-secondary-content",
    "bg-accent text-accent-content",
    "bg-info text-info-content",
    "bg-success text-success-content",
];

/// Rather a strange letter than tables of all letters in everybody's browser.
fn letter(name: &str) -> String {
    name.chars().find(|c| !c.is_ascii_punctuation() && !c.is_whitespace()).map(String::from).unwrap_or_default()
}

fn colour(id: &str) -> &'static str {
    let sum: usize = id.bytes().map(usize::from).sum();
    COLOURS[sum % COLOURS.len()]
}

#[component]
fn Avatar(url: Option<String>, id: String, name: String, class: &'static str) -> impl IntoView {
    match url {
        Some(url) => {
            view! { <img class=format!("shrink-0 object-cover bg-base-300 {class}") src=url alt="" loading="lazy" /> }
        }
        None => view! {
            <span
                class=format!("shrink-0 grid place-items-center font-semibold uppercase select-none {} {class}", colour(&id))
                aria-hidden="true"
            >
                {letter(&name)}
            </span>
        },
    }
}

/// A person's picture. Their name stands beside it, so it says nothing itself.
#[component]
pub(crate) fn PersonAvatar(
    person: Person,
    #[prop(default = "size-9 rounded-full")] class: &'static str,
) -> impl IntoView {
    let name = person.name().to_owned();
    view! { <Avatar url=person.avatar_url id=person.user_id name class /> }
}

/// A room's picture.
#[component]
pub(crate) fn RoomAvatar(room: Room, #[prop(default = "size-9 rounded-xl")] class: &'static str) -> impl IntoView {
    let Room { id, name, avatar_url, space, .. } = room;
    match (name, avatar_url) {
        (None, None) => view! {
            <span class=format!("shrink-0 grid place-items-center bg-base-300 text-base-content {class}") aria-hidden="true">
                <Icon shape=if space { Shape::Space } else { Shape::Room } />
            </span>
        },
        (name, url) => view! { <Avatar url id name=name.unwrap_or_default() class /> },
    }
}
