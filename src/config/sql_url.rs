//! `sql_url`, in the forms of SQLAlchemy that people have in their configuration already.

use std::{fmt, path::PathBuf};

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
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
            "postgresql" | "postgres" => Ok(Self::Postgres(format!("postgresql://{rest}"))),
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
        ] {
            assert_eq!(SqlUrl::parse(text), url, "{text}");
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
