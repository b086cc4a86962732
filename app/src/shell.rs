//! The HTML document, the application in it, and the routes to its pages.

use leptos::{nonce::use_nonce, prelude::*};
use leptos_meta::{MetaTags, Title, provide_meta_context};
use leptos_router::{
    ParamSegment, StaticSegment,
    any_nested_route::{AnyNestedRoute, IntoAnyNestedRoute},
    components::{FlatRoutes, Route, Router},
};

use crate::{
    LocalPath, MEMBERS, Posted,
    backend::{MOUNTED, Mount, News, resources},
    is_for_members,
    pages::{
        AllInvites, Audit, DeleteInvite, DeleteInvites, EditInvite, EnterCode, InvitePage, Invites, Landing, MyRooms,
        NewInvite, NotFound, ServerDays, SignIn, Start,
    },
    ui::{LastPost, Layout, Notices, Visits, announce, escaped},
    view,
    wire::{from_wire, to_wire},
    words,
};

/// The path that clients have built in and that the reverse proxies of homeservers forward: the JSON API is below it,
/// and the pages are too, with all that belongs to them.
pub const PREFIX: &str = "/_synapse/client/super_invites";

/// Where the pages are mounted: on the server from the request's context, in the browser from what the server has
/// written into the page.
fn mount() -> Mount {
    let base = SharedValue::new_str(|| mounted().to_owned()).into_inner();
    use_context().unwrap_or_else(|| {
        let (site, base) = match is_browser() {
            // For as long as the page lives.
            true => (location().origin().unwrap_or_default(), *MOUNTED.get_or_init(|| &*base.leak())),
            false => Default::default(),
        };
        Mount { site, base }
    })
}

/// The prefix of the pages' paths, on the server.
fn mounted() -> &'static str {
    use_context::<Mount>().map_or("", |mount| mount.base)
}

/// The part of each asset's name that differs from build to build, so that caches never mix builds; empty where names
/// are not hashed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Files {
    /// For the program that takes over the pages which people see before they are members.
    pub guest: Program,
    /// For the program that takes over the pages of people who are signed in.
    pub member: Program,
    /// For the style sheet.
    pub style: String,
}

/// As in [`Files`], for a program of the browser.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Program {
    /// For the script that starts it.
    pub script: String,
    /// For the WebAssembly.
    pub code: String,
}

/// The address of an asset of pages that are mounted at `base`.
fn file(base: &str, name: &str, hash: &str, end: &str) -> String {
    format!("{}/_assets/pkg/{name}{hash}.{end}", resources(base))
}

/// The address of the style sheet.
pub(crate) fn style(base: &str, files: &Files) -> String {
    file(base, "super-invites", &files.style, "css")
}

/// The script that starts the program of a page. It is asked for once the page stands on the screen: before that it
/// would take the line from what the page looks like.
fn start(base: &str, files: &Files, page: &LocalPath) -> String {
    let (name, program) = match is_for_members(page.as_str()) {
        true => ("super-invites", &files.member),
        false => ("guest", &files.guest),
    };
    let (script, code) = (file(base, name, &program.script, "js"), file(base, name, &program.code, "wasm"));
    // Without its words the program would take over the page in English: then it does not take it over at all.
    let words = words::offer().and_then(|offer| offer.words).map_or(r#""""#.to_owned(), |name| {
        let address = format!("{}/_assets/words/{name}", resources(base));
        format!(r#"fetch("{address}").then(words => words.ok ? words.text() : Promise.reject())"#)
    });
    // Hashes and paths of ours: nothing in them has to be escaped.
    format!(
        r#"requestAnimationFrame(() => setTimeout(() => Promise.all([{words}, import("{script}").then(app => app.default({{module_or_path: "{code}"}}).then(() => app))]).then(([words, app]) => app.hydrate(words))))"#
    )
}

/// The script that leaves links between pages of the two programs to the browser, before a program's router sees them.
fn between_programs(base: &str) -> String {
    let (start, members) = (base.len() + 1, MEMBERS.join("|"));
    format!(
        r#"const members = ({{pathname}}) => /^({members})(\/|$)/.test(pathname.slice({start}));
        document.addEventListener("click", event => {{
            const link = event.target.closest?.("a[href]");
            link && members(link) != members(location) && event.stopPropagation();
        }});"#
    )
}

/// The script that lets links to other languages keep the address, which a program's router may have changed since the
/// server wrote them.
fn between_languages() -> String {
    let parameter = words::PARAMETER;
    format!(
        r#"document.addEventListener("click", event => {{
            const link = event.target.closest?.("a[hreflang]");
            if (!link) return;
            const here = new URL(location);
            here.searchParams.set("{parameter}", link.hreflang);
            link.href = here;
        }}, true);"#
    )
}

