//! Times as form fields write them (HTML, "local date and time"), in UTC.

use time::{Date, Month, OffsetDateTime, Time};

/// A time, given in milliseconds since the epoch, to the minute: `2026-05-03T14:05`.
pub fn utc_text(millis: i64) -> String {
    let Ok(at) = OffsetDateTime::from_unix_timestamp(millis.div_euclid(1000)) else { return String::new() };
    let (year, month, day) = at.to_calendar_date();
    format!("{year:04}-{:02}-{day:02}T{:02}:{:02}", u8::from(month), at.hour(), at.minute())
}

/// Parses such a text, which may have seconds as well, to milliseconds since the epoch; `None` if it is not a time.
pub fn utc_millis(text: &str) -> Option<i64> {
    let (date, clock) = text.split_once('T')?;
    let mut date = date.splitn(3, '-');
    let (year, month, day) = (date.next()?.parse().ok()?, date.next()?.parse::<u8>().ok()?, date.next()?.parse().ok()?);
    let mut clock = clock.splitn(3, ':');
    let (hour, minute) = (clock.next()?.parse().ok()?, clock.next()?.parse().ok()?);
    let second = clock.next().map_or(Some(0), |second| second.split('.').next()?.parse().ok())?;
    let date = Date::from_calendar_date(year, Month::try_from(month).ok()?, day).ok()?;
    let at = date.with_time(Time::from_hms(hour, minute, second).ok()?).assume_utc();
    Some(at.unix_timestamp() * 1000).filter(|millis| *millis >= 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_field_shows_is_what_is_read_from_it() {
        for (millis, text) in [
            (0, "1970-01-01T00:00"),
            (1_709_164_860_000, "2024-02-29T00:01"),
            (253_402_300_740_000, "9999-12-31T23:59"),
        ] {
            assert_eq!(utc_text(millis), text);
            assert_eq!(utc_millis(text), Some(millis));
        }
        assert_eq!(utc_millis("2024-02-29T00:01:30.5"), Some(1_709_164_890_000));
        for nonsense in [
            "",
            "tomorrow",
            "2026-05-03",
            "2026-02-29T10:00",
            "2026-05-03T25:00",
            "1969-12-31T23:59",
            "-1-1-1T1:1",
            "2026-05-03T1",
        ] {
            assert_eq!(utc_millis(nonsense), None, "{nonsense}");
        }
    }
}
