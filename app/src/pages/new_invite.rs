//! Making an invite: as usual, like an earlier one, or to a space.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::{
    InviteForm, Rooms, rpc, segment, t,
    ui::{Editor, href, kept, load, query, show},
    view, wording,
};

#[component]
pub(crate) fn NewInvite() -> impl IntoView {
    let (like, space) = (query("like"), query("space"));
    let rooms = load(move || rpc::GetRooms { like: like.get(), space: space.get() });
    show(rooms, move |rooms| {
        let title = title(&rooms, &space.get_untracked());
        let plain = like.with_untracked(String::is_empty) && space.with_untracked(String::is_empty);
        view! { <Page rooms title plain /> }
    })
}

fn title(rooms: &Rooms, space: &str) -> String {
    let space = rooms.choices.iter().find(|choice| choice.room.space && choice.room.id == space);
    space.map_or_else(|| t!("New invite").to_owned(), |space| wording::invite_to(wording::room(&space.room)))
}

/// `plain` says that the form begins with nobody's choices.
#[component]
fn Page(rooms: Rooms, title: String, plain: bool) -> impl IntoView {
    let begun = RwSignal::new(None);
    // What somebody has begun to fill in is only known to their browser.
    Effect::new(move |_| {
        if let Some(body) = kept() {
            begun.set(Some(InviteForm::sent(&body)));
        }
    });
    let newest = rooms.newest.clone().filter(|_| plain).map(|code| {
        view! {
            <a class="link w-fit" href=href(&format!("/new?like={}", segment(&code)))>
                {t!("Use the choices of my last invite")}
            </a>
        }
    });
    view! {
        <Title text=title.clone() />
        <section class="grid gap-8 py-4 sm:py-8">
            <div class="grid gap-2">
                <h1 dir="auto">{title}</h1>
                {newest}
            </div>
            {move || match begun.get() {
                None => view! { <Editor rooms=rooms.clone() editing=None /> },
                begun => {
                    // An element of its own: otherwise the fields that are there are filled in, and those that a script has written to stay as they are.
                    view! {
                        <div class="contents">
                            <Editor rooms=rooms.clone() editing=None begun=begun />
                        </div>
                    }
                }
            }}
        </section>
    }
}
