//! Joining what an invite leads to, as it happens: the doors of the house open, and a list says the same.

use leptos::prelude::*;

use super::{
    Doors, Form, FormProblem, Front, House, Icon, Opened, PersonAvatar, RoomAvatar, Sending, Shape, Submit, Take,
    arrive, browser::Live, escaped, house::Place, invitation, sending,
};
use crate::{Person, Progress, StepState, rpc, view, wording};

/// How far it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Nobody has begun.
    Ahead,
    /// It goes on.
    UnderWay,
    /// They are in everything.
    Done,
    /// It has stopped, and something is missing.
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

/// How far a redemption is, from what is known when the page is made to its end; it is followed while it goes on.
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
            // The button is gone, and the focus with it.
            arrive();
        }
        if pending.get() || under_way {
            stop();
            live.set_value(Live::follow(&code, move |now| {
                progress.try_set(Some(now));
            }));
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

/// The house front and, beside it, what somebody who is signed in can do.
#[component]
pub(crate) fn Joining(
    house: House,
    me: Person,
    /// How far it was when the page was made; nothing if it has not begun.
    before: Option<Progress>,
    /// What the button says at first.
    call: String,
    /// What stands below the button until then.
    children: ChildrenFn,
) -> impl IntoView {
    let redeem = sending::<rpc::Redeem>();
    let progress = progress_of(house.code.clone(), redeem, before);
    let pending = redeem.pending();
    let phase = Memo::new(move |_| progress.with(|progress| Phase::of(progress.as_ref(), pending.get())));
    let ahead = house.ahead.clone();
    let so_far = Signal::derive(move || progress.get().unwrap_or_else(|| ahead.clone()));
    let (front, beside) = ((house.clone(), me.clone()), (house, me));
    view! {
        <div class="two">
            {move || {
                let (house, me) = front.clone();
                match phase.get() {
                    Phase::Ahead => invitation(&house, None),
                    phase => view! { <Progressing house me progress=so_far.get() phase /> },
                }
            }}
            <div class="grid content-start gap-4">
                <FormProblem sending=redeem />
                {move || {
                    let (house, me) = beside.clone();
                    match phase.get() {
                        Phase::Ahead => {
                            view! {
                                <div class="card lift grid gap-4">
                                    <Begin redeem code=house.code call=call.clone() />
                                    {children()}
                                </div>
                            }
                        }
                        Phase::UnderWay => view! { <UnderWay places=house.places(&so_far.get(), true) me /> },
                        Phase::Done => view! { <Opened house progress=so_far.get() next=view! { <Take me /> } /> },
                        Phase::Stopped => view! { <Stopped house progress=so_far.get() redeem /> },
                    }
                }}
            </div>
        </div>
    }
}

#[component]
fn UnderWay(places: Vec<Place>, me: Person) -> impl IntoView {
    view! {
        <List places />
        <p class="alert block">{wording::goes_on(&me.user_id)}</p>
        // Without a script nothing here changes by itself. An empty address is this page.
        <a class="btn scripted:hidden" href="" rel="external">
            "Show how far it is"
        </a>
    }
}

#[component]
fn Stopped(house: House, progress: Progress, redeem: Sending) -> impl IntoView {
    let code = house.code.clone();
    let missed = house.places(&progress, false).into_iter().filter_map(|place| match &place.state {
        StepState::Missed(reason) => {
            let why = format!("<b>{}:</b> {}", escaped(&place.title()), escaped(&wording::reason(reason)));
            Some(view! { <p class="alert alert-error block" inner_html=why></p> })
        }
        _ => None,
    });
    let missed = missed.collect_view();
    // Where somebody has to do something first, trying at once is no use.
    let (call, class) = match progress.may_go_on() {
        true => ("Try again", "btn btn-lg w-full"),
        false => ("Check again", "btn btn-plain w-full"),
    };
    view! {
        <Opened house progress next=missed.into_any() />
        <Begin redeem code call=call.to_owned() class />
    }
}

/// The button that begins, or goes on.
#[component]
fn Begin(
    redeem: Sending,
    code: String,
    call: String,
    #[prop(default = "btn btn-primary btn-lg h-auto min-h-14 w-full py-2 wrap-anywhere")] class: &'static str,
) -> impl IntoView {
    view! {
        <Form sending=redeem>
            <input type="hidden" name="code" value=code />
            <Submit sending=redeem class>
                {call}
            </Submit>
        </Form>
    }
}

/// The front once somebody has begun.
#[component]
fn Progressing(house: House, me: Person, progress: Progress, phase: Phase) -> impl IntoView {
    let space = house.space_of(&progress);
    let places = house.places(&progress, phase == Phase::UnderWay);
    let (done, all) = (places.iter().filter(|place| place.is_in()).count(), places.len());
    let missed = places.iter().filter(|place| matches!(place.state, StepState::Missed(_)));
    let missed: Vec<String> = missed.map(Place::title).collect();
    let picture = match space.clone() {
        _ if phase == Phase::Done => view! { <PersonAvatar person=me.clone() /> },
        Some(room) => view! { <RoomAvatar room class="" /> },
        None => view! { <PersonAvatar person=house.inviter /> },
    };
    let (above, title, below) = match phase {
        Phase::Done => {
            let what = wording::joined(space.and_then(|space| space.name).as_deref(), &counted(&places));
            (String::new(), format!("You’re in, <bdi>{}</bdi>", escaped(me.first_name())), escaped(&what))
        }
        Phase::Stopped => {
            (String::new(), format!("You’re in {done} of {all}"), escaped(&wording::missing(done, &missed)))
        }
        _ => {
            let title = escaped(&house.name.unwrap_or(house.what));
            ("You’re joining".to_owned(), title, format!("<b>{done} of {all}</b> joined"))
        }
    };
    view! { <Front class=house.hue picture above title below live=true doors=view! { <Doors places /> } /> }
}

/// What somebody is in, counted.
fn counted(places: &[Place]) -> String {
    let rooms = places.iter().filter_map(|place| place.room.as_ref());
    let (spaces, rooms): (Vec<_>, Vec<_>) = rooms.partition(|room| room.space);
    let number = |rooms: Vec<_>| u32::try_from(rooms.len()).unwrap_or(u32::MAX);
    let host = places.iter().find_map(|place| place.host.as_ref());
    wording::leads_to(number(rooms), number(spaces), host.map(Person::first_name))
}

/// What there is to join, with what has come of each.
#[component]
fn List(places: Vec<Place>) -> impl IntoView {
    view! {
        <ol class="list" role="list" aria-label="Progress">
            {places.into_iter().map(|place| view! { <Row place /> }).collect_view()}
        </ol>
    }
}

#[component]
fn Row(place: Place) -> impl IntoView {
    let title = place.title();
    let Place { room, host, state, now, .. } = place;
    let picture = match (room, host) {
        (Some(room), _) => view! { <RoomAvatar room /> },
        (_, Some(person)) => view! { <PersonAvatar person class="s-sm" /> },
        _ => view! { <span class="room s-sm hue-none" aria-hidden="true"></span> },
    };
    let (class, icon, text) = match state {
        StepState::In(_) => ("text-success", Some(Shape::Done), "Joined".to_owned()),
        StepState::Missed(reason) => ("text-error", Some(Shape::Failed), wording::reason(&reason).into_owned()),
        StepState::Waiting if now => ("", None, "Joining…".to_owned()),
        StepState::Waiting => ("text-muted", None, "Next".to_owned()),
    };
    let class = format!("flex items-start gap-2 text-sm {class}");
    view! {
        <li class="item flex-wrap justify-between">
            {picture}
            <span class="min-w-0 flex-1 basis-40 font-semibold wrap-anywhere" dir="auto">
                {title}
            </span>
            <span class=class>{icon.map(|shape| view! { <Icon shape class="size-5" /> })} {text}</span>
        </li>
    }
}
