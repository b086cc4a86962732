//! How a program takes over a page that the server has rendered.

use std::{cell::RefCell, rc::Rc, time::Duration};

use any_spawner::{CustomExecutor, Executor, PinnedFuture, PinnedLocalFuture};
use leptos::{
    mount::hydrate_body,
    prelude::{IntoView, set_timeout, window},
};
use wasm_bindgen_futures::spawn_local;

use crate::words;

/// Takes over the page with one of the programs, [`crate::ForGuests`] or [`crate::ForMembers`]. `words` are those of the
/// page's language ([`words::Language::encoded`]), which are empty for English.
pub fn take_over<V: IntoView + 'static>(words: String, program: impl FnOnce() -> V + 'static) {
    console_error_panic_hook::set_once();
    words::speak(words);
    let waiting = Rc::new(RefCell::new(Some(Vec::new())));
    Executor::init_local_custom_executor(Tasks { waiting: waiting.clone() }).ok();
    hydrate_body(program);
    let rest = move || {
        waiting.take().into_iter().flatten().for_each(spawn_local);
        // So that browsers' developer tools show when the page became interactive (W3C, User Timing).
        if let Some(performance) = window().performance() {
            performance.mark("hydrated").ok();
        }
    };
    set_timeout(rest, Duration::ZERO);
}

/// Runs the futures of the pages. What hydrating spawns, effects above all, waits until it is done: in one go both would keep a slow phone
/// from responding for twice as long.
struct Tasks {
    /// Those that wait; `None` once the page is hydrated.
    waiting: Rc<RefCell<Option<Vec<PinnedLocalFuture<()>>>>>,
}

impl CustomExecutor for Tasks {
    fn spawn(&self, future: PinnedFuture<()>) {
        self.spawn_local(future);
    }

    fn spawn_local(&self, future: PinnedLocalFuture<()>) {
        match &mut *self.waiting.borrow_mut() {
            Some(waiting) => waiting.push(future),
            None => spawn_local(future),
        }
    }

    fn poll_local(&self) {}
}
