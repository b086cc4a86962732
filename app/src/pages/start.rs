//! The first page: what this is for, and where to begin.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::{
    rpc, t,
    ui::{Html, button, escaped, href, load, show_either, steps},
    view,
};

/// How it works: a title and a text for each step.
fn how() -> [(&'static str, &'static str); 3] {
    [
        (t!("Choose the rooms"), t!("One room or a whole space full of them, and a direct chat with you if you like.")),
        (t!("Share one link"), t!("Or its QR code, or a word on a poster. Works in any browser.")),
        (t!("They’re in"), t!("Anyone who accepts joins every room within seconds, and you see who joined.")),
    ]
}

/// What a visitor without a more specific address gets.
#[component]
pub(crate) fn Start() -> impl IntoView {
    let visitor = load(|| rpc::GetVisitor {});
    view! {
        <Title text="Super Invites" />
        <section class="grid max-w-3xl gap-6 py-10 sm:py-16">
            <h1 class="text-3xl leading-tight">{t!("One link. Everyone in the right rooms.")}</h1>
            <p class="max-w-2xl text-lg text-pretty text-muted">
                {t!("Create an invite for a set of Matrix rooms, share it as a link or a QR code, and see who joined.")}
            </p>
            {show_either(visitor, |visitor| begin(visitor.person.is_some()), |_| begin(false))}
        </section>
        <Html html=steps("card across", &how()) />
    }
}

fn begin(signed_in: bool) -> AnyView {
    let (path, text) = match signed_in {
        true => ("/new", t!("Create invite")),
        false => ("/sign-in", t!("Sign in to create an invite")),
    };
    let code = button("btn-lg", &href("/join"), "", &escaped(t!("I have a code")));
    let html = button("btn-primary btn-lg", &href(path), "", &escaped(text)) + &code;
    view! { <Html class="flex flex-wrap gap-3" html /> }
}
