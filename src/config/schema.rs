//! The JSON Schema of the configuration, for editors, and for whoever generates configurations.

use serde_json::{Map, Value};

use super::{Config, EXAMPLE};

/// Keys whose values in the example are no defaults.
const NO_DEFAULT: [&str; 3] = ["homeserver_url", "registration_file", "server_name"];

/// The JSON Schema (draft 2020-12) of one file with the whole configuration. Where several files are merged, each may lack what another one has.
pub fn schema() -> String {
    let mut schema = Value::from(schemars::schema_for!(Config));
    let example = serde_saphyr::from_str::<Map<String, Value>>(EXAMPLE).unwrap_or_default();
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        for (key, property) in properties {
            let Some(property) = property.as_object_mut() else { continue };
            // Of types that serde cannot write down, the default is known to the example alone. A mapping has those of its keys.
            property.remove("default");
            let usual = example.get(key).filter(|value| !value.is_object() && !NO_DEFAULT.contains(&key.as_str()));
            if let Some(usual) = usual {
                property.insert("default".to_owned(), usual.clone());
            }
        }
    }
    // A value that was made of JSON can be written as JSON.
    serde_json::to_string_pretty(&schema).unwrap_or_default() + "\n"
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The paths of all keys that a schema allows; those within lists as if there were no list.
    fn allowed(root: &Value, schema: &Value, above: &str, found: &mut BTreeSet<String>) {
        if let Some(name) = schema["$ref"].as_str() {
            let there = root.pointer(name.trim_start_matches('#')).expect("what is referred to is there");
            allowed(root, there, above, found);
        }
        for inner in schema["anyOf"].as_array().into_iter().flatten().chain(schema.get("items")) {
            allowed(root, inner, above, found);
        }
        for (key, inner) in schema["properties"].as_object().into_iter().flatten() {
            found.insert(format!("{above}{key}"));
            allowed(root, inner, &format!("{above}{key}."), found);
        }
    }

    /// The paths of all keys of a value.
    fn written(value: &Value, above: &str, found: &mut BTreeSet<String>) {
        for inner in value.as_array().into_iter().flatten() {
            written(inner, above, found);
        }
        for (key, inner) in value.as_object().into_iter().flatten() {
            found.insert(format!("{above}{key}"));
            written(inner, &format!("{above}{key}."), found);
        }
    }

    /// The example with the keys that are commented out in it: after their `#` comes a letter, or an indentation.
    fn whole_example() -> Value {
        fn is_key(line: &str) -> bool {
            line.starts_with("  ") || line.starts_with(|c: char| c.is_ascii_lowercase())
        }
        let uncomment = |line: &'static str| line.strip_prefix('#').filter(|rest| is_key(rest)).unwrap_or(line);
        let text: Vec<&str> = EXAMPLE.lines().map(uncomment).collect();
        serde_saphyr::from_str(&text.join("\n")).expect("it is YAML with all of its keys")
    }

    #[test]
    fn the_example_has_every_key_of_the_schema_and_no_other() {
        let root: Value = serde_json::from_str(&schema()).expect("it is JSON");
        let (mut of_schema, mut of_example) = (BTreeSet::new(), BTreeSet::new());
        allowed(&root, &root, "", &mut of_schema);
        written(&whole_example(), "", &mut of_example);
        let missing: Vec<_> = of_schema.difference(&of_example).collect();
        let unknown: Vec<_> = of_example.difference(&of_schema).collect();
        assert!(
            missing.is_empty() && unknown.is_empty(),
            "missing in the example: {missing:?}; not in the schema: {unknown:?}"
        );
    }

    #[test]
    fn every_key_is_described_and_unknown_ones_are_refused() {
        let root: Value = serde_json::from_str(&schema()).expect("it is JSON");
        assert_eq!(root["$schema"], "https://json-schema.org/draft/2020-12/schema");
        assert_eq!(root["additionalProperties"], false);
        for (key, property) in root["properties"].as_object().expect("there are keys") {
            let description = property["description"].as_str().unwrap_or_default();
            assert!(!description.is_empty() && !description.contains("[`"), "{key}: {description}");
        }
        assert_eq!(root["required"], serde_json::json!(["homeserver_url", "server_name"]));
        assert_eq!(root["properties"]["listen"]["default"], "127.0.0.1:8090");
        assert_eq!(root["properties"]["token_cache_seconds"]["default"], 10);
        assert_eq!(root["$defs"]["Policy"]["properties"]["open_invites"]["default"], 1000);
        assert_eq!(root["$defs"]["Policy"]["additionalProperties"], false);
    }
}
