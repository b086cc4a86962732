//! Share links, which members make in their apps.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de::Error as _};
use url::Url;

use super::{Config, ConfigError};

/// The end of the prefix below which the service serves the pages itself.
const SERVED_BELOW: &str = "/p/";

/// How share links are made (`share_link_generator`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ShareLinks {
    /// The exact prefix of the links.
    #[serde(deserialize_with = "prefix")]
    pub url_prefix: Option<String>,
    /// The folder to write the pages to, from which a web server serves them; if unset, the service serves them.
    pub target_path: Option<PathBuf>,
    /// The folder with the operator's own templates.
    pub template_path: Option<PathBuf>,
}

impl Config {
    /// The prefix of share links.
    ///
    /// # Errors
    /// If it is neither configured nor follows from `public_url`, or if the service has to serve the pages but does not
    /// answer there.
    pub fn share_link_prefix(&self) -> Result<String, ConfigError> {
        let settings = self.share_link_generator.clone().unwrap_or_default();
        match (settings.url_prefix, &self.public_url) {
            (Some(prefix), _) if settings.target_path.is_none() && !prefix.ends_with(SERVED_BELOW) => {
                Err(ConfigError::Key(format!(
                    "share_link_generator.url_prefix: must end with {SERVED_BELOW}, because the service answers there; or set \
                     target_path, for pages that a web server serves elsewhere"
                )))
            }
            (Some(prefix), _) => Ok(prefix),
            (None, Some(public)) => Ok(format!("{}{SERVED_BELOW}", public.as_str().trim_end_matches('/'))),
            (None, None) => Err(ConfigError::Key(
                "share_link_generator.url_prefix is missing: it is what links begin with, https://app.example.org/p/ (or set public_url)"
                    .into(),
            )),
        }
    }
}

/// Clients hash it, so it is kept exactly as it is written.
fn prefix<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
    let fits = |url: &Url| {
        let bare = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
        matches!(url.scheme(), "http" | "https") && bare && url.path().ends_with('/') && url.as_str() == text
    };
    match Url::parse(&text).is_ok_and(|url| fits(&url)) {
        true => Ok(Some(text)),
        false => Err(D::Error::custom(format!(
            "“{text}” is no address that links can begin with: it must look like https://app.example.org/p/, with the slash at the end"
        ))),
    }
}

/// A key without a value asks for share links with the default settings.
pub(super) fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<ShareLinks>, D::Error> {
    Option::<ShareLinks>::deserialize(deserializer).map(|given| Some(given.unwrap_or_default()))
}
