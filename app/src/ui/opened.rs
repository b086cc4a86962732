//! What somebody can do after joining: open the rooms, write to the inviter, and continue on another device.

use leptos::prelude::*;

use super::{
    CopyButton, House, Shape, avatar, between, escaped,
    html::{button, drawing, fold},
    marked,
};
use crate::{AppLink, Person, Progress, Room, RoomLinks, StepState, t, tn, view, wording};

/// The `rel` of links that lead out of these pages.
const OUT: &str = "external noreferrer";

/// The opening tag of what only screen readers say.
const HIDDEN: &str = r#"<span class="sr-only">"#;

/// A row with a name, a hint below it, and a button. All arguments are HTML.
fn row(picture: &str, name: &str, hint: &str, button: &str) -> String {
    format!(
        r#"<li class="item">{picture}<span class="min-w-0 flex-1"><b class="block wrap-anywhere" dir="auto">{name}</b><span class="hint">{hint}</span></span>{button}</li>"#
    )
}

/// A link that works for everybody: to the browser, or to a page that recommends apps. An address that only an app
/// understands does nothing where none is installed.
fn anywhere(links: &RoomLinks) -> &str {
    links.element.as_ref().unwrap_or(&links.matrix_to)
}

/// The links to one room, by name. `title` is HTML.
fn ways(links: &RoomLinks, title: &str) -> String {
    let all = [
        ("", Some(&links.app)),
        ("Acter", Some(&links.acter)),
        ("Element", links.element.as_ref()),
        ("matrix.to", Some(&links.matrix_to)),
    ];
    let links = all.into_iter().filter_map(|(name, address)| {
        let address = escaped(address?);
        let (name, label) = match name {
            "" => (t!("Open in" => "your app"), marked(t!("Open {title} in your app"), &[("title", title)])),
            name => (name, marked(t!("Open {title} in {app}"), &[("title", title), ("app", name)])),
        };
        let name = escaped(name);
        Some(format!(
            r#"<a class="link inline-block py-1" href="{address}" rel="{OUT}" aria-label="{label}">{name}</a>"#
        ))
    });
    marked(t!("Open in {apps}"), &[("apps", &links.collect::<Vec<_>>().join(" · "))])
}

/// The buttons to what the person has joined, and the list of rooms below, both as HTML.
pub(super) fn opened(house: &House, progress: &Progress) -> (String, String) {
    let space = house.space_of(progress);
    let (mut rooms, mut main, mut chat) = (Vec::new(), None, None);
    for step in &progress.steps {
        let StepState::In(links) = &step.state else { continue };
        match &step.room {
            Some(room) if space.as_ref().is_some_and(|space| space.id == room.id) => main = Some((room, links)),
            Some(room) => rooms.push((room, links)),
            None => chat = Some(links),
        }
    }
    let main = main.or(rooms.first().copied());
    let mut buttons = String::new();
    if let Some((room, links)) = main {
        // Who came for the title knows the room by no other name yet.
        let title = house.title().filter(|_| !house.is_named()).unwrap_or_else(|| wording::room(room));
        let title = escaped(title);
        let open = marked(t!("Open {title}"), &[("title", &title)]);
        let text = format!(r#"<span class="min-w-0 wrap-anywhere">{open}</span>{}"#, drawing(Shape::Next));
        buttons += &button("btn-primary btn-lg h-auto min-h-14 py-2", anywhere(links), OUT, &text);
        buttons += &[r#"<p class="hint text-center">"#, &ways(links, &title), "</p>"].concat();
    }
    if let Some(links) = chat {
        let class = if main.is_some() { "btn-lg" } else { "btn-primary btn-lg" };
        let text = drawing(Shape::Chat) + &escaped(&wording::chat_with(house.inviter.first_name()));
        buttons += &button(class, anywhere(links), OUT, &text);
    }
    (format!(r#"<div class="grid gap-2 empty:hidden">{buttons}</div>"#), folded(&rooms, progress.complete))
}

/// Every room, collapsed.
fn folded(rooms: &[(&Room, &RoomLinks)], all: bool) -> String {
    if rooms.is_empty() {
        return String::new();
    }
    let number = u32::try_from(rooms.len()).unwrap_or(u32::MAX);
    let text = match all && number > 1 {
        true => tn!(number, "All {n} rooms", "All {n} rooms"),
        false => tn!(number, "{n} room", "{n} rooms"),
    };
    let pictures: String = rooms.iter().take(4).map(|(room, _)| avatar::room_html(room, "s-xs")).collect();
    let rows = rooms.iter().map(|(room, links)| {
        let title = escaped(wording::room(room));
        let text = marked(t!("Open{start} {title}{end}"), &[("start", HIDDEN), ("title", &title), ("end", "</span>")]);
        let open = button("btn-sm btn-plain", anywhere(links), OUT, &text);
        row(&avatar::room_html(room, "s-sm"), &title, &ways(links, &title), &open)
    });
    let rows = format!(r#"<ul role="list">{}</ul>"#, rows.collect::<String>());
    fold("list", &format!(r#"<span class="stackrow">{pictures}</span>{}"#, escaped(&text)), &rows)
}

/// Continuing on another device: a title, the account, and apps for it.
pub(super) fn take(house: &House, me: &Person) -> (String, AnyView, String) {
    let title = format!(
        r#"<div class="mt-4 grid gap-1"><h2>{}</h2><p class="hint">{}</p></div>"#,
        escaped(t!("Take it with you")),
        escaped(t!("Get an app, then sign in with your address."))
    );
    let address = format!(
        r#"<p class="min-w-0 flex-1"><span class="hint block">{}</span><code class="font-mono text-sm font-semibold wrap-anywhere">{}</code></p>"#,
        escaped(t!("Your address")),
        escaped(&me.user_id)
    );
    let copy = view! { <CopyButton text=me.user_id.clone() class="btn btn-sm" /> };
    (title, between("card flex items-center gap-3", address, copy, String::new()), apps(&house.apps))
}

/// Where to get apps, with those for other platforms collapsed, as HTML.
fn apps(apps: &[AppLink]) -> String {
    let rows = |runs_here: bool| -> String {
        let rows = apps.iter().filter(|app| app.runs_here == runs_here).map(|app| {
            let (name, runs_on) = (escaped(&app.name), escaped(&app.runs_on));
            let text = marked(t!("Get{start} {name}{end}"), &[("start", HIDDEN), ("name", &name), ("end", "</span>")]);
            row("", &name, &runs_on, &button("btn-sm btn-plain", &app.address, OUT, &text))
        });
        rows.collect()
    };
    let list = |rows: &str| format!(r#"<ul class="list" role="list">{rows}</ul>"#);
    match (rows(true), rows(false)) {
        (here, elsewhere) if here.is_empty() || elsewhere.is_empty() => match here + &elsewhere {
            rows if rows.is_empty() => rows,
            rows => list(&rows),
        },
        (here, elsewhere) => {
            let title = escaped(t!("Apps for other devices"));
            list(&here) + &fold("list", &title, &format!(r#"<ul role="list">{elsewhere}</ul>"#))
        }
    }
}
