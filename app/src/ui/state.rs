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

/// The limits of an invite, each in a few words.
#[component]
pub(crate) fn Bounds(limits: Limits, now: i64) -> impl IntoView {
    let begins = limits.not_before.filter(|begin| *begin > now);
    let end = limits.expires_at.map(|end| (if end > now { "Ends " } else { "Ended " }, end));
    [begins.map(|begin| ("Starts ", begin)), end]
        .into_iter()
        .flatten()
        .map(|(what, at)| {
            view! {
                <li class="badge badge-lg h-auto whitespace-normal">
                    <span>{what} <Moment at /></span>
                </li>
            }
        })
        .collect_view()
}

/// How many uses are left, if they are limited.
pub(crate) fn places(invite: &Invite) -> Option<String> {
    let most = invite.terms.limits.max_uses?;
    Some(format!("{} of {} left", most.saturating_sub(invite.uses), count(most, "place")))
}
