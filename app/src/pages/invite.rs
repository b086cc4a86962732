//! One invite: how to share it, where it leads, and who came.

use leptos::prelude::*;
use leptos_meta::Title;

use super::invites::WorksBadge;
use crate::{
    Guest, InviteDetail, Registration, rpc,
    ui::{Icon, PersonAvatar, RoomList, Shape, SharePanel, address, ago, count, href, load, parameter, query, show},
    view,
};

/// The page.
#[component]
pub(crate) fn InvitePage() -> impl IntoView {
    let (code, new, before) = (parameter("code"), query("new"), query("before"));
    let invite = load(move || rpc::Invite { code: code.get(), before: before.get() });
    show(invite, move |detail| view! { <Page detail new=!new.get_untracked().is_empty() /> })
}

#[component]
fn Page(detail: InviteDetail, new: bool) -> impl IntoView {
    let title = detail.card.title().to_owned();
    let InviteDetail { card, link, registration, came, now, .. } = detail;
    let code = card.invite.code.clone();
    let link = link.unwrap_or_else(|| address(&format!("/i/{code}")));
    let path = |what: &str| href(&format!("/invites/{code}/{what}"));
    let (edit, delete) = (path("edit"), path("delete"));
    let rooms = u32::try_from(card.rooms.len()).unwrap_or(u32::MAX);
    view! {
        <Title text=title.clone() />
        <section class="grid gap-8 py-4 sm:py-8">
            {new
                .then(|| {
                    view! {
                        <p role="status" class="alert alert-success alert-soft text-base-content">
                            <Icon shape=Shape::Done />
                            "Your invite is ready. Share the link, or let somebody scan the code."
                        </p>
                    }
                })}
            <div class="flex flex-wrap items-start justify-between gap-4 print:justify-center">
                <div class="grid min-w-0 gap-1">
                    <a class="link w-fit text-sm print:hidden" href=href("/invites")>
                        "My invites"
                    </a>
                    <h1 class="flex flex-wrap items-center gap-3 text-3xl font-bold tracking-tight break-all">
                        {title.clone()} <WorksBadge works=card.works />
                    </h1>
                </div>
                <p class="flex gap-2 print:hidden">
                    <a class="btn" href=edit>
                        <Icon shape=Shape::Edit />
                        "Edit"
                    </a>
                    <a class="btn" href=delete>
                        <Icon shape=Shape::Delete />
                        "Delete"
                    </a>
                </p>
            </div>
            <SharePanel code=code.clone() link title />
            <section class="grid gap-3 print:hidden">
                <h2 class="text-xl font-semibold">{format!("Leads into {}", count(rooms, "room"))}</h2>
                <RoomList rooms=card.rooms />
                <ul class="flex flex-wrap gap-2">
                    {card.invite.chat.then(|| view! { <Fact text="With a chat with you" /> })}
                    {card.invite.show_rooms.then(|| view! { <Fact text="Shows the rooms’ names" /> })}
                    {(registration == Registration::Open).then(|| view! { <Fact text="Opens accounts" /> })}
                </ul>
                {matches!(registration, Registration::Closed | Registration::Unavailable)
                    .then(|| {
                        view! {
                            <p class="alert alert-warning alert-soft text-base-content">
                                "It opens no accounts: the homeserver did not take the code. Edit the invite and save it to try again."
                            </p>
                        }
                    })}
            </section>
            <section class="grid gap-3 print:hidden">
                <h2 class="text-xl font-semibold">"Who came"</h2>
                <Guests guests=came.guests all=came.begun now />
            </section>
        </section>
    }
}

#[component]
fn Fact(text: &'static str) -> impl IntoView {
    view! { <li class="badge badge-lg border-0 bg-base-200">{text}</li> }
}

#[component]
fn Guests(guests: Vec<Guest>, all: u32, now: i64) -> impl IntoView {
    if guests.is_empty() {
        return view! {
            <p class="rounded-box border border-dashed border-base-300 p-6 text-base-content/80">
                "Nobody yet. As soon as somebody redeems the code, they stand here."
            </p>
        };
    }
    let shown = u32::try_from(guests.len()).unwrap_or(u32::MAX);
    view! {
        <ul class="grid gap-2">{guests.into_iter().map(|guest| view! { <OneGuest guest now /> }).collect_view()}</ul>
        {(all > shown).then(|| view! { <p class="text-sm text-base-content/80">{format!("The last {shown} of {all}.")}</p> })}
    }
}

#[component]
fn OneGuest(guest: Guest, now: i64) -> impl IntoView {
    let Guest { person, since, complete, joined, chat, missed, .. } = guest;
    let (name, id) = (person.name().to_owned(), person.user_id.clone());
    let names = |rooms: Vec<crate::Room>| rooms.iter().map(|room| room.title().to_owned()).collect::<Vec<_>>();
    let mut inside = names(joined);
    if chat {
        inside.push("the chat with you".to_owned());
    }
    let inside = if inside.is_empty() { "Nothing yet".to_owned() } else { inside.join(", ") };
    let (class, text) = match complete {
        true => ("badge badge-success badge-sm", "In everything"),
        false => ("badge badge-warning badge-sm", "Partly in"),
    };
    view! {
        <li>
            <details class="group rounded-field bg-base-200">
                <summary class="flex cursor-pointer items-center gap-3 rounded-field px-3 py-2.5">
                    <PersonAvatar person />
                    <span class="min-w-0 flex-1">
                        <span class="block truncate font-medium">{name}</span>
                        <span class="block truncate text-sm text-base-content/80">{id}</span>
                    </span>
                    <span class="grid shrink-0 justify-items-end gap-1 text-sm text-base-content/80">
                        <span class=class>{text}</span>
                        {ago(since, now)}
                    </span>
                    <Icon shape=Shape::More class="size-4 transition-transform group-open:rotate-180" />
                </summary>
                <div class="grid gap-2 px-3 pb-3 text-sm sm:pl-15">
                    <p>
                        <strong>"In: "</strong>
                        {inside}
                    </p>
                    {missed
                        .into_iter()
                        .map(|(room, missed)| {
                            let room = room.map_or_else(|| "The chat with you".to_owned(), |room| room.title().to_owned());
                            view! {
                                <p>
                                    <strong>{room} ": "</strong>
                                    {missed.reason}
                                </p>
                            }
                        })
                        .collect_view()}
                </div>
            </details>
        </li>
    }
}
