//! The state of an invite, and how many places are left.

use leptos::prelude::*;

use crate::{Invite, InviteState, tn, view, wording};

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
    let left = most.saturating_sub(invite.uses);
    Some(tn!(most, "{left} of {n} place left", "{left} of {n} places left", left))
}
