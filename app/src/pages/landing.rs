//! The page behind an invite's link: who invites whom into what, and the way in.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::location::Url;

use crate::{
    InviteState, Kind, Landing as Invitation, Person, Progress, Relation, Told, invite_path, landing_path, rpc,
    ui::{
        DeadInvite, Failure, Form, House, Icon, Joining, Moment, PersonAvatar, RoomList, Shape, Sorry, href,
        invitation, load, pairs, parameter, show_either, sign_out,
    },
    view, wording,
};

/// How many rooms have a door of their own on every screen.
const DOORS: usize = 5;

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

#[component]
fn Page(landing: Invitation, code: String) -> impl IntoView {
    let house = House::of(code, &landing);
    let Invitation { shown, expires_at, state, relation, .. } = landing;
    let until = expires_at.map(|at| {
        let until = if state == InviteState::Expired { ", was open until " } else { ", until " };
        view! { {until} <Moment at /> }
    });
    let from = house.inviter.user_id.clone();
    let more = (shown.len() > DOORS).then(|| {
        view! {
            <details class="list fold">
                <summary>{format!("All {} names", shown.len())}</summary>
                <div class="p-4">
                    <RoomList rooms=shown />
                </div>
            </details>
        }
    });
    view! {
        <Title text=wording::invites_to(house.inviter.name(), house.name.as_deref()) />
        <div class="grid gap-8">
            {match relation {
                Relation::SignedOut => view! { <SignedOut house /> },
                Relation::Owner => view! { <Own house state /> },
                Relation::Invited(person) => view! { <Join house person before=None /> },
                Relation::Redeeming(person, progress) => view! { <Join house person before=Some(progress) /> },
            }}
            {more} <p class="hint">"Invite from " <bdi>{from}</bdi> {until}</p>
        </div>
    }
}

/// While people who are not signed in are guessing codes, chosen codes are not shown to them.
#[component]
fn Guarded(error: Told) -> impl IntoView {
    view! {
        <Sorry title="Please sign in" text=error.words>
            <SignInToJoin code=parameter("code").get_untracked() />
        </Sorry>
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

/// For somebody of whom nothing is known: beside the front the way in, and below it what they may want to know first.
#[component]
fn SignedOut(house: House) -> impl IntoView {
    let (server, all) = (house.inviter.server(), house.all());
    let steps = pairs("<li><b>", "</b><span>", "</span></li>", &wording::steps(server, &all));
    let answers = wording::answers(server, house.inviter.first_name());
    let answers = pairs("<div><dt>", "</dt><dd>", "</dd></div>", &answers);
    view! {
        <div class="two">
            {invitation(&house, None)}
            <section class="card lift grid gap-4" aria-labelledby="join">
                <div class="grid gap-1">
                    <h2 id="join">"Join with your account"</h2>
                    <p class="hint">{wording::bring_back(server)}</p>
                </div>
                <SignInToJoin code=house.code.clone() />
                <p class="hint">
                    "Using an app that supports invites? Enter "
                    <code class="font-mono font-semibold text-base-content wrap-anywhere">{house.code}</code>
                </p>
            </section>
        </div>
        <section class="grid gap-4" aria-labelledby="next">
            <h2 id="next">"What happens next"</h2>
            <ol class="steps across" role="list" inner_html=steps></ol>
        </section>
        <section class="card" aria-label="Good to know">
            <dl class="answers across" inner_html=answers></dl>
        </section>
    }
}

#[component]
fn Own(house: House, state: InviteState) -> impl IntoView {
    let open = state == InviteState::Open;
    let text = match open {
        true => "This is your own invite. Those who open your link see this page.",
        false => "This is your own invite. Others can’t see this page now: to them the invite isn’t available.",
    };
    let plate = (!open).then(|| view! { <p class="plate">{wording::state(state)}</p> });
    view! {
        <div class="two">
            {invitation(&house, plate)} <section class="card lift grid gap-4" aria-label="Your invite">
                <p>{text}</p>
                <a class="btn btn-primary btn-lg" href=href(&invite_path(&house.code))>
                    "Manage invite"
                </a>
            </section>
        </div>
    }
}

#[component]
fn Join(house: House, person: Person, before: Option<Progress>) -> impl IntoView {
    let me = person.clone();
    let call = match &house.name {
        Some(name) => format!("Join {name}"),
        None => format!("Join {}", house.what),
    };
    let hint = wording::you_join(&house.all(), house.inviter.first_name());
    let steps = pairs("<li><b>", "</b><span>", "</span></li>", &wording::steps_signed_in(&person.user_id));
    view! {
        <Joining house me before call>
            <SignedInAs person=person.clone() />
            <p class="hint">{hint.clone()}</p>
            <details class="fold">
                <summary>"What happens next"</summary>
                <ol class="steps py-4" role="list" inner_html=steps.clone()></ol>
            </details>
        </Joining>
    }
}

/// Who joins; somebody else can.
#[component]
fn SignedInAs(person: Person) -> impl IntoView {
    let me = person.user_id.clone();
    view! {
        <Form sending=sign_out() class="flex flex-wrap items-center gap-x-3 gap-y-1">
            <PersonAvatar person />
            <p class="min-w-0 flex-1 basis-40">
                <span class="hint block">"Signed in as"</span>
                <strong class="wrap-anywhere">{me}</strong>
            </p>
            <button class="btn btn-ghost btn-sm" type="submit">
                "Sign out"
            </button>
        </Form>
    }
}
