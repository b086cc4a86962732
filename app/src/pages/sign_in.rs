//! Signing in, in each of the ways that the homeserver offers.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::location::Url;

use crate::{
    Field, IdentityProvider, LANDING, SignInWays, rpc, t,
    ui::{
        Form, FormProblem, Icon, Shape, Submit, TextField, Visits, escaped, go_on, href, last_post, load, marked,
        query, sending, show,
    },
    view, wording,
};

#[component]
pub(crate) fn SignIn() -> impl IntoView {
    let ways = load(|| rpc::GetSignInWays {});
    let (to, problem) = (query("to"), query("problem"));
    view! {
        <Title text=t!("Sign in") />
        {show(
            ways,
            move |ways| {
                view! { <Page ways to=to.get_untracked() problem=explain(&problem.get_untracked()) /> }
            },
        )}
    }
}

/// Explains why single sign-on failed, by the error code in the address.
fn explain(problem: &str) -> Option<String> {
    let words = match problem {
        "" => return None,
        "unreachable" => wording::unreachable(),
        "locked" => wording::locked(),
        "deactivated" => wording::deactivated(),
        _ => wording::sign_in_failed(),
    };
    Some(words.to_owned())
}

#[component]
fn Page(ways: SignInWays, to: String, problem: Option<String>) -> impl IntoView {
    let SignInWays { server_name, password, providers } = ways;
    let none = !password && providers.is_empty();
    let both = password && !providers.is_empty();
    let comes_back = to.starts_with(LANDING);
    let server = format!(r#"<strong class="text-base-content">{}</strong>"#, escaped(&server_name));
    let mut account = marked(t!("With your account on {server}."), &[("server", &server)]);
    if comes_back {
        account = format!("{account} {}", escaped(t!("We’ll bring you back to your invite.")));
    }
    view! {
        <section class="mx-auto grid w-full max-w-md gap-6 py-8 sm:py-16">
            <div class="grid gap-2">
                <h1>{t!("Sign in")}</h1>
                <p class="text-muted" inner_html=account></p>
            </div>
            {problem
                .map(|text| {
                    view! {
                        <p role="alert" class="alert alert-error">
                            {text}
                        </p>
                    }
                })}
            {providers.into_iter().map(|provider| view! { <Elsewhere provider to=to.clone() /> }).collect_view()}
            {both.then(|| view! { <p class="divider my-0">{t!("between two ways" => "or")}</p> })}
            {password.then(|| view! { <ByPassword to=to.clone() /> })}
            {none
                .then(|| {
                    view! {
                        <p class="alert">
                            {t!(
                                "This homeserver offers no way of signing in that a web page can use. You can still join with your app."
                            )}
                        </p>
                    }
                })}
        </section>
    }
}

#[component]
fn Elsewhere(provider: IdentityProvider, to: String) -> impl IntoView {
    let IdentityProvider { id, name, icon } = provider;
    let address = href(&format!("/sign-in/elsewhere?by={}&to={}", Url::escape(&id), Url::escape(&to)));
    view! {
        // It is not a page of the application: `rel` makes the router leave the link to the browser.
        <a class="btn btn-lg justify-start" href=address rel="external">
            {match icon {
                Some(icon) => view! { <img class="size-6 rounded" src=icon alt="" /> },
                None => view! { <Icon shape=Shape::Next /> },
            }}
            {t!("Continue with {name}", name)}
        </a>
    }
}

#[component]
fn ByPassword(to: String) -> impl IntoView {
    let sign_in = sending::<rpc::SignIn>();
    let visits = expect_context::<Visits>();
    go_on(sign_in, move || visits.another());
    let user =
        last_post::<rpc::SignIn>().and_then(|posted| posted.field("user").map(str::to_owned)).unwrap_or_default();
    view! {
        <Form sending=sign_in class="grid gap-5">
            <FormProblem sending=sign_in />
            <input type="hidden" name="to" value=to />
            <TextField field=Field::UserName value=user autocomplete="username" required=true />
            <TextField field=Field::Password kind="password" autocomplete="current-password" required=true />
            <Submit sending=sign_in class="btn btn-primary btn-lg">
                {t!("Sign in")}
            </Submit>
        </Form>
        <p class="hint">
            {t!(
                "Your password goes to the homeserver and is not kept here. You’ll see a “Super Invites” session until you sign out."
            )}
        </p>
    }
}
