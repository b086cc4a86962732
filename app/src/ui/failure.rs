//! What stands in place of a page that cannot be shown.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_location, use_navigate};

use super::{Visits, href};
use crate::{Kind, Told, view};

/// Says what is the matter, and what can be done.
#[component]
pub(crate) fn Failure(error: Told) -> impl IntoView {
    let Told { kind, words } = error;
    match kind {
        Kind::SignedOut => view! { <SignInFirst /> },
        Kind::NoInvite => {
            view! { <Sorry title="There is no such invite." text="It may have been deleted, or the link is incomplete.".to_owned() /> }
        }
        Kind::Unreachable => {
            view! { <Sorry title="The homeserver does not answer." text=words again=true /> }
        }
        Kind::Broken => view! { <Sorry title="Something went wrong." text=words again=true /> },
        _ => view! { <Sorry title="That is not possible." text=words /> },
    }
}

/// For an invite that lets nobody in: it says no more than that, whatever the reason.
#[component]
pub(crate) fn DeadInvite() -> impl IntoView {
    view! {
        <Sorry
            title="This invite does not work."
            text="It may have ended, or the link is incomplete. Please ask who sent it to you for a new one.".to_owned()
        />
    }
}

#[component]
fn Sorry(title: &'static str, text: String, #[prop(optional)] again: bool) -> impl IntoView {
    view! {
        <Title text=title.trim_end_matches('.') />
        <section class="grid max-w-xl gap-5 py-12 sm:py-20">
            <h1 class="text-3xl font-bold tracking-tight text-balance sm:text-4xl">{title}</h1>
            <p class="text-lg text-pretty text-base-content/80">{text}</p>
            <p class="flex flex-wrap gap-3">
                // An empty address is this page; `rel` keeps the router out of it.
                {again
                    .then(|| {
                        view! {
                            <a href="" rel="external" class="btn btn-primary">
                                "Try again"
                            </a>
                        }
                    })}
                <a href=href("/") class="btn">
                    "To the start"
                </a>
            </p>
        </section>
    }
}

/// Leads to signing in, and from there back to this page. The server has sent a browser without a script there already.
#[component]
fn SignInFirst() -> impl IntoView {
    let (location, navigate) = (use_location(), use_navigate());
    let visits = expect_context::<Visits>();
    let path = Memo::new(move |_| {
        let base = href("");
        let here = location.pathname.get();
        let search = location.search.get();
        let mark = if search.is_empty() { "" } else { "?" };
        let here = format!("{}{mark}{search}", here.strip_prefix(&base).unwrap_or(&here));
        format!("/sign-in?to={}", leptos_router::location::Url::escape(&here))
    });
    Effect::new(move |_| {
        navigate(&path.get_untracked(), leptos_router::NavigateOptions { replace: true, ..Default::default() });
        visits.end();
    });
    view! {
        <Title text="Sign in" />
        <section class="grid max-w-xl gap-5 py-12 sm:py-20">
            <h1 class="text-3xl font-bold tracking-tight">"Please sign in."</h1>
            <p>
                <a class="btn btn-primary" href=move || href(&path.get())>
                    "Sign in"
                </a>
            </p>
        </section>
    }
}
