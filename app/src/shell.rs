//! The document, the application in it, and the table of its pages.

use leptos::prelude::*;
use leptos_meta::{HashedStylesheet, MetaTags, Title, provide_meta_context};
use leptos_router::{
    StaticSegment,
    components::{FlatRoutes, Route, Router},
};

use crate::{
    pages::{NotFound, Start},
    ui::Layout,
};

/// The HTML document around the application, as the server renders it.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <link rel="icon" type="image/svg+xml" href="/_synapse/client/super_invites/_assets/favicon.svg" />
                <AutoReload options=options.clone() />
                <HydrationScripts options=options.clone() root="/_synapse/client/super_invites/_assets" />
                <HashedStylesheet id="style" options root="/_synapse/client/super_invites/_assets" />
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
        <Router>
            <Layout>
                <FlatRoutes fallback=|| view! { <NotFound /> }>
                    <Route path=StaticSegment("") view=Start />
                </FlatRoutes>
            </Layout>
        </Router>
    }
}
