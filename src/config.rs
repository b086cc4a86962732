//! The configuration: read once at start-up, then passed as a value.
//!
//! YAML files, and on top of them `SUPER_INVITES_*` environment variables, one for each key. Nothing else in the service
//! reads the environment.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};

use ipnet::IpNet;
use matrix_sdk::ruma::OwnedServerName;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::{Map, Value};
use url::Url;

mod clients;
mod keys;
mod listen;
mod log;
mod policy;
mod schema;
mod share_links;
mod sql_url;

pub use clients::{AndroidApp, AppLinks, Client, Platform};
pub use keys::{Keys, Reloaded};
pub use listen::{Listen, SocketMode};
pub use log::{Log, LogFormat};
pub use policy::{AccountLimits, Creators, CreatorsWord, FailedLookups, Policy, WorkLimits};
pub use schema::schema;
pub use share_links::ShareLinks;
pub use sql_url::SqlUrl;

/// The commented example that `super-invites config` prints.
pub const EXAMPLE: &str = include_str!("config/example.yaml");

/// The shortest session key, in characters: one of 32 is hard to guess however it was made.
const SHORTEST_KEY: usize = 32;

/// Everything an operator can set.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Super Invites", description = "The configuration of Super Invites.")]
pub struct Config {
    /// The address and port to listen on, or `unix:` and the absolute path of a UNIX socket.
    #[serde(default = "default_listen")]
    #[schemars(with = "String")]
    pub listen: Listen,
    /// Who may connect to the UNIX socket: its permissions, as octal digits.
    #[serde(default)]
    #[schemars(with = "String")]
    pub listen_socket_mode: SocketMode,
    /// The address and port for the operator alone: health and metrics; `null` if there is none.
    #[serde(default = "default_internal_listen", deserialize_with = "log::address_or_none")]
    #[schemars(with = "Option<String>")]
    pub internal_listen: Option<SocketAddr>,
    /// What is logged, and how.
    #[serde(default)]
    pub log: Log,
    /// The public address of the pages, as browsers and apps use it; links are made from it. If it has a path, the pages are below that path.
    #[serde(default, deserialize_with = "public_url")]
    #[schemars(with = "String", extend("format" = "uri"))]
    pub public_url: Option<Url>,
    /// The address of the homeserver's client-server API, as this service reaches it.
    #[serde(deserialize_with = "http_url")]
    #[schemars(with = "String", extend("format" = "uri"))]
    pub homeserver_url: Url,
    /// The homeserver's name, as in `@user:name`.
    #[schemars(with = "String")]
    pub server_name: OwnedServerName,
    /// Where browsers reach the homeserver, for single sign-on; `homeserver_url` if unset.
    #[serde(default, deserialize_with = "http_url_or_none")]
    #[schemars(with = "String", extend("format" = "uri"))]
    pub homeserver_public_url: Option<Url>,
    /// How to act for users.
    #[serde(default)]
    pub acting: ActingMode,
    /// The application-service registration file that the homeserver loads; the `as_token` in it is used.
    pub registration_file: Option<PathBuf>,
    /// The application service's token, as an alternative to `registration_file`.
    #[schemars(with = "Option<String>")]
    pub as_token: Option<Secret>,
    /// A file that contains only that token.
    pub as_token_file: Option<PathBuf>,
    /// A server admin's access token, for `acting: admin`.
    #[schemars(with = "Option<String>")]
    pub admin_token: Option<Secret>,
    /// A file that contains only that token.
    pub admin_token_file: Option<PathBuf>,
    /// The address of the database.
    #[serde(default)]
    #[schemars(with = "String")]
    pub sql_url: SqlUrl,
    /// The password for PostgreSQL, if `sql_url` contains none.
    #[schemars(with = "Option<String>")]
    pub sql_password: Option<Secret>,
    /// A file that contains only that password.
    pub sql_password_file: Option<PathBuf>,
    /// Whether codes open accounts as well.
    #[serde(default)]
    pub generate_registration_token: bool,
    /// Whether the web pages are served.
    #[serde(default)]
    pub enable_web: bool,
    /// The folder with the pages' scripts and styles; `site` beside the binary if unset.
    pub site_dir: Option<PathBuf>,
    /// A folder with PO files that change words of a language, or add one.
    pub words_dir: Option<PathBuf>,
    /// The key that seals session cookies; if unset, one is generated and kept in the database.
    #[schemars(with = "Option<String>")]
    pub session_key: Option<Secret>,
    /// A file that contains only that key.
    pub session_key_file: Option<PathBuf>,
    /// Settings for share links, which members make in their apps; if unset, there are none.
    #[serde(default, deserialize_with = "share_links::given")]
    pub share_link_generator: Option<ShareLinks>,
    /// The address of Element in the browser, for links to rooms.
    #[serde(default, deserialize_with = "http_url_or_none")]
    #[schemars(with = "String", extend("format" = "uri"))]
    pub element_web_url: Option<Url>,
    /// Apps that the pages recommend, in this order.
    #[serde(default = "clients::usual")]
    pub clients: Vec<Client>,
    /// The operator's own apps that may open links to invites directly.
    #[serde(default)]
    pub app_links: AppLinks,
    /// A page that says how to get an account, where people cannot create one by themselves.
    #[serde(default, deserialize_with = "http_url_or_none")]
    #[schemars(with = "String", extend("format" = "uri"))]
    pub account_help_url: Option<Url>,
    /// The most rooms of one invite.
    #[serde(default = "default_max_rooms")]
    pub max_rooms: usize,
    /// For how many seconds the homeserver's answer about an access token is cached.
    #[serde(default = "default_token_cache", deserialize_with = "seconds")]
    #[schemars(with = "u64")]
    pub token_cache_seconds: Duration,
    /// Addresses and networks of reverse proxies whose `X-Forwarded-For` is trusted.
    #[serde(default = "default_trusted_proxies", deserialize_with = "networks")]
    #[schemars(with = "Vec<String>")]
    pub trusted_proxies: Vec<IpNet>,
    /// The policy for invites.
    #[serde(default)]
    pub policy: Policy,
    /// How many look-ups of codes may fail before more are refused.
    #[serde(default)]
    pub failed_lookups: FailedLookups,
    /// How much work for the homeserver people may cause.
    #[serde(default)]
    pub limits: WorkLimits,
    /// How many attempts to create accounts are allowed.
    #[serde(default)]
    pub account_limits: AccountLimits,
    /// For how many days entries of the audit log are kept.
    #[serde(default = "default_audit_days")]
    pub audit_days: u32,
}

