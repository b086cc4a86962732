//! The frame around every page.

use leptos::prelude::*;
use leptos_router::{NavigateOptions, hooks::use_location};

use super::{
    Form, FormProblem, Html, Icon, LastPost, Mark, Notices, PersonAvatar, Sending, Shape, arrive, browser, escaped,
    href, html::drawing, lead, load, sending, show_either,
};
use crate::{LANDING, Person, Visitor, rpc, t, view, words};

/// Counts sign-ins and sign-outs: data about the visitor is loaded again after each.
#[derive(Clone, Copy)]
pub(crate) struct Visits {
    number: RwSignal<u32>,
    /// Whether the homeserver has ended the current visit.
    ended: StoredValue<bool>,
}

impl Visits {
    pub(crate) fn new() -> Self {
        Self { number: RwSignal::new(0), ended: StoredValue::new(false) }
    }

    /// The number of the current visit, as a tracked signal.
    pub(crate) fn now(self) -> u32 {
        self.number.get()
    }

    pub(crate) fn another(self) {
        self.ended.set_value(false);
        self.number.update(|visit| *visit += 1);
    }

    /// Notes that the homeserver has ended the current visit, once, however many answers say so.
    pub(crate) fn end(self) {
        if !self.ended.get_value() {
            self.another();
            self.ended.set_value(true);
        }
    }
}

/// Signing out, which is offered in several places; errors are shown at the top of every page.
#[derive(Clone, Copy)]
struct SignOut(Sending);

/// The shared call that every sign-out form uses.
pub(crate) fn sign_out() -> Sending {
    expect_context::<SignOut>().0
}

#[component]
pub(crate) fn Layout(children: Children) -> impl IntoView {
    let visitor = load(|| rpc::GetVisitor {});
    let sign_out = sending::<rpc::SignOut>();
    leave_after(sign_out);
    provide_context(SignOut(sign_out));
    notice_another_page();
    view! {
        <a
            href="#content"
            // The browser itself follows the link, so that the focus moves as well.
            rel="external"
            class="btn btn-primary sr-only focus:not-sr-only focus:fixed focus:start-4 focus:top-4 focus:z-20"
        >
            {t!("Skip to content")}
        </a>
        <div class="flex min-h-dvh flex-col">
            {show_either(visitor, all_paused, |_| ().into_any())} <div class="wide has-[p]:pt-3">
                <FormProblem sending=sign_out />
            </div> <header class="wide flex flex-wrap items-center gap-x-2 py-3 sm:py-5 print:hidden">
                <a
                    href=href("/")
                    class="flex min-h-11 items-center gap-2 rounded-field font-display text-lg leading-none"
                >
                    <Mark class="size-9" />
                    "Super Invites"
                </a>
                <nav class="ms-auto -me-2 flex items-center gap-1" aria-label=t!("pages" => "Main")>
                    {show_either(visitor, account, |_| nobody())}
                </nav>
            </header> <Said /> <main id="content" tabindex="-1" class="wide flex-1 pt-2 pb-16">
                {children()}
            </main>
            <div
                role="contentinfo"
                class="flex flex-wrap items-center gap-x-6 gap-y-1 border-t border-base-300 px-[max(1rem,calc(50%-34.5rem))] py-5 text-sm text-muted print:hidden"
            >
                <a class="link" href=href("/join")>
                    {t!("Enter a code")}
                </a>
                {t!("Free software, run beside your own homeserver.")}
                <Html class="ms-auto" html=languages() />
            </div>
        </div>
    }
}

/// The id of the place for what was done.
pub(super) const SAID: &str = "said";

/// What was done, here or on the page before.
#[component]
fn Said() -> impl IntoView {
    let notices = expect_context::<Notices>();
    view! {
        <div id=SAID tabindex="-1" class="wide print:hidden" aria-live="polite">
            {move || {
                notices
                    .shown()
                    .map(|notice| {
                        view! {
                            <p class="alert alert-success">
                                <Icon shape=Shape::Done />
                                {notice}
                            </p>
                        }
                    })
            }}
        </div>
    }
}

