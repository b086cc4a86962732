//! What happened on the server lately, for its admins.

use leptos::prelude::*;
use leptos_meta::Title;

use super::server_invites::{refused, server_pages};
use crate::{
    Day, Days, Fragment, Reason, rpc, t, tn,
    ui::{Drawn, date, escaped, heading, load, show_either},
    view, wording,
};

/// A day in milliseconds.
const DAY: i64 = 86_400_000;

/// Of how many days the columns of sums are.
const SPANS: [u8; 3] = [1, 7, 30];

#[component]
pub(crate) fn ServerDays() -> impl IntoView {
    let days = load(|| rpc::GetDays {});
    view! {
        <Title text=t!("Overview") />
        <section class="grid gap-6 py-4 sm:py-8">
            {show_either(days, |fragment| view! { <Drawn fragment /> }, refused)}
        </section>
    }
}

/// What happened, in sums and day by day.
pub fn draw_days(seen: &Days) -> Fragment {
    let about = t!(
        "What happened with the invites of this server. Days are in UTC. Accounts are those created on these pages."
    );
    let html = [heading(t!("Overview"), about), server_pages("days"), sums(&seen.days), by_day(seen)];
    Fragment { html: html.concat() }
}

/// A table with a caption; the columns and rows are HTML.
fn table(caption: &str, columns: &[String], rows: &str) -> String {
    let columns = columns.iter().map(|column| format!(r#"<th scope="col">{column}</th>"#));
    let caption = escaped(caption);
    // What scrolls can be scrolled by keys as well.
    format!(
        r#"<div class="card overflow-x-auto" role="region" tabindex="0" aria-label="{caption}"><table class="numbers"><caption>{caption}</caption><thead><tr>{}</tr></thead><tbody>{rows}</tbody></table></div>"#,
        columns.collect::<String>()
    )
}

/// A row of a table. The cells are HTML.
fn row(first: &str, cells: &[String]) -> String {
    let cells = cells.iter().map(|cell| format!("<td>{cell}</td>"));
    format!(r#"<tr><th scope="row">{}</th>{}</tr>"#, escaped(first), cells.collect::<String>())
}

/// How much there was of each, and why rooms could not be joined.
fn sums(days: &[Day]) -> String {
    let sums = SPANS.map(|number| Day::sum(days.iter().take(number.into())));
    let numbers = |of: &dyn Fn(&Day) -> u32| sums.iter().map(|sum| of(sum).to_string()).collect::<Vec<_>>();
    let mut columns = vec![format!(r#"<span class="sr-only">{}</span>"#, escaped(t!("column" => "What")))];
    columns.extend(SPANS.map(|number| match number {
        1 => escaped(t!("Today")),
        days => escaped(&tn!(days.into(), "{n} day", "{n} days")),
    }));
    let all = [
        row(t!("Invites created"), &numbers(&|day| day.created)),
        row(t!("People joined"), &numbers(&|day| day.joined)),
        row(t!("Accounts created"), &numbers(&|day| day.accounts)),
        row(t!("Rooms not joined"), &numbers(&Day::missed)),
    ];
    let mut missed = sums[SPANS.len() - 1].missed.clone();
    missed.sort_by_key(|(_, number)| std::cmp::Reverse(*number));
    let of = |reason: &Reason, day: &Day| {
        let found = day.missed.iter().find(|(known, _)| known == reason);
        found.map_or(0, |(_, number)| *number)
    };
    let why = missed.iter().map(|(reason, _)| row(wording::missed_because(reason), &numbers(&|day| of(reason, day))));
    let why = match why.collect::<String>() {
        none if none.is_empty() => none,
        why => table(t!("Why rooms were not joined"), &columns, &why),
    };
    table(t!("In all"), &columns, &all.concat()) + &why
}

/// A number, with a bar for how much of the `most` it is.
fn bar(number: u32, most: u32) -> String {
    let bar = match number {
        0 => String::new(),
        _ => format!(r#"<progress class="bar" max="{}" value="{number}" aria-hidden="true"></progress>"#, most.max(1)),
    };
    format!(r#"<span class="bar-of">{number}{bar}</span>"#)
}

fn by_day(seen: &Days) -> String {
    let columns = [
        t!("column" => "Day"),
        t!("column" => "Created"),
        t!("column" => "Joined"),
        t!("column" => "Accounts"),
        t!("column" => "Not joined"),
    ];
    let numbers = |day: &Day| [day.created, day.joined, day.accounts, day.missed()];
    let all: Vec<[u32; 4]> = seen.days.iter().map(numbers).collect();
    let most = |column: usize| all.iter().map(|day| day[column]).max().unwrap_or_default();
    let most = [most(0), most(1), most(2), most(3)];
    let rows = (0_i64..).zip(&all).map(|(before, day)| {
        let name = if before == 0 { t!("Today").to_owned() } else { date(seen.now - before * DAY) };
        let cells: Vec<String> = day.iter().zip(most).map(|(number, most)| bar(*number, most)).collect();
        row(&name, &cells)
    });
    table(t!("Day by day"), &columns.map(escaped), &rows.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_is_the_last_seven_days_and_reasons_come_by_how_often() {
        let mut days = vec![Day::default(); 30];
        days[0] = Day { joined: 2, missed: vec![(Reason::Banned, 1)], ..Day::default() };
        days[6] = Day { joined: 5, ..Day::default() };
        days[7] = Day { joined: 90, missed: vec![(Reason::Busy, 4)], ..Day::default() };
        let html = draw_days(&Days { days, now: 1_795_000_000_000 }).html;
        assert!(html.contains(r#"<th scope="row">People joined</th><td>2</td><td>7</td><td>97</td>"#), "{html}");
        let busy = html.find("The homeserver was busy</th><td>0</td><td>0</td><td>4</td>");
        let banned = html.find("Banned from the room</th><td>1</td><td>1</td><td>1</td>");
        assert!(busy.is_some() && busy < banned, "{html}");
        assert!(html.contains(r#"<th scope="row">17 Nov 2026</th>"#), "{html}");
    }
}
