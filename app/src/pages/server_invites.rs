//! All invites of the server, for its admins.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::{
    InviteState, KnownInvite, ServerInvite, ServerInvites, rpc,
    ui::{
        Bounds, Form, FormProblem, Moment, Older, PersonAvatar, SearchForm, Sending, StateBadge, Submit, TooManyPeople,
        ago, load, query, reload_after, sending, show,
    },
    view,
    wording::count,
};

#[component]
pub(crate) fn AllInvites() -> impl IntoView {
    let (search, before) = (query("q"), query("before"));
    let invites = load(move || rpc::GetServerInvites { search: search.get(), before: before.get() });
    let (intervene, pause_all) = (sending::<rpc::Intervene>(), sending::<rpc::PauseAll>());
    reload_after(intervene);
    reload_after(pause_all);
    view! {
        <Title text="All invites" />
        <section class="grid gap-6 py-4 sm:py-8">
            <FormProblem sending=pause_all />
            <FormProblem sending=intervene />
            {show(
                invites,
                move |found| {
                    view! { <Found found search=search.get_untracked() intervene pause_all /> }
                },
            )}
        </section>
    }
}

#[component]
fn Found(found: ServerInvites, search: String, intervene: Sending, pause_all: Sending) -> impl IntoView {
    let ServerInvites { invites, next, too_many_people, all_paused, proof, now } = found;
    let (paused, proves) = (all_paused.is_some(), proof.clone());
    let nothing = invites.is_empty();
    let query = leptos_router::location::Url::escape(&search);
    view! {
        <h1>"All invites of this server"</h1>
        <div class="card flex flex-wrap items-center justify-between gap-4">
            <p class="min-w-0 flex-1">
                {match all_paused {
                    Some((person, at)) => {
                        view! {
                            <strong>"All invites are paused"</strong>
                            {format!(" by {} since ", person.name())}
                            <Moment at />
                            "."
                        }
                    }
                    None => {
                        "One switch stops every invite of this server: no link, no code and no new account.".into_any()
                    }
                }}
            </p>
            <Form sending=pause_all class="contents">
                <input type="hidden" name="paused" value=(!paused).to_string() />
                <input type="hidden" name="proof" value=proves />
                <Submit sending=pause_all class=if paused { "btn btn-primary" } else { "btn btn-error" }>
                    {if paused { "Resume all" } else { "Pause all" }}
                </Submit>
            </Form>
        </div>
        <SearchForm path="/server" search hint="User name, number, or a whole code, link or room id" />
        {too_many_people.then(|| view! { <TooManyPeople /> })}
        {nothing
            .then(|| {
                view! {
                    <p class="empty-box text-center" role="status">
                        "No invites found."
                    </p>
                }
            })}
        <ul class="grid gap-3">
            {invites
                .into_iter()
                .map(|invite| view! { <OneInvite invite intervene proof=proof.clone() now /> })
                .collect_view()}
        </ul>
        <Older path=format!("/server?q={query}") next=next.map(|next| next.to_string()) text="Older invites" />
    }
}

#[component]
fn OneInvite(invite: ServerInvite, intervene: Sending, proof: String, now: i64) -> impl IntoView {
    let ServerInvite { invite, code, rooms, chat, registration } = invite;
    let KnownInvite { number, owner, created_at, limits, state, came } = invite;
    let (name, id) = (owner.name().to_owned(), owner.user_id.clone());
    let held = state == InviteState::PausedByAdmin;
    let mut leads_to = vec![count(u32::try_from(rooms.len()).unwrap_or(u32::MAX), "room")];
    leads_to.extend(chat.then(|| "a direct chat".to_owned()));
    leads_to.extend(registration.then(|| "new accounts".to_owned()));
    let about = format!("{} · {came} joined · created {}", leads_to.join(", "), ago(created_at, now));
    view! {
        <li class="card grid gap-3 sm:grid-cols-[minmax(0,1fr)_auto] sm:items-center">
            <div class="flex min-w-0 items-center gap-3">
                <PersonAvatar person=owner />
                <div class="grid min-w-0 gap-1">
                    <p class="flex flex-wrap items-center gap-2">
                        <strong class="truncate" dir="auto">
                            {name.clone()}
                        </strong>
                        <StateBadge state />
                    </p>
                    <p class="truncate hint">{id}</p>
                    <p class="hint">
                        {format!("Invite {number} · ")} <code class="font-mono">{code}</code> {format!(" · {about}")}
                    </p>
                    <ul class="flex flex-wrap gap-2 text-sm empty:hidden">
                        {limits
                            .max_uses
                            .map(|most| view! { <li class="badge badge-lg">{format!("At most {most}")}</li> })}
                        <Bounds limits now />
                    </ul>
                    {(!rooms.is_empty())
                        .then(|| {
                            view! {
                                <details class="text-sm">
                                    <summary class="link text-muted">"Room ids"</summary>
                                    <ul class="font-mono wrap-anywhere">
                                        {rooms.into_iter().map(|room| view! { <li>{room}</li> }).collect_view()}
                                    </ul>
                                </details>
                            }
                        })}
                </div>
            </div>
            <div class="flex flex-wrap items-start gap-2 sm:max-w-64 sm:justify-end">
                <Intervene
                    intervene
                    number
                    name=name.clone()
                    proof=proof.clone()
                    what=if held { "resume" } else { "pause" }
                />
                <details class="grid sm:justify-items-end">
                    <summary class="btn btn-sm" aria-label=format!("Revoke …: invite {number} of {name}")>
                        "Revoke …"
                    </summary>
                    <div class="mt-2 grid gap-2 rounded-field bg-base-200 p-3 text-sm">
                        <p>"This can’t be undone, and its code is never used again. Whoever joined stays."</p>
                        <Intervene intervene number name proof what="revoke" />
                    </div>
                </details>
            </div>
        </li>
    }
}

/// A button that pauses, resumes or revokes one invite.
#[component]
fn Intervene(intervene: Sending, number: i64, name: String, proof: String, what: &'static str) -> impl IntoView {
    let (text, class) = match what {
        "revoke" => ("Revoke", "btn btn-sm btn-error"),
        "resume" => ("Resume", "btn btn-sm"),
        _ => ("Pause", "btn btn-sm"),
    };
    view! {
        <Form sending=intervene class="contents">
            <input type="hidden" name="invite" value=number.to_string() />
            <input type="hidden" name="what" value=what />
            <input type="hidden" name="proof" value=proof />
            <Submit sending=intervene class label=format!("{text}: invite {number} of {name}")>
                {text}
            </Submit>
        </Form>
    }
}
