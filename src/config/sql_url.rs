//! `sql_url`, in the spellings of SQLAlchemy that people have in their configuration already.

use std::{fmt, path::PathBuf};

use serde::{Deserialize, Deserializer, de::Error as _};

/// Which database, and where.
#[derive(Clone, PartialEq, Eq)]
pub enum SqlUrl {
    /// A SQLite file.
    SqliteFile(PathBuf),
    /// A SQLite database that ends with the process.
    SqliteMemory,
    /// A PostgreSQL server, as a libpq connection address.
    Postgres(String),
}

impl SqlUrl {
    /// Reads an address: `sqlite:///relative.db`, `sqlite:////absolute.db`, `sqlite://` (in memory), `postgresql://…`, with
    /// any driver name behind a `+`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let allowed = "it must be sqlite:///relative.db, sqlite:////absolute.db, sqlite:// (in memory) or postgresql://user:password@host/database";
        let Some((scheme, rest)) = text.split_once("://") else {
            // The address may hold a password, so it is not repeated.
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
    fn other_spellings_are_refused_with_the_right_ones_and_without_the_password() {
        for text in ["mysql://u:hunter2@h/d", "sqlite://file.db", "/var/lib/x.db", "u:hunter2@h"] {
            let problem = SqlUrl::parse(text).expect_err(text);
            assert!(problem.contains("sqlite:///relative.db"), "{problem}");
            assert!(!problem.contains("hunter2"), "{problem}");
        }
    }
}
