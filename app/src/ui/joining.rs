//! Joining what an invite leads to, with live progress: the doors of the house open, and a list says the same in words.

use leptos::prelude::*;

use super::{
    Form, FormProblem, House, Html, Sending, Shape, arrive, avatar, between,
    browser::Live,
    escaped,
    front::{Front, doors},
    house::Place,
    html::{button, drawing},
    invitation, marked,
    opened::{opened, take},
    sending, sign_out, two,
};
use crate::{Person, Progress, StepState, rpc, t, view, wording};

/// The phase of a redemption.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Not begun.
    Ahead,
    /// Running.
    UnderWay,
    /// The person is in everything.
    Done,
    /// Stopped, with something missing.
    Stopped,
}

impl Phase {
    fn of(progress: Option<&Progress>, pending: bool) -> Self {
        match progress {
            _ if pending => Self::UnderWay,
            None => Self::Ahead,
            Some(progress) if progress.complete => Self::Done,
            Some(progress) if progress.running => Self::UnderWay,
            Some(_) => Self::Stopped,
        }
    }
}

/// The progress of a redemption, from what was known when the page was made; it is followed live while it runs.
fn progress_of(code: String, redeem: Sending, before: Option<Progress>) -> RwSignal<Option<Progress>> {
    let progress = RwSignal::new(before);
    let live = StoredValue::new(None::<Live>);
    let stop = move || {
        live.try_update_value(|live| {
            if let Some(live) = live.take() {
                live.stop();
            }
        });
    };
    on_cleanup(stop);
    let pending = redeem.pending();
    Effect::new(move |_| {
        let under_way = progress.with_untracked(|progress| progress.as_ref().is_some_and(|progress| progress.running));
        if pending.get() {
            // The button that had the focus is gone.
            arrive();
        }
        if pending.get() || under_way {
            stop();
            live.set_value(Some(Live::follow(&code, move |now| {
                progress.try_update(|progress| match (now, progress) {
                    (Some(now), progress) => *progress = Some(now),
                    // They see what is missing, and can try again.
                    (None, Some(progress)) => progress.running = false,
                    (None, None) => {}
                });
            })));
        }
    });
    Effect::new(move |_| {
        if let Some(Ok(done)) = redeem.answer().map(|answer| answer.read()) {
            stop();
            progress.set(Some(done));
        }
    });
    progress
}

/// The house front and, beside it, what a visitor who is signed in can do.
#[component]
pub(crate) fn Joining(
    house: House,
    me: Person,
    /// The progress when the page was made; `None` if nothing has begun.
    before: Option<Progress>,
    /// The text of the button before anything has begun.
    call: String,
    /// The text below the button until then, as HTML.
    hint: String,
) -> impl IntoView {
    let redeem = sending::<rpc::Redeem>();
    let progress = progress_of(house.code.clone(), redeem, before);
    let pending = redeem.pending();
    let page = move || {
        let so_far = progress.get();
        let phase = Phase::of(so_far.as_ref(), pending.get());
        let so_far = so_far.unwrap_or_else(|| house.ahead.clone());
        let front = match phase {
            Phase::Ahead => invitation(&house, ""),
            _ => front(&house, &me, &so_far, phase),
        };
        let begin = |call: &str, class: &str| begin(redeem, &house.code, call, class);
        let beside = match phase {
            Phase::Ahead => {
                let class = "btn-primary btn-lg h-auto min-h-14 py-2 wrap-anywhere";
                let (begin, signed_in) = (begin(&call, class), signed_in(&me));
                between(
                    "card lift grid gap-4",
                    String::new(),
                    view! {
                        {begin}
                        {signed_in}
                    },
                    hint.clone(),
                )
            }
            Phase::UnderWay => {
                between("grid gap-4", under_way(&house.places(&so_far, true), &me), ().into_any(), String::new())
            }
            Phase::Done => {
                let (buttons, rooms) = opened(&house, &so_far);
                let (title, address, apps) = take(&house, &me);
                between("grid gap-4", buttons + &title, address, apps + &rooms)
            }
            Phase::Stopped => {
                let (buttons, rooms) = opened(&house, &so_far);
                // If somebody has to do something first, trying again at once does not help.
                let again = match so_far.may_go_on() {
                    true => begin(t!("Try again"), "btn-lg"),
                    false => begin(t!("Check again"), "btn-plain"),
                };
                between("grid gap-4", buttons + &missed(&house.places(&so_far, false)), again, rooms)
            }
        };
        two(front, view! { <FormProblem sending=redeem /> }, beside)
    };
    page.into_any()
}

/// The button that starts or continues a redemption.
fn begin(redeem: Sending, code: &str, call: &str, class: &str) -> AnyView {
    let (code, call) = (escaped(code), escaped(call));
    let html = format!(
        r#"<input type="hidden" name="code" value="{code}"><button class="btn w-full {class}" type="submit">{call}</button>"#
    );
    view! {
        <Form sending=redeem>
            <Html html />
        </Form>
    }
}

/// Says who would join, and offers to change that.
fn signed_in(me: &Person) -> AnyView {
    let (picture, id) = (avatar::person_html(me, ""), escaped(&me.user_id));
    let (signed_in, sign_out_text) = (escaped(t!("Signed in as")), escaped(t!("Sign out")));
    let html = format!(
        r#"{picture}<p class="min-w-0 flex-1 basis-40"><span class="hint block">{signed_in}</span><strong class="wrap-anywhere">{id}</strong></p><button class="btn btn-ghost btn-sm" type="submit">{sign_out_text}</button>"#
    );
    view! {
        <Form sending=sign_out() class="flex flex-wrap items-center gap-x-3 gap-y-1">
            <Html html />
        </Form>
    }
}

