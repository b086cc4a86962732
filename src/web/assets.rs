//! The files that pages are made of.

use std::path::Path;

use axum::{Router, middleware::map_response, response::Response};
use http::{HeaderValue, StatusCode, header};
use leptos::prelude::LeptosOptions;
use tower_http::services::ServeDir;

/// What cargo-leptos calls the files that it makes; the same as in `Cargo.toml`.
const OUTPUT_NAME: &str = "super-invites";

/// Where cargo-leptos says what it has called them this time.
const HASHES: &str = "hash.txt";

/// What the pages must know of their files.
pub(super) fn options(site: &Path) -> LeptosOptions {
    let hashes = site.join(HASHES);
    LeptosOptions::builder()
        .output_name(OUTPUT_NAME)
        .site_root(site.to_string_lossy().as_ref())
        .hash_files(hashes.exists())
        .hash_file(hashes.to_string_lossy().into())
        .build()
}

/// The files, compressed where the browser can take that. A name with a hash in it never means another file.
pub(super) fn service(site: &Path) -> Router {
    let named = ServeDir::new(site.join("pkg")).precompressed_br().precompressed_gzip();
    let others = ServeDir::new(site).precompressed_br().precompressed_gzip();
    Router::new()
        .nest_service("/pkg", Router::new().fallback_service(named).layer(map_response(for_ever)))
        .fallback_service(Router::new().fallback_service(others).layer(map_response(for_a_day)))
}

async fn for_ever(response: Response) -> Response {
    cached(response, "public, max-age=31536000, immutable")
}

async fn for_a_day(response: Response) -> Response {
    cached(response, "public, max-age=86400")
}

fn cached(mut response: Response, how_long: &'static str) -> Response {
    if matches!(response.status(), StatusCode::OK | StatusCode::NOT_MODIFIED | StatusCode::PARTIAL_CONTENT) {
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(how_long));
    }
    response
}
