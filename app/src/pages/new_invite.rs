//! Making an invite.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::{
    rpc,
    ui::{Editor, Failure},
};

/// The page.
#[component]
pub(crate) fn NewInvite() -> impl IntoView {
    let rooms = Resource::new_blocking(|| (), |()| rpc::rooms());
    view! {
        <Title text="New invite" />
        <Suspense fallback=|| view! { <p class="py-16 text-center" role="status"><span class="loading loading-dots loading-lg"></span><span class="sr-only">"Loading your rooms"</span></p> }>
            {move || Suspend::new(async move {
                match rooms.await {
                    Ok(rooms) => {
                        view! {
                            <section class="grid gap-8 py-4 sm:py-8">
                                <h1 class="text-3xl font-bold tracking-tight">"New invite"</h1>
                                <Editor rooms editing=None />
                            </section>
                        }
                            .into_any()
                    }
                    Err(error) => view! { <Failure error /> }.into_any(),
                }
            })}
        </Suspense>
    }
}
