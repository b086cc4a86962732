//! Numbers and times in words.

use time::{Date, OffsetDateTime};

use crate::{utc_text, wording::count};

/// Escapes a text for HTML ("Escaping a string"), for places where Leptos does not: the title, text areas, and
/// `inner_html`.
pub(crate) fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            _ => html.push(c),
        }
    }
    html
}

/// How long before `now` something happened, both in milliseconds since the epoch; a date if that is long ago.
pub(crate) fn ago(then: i64, now: i64) -> String {
    let minutes = (now - then) / 60_000;
    let whole = |number: i64, one| count(u32::try_from(number).unwrap_or_default(), one) + " ago";
    match minutes {
        ..1 => "just now".to_owned(),
        1..60 => whole(minutes, "minute"),
        60..1440 => whole(minutes / 60, "hour"),
        1440..43_200 => whole(minutes / 1440, "day"),
        _ => date(then),
    }
}

/// A time, as `3 May 2026, 14:05 UTC`.
pub(crate) fn moment(millis: i64) -> String {
    let text = utc_text(millis);
    format!("{}, {} UTC", date(millis), text.split('T').nth(1).unwrap_or_default())
}

/// A day, as `3 May 2026` (UTC).
pub(crate) fn date(millis: i64) -> String {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let day = OffsetDateTime::from_unix_timestamp(millis.div_euclid(1000)).map(OffsetDateTime::date);
    let Ok((year, month, day)) = day.map(Date::to_calendar_date) else { return String::new() };
    let month = MONTHS.get(usize::from(u8::from(month)) - 1).copied().unwrap_or_default();
    format!("{day} {month} {year}")
}

/// A day, as `3 May` or, if that is in another year than `now`, `3 May 2026` (UTC).
pub(crate) fn day(millis: i64, now: i64) -> String {
    let (day, today) = (date(millis), date(now));
    let (Some((short, year)), Some((_, this))) = (day.rsplit_once(' '), today.rsplit_once(' ')) else { return day };
    if year == this { short.to_owned() } else { day }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_is_taken_for_markup() {
        let text = "</title><script>&lt;\u{202e}\"'";
        assert_eq!(escaped(text), "&lt;/title&gt;&lt;script&gt;&amp;lt;\u{202e}&quot;'");
    }

    #[test]
    fn times_are_told_as_people_say_them() {
        let now = 1_795_000_000_000;
        let minute = 60_000;
        for (before, words) in [
            (-5, "just now"),
            (0, "just now"),
            (minute, "1 minute ago"),
            (59 * minute, "59 minutes ago"),
            (60 * minute, "1 hour ago"),
            (47 * 60 * minute, "1 day ago"),
            (29 * 1440 * minute, "29 days ago"),
        ] {
            assert_eq!(ago(now - before, now), words);
        }
        assert_eq!(moment(1_709_164_800_000 + 61_000), "29 Feb 2024, 00:01 UTC");
        for (millis, day) in [
            (0, "1 Jan 1970"),
            (951_782_400_000, "29 Feb 2000"),
            (1_709_164_800_000, "29 Feb 2024"),
            (1_735_689_599_000, "31 Dec 2024"),
            (1_795_000_000_000, "18 Nov 2026"),
        ] {
            assert_eq!(date(millis), day);
        }
        let may = 1_777_800_000_000;
        assert_eq!((day(may, now), day(may, may - 1440 * 300 * minute)), ("3 May".to_owned(), "3 May 2026".to_owned()));
    }
}