/// The menu of languages, as links to the same page. The server alone writes it: in the browser it stays as it is.
fn languages() -> String {
    let Some(offer) = words::offer() else { return String::new() };
    let here = words::language();
    let link = |language: &words::Language| {
        let (tag, name, before) = (language.tag(), escaped(language.name()), escaped(&offer.query));
        let joint = if before.is_empty() { "" } else { "&amp;" };
        let current = if tag == here.tag() { r#" aria-current="true""# } else { "" };
        format!(
            r#"<a class="btn btn-ghost justify-start aria-[current]:font-semibold" href="?{before}{joint}{}={tag}" hreflang="{tag}" lang="{tag}" dir="auto" rel="external nofollow"{current}>{name}</a>"#,
            words::PARAMETER
        )
    };
    format!(
        r#"<details class="dropdown dropdown-top dropdown-end"><summary class="btn btn-ghost btn-sm">{}<span class="sr-only">{}</span>{}</summary><nav class="dropdown-content card z-10 mb-2 grid w-48 gap-1" aria-label="{}">{}</nav></details>"#,
        drawing(Shape::Public),
        escaped(t!("Language:")),
        escaped(here.name()),
        escaped(t!("Languages")),
        offer.languages.iter().map(link).collect::<String>()
    )
}

/// After signing out, goes to the first page, but stays on the page of an invite, whose link would be lost.
fn leave_after(sign_out: Sending) {
    let (path, lead, visits) = (use_location().pathname, lead(), expect_context::<Visits>());
    Effect::new(move |_| {
        if sign_out.answer().is_some_and(|answer| answer.error().is_none()) {
            visits.another();
            browser::forget();
            if !path.get_untracked().starts_with(&href(LANDING)) {
                lead("/", NavigateOptions::default());
            }
        }
    });
}

/// Once another page is shown, the result of a form that was posted to the first one is outdated.
fn notice_another_page() {
    let (path, last) = (use_location().pathname, expect_context::<LastPost>());
    let notices = expect_context::<Notices>();
    Effect::new(move |before: Option<String>| {
        let now = path.get();
        if before.is_some_and(|before| before != now) {
            last.forget();
            notices.arrive();
            arrive();
        }
        now
    });
}

fn account(visitor: Visitor) -> AnyView {
    match visitor.person {
        Some(person) => view! { <Account person server_admin=visitor.server_admin /> },
        None => nobody(),
    }
}

fn nobody() -> AnyView {
    view! {
        <a href=href("/sign-in") class="btn btn-ghost">
            {t!("Sign in")}
        </a>
    }
}

/// A notice while all invites of the server are paused.
fn all_paused(visitor: Visitor) -> AnyView {
    let (path, because) = (use_location().pathname, visitor.paused_because);
    // Who opens an invite is not told why.
    let because = move || because.clone().filter(|_| !path.get().starts_with(&href(LANDING)));
    let banner = visitor.all_paused.then(|| {
        view! {
            <p role="status" class="bg-warning px-4 py-2 text-center font-medium text-warning-content print:hidden">
                {move || {
                    let text = t!("All invites of this server are paused by a server admin.");
                    match because() {
                        Some(reason) => t!("{text} “{reason}”", text, reason),
                        None => text.to_owned(),
                    }
                }}
            </p>
        }
    });
    banner.into_any()
}

/// Who is signed in, and their menu.
#[component]
fn Account(person: Person, server_admin: bool) -> impl IntoView {
    let sign_out = sign_out();
    let name = person.name().to_owned();
    let id = person.user_id.clone();
    view! {
        <a href=href("/invites") class="btn btn-ghost max-sm:hidden">
            {t!("My invites")}
        </a>
        <a href=href("/my-rooms") class="btn btn-ghost max-sm:hidden">
            {t!("Rooms you manage")}
        </a>
        <details class="dropdown dropdown-end">
            <summary class="btn btn-ghost btn-circle" aria-label=t!("Account")>
                <PersonAvatar person class="s-sm" />
            </summary>
            <div class="dropdown-content card z-10 mt-2 grid w-64 gap-1">
                <p class="p-3">
                    <span class="block truncate font-semibold" dir="auto">
                        {name}
                    </span>
                    <span class="hint block truncate">{id}</span>
                </p>
                <a href=href("/invites") class="btn btn-ghost justify-start">
                    <Icon shape=Shape::Room />
                    {t!("My invites")}
                </a>
                <a href=href("/my-rooms") class="btn btn-ghost justify-start">
                    <Icon shape=Shape::Space />
                    {t!("Rooms you manage")}
                </a>
                {server_admin
                    .then(|| {
                        view! {
                            <a href=href("/server") class="btn btn-ghost justify-start">
                                <Icon shape=Shape::Public />
                                {t!("All invites")}
                            </a>
                            <a href=href("/server/days") class="btn btn-ghost justify-start">
                                <Icon shape=Shape::Done />
                                {t!("Overview")}
                            </a>
                            <a href=href("/server/log") class="btn btn-ghost justify-start">
                                <Icon shape=Shape::Search />
                                {t!("Audit log")}
                            </a>
                        }
                    })}
                <Form sending=sign_out>
                    <button class="btn btn-ghost w-full justify-start" type="submit">
                        <Icon shape=Shape::Leave />
                        {t!("Sign out")}
                    </button>
                </Form>
            </div>
        </details>
    }
}
