//! Addresses of pages, parameters of the current one, and the result of a form posted to it.

use leptos::prelude::*;
use leptos_router::{
    NavigateOptions,
    hooks::{use_location, use_navigate, use_params_map},
};
use url::form_urlencoded;

use crate::{Posted, backend::Mount, is_for_members};

/// The result of the form that was posted to this page, until another page is shown.
#[derive(Clone, Copy)]
pub(crate) struct LastPost(StoredValue<Option<Posted>>);

impl LastPost {
    pub(crate) fn new(posted: Option<Posted>) -> Self {
        Self(StoredValue::new(posted))
    }

    pub(crate) fn get(self) -> Option<Posted> {
        self.0.get_value()
    }

    pub(crate) fn forget(self) {
        self.0.set_value(None);
    }
}

/// What the page says once of what was done, here or on the page before.
#[derive(Clone, Copy)]
pub(crate) struct Notices {
    shown: RwSignal<Option<String>>,
    /// What the next page says.
    next: StoredValue<Option<String>>,
}

impl Notices {
    pub(crate) fn new(first: Option<String>) -> Self {
        Self { shown: RwSignal::new(first), next: StoredValue::new(None) }
    }

    /// What this page says, as a tracked signal.
    pub(crate) fn shown(self) -> Option<String> {
        self.shown.get()
    }

    /// Has this page say something.
    pub(crate) fn say(self, notice: String) {
        self.shown.set(Some(notice));
    }

    /// Has the next page say this.
    pub(crate) fn leave(self, notice: Option<String>) {
        self.next.set_value(notice);
    }

    /// Says on the page that is shown now what was left for it.
    pub(crate) fn arrive(self) {
        self.shown.set(self.next.try_update_value(Option::take).flatten());
    }
}

/// The address of a page within the site, wherever the pages are mounted.
pub(crate) fn href(path: &str) -> String {
    let base = use_context::<Mount>().map_or("", |mount| mount.base);
    format!("{base}{path}")
}

/// The absolute address of a page, to be shared.
pub(crate) fn address(path: &str) -> String {
    let site = use_context::<Mount>().map(|mount| mount.site).unwrap_or_default();
    site + &href(path)
}

/// A parameter of the current page's path.
pub(crate) fn parameter(name: &'static str) -> Memo<String> {
    let all = use_params_map();
    Memo::new(move |_| all.with(|all| all.get(name)).unwrap_or_default())
}

/// The parameters of the current page's query, in order. The router's own map decodes their values twice.
pub(crate) fn queries() -> Memo<Vec<(String, String)>> {
    let search = use_location().search;
    Memo::new(move |_| search.with(|search| form_urlencoded::parse(search.as_bytes()).into_owned().collect()))
}

/// The value of a parameter, the last one of that name; empty if there is none.
pub(crate) fn value_of(queries: &[(String, String)], name: &str) -> String {
    queries.iter().rfind(|(known, _)| known == name).map(|(_, value)| value.clone()).unwrap_or_default()
}

/// A parameter of the current page's query.
pub(crate) fn query(name: &'static str) -> Memo<String> {
    let all = queries();
    Memo::new(move |_| all.with(|all| value_of(all, name)))
}

/// What leads to another page, by its path: within this program, or by loading the page if it belongs to the other one.
pub(crate) fn lead() -> impl Fn(&str, NavigateOptions) {
    let (navigate, here, base) = (use_navigate(), use_location().pathname, href(""));
    move |path: &str, options: NavigateOptions| {
        let here = here.get_untracked();
        if is_for_members(here.strip_prefix(&base).unwrap_or(&here)) == is_for_members(path) {
            return navigate(path, options);
        }
        let (location, address) = (location(), format!("{base}{path}"));
        let left = if options.replace { location.replace(&address) } else { location.assign(&address) };
        // Only an address that cannot be parsed is refused, and all of ours can.
        left.ok();
    }
}