/// How the service acts for users.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ActingMode {
    /// As an application service (Matrix specification, Application Service API, "Identity assertion").
    #[default]
    Appservice,
    /// With a server admin's token and short-lived log-ins for users (Synapse admin API, "Login as a user").
    Admin,
}

/// A text that is never logged.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// Deserialization errors do not contain the text.
impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::String(text) => Ok(Self(text)),
            _ => Err(D::Error::custom("must be a text: put it in quotes")),
        }
    }
}

impl Secret {
    /// The text itself, for the one place that sends it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// Why the service cannot start with this configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file is missing, or cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// The path of the file.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// The text is not YAML.
    #[error("{}: {problem}", path.display())]
    Yaml {
        /// The path of the file.
        path: PathBuf,
        /// The parser's error message.
        problem: String,
    },
    /// A key is missing or unknown, or has a value that is not allowed.
    #[error("{0}")]
    Key(String),
}

impl Config {
    /// Reads the files, of which later ones win, and applies `variables` on top of them.
    pub fn read(files: &[PathBuf], variables: impl IntoIterator<Item = (String, String)>) -> Result<Self, ConfigError> {
        Keys::read(files, variables)?.config()
    }

    /// The token with which the service, and nothing else, acts for users.
    pub fn acting_token(&self) -> Result<Secret, ConfigError> {
        match self.acting {
            ActingMode::Appservice => match &self.registration_file {
                Some(path) if self.as_token.is_none() && self.as_token_file.is_none() => {
                    let registration = yaml(path)?;
                    match registration.get("as_token").and_then(Value::as_str) {
                        Some(token) => Ok(token.to_owned().into()),
                        None => Err(ConfigError::Key(format!("{}: there is no as_token in it", path.display()))),
                    }
                }
                Some(_) => Err(ConfigError::Key(
                    "registration_file, as_token, as_token_file: only one of them may be set".into(),
                )),
                None => secret("as_token", self.as_token.as_ref(), self.as_token_file.as_deref()),
            },
            ActingMode::Admin => secret("admin_token", self.admin_token.as_ref(), self.admin_token_file.as_deref()),
        }
    }
}

