//! The audit log: who did what, for server admins.

use leptos::prelude::*;
use leptos_meta::Title;

use super::server_invites::{may_be_more, refused, server_pages, some_left_out};
use crate::{
    Action, AuditEntry, AuditPage, AuditQuery, Detail, Door, Fragment, rpc, segment, t,
    ui::{
        Drawn, at, choice, date, escaped, heading, link, load, marked, nothing, pages, queries, search_field,
        show_either, text_field, value_of, written,
    },
    view, wording,
};

#[component]
pub(crate) fn Audit() -> impl IntoView {
    let parameters = queries();
    let page = load(move || {
        let query = parameters.with(|all| AuditQuery::of(|name| value_of(all, name)));
        rpc::GetAudit { query }
    });
    view! {
        <Title text=t!("Audit log") />
        <section class="grid gap-6 py-4 sm:py-8">
            {show_either(page, |fragment| view! { <Drawn fragment /> }, refused)}
        </section>
    }
}

/// The entries that a server admin asked for.
pub fn draw_audit(query: &AuditQuery, page: &AuditPage) -> Fragment {
    let AuditPage { entries, next, unfinished, too_many_people, .. } = page;
    let hint = |is: bool, text: &str| match is {
        true => format!(r#"<p class="hint" role="status">{}</p>"#, escaped(text)),
        false => String::new(),
    };
    let days = entries.chunk_by(|one, next| date(one.at) == date(next.at)).map(|day| {
        let lines: String = day.iter().map(line).collect();
        let name = escaped(&day.first().map(|entry| date(entry.at)).unwrap_or_default());
        format!(r#"<section class="grid gap-2"><h2>{name}</h2><ol class="list">{lines}</ol></section>"#)
    });
    let list = match (entries.is_empty(), *unfinished) {
        (true, true) => String::new(),
        (true, false) => nothing(t!("No entries.")),
        _ => days.collect(),
    };
    let address = query.address();
    let first = (!query.before.is_empty()).then_some(address.as_str());
    let text = if *unfinished { t!("Look further") } else { t!("Earlier") };
    let next = next.as_ref().map(|next| (format!("{address}&before={}", segment(next)), text));
    let html = [
        heading(t!("Audit log"), t!("Who did what, newest first. Days are in UTC.")),
        server_pages("log"),
        filters(query),
        hint(*too_many_people, some_left_out()),
        list,
        hint(*unfinished, may_be_more()),
        pages(first, next),
    ];
    Fragment { html: html.concat() }
}

/// The form that narrows the log down.
fn filters(query: &AuditQuery) -> String {
    let actions = Action::ALL.map(|action| (action.key(), wording::action_name(action)));
    let actions: Vec<_> = [("", t!("action" => "Any"))].into_iter().chain(actions).collect();
    let is_narrow = !query.who.is_empty() || query.action.is_some();
    let open = if is_narrow { " open" } else { "" };
    let all = if is_narrow || !query.search.is_empty() {
        link("btn-plain w-fit", "?", t!("Show all"))
    } else {
        String::new()
    };
    format!(
        r#"<form method="get" role="search" class="grid gap-3"><div class="flex gap-2">{}<button class="btn" type="submit">{}</button></div><details class="list fold"{open}><summary>{}</summary><div class="grid gap-3 p-4 sm:grid-cols-2">{}{}</div></details>{all}</form>"#,
        search_field(t!("User name, or an invite’s number"), &query.search),
        escaped(t!("Search")),
        escaped(t!("Filters")),
        text_field("who", t!("Done by (user name)"), &query.who),
        choice("action", t!("Action"), query.action.map(Action::key).unwrap_or_default(), &actions)
    )
}

fn line(entry: &AuditEntry) -> String {
    let AuditEntry { at: when, actor, door, action, invite, owner, code, detail } = entry;
    let door = match door {
        Door::Web => t!("done by way of" => "web"),
        Door::Api => t!("done by way of" => "app"),
        Door::Command => t!("done by way of" => "command line"),
    };
    let invite = invite.map(|number| {
        let code = code.as_ref().map(|code| format!(r#" (<code class="font-mono">{}</code>)"#, escaped(code)));
        let number = format!("{number}{}", code.unwrap_or_default());
        match owner.as_ref().filter(|owner| *owner != actor) {
            Some(owner) => {
                marked(t!("an invite" => "{number} of {owner}"), &[("number", &number), ("owner", &escaped(owner))])
            }
            None => number,
        }
    });
    let who = format!("<strong>{}</strong>", escaped(actor));
    let what = did(*action, &who, invite.as_deref());
    let what = match detail {
        None => what,
        Some(Detail::Why(reason)) => marked(t!("{what}: “{reason}”"), &[("what", &what), ("reason", &written(reason))]),
        Some(detail) => {
            marked(t!("{what}: {detail}"), &[("what", &what), ("detail", &escaped(&wording::detail(detail)))])
        }
    };
    format!(
        r#"<li class="grid gap-1 px-4 py-3 sm:grid-cols-[11rem_minmax(0,1fr)] sm:gap-4"><span class="hint">{}</span><span class="min-w-0 wrap-anywhere">{what}<span class="hint"> · {}</span></span></li>"#,
        at(*when),
        escaped(door)
    )
}

/// Says who did what to which invite, which is told by its number. All of it is HTML.
fn did(action: Action, who: &str, invite: Option<&str>) -> String {
    let name = escaped(wording::action_name(action));
    let text = match (action, invite) {
        (Action::PausedAll, _) => t!("{who} paused all invites"),
        (Action::ResumedAll, _) => t!("{who} resumed all invites"),
        (Action::Exported, _) => t!("{who} exported what is kept about somebody"),
        (Action::Erased, _) => t!("{who} erased what was kept about somebody"),
        (_, None) => t!("{who}: {action}"),
        (Action::Created, _) => t!("{who} created invite {invite}"),
        (Action::Changed, _) => t!("{who} changed invite {invite}"),
        (Action::Paused, _) => t!("{who} paused invite {invite}"),
        (Action::Resumed, _) => t!("{who} resumed invite {invite}"),
        (Action::Deleted, _) => t!("{who} deleted invite {invite}"),
        (Action::Redeemed, _) => t!("{who} joined with invite {invite}"),
        (Action::Blocked, _) => t!("{who} blocked invite {invite} in a room"),
        (Action::Unblocked, _) => t!("{who} unblocked invite {invite} in a room"),
        (Action::AccountCreated, _) => t!("{who} created an account with invite {invite}"),
    };
    marked(text, &[("who", who), ("invite", invite.unwrap_or_default()), ("action", &name)])
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
