//! The form for creating and changing an invite.

use leptos::prelude::*;

use super::{AreaField, Form, FormProblem, Submit, TextField, TimeField, go_on, last_post, picker::Picker, sending};
use crate::{
    Allowed, Field, InviteDetail, InviteForm, Rooms, Terms, rpc, view,
    wording::{self, count},
};

/// What stands in the form at first.
fn start(editing: Option<&InviteDetail>, allowed: &Allowed) -> InviteForm {
    if let Some(posted) = last_post::<rpc::Save>() {
        return InviteForm::filled_in(&posted);
    }
    InviteForm::of(match editing {
        None => Terms::usual(allowed.usual),
        Some(detail) => detail.card.invite.terms.clone(),
    })
}

/// The form.
#[component]
pub(crate) fn Editor(rooms: Rooms, editing: Option<InviteDetail>) -> impl IntoView {
    let save = sending::<rpc::Save>();
    go_on(save, || ());
    let start = start(editing.as_ref(), &rooms.allowed);
    let refusal = rooms.allowed.refusal.clone().filter(|_| editing.is_none());
    let ticked = RwSignal::new(start.rooms.len());
    let before = editing.iter().flat_map(|detail| detail.card.rooms.clone()).collect();
    let code = editing.as_ref().map(|detail| detail.card.invite.code.clone());
    let came = editing.as_ref().map_or(0, |detail| detail.card.invite.came);
    view! {
        <Form sending=save class="grid gap-8">
            {code.clone().map(|code| view! { <input type="hidden" name="form[editing]" value=code /> })}
            {(came > 0)
                .then(|| {
                    view! {
                        <p class="alert alert-info">
                            {format!(
                                "{} joined with this invite already. They stay where they are: what you change here is for \
                                 those who join next, and for those who try again because something was missing.",
                                if came == 1 { "One person".to_owned() } else { format!("{came} people") },
                            )}
                        </p>
                    }
                })}
            {refusal.map(|refusal| view! { <p class="alert alert-warning">{refusal.words}</p> })}
            <Picker choices=rooms.choices before ticked=start.rooms count=ticked />
            <Extras chat=start.chat show_rooms=start.show_rooms registration=rooms.opens_accounts.then_some(start.registration) />
            <LimitFields
                max_uses=start.max_uses
                not_before=start.not_before
                expires_at=start.expires_at
                welcome=start.welcome
                allowed=rooms.allowed.clone()
            />
            <fieldset class="grid gap-4 sm:grid-cols-2">
                <legend class="mb-3">
                    <h2>"Name and code"</h2>
                </legend>
                <TextField
                    field=Field::Label
                    value=start.label
                    hint="Only you see it. “Summer party”, say.".to_owned()
                />
                {match code {
                    Some(code) => {
                        view! {
                            <p class="grid content-start gap-1.5">
                                <span class="font-medium">"Code"</span>
                                <code class="py-2 font-mono wrap-anywhere">{code}</code>
                            </p>
                        }
                    }
                    None if !rooms.allowed.chosen_codes => view! { <p>"The code is chosen for you: nobody can guess it."</p> },
                    None => {
                        view! {
                            <TextField
                                field=Field::Code
                                value=start.code
                                hint="Leave it empty for one that nobody can guess. Letters, digits and . _ ~ - are fine.".to_owned()
                            />
                        }
                    }
                }}
            </fieldset>
            <div class="sticky bottom-0 z-2 -mx-4 grid gap-3 border-t border-base-300 bg-base-100 px-4 py-4 sm:mx-0 sm:rounded-t-box sm:border-x">
                <FormProblem sending=save />
                <div class="flex items-center gap-4">
                    <Submit sending=save class="btn btn-primary btn-lg whitespace-nowrap max-sm:flex-1">
                        {if editing.is_some() { "Save" } else { "Create invite" }}
                    </Submit>
                    <p class="text-muted" aria-live="polite">
                        {move || match ticked.get() {
                            0 => "No rooms selected".to_owned(),
                            some => count(u32::try_from(some).unwrap_or(u32::MAX), "room") + " selected",
                        }}
                    </p>
                </div>
            </div>
        </Form>
    }
}

/// How many people, from when to when, and what they are told.
#[component]
fn LimitFields(
    max_uses: String,
    not_before: String,
    expires_at: String,
    welcome: String,
    allowed: Allowed,
) -> impl IntoView {
    view! {
        <fieldset class="grid gap-4">
            <legend class="mb-3">
                <h2>"Limits"</h2>
            </legend>
            <div class="grid gap-4 sm:grid-cols-3">
                <TextField
                    field=Field::MaxUses
                    kind="number"
                    least="1"
                    value=max_uses
                    hint=uses_hint(allowed.max_uses)
                />
                <TimeField
                    field=Field::NotBefore
                    value=not_before
                    hint="Immediately if empty.".to_owned()
                />
                <TimeField
                    field=Field::ExpiresAt
                    value=expires_at
                    hint=end_hint(allowed.max_days)
                />
            </div>
            <AreaField
                field=Field::Welcome
                value=welcome
                hint="A few words for everybody who opens the link."
            />
        </fieldset>
    }
}

fn uses_hint(most: Option<u32>) -> String {
    match most {
        None => "Unlimited if empty.".to_owned(),
        Some(most) => format!("Here at most {most}."),
    }
}

fn end_hint(days: Option<u32>) -> String {
    match days {
        None => "Never if empty.".to_owned(),
        Some(days) => format!("Here after {} at the latest.", count(days, "day")),
    }
}

/// What an invite can do besides leading into rooms. `registration` is nothing where codes open no accounts.
#[component]
fn Extras(chat: bool, show_rooms: bool, registration: Option<bool>) -> impl IntoView {
    view! {
        <fieldset class="grid gap-3">
            <legend class="mb-3"><h2>"Options"</h2></legend>
            <Switch
                field=Field::Chat
                on=chat
                text="Everybody who joins gets an encrypted chat with you."
            />
            <Switch
                field=Field::ShowRooms
                on=show_rooms
                text="Whoever has the link sees them before they join. Otherwise only how many there are."
            />
            {registration
                .map(|on| {
                    view! {
                        <input type="hidden" name="form[asks_registration]" value="true" />
                        <Switch
                            field=Field::Registration
                            on=on
                            text="Whoever has no account here can create one with this code."
                        />
                    }
                })}
        </fieldset>
    }
}

#[component]
fn Switch(field: Field, on: bool, text: &'static str) -> impl IntoView {
    view! {
        <label class="flex cursor-pointer items-start gap-4 rounded-field px-3 py-2 hover:bg-base-100">
            <input class="toggle toggle-primary mt-0.5" type="checkbox" name=field.name() value="true" checked=on />
            <span>
                <span class="block font-medium">{wording::field(field).to_owned()}</span>
                <span class="block hint">{text.to_owned()}</span>
            </span>
        </label>
    }
}
