//! Errors between this service and the homeserver.

use std::{error::Error as StdError, time::Duration};

use matrix_sdk::ruma::api::error::{Error as MatrixError, ErrorBody, ErrorKind, RetryAfter};

/// The result of a request to the homeserver.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a Matrix call failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The homeserver understood the request and refused it. Its message may repeat what somebody wrote, so it is
    /// escaped for the log.
    #[error("the homeserver refuses: {} {}: {:?}", .0.status, .0.errcode.escape_debug(), .0.message)]
    Refused(Rejection),
    /// The homeserver does not answer, or a proxy answers in its place.
    #[error("the homeserver does not answer")]
    Unreachable(#[source] Box<dyn StdError + Send + Sync>),
    /// The response does not conform to the specification.
    #[error("the homeserver answers strangely")]
    Unexpected(#[source] Box<dyn StdError + Send + Sync>),
}

/// A Matrix error (Client-Server API, "Standard error response").
#[derive(Debug, Clone)]
pub struct Rejection {
    /// The HTTP status.
    pub status: u16,
    /// The Matrix error code, `M_…`.
    pub errcode: String,
    /// The homeserver's message.
    pub message: String,
    /// How long to wait before trying again, with `M_LIMIT_EXCEEDED`.
    pub retry_after: Option<Duration>,
    /// Whether the device survives (`soft_logout`), with `M_UNKNOWN_TOKEN`.
    pub soft_logout: bool,
}

impl Rejection {
    /// Whether the homeserver has decided about the request itself. A rate limit, a failure of its own or an unknown
    /// token is no decision: taking such a response for a no, or a yes, would be a guess.
    pub fn is_judgement(&self) -> bool {
        matches!(self.status, 400..=499) && !matches!(self.status, 401 | 408 | 429)
    }
}

impl Error {
    /// Whether the homeserver has decided about the request itself ([`Rejection::is_judgement`]).
    pub fn is_judgement(&self) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.is_judgement())
    }

    /// Whether the homeserver refused with this error code.
    pub fn is(&self, errcode: &str) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.errcode == errcode)
    }

    /// Whether the homeserver refused because the requested thing does not exist.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.status == 404)
    }
}

impl From<MatrixError> for Error {
    fn from(error: MatrixError) -> Self {
        let status = error.status_code.as_u16();
        let ErrorBody::Standard(body) = error.body else {
            // Not a Matrix error, so from a proxy that cannot reach the homeserver, or lets nobody through for now.
            let source = format!("status {status} without a Matrix error").into();
            return match status {
                // A proxy denies access.
                403..=405 => Self::Refused(Rejection {
                    status,
                    errcode: "M_UNKNOWN".to_owned(),
                    message: format!("status {status} without a Matrix error"),
                    retry_after: None,
                    soft_logout: false,
                }),
                429 | 500..=599 => Self::Unreachable(source),
                _ => Self::Unexpected(source),
            };
        };
        let (retry_after, soft_logout) = match &body.kind {
            ErrorKind::LimitExceeded(limit) => match limit.retry_after {
                Some(RetryAfter::Delay(delay)) => (Some(delay), false),
                _ => (None, false),
            },
            ErrorKind::UnknownToken(data) => (None, data.soft_logout),
            ErrorKind::UserLocked => (None, true),
            _ => (None, false),
        };
        Self::Refused(Rejection {
            status,
            errcode: body.kind.errcode().as_str().to_owned(),
            message: body.message,
            retry_after,
            soft_logout,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, message: &str) -> Error {
        Error::Refused(Rejection {
            status,
            errcode: "M_UNKNOWN".to_owned(),
            message: message.to_owned(),
            retry_after: None,
            soft_logout: false,
        })
    }

    #[test]
    fn words_of_others_are_one_line_of_the_log() {
        let text = refused(400, "no\nINFO all is well \u{1b}[2J").to_string();
        assert!(!text.contains(char::is_control), "{text:?}");
    }

    #[test]
    fn trouble_and_limits_are_no_judgement() {
        for (status, judged) in
            [(400, true), (401, false), (403, true), (404, true), (429, false), (500, false), (502, false)]
        {
            assert_eq!(refused(status, "").is_judgement(), judged, "{status}");
        }
        assert!(!Error::Unreachable("down".into()).is_judgement());
    }
}
