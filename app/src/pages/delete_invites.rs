//! Deleting several invites, after showing which, and what will stop working with them.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use super::CHOSEN;
use crate::{
    InviteCard, rpc,
    ui::{Form, FormProblem, Html, Submit, escaped, go_on, href, load, sending, show},
    view,
    wording::{self, count},
};

#[component]
pub(crate) fn DeleteInvites() -> impl IntoView {
    let chosen = use_query_map();
    let codes = Memo::new(move |_| chosen.with(|chosen| chosen.get_all(CHOSEN)).unwrap_or_default());
    let invites = load(move || rpc::GetChosenInvites { codes: codes.get() });
    view! {
        <Title text="Delete invites" />
        {show(invites, |invites| view! { <Ask invites /> })}
    }
}

#[component]
fn Ask(invites: Vec<InviteCard>) -> impl IntoView {
    let delete = sending::<rpc::DeleteMany>();
    go_on(delete, || ());
    if invites.is_empty() {
        return view! {
            <section class="mx-auto grid w-full max-w-xl gap-6 py-8 sm:py-16">
                <h1>"No invite was selected"</h1>
                <a class="btn w-fit" href=href("/invites")>
                    "My invites"
                </a>
            </section>
        };
    }
    let number = count(u32::try_from(invites.len()).unwrap_or(u32::MAX), "invite");
    let (title, press) = (format!("Delete {number}?"), format!("Delete {number}"));
    let rows: String = invites.iter().map(row).collect();
    let boxes = invites.iter().map(|card| {
        let code = escaped(&card.invite.code);
        format!(r#"<input type="hidden" name="{CHOSEN}" value="{code}">"#)
    });
    let boxes: String = boxes.collect();
    view! {
        <section class="mx-auto grid w-full max-w-xl gap-6 py-8 sm:py-16">
            <h1>{title}</h1>
            <Html html=format!(r#"<ul class="list" role="list">{rows}</ul>"#) />
            <ul class="grid list-disc gap-2 ps-5 text-lg">
                <li>"Their links, QR codes and codes stop working at once, also for creating accounts."</li>
                <li>"People who joined stay in the rooms."</li>
                <li>"This can’t be undone: the codes can never be used again, not even by you."</li>
            </ul>
            <FormProblem sending=delete />
            <Form sending=delete class="flex flex-wrap gap-3">
                <Html html=boxes />
                <Submit sending=delete class="btn btn-error btn-lg">
                    {press}
                </Submit>
                <a class="btn btn-lg" href=href("/invites")>
                    "Cancel"
                </a>
            </Form>
        </section>
    }
}

/// One of the invites, as HTML.
fn row(card: &InviteCard) -> String {
    let (title, came) = (escaped(&card.title()), card.invite.came);
    let state = escaped(wording::state(card.state));
    format!(
        r#"<li class="item"><span class="min-w-0 flex-1 font-semibold wrap-anywhere" dir="auto">{title}</span><span class="hint">{state}, {came} joined</span></li>"#
    )
}
