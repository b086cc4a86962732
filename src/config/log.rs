//! What is logged and how, and where the operator's own tools may ask.

use std::net::SocketAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de::Error as _};
use tracing_subscriber::EnvFilter;

/// What is logged, and how.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// How a line is written.
    pub format: LogFormat,
    /// How much is logged: a level, or directives by target. The variable `RUST_LOG` overrides it.
    #[serde(deserialize_with = "level")]
    pub level: String,
    /// Whether there is a line for each request.
    pub requests: bool,
}

impl Default for Log {
    fn default() -> Self {
        Self { format: LogFormat::Text, level: "info".to_owned(), requests: true }
    }
}

/// How a line of the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// A JSON object a line.
    Json,
}

fn level<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    match EnvFilter::builder().parse(&text) {
        Ok(_) if !text.trim().is_empty() => Ok(text),
        _ => Err(D::Error::custom(format!(
            "“{text}” is no level: it must be error, warn, info, debug or trace, or directives such as info,sqlx=warn"
        ))),
    }
}

/// An address and port; `null` and an empty text mean that there is none.
pub(super) fn address_or_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SocketAddr>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?.unwrap_or_default();
    match text.trim() {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| {
            D::Error::custom(format!(
                "“{text}” is no address with a port: it must look like 127.0.0.1:8091, or be null"
            ))
        }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_level_is_one_or_a_list_of_directives() {
        for (level, taken) in
            [("info", true), ("WARN", true), ("info,sqlx=warn", true), ("", false), ("info,sqlx=loud", false)]
        {
            let log = serde_json::from_value::<Log>(json!({"level": level}));
            assert_eq!(log.is_ok(), taken, "{level}");
        }
        assert!(serde_json::from_value::<Log>(json!({"format": "json", "requests": false})).is_ok());
        assert!(serde_json::from_value::<Log>(json!({"format": "xml"})).is_err());
    }

    #[test]
    fn the_internal_address_may_be_none() {
        let read = |value: Value| address_or_none(value).ok();
        assert_eq!(read(Value::Null), Some(None));
        assert_eq!(read(json!("")), Some(None));
        assert_eq!(read(json!("[::1]:80")), Some(Some("[::1]:80".parse().expect("an address"))));
        assert_eq!(read(json!("localhost")), None);
        assert_eq!(read(json!(8091)), None);
    }
}
