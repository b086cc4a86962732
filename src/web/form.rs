//! Forms without JavaScript: a page's form is posted to the page itself, with the name of the server function that it is for. What works
//! leads on; what does not shows the page again, with the reason and what was typed.

use std::{net::SocketAddr, sync::Arc};

use app::{Error, FORM_FUNCTION, LocalPath, Next, Posted};
use axum::{
    body::{Body, Bytes},
    extract::{ConnectInfo, Request, State},
    response::{IntoResponse, Response},
};
use http::{HeaderValue, Method, StatusCode, Uri, header, request::Parts};
use percent_encoding::percent_decode_str;

use super::{
    Web,
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
    let Some(path) = shown_form(&visit.path, &fields) else {
        return (StatusCode::BAD_REQUEST, "This page has no such form. Please go back and reload it.\n")
            .into_response();
    };
    let function = path.rsplit('/').next().unwrap_or_default().to_owned();
    let base = visit.base;
    let here = visit.path.clone();
    let answer = web.call(visit.clone(), function_call(&parts, path, body)).await;
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

/// The address of the server function that a form is for, if the page shows such a form: one that is about an invite is about the page's own.
fn shown_form(page: &LocalPath, fields: &[(String, String)]) -> Option<&'static str> {
    let page = page.as_str().split('?').next().unwrap_or_default();
    let field = |name: &str| fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str());
    let function = field(FORM_FUNCTION)?;
    let mut forms = app::forms_on(page).into_iter();
    let form = forms.find(|path| path.rsplit('/').next() == Some(function))?;
    let code = page.split('/').nth(2).map(|code| percent_decode_str(code).decode_utf8_lossy());
    let about = [field("code"), field("form[editing]")].into_iter().flatten();
    about.into_iter().all(|about| code.as_deref() == Some(about)).then_some(form)
}

/// The same as a script on the page would ask it.
fn function_call(parts: &Parts, path: &'static str, body: Bytes) -> Request {
    let mut request = Request::new(Body::from(body));
    *request.method_mut() = Method::POST;
    *request.headers_mut() = parts.headers.clone();
    request.headers_mut().insert(header::ACCEPT, HeaderValue::from_static("text/plain"));
    *request.uri_mut() = Uri::from_static(path);
    request
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_answers_the_forms_that_it_shows() {
        let forms = [
            ("/i/abc", "redeem", Some("abc"), true),
            ("/i/abc?x=1", "redeem", Some("abc"), true),
            ("/i/a%7Eb", "redeem", Some("a~b"), true),
            ("/i/abc", "redeem", Some("another"), false),
            ("/i/abc", "sign_out", None, true),
            ("/i/abc", "pause_all", None, false),
            ("/i/abc", "delete", Some("abc"), false),
            ("/i/abc", "_rpc/pause_all", None, false),
            ("/i/abc", "", None, false),
            ("/invites/abc", "pause", Some("abc"), true),
            ("/invites/abc", "delete", Some("abc"), false),
            ("/invites/abc/delete", "delete", Some("abc"), true),
            ("/invites/abc/delete", "delete", Some("another"), false),
            ("/server", "pause_all", None, true),
            ("/server/log", "pause_all", None, false),
            ("/nowhere", "pause_all", None, false),
        ];
        for (page, function, code, shown) in forms {
            let mut fields = vec![(FORM_FUNCTION.to_owned(), function.to_owned())];
            fields.extend(code.map(|code| ("code".to_owned(), code.to_owned())));
            let form = shown_form(&LocalPath::parse(page), &fields);
            assert_eq!(form.is_some(), shown, "{page} {function} {code:?}");
        }
        for (page, editing, shown) in
            [("/new", "abc", false), ("/invites/abc/edit", "abc", true), ("/invites/abc/edit", "x", false)]
        {
            let fields = [(FORM_FUNCTION, "save"), ("form[editing]", editing)];
            let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
            assert_eq!(shown_form(&LocalPath::parse(page), &fields).is_some(), shown, "{page} {editing}");
        }
    }
}
