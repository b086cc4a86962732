//! The first page: what this is for, and where to begin.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::{
    rpc,
    ui::{Icon, Shape, href, load, show_either},
    view,
};

const STEPS: [(&str, &str); 3] = [
    ("Choose the rooms", "One room or a whole space full of them, and a direct chat with you if you like."),
    ("Share one code", "As a link, a QR code or a word on a poster. Nobody has to install anything to use it."),
    ("They are in", "Whoever redeems it is in every room a moment later, and you see who came."),
];

/// What a visitor without any address gets.
#[component]
pub(crate) fn Start() -> impl IntoView {
    let visitor = load(|| rpc::GetVisitor {});
    view! {
        <Title text="Super Invites" />
        <section class="grid max-w-3xl gap-6 py-10 sm:py-20">
            <h1 class="text-4xl font-bold tracking-tight text-balance sm:text-6xl">
                "One code, and your people are in all the rooms."
            </h1>
            <p class="max-w-2xl text-lg text-pretty text-base-content/80 sm:text-xl">
                "Make an invite for a set of Matrix rooms, share it as a link or a QR code, and see who came."
            </p>
            <p class="flex flex-wrap gap-3">
                {show_either(visitor, |visitor| begin(visitor.person.is_some()), |_| begin(false))}
                <a class="btn btn-lg" href=href("/join")>
                    "I have a code"
                </a>
            </p>
        </section>
        <ol class="grid gap-4 sm:grid-cols-3">
            {STEPS
                .into_iter()
                .zip(1_u8..)
                .map(|((title, text), number)| {
                    view! {
                        <li class="rounded-box border border-base-300 bg-base-200 p-6">
                            <span
                                class="grid size-8 place-items-center rounded-full bg-primary text-sm font-semibold text-primary-content"
                                aria-hidden="true"
                            >
                                {number.to_string()}
                            </span>
                            <h2 class="mt-4 text-lg font-semibold">{title}</h2>
                            <p class="mt-1 text-base-content/80">{text}</p>
                        </li>
                    }
                })
                .collect_view()}
        </ol>
    }
}

fn begin(signed_in: bool) -> AnyView {
    let (path, text) = match signed_in {
        true => ("/new", "Make an invite"),
        false => ("/sign-in", "Sign in to make one"),
    };
    view! {
        <a class="btn btn-primary btn-lg" href=href(path)>
            {text}
            <Icon shape=Shape::Next />
        </a>
    }
}
