//! The page for an unknown address.

use leptos::prelude::*;

use crate::{t, ui::sorry};

#[component]
pub(crate) fn NotFound() -> impl IntoView {
    let text = t!("The link may be incomplete. If somebody sent it to you, please ask them for it again.");
    sorry(t!("There is nothing at this address"), text, "")
}
