//! Changing an invite.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::{
    rpc,
    ui::{Editor, Failure, href, parameter},
};

/// The page.
#[component]
pub(crate) fn EditInvite() -> impl IntoView {
    let code = parameter("code");
    let needed = Resource::new_blocking(
        move || code.get(),
        async |code| {
            let (rooms, invite) = (rpc::rooms().await?, rpc::invite(code).await?);
            Ok::<_, crate::Error>((rooms, invite))
        },
    );
    view! {
        <Title text="Edit invite" />
        <Suspense fallback=|| view! { <p class="py-16 text-center" role="status"><span class="loading loading-dots loading-lg"></span><span class="sr-only">"Loading"</span></p> }>
            {move || Suspend::new(async move {
                match needed.await {
                    Ok((rooms, detail)) => {
                        let back = href(&format!("/invites/{}", detail.card.invite.code));
                        let title = detail.card.title().to_owned();
                        view! {
                            <section class="grid gap-8 py-4 sm:py-8">
                                <div class="grid gap-1">
                                    <a class="link w-fit text-sm" href=back>
                                        {title}
                                    </a>
                                    <h1 class="text-3xl font-bold tracking-tight">"Edit invite"</h1>
                                </div>
                                <Editor rooms editing=Some(detail) />
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
