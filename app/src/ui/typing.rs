//! What is said of a form while it is filled in.

use std::time::Duration;

use leptos::{ev::Event, leptos_dom::helpers::TimeoutHandle, prelude::*, wasm_bindgen::JsCast, web_sys};

use super::{
    field::Said,
    form::{Sending, body, focus_wrong, sending, wrong},
};
use crate::{AccountAdvice, Advice, Field, wire::Question};

/// Feedback on a form while it is being filled in, from a server function that gets the whole form and answers with an
/// [`AccountAdvice`].
#[derive(Clone, Copy)]
pub(crate) struct Typing {
    asking: Sending,
    /// The submission of the form itself.
    form: Sending,
    /// Whether something was typed after the form was last sent.
    since: RwSignal<bool>,
    /// Whether nothing was typed after feedback was last asked for.
    quiet: RwSignal<bool>,
    /// The body of the next question.
    next: StoredValue<Option<String>>,
    timer: StoredValue<Option<TimeoutHandle>>,
}

impl Typing {
    /// How long typing has to pause before feedback is asked for.
    const PAUSE: Duration = Duration::from_millis(400);

    pub(crate) fn new<Q: Question>(form: Sending) -> Self {
        let (since, quiet) = (RwSignal::new(false), RwSignal::new(true));
        let (next, timer) = (StoredValue::new(None), StoredValue::new(None::<TimeoutHandle>));
        let typing = Self { asking: sending::<Q>(), form, since, quiet, next, timer };
        focus_wrong(form);
        Effect::new(move |_| {
            if form.answer().is_some() {
                since.set(false);
            }
        });
        let pending = typing.asking.pending();
        Effect::new(move |_| {
            if !pending.get() {
                typing.ask();
            }
        });
        on_cleanup(move || typing.stop());
        typing
    }

    fn stop(self) {
        if let Some(timer) = self.timer.try_get_value().flatten() {
            timer.clear();
        }
    }

    /// Sends the next question, one at a time, so that no answer can arrive after a newer one.
    fn ask(self) {
        if !self.asking.pending().get_untracked()
            && let Some(body) = self.next.try_update_value(Option::take).flatten()
        {
            self.quiet.set(true);
            self.asking.dispatch(body);
        }
    }

    pub(super) fn typed(self, event: &Event) {
        let field = event.target().and_then(|field| field.dyn_into::<web_sys::HtmlInputElement>().ok());
        let Some(body) = field.and_then(|field| field.form()).and_then(|form| body(&form)) else { return };
        self.since.set(true);
        self.quiet.set(false);
        self.next.set_value(Some(body));
        self.stop();
        self.timer.set_value(set_timeout_with_handle(move || self.ask(), Self::PAUSE).ok());
    }

    /// The feedback on one field: the error from the last submission until something is typed, then the advice.
    pub(crate) fn advice(self, field: Field, of: fn(AccountAdvice) -> Option<Advice>) -> Said {
        let (wrong, pending) = (wrong(self.form, field), self.asking.pending());
        Memo::new(move |_| {
            if self.since.get() {
                let is_new = self.quiet.get() && !pending.get();
                return self.asking.answer().filter(|_| is_new).and_then(|answer| answer.read().ok()).and_then(of);
            }
            wrong.get()
        })
    }
}
