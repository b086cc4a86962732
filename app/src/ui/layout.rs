//! What stands around every page.

use leptos::prelude::*;

use crate::ui::Mark;

/// Header, the page, footer.
#[component]
pub(crate) fn Layout(children: Children) -> impl IntoView {
    view! {
        <a
            href="#content"
            class="btn btn-primary sr-only focus:not-sr-only focus:absolute focus:left-4 focus:top-4 focus:z-10"
        >
            "Skip to the content"
        </a>
        <div class="flex min-h-dvh flex-col">
            <header class="mx-auto flex w-full max-w-5xl items-center gap-3 px-5 py-5 sm:px-8">
                <Mark class="size-9 text-primary" />
                <span class="text-lg font-semibold tracking-tight">"Super Invites"</span>
            </header>
            <main id="content" class="mx-auto w-full max-w-5xl flex-1 px-5 pb-16 sm:px-8">
                {children()}
            </main>
            <footer class="border-t border-base-300 px-5 py-6 text-center text-sm text-base-content/70">
                "Free software that runs beside your own homeserver."
            </footer>
        </div>
    }
}
