//! The first page: what this is for, and where to begin.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::{
    rpc,
    ui::{Html, button, href, load, show_either, steps},
    view,
};

const STEPS: [(&str, &str); 3] = [
    ("Choose the rooms", "One room or a whole space full of them, and a direct chat with you if you like."),
    ("Share one link", "Or its QR code, or a word on a poster. Works in any browser."),
    ("They’re in", "Anyone who accepts joins every room within seconds, and you see who joined."),
];

/// What a visitor without a more specific address gets.
#[component]
pub(crate) fn Start() -> impl IntoView {
    let visitor = load(|| rpc::GetVisitor {});
    view! {
        <Title text="Super Invites" />
        <section class="grid max-w-3xl gap-6 py-10 sm:py-16">
            <h1 class="text-3xl leading-tight">"One link. Everyone in the right rooms."</h1>
            <p class="max-w-2xl text-lg text-pretty text-muted">
                "Create an invite for a set of Matrix rooms, share it as a link or a QR code, and see who joined."
            </p>
            {show_either(visitor, |visitor| begin(visitor.person.is_some()), |_| begin(false))}
        </section>
        <Html html=steps("card across", &STEPS) />
    }
}

fn begin(signed_in: bool) -> AnyView {
    let (path, text) = match signed_in {
        true => ("/new", "Create invite"),
        false => ("/sign-in", "Sign in to create an invite"),
    };
    let code = button("btn-lg", &href("/join"), "", "I have a code");
    let html = button("btn-primary btn-lg", &href(path), "", text) + &code;
    view! { <Html class="flex flex-wrap gap-3" html /> }
}
