//! The list of a member's own invites.

use std::time::Duration;

use leptos::{
    ev::{MouseEvent, SubmitEvent},
    html,
    leptos_dom::helpers::TimeoutHandle,
    prelude::*,
};
use leptos_meta::Title;
use leptos_router::{NavigateOptions, hooks::use_navigate, location::Url};

use super::CHOSEN;
use crate::{
    InviteCard, InvitePage, InviteQuery, Sort, Tab, invite_path, landing_path, rpc, t, tn,
    ui::{
        Form, FormProblem, Html, Icon, Sending, Shape, address, button, copy_pressed, drawing, empty, escaped, href,
        last_post, load, local_days, query, reload_after, row, sending, show, show_either,
    },
    view, wording,
};

/// How long typing has to pause before the list is filtered.
const PAUSE: Duration = Duration::from_millis(250);

/// What the address asks for.
#[derive(Clone, Copy)]
struct Asked {
    search: Memo<String>,
    tab: Memo<String>,
    sort: Memo<String>,
    after: Memo<String>,
}

impl Asked {
    fn of_this_page() -> Self {
        Self { search: query("q"), tab: query("show"), sort: query("sort"), after: query("after") }
    }

    fn query(self) -> InviteQuery {
        InviteQuery {
            search: self.search.get(),
            tab: Tab::of(&self.tab.get()),
            sort: Sort::of(&self.sort.get()),
            after: self.after.get(),
        }
    }
}

/// The path of the list for a query; what is usual is left out.
fn path(query: &InviteQuery) -> String {
    let InviteQuery { search, tab, sort, after } = query;
    let tab = if *tab == Tab::default() { "" } else { tab.key() };
    let sort = if *sort == Sort::default() { "" } else { sort.key() };
    let parts = [("q", search.as_str()), ("show", tab), ("sort", sort), ("after", after.as_str())];
    let part = |(name, value): (&str, &str)| format!("{name}={}", Url::escape(value));
    let parts: Vec<String> = parts.into_iter().filter(|(_, value)| !value.is_empty()).map(part).collect();
    if parts.is_empty() { "/invites".to_owned() } else { format!("/invites?{}", parts.join("&")) }
}

#[component]
pub(crate) fn Invites() -> impl IntoView {
    let asked = Asked::of_this_page();
    let invites = load(move || rpc::Invites { query: asked.query() });
    let pause = sending::<rpc::PauseMany>();
    reload_after(pause);
    view! {
        <Title text=t!("My invites") />
        <section class="group grid gap-4 py-4 sm:py-6">
            <div class="flex flex-wrap items-center justify-between gap-4">
                <h1>{t!("My invites")}</h1>
                <a class="btn btn-primary group-has-[.nothing]:hidden" href=href("/new")>
                    <Icon shape=Shape::Add />
                    {t!("New invite")}
                </a>
            </div>
            {show_either(invites, move |page| tabs(&page, &untrack(|| asked.query())), |_| ().into_any())}
            <Search asked />
            <FormProblem sending=pause />
            {show(
                invites,
                move |page| {
                    let query = untrack(|| asked.query());
                    view! { <List page query pause /> }
                },
            )}
        </section>
    }
}

