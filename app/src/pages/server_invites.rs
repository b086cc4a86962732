//! All invites of the server, for its admins.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::{
    AllPaused, Fragment, InviteState, Kind, KnownInvite, Posted, ServerInvite, ServerInvites, ServerQuery, ServerSort,
    Told, rpc, segment, t, tn,
    ui::{
        Drawn, Failure, FormProblem, ago, at, button, choice, escaped, form, function, heading, hidden, href, link,
        load, marked, nothing, pages, person_html, queries, reason_field, search_field, sending, show_either, sorry,
        state_badge, submit, text_field, value_of, written,
    },
    view, wording,
};

/// What is said where a page ends before it is full.
pub(super) fn may_be_more() -> &'static str {
    t!("Many were looked through that do not match. There may be more.")
}

/// Said where a search matches more people than are looked up.
pub(super) fn some_left_out() -> &'static str {
    t!("Many people have this in their user names. Some of them are left out: type more of the name.")
}

#[component]
pub(crate) fn AllInvites() -> impl IntoView {
    let parameters = queries();
    let invites = load(move || {
        let query = parameters.with(|all| ServerQuery::of(|name| value_of(all, name)));
        rpc::GetServerInvites { query }
    });
    let (pause_all, intervene) = (sending::<rpc::PauseAll>(), sending::<rpc::Intervene>());
    view! {
        <Title text=t!("All invites") />
        <section class="grid gap-6 py-4 sm:py-8">
            <FormProblem sending=pause_all at_fields=true />
            <FormProblem sending=intervene at_fields=true />
            {show_either(invites, |fragment| view! { <Drawn fragment /> }, refused)}
        </section>
    }
}

/// What is shown in place of a page for server admins to somebody who is none.
pub(super) fn refused(error: Told) -> AnyView {
    if error.kind != Kind::Refused {
        return view! { <Failure error /> };
    }
    let text = t!("These pages show them all invites of this server, and what was done with them.");
    let text = format!("{} {text}", error.words);
    let elsewhere = [("/invites", t!("My invites")), ("/my-rooms", t!("Rooms you manage"))];
    let elsewhere = elsewhere.map(|(page, name)| button("", &href(page), "", &escaped(name))).concat();
    sorry(t!("For server admins"), &text, &elsewhere)
}

