//! Estimating how hard a password is to guess.

use app::{Error as Refusal, Field, Problem};
use tokio::{sync::Semaphore, task::spawn_blocking};
use zxcvbn::{Score, zxcvbn};

use crate::error::{Error, Result};

/// The lowest acceptable score: a password that takes fewer than 10^6 guesses is too easy.
const WEAKEST: Score = Score::Two;

/// How many characters are evaluated: a longer password is hard to guess if its beginning is.
const LOOKED_AT: usize = 40;

/// Characters that stand for letters in passwords (zxcvbn, "l33t").
const LEET: &str = "4@8({[<369!1|70$5+%2";

/// How many different ones of these are evaluated. zxcvbn tries all combinations, so many of them would take forever.
const MOST_LEET: usize = 4;

/// How many passwords are evaluated at once: each keeps a processor busy for a millisecond.
static SCORING: Semaphore = Semaphore::const_new(2);

/// The part of a text that is evaluated: truncated, and with no more different substitutes for letters than can be
/// tried.
fn bounded(text: &str) -> String {
    let mut leet = Vec::new();
    let mut bounded = |c: char| {
        if LEET.contains(c) && !leet.contains(&c) {
            if leet.len() == MOST_LEET {
                return '\u{b7}';
            }
            leet.push(c);
        }
        c
    };
    text.chars().take(LOOKED_AT).map(&mut bounded).collect()
}

/// Refuses a password that is easy to guess for somebody who knows the texts `known`.
///
/// # Errors
/// [`Refusal::Invalid`] if it is empty, too long, or easy to guess.
pub(super) async fn check(password: &str, known: [&str; 2]) -> Result<()> {
    let invalid = |problem| Refusal::Invalid { field: Field::NewPassword, problem };
    let longest = Field::NewPassword.longest().unwrap_or(u32::MAX);
    match password.chars().count() {
        0 => return Err(invalid(Problem::Missing).into()),
        many if many > longest as usize => return Err(invalid(Problem::TooLong(longest)).into()),
        _ => {}
    }
    let (password, known) = (bounded(password), known.map(bounded));
    let _turn = SCORING.acquire().await.map_err(|_| Refusal::Internal)?;
    let scored = spawn_blocking(move || zxcvbn(&password, &[&*known[0], &*known[1]]).score());
    match scored.await {
        Ok(score) if score < WEAKEST => Err(invalid(Problem::EasyPassword).into()),
        Ok(_) => Ok(()),
        Err(error) => Err(Error::Failed(std::sync::Arc::new(error))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_that_is_easy_to_guess_is_refused() {
        for (password, problem) in [
            ("", Some(Problem::Missing)),
            ("password1", Some(Problem::EasyPassword)),
            ("P4$$w0rd", Some(Problem::EasyPassword)),
            ("12345678", Some(Problem::EasyPassword)),
            ("benbakker", Some(Problem::EasyPassword)),
            ("Ben Bakker", Some(Problem::EasyPassword)),
            (&*"x".repeat(513), Some(Problem::TooLong(512))),
            ("courgette tram lantern", None),
            ("ж3лтый-кот-на-крыше", None),
        ] {
            let refusal = match check(password, ["benbakker", "Ben Bakker"]).await {
                Err(Error::Refused(Refusal::Invalid { problem, .. })) => Some(problem),
                _ => None,
            };
            assert_eq!(refusal, problem, "{password}");
        }
    }

    #[test]
    fn few_characters_stand_for_others() {
        assert_eq!(bounded("P4$$w0rd"), "P4$$w0rd");
        assert_eq!(bounded(LEET), "4@8(················");
        assert_eq!(bounded(&"a".repeat(10_000)).len(), LOOKED_AT);
    }
}
