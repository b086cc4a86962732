//! Static parts of a page, as HTML text. Each kind of element that a script could change adds a kilobyte to the program
//! that every visitor downloads; a text adds only itself. Anything from outside has to pass through [`escaped`].

use leptos::prelude::*;

use super::{Shape, escaped};
use crate::view;

/// A static part of a page.
#[component]
pub(crate) fn Html(html: String, #[prop(default = "contents")] class: &'static str) -> impl IntoView {
    view! { <div class=class inner_html=html></div> }
}

/// A dynamic element between two static parts.
pub(crate) fn between(class: &'static str, before: String, view: AnyView, after: String) -> AnyView {
    view! {
        <div class=class>
            <div class="contents" inner_html=before></div>
            {view}
            <div class="contents" inner_html=after></div>
        </div>
    }
}

/// A house front, and beside it what the visitor can do, below the error of their last attempt.
pub(crate) fn two(front: AnyView, problem: AnyView, beside: AnyView) -> AnyView {
    view! { <div class="two">{front} <div class="grid content-start gap-4">{problem} {beside}</div></div> }
}

/// A link that looks like a button. `text` is HTML; `rel` makes the router ignore links that lead out of the
/// application.
pub(crate) fn button(class: &str, address: &str, rel: &str, text: &str) -> String {
    format!(r#"<a class="btn {class}" href="{}" rel="{rel}">{text}</a>"#, escaped(address))
}

/// An icon, as HTML.
pub(crate) fn drawing(shape: Shape) -> String {
    format!(
        r#"<svg class="size-5 shrink-0" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d="{}"/></svg>"#,
        shape.path()
    )
}

/// Renders pairs of texts: `before` and `between` precede the first and the second text of each, `after` follows it.
pub(crate) fn pairs<T: AsRef<str>>(before: &str, between: &str, after: &str, texts: &[(T, T)]) -> String {
    let one = |(one, two): &(T, T)| [before, &escaped(one.as_ref()), between, &escaped(two.as_ref()), after].concat();
    texts.iter().map(one).collect()
}

/// A list of consecutive steps.
pub(crate) fn steps<T: AsRef<str>>(class: &str, texts: &[(T, T)]) -> String {
    let steps = pairs("<li><b>", "</b><span>", "</span></li>", texts);
    format!(r#"<ol class="steps {class}" role="list">{steps}</ol>"#)
}

/// A collapsed section (`<details>`), with a summary that is HTML.
pub(crate) fn fold(class: &str, summary: &str, inside: &str) -> String {
    format!(r#"<details class="fold {class}"><summary>{summary}</summary>{inside}</details>"#)
}
