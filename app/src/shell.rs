//! The document, the application in it, and the table of its pages.

use leptos::prelude::*;
use leptos_meta::{HashedStylesheet, MetaTags, Title, provide_meta_context};
use leptos_router::{
    StaticSegment,
    components::{FlatRoutes, Route, Router},
    location::RequestUrl,
};

use crate::{
    pages::{NotFound, Start},
    ui::Layout,
};

/// The path that clients have built in and homeservers' reverse proxies know: the JSON API is below it, the pages are when they have
/// no host of their own, and what they are made of always is.
pub const PREFIX: &str = "/_synapse/client/super_invites";

/// Where the pages are mounted, as the address of this one shows.
fn base() -> &'static str {
    let path = match use_context::<RequestUrl>() {
        Some(url) => url.parse().map(|url| url.path().to_owned()).unwrap_or_default(),
        None if is_browser() => location().pathname().unwrap_or_default(),
        None => String::new(),
    };
    if path.starts_with(PREFIX) { PREFIX } else { "" }
}

/// The HTML document around the application, as the server renders it.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    let assets = format!("{PREFIX}/_assets");
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <link rel="icon" type="image/svg+xml" href=format!("{assets}/favicon.svg") />
                <AutoReload options=options.clone() />
                <HydrationScripts options=options.clone() root=assets.clone() />
                <HashedStylesheet id="style" options root=assets />
                <MetaTags />
            </head>
            <body>
                <App />
            </body>
        </html>
    }
}

/// The application.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    view! {
        <Title formatter=|page: String| {
            if page == "Super Invites" { page } else { format!("{page} · Super Invites") }
        } />
        <Router base=base()>
            <Layout>
                <FlatRoutes fallback=|| view! { <NotFound /> }>
                    <Route path=StaticSegment("") view=Start />
                </FlatRoutes>
            </Layout>
        </Router>
    }
}
