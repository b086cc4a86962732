//! What stands in place of a page that cannot be shown.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_location, use_navigate};

use super::{Front, Visits, href};
use crate::{Kind, Told, view};

/// A door that is not there, and a row of shut ones.
const OUTLINE: &str = r#"<path d="M5 98V33a28 28 0 0 1 56 0v65zM5 36h56"/>"#;
const SHUT: &str = r#"<li class="door"><span class="door-frame"><span class="door-leaf"></span></span><span class="door-name">&nbsp;</span></li>"#;

/// Says what is the matter, and what can be done.
#[component]
pub(crate) fn Failure(error: Told) -> impl IntoView {
    let Told { kind, words } = error;
    match kind {
        Kind::SignedOut => view! { <SignInFirst /> },
        Kind::NoInvite => {
            view! { <Sorry title="There is no such invite" text="It may have been deleted, or the link is incomplete.".to_owned() /> }
        }
        Kind::Unreachable => {
            view! { <Sorry title="The homeserver isn’t answering" text=words again=true /> }
        }
        Kind::TooFast => view! { <Sorry title="Please wait" text=words again=true /> },
        Kind::Broken => view! { <Sorry title="Something went wrong" text=words again=true /> },
        _ => view! { <Sorry title="You don’t have access" text=words /> },
    }
}

/// For an invite that lets nobody in: it says no more than that, whatever the reason.
#[component]
pub(crate) fn DeadInvite() -> impl IntoView {
    let text = "It may have ended, or the link is incomplete. Check it against the message you got, or ask the person who sent it for a new one.";
    view! {
        <Sorry title="This invite isn’t available" text=text.to_owned()>
            <a href=href("/join") class="btn">
                "Enter a code"
            </a>
        </Sorry>
    }
}

/// A house without a name, and what can be done besides going home.
#[component]
pub(crate) fn Sorry(
    title: &'static str,
    text: String,
    #[prop(optional)] again: bool,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    let picture = view! { <svg class="outline-door" viewBox="0 0 66 100" aria-hidden="true" inner_html=OUTLINE></svg> };
    let doors = view! { <ol class="doors" aria-hidden="true" inner_html=SHUT.repeat(5)></ol> };
    view! {
        <Title text=title />
        <div class="grid gap-6">
            <Front class="hue-none short".to_owned() picture title=title.to_owned() below=super::escaped(&text) doors />
            <p class="flex flex-wrap justify-center gap-3">
                // An empty address is this page; `rel` keeps the router out of it.
                {again
                    .then(|| {
                        view! {
                            <a href="" rel="external" class="btn btn-primary">
                                "Try again"
                            </a>
                        }
                    })} {children.map(|children| children())}
                <a href=href("/") class="btn">
                    "Home"
                </a>
            </p>
        </div>
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
            <h1>"Please sign in"</h1>
            <p>
                <a class="btn btn-primary" href=move || href(&path.get())>
                    "Sign in"
                </a>
            </p>
        </section>
    }
}
