//! A bar chart of people over time.

use leptos::prelude::*;

use super::text::date;
use crate::view;

const DAY: i64 = 86_400_000;

/// The height of the drawing, and the width of a bar with its gap, in the units of the SVG.
const HEIGHT: u32 = 100;
const STEP: usize = 10;

/// One bar: its first day, and the number of people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Bar {
    from: i64,
    people: u32,
}

/// Groups days so that there are at most thirty bars and at least seven: by day, by week, or by months of thirty days.
/// The last bar ends today.
fn bars(by_day: &[(i64, u32)], today: i64) -> (i64, Vec<Bar>) {
    let first = by_day.iter().map(|(day, _)| *day).min().unwrap_or(today).min(today);
    let days = today - first + 1;
    let width = match days {
        ..=30 => 1,
        31..=210 => 7,
        _ => ((days + 29) / 30).max(30),
    };
    let number = ((days + width - 1) / width).clamp(7, 30);
    let begin = today + 1 - number * width;
    let bar = |index: i64| {
        let from = begin + index * width;
        let inside = by_day.iter().filter(|(day, _)| (from..from + width).contains(day));
        Bar { from, people: inside.map(|(_, people)| people).sum() }
    };
    (width, (0..number).map(bar).collect())
}

/// How many people joined when, as bars and in words.
#[component]
pub(crate) fn Chart(by_day: Vec<(i64, u32)>, now: i64) -> impl IntoView {
    let (days, bars) = bars(&by_day, now.div_euclid(DAY));
    let most = bars.iter().map(|bar| bar.people).max().unwrap_or_default().max(1);
    let (first, last) = (bars.first().map_or(0, |bar| bar.from), now.div_euclid(DAY));
    let span = match days {
        1 => "day".to_owned(),
        7 => "week".to_owned(),
        _ => format!("{days} days"),
    };
    let told: Vec<String> = bars
        .iter()
        .filter(|bar| bar.people > 0)
        .map(|bar| format!("{} {}", date(bar.from * DAY), bar.people))
        .collect();
    let label = format!("People who joined, per {span}: {}.", told.join(", "));
    let width = bars.len() * STEP;
    let rects: Vec<String> = bars
        .iter()
        .zip(0_usize..)
        .map(|(bar, index)| {
            // A day without people is drawn as a thin line.
            let height = (bar.people * HEIGHT / most).max(2);
            let class = if bar.people > 0 { "fill-primary" } else { "fill-base-300" };
            let (x, y, title) = (index * STEP, HEIGHT - height, format!("{}: {}", date(bar.from * DAY), bar.people));
            format!(
                r#"<rect class="{class}" x="{x}" y="{y}" width="8" height="{height}"><title>{title}</title></rect>"#
            )
        })
        .collect();
    view! {
        <div class="grid max-w-md gap-1">
            <svg
                role="img"
                aria-label=label
                class="h-24 w-full"
                viewBox=format!("0 0 {width} {HEIGHT}")
                preserveAspectRatio="none"
                inner_html=rects.concat()
            ></svg>
            <div class="flex justify-between hint">
                <span>{date(first * DAY)}</span>
                <span>{format!("Busiest {span}: {most}")}</span>
                <span>{date(last * DAY)}</span>
            </div>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_is_in_one_bar_whatever_the_span() {
        let drawn = |days: i64| bars(&[(20_000 - days + 1, 2), (20_000, 3)], 20_000);
        for (days, width, number) in [(1, 1, 7), (30, 1, 30), (31, 7, 7), (200, 7, 29), (900, 30, 30), (3000, 100, 30)]
        {
            let (wide, bars) = drawn(days);
            assert_eq!((wide, bars.len()), (width, number), "{days} days");
        }
        for days in 1..4000 {
            let (wide, bars) = drawn(days);
            assert_eq!(bars.iter().map(|bar| bar.people).sum::<u32>(), 5, "{days} days");
            assert_eq!(bars.last().map(|bar| bar.from + wide), Some(20_001), "{days} days");
        }
    }
}
