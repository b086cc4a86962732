//! The web interface: the pages, their assets, and the server functions behind them.

mod apps;
mod assets;
mod csv;
mod drawn;
mod form;
mod headers;
mod language;
mod live;
mod news;
mod pictures;
mod preview;
mod print;
mod qr;
mod reply;
pub mod shared;
mod site;
mod sso;
mod state;
mod visit;
mod well_known;

use std::{
    future::Future,
    sync::{Arc, LazyLock},
};

use app::{
    App, PREFIX, Posted, provide_backend, provide_mount, provide_notice, provide_posted, resources, shell, t,
    words::{self, provide_language, provide_offer},
};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Path, Request, State},
    middleware::from_fn_with_state,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use http::{Method, StatusCode, request::Parts};
use leptos::{nonce::Nonce, prelude::provide_context};
use leptos_axum::{generate_route_list, handle_server_fns_with_context, render_app_async_with_context};
use tower_http::compression::CompressionLayer;

pub use self::{assets::Assets, state::Settings};
use self::{pictures::Pictures, site::Site, state::Web, visit::Visit};
use crate::{invites::Invites, listener::Refused, people::People, trace::carried};

/// The path of the server functions. It is the same wherever the pages are mounted.
const FUNCTIONS: &str = "/_synapse/client/super_invites/_rpc";

/// The largest form that is read, in bytes: five hundred rooms and a label.
const LARGEST_FORM: usize = 64 * 1024;

/// The paths of the pages, in axum's syntax. Listed only once: while leptos lists them, anything that is being rendered
/// in the same process waits for its data forever (`leptos_server`, `SuppressResourceLoad`).
static PAGES: LazyLock<Vec<String>> =
    LazyLock::new(|| generate_route_list(App).iter().map(|route| route.path().to_owned()).collect());

/// The pages, below the API's prefix and at the root, or where the operator wants them instead; with their files from `assets`.
pub fn router(invites: Invites, people: People, settings: Settings, assets: Assets<'_>) -> Router {
    let pictures = Arc::new(Pictures::new(people.clone(), settings.sealer.clone(), &settings.metrics));
    let web = Arc::new(Web::new(invites, people, settings, assets.files(), Arc::clone(&pictures)));
    let mut router = Router::new();
    if !web.mount.is_empty() {
        let start = format!("{}/", web.mount);
        router = router.route(web.mount, get(async move || Redirect::permanent(&start)));
    }
    for base in [PREFIX, web.mount] {
        // Pages that have the root of their host to themselves have their files below the prefix.
        if !base.is_empty() {
            router = router
                .nest_service(&format!("{base}/_assets"), assets.service())
                .route(&format!("{base}/_assets/words/{{file}}"), get(language::file))
                .route(&format!("{base}/_rpc/{{function}}"), post(function))
                .route(&format!("{base}/_live/{{code}}"), get(live::events))
                .route(
                    &format!("{base}/_pictures/{{server}}/{{id}}/{{mark}}"),
                    get(pictures::picture).with_state(Arc::clone(&pictures)),
                );
        }
        for path in &*PAGES {
            router = router.route(&format!("{base}{path}"), get(page).post(form::posted));
        }
        router = router
            .route(&format!("{base}/sign-in/elsewhere"), get(sso::begin))
            .route(&format!("{base}/sign-in/back"), get(sso::finish))
            .route(&format!("{base}/invites/{{code}}/print"), get(print::page))
            .route(&format!("{base}/invites/{{code}}/joined.csv"), get(csv::joined))
            .route(&format!("{base}/server/invites.csv"), get(csv::server_invites))
            .route(&format!("{base}/invites/{{code}}/{{file}}"), get(qr::file))
            .route(&format!("{base}/i/{{code}}/preview.png"), get(preview::picture));
    }
    router = router.merge(well_known::routes());
    let router = router.fallback(missing).layer(CompressionLayer::new());
    let router = router.layer(from_fn_with_state(Arc::clone(&web), language::speak));
    router.layer(from_fn_with_state(Arc::clone(&web), headers::harden)).with_state(web)
}

/// The response to a request that the listener refuses, as plain text.
pub fn refused(refused: Refused) -> Response {
    (refused.status(), headers::EVERYWHERE, format!("{}\n", refused.text())).into_response()
}

async fn page(State(web): State<Arc<Web>>, visit: Visit, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    web.render(visit, parts, None).await
}

