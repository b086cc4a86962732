//! The server functions: each hands its arguments to the [`Backend`](crate::Backend), in one line.

use leptos::prelude::*;

use crate::{Result, ServiceStatus};

/// Whether the service can do its work now.
#[server(prefix = "/_synapse/client/super_invites/_rpc", endpoint = "status")]
pub async fn status() -> Result<ServiceStatus> {
    crate::backend()?.status().await
}
