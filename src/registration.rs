//! The application-service registration (Application Service API, "Registration") that `super-invites registration` writes.

use matrix_sdk::ruma::ServerName;
use serde_json::Value;

use crate::chance::{Chance, NoChance};

/// The shortest token, in characters: one of 32 is hard to guess however it was made.
const SHORTEST: usize = 32;

/// A registration file.
#[derive(Debug)]
pub struct Registration {
    /// The content of the file.
    pub yaml: String,
    /// The Matrix id of the service's own user.
    pub sender: String,
}

impl Registration {
    /// A registration for the users of a homeserver, with the given tokens, or else with new ones of 256 random bits.
    ///
    /// # Errors
    /// If a given token is not acceptable, or the system has no random numbers.
    pub fn new(
        server_name: &ServerName,
        sender_localpart: &str,
        tokens: Tokens,
        chance: &Chance,
    ) -> Result<Self, TokenError> {
        let server = regex_escaped(server_name.as_str());
        let (as_token, hs_token) =
            (token("as_token", tokens.as_token, chance)?, token("hs_token", tokens.hs_token, chance)?);
        if as_token == hs_token {
            return Err(TokenError::Same);
        }
        let yaml = format!(
            "# Super Invites, as the homeserver knows it. Whoever has the as_token can act for every user: keep this file secret.\n\
             id: super-invites\n\
             # The homeserver tells this service nothing: it only answers.\n\
             url: null\n\
             as_token: \"{as_token}\"\n\
             hs_token: \"{hs_token}\"\n\
             sender_localpart: {sender_localpart}\n\
             # Otherwise the homeserver's limits would cut a redemption of many rooms short.\n\
             rate_limited: false\n\
             namespaces:\n  users:\n    - regex: '^@.*:{server}$'\n      exclusive: false\n  aliases: []\n  rooms: []\n",
        );
        Ok(Self { yaml, sender: format!("@{sender_localpart}:{server_name}") })
    }
}

/// Whether a file says the same as another registration, however it is written.
pub fn is_same(one: &str, other: &str) -> bool {
    let read = |yaml: &str| serde_saphyr::from_str::<Value>(yaml).ok();
    read(one).is_some_and(|one| read(other) == Some(one))
}

/// Tokens that were made elsewhere, for tools that derive them.
#[derive(Default)]
pub struct Tokens {
    /// Authenticates the service to the homeserver.
    pub as_token: Option<String>,
    /// Authenticates the homeserver to the service.
    pub hs_token: Option<String>,
}

impl Tokens {
    /// The same tokens, and for those that were not given the ones of a registration that is there already.
    #[must_use]
    pub fn or_those_of(self, yaml: &str) -> Self {
        let file = serde_saphyr::from_str::<Value>(yaml).unwrap_or_default();
        let there = |name: &str| file.get(name).and_then(Value::as_str).map(str::to_owned);
        Self {
            as_token: self.as_token.or_else(|| there("as_token")),
            hs_token: self.hs_token.or_else(|| there("hs_token")),
        }
    }
}

/// Why there is no registration.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// A token is too short, or contains characters that cannot be sent in a header.
    #[error(
        "{0} must have at least {SHORTEST} characters, all of them letters, digits or one of - . _ ~ + / =, so that nobody can guess it"
    )]
    Unusable(&'static str),
    /// Both tokens are the same; whoever learnt one would know the other.
    #[error("as_token and hs_token must not be the same")]
    Same,
    /// The system has no random numbers.
    #[error(transparent)]
    Random(#[from] NoChance),
}

/// The given token, or a new one.
fn token(name: &'static str, given: Option<String>, chance: &Chance) -> Result<String, TokenError> {
    let Some(token) = given else {
        return Ok(format!("{}{}", chance.code()?.as_str(), chance.code()?.as_str()));
    };
    // RFC 6750, section 2.1.
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    match token.len() >= SHORTEST && token.bytes().all(fits) {
        true => Ok(token),
        false => Err(TokenError::Unusable(name)),
    }
}

fn regex_escaped(text: &str) -> String {
    let escape = |c: char| match c.is_ascii_alphanumeric() {
        true => c.to_string(),
        false => format!("\\{c}"),
    };
    text.chars().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_covers_the_users_of_this_server_and_no_other() {
        let name = ServerName::parse("chat.example.org:8448").expect("a server name");
        let written = Registration::new(&name, "super-invites", Tokens::default(), &Chance::system())
            .expect("there are random numbers");
        let file: Value = serde_saphyr::from_str(&written.yaml).expect("it is YAML");
        assert_eq!(file["url"], Value::Null);
        assert_eq!(file["rate_limited"], false);
        assert_eq!(file["sender_localpart"], "super-invites");
        let users = &file["namespaces"]["users"][0];
        assert_eq!(users["regex"], r"^@.*:chat\.example\.org\:8448$");
        assert_eq!(users["exclusive"], false);
        assert_eq!(file["as_token"].as_str().map(str::len), Some(52));
        assert_ne!(file["as_token"], file["hs_token"]);
        assert_eq!(written.sender, "@super-invites:chat.example.org:8448");
    }

    #[test]
    fn tokens_can_be_given_if_nobody_can_guess_them() {
        let name = ServerName::parse("x").expect("a server name");
        let with = |as_token: &str, hs_token: &str| {
            let tokens = Tokens { as_token: Some(as_token.to_owned()), hs_token: Some(hs_token.to_owned()) };
            Registration::new(&name, "super-invites", tokens, &Chance::system())
        };
        let (one, other) = ("0123456789".repeat(4), "1e5".repeat(11));
        let file: Value = serde_saphyr::from_str(&with(&one, &other).expect("they fit").yaml).expect("it is YAML");
        assert_eq!((file["as_token"].as_str(), file["hs_token"].as_str()), (Some(&*one), Some(&*other)));
        for (as_token, hs_token, problem) in [
            ("short", &*other, "as_token must have at least 32"),
            (&*one, "with \"quotes\" and spaces in it, long enough", "hs_token must have"),
            (&*one, &*one, "must not be the same"),
        ] {
            let error = with(as_token, hs_token).expect_err("they do not fit").to_string();
            assert!(error.contains(problem), "{error}");
        }
    }
}
