//! `sql_url`, in the forms of SQLAlchemy that people have in their configuration already.

use std::{fmt, path::PathBuf};

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde::{Deserialize, Deserializer, de::Error as _};

/// The database engine and its address.
#[derive(Clone, PartialEq, Eq)]
pub enum SqlUrl {
    /// A SQLite file.
    SqliteFile(PathBuf),
    /// A SQLite database in memory, which ends with the process.
    SqliteMemory,
    /// A PostgreSQL server, as a libpq connection URI.
    Postgres(String),
}

impl SqlUrl {
    /// Parses an address: `sqlite:///relative.db`, `sqlite:////absolute.db`, `sqlite://` (in memory), or
    /// `postgresql://…`, with any driver name behind a `+`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let allowed = "it must be sqlite:///relative.db, sqlite:////absolute.db, sqlite:// (in memory) or postgresql://user:password@host/database";
        let Some((scheme, rest)) = text.split_once("://") else {
            // The address may contain a password, so the error does not repeat it.
            return Err(format!("this is no database address: {allowed}"));
        };
        match scheme.split('+').next().unwrap_or_default() {
            "sqlite" => match rest.strip_prefix('/') {
                None if rest.is_empty() => Ok(Self::SqliteMemory),
                Some("" | ":memory:") => Ok(Self::SqliteMemory),
                Some(path) => Ok(Self::SqliteFile(path.split('?').next().unwrap_or(path).into())),
                None => Err(format!("a SQLite file needs three slashes, or four: {allowed}")),
            },
            "postgresql" | "postgres" => Ok(Self::Postgres(postgres(rest))),
            other => Err(format!("“{other}” is no database this service knows: {allowed}")),
        }
    }
}

impl SqlUrl {
    /// The same address with a password.
    ///
    /// # Errors
    /// If it contains one already, or the engine needs none.
    pub fn with_password(&self, password: &str) -> Result<Self, String> {
        let Self::Postgres(url) = self else { return Err("only PostgreSQL takes a password".to_owned()) };
        let (address, query) = url.split_once('?').unwrap_or((url, ""));
        let user = address.split_once("://").and_then(|(_, rest)| Some(rest.rsplit_once('@')?.0));
        let given =
            user.is_some_and(|user| user.contains(':')) || query.split('&').any(|pair| pair.starts_with("password="));
        if given {
            return Err("sql_url has a password already".to_owned());
        }
        let password = utf8_percent_encode(password, NON_ALPHANUMERIC);
        let separator = if query.is_empty() { "" } else { "&" };
        Ok(Self::Postgres(format!("{address}?{query}{separator}password={password}")))
    }
}

/// The connection URI for what stands behind `postgresql://`. With a UNIX socket there is no host, as in SQLAlchemy's
/// `postgresql://user:password@/database?host=/run/postgresql`; but a URL without a host has no user either (URL Standard, "host-missing"), so they
/// become parameters (PostgreSQL, "Connection URIs").
fn postgres(rest: &str) -> String {
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let Some((credentials, host)) = authority.rsplit_once('@') else { return format!("postgresql://{rest}") };
    let port = host.strip_prefix(':');
    if !host.is_empty() && port.is_none() {
        return format!("postgresql://{rest}");
    }
    let (user, password) = match credentials.split_once(':') {
        Some((user, password)) => (user, Some(password)),
        None => (credentials, None),
    };
    let (database, query) = path.split_once('?').unwrap_or((path, ""));
    let mut parameters = form_urlencoded::Serializer::new(query.to_owned());
    for (name, value) in [("user", Some(user)), ("password", password), ("port", port)] {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            parameters.append_pair(name, &percent_decode_str(value).decode_utf8_lossy());
        }
    }
    let database = if database.is_empty() { "/" } else { database };
    format!("postgresql://{database}?{}", parameters.finish())
}

impl Default for SqlUrl {
    fn default() -> Self {
        Self::SqliteFile("super_invites.db".into())
    }
}

impl fmt::Debug for SqlUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SqliteFile(path) => write!(f, "sqlite:///{}", path.display()),
            Self::SqliteMemory => f.write_str("sqlite://"),
            Self::Postgres(_) => f.write_str("postgresql://(secret)"),
        }
    }
}

