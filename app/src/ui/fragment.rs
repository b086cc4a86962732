//! Parts of pages that the server alone makes, as HTML: lists for admins, with links and forms that work by themselves.
//! The browser's program contains none of it, and shows what it is given. Links are relative to the page, because a
//! server function does not know where the pages are mounted. Anything from outside has to pass through [`escaped`].

use leptos::{html, prelude::*};
use serde::{Deserialize, Serialize};

use super::{browser::localize, escaped, text::moment};
use crate::{FORM_FUNCTION, Field, InviteState, Posted, t, utc_text, view, wording};

/// HTML that the server has made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fragment {
    /// The HTML.
    pub html: String,
}

/// Shows it, with times in the visitor's time zone.
#[component]
pub(crate) fn Drawn(fragment: Fragment) -> impl IntoView {
    let node = NodeRef::<html::Div>::new();
    Effect::new(move |_| {
        if let Some(node) = node.get() {
            localize(&node);
        }
    });
    view! { <div node_ref=node class="grid gap-6" inner_html=fragment.html></div> }
}

/// The title of a page.
pub(crate) fn heading(title: &str, below: &str) -> String {
    let below = match below.is_empty() {
        true => String::new(),
        false => format!(r#"<p class="max-w-2xl text-muted">{}</p>"#, escaped(below)),
    };
    format!(r#"<div class="grid gap-2"><h1>{}</h1>{below}</div>"#, escaped(title))
}

/// A point in time, to the minute.
pub(crate) fn at(millis: i64) -> String {
    format!(r#"<time datetime="{}Z" class="whitespace-nowrap">{}</time>"#, utc_text(millis), escaped(&moment(millis)))
}

/// Text that somebody has written, in its own direction.
pub(crate) fn written(text: &str) -> String {
    format!("<bdi>{}</bdi>", escaped(text))
}

/// The badge of a state in which nobody is let in.
pub(crate) fn state_badge(state: InviteState) -> String {
    let class = match state {
        InviteState::Open => return String::new(),
        InviteState::NotYet => "badge-info",
        InviteState::Paused => "badge-warning",
        InviteState::PausedByAdmin | InviteState::AllPaused => "badge-error",
        InviteState::Expired | InviteState::UsedUp => "badge-neutral",
    };
    format!(r#"<span class="badge {class}">{}</span>"#, escaped(wording::state(state)))
}

/// A box that says that there is nothing, or something else instead of a list.
pub(crate) fn nothing(text: &str) -> String {
    format!(r#"<p class="empty-box text-center" role="status">{}</p>"#, escaped(text))
}

/// A link that looks like a button.
pub(crate) fn link(class: &str, address: &str, text: &str) -> String {
    format!(r#"<a class="btn {class}" href="{}">{}</a>"#, escaped(address), escaped(text))
}

/// Links to the first and the next page, if there are such.
pub(crate) fn pages(first: Option<&str>, next: Option<(String, &str)>) -> String {
    let first = first.map(|address| link("btn-plain", address, t!("First page")));
    let next = next.map(|(address, text)| {
        format!(r#"<a class="btn" rel="next" href="{}">{}</a>"#, escaped(&address), escaped(text))
    });
    if first.is_none() && next.is_none() {
        return String::new();
    }
    let links = [first, next].into_iter().flatten().collect::<String>();
    let label = escaped(t!("Pages"));
    format!(r#"<div role="navigation" class="flex flex-wrap gap-3" aria-label="{label}">{links}</div>"#)
}

/// A hidden field of a form.
pub(crate) fn hidden(name: &str, value: &str) -> String {
    format!(r#"<input type="hidden" name="{name}" value="{}">"#, escaped(value))
}

/// A form for a server function, which is posted to its page; what is inside is HTML. Afterwards the browser is at the
/// element with the id `to`, whatever it is folded into.
pub(crate) fn form(function: &str, to: &str, class: &str, inside: &str) -> String {
    let function = hidden(FORM_FUNCTION, function);
    format!(r##"<form method="post" action="#{to}" class="{class}">{function}{inside}</form>"##)
}

/// A button that sends a form; `label` says more than its text does.
pub(crate) fn submit(class: &str, text: &str, label: &str) -> String {
    format!(r#"<button class="btn {class}" type="submit" aria-label="{}">{}</button>"#, escaped(label), escaped(text))
}

/// A field for the reason that an admin gives, with what was wrong with it when it was `posted`; `hint` says who sees it.
pub(crate) fn reason_field(label: &str, hint: &str, id: &str, posted: Option<&Posted>) -> String {
    let field = Field::BlockReason;
    let (name, most) = (field.name(), field.longest().unwrap_or(u32::MAX));
    let value = escaped(posted.and_then(|posted| posted.field(name)).unwrap_or_default());
    let wrong = posted.map(|posted| &posted.error).filter(|error| error.field == Some(field));
    let (invalid, wrong) = match wrong {
        Some(error) => (
            format!(r#" aria-invalid="true" aria-describedby="{id}-wrong" autofocus"#),
            format!(r#"<p class="text-sm text-error" id="{id}-wrong">{}</p>"#, escaped(&error.words)),
        ),
        None => (String::new(), String::new()),
    };
    let (label, hint) = (escaped(label), escaped(hint));
    format!(
        r#"<div class="grid gap-1"><label class="text-sm font-medium" for="{id}">{label}</label><input class="input w-full" id="{id}" name="{name}" value="{value}" maxlength="{most}" placeholder="{hint}" dir="auto"{invalid}>{wrong}</div>"#
    )
}

/// A field of a form that looks for something.
pub(crate) fn text_field(name: &str, label: &str, value: &str) -> String {
    format!(
        r#"<label class="grid gap-1 text-sm font-medium">{}<input class="input w-full font-normal" name="{name}" value="{}"></label>"#,
        escaped(label),
        escaped(value)
    )
}

/// The search field of a page, behind a label that is not seen.
pub(crate) fn search_field(hint: &str, value: &str) -> String {
    let hint = escaped(hint);
    format!(
        r#"<label class="input min-w-0 flex-1"><span class="sr-only">{hint}</span><input type="search" name="q" value="{}" placeholder="{hint}"></label>"#,
        escaped(value)
    )
}

/// One of several values, each with its name; the empty one stands for any.
pub(crate) fn choice(name: &str, label: &str, chosen: &str, values: &[(&str, &str)]) -> String {
    let options = values.iter().map(|(value, text)| {
        let selected = if *value == chosen { " selected" } else { "" };
        format!(r#"<option value="{value}"{selected}>{}</option>"#, escaped(text))
    });
    format!(
        r#"<label class="grid gap-1 text-sm font-medium">{}<select class="select w-full max-w-none font-normal" name="{name}">{}</select></label>"#,
        escaped(label),
        options.collect::<String>()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Error, Problem};

    #[test]
    fn nothing_that_somebody_wrote_is_markup() {
        let text = "\"></bdi><script>";
        let posted = Posted::new(
            "block".to_owned(),
            Error::Invalid { field: Field::BlockReason, problem: Problem::NotOneLine(200) }.into(),
            vec![("reason".to_owned(), text.to_owned())],
        );
        for html in [
            heading(text, text),
            written(text),
            nothing(text),
            link("", text, text),
            pages(Some(text), Some((text.to_owned(), text))),
            hidden("a", text),
            submit("", text, text),
            reason_field(text, text, "id", Some(&posted)),
            text_field("a", text, text),
            search_field(text, text),
            choice("a", text, "", &[("", text)]),
        ] {
            assert!(!html.contains("<script") && !html.contains("\"></bdi>"), "{html}");
        }
    }

    #[test]
    fn a_reason_that_does_not_fit_stays_with_what_is_wrong() {
        let error = Error::Invalid { field: Field::BlockReason, problem: Problem::NotOneLine(200) }.into();
        let posted = Posted::new("block".to_owned(), error, vec![("reason".to_owned(), "too long".to_owned())]);
        let html = reason_field("Why?", "", "why", Some(&posted));
        assert!(html.contains(r#"value="too long""#) && html.contains("at most 200 characters"), "{html}");
        assert!(!reason_field("Why?", "", "why", None).contains("aria-invalid"));
    }
}
