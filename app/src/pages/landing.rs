//! The page behind an invite's link: who invites whom into what, and how to join.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::location::Url;

use crate::{
    InviteState, Kind, Landing as Invitation, Person, Progress, Relation, SignUp, Told, invite_path, landing_path, rpc,
    t, tn,
    ui::{
        DeadInvite, Failure, FormProblem, House, Html, Joining, Moment, SignUpForm, between, button, escaped, fold,
        href, invitation, load, look_again, marked, pairs, parameter, rooms, sending, show_either, sorry, steps, two,
    },
    view, wording,
};

/// How many rooms get a door of their own on every screen size.
const DOORS: usize = 5;

#[component]
pub(crate) fn Landing() -> impl IntoView {
    let code = parameter("code");
    let landing = load(move || rpc::GetLanding { code: code.get() });
    show_either(
        landing,
        move |landing| view! { <Page landing code=code.get_untracked() /> },
        |error| match error.kind {
            Kind::NoInvite | Kind::DeadInvite => dead(),
            Kind::Guarded => guarded(&error),
            _ => view! { <Failure error /> },
        },
    )
}

/// Shown for an invite that lets nobody in. A visitor who has just created an account with it is told so.
fn dead() -> AnyView {
    let create = sending::<rpc::CreateAccount>();
    view! {
        <FormProblem sending=create />
        <DeadInvite />
    }
}

