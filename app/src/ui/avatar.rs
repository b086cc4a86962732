//! Pictures of people, rooms and spaces, or a letter in their place. A person is round, a room is an arch, a space is a square.

use leptos::prelude::*;

use crate::{Person, Room, view};

/// Rather a strange letter than tables of all letters in everybody's browser.
pub(super) fn letter(name: &str) -> String {
    name.chars().find(|c| !c.is_ascii_punctuation() && !c.is_whitespace()).map(String::from).unwrap_or_default()
}

/// The class of the paint (`style/theme.css`) that somebody or something with this id always has.
pub(crate) fn hue(id: &str) -> String {
    let sum = id.bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    format!("hue-{}", sum % 12 + 1)
}

#[component]
fn Avatar(url: Option<String>, id: String, name: String, class: String) -> impl IntoView {
    match url {
        Some(url) => view! { <img class=class src=url alt="" loading="lazy" /> },
        None => view! {
            <span class=format!("{class} {}", hue(&id)) aria-hidden="true">
                {letter(&name)}
            </span>
        },
    }
}

/// A person's picture. Their name stands beside it, so it says nothing itself.
#[component]
pub(crate) fn PersonAvatar(person: Person, #[prop(optional)] class: &'static str) -> impl IntoView {
    let name = person.name().to_owned();
    view! { <Avatar url=person.avatar_url id=person.user_id name class=format!("who {class}") /> }
}

/// A room's picture, or a space's.
#[component]
pub(crate) fn RoomAvatar(room: Room, #[prop(default = "s-sm")] class: &'static str) -> impl IntoView {
    let Room { id, name, avatar_url, space, .. } = room;
    let shape = if space { "sign" } else { "room" };
    view! { <Avatar url=avatar_url id name=name.unwrap_or_default() class=format!("{shape} {class}") /> }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_of_twelve_hues_and_keeps_it() {
        assert_eq!(hue("@anna:garden.example"), hue("@anna:garden.example"));
        let all: std::collections::BTreeSet<String> = (0..500).map(|number| hue(&format!("!{number}:x"))).collect();
        assert_eq!(all.len(), 12);
        assert!(all.contains("hue-1") && all.contains("hue-12"));
    }

    #[test]
    fn a_letter_is_one_that_somebody_knows_the_name_by() {
        assert_eq!((letter(" #general"), letter("")), ("g".to_owned(), String::new()));
    }
}
