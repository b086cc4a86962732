//! Where the service listens.

use std::{fmt, net::SocketAddr, path::PathBuf};

use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::Value;

/// What the address of a UNIX socket begins with.
const UNIX: &str = "unix:";

/// An address to listen on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listen {
    /// An IP address and a port.
    Address(SocketAddr),
    /// A UNIX socket, by the absolute path of its file.
    Socket(PathBuf),
}

impl Listen {
    fn parse(text: &str) -> Result<Self, String> {
        match text.strip_prefix(UNIX) {
            Some(path) if path.starts_with('/') => Ok(Self::Socket(path.into())),
            Some(_) => Err(format!("“{text}” has no absolute path: it must look like unix:/run/super-invites/socket")),
            None => text.parse().map(Self::Address).map_err(|_| {
                format!(
                    "“{text}” is no address to listen on: it must look like 127.0.0.1:8090, [::1]:8090 or unix:/run/super-invites/socket"
                )
            }),
        }
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => write!(f, "{address}"),
            Self::Socket(path) => write!(f, "{UNIX}{}", path.display()),
        }
    }
}

impl<'de> Deserialize<'de> for Listen {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// The permissions of a UNIX socket: who may connect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SocketMode(u32);

impl SocketMode {
    /// The permissions as bits (`chmod(2)`).
    pub fn bits(self) -> u32 {
        self.0
    }
}

impl Default for SocketMode {
    fn default() -> Self {
        Self(0o660)
    }
}

impl<'de> Deserialize<'de> for SocketMode {
    /// Only texts: in YAML, 0660 without quotes is the number 660 for some and 432 for others.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mode = match Value::deserialize(deserializer)? {
            Value::String(text) => u32::from_str_radix(&text, 8).ok().filter(|mode| *mode <= 0o777),
            _ => None,
        };
        mode.map(Self).ok_or_else(|| D::Error::custom("must be octal digits in quotes, such as '0660'"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_sockets_are_told_apart() {
        for text in ["127.0.0.1:8090", "[::]:80", "unix:/run/super-invites/socket"] {
            assert_eq!(Listen::parse(text).expect("it can be listened on").to_string(), text);
        }
        assert!(matches!(Listen::parse("unix:/a"), Ok(Listen::Socket(_))));
        for text in ["unix:socket", "unix:", "localhost:8090", "8090", ""] {
            let problem = Listen::parse(text).expect_err(text);
            assert!(problem.contains("unix:/run/super-invites/socket"), "{problem}");
        }
    }

    #[test]
    fn a_mode_is_octal() {
        let read = |value: Value| serde_json::from_value::<SocketMode>(value).map(SocketMode::bits).ok();
        assert_eq!(read("0660".into()), Some(0o660));
        assert_eq!(read("666".into()), Some(0o666));
        for wrong in [Value::from(660), "0999".into(), "1777".into(), "rw-rw----".into(), Value::Null] {
            assert_eq!(read(wrong.clone()), None, "{wrong}");
        }
    }
}
