//! Forms. They post to the page that they are on; with scripts, they call the server function without loading a new
//! page.

use std::time::Duration;

use leptos::{
    ev::{Event, SubmitEvent},
    leptos_dom::helpers::TimeoutHandle,
    prelude::*,
    wasm_bindgen::JsCast,
    web_sys,
};
use leptos_router::hooks::use_navigate;

use super::{
    Shape, Visits, escaped,
    html::drawing,
    navigation::{LastPost, href},
};
use crate::{
    AccountAdvice, Advice, FORM_FUNCTION, Field, Kind, Next, Posted, Told, view,
    wire::{Answer, Asked, Question, send},
    wording,
};

/// A form's call of a server function, with its answer.
#[derive(Clone, Copy)]
pub(crate) struct Sending {
    /// The end of the server function's address.
    function: &'static str,
    action: Action<String, Answer>,
}

impl Sending {
    /// Whether a call is waiting for its answer.
    pub(crate) fn pending(self) -> Memo<bool> {
        self.action.pending()
    }

    /// The last answer, as a tracked signal.
    pub(crate) fn answer(self) -> Option<Answer> {
        self.action.value().get()
    }
}

/// Feedback on a form while it is being filled in, from a server function that gets the whole form and answers with an
/// [`AccountAdvice`].
#[derive(Clone, Copy)]
pub(crate) struct Typing {
    asking: Sending,
    /// The submission of the form itself.
    form: Sending,
    /// Whether something was typed after the form was last sent.
    since: RwSignal<bool>,
    /// Whether nothing was typed after feedback was last asked for.
    quiet: RwSignal<bool>,
    /// The body of the next question.
    next: StoredValue<Option<String>>,
    timer: StoredValue<Option<TimeoutHandle>>,
}

impl Typing {
    /// How long typing has to pause before feedback is asked for.
    const PAUSE: Duration = Duration::from_millis(400);

    pub(crate) fn new<Q: Question>(form: Sending) -> Self {
        let (since, quiet) = (RwSignal::new(false), RwSignal::new(true));
        let (next, timer) = (StoredValue::new(None), StoredValue::new(None::<TimeoutHandle>));
        let typing = Self { asking: sending::<Q>(), form, since, quiet, next, timer };
        Effect::new(move |_| {
            let Some(answer) = form.answer() else { return };
            since.set(false);
            if let Some(field) = answer.error().and_then(|error| error.field) {
                focus(field);
            }
        });
        let pending = typing.asking.pending();
        Effect::new(move |_| {
            if !pending.get() {
                typing.ask();
            }
        });
        on_cleanup(move || typing.stop());
        typing
    }

    fn stop(self) {
        if let Some(timer) = self.timer.try_get_value().flatten() {
            timer.clear();
        }
    }

    /// Sends the next question, one at a time, so that no answer can arrive after a newer one.
    fn ask(self) {
        if !self.asking.pending().get_untracked()
            && let Some(body) = self.next.try_update_value(Option::take).flatten()
        {
            self.quiet.set(true);
            self.asking.action.dispatch(body);
        }
    }

    fn typed(self, event: &Event) {
        let field = event.target().and_then(|field| field.dyn_into::<web_sys::HtmlInputElement>().ok());
        let Some(body) = field.and_then(|field| field.form()).and_then(|form| body(&form)) else { return };
        self.since.set(true);
        self.quiet.set(false);
        self.next.set_value(Some(body));
        self.stop();
        self.timer.set_value(set_timeout_with_handle(move || self.ask(), Self::PAUSE).ok());
    }

    /// The feedback on one field: the error from the last submission until something is typed, then the advice.
    pub(crate) fn advice(self, field: Field, of: fn(AccountAdvice) -> Option<Advice>) -> Memo<Option<Advice>> {
        let (problem, pending) = (problem(self.form), self.asking.pending());
        Memo::new(move |_| {
            if self.since.get() {
                let is_new = self.quiet.get() && !pending.get();
                return self.asking.answer().filter(|_| is_new).and_then(|answer| answer.read().ok()).and_then(of);
            }
            let error = problem().filter(|error| error.field == Some(field))?;
            Some(Advice { good: false, words: error.words })
        })
    }
}

