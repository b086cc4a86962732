//! The rooms that the person administers, and the invites that lead into them.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::{
    Field, InviteState, KnownInvite, LookedAfter, Room, RoomInvite, RoomInvites, rpc,
    ui::{
        Form, FormProblem, Moment, Older, PersonAvatar, RoomAvatar, Sending, StateBadge, Submit, ago, href, load,
        query, reload_after, sending, show,
    },
    view,
    wording::{self, count},
};

#[component]
pub(crate) fn MyRooms() -> impl IntoView {
    let (room, before) = (query("room"), query("before"));
    let rooms = load(move || rpc::GetLookedAfter { room: room.get(), before: before.get() });
    let block = sending::<rpc::Block>();
    reload_after(block);
    view! {
        <Title text="Rooms you manage" />
        <section class="grid gap-8 py-4 sm:py-8">
            <FormProblem sending=block />
            {show(rooms, move |rooms| view! { <List rooms block /> })}
        </section>
    }
}

#[component]
fn List(rooms: LookedAfter, block: Sending) -> impl IntoView {
    let LookedAfter { rooms, quiet, now } = rooms;
    let nothing = rooms.is_empty();
    let others = match (nothing, quiet) {
        (true, Some(0)) => Some("You don’t manage any rooms yet.".to_owned()),
        (true, Some(1)) => Some("The room you manage has no invites.".to_owned()),
        (true, Some(quiet)) => Some(format!("The {quiet} rooms you manage have no invites.")),
        (_, None) | (false, Some(0)) => None,
        (false, Some(1)) => Some("One more room you manage has no invites.".to_owned()),
        (false, Some(quiet)) => Some(format!("{quiet} more rooms you manage have no invites.")),
    };
    let class = match nothing {
        true => "empty-box",
        false => "text-muted",
    };
    view! {
        <div class="grid gap-8">
            <div class="grid gap-2">
                <h1>"Rooms you manage"</h1>
                <p class="max-w-2xl text-muted">
                    "Invites to the rooms of which you are an admin. You can block one in a room: then nobody joins there with it any more, \
                     and its owner is told. Whoever joined before stays."
                </p>
            </div>
            {rooms.into_iter().map(|room| view! { <OneRoom room block now /> }).collect_view()}
            {others.map(|text| view! { <p class=class>{text}</p> })}
            {quiet
                .is_none()
                .then(|| {
                    view! {
                        <a class="btn w-fit" href=href("/my-rooms")>
                            "All rooms"
                        </a>
                    }
                })}
        </div>
    }
}

#[component]
fn OneRoom(room: RoomInvites, block: Sending, now: i64) -> impl IntoView {
    let RoomInvites { room, members, invites, next } = room;
    let id = room.id.clone();
    let what = if room.space { "Space" } else { "Room" };
    let title = wording::room(&room).to_owned();
    let older = format!("/my-rooms?room={}", leptos_router::location::Url::escape(&id));
    view! {
        <section class="grid gap-3">
            <div class="flex items-center gap-3">
                <RoomAvatar room=Room { ..room.clone() } />
                <div class="min-w-0">
                    <h2 dir="auto">{title.clone()}</h2>
                    <p class="hint">
                        {format!(
                            "{what}, {}, {}",
                            if members == 1 { "only you".to_owned() } else { format!("{members} people") },
                            match next {
                                None => count(u32::try_from(invites.len()).unwrap_or(u32::MAX), "invite"),
                                Some(_) => "many invites".to_owned(),
                            },
                        )}
                    </p>
                </div>
            </div>
            <ul class="grid gap-2">
                {invites
                    .into_iter()
                    .map(|invite| view! { <OneInvite invite room=id.clone() title=title.clone() block now /> })
                    .collect_view()}
            </ul>
            <Older path=older next=next.map(|next| next.to_string()) text="Older invites" />
        </section>
    }
}

#[component]
fn OneInvite(invite: RoomInvite, room: String, title: String, block: Sending, now: i64) -> impl IntoView {
    let RoomInvite { invite, block: kept_out } = invite;
    let KnownInvite { number, owner, created_at, state, came, limits } = invite;
    let (name, id) = (owner.name().to_owned(), owner.user_id.clone());
    let blocked = kept_out.is_some();
    let action = if blocked { "Unblock" } else { "Block" };
    let label = format!("{action}: {name}’s invite, {title}");
    let came = match came {
        0 => "nobody joined yet".to_owned(),
        1 => "1 person joined".to_owned(),
        _ => format!("{came} people joined"),
    };
    let end = limits.expires_at.filter(|_| state == InviteState::Open);
    view! {
        <li class="card grid gap-3 sm:grid-cols-[minmax(0,1fr)_auto] sm:items-center">
            <div class="flex min-w-0 items-center gap-3">
                <PersonAvatar person=owner />
                <div class="min-w-0">
                    <p class="flex flex-wrap items-center gap-2">
                        <strong class="truncate" dir="auto">
                            {name.clone()}
                        </strong>
                        {blocked.then(|| view! { <span class="badge badge-error">"Blocked"</span> })}
                        <StateBadge state />
                    </p>
                    <p class="truncate hint">{id}</p>
                    <p class="hint">
                        {format!("Invite {number} · {came} · created {}", ago(created_at, now))}
                        {end
                            .map(|at| {
                                view! {
                                    " · ends "
                                    <Moment at />
                                }
                            })}
                    </p>
                    {kept_out
                        .map(|block| {
                            view! {
                                <p class="text-sm">
                                    {format!("Blocked by {}, ", block.by.name())} {ago(block.at, now)} "."
                                    {block.reason.map(|reason| format!(" “{reason}”"))}
                                </p>
                            }
                        })}
                </div>
            </div>
            {match blocked {
                true => view! { <Decision block room number blocked label name /> },
                false => {
                    view! {
                        <details class="grid gap-2 sm:justify-items-end">
                            <summary class="btn btn-sm btn-plain" aria-label=format!("{label} …")>
                                {action}
                                " …"
                            </summary>
                            <Decision block room number blocked label name />
                        </details>
                    }
                }
            }}
        </li>
    }
}

/// The form that blocks an invite in a room, or unblocks it.
#[component]
fn Decision(block: Sending, room: String, number: i64, blocked: bool, label: String, name: String) -> impl IntoView {
    view! {
        <Form sending=block class="mt-2 flex flex-wrap gap-2">
            <input type="hidden" name="room" value=room />
            <input type="hidden" name="invite" value=number.to_string() />
            <input type="hidden" name="blocked" value=(!blocked).to_string() />
            {(!blocked)
                .then(|| {
                    view! {
                        <input
                            class="input w-full sm:w-64"
                            name="reason"
                            maxlength=Field::BlockReason.longest().map(|longest| longest.to_string())
                            placeholder="Why? Its owner sees it."
                            aria-label=format!("Why {name}’s invite is blocked")
                        />
                    }
                })}
            <Submit sending=block class=if blocked { "btn btn-sm btn-plain" } else { "btn btn-error" } label>
                {if blocked { "Unblock" } else { "Block" }}
            </Submit>
        </Form>
    }
}
