//! Codes: the secret texts of invites.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use url::{Position, Url};

use super::{Field, Problem};
use crate::{Error, Result};

/// The letters of generated codes: no `0`/`o`, no `1`/`i`/`l`, one case, so that a code survives being read aloud.
pub const CODE_ALPHABET: &[u8; 31] = b"abcdefghjkmnpqrstuvwxyz23456789";

/// The longest registration token that Synapse accepts, in characters.
pub(super) const LONGEST_CODE: u32 = 64;

/// How many letters of [`CODE_ALPHABET`] it takes to carry 128 bits: 26 × log₂ 31 = 128.8.
const GENERATED_LENGTH: usize = 26;

/// The secret text of an invite, legal as a Matrix registration token: 1 to 64 characters of `A-Z a-z 0-9 . _ ~ -`
/// (Matrix specification, Client-Server API, "Token-authenticated registration").
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Code(String);

impl Code {
    /// Parses a code that a person chose.
    ///
    /// # Errors
    /// [`Error::Invalid`], saying what is allowed.
    pub fn parse(text: &str) -> Result<Self> {
        let legal = |c: char| c.is_ascii_alphanumeric() || "._~-".contains(c);
        if text.is_empty() || text.len() > LONGEST_CODE as usize || !text.chars().all(legal) {
            return Err(Error::Invalid { field: Field::Code, problem: Problem::IllegalCode(LONGEST_CODE) });
        }
        Ok(Self(text.to_owned()))
    }

    /// A code that exists already, which is not checked: the Python module allowed any text.
    pub fn known(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// Generates a new code. `random` fills the slice that it is given with random bytes.
    ///
    /// # Errors
    /// Whatever `random` fails with.
    pub fn generate<E>(mut random: impl FnMut(&mut [u8]) -> Result<(), E>) -> Result<Self, E> {
        let letters = CODE_ALPHABET.len();
        // Larger bytes are dropped: taken modulo 31 they would make the first letters likelier than the others.
        let fair = u8::MAX - u8::MAX % 31;
        let mut code = String::with_capacity(GENERATED_LENGTH);
        while code.len() < GENERATED_LENGTH {
            let mut bytes = [0; GENERATED_LENGTH];
            random(&mut bytes)?;
            let missing = GENERATED_LENGTH - code.len();
            let drawn = bytes.iter().filter(|byte| **byte < fair);
            code.extend(drawn.take(missing).map(|byte| char::from(CODE_ALPHABET[usize::from(*byte) % letters])));
        }
        Ok(Self(code))
    }

    /// The code as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a code looks like one that [`Self::generate`] made. Any other was chosen by a person, so others can
    /// guess it.
    pub fn looks_generated(code: &str) -> bool {
        let different = CODE_ALPHABET.iter().filter(|letter| code.as_bytes().contains(letter)).count();
        code.len() == GENERATED_LENGTH && code.bytes().all(|byte| CODE_ALPHABET.contains(&byte)) && different >= 8
    }

    /// Enough of a code to tell it from others in a list or a log, but not enough to use it.
    pub fn masked(code: &str) -> String {
        let shown = (code.chars().count() / 4).min(4);
        code.chars().take(shown).chain(['…']).collect()
    }
}

impl From<Code> for String {
    fn from(code: Code) -> Self {
        code.0
    }
}

/// Extracts the code from what people paste and cameras read: the code itself, a link to a landing page
/// (`https://…/i/CODE`), an `acter:i/SERVER/CODE?…` address, or a share link that carries one behind its `#`. Any other
/// text is returned unchanged, with its spaces: the Python module has made codes that begin or end with spaces.
pub fn code_in(text: &str) -> Cow<'_, str> {
    in_link(text.trim()).map_or(Cow::Borrowed(text), |link| link.code)
}

