//! Parts of a page as HTML: what never changes and waits for nothing. Every kind of element that a script could change is a kilobyte in
//! everybody's browser; a text is what it is. Whatever comes from outside passes through [`escaped`].

use leptos::prelude::*;

use super::{Shape, escaped};
use crate::view;

/// A part of a page.
#[component]
pub(crate) fn Html(html: String, #[prop(default = "contents")] class: &'static str) -> impl IntoView {
    view! { <div class=class inner_html=html></div> }
}

/// Something that waits for somebody, between parts that do not.
pub(crate) fn between(class: &'static str, before: String, view: AnyView, after: String) -> AnyView {
    view! {
        <div class=class>
            <div class="contents" inner_html=before></div>
            {view}
            <div class="contents" inner_html=after></div>
        </div>
    }
}

/// A house front, and beside it what somebody can do, below what went wrong with that.
pub(crate) fn two(front: AnyView, problem: AnyView, beside: AnyView) -> AnyView {
    view! {
        <div class="two">
            {front} <div class="grid content-start gap-4">{problem} {beside}</div>
        </div>
    }
}

/// A link that looks like a button. `text` is HTML; `rel` keeps the router out of what is not a page.
pub(crate) fn button(class: &str, address: &str, rel: &str, text: &str) -> String {
    format!(r#"<a class="btn {class}" href="{}" rel="{rel}">{text}</a>"#, escaped(address))
}

/// A drawing, as HTML.
pub(crate) fn drawing(shape: Shape) -> String {
    format!(
        r#"<svg class="size-5 shrink-0" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d="{}"/></svg>"#,
        shape.path()
    )
}

/// Pairs of texts, between what stands before, in and after each.
pub(crate) fn pairs<T: AsRef<str>>(before: &str, between: &str, after: &str, texts: &[(T, T)]) -> String {
    let one = |(one, two): &(T, T)| [before, &escaped(one.as_ref()), between, &escaped(two.as_ref()), after].concat();
    texts.iter().map(one).collect()
}

/// What happens one after the other.
pub(crate) fn steps<T: AsRef<str>>(class: &str, texts: &[(T, T)]) -> String {
    let steps = pairs("<li><b>", "</b><span>", "</span></li>", texts);
    format!(r#"<ol class="steps {class}" role="list">{steps}</ol>"#)
}

/// What is folded, below a summary that is HTML.
pub(crate) fn fold(class: &str, summary: &str, inside: &str) -> String {
    format!(r#"<details class="fold {class}"><summary>{summary}</summary>{inside}</details>"#)
}
