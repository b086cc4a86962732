//! What stands around every page.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use super::{
    Form, FormProblem, Icon, LastPost, Mark, PersonAvatar, Sending, Shape, arrive, go_on, href, load, sending,
    show_either,
};
use crate::{Person, Visitor, rpc, view};

/// Counts sign-ins and sign-outs: whatever is about the person is asked for again after each.
#[derive(Clone, Copy)]
pub(crate) struct Visits {
    number: RwSignal<u32>,
    /// Whether the homeserver has ended this one.
    ended: StoredValue<bool>,
}

impl Visits {
    pub(crate) fn new() -> Self {
        Self { number: RwSignal::new(0), ended: StoredValue::new(false) }
    }

    /// Which one this is.
    pub(crate) fn now(self) -> u32 {
        self.number.get()
    }

    /// Begins another one.
    pub(crate) fn another(self) {
        self.ended.set_value(false);
        self.number.update(|visit| *visit += 1);
    }

    /// Notes that the homeserver has ended this one, however many answers say so.
    pub(crate) fn end(self) {
        if !self.ended.get_value() {
            self.another();
            self.ended.set_value(true);
        }
    }
}

/// Signing out, which can be asked for in several places; what came of it stands at the top of every page.
#[derive(Clone, Copy)]
struct SignOut(Sending);

/// For a form that signs out.
pub(crate) fn sign_out() -> Sending {
    expect_context::<SignOut>().0
}

/// Header, the page, footer.
#[component]
pub(crate) fn Layout(children: Children) -> impl IntoView {
    let visitor = load(|| rpc::GetVisitor {});
    let sign_out = sending::<rpc::SignOut>();
    let visits = expect_context::<Visits>();
    go_on(sign_out, move || visits.another());
    provide_context(SignOut(sign_out));
    notice_another_page();
    view! {
        <a
            href="#content"
            class="btn btn-primary sr-only focus:not-sr-only focus:absolute focus:left-4 focus:top-4 focus:z-10"
        >
            "Skip to the content"
        </a>
        <div class="flex min-h-dvh flex-col">
            {show_either(visitor, all_paused, |_| ().into_any())}
            <div class="mx-auto w-full max-w-5xl px-4 has-[p]:pt-3 sm:px-8">
                <FormProblem sending=sign_out />
            </div>
            <header class="mx-auto flex w-full max-w-5xl items-center gap-2 px-4 py-3 sm:px-8 sm:py-5 print:hidden">
                <a href=href("/") class="flex items-center gap-3 rounded-field pr-2">
                    <Mark class="size-9 text-primary" />
                    <span class="text-lg font-semibold tracking-tight max-sm:sr-only">"Super Invites"</span>
                </a>
                <nav class="ml-auto flex items-center gap-1" aria-label="Main">
                    <a href=href("/join") class="btn btn-ghost">
                        "Enter a code"
                    </a>
                    {show_either(visitor, account, |_| nobody())}
                </nav>
            </header>
            <main id="content" tabindex="-1" class="outline-none mx-auto w-full max-w-5xl flex-1 px-4 pb-16 sm:px-8">
                {children()}
            </main>
            <footer class="border-t border-base-300 px-5 py-6 text-center text-sm text-base-content/80 print:hidden">
                "Free software that runs beside your own homeserver."
            </footer>
        </div>
    }
}

/// Once another page is shown, what was posted to the first one is past.
fn notice_another_page() {
    let (path, last) = (use_location().pathname, expect_context::<LastPost>());
    Effect::new(move |before: Option<String>| {
        let now = path.get();
        if before.is_some_and(|before| before != now) {
            last.forget();
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
            "Sign in"
        </a>
    }
}

/// Says so where every invite of the server is stopped.
fn all_paused(visitor: Visitor) -> AnyView {
    let banner = visitor.all_paused.then(|| {
        view! {
            <p role="status" class="bg-warning px-4 py-2 text-center font-medium text-warning-content print:hidden">
                "All invites of this server are paused by a server admin."
            </p>
        }
    });
    banner.into_any()
}

/// Who is signed in, and what they can do about it.
#[component]
fn Account(person: Person, server_admin: bool) -> impl IntoView {
    let sign_out = sign_out();
    let name = person.name().to_owned();
    let id = person.user_id.clone();
    view! {
        <a href=href("/invites") class="btn btn-ghost max-sm:hidden">
            "My invites"
        </a>
        <details class="dropdown dropdown-end">
            <summary class="btn btn-ghost btn-circle" aria-label="Account">
                <PersonAvatar person />
            </summary>
            <div class="dropdown-content z-10 mt-2 grid w-64 gap-1 rounded-box border border-base-300 bg-base-100 p-3 shadow-lg">
                <p class="px-3 pb-2">
                    <span class="block truncate font-semibold">{name}</span>
                    <span class="block truncate text-sm text-base-content/80">{id}</span>
                </p>
                <a href=href("/invites") class="btn btn-ghost justify-start">
                    <Icon shape=Shape::Room />
                    "My invites"
                </a>
                <a href=href("/my-rooms") class="btn btn-ghost justify-start">
                    <Icon shape=Shape::Space />
                    "Rooms I look after"
                </a>
                {server_admin
                    .then(|| {
                        view! {
                            <a href=href("/server") class="btn btn-ghost justify-start">
                                <Icon shape=Shape::Public />
                                "All invites"
                            </a>
                            <a href=href("/server/log") class="btn btn-ghost justify-start">
                                <Icon shape=Shape::Search />
                                "Who did what"
                            </a>
                        }
                    })}
                <Form sending=sign_out>
                    <button class="btn btn-ghost w-full justify-start" type="submit">
                        <Icon shape=Shape::Leave />
                        "Sign out"
                    </button>
                </Form>
            </div>
        </details>
    }
}