/// What somebody has typed, pasted or photographed to open an invite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pasted {
    /// What its code may be, the likeliest first: sentences end in full stops, and keyboards begin with capitals.
    pub codes: Vec<String>,
    /// Whose invite it is, where a link tells: the host that it leads to, with a port that is not the usual one, or the server that it names.
    pub of: Option<String>,
}

impl Pasted {
    /// Reads it.
    pub fn of(text: &str) -> Self {
        let text = text.trim();
        let (code, of) = in_link(text).map_or((text.into(), None), |link| (link.code, link.of));
        let bare = code.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', '"', '”', '»']);
        let others = [bare.to_owned(), bare.to_lowercase()].into_iter().filter(|code| Code::parse(code).is_ok());
        let mut codes: Vec<String> = std::iter::once(code.clone().into_owned()).chain(others).collect();
        codes.dedup();
        Self { codes, of }
    }
}

/// What a link says of an invite.
struct InLink<'a> {
    code: Cow<'a, str>,
    of: Option<String>,
}

fn in_link(text: &str) -> Option<InLink<'_>> {
    let link = Url::parse(text).ok()?;
    match link.scheme() {
        "acter" => in_path(rest_of(text, "acter:"), None),
        "http" | "https" => {
            let (page, fragment) = text.split_once('#').unwrap_or((text, ""));
            let host = link[Position::BeforeHost..Position::AfterPort].to_owned();
            in_path(fragment, None).or_else(|| in_path(page, Some(host)))
        }
        _ => None,
    }
}

/// What a path says of an invite on a host, if it names no other server.
fn in_path(path: &str, host: Option<String>) -> Option<InLink<'_>> {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let mut segments = path.trim_matches('/').rsplit('/');
    let (code, of) = match (segments.next(), segments.next(), segments.next()) {
        (Some(code), Some("i"), _) => (code, host),
        (Some(code), Some(server), Some("i")) => {
            (code, Some(percent_decode_str(server).decode_utf8_lossy().into_owned()))
        }
        _ => return None,
    };
    (!code.is_empty()).then(|| InLink { code: percent_decode_str(code).decode_utf8_lossy(), of })
}