/// Links among the pages for server admins; `here` is one of `server`, `days` and `log`.
pub(super) fn server_pages(here: &str) -> String {
    // Relative: the others stand below the first one.
    let (up, below) = if here == "server" { ("server", "server/") } else { ("../server", "") };
    let pages =
        [("server", t!("All invites")), ("days", t!("Overview")), ("log", t!("Audit log"))].map(|(page, name)| {
            let address = if page == "server" { up.to_owned() } else { format!("{below}{page}") };
            let (class, current) = if page == here { ("", r#" aria-current="page""#) } else { ("btn-plain", "") };
            format!(r#"<a class="btn btn-sm {class}" href="{address}"{current}>{}</a>"#, escaped(name))
        });
    format!(
        r#"<div role="navigation" class="flex flex-wrap gap-2" aria-label="{}">{}</div>"#,
        escaped(t!("pages" => "Server")),
        pages.concat()
    )
}

/// All invites that a server admin asked for; `posted` is an intervention that was refused.
pub fn draw_server_invites(query: &ServerQuery, seen: &ServerInvites, posted: Option<&Posted>) -> Fragment {
    let ServerInvites { invites, next, unfinished, too_many_people, all, all_paused, proof, now } = seen;
    let hint = |is: bool, text: &str| match is {
        true => format!(r#"<p class="hint" role="status">{}</p>"#, escaped(text)),
        false => String::new(),
    };
    let list: String = invites.iter().map(|invite| one_invite(invite, proof, posted, *now)).collect();
    let list = match (list.is_empty(), *unfinished) {
        (true, true) => String::new(),
        (true, false) => nothing(t!("No invites found.")),
        _ => format!(r#"<ul class="grid gap-3">{list}</ul>"#),
    };
    let address = query.address();
    let first = (!query.before.is_empty()).then_some(address.as_str());
    let text = if *unfinished { t!("Look further") } else { t!("More invites") };
    let next = next.as_ref().map(|next| (format!("{address}&before={}", segment(next)), text));
    let html = [
        heading(t!("All invites of this server"), ""),
        server_pages("server"),
        switch(all_paused.as_ref(), *all, proof, posted),
        filters(query),
        hint(*too_many_people, some_left_out()),
        list,
        hint(*unfinished, may_be_more()),
        pages(first, next),
    ];
    Fragment { html: html.concat() }
}

/// The switch that pauses all invites, behind what that means.
fn switch(all_paused: Option<&AllPaused>, all: u32, proof: &str, posted: Option<&Posted>) -> String {
    let fields = |paused: &str| hidden("paused", paused) + &hidden("proof", proof);
    let function = function::<rpc::PauseAll>();
    if let Some(AllPaused { by, at: since, reason }) = all_paused {
        let words = marked(
            t!("{strong}All invites are paused{end} by {by} since {since}."),
            &[("strong", "<strong>"), ("end", "</strong>"), ("by", &written(by.name())), ("since", &at(*since))],
        );
        let reason = reason.as_deref().map(quoted).unwrap_or_default();
        let resume = fields("false") + &submit("btn-primary", t!("Resume all"), t!("Resume all invites"));
        return format!(
            r#"<div class="card flex flex-wrap items-center justify-between gap-4"><p class="min-w-0 flex-1">{words} {reason}</p>{}</div>"#,
            form(function, "content", "contents", &resume)
        );
    }
    let posted = posted.filter(|posted| posted.function == function);
    let open = if posted.is_some() { " open" } else { "" };
    let consequence = t!(
        "until you resume them, nobody can join with any of them, and no code creates an account. Whoever joined stays. Members see the reason; whoever opens a link sees only that it isn’t available."
    );
    let inside = [
        fields("true"),
        format!("<p>{} {}</p>", escaped(&stops(all)), escaped(consequence)),
        reason_field(t!("Why all invites are paused"), t!("Members see it"), "pause-all-why", posted),
        submit("btn-error w-fit", t!("Pause all invites"), t!("Pause all invites of this server")),
    ];
    format!(
        r#"<details class="card"{open}><summary class="btn btn-plain w-fit">{}</summary>{}</details>"#,
        escaped(t!("Pause all…")),
        form(function, "content", "mt-3 grid gap-3", &inside.concat())
    )
}

/// What somebody gave as a reason, in quotes, as HTML.
fn quoted(reason: &str) -> String {
    marked(t!("“{reason}”"), &[("reason", &written(reason))])
}

/// What pausing all of so many invites does, before what follows from that.
fn stops(all: u32) -> String {
    match all {
        0 => t!("This stops every invite of this server, of which there is none yet:").to_owned(),
        ServerInvites::MOST.. => t!("This stops all invites of this server, {n} or more:", n = all),
        all => tn!(all, "This stops the only invite of this server:", "This stops all {n} invites of this server:"),
    }
}

/// The form that narrows the list down, and the file with what it shows.
fn filters(query: &ServerQuery) -> String {
    let states = InviteState::ALL.map(|state| (state.key(), wording::state(state)));
    let states: Vec<_> = [("", t!("state" => "Any"))].into_iter().chain(states).collect();
    let sorts = ServerSort::ALL.map(|sort| (sort.key(), wording::server_sort(sort)));
    let checked = if query.accounts { " checked" } else { "" };
    let inside = [
        text_field("owner", t!("Owner"), &query.owner),
        text_field("room", t!("Room id"), &query.room),
        choice("state", t!("State"), query.state.map(InviteState::key).unwrap_or_default(), &states),
        choice("sort", t!("Order"), query.sort.key(), &sorts),
        format!(
            r#"<label class="flex items-center gap-3 text-sm font-medium"><input class="checkbox" type="checkbox" name="accounts" value="1"{checked}>{}</label>"#,
            escaped(t!("Creates accounts"))
        ),
    ];
    let is_narrow = query.is_filtered() || query.sort != ServerSort::default();
    let open = if is_narrow { " open" } else { "" };
    let all =
        if is_narrow || !query.search.is_empty() { link("btn-plain", "?", t!("Show all")) } else { String::new() };
    // The program knows no such page.
    let file = format!("server/invites.csv{}", query.address());
    let file = button("btn-plain", &file, "external", &escaped(t!("Download as CSV")));
    format!(
        r#"<form method="get" role="search" class="grid gap-3"><div class="flex gap-2">{}<button class="btn" type="submit">{}</button></div><details class="list fold"{open}><summary>{}</summary><div class="grid gap-3 p-4 sm:grid-cols-2">{}</div></details><div class="flex flex-wrap gap-3">{all}{file}</div></form>"#,
        search_field(t!("User name, number, or a whole code, link or room id"), &query.search),
        escaped(t!("Search")),
        escaped(t!("Filters and order")),
        inside.concat()
    )
}

fn one_invite(seen: &ServerInvite, proof: &str, posted: Option<&Posted>, now: i64) -> String {
    let ServerInvite { invite, code, rooms, chat, registration, public_title, reason } = seen;
    let KnownInvite { number, owner, created_at, limits, state, came } = invite;
    let posted = posted.filter(|posted| posted.field("invite") == Some(number.to_string().as_str()));
    let mut leads_to = vec![tn!(u32::try_from(rooms.len()).unwrap_or(u32::MAX), "{n} room", "{n} rooms")];
    leads_to.extend(chat.then(|| t!("a direct chat").to_owned()));
    leads_to.extend(registration.then(|| t!("new accounts").to_owned()));
    let leads_to =
        leads_to.into_iter().reduce(|begun, next| t!("{list}, {next}", list = begun, next)).unwrap_or_default();
    let about = [
        leads_to,
        tn!(*came, "people" => "{n} joined", "{n} joined"),
        t!("an invite" => "created {ago}", ago = ago(*created_at, now)),
    ];
    let timed = |text: &str, millis: i64| marked(text, &[("at", &at(millis))]);
    let begins = limits.not_before.filter(|begin| *begin > now).map(|begin| timed(t!("Starts {at}"), begin));
    let ends = limits.expires_at.map(|end| timed(if end > now { t!("Ends {at}") } else { t!("Ended {at}") }, end));
    let most = limits.max_uses.map(|most| escaped(&t!("At most {n}", n = most)));
    let bounds = [most, begins, ends].into_iter().flatten();
    let bounds =
        bounds.map(|bound| format!(r#"<li class="badge badge-lg h-auto whitespace-normal"><span>{bound}</span></li>"#));
    let reason = reason.as_ref().map(|reason| format!(r#"<p class="text-sm">{}</p>"#, quoted(reason)));
    let title = public_title.as_ref().map(|title| {
        let words = marked(t!("Shown as “{title}”"), &[("title", &written(title))]);
        format!(r#"<p class="text-sm wrap-anywhere">{words}</p>"#)
    });
    let rooms = rooms.iter().map(|room| {
        let (address, room) = (format!("?room={}", segment(room)), escaped(room));
        format!(r#"<li><a class="link" href="{address}">{room}</a></li>"#)
    });
    let rooms = match rooms.collect::<String>() {
        none if none.is_empty() => none,
        rooms => format!(
            r#"<details class="text-sm"><summary class="link text-muted">{}</summary><ul class="font-mono wrap-anywhere">{rooms}</ul></details>"#,
            escaped(t!("Room ids"))
        ),
    };
    format!(
        r#"<li class="card grid gap-3 sm:grid-cols-[minmax(0,1fr)_auto] sm:items-center" id="invite-{number}"><div class="flex min-w-0 items-center gap-3">{}<div class="grid min-w-0 gap-1"><p class="flex flex-wrap items-center gap-2"><strong class="wrap-anywhere" dir="auto">{}</strong>{}</p><p class="hint wrap-anywhere"><a class="link" href="?owner={}">{}</a></p><p class="hint">{} · <code class="font-mono">{}</code> · {}</p><ul class="flex flex-wrap gap-2 text-sm empty:hidden">{}</ul>{}{}{rooms}</div></div><div class="flex flex-wrap items-start gap-2 sm:max-w-72 sm:justify-end">{}</div></li>"#,
        person_html(owner, ""),
        escaped(owner.name()),
        state_badge(*state),
        segment(&owner.user_id),
        escaped(&owner.user_id),
        escaped(&t!("Invite {number}", number)),
        escaped(code),
        escaped(&about.join(" · ")),
        bounds.collect::<String>(),
        title.unwrap_or_default(),
        reason.unwrap_or_default(),
        interventions(invite, proof, posted),
    )
}

/// The forms that pause, resume or revoke an invite.
fn interventions(invite: &KnownInvite, proof: &str, posted: Option<&Posted>) -> String {
    let KnownInvite { number, owner, state, .. } = invite;
    let (name, to) = (owner.name(), format!("invite-{number}"));
    let fields = |what: &str| hidden("invite", &number.to_string()) + &hidden("what", what) + &hidden("proof", proof);
    let send = |class: &str, fields: String| form(function::<rpc::Intervene>(), &to, class, &fields);
    let folded = |text: &str, label: &str, open: bool, inside: String| {
        let (text, label, open) = (escaped(text), escaped(label), if open { " open" } else { "" });
        format!(
            r#"<details{open}><summary class="btn btn-sm" aria-label="{label}…">{text}…</summary><div class="mt-2 grid gap-2 rounded-field bg-base-200 p-3 text-sm">{inside}</div></details>"#
        )
    };
    let pause = match state {
        InviteState::PausedByAdmin => {
            let label = t!("Resume invite {number} of {name}", number, name);
            send("contents", fields("resume") + &submit("btn-sm", t!("Resume"), &label))
        }
        _ => {
            let posted = posted.filter(|posted| posted.field("what") == Some("pause"));
            let (text, label) = (t!("Pause"), t!("Pause invite {number} of {name}", number, name));
            let why = t!("Why invite {number} of {name} is paused", number, name);
            let reason = reason_field(&why, t!("Its owner sees it"), &format!("{to}-why"), posted);
            let fields = fields("pause") + &reason + &submit("btn-sm", text, &label);
            folded(text, &label, posted.is_some(), send("grid gap-2", fields))
        }
    };
    let (text, label) = (t!("Revoke"), t!("Revoke invite {number} of {name}", number, name));
    let warning = t!("This can’t be undone, and its code is never used again. Whoever joined stays.");
    let revoke = fields("revoke") + &submit("btn-sm btn-error", text, &label);
    let revoke = format!("<p>{}</p>{}", escaped(warning), send("contents", revoke));
    pause + &folded(text, &label, false, revoke)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Limits, Person};

    const TEXT: &str = "\"></b><script>";

    fn seen(all: u32, all_paused: Option<AllPaused>) -> ServerInvites {
        let owner = Person { user_id: "@ben:x".to_owned(), display_name: Some(TEXT.to_owned()), avatar_url: None };
        let (limits, state) = (Limits { max_uses: Some(3), ..Limits::default() }, InviteState::PausedByAdmin);
        let invite = ServerInvite {
            invite: KnownInvite { number: 7, owner, created_at: 0, limits, state, came: 3 },
            code: TEXT.to_owned(),
            rooms: vec![TEXT.to_owned()],
            chat: true,
            registration: true,
            public_title: Some(TEXT.to_owned()),
            reason: Some(TEXT.to_owned()),
        };
        ServerInvites {
            invites: vec![invite],
            next: Some("7".to_owned()),
            unfinished: false,
            too_many_people: true,
            all,
            all_paused,
            proof: "proof".to_owned(),
            now: 0,
        }
    }

    #[test]
    fn nothing_that_somebody_wrote_is_markup() {
        let by = Person { user_id: "@anna:x".to_owned(), display_name: Some(TEXT.to_owned()), avatar_url: None };
        let paused = AllPaused { by, at: 0, reason: Some(TEXT.to_owned()) };
        let text = || TEXT.to_owned();
        let query = ServerQuery { search: text(), owner: text(), room: text(), ..ServerQuery::default() };
        for seen in [seen(1, None), seen(1, Some(paused))] {
            let html = draw_server_invites(&query, &seen, None).html;
            assert!(!html.contains("<script"), "{html}");
        }
    }

    #[test]
    fn pausing_all_says_first_how_many_that_are() {
        for (all, words) in [
            (0, "every invite of this server, of which there is none yet"),
            (1, "This stops the only invite of this server:"),
            (37, "This stops all 37 invites of this server:"),
            (1000, "all invites of this server, 1000 or more"),
        ] {
            let html = draw_server_invites(&ServerQuery::default(), &seen(all, None), None).html;
            assert!(html.contains(words), "{html}");
        }
    }

    #[test]
    fn a_page_is_followed_by_one_of_the_same_query() {
        let query = ServerQuery { owner: "@ben:x".to_owned(), sort: ServerSort::Oldest, ..ServerQuery::default() };
        let html = draw_server_invites(&query, &seen(1, None), None).html;
        assert!(html.contains(r#"rel="next" href="?owner=%40ben%3Ax&amp;sort=oldest&amp;before=7""#), "{html}");
        assert!(html.contains(r#"href="server/invites.csv?owner=%40ben%3Ax&amp;sort=oldest""#), "{html}");
    }
}
