//! Who did what, for server admins.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::{
    AuditEntry, AuditPage, Door, rpc,
    ui::{Moment, SearchForm, href, load, query, show},
    view, wording,
};

/// The page.
#[component]
pub(crate) fn Audit() -> impl IntoView {
    let (search, before) = (query("q"), query("before"));
    let page = load(move || rpc::GetAudit { search: search.get(), before: before.get() });
    view! {
        <Title text="Who did what" />
        <section class="grid gap-6 py-4 sm:py-8">
            <h1 class="text-3xl font-bold tracking-tight">"Who did what"</h1>
            {show(page, move |page| view! { <Page page search=search.get_untracked() /> })}
        </section>
    }
}

#[component]
fn Page(page: AuditPage, search: String) -> impl IntoView {
    let AuditPage { entries, next, .. } = page;
    let nothing = entries.is_empty();
    let query = leptos_router::location::Url::escape(&search);
    view! {
        <SearchForm path="/server/log" search hint="Person, or an invite’s number" />
        {nothing
            .then(|| {
                view! { <p class="rounded-box border border-dashed border-base-300 p-8 text-center">"Nothing was done."</p> }
            })}
        <ol class="grid gap-2">{entries.into_iter().map(|entry| view! { <Line entry /> }).collect_view()}</ol>
        {next
            .map(|next| {
                view! {
                    <a class="btn w-fit" rel="next" href=href(&format!("/server/log?q={query}&before={next}"))>
                        "Earlier"
                    </a>
                }
            })}
    }
}

#[component]
fn Line(entry: AuditEntry) -> impl IntoView {
    let AuditEntry { at, actor, door, action, invite, owner, code, detail } = entry;
    let (did, after) = wording::action(action);
    let door = match door {
        Door::Web => "by the pages",
        Door::Api => "by an app",
    };
    view! {
        <li class="grid gap-1 rounded-field bg-base-200 px-4 py-3 sm:grid-cols-[11rem_minmax(0,1fr)] sm:gap-4">
            <span class="text-sm text-base-content/80">
                <Moment at />
            </span>
            <span class="min-w-0 break-words">
                <strong class="break-all">{actor.clone()}</strong>
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
                <span class="text-sm text-base-content/80">{format!(" · {door}")}</span>
            </span>
        </li>
    }
}
