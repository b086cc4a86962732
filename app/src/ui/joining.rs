//! A redemption, room by room, as it happens.

use leptos::prelude::*;

use super::{Form, FormProblem, Icon, RoomAvatar, Shape, Submit, browser::Live, sending};
use crate::{Progress, RoomLinks, Step, StepState, rpc, view, wording};

/// The button that redeems an invite, and how far it has come.
#[component]
pub(crate) fn Joining(
    code: String,
    /// How far it was when the page was made; nothing if it has not begun.
    before: Option<Progress>,
    /// What the button says at first.
    call: String,
    children: Children,
) -> impl IntoView {
    let redeem = sending::<rpc::Redeem>();
    let progress = RwSignal::new(before);
    let live = StoredValue::new(None::<Live>);
    let stop = move || {
        live.try_update_value(|live| {
            if let Some(live) = live.take() {
                live.stop();
            }
        });
    };
    let follow = {
        let code = code.clone();
        move || {
            stop();
            live.set_value(Live::follow(&code, move |now| {
                progress.try_set(Some(now));
            }));
        }
    };
    on_cleanup(stop);
    let pending = redeem.pending();
    Effect::new(move |_| {
        let under_way = progress.with_untracked(|progress| progress.as_ref().is_some_and(|progress| progress.running));
        if pending.get() || under_way {
            follow();
        }
    });
    Effect::new(move |_| {
        if let Some(Ok(done)) = redeem.answer().map(|answer| answer.read()) {
            stop();
            progress.set(Some(done));
        }
    });
    let begun = Memo::new(move |_| pending.get() || progress.with(Option::is_some));
    let idle = Memo::new(move |_| {
        let at_rest = |progress: &Option<Progress>| progress.as_ref().is_none_or(|now| !now.running && !now.complete);
        !pending.get() && progress.with(at_rest)
    });
    view! {
        <div class:hidden=move || begun.get()>{children()}</div>
        <div role="status" aria-live="polite" class="empty:hidden">
            {move || begun.get().then(|| view! { <Headline progress=progress.get().unwrap_or_default() pending=pending.get() /> })}
        </div>
        {move || progress.get().map(|progress| view! { <Steps steps=progress.steps /> })}
        <FormProblem sending=redeem />
        <div class:hidden=move || !idle.get()>
            <Form sending=redeem class="grid">
                <input type="hidden" name="code" value=code />
                <Submit sending=redeem class="btn btn-primary btn-lg h-auto min-h-14 py-2 text-balance">
                    {move || if begun.get() { "Try again".to_owned() } else { call.clone() }}
                </Submit>
            </Form>
        </div>
    }
}

/// Where it stands, in a line.
#[component]
fn Headline(progress: Progress, pending: bool) -> impl IntoView {
    let (done, all) = (progress.done(), progress.steps.len());
    let (title, text) = if progress.complete {
        ("You are in!", "Open what you like below. Your own app shows all of it as well.".to_owned())
    } else if pending || progress.running {
        ("Joining …", format!("{done} of {all}. You can close this page: it goes on."))
    } else if progress.has_missed() {
        ("Not everything worked.", format!("You are in {done} of {all}. Trying again does only what is missing."))
    } else {
        ("Not done yet.", format!("You are in {done} of {all}. It goes on where it stopped."))
    };
    view! {
        <h2 class="text-2xl font-bold tracking-tight">{title}</h2>
        <p class="mt-1 text-base-content/80">{text}</p>
    }
}

#[component]
fn Steps(steps: Vec<Step>) -> impl IntoView {
    view! {
        <ol class="grid gap-2" aria-label="Rooms">
            {steps.into_iter().zip(1..).map(|(step, number)| view! { <OneStep step number /> }).collect_view()}
        </ol>
    }
}

#[component]
fn OneStep(step: Step, number: usize) -> impl IntoView {
    let title = match (&step.room, step.chat) {
        (Some(room), _) => wording::room(room).to_owned(),
        (None, true) => "Direct chat".to_owned(),
        (None, false) => format!("Room {number}"),
    };
    let picture = match (step.room, step.chat) {
        (Some(room), _) => view! { <RoomAvatar room /> },
        (None, chat) => view! {
            <span class="grid size-9 shrink-0 place-items-center rounded-xl bg-base-300">
                <Icon shape=if chat { Shape::Chat } else { Shape::Room } />
            </span>
        },
    };
    let (state, links) = match step.state {
        StepState::Waiting => (view! { <span class="text-sm text-base-content/80">"Waiting"</span> }, None),
        StepState::In(links) => {
            let state = view! {
                <span class="flex items-center gap-1 text-sm font-medium text-success">
                    <Icon shape=Shape::Done class="size-4" />
                    "Joined"
                </span>
            };
            (state, Some(links))
        }
        StepState::Missed(reason) => {
            let state = view! {
                <span class="flex items-start gap-1 text-sm text-error">
                    <Icon shape=Shape::Failed class="mt-0.5 size-4" />
                    {wording::reason(&reason).into_owned()}
                </span>
            };
            (state, None)
        }
    };
    view! {
        <li class="grid gap-2 rounded-field bg-base-200 px-3 py-2.5">
            <div class="flex items-center gap-3">
                {picture}
                <div class="min-w-0 flex-1">
                    <p class="truncate font-medium">{title.clone()}</p>
                    {state}
                </div>
                {links.map(|links| view! { <Open links title /> })}
            </div>
        </li>
    }
}

/// The ways into a room: whatever app the system knows, and those that it may not know.
#[component]
fn Open(links: RoomLinks, title: String) -> impl IntoView {
    let RoomLinks { app, matrix_to, acter, element } = links;
    let others = [("Acter", Some(acter)), ("Element", element), ("matrix.to", Some(matrix_to))];
    let others = others.into_iter().filter_map(|(name, address)| {
        let label = format!("Open {title} in {name}");
        address.map(|address| {
            view! {
                <a class="btn btn-ghost btn-sm justify-start" href=address rel="external noreferrer" aria-label=label>
                    {name}
                </a>
            }
        })
    });
    let others = others.collect_view();
    view! {
        <a class="btn btn-sm border-base-300 bg-base-100" href=app rel="external noreferrer" aria-label=format!("Open {title} in your app")>
            "Open"
        </a>
        <details class="dropdown dropdown-end">
            <summary class="btn btn-square btn-sm border-base-300 bg-base-100" aria-label=format!("Other ways to open {title}")>
                <Icon shape=Shape::More class="size-4" />
            </summary>
            <div class="dropdown-content z-10 mt-1 grid w-36 gap-1 rounded-box border border-base-300 bg-base-100 p-2 shadow-lg">
                {others}
            </div>
        </details>
    }
}
