//! Choosing rooms. The boxes themselves keep what is ticked, as any form does; a script only helps.

use leptos::prelude::*;

use super::{Icon, RoomAvatar, Shape, browser, href};
use crate::{Field, Room, RoomChoice, RoomProblem, segment, t, tn, view, wording};

/// Rooms that stand together, below the space that they are in.
struct Group {
    name: String,
    /// The id of the space.
    space: Option<String>,
    choices: Vec<RoomChoice>,
}

/// Each room once: below the first space that has it, or with the others. So are rooms of the invite that the person is not in
/// any more.
fn groups(choices: Vec<RoomChoice>, before: &[Room]) -> Vec<Group> {
    let gone = before.iter().filter(|room| choices.iter().all(|choice| choice.room.id != room.id));
    let gone: Vec<RoomChoice> = gone.cloned().map(gone_choice).collect();
    let (spaces, mut rooms): (Vec<_>, Vec<_>) = choices.into_iter().partition(|choice| choice.room.space);
    let mut groups = Vec::new();
    for space in spaces {
        let inside = |choice: &mut RoomChoice| space.children.contains(&choice.room.id);
        let inside: Vec<RoomChoice> = rooms.extract_if(.., inside).collect();
        let name = wording::room(&space.room).to_owned();
        let id = space.room.id.clone();
        groups.push(Group { name, space: Some(id), choices: [space].into_iter().chain(inside).collect() });
    }
    rooms.extend(gone);
    if !rooms.is_empty() {
        groups.push(Group { name: t!("Other rooms").to_owned(), space: None, choices: rooms });
    }
    groups
}

fn gone_choice(room: Room) -> RoomChoice {
    RoomChoice {
        room,
        members: 0,
        encrypted: false,
        public: false,
        refusal: Some(RoomProblem::Closed),
        children: Vec::new(),
    }
}

/// The rooms, to be ticked.
#[component]
pub(crate) fn Picker(
    choices: Vec<RoomChoice>,
    /// Where the invite leads to before it is changed: these can stay, whatever may be chosen otherwise.
    before: Vec<Room>,
    /// What is ticked at first.
    ticked: Vec<String>,
    /// Whether the invite is a new one.
    new: bool,
) -> impl IntoView {
    let groups = groups(choices, &before);
    let search = RwSignal::new(String::new());
    let nothing = groups.is_empty();
    let groups = groups.into_iter().map(|group| {
        let rows = group.choices.into_iter().map(|choice| {
            let is = |id: &String| *id == choice.room.id;
            let (on, kept) = (ticked.iter().any(is), before.iter().any(|room| is(&room.id)));
            view! { <OneRoom choice search on kept /> }
        });
        let rows = rows.collect_view();
        view! {
            <div class="group grid gap-1">
                <Heading name=group.name space=group.space.filter(|_| new) />
                <ul class="grid gap-1 sm:grid-cols-2">{rows}</ul>
            </div>
        }
    });
    let groups = groups.collect_view();
    view! {
        <fieldset class="rooms grid gap-4">
            <legend class="mb-3">
                <h2>{t!("Rooms")}</h2>
            </legend>
            {nothing
                .then(|| {
                    view! {
                        <p class="empty-box">
                            {t!(
                                "You are in no room yet. Create one in your app first, or invite people to a chat with you only."
                            )}
                        </p>
                    }
                })}
            <label class=if nothing { "hidden" } else { "input hidden w-full scripted:inline-flex" }>
                <Icon shape=Shape::Search />
                <span class="sr-only">{t!("Search rooms")}</span>
                <input
                    type="search"
                    placeholder=t!("Search your rooms")
                    on:input:target=move |event| search.set(event.target().value())
                    on:keydown=|event| {
                        if event.key() == "Enter" {
                            event.prevent_default();
                        }
                    }
                />
            </label>
            {groups}
            <p class="empty-box none">{t!("No rooms found.")}</p>
        </fieldset>
    }
}

/// What rooms have in common, and the buttons that tick all of them; `space` is the space that a new invite can begin with.
#[component]
fn Heading(name: String, space: Option<String>) -> impl IntoView {
    let buttons = [
        (t!("rooms" => "All"), t!("rooms" => "All: {name}", name), true),
        (t!("rooms" => "None"), t!("rooms" => "None: {name}", name), false),
    ];
    let buttons = buttons.map(|(text, label, on)| {
        let tick = move |event: leptos::ev::MouseEvent| browser::tick_group(&event, on);
        view! {
            <button class="btn btn-xs hidden scripted:inline-flex" type="button" aria-label=label on:click=tick>
                {text}
            </button>
        }
    });
    // Where no script runs, a page that begins with all of them.
    let all = space.map(|space| {
        view! {
            <a class="link text-sm scripted:hidden" href=href(&format!("/new?space={}", segment(&space)))>
                {wording::invite_to(&name)}
            </a>
        }
    });
    view! {
        <div class="flex flex-wrap items-center gap-2 pt-2">
            <h3 class="me-1 font-semibold" dir="auto">
                {name}
            </h3>
            {buttons}
            {all}
        </div>
    }
}

#[component]
fn OneRoom(choice: RoomChoice, search: RwSignal<String>, on: bool, kept: bool) -> impl IntoView {
    let RoomChoice { room, members, encrypted, public, refusal, .. } = choice;
    let (id, title) = (room.id.clone(), wording::room(&room).to_owned());
    let disabled = refusal.is_some() && !kept;
    let what = if room.space { t!("Space") } else { t!("Room") };
    let about = match (refusal, members) {
        (Some(problem), _) => wording::room_problem(problem).to_owned(),
        (None, 1) => format!("{what} · {}", t!("only you")),
        (None, _) => format!("{what} · {}", tn!(members, "{n} person", "{n} people")),
    };
    let hidden = {
        let title = title.clone();
        move || search.with(|search| !search.is_empty() && !browser::contains(&title, search))
    };
    view! {
        <li class:hidden=hidden>
            <label class="flex cursor-pointer items-center gap-3 rounded-field px-3 py-2 hover:bg-base-100 has-checked:bg-base-100 has-disabled:cursor-not-allowed has-disabled:opacity-70">
                <input
                    class="checkbox checkbox-primary"
                    type="checkbox"
                    name=Field::Rooms.name()
                    value=id
                    checked=on
                    disabled=disabled
                />
                <RoomAvatar room />
                <span class="min-w-0 flex-1">
                    <span class="flex items-center gap-1.5">
                        <span class="truncate font-medium" dir="auto">
                            {title}
                        </span>
                        {encrypted
                            .then(|| view! { <Sign shape=Shape::Encrypted means=t!("a room is" => "encrypted") /> })}
                        {public.then(|| view! { <Sign shape=Shape::Public means=t!("a room is" => "public") /> })}
                    </span>
                    <span class="block hint">{about}</span>
                </span>
            </label>
        </li>
    }
}

#[component]
fn Sign(shape: Shape, means: &'static str) -> impl IntoView {
    view! {
        <span title=means>
            <Icon shape class="size-3.5" />
            <span class="sr-only">{means.to_owned()}</span>
        </span>
    }
}
