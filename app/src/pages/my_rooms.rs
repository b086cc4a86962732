//! The rooms that the person administers, and the invites that lead into them.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::{
    Block, Fragment, KnownInvite, LookedAfter, OwnInvite, Posted, RoomInvite, RoomInvites, RoomsQuery, invite_path,
    rpc, segment, t, tn,
    ui::{
        Drawn, FormProblem, ago, at, escaped, form, function, heading, hidden, link, load, marked, nothing, pages,
        person_html, queries, reason_field, room_html, search_field, sending, show, state_badge, submit, value_of,
        written,
    },
    view, wording,
};

/// The title, and what the page is for.
fn head() -> String {
    let about = t!(
        "Invites that lead into rooms where you’re an admin. Block one and it brings no more people in; its owner is told. Whoever joined before stays."
    );
    heading(t!("Rooms you manage"), about)
}

#[component]
pub(crate) fn MyRooms() -> impl IntoView {
    let parameters = queries();
    let rooms = load(move || {
        let query = parameters.with(|all| RoomsQuery::of(|name| value_of(all, name)));
        rpc::GetLookedAfter { query }
    });
    let block = sending::<rpc::Block>();
    view! {
        <Title text=t!("Rooms you manage") />
        <section class="grid gap-6 py-4 sm:py-8">
            <FormProblem sending=block at_fields=true />
            {show(rooms, |fragment| view! { <Drawn fragment /> })}
        </section>
    }
}

