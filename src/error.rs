//! Errors of use cases: either there is something to tell the person, or something failed and is for the log.

use std::{error::Error as StdError, sync::Arc};

use crate::{chance::NoChance, homeserver, store};

/// The result of a use case.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// After how many seconds a client should retry when the homeserver does not answer.
const RETRY_AFTER: u32 = 5;

/// Why a use case did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A refusal, whose reason the person is told.
    #[error(transparent)]
    Refused(#[from] app::Error),
    /// An internal failure, for the log.
    #[error("it failed here")]
    Failed(#[source] Arc<dyn StdError + Send + Sync>),
}

impl Error {
    /// The homeserver cannot do it now, but may be able to in a moment.
    pub fn unreachable() -> Self {
        app::Error::Unreachable { retry_after: RETRY_AFTER }.into()
    }

    /// The error to tell the person. An internal failure is logged here, once, and told as [`app::Error::Internal`].
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

/// Why a step of a use case failed, where it matters on which side.
#[derive(Debug)]
pub(crate) enum StepError {
    /// This service failed.
    Failed(Error),
    /// The homeserver refused, or does not answer.
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
        // Everything else is a failure of the homeserver, or of its configuration. Nothing is lost: a client may try
        // again.
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
