//! The state that the steps of a redemption share.

use std::{future::Future, time::Duration};

use app::Reason;
use tokio::time::{Instant, sleep};

use crate::{
    homeserver::{Actor, Error, Membership, Result},
    store::Came,
};

/// How long to wait for a homeserver that limits the rate without saying for how long.
const USUAL_WAIT: Duration = Duration::from_secs(1);

/// How many characters of the homeserver's messages are kept.
const LONGEST_WORDS: usize = 500;

/// The state that the steps of a redemption share.
pub(super) struct Journey {
    pub(super) code: String,
    /// The invite's owner, acted for.
    pub(super) owner: Actor,
    /// The redeemer, acted for.
    pub(super) redeemer: Actor,
    /// Until when rate limits of the homeserver are waited out.
    pub(super) patience: Instant,
    /// Whether the redeemer ignores the owner, so that no invitation reaches them.
    pub(super) ignored: bool,
    /// Whether the redeemer is shadow-banned: the homeserver only pretends to carry out their requests.
    pub(super) shadow_banned: bool,
}

impl Journey {
    /// Repeats a request while the homeserver's rate limit asks for that, until [`Self::patience`] ends.
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

/// Treats a room whose state the homeserver does not reveal as one they are not in.
pub(super) fn seen(membership: Result<Membership>) -> Result<Membership> {
    match membership {
        Err(error) if error.is_judgement() => Ok(Membership::Outside),
        membership => membership,
    }
}

/// The outcome for somebody who is not in, and whom trying again would not help as things are.
pub(super) fn missed(reason: Reason, errcode: &str) -> Came {
    Came::Missed { reason, errcode: errcode.to_owned(), again: false }
}

/// A reason in the homeserver's own words, in a form that can be stored and displayed: PostgreSQL's texts cannot
/// contain NUL.
pub(super) fn said(words: &str) -> Reason {
    Reason::Said(words.chars().filter(|c| *c != '\0').take(LONGEST_WORDS).collect())
}