/// The page for an unknown address.
async fn missing(State(web): State<Arc<Web>>, visit: Visit, request: Request) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let (parts, _) = request.into_parts();
    let mut response = web.render(visit, parts, None).await;
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

/// A server function, called by a script of a page.
async fn function(State(web): State<Arc<Web>>, visit: Visit, Path(name): Path<String>, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    // The name under which it is known, wherever the pages are mounted.
    let Ok(uri) = format!("{FUNCTIONS}/{name}").parse() else { return StatusCode::NOT_FOUND.into_response() };
    parts.uri = uri;
    if !visit.is_from_here() || !visit.is_by_script() {
        return reply::not_from_here();
    }
    match read(body).await {
        Ok(body) => web.call(visit, Request::from_parts(parts, Body::from(body))).await,
        Err(too_large) => too_large,
    }
}

/// The body of a form, or the response to one that is too large.
async fn read(body: Body) -> Result<Bytes, Response> {
    axum::body::to_bytes(body, LARGEST_FORM)
        .await
        .map_err(|_| reply::plain(StatusCode::PAYLOAD_TOO_LARGE, t!("The form is too large.")))
}

impl Web {
    /// Renders a whole page: without JavaScript nothing could be filled in later. `posted` is the result of a form that
    /// was posted to it.
    async fn render(self: &Arc<Self>, visit: Visit, mut parts: Parts, posted: Option<Posted>) -> Response {
        let (base, origin, path) = (visit.base, visit.site.clone(), visit.path.clone());
        let (language, offer) = (words::language(), language::offer(&self.settings.languages, &visit.path));
        let (site, reply) = Site::new(Arc::clone(self), visit.clone(), true);
        let notice = self.told(&visit, &reply);
        let (nonce, scripts) =
            (headers::nonce(&self.settings.chance), format!("{origin}{}/_assets/pkg/", resources(base)));
        let context = {
            let nonce = nonce.clone();
            move || {
                provide_backend(site.clone());
                provide_mount(origin.clone(), base);
                provide_posted(posted.clone());
                provide_notice(notice.clone());
                provide_language(language);
                provide_offer(offer.clone());
                provide_context(Nonce::from_value(nonce.as_str()));
            }
        };
        let files = self.files.clone();
        parts.method = Method::GET;
        let request = Request::from_parts(parts, Body::empty());
        let render = render_app_async_with_context(context, move || shell(&files, &path));
        let (head, body) = to_its_end(async move { render(request).await }).await.into_parts();
        let page = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
        let page = reply.complete(&String::from_utf8_lossy(&page));
        let mut response = Response::from_parts(head, Body::from(page));
        headers::protect(&mut response, &nonce, &scripts);
        reply.apply(response, base)
    }

    /// Runs a server function.
    async fn call(self: &Arc<Self>, visit: Visit, request: Request) -> Response {
        let (base, language) = (visit.base, words::language());
        let (site, reply) = Site::new(Arc::clone(self), visit, false);
        let context = move || {
            provide_backend(site.clone());
            provide_language(language);
        };
        let answer = async move { handle_server_fns_with_context(context, request).await.into_response() };
        let response = to_its_end(answer).await;
        reply.apply(response, base)
    }
}

/// Produces a response, body included, in a task of its own. Otherwise a disconnecting browser would drop data that is
/// still being rendered from; and whatever a form has begun has to be finished.
async fn to_its_end(answer: impl Future<Output = Response> + Send + 'static) -> Response {
    let whole = async {
        let (head, body) = answer.await.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
        Response::from_parts(head, Body::from(body))
    };
    let whole = tokio::spawn(carried(words::speaking(words::language(), whole)));
    whole.await.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

#[cfg(test)]
mod tests {
    use app::{ForGuests, ForMembers, is_for_members};

    use super::*;

    #[tokio::test]
    async fn the_browser_is_given_the_program_that_contains_the_page() {
        let paths = |routes: Vec<leptos_axum::AxumRouteListing>| -> Vec<String> {
            routes.iter().map(|route| route.path().to_owned()).collect()
        };
        let (guests, members) = (paths(generate_route_list(ForGuests)), paths(generate_route_list(ForMembers)));
        assert!(guests.iter().all(|path| !is_for_members(path)), "{guests:?}");
        assert!(members.iter().all(|path| is_for_members(path)), "{members:?}");
        assert_eq!(PAGES.len(), guests.len() + members.len());
    }
}
