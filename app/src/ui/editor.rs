//! The form for making and changing an invite.

use leptos::prelude::*;

use super::{
    Form, FormProblem, Submit, TextField, count, go_on, last_post,
    picker::{Picker, ROOMS},
    sending,
};
use crate::{InviteDetail, LONGEST_LABEL, Registration, Rooms, rpc, view};

/// What stands in the form at first.
#[derive(Clone, Default)]
struct Start {
    label: String,
    code: String,
    rooms: Vec<String>,
    chat: bool,
    show_rooms: bool,
    registration: bool,
}

impl Start {
    fn new(editing: Option<&InviteDetail>) -> Self {
        if let Some(posted) = last_post::<rpc::Save>() {
            let text = |name| posted.field(name).unwrap_or_default().to_owned();
            let rooms = posted.fields.iter().filter(|(name, _)| name == ROOMS).map(|(_, room)| room.clone());
            return Self {
                label: text("form[label]"),
                code: text("form[code]"),
                rooms: rooms.collect(),
                chat: posted.is_ticked("form[chat]", "true"),
                show_rooms: posted.is_ticked("form[show_rooms]", "true"),
                registration: posted.is_ticked("form[registration]", "true"),
            };
        }
        match editing {
            None => Self { registration: true, ..Self::default() },
            Some(detail) => {
                let invite = &detail.card.invite;
                Self {
                    label: invite.label.clone().unwrap_or_default(),
                    code: String::new(),
                    rooms: invite.rooms.clone(),
                    chat: invite.chat,
                    show_rooms: invite.show_rooms,
                    registration: detail.registration != Registration::NotRequested,
                }
            }
        }
    }
}

/// The form.
#[component]
pub(crate) fn Editor(rooms: Rooms, editing: Option<InviteDetail>) -> impl IntoView {
    let save = sending::<rpc::Save>();
    go_on(save, || ());
    let start = Start::new(editing.as_ref());
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
                        <p class="alert alert-info alert-soft text-base-content">
                            {format!(
                                "{} came with this invite already. They stay where they are: what you change here is for \
                                 those who come next, and for those who redeem it again because something was missing.",
                                if came == 1 { "One person".to_owned() } else { format!("{came} people") },
                            )}
                        </p>
                    }
                })}
            <Picker choices=rooms.choices before ticked=start.rooms count=ticked />
            <Extras chat=start.chat show_rooms=start.show_rooms registration=rooms.opens_accounts.then_some(start.registration) />
            <fieldset class="grid gap-4 sm:grid-cols-2">
                <legend class="mb-3 text-xl font-semibold"><h2>"Name and code"</h2></legend>
                <TextField
                    label="Name for yourself"
                    name="form[label]"
                    value=start.label
                    longest=LONGEST_LABEL
                    hint="Only you see it. “Summer party”, say."
                />
                {match code {
                    Some(code) => {
                        view! {
                            <p class="grid content-start gap-1.5">
                                <span class="font-medium">"Code"</span>
                                <code class="py-2 font-mono break-all">{code}</code>
                            </p>
                        }
                    }
                    None => {
                        view! {
                            <TextField
                                label="Code of your own"
                                name="form[code]"
                                value=start.code
                                longest=64
                                hint="Leave it empty for one that nobody can guess. Letters, digits and . _ ~ - are fine."
                            />
                        }
                    }
                }}
            </fieldset>
            <div class="sticky bottom-0 -mx-4 grid gap-3 border-t border-base-300 bg-base-100 px-4 py-4 sm:mx-0 sm:px-0">
                <FormProblem sending=save />
                <div class="flex items-center gap-4">
                    <Submit sending=save class="btn btn-primary btn-lg whitespace-nowrap max-sm:flex-1">
                        {if editing.is_some() { "Save" } else { "Make the invite" }}
                    </Submit>
                    <p class="text-base-content/80" aria-live="polite">
                        {move || match ticked.get() {
                            0 => "No room yet".to_owned(),
                            some => count(u32::try_from(some).unwrap_or(u32::MAX), "room") + " chosen",
                        }}
                    </p>
                </div>
            </div>
        </Form>
    }
}

/// What an invite can do besides leading into rooms. `registration` is nothing where codes open no accounts.
#[component]
fn Extras(chat: bool, show_rooms: bool, registration: Option<bool>) -> impl IntoView {
    view! {
        <fieldset class="grid gap-3">
            <legend class="mb-3 text-xl font-semibold"><h2>"What comes with it"</h2></legend>
            <Switch
                name="form[chat]"
                on=chat
                title="A direct chat with you"
                text="Everybody who comes gets an encrypted chat with you."
            />
            <Switch
                name="form[show_rooms]"
                on=show_rooms
                title="Show the names of the rooms"
                text="Whoever has the link sees them before they join. Otherwise only how many there are."
            />
            {registration
                .map(|on| {
                    view! {
                        <input type="hidden" name="form[asks_registration]" value="true" />
                        <Switch
                            name="form[registration]"
                            on=on
                            title="Open accounts"
                            text="Whoever has no account here can make one with this code."
                        />
                    }
                })}
        </fieldset>
    }
}

#[component]
fn Switch(name: &'static str, on: bool, title: &'static str, text: &'static str) -> impl IntoView {
    view! {
        <label class="flex cursor-pointer items-start gap-4 rounded-field px-3 py-2 hover:bg-base-200">
            <input class="toggle toggle-primary mt-0.5" type="checkbox" name=name value="true" checked=on />
            <span>
                <span class="block font-medium">{title}</span>
                <span class="block text-sm text-base-content/80">{text}</span>
            </span>
        </label>
    }
}
