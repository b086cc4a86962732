//! Times: shown and entered in the visitor's time zone where scripts run, and in UTC, with a note, where they do not.

use leptos::{html, prelude::*};

use super::{
    browser::{local_field, local_text, utc_field},
    field::{Hint, Said, field_id, is_wrong},
    text::moment,
};
use crate::{Field, utc_text, view, wording};

/// A point in time, to the minute.
#[component]
pub(crate) fn Moment(at: i64) -> impl IntoView {
    let node = NodeRef::<html::Time>::new();
    Effect::new(move |_| {
        if let Some(node) = node.get() {
            node.set_text_content(Some(&local_text(at)));
        }
    });
    view! {
        <time node_ref=node datetime=format!("{}Z", utc_text(at)) class="whitespace-nowrap">
            {moment(at)}
        </time>
    }
}

/// A time field that may stay empty. `value` and the submitted value are UTC.
#[component]
pub(crate) fn TimeField(field: Field, value: String, hint: String, said: Said) -> impl IntoView {
    let id = field_id(field);
    let hint_id = format!("{id}-hint");
    let (shown, sent) = (NodeRef::<html::Input>::new(), NodeRef::<html::Input>::new());
    // From now on the visible field is in local time, and a hidden field with UTC is submitted.
    Effect::new(move |_| {
        if let (Some(shown), Some(sent)) = (shown.get(), sent.get()) {
            sent.set_value(&shown.value());
            sent.set_disabled(false);
            shown.remove_attribute("name").ok();
            shown.set_value(&local_field(&shown.value()));
        }
    });
    let change = move |_| {
        if let (Some(shown), Some(sent)) = (shown.get(), sent.get()) {
            sent.set_value(&utc_field(&shown.value()));
        }
    };
    view! {
        <div class="grid content-start gap-1.5">
            <label class="font-medium" for=id.clone()>
                {wording::field(field)}
                <span class="font-normal text-muted scripted:hidden">" (UTC)"</span>
            </label>
            <input
                node_ref=shown
                class="input w-full"
                id=id
                name=field.name()
                type="datetime-local"
                value=value.clone()
                aria-describedby=hint_id.clone()
                aria-invalid=is_wrong(Some(said))
                on:input=change
            />
            <input node_ref=sent type="hidden" name=field.name() value=value disabled=true />
            <Hint id=hint_id hint said=Some(said) />
        </div>
    }
}
