//! The HTML document, the application in it, and the routes to its pages.

use leptos::{nonce::use_nonce, prelude::*};
use leptos_meta::{MetaTags, Title, provide_meta_context};
use leptos_router::{
    ParamSegment, StaticSegment,
    components::{FlatRoutes, Route, Router},
};

use crate::{
    Posted,
    backend::Mount,
    pages::{
        AllInvites, Audit, DeleteInvite, EditInvite, EnterCode, InvitePage, Invites, Landing, MyRooms, NewInvite,
        NotFound, ServerDays, SignIn, Start,
    },
    ui::{LastPost, Layout, Visits, announce, escaped},
    view,
    wire::{from_wire, to_wire},
};

/// The path that clients have built in and that the reverse proxies of homeservers forward: the JSON API is below it,
/// the pages are too where they have no host of their own, and their assets always are.
pub const PREFIX: &str = "/_synapse/client/super_invites";

/// Where the pages are mounted: on the server from the request's context, in the browser from the address.
fn mount() -> Mount {
    use_context().unwrap_or_else(|| {
        let (site, path) = match is_browser() {
            true => (location().origin().unwrap_or_default(), location().pathname().unwrap_or_default()),
            false => Default::default(),
        };
        Mount { site, base: if path.starts_with(PREFIX) { PREFIX } else { "" } }
    })
}

/// The part of each asset's name that differs from build to build, so that caches never mix builds; empty where names
/// are not hashed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Files {
    /// For the script.
    pub script: String,
    /// For the WebAssembly program.
    pub program: String,
    /// For the style sheet.
    pub style: String,
}

/// The address of one of them.
pub(crate) fn file(hash: &str, end: &str) -> String {
    format!("{PREFIX}/_assets/pkg/super-invites{hash}.{end}")
}

/// The HTML document around the application, as the server renders it.
pub fn shell(files: Files) -> impl IntoView {
    let assets = format!("{PREFIX}/_assets");
    let (script, program) = (file(&files.script, "js"), file(&files.program, "wasm"));
    // An address that only an app understands does nothing where there is no such app.
    let no_app = r#"addEventListener("click", ({target}) => {
            const app = target.closest?.("[data-app]")?.parentNode.querySelector("[hidden]");
            app && setTimeout(() => document.hidden || !document.hasFocus() || (app.hidden = false), 2000);
        });"#;
    // Asked for once the page stands on the screen: before that it would take the line from what the page looks like. Hashes and paths of ours:
    // nothing in them has to be escaped.
    let hydrate = format!(
        r#"requestAnimationFrame(() => setTimeout(() => import("{script}").then(app => app.default({{module_or_path: "{program}"}}).then(() => app.hydrate()))))"#
    );
    view! {
        <!DOCTYPE html>
        <html lang="en">
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
                <script type="module" nonce=use_nonce() inner_html=no_app.to_owned() + &hydrate></script>
                <link rel="stylesheet" href=file(&files.style, "css") />
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

/// The application: the layout, and the page that belongs to the address.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    Effect::new(|_| announce());
    let mount = mount();
    let base = mount.base;
    provide_context(mount);
    provide_context(Visits::new());
    let posted = SharedValue::new_str(|| to_wire(&use_context::<Option<Posted>>().flatten())).into_inner();
    let posted = from_wire(&posted).unwrap_or_default();
    provide_context(LastPost::new(posted));
    view! {
        <Title formatter=title />
        <Router base=base>
            <Layout>
                <FlatRoutes fallback=NotFound>
                    <Route path=StaticSegment("") view=Start />
                    <Route path=StaticSegment("sign-in") view=SignIn />
                    <Route path=StaticSegment("join") view=EnterCode />
                    <Route path=StaticSegment("new") view=NewInvite />
                    <Route path=StaticSegment("invites") view=Invites />
                    <Route path=(StaticSegment("invites"), ParamSegment("code")) view=InvitePage />
                    <Route
                        path=(StaticSegment("invites"), ParamSegment("code"), StaticSegment("edit"))
                        view=EditInvite
                    />
                    <Route
                        path=(StaticSegment("invites"), ParamSegment("code"), StaticSegment("delete"))
                        view=DeleteInvite
                    />
                    <Route path=StaticSegment("my-rooms") view=MyRooms />
                    <Route path=StaticSegment("server") view=AllInvites />
                    <Route path=(StaticSegment("server"), StaticSegment("days")) view=ServerDays />
                    <Route path=(StaticSegment("server"), StaticSegment("log")) view=Audit />
                    <Route path=(StaticSegment("i"), ParamSegment("code")) view=Landing />
                </FlatRoutes>
            </Layout>
        </Router>
    }
}
