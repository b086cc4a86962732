//! The page behind an invite's link: who invites whom into what, and the way in.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::location::Url;

use crate::{
    InviteState, Kind, Landing as Invitation, Person, Progress, Relation, Told, invite_path, landing_path, rpc,
    ui::{
        DeadInvite, Failure, Form, Icon, Joining, Moment, PersonAvatar, RoomList, Shape, StateBadge, href, load,
        parameter, show_either, sign_out,
    },
    view,
    wording::count,
};

/// The page.
#[component]
pub(crate) fn Landing() -> impl IntoView {
    let code = parameter("code");
    let landing = load(move || rpc::GetLanding { code: code.get() });
    show_either(
        landing,
        move |landing| view! { <Page landing code=code.get_untracked() /> },
        |error| match error.kind {
            Kind::NoInvite | Kind::DeadInvite => view! { <DeadInvite /> },
            Kind::Guarded => view! { <Guarded error /> },
            _ => view! { <Failure error /> },
        },
    )
}

/// What the invite leads to, in a line.
fn leads_to(landing: &Invitation) -> String {
    let mut parts = Vec::new();
    if landing.rooms > 0 {
        parts.push(count(landing.rooms, "room"));
    }
    if landing.spaces > 0 {
        parts.push(count(landing.spaces, "space"));
    }
    if landing.chat {
        parts.push("a direct chat".to_owned());
    }
    match parts.pop() {
        Some(last) if parts.is_empty() => last,
        Some(last) => format!("{} and {last}", parts.join(", ")),
        None => "nothing yet".to_owned(),
    }
}

#[component]
fn Page(landing: Invitation, code: String) -> impl IntoView {
    let what = leads_to(&landing);
    let Invitation { inviter, welcome, shown, expires_at, state, relation, .. } = landing;
    let (name, id) = (inviter.name().to_owned(), inviter.user_id.clone());
    let rooms = (!shown.is_empty()).then(|| view! { <RoomList rooms=shown /> });
    view! {
        <Title text=format!("{name} invites you") />
        <section class="mx-auto grid w-full max-w-lg gap-6 py-6 sm:py-14">
            <div class="grid justify-items-center gap-4 text-center">
                <PersonAvatar person=inviter class="size-24 rounded-full text-4xl" />
                <div class="grid gap-1">
                    <h1 class="text-3xl font-bold tracking-tight text-balance">{format!("{name} invites you")}</h1>
                    <p class="text-base-content/80 break-all">{id}</p>
                </div>
                <p class="text-lg">{format!("to {what}.")}</p>
                {welcome
                    .map(|welcome| {
                        view! {
                            <blockquote class="w-full rounded-box bg-base-200 px-5 py-4 text-left whitespace-pre-line break-words">
                                {welcome}
                            </blockquote>
                        }
                    })}
                {expires_at
                    .map(|at| {
                        view! {
                            <p class="text-sm text-base-content/80">
                                {if state == InviteState::Expired { "Was open until " } else { "Open until " }}
                                <Moment at />
                                "."
                            </p>
                        }
                    })}
            </div>
            {match relation {
                Relation::SignedOut => view! { {rooms} <SignedOut code /> },
                Relation::Owner => view! { {rooms} <Own code state /> },
                Relation::Invited(person) => {
                    view! { <Join code name person before=None>{rooms}</Join> }
                }
                Relation::Redeeming(person, progress) => {
                    view! { <Join code name person before=Some(progress)>{rooms}</Join> }
                }
            }}
        </section>
    }
}

/// While people who are not signed in are guessing codes, chosen codes are not shown to them.
#[component]
fn Guarded(error: Told) -> impl IntoView {
    view! {
        <Title text="Please sign in" />
        <section class="mx-auto grid w-full max-w-lg gap-6 py-6 sm:py-14">
            <h1 class="text-3xl font-bold tracking-tight">"Please sign in."</h1>
            <p>{error.words}</p>
            <SignInToJoin code=parameter("code").get_untracked() />
        </section>
    }
}

#[component]
fn SignInToJoin(code: String) -> impl IntoView {
    view! {
        <a class="btn btn-primary btn-lg" href=href(&format!("/sign-in?to={}", Url::escape(&landing_path(&code))))>
            "Sign in to join"
            <Icon shape=Shape::Next />
        </a>
    }
}

#[component]
fn SignedOut(code: String) -> impl IntoView {
    view! {
        <SignInToJoin code=code.clone() />
        <p class="text-center text-sm text-base-content/80">
            "In an app that knows invites, you can also enter the code "
            <code class="font-mono font-semibold break-all text-base-content">{code}</code> "."
        </p>
    }
}

#[component]
fn Own(code: String, state: InviteState) -> impl IntoView {
    let text = match state {
        InviteState::Open => "This is your own invite. Those who open your link see this page.",
        _ => "This is your own invite. Others do not see this page now: to them the link leads nowhere.",
    };
    view! {
        <p class="alert">{text} <StateBadge state /></p>
        <a class="btn btn-primary btn-lg" href=href(&invite_path(&code))>
            "Look after it"
        </a>
    }
}

#[component]
fn Join(code: String, name: String, person: Person, before: Option<Progress>, children: Children) -> impl IntoView {
    let sign_out = sign_out();
    let me = person.user_id.clone();
    view! {
        <Joining code before call=format!("Accept {name}’s invitation")>
            {children()}
        </Joining>
        <Form sending=sign_out class="flex flex-wrap items-center justify-center gap-x-3 gap-y-1 text-sm text-base-content/80">
            <PersonAvatar person class="size-6 rounded-full text-xs" />
            <span>"You are " <strong class="text-base-content break-all">{me}</strong></span>
            <button class="link" type="submit">
                "Sign out"
            </button>
        </Form>
    }
}