/// The HTML document around the application, as the server renders it for the address of a page.
pub fn shell(files: &Files, page: &LocalPath) -> impl IntoView + use<> {
    let base = mounted();
    let assets = format!("{}/_assets", resources(base));
    // An address that only an app understands does nothing where there is no such app.
    let no_app = r#"addEventListener("click", ({target}) => {
            const app = target.closest?.("[data-app]")?.parentNode.querySelector("[hidden]");
            app && setTimeout(() => document.hidden || !document.hasFocus() || (app.hidden = false), 2000);
        });"#;
    let script = [no_app, &between_programs(base), &between_languages(), &start(base, files, page)].concat();
    let language = words::language();
    view! {
        <!DOCTYPE html>
        <html lang=language.tag() dir=language.direction()>
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <meta name="robots" content="noindex" />
                <link rel="icon" type="image/svg+xml" href=format!("{assets}/favicon.svg") />
                <link
                    rel="preload"
                    href=format!("{assets}/sansita-700.woff2")
                    r#as="font"
                    r#type="font/woff2"
                    crossorigin=""
                />
                <script type="module" nonce=use_nonce() inner_html=script></script>
                <link rel="stylesheet" href=style(base, files) />
                <MetaTags />
            </head>
            <body>
                <App />
            </body>
        </html>
    }
}

/// The text for the title of the window; the title of every page passes through here. The server writes it into the
/// page's HTML unescaped, and it often contains what somebody else wrote; in the browser it is plain text.
///
/// Decided by compile target: the server formats the title after rendering, when [`is_browser`] is no longer reliable.
fn title(page: String) -> String {
    let title = if page == "Super Invites" { page } else { format!("{page} · Super Invites") };
    if cfg!(target_family = "wasm") { title } else { escaped(&title) }
}

/// All pages, as the server renders them.
#[component]
pub fn App() -> impl IntoView {
    application(|| {
        view! {
            <FlatRoutes fallback=NotFound>
                <GuestPages />
                <MemberPages />
            </FlatRoutes>
        }
    })
}

/// The pages that people see before they are members, for the browser.
#[component]
pub fn ForGuests() -> impl IntoView {
    application(|| {
        view! {
            <FlatRoutes fallback=NotFound>
                <GuestPages />
            </FlatRoutes>
        }
    })
}

/// The pages for people who are signed in ([`is_for_members`]), for the browser.
#[component]
pub fn ForMembers() -> impl IntoView {
    application(|| {
        view! {
            <FlatRoutes fallback=NotFound>
                <MemberPages />
            </FlatRoutes>
        }
    })
}

#[component(transparent)]
fn GuestPages() -> AnyNestedRoute {
    leptos::prelude::view! {
        <Route path=StaticSegment("") view=Start />
        <Route path=StaticSegment("sign-in") view=SignIn />
        <Route path=StaticSegment("join") view=EnterCode />
        <Route path=(StaticSegment("i"), ParamSegment("code")) view=Landing />
    }
    .into_inner()
    .into_any_nested_route()
}

#[component(transparent)]
fn MemberPages() -> AnyNestedRoute {
    leptos::prelude::view! {
        <Route path=StaticSegment("new") view=NewInvite />
        <Route path=StaticSegment("invites") view=Invites />
        <Route path=(StaticSegment("invites"), ParamSegment("code")) view=InvitePage />
        <Route path=(StaticSegment("invites"), ParamSegment("code"), StaticSegment("edit")) view=EditInvite />
        <Route path=(StaticSegment("invites"), ParamSegment("code"), StaticSegment("delete")) view=DeleteInvite />
        <Route path=StaticSegment("delete-invites") view=DeleteInvites />
        <Route path=StaticSegment("my-rooms") view=MyRooms />
        <Route path=StaticSegment("server") view=AllInvites />
        <Route path=(StaticSegment("server"), StaticSegment("days")) view=ServerDays />
        <Route path=(StaticSegment("server"), StaticSegment("log")) view=Audit />
    }
    .into_inner()
    .into_any_nested_route()
}

/// The layout, and in it the page that belongs to the address.
fn application(pages: impl FnOnce() -> AnyView + Send + 'static) -> AnyView {
    provide_meta_context();
    Effect::new(|_| announce());
    let mount = mount();
    let base = mount.base;
    provide_context(mount);
    provide_context(Visits::new());
    let given = || (use_context::<Option<Posted>>().flatten(), use_context::<News>().and_then(|news| news.0));
    let given = SharedValue::new_str(|| to_wire(&given())).into_inner();
    let (posted, notice) = from_wire(&given).unwrap_or_default();
    provide_context(LastPost::new(posted));
    provide_context(Notices::new(notice));
    view! {
        <Title formatter=title />
        <Router base=base>
            <Layout>{pages()}</Layout>
        </Router>
    }
}
