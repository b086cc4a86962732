//! What is shown in place of a page that cannot be shown.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::{NavigateOptions, hooks::use_location};

use super::{Html, Visits, button, escaped, front::Front, house::door, href, navigation::lead};
use crate::{Kind, Told, t, view, wording};

/// The outline of a door that is not there, with more lines in it.
fn outline(more: &str) -> String {
    format!(
        r#"<svg class="outline-door" viewBox="0 0 66 100" aria-hidden="true"><path d="M5 98V33a28 28 0 0 1 56 0v65zM5 36h56{more}"/></svg>"#
    )
}

/// A place where something could be, as HTML: a door that is to be made, and what to do about it; `more` is HTML.
pub(crate) fn empty(title: &str, text: &str, more: &str) -> String {
    let door = outline("M33 52v30M18 67h30");
    format!(
        r#"<section class="card empty">{door}<h2>{}</h2><p class="text-muted">{}</p>{more}</section>"#,
        escaped(title),
        escaped(text)
    )
}

/// Says what is wrong, and what can be done about it.
#[component]
pub(crate) fn Failure(error: Told) -> impl IntoView {
    if error.kind == Kind::SignedOut {
        return view! { <SignInFirst /> };
    }
    let (title, words, more) = apology(error);
    sorry(title, &words, &more)
}

/// A title, a sentence and, where that may help, a button to try again, as HTML.
pub(crate) fn apology(error: Told) -> (&'static str, String, String) {
    let Told { kind, words, .. } = error;
    // An empty address is that of the current page.
    let again = button("btn-primary", "", "external", &escaped(t!("Try again")));
    match kind {
        Kind::NoInvite => (
            t!("There is no such invite"),
            t!("It may have been deleted, or the link is incomplete.").to_owned(),
            String::new(),
        ),
        Kind::Unreachable => (t!("The homeserver isn’t answering"), words, again),
        Kind::TooFast => (t!("Please wait"), words, again),
        Kind::Broken => (t!("Something went wrong"), words, again),
        _ => (t!("You don’t have access"), words, String::new()),
    }
}

/// Shown for an invite that lets nobody in. It does not say why.
#[component]
pub(crate) fn DeadInvite() -> impl IntoView {
    let text = t!(
        "It may have ended, or the link is incomplete. Check it against the message you got, or ask the person who sent it for a new one."
    );
    sorry(wording::unavailable(), text, &button("", &href("/join"), "", &escaped(t!("Enter a code"))))
}

/// A house front without a name, and what to do besides going to the start page, as HTML.
pub(crate) fn sorry(title: &'static str, text: &str, more: &str) -> AnyView {
    let front = Front {
        class: "hue-none short".to_owned(),
        above: outline(""),
        title: escaped(title),
        below: escaped(text),
        doors: vec![("door".to_owned(), door("", "", "\u{a0}")); 5],
        ..Front::default()
    };
    let home = button("", &href("/"), "", &escaped(t!("Home")));
    view! {
        <Title text=title />
        {front.view()}
        <Html class="mt-6 flex flex-wrap justify-center gap-3" html=format!("{more}{home}") />
    }
}

/// Leads to signing in, and from there back to this page. Browsers without scripts have been redirected there by the
/// server already.
#[component]
fn SignInFirst() -> impl IntoView {
    let (location, lead) = (use_location(), lead());
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
        lead(&path.get_untracked(), NavigateOptions { replace: true, ..Default::default() });
        visits.end();
    });
    view! {
        <Title text=t!("Sign in") />
        <p class="py-12">
            <a class="btn btn-primary" href=move || href(&path.get())>
                {t!("Please sign in")}
            </a>
        </p>
    }
}