impl<'de> Deserialize<'de> for SqlUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spellings_of_sqlalchemy_are_known() {
        let file = |path: &str| Ok(SqlUrl::SqliteFile(path.into()));
        let postgres = |url: &str| Ok(SqlUrl::Postgres(url.into()));
        for (text, url) in [
            ("sqlite:///relative.db", file("relative.db")),
            ("sqlite:///data/relative.db", file("data/relative.db")),
            ("sqlite:////absolute.db", file("/absolute.db")),
            ("sqlite+pysqlite:////absolute.db", file("/absolute.db")),
            ("sqlite://", Ok(SqlUrl::SqliteMemory)),
            ("sqlite:///:memory:", Ok(SqlUrl::SqliteMemory)),
            ("postgresql://u:p@h/d", postgres("postgresql://u:p@h/d")),
            (
                "postgresql+psycopg2://u:p@h:5432/d?sslmode=require",
                postgres("postgresql://u:p@h:5432/d?sslmode=require"),
            ),
            ("postgresql:///d?host=/run/postgresql", postgres("postgresql:///d?host=/run/postgresql")),
            ("postgresql://%2Frun%2Fpostgresql/d", postgres("postgresql://%2Frun%2Fpostgresql/d")),
            ("postgresql://u@/d?host=/run/postgresql", postgres("postgresql:///d?host=/run/postgresql&user=u")),
            (
                "postgresql+psycopg2://u%40x:p%26+%20w@:5433/d?host=/run/postgresql",
                postgres("postgresql:///d?host=/run/postgresql&user=u%40x&password=p%26%2B+w&port=5433"),
            ),
        ] {
            assert_eq!(SqlUrl::parse(text), url, "{text}");
        }
    }

    #[test]
    fn a_socket_is_found_with_its_user_and_password() {
        use std::str::FromStr;
        for (text, user) in [
            ("postgresql:///d?host=/run/postgresql&user=u", "u"),
            ("postgresql://u%20x:a+b@/d?host=/run/postgresql", "u x"),
            ("postgresql://u@%2Frun%2Fpostgresql/d", "u"),
        ] {
            let Ok(SqlUrl::Postgres(url)) = SqlUrl::parse(text) else { panic!("{text}") };
            let options = sqlx::postgres::PgConnectOptions::from_str(&url).expect(text);
            let (socket, database) = (options.get_socket().expect(text), options.get_database());
            assert_eq!((socket.to_str(), database), (Some("/run/postgresql"), Some("d")), "{text}");
            assert_eq!(options.get_username(), user);
        }
    }

    #[test]
    fn a_password_of_its_own_is_added_once() {
        let with = |url: &str| SqlUrl::parse(url).expect(url).with_password("a b&c%");
        let postgres = |url: &str| Ok(SqlUrl::Postgres(url.into()));
        assert_eq!(with("postgresql://u@h:5432/d"), postgres("postgresql://u@h:5432/d?password=a%20b%26c%25"));
        assert_eq!(
            with("postgresql:///d?host=/run/postgresql&user=u"),
            postgres("postgresql:///d?host=/run/postgresql&user=u&password=a%20b%26c%25")
        );
        for url in ["postgresql://u:hunter2@h/d", "postgresql://u@h/d?password=hunter2", "sqlite:///x.db"] {
            let problem = with(url).expect_err(url);
            assert!(!problem.contains("hunter2"), "{problem}");
        }
    }

    #[test]
    fn other_spellings_are_refused_with_the_right_ones_and_without_the_password() {
        for text in ["mysql://u:hunter2@h/d", "sqlite://file.db", "/var/lib/x.db", "u:hunter2@h"] {
            let problem = SqlUrl::parse(text).expect_err(text);
            assert!(problem.contains("sqlite:///relative.db"), "{problem}");
            assert!(!problem.contains("hunter2"), "{problem}");
        }
    }

    #[test]
    fn fuzz_whatever_is_given_is_an_address_or_refused_and_no_password_is_shown() {
        const PIECES: &[&str] = &[
            "sqlite",
            "postgresql",
            "postgres",
            "+psycopg2",
            "://",
            "/",
            "///",
            ":memory:",
            "u",
            ":",
            "hunter2",
            "@",
            "h",
            "?",
            "&",
            "password=",
            "host=/run",
            "%",
            "\u{202e}",
            "\0",
        ];
        bolero::check!()
            .with_max_len(32)
            .with_iterations(crate::fuzz::TIMES)
            .with_test_time(crate::fuzz::AT_MOST)
            .for_each(|bytes: &[u8]| {
                let text = crate::fuzz::text(bytes, PIECES);
                let Ok(url) = SqlUrl::parse(&text) else { return };
                if let SqlUrl::Postgres(address) = &url {
                    assert!(address.starts_with("postgresql://"), "{address}");
                    assert_eq!(format!("{url:?}"), "postgresql://(secret)");
                }
                match url.with_password("swordfish&") {
                    Ok(SqlUrl::Postgres(address)) => assert!(address.ends_with("password=swordfish%26"), "{address}"),
                    Ok(other) => panic!("{other:?} takes no password"),
                    Err(problem) => {
                        assert!(!problem.contains("swordfish") && !problem.contains("hunter2"), "{problem}")
                    }
                }
            });
    }
}
