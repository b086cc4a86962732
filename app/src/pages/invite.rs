//! One invite: how to share it, where it leads, and who came.

use leptos::prelude::*;
use leptos_meta::Title;

use super::invites::WorksBadge;
use crate::{
    Block, Came, Guest, Invite, InviteDetail, InviteState, Registration, Room, invite_path, landing_path, rpc,
    ui::{
        Bounds, Chart, Form, FormProblem, Icon, Moment, PersonAvatar, RoomList, Shape, SharePanel, StateBadge, Submit,
        address, ago, href, load, parameter, places, query, reload_after, sending, show,
    },
    view,
    wording::{self, count},
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
    let InviteDetail { card, link, registration, blocks, came, now } = detail;
    let code = card.invite.code.clone();
    let link = link.unwrap_or_else(|| address(&landing_path(&code)));
    let path = |what: &str| href(&format!("{}/{what}", invite_path(&code)));
    let (edit, delete) = (path("edit"), path("delete"));
    let rooms = u32::try_from(card.rooms.len()).unwrap_or(u32::MAX);
    let (limits, state) = (card.invite.terms.limits, card.state);
    view! {
        <Title text=title.clone() />
        <section class="grid gap-8 py-4 sm:py-8">
            {new
                .then(|| {
                    view! {
                        <p role="status" class="alert alert-success alert-soft text-base-content">
                            <Icon shape=Shape::Done />
                            "Your invite is ready. Share the link, or let somebody scan the code."
                        </p>
                    }
                })}
            <div class="flex flex-wrap items-start justify-between gap-4 print:justify-center">
                <div class="grid min-w-0 gap-1">
                    <a class="link w-fit text-sm print:hidden" href=href("/invites")>
                        "My invites"
                    </a>
                    <h1 class="flex flex-wrap items-center gap-3 text-3xl font-bold tracking-tight break-all">
                        {title.clone()} <StateBadge state /> <WorksBadge works=card.works />
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
            </div>
            <Stopped state />
            <SharePanel code=code.clone() link title />
            <section class="grid gap-3 print:hidden">
                <h2 class="text-xl font-semibold">{format!("Leads into {}", count(rooms, "room"))}</h2>
                <RoomList rooms=card.rooms />
                <Blocked blocks />
                <ul class="flex flex-wrap gap-2">
                    {card.invite.terms.chat.then(|| view! { <Fact text="With a chat with you".to_owned() /> })}
                    {card.invite.terms.show_rooms.then(|| view! { <Fact text="Shows the rooms’ names".to_owned() /> })}
                    {(registration == Registration::Open).then(|| view! { <Fact text="Opens accounts".to_owned() /> })}
                    {places(&card.invite).map(|text| view! { <Fact text /> })} <Bounds limits now />
                </ul>
                {card
                    .invite
                    .terms.welcome
                    .map(|welcome| {
                        view! {
                            <blockquote class="border-l-4 border-base-300 pl-4 whitespace-pre-line break-words">{welcome}</blockquote>
                        }
                    })}
                <Accounts registration state />
            </section>
            <section class="grid gap-4 print:hidden">
                <h2 class="text-xl font-semibold">"Who came"</h2>
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
#[component]
fn Stopped(state: InviteState) -> impl IntoView {
    let text = match state {
        InviteState::Open => return None,
        InviteState::NotYet => "Nobody can use it yet. Until it opens, the link leads nowhere.",
        InviteState::Paused => "Nobody can use it for now: the link leads nowhere, and the code opens no accounts.",
        InviteState::PausedByAdmin => "A server admin has paused this invite. Only they can let it go on.",
        InviteState::AllPaused => "A server admin has paused all invites of this server for now.",
        InviteState::Expired => "Its time is over, and the link leads nowhere. Edit it to give it more.",
        InviteState::UsedUp => {
            "Everybody who fits has come, and the link leads nowhere for others. Edit it to let in more."
        }
    };
    Some(view! { <p class="alert alert-warning alert-soft text-base-content print:hidden">{text}</p> })
}

#[component]
fn Accounts(registration: Registration, state: InviteState) -> impl IntoView {
    let text = match registration {
        Registration::Unavailable if state == InviteState::Open => {
            "It opens no accounts yet: the homeserver did not take the code. It is tried again by itself."
        }
        Registration::Closed if state == InviteState::Open => {
            "It has opened as many accounts as people fit. Whoever has one can come in."
        }
        Registration::NotAllowed => {
            "It opens no accounts any more: here, codes that people choose open few, for a few days. Whoever has one can come in."
        }
        Registration::SaveFirst => {
            "This code opens no accounts: the invite was made before this server allowed that. Save it again to turn that on."
        }
        _ => return None,
    };
    Some(view! { <p class="alert alert-warning alert-soft text-base-content">{text}</p> })
}

/// The rooms whose admins keep the invite out.
#[component]
fn Blocked(blocks: Vec<(Room, Block)>) -> impl IntoView {
    blocks
        .into_iter()
        .map(|(room, block)| {
            let Block { by, at, reason } = block;
            view! {
                <p class="alert alert-warning alert-soft block text-base-content">
                    <strong>{by.name().to_owned()}</strong>
                    {format!(" keeps this invite out of {}, since ", wording::room(&room))}
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
    view! { <li class="badge badge-lg border-0 bg-base-200">{text}</li> }
}

#[component]
fn Arrivals(came: Came, code: String, older: bool, now: i64) -> impl IntoView {
    if came.begun == 0 {
        return view! {
            <p class="rounded-box border border-dashed border-base-300 p-6 text-base-content/80">
                "Nobody yet. As soon as somebody redeems the code, they stand here."
            </p>
        };
    }
    let Came { guests, next, begun, came, complete, by_day } = came;
    let totals = [(came, "came"), (complete, "are in everything"), (begun - came.min(begun), "did not get in")];
    let path = invite_path(&code);
    view! {
        <dl class="flex flex-wrap gap-x-8 gap-y-2">
            {totals
                .into_iter()
                .filter(|(number, what)| *number > 0 || *what == "came")
                .map(|(number, what)| {
                    view! {
                        <div class="flex items-baseline gap-2">
                            <dt class="order-last text-base-content/80">{what}</dt>
                            <dd class="text-2xl font-bold">{number}</dd>
                        </div>
                    }
                })
                .collect_view()}
        </dl>
        {(!by_day.is_empty()).then(|| view! { <Chart by_day now /> })}
        <ul class="grid gap-2">{guests.into_iter().map(|guest| view! { <OneGuest guest now /> }).collect_view()}</ul>
        <nav class="flex gap-3 empty:hidden" aria-label="Pages">
            {older.then(|| view! { <a class="btn" href=href(&path)>"The last who came"</a> })}
            {next
                .map(|next| {
                    let next = href(&format!("{path}?before={}", leptos_router::location::Url::escape(&next)));
                    view! { <a class="btn" rel="next" href=next>"Those before"</a> }
                })}
        </nav>
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
        true => ("badge badge-success badge-sm", "In everything"),
        false => ("badge badge-warning badge-sm", "Partly in"),
    };
    view! {
        <li>
            <details class="group rounded-field bg-base-200">
                <summary class="flex cursor-pointer items-center gap-3 rounded-field px-3 py-2.5">
                    <PersonAvatar person />
                    <span class="min-w-0 flex-1">
                        <span class="block truncate font-medium">{name}</span>
                        <span class="block truncate text-sm text-base-content/80">{id}</span>
                    </span>
                    <span class="grid shrink-0 justify-items-end gap-1 text-sm text-base-content/80">
                        <span class=class>{text}</span>
                        {ago(since, now)}
                    </span>
                    <Icon shape=Shape::More class="size-4 transition-transform group-open:rotate-180" />
                </summary>
                <div class="grid gap-2 px-3 pb-3 text-sm sm:pl-15">
                    <p>
                        <strong>"In: "</strong>
                        {inside}
                    </p>
                    {missed
                        .into_iter()
                        .map(|(room, missed)| {
                            let room = room.map_or_else(|| "The chat with you".to_owned(), |room| wording::room(&room).to_owned());
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
