//! An invite on paper: a card, in whose doorway the QR code stands. As HTML, which the server alone makes.

use std::fmt::Write;

use super::{
    House,
    avatar::inside,
    escaped,
    house::{Place, door},
    mark::DRAWING,
    text::date,
};
use crate::{Landing, Paper, QrCode, t, wording};

/// How many doors stand beside the doorway.
const BESIDE: usize = 4;

/// How high the place is for what there is to read, in tenths of the units of `style/print.css`.
const HEAD: usize = 370;

/// How much of that a welcome has at least, in place of the names of rooms.
const CROWDED: usize = 80;

/// The longest address that is written in large letters.
const SHORT_ADDRESS: usize = 46;

/// A sheet with its cards, which tell as much as a stranger sees of the invite's page. `mark` is whether the code has the mark in its middle.
pub(crate) fn sheet(landing: &Landing, address: &str, paper: Paper, code: &QrCode, mark: bool) -> String {
    let house = House::of(String::new(), landing);
    let places = house.places(&house.ahead, false);
    let (hue, head, foot) = (house.hue(), head(&house, paper), foot(landing, address));
    let card = |hidden: &str, code: &str| {
        let street = street(&places, code);
        format!(r#"<article class="print-card {hue}"{hidden}>{head}{street}{foot}</article>"#)
    };
    let first = card("", &drawing(code, mark));
    // Nobody has to hear the same eight times.
    let others = card(r#" aria-hidden="true""#, &same_drawing(code)).repeat(paper.cards() - 1);
    format!(r#"<div class="sheet {}">{first}{others}</div>"#, paper.key())
}

/// Who invites, to what, and what they say.
fn head(house: &House, paper: Paper) -> String {
    let host = house.inviter.name();
    let (by, title, leads_to) = match &house.name {
        Some(name) => {
            // Rooms without a space are what it is called by, unless it has a title: they are in its name.
            let apart = house.space.is_some() || house.title().is_some();
            let leads_to = if apart { house.all() } else { house.what.clone() };
            let by = wording::who_invites(&format!("<bdi>{}</bdi>", escaped(host)));
            (format!(r#"<p class="by">{by}</p>"#), name.as_str(), leads_to)
        }
        None => (String::new(), host, wording::invites_you_to(&house.what)),
    };
    // Its class, and how many letters a line of it has, how high that is, and how many it may have.
    let (size, letters, high, most) = match title.chars().count() {
        ..=14 => ("", 21, 113, 2),
        15..=36 => ("long", 29, 84, 2),
        _ => ("longer", 42, 58, 3),
    };
    let lines = |text: &str, letters: usize| text.chars().count().div_ceil(letters);
    let above = if by.is_empty() { 0 } else { 50 * lines(&wording::who_invites(host), 42).min(2) };
    let above = above + high * lines(title, letters).min(most);
    let left = |leads_to: &str| HEAD.saturating_sub(above + 46 * lines(leads_to, 50).min(2));
    // Names of rooms are rather left out than what somebody says.
    let crowded = house.name.is_some() && house.welcome.is_some() && left(&leads_to) < CROWDED;
    let leads_to = if crowded { house.what.clone() } else { leads_to };
    let welcome = house.welcome.as_deref().and_then(|welcome| fitted(welcome, paper, left(&leads_to)));
    let welcome = welcome.map(|(size, text)| format!(r#"<p class="says {size}" dir="auto">{}</p>"#, escaped(&text)));
    format!(
        r#"<div class="words">{by}<h2 class="{size}" dir="auto">{}</h2><p class="where" dir="auto">{}</p>{}</div>"#,
        escaped(title),
        escaped(&leads_to),
        welcome.unwrap_or_default()
    )
}

/// A welcome as it stands in the room that is left: the class of its size, and the text, cut where even the smallest is too large; nothing if
/// there is no room. Letters are not measured here: what is left out because some are wide is left out by whole lines (`style/print.css`).
fn fitted(text: &str, paper: Paper, room: usize) -> Option<(&'static str, String)> {
    let sizes: &[(&'static str, usize)] = match paper {
        // Smaller letters could not be read on A7.
        Paper::Eight => &[("", 39)],
        Paper::Card | Paper::Four => &[("", 39), ("small", 30)],
        Paper::Poster => &[("", 39), ("small", 30), ("tiny", 16)],
    };
    let mut cut = ("", 0);
    for &(class, size) in sizes {
        // A line is 1.3 times as high as its letters, which are half as wide as high.
        match overflow(text, room * 10 / (size * 13), 1750 / size) {
            None => return Some((class, text.to_owned())),
            Some(end) => cut = (class, end),
        }
    }
    let (class, end) = cut;
    let (text, rest) = text.split_at(end);
    // Between two words, unless the last one has no end.
    let torn = !rest.starts_with(char::is_whitespace);
    let words = text.rsplit_once(char::is_whitespace).filter(|(words, _)| torn && words.len() > text.len() / 2);
    let text = words.map_or(text, |(words, _)| words).trim_end();
    (!text.is_empty()).then(|| (class, format!("{text}…")))
}

/// Where a text goes on that does not stand in so many lines of so many letters.
fn overflow(text: &str, lines: usize, letters: usize) -> Option<usize> {
    let (mut line, mut letter) = (1, 0);
    for (at, c) in text.char_indices() {
        if c == '\n' || letter == letters {
            (line, letter) = (line + 1, 0);
        }
        if line > lines {
            return Some(at);
        }
        letter += usize::from(c != '\n');
    }
    None
}

/// The doorway with the code, and some of the doors on either side of it.
fn street(places: &[Place], code: &str) -> String {
    let shown = if places.len() > BESIDE { BESIDE - 1 } else { places.len() };
    let mut doors: Vec<String> = places[..shown].iter().map(beside).collect();
    if shown < places.len() {
        let more = door("", &format!("+{}", places.len() - shown), "");
        doors.push(format!(r#"<span class="door n">{more}</span>"#));
    }
    let after = doors.split_off(doors.len().div_ceil(2)).concat();
    let before = doors.concat();
    format!(
        r#"<div class="street">{before}<div class="doorway"><span class="fanlight"></span>{code}</div>{after}</div>"#
    )
}

/// A door. It has a letter even where there is a picture: paper waits for none.
fn beside(place: &Place) -> String {
    let name = place.room.as_ref().and_then(|room| room.name.as_deref()).unwrap_or_default();
    let leaf = if place.host.is_some() { " chat" } else { "" };
    format!(r#"<span class="{}">{}</span>"#, place.class(), door(leaf, &inside(None, name), ""))
}

/// What to do with it, where it leads, and until when.
fn foot(landing: &Landing, address: &str) -> String {
    let shown = address.strip_prefix("https://").or(address.strip_prefix("http://")).unwrap_or(address);
    let size = if shown.len() > SHORT_ADDRESS { "long" } else { "" };
    // What ends at midnight can be used until the day before.
    let last_day = landing.expires_at.map(|end| date(end - 1));
    format!(
        r#"<div class="foot"><p class="call">{}</p><p class="address {size}"><bdi dir="ltr">{}</bdi></p><p>{}</p></div>"#,
        escaped(wording::scan()),
        escaped(shown),
        escaped(&wording::free_until(last_day.as_deref()))
    )
}

/// The code in black on white, whatever is around it.
fn drawing(code: &QrCode, mark: bool) -> String {
    let (side, dark, label) = (code.side(), dark(code), escaped(t!("QR code of the link")));
    let mark = if mark { in_the_middle(code) } else { String::new() };
    format!(
        r##"<svg class="code" viewBox="0 0 {side} {side}" role="img" aria-label="{label}"><g id="code"><path fill="#fff" d="M0 0h{side}v{side}H0z"/><path fill="#000" d="{dark}"/>{mark}</g></svg>"##
    )
}

/// The same once more.
fn same_drawing(code: &QrCode) -> String {
    let side = code.side();
    format!(r##"<svg class="code" viewBox="0 0 {side} {side}"><use href="#code"/></svg>"##)
}

/// The dark modules as one path, neighbours in one piece: no hair of white is printed between them.
fn dark(code: &QrCode) -> String {
    let mut path = String::new();
    for (row, modules) in code.dark.chunks(code.modules.max(1)).enumerate() {
        let mut column = 0;
        for run in modules.chunk_by(|one, next| one == next) {
            let (x, y, length) = (column + QrCode::QUIET, row + QrCode::QUIET, run.len());
            if run.first() == Some(&true) {
                write!(path, "M{x} {y}h{length}v1h-{length}z").ok();
            }
            column += length;
        }
    }
    path
}

/// The mark in place of whole modules: a fifth of a side, which is 5 % of them. The highest level of correction makes up for many times that.
fn in_the_middle(code: &QrCode) -> String {
    // Odd, as their number is.
    let side = (code.modules / 5) | 1;
    let (at, inner) = (QrCode::QUIET + code.modules.saturating_sub(side) / 2, side - 1);
    format!(
        r##"<path fill="#fff" d="M{at} {at}h{side}v{side}h-{side}z"/><svg x="{at}.5" y="{at}.5" width="{inner}" height="{inner}" viewBox="0 0 32 32" shape-rendering="geometricPrecision">{DRAWING}</svg>"##
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dark_modules_are_drawn_in_runs_within_their_white_space() {
        let rows = ["##.", "...", "#.#"];
        let dark = rows.iter().flat_map(|row| row.chars().map(|c| c == '#')).collect();
        let code = QrCode { modules: 3, dark };
        assert_eq!(super::dark(&code), "M4 4h2v1h-2zM4 6h1v1h-1zM6 6h1v1h-1z");
        assert!(drawing(&code, false).contains(r#"viewBox="0 0 11 11""#));
    }

    #[test]
    fn the_mark_covers_whole_modules_in_the_middle() {
        // Of versions 3, 6 and 7.
        for (modules, at, side) in [(29, 16, 5), (41, 20, 9), (45, 22, 9)] {
            let mark = in_the_middle(&QrCode { modules, dark: Vec::new() });
            assert!(mark.contains(&format!("d=\"M{at} {at}h{side}v{side}h-{side}z\"")), "{mark}");
            assert_eq!(2 * (at - QrCode::QUIET) + side, modules);
        }
    }

    #[test]
    fn a_welcome_is_smaller_the_longer_it_is_and_then_cut_between_words() {
        let words = |number: usize| "word ".repeat(number).trim_end().to_owned();
        let fitted = |text: &str, paper| super::fitted(text, paper, 150).unwrap_or_default();
        let size = |number, paper| fitted(&words(number), paper).0;
        assert_eq!([15, 30, 100].map(|number| size(number, Paper::Card)), ["", "small", "small"]);
        assert_eq!([15, 30, 100].map(|number| size(number, Paper::Poster)), ["", "small", "tiny"]);
        assert_eq!(fitted(&words(15), Paper::Eight).1, words(15));
        // Two lines of 44 letters, and three of 58.
        assert_eq!(fitted(&words(100), Paper::Eight).1, words(17) + "…");
        assert_eq!(fitted(&words(100), Paper::Card).1, words(35) + "…");
        assert_eq!(fitted(&"長".repeat(300), Paper::Eight).1, "長".repeat(88) + "…");
        assert_eq!(fitted("a\nb\nc\nd", Paper::Card).1, "a\nb\nc…");
        assert_eq!(super::fitted("Hello!", Paper::Card, 30), None);
    }
}
