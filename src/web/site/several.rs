//! Telling an owner, on the next page that they see, what became of their invites. It is said once, and not again when that page is
//! reloaded: so it is in a cookie and not in an address.

use app::Done;
use serde::{Deserialize, Serialize};

use super::Site;
use crate::{session::Sealed, store::Millis, web::news::NEWS};

/// What was done, and when.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct JustDone {
    done: Done,
    at: Millis,
}

impl Sealed for JustDone {
    const NAME: &'static str = "super_invites_done";
    const STAYS: bool = false;
}

impl Site {
    /// Keeps what was done for the next page.
    pub(super) fn say_done(&self, done: Done) {
        let done = JustDone { done, at: (self.web.settings.clock)() };
        self.reply.cookie(self.web.settings.sealer.seal(Some(&done), self.visit.is_secure()));
    }

    /// What was done a moment ago, if that was not told yet.
    pub(super) fn just_done(&self) -> Option<Done> {
        let (sealer, secure) = (&self.web.settings.sealer, self.visit.is_secure());
        let JustDone { done, at } = sealer.open(&self.visit.headers, secure)?;
        self.reply.cookie(sealer.seal::<JustDone>(None, secure));
        ((self.web.settings.clock)() - at < NEWS).then_some(done)
    }
}