/// The rooms that somebody administers, for those who asked for them; `posted` is a decision that was refused.
pub fn draw_my_rooms(query: &RoomsQuery, seen: &LookedAfter, posted: Option<&Posted>) -> Fragment {
    let LookedAfter { rooms, before, matching, next, quiet, now } = seen;
    if *matching == 0 && *quiet == 0 && query.search.is_empty() && query.room.is_empty() {
        let words = t!(
            "You don’t manage any rooms yet. Once you’re an admin of a room, in any Matrix app, the invites that lead into it appear here, whoever created them."
        );
        return Fragment { html: head() + &nothing(words) };
    }
    let is_one = !query.room.is_empty();
    let posted = posted.filter(|posted| posted.function == function::<rpc::Block>());
    let drawn: String =
        rooms.iter().map(|room| one_room(room, is_one, is_one || rooms.len() == 1, posted, *now)).collect();
    let list = match drawn.is_empty() {
        true => nothing(&none(query, *quiet)),
        false => format!(r#"<div class="list">{drawn}</div>"#),
    };
    let search = match is_one {
        true => link("btn-plain w-fit", "?", t!("All rooms")),
        false => format!(
            r#"<form method="get" role="search" class="flex gap-2">{}<button class="btn" type="submit">{}</button></form>"#,
            search_field(t!("Room"), &query.search),
            escaped(t!("Search"))
        ),
    };
    let first = (*before > 0).then(|| format!("?q={}", segment(&query.search)));
    let next = next.as_ref().map(|after| {
        let address = format!("?q={}&after={}", segment(&query.search), segment(after));
        (address, t!("More rooms"))
    });
    let status = status(query, seen);
    let html = [head(), search, status, list, pages(first.as_deref(), next)].concat();
    Fragment { html }
}

/// Why there is nothing to see.
fn none(query: &RoomsQuery, quiet: u32) -> String {
    match quiet {
        0 => t!("No room found among those that you manage.").to_owned(),
        1 if !query.search.is_empty() => t!("The room you’re looking for has no invites.").to_owned(),
        _ => tn!(quiet, "The room you manage has no invites.", "The {n} rooms you manage have no invites."),
    }
}

/// How many rooms are shown, and what of the others.
fn status(query: &RoomsQuery, seen: &LookedAfter) -> String {
    if seen.rooms.is_empty() || !query.room.is_empty() {
        return String::new();
    }
    let shown = u32::try_from(seen.rooms.len()).unwrap_or(u32::MAX);
    let text = match shown == seen.matching {
        true => tn!(shown, "{n} room", "{n} rooms"),
        false => t!(
            "Rooms {first} to {last} of {all}",
            first = seen.before + 1,
            last = seen.before.saturating_add(shown),
            all = seen.matching
        ),
    };
    let text = match seen.quiet {
        0 => text,
        quiet => {
            let next = tn!(quiet, "rooms" => "{n} more has no invites", "{n} more have no invites");
            t!("{list}; {next}", list = text, next)
        }
    };
    format!(r#"<p class="hint" role="status">{}</p>"#, escaped(&text))
}

/// A room, by itself on the page if it `is_one`, and unfolded if it is `open` or something in it was refused.
fn one_room(seen: &RoomInvites, is_one: bool, open: bool, posted: Option<&Posted>, now: i64) -> String {
    let RoomInvites { room, members, all, blocked, invites, next } = seen;
    let people = match *members {
        1 => t!("only you").to_owned(),
        members => tn!(members, "{n} person", "{n} people"),
    };
    let about = if room.space { format!("{} · {people}", t!("Space")) } else { people };
    let number = match *all {
        RoomInvites::MOST.. => t!("{n} or more invites", n = all),
        all => tn!(all, "{n} invite", "{n} invites"),
    };
    let number = match *blocked {
        0 => number,
        blocked => {
            let next = tn!(blocked, "invites" => "{n} blocked", "{n} blocked");
            t!("{list}, {next}", list = number, next)
        }
    };
    let is_refused = posted.is_some_and(|posted| posted.field("room") == Some(room.id.as_str()));
    let open = if open || is_refused { " open" } else { "" };
    let rows: String = invites.iter().map(|invite| one_invite(invite, &room.id, posted, now)).collect();
    let address = format!("?room={}", segment(&room.id));
    let more = match next {
        Some(next) if is_one => link("btn-sm", &format!("{address}&before={next}"), t!("Older invites")),
        Some(_) => link("btn-sm", &address, t!("All invites of this room")),
        None => String::new(),
    };
    let more = if more.is_empty() { more } else { format!(r#"<p class="p-3">{more}</p>"#) };
    let column = |name: &str| format!(r#"<th scope="col">{}</th>"#, escaped(name));
    let columns = [t!("column" => "Owner"), t!("column" => "Invite"), t!("column" => "Joined"), t!("column" => "Ends")];
    let columns: String = columns.into_iter().map(column).collect();
    format!(
        r#"<details class="fold mroom"{open}><summary>{}<span class="min-w-0"><span class="block font-display text-lg wrap-anywhere" dir="auto">{}</span><span class="hint block font-normal">{}</span></span><span class="num text-sm font-normal">{}</span></summary><div><table class="cards"><thead><tr>{columns}<th scope="col"><span class="sr-only">{}</span></th></tr></thead><tbody>{rows}</tbody></table>{more}</div></details>"#,
        room_html(room, "s-sm"),
        escaped(wording::room(room)),
        escaped(&about),
        escaped(&number),
        escaped(t!("column" => "Action")),
    )
}

/// The id of the row of an invite in a room.
fn row_id(room: &str, number: i64) -> String {
    let room: String = room.chars().filter(char::is_ascii_alphanumeric).collect();
    format!("invite-{number}-{room}")
}

fn one_invite(seen: &RoomInvite, room: &str, posted: Option<&Posted>, now: i64) -> String {
    let RoomInvite { invite, block, own } = seen;
    let KnownInvite { number, owner, created_at, limits, state, came } = invite;
    let id = row_id(room, *number);
    let own_title = own.as_ref().map(|OwnInvite { code, label, rooms }| {
        // Next to this page, wherever that is.
        let address = escaped(invite_path(code).trim_start_matches('/'));
        (address, wording::invite_title(label.as_deref(), code, rooms))
    });
    let title = match &own_title {
        Some((address, title)) => {
            let class = "link font-semibold wrap-anywhere";
            format!(r#"<a class="{class}" href="{address}" dir="auto">{}</a>"#, escaped(title))
        }
        None => escaped(&t!("Invite {number}, created {ago}", number, ago = ago(*created_at, now))),
    };
    let blocked = match block {
        Some(_) => format!(r#"<span class="badge badge-error">{}</span>"#, escaped(t!("an invite" => "Blocked"))),
        None => String::new(),
    };
    let ends = limits.expires_at.map_or_else(|| escaped(t!("Never")), at);
    let you = if own.is_some() { format!(" {}", escaped(t!("(you)"))) } else { String::new() };
    let own_title = own_title.as_ref().map(|(_, title)| title.as_str());
    format!(
        r#"<tr id="{id}"><td><span class="flex min-w-0 items-center gap-2">{}<span class="min-w-0"><b class="wrap-anywhere" dir="auto">{}</b>{you}<span class="hint block wrap-anywhere">{}</span></span></span></td><td><span class="flex flex-wrap items-center gap-2">{title} {blocked} {}</span>{}</td><td class="num" data-label="{}">{came}</td><td data-label="{}">{ends}</td><td>{}</td></tr>"#,
        person_html(owner, "s-xs"),
        escaped(owner.name()),
        escaped(&owner.user_id),
        state_badge(*state),
        block.as_ref().map(|block| blocked_by(block, now)).unwrap_or_default(),
        escaped(t!("column" => "Joined")),
        escaped(t!("column" => "Ends")),
        decision(room, invite, own_title, block.is_some(), posted),
    )
}

fn blocked_by(block: &Block, now: i64) -> String {
    let Block { by, at, reason } = block;
    let (by, since) = (written(by.name()), escaped(&ago(*at, now)));
    let text = if reason.is_some() { t!("by {by}, {ago}: “{reason}”") } else { t!("by {by}, {ago}") };
    let reason = reason.as_deref().map(written).unwrap_or_default();
    let words = marked(text, &[("by", &by), ("ago", &since), ("reason", &reason)]);
    format!(r#"<span class="hint block">{words}</span>"#)
}

/// The form that blocks an invite in a room, or unblocks it; `title` is what one's own is called.
fn decision(room: &str, invite: &KnownInvite, title: Option<&str>, blocked: bool, posted: Option<&Posted>) -> String {
    let KnownInvite { number, owner, .. } = invite;
    let (id, name) = (row_id(room, *number), owner.name());
    let this = [("room", room.to_owned()), ("invite", number.to_string())];
    let posted = posted.filter(|posted| this.iter().all(|(name, value)| posted.field(name) == Some(value.as_str())));
    let fields: String = this.iter().map(|(name, value)| hidden(name, value)).collect();
    let fields = fields + &hidden("blocked", if blocked { "false" } else { "true" });
    if blocked {
        let label = match title {
            Some(title) => t!("Unblock {title}", title),
            None => t!("Unblock invite {number} of {name}", number, name),
        };
        let fields = fields + &submit("btn-sm", t!("an invite" => "Unblock"), &label);
        return form(function::<rpc::Block>(), &id, "", &fields);
    }
    let (label, why) = match title {
        Some(title) => (t!("Block {title}", title), t!("Why {title} is blocked", title)),
        None => (
            t!("Block invite {number} of {name}", number, name),
            t!("Why invite {number} of {name} is blocked", number, name),
        ),
    };
    let block = t!("an invite" => "Block");
    let reason = reason_field(&why, t!("Its owner sees it"), &format!("{id}-why"), posted);
    let fields = fields + &reason + &submit("btn-sm btn-error", block, &label);
    let open = if posted.is_some() { " open" } else { "" };
    format!(
        r#"<details{open}><summary class="btn btn-sm btn-plain" aria-label="{}…">{}…</summary>{}</details>"#,
        escaped(&label),
        escaped(block),
        form(function::<rpc::Block>(), &id, "mt-2 grid gap-2 text-start", &fields)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{InviteState, Limits, Person, Room};

    const TEXT: &str = "\"></b><script>";

    fn room(name: &str) -> Room {
        Room { id: "!kitchen:x".to_owned(), name: Some(name.to_owned()), ..Room::default() }
    }

    fn invite(own: Option<OwnInvite>, block: Option<Block>) -> RoomInvite {
        let owner = Person { user_id: "@ben:x".to_owned(), display_name: Some(TEXT.to_owned()), avatar_url: None };
        let (limits, state) = (Limits::default(), InviteState::Paused);
        RoomInvite { invite: KnownInvite { number: 7, owner, created_at: 0, limits, state, came: 3 }, block, own }
    }

    fn seen(invites: Vec<RoomInvite>, next: Option<i64>) -> LookedAfter {
        let room = RoomInvites { room: room(TEXT), members: 2, all: 100, blocked: 1, invites, next };
        LookedAfter { rooms: vec![room], before: 20, matching: 30, next: Some("!a:x".to_owned()), quiet: 2, now: 0 }
    }

    #[test]
    fn nothing_that_somebody_wrote_is_markup() {
        let by = Person { user_id: "@anna:x".to_owned(), display_name: Some(TEXT.to_owned()), avatar_url: None };
        let block = Block { by, at: 0, reason: Some(TEXT.to_owned()) };
        let own = OwnInvite { code: TEXT.to_owned(), label: Some(TEXT.to_owned()), rooms: vec![room(TEXT)] };
        let query = RoomsQuery { search: TEXT.to_owned(), ..RoomsQuery::default() };
        let seen = seen(vec![invite(Some(own), Some(block)), invite(None, None)], Some(7));
        let html = draw_my_rooms(&query, &seen, None).html;
        assert!(!html.contains("<script"), "{html}");
        for part in ["100 or more invites, 1 blocked", "Rooms 21 to 21 of 30; 2 more have no invites", "More rooms"] {
            assert!(html.contains(part), "{part}: {html}");
        }
    }

    #[test]
    fn an_own_invite_is_named_and_linked_and_others_are_not() {
        let own = OwnInvite { code: "Party".to_owned(), label: None, rooms: vec![room("Kitchen")] };
        let html = draw_my_rooms(&RoomsQuery::default(), &seen(vec![invite(Some(own), None)], None), None).html;
        assert!(html.contains(r#"href="invites/Party" dir="auto">Kitchen</a>"#), "{html}");
        let html = draw_my_rooms(&RoomsQuery::default(), &seen(vec![invite(None, None)], None), None).html;
        assert!(html.contains("Invite 7, created") && !html.contains("invites/"), "{html}");
    }

    #[test]
    fn what_was_refused_is_unfolded_with_what_was_typed() {
        let error = crate::Error::TooFast { retry_after: 5 }.into();
        let fields = [("room", "!kitchen:x"), ("invite", "7"), ("reason", "Ask me first.")];
        let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let posted = Posted::new("block".to_owned(), error, fields);
        let seen = seen(vec![invite(None, None)], None);
        let html = draw_my_rooms(&RoomsQuery::default(), &seen, Some(&posted)).html;
        assert!(html.contains(r#"class="fold mroom" open"#) && html.contains(r#"value="Ask me first.""#), "{html}");
    }

    #[test]
    fn somebody_without_rooms_is_told_what_this_is_and_what_to_do() {
        let seen = LookedAfter { rooms: Vec::new(), before: 0, matching: 0, next: None, quiet: 0, now: 0 };
        let html = draw_my_rooms(&RoomsQuery::default(), &seen, None).html;
        assert_eq!(html.matches("<h1>").count(), 1);
        assert!(html.contains("You don’t manage any rooms yet. Once"), "{html}");
    }
}
