//! Words in the language of whoever reads them.
//!
//! The English text is the key to its translations, as with GNU gettext: [`t!`](crate::t) and [`tn!`](crate::tn) take
//! it as a literal, which a test compares with the translations. The server reads those from PO files, and the
//! browser's program loads the ones of its page.

mod catalogue;
mod fill;
mod markup;

use std::{
    cell::Cell,
    future::{Future, poll_fn},
    sync::{Arc, OnceLock},
};

use leptos::prelude::{provide_context, use_context};

pub(crate) use self::markup::{escaped, marked};
pub use self::{
    catalogue::{Catalogue, Language},
    fill::{counted, filled, list},
};

/// A text in the reader's language, as `&'static str`: `t!("Sign in")`.
///
/// - With values, as [`String`]: `t!("Chat with {name}", name)`, or `t!("Chat with {name}", name = person.name())`. They
///   may be anything that can be displayed, and are put in as they are: what becomes HTML is escaped as a whole, or
///   `marked` where values are HTML themselves.
/// - A text that is translated differently from place to place has a context: `t!("an invite's state" => "Open")`.
#[macro_export]
macro_rules! t {
    ($english:literal) => {
        $crate::words::text($english, $english)
    };
    ($context:literal => $english:literal) => {
        $crate::words::text(concat!($context, "\u{4}", $english), $english)
    };
    ($english:literal, $($name:ident $(= $value:expr)?),+ $(,)?) => {
        $crate::words::filled($crate::t!($english), &[$($crate::given!($name $(= $value)?)),+])
    };
    ($context:literal => $english:literal, $($name:ident $(= $value:expr)?),+ $(,)?) => {
        $crate::words::filled($crate::t!($context => $english), &[$($crate::given!($name $(= $value)?)),+])
    };
}

/// A text about a number, in the form that belongs to it, as [`String`]: `tn!(rooms, "{n} room", "{n} rooms")`. The
/// number is a `u32`, and stands for `{n}`; more values, and a context, as for [`t!`](crate::t).
#[macro_export]
macro_rules! tn {
    ($number:expr, $one:literal, $other:literal $(, $name:ident $(= $value:expr)?)* $(,)?) => {
        $crate::words::counted($number, $one, [$one, $other], &[$($crate::given!($name $(= $value)?)),*])
    };
    ($number:expr, $context:literal => $one:literal, $other:literal $(, $name:ident $(= $value:expr)?)* $(,)?) => {
        $crate::words::counted(
            $number,
            concat!($context, "\u{4}", $one),
            [$one, $other],
            &[$($crate::given!($name $(= $value)?)),*],
        )
    };
}

/// A value with its name, for `t!` and `tn!`.
#[doc(hidden)]
#[macro_export]
macro_rules! given {
    ($name:ident) => {
        (stringify!($name), &$name as &dyn ::std::fmt::Display)
    };
    ($name:ident = $value:expr) => {
        (stringify!($name), &$value as &dyn ::std::fmt::Display)
    };
}

/// The language of the browser's page; on the server it is never set.
static PAGE: OnceLock<Language> = OnceLock::new();

thread_local! {
    /// The language of what is being done on this thread.
    static NOW: Cell<Option<Language>> = const { Cell::new(None) };
}

/// The language of the page, or of the request that is being answered; English if there is neither.
pub fn language() -> Language {
    // Leptos answers parts of a request in tasks of their own, which have the context of the request.
    let here = || NOW.get().or_else(use_context::<Language>);
    PAGE.get().copied().or_else(here).unwrap_or_default()
}

/// Makes the program in the browser speak the language of the page, given as [`Language::encoded`]; English if that is
/// empty.
pub fn speak(encoded: String) {
    PAGE.set(Language::read(encoded.leak()).unwrap_or_default()).ok();
}

/// Does something in a language.
pub fn with<T>(language: Language, work: impl FnOnce() -> T) -> T {
    /// What was spoken before, and will be again even if the work panics.
    struct Before(Option<Language>);

    impl Drop for Before {
        fn drop(&mut self) {
            NOW.set(self.0);
        }
    }

    let _before = Before(NOW.replace(Some(language)));
    work()
}

