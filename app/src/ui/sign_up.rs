//! Creating an account, for people who come to an invite without one.

use leptos::prelude::*;

use super::{
    Form, FormProblem, House, Html, Submit, TextField, Typing, escaped, last_post, marked, reload_after, sending,
};
use crate::{Document, Field, rpc, t, view, wording};

/// The form for a new account, on the invite's page. Sending it signs the person in and starts to redeem the invite.
#[component]
pub(crate) fn SignUpForm(
    house: House,
    /// The documents that they accept by it.
    terms: Vec<Document>,
    /// Whether they have to confirm an email address.
    email: bool,
    /// What is shown below it for people who have an account, as HTML.
    or: String,
) -> impl IntoView {
    let create = sending::<rpc::CreateAccount>();
    let typing = Typing::new::<rpc::GetAccountAdvice>(create);
    reload_after(create);
    let posted = last_post::<rpc::CreateAccount>();
    let typed =
        |field: Field| posted.as_ref().and_then(|posted| posted.field(field.name())).unwrap_or_default().to_owned();
    let (name, display_name, address) = (typed(Field::NewUserName), typed(Field::DisplayName), typed(Field::Email));
    let head = format!(
        r#"<div class="grid gap-1"><h2 id="create">{}</h2><p class="hint">{}</p></div>"#,
        escaped(t!("Create your account")),
        escaped(t!("Free. You join as soon as it’s created."))
    );
    let server = house.inviter.server().to_owned();
    let below = accepts(&server, &terms) + &or;
    view! {
        <Form sending=create typing class="card lift grid gap-4">
            <Html html=head />
            <FormProblem sending=create at_fields=true />
            <input type="hidden" name="code" value=house.code.clone() />
            <TextField
                field=Field::NewUserName
                value=name
                autocomplete="username"
                required=true
                hint=wording::user_name_hint(&server)
                advice=typing.advice(Field::NewUserName, |advice| advice.user)
            />
            <TextField
                field=Field::DisplayName
                value=display_name
                autocomplete="name"
                hint=t!("What people see. You can change it later.").to_owned()
                advice=typing.advice(Field::DisplayName, |_| None)
            />
            {email.then(|| email_field(address, typing))}
            <TextField
                field=Field::NewPassword
                kind="password"
                autocomplete="new-password"
                required=true
                hint=t!("Several words are easy to remember and hard to guess.").to_owned()
                advice=typing.advice(Field::NewPassword, |advice| advice.password)
            />
            <Submit sending=create class="btn btn-primary btn-lg">
                {t!("Create account and join")}
            </Submit>
            <Html html=below />
        </Form>
    }
}

fn email_field(address: String, typing: Typing) -> AnyView {
    view! {
        <TextField
            field=Field::Email
            value=address
            kind="email"
            autocomplete="email"
            required=true
            hint=t!("This server asks for one. You’ll get a message with a link to confirm it.").to_owned()
            advice=typing.advice(Field::Email, |_| None)
        />
    }
}

/// The documents that somebody accepts by creating an account, as HTML; empty if there are none.
fn accepts(server: &str, terms: &[Document]) -> String {
    let links = terms.iter().map(|Document { name, address }| {
        let (name, address) = (escaped(name), escaped(address));
        format!(r#"<a class="link" href="{address}" target="_blank" rel="external noopener noreferrer">{name}</a>"#)
    });
    match links.reduce(|list, next| marked(t!("{list}, {next}"), &[("list", &list), ("next", &next)])) {
        None => String::new(),
        Some(links) => [r#"<p class="hint">"#, &wording::accepts(&escaped(server), &links), "</p>"].concat(),
    }
}
