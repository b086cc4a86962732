//! The seam between the pages and the server that answers them.

use std::sync::Arc;

use leptos::prelude::{provide_context, use_context};

use crate::{Error, Result, ServiceStatus};

/// What the pages ask of a server, already knowing who asks.
#[async_trait::async_trait]
pub trait Backend: Send + Sync {
    /// Whether the service can do its work now.
    async fn status(&self) -> Result<ServiceStatus>;
}

/// Gives the request being answered its server.
pub fn provide_backend(backend: Arc<dyn Backend>) {
    provide_context(backend);
}

/// The server of the request being answered.
///
/// # Errors
/// [`Error::Internal`] where there is no request: in the browser, and while the routes are listed at start-up.
pub fn backend() -> Result<Arc<dyn Backend>> {
    use_context().ok_or(Error::Internal)
}
