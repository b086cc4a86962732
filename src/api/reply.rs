//! Responses: their headers, and the one table that maps errors to statuses and error codes.

use app::{Error as Refusal, Field, RoomRefusal, wording};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::error::Error;

/// The headers that Synapse sends with every response, so that web clients on other origins may read it.
const CORS: [(HeaderName, &str); 4] = [
    (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD, POST, PUT, DELETE, OPTIONS"),
    (header::ACCESS_CONTROL_ALLOW_HEADERS, "X-Requested-With, Content-Type, Authorization, Date"),
    (header::ACCESS_CONTROL_EXPOSE_HEADERS, "Synapse-Trace-Id, Server"),
];

/// An error (Matrix Client-Server API, "Standard error response").
#[derive(Serialize, ToSchema, Default)]
#[schema(as = Error)]
pub(super) struct Failure<'a> {
    /// A code for programs.
    errcode: &'a str,
    /// A sentence for people.
    error: String,
    /// With `M_LIMIT_EXCEEDED`: after how many milliseconds to try again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    retry_after_ms: Option<u64>,
    /// With `M_FORBIDDEN`: the rooms to which the caller may not invite anybody.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    rooms: Option<Vec<RefusedRoom>>,
    /// With `M_FORBIDDEN`: the configuration key of the server's rule that forbids it, for example `policy.max_uses`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    rule: Option<&'static str>,
    /// With `M_UNKNOWN_TOKEN` and `M_USER_LOCKED`: whether signing in again brings the same device back.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    soft_logout: Option<bool>,
}

/// A room to which the caller may not invite anybody.
#[derive(Serialize, ToSchema)]
struct RefusedRoom {
    /// A sentence for people.
    reason: String,
    /// The room as the request named it: an id or an alias.
    room: String,
}

/// A response.
#[derive(Debug)]
pub(super) struct Reply {
    status: StatusCode,
    body: Bytes,
    content_type: &'static str,
    retry_after: Option<u32>,
}

impl Reply {
    fn new(status: StatusCode, body: &impl Serialize) -> Self {
        Self { status, body: written(body), content_type: "application/json", retry_after: None }
    }

    /// One JSON value per line (JSON Lines).
    pub(super) fn lines<T: Serialize>(values: impl Iterator<Item = T>) -> Self {
        let line = |value| serde_json::to_string(&value).unwrap_or_default();
        let lines: Vec<String> = values.map(line).chain([String::new()]).collect();
        let body = lines.join("\n").into();
        Self { status: StatusCode::OK, body, content_type: "application/jsonl", retry_after: None }
    }

    /// The response to a request without a required query parameter.
    pub(super) fn missing_param(name: &str) -> Self {
        let problem = format!("Missing string query parameter '{name}'");
        Self::error(StatusCode::BAD_REQUEST, "M_MISSING_PARAM", problem)
    }

    /// The response to a request that succeeded.
    pub(super) fn ok(body: &impl Serialize) -> Self {
        Self::new(StatusCode::OK, body)
    }

    /// The same, with a body that was [`written`] before.
    pub(super) fn written(body: Bytes) -> Self {
        Self { status: StatusCode::OK, body, content_type: "application/json", retry_after: None }
    }

    /// The response to a request that succeeded, with nothing to say.
    pub(super) fn done() -> Self {
        Self::ok(&json!({}))
    }

    /// An error (Client-Server API, "Standard error response").
    pub(super) fn error(status: StatusCode, errcode: &str, error: impl Into<String>) -> Self {
        Self::new(status, &Failure { errcode, error: error.into(), ..Failure::default() })
    }

    /// The error that makes a client sign in again.
    fn signed_out(errcode: &str, error: &str, soft: bool) -> Self {
        let body = Failure { errcode, error: error.to_owned(), soft_logout: Some(soft), ..Failure::default() };
        Self::new(StatusCode::UNAUTHORIZED, &body)
    }

    pub(super) fn unrecognized() -> Self {
        Self::error(StatusCode::NOT_FOUND, "M_UNRECOGNIZED", "Unrecognized request")
    }

