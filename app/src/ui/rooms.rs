//! A row of rooms.

use leptos::prelude::*;

use super::{Html, avatar, escaped};
use crate::{Room, t, view, wording};

/// Rooms with their pictures and names, as HTML.
pub(crate) fn rooms(rooms: &[Room]) -> String {
    let one = |room: &Room| {
        let (picture, name) = (avatar::room_html(room, "s-sm"), escaped(wording::room(room)));
        let space = match room.space {
            true => format!(r#"<span class="badge badge-sm ms-auto">{}</span>"#, escaped(t!("Space"))),
            false => String::new(),
        };
        let members = room
            .members
            .map(|members| format!(r#"<span class="block hint">{}</span>"#, escaped(&wording::members(members))));
        let members = members.unwrap_or_default();
        format!(
            r#"<li class="card flex items-center gap-3 p-2">{picture}<span class="min-w-0 wrap-anywhere"><span class="block" dir="auto">{name}</span>{members}</span>{space}</li>"#
        )
    };
    format!(r#"<ul class="grid gap-2 sm:grid-cols-2">{}</ul>"#, rooms.iter().map(one).collect::<String>())
}

/// The same as a component.
#[component]
pub(crate) fn RoomList(rooms: Vec<Room>) -> impl IntoView {
    view! { <Html html=self::rooms(&rooms) /> }
}