/// The same work, in a language. Tasks that it starts do not inherit the language.
pub fn speaking<F: Future>(language: Language, work: F) -> impl Future<Output = F::Output> {
    let mut work = Box::pin(work);
    poll_fn(move |context| with(language, || work.as_mut().poll(context)))
}

/// The translation of a text, or the English text. `key` is the text, after its context if it has one.
pub fn text<'a>(key: &str, english: &'a str) -> &'a str {
    language().look_up(key).unwrap_or(english)
}

/// What a page needs to know about languages.
#[derive(Debug, Clone)]
pub struct Offer {
    /// The languages to choose from.
    pub languages: Arc<[Language]>,
    /// The name of the file with the words of the page's language, if its program needs any.
    pub words: Option<String>,
    /// The query of the page's address, without the parameter that chooses a language.
    pub query: String,
}

/// The parameter in the address of a page that chooses its language.
pub const PARAMETER: &str = "lang";

/// Provides the language of the request being answered.
pub fn provide_language(language: Language) {
    provide_context(language);
}

/// Provides what the page being rendered needs to know about languages.
pub fn provide_offer(offer: Offer) {
    provide_context(offer);
}

/// What was provided by [`provide_offer`]; nothing in the browser.
pub(crate) fn offer() -> Option<Offer> {
    use_context()
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Poll, Waker};

    use super::*;

    pub(super) fn german() -> Language {
        let texts = [
            ("Sign in", &["Anmelden"][..]),
            ("state\u{4}Open", &["Offen"]),
            ("{n} room", &["{n} Raum", "{n} Räume"]),
            ("{list} and {last}", &["{list} und {last}"]),
            ("Chat with {name}", &["Chat mit {name}"]),
        ];
        let texts =
            texts.iter().map(|(key, forms)| ((*key).to_owned(), forms.iter().map(|form| (*form).to_owned()).collect()));
        let german = Catalogue { tag: "de".to_owned(), forms: String::new(), texts: texts.collect() };
        Language::read(german.encode().leak()).expect("it was encoded")
    }

    #[test]
    fn a_text_is_translated_and_otherwise_stays_english() {
        assert_eq!(t!("Sign in"), "Sign in");
        let (known, unknown, open, plain) =
            with(german(), || (t!("Sign in"), t!("Sign out"), t!("state" => "Open"), t!("Open")));
        assert_eq!((known, unknown, open, plain), ("Anmelden", "Sign out", "Offen", "Open"));
        assert_eq!(t!("Sign in"), "Sign in", "only within");
    }

    #[test]
    fn values_and_numbers_are_put_in() {
        let name = "Änne {n}";
        let said = with(german(), || {
            (t!("Chat with {name}", name), tn!(1, "{n} room", "{n} rooms"), tn!(2, "{n} room", "{n} rooms"))
        });
        assert_eq!(said, ("Chat mit Änne {n}".to_owned(), "1 Raum".to_owned(), "2 Räume".to_owned()));
        assert_eq!(tn!(1, "{n} room", "{n} rooms"), "1 room");
        assert_eq!(tn!(0, "{n} room of {whose}", "{n} rooms of {whose}", whose = name), "0 rooms of Änne {n}");
    }

    #[test]
    fn work_speaks_its_language_whenever_it_is_at_work() {
        let mut waited = false;
        let work = async {
            let before = t!("Sign in");
            poll_fn(|_| if std::mem::replace(&mut waited, true) { Poll::Ready(()) } else { Poll::Pending }).await;
            [before, t!("Sign in")]
        };
        let mut work = Box::pin(speaking(german(), work));
        let mut context = Context::from_waker(Waker::noop());
        assert!(work.as_mut().poll(&mut context).is_pending());
        assert_eq!(t!("Sign in"), "Sign in", "meanwhile the thread does something else");
        assert_eq!(work.as_mut().poll(&mut context), Poll::Ready(["Anmelden", "Anmelden"]));
    }
}
