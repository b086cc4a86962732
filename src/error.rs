//! What can go wrong in a use case: either there is something to tell the person, or something failed and is for the log.

use std::{error::Error as StdError, sync::Arc};

use crate::{chance::NoChance, homeserver, store};

/// A result of a use case.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// After how many seconds to try again when the homeserver does not answer.
const RETRY_AFTER: u32 = 5;

/// Why a use case did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It was refused, for a reason that can be told.
    #[error(transparent)]
    Refused(#[from] app::Error),
    /// It failed here, which is for the log.
    #[error("it failed here")]
    Failed(#[source] Arc<dyn StdError + Send + Sync>),
}

impl Error {
    /// The homeserver cannot do it now, and may in a moment.
    pub fn unreachable() -> Self {
        app::Error::Unreachable { retry_after: RETRY_AFTER }.into()
    }

    /// What to tell the person. A failure is logged here, once, and told as that.
    pub fn into_told(self) -> app::Error {
        match self {
            Self::Refused(error) => error,
            Self::Failed(error) => {
                let causes: Vec<String> =
                    std::iter::successors(error.source(), |cause: &&dyn StdError| StdError::source(*cause))
                        .map(ToString::to_string)
                        .collect();
                tracing::error!(%error, ?causes, "a request failed");
                app::Error::Internal
            }
        }
    }
}

/// Why a step of a use case did not work, where it matters whose fault it is.
#[derive(Debug)]
pub(crate) enum StepError {
    /// This service's.
    Failed(Error),
    /// The homeserver has something against it, or does not answer.
    Homeserver(homeserver::Error),
}

impl From<store::Error> for StepError {
    fn from(error: store::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl From<NoChance> for StepError {
    fn from(error: NoChance) -> Self {
        Self::Failed(error.into())
    }
}

impl From<homeserver::Error> for StepError {
    fn from(error: homeserver::Error) -> Self {
        Self::Homeserver(error)
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        Self::Failed(Arc::new(error))
    }
}

impl From<homeserver::Error> for Error {
    fn from(error: homeserver::Error) -> Self {
        Arc::new(error).into()
    }
}

impl From<Arc<homeserver::Error>> for Error {
    fn from(error: Arc<homeserver::Error>) -> Self {
        // Whatever it is, it is the homeserver's trouble, or an operator's who can mend it, and nothing is lost: a client may try again.
        match &*error {
            homeserver::Error::Refused(refusal) if refusal.is_judgement() || refusal.status == 401 => {
                tracing::error!(%error, "a request has to wait");
            }
            _ => tracing::warn!(%error, source = error.source(), "a request has to wait"),
        }
        Self::unreachable()
    }
}

impl From<NoChance> for Error {
    fn from(error: NoChance) -> Self {
        Self::Failed(Arc::new(error))
    }
}
