//! What somebody can do once they are in: open it, write to who invited them, and take it with them.

use leptos::prelude::*;

use super::{CopyButton, House, Icon, RoomAvatar, Shape, escaped};
use crate::{Person, Progress, Room, RoomLinks, StepState, view, wording};

/// Apps by what they run on. They are named, not fetched: whoever wants one goes there.
const APPS: &str = concat!(
    r#"<li class="item"><span class="min-w-0 flex-1"><b>Element X</b><br><span class="hint">Android, iPhone</span></span>"#,
    r#"<a class="btn btn-sm btn-plain" href="https://element.io/download" rel="external noreferrer">Get<span class="sr-only"> Element X</span></a></li>"#,
    r#"<li class="item"><span class="min-w-0 flex-1"><b>FluffyChat</b><br><span class="hint">Android, iPhone, Linux</span></span>"#,
    r#"<a class="btn btn-sm btn-plain" href="https://fluffychat.im" rel="external noreferrer">Get<span class="sr-only"> FluffyChat</span></a></li>"#,
    r#"<li class="item"><span class="min-w-0 flex-1"><b>Cinny</b><br><span class="hint">Windows, Mac, Linux, browser</span></span>"#,
    r#"<a class="btn btn-sm btn-plain" href="https://cinny.in" rel="external noreferrer">Get<span class="sr-only"> Cinny</span></a></li>"#,
);

/// Where a button leads that has to work for everybody: into the browser, or to a page that offers apps. An address that only an app understands
/// does nothing where there is none.
fn anywhere(links: &RoomLinks) -> String {
    links.element.clone().unwrap_or_else(|| links.matrix_to.clone())
}

/// The ways into a room by name, as HTML.
fn ways(links: &RoomLinks, title: &str) -> String {
    let title = escaped(title);
    let all = [
        ("your app", Some(&links.app)),
        ("Acter", Some(&links.acter)),
        ("Element", links.element.as_ref()),
        ("matrix.to", Some(&links.matrix_to)),
    ];
    let links = all.into_iter().filter_map(|(name, address)| {
        let address = escaped(address?);
        let label = format!(r#"aria-label="Open {title} in {name}""#);
        Some(format!(
            r#"<a class="link inline-block py-1" href="{address}" rel="external noreferrer" {label}>{name}</a>"#
        ))
    });
    format!("Open in {}", links.collect::<Vec<_>>().join(" · "))
}

/// What somebody is in, and how they get there.
#[component]
pub(crate) fn Opened(
    house: House,
    progress: Progress,
    /// What comes below the buttons.
    next: AnyView,
) -> impl IntoView {
    let space = house.space_of(&progress);
    let is_space = |room: &Room| space.as_ref().is_some_and(|space| space.id == room.id);
    let (mut rooms, mut main, mut chat) = (Vec::new(), None, None);
    for step in progress.steps {
        let StepState::In(links) = step.state else { continue };
        match step.room {
            Some(room) if is_space(&room) => main = Some((room, links)),
            Some(room) => rooms.push((room, links)),
            None => chat = Some(links),
        }
    }
    let main = main.or_else(|| rooms.first().cloned());
    let alone = main.is_none();
    let chat = chat.map(|links| {
        let class = if alone { "btn btn-primary btn-lg" } else { "btn btn-lg" };
        view! {
            <a class=class href=anywhere(&links) rel="external noreferrer">
                <Icon shape=Shape::Chat />
                {wording::chat_with(house.inviter.first_name())}
            </a>
        }
    });
    view! {
        <div class="grid gap-2 empty:hidden">{main.map(|(room, links)| view! { <Main room links /> })} {chat}</div>
        {next}
        {(!rooms.is_empty()).then(|| view! { <Rooms rooms all=progress.complete /> })}
    }
}

/// The one button that opens what was joined, and the other ways to it.
#[component]
fn Main(room: Room, links: RoomLinks) -> impl IntoView {
    let title = wording::room(&room).to_owned();
    let ways = ways(&links, &title);
    view! {
        <a class="btn btn-primary btn-lg h-auto min-h-14 py-2" href=anywhere(&links) rel="external noreferrer">
            <span class="min-w-0 wrap-anywhere">{format!("Open {title}")}</span>
            <Icon shape=Shape::Next />
        </a>
        <p class="hint text-center" inner_html=ways></p>
    }
}

/// For another device: who they are, and what they can use there.
#[component]
pub(crate) fn Take(me: Person) -> impl IntoView {
    view! {
        <section class="mt-4 grid gap-4">
            <div class="grid gap-1">
                <h2>"Take it with you"</h2>
                <p class="hint">"Get an app, then sign in with your address."</p>
            </div>
            <div class="card flex items-center gap-3">
                <p class="min-w-0 flex-1">
                    <span class="hint block">"Your address"</span>
                    <code class="font-mono text-sm font-semibold wrap-anywhere">{me.user_id.clone()}</code>
                </p>
                <CopyButton text=me.user_id class="btn btn-sm" />
            </div>
            <ul class="list" role="list" inner_html=APPS></ul>
        </section>
    }
}

/// Every room, folded.
#[component]
fn Rooms(rooms: Vec<(Room, RoomLinks)>, all: bool) -> impl IntoView {
    let text = wording::count(u32::try_from(rooms.len()).unwrap_or(u32::MAX), "room");
    let text = if all && rooms.len() > 1 { format!("All {text}") } else { text };
    let pictures = rooms.iter().take(4).map(|(room, _)| view! { <RoomAvatar room=room.clone() class="s-xs" /> });
    let pictures = pictures.collect_view();
    let rows = rooms.into_iter().map(|(room, links)| {
        let title = wording::room(&room).to_owned();
        let (label, ways) = (format!("Open {title}"), ways(&links, &title));
        view! {
            <li class="item">
                <RoomAvatar room />
                <span class="min-w-0 flex-1">
                    <span class="block font-semibold wrap-anywhere" dir="auto">
                        {title}
                    </span>
                    <span class="hint" inner_html=ways></span>
                </span>
                <a class="btn btn-sm btn-plain" href=anywhere(&links) rel="external noreferrer" aria-label=label>
                    "Open"
                </a>
            </li>
        }
    });
    let rows = rows.collect_view();
    view! {
        <details class="list fold">
            <summary>
                <span class="stackrow">{pictures}</span>
                {text}
            </summary>
            <ul role="list">{rows}</ul>
        </details>
    }
}
