//! The page for an address that leads nowhere.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::{ui::href, view};

/// Says so, and leads back.
#[component]
pub(crate) fn NotFound() -> impl IntoView {
    view! {
        <Title text="Not found" />
        <section class="grid max-w-xl gap-5 py-12 sm:py-20">
            <p class="text-sm font-medium text-primary">"404"</p>
            <h1 class="text-4xl font-bold tracking-tight text-balance">"There is nothing at this address."</h1>
            <p class="text-lg text-base-content/80">
                "The link may be incomplete. If somebody sent it to you, please ask them for it again."
            </p>
            <p>
                <a href=href("/") class="btn">
                    "To the start"
                </a>
            </p>
        </section>
    }
}
