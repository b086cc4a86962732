//! What the API's resources have in common.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use futures_util::future::BoxFuture;
use http::{Method, StatusCode};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::{Map, Value};

use super::{query::Query, reply::Reply, shape::Shape};
use crate::{account::Account, invites::Invites, people::People, proxies::Proxies, share::Sharing, words::Languages};

/// The largest request body, in bytes.
const LARGEST_BODY: usize = 64 * 1024;

/// What every request has access to.
pub struct Api {
    /// The use cases.
    pub invites: Invites,
    /// Who asks.
    pub people: People,
    /// Which proxies are trusted to report the client's address.
    pub proxies: Arc<Proxies>,
    /// Share links, if there are any.
    pub sharing: Option<Sharing>,
    /// The languages in which errors are told.
    pub languages: Languages,
}

/// A resource of the API.
#[derive(Clone, Copy)]
pub(super) struct Resource {
    /// Its path, relative to the API's prefix.
    pub(super) path: &'static str,
    /// What it does, for each method that it supports.
    pub(super) operations: &'static [Operation],
    /// Handles an authenticated request.
    pub(super) answer: fn(Arc<Api>, Request) -> BoxFuture<'static, Result<Reply, Reply>>,
}

impl Resource {
    /// Whether it supports this method.
    pub(super) fn supports(&self, method: &Method) -> bool {
        self.operations.iter().any(|operation| operation.method == *method)
    }
}

/// What a resource does for one method, as it is described to those who write clients (`description.rs`).
pub(super) struct Operation {
    pub(super) method: Method,
    /// Its name, unique in the API.
    pub(super) id: &'static str,
    /// What it does, in one sentence.
    pub(super) summary: &'static str,
    /// The query parameters.
    pub(super) query: &'static [Parameter],
    /// The body of the request, if one is read.
    pub(super) body: Option<Shape>,
    /// The body of the response to a request that succeeds.
    pub(super) answer: Answer,
    /// The error codes by status, beyond those that every operation can answer with.
    pub(super) errors: &'static [(u16, &'static [&'static str])],
}

/// The body of a response.
#[derive(Clone, Copy)]
pub(super) enum Answer {
    /// A JSON value.
    Json(Shape),
    /// One JSON value per line (JSON Lines).
    Lines(Shape),
}

/// A query parameter.
pub(super) struct Parameter {
    pub(super) name: &'static str,
    pub(super) description: &'static str,
    pub(super) required: bool,
    pub(super) kind: Kind,
}

/// What the value of a query parameter is.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Text,
    /// A whole number, at least this.
    Number(i64),
}

/// The code in the query of an operation that needs one.
pub(super) const CODE: Parameter = Parameter {
    name: "token",
    description: "The code of the invite, or a whole invite link or `acter:` address that contains it.",
    required: true,
    kind: Kind::Text,
};

/// A request whose sender is authenticated.
pub(super) struct Request {
    pub(super) account: Account,
    pub(super) method: Method,
    pub(super) query: Query,
    pub(super) body: Body,
}

impl Request {
    /// The code in the query, or an error if there is none.
    pub(super) fn code(&self) -> Result<String, Reply> {
        match self.query.code()? {
            None => Err(Reply::missing_param("token")),
            Some(code) if code.is_empty() => {
                Err(Reply::invalid_param("The query parameter 'token' must not be empty."))
            }
            Some(code) => Ok(code),
        }
    }

    pub(super) async fn bytes(self) -> Result<Bytes, Reply> {
        axum::body::to_bytes(self.body, LARGEST_BODY).await.map_err(|_| {
            let problem = format!("The request is too large: at most {} KiB are read.", LARGEST_BODY / 1024);
            Reply::error(StatusCode::PAYLOAD_TOO_LARGE, "M_TOO_LARGE", problem)
        })
    }

    pub(super) async fn json(self) -> Result<Map<String, Value>, Reply> {
        object(&self.bytes().await?)
    }

    /// The body as a value of this type, or an error that says what is wrong with it.
    pub(super) async fn read<T: DeserializeOwned>(self) -> Result<T, Reply> {
        shaped(Value::Object(self.json().await?))
    }
}

pub(super) fn object(body: &[u8]) -> Result<Map<String, Value>, Reply> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => Err(Reply::bad_json("Content must be a JSON object.")),
        Err(_) => Err(Reply::error(StatusCode::BAD_REQUEST, "M_NOT_JSON", "Content not JSON.")),
    }
}

/// A value of this type, whatever it is read from, or an error that says what is wrong.
pub(super) fn shaped<'de, T: Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<T, Reply> {
    serde_path_to_error::deserialize(from).map_err(|error: serde_path_to_error::Error<D::Error>| {
        let field = error.path().to_string();
        let problem = error.into_inner().to_string();
        // The position within the text helps nobody.
        let problem = problem.split(" at line ").next().unwrap_or_default();
        Reply::bad_json(if field == "." { problem.to_owned() } else { format!("“{field}”: {problem}.") })
    })
}
