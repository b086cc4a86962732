//! Apps that the pages recommend.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de::Error as _};
use url::Url;

/// Schemes with which a link would run or read something in the browser.
const REFUSED: [&str; 6] = ["javascript", "data", "vbscript", "file", "blob", "about"];

/// A Matrix app.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// Its name, as the pages show it.
    pub name: String,
    /// Where people download it or open it in the browser.
    #[serde(deserialize_with = "page")]
    #[schemars(with = "String")]
    pub link: Template,
    /// The platforms it runs on.
    pub platforms: Vec<Platform>,
    /// An address that opens an invite in it, if it supports invites.
    #[serde(default, deserialize_with = "address")]
    #[schemars(with = "String")]
    pub invite_link: Option<Template>,
}

/// The operator's own apps that may open links to invites directly.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AppLinks {
    /// Android apps.
    pub android: Vec<AndroidApp>,
    /// iOS apps, as application identifiers with the team id in front.
    pub ios: Vec<String>,
}

/// An Android app.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AndroidApp {
    /// Its package name.
    pub package_name: String,
    /// The SHA-256 fingerprints of its signing certificates: in hexadecimal, with colons.
    pub sha256_cert_fingerprints: Vec<String>,
}

/// A platform of an app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Platform {
    /// Android.
    Android,
    /// iPhone and iPad.
    Ios,
    /// Any browser: it is a web page.
    Web,
    /// Linux.
    Linux,
    /// macOS.
    Macos,
    /// Windows.
    Windows,
}

/// An address with placeholders: `{server}` is the homeserver's name, `{user}` the Matrix id of the reader, and
/// `{code}` the code of the invite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(String);

impl Template {
    /// The address with its placeholders filled in; `user` is empty for readers who are not signed in.
    pub fn filled_in(&self, server: &str, user: &str, code: &str) -> String {
        let mut address = self.0.clone();
        for (name, value) in [("{server}", server), ("{user}", user), ("{code}", code)] {
            address = address.replace(name, &utf8_percent_encode(value, NON_ALPHANUMERIC).to_string());
        }
        address
    }
}

/// The apps that are recommended if the operator configures none.
pub(super) fn usual() -> Vec<Client> {
    use Platform::{Android, Ios, Linux, Macos, Web, Windows};
    let client = |name: &str, link: &str, platforms: &[Platform], invite_link: Option<&str>| Client {
        name: name.to_owned(),
        link: Template(link.to_owned()),
        platforms: platforms.to_vec(),
        invite_link: invite_link.map(|link| Template(link.to_owned())),
    };
    vec![
        client(
            "Element X",
            "https://mobile.element.io/element/?account_provider={server}&login_hint=mxid:{user}",
            &[Android, Ios],
            None,
        ),
        client("Element", "https://element.io/download", &[Web, Windows, Macos, Linux], None),
        client("FluffyChat", "https://fluffychat.im", &[Android, Ios, Linux, Web], None),
        client("Cinny", "https://cinny.in", &[Web, Windows, Macos, Linux], None),
        client(
            "Acter",
            "https://acter.global",
            &[Android, Ios, Windows, Macos, Linux],
            Some("acter:i/{server}/{code}"),
        ),
    ]
}

fn parsed(text: &str) -> Option<Url> {
    // The address with example values has to be valid.
    Url::parse(&Template(text.to_owned()).filled_in("example.org", "@user:example.org", "code")).ok()
}

fn page<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Template, D::Error> {
    let text = String::deserialize(deserializer)?;
    match parsed(&text).is_some_and(|url| matches!(url.scheme(), "http" | "https")) {
        true => Ok(Template(text)),
        false => Err(D::Error::custom(format!("“{text}” is no address: it must begin with http:// or https://"))),
    }
}

fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Template>, D::Error> {
    let text = String::deserialize(deserializer)?;
    match parsed(&text).is_some_and(|url| !REFUSED.contains(&url.scheme())) && text.contains("{code}") {
        true => Ok(Some(Template(text))),
        false => Err(D::Error::custom(format!(
            "“{text}” is no address that opens an invite: it must look like acter:i/{{server}}/{{code}}"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_filled_in_stays_within_its_place() {
        let link = Template("https://x.example/?server={server}&user={user}#{code}".to_owned());
        let filled = link.filled_in("example.org", "@a&b=c:x", "a/../b\"<");
        assert_eq!(filled, "https://x.example/?server=example%2Eorg&user=%40a%26b%3Dc%3Ax#a%2F%2E%2E%2Fb%22%3C");
    }

    #[test]
    fn only_addresses_that_lead_somewhere_are_taken() {
        for (link, invite_link, taken) in [
            ("https://x.example/{server}", "acter:i/{server}/{code}", true),
            ("https://x.example", "https://x.example/i/{code}", true),
            ("javascript:alert(1)", "acter:i/{code}", false),
            ("x.example", "acter:i/{code}", false),
            ("https://x.example", "javascript:alert('{code}')", false),
            ("https://x.example", "acter:i", false),
        ] {
            let client =
                serde_json::json!({"name": "X", "link": link, "platforms": ["web"], "invite_link": invite_link});
            assert_eq!(serde_json::from_value::<Client>(client).is_ok(), taken, "{link} {invite_link}");
        }
        assert!(usual().iter().all(|client| parsed(&client.link.0).is_some()));
    }
}
