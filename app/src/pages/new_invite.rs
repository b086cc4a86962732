//! Making an invite.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::{
    rpc,
    ui::{Editor, load, show},
    view,
};

#[component]
pub(crate) fn NewInvite() -> impl IntoView {
    let rooms = load(|| rpc::GetRooms {});
    view! {
        <Title text="New invite" />
        {show(
            rooms,
            |rooms| {
                view! {
                    <section class="grid gap-8 py-4 sm:py-8">
                        <h1>"New invite"</h1>
                        <Editor rooms editing=None />
                    </section>
                }
            },
        )}
    }
}
