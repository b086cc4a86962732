//! The pages of share links, if the service serves them itself.

use std::{net::SocketAddr, sync::Arc};

use app::{PREFIX, t, words};
use axum::{
    Router,
    extract::{ConnectInfo, Path, State},
    response::{IntoResponse, Response},
    routing::get,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use super::{headers::EVERYWHERE, language::tell, reply::status_of};
use crate::{
    proxies::Proxies,
    share::{Sharing, Shown},
    words::Languages,
};

/// The response for a link that does not exist.
pub(crate) fn nothing() -> String {
    format!("{}\n", t!("There is no such link."))
}

/// The built-in page has inline styles and runs nothing (W3C, Content Security Policy Level 3).
const BUILT_IN: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// An operator's templates may load pictures, styles and fonts. They run nothing either: the pages for members may be
/// on this very host.
const OPERATORS: &str = "default-src 'none'; style-src 'unsafe-inline' https: 'self'; img-src data: https: 'self'; font-src data: https: 'self'; \
    frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// What every request has access to.
#[derive(Clone)]
struct Door {
    sharing: Sharing,
    proxies: Arc<Proxies>,
    languages: Languages,
}

/// The pages, below all addresses of the service.
pub fn router(sharing: Sharing, proxies: Arc<Proxies>, languages: Languages, mount: &str) -> Router {
    let bases = match mount {
        "" => vec!["", PREFIX],
        mount => vec!["", PREFIX, mount],
    };
    let mut router = Router::new();
    for base in bases {
        router = router.route(&format!("{base}/p/{{hash}}"), get(page));
    }
    router.with_state(Door { sharing, proxies, languages })
}

async fn page(
    State(Door { sharing, proxies, languages }): State<Door>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(hash): Path<String>,
    headers: HeaderMap,
) -> Response {
    let origin = proxies.origin(app::Door::Web, peer, &headers);
    let language = languages.of_visitor(&headers);
    let page = async {
        match sharing.page(&origin, &hash).await {
            Ok(Some(Shown { html, ended })) => {
                let status = if ended { StatusCode::GONE } else { StatusCode::OK };
                (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response()
            }
            Ok(None) => (StatusCode::NOT_FOUND, nothing()).into_response(),
            Err(error) => {
                let error = error.into_told();
                (status_of(&error), format!("{error}\n")).into_response()
            }
        }
    };
    let mut response = words::speaking(language, page).await;
    tell(&mut response, language);
    let policy = match sharing.has_own_templates() {
        true => {
            // Only the operator knows which language their own are in.
            response.headers_mut().remove(header::CONTENT_LANGUAGE);
            OPERATORS
        }
        false => BUILT_IN,
    };
    let own: [(HeaderName, &str); 2] = [(header::CONTENT_SECURITY_POLICY, policy), (header::CACHE_CONTROL, "no-cache")];
    for (name, value) in EVERYWHERE.into_iter().chain(own) {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
