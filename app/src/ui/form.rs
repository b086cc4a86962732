//! Forms. They post to the page that they are on; with scripts, they call the server function without loading a new
//! page.

use leptos::{
    ev::{Event, SubmitEvent},
    prelude::*,
    wasm_bindgen::JsCast,
    web_sys,
};

use super::{
    Typing, Visits,
    browser::arrive_at,
    escaped,
    field::{Said, field_id},
    layout::SAID,
    marked,
    navigation::{LastPost, Notices, href, lead},
};
use crate::{
    Advice, FORM_FUNCTION, Field, Kind, Next, Posted, Told, t, view,
    wire::{Answer, Asked, Question, send},
};

/// A form's call of a server function, with its answer.
#[derive(Clone, Copy)]
pub(crate) struct Sending {
    /// The end of the server function's address.
    function: &'static str,
    action: Action<String, Answer>,
}

impl Sending {
    /// Sends a body.
    pub(super) fn dispatch(self, body: String) {
        self.action.dispatch(body);
    }

    /// Whether a call is waiting for its answer.
    pub(crate) fn pending(self) -> Memo<bool> {
        self.action.pending()
    }

    /// The last answer, as a tracked signal.
    pub(crate) fn answer(self) -> Option<Answer> {
        self.action.value().get()
    }
}

/// What was wrong with a field when the form was sent last.
pub(crate) fn wrong(sending: Sending, field: Field) -> Said {
    let problem = problem(sending);
    Memo::new(move |_| {
        let error = problem().filter(|error| error.field == Some(field))?;
        Some(Advice { good: false, words: error.words })
    })
}

/// Moves the focus to the field with an error, once the form was sent.
pub(crate) fn focus_wrong(sending: Sending) {
    Effect::new(move |_| {
        let field = sending.answer().and_then(|answer| answer.error()?.field);
        let field = field.and_then(|field| document().get_element_by_id(&field_id(field)));
        if let Some(field) = field.and_then(|field| field.dyn_into::<web_sys::HtmlElement>().ok()) {
            // What is folded takes no focus.
            if let Ok(Some(fold)) = field.closest("details") {
                fold.set_attribute("open", "").ok();
            }
            field.focus().ok();
        }
    });
}

/// The name of a server function, as [`FORM_FUNCTION`] has it.
pub(crate) fn function<Q: Question>() -> &'static str {
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
pub(super) fn body(form: &web_sys::HtmlFormElement) -> Option<String> {
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
        let pressed = event.submitter();
        // A button may lead to another page instead, with what the form holds, or do nothing.
        if pressed.as_ref().is_some_and(|button| button.has_attribute("formmethod")) {
            return;
        }
        event.prevent_default();
        // Ignores a second tap while the first is being answered.
        if sending.pending().get_untracked() {
            return;
        }
        let form = event.target().and_then(|form| form.dyn_into().ok());
        if let Some(mut body) = form.and_then(|form| body(&form)) {
            // What the pressed button says; nothing in it has to be escaped, because it is ours.
            if let Some((name, value)) =
                pressed.and_then(|button| Some((button.get_attribute("name")?, button.get_attribute("value")?)))
            {
                body += &["&", &name, "=", &value].concat();
            }
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
pub(super) fn problem(sending: Sending) -> impl Fn() -> Option<Told> + Copy {
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
    let has_place = |error: &Told| error.field.is_some_and(|field| field != Field::Rooms);
    let error = move || problem().filter(|error| !(at_fields && has_place(error)));
    view! {
        <div role="alert" class="empty:hidden">
            {move || {
                error()
                    .map(|error: Told| {
                        let html = explained(error);
                        view! { <p class="alert alert-error block" inner_html=html></p> }
                    })
            }}
        </div>
    }
}

/// An error as HTML, with a link to what has to be done first. That opens in another tab, so that what was typed stays.
fn explained(error: Told) -> String {
    let Told { kind, words, first, .. } = error;
    let link = |page: &str| format!(r#"<a class="link" href="{}" target="_blank" rel="noopener">"#, escaped(page));
    let (again, page) = match first {
        Some(page) => (t!("{link}Do it now (new tab){end}, then try again."), page),
        None if kind == Kind::SignedOut => (t!("{link}Sign in (new tab){end}, then try again."), href("/sign-in")),
        None => return escaped(&words),
    };
    format!("{} {}", escaped(&words), marked(again, &[("link", &link(&page)), ("end", "</a>")]))
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
        <button
            class=format!("group {class}")
            type="submit"
            aria-label=label
            aria-disabled=move || pending.get().then_some("true")
        >
            <span
                class="loading loading-spinner loading-sm hidden group-aria-disabled:inline-block"
                aria-hidden="true"
            ></span>
            {children()}
        </button>
    }
}

/// Once the server function has succeeded, says so if it tells what was done, and loads everything on the page again.
pub(crate) fn reload_after(sending: Sending) {
    let (visits, notices) = (expect_context::<Visits>(), expect_context::<Notices>());
    Effect::new(move |_| {
        let Some(answer) = sending.answer().filter(|answer| answer.error().is_none()) else { return };
        if let Ok(Next { notice: Some(notice), .. }) = answer.read() {
            notices.say(notice);
            // The button that was pressed goes with the rows as they were.
            arrive_at(SAID);
        }
        visits.another();
    });
}

/// Once the server function has succeeded, goes to the page that it names.
pub(crate) fn go_on(sending: Sending, before: impl Fn() + 'static) {
    let (lead, notices) = (lead(), expect_context::<Notices>());
    Effect::new(move |_| {
        if let Some(Ok(Next { next, notice })) = sending.answer().map(|answer| answer.read()) {
            before();
            notices.leave(notice);
            lead(&next, leptos_router::NavigateOptions::default());
        }
    });
}
