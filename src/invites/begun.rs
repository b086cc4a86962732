//! Attempts at new accounts that have begun, so that whoever repeats one goes on with it. They are in the memory of this process and, for whichever
//! instance gets the next request, in a sealed cookie of the person's own browser.

use std::time::Duration;

use moka::{Entry, sync::Cache};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::{Mutex, MutexGuard};

use crate::{
    clock::Clock,
    homeserver::Mail,
    session::{Purpose, Sealer},
    store::Millis,
};

/// How long an attempt is remembered, so that it can be repeated.
pub const ATTEMPT_KEPT: Duration = Duration::from_secs(15 * 60);

/// How many are.
const MOST_KNOWN: u64 = 10_000;

/// How many attempts may begin at once; identical ones begin one after the other.
const TURNS: usize = 64;

/// How far the clocks of two instances may differ, in milliseconds.
const SKEW: Millis = 60_000;

/// What is known of an attempt that has begun.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BegunAttempt {
    /// Which attempt it is ([`BrowserMemory::key`]).
    key: String,
    /// The homeserver's registration session.
    pub(super) session: String,
    /// The validation of the email address, if one was asked for.
    pub(super) validation: Option<Validation>,
    /// How often more has become known of it, and when that was the last time.
    steps: u32,
    at: Millis,
}

/// The validation of an email address, by a message with a link (Matrix specification, Client-Server API, "Adding Account Administrative Contact
/// Information").
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Validation {
    pub(super) to: String,
    /// Known before the homeserver is asked, so that asking again after a lost answer is about the same message.
    pub(super) secret: String,
    /// How often it was sent for certain, and what the homeserver answered the last time and when.
    pub(super) times: u32,
    pub(super) sent: Option<(Mail, Millis)>,
}

/// What the browser of somebody who creates an account keeps of that between two requests.
pub struct BrowserMemory<'a> {
    /// Makes the keys of attempts, which are the same for all instances.
    pub sealer: &'a Sealer,
    /// The attempt that it has kept; after a request, the one that it should keep.
    pub attempt: Option<BegunAttempt>,
}

impl BrowserMemory<'_> {
    /// Identifies an attempt, so that repeating it can be recognised, by a keyed hash: whoever knows the password goes on with it, also with another
    /// email address and from another network. A new session would need another place of the registration token.
    pub(super) fn key(&self, code: &str, name: &str, password: &str) -> String {
        self.sealer.mark(Purpose::NewAccount, &json!([code, name, password]).to_string())
    }
}

/// The attempts that this process knows of.
pub(super) struct Begun {
    attempts: Cache<String, BegunAttempt>,
    turns: [Mutex<()>; TURNS],
    clock: Clock,
}

impl Begun {
    pub(super) fn new(clock: Clock) -> Self {
        let attempts = Cache::builder().max_capacity(MOST_KNOWN).time_to_live(ATTEMPT_KEPT).build();
        Self { attempts, turns: std::array::from_fn(|_| Mutex::new(())), clock }
    }

    pub(super) fn get(&self, key: &str) -> Option<BegunAttempt> {
        self.attempts.get(key)
    }