fn rest_of<'a>(text: &'a str, prefix: &str) -> &'a str {
    text.get(prefix.len()..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_what_a_registration_token_may_be() {
        for legal in ["a", "A-Z.9_~", &"x".repeat(64)] {
            assert_eq!(Code::parse(legal).map(String::from), Ok(legal.to_owned()));
        }
        for illegal in ["", "a b", "ä", "a/b", "a\0", &"x".repeat(65)] {
            assert!(Code::parse(illegal).is_err(), "{illegal:?}");
        }
    }

    #[test]
    fn a_generated_code_uses_every_letter_alike_and_skips_unfair_bytes() {
        let mut next = 0_u8;
        let code = Code::generate(|bytes| {
            for byte in bytes {
                *byte = next;
                next = next.wrapping_add(1);
            }
            Ok::<_, ()>(())
        });
        let code = code.expect("the source does not fail");
        assert_eq!(code.as_str(), "abcdefghjkmnpqrstuvwxyz234");
        assert!(Code::parse(code.as_str()).is_ok());

        let mut calls = 0;
        let code = Code::generate(|bytes| {
            calls += 1;
            bytes.fill(if calls == 1 { 255 } else { 30 });
            Ok::<_, ()>(())
        });
        assert_eq!(code.map(String::from), Ok("9".repeat(26)));
    }

    #[test]
    fn what_people_choose_is_told_from_what_was_generated_and_neither_is_shown_whole() {
        let code = Code::generate(|bytes| {
            bytes.iter_mut().zip(0..).for_each(|(byte, next)| *byte = next);
            Ok::<_, ()>(())
        });
        let code = code.expect("the source does not fail");
        assert!(Code::looks_generated(code.as_str()));
        for chosen in [
            "mygroup123",
            "",
            "aaaaaaaaaaaaaaaaaaaaaaaaaa",
            "Abcdefghjkmnpqrstuvwxyz234",
            "correct-horse-battery-staple",
        ] {
            assert!(!Code::looks_generated(chosen), "{chosen}");
        }
        assert_eq!(Code::masked("abcdefghjkmnpqrstuvwxyz234"), "abcd…");
        assert_eq!(Code::masked("mygroup123"), "my…");
        assert_eq!(Code::masked("abc"), "…");
    }

    #[test]
    fn the_code_is_found_in_everything_people_paste() {
        for (text, code) in [
            ("mygroup123", "mygroup123"),
            (" a b ", " a b "),
            ("  https://invite.example.org/i/mygroup123\n", "mygroup123"),
            ("https://invite.example.org/i/Sommerfest%20%C3%A4", "Sommerfest ä"),
            ("https://invite.example.org/i/mygroup123", "mygroup123"),
            ("https://invite.example.org/i/mygroup123/", "mygroup123"),
            ("https://example.org/_synapse/client/super_invites/i/a.b?x=1", "a.b"),
            ("acter:i/example.org/mygroup123?userId=a%3Aexample.org", "mygroup123"),
            ("acter:i/example.org/mygroup123", "mygroup123"),
            ("https://invite.example.org/i/mygroup123#x", "mygroup123"),
            ("https://share.example.org/p/0a1b?userId=a#i/example.org/mygroup123", "mygroup123"),
            // These are not invites: they are returned unchanged, then looked up and not found.
            ("acter:o/room/pin/event", "acter:o/room/pin/event"),
            ("https://example.org/", "https://example.org/"),
            ("mailto:i/x", "mailto:i/x"),
            ("", ""),
        ] {
            assert_eq!(code_in(text), code, "{text}");
        }
    }

    #[test]
    fn a_link_tells_whose_invite_it_is_and_its_end_is_not_taken_too_seriously() {
        for (text, codes, of) in [
            ("Garden", &["Garden", "garden"][..], None),
            ("https://x.example/i/garden.", &["garden.", "garden"], Some("x.example")),
            ("https://x.example:8443/a/i/garden#top", &["garden"], Some("x.example:8443")),
            ("acter:i/x%2Eexample%3A8448/Garden", &["Garden", "garden"], Some("x.example:8448")),
            ("https://share.example/p/0a#i/x.example/garden", &["garden"], Some("x.example")),
        ] {
            let pasted = Pasted { codes: codes.iter().map(ToString::to_string).collect(), of: of.map(str::to_owned) };
            assert_eq!(Pasted::of(text), pasted, "{text}");
        }
    }

    #[test]
    fn fuzz_whatever_is_pasted_is_read() {
        const PIECES: &[&str] = &[
            "https://",
            "http:",
            "acter:",
            "i/",
            "/i/",
            "x.example",
            ":8443",
            "#",
            "?",
            "%",
            "%2F",
            "%ff",
            "garden",
            "..",
            "\u{202e}",
            "ä",
            "\0",
            " ",
            "\n",
            "[::1]",
        ];
        bolero::check!()
            .with_max_len(64)
            .with_iterations(crate::fuzz::TIMES)
            .with_test_time(crate::fuzz::AT_MOST)
            .for_each(|bytes: &[u8]| {
                let text = crate::fuzz::text(bytes, PIECES);
                let pasted = Pasted::of(&text);
                assert!(!pasted.codes.is_empty());
                assert!(pasted.codes.iter().skip(1).all(|code| Code::parse(code).is_ok()), "{pasted:?}");
                let code = code_in(&text);
                assert!(Code::masked(&code).chars().count() <= 5);
                // Of every text, whatever it is, the landing page's address leads back to it.
                if !text.is_empty() {
                    let link = format!("https://x.example{}", crate::landing_path(&text));
                    assert_eq!(code_in(&link), text);
                    let path = crate::LocalPath::parse(&text);
                    assert!(path.as_str().starts_with('/') && !path.as_str().starts_with("//"), "{path}");
                }
            });
    }
}
