//! The page for an address that leads nowhere.

use leptos::prelude::*;

use crate::ui::sorry;

/// Says so, and leads back.
#[component]
pub(crate) fn NotFound() -> impl IntoView {
    let text = "The link may be incomplete. If somebody sent it to you, please ask them for it again.";
    sorry("There is nothing at this address", text, "")
}
