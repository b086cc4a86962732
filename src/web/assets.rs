//! The pages' static files: embedded in the binary, or in development from a folder.

use std::{borrow::Cow, path::Path};

use app::{Files, Program};
use axum::{
    Router,
    extract::Path as UrlPath,
    middleware::map_response,
    response::{IntoResponse, Response},
    routing::get,
};
#[cfg(feature = "embed")]
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use tower_http::services::ServeDir;

/// The file with the hashes in the names of the files, as cargo-leptos and `scripts/build` list them.
const HASHES: &str = "hash.txt";

/// The embedded files.
#[cfg(feature = "embed")]
#[derive(rust_embed::RustEmbed)]
#[folder = "$LEPTOS_SITE_ROOT/"]
struct Embedded;

/// The location of the files.
#[derive(Debug, Clone, Copy)]
pub enum Assets<'a> {
    /// Embedded in the binary.
    Embedded,
    /// In a folder.
    Folder(&'a Path),
}

impl Assets<'_> {
    /// Whether the files are embedded in this binary.
    pub const ARE_EMBEDDED: bool = cfg!(feature = "embed");

    /// The hashes in the names of the files, if there are any.
    pub(super) fn files(self) -> Files {
        let hashes = match self {
            Self::Embedded => embedded(HASHES).map(|file| String::from_utf8_lossy(&file.data).into_owned()),
            Self::Folder(site) => std::fs::read_to_string(site.join(HASHES)).ok(),
        };
        let hashes = hashes.unwrap_or_default();
        let hash = |kind: &str| {
            let mut lines = hashes.lines().filter_map(|line| line.split_once(": "));
            lines.find(|(found, _)| *found == kind).map(|(_, hash)| format!(".{}", hash.trim())).unwrap_or_default()
        };
        let program = |name: &str| Program { script: hash(&format!("{name}js")), code: hash(&format!("{name}wasm")) };
        Files { guest: program("guest-"), member: program(""), style: hash("css") }
    }

    /// Serves the files, compressed if the browser accepts that. Files with a hash in their name never change.
    pub(super) fn service(self) -> Router {
        let (named, others) = match self {
            Self::Embedded => (
                Router::new().route(
                    "/{file}",
                    get(async |UrlPath(file): UrlPath<String>, headers: HeaderMap| {
                        carried(&format!("pkg/{file}"), &headers)
                    }),
                ),
                Router::new().route(
                    "/{file}",
                    get(async |UrlPath(file): UrlPath<String>, headers: HeaderMap| carried(&file, &headers)),
                ),
            ),
            Self::Folder(site) => {
                let compressed = |folder| {
                    let files = ServeDir::new(folder).precompressed_br().precompressed_gzip();
                    Router::new().fallback_service(files)
                };
                (compressed(site.join("pkg")), compressed(site.to_owned()))
            }
        };
        Router::new()
            .nest(
                "/pkg",
                named.layer(map_response(async |response| cached(response, "public, max-age=31536000, immutable"))),
            )
            .merge(others.layer(map_response(async |response| cached(response, "public, max-age=86400"))))
    }
}

/// An embedded file.
struct File {
    data: Cow<'static, [u8]>,
    /// The `ETag`, which differs for every content.
    tag: String,
    kind: String,
}

#[cfg(feature = "embed")]
fn embedded(name: &str) -> Option<File> {
    let file = <Embedded as rust_embed::RustEmbed>::get(name)?;
    let tag = URL_SAFE_NO_PAD.encode(file.metadata.sha256_hash());
    Some(File { data: file.data, tag, kind: file.metadata.mimetype().to_owned() })
}

#[cfg(not(feature = "embed"))]
fn embedded(_: &str) -> Option<File> {
    None
}

/// The response with an embedded file, in an encoding that the browser accepts (RFC 9110, section 12.5.3), or without a
/// body if the browser has it already.
fn carried(name: &str, headers: &HeaderMap) -> Response {
    let Some(File { data, tag, kind }) = embedded(name) else { return StatusCode::NOT_FOUND.into_response() };
    let asked = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let encodings = [("br", "br"), ("gzip", "gz")];
    let mut taken = encodings.into_iter().filter(|(encoding, _)| takes(asked(header::ACCEPT_ENCODING), encoding));
    let compressed = taken.find_map(|(encoding, end)| Some((encoding, embedded(&format!("{name}.{end}"))?)));
    let (encoding, data, tag) = match compressed {
        Some((encoding, file)) => (Some(encoding), file.data, file.tag),
        None => (None, data, tag),
    };
    let tag = format!("\"{tag}\"");
    let known = asked(header::IF_NONE_MATCH).split(',').any(|known| known.trim().trim_start_matches("W/") == tag);
    let mut response = match known {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => ([(header::CONTENT_TYPE, kind)], data).into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Ok(tag) = tag.parse() {
        headers.insert(header::ETAG, tag);
    }
    if let Some(encoding) = encoding.filter(|_| !known) {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    response
}

/// Whether the browser accepts an encoding.
fn takes(accepted: &str, encoding: &str) -> bool {
    accepted.split(',').any(|one| {
        let (name, weight) = one.split_once(';').unwrap_or((one, "q=1"));
        let weight = weight.trim().trim_start_matches("q=").parse::<f32>();
        name.trim().eq_ignore_ascii_case(encoding) && weight.is_ok_and(|weight| weight > 0.0)
    })
}

fn cached(mut response: Response, how_long: &'static str) -> Response {
    if matches!(response.status(), StatusCode::OK | StatusCode::NOT_MODIFIED | StatusCode::PARTIAL_CONTENT) {
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(how_long));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoding_is_what_the_browser_takes() {
        for (accepted, brotli) in [
            ("gzip, deflate, br, zstd", true),
            ("br;q=0.5", true),
            ("BR ; q=1", true),
            ("gzip;q=1.0, br;q=0", false),
            ("gzip", false),
            ("", false),
            ("brotli", false),
        ] {
            assert_eq!(takes(accepted, "br"), brotli, "{accepted}");
        }
    }
}