/// Moves the focus to a field with an error.
fn focus(field: Field) {
    let field = document().get_element_by_id(&field_id(field));
    if let Some(field) = field.and_then(|field| field.dyn_into::<web_sys::HtmlElement>().ok()) {
        field.focus().ok();
    }
}

fn function<Q: Question>() -> &'static str {
    Q::PATH.rsplit('/').next().unwrap_or_default()
}

pub(crate) fn sending<Q: Question>() -> Sending {
    Sending { function: function::<Q>(), action: action(send::<Q>) }
}

fn action(send: fn(String) -> Asked) -> Action<String, Answer> {
    Action::new(move |body: &String| send(body.clone()))
}

/// The result of a form for this server function, if it was posted to this page without a script.
pub(crate) fn last_post<Q: Question>() -> Option<Posted> {
    posted(function::<Q>())
}

fn posted(function: &str) -> Option<Posted> {
    use_context::<LastPost>().and_then(LastPost::get).filter(|posted| posted.function == function)
}

/// The body that a form would send.
fn body(form: &web_sys::HtmlFormElement) -> Option<String> {
    let data = web_sys::FormData::new_with_form(form).ok()?;
    let fields = web_sys::UrlSearchParams::new_with_str_sequence_sequence(&data).ok()?;
    Some(fields.to_string().into())
}

/// A form for a server function. It stays as it is until the answer arrives, so nothing typed is lost.
#[component]
pub(crate) fn Form(
    sending: Sending,
    #[prop(optional, into)] class: String,
    /// The feedback that is asked for while it is filled in.
    #[prop(optional)]
    typing: Option<Typing>,
    children: Children,
) -> impl IntoView {
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        // Ignores a second tap while the first is being answered.
        if sending.pending().get_untracked() {
            return;
        }
        let form = event.target().and_then(|form| form.dyn_into().ok());
        if let Some(body) = form.and_then(|form| body(&form)) {
            sending.action.dispatch(body);
        }
    };
    let input = move |event: Event| {
        if let Some(typing) = typing {
            typing.typed(&event);
        }
    };
    view! {
        <form method="post" class=class on:submit=submit on:input=input>
            <input type="hidden" name=FORM_FUNCTION value=sending.function />
            {children()}
        </form>
    }
}

/// Why the last submission failed, if it did.
fn problem(sending: Sending) -> impl Fn() -> Option<Told> + Copy {
    let before = StoredValue::new(posted(sending.function).map(|posted| posted.error));
    move || match sending.answer() {
        Some(answer) => answer.error(),
        None => before.get_value(),
    }
}

/// Says why the last submission failed, where it can be seen and screen readers announce it.
#[component]
pub(crate) fn FormProblem(
    sending: Sending,
    /// Whether errors in the value of a field are shown at the field.
    #[prop(optional)]
    at_fields: bool,
) -> impl IntoView {
    let problem = problem(sending);
    let error = move || problem().filter(|error| !(at_fields && error.field.is_some()));
    view! {
        <div role="alert" class="empty:hidden">
            {move || {
                error()
                    .map(|error: Told| {
                        let elsewhere = match error.first {
                            Some(page) => Some((page, "Do it now (new tab)")),
                            None if error.kind == Kind::SignedOut => Some((href("/sign-in"), "Sign in (new tab)")),
                            None => None,
                        };
                        // In another tab, so that what was typed stays.
                        let again = elsewhere
                            .map(|(page, text)| {
                                view! {
                                    " "
                                    <a class="link" href=page target="_blank" rel="noopener">
                                        {text}
                                    </a>
                                    ", then try again."
                                }
                            });
                        view! {
                            <p class="alert alert-error block">{error.words} {again}</p>
                        }
                    })
            }}
        </div>
    }
}

#[component]
pub(crate) fn Submit(
    sending: Sending,
    #[prop(default = "btn btn-primary")] class: &'static str,
    /// What it does, for screen readers, where its text alone does not say so.
    #[prop(optional)]
    label: Option<String>,
    children: Children,
) -> impl IntoView {
    let pending = sending.pending();
    view! {
        <button class=format!("group {class}") type="submit" aria-label=label aria-disabled=move || pending.get().then_some("true")>
            <span class="loading loading-spinner loading-sm hidden group-aria-disabled:inline-block" aria-hidden="true"></span>
            {children()}
        </button>
    }
}

