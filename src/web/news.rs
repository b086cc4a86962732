//! What the next page says of what was done on this one, where no script carries it there.

use app::LocalPath;
use http::{HeaderMap, HeaderValue};
use serde::{Deserialize, Serialize};

use super::{reply::ResponseParts, state::Web, visit::Visit};
use crate::{
    session::{Sealed, Sealer},
    store::Millis,
};

/// For how long it is worth telling, in milliseconds.
const NEWS: Millis = 60_000;

/// Words, when they were given, and for which page. They stay sealed, so that nobody else can make a page say something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct News {
    words: String,
    at: Millis,
    to: String,
}

impl Sealed for News {
    const NAME: &'static str = "super_invites_notice";
    const STAYS: bool = false;
}

/// The cookie that has the page `to` say something.
fn tell(sealer: &Sealer, words: String, to: &LocalPath, now: Millis, secure: bool) -> Option<HeaderValue> {
    sealer.seal(Some(&News { words, at: now, to: to.as_str().to_owned() }), secure)
}

/// What the page at `path` is to say by its request's headers, and the cookie that ends it.
fn told(
    sealer: &Sealer,
    headers: &HeaderMap,
    path: &LocalPath,
    now: Millis,
    secure: bool,
) -> (Option<String>, Option<HeaderValue>) {
    match sealer.open::<News>(headers, secure) {
        Some(news) if news.to == path.as_str() => {
            ((now - news.at < NEWS).then_some(news.words), sealer.seal::<News>(None, secure))
        }
        _ => (None, None),
    }
}

impl Web {
    /// The cookie that has the page `to` say something.
    pub(super) fn tell(&self, words: String, to: &LocalPath, secure: bool) -> Option<HeaderValue> {
        tell(&self.settings.sealer, words, to, (self.settings.clock)(), secure)
    }

    /// What the page of this visit is to say. It is said once, also where the page is loaded again.
    pub(super) fn told(&self, visit: &Visit, reply: &ResponseParts) -> Option<String> {
        let (sealer, now) = (&self.settings.sealer, (self.settings.clock)());
        let (words, end) = told(sealer, &visit.headers, &visit.path, now, visit.is_secure());
        reply.cookie(end);
        words
    }
}

#[cfg(test)]
mod tests {
    use http::header;

    use super::*;

    const NOW: Millis = 1_795_000_000_000;

    /// What a browser that has been given the cookie sends with its next request.
    fn sent_back(cookie: &HeaderValue) -> HeaderMap {
        let text = cookie.to_str().expect("text");
        let pair = text.split(';').next().filter(|_| !text.contains("Max-Age=0")).unwrap_or_default();
        HeaderMap::from_iter([(header::COOKIE, pair.parse().expect("a header"))])
    }

    /// What the page at `path` says so many milliseconds after something was done that leads to the list.
    fn said(path: &str, after: Millis) -> (Option<String>, Option<HeaderValue>) {
        let sealer = Sealer::of("key");
        let cookie = tell(&sealer, "Done.".to_owned(), &LocalPath::parse("/invites?q=a%20b"), NOW, true);
        let headers = sent_back(&cookie.expect("it can be sealed"));
        told(&sealer, &headers, &LocalPath::parse(path), NOW + after, true)
    }

    #[test]
    fn it_is_said_once() {
        let (words, end) = said("/invites?q=a%20b", 0);
        assert_eq!(words.as_deref(), Some("Done."));
        let headers = sent_back(&end.expect("the cookie ends"));
        let again = told(&Sealer::of("key"), &headers, &LocalPath::parse("/invites?q=a%20b"), NOW, true);
        assert_eq!(again, (None, None));
    }

    #[test]
    fn it_is_said_on_its_page_only_and_waits_for_it() {
        for path in ["/", "/invites", "/invites?q=a%20c", "/invites/abc"] {
            assert_eq!(said(path, 0), (None, None), "{path}");
        }
    }

    #[test]
    fn it_is_not_said_when_it_is_old() {
        for (after, words) in [(59_999, Some("Done.")), (60_000, None), (3_600_000, None)] {
            let (said, end) = said("/invites?q=a%20b", after);
            assert_eq!((said.as_deref(), end.is_some()), (words, true), "{after}");
        }
    }

    #[test]
    fn nobody_else_makes_a_page_say_something() {
        let path = LocalPath::parse("/invites");
        let forged = tell(&Sealer::of("another"), "Send me your password.".to_owned(), &path, NOW, true);
        let headers = sent_back(&forged.expect("it can be sealed"));
        assert_eq!(told(&Sealer::of("key"), &headers, &path, NOW, true), (None, None));
    }
}
