//! The list of a member's own invites.

use leptos::{ev::Event, prelude::*, wasm_bindgen::JsCast, web_sys};
use leptos_meta::Title;
use leptos_router::{NavigateOptions, hooks::use_navigate, location::Url};

use crate::{
    InviteCard, InvitePage, InviteQuery, Sort, Works, invite_path, rpc,
    ui::{Icon, Mark, Pager, RoomAvatar, Shape, StateBadge, ago, href, load, places, query, show},
    view,
    wording::{self, count},
};

/// How many room pictures a card shows.
const PICTURES: usize = 4;

#[component]
pub(crate) fn Invites() -> impl IntoView {
    let (search, sort, page) = (query("q"), query("sort"), query("page"));
    let invites = load(move || {
        let query =
            InviteQuery { search: search.get(), sort: Sort::of(&sort.get()), page: page.get().parse().unwrap_or(1) };
        rpc::Invites { query }
    });
    view! {
        <Title text="My invites" />
        {show(
            invites,
            move |page| match page.all {
                0 => view! { <Nothing /> },
                _ => {
                    let (search, sort) = (search.get_untracked(), Sort::of(&sort.get_untracked()));
                    view! { <Page page search sort /> }
                }
            },
        )}
    }
}

/// Shown to members who have made no invite yet.
#[component]
fn Nothing() -> impl IntoView {
    view! {
        <section class="mx-auto grid max-w-md justify-items-center gap-5 py-16 text-center">
            <Mark class="size-16" />
            <h1>"No invites yet"</h1>
            <p class="text-lg text-pretty text-muted">
                "One link. Everyone in the right rooms. You’ll see here who joined."
            </p>
            <a class="btn btn-primary btn-lg" href=href("/new")>
                <Icon shape=Shape::Add />
                "Create invite"
            </a>
        </section>
    }
}

#[component]
fn Page(page: InvitePage, search: String, sort: Sort) -> impl IntoView {
    let InvitePage { invites, matching, all, page, pages, now } = page;
    let path = format!("/invites?q={}&sort={}", Url::escape(&search), sort.key());
    let nothing = matching == 0;
    view! {
        <section class="grid gap-6 py-4 sm:py-8">
            <div class="flex flex-wrap items-center justify-between gap-4">
                <h1>"My invites"</h1>
                <a class="btn btn-primary" href=href("/new")>
                    <Icon shape=Shape::Add />
                    "New invite"
                </a>
            </div>
            <Search search sort />
            <p class="hint" role="status">
                {if matching == all { count(all, "invite") } else { format!("{matching} of {}", count(all, "invite")) }}
            </p>
            {nothing
                .then(|| {
                    view! {
                        <p class="empty-box text-center">
                            "No invites found. " <a class="link" href=href("/invites")>
                                "Show all"
                            </a>
                        </p>
                    }
                })}
            <ul class="grid gap-3">{invites.into_iter().map(|card| view! { <Card card now /> }).collect_view()}</ul>
            <Pager path page pages />
        </section>
    }
}

/// The search field and the choice of order. Both are kept in the address, so that the Back button works.
#[component]
fn Search(search: String, sort: Sort) -> impl IntoView {
    let navigate = use_navigate();
    let go = move |event: &Event| {
        let form = event.target().and_then(|target| match target.dyn_into::<web_sys::HtmlFormElement>() {
            Ok(form) => Some(form),
            Err(field) => field.dyn_into::<web_sys::HtmlSelectElement>().ok()?.form(),
        });
        let data = form.and_then(|form| web_sys::FormData::new_with_form(&form).ok());
        if let Some(data) = data {
            let text = |name| data.get(name).as_string().unwrap_or_default();
            let path = format!("/invites?q={}&sort={}", Url::escape(&text("q")), Url::escape(&text("sort")));
            navigate(&path, NavigateOptions::default());
        }
    };
    let change = go.clone();
    view! {
        <form
            method="get"
            action=href("/invites")
            role="search"
            class="flex flex-wrap gap-2"
            on:submit=move |event| {
                event.prevent_default();
                go(&event);
            }
        >
            <label class="input min-w-0 flex-1">
                <Icon shape=Shape::Search class="size-5 max-sm:hidden" />
                <span class="sr-only">"Search"</span>
                <input type="search" name="q" value=search placeholder="Name, code or room" />
            </label>
            <select
                class="select w-full max-w-none max-sm:order-last sm:w-auto"
                name="sort"
                aria-label="Order"
                on:change=move |event| change(&event)
            >
                {Sort::ALL
                    .into_iter()
                    .map(|one| {
                        view! {
                            <option value=one.key() selected=one == sort>
                                {wording::sort(one)}
                            </option>
                        }
                    })
                    .collect_view()}
            </select>
            <button class="btn" type="submit" aria-label="Search">
                <Icon shape=Shape::Search class="size-5 sm:hidden" />
                <span class="max-sm:hidden">"Search"</span>
            </button>
        </form>
    }
}

#[component]
fn Card(card: InviteCard, now: i64) -> impl IntoView {
    let title = card.title().to_owned();
    let InviteCard { invite, rooms, works, state } = card;
    let left = places(&invite);
    let code = invite.terms.label.is_some().then(|| invite.code.clone());
    let mut leads_to: Vec<String> = rooms.iter().take(PICTURES).map(|room| wording::room(room).to_owned()).collect();
    let more = rooms.len().saturating_sub(PICTURES);
    if more > 0 {
        leads_to.push(format!("{more} more"));
    }
    if invite.terms.chat {
        leads_to.push("chat with you".to_owned());
    }
    view! {
        <li>
            <a
                href=href(&invite_path(&invite.code))
                class="card grid gap-3 transition-colors hover:border-field sm:grid-cols-[minmax(0,1fr)_auto] sm:items-center"
            >
                <span class="grid min-w-0 gap-1">
                    <span class="flex flex-wrap items-center gap-2">
                        <strong class="font-display text-lg wrap-anywhere" dir="auto">
                            {title}
                        </strong>
                        <StateBadge state />
                        <WorksBadge works />
                    </span>
                    {code.map(|code| view! { <code class="truncate font-mono hint">{code}</code> })}
                    <span class="mt-1 flex items-center gap-3">
                        <span class="stackrow">
                            {rooms
                                .into_iter()
                                .take(PICTURES)
                                .map(|room| view! { <RoomAvatar room class="s-xs" /> })
                                .collect_view()}
                        </span>
                        <span class="min-w-0 truncate hint">{leads_to.join(", ")}</span>
                    </span>
                </span>
                <span class="flex items-baseline gap-2 sm:grid sm:justify-items-end sm:gap-0">
                    {(invite.came > 0)
                        .then(|| view! { <strong class="text-lg">{format!("{} joined", invite.came)}</strong> })}
                    <span class="hint">
                        {invite.last_came.map_or_else(|| "Nobody yet".to_owned(), |last| ago(last, now))}
                    </span> {left.map(|left| view! { <span class="hint">{left}</span> })}
                </span>
            </a>
        </li>
    }
}

/// A warning on an invite whose rooms cannot all be joined any more.
#[component]
pub(crate) fn WorksBadge(works: Works) -> impl IntoView {
    let (class, text) = match works {
        Works::Fully | Works::Unknown => return None,
        Works::Partly(shut) => ("badge badge-warning", format!("{} unavailable", count(shut, "room"))),
        Works::Not => ("badge badge-error", "Not working".to_owned()),
    };
    Some(view! { <span class=class>{text}</span> })
}
