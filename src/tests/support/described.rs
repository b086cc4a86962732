//! Compares what the API answers with its description (OpenAPI).

use std::{collections::BTreeSet, sync::LazyLock};

use reqwest::{Method, RequestBuilder, header::HeaderMap};
use serde_json::Value;

use super::{API, Answer};

/// The path of the description, and those of what is not the JSON API but below the same prefix.
const ELSE: [&str; 6] = ["/openapi.json", "/_", "/i/", "/sign-in", "/invites", "/new"];

/// The description, as it is served.
static DESCRIPTION: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(super_invites::api::description()).unwrap());

/// What is wrong with a value, of which this is the description: nothing may be in it that is not described. Clients ignore
/// fields that they do not know, but whoever adds one has to describe it.
fn whole(schema: &Value, value: &Value, at: &str) -> Result<(), String> {
    let known = part(schema, value, at)?;
    match value.as_object().and_then(|fields| fields.keys().find(|name| !known.contains(*name))) {
        Some(name) => Err(format!("{at}/{name} is not described")),
        None => Ok(()),
    }
}

/// The same for a value of which this is only a part of the description: returns the fields that it describes. It knows
/// those keywords of JSON Schema that the description uses.
fn part(schema: &Value, value: &Value, at: &str) -> Result<BTreeSet<String>, String> {
    let mut known = BTreeSet::new();
    for (keyword, rule) in schema.as_object().unwrap() {
        let list = rule.as_array().map_or(&[][..], Vec::as_slice);
        let fits = match keyword.as_str() {
            "description" | "format" => true,
            "$ref" => {
                let place = DESCRIPTION.pointer(rule.as_str().unwrap().trim_start_matches('#')).unwrap();
                known.extend(part(place, value, at)?);
                true
            }
            "allOf" => {
                for one in list {
                    known.extend(part(one, value, at)?);
                }
                true
            }
            "oneOf" => {
                let fitting: Vec<&Value> = list.iter().filter(|one| whole(one, value, at).is_ok()).collect();
                if let [one] = fitting[..] {
                    known.extend(part(one, value, at)?);
                }
                fitting.len() == 1
            }
            "type" if list.is_empty() => is(value, rule),
            "type" => list.iter().any(|kind| is(value, kind)),
            "enum" => list.contains(value),
            "required" => list.iter().all(|name| value.get(name.as_str().unwrap()).is_some()),
            "minimum" => value.as_f64().is_none_or(|number| number >= rule.as_f64().unwrap()),
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    whole(rule, item, &format!("{at}/{index}"))?;
                }
                true
            }
            "properties" => {
                for (name, property) in rule.as_object().unwrap() {
                    known.insert(name.clone());
                    if let Some(value) = value.get(name) {
                        whole(property, value, &format!("{at}/{name}"))?;
                    }
                }
                true
            }
            other => panic!("the description has {other} at {at}, which is not looked at here"),
        };
        if !fits {
            return Err(format!("{value} at “{at}” is not as {keyword} says: {rule}"));
        }
    }
    Ok(known)
}

fn is(value: &Value, kind: &Value) -> bool {
    match kind.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("{other}"),
    }
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
    let found = DESCRIPTION["paths"].get(path);
    let as_described = if method == Method::HEAD { "get".to_owned() } else { method.as_str().to_lowercase() };
    let Some(operation) = found.and_then(|operations| operations.get(as_described)) else {
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
    let response = operation["responses"].get(answer.status.to_string()).ok_or("this status is not described")?;
    let content_type = content_type(&answer.headers);
    let content = response["content"]
        .get(content_type)
        .ok_or_else(|| format!("its content type, {content_type:?}, is not described"))?;
    if method == Method::HEAD {
        return Ok(());
    }
    let line = content.get("x-line-schema");
    let values: Vec<&str> = if line.is_some() { answer.body.lines().collect() } else { vec![&answer.body] };
    for value in values {
        let value: Value = serde_json::from_str(value).map_err(|error| error.to_string())?;
        whole(line.unwrap_or(&content["schema"]), &value, "")?;
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

#[test]
fn an_answer_that_is_not_as_it_is_described_is_found() {
    let answer = |status: u16, body: &str| {
        let headers = HeaderMap::from_iter([(reqwest::header::CONTENT_TYPE, "application/json".parse().unwrap())]);
        let answer = Answer { status, headers, body: body.to_owned() };
        compare(&Method::GET, &format!("{API}/info"), &answer).err()
    };
    let info = r#"{"rooms_count": 1, "has_redeemed": false, "create_dm": false, "state": "open",
        "inviter": {"user_id": "@a:x", "display_name": null, "avatar_url": null}}"#;
    assert_eq!(answer(200, info), None);
    for wrong in [
        info.replace("false", "null"),
        info.replace("\"open\"", "\"ajar\""),
        info.replace("rooms_count", "room_count"),
        info.replace("\"state\"", "\"colour\": 1, \"state\""),
        info.replace("\"user_id\"", "\"age\": 1, \"user_id\""),
        info.replace("\"rooms_count\": 1", "\"rooms_count\": -1"),
    ] {
        assert!(answer(200, &wrong).is_some(), "{wrong}");
    }
    assert_eq!(answer(403, r#"{"errcode": "NOT_FOUND", "error": "Token not found"}"#), None);
    assert!(answer(403, r#"{"errcode": "M_FORBIDDEN", "error": "No"}"#).is_some(), "another code");
    assert!(answer(429, r#"{"errcode": "M_LIMIT_EXCEEDED", "error": "No"}"#).is_some(), "without retry_after_ms");
    assert!(answer(418, "{}").is_some(), "another status");
}
