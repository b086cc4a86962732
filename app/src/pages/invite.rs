//! One invite: how to share it, whether it works, and who joined.

use leptos::prelude::*;
use leptos_meta::Title;

mod arrivals;
mod health;

pub(super) use self::health::stopped;
use self::{
    arrivals::arrivals,
    health::{Accounts, shut},
};
use crate::{
    Invite, InviteCard, InviteDetail, Registration, Room, invite_path, landing_path, rpc, segment, t,
    ui::{
        Form, FormProblem, Html, Icon, Moment, RoomList, Shape, SharePanel, Sharing, StateBadge, Submit, address,
        escaped, href, load, parameter, places, query, reload_after, room_html, sending, show,
    },
    view, wording,
};

/// The page.
#[component]
pub(crate) fn InvitePage() -> impl IntoView {
    let (code, before, missing) = (parameter("code"), query("before"), query("missing"));
    let missing = Memo::new(move |_| !missing.get().is_empty());
    let invite = load(move || rpc::Invite { code: code.get(), before: before.get(), missing: missing.get() });
    show(invite, move |detail| {
        let older = !before.get_untracked().is_empty();
        view! { <Page detail missing=missing.get_untracked() older /> }
    })
}

#[component]
fn Page(detail: InviteDetail, missing: bool, older: bool) -> impl IntoView {
    let link = detail.link.clone().unwrap_or_else(|| address(&landing_path(&detail.card.invite.code)));
    let (sharing, state) = (Sharing::of(&detail.card, link), detail.card.state);
    let (shut, arrivals) = (shut(&detail), arrivals(&detail, missing, older));
    let InviteDetail { card, registration, paused_because, now, .. } = detail;
    let leads_to = leads_to(&card.rooms);
    let welcome = card.invite.terms.welcome.as_deref().map(|welcome| {
        format!(r#"<p class="border-s-4 border-base-300 ps-4 whitespace-pre-line" dir="auto">{}</p>"#, escaped(welcome))
    });
    let (rooms, public) = (card.rooms.clone(), public(&card));
    view! {
        <Title text=card.title() />
        <section class="grid gap-8 py-4 sm:py-8">
            <Head card registration now />
            {stopped(state)
                .map(|text| {
                    let text = match paused_because {
                        Some(reason) => t!("{text} “{reason}”", text, reason),
                        None => text.to_owned(),
                    };
                    view! {
                        <p class="alert alert-warning block print:hidden" dir="auto">
                            {text}
                        </p>
                    }
                })}
            <SharePanel sharing />
            <section class="grid gap-3 print:hidden">
                <h2>{leads_to}</h2>
                <Html html=shut />
                <RoomList rooms />
                <Html html=public />
                <Html html=welcome.unwrap_or_default() />
                <Accounts registration state />
            </section>
            <section class="grid gap-4 print:hidden">
                <Html html=arrivals />
            </section>
        </section>
    }
}

/// The picture and the title that its owner shows to everybody who has the link, as HTML; empty if there is neither.
fn public(card: &InviteCard) -> String {
    let terms = &card.invite.terms;
    let chosen = card.rooms.iter().find(|room| Some(&room.id) == terms.picture.as_ref());
    let picture = chosen.filter(|room| room.avatar_url.is_some()).map(|room| room_html(room, ""));
    let title = terms
        .public_title
        .as_deref()
        .map(|title| format!(r#"<b class="block wrap-anywhere" dir="auto">{}</b>"#, escaped(title)));
    if picture.is_none() && title.is_none() {
        return String::new();
    }
    format!(
        r#"<div class="flex items-center gap-3">{}<p class="min-w-0"><span class="hint block">{}</span>{}</p></div>"#,
        picture.unwrap_or_default(),
        escaped(t!("Shown to everyone with the link")),
        title.unwrap_or_default()
    )
}

/// What it leads to, counted as people count.
fn leads_to(rooms: &[Room]) -> String {
    let spaces = rooms.iter().filter(|room| room.space).count();
    let number = |many: usize| u32::try_from(many).unwrap_or(u32::MAX);
    match rooms.len() {
        0 => t!("A chat with you").to_owned(),
        all => wording::leads_to(number(all - spaces), number(spaces), None),
    }
}

/// Its title, the most important facts, and what can be done with it.
#[component]
fn Head(card: InviteCard, registration: Registration, now: i64) -> impl IntoView {
    let (title, state) = (card.title(), card.state);
    let path = invite_path(&card.invite.code);
    let like = href(&format!("/new?like={}", segment(&card.invite.code)));
    let actions = [
        (href(&format!("{path}/edit")), Shape::Edit, t!("Edit")),
        (like, Shape::Copy, t!("Duplicate")),
        (href(&format!("{path}/delete")), Shape::Delete, t!("Delete")),
    ];
    view! {
        <div class="flex flex-wrap items-start justify-between gap-4 print:hidden">
            <div class="grid min-w-0 gap-1">
                <a class="link w-fit text-sm" href=href("/invites")>
                    {t!("My invites")}
                </a>
                <h1 class="flex flex-wrap items-center gap-3">
                    <span dir="auto">{title}</span>
                    <StateBadge state />
                </h1>
                <Facts invite=card.invite.clone() registration now />
            </div>
            <div class="flex flex-wrap gap-2">
                <PauseButton invite=card.invite />
                {actions
                    .into_iter()
                    .map(|(to, shape, text)| {
                        view! {
                            <a class="btn btn-sm btn-plain" href=to>
                                <Icon shape />
                                // On a phone the icons alone, so that sharing comes soon.
                                <span class="max-sm:sr-only">{text.to_owned()}</span>
                            </a>
                        }
                    })
                    .collect_view()}
            </div>
        </div>
    }
}

/// What its owner chose for it, in a few words each.
#[component]
fn Facts(invite: Invite, registration: Registration, now: i64) -> impl IntoView {
    let left = places(&invite);
    let terms = invite.terms;
    let begins = terms.limits.not_before.filter(|begin| *begin > now).map(|begin| (t!("Starts {time}"), begin));
    let ends = terms.limits.expires_at.map(|end| (if end > now { t!("Ends {time}") } else { t!("Ended {time}") }, end));
    let other = [
        left,
        (registration == Registration::Open).then(|| t!("Can create accounts").to_owned()),
        terms.chat.then(|| t!("Includes a chat with you").to_owned()),
        terms.show_rooms.then(|| t!("Shows the rooms’ names").to_owned()),
    ];
    let times = begins.into_iter().chain(ends).map(|(what, at)| {
        // A component cannot be a value of a text.
        let (before, after) = what.split_once("{time}").unwrap_or((what, ""));
        view! { <li>{before} <Moment at /> {after}</li> }
    });
    let other = other.into_iter().flatten().map(|text| view! { <li>{text}</li> });
    view! { <ul class="facts">{times.chain(other).collect_view()}</ul> }
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
    let (shape, text) = if paused { (Shape::Resume, t!("Resume")) } else { (Shape::Pause, t!("Pause")) };
    view! {
        <Form sending=pause class="contents">
            <input type="hidden" name="code" value=invite.code />
            <input type="hidden" name="paused" value=(!paused).to_string() />
            <Submit sending=pause class="btn btn-sm btn-plain">
                <Icon shape />
                <span class="max-sm:sr-only">{text.to_owned()}</span>
            </Submit>
            <FormProblem sending=pause />
        </Form>
    }
}
