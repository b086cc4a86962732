//! The mark.

use leptos::prelude::*;

/// The mark of Super Invites: one door that opens on several rooms. The favicon in `public/` is the same drawing.
#[component]
pub(crate) fn Mark(#[prop(optional, into)] class: String) -> impl IntoView {
    view! {
        <svg class=class viewBox="0 0 32 32" aria-hidden="true">
            <rect width="32" height="32" rx="9" fill="currentColor" />
            <path
                d="M9 24V10.5a2 2 0 0 1 1.6-1.96l6-1.2A2 2 0 0 1 19 9.3V24"
                fill="none"
                stroke="var(--color-base-100)"
                stroke-width="2.4"
                stroke-linecap="round"
                stroke-linejoin="round"
            />
            <circle cx="15.4" cy="16.2" r="1.5" fill="var(--color-base-100)" />
            <path
                d="M23 12v12M7 24h18"
                fill="none"
                stroke="var(--color-base-100)"
                stroke-width="2.4"
                stroke-linecap="round"
            />
        </svg>
    }
}
