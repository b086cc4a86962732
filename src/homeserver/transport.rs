//! The HTTP client for Matrix requests: typed requests, time limits, and errors.

use std::{
    borrow::Cow,
    collections::BTreeSet,
    sync::LazyLock,
    time::{Duration, Instant},
};

use bytes::{Bytes, BytesMut};
use http::Method;
use matrix_sdk::ruma::{
    UserId,
    api::{
        AppserviceUserIdentity, EndpointError, IncomingResponse, MatrixVersion, OutgoingRequest, SupportedVersions,
        auth_scheme::{AuthScheme, SendAccessToken},
        client::{
            account::whoami,
            uiaa::{UiaaInfo, UiaaResponse},
        },
        error::{Error as MatrixError, FromHttpResponseError},
        path_builder::PathBuilder,
    },
};
use reqwest::header;
use url::Url;

use super::{
    admin::Endpoint,
    calls,
    error::{Error, Result},
};
use crate::{
    account::{Account, Origin},
    metrics::Metrics,
    trace::{TRACEPARENT, Trace},
};

/// The largest response body, in bytes: the rooms of somebody who has joined thousands.
const LARGEST: usize = 64 * 1024 * 1024;

/// How long establishing a connection may take: the homeserver is close by.
const CONNECT: Duration = Duration::from_secs(3);

/// How long to wait for a response, by kind of request. No other place decides that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Patience {
    /// Reading. Somebody is looking at a page meanwhile, and a response that takes longer will not come at all.
    Look,
    /// Changing something: after giving up nobody would know whether it happened. Also reading what the homeserver
    /// first has to collect: thousands of rooms (sliding sync, a `POST`), or another server's answer about an alias.
    Work,
    /// Joining a room, which can take a homeserver this long if many other servers are in it.
    Join,
}

impl Patience {
    fn with(request: &http::Request<Vec<u8>>) -> Self {
        let path = request.uri().path();
        match *request.method() {
            Method::GET if path.contains("/directory/room/") => Self::Work,
            Method::GET => Self::Look,
            Method::POST if path.ends_with("/join") => Self::Join,
            _ => Self::Work,
        }
    }

    fn time(self) -> Duration {
        match self {
            Self::Look => Duration::from_secs(10),
            Self::Work => Duration::from_secs(60),
            Self::Join => Duration::from_secs(90),
        }
    }
}

/// Every request used here exists unchanged since this version of the specification, and every homeserver in use
/// supports it.
static VERSIONS: LazyLock<SupportedVersions> =
    LazyLock::new(|| SupportedVersions { versions: BTreeSet::from([MatrixVersion::V1_11]), features: BTreeSet::new() });

/// The response to a request that may need several stages.
pub(super) enum Interactive<T> {
    /// It is complete.
    Done(T),
    /// The homeserver asks for another stage first.
    More(UiaaInfo),
}

/// The HTTP client, and the address of the homeserver.
pub(super) struct Transport {
    client: reqwest::Client,
    base_url: String,
    metrics: Metrics,
}

