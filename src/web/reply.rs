//! Status, headers and cookies of a response to a browser.

use std::sync::{Arc, Mutex, PoisonError};

use app::{Error, LocalPath, t};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};

/// What a request's [`Site`](super::site::Site) adds to the response, whoever produces its body.
#[derive(Debug, Clone, Default)]
pub(super) struct ResponseParts(Arc<Mutex<Parts>>);

#[derive(Debug, Default)]
struct Parts {
    status: Option<StatusCode>,
    retry_after: Option<u32>,
    cookies: Vec<HeaderValue>,
    redirect: Option<LocalPath>,
    head: String,
}

impl ResponseParts {
    fn with(&self, change: impl FnOnce(&mut Parts)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Sets the status that belongs to an error.
    pub(super) fn refuse(&self, error: &Error) {
        self.with(|parts| {
            parts.status = Some(status_of(error));
            if let Error::Unreachable { retry_after }
            | Error::TooFast { retry_after }
            | Error::TooManyGuesses { retry_after } = error
            {
                parts.retry_after = Some(*retry_after);
            }
        });
    }

    /// Redirects the browser instead of showing the page.
    pub(super) fn redirect(&self, to: LocalPath) {
        self.with(|parts| parts.redirect = Some(to));
    }

    /// Adds HTML to the head of the page.
    pub(super) fn head(&self, html: String) {
        self.with(|parts| parts.head = html);
    }

    /// Puts what was added to the head of a page there. Nothing that stands before its end holds the tag in question: texts are escaped.
    pub(super) fn complete(&self, page: &str) -> String {
        let head = std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner).head);
        page.replacen("</head>", &format!("{head}</head>"), 1)
    }

    /// Sets or ends a cookie.
    pub(super) fn cookie(&self, cookie: Option<HeaderValue>) {
        self.with(|parts| parts.cookies.extend(cookie));
    }

    /// Adds everything to a response; `base` is where the pages are mounted.
    pub(super) fn apply(&self, mut response: Response, base: &str) -> Response {
        let parts = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        if let Some(to) = parts.redirect {
            response = see_other(base, &to);
        } else if let Some(status) = parts.status {
            *response.status_mut() = status;
        }
        if let Some(seconds) = parts.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        for cookie in parts.cookies {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        response
    }
}

/// Redirects the browser to another page (HTTP Semantics, "303 See Other").
pub(super) fn see_other(base: &str, to: &LocalPath) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, format!("{base}{to}"))]).into_response()
}

/// The response to a request from another site's page.
pub(super) fn not_from_here() -> Response {
    let text = t!("This was not sent by a page of this site. Please go back, reload the page and try again.");
    plain(StatusCode::FORBIDDEN, text)
}

/// A response that is one line of text.
pub(super) fn plain(status: StatusCode, text: &str) -> Response {
    (status, format!("{text}\n")).into_response()
}

/// The table: the HTTP status for each error.
pub(super) fn status_of(error: &Error) -> StatusCode {
    match error {
        Error::SignedOut { .. } => StatusCode::UNAUTHORIZED,
        Error::Locked
        | Error::Guest
        | Error::Suspended
        | Error::Deactivated
        | Error::WrongPassword
        | Error::WrongServer { .. }
        | Error::NotYours
        | Error::RoomAdminsOnly
        | Error::ServerAdminsOnly
        | Error::NoAccountWithIt
        | Error::NoNewAccounts
        | Error::OneMoreStep { .. }
        | Error::Forbidden(_)
        | Error::RoomsRefused(_) => StatusCode::FORBIDDEN,
        Error::SignInFailed => StatusCode::BAD_REQUEST,
        Error::TooFast { .. } | Error::TooManyGuesses { .. } => StatusCode::TOO_MANY_REQUESTS,
        Error::UnknownInvite => StatusCode::NOT_FOUND,
        Error::Ended | Error::OwnerGone => StatusCode::GONE,
        Error::OwnInvite
        | Error::AlreadyRedeemed
        | Error::CodeSpent { .. }
        | Error::EndedMeanwhile { .. }
        | Error::Outdated => StatusCode::CONFLICT,
        Error::Invalid { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        Error::Unreachable { .. } | Error::StillSignedIn => StatusCode::SERVICE_UNAVAILABLE,
        Error::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
