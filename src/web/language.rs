//! The language in which a request is answered, how visitors choose another one, and the words for the browser's
//! program.

use std::sync::Arc;

use app::{
    LocalPath,
    words::{self, Language, Offer, PARAMETER},
};
use axum::{
    extract::{Path, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, Method, StatusCode, header};

use super::{reply::see_other, state::Web, visit::Visit};
use crate::words::{COOKIE, Languages};

/// How long a browser keeps the language that was chosen, in seconds: a year.
const KEPT: u32 = 365 * 24 * 60 * 60;

/// Answers every request in the language of its visitor. A page whose address names a language leads to the same one
/// without that, and from then on speaks it.
pub(super) async fn speak(State(web): State<Arc<Web>>, visit: Visit, request: Request, next: Next) -> Response {
    let languages = &web.settings.languages;
    let asked = chosen(languages, &visit.path);
    if matches!(*request.method(), Method::GET | Method::HEAD)
        && let Some((language, path)) = asked
    {
        let secure = if visit.is_secure() { "; Secure" } else { "" };
        let cookie = format!("{COOKIE}={}; Path=/; Max-Age={KEPT}; SameSite=Lax; HttpOnly{secure}", language.tag());
        return ([(header::SET_COOKIE, cookie)], see_other(visit.base, &path)).into_response();
    }
    // A script on a page says in which language that is.
    let language = asked.map_or_else(|| languages.of_visitor(&visit.headers), |(language, _)| language);
    let mut response = words::speaking(language, next.run(request)).await;
    tell(&mut response, language);
    response
}

/// Says in the headers of a page which language it is in, and on what that depends.
pub(super) fn tell(response: &mut Response, language: Language) {
    let headers = response.headers_mut();
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    if kind.is_some_and(|kind| kind.starts_with("text/html")) {
        headers.append(header::VARY, HeaderValue::from_static("accept-language, cookie"));
        headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
    }
}

/// The language that the address of a page names, and the address without it.
fn chosen(languages: &Languages, path: &LocalPath) -> Option<(Language, LocalPath)> {
    let (page, query) = path.as_str().split_once('?')?;
    let language = query.split('&').find_map(|pair| pair.split_once('=').filter(|(name, _)| *name == PARAMETER));
    let language = languages.named(language?.1)?;
    let rest = others(query);
    let mark = if rest.is_empty() { "" } else { "?" };
    Some((language, LocalPath::parse(&format!("{page}{mark}{rest}"))))
}

/// A query without the parameter that names a language.
fn others(query: &str) -> String {
    let is_other = |pair: &&str| pair.split('=').next() != Some(PARAMETER);
    query.split('&').filter(is_other).collect::<Vec<_>>().join("&")
}

/// What the page at an address needs to know about languages, in the language that is being spoken.
pub(super) fn offer(languages: &Languages, path: &LocalPath) -> Offer {
    Offer {
        languages: languages.all(),
        words: languages.file(words::language()),
        query: path.as_str().split_once('?').map(|(_, query)| others(query)).unwrap_or_default(),
    }
}

/// The words of a language, for the browser's program. Those of another build, for which there are none any more, are
/// the present ones.
pub(super) async fn file(State(web): State<Arc<Web>>, Path(file): Path<String>) -> Response {
    let Some((language, is_current)) = web.settings.languages.in_file(&file) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let kept = if is_current { "public, max-age=31536000, immutable" } else { "no-store" };
    let headers = [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CACHE_CONTROL, kept)];
    (headers, language.encoded()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_with_a_language_leads_to_the_same_without_it() {
        let languages = Languages::new(None).expect("there is nothing to read");
        let chosen = |path: &str| {
            let (language, path) = chosen(&languages, &LocalPath::parse(path))?;
            Some((language.tag(), path.as_str().to_owned()))
        };
        for (path, tag, to) in [
            ("/?lang=de", "de", "/"),
            ("/i/a%20b?lang=AR", "ar", "/i/a%20b"),
            ("/sign-in?to=%2Fi%2Fa%3Flang%3Dfr&lang=es&problem=x", "es", "/sign-in?to=%2Fi%2Fa%3Flang%3Dfr&problem=x"),
            ("/?lang=de&lang=fr&x", "de", "/?x"),
        ] {
            assert_eq!(chosen(path), Some((tag, to.to_owned())), "{path}");
        }
        for path in [
            "/",
            "//evil.example/?lang=de",
            "/?x=1",
            "/?lang",
            "/?lang=",
            "/?lang=tlh",
            "/?language=de",
            "/?to=/?lang=de",
        ] {
            assert_eq!(chosen(path), None, "{path}");
        }
    }
}
