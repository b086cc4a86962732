//! What the steps of one redemption share.

use std::{future::Future, time::Duration};

use app::Reason;
use tokio::time::{Instant, sleep};

use crate::{
    homeserver::{Actor, Error, Membership, Result},
    store::Came,
};

/// How long a homeserver that gives no time wants to be left alone.
const USUAL_WAIT: Duration = Duration::from_secs(1);

/// How many characters of the homeserver's own words are kept.
const LONGEST_WORDS: usize = 500;

/// Everything that the steps of one redemption share.
pub(super) struct Journey {
    pub(super) code: String,
    /// Whose invite it is, acted for.
    pub(super) owner: Actor,
    /// Who redeems, acted for.
    pub(super) redeemer: Actor,
    /// Until when the homeserver's limits are waited out.
    pub(super) patience: Instant,
    /// Whether the redeemer ignores the owner, so that no invitation reaches them.
    pub(super) ignored: bool,
    /// Whether the homeserver pretends to the redeemer that all works.
    pub(super) shadow_banned: bool,
}

impl Journey {
    /// Asks again while the homeserver's own limit says to wait, as long as there is patience.
    pub(super) async fn patiently<T, F: Future<Output = Result<T>>>(&self, mut ask: impl FnMut() -> F) -> Result<T> {
        loop {
            match ask().await {
                Err(Error::Refused(refusal)) if refusal.errcode == "M_LIMIT_EXCEEDED" => {
                    let wait = refusal.retry_after.unwrap_or(USUAL_WAIT);
                    if Instant::now() + wait > self.patience {
                        return Err(Error::Refused(refusal));
                    }
                    sleep(wait).await;
                }
                answer => return answer,
            }
        }
    }
}

/// A room of which the homeserver shows nothing is one they are not in.
pub(super) fn seen(membership: Result<Membership>) -> Result<Membership> {
    match membership {
        Err(error) if error.is_judgement() => Ok(Membership::Outside),
        membership => membership,
    }
}

/// They are not in, and redeeming again as things are brings them no further.
pub(super) fn missed(reason: Reason, errcode: &str) -> Came {
    Came::Missed { reason, errcode: errcode.to_owned(), again: false }
}

/// The homeserver's own words, as a table can hold and a page can show them: PostgreSQL has no text with NUL in it.
pub(super) fn said(words: &str) -> Reason {
    Reason::Said(words.chars().filter(|c| *c != '\0').take(LONGEST_WORDS).collect())
}