impl Config {
    /// The path below which the pages are, if `public_url` has one that the operator has chosen; otherwise nothing: they are at the root of their
    /// host, and below the API's prefix.
    pub fn mount(&self) -> &str {
        let path = self.public_url.as_ref().map_or("", |url| url.path().trim_end_matches('/'));
        if path == app::PREFIX { "" } else { path }
    }

    /// The homeserver's address as browsers see it.
    pub fn homeserver_for_browsers(&self) -> &Url {
        self.homeserver_public_url.as_ref().unwrap_or(&self.homeserver_url)
    }

    /// The database, with its password.
    pub fn database(&self) -> Result<SqlUrl, ConfigError> {
        if self.sql_password.is_none() && self.sql_password_file.is_none() {
            return Ok(self.sql_url.clone());
        }
        let password = secret("sql_password", self.sql_password.as_ref(), self.sql_password_file.as_deref())?;
        let database = self.sql_url.with_password(password.reveal());
        database.map_err(|problem| ConfigError::Key(format!("sql_password: {problem}")))
    }

    /// The key that seals session cookies, if the operator has configured one.
    pub fn session_key(&self) -> Result<Option<Secret>, ConfigError> {
        if self.session_key.is_none() && self.session_key_file.is_none() {
            return Ok(None);
        }
        let key = secret("session_key", self.session_key.as_ref(), self.session_key_file.as_deref())?;
        match key.reveal().len() {
            0..SHORTEST_KEY => {
                Err(ConfigError::Key(format!("session_key: must have at least {SHORTEST_KEY} characters")))
            }
            _ => Ok(Some(key)),
        }
    }
}

/// A secret that is configured either as a value or as a file.
fn secret(key: &str, value: Option<&Secret>, file: Option<&Path>) -> Result<Secret, ConfigError> {
    match (value, file) {
        (Some(value), None) => Ok(value.clone()),
        (None, Some(path)) => Ok(text(path)?.trim().to_owned().into()),
        (Some(_), Some(_)) => Err(ConfigError::Key(format!(
            "{key}, {key}_file: only one of them may be set"
        ))),
        (None, None) if key == "as_token" => Err(ConfigError::Key(
            "registration_file is missing: it is the file that `super-invites registration` writes (or set as_token or \
             as_token_file, or `acting: admin`)"
                .into(),
        )),
        (None, None) => Err(ConfigError::Key(format!("{key} is missing (or {key}_file)"))),
    }
}

fn text(path: &Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(path).map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })
}

fn yaml(path: &Path) -> Result<Map<String, Value>, ConfigError> {
    let text = text(path)?;
    // A file in which everything is commented out parses to null, and is not an error.
    serde_saphyr::from_str::<Option<Map<String, Value>>>(&text)
        .map(Option::unwrap_or_default)
        .map_err(|error| ConfigError::Yaml { path: path.to_owned(), problem: error.to_string() })
}

fn http_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Url, D::Error> {
    let text = String::deserialize(deserializer)?;
    match Url::parse(&text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(url),
        _ => Err(D::Error::custom(format!("“{text}” is no address: it must begin with http:// or https://"))),
    }
}

fn http_url_or_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Url>, D::Error> {
    http_url(deserializer).map(Some)
}

/// Its path stands in front of the paths of all pages, so it has to be one that is written in one way only.
fn public_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Url>, D::Error> {
    let url = http_url(deserializer)?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~".contains(c);
    let path = url.path().trim_end_matches('/');
    match path.split('/').skip(1).all(|segment| !segment.is_empty() && segment.chars().all(plain)) {
        true => Ok(Some(url)),
        false => Err(D::Error::custom(format!("“{url}”: its path may only consist of letters, digits and - . _ ~"))),
    }
}

/// A single address is a network of one.
fn networks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<IpNet>, D::Error> {
    let read = |text: String| {
        let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        network.map_err(|_| {
            D::Error::custom(format!("“{text}” is neither an address (10.0.0.1) nor a network (10.0.0.0/8)"))
        })
    };
    Vec::<String>::deserialize(deserializer)?.into_iter().map(read).collect()
}

fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    u64::deserialize(deserializer).map(Duration::from_secs)
}

fn default_listen() -> Listen {
    Listen::Address(SocketAddr::from(([127, 0, 0, 1], 8090)))
}

