//! Forms without JavaScript: a page's form is posted to the page itself, with the name of the server function that it is for. What works
//! leads on; what does not shows the page again, with the reason and what was typed.

use std::{net::SocketAddr, sync::Arc};

use app::{Error, FORM_FUNCTION, LocalPath, Next, Posted};
use axum::{
    body::{Body, Bytes},
    extract::{ConnectInfo, Request, State},
    response::{IntoResponse, Response},
};
use http::{HeaderValue, Method, StatusCode, header, request::Parts};

use super::{
    FUNCTIONS, Web,
    reply::{not_from_here, see_other, status_of},
};

pub(super) async fn posted(
    State(web): State<Arc<Web>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let visit = web.visit(&parts, peer);
    if !visit.is_from_here() {
        return not_from_here();
    }
    let body = match super::read(body).await {
        Ok(body) => body,
        Err(too_large) => return too_large,
    };
    let fields: Vec<(String, String)> = form_urlencoded::parse(&body).into_owned().collect();
    let function = fields.iter().find(|(name, _)| name == FORM_FUNCTION).map(|(_, function)| function.clone());
    let Some(function) = function.filter(|name| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')) else {
        return (StatusCode::BAD_REQUEST, "The form does not say what it is for.\n").into_response();
    };
    let base = visit.base;
    let here = visit.path.clone();
    let answer = web.call(visit.clone(), function_call(&parts, &function, body)).await;
    let (head, body) = answer.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    let body = String::from_utf8_lossy(&body);
    let mut response = if head.status.is_success() {
        let next = app::from_wire::<Next>(&body).ok().filter(|next| !next.next.is_empty());
        see_other(base, &next.map_or(here, |next| LocalPath::parse(&next.next)))
    } else {
        let error: Error = app::from_wire(&body).unwrap_or(Error::Internal);
        if matches!(error, Error::SignedOut { .. }) {
            see_other(base, &super::site::sign_in_path(&here))
        } else {
            let status = status_of(&error);
            let mut page = web.render(visit, parts, Some(Posted::new(function, error, fields))).await;
            *page.status_mut() = status;
            page
        }
    };
    for cookie in head.headers.get_all(header::SET_COOKIE) {
        response.headers_mut().append(header::SET_COOKIE, cookie.clone());
    }
    response
}

/// The same as a script on the page would ask it.
fn function_call(parts: &Parts, function: &str, body: Bytes) -> Request {
    let mut request = Request::new(Body::from(body));
    *request.method_mut() = Method::POST;
    *request.headers_mut() = parts.headers.clone();
    request.headers_mut().insert(header::ACCEPT, HeaderValue::from_static("text/plain"));
    // The name was checked, so that this is an address.
    *request.uri_mut() = format!("{FUNCTIONS}/{function}").parse().unwrap_or_default();
    request
}
