//! The application-service registration (Application Service API, "Registration") that `super-invites registration` writes.

use matrix_sdk::ruma::ServerName;

/// A registration file.
#[derive(Debug)]
pub struct Registration {
    /// The file's text.
    pub yaml: String,
    /// The service's own user.
    pub sender: String,
}

impl Registration {
    /// A registration for the users of a homeserver, with tokens of 256 random bits.
    ///
    /// # Errors
    /// If the system has no random numbers.
    pub fn new(server_name: &ServerName, sender_localpart: &str) -> Result<Self, getrandom::Error> {
        let server = regex_escaped(server_name.as_str());
        let (as_token, hs_token) = (token()?, token()?);
        let yaml = format!(
            "# Super Invites, as the homeserver knows it. Whoever has the as_token can act for every user: keep this file secret.\n\
             id: super-invites\n\
             # The homeserver tells this service nothing: it only answers.\n\
             url: null\n\
             as_token: {as_token}\n\
             hs_token: {hs_token}\n\
             sender_localpart: {sender_localpart}\n\
             # Otherwise the homeserver's limits would cut a redemption of many rooms short.\n\
             rate_limited: false\n\
             namespaces:\n  users:\n    - regex: '^@.*:{server}$'\n      exclusive: false\n  aliases: []\n  rooms: []\n",
        );
        Ok(Self { yaml, sender: format!("@{sender_localpart}:{server_name}") })
    }
}

fn token() -> Result<String, getrandom::Error> {
    let half = || app::Code::generate(getrandom::fill).map(String::from);
    Ok(format!("{}{}", half()?, half()?))
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
    use serde_json::Value;

    use super::*;

    #[test]
    fn the_file_covers_the_users_of_this_server_and_no_other() {
        let name = ServerName::parse("chat.example.org:8448").expect("a server name");
        let written = Registration::new(&name, "super-invites").expect("there are random numbers");
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
}
