//! The form for making and changing an invite: name, rooms, how long and for how many; everything else is folded.

use leptos::prelude::*;

use super::{
    Form, FormProblem, Html, Submit, TimeField,
    beside::{Held, known},
    browser::forget,
    escaped,
    field::{AreaField, Said, SelectField, TextField},
    form::{Sending, focus_wrong, wrong},
    go_on, last_post,
    picker::Picker,
    sending,
};
use crate::{
    Allowed, ENDS, FOR_HOW_MANY, Field, InviteDetail, InviteForm, OWN, Room, RoomChoice, Rooms, WITHOUT_END, rpc, t,
    tn, view, wording,
};

/// What the form shows at first, and whether all of it is unfolded: what was typed must be seen.
fn start(editing: Option<&InviteDetail>, begun: Option<InviteForm>, new: InviteForm) -> (InviteForm, bool) {
    if let Some(posted) = last_post::<rpc::Save>() {
        return (InviteForm::filled_in(&posted.fields), true);
    }
    match editing {
        None => {
            let form = begun.unwrap_or(new);
            let unfolded = form.says_more();
            (form, unfolded)
        }
        Some(detail) => (InviteForm::of(detail.card.invite.terms.clone()), true),
    }
}

#[component]
pub(crate) fn Editor(
    rooms: Rooms,
    editing: Option<InviteDetail>,
    /// What somebody has begun to fill in.
    #[prop(default = None)]
    begun: Option<InviteForm>,
) -> impl IntoView {
    let (save, new) = (sending::<rpc::Save>(), editing.is_none());
    go_on(save, move || {
        if new {
            forget();
        }
    });
    focus_wrong(save);
    let (start, unfolded) = start(editing.as_ref(), begun, rooms.start);
    let refusal = rooms.allowed.refusal.clone().filter(|_| new);
    let before: Vec<Room> = editing.iter().flat_map(|detail| detail.card.rooms.clone()).collect();
    let held = Held::new(start.clone(), known(&rooms.choices, &before), rooms.me);
    let code = editing.as_ref().map(|detail| detail.card.invite.code.clone());
    let came = editing.as_ref().map_or(0, |detail| detail.card.invite.came);
    let age = editing.as_ref().map(|detail| detail.now - detail.card.invite.created_at);
    let registration = rooms.opens_accounts.then_some(start.registration);
    let pictures = pictures(&rooms.choices, &start.picture);
    view! {
        <Form sending=save class="lg:grid lg:grid-cols-[minmax(0,1fr)_20rem] lg:items-start lg:gap-10">
            <div class="grid min-w-0 gap-8">
                {code.clone().map(|code| view! { <input type="hidden" name="form[editing]" value=code /> })}
                <Html html=notes(came, refusal.map(|refusal| refusal.words)) />
                <div class="contents" on:input=move |_| held.read(new) on:click=move |_| held.read(new)>
                    <TextField
                        field=Field::Label
                        value=start.label.clone()
                        hint=t!("Optional. Only you see it. “Summer party”, say.").to_owned()
                        advice=wrong(save, Field::Label)
                    />
                    <Picker choices=rooms.choices before ticked=start.rooms.clone() new />
                    <LimitFields save start=start.clone() allowed=rooms.allowed.clone() age />
                    <details class="fold list" open=unfolded>
                        <summary>{t!("More options")}</summary>
                        <More save start registration code pictures chosen_codes=rooms.allowed.chosen_codes />
                    </details>
                </div> <Bar save summary=held.summary new />
            </div>
            {held.view()}
        </Form>
    }
}

/// What the invite will do, and the button that makes it so.
#[component]
fn Bar(save: Sending, summary: Memo<String>, new: bool) -> impl IntoView {
    view! {
        <div class="sticky bottom-0 z-2 -mx-4 grid gap-3 border-t border-base-300 bg-base-100 px-4 py-4 sm:mx-0 sm:rounded-t-box sm:border-x">
            <FormProblem sending=save at_fields=true />
            <div class="grid gap-3 sm:flex sm:items-center">
                <p class="flex-1" aria-live="polite">
                    {summary}
                </p>
                <Submit sending=save class="btn btn-primary btn-lg">
                    {if new { t!("Create invite") } else { t!("Save") }}
                </Submit>
            </div>
        </div>
    }
}

