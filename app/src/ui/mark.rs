//! The logo.

use leptos::prelude::*;

use crate::view;

/// It as SVG, on a square of 32 by 32.
pub(crate) const DRAWING: &str = r##"<rect width="32" height="32" rx="8" fill="#731a6c"/><path d="M9 26V13a7 7 0 0 1 14 0v13z" fill="#ffc233"/><path d="M9 26V13a7 7 0 0 1 6.2-6.95L17.6 9v19.4z" fill="#fff8fd"/><circle cx="15.2" cy="17.6" r="1.25" fill="#731a6c"/>"##;

/// The logo of Super Invites: an open door with light behind it. The favicon in `public/` is the same drawing.
#[component]
pub(crate) fn Mark(class: &'static str) -> impl IntoView {
    view! { <svg class=class viewBox="0 0 32 32" aria-hidden="true" inner_html=DRAWING></svg> }
}
