//! Deleting an invite, after showing what will stop working with it.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::{
    InviteDetail, Registration, invite_path, rpc, t, tn,
    ui::{Form, FormProblem, Submit, go_on, href, load, parameter, sending, show},
    view,
};

#[component]
pub(crate) fn DeleteInvite() -> impl IntoView {
    let code = parameter("code");
    let invite = load(move || rpc::Invite { code: code.get(), before: String::new(), missing: false });
    view! {
        <Title text=t!("Delete invite") />
        {show(invite, |detail| view! { <Ask detail /> })}
    }
}

#[component]
fn Ask(detail: InviteDetail) -> impl IntoView {
    let delete = sending::<rpc::Delete>();
    go_on(delete, || ());
    let title = detail.card.title();
    let code = detail.card.invite.code.clone();
    let came = detail.card.invite.came;
    view! {
        <section class="mx-auto grid w-full max-w-xl gap-6 py-8 sm:py-16">
            <h1>{t!("Delete “{title}”?", title)}</h1>
            <ul class="grid list-disc gap-2 ps-5 text-lg">
                <li>{t!("The link, the QR code and the code stop working at once.")}</li>
                {(detail.registration == Registration::Open)
                    .then(|| view! { <li>{t!("Nobody can create an account with the code any more.")}</li> })}
                <li>
                    {match came {
                        0 => t!("Nobody has joined with it.").to_owned(),
                        1 => t!("The one person who joined stays in the rooms.").to_owned(),
                        _ => {
                            tn!(
                                came,
                                "The {n} person who joined stays in the rooms.",
                                "The {n} people who joined stay in the rooms."
                            )
                        }
                    }}
                </li>
                <li>{t!("This can’t be undone: the code can never be used again, not even by you.")}</li>
            </ul>
            <FormProblem sending=delete />
            <Form sending=delete class="flex flex-wrap gap-3">
                <input type="hidden" name="code" value=code.clone() />
                <Submit sending=delete class="btn btn-error btn-lg">
                    {t!("Delete invite")}
                </Submit>
                <a class="btn btn-lg" href=href(&invite_path(&code))>
                    {t!("Cancel")}
                </a>
            </Form>
        </section>
    }
}
