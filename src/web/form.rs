//! Forms without JavaScript: a page's form is posted to the page itself, and names its server function. After success
//! the browser is redirected; after an error the page is shown again, with the reason and what was typed.

use std::sync::Arc;

use app::{FORM_FUNCTION, Kind, LocalPath, Next, PageForm, Posted, Told, t};
use axum::{
    body::{Body, Bytes},
    extract::{Request, State},
    response::Response,
};
use http::{HeaderValue, Method, StatusCode, Uri, header, request::Parts};
use percent_encoding::percent_decode_str;

use super::{
    reply::{not_from_here, plain, see_other},
    state::Web,
    visit::Visit,
};

pub(super) async fn posted(State(web): State<Arc<Web>>, visit: Visit, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    if !visit.is_from_here() {
        return not_from_here();
    }
    let body = match super::read(body).await {
        Ok(body) => body,
        Err(too_large) => return too_large,
    };
    let fields: Vec<(String, String)> = form_urlencoded::parse(&body).into_owned().collect();
    let Some(form) = shown_form(&parts.uri.path()[visit.base.len()..], &fields) else {
        return plain(StatusCode::BAD_REQUEST, t!("This page has no such form. Please go back and reload it."));
    };
    // Serialised again from the fields that were checked: another parser could read something else from the original
    // bytes.
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(&fields).finish();
    let (base, secure) = (visit.base, visit.is_secure());
    let here = visit.path.clone();
    let answer = web.call(visit.clone(), function_call(&parts, form.path, body.into())).await;
    let (head, body) = answer.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    let body = String::from_utf8_lossy(&body);
    let mut response = if head.status.is_success() {
        let Next { next, notice } = app::from_wire(&body).unwrap_or_else(|_| Next::here());
        let to = if next.is_empty() { here } else { LocalPath::parse(&next) };
        let mut response = see_other(base, &to);
        if let Some(cookie) = notice.and_then(|notice| web.tell(notice, &to, secure)) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        response
    } else {
        let error: Told = app::from_wire(&body).unwrap_or_else(|outdated| outdated);
        if error.kind == Kind::SignedOut {
            see_other(base, &super::site::sign_in_path(&here))
        } else {
            let status = head.status;
            let mut page = web.render(visit, parts, Some(Posted::new(form.function().to_owned(), error, fields))).await;
            // Somebody who is signed out is led to signing in.
            if !page.status().is_redirection() {
                *page.status_mut() = status;
            }
            page
        }
    };
    for cookie in head.headers.get_all(header::SET_COOKIE) {
        response.headers_mut().append(header::SET_COOKIE, cookie.clone());
    }
    response
}

/// The form that was posted, if the page shows such a form: with only its own fields, each once unless it is a list, and about the
/// invite that the page is about.
fn shown_form(page: &str, fields: &[(String, String)]) -> Option<PageForm> {
    let named = |name: &str| fields.iter().filter(|(field, _)| field == name).collect::<Vec<_>>();
    let [(_, function)] = named(FORM_FUNCTION)[..] else { return None };
    let form = app::forms_on(page).into_iter().find(|form| form.function() == function)?;
    let once = |name: &str| name.ends_with("[]") || named(name).len() == 1;
    let known = |name: &str| name == FORM_FUNCTION || form.fields.contains(&name);
    let about_this = form.about.is_none_or(|about| {
        let code = page.split('/').nth(2).map(|code| percent_decode_str(code).decode_utf8_lossy());
        matches!(named(about)[..], [(_, value)] if code.as_deref() == Some(value))
    });
    let fits = about_this && fields.iter().all(|(name, _)| known(name) && once(name));
    fits.then_some(form)
}

/// The request that a script on the page would make for this form.
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
    use app::Field;

    use super::*;

    #[test]
    fn a_page_answers_the_forms_that_it_shows() {
        let forms = [
            ("/i/abc", "redeem", Some("abc"), true),
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
            ("/invites", "pause_many", None, true),
            ("/invites", "delete_many", None, false),
            ("/invites/delete-invites", "delete_many", None, false),
            ("/delete-invites", "delete_many", None, true),
            ("/server", "pause_all", None, true),
            ("/server/log", "pause_all", None, false),
            ("/nowhere", "pause_all", None, false),
        ];
        let post = |page: &str, fields: &[(&str, &str)]| {
            let fields: Vec<_> = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            shown_form(page, &fields).is_some()
        };
        for (page, function, code, shown) in forms {
            let mut fields = vec![(FORM_FUNCTION, function)];
            fields.extend(code.map(|code| ("code", code)));
            assert_eq!(post(page, &fields), shown, "{page} {function} {code:?}");
        }
        let save = (FORM_FUNCTION, "save");
        for (page, editing, shown) in
            [("/new", "abc", false), ("/invites/abc/edit", "abc", true), ("/invites/abc/edit", "x", false)]
        {
            assert_eq!(post(page, &[save, ("form[editing]", editing)]), shown, "{page} {editing}");
        }
        assert!(post(
            "/new",
            &[save, (Field::Rooms.name(), "!a:x"), (Field::Rooms.name(), "!b:x"), ("form[label]", "x")]
        ));
        let many = (FORM_FUNCTION, "pause_many");
        assert!(post("/invites", &[many, ("codes[]", "a"), ("codes[]", "b"), ("paused", "true")]));
        assert!(!post("/invites", &[many, ("codes[]", "a"), ("paused", "true"), ("paused", "false")]));
        assert!(!post("/invites", &[many, ("codes[0]", "a"), ("paused", "true")]));
        // Text that a more lenient parser would take for a field of the form.
        let pause = (FORM_FUNCTION, "pause");
        for fields in [
            &[pause, ("[code]", "another"), ("paused", "true")][..],
            &[pause, ("code", "abc"), ("[code]", "another")],
            &[pause, ("code", "abc"), ("code", "another")],
            &[pause, pause, ("code", "abc")],
            &[pause, ("paused", "true")],
        ] {
            assert!(!post("/invites/abc", fields), "{fields:?}");
        }
        for name in ["form[editing]zzz", "form[editing][]", "[form][editing]", "form"] {
            assert!(!post("/new", &[save, (name, "another")]), "{name}");
        }
    }
}
