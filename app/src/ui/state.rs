//! The state and the limits of an invite.

use leptos::prelude::*;

use super::Moment;
use crate::{
    Invite, InviteState, Limits, view,
    wording::{self, count},
};

/// A badge on an invite that lets nobody in.
#[component]
pub(crate) fn StateBadge(state: InviteState) -> impl IntoView {
    let class = match state {
        InviteState::Open => return None,
        InviteState::NotYet => "badge badge-info",
        InviteState::Paused => "badge badge-warning",
        InviteState::PausedByAdmin | InviteState::AllPaused => "badge badge-error",
        InviteState::Expired | InviteState::UsedUp => "badge badge-neutral",
    };
    Some(view! { <span class=class>{wording::state(state).to_owned()}</span> })
}

/// How many uses are left, if they are limited.
pub(crate) fn places(invite: &Invite) -> Option<String> {
    let most = invite.terms.limits.max_uses?;
    Some(format!("{} of {} left", most.saturating_sub(invite.uses), count(most, "place")))
}
