//! What the API's addresses have in common.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use futures_util::future::BoxFuture;
use http::{Method, StatusCode};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::{Map, Value};

use super::{query::Query, reply::Reply};
use crate::{account::Account, invites::Invites, people::People, proxies::Proxies, share::Sharing};

/// The largest body that is read, in bytes.
const LARGEST_BODY: usize = 64 * 1024;

/// What every request needs.
pub(super) struct Api {
    pub(super) invites: Invites,
    pub(super) people: People,
    pub(super) proxies: Arc<Proxies>,
    pub(super) sharing: Option<Sharing>,
}

/// One of the API's addresses.
#[derive(Clone, Copy)]
pub(super) struct Resource {
    /// Its path, without what all have in common.
    pub(super) path: &'static str,
    /// What may be done there.
    pub(super) methods: &'static [Method],
    /// Answers somebody who is known.
    pub(super) answer: fn(Arc<Api>, Request) -> BoxFuture<'static, Result<Reply, Reply>>,
}

/// A request whose sender is known.
pub(super) struct Request {
    pub(super) account: Account,
    pub(super) method: Method,
    pub(super) query: Query,
    pub(super) body: Body,
}

impl Request {
    /// The code in the query, which must be there.
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

    /// A body of this shape; what is wrong with another one is said.
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

/// A value of this shape, whatever it is read from; what is wrong with another one is said.
pub(super) fn shaped<'de, T: Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<T, Reply> {
    serde_path_to_error::deserialize(from).map_err(|error: serde_path_to_error::Error<D::Error>| {
        let field = error.path().to_string();
        let problem = error.into_inner().to_string();
        // Where in the text it is helps nobody.
        let problem = problem.split(" at line ").next().unwrap_or_default();
        Reply::bad_json(if field == "." { problem.to_owned() } else { format!("“{field}”: {problem}.") })
    })
}
