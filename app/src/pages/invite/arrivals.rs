//! Who joined with an invite, and what they are missing.

use crate::{
    Came, Guest, Invite, InviteDetail, MissedRoom, Room, invite_path, person_address, segment, t,
    ui::{Shape, ago, button, chart, drawing, escaped, href, marked, person_html},
    wording,
};

/// Numbers, bars and people, as HTML. `missing` says whether only those are listed who did not join everything, `older` whether there is a page of
/// newer ones.
pub(super) fn arrivals(detail: &InviteDetail, missing: bool, older: bool) -> String {
    let InviteDetail { card, came, people, now, .. } = detail;
    let (invite, path) = (&card.invite, invite_path(&card.invite.code));
    if came.begun == 0 {
        return format!(
            r#"<h2>{}</h2><p class="empty-box">{}</p>"#,
            escaped(t!("Who joined")),
            escaped(t!("Nobody yet. People who join will appear here."))
        );
    }
    let csv = button(
        "btn-sm btn-plain",
        &href(&format!("{path}/joined.csv")),
        "external",
        &(drawing(Shape::Download) + &escaped(t!("Download as CSV"))),
    );
    let all = invite.terms.rooms.len() + usize::from(invite.terms.chat);
    let guests: String = came.guests.iter().map(|guest| one(guest, all, people, *now)).collect();
    let guests = match guests.is_empty() {
        true if missing => format!(r#"<p class="empty-box">{}</p>"#, escaped(t!("Nobody is missing anything."))),
        true => String::new(),
        false => format!(r#"<ul class="list" role="list">{guests}</ul>"#),
    };
    format!(
        r#"<div class="flex flex-wrap items-center justify-between gap-3"><h2>{}</h2>{csv}</div><div class="grid gap-6 lg:grid-cols-2 lg:gap-12"><div class="grid content-start gap-4">{}{}</div><div class="grid content-start gap-4">{}{guests}{}</div></div>"#,
        escaped(t!("Who joined")),
        figures(invite, came),
        chart(&came.by_day, *now),
        filter(came, &path, missing),
        pages(came, &path, missing, older)
    )
}

/// How many joined, how many places are left, and who is missing.
fn figures(invite: &Invite, came: &Came) -> String {
    let most = invite.terms.limits.max_uses;
    let left = most.map(|most| most.saturating_sub(invite.uses));
    let outside = came.begun.saturating_sub(came.came);
    let figures = [
        (Some(came.came), t!("below a number of people" => "joined")),
        (left, t!("below a number" => "places left")),
        (Some(came.complete), t!("below a number of people" => "joined everything")),
        (Some(outside).filter(|outside| *outside > 0), t!("below a number of people" => "did not get in")),
    ];
    let figures = figures.into_iter().filter_map(|(number, what)| Some((number?, what)));
    let figures: Vec<String> =
        figures.map(|(number, what)| format!("<div><dt>{}</dt><dd>{number}</dd></div>", escaped(what))).collect();
    let figures = figures.concat();
    let bar = most.map(|most| {
        let (taken, label) = (invite.uses.min(most), escaped(&wording::places_taken(invite.uses, most)));
        format!(r#"<progress class="places" max="{most}" value="{taken}" aria-label="{label}"></progress>"#)
    });
    format!(r#"<dl class="figures">{figures}</dl>{}"#, bar.unwrap_or_default())
}

/// The choice between everybody and those who are missing something, where there are such people.
fn filter(came: &Came, path: &str, missing: bool) -> String {
    let lack = came.begun.saturating_sub(came.complete);
    if lack == 0 && !missing {
        return String::new();
    }
    let chip = |path: String, on: bool, text: String| {
        let current = if on { r#" aria-current="true""# } else { "" };
        format!(r#"<a class="chip" href="{}"{current}><span>{}</span></a>"#, escaped(&href(&path)), escaped(&text))
    };
    format!(
        r#"<div class="chips" role="group" aria-label="{}">{}{}</div>"#,
        escaped(t!("Filter")),
        chip(path.to_owned(), !missing, t!("people" => "All {n}", n = came.begun)),
        chip(format!("{path}?missing=1"), missing, t!("people" => "Some missing {n}", n = lack))
    )
}

/// One person: what is usual needs no words.
fn one(guest: &Guest, all: usize, people: &str, now: i64) -> String {
    let Guest { person, since, complete, joined, chat, missed, .. } = guest;
    let (name, id) = (escaped(person.name()), escaped(&person.user_id));
    let inside = joined.len() + usize::from(*chat);
    let all = all.max(inside + missed.len());
    let badge = (!complete).then(|| {
        let text = escaped(&wording::joined_of(inside, all));
        format!(r#" <span class="badge badge-warning badge-sm">{text}</span>"#)
    });
    let message = escaped(&t!("Message {name}", name = person.name()));
    let message = format!(r#"{}<span class="sr-only">{message}</span>"#, drawing(Shape::Chat));
    let address = person_address(people, &person.user_id);
    format!(
        r#"<li class="item flex-wrap">{}<span class="min-w-0 flex-1"><span class="font-medium wrap-anywhere" dir="auto">{name}</span>{}<span class="hint block wrap-anywhere"><bdi>{id}</bdi> · {}</span></span>{}{}</li>"#,
        person_html(person, "s-sm"),
        badge.unwrap_or_default(),
        escaped(&ago(*since, now)),
        button("btn-sm btn-plain btn-square", &address, "external noreferrer", &message),
        if *complete { String::new() } else { lacks(missed) }
    )
}

/// What somebody could not join, and what they were told.
fn lacks(missed: &[(Option<Room>, MissedRoom)]) -> String {
    if missed.is_empty() {
        return String::new();
    }
    let rows = missed.iter().map(|(room, missed)| {
        let room = room.as_ref().map_or(wording::chat_with_you(), wording::room);
        let room = format!(r#"<strong dir="auto">{}</strong>"#, escaped(room));
        let reason = escaped(&wording::reason(&missed.reason));
        let told = marked(t!("{room} · they were told: “{reason}”"), &[("room", &room), ("reason", &reason)]);
        format!("<li>{told}</li>")
    });
    let rows: String = rows.collect();
    let hidden = r#"<span class="sr-only">"#;
    let summary = marked(t!("What is missing{hidden} for them{end}"), &[("hidden", hidden), ("end", "</span>")]);
    format!(
        r#"<details class="basis-full text-sm"><summary class="link w-fit py-2">{summary}</summary><ul class="grid gap-2 pt-1 wrap-anywhere">{rows}</ul></details>"#
    )
}

/// Links to newer and older people.
fn pages(came: &Came, path: &str, missing: bool, older: bool) -> String {
    let link = |query: &str, rel: &str, text: &str| button("", &href(&format!("{path}{query}")), rel, &escaped(text));
    let (first, and) = if missing { ("?missing=1", "?missing=1&") } else { ("", "?") };
    let newest = if older { link(first, "", t!("people who joined" => "Newest")) } else { String::new() };
    let next = came
        .next
        .as_ref()
        .map(|next| link(&format!("{and}before={}", segment(next)), "next", t!("people who joined" => "Older")));
    format!(
        r#"<div role="navigation" class="flex gap-3 empty:hidden" aria-label="{}">{newest}{}</div>"#,
        escaped(t!("Pages")),
        next.unwrap_or_default()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Person, Reason};

    fn guest(name: &str, complete: bool) -> Guest {
        let room = |id: &str| Room { id: id.into(), name: Some("<i>Room".into()), ..Room::default() };
        let missed =
            MissedRoom { room: Some("!b:x".into()), reason: Reason::Said("\"no\" <b>".into()), code: "M".into() };
        Guest {
            person: Person { user_id: "@ben:x".into(), display_name: Some(name.into()), avatar_url: None },
            since: 0,
            came_at: Some(0),
            completed_at: None,
            complete,
            joined: vec![room("!a:x")],
            chat: false,
            missed: if complete { Vec::new() } else { vec![(Some(room("!b:x")), missed)] },
        }
    }

    #[test]
    fn only_an_exception_has_a_badge_and_nobody_s_words_are_markup() {
        let html = one(&guest("</ul><script>", true), 1, "https://matrix.to/#/", 60_000);
        assert!(!html.contains("badge") && !html.contains("<script") && !html.contains("<details"), "{html}");
        assert!(html.contains("href=\"https://matrix.to/#/@ben:x\"") && html.contains("1 minute ago"), "{html}");
        let html = one(&guest("Ben", false), 1, "https://matrix.to/#/", 0);
        assert!(html.contains("Joined 1 of 2") && html.contains("“&quot;no&quot; &lt;b&gt;”"), "{html}");
        assert!(html.contains("&lt;i&gt;Room") && !html.contains("<i>"), "{html}");
    }

    #[test]
    fn pages_and_the_filter_keep_each_other() {
        let came = Came {
            guests: Vec::new(),
            next: Some("5~@a:x".into()),
            begun: 9,
            came: 8,
            complete: 7,
            by_day: Vec::new(),
        };
        let html = pages(&came, "/invites/a", true, true);
        assert!(
            html.contains("/invites/a?missing=1&amp;before=5~") && html.contains("/invites/a?missing=1\""),
            "{html}"
        );
        assert!(filter(&came, "/invites/a", false).contains("Some missing 2"));
        assert_eq!(filter(&Came { complete: 9, ..came }, "/invites/a", false), "");
    }
}
