//! Search and paging of long lists. The query is kept in the address, so that the Back button works.

use leptos::prelude::*;

use super::{Icon, Shape, href};
use crate::view;

/// A search field, which leads to the same page with another query.
#[component]
pub(crate) fn SearchForm(path: &'static str, search: String, hint: &'static str) -> impl IntoView {
    view! {
        <form method="get" action=href(path) role="search" class="flex gap-2">
            <label class="input min-w-0 flex-1">
                <Icon shape=Shape::Search class="size-5 max-sm:hidden" />
                <span class="sr-only">{hint.to_owned()}</span>
                <input type="search" name="q" value=search placeholder=hint />
            </label>
            <button class="btn" type="submit">
                "Search"
            </button>
        </form>
    }
}

/// A link to the next page of a list that is paged by cursor; `path` has a query already.
#[component]
pub(crate) fn Older(path: String, next: Option<String>, text: &'static str) -> impl IntoView {
    next.map(|next| {
        view! {
            <a class="btn w-fit" rel="next" href=href(&format!("{path}&before={next}"))>
                {text}
            </a>
        }
    })
}

/// Says that the search matched more people than are looked up.
#[component]
pub(crate) fn TooManyPeople() -> impl IntoView {
    view! {
        <p class="hint" role="status">
            "Many people have this in their user names. Some of them are left out: type more of the name."
        </p>
    }
}
