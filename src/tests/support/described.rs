//! Compares what the API answers with its description (OpenAPI).

use std::{collections::BTreeMap, sync::LazyLock};

use jsonschema::{Validator, draft202012};
use reqwest::{Method, RequestBuilder, header::HeaderMap};
use serde_json::{Value, json};

use super::{API, Answer};

/// The path of the description, and those of what is not the JSON API but below the same prefix.
const ELSE: [&str; 6] = ["/openapi.json", "/_", "/i/", "/sign-in", "/invites", "/new"];

/// The response of an operation with one status.
struct Described {
    content_type: String,
    /// Whether it is a sequence of values, one per line.
    lines: bool,
    shape: Validator,
}

/// The responses of one operation, by status.
type Responses = BTreeMap<u16, Described>;

/// The operations, by path and method.
static DESCRIBED: LazyLock<BTreeMap<String, BTreeMap<String, Responses>>> = LazyLock::new(|| {
    let description: Value = serde_json::from_str(super_invites::api::description()).unwrap();
    let mut described: BTreeMap<String, BTreeMap<String, Responses>> = BTreeMap::new();
    for (path, operations) in description["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let responses = operation["responses"].as_object().unwrap().iter();
            let responses = responses.map(|(status, response)| (status.parse().unwrap(), read(&description, response)));
            described.entry(path.clone()).or_default().insert(method.to_uppercase(), responses.collect());
        }
    }
    described
});

fn read(description: &Value, response: &Value) -> Described {
    let (content_type, content) = response["content"].as_object().unwrap().iter().next().unwrap();
    let line = content.get("x-line-schema");
    let shape = closed(description, line.unwrap_or(&content["schema"]), false);
    let shape = draft202012::new(&shape).unwrap();
    Described { content_type: content_type.clone(), lines: line.is_some(), shape }
}

/// A schema in which nothing may occur that is not described: clients ignore fields that they do not know, but whoever
/// adds one has to describe it. `part` says whether it is one of several that together describe a value.
fn closed(description: &Value, schema: &Value, part: bool) -> Value {
    if let Some(place) = schema["$ref"].as_str() {
        let place = description.pointer(place.trim_start_matches('#')).unwrap_or_else(|| panic!("{place}"));
        return closed(description, place, part);
    }
    let mut fields = schema.as_object().unwrap().clone();
    for (name, value) in &mut fields {
        match (name.as_str(), value) {
            ("properties", Value::Object(properties)) => {
                properties.values_mut().for_each(|property| *property = closed(description, property, false));
            }
            ("items", items) => *items = closed(description, items, false),
            ("allOf", Value::Array(all)) => all.iter_mut().for_each(|one| *one = closed(description, one, true)),
            ("oneOf", Value::Array(any)) => any.iter_mut().for_each(|one| *one = closed(description, one, false)),
            _ => {}
        }
    }
    if !part && (schema["type"] == "object" || schema.get("allOf").is_some()) {
        fields.insert("unevaluatedProperties".into(), json!(false));
    }
    Value::Object(fields)
}

/// Sends a request to the service, and compares the response with the description of the API.
pub async fn sent(request: RequestBuilder) -> Answer {
    let (client, request) = request.build_split();
    let request = request.unwrap();
    let (method, path) = (request.method().clone(), request.url().path().to_owned());
    let answer = client.execute(request).await.unwrap_or_else(|error| panic!("{method} {path}: {error}"));
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let answer = Answer { status, headers, body: answer.text().await.unwrap() };
    let path = percent_encoding::percent_decode_str(&path).decode_utf8_lossy();
    if let Err(problem) = compare(&method, &path, &answer) {
        panic!("{method} {path} {status} {}: {problem}", answer.body);
    }
    answer
}

fn compare(method: &Method, path: &str, answer: &Answer) -> Result<(), String> {
    let below = path.strip_prefix(API);
    if below.is_some_and(|below| ELSE.iter().any(|other| below.starts_with(other))) {
        return Ok(());
    }
    let found = DESCRIBED.get(path);
    let get = Method::GET;
    let as_described = if method == Method::HEAD { &get } else { method };
    let responses = found.and_then(|operations| operations.get(as_described.as_str()));
    let Some(responses) = responses else {
        let expected = match found {
            _ if method == Method::OPTIONS => return of_status(answer, 204),
            Some(_) => 405,
            None => 404,
        };
        // Where it is not configured, the resource of share links is not there at all.
        return of_status(answer, expected).or_else(|problem| match below {
            None => of_status(answer, 404).map_err(|_| problem),
            Some(_) => Err(problem),
        });
    };
    let described = responses.get(&answer.status).ok_or("this status is not described")?;
    let content_type = content_type(&answer.headers);
    if content_type != described.content_type {
        return Err(format!("its content type is {content_type}"));
    }
    if method == Method::HEAD {
        return Ok(());
    }
    let values: Vec<&str> = if described.lines { answer.body.lines().collect() } else { vec![&answer.body] };
    for value in values {
        let value: Value = serde_json::from_str(value).map_err(|error| error.to_string())?;
        let problems = described.shape.iter_errors(&value);
        let problems: Vec<String> =
            problems.map(|problem| format!("{} at “{}”", problem, problem.instance_path())).collect();
        if !problems.is_empty() {
            return Err(problems.join("; "));
        }
    }
    Ok(())
}

fn of_status(answer: &Answer, status: u16) -> Result<(), String> {
    match answer.status == status {
        true => Ok(()),
        false => Err(format!("nothing is described here, so it has to be {status}")),
    }
}

fn content_type(headers: &HeaderMap) -> &str {
    headers.get("content-type").map_or("", |value| value.to_str().unwrap())
}
