//! Security headers.

use app::resources;
use axum::{extract::Request, middleware::Next, response::Response};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::visit::Visit;
use crate::{chance::Chance, words::COOKIE};

/// For every response of the web interface.
pub(super) const EVERYWHERE: [(HeaderName, &str); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    // The address of a landing page is a secret.
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(self), geolocation=(), microphone=(), payment=()"),
];

/// For responses that are not pages and need nothing.
const NOTHING_RUNS: &str = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// A random nonce for one page: only scripts that carry it run.
pub(super) fn nonce(chance: &Chance) -> String {
    // Without random numbers no script runs at all, but the page still works.
    chance.bytes::<16>().map(|bytes| URL_SAFE_NO_PAD.encode(bytes)).unwrap_or_default()
}

/// Allows a page what it needs, and nothing else (W3C, Content Security Policy Level 3). `scripts` is where its own
/// scripts are: not the whole host, on which a homeserver may serve anybody's uploads.
pub(super) fn protect(response: &mut Response, nonce: &str, scripts: &str) {
    let script =
        if nonce.is_empty() { "'none'".to_owned() } else { format!("{scripts} 'nonce-{nonce}' 'wasm-unsafe-eval'") };
    let policy = format!(
        "default-src 'none'; script-src {script}; style-src 'self'; font-src 'self'; img-src 'self' data:; connect-src 'self'; media-src 'self'; form-action \
         'self'; base-uri 'none'; frame-ancestors 'none'"
    );
    limit(response, &policy);
}

/// The same for a page that the server alone makes: no program runs on it, but it has a script and a style of its own.
pub(super) fn protect_still(response: &mut Response, nonce: &str) {
    let (script, style) = match nonce {
        "" => ("'none'".to_owned(), String::new()),
        _ => (format!("'nonce-{nonce}'"), format!(" 'nonce-{nonce}'")),
    };
    let policy = format!(
        "default-src 'none'; script-src {script}; style-src 'self'{style}; font-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; \
         frame-ancestors 'none'"
    );
    limit(response, &policy);
}

fn limit(response: &mut Response, policy: &str) {
    if let Ok(policy) = policy.parse() {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    // The content is for one person, now.
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
}

/// Whether a request has any cookie besides the one for the language, which is no secret.
fn has_secrets(headers: &HeaderMap) -> bool {
    let is_language = |cookie: &str| cookie.trim().split_once('=').is_some_and(|(name, _)| name == COOKIE);
    let is_harmless = |value: &HeaderValue| value.to_str().is_ok_and(|cookies| cookies.split(';').all(is_language));
    !headers.get_all(header::COOKIE).iter().all(is_harmless)
}

/// Adds the headers of every response of the web interface.
pub(super) async fn harden(visit: Visit, mut request: Request, next: Next) -> Response {
    // What is compressed tells by its length whether a guess that is in it is right (BREACH). Pages of people who are signed in hold their codes
    // beside what an address has them search for.
    let is_file =
        request.uri().path().strip_prefix(resources(visit.base)).is_some_and(|path| path.starts_with("/_assets/"));
    if has_secrets(request.headers()) && !is_file {
        request.headers_mut().remove(header::ACCEPT_ENCODING);
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in EVERYWHERE {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if visit.is_secure() {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(NOTHING_RUNS));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}
