//! The browser door: the pages, what they are made of, and the server functions behind them.

use std::{path::Path, sync::Arc};

use app::{App, Backend, PREFIX, ServiceStatus, provide_backend, shell};
use axum::{
    Router,
    body::Body,
    extract::Request,
    routing::{get, post},
};
use http::{HeaderValue, StatusCode, header};
use leptos::prelude::LeptosOptions;
use leptos_axum::{generate_route_list, handle_server_fns_with_context, render_app_async_with_context};
use tower::ServiceBuilder;
use tower_http::{services::ServeDir, set_header::SetResponseHeaderLayer};

use crate::invites::Invites;

/// What cargo-leptos calls the files that it makes; the same as in `Cargo.toml`.
const OUTPUT_NAME: &str = "super-invites";

/// One request's server, for the pages.
struct Site {
    invites: Invites,
}

#[async_trait::async_trait]
impl Backend for Site {
    async fn status(&self) -> app::Result<ServiceStatus> {
        Ok(self.invites.status().await)
    }
}

/// The pages, at the root and below the API's prefix, with their files from `site`.
pub fn router(invites: Invites, site: &Path) -> Router {
    let options = LeptosOptions::builder().output_name(OUTPUT_NAME).site_root(site.to_string_lossy().as_ref()).build();
    let context = move || provide_backend(Arc::new(Site { invites: invites.clone() }));
    // Whole pages, because without JavaScript nothing could be filled in later.
    let page = render_app_async_with_context(context.clone(), move || shell(options.clone()));
    let functions = move |request: Request<Body>| handle_server_fns_with_context(context.clone(), request);
    let files = ServiceBuilder::new()
        .layer(SetResponseHeaderLayer::overriding(header::CACHE_CONTROL, HeaderValue::from_static("no-cache")))
        .service(ServeDir::new(site));

    let mut router = Router::new()
        .nest_service(&format!("{PREFIX}/_assets"), files)
        .route(&format!("{PREFIX}/_rpc/{{*function}}"), post(functions));
    for route in generate_route_list(App) {
        let below = format!("{PREFIX}{}", route.path());
        router = router.route(route.path(), get(page.clone())).route(&below, get(page.clone()));
    }
    router.fallback(async move |request: Request<Body>| {
        let mut response = page(request).await;
        *response.status_mut() = StatusCode::NOT_FOUND;
        response
    })
}
