//! The description of the JSON API.

use std::{fs, path::Path};

use reqwest::Method;
use serde_json::Value;

use crate::support::{API, Service, World};

#[tokio::test]
async fn the_description_is_served_to_everybody_and_kept_by_those_who_have_it() {
    let world = World::new().await;
    let service = Service::usual(&world).await;
    let url = format!("{}{API}/openapi.json", service.url);
    let answer = service.client.get(&url).send().await.unwrap();
    assert_eq!(answer.status(), 200, "without an access token");
    assert_eq!(answer.headers()["content-type"], "application/json");
    assert_eq!(answer.headers()["access-control-allow-origin"], "*");
    assert_eq!(answer.headers()["cache-control"], "public, max-age=3600");
    let etag = answer.headers()["etag"].clone();
    let description: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
    assert_eq!(description["openapi"], "3.1.0");
    let again = service.client.get(&url).header("if-none-match", etag).send().await.unwrap();
    assert_eq!((again.status().as_u16(), again.text().await.unwrap().as_str()), (304, ""));
    for (method, status) in [(Method::HEAD, 200), (Method::OPTIONS, 204), (Method::POST, 405)] {
        let answer = service.client.request(method.clone(), &url).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{method}");
    }
}

/// `RENEW_OPENAPI=1 cargo test renew_openapi` writes the file anew.
#[test]
fn the_file_in_docs_is_the_description_that_is_served_or_renew_openapi_has_to_be_set() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/openapi.json");
    let served = super_invites::api::description();
    if std::env::var_os("RENEW_OPENAPI").is_some() {
        fs::write(&file, served).unwrap();
    }
    let committed = fs::read_to_string(&file).unwrap_or_default();
    assert!(committed == served, "docs/openapi.json is old: `RENEW_OPENAPI=1 cargo test renew_openapi` writes it anew");
}

#[test]
fn every_reference_in_the_description_leads_somewhere() {
    fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(fields) => {
                found.extend(fields.get("$ref").and_then(Value::as_str));
                fields.values().for_each(|value| references(value, found));
            }
            Value::Array(values) => values.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }
    let description: Value = serde_json::from_str(super_invites::api::description()).unwrap();
    let mut found = Vec::new();
    references(&description, &mut found);
    assert!(found.len() > 20, "{found:?}");
    for place in found {
        assert!(description.pointer(place.trim_start_matches('#')).is_some(), "{place}");
    }
}
