//! Entering a code, for people who have one but did not follow a link.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::{
    rpc, t,
    ui::{Camera, Form, FormProblem, Submit, fill_and_send, go_on, last_post, sending},
    view,
};

/// Takes a code, a link or a QR code, and leads to the invite.
#[component]
pub(crate) fn EnterCode() -> impl IntoView {
    let open = sending::<rpc::Open>();
    go_on(open, || ());
    let typed = last_post::<rpc::Open>().and_then(|posted| posted.field("text").map(str::to_owned)).unwrap_or_default();
    let found = Callback::new(|text: String| fill_and_send("code", &text));
    view! {
        <Title text=t!("Enter a code") />
        <section class="mx-auto grid w-full max-w-md gap-6 py-8 sm:py-16">
            <div class="grid gap-2">
                <h1>{t!("Enter a code")}</h1>
                <p class="text-muted">{t!("Type it, or paste the whole link that you were sent.")}</p>
            </div>
            <Form sending=open class="grid gap-5">
                <FormProblem sending=open />
                <div class="grid gap-1.5">
                    <label class="font-medium" for="code">
                        {t!("Code or link")}
                    </label>
                    <input
                        id="code"
                        class="input input-lg w-full font-mono"
                        name="text"
                        value=typed
                        required
                        autocomplete="off"
                        autocapitalize="none"
                        spellcheck="false"
                    />
                </div>
                <Submit sending=open class="btn btn-primary btn-lg">
                    {t!("View invite")}
                </Submit>
            </Form>
            <Camera found />
        </section>
    }
}
