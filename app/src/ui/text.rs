//! Numbers and times in words.

use time::{Month, OffsetDateTime};

use crate::{t, tn, utc_text};

/// How long before `now` something happened, both in milliseconds since the epoch; a date if that is long ago.
pub(crate) fn ago(then: i64, now: i64) -> String {
    let minutes = (now - then) / 60_000;
    let whole = |number: i64| u32::try_from(number).unwrap_or_default();
    match minutes {
        ..1 => t!("just now").to_owned(),
        1..60 => tn!(whole(minutes), "{n} minute ago", "{n} minutes ago"),
        60..1440 => tn!(whole(minutes / 60), "{n} hour ago", "{n} hours ago"),
        1440..43_200 => tn!(whole(minutes / 1440), "{n} day ago", "{n} days ago"),
        _ => date(then),
    }
}

/// A time, as `3 May 2026, 14:05 UTC`.
pub(crate) fn moment(millis: i64) -> String {
    let text = utc_text(millis);
    t!("{date}, {time} UTC", date = date(millis), time = text.split('T').nth(1).unwrap_or_default())
}

/// A day, as `3 May 2026` (UTC).
pub(crate) fn date(millis: i64) -> String {
    let Some((year, month, day)) = calendar(millis) else { return String::new() };
    t!("{day} {month} {year}", day, month = month_name(month), year)
}

/// The year, the month and the day (UTC) of a time in milliseconds since the epoch.
fn calendar(millis: i64) -> Option<(i32, Month, u8)> {
    let at = OffsetDateTime::from_unix_timestamp(millis.div_euclid(1000)).ok()?;
    Some(at.date().to_calendar_date())
}

/// The name of a month, as it stands in a date.
fn month_name(month: Month) -> &'static str {
    match month {
        Month::January => t!("in a date" => "Jan"),
        Month::February => t!("in a date" => "Feb"),
        Month::March => t!("in a date" => "Mar"),
        Month::April => t!("in a date" => "Apr"),
        Month::May => t!("in a date" => "May"),
        Month::June => t!("in a date" => "Jun"),
        Month::July => t!("in a date" => "Jul"),
        Month::August => t!("in a date" => "Aug"),
        Month::September => t!("in a date" => "Sep"),
        Month::October => t!("in a date" => "Oct"),
        Month::November => t!("in a date" => "Nov"),
        Month::December => t!("in a date" => "Dec"),
    }
}

/// A day, as `3 May` or, if that is in another year than `now`, `3 May 2026` (UTC).
pub(crate) fn day(millis: i64, now: i64) -> String {
    match (calendar(millis), calendar(now)) {
        (Some((year, month, day)), Some((this, ..))) if year == this => {
            t!("{day} {month}", day, month = month_name(month))
        }
        _ => date(millis),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
