//! Changing an invite.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::{
    InviteDetail, Rooms, invite_path, rpc, t,
    ui::{Editor, href, load, parameter, query, show},
    view,
};

#[component]
pub(crate) fn EditInvite() -> impl IntoView {
    let (code, without) = (parameter("code"), query("without"));
    let rooms = load(|| rpc::GetRooms { like: String::new(), space: String::new() });
    let invite = load(move || rpc::Invite { code: code.get(), before: String::new(), missing: false });
    view! {
        <Title text=t!("Edit invite") />
        {show(
            invite,
            move |mut invite: InviteDetail| {
                without.with_untracked(|without| invite.card.invite.terms.rooms.retain(|room| room != without));
                show(
                    rooms,
                    move |rooms| {
                        // The form begins without this room; its owner still decides.
                        view! { <Page rooms invite=invite.clone() /> }
                    },
                )
            },
        )}
    }
}

#[component]
fn Page(rooms: Rooms, invite: InviteDetail) -> impl IntoView {
    let back = href(&invite_path(&invite.card.invite.code));
    let title = invite.card.title();
    view! {
        <section class="grid gap-8 py-4 sm:py-8">
            <div class="grid gap-1">
                <a class="link w-fit text-sm" href=back>
                    {title}
                </a>
                <h1>{t!("Edit invite")}</h1>
            </div>
            <Editor rooms editing=Some(invite) />
        </section>
    }
}