    /// The response to a method that a resource does not support.
    pub(super) fn not_allowed() -> Self {
        Self::error(StatusCode::METHOD_NOT_ALLOWED, "M_UNRECOGNIZED", "Unrecognized request")
    }

    pub(super) fn invalid_param(problem: impl Into<String>) -> Self {
        Self::error(StatusCode::BAD_REQUEST, "M_INVALID_PARAM", problem)
    }

    pub(super) fn bad_json(problem: impl Into<String>) -> Self {
        Self::error(StatusCode::BAD_REQUEST, "M_BAD_JSON", problem)
    }

    /// Whether it says that there is no such code.
    pub(super) fn is_not_found(&self) -> bool {
        self.body.starts_with(br#"{"errcode":"NOT_FOUND""#)
    }

    /// The response to a preflight request (Fetch standard, "CORS-preflight request").
    pub(super) fn preflight() -> Response {
        with_cors(StatusCode::NO_CONTENT.into_response())
    }

    /// The table: the response for each error.
    pub(super) fn refusal(error: Refusal) -> Self {
        let text = error.to_string();
        let (status, errcode, text) = match error {
            Refusal::SignedOut { soft } => {
                let text = if soft { "Access token has expired" } else { "Invalid access token passed." };
                return Self::signed_out("M_UNKNOWN_TOKEN", text, soft);
            }
            Refusal::Locked => return Self::signed_out("M_USER_LOCKED", "User account has been locked", true),
            Refusal::RoomsRefused(rooms) => {
                let rooms = rooms.into_iter().map(RefusedRoom::from).collect();
                let body = Failure { errcode: "M_FORBIDDEN", error: text, rooms: Some(rooms), ..Failure::default() };
                return Self::new(StatusCode::FORBIDDEN, &body);
            }
            Refusal::Unreachable { retry_after } => {
                let reply = Self::error(StatusCode::SERVICE_UNAVAILABLE, "M_UNKNOWN", text);
                return Self { retry_after: Some(retry_after), ..reply };
            }
            Refusal::TooFast { retry_after } | Refusal::TooManyGuesses { retry_after } => {
                let retry_after_ms = Some(u64::from(retry_after) * 1000);
                let body = Failure { errcode: "M_LIMIT_EXCEEDED", error: text, retry_after_ms, ..Failure::default() };
                let reply = Self::new(StatusCode::TOO_MANY_REQUESTS, &body);
                return Self { retry_after: Some(retry_after), ..reply };
            }
            Refusal::Forbidden(rule) => {
                let rule = Some(rule.key());
                let body = Failure { errcode: "M_FORBIDDEN", error: text, rule, ..Failure::default() };
                return Self::new(StatusCode::FORBIDDEN, &body);
            }
            Refusal::Deactivated => (StatusCode::FORBIDDEN, "M_USER_DEACTIVATED", text),
            Refusal::RoomAdminsOnly
            | Refusal::ServerAdminsOnly
            | Refusal::WrongPassword
            | Refusal::WrongServer { .. }
            | Refusal::SignInFailed
            | Refusal::NoAccountWithIt
            | Refusal::NoNewAccounts
            | Refusal::OneMoreStep { .. } => (StatusCode::FORBIDDEN, "M_FORBIDDEN", text),
            Refusal::Guest => (StatusCode::FORBIDDEN, "M_GUEST_ACCESS_FORBIDDEN", "Guest access not allowed".into()),
            Refusal::Suspended => (StatusCode::FORBIDDEN, "M_USER_SUSPENDED", text),
            Refusal::UnknownInvite => (StatusCode::NOT_FOUND, "NOT_FOUND", "Token not found".into()),
            Refusal::Ended | Refusal::OwnerGone => (StatusCode::FORBIDDEN, "CANT_REDEEM", text),
            Refusal::NotYours => (StatusCode::FORBIDDEN, "", "Permission denied".into()),
            Refusal::OwnInvite => (StatusCode::BAD_REQUEST, "CANT_REDEEM", "Can't redeem your own token".into()),
            Refusal::AlreadyRedeemed => (StatusCode::BAD_REQUEST, "ALREADY_REDEEMED", text),
            Refusal::CodeSpent { .. } => (StatusCode::CONFLICT, "M_INVALID_PARAM", text),
            Refusal::Invalid { field, problem } => {
                (StatusCode::BAD_REQUEST, "M_INVALID_PARAM", wording::invalid(parameter(field), &problem))
            }
            Refusal::EndedMeanwhile { .. } => (StatusCode::CONFLICT, "M_UNKNOWN", text),
            Refusal::StillSignedIn => (StatusCode::SERVICE_UNAVAILABLE, "M_UNKNOWN", text),
            Refusal::Internal | Refusal::Outdated => (StatusCode::INTERNAL_SERVER_ERROR, "M_UNKNOWN", text),
        };
        Self::error(status, errcode, text)
    }

    pub(super) fn into_response(self) -> Response {
        let mut response = (self.status, self.body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        let uncached = HeaderValue::from_static("no-cache, no-store, must-revalidate");
        headers.insert(header::CACHE_CONTROL, uncached);
        // In case somebody makes a browser open the response as a page.
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        let nothing_runs = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
        headers.insert(header::CONTENT_SECURITY_POLICY, nothing_runs);
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
    pub(super) fn text(&self) -> String {
        let body: serde_json::Value = serde_json::from_slice(&self.body).unwrap();
        body["error"].as_str().unwrap().to_owned()
    }
}

/// The body of a response, as JSON.
pub(super) fn written(body: &impl Serialize) -> Bytes {
    // The values are plain data with text keys, which always serialise.
    serde_json::to_vec(body).unwrap_or_default().into()
}

impl From<Error> for Reply {
    fn from(error: Error) -> Self {
        Self::refusal(error.into_told())
    }
}

impl From<Refusal> for Reply {
    fn from(error: Refusal) -> Self {
        Self::refusal(error)
    }
}

/// The API's name for a field.
fn parameter(field: Field) -> &'static str {
    match field {
        Field::Code => "token",
        Field::Label => "label",
        Field::Rooms => "rooms",
        Field::Chat => "create_dm",
        Field::Registration => "as_registration_token",
        Field::Welcome => "welcome",
        Field::PublicTitle => "public_title",
        Field::Picture => "picture",
        Field::ShowRooms => "show_rooms",
        Field::NotBefore => "not_before",
        Field::ExpiresAt => "expires_at",
        Field::MaxUses => "max_uses",
        Field::BlockReason => "reason",
        Field::Link => "link",
        Field::UserName | Field::NewUserName => "user",
        Field::DisplayName => "display_name",
        Field::Email => "email",
        Field::Password | Field::NewPassword => "password",
    }
}

impl From<RoomRefusal> for RefusedRoom {
    fn from(RoomRefusal { room, problem }: RoomRefusal) -> Self {
        Self { reason: wording::room_problem(problem).to_owned(), room }
    }
}

/// Adds the headers that let web clients on other origins read a response.
pub(super) fn with_cors(mut response: Response) -> Response {
    for (name, value) in CORS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use app::{Problem, RoomProblem, Rule};

    use super::*;

    #[test]
    fn every_error_has_its_status_and_code() {
        let refusal = RoomRefusal { room: "!a:x".into(), problem: RoomProblem::NotIn };
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
            Refusal::Invalid { field: Field::Rooms, problem: Problem::TooManyRooms(200) },
            Refusal::RoomsRefused(vec![refusal]),
            Refusal::ServerAdminsOnly,
            Refusal::Forbidden(Rule::MaxUses(5)),
            Refusal::Unreachable { retry_after: 5 },
            Refusal::TooFast { retry_after: 5 },
            Refusal::Internal,
        ];
        let table: Vec<String> = errors
            .into_iter()
            .map(|error| {
                let reply = Reply::refusal(error);
                format!("{} {}", reply.status.as_u16(), String::from_utf8_lossy(&reply.body))
            })
            .collect();
        insta::assert_snapshot!(table.join("\n"));
    }
}
