//! What the next page says of what was done on this one, where no script carries it there.

use app::{LocalPath, Notice};
use http::HeaderValue;
use serde::{Deserialize, Serialize};

use super::{reply::ResponseParts, state::Web, visit::Visit};
use crate::{session::Sealed, store::Millis};

/// For how long it is worth telling, in milliseconds.
pub(super) const NEWS: Millis = 60_000;

/// A notice, when it was given, and for which page. It stays sealed, so that nobody else can make a page say something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct News {
    notice: Notice,
    at: Millis,
    to: String,
}

impl Sealed for News {
    const NAME: &'static str = "super_invites_notice";
    const STAYS: bool = false;
}

impl Web {
    /// The cookie that has the page `to` say something.
    pub(super) fn tell(&self, notice: Notice, to: &LocalPath, secure: bool) -> Option<HeaderValue> {
        let news = News { notice, at: (self.settings.clock)(), to: to.as_str().to_owned() };
        self.settings.sealer.seal(Some(&news), secure)
    }

    /// What the page of this visit is to say. It is said once, also where the page is loaded again.
    pub(super) fn told(&self, visit: &Visit, reply: &ResponseParts) -> Option<Notice> {
        let (sealer, secure) = (&self.settings.sealer, visit.is_secure());
        let News { notice, at, to } = sealer.open(&visit.headers, secure)?;
        if to != visit.path.as_str() {
            return None;
        }
        reply.cookie(sealer.seal::<News>(None, secure));
        ((self.settings.clock)() - at < NEWS).then_some(notice)
    }
}
