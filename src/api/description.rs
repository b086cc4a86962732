//! The description of the API for those who write clients (OpenAPI 3.1), made from the resources' operations.

use std::collections::BTreeMap;

use app::PREFIX;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use sha2::{Digest, Sha256};
use utoipa::openapi::{
    AllOfBuilder, ComponentsBuilder, Content, ContentBuilder, HeaderBuilder, HttpMethod, InfoBuilder, LicenseBuilder,
    ObjectBuilder, OpenApiBuilder, Paths, Ref, RefOr, Required, Response as Described, ResponseBuilder, Schema,
    SecurityRequirement, Server, Type,
    extensions::ExtensionsBuilder,
    path::{
        Operation as DescribedOperation, OperationBuilder, Parameter as DescribedParameter, ParameterBuilder,
        ParameterIn,
    },
    request_body::{RequestBody, RequestBodyBuilder},
    security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
};

use super::{
    reply::{Failure, Reply, with_cors},
    resource::{Answer, Kind, Operation, Parameter, Resource},
    shape::{Schemas, Shape, words},
};

/// Its path, relative to the API's prefix.
pub(super) const PATH: &str = "openapi.json";

/// The errors that every operation can answer with.
const ALWAYS: &[(u16, &[&str])] = &[
    (401, &["M_MISSING_TOKEN", "M_UNKNOWN_TOKEN", "M_USER_LOCKED"]),
    (403, &["M_GUEST_ACCESS_FORBIDDEN"]),
    (500, &["M_UNKNOWN"]),
    (503, &["M_UNKNOWN"]),
];

/// The errors that every operation which reads a body can answer with.
const WITH_BODY: &[(u16, &[&str])] = &[(408, &["M_UNKNOWN"]), (413, &["M_TOO_LARGE"])];

const ABOUT: &str = "Invite codes for Matrix homeservers: whoever redeems one has joined all of its rooms a moment later.\n\n\
    Every answer allows any origin to read it (CORS). A method that is not listed here is answered with 405, and another path with 404, \
    both with `M_UNRECOGNIZED`; `HEAD` works where `GET` does, and `OPTIONS` everywhere. Later versions may add fields to answers, \
    so clients should ignore those that they do not know.";

/// The description, as it is served.
pub(super) struct Description {
    text: String,
    etag: String,
}

impl Description {
    /// The description of these resources.
    pub(super) fn of<'a>(resources: impl Iterator<Item = &'a Resource>) -> Self {
        let (mut paths, mut schemas) = (Paths::new(), Schemas::new());
        Shape::of::<Failure<'static>>().schema(&mut schemas);
        for resource in resources {
            let path = match resource.path.starts_with('/') {
                true => resource.path.to_owned(),
                false => format!("{PREFIX}/{}", resource.path),
            };
            for operation in resource.operations {
                paths.add_path_operation(&path, vec![method(&operation.method)], described(operation, &mut schemas));
            }
        }
        let license = LicenseBuilder::new().name("Apache License 2.0").identifier(Some("Apache-2.0")).build();
        let info = InfoBuilder::new().title("Super Invites").version(env!("CARGO_PKG_VERSION"));
        let components = ComponentsBuilder::new()
            .schemas_from_iter(schemas)
            .security_scheme("access_token_in_header", in_header())
            .security_scheme("access_token_in_query", in_query());
        let security = ["access_token_in_header", "access_token_in_query"];
        let description = OpenApiBuilder::new()
            .info(info.description(Some(ABOUT)).license(Some(license)).build())
            // Wherever this document is served.
            .servers(Some([Server::new("/")]))
            .paths(paths)
            .components(Some(components.build()))
            .security(Some(security.map(|name| SecurityRequirement::new(name, Vec::<String>::new()))))
            .build();
        // Plain data with text keys, which always serialises.
        let text = description.to_pretty_json().unwrap_or_default() + "\n";
        let etag = Sha256::digest(&text).iter().take(8).map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
        Self { text, etag: format!("\"{etag}\"") }
    }

    /// The description as JSON.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The response to a request for it, which needs no access token.
    pub(super) fn answer(&'static self, method: &Method, headers: &HeaderMap) -> Response {
        let known = headers.get_all(header::IF_NONE_MATCH).iter().any(|tags| self.is_among(tags));
        let mut response = match *method {
            Method::OPTIONS => return Reply::preflight(),
            Method::GET | Method::HEAD if known => StatusCode::NOT_MODIFIED.into_response(),
            Method::GET | Method::HEAD => {
                let mut response = self.text.as_str().into_response();
                let headers = response.headers_mut();
                headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
                headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
                response
            }
            _ => return Reply::not_allowed().into_response(),
        };
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
        if let Ok(etag) = HeaderValue::from_str(&self.etag) {
            headers.insert(header::ETAG, etag);
        }
        with_cors(response)
    }

    /// Whether its tag is one of these (HTTP Semantics, "If-None-Match").
    fn is_among(&self, tags: &HeaderValue) -> bool {
        let tags = tags.to_str().unwrap_or_default();
        tags.split(',').map(str::trim).any(|tag| tag == "*" || tag.trim_start_matches("W/") == self.etag)
    }
}

fn in_header() -> SecurityScheme {
    let text = "The access token of a session on the homeserver, as in the Matrix Client-Server API.";
    SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(text)).build())
}

fn in_query() -> SecurityScheme {
    let text = "The same, for clients that cannot set headers. Addresses end up in logs, so the header is better.";
    SecurityScheme::ApiKey(ApiKey::Query(ApiKeyValue::with_description("access_token", text)))
}

fn method(method: &Method) -> HttpMethod {
    match *method {
        Method::POST => HttpMethod::Post,
        Method::PUT => HttpMethod::Put,
        Method::DELETE => HttpMethod::Delete,
        _ => HttpMethod::Get,
    }
}