/// The two parts of the list, each with how many invites in it match.
fn tabs(page: &InvitePage, query: &InviteQuery) -> AnyView {
    if page.all == 0 {
        return ().into_any();
    }
    let tab = |(tab, number): (Tab, u32)| {
        let current = if tab == query.tab { r#" aria-current="page""# } else { "" };
        let address = href(&path(&InviteQuery { tab, after: String::new(), ..query.clone() }));
        format!(
            r#"<a href="{}"{current}>{} <span class="badge">{number}</span></a>"#,
            escaped(&address),
            escaped(wording::tab(tab))
        )
    };
    let tabs: String = [(Tab::Active, page.active), (Tab::Ended, page.ended)].into_iter().map(tab).collect();
    let label = escaped(t!("Which invites"));
    view! { <Html html=format!(r#"<nav class="tabs print:hidden" aria-label="{label}">{tabs}</nav>"#) /> }
}

/// The search field and the choice of order. What they say stands in the address, so that the Back button works and a form without
/// a script does as well. It is no part of what is loaded: that comes anew while somebody types.
#[component]
fn Search(asked: Asked) -> impl IntoView {
    let navigate = use_navigate();
    let (field, order) = (NodeRef::<html::Input>::new(), NodeRef::<html::Select>::new());
    // The text that the address was last given from here. Any other one that comes into it is to stand in the field: after `Show all`, say.
    let sent = StoredValue::new(asked.search.get_untracked());
    Effect::new(move |_| {
        let sort = asked.sort.get();
        if let Some(order) = order.get() {
            order.set_value(Sort::of(&sort).key());
        }
    });
    Effect::new(move |_| {
        let text = asked.search.get();
        if let Some(field) = field.get()
            && sent.get_value() != text
        {
            field.set_value(&text);
            sent.set_value(text);
        }
    });
    let go = move || {
        let (Some(field), Some(order)) = (field.get_untracked(), order.get_untracked()) else { return };
        let before = untrack(|| asked.query());
        let query = InviteQuery {
            search: field.value(),
            sort: Sort::of(&order.value()),
            tab: before.tab,
            after: String::new(),
        };
        sent.set_value(query.search.clone());
        // Back leads to what was there before the search, not to each part of the word.
        let replace = !before.search.is_empty();
        navigate(&path(&query), NavigateOptions { replace, scroll: false, ..Default::default() });
    };
    let timer = StoredValue::new(None::<TimeoutHandle>);
    let stop = move || {
        if let Some(timer) = timer.try_update_value(Option::take).flatten() {
            timer.clear();
        }
    };
    on_cleanup(stop);
    let (typed, chosen) = (go.clone(), go.clone());
    let typing = move |_| {
        stop();
        timer.set_value(set_timeout_with_handle(typed.clone(), PAUSE).ok());
    };
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        stop();
        go();
    };
    let (search, sort) = (asked.search.get_untracked(), Sort::of(&asked.sort.get_untracked()));
    let ended = Tab::of(&asked.tab.get_untracked()) == Tab::Ended;
    view! {
        <form
            method="get"
            action=href("/invites")
            role="search"
            class="flex flex-wrap gap-2 group-has-[.nothing]:hidden print:hidden"
            on:submit=submit
        >
            <label class="input min-w-0 flex-1">
                <Icon shape=Shape::Search />
                <span class="sr-only">{t!("Filter by name, code or room")}</span>
                <input
                    node_ref=field
                    type="search"
                    name="q"
                    value=search
                    placeholder=t!("Name, code or room")
                    autocomplete="off"
                    on:input=typing
                />
            </label>
            <select
                node_ref=order
                class="select w-full max-w-none sm:w-auto"
                name="sort"
                aria-label=t!("Order")
                on:change=move |_| chosen()
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
            {ended.then(|| view! { <input type="hidden" name="show" value=Tab::Ended.key() /> })}
            <Html html=format!(
                r#"<noscript><button class="btn">{}</button></noscript>"#,
                escaped(t!("button" => "Filter")),
            ) />
        </form>
    }
}

/// What was found, and what can be done to several of them at once.
#[component]
fn List(page: InvitePage, query: InviteQuery, pause: Sending) -> impl IntoView {
    Effect::new(|_| local_days());
    let InvitePage { active, ended, all, before, .. } = &page;
    let matching = if query.tab == Tab::Active { *active } else { *ended };
    let counted = match query.search.is_empty() {
        true => tn!(matching, "{n} invite", "{n} invites"),
        false => tn!(*all, "{matching} of {n} invite", "{matching} of {n} invites", matching),
    };
    let shown = number(&page.invites);
    let html = match shown {
        0 => nothing(&page, &query),
        _ => rows(&page, &chosen(pause)),
    };
    let span = (shown < matching)
        .then(|| t!("{first} to {last} of {all}", first = before + 1, last = before + shown, all = matching));
    let other = |after: Option<&String>, rel, text| {
        let after = after?.clone();
        Some(button("", &href(&path(&InviteQuery { after, ..query.clone() })), rel, &escaped(text)))
    };
    let pages = span.map(|span| {
        let back = other(page.previous.as_ref(), "prev", t!("page" => "Previous")).unwrap_or_default();
        let on = other(page.next.as_ref(), "next", t!("page" => "Next")).unwrap_or_default();
        let (label, span) = (escaped(t!("Pages")), escaped(&span));
        let class = "flex items-center justify-center gap-4 print:hidden";
        format!(r#"<nav class="{class}" aria-label="{label}">{back}<span>{span}</span>{on}</nav>"#)
    });
    view! {
        <div class="contents" on:click=|event: MouseEvent| copy_pressed(&event)>
            <p class="sr-only" role="status">
                {counted}
            </p>
            <Form sending=pause class="grid gap-4">
                <Html html />
            </Form>
            <Html html=pages.unwrap_or_default() />
        </div>
    }
}

fn number(invites: &[InviteCard]) -> u32 {
    u32::try_from(invites.len()).unwrap_or(u32::MAX)
}

/// The codes that were chosen in the form that was refused.
fn chosen(pause: Sending) -> Vec<String> {
    let posted = last_post::<rpc::PauseMany>().filter(|_| untrack(|| pause.answer().is_none()));
    let fields = posted.map(|posted| posted.fields).unwrap_or_default();
    fields.into_iter().filter(|(name, _)| name == CHOSEN).map(|(_, code)| code).collect()
}

/// The rows, of which those with `chosen` codes are ticked, and the bar that appears once some of them are.
fn rows(page: &InvitePage, chosen: &[String]) -> String {
    let InvitePage { invites, public, now, .. } = page;
    let one = |card: &InviteCard| {
        let code = &card.invite.code;
        let landing = landing_path(code);
        let link = public.as_ref().map_or_else(|| address(&landing), |public| format!("{public}{landing}"));
        row(card, (CHOSEN, chosen.contains(code)), &href(&invite_path(code)), &link, *now)
    };
    let rows: String = invites.iter().map(one).collect();
    let switch = |paused: bool, shape, text: &str| {
        let (icon, text) = (drawing(shape), escaped(text));
        format!(r#"<button class="btn btn-sm" name="paused" value="{paused}">{icon}{text}</button>"#)
    };
    let some = |paused: bool| invites.iter().any(|card| card.invite.paused == paused && !card.invite.has_ended(*now));
    let mut buttons = String::new();
    if some(false) {
        buttons += &switch(true, Shape::Pause, t!("Pause"));
    }
    if some(true) {
        buttons += &switch(false, Shape::Resume, t!("Resume"));
    }
    let delete = format!(
        r#"<button class="btn btn-sm" formmethod="get" formaction="{}">{}{}</button>"#,
        escaped(&href("/delete-invites")),
        drawing(Shape::Delete),
        escaped(t!("Delete…"))
    );
    let (selected, group) = (escaped(t!("after a number" => "selected")), escaped(t!("Selected invites")));
    // Enter in a box presses the first button of the form that is not disabled: one that does nothing, as there is no dialog around it.
    format!(
        r#"<button formmethod="dialog" hidden></button><ul class="list invs" role="list">{rows}</ul><div class="bulk" role="group" aria-label="{group}"><b class="picked">{selected}</b>{buttons}{delete}</div>"#
    )
}

/// What is shown in place of rows.
fn nothing(page: &InvitePage, query: &InviteQuery) -> String {
    let InvitePage { active, ended, all, .. } = page;
    if *all == 0 {
        let create = drawing(Shape::Add) + &escaped(t!("Create invite"));
        let create = button("btn-primary", &href("/new"), "", &create);
        let text = t!("One link. Everyone in the right rooms. You’ll see here who joined.");
        return format!(r#"<div class="nothing">{}</div>"#, empty(t!("No invites yet"), text, &create));
    }
    let (other, there) = match query.tab {
        Tab::Active => (Tab::Ended, *ended),
        Tab::Ended => (Tab::Active, *active),
    };
    let link = |query: InviteQuery, text: &str| {
        format!(r#"<a class="link" href="{}">{}</a>"#, escaped(&href(&path(&query))), escaped(text))
    };
    let there = match there {
        0 => String::new(),
        _ => link(
            InviteQuery { tab: other, after: String::new(), ..query.clone() },
            &t!("{number} in “{tab}”", number = there, tab = wording::tab(other)),
        ),
    };
    let (title, everything) = match (query.search.as_str(), query.tab) {
        ("", Tab::Active) => (escaped(t!("No active invites")), String::new()),
        ("", Tab::Ended) => (escaped(t!("No invite has ended")), String::new()),
        (search, tab) => {
            let all = InviteQuery { tab, sort: query.sort, ..InviteQuery::default() };
            (wording::no_match(&format!("<bdi>{}</bdi>", escaped(search))), link(all, t!("Show all")))
        }
    };
    format!(r#"<div class="card empty"><b>{title}</b>{there}{everything}</div>"#)
}
