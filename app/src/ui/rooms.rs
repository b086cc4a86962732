//! Rooms in a row.

use leptos::prelude::*;

use super::RoomAvatar;
use crate::{Room, view, wording};

/// Rooms with their pictures and names.
#[component]
pub(crate) fn RoomList(rooms: Vec<Room>) -> impl IntoView {
    view! {
        <ul class="grid gap-2 sm:grid-cols-2">
            {rooms
                .into_iter()
                .map(|room| {
                    let title = wording::room(&room).to_owned();
                    let space = room.space;
                    view! {
                        <li class="flex min-w-0 items-center gap-3 rounded-field border border-base-300 bg-base-100 px-3 py-2">
                            <RoomAvatar room />
                            <span class="min-w-0 font-medium wrap-anywhere" dir="auto">{title}</span>
                            {space.then(|| view! { <span class="badge badge-sm ms-auto">"Space"</span> })}
                        </li>
                    }
                })
                .collect_view()}
        </ul>
    }
}