fn described(operation: &Operation, schemas: &mut Schemas) -> DescribedOperation {
    let mut described = OperationBuilder::new()
        .operation_id(Some(operation.id))
        .summary(Some(operation.summary))
        .request_body(operation.body.map(|shape| body(shape, schemas)))
        .response("200", success(operation.answer, schemas));
    for of_query in operation.query {
        described = described.parameter(parameter(of_query));
    }
    for (status, codes) in errors(operation) {
        described = described.response(status.to_string(), failure(status, codes));
    }
    described.build()
}

fn parameter(parameter: &Parameter) -> DescribedParameter {
    let schema = match parameter.kind {
        // Something that is required must not be empty either.
        Kind::Text => ObjectBuilder::new().schema_type(Type::String).min_length(Some(1).filter(|_| parameter.required)),
        Kind::Number(least) => ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(least)),
    };
    ParameterBuilder::new()
        .name(parameter.name)
        .parameter_in(ParameterIn::Query)
        .description(Some(parameter.description))
        .required(if parameter.required { Required::True } else { Required::False })
        .schema(Some(schema))
        .build()
}

fn body(shape: Shape, schemas: &mut Schemas) -> RequestBody {
    RequestBodyBuilder::new()
        .description(Some("At most 64 KiB. Whatever its content type, it is read as JSON."))
        .required(Some(Required::True))
        .content("application/json", Content::new(Some(shape.schema(schemas))))
        .build()
}

fn success(answer: Answer, schemas: &mut Schemas) -> Described {
    let (kind, content) = match answer {
        Answer::Json(shape) => ("application/json", Content::new(Some(shape.schema(schemas)))),
        Answer::Lines(shape) => {
            // OpenAPI 3.1 has no words for a sequence of values.
            let line = serde_json::to_value(shape.schema(schemas)).unwrap_or_default();
            let text = ObjectBuilder::new().schema_type(Type::String);
            let text = text.description(Some("One JSON object per line, as `x-line-schema` says."));
            let lines = ExtensionsBuilder::new().add("x-line-schema", line).build();
            let content = ContentBuilder::new().schema(Some(text)).extensions(Some(lines)).build();
            ("application/jsonl", content)
        }
    };
    ResponseBuilder::new().description("It is done.").content(kind, content).build()
}

/// The error codes of an operation, by status.
fn errors(operation: &Operation) -> BTreeMap<u16, Vec<&'static str>> {
    let with_body = if operation.body.is_some() { WITH_BODY } else { &[] };
    let mut by_status: BTreeMap<u16, Vec<&'static str>> = BTreeMap::new();
    for (status, codes) in operation.errors.iter().chain(ALWAYS).chain(with_body) {
        by_status.entry(*status).or_default().extend(*codes);
    }
    by_status
}

fn failure(status: u16, codes: Vec<&'static str>) -> Described {
    let text = match status {
        400 => "The request is wrong, or cannot be carried out.",
        401 => "There is no access token, or the homeserver does not accept it.",
        403 => "The caller may not do this.",
        404 => "There is nothing of that name.",
        408 => "The body of the request did not arrive in time.",
        409 => "The code was deleted, and cannot be used again.",
        413 => "The body of the request is too large.",
        429 => "Too many attempts. Try again after the given time.",
        503 => {
            "The homeserver does not answer, or the service is stopping. Nothing is lost: try again after the given time."
        }
        _ => "Something went wrong; it has been logged.",
    };
    let mut fields = ObjectBuilder::new().property("errcode", words(codes, "A code for programs."));
    if status == 429 {
        fields = fields.required("retry_after_ms");
    }
    let error = RefOr::<Schema>::Ref(Ref::from_schema_name("Error"));
    let content = Content::new(Some(AllOfBuilder::new().item(error).item(fields)));
    let mut response = ResponseBuilder::new().description(text).content("application/json", content);
    if matches!(status, 429 | 503) {
        let seconds = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0_u32));
        let header = HeaderBuilder::new().schema(seconds).description(Some("After how many seconds to try again."));
        response = response.header("Retry-After", header.build());
    }
    response.build()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::api::{RESOURCES, share_link};

    fn operations() -> impl Iterator<Item = &'static Operation> {
        RESOURCES.into_iter().chain([share_link::RESOURCE]).flat_map(|resource| resource.operations)
    }

    #[test]
    fn no_two_operations_have_the_same_name() {
        let names: BTreeSet<&str> = operations().map(|operation| operation.id).collect();
        assert_eq!(names.len(), operations().count());
    }

    #[test]
    fn no_two_shapes_have_the_same_name() {
        let mut schemas = Schemas::new();
        for operation in operations() {
            described(operation, &mut schemas);
        }
        let by_name: BTreeMap<String, RefOr<Schema>> = schemas.iter().cloned().collect();
        for (name, schema) in schemas {
            assert!(by_name[&name] == schema, "{name}");
        }
    }

    #[test]
    fn whoever_has_the_description_already_is_not_sent_it_again() {
        static DESCRIPTION: std::sync::LazyLock<Description> =
            std::sync::LazyLock::new(|| Description::of(RESOURCES.iter()));
        let asked = |tags: &str| {
            let headers = HeaderMap::from_iter([(header::IF_NONE_MATCH, tags.parse().unwrap())]);
            DESCRIPTION.answer(&Method::GET, &headers).status().as_u16()
        };
        let etag = &DESCRIPTION.etag;
        assert_eq!(asked("\"other\""), 200);
        assert_eq!([asked(etag), asked(&format!("\"a\", W/{etag}")), asked("*")], [304, 304, 304]);
    }
}
