//! One invite: how to share it, where it leads, and who came.

use leptos::prelude::*;
use leptos_meta::Title;

use super::invites::WorksBadge;
use crate::{
    Block, Came, Guest, Invite, InviteDetail, InviteState, Registration, Room, invite_path, landing_path, rpc,
    ui::{
        Bounds, Chart, Form, FormProblem, Html, Icon, Moment, PersonAvatar, RoomList, Shape, SharePanel, StateBadge,
        Submit, address, ago, escaped, href, load, parameter, places, query, reload_after, sending, show,
    },
    view, wording,
};

/// The page.
#[component]
pub(crate) fn InvitePage() -> impl IntoView {
    let (code, new, before) = (parameter("code"), query("new"), query("before"));
    let invite = load(move || rpc::Invite { code: code.get(), before: before.get() });
    show(invite, move |detail| {
        let older = !before.get_untracked().is_empty();
        view! { <Page detail new=!new.get_untracked().is_empty() older /> }
    })
}

#[component]
fn Page(detail: InviteDetail, new: bool, older: bool) -> impl IntoView {
    let title = detail.card.title().to_owned();
    let InviteDetail { card, link, registration, paused_because, blocks, came, now } = detail;
    let code = card.invite.code.clone();
    let link = link.unwrap_or_else(|| address(&landing_path(&code)));
    let path = |what: &str| href(&format!("{}/{what}", invite_path(&code)));
    let (edit, delete) = (path("edit"), path("delete"));
    let (spaces, rooms): (Vec<&Room>, Vec<&Room>) = card.rooms.iter().partition(|room| room.space);
    let number = |rooms: Vec<&Room>| u32::try_from(rooms.len()).unwrap_or(u32::MAX);
    let leads_to = match (number(rooms), number(spaces)) {
        (0, 0) => "A chat with you".to_owned(),
        (rooms, spaces) => wording::leads_to(rooms, spaces, None),
    };
    let (limits, state) = (card.invite.terms.limits, card.state);
    view! {
        <Title text=title.clone() />
        <section class="grid gap-8 py-4 sm:py-8">
            {new
                .then(|| {
                    view! {
                        <p role="status" class="alert alert-success">
                            <Icon shape=Shape::Done />
                            "Your invite is ready. Share the link, or let somebody scan the code."
                        </p>
                    }
                })} <div class="flex flex-wrap items-start justify-between gap-4 print:justify-center">
                <div class="grid min-w-0 gap-1">
                    <a class="link w-fit text-sm print:hidden" href=href("/invites")>
                        "My invites"
                    </a>
                    <h1 class="flex flex-wrap items-center gap-3 print:hidden">
                        <span dir="auto">{title.clone()}</span>
                        <StateBadge state />
                        <WorksBadge works=card.works />
                    </h1>
                </div>
                <div class="flex gap-2 print:hidden">
                    <PauseButton invite=card.invite.clone() />
                    <a class="btn" href=edit>
                        <Icon shape=Shape::Edit />
                        "Edit"
                    </a>
                    <a class="btn" href=delete>
                        <Icon shape=Shape::Delete />
                        "Delete"
                    </a>
                </div>
            </div> <Stopped state because=paused_because /> <SharePanel code=code.clone() link />
            <section class="grid gap-3 print:hidden">
                <h2>{leads_to}</h2>
                <RoomList rooms=card.rooms />
                <Blocked blocks />
                <ul class="flex flex-wrap gap-2">
                    {card.invite.terms.chat.then(|| view! { <Fact text="Includes a chat with you".to_owned() /> })}
                    {card
                        .invite
                        .terms
                        .show_rooms
                        .then(|| view! { <Fact text="Shows the rooms’ names".to_owned() /> })}
                    {(registration == Registration::Open)
                        .then(|| view! { <Fact text="Can create accounts".to_owned() /> })}
                    {places(&card.invite).map(|text| view! { <Fact text /> })} <Bounds limits now />
                </ul>
                {card
                    .invite
                    .terms
                    .welcome
                    .map(|welcome| {
                        view! {
                            <p class="border-s-4 border-base-300 ps-4 whitespace-pre-line" dir="auto">
                                {welcome}
                            </p>
                        }
                    })}
                <Accounts registration state />
            </section> <section class="grid gap-4 print:hidden">
                <h2>"Who joined"</h2>
                <Arrivals came code older now />
            </section>
        </section>
    }
}

/// Stops the invite for a while, or lets it go on.
#[component]
fn PauseButton(invite: Invite) -> impl IntoView {
    let pause = sending::<rpc::Pause>();
    reload_after(pause);
    if invite.held {
        return ().into_any();
    }
    let paused = invite.paused;
    view! {
        <Form sending=pause class="contents">
            <input type="hidden" name="code" value=invite.code />
            <input type="hidden" name="paused" value=(!paused).to_string() />
            <Submit sending=pause class="btn">
                {if paused { "Resume" } else { "Pause" }}
            </Submit>
            <FormProblem sending=pause />
        </Form>
    }
}

/// Why nobody is let in, and what can be done about it.
pub(super) fn stopped(state: InviteState) -> Option<&'static str> {
    Some(match state {
        InviteState::Open => return None,
        InviteState::NotYet => "Nobody can join with it yet. Until it starts, the link isn’t available.",
        InviteState::Paused => {
            "Nobody can join with it for now: the link isn’t available, and the code creates no accounts."
        }
        InviteState::PausedByAdmin => "A server admin has paused this invite. Only they can resume it.",
        InviteState::AllPaused => "A server admin has paused all invites of this server for now.",
        InviteState::Expired => "It has ended, and the link isn’t available. Edit it to give it more time.",
        InviteState::UsedUp => "All places are taken, and the link isn’t available to others. Edit it to add more.",
    })
}

