//! The page behind an invite's link: who invites whom into what, and the way in.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::location::Url;

use crate::{
    InviteState, Kind, Landing as Invitation, Person, Progress, Relation, Told, invite_path, landing_path, rpc,
    ui::{
        DeadInvite, Failure, House, Html, Joining, Moment, between, button, escaped, fold, href, invitation, load,
        pairs, parameter, rooms, show_either, sorry, steps, two,
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
            Kind::Guarded => guarded(&error),
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
    let title = wording::invites_to(house.inviter.name(), house.name.as_deref());
    let more = match shown.len() > DOORS {
        true => {
            fold("list", &format!("All {} names", shown.len()), &format!(r#"<div class="p-4">{}</div>"#, rooms(&shown)))
        }
        false => String::new(),
    };
    let (view, below) = match relation {
        Relation::SignedOut => signed_out(&house),
        Relation::Owner => own(&house, state),
        Relation::Invited(person) => (join(house, person, None), String::new()),
        Relation::Redeeming(person, progress) => (join(house, person, Some(progress)), String::new()),
    };
    view! {
        <Title text=title />
        {between("grid gap-8", String::new(), view, below + &more)}
        <p class="hint mt-8">"Invite from " <span dir="auto">{from}</span> {until}</p>
    }
}

/// While people who are not signed in are guessing codes, chosen codes are not shown to them.
fn guarded(error: &Told) -> AnyView {
    sorry("Please sign in", &error.words, &sign_in_to_join(&parameter("code").get_untracked()))
}

fn sign_in_to_join(code: &str) -> String {
    let address = href(&format!("/sign-in?to={}", Url::escape(&landing_path(code))));
    button("btn-primary btn-lg", &address, "", "Sign in to join")
}

/// For somebody of whom nothing is known: beside the front the way in, and below it what they may want to know first.
fn signed_out(house: &House) -> (AnyView, String) {
    let server = house.inviter.server();
    let (back, code) = (escaped(&wording::bring_back(server)), escaped(&house.code));
    let beside = format!(
        r#"<div class="grid gap-1"><h2>Join with your account</h2><p class="hint">{back}</p></div>{}<p class="hint">Using an app that supports invites? Enter <code class="font-mono font-semibold text-base-content wrap-anywhere">{code}</code></p>"#,
        sign_in_to_join(&house.code)
    );
    let steps = steps("across", &wording::steps(server, &house.all()));
    let answers = wording::answers(server, house.inviter.first_name());
    let answers = pairs("<div><dt>", "</dt><dd>", "</dd></div>", &answers);
    let below = format!(
        r#"<section class="grid gap-4"><h2>What happens next</h2>{steps}</section><dl class="card answers across">{answers}</dl>"#
    );
    let beside = view! { <Html class="card lift grid gap-4" html=beside /> };
    (two(invitation(house, ""), ().into_any(), beside), below)
}

fn own(house: &House, state: InviteState) -> (AnyView, String) {
    let (plate, text) = match state {
        InviteState::Open => (String::new(), "This is your own invite. Those who open your link see this page."),
        _ => (
            format!(r#"<p class="plate">{}</p>"#, wording::state(state)),
            "This is your own invite. Others can’t see this page now: to them the invite isn’t available.",
        ),
    };
    let manage = button("btn-primary btn-lg", &href(&invite_path(&house.code)), "", "Manage invite");
    let beside = view! { <Html class="card lift grid gap-4" html=format!("<p>{text}</p>{manage}") /> };
    (two(invitation(house, &plate), ().into_any(), beside), String::new())
}

fn join(house: House, me: Person, before: Option<Progress>) -> AnyView {
    let call = format!("Join {}", house.name.as_ref().unwrap_or(&house.what));
    let hint = escaped(&wording::you_join(&house.all(), house.inviter.first_name()));
    let steps = steps("py-4", &wording::steps_signed_in(&me.user_id));
    let hint = format!(r#"<p class="hint">{hint}</p>{}"#, fold("", "What happens next", &steps));
    view! { <Joining house me before call hint /> }
}