impl Transport {
    pub(super) fn new(url: &Url, metrics: Metrics) -> Result<Self> {
        #[expect(clippy::disallowed_methods, reason = "this is the client that everything else uses")]
        let client = reqwest::Client::builder()
            .connect_timeout(CONNECT)
            .redirect(reqwest::redirect::Policy::none())
            // A proxy from the environment must not see these tokens, and the homeserver is close by.
            .no_proxy()
            .user_agent(concat!("super-invites/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| Error::Unexpected(error.into()))?;
        Ok(Self { client, base_url: url.as_str().trim_end_matches('/').to_owned(), metrics })
    }

    /// Where requests are counted.
    pub(super) fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Sends a request with a token and, for an application service, as the user `identity` (Application Service API,
    /// "Identity assertion").
    pub(super) async fn send<R>(
        &self,
        request: R,
        token: &str,
        identity: Option<&UserId>,
    ) -> Result<R::IncomingResponse>
    where
        R: OutgoingRequest<EndpointError = MatrixError>,
        for<'a> R::Authentication: AuthScheme<Input<'a> = SendAccessToken<'a>>,
        for<'a> R::PathBuilder: PathBuilder<Input<'a> = Cow<'a, SupportedVersions>>,
    {
        let mut request = self.prepare(request, SendAccessToken::Always(token))?;
        if let Some(user) = identity {
            AppserviceUserIdentity::new(user)
                .maybe_add_to_uri(request.uri_mut())
                .map_err(|error| Error::Unexpected(error.into()))?;
        }
        self.exchange::<R>(request).await
    }

    /// Sends a request that needs no token, forwarding where it came from.
    pub(super) async fn send_for<R>(&self, request: R, origin: &Origin) -> Result<R::IncomingResponse>
    where
        R: OutgoingRequest<EndpointError = MatrixError>,
        for<'a> R::Authentication: AuthScheme<Input<'a> = SendAccessToken<'a>>,
        for<'a> R::PathBuilder: PathBuilder<Input<'a> = Cow<'a, SupportedVersions>>,
    {
        let mut request = self.prepare(request, SendAccessToken::None)?;
        forward(request.headers_mut(), origin);
        self.exchange::<R>(request).await
    }

    /// Sends a request that the homeserver may answer by asking for another stage, forwarding where it came from
    /// (Client-Server API, "User-Interactive Authentication API").
    pub(super) async fn send_interactive<R>(
        &self,
        request: R,
        origin: &Origin,
    ) -> Result<Interactive<R::IncomingResponse>>
    where
        R: OutgoingRequest<EndpointError = UiaaResponse>,
        for<'a> R::Authentication: AuthScheme<Input<'a> = SendAccessToken<'a>>,
        for<'a> R::PathBuilder: PathBuilder<Input<'a> = Cow<'a, SupportedVersions>>,
    {
        let mut request = self.prepare(request, SendAccessToken::None)?;
        forward(request.headers_mut(), origin);
        let answer = self.execute(request).await?;
        match R::IncomingResponse::try_from_http_response(answer) {
            Ok(done) => Ok(Interactive::Done(done)),
            Err(FromHttpResponseError::Server(UiaaResponse::AuthResponse(info))) => Ok(Interactive::More(info)),
            Err(FromHttpResponseError::Server(UiaaResponse::MatrixError(error))) => Err(error.into()),
            Err(error) => Err(Error::Unexpected(error.to_string().into())),
        }
    }

    /// Sends a request for which ruma has no type.
    pub(super) async fn call<E: Endpoint>(&self, endpoint: E, token: &str) -> Result<E::Answer> {
        let mut request = http::Request::builder()
            .method(E::METHOD)
            .uri(format!("{}{}", self.base_url, endpoint.path()))
            .header(header::AUTHORIZATION, format!("Bearer {token}"));
        let mut body = Vec::new();
        if matches!(E::METHOD, Method::POST | Method::PUT) {
            body = serde_json::to_vec(&endpoint).map_err(|error| Error::Unexpected(error.into()))?;
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let request = request.body(body).map_err(|error| Error::Unexpected(error.into()))?;
        let answer = self.execute(request).await?;
        if !answer.status().is_success() {
            return Err(without(endpoint.secret(), MatrixError::from_http_response(answer).into()));
        }
        serde_json::from_slice(answer.body()).map_err(|error| Error::Unexpected(error.into()))
    }

    /// Asks who owns the token, forwarding where the request came from.
    pub(super) async fn whoami(&self, token: &str, origin: &Origin) -> Result<Account> {
        let mut request = self.prepare(whoami::v3::Request::new(), SendAccessToken::Always(token))?;
        forward(request.headers_mut(), origin);
        let answer = self.exchange::<whoami::v3::Request>(request).await?;
        Ok(Account::new(answer.user_id, token, answer.is_guest))
    }

    fn prepare<R>(&self, request: R, token: SendAccessToken<'_>) -> Result<http::Request<Vec<u8>>>
    where
        R: OutgoingRequest,
        for<'a> R::Authentication: AuthScheme<Input<'a> = SendAccessToken<'a>>,
        for<'a> R::PathBuilder: PathBuilder<Input<'a> = Cow<'a, SupportedVersions>>,
    {
        request
            .try_into_http_request(&self.base_url, token, Cow::Borrowed(&VERSIONS))
            .map_err(|error| Error::Unexpected(error.into()))
    }

    async fn exchange<R>(&self, request: http::Request<Vec<u8>>) -> Result<R::IncomingResponse>
    where
        R: OutgoingRequest<EndpointError = MatrixError>,
    {
        let answer = self.execute(request).await?;
        R::IncomingResponse::try_from_http_response(answer).map_err(|error| match error {
            FromHttpResponseError::Server(error) => error.into(),
            error => Error::Unexpected(error.to_string().into()),
        })
    }

    /// Sends any request: as part of the current trace, and counted.
    async fn execute(&self, mut request: http::Request<Vec<u8>>) -> Result<http::Response<Bytes>> {
        if let Some(trace) = Trace::current().and_then(Trace::header) {
            request.headers_mut().insert(TRACEPARENT, trace);
        }
        let (kind, begun) = (calls::kind(request.uri().path()), Instant::now());
        let answer = self.respond(request).await;
        let came = match &answer {
            Ok(answer) => Cow::Owned(answer.status().as_u16().to_string()),
            Err(Error::Unreachable(_)) => Cow::Borrowed("unreachable"),
            Err(_) => Cow::Borrowed("unexpected"),
        };
        self.metrics.homeserver_request(kind, came, begun.elapsed());
        answer
    }

    async fn respond(&self, request: http::Request<Vec<u8>>) -> Result<http::Response<Bytes>> {
        let patience = Patience::with(&request);
        let mut request = reqwest::Request::try_from(request).map_err(|error| Error::Unexpected(error.into()))?;
        *request.timeout_mut() = Some(patience.time());
        // Without the URL, which may contain a code: errors are logged.
        let unreachable = |error: reqwest::Error| Error::Unreachable(error.without_url().into());
        let mut response = self.client.execute(request).await.map_err(unreachable)?;
        let mut answer = http::Response::builder().status(response.status());
        if let Some(headers) = answer.headers_mut() {
            headers.clone_from(response.headers());
        }
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
            if body.len() + chunk.len() > LARGEST {
                return Err(Error::Unexpected("an answer is too large".into()));
            }
            body.extend_from_slice(&chunk);
        }
        answer.body(body.freeze()).map_err(|error| Error::Unexpected(error.into()))
    }
}

/// The same error without the secret, which the homeserver may have repeated.
fn without(secret: Option<&str>, mut error: Error) -> Error {
    if let (Error::Refused(refusal), Some(secret)) = (&mut error, secret) {
        refusal.message = refusal.message.replace(secret, "…");
    }
    error
}

/// Forwards where a request came from; otherwise everybody would seem to use the homeserver from this service's
/// address.
fn forward(headers: &mut http::HeaderMap, origin: &Origin) {
    if let Some(address) = origin.address
        && let Ok(address) = address.to_string().parse()
    {
        headers.insert("x-forwarded-for", address);
    }
    if let Some(user_agent) = &origin.user_agent {
        headers.insert(header::USER_AGENT, user_agent.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joining_may_take_longest_and_looking_shortest() {
        for (method, path, patience) in [
            (Method::GET, "/_matrix/client/v3/account/whoami", Patience::Look),
            (Method::GET, "/_matrix/client/v3/rooms/%21a%3Ax/state/m.room.create/?user_id=%40a%3Ax", Patience::Look),
            (Method::GET, "/_synapse/admin/v1/registration_tokens/join", Patience::Look),
            (Method::GET, "/_matrix/client/v3/directory/room/%23a%3Ax", Patience::Work),
            (Method::POST, "/_matrix/client/unstable/org.matrix.simplified_msc3575/sync", Patience::Work),
            (Method::POST, "/_matrix/client/v3/rooms/%21a%3Ax/invite?user_id=%40a%3Ax", Patience::Work),
            (Method::POST, "/_matrix/client/v3/createRoom", Patience::Work),
            (Method::PUT, "/_matrix/client/v3/user/%40a%3Ax/account_data/m.direct", Patience::Work),
            (Method::DELETE, "/_synapse/admin/v1/registration_tokens/join", Patience::Work),
            (Method::POST, "/_matrix/client/v3/rooms/%21a%3Ax/join?user_id=%40a%3Ax", Patience::Join),
        ] {
            let uri = format!("https://x{path}");
            let request = http::Request::builder().method(&method).uri(uri).body(Vec::new()).expect("a request");
            assert_eq!(Patience::with(&request), patience, "{method} {path}");
        }
    }

    #[test]
    fn a_registration_token_leaves_the_homeservers_words() {
        let body = r#"{"errcode": "M_NOT_FOUND", "error": "No such registration token: garden"}"#;
        let answer = http::Response::builder().status(404).body(Bytes::from(body)).expect("an answer");
        let error = without(Some("garden"), MatrixError::from_http_response(answer).into());
        assert_eq!(error.to_string(), r#"the homeserver refuses: 404 M_NOT_FOUND: "No such registration token: …""#);
    }
}
