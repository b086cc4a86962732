//! Answers: their headers, and the one table from errors to statuses and error codes.

use app::Error as Refusal;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;
use serde_json::{Value, json};

use super::Resource;

/// What Synapse sends with everything, so that web clients on other origins may read it.
const CORS: [(HeaderName, &str); 4] = [
    (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD, POST, PUT, DELETE, OPTIONS"),
    (header::ACCESS_CONTROL_ALLOW_HEADERS, "X-Requested-With, Content-Type, Authorization, Date"),
    (header::ACCESS_CONTROL_EXPOSE_HEADERS, "Synapse-Trace-Id, Server"),
];

/// A JSON answer.
#[derive(Debug)]
pub(super) struct Reply {
    status: StatusCode,
    body: Value,
    retry_after: Option<u32>,
}

impl Reply {
    /// An answer of a request that did what it should.
    pub(super) fn ok(body: impl Serialize) -> Self {
        // Plain data with text keys: there is nothing that could not be written.
        let body = serde_json::to_value(body).unwrap_or_default();
        Self { status: StatusCode::OK, body, retry_after: None }
    }

    /// A "standard error response" (Client-Server API).
    pub(super) fn error(status: StatusCode, errcode: &str, error: impl Into<String>) -> Self {
        let error: String = error.into();
        Self { status, body: json!({"errcode": errcode, "error": error}), retry_after: None }
    }

    pub(super) fn unrecognized() -> Self {
        Self::error(StatusCode::NOT_FOUND, "M_UNRECOGNIZED", "Unrecognized request")
    }

    pub(super) fn invalid_param(problem: impl Into<String>) -> Self {
        Self::error(StatusCode::BAD_REQUEST, "M_INVALID_PARAM", problem)
    }

    pub(super) fn bad_json(problem: impl Into<String>) -> Self {
        Self::error(StatusCode::BAD_REQUEST, "M_BAD_JSON", problem)
    }

    /// The answer to a preflight request (Fetch standard, "CORS-preflight request").
    pub(super) fn preflight() -> Response {
        with_cors(StatusCode::NO_CONTENT.into_response())
    }

    /// What clients are told of an error: the table.
    pub(super) fn refusal(resource: Resource, error: Refusal) -> Self {
        let text = error.to_string();
        let (status, errcode, text) = match error {
            Refusal::SignedOut { soft } => {
                let text = if soft { "Access token has expired" } else { "Invalid access token passed." };
                return Self::error(StatusCode::UNAUTHORIZED, "M_UNKNOWN_TOKEN", text).with("soft_logout", json!(soft));
            }
            Refusal::Locked => {
                let text = "User account has been locked";
                return Self::error(StatusCode::UNAUTHORIZED, "M_USER_LOCKED", text).with("soft_logout", json!(true));
            }
            Refusal::RoomsRefused(rooms) => {
                return Self::error(StatusCode::FORBIDDEN, "M_FORBIDDEN", text).with("rooms", json!(rooms));
            }
            Refusal::Unreachable { retry_after } => {
                let reply = Self::error(StatusCode::SERVICE_UNAVAILABLE, "M_UNKNOWN", text);
                return Self { retry_after: Some(retry_after), ..reply };
            }
            Refusal::Guest => (StatusCode::FORBIDDEN, "M_GUEST_ACCESS_FORBIDDEN", "Guest access not allowed".into()),
            Refusal::Suspended => (StatusCode::FORBIDDEN, "M_USER_SUSPENDED", text),
            Refusal::UnknownInvite => match resource {
                Resource::Info => (StatusCode::FORBIDDEN, "NOT_FOUND", "Token not found".into()),
                Resource::Tokens | Resource::Redeem => (StatusCode::NOT_FOUND, "NOT_FOUND", "Token not found".into()),
            },
            Refusal::Ended | Refusal::OwnerGone => (StatusCode::FORBIDDEN, "CANT_REDEEM", text),
            Refusal::NotYours => (StatusCode::FORBIDDEN, "", "Permission denied".into()),
            Refusal::OwnInvite => (StatusCode::BAD_REQUEST, "CANT_REDEEM", "Can't redeem your own token".into()),
            Refusal::AlreadyRedeemed => (StatusCode::BAD_REQUEST, "ALREADY_REDEEMED", text),
            Refusal::CodeSpent { .. } => (StatusCode::CONFLICT, "M_INVALID_PARAM", text),
            Refusal::Invalid { .. } => (StatusCode::BAD_REQUEST, "M_INVALID_PARAM", text),
            Refusal::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "M_UNKNOWN", text),
        };
        Self::error(status, errcode, text)
    }

    fn with(mut self, field: &str, value: Value) -> Self {
        self.body[field] = value;
        self
    }

    pub(super) fn into_response(self) -> Response {
        let mut response = (self.status, axum::Json(self.body)).into_response();
        let headers = response.headers_mut();
        let uncached = HeaderValue::from_static("no-cache, no-store, must-revalidate");
        headers.insert(header::CACHE_CONTROL, uncached);
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        with_cors(response)
    }

    #[cfg(test)]
    pub(super) fn status(&self) -> StatusCode {
        self.status
    }

    #[cfg(test)]
    pub(super) fn text(&self) -> &str {
        self.body["error"].as_str().unwrap_or_default()
    }
}

fn with_cors(mut response: Response) -> Response {
    for (name, value) in CORS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use app::RoomRefusal;

    use super::*;

    #[test]
    fn every_error_has_its_status_and_code() {
        let refusal = RoomRefusal { room: "!a:x".into(), reason: "You are not in this room.".into() };
        let errors = [
            Refusal::SignedOut { soft: false },
            Refusal::SignedOut { soft: true },
            Refusal::Locked,
            Refusal::Guest,
            Refusal::Suspended,
            Refusal::UnknownInvite,
            Refusal::Ended,
            Refusal::OwnerGone,
            Refusal::NotYours,
            Refusal::OwnInvite,
            Refusal::AlreadyRedeemed,
            Refusal::CodeSpent { code: "abc".into() },
            Refusal::Invalid { field: "rooms".into(), problem: "must be a list of room ids".into() },
            Refusal::RoomsRefused(vec![refusal]),
            Refusal::Unreachable { retry_after: 5 },
            Refusal::Internal,
        ];
        let table: Vec<String> = errors
            .into_iter()
            .map(|error| {
                let reply = Reply::refusal(Resource::Tokens, error);
                format!("{} {}", reply.status.as_u16(), reply.body)
            })
            .collect();
        insta::assert_snapshot!(table.join("\n"));
        let info = Reply::refusal(Resource::Info, Refusal::UnknownInvite);
        assert_eq!(info.status, StatusCode::FORBIDDEN);
    }
}
