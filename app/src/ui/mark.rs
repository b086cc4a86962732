//! The mark.

use leptos::prelude::*;

use crate::view;

const DRAWING: &str = r#"<rect width="32" height="32" rx="9" fill="currentColor"/><g fill="none" stroke="var(--color-base-100)" stroke-width="2.4" stroke-linecap="round" stroke-linejoin="round"><path d="M9 24V10.5a2 2 0 0 1 1.6-1.96l6-1.2A2 2 0 0 1 19 9.3V24"/><path d="M23 12v12M7 24h18"/></g><circle cx="15.4" cy="16.2" r="1.5" fill="var(--color-base-100)"/>"#;

/// The mark of Super Invites: one door that opens on several rooms. The favicon in `public/` is the same drawing.
#[component]
pub(crate) fn Mark(class: &'static str) -> impl IntoView {
    view! { <svg class=class viewBox="0 0 32 32" aria-hidden="true" inner_html=DRAWING></svg> }
}
