//! Attempts to create an account, which the person's browser keeps: whichever instance gets the next request goes on with them.

use std::time::Duration;

use app::AccountForm;

use super::Site;
use crate::{
    error::Result,
    invites::{ATTEMPT_KEPT, BegunAttempt, BrowserMemory},
    session::{Sealed, Session},
};

impl Sealed for BegunAttempt {
    const NAME: &'static str = "super_invites_account";
    const STAYS: bool = false;
    const ENDS_AFTER: Option<Duration> = Some(ATTEMPT_KEPT);
}

impl Site {
    /// Opens an account, or goes on with that, and has the browser keep how far it is.
    pub(super) async fn open_account(&self, code: &str, form: AccountForm) -> Result<Session> {
        let (sealer, secure) = (&self.web.settings.sealer, self.visit.is_secure());
        let kept: Option<BegunAttempt> = sealer.open(&self.visit.headers, secure);
        let mut browser = BrowserMemory { sealer, attempt: kept.clone() };
        let opened = self.web.invites.guest.create_account(code, form, &self.visit.origin, &mut browser).await;
        if browser.attempt != kept {
            self.reply.cookie(sealer.seal(browser.attempt.as_ref(), secure));
        }
        Ok(opened?.into())
    }
}
