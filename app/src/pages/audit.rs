//! The audit log: who did what, for server admins.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::{
    AuditEntry, AuditPage, Door, rpc,
    ui::{Moment, Older, SearchForm, TooManyPeople, load, query, show},
    view, wording,
};

#[component]
pub(crate) fn Audit() -> impl IntoView {
    let (search, before) = (query("q"), query("before"));
    let page = load(move || rpc::GetAudit { search: search.get(), before: before.get() });
    view! {
        <section class="grid gap-6 py-4 sm:py-8">
            <Title text="Audit log" />
            {show(page, move |page| view! { <Page page search=search.get_untracked() /> })}
        </section>
    }
}

#[component]
fn Page(page: AuditPage, search: String) -> impl IntoView {
    let AuditPage { entries, next, too_many_people, .. } = page;
    let nothing = entries.is_empty();
    let query = leptos_router::location::Url::escape(&search);
    view! {
        <h1>"Audit log"</h1>
        <SearchForm path="/server/log" search hint="User name, or an invite’s number" />
        {too_many_people.then(|| view! { <TooManyPeople /> })}
        {nothing
            .then(|| {
                view! { <p class="empty-box text-center">"No entries."</p> }
            })}
        <ol class="grid gap-2">{entries.into_iter().map(|entry| view! { <Line entry /> }).collect_view()}</ol>
        <Older path=format!("/server/log?q={query}") next text="Earlier" />
    }
}

#[component]
fn Line(entry: AuditEntry) -> impl IntoView {
    let AuditEntry { at, actor, door, action, invite, owner, code, detail } = entry;
    let (did, after) = wording::action(action);
    let door = match door {
        Door::Web => "web",
        Door::Api => "app",
        Door::Command => "command line",
    };
    view! {
        <li class="card grid gap-1 py-3 sm:grid-cols-[11rem_minmax(0,1fr)] sm:gap-4">
            <span class="hint">
                <Moment at />
            </span>
            <span class="min-w-0 wrap-anywhere">
                <strong class="wrap-anywhere">{actor.clone()}</strong>
                {format!(" {did}")}
                {invite
                    .map(|number| {
                        let of = owner.filter(|owner| *owner != actor).map(|owner| format!(" of {owner}"));
                        view! {
                            {format!(" invite {number}")}
                            {code.map(|code| view! { " (" <code class="font-mono">{code}</code> ")" })}
                            {of}
                            {after}
                        }
                    })}
                {detail.map(|detail| format!(": {}", wording::detail(&detail)))}
                <span class="hint">{format!(" · {door}")}</span>
            </span>
        </li>
    }
}
