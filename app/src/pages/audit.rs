//! The audit log: who did what, for server admins.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use super::server_invites::{TOO_MANY_PEOPLE, UNFINISHED, refused, server_pages};
use crate::{
    Action, AuditEntry, AuditPage, AuditQuery, Detail, Door, Fragment, rpc, segment,
    ui::{
        Drawn, at, choice, date, escaped, heading, link, load, nothing, pages, search_field, show_either, text_field,
        written,
    },
    view, wording,
};

#[component]
pub(crate) fn Audit() -> impl IntoView {
    let parameters = use_query_map();
    let page = load(move || {
        let query = parameters.with(|all| AuditQuery::of(|name| all.get(name).unwrap_or_default()));
        rpc::GetAudit { query }
    });
    view! {
        <Title text="Audit log" />
        <section class="grid gap-6 py-4 sm:py-8">
            {show_either(page, |fragment| view! { <Drawn fragment /> }, refused)}
        </section>
    }
}

/// The entries that a server admin asked for.
pub fn draw_audit(query: &AuditQuery, page: &AuditPage) -> Fragment {
    let AuditPage { entries, next, unfinished, too_many_people, .. } = page;
    let hint = |is: bool, text: &str| match is {
        true => format!(r#"<p class="hint" role="status">{text}</p>"#),
        false => String::new(),
    };
    let days = entries.chunk_by(|one, next| date(one.at) == date(next.at)).map(|day| {
        let lines: String = day.iter().map(line).collect();
        let name = day.first().map(|entry| date(entry.at)).unwrap_or_default();
        format!(r#"<section class="grid gap-2"><h2>{name}</h2><ol class="list">{lines}</ol></section>"#)
    });
    let list = match (entries.is_empty(), *unfinished) {
        (true, true) => String::new(),
        (true, false) => nothing("No entries."),
        _ => days.collect(),
    };
    let address = query.address();
    let first = (!query.before.is_empty()).then_some(address.as_str());
    let text = if *unfinished { "Look further" } else { "Earlier" };
    let next = next.as_ref().map(|next| (format!("{address}&before={}", segment(next)), text));
    let html = [
        heading("Audit log", "Who did what, newest first. Days are in UTC."),
        server_pages("log"),
        filters(query),
        hint(*too_many_people, TOO_MANY_PEOPLE),
        list,
        hint(*unfinished, UNFINISHED),
        pages(first, next),
    ];
    Fragment { html: html.concat() }
}

/// The form that narrows the log down.
fn filters(query: &AuditQuery) -> String {
    let actions = Action::ALL.map(|action| (action.key(), wording::action_name(action)));
    let actions: Vec<_> = [("", "Any")].into_iter().chain(actions).collect();
    let is_narrow = !query.who.is_empty() || query.action.is_some();
    let open = if is_narrow { " open" } else { "" };
    let all =
        if is_narrow || !query.search.is_empty() { link("btn-plain w-fit", "?", "Show all") } else { String::new() };
    format!(
        r#"<form method="get" role="search" class="grid gap-3"><div class="flex gap-2">{}<button class="btn" type="submit">Search</button></div><details class="list fold"{open}><summary>Filters</summary><div class="grid gap-3 p-4 sm:grid-cols-2">{}{}</div></details>{all}</form>"#,
        search_field("User name, or an invite’s number", &query.search),
        text_field("who", "Done by (user name)", &query.who),
        choice("action", "Action", query.action.map(Action::key).unwrap_or_default(), &actions)
    )
}

fn line(entry: &AuditEntry) -> String {
    let AuditEntry { at: when, actor, door, action, invite, owner, code, detail } = entry;
    let (did, after) = wording::action(*action);
    let door = match door {
        Door::Web => "web",
        Door::Api => "app",
        Door::Command => "command line",
    };
    let invite = invite.map(|number| {
        let code = code.as_ref().map(|code| format!(r#" (<code class="font-mono">{}</code>)"#, escaped(code)));
        let owner = owner.as_ref().filter(|owner| *owner != actor).map(|owner| format!(" of {}", escaped(owner)));
        format!(" invite {number}{}{}{after}", code.unwrap_or_default(), owner.unwrap_or_default())
    });
    let detail = detail.as_ref().map(|detail| match detail {
        Detail::Why(reason) => format!(": “{}”", written(reason)),
        detail => format!(": {}", escaped(&wording::detail(detail))),
    });
    format!(
        r#"<li class="grid gap-1 px-4 py-3 sm:grid-cols-[11rem_minmax(0,1fr)] sm:gap-4"><span class="hint">{}</span><span class="min-w-0 wrap-anywhere"><strong>{}</strong> {did}{}{}<span class="hint"> · {door}</span></span></li>"#,
        at(*when),
        escaped(actor),
        invite.unwrap_or_default(),
        detail.unwrap_or_default(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(at: i64, detail: Option<Detail>) -> AuditEntry {
        AuditEntry {
            at,
            actor: "@anna:x".to_owned(),
            door: Door::Web,
            action: Action::Paused,
            invite: Some(7),
            owner: Some("@ben:x".to_owned()),
            code: Some("ab…".to_owned()),
            detail,
        }
    }

    fn drawn(entries: Vec<AuditEntry>) -> String {
        let page = AuditPage { entries, next: None, unfinished: false, too_many_people: false, now: 0 };
        draw_audit(&AuditQuery::default(), &page).html
    }

    #[test]
    fn a_line_reads_as_a_sentence_and_nothing_in_it_is_markup() {
        let html = drawn(vec![entry(0, Some(Detail::Why("<script>".to_owned())))]);
        let line = r#"<strong>@anna:x</strong> paused invite 7 (<code class="font-mono">ab…</code>) of @ben:x: “<bdi>&lt;script&gt;</bdi>”"#;
        assert!(html.contains(line), "{html}");
    }

    #[test]
    fn each_day_has_a_heading() {
        let html = drawn([86_400_000, 86_399_999, 0].map(|at| entry(at, None)).to_vec());
        let days: Vec<&str> = html.split("<h2>").skip(1).filter_map(|day| day.split('<').next()).collect();
        assert_eq!(days, ["2 Jan 1970", "1 Jan 1970"]);
        assert!(drawn(Vec::new()).contains("No entries."));
    }
}
