//! For operators with apps of their own: declares that an app may open the links of this host (Android App Links,
//! "Digital Asset Links"; Apple, "Supporting associated domains").

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::State,
    response::{IntoResponse, Response},
    routing::get,
};
use http::StatusCode;
use serde_json::json;

use super::state::Web;
use crate::config::AndroidApp;

/// The routes of both files, at the root of the host.
pub(super) fn routes() -> Router<Arc<Web>> {
    Router::new()
        .route("/.well-known/assetlinks.json", get(android))
        .route("/.well-known/apple-app-site-association", get(apple))
}

async fn android(State(web): State<Arc<Web>>) -> Response {
    let apps = &web.settings.app_links.android;
    if apps.is_empty() {
        return StatusCode::NOT_FOUND.into_response();
    }
    let statement = |AndroidApp { package_name, sha256_cert_fingerprints }: &AndroidApp| {
        json!({
            "relation": ["delegate_permission/common.handle_all_urls"],
            "target": {
                "namespace": "android_app",
                "package_name": package_name,
                "sha256_cert_fingerprints": sha256_cert_fingerprints,
            },
        })
    };
    Json(apps.iter().map(statement).collect::<Vec<_>>()).into_response()
}

async fn apple(State(web): State<Arc<Web>>) -> Response {
    let apps = &web.settings.app_links.ios;
    if apps.is_empty() {
        return StatusCode::NOT_FOUND.into_response();
    }
    let below = [web.mount, app::PREFIX].map(|base| json!({"/": format!("{base}{}*", app::LANDING)}));
    let invites = json!(below);
    Json(json!({"applinks": {"details": [{"appIDs": apps, "components": invites}]}})).into_response()
}