    /// Waits until nobody else is at the beginning of this attempt, or has a message sent for it.
    pub(super) async fn turn(&self, key: &str) -> MutexGuard<'_, ()> {
        let hash = key.bytes().fold(0_usize, |hash, byte| hash.wrapping_mul(31).wrapping_add(usize::from(byte)));
        self.turns[hash % TURNS].lock().await
    }

    /// Takes over what a browser has kept of this attempt, if another instance has gone on with it.
    pub(super) fn recall(&self, key: &str, kept: Option<&BegunAttempt>) {
        let longest = Millis::try_from(ATTEMPT_KEPT.as_millis()).unwrap_or(Millis::MAX);
        let now = (self.clock)();
        let fits = |kept: &&BegunAttempt| kept.key == key && (-SKEW..=longest).contains(&now.saturating_sub(kept.at));
        let Some(kept) = kept.filter(fits) else { return };
        self.change(key, |known| match known {
            Some(known) if known.steps >= kept.steps => known,
            _ => kept.clone(),
        });
    }

    /// Notes in which session the homeserver knows an attempt.
    pub(super) fn note_session(&self, key: &str, session: &str) {
        self.change(key, |known| {
            let validation = known.as_ref().and_then(|known| known.validation.clone());
            self.next(key, known.as_ref(), session, validation)
        });
    }

    /// Notes the validation of the email address of an attempt in this session.
    pub(super) fn note_validation(&self, key: &str, session: &str, validation: Validation) {
        self.change(key, |known| self.next(key, known.as_ref(), session, Some(validation)));
    }

    /// What comes after what was known.
    fn next(
        &self,
        key: &str,
        known: Option<&BegunAttempt>,
        session: &str,
        validation: Option<Validation>,
    ) -> BegunAttempt {
        let steps = known.map_or(0, |known| known.steps).saturating_add(1);
        BegunAttempt { key: key.to_owned(), session: session.to_owned(), validation, steps, at: (self.clock)() }
    }

    /// Changes what is known of an attempt, while nobody else does.
    fn change(&self, key: &str, change: impl FnOnce(Option<BegunAttempt>) -> BegunAttempt) {
        self.attempts.entry_by_ref(key).and_upsert_with(|known| change(known.map(Entry::into_value)));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    };

    use super::*;
    use crate::{chance::Chance, config::SqlUrl, store::Store};

    fn begun(now: &Arc<AtomicI64>) -> Begun {
        let now = Arc::clone(now);
        Begun::new(Arc::new(move || now.load(Ordering::Relaxed)))
    }

    fn validation(to: &str) -> Validation {
        Validation { to: to.to_owned(), secret: "secret".to_owned(), times: 0, sent: None }
    }

    async fn sealer(key: &str) -> Sealer {
        let store = Store::open(&SqlUrl::SqliteMemory).await.expect("a database");
        Sealer::new(Some(key.to_owned().into()), &store.keys, &Chance::system()).await.expect("a key")
    }

    #[tokio::test]
    async fn an_attempt_has_the_same_key_at_every_instance_and_nobody_can_tell_from_what() {
        let sealers = [sealer("one").await, sealer("one").await, sealer("another").await];
        let [here, there, elsewhere] = sealers.each_ref().map(|sealer| BrowserMemory { sealer, attempt: None });
        let key = here.key("code", "ben", "password");
        assert_eq!(key, there.key("code", "ben", "password"));
        assert_ne!(key, elsewhere.key("code", "ben", "password"));
        for (code, name, password) in [
            ("code", "ben", "other"),
            ("code", "anna", "password"),
            ("other", "ben", "password"),
            ("code", "benp", "assword"),
        ] {
            assert_ne!(key, here.key(code, name, password));
        }
        assert!(!key.contains("password"), "{key}");
    }

    #[test]
    fn an_instance_goes_on_where_another_one_has_stopped() {
        let now = Arc::new(AtomicI64::new(1_000_000));
        let (one, two) = (begun(&now), begun(&now));
        one.note_session("key", "session");
        let kept = one.get("key");
        two.recall("key", kept.as_ref());
        assert_eq!(two.get("key").map(|known| known.session).as_deref(), Some("session"));
        two.note_validation("key", "session", validation("ben@example.org"));
        // Back at the first one, which knows of no message yet.
        one.recall("key", two.get("key").as_ref());
        assert!(one.get("key") == two.get("key"));
        // A browser that sends an older cookie again takes nothing away.
        one.recall("key", kept.as_ref());
        assert!(one.get("key").is_some_and(|known| known.validation.is_some()));
    }

    #[test]
    fn of_another_attempt_or_after_a_quarter_of_an_hour_nothing_is_taken_over() {
        let now = Arc::new(AtomicI64::new(1_000_000));
        let (one, two) = (begun(&now), begun(&now));
        one.note_session("key", "session");
        let kept = one.get("key");
        two.recall("another", kept.as_ref());
        assert!(two.get("another").is_none() && two.get("key").is_none());
        now.fetch_add(15 * 60_000 + 1, Ordering::Relaxed);
        two.recall("key", kept.as_ref());
        assert!(two.get("key").is_none());
        now.fetch_sub(1, Ordering::Relaxed);
        two.recall("key", kept.as_ref());
        assert!(two.get("key").is_some());
    }
}
