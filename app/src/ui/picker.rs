//! Choosing rooms.

use std::collections::{BTreeSet, HashSet};

use leptos::prelude::*;

use super::{Icon, RoomAvatar, Shape, browser};
use crate::{Room, RoomChoice};

/// The name of a room's box in the form.
pub(crate) const ROOMS: &str = "form[rooms][]";

/// Rooms that stand together.
struct Group {
    /// The space itself, if they are in one.
    space: Option<RoomChoice>,
    rooms: Vec<RoomChoice>,
}

/// Each room once: below the first space that has it, or with the others. So are rooms of the invite that the person is not in
/// any more.
fn groups(choices: Vec<RoomChoice>, before: Vec<Room>) -> Vec<Group> {
    let known: HashSet<String> = choices.iter().map(|choice| choice.room.id.clone()).collect();
    let mut placed = HashSet::new();
    let (spaces, rooms): (Vec<_>, Vec<_>) = choices.into_iter().partition(|choice| choice.room.space);
    let mut groups = Vec::new();
    for space in spaces {
        let inside = |choice: &&RoomChoice| space.children.contains(&choice.room.id);
        let rooms: Vec<RoomChoice> =
            rooms.iter().filter(inside).filter(|choice| placed.insert(choice.room.id.clone())).cloned().collect();
        groups.push(Group { space: Some(space), rooms });
    }
    let others: Vec<RoomChoice> = rooms.into_iter().filter(|choice| !placed.contains(&choice.room.id)).collect();
    let gone = before.into_iter().filter(|room| !known.contains(&room.id)).map(|room| RoomChoice {
        room,
        members: 0,
        encrypted: false,
        public: false,
        refusal: Some("Nobody can come in here through you any more.".to_owned()),
        children: Vec::new(),
    });
    let others: Vec<RoomChoice> = others.into_iter().chain(gone).collect();
    if !others.is_empty() {
        groups.push(Group { space: None, rooms: others });
    }
    groups
}

/// The rooms, to be ticked.
#[component]
pub(crate) fn Picker(
    choices: Vec<RoomChoice>,
    /// Where the invite leads to before it is changed: these can stay, whatever may be chosen otherwise.
    before: Vec<Room>,
    ticked: RwSignal<BTreeSet<String>>,
) -> impl IntoView {
    let kept: BTreeSet<String> = before.iter().map(|room| room.id.clone()).collect();
    let groups = groups(choices, before);
    let at_work = browser::at_work();
    let search = RwSignal::new(String::new());
    let nothing = groups.is_empty();
    view! {
        <fieldset class="grid gap-4">
            <legend class="mb-3 text-xl font-semibold"><h2>"Rooms"</h2></legend>
            {nothing
                .then(|| {
                    view! {
                        <p class="rounded-box border border-dashed border-base-300 p-6 text-base-content/80">
                            "You are in no room yet. Make one in your app first, or invite people to a chat with you only."
                        </p>
                    }
                })}
            <label class="input w-full" class:hidden=move || !at_work.get() || nothing>
                <Icon shape=Shape::Search />
                <span class="sr-only">"Search rooms"</span>
                <input type="search" placeholder="Search your rooms" on:input:target=move |event| search.set(event.target().value().to_lowercase()) />
            </label>
            {groups.into_iter().map(|group| view! { <OneGroup group ticked search kept=kept.clone() /> }).collect_view()}
        </fieldset>
    }
}

#[component]
fn OneGroup(
    group: Group,
    ticked: RwSignal<BTreeSet<String>>,
    search: RwSignal<String>,
    kept: BTreeSet<String>,
) -> impl IntoView {
    let at_work = browser::at_work();
    let Group { space, rooms } = group;
    let name = space.as_ref().map(|space| space.room.title().to_owned());
    // The space and everything in it that may be chosen.
    let all: Vec<String> = space
        .iter()
        .chain(&rooms)
        .filter(|choice| choice.refusal.is_none())
        .map(|choice| choice.room.id.clone())
        .collect();
    let whole = {
        let all = all.clone();
        Memo::new(move |_| ticked.with(|ticked| all.iter().all(|room| ticked.contains(room))))
    };
    let tick_all = move |_| {
        let whole = whole.get_untracked();
        ticked.update(|ticked| {
            for room in &all {
                if whole {
                    ticked.remove(room);
                } else {
                    ticked.insert(room.clone());
                }
            }
        });
    };
    view! {
        <div class="grid gap-1">
            <div class="flex items-center gap-3 pt-2">
                <h3 class="font-semibold">{name.unwrap_or_else(|| "Other rooms".to_owned())}</h3>
                <button class="btn btn-xs" type="button" class:hidden=move || !at_work.get() on:click=tick_all>
                    {move || if whole.get() { "None of them" } else { "All of them" }}
                </button>
            </div>
            <ul class="grid gap-1 sm:grid-cols-2">
                {space
                    .into_iter()
                    .chain(rooms)
                    .map(|choice| {
                        let kept = kept.contains(&choice.room.id);
                        view! { <OneRoom choice ticked search kept /> }
                    })
                    .collect_view()}
            </ul>
        </div>
    }
}

#[component]
fn OneRoom(
    choice: RoomChoice,
    ticked: RwSignal<BTreeSet<String>>,
    search: RwSignal<String>,
    kept: bool,
) -> impl IntoView {
    let RoomChoice { room, members, encrypted, public, refusal, .. } = choice;
    let id = room.id.clone();
    let title = room.title().to_owned();
    let found = title.to_lowercase();
    let (on, was_on) = {
        let id = id.clone();
        (
            Memo::new(move |_| ticked.with(|ticked| ticked.contains(&id))),
            ticked.with_untracked(|ticked| ticked.contains(&room.id)),
        )
    };
    let about = if room.space { "Space" } else { "Room" };
    let about = match &refusal {
        Some(refusal) => refusal.clone(),
        None => format!("{about} · {}", if members == 1 { "only you".to_owned() } else { format!("{members} people") }),
    };
    let change = {
        let id = id.clone();
        move |now: bool| {
            ticked.update(|ticked| {
                if now {
                    ticked.insert(id.clone());
                } else {
                    ticked.remove(&id);
                }
            });
        }
    };
    view! {
        <li class:hidden=move || search.with(|search| !found.contains(search.as_str()))>
            <label class="flex cursor-pointer items-center gap-3 rounded-field px-3 py-2 hover:bg-base-200 has-checked:bg-base-200 has-disabled:cursor-not-allowed has-disabled:opacity-70">
                <input
                    class="checkbox checkbox-primary"
                    type="checkbox"
                    name=ROOMS
                    value=id
                    checked=was_on
                    prop:checked=move || on.get()
                    disabled=refusal.is_some() && !kept
                    on:change:target=move |event| change(event.target().checked())
                />
                <RoomAvatar room />
                <span class="min-w-0 flex-1">
                    <span class="flex items-center gap-1.5">
                        <span class="truncate font-medium">{title}</span>
                        {encrypted.then(|| view! { <Icon shape=Shape::Encrypted class="size-3.5" /><span class="sr-only">"encrypted"</span> })}
                        {public.then(|| view! { <Icon shape=Shape::Public class="size-3.5" /><span class="sr-only">"public"</span> })}
                    </span>
                    <span class="block text-sm text-base-content/80">{about}</span>
                </span>
            </label>
        </li>
    }
}
