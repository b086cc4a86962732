//! One of a member's own invites in a list, as HTML.

use super::{Shape, avatar::room_html, day, drawing, escaped, marked};
use crate::{InviteCard, InviteState, Limits, Works, t, tn, utc_text, wording};

/// How many pictures of rooms a row shows.
const PICTURES: usize = 3;

/// The row. `choose` is the name of the box that chooses the invite, with whether it is ticked, `page` the address of the invite's
/// page, `link` what is shared, and `now` is in milliseconds since the epoch.
pub(crate) fn row(card: &InviteCard, choose: (&str, bool), page: &str, link: &str, now: i64) -> String {
    let InviteCard { invite, rooms, .. } = card;
    let name = card.title();
    let (title, code) = (escaped(&name), escaped(&invite.code));
    let (choose, ticked) = (choose.0, if choose.1 { " checked" } else { "" });
    let (page, select) = (escaped(page), escaped(&t!("Select {title}", title = name)));
    let about = match invite.terms.name() {
        Some(_) => escaped(&wording::leads_into(rooms, invite.terms.chat)),
        // Several may be called by the same rooms.
        None => format!(r#"<code class="font-mono">{code}</code>"#),
    };
    [
        format!(
            r#"<li class="inv"><input class="checkbox checkbox-primary" type="checkbox" name="{choose}" value="{code}" aria-label="{select}"{ticked}>"#
        ),
        pictures(card),
        format!(
            r#"<div class="head"><a class="t" href="{page}" dir="auto">{title}</a>{}<p class="hint" dir="auto">{about}</p></div>"#,
            badges(card, now)
        ),
        taken(card, now),
        share(&name, &page, &escaped(link), invite.came > 0),
        "</li>".to_owned(),
    ]
    .concat()
}

/// Some of the rooms, and how many more there are.
fn pictures(card: &InviteCard) -> String {
    let shown: String = card.rooms.iter().take(PICTURES).map(|room| room_html(room, "s-xs")).collect();
    let more = match card.rooms.len().saturating_sub(PICTURES) {
        0 => String::new(),
        more => format!(r#"<span class="more-n">+{more}</span>"#),
    };
    format!(r#"<span class="stackrow" aria-hidden="true">{shown}{more}</span>"#)
}

/// What is out of the ordinary.
fn badges(card: &InviteCard, now: i64) -> String {
    let state = match (card.state, card.invite.terms.limits.not_before) {
        (InviteState::Open, _) => None,
        (InviteState::NotYet, Some(begin)) => Some(("", on(t!("Starts {day}"), begin, now))),
        (state @ (InviteState::PausedByAdmin | InviteState::AllPaused), _) => {
            Some((" badge-warning", escaped(wording::state(state))))
        }
        (state, _) => Some(("", escaped(wording::state(state)))),
    };
    let works = match card.works {
        Works::Fully | Works::Unknown => None,
        Works::Partly(shut) => {
            Some((" badge-warning", escaped(&tn!(shut, "{n} room unavailable", "{n} rooms unavailable"))))
        }
        Works::Not => Some((" badge-error", escaped(t!("Not working")))),
    };
    let badge = |(class, text): (&str, String)| format!(r#" <span class="badge{class}">{text}</span>"#);
    state.into_iter().chain(works).map(badge).collect()
}

/// How many have joined, of how many, and until when others can.
fn taken(card: &InviteCard, now: i64) -> String {
    let Limits { expires_at, max_uses, .. } = card.invite.terms.limits;
    let end = match expires_at {
        None => escaped(t!("no end")),
        Some(end) if end > now => on(t!("until {day}"), end, now),
        Some(end) => on(t!("ended {day}"), end, now),
    };
    // Where places are limited, those that are being taken count as well.
    let (joined, bar) = match max_uses {
        None => (tn!(card.invite.came, "{bold}{n}{end} joined", "{bold}{n}{end} joined"), String::new()),
        Some(most) => {
            let taken = card.invite.uses;
            // The text beside it says the same.
            let shown = taken.min(most);
            let joined = tn!(taken, "{bold}{n}{end} of {most} joined", "{bold}{n}{end} of {most} joined", most);
            (joined, format!(r#"<progress class="places" max="{most}" value="{shown}" aria-hidden="true"></progress>"#))
        }
    };
    let joined = marked(&joined, &[("bold", "<b>"), ("end", "</b>")]);
    format!(r#"<div class="pl"><p>{joined}</p><p class="text-muted">{end}</p>{bar}</div>"#)
}

/// A text with a day, as HTML: a script turns it into the visitor's ([`super::local_days`]).
fn on(text: &str, at: i64, now: i64) -> String {
    let day = format!(r#"<time datetime="{}Z" data-day>{}</time>"#, utc_text(at), escaped(&day(at, now)));
    marked(text, &[("day", &day)])
}

/// What copies the link, and what unfolds it with its QR code. All texts but the title are HTML; `came` says whether anybody has
/// joined.
fn share(title: &str, page: &str, link: &str, came: bool) -> String {
    let (copy, qr, print) = (drawing(Shape::Copy), drawing(Shape::Qr), drawing(Shape::Print));
    let table = match came {
        true => format!(
            r#"<a class="btn btn-sm btn-plain" href="{page}/joined.csv" rel="external">{}{}</a>"#,
            drawing(Shape::Download),
            escaped(t!("Who joined (CSV)"))
        ),
        false => String::new(),
    };
    let (label, of) = (escaped(wording::copy()), escaped(&t!("after “Copy”" => "the link of {title}", title)));
    let (unfold, alt) = (escaped(&t!("QR code and link of {title}", title)), escaped(t!("QR code of the link")));
    let cards = escaped(t!("Print cards"));
    format!(
        r#"<div class="acts"><button class="btn btn-sm hidden scripted:inline-flex" type="button" data-copy="{link}">{copy}<span aria-live="polite">{label}</span><span class="sr-only"> {of}</span></button><details class="dropdown dropdown-end"><summary class="btn btn-sm">{qr}<span class="max-sm:hidden" aria-hidden="true">QR</span><span class="sr-only">{unfold}</span></summary><div class="dropdown-content card z-10 mt-2 grid w-64 justify-items-center gap-3"><img class="size-48 rounded-field bg-white" src="{page}/qr.svg" alt="{alt}" width="192" height="192" loading="lazy"><code class="font-mono text-sm wrap-anywhere select-all">{link}</code><a class="btn btn-sm btn-plain" href="{page}/print" rel="external">{print}{cards}</a>{table}</div></details></div>"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Invite, Room, Terms};

    fn card(label: &str, limits: Limits, uses: u32, state: InviteState) -> InviteCard {
        let room = Room { id: "!a:x".into(), name: Some("<b>".into()), ..Room::default() };
        let terms = Terms { label: Some(label.to_owned()), limits, ..Terms::default() };
        let invite = Invite {
            code: "a\"b".to_owned(),
            owner: "@anna:x".to_owned(),
            terms,
            came: uses,
            last_came: None,
            created_at: 0,
            uses,
            paused: false,
            held: false,
        };
        InviteCard { invite, rooms: vec![room; 5], works: Works::Fully, state }
    }

    #[test]
    fn nothing_that_somebody_wrote_is_markup_in_a_row() {
        let card = card("</title><script>\"", Limits::default(), 0, InviteState::Open);
        let html = row(&card, ("codes[]", false), "/invites/a%22b", "https://x/i/a%22b", 0);
        assert!(html.contains("value=\"a&quot;b\"") && html.contains("&lt;/title&gt;&lt;script&gt;&quot;"), "{html}");
        assert!(!html.contains("<script") && !html.contains("<b>,"), "{html}");
        assert!(html.contains("<span class=\"more-n\">+2</span>"), "{html}");
    }

    #[test]
    fn places_are_a_bar_and_words_and_only_exceptions_have_a_badge() {
        let limits = Limits { max_uses: Some(5), expires_at: Some(1000), not_before: None };
        let full = card("Party", limits, 7, InviteState::UsedUp);
        let text = taken(&full, 2000);
        assert!(text.contains("<b>7</b> of 5 joined") && text.contains(r#"max="5" value="5""#), "{text}");
        assert!(text.contains("ended <time"), "{text}");
        assert!(badges(&full, 2000).contains(">Full<"));
        let open = card("Party", Limits::default(), 3, InviteState::Open);
        let text = taken(&open, 0);
        assert!(text.contains("<b>3</b> joined") && text.contains("no end") && !text.contains("<progress"), "{text}");
        assert_eq!(badges(&open, 0), "");
    }
}