#[component]
fn Stopped(state: InviteState, because: Option<String>) -> impl IntoView {
    let because = because.map(|reason| format!(" “{reason}”")).unwrap_or_default();
    stopped(state).map(|text| {
        view! {
            <p class="alert alert-warning block print:hidden" dir="auto">
                {format!("{text}{because}")}
            </p>
        }
    })
}

#[component]
fn Accounts(registration: Registration, state: InviteState) -> impl IntoView {
    let text = match registration {
        Registration::Unavailable if state == InviteState::Open => {
            "It can’t create accounts yet: the homeserver did not take the code. It is tried again by itself."
        }
        Registration::Closed if state == InviteState::Open => {
            "It has created as many accounts as there are places. Whoever has one can join."
        }
        Registration::NotAllowed => {
            "Custom codes can create only a few accounts, for a few days; this one has reached its limit. Whoever has an account can join."
        }
        Registration::SaveFirst => {
            "This code can’t create accounts: the invite was created before this server allowed that. Save it again to turn that on."
        }
        _ => return None,
    };
    Some(view! { <p class="alert alert-warning">{text.to_owned()}</p> })
}

/// The rooms whose admins keep the invite out.
#[component]
fn Blocked(blocks: Vec<(Room, Block)>) -> impl IntoView {
    blocks
        .into_iter()
        .map(|(room, block)| {
            let Block { by, at, reason } = block;
            view! {
                <p class="alert alert-warning block">
                    <strong dir="auto">{by.name().to_owned()}</strong>
                    {format!(" blocks this invite in {}, since ", wording::room(&room))}
                    <Moment at />
                    "."
                    {reason.map(|reason| format!(" “{reason}”"))}
                </p>
            }
        })
        .collect_view()
}

#[component]
fn Fact(text: String) -> impl IntoView {
    view! { <li class="badge badge-lg">{text}</li> }
}

#[component]
fn Arrivals(came: Came, code: String, older: bool, now: i64) -> impl IntoView {
    if came.begun == 0 {
        return view! { <p class="empty-box">"Nobody yet. People who join will appear here."</p> };
    }
    let Came { guests, next, begun, came, complete, by_day } = came;
    let totals = [(came, "joined"), (complete, "joined everything"), (begun - came.min(begun), "did not get in")];
    let totals = totals.into_iter().filter(|(number, what)| *number > 0 || *what == "joined").map(|(number, what)| {
        let class = "flex items-baseline gap-2";
        format!(r#"<div class="{class}"><dt class="order-last text-muted">{what}</dt><dd class="font-display text-xl">{number}</dd></div>"#)
    });
    let path = invite_path(&code);
    let totals = format!(
        r#"<div class="flex flex-wrap items-baseline justify-between gap-3"><dl class="flex flex-wrap gap-x-8 gap-y-2">{}</dl><a class="link text-sm" rel="external" href="{}">Download as CSV</a></div>"#,
        totals.collect::<String>(),
        escaped(&href(&format!("{path}/joined.csv")))
    );
    view! {
        <Html html=totals />
        {(!by_day.is_empty()).then(|| view! { <Chart by_day now /> })}
        <ul class="grid gap-2">{guests.into_iter().map(|guest| view! { <OneGuest guest now /> }).collect_view()}</ul>
        <div role="navigation" class="flex gap-3 empty:hidden" aria-label="Pages">
            {older
                .then(|| {
                    view! {
                        <a class="btn" href=href(&path)>
                            "Newest"
                        </a>
                    }
                })}
            {next
                .map(|next| {
                    let next = href(&format!("{path}?before={}", leptos_router::location::Url::escape(&next)));
                    view! {
                        <a class="btn" rel="next" href=next>
                            "Older"
                        </a>
                    }
                })}
        </div>
    }
}

#[component]
fn OneGuest(guest: Guest, now: i64) -> impl IntoView {
    let Guest { person, since, complete, joined, chat, missed, .. } = guest;
    let (name, id) = (person.name().to_owned(), person.user_id.clone());
    let names = |rooms: Vec<crate::Room>| rooms.iter().map(|room| wording::room(room).to_owned()).collect::<Vec<_>>();
    let mut inside = names(joined);
    if chat {
        inside.push("the chat with you".to_owned());
    }
    let inside = if inside.is_empty() { "Nothing yet".to_owned() } else { inside.join(", ") };
    let (class, text) = match complete {
        true => ("badge badge-success badge-sm", "Joined all"),
        false => ("badge badge-warning badge-sm", "Joined some"),
    };
    view! {
        <li>
            <details class="list fold">
                <summary>
                    <PersonAvatar person class="s-sm" />
                    <span class="min-w-0 flex-1">
                        <span class="block truncate" dir="auto">
                            {name}
                        </span>
                        <span class="hint block truncate font-normal">{id}</span>
                    </span>
                    <span class="hint grid shrink-0 justify-items-end gap-1 font-normal">
                        <span class=class>{text.to_owned()}</span>
                        {ago(since, now)}
                    </span>
                </summary>
                <div class="grid gap-2 p-4 text-sm">
                    <p>
                        <strong>"In: "</strong>
                        {inside}
                    </p>
                    {missed
                        .into_iter()
                        .map(|(room, missed)| {
                            let room = room
                                .map_or_else(|| "The chat with you".to_owned(), |room| wording::room(&room).to_owned());
                            view! {
                                <p>
                                    <strong>{room} ": "</strong>
                                    {wording::reason(&missed.reason).into_owned()}
                                </p>
                            }
                        })
                        .collect_view()}
                </div>
            </details>
        </li>
    }
}
