//! A bar chart of people over time.

use super::{escaped, text::date};
use crate::{t, tn};

const DAY: i64 = 86_400_000;

/// How many bars there are, and how wide each is with its gap and without, in the units of the drawing: few people are no wide bars.
const BARS: i64 = 14;
const STEP: usize = 25;
const WIDTH: usize = 14;

/// The height of the tallest bar, and of what is below it and above.
const HEIGHT: u32 = 72;
const GROUND: u32 = 100;

/// One bar: its first day, and the number of people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Bar {
    from: i64,
    people: u32,
}

/// Groups days into fourteen bars, of which the last ends today: of a day each, or of as many weeks as are needed.
fn bars(by_day: &[(i64, u32)], today: i64) -> (i64, Vec<Bar>) {
    let first = by_day.iter().map(|(day, _)| *day).min().unwrap_or(today).min(today);
    let width = match today - first + 1 {
        ..=BARS => 1,
        days => 7 * ((days + 7 * BARS - 1) / (7 * BARS)),
    };
    let begin = today + 1 - BARS * width;
    let bar = |index: i64| {
        let from = begin + index * width;
        let inside = by_day.iter().filter(|(day, _)| (from..from + width).contains(day));
        Bar { from, people: inside.map(|(_, people)| people).sum() }
    };
    (width, (0..BARS).map(bar).collect())
}

/// What the bars show, for those who do not see them, and the number of the tallest one; each stands for so many days.
fn in_words(days: i64, list: &str, most: u32) -> (String, String) {
    match days {
        1 => (t!("People who joined, per day. {list}.", list), t!("Busiest day: {n}", n = most)),
        7 => (t!("People who joined, per week. {list}.", list), t!("Busiest week: {n}", n = most)),
        _ => {
            let weeks = u32::try_from(days / 7).unwrap_or_default();
            (
                tn!(
                    weeks,
                    "People who joined, per {n} week. {list}.",
                    "People who joined, per {n} weeks. {list}.",
                    list
                ),
                tn!(weeks, "Busiest {n} week: {people}", "Busiest {n} weeks: {people}", people = most),
            )
        }
    }
}

/// How many people joined when, as bars with their numbers and in words, as HTML; nothing as long as all joined on one day.
pub(crate) fn chart(by_day: &[(i64, u32)], now: i64) -> String {
    if by_day.len() < 2 {
        return String::new();
    }
    let today = now.div_euclid(DAY);
    let (days, bars) = bars(by_day, today);
    let most = bars.iter().map(|bar| bar.people).max().unwrap_or_default().max(1);
    let some = || bars.iter().zip(0_usize..).filter(|(bar, _)| bar.people > 0);
    let drawn: Vec<String> = some()
        .map(|(bar, index)| {
            let height = u32::try_from(u64::from(bar.people) * u64::from(HEIGHT) / u64::from(most)).unwrap_or(HEIGHT).max(3);
            let (y, people) = (GROUND - height, bar.people);
            let (x, middle) = (index * STEP + (STEP - WIDTH) / 2, index * STEP + STEP / 2);
            let above = y - 6;
            format!(
                r#"<rect x="{x}" y="{y}" width="{WIDTH}" height="{height}" rx="3"/><text class="v" x="{middle}" y="{above}">{people}</text>"#
            )
        })
        .collect();
    let drawn = drawn.concat();
    let told = some().map(|(bar, _)| t!("{date}: {n}", date = date(bar.from * DAY), n = bar.people));
    let told = told.reduce(|before, next| t!("{list}, {next}", list = before, next)).unwrap_or_default();
    let (label, busiest) = in_words(days, &told, most);
    let (label, busiest) = (escaped(&label), escaped(&busiest));
    let day = |day: i64| escaped(&date(day * DAY));
    let (first, last) = (day(bars.first().map_or(today, |bar| bar.from)), day(today));
    format!(
        r#"<div class="grid gap-1"><svg class="chart" role="img" aria-label="{label}" viewBox="0 0 350 120"><path d="M0 {GROUND}h350"/>{drawn}<text x="0" y="116">{first}</text><text class="end" x="350" y="116">{last}</text></svg><p class="hint">{busiest}</p></div>"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_is_in_one_bar_whatever_the_span() {
        let drawn = |days: i64| bars(&[(20_000 - days + 1, 2), (20_000, 3)], 20_000);
        for (days, width) in [(2, 1), (14, 1), (15, 7), (98, 7), (99, 14), (900, 70)] {
            assert_eq!(drawn(days).0, width, "{days} days");
        }
        for days in 2..4000 {
            let (wide, bars) = drawn(days);
            assert_eq!(bars.len(), 14, "{days} days");
            assert_eq!(bars.iter().map(|bar| bar.people).sum::<u32>(), 5, "{days} days");
            assert_eq!(bars.last().map(|bar| bar.from + wide), Some(20_001), "{days} days");
        }
    }

    #[test]
    fn there_is_no_chart_before_two_days_have_people() {
        let now = 20_000 * DAY + 5;
        assert_eq!(chart(&[], now) + &chart(&[(20_000, 500)], now), "");
        assert!(chart(&[(19_999, 1), (20_000, 1)], now).contains("Busiest day: 1"));
    }

    #[test]
    fn bars_have_one_width_and_say_their_numbers() {
        for by_day in [&[(19_999, 1), (20_000, u32::MAX)][..], &[(10, 4), (20_000, 1)], &[(19_990, 2), (19_995, 3)]] {
            let html = chart(by_day, 20_000 * DAY);
            assert_eq!(html.matches("<rect").count(), by_day.len());
            assert_eq!(html.matches("width=\"14\"").count(), by_day.len());
            for (_, people) in by_day {
                assert!(html.contains(&format!(">{people}</text>")) && html.contains(&format!(": {people}")), "{html}");
            }
        }
    }
}