/// The house front once a redemption has begun.
fn front(house: &House, me: &Person, progress: &Progress, phase: Phase) -> AnyView {
    let space = house.space_of(progress);
    let places = house.places(progress, phase == Phase::UnderWay);
    let (done, all) = (places.iter().filter(|place| place.is_in()).count(), places.len());
    let picture = match &space {
        _ if phase == Phase::Done => avatar::person_html(me, ""),
        Some(space) if !house.has_picture() => avatar::room_html(space, ""),
        _ => house.face(),
    };
    let (above, title, below) = match phase {
        Phase::Done => {
            let place = space.as_ref().and_then(|space| space.name.as_deref());
            let what = wording::joined(house.title().or(place), &counted(&places));
            let name = format!("<bdi>{}</bdi>", escaped(me.first_name()));
            (picture, marked(t!("You’re in, {name}"), &[("name", &name)]), escaped(&what))
        }
        Phase::Stopped => {
            let missed = places.iter().filter(|place| matches!(place.state, StepState::Missed(_)));
            let missed: Vec<String> = missed.map(Place::title).collect();
            (picture, escaped(&t!("You’re in {done} of {all}", done, all)), escaped(&wording::missing(done, &missed)))
        }
        _ => {
            let title = escaped(house.name.as_ref().unwrap_or(&house.what));
            let above = format!(r#"{picture}<p class="by">{}</p>"#, escaped(t!("You’re joining")));
            let below = t!("{bold}{done} of {all}{end} joined", done, all);
            let below = marked(&below, &[("bold", "<b>"), ("end", "</b>")]);
            (above, title, below)
        }
    };
    let (class, doors) = (house.hue(), doors(&places));
    Front { class, above, title, below, live: true, doors, ..Front::default() }.view()
}

/// The places that the person has joined, counted.
fn counted(places: &[Place]) -> String {
    let rooms = places.iter().filter_map(|place| place.room.as_ref());
    let (spaces, rooms): (Vec<_>, Vec<_>) = rooms.partition(|room| room.space);
    let number = |rooms: Vec<_>| u32::try_from(rooms.len()).unwrap_or(u32::MAX);
    let host = places.iter().find_map(|place| place.host.as_ref());
    wording::leads_to(number(rooms), number(spaces), host.map(Person::first_name))
}

/// Everything there is to join with its state, as HTML.
fn under_way(places: &[Place], me: &Person) -> String {
    // Without scripts the page does not update by itself. An empty address is that of the current page.
    let again = button("scripted:hidden", "", "external", &escaped(t!("Show how far it is")));
    let rows: String = places.iter().map(row).collect();
    let account = done(&avatar::person_html(me, "s-sm"), &me.user_id, t!("Your account"));
    let goes_on = escaped(&wording::goes_on(&me.user_id));
    let label = escaped(t!("Progress"));
    format!(
        r#"<ol class="list" role="list" aria-label="{label}">{account}{rows}</ol><p class="alert block">{goes_on}</p>{again}"#
    )
}

fn row(place: &Place) -> String {
    let picture = match (&place.room, &place.host) {
        (Some(room), _) => avatar::room_html(room, "s-sm"),
        (_, Some(person)) => avatar::person_html(person, "s-sm"),
        _ => r#"<span class="room s-sm hue-none" aria-hidden="true"></span>"#.to_owned(),
    };
    let (class, icon, text) = match &place.state {
        StepState::In(_) => return done(&picture, &place.title(), t!("joining a room" => "Joined")),
        StepState::Missed(reason) => ("text-error", drawing(Shape::Failed), wording::reason(reason)),
        StepState::Waiting if place.now => ("", String::new(), t!("joining a room" => "Joining…").into()),
        StepState::Waiting => ("text-muted", String::new(), t!("joining a room" => "Next").into()),
    };
    line(&picture, &place.title(), class, &icon, &text)
}

/// A finished step.
fn done(picture: &str, title: &str, text: &str) -> String {
    line(picture, title, "text-success", &drawing(Shape::Done), text)
}

/// A row of the list. `picture` and `icon` are HTML.
fn line(picture: &str, title: &str, class: &str, icon: &str, text: &str) -> String {
    let (title, text) = (escaped(title), escaped(text));
    format!(
        r#"<li class="item flex-wrap justify-between">{picture}<b class="min-w-0 flex-1 basis-40 wrap-anywhere" dir="auto">{title}</b><span class="flex items-start gap-2 text-sm {class}">{icon}{text}</span></li>"#
    )
}

/// The places that the person could not join, with the reasons, as HTML.
fn missed(places: &[Place]) -> String {
    let missed = places.iter().filter_map(|place| {
        let StepState::Missed(reason) = &place.state else { return None };
        let (place, reason) = (escaped(&place.title()), escaped(&wording::reason(reason)));
        let values = [("bold", "<b>"), ("place", place.as_str()), ("end", "</b>"), ("reason", reason.as_str())];
        let text = marked(t!("{bold}{place}:{end} {reason}"), &values);
        Some([r#"<p class="alert alert-error block">"#, &text, "</p>"].concat())
    });
    missed.collect()
}
