//! Data that a page loads from the server: on the server, while the page is rendered, and embedded in it; again in the
//! browser when the query or the visitor changes.

use std::{marker::PhantomData, sync::Arc, time::Duration};

use leptos::{prelude::*, server::codee::string::FromToStringCodec};
use serde::de::DeserializeOwned;

use super::{Failure, Visits};
use crate::{
    Told, t, view,
    wire::{Answer, Asked, Question, ask, body},
};

/// How long a page that waits for the homeserver waits before it asks again.
const RELOAD_AFTER: Duration = Duration::from_secs(5);

/// Data that is loaded from the server.
pub(crate) struct Loaded<T> {
    answer: Resource<Answer, FromToStringCodec>,
    given: PhantomData<fn() -> T>,
}

impl<T> Clone for Loaded<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Loaded<T> {}

pub(crate) fn load<Q: Question>(question: impl Fn() -> Q + Send + Sync + 'static) -> Loaded<Q::Output> {
    let question = Arc::new(question);
    let asks = Arc::clone(&question);
    let answer = resource(
        Box::new(move || body(&question())),
        Box::new(move |body| {
            let asks = Arc::clone(&asks);
            ask(move || untrack(|| asks()), body)
        }),
    );
    Loaded { answer, given: PhantomData }
}

type Body = Box<dyn Fn() -> String + Send + Sync>;
type Ask = Box<dyn Fn(String) -> Asked + Send + Sync>;

fn resource(body: Body, ask: Ask) -> Resource<Answer, FromToStringCodec> {
    let visits = expect_context::<Visits>();
    Resource::new_str_blocking(move || (visits.now(), body()), move |(_, body)| ask(body))
}

/// Shows the loaded data, or the error.
pub(crate) fn show<T: DeserializeOwned + 'static>(
    loaded: Loaded<T>,
    view: impl Fn(T) -> AnyView + Send + Sync + 'static,
) -> AnyView {
    show_either(loaded, view, failure)
}

fn failure(error: Told) -> AnyView {
    view! { <Failure error /> }
}

/// Shows the loaded data, or something else in place of the error.
pub(crate) fn show_either<T: DeserializeOwned + 'static>(
    loaded: Loaded<T>,
    view: impl Fn(T) -> AnyView + Send + Sync + 'static,
    otherwise: fn(Told) -> AnyView,
) -> AnyView {
    let view = move |answer: Answer| match answer.read() {
        Ok(given) => view(given),
        Err(error) => otherwise(error),
    };
    let view: Arc<dyn Fn(Answer) -> AnyView + Send + Sync> = Arc::new(view);
    let answer = loaded.answer;
    view! {
        <Transition fallback=Waiting>
            {move || {
                let view = Arc::clone(&view);
                Suspend::new(async move { view(answer.await) })
            }}
        </Transition>
    }
}

/// Loads everything on the page again after a while, if this part of it is still shown then.
pub(crate) fn look_again() {
    let visits = expect_context::<Visits>();
    Effect::new(move |_| {
        let timer = set_timeout_with_handle(move || visits.another(), RELOAD_AFTER);
        on_cleanup(move || {
            if let Ok(timer) = timer {
                timer.clear();
            }
        });
    });
}

#[component]
fn Waiting() -> impl IntoView {
    view! {
        <p class="py-16 text-center" role="status">
            <span class="loading loading-dots loading-lg"></span>
            <span class="sr-only">{t!("Loading")}</span>
        </p>
    }
}