#[expect(clippy::unnecessary_wraps, reason = "the default of a key that may be empty")]
fn default_internal_listen() -> Option<SocketAddr> {
    Some(SocketAddr::from(([127, 0, 0, 1], 8091)))
}

fn default_max_rooms() -> usize {
    200
}

fn default_token_cache() -> Duration {
    Duration::from_secs(10)
}

fn default_audit_days() -> u32 {
    365
}

fn default_trusted_proxies() -> Vec<IpNet> {
    vec![IpAddr::V4(Ipv4Addr::LOCALHOST).into(), IpAddr::V6(Ipv6Addr::LOCALHOST).into()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let needed =
            [("SUPER_INVITES_HOMESERVER_URL", "http://127.0.0.1:8008"), ("SUPER_INVITES_SERVER_NAME", "example.org")];
        let variables = needed.iter().chain(variables);
        Config::read(&[], variables.map(|(name, text)| ((*name).into(), (*text).into())))
    }

    fn problem(variables: &[(&str, &str)]) -> String {
        with(variables).expect_err("it does not fit").to_string()
    }

    #[test]
    fn the_example_is_a_configuration() {
        let folder = std::env::temp_dir().join(format!("super-invites-example-{}", std::process::id()));
        std::fs::write(&folder, EXAMPLE).expect("the temporary folder is writable");
        let config = Config::read(std::slice::from_ref(&folder), []).expect("the example is right");
        std::fs::remove_file(&folder).expect("it was written above");
        let defaults = with(&[]).expect("nothing else is needed");
        assert_eq!(config.listen, defaults.listen);
        assert_eq!((config.internal_listen, &config.log), (defaults.internal_listen, &defaults.log));
        assert_eq!(config.listen_socket_mode, defaults.listen_socket_mode);
        assert_eq!(config.max_rooms, defaults.max_rooms);
        assert_eq!(config.token_cache_seconds, defaults.token_cache_seconds);
        assert_eq!(config.trusted_proxies, defaults.trusted_proxies);
        assert_eq!(config.sql_url, defaults.sql_url);
        assert_eq!(config.policy, defaults.policy);
        assert_eq!(config.failed_lookups, defaults.failed_lookups);
        assert_eq!(config.limits, defaults.limits);
        assert_eq!(config.audit_days, defaults.audit_days);
        assert_eq!(config.words_dir, defaults.words_dir);
        assert!(!config.generate_registration_token && !config.enable_web);
    }

    #[test]
    fn a_wrong_key_is_named_with_what_is_allowed() {
        let unknown = problem(&[("SUPER_INVITES_SQLURL", "x")]);
        assert!(unknown.contains("`sqlurl`") && unknown.contains("`sql_url`"), "{unknown}");
        let wrong = problem(&[("SUPER_INVITES_ENABLE_WEB", "perhaps")]);
        assert!(wrong.starts_with("enable_web (from SUPER_INVITES_ENABLE_WEB): "), "{wrong}");
        assert!(wrong.contains("boolean"), "{wrong}");
        let mode = problem(&[("SUPER_INVITES_ACTING", "god")]);
        assert!(mode.contains("`appservice`") && mode.contains("`admin`"), "{mode}");
        let address = problem(&[("SUPER_INVITES_HOMESERVER_URL", "localhost:8008")]);
        assert!(address.contains("http://"), "{address}");
        let creators = problem(&[("SUPER_INVITES_POLICY", "{create: nobody}")]);
        assert!(creators.contains("policy") && creators.contains("`everyone`, `admins` or a list"), "{creators}");
        let listed =
            with(&[("SUPER_INVITES_POLICY", "{create: ['@anna:example.org'], max_uses: 5}")]).expect("it fits");
        assert_eq!((matches!(listed.policy.create, Creators::Users(_)), listed.policy.max_uses), (true, Some(5)));
        let proxies = problem(&[("SUPER_INVITES_TRUSTED_PROXIES", "[10.0.0.0/8, docker]")]);
        assert!(proxies.contains("“docker” is neither an address"), "{proxies}");
        let missing = Config::read(&[], []).expect_err("there is nothing").to_string();
        assert!(missing.contains("`homeserver_url`"), "{missing}");
    }

    #[test]
    fn pages_are_below_the_path_of_the_public_address() {
        for (url, mount) in [
            ("https://invite.example.org", ""),
            ("https://invite.example.org/", ""),
            ("https://example.org/_synapse/client/super_invites", ""),
            ("https://example.org/invites", "/invites"),
            ("https://example.org/a/b.c/", "/a/b.c"),
        ] {
            assert_eq!(with(&[("SUPER_INVITES_PUBLIC_URL", url)]).expect(url).mount(), mount, "{url}");
        }
        for url in [
            "https://example.org/a//b",
            "https://example.org/{code}",
            "https://example.org/a%20b",
            "https://example.org/:a",
        ] {
            let problem = problem(&[("SUPER_INVITES_PUBLIC_URL", url)]);
            assert!(problem.contains("its path may only consist of"), "{problem}");
        }
    }

    #[test]
    fn the_acting_token_comes_from_one_place() {
        let none = with(&[]).and_then(|config| config.acting_token());
        assert!(none.expect_err("no token").to_string().contains("registration_file"));
        let two = [("SUPER_INVITES_AS_TOKEN", "a"), ("SUPER_INVITES_AS_TOKEN_FILE", "/b")];
        let two = with(&two).and_then(|config| config.acting_token());
        assert!(two.expect_err("two tokens").to_string().contains("only one"));
        let admin = [("SUPER_INVITES_ACTING", "admin"), ("SUPER_INVITES_ADMIN_TOKEN", "t")];
        let admin = with(&admin).and_then(|config| config.acting_token());
        assert_eq!(admin.expect("it is there").reveal(), "t");
    }

    #[test]
    fn a_secret_is_taken_as_it_is() {
        for text in ["1234567", "pa #ss", "~", "null", "{a: b}"] {
            let key = format!("{text}{}", " ".repeat(SHORTEST_KEY));
            let config = with(&[("SUPER_INVITES_SESSION_KEY", &key)]).expect("it fits");
            assert_eq!(config.session_key().expect("it is long enough").expect("it is set").reveal(), key);
        }
        let number = serde_json::from_str::<Secret>("1234567").expect_err("it is no text").to_string();
        assert!(number.contains("in quotes") && !number.contains("1234567"), "{number}");
    }

    #[test]
    fn no_secret_is_shown() {
        let config =
            with(&[("SUPER_INVITES_AS_TOKEN", "hunter2"), ("SUPER_INVITES_SQL_URL", "postgresql://u:hunter2@h/d")]);
        assert!(!format!("{:?}", config.expect("it fits")).contains("hunter2"));
    }

    #[test]
    fn fuzz_whatever_stands_in_the_file_is_a_configuration_or_refused_and_no_secret_is_shown() {
        const PIECES: &[&str] = &[
            "homeserver_url",
            "server_name",
            "sql_url",
            "policy",
            "create",
            "limits",
            "listen",
            "trusted_proxies",
            "clients",
            "share_link_generator",
            "acting",
            "admin",
            "audit_days",
            "http://x.example",
            "x.example",
            "127.0.0.1:1",
            ": ",
            "\n",
            "\n  ",
            "\n- ",
            "{",
            "}",
            "[",
            "]",
            ", ",
            "'",
            "\"",
            "|\n",
            ">",
            "&a",
            "*a",
            "!!int",
            "#",
            "---\n",
            "~",
            "null",
            "-1",
            "1e999",
            "18446744073709551616",
            "\u{202e}",
        ];
        let file = std::env::temp_dir().join(format!("super-invites-fuzz-{}", std::process::id()));
        bolero::check!()
            .with_max_len(64)
            .with_iterations(crate::fuzz::TIMES)
            .with_test_time(crate::fuzz::AT_MOST)
            .for_each(|bytes: &[u8]| {
                let text = crate::fuzz::text(bytes, PIECES);
                std::fs::write(&file, &text).expect("the temporary folder is writable");
                let secret = ("SUPER_INVITES_AS_TOKEN".to_owned(), "hunter2".to_owned());
                let shown = match Config::read(std::slice::from_ref(&file), [secret]) {
                    Ok(config) => format!("{config:?}"),
                    Err(problem) => problem.to_string(),
                };
                assert!(!shown.contains("hunter2"), "{text:?}: {shown}");
                // What is wrong with a variable is said as well.
                with(&[("SUPER_INVITES_POLICY", &text), ("SUPER_INVITES_LIMITS", &text)]).ok();
            });
        std::fs::remove_file(&file).ok();
    }
}