/// The id of a field's input, to which its label refers.
pub(super) fn field_id(field: Field) -> String {
    format!("field-{}", field.name().replace(['[', ']'], "-"))
}

/// A text input of one line, with its label.
#[component]
pub(crate) fn TextField(
    field: Field,
    #[prop(optional, into)] value: String,
    #[prop(default = "text")] kind: &'static str,
    #[prop(default = "off")] autocomplete: &'static str,
    #[prop(optional)] required: bool,
    #[prop(optional)] hint: String,
    #[prop(optional)] least: Option<&'static str>,
    /// Feedback while it is being filled in.
    #[prop(optional)]
    advice: Option<Memo<Option<Advice>>>,
) -> impl IntoView {
    let id = field_id(field);
    let hint_id = (advice.is_some() || !hint.is_empty()).then(|| format!("{id}-hint"));
    let said = move || advice.and_then(|advice| advice.get());
    let is_wrong = move || said().is_some_and(|advice| !advice.good).then_some("true");
    let at_first = untrack(|| is_wrong().is_some());
    let text = move || match said() {
        Some(Advice { good, words }) => {
            let (class, shape) = if good { ("text-success", Shape::Done) } else { ("text-error", Shape::Failed) };
            format!(
                r#"<span class="flex items-start gap-2 {class}">{}<span>{}</span></span>"#,
                drawing(shape),
                escaped(&words)
            )
        }
        None => escaped(&hint),
    };
    view! {
        <div class="grid content-start gap-1.5">
            <label class="font-medium" for=id.clone()>
                {wording::field(field)}
            </label>
            <input
                class="input w-full"
                id=id
                name=field.name()
                type=kind
                value=value
                autocomplete=autocomplete
                autocapitalize=if field == Field::DisplayName { "words" } else { "none" }
                spellcheck="false"
                dir="auto"
                required=required
                min=least
                maxlength=field.longest().map(|longest| longest.to_string())
                aria-describedby=hint_id.clone()
                aria-invalid=is_wrong
                autofocus=at_first
            />
            {hint_id.map(|id| view! { <p class="hint" id=id aria-live=advice.map(|_| "polite") inner_html=text></p> })}
        </div>
    }
}

/// A text input of several lines, with its label.
#[component]
pub(crate) fn AreaField(field: Field, value: String, hint: &'static str) -> impl IntoView {
    let id = field_id(field);
    let hint_id = format!("{id}-hint");
    // HTML parsers drop the first line break of a text area; a value that is set from a script is kept as it is.
    let first = if cfg!(target_family = "wasm") { "" } else { "\n" };
    let html = first.to_owned() + &escaped(&value);
    view! {
        <div class="grid content-start gap-1.5">
            <label class="font-medium" for=id.clone()>
                {wording::field(field)}
            </label>
            // Leptos would write children of a text area without escaping them.
            <textarea
                class="textarea w-full"
                id=id
                name=field.name()
                rows="3"
                maxlength=field.longest().map(|longest| longest.to_string())
                aria-describedby=hint_id.clone()
                inner_html=html
            ></textarea>
            <p class="hint" id=hint_id>
                {hint}
            </p>
        </div>
    }
}

/// Once the server function has succeeded, loads everything on the page again.
pub(crate) fn reload_after(sending: Sending) {
    let visits = expect_context::<Visits>();
    Effect::new(move |_| {
        if sending.answer().is_some_and(|answer| answer.error().is_none()) {
            visits.another();
        }
    });
}

/// Once the server function has succeeded, goes to the page that it names.
pub(crate) fn go_on(sending: Sending, before: impl Fn() + 'static) {
    let navigate = use_navigate();
    Effect::new(move |_| {
        if let Some(Ok(Next { next })) = sending.answer().map(|answer| answer.read()) {
            before();
            navigate(&next, leptos_router::NavigateOptions::default());
        }
    });
}