/// What there is to know before anything is changed, as HTML.
fn notes(came: u32, refusal: Option<String>) -> String {
    let came = match came {
        0 => None,
        1 => Some(t!("One person joined with this invite already.").to_owned()),
        _ => Some(tn!(
            came,
            "{n} person joined with this invite already.",
            "{n} people joined with this invite already."
        )),
    };
    let came = came.map(|came| {
        let stay = t!(
            "They stay where they are: what you change here is for those who join next, and for those who try again because something was missing."
        );
        format!(r#"<p class="alert alert-info">{} {}</p>"#, escaped(&came), escaped(stay))
    });
    let refusal = refusal.map(|words| format!(r#"<p class="alert alert-warning">{}</p>"#, escaped(&words)));
    came.into_iter().chain(refusal).collect()
}

/// Choices of which one is taken, as HTML: the one for a value in the field where the server's rules no longer have the chosen one.
fn chips(name: &str, choices: &[String], chosen: &str, text: fn(&str) -> String) -> String {
    let chosen = if choices.iter().any(|choice| choice == chosen) { chosen } else { OWN };
    let chips = choices.iter().map(|choice| {
        let class = if choice == OWN { " class=\"own\"" } else { "" };
        let checked = if choice == chosen { " checked" } else { "" };
        format!(
            r#"<label class="chip"><input type="radio" name="{name}" value="{choice}"{class}{checked}><span>{}</span></label>"#,
            escaped(&text(choice))
        )
    });
    chips.collect()
}

fn lasts(choice: &str) -> String {
    match choice.parse() {
        Ok(days) => tn!(days, "{n} day", "{n} days"),
        Err(_) if choice == OWN => t!("A date…").to_owned(),
        Err(_) => t!("when an invite ends" => "Never").to_owned(),
    }
}

fn places(choice: &str) -> String {
    match choice {
        OWN => t!("a number" => "Other…").to_owned(),
        WITHOUT_END => t!("places" => "Unlimited").to_owned(),
        number => number.to_owned(),
    }
}

/// The rooms whose picture can be shown to everybody, spaces first, as HTML; empty if none has one.
fn pictures(choices: &[RoomChoice], chosen: &str) -> String {
    let with_one = |space: bool| {
        let rooms = choices.iter().map(|choice| &choice.room);
        rooms.filter(move |room| room.space == space && (room.avatar_url.is_some() || room.id == chosen))
    };
    let option = |room: &Room| {
        let selected = if room.id == chosen { " selected" } else { "" };
        let (id, name) = (escaped(&room.id), escaped(wording::room(room)));
        format!(r#"<option value="{id}"{selected}>{name}</option>"#)
    };
    let options: String = with_one(true).chain(with_one(false)).map(option).collect();
    match options.is_empty() {
        true => options,
        false => format!(r#"<option value="">{}</option>{options}"#, escaped(t!("a picture" => "None"))),
    }
}

/// How long it lasts and for how many people it is. The fields for values of one's own are shown where these are chosen.
#[component]
fn LimitFields(save: Sending, start: InviteForm, allowed: Allowed, age: Option<i64>) -> impl IntoView {
    let ends = chips(ENDS, &allowed.lasts(age), &start.ends, lasts);
    let many = chips(FOR_HOW_MANY, &allowed.places(), &start.places, places);
    view! {
        <section class="grid gap-4">
            <h2>{t!("Limits")}</h2>
            <fieldset class="choice">
                <legend>{t!("Ends after")}</legend>
                <Html class="chips" html=ends />
                <TimeField
                    field=Field::ExpiresAt
                    value=start.expires_at
                    hint=end_hint(allowed.max_days)
                    said=wrong(save, Field::ExpiresAt)
                />
            </fieldset>
            <fieldset class="choice">
                <legend>{t!("Places")}</legend>
                <Html class="chips" html=many />
                <TextField
                    field=Field::MaxUses
                    kind="number"
                    least="1"
                    value=start.max_uses
                    hint=uses_hint(allowed.max_uses)
                    advice=wrong(save, Field::MaxUses)
                />
            </fieldset>
        </section>
    }
}

fn uses_hint(most: Option<u32>) -> String {
    match most {
        None => t!("Unlimited if empty.").to_owned(),
        Some(most) => t!("Here at most {n}.", n = most),
    }
}

fn end_hint(days: Option<u32>) -> String {
    match days {
        None => t!("Never if empty.").to_owned(),
        Some(days) => tn!(days, "Here after {n} day at the latest.", "Here after {n} days at the latest."),
    }
}

/// What few think of. `registration` is `None` where codes open no accounts, `code` the code of an invite that is changed.
#[component]
fn More(
    save: Sending,
    start: InviteForm,
    registration: Option<bool>,
    code: Option<String>,
    /// The pictures to choose from, as HTML.
    pictures: String,
    chosen_codes: bool,
) -> impl IntoView {
    let said = |field| -> Said { wrong(save, field) };
    view! {
        <div class="grid gap-4 p-4">
            <PublicFields save title=start.public_title pictures welcome=start.welcome />
            <Switch field=Field::Chat on=start.chat text=t!("Everyone who joins also gets a direct chat with you.") />
            <Switch
                field=Field::ShowRooms
                on=start.show_rooms
                text=t!("Anyone with the link sees them, and how many members they have, before they join.")
            />
            {registration
                .map(|on| {
                    view! {
                        <input type="hidden" name="form[asks_registration]" value="true" />
                        <Switch
                            field=Field::Registration
                            on
                            text=t!("Whoever has no account here can create one with this code.")
                        />
                    }
                })}
            <div class="grid gap-4 sm:grid-cols-2">
                {match code {
                    Some(code) => {
                        let code = format!(
                            r#"<span class="font-medium">{}</span><code class="py-2 font-mono wrap-anywhere">{}</code>"#,
                            escaped(t!("Code")),
                            escaped(&code),
                        );
                        view! { <Html class="grid content-start gap-1.5" html=code /> }.into_any()
                    }
                    None if !chosen_codes => ().into_any(),
                    None => {
                        view! {
                            <TextField
                                field=Field::Code
                                value=start.code
                                hint=t!(
                                    "Optional. Letters, digits and . _ ~ - are fine; without one of your own nobody can guess it."
                                )
                                    .to_owned()
                                advice=said(Field::Code)
                            />
                        }
                            .into_any()
                    }
                }}
                <TimeField
                    field=Field::NotBefore
                    value=start.not_before
                    hint=t!("Immediately if empty.").to_owned()
                    said=said(Field::NotBefore)
                />
            </div>
        </div>
    }
}

/// What everybody sees who has the link, even where the names of the rooms are hidden.
#[component]
fn PublicFields(save: Sending, title: String, pictures: String, welcome: String) -> impl IntoView {
    let picture = (!pictures.is_empty()).then(|| {
        view! {
            <SelectField
                field=Field::Picture
                options=pictures
                hint=t!("Of one of the selected rooms. Everyone with the link sees it, even if room names are hidden.")
                said=wrong(save, Field::Picture)
            />
        }
    });
    view! {
        <TextField
            field=Field::PublicTitle
            value=title
            hint=t!("Optional. The heading for everyone with the link, even if room names are hidden.").to_owned()
            advice=wrong(save, Field::PublicTitle)
        />
        {picture}
        <AreaField
            field=Field::Welcome
            value=welcome
            hint=t!("Shown to everyone who opens the link.")
            said=wrong(save, Field::Welcome)
        />
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
