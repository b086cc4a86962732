//! Pictures of people, rooms and spaces, or a letter in their place. A person's is round, a room's is an arch, a
//! space's is a square.

use leptos::prelude::*;

use super::escaped;
use crate::{Person, Room, view};

/// The first character that is neither ASCII punctuation nor white space. Not a grapheme cluster: an odd letter now and
/// then is better than Unicode tables in every visitor's download.
fn letter(name: &str) -> String {
    name.chars().find(|c| !c.is_ascii_punctuation() && !c.is_whitespace()).map(String::from).unwrap_or_default()
}

/// The number of the hue, from 1 to 12, for a Matrix id: always the same for the same id.
pub(super) fn hue_number(id: &str) -> u8 {
    let sum = id.bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    u8::try_from(sum % 12 + 1).unwrap_or(1)
}

/// The class that sets this hue (`style/theme.css`).
pub(super) fn hue(id: &str) -> String {
    format!("hue-{}", hue_number(id))
}

/// The content of the shape, as HTML: a picture, a letter or, if there is no name either, nothing.
pub(super) fn inside(url: Option<&str>, name: &str) -> String {
    match url {
        Some(url) => format!(r#"<img src="{}" alt="" loading="lazy">"#, escaped(url)),
        None => escaped(&letter(name)),
    }
}

/// The classes and the content of a person's picture.
fn person(person: &Person, size: &str) -> (String, String) {
    let class = format!("who {size} {}", hue(&person.user_id));
    (class, inside(person.avatar_url.as_deref(), person.name()))
}

/// The classes and the content of a room's or space's picture.
fn room(room: &Room, size: &str) -> (String, String) {
    let shape = if room.space { "sign" } else { "room" };
    let class = format!("{shape} {size} {}", hue(&room.id));
    (class, inside(room.avatar_url.as_deref(), room.name.as_deref().unwrap_or_default()))
}

fn html((class, inside): (String, String)) -> String {
    format!(r#"<span class="{class}" aria-hidden="true">{inside}</span>"#)
}

/// A person's picture as HTML. It is hidden from screen readers, because the name stands beside it.
pub(crate) fn person_html(who: &Person, size: &str) -> String {
    html(person(who, size))
}

/// A room's or space's picture as HTML.
pub(crate) fn room_html(which: &Room, size: &str) -> String {
    html(room(which, size))
}

#[component]
fn Avatar(drawn: (String, String)) -> impl IntoView {
    view! { <span class=drawn.0 aria-hidden="true" inner_html=drawn.1></span> }
}

#[component]
pub(crate) fn PersonAvatar(person: Person, #[prop(optional)] class: &'static str) -> impl IntoView {
    view! { <Avatar drawn=self::person(&person, class) /> }
}

#[component]
pub(crate) fn RoomAvatar(room: Room, #[prop(default = "s-sm")] class: &'static str) -> impl IntoView {
    view! { <Avatar drawn=self::room(&room, class) /> }
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

    #[test]
    fn nobody_s_name_or_picture_is_markup() {
        assert_eq!(inside(None, "<b>"), "b");
        assert_eq!(inside(Some("/x\"onerror=\"y"), ""), r#"<img src="/x&quot;onerror=&quot;y" alt="" loading="lazy">"#);
    }
}
