//! The page for an unknown address.

use leptos::prelude::*;

use crate::ui::sorry;

#[component]
pub(crate) fn NotFound() -> impl IntoView {
    let text = "The link may be incomplete. If somebody sent it to you, please ask them for it again.";
    sorry("There is nothing at this address", text, "")
}
