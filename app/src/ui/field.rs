//! The fields of forms, each with its label, and below it a hint or what is said of it.

use leptos::prelude::*;

use super::{Shape, escaped, html::drawing};
use crate::{Advice, Field, view, wording};

/// What is said of a field, while it is filled in or once the form was sent.
pub(crate) type Said = Memo<Option<Advice>>;

/// Whether something is wrong with a field, as `aria-invalid` says it.
pub(super) fn is_wrong(said: Option<Said>) -> impl Fn() -> Option<&'static str> + Copy + Send + 'static {
    move || said.and_then(|said| said.get()).is_some_and(|said| !said.good).then_some("true")
}

/// A hint, or in its place what is said of the field.
#[component]
pub(super) fn Hint(id: String, hint: String, said: Option<Said>) -> impl IntoView {
    let text = move || match said.and_then(|said| said.get()) {
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
    view! { <p class="hint" id=id aria-live=said.map(|_| "polite") inner_html=text></p> }
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
    advice: Option<Said>,
) -> impl IntoView {
    let id = field_id(field);
    let hint_id = (advice.is_some() || !hint.is_empty()).then(|| format!("{id}-hint"));
    let is_wrong = is_wrong(advice);
    let at_first = untrack(|| is_wrong().is_some());
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
            {hint_id.map(|id| view! { <Hint id hint said=advice /> })}
        </div>
    }
}

/// A choice of one of several values, with its label; `options` is HTML.
#[component]
pub(crate) fn SelectField(field: Field, options: String, hint: &'static str, said: Said) -> impl IntoView {
    let id = field_id(field);
    let hint_id = format!("{id}-hint");
    let is_wrong = is_wrong(Some(said));
    let at_first = untrack(|| is_wrong().is_some());
    view! {
        <div class="grid content-start gap-1.5">
            <label class="font-medium" for=id.clone()>
                {wording::field(field)}
            </label>
            <select
                class="select w-full max-w-none"
                id=id
                name=field.name()
                aria-describedby=hint_id.clone()
                aria-invalid=is_wrong
                autofocus=at_first
                inner_html=options
            ></select>
            <Hint id=hint_id hint=hint.to_owned() said=Some(said) />
        </div>
    }
}

/// A text input of several lines, with its label.
#[component]
pub(crate) fn AreaField(field: Field, value: String, hint: &'static str, said: Said) -> impl IntoView {
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
                aria-invalid=is_wrong(Some(said))
                inner_html=html
            ></textarea>
            <Hint id=hint_id hint=hint.to_owned() said=Some(said) />
        </div>
    }
}
