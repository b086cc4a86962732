//! Forms: they post to the page they stand on; a script, once it is there, asks without a new page.

use leptos::{ev::SubmitEvent, form::FromFormData, prelude::*, server_fn::ServerFn};
use leptos_router::hooks::use_navigate;
use serde::de::DeserializeOwned;

use super::navigation::LastPost;
use crate::{Error, FORM_FUNCTION, Next, Posted};

/// What the server function's address ends with.
fn function<F: ServerFn>() -> &'static str {
    F::PATH.rsplit('/').next().unwrap_or_default()
}

/// What came of this form, if it was posted to this page without a script.
pub(crate) fn last_post<F: ServerFn>() -> Option<Posted> {
    use_context::<LastPost>().and_then(LastPost::get).filter(|posted| posted.function == function::<F>())
}

/// A form for a server function. It stays as it is until the answer is there, so nothing typed is lost.
#[component]
pub(crate) fn Form<F>(
    action: ServerAction<F>,
    #[prop(optional, into)] class: String,
    children: Children,
) -> impl IntoView
where
    F: ServerFn<Error = Error> + DeserializeOwned + Clone + Send + Sync + 'static,
    F::Output: Send + Sync + 'static,
{
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        // A second tap while the first is being answered.
        if action.pending().get_untracked() {
            return;
        }
        if let Ok(input) = F::from_event(&event) {
            action.dispatch(input);
        }
    };
    view! {
        <form method="post" class=class on:submit=submit>
            <input type="hidden" name=FORM_FUNCTION value={function::<F>()} />
            {children()}
        </form>
    }
}

/// Why the last attempt did not work.
fn problem<F>(action: ServerAction<F>) -> Signal<Option<Error>>
where
    F: ServerFn<Error = Error> + Clone + Send + Sync + 'static,
    F::Output: Send + Sync + 'static,
{
    let before = StoredValue::new(last_post::<F>().map(|posted| posted.error));
    let value = action.value();
    Signal::derive(move || {
        value.with(|value| match value {
            Some(Ok(_)) => None,
            Some(Err(error)) => Some(error.clone()),
            None => before.get_value(),
        })
    })
}

/// Says why the last attempt did not work, where it can be seen and heard.
#[component]
pub(crate) fn FormProblem<F>(action: ServerAction<F>) -> impl IntoView
where
    F: ServerFn<Error = Error> + Clone + Send + Sync + 'static,
    F::Output: Send + Sync + 'static,
{
    view! { <Problem error=problem(action) /> }
}

#[component]
fn Problem(error: Signal<Option<Error>>) -> impl IntoView {
    view! {
        <div role="alert" class="empty:hidden">
            {move || {
                error
                    .get()
                    .map(|error| {
                        view! { <p class="alert alert-error alert-soft text-base-content">{error.to_string()}</p> }
                    })
            }}
        </div>
    }
}

/// The button that sends a form.
#[component]
pub(crate) fn Submit(
    pending: Memo<bool>,
    #[prop(default = "btn btn-primary")] class: &'static str,
    children: Children,
) -> impl IntoView {
    view! {
        <button class=class type="submit" aria-disabled=move || pending.get().then_some("true")>
            <Show when=move || pending.get()>
                <span class="loading loading-spinner loading-sm" aria-hidden="true"></span>
            </Show>
            {children()}
        </button>
    }
}

/// A line of text with its name.
#[component]
pub(crate) fn TextField(
    label: &'static str,
    name: &'static str,
    #[prop(optional, into)] value: String,
    #[prop(default = "text")] kind: &'static str,
    #[prop(default = "off")] autocomplete: &'static str,
    #[prop(optional)] required: bool,
    #[prop(optional)] hint: &'static str,
    #[prop(optional)] longest: Option<usize>,
) -> impl IntoView {
    let id = format!("field-{}", name.replace(['[', ']'], "-"));
    let hint_id = (!hint.is_empty()).then(|| format!("{id}-hint"));
    view! {
        <div class="grid gap-1.5">
            <label class="font-medium" for=id.clone()>
                {label}
            </label>
            <input
                class="input w-full"
                id=id
                name=name
                type=kind
                value=value
                autocomplete=autocomplete
                autocapitalize="none"
                spellcheck="false"
                required=required
                maxlength=longest.map(|longest| longest.to_string())
                aria-describedby=hint_id.clone()
            />
            {hint_id.map(|id| view! { <p class="text-sm text-base-content/80" id=id>{hint}</p> })}
        </div>
    }
}

/// Once the server function has done its work, shows the page that it leads to.
pub(crate) fn go_on<F>(action: ServerAction<F>, before: impl Fn() + 'static)
where
    F: ServerFn<Output = Next, Error = Error> + Clone + Send + Sync + 'static,
{
    let navigate = use_navigate();
    let value = action.value();
    Effect::new(move |_| {
        if let Some(Ok(Next { next })) = value.get() {
            before();
            navigate(&next, leptos_router::NavigateOptions::default());
        }
    });
}
