//! Paging of long lists. The query is kept in the address, so that the Back button works.

use leptos::prelude::*;

use super::href;
use crate::view;

/// Links to the previous and the next page; `path` has a query already.
#[component]
pub(crate) fn Pager(path: String, page: u32, pages: u32) -> impl IntoView {
    let other = move |page: u32| href(&format!("{path}&page={page}"));
    (pages > 1).then(|| {
        view! {
            <div role="navigation" class="flex items-center justify-center gap-4" aria-label="Pages">
                {(page > 1)
                    .then(|| {
                        view! {
                            <a class="btn" rel="prev" href=other(page - 1)>
                                "Previous"
                            </a>
                        }
                    })}
                <span>{format!("Page {page} of {pages}")}</span>
                {(page < pages)
                    .then(|| {
                        view! {
                            <a class="btn" rel="next" href=other(page + 1)>
                                "Next"
                            </a>
                        }
                    })}
            </div>
        }
    })
}