#[component]
fn Page(landing: Invitation, code: String) -> impl IntoView {
    let house = House::of(code, &landing);
    let Invitation { shown, expires_at, state, relation, .. } = landing;
    let from = from(&house.inviter, state, expires_at);
    let title = wording::invites_to(house.inviter.name(), house.name.as_deref());
    let more = match shown.len() > DOORS {
        true => {
            let number = u32::try_from(shown.len()).unwrap_or(u32::MAX);
            let all = escaped(&tn!(number, "All {n} names", "All {n} names"));
            fold("list", &all, &format!(r#"<div class="p-4">{}</div>"#, rooms(&shown)))
        }
        false => String::new(),
    };
    let (view, below) = match relation {
        Relation::SignedOut(sign_up) => signed_out(&house, sign_up),
        Relation::Owner => own(&house, state),
        Relation::Away => (away(&house), String::new()),
        Relation::Invited(person) => (join(house, person, None), String::new()),
        Relation::Redeeming(person, progress) => (join(house, person, Some(progress)), String::new()),
    };
    view! {
        <Title text=title />
        {between("grid gap-8", String::new(), view, below + &more)}
        {from}
    }
}

/// Whose invite it is and, if it has one, its end.
fn from(inviter: &Person, state: InviteState, expires_at: Option<i64>) -> AnyView {
    /// Where the time stands in the sentence: no text in HTML contains it.
    const TIME: &str = "\0";
    let person = format!(r#"<span dir="auto">{}</span>"#, escaped(&inviter.user_id));
    let Some(at) = expires_at else {
        let text = marked(t!("Invite from {person}"), &[("person", &person)]);
        return between("hint mt-8", text, ().into_any(), String::new());
    };
    let text = match state {
        InviteState::Expired => t!("Invite from {person}, was open until {time}"),
        _ => t!("Invite from {person}, until {time}"),
    };
    let text = marked(text, &[("person", &person), ("time", TIME)]);
    let (before, after) = text.split_once(TIME).unwrap_or((text.as_str(), ""));
    between("hint mt-8", before.to_owned(), view! { <Moment at /> }, after.to_owned())
}

/// While people who are not signed in are guessing codes, chosen codes are not shown to them.
fn guarded(error: &Told) -> AnyView {
    let sign_in = sign_in_to_join(&parameter("code").get_untracked(), "btn-primary btn-lg");
    sorry(t!("Please sign in"), &error.words, &sign_in)
}

fn sign_in_to_join(code: &str, class: &str) -> String {
    let address = href(&format!("/sign-in?to={}", Url::escape(&landing_path(code))));
    button(class, &address, "", &escaped(t!("Sign in to join")))
}

/// For a visitor who is not signed in: how to join, beside the house front, and below it answers to what they may want
/// to know first.
fn signed_out(house: &House, sign_up: SignUp) -> (AnyView, String) {
    let (server, inviter) = (house.inviter.server(), house.inviter.first_name());
    let creates = matches!(sign_up, SignUp::Here { .. });
    let (problem, beside, steps_of) = match sign_up {
        SignUp::Here { terms, email } => {
            let (title, sign_in) = (escaped(&wording::have_an_account(server)), sign_in_to_join(&house.code, "btn-sm"));
            let or = format!(r#"<p class="flex flex-wrap items-center justify-between gap-2">{title} {sign_in}</p>"#);
            let form = view! { <SignUpForm house=house.clone() terms email or=or + &by_app(house) /> };
            (().into_any(), form.into_any(), wording::steps_from_nothing(&house.all(), email))
        }
        SignUp::Elsewhere { help } => {
            let html = with_account(house) + &no_account(server, inviter, help) + &by_app(house);
            let card = view! { <Html class="card lift grid gap-4" html /> };
            // The result of a form that the visitor sent while accounts could still be created here.
            let create = sending::<rpc::CreateAccount>();
            let problem = view! { <FormProblem sending=create /> };
            (problem.into_any(), card.into_any(), wording::steps(server, &house.all()))
        }
    };
    let steps = steps("across", &steps_of);
    let answers = pairs("<div><dt>", "</dt><dd>", "</dd></div>", &wording::answers(server, inviter, creates));
    let title = escaped(t!("What happens next"));
    let below = format!(
        r#"<section class="grid gap-4"><h2>{title}</h2>{steps}</section><dl class="card answers across">{answers}</dl>"#
    );
    (two(invitation(house, ""), problem, beside), below)
}

/// Signing in, for people who have an account, as HTML.
fn with_account(house: &House) -> String {
    let back = escaped(&wording::bring_back(house.inviter.server()));
    let sign_in = sign_in_to_join(&house.code, "btn-primary btn-lg");
    let title = escaped(t!("Join with your account"));
    format!(r#"<div class="grid gap-1"><h2>{title}</h2><p class="hint">{back}</p></div>{sign_in}"#)
}

/// Advice for people without an account where they cannot create one here, as HTML.
fn no_account(server: &str, inviter: &str, help: Option<String>) -> String {
    let html = match help {
        Some(help) => {
            let link = format!(r#"<a class="link" href="{}" rel="external noreferrer">"#, escaped(&help));
            wording::how_to_get_one(&escaped(server), &link)
        }
        None => escaped(&wording::ask_for_one(server, inviter)),
    };
    [r#"<p class="hint">"#, &html, "</p>"].concat()
}

/// Links to apps that can open invites, as HTML.
fn by_app(house: &House) -> String {
    let links = house.apps.iter().filter_map(|app| {
        let (app_name, address) = (escaped(&app.name), escaped(app.invite.as_ref()?));
        let open = format!(r#"<a class="link" href="{address}" rel="external" data-app>"#);
        let get = format!(r#"<a class="link" href="{}" rel="external noreferrer">"#, escaped(&app.address));
        let ways = marked(
            t!("{open}Open it in {app}{end}, or {get}get {app}{end}."),
            &[("open", &open), ("app", &app_name), ("end", "</a>"), ("get", &get)],
        );
        let not_there = t!("Nothing happened? Then {app} isn’t on this device: get it, or go on here.");
        let not_there = marked(not_there, &[("app", &app_name)]);
        Some(format!(r#"<span> {ways}<b hidden role="status"> {not_there}</b></span>"#))
    });
    let code = escaped(&house.code);
    let code = format!(r#"<code class="font-mono font-semibold text-base-content wrap-anywhere">{code}</code>"#);
    let text = marked(t!("Using an app that supports invites? Enter {code}"), &[("code", &code)]);
    format!(r#"<p class="hint">{text}{}</p>"#, links.collect::<String>())
}

/// Says that joining has to wait. With scripts the page retries by itself.
fn away(house: &House) -> AnyView {
    look_again();
    let server = escaped(house.inviter.server());
    let text = marked(
        t!("{bold}{server} isn’t answering.{end} Joining has to wait."),
        &[("bold", "<b>"), ("server", &server), ("end", "</b>")],
    );
    let by_itself = t!("Keep this page open; it goes on by itself as soon as the server is back.");
    let html = format!(
        r#"<p class="alert alert-warning block" role="status">{text}<span class="hidden scripted:inline"> {}</span></p>{}"#,
        escaped(by_itself),
        button("btn-lg scripted:hidden", "", "external", &escaped(t!("Try again")))
    );
    let beside = view! { <Html class="grid gap-4" html /> };
    two(invitation(house, ""), ().into_any(), beside)
}

fn own(house: &House, state: InviteState) -> (AnyView, String) {
    let (plate, text) = match state {
        InviteState::Open => (String::new(), t!("This is your own invite. Those who open your link see this page.")),
        _ => (
            format!(r#"<p class="plate">{}</p>"#, escaped(wording::state(state))),
            t!("This is your own invite. Others can’t see this page now: to them the invite isn’t available."),
        ),
    };
    let manage = button("btn-primary btn-lg", &href(&invite_path(&house.code)), "", &escaped(t!("Manage invite")));
    let html = format!("<p>{}</p>{manage}", escaped(text));
    let beside = view! { <Html class="card lift grid gap-4" html /> };
    (two(invitation(house, &plate), ().into_any(), beside), String::new())
}

fn join(house: House, me: Person, before: Option<Progress>) -> AnyView {
    let call = wording::join(house.name.as_deref(), &house.what);
    let hint = escaped(&wording::you_join(&house.all(), house.inviter.first_name()));
    let steps = steps("py-4", &wording::steps_signed_in(&me.user_id));
    let hint = format!(r#"<p class="hint">{hint}</p>{}"#, fold("", &escaped(t!("What happens next")), &steps));
    view! { <Joining house me before call hint /> }
}
