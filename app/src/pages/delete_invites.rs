//! Deleting several invites, after showing which, and what will stop working with them.

use leptos::prelude::*;
use leptos_meta::Title;

use super::CHOSEN;
use crate::{
    InviteCard, rpc, t, tn,
    ui::{Form, FormProblem, Html, Submit, escaped, go_on, href, load, queries, sending, show},
    view, wording,
};

#[component]
pub(crate) fn DeleteInvites() -> impl IntoView {
    let all = queries();
    let codes = Memo::new(move |_| {
        let chosen = all.get().into_iter().filter(|(name, _)| name == CHOSEN);
        chosen.map(|(_, code)| code).collect::<Vec<_>>()
    });
    let invites = load(move || rpc::GetChosenInvites { codes: codes.get() });
    view! {
        <Title text=t!("Delete invites") />
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
                <h1>{t!("No invite was selected")}</h1>
                <a class="btn w-fit" href=href("/invites")>
                    {t!("My invites")}
                </a>
            </section>
        };
    }
    let number = u32::try_from(invites.len()).unwrap_or(u32::MAX);
    let title = tn!(number, "Delete {n} invite?", "Delete {n} invites?");
    let press = tn!(number, "Delete {n} invite", "Delete {n} invites");
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
                <li>{t!("Their links, QR codes and codes stop working at once, also for creating accounts.")}</li>
                <li>{t!("People who joined stay in the rooms.")}</li>
                <li>{t!("This can’t be undone: the codes can never be used again, not even by you.")}</li>
            </ul>
            <FormProblem sending=delete />
            <Form sending=delete class="flex flex-wrap gap-3">
                <Html html=boxes />
                <Submit sending=delete class="btn btn-error btn-lg">
                    {press}
                </Submit>
                <a class="btn btn-lg" href=href("/invites")>
                    {t!("Cancel")}
                </a>
            </Form>
        </section>
    }
}

/// One of the invites, as HTML.
fn row(card: &InviteCard) -> String {
    let (title, joined) = (escaped(&card.title()), tn!(card.invite.came, "{n} joined", "{n} joined"));
    let about = escaped(&t!("{list}, {next}", list = wording::state(card.state), next = joined));
    format!(
        r#"<li class="item"><span class="min-w-0 flex-1 font-semibold wrap-anywhere" dir="auto">{title}</span><span class="hint">{about}</span></li>"#
    )
}
