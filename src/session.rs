//! Browser sessions: the Matrix session itself, sealed in a cookie. Nothing is stored here, so any instance can answer
//! any request.

use std::time::Duration;

use axum_extra::extract::cookie::{Cookie, Key, PrivateCookieJar, SameSite};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use hmac::{Hmac, Mac};
use http::{HeaderMap, HeaderValue, header};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256, Sha512};

use crate::{
    chance::{Chance, NoChance},
    config::Secret,
    store::{self, Keys, Millis},
};

/// The name of the key in the database, for when the configuration has none.
const KEY: &str = "sessions";

/// Seals cookies, and signs texts so that only this service can have written them.
#[derive(Clone)]
pub struct Sealer {
    key: Key,
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The system has no random numbers.
    #[error("the system gives no random numbers")]
    Random(#[from] NoChance),
}

/// A session according to the cookie. The homeserver is asked before anything is done in the user's name.
#[derive(Clone, Serialize, Deserialize)]
pub struct Session {
    /// Their Matrix id.
    pub user_id: String,
    /// Their access token, which only the sealed cookie contains.
    pub token: String,
}

/// A single sign-on that has begun: only the browser that began it can finish it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Detour {
    /// The `state` parameter that must come back.
    pub state: String,
    /// The page that the person wanted to see.
    pub to: String,
}

/// Content of a sealed cookie.
pub trait Sealed: Serialize + DeserializeOwned {
    /// The name of the cookie.
    const NAME: &'static str;
    /// Whether the cookie outlives the browser's session.
    const STAYS: bool;
    /// After how long browsers forget the cookie, if it is to end sooner.
    const ENDS_AFTER: Option<Duration> = None;
}

impl Sealed for Session {
    const NAME: &'static str = "super_invites";
    const STAYS: bool = true;
}

impl Sealed for Detour {
    const NAME: &'static str = "super_invites_sign_in";
    const STAYS: bool = false;
}

impl Sealer {
    /// Uses the configured key or, if there is none, the one that all instances share through the database.
    pub async fn new(configured: Option<Secret>, keys: &Keys, chance: &Chance) -> Result<Self, Error> {
        let secret = match configured {
            Some(secret) => secret.reveal().to_owned(),
            None => {
                let fresh: [u8; 64] = chance.bytes()?;
                keys.get(KEY, &STANDARD.encode(fresh)).await?
            }
        };
        Ok(Self { key: Key::from(&Sha512::digest(secret)) })
    }

    /// The same, where there is a key: none is made.
    pub async fn existing(configured: Option<Secret>, keys: &Keys) -> store::Result<Option<Self>> {
        let secret = match configured {
            Some(secret) => Some(secret.reveal().to_owned()),
            None => keys.find(KEY).await?,
        };
        Ok(secret.map(|secret| Self { key: Key::from(&Sha512::digest(secret)) }))
    }

    /// With this key.
    #[cfg(test)]
    pub(crate) fn of(key: &str) -> Self {
        Self { key: Key::from(&Sha512::digest(key)) }
    }

    /// The content of a request's cookie; `None` if there is none, or if it was not sealed here. `secure` as for
    /// [`Self::seal`].
    pub fn open<T: Sealed>(&self, headers: &HeaderMap, secure: bool) -> Option<T> {
        let jar = PrivateCookieJar::from_headers(headers, self.key.clone());
        serde_json::from_str(jar.get(&name::<T>(secure))?.value()).ok()
    }

    /// A `Set-Cookie` header that stores `content`, or deletes the cookie. With `secure`, browsers send the cookie over
    /// HTTPS only and accept it from exactly this host only (RFC 6265bis, "The `__Host-` Prefix").
    pub fn seal<T: Sealed>(&self, content: Option<&T>, secure: bool) -> Option<HeaderValue> {
        let text = content.map(serde_json::to_string).transpose().ok()?;
        let mut cookie = Cookie::new(name::<T>(secure), text.unwrap_or_default());
        cookie.set_http_only(true);
        cookie.set_same_site(SameSite::Lax);
        cookie.set_secure(secure);
        cookie.set_path("/");
        if content.is_none() {
            cookie.make_removal();
            return HeaderValue::from_str(&cookie.to_string()).ok();
        }
        if T::STAYS {
            cookie.make_permanent();
        }
        if let Some(time) = T::ENDS_AFTER {
            cookie = Cookie::build(cookie).max_age(time.try_into().ok()?).build();
        }
        let jar = PrivateCookieJar::from_headers(&HeaderMap::new(), self.key.clone()).add(cookie);
        let response = axum::response::IntoResponse::into_response((jar, ()));
        response.headers().get(header::SET_COOKIE).cloned()
    }

    /// A signature (HMAC) of a text, which is worth nothing for another purpose.
    pub fn mark(&self, purpose: Purpose, text: &str) -> String {
        let mac = self.mac(purpose, text).finalize().into_bytes();
        URL_SAFE_NO_PAD.encode(&mac[..16])
    }

    /// Whether this is the signature of that text.
    pub fn is_marked(&self, purpose: Purpose, text: &str, mark: &str) -> bool {
        let Ok(bytes) = URL_SAFE_NO_PAD.decode(mark) else { return false };
        bytes.len() == 16 && self.mac(purpose, text).verify_truncated_left(&bytes).is_ok()
    }

    /// A proof about a text that expires.
    pub fn proof(&self, purpose: Purpose, text: &str, now: Millis) -> String {
        format!("{now}.{}", self.mark(purpose, &format!("{now}\0{text}")))
    }

    /// Whether this is a proof about that text, not older than [`PROVES`].
    pub fn proves(&self, purpose: Purpose, text: &str, proof: &str, now: Millis) -> bool {
        let Some((made_at, mark)) = proof.split_once('.') else { return false };
        let age = made_at.parse::<Millis>().map(|made_at| now.saturating_sub(made_at));
        age.is_ok_and(|age| (-SKEW..=PROVES).contains(&age))
            && self.is_marked(purpose, &format!("{made_at}\0{text}"), mark)
    }

    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length (RFC 2104, section 3)")]
    fn mac(&self, purpose: Purpose, text: &str) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.key.master()).expect("any length will do");
        mac.update(purpose.as_str().as_bytes());
        mac.update(b"\0");
        mac.update(text.as_bytes());
        mac
    }
}

/// What a text is signed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A page of ours shows this picture.
    Picture,
    /// A page was made for this session of a server admin.
    ServerAdmin,
    /// The sender has our configuration.
    Check,
    /// It is the same attempt to create an account.
    NewAccount,
}

impl Purpose {
    fn as_str(self) -> &'static str {
        match self {
            Self::Picture => "picture",
            Self::ServerAdmin => "server admin",
            Self::Check => "check",
            Self::NewAccount => "new account",
        }
    }
}

/// How long a proof is valid, in milliseconds.
const PROVES: Millis = 60 * 60 * 1000;

/// How far the clocks of two instances may differ, in milliseconds.
const SKEW: Millis = 60 * 1000;

fn name<T: Sealed>(secure: bool) -> String {
    let prefix = if secure { "__Host-" } else { "" };
    format!("{prefix}{}", T::NAME)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealer(key: &str) -> Sealer {
        Sealer::of(key)
    }

    fn sent_back(cookie: &HeaderValue) -> HeaderMap {
        let pair = cookie.to_str().expect("text").split(';').next().expect("a pair").to_owned();
        HeaderMap::from_iter([(header::COOKIE, pair.parse().expect("a header"))])
    }

    #[test]
    fn a_session_comes_back_only_as_it_was_sealed_here() {
        let session = Session { user_id: "@anna:x".into(), token: "secret-token".into() };
        let ours = sealer("one");
        let cookie = ours.seal(Some(&session), true).expect("it can be sealed");
        let text = cookie.to_str().expect("text");
        assert!(!text.contains("secret-token") && !text.contains("anna"), "{text}");
        for part in ["__Host-super_invites=", "HttpOnly", "SameSite=Lax", "Secure", "Path=/"] {
            assert!(text.contains(part), "{text} has no {part}");
        }
        assert!(!text.contains("Domain"), "{text}");

        let back = sent_back(&cookie);
        let read = |sealer: &Sealer, headers| sealer.open::<Session>(headers, true).map(|session| session.token);
        assert_eq!(read(&ours, &back).as_deref(), Some("secret-token"));
        assert_eq!(read(&sealer("another"), &back), None);
        // The cookie of an unencrypted connection has another name, and neither is accepted for another purpose.
        assert!(ours.open::<Session>(&back, false).is_none());
        assert!(ours.open::<Detour>(&back, true).is_none());
        let changed = text.replacen("__Host-super_invites=", "__Host-super_invites=A", 1);
        assert_eq!(read(&ours, &sent_back(&changed.parse().expect("a header"))), None);
    }

    #[test]
    fn over_plain_http_the_cookie_is_not_marked_as_secure() {
        let session = Session { user_id: "@anna:x".into(), token: "t".into() };
        let cookie = sealer("one").seal(Some(&session), false).expect("it can be sealed");
        let text = cookie.to_str().expect("text");
        assert!(text.starts_with("super_invites=") && !text.contains("Secure"), "{text}");
        let ended = sealer("one").seal::<Session>(None, false).expect("it can be ended");
        assert!(ended.to_str().expect("text").contains("Max-Age=0"), "{ended:?}");
    }

    #[test]
    fn a_cookie_may_end_by_itself() {
        #[derive(Serialize, Deserialize)]
        struct Short;
        impl Sealed for Short {
            const NAME: &'static str = "short";
            const STAYS: bool = false;
            const ENDS_AFTER: Option<Duration> = Some(Duration::from_secs(900));
        }
        let cookie = sealer("one").seal(Some(&Short), true).expect("it can be sealed");
        let text = cookie.to_str().expect("text");
        for part in ["__Host-short=", "HttpOnly", "SameSite=Lax", "Secure", "Path=/", "Max-Age=900"] {
            assert!(text.contains(part), "{text} has no {part}");
        }
        assert!(sealer("one").open::<Short>(&sent_back(&cookie), true).is_some());
    }

    #[test]
    fn a_mark_fits_one_text_only() {
        let (ours, other) = (sealer("one"), sealer("another"));
        let is = |sealer: &Sealer, text, mark: &str| sealer.is_marked(Purpose::Picture, text, mark);
        let mark = ours.mark(Purpose::Picture, "server/media");
        assert!(is(&ours, "server/media", &mark));
        assert!(!ours.is_marked(Purpose::Check, "server/media", &mark), "one purpose only");
        for (text, mark) in [
            ("server/other", mark.as_str()),
            ("server/media", ""),
            ("server/media", "äöü"),
            ("server/media", &mark[2..]),
        ] {
            assert!(!is(&ours, text, mark), "{text} {mark}");
        }
        assert!(!is(&other, "server/media", &mark));
    }

    #[test]
    fn a_proof_fits_one_text_for_a_while() {
        let ours = sealer("one");
        let proof = ours.proof(Purpose::ServerAdmin, "token", 1_000_000);
        let proves = |text, proof: &str, now| ours.proves(Purpose::ServerAdmin, text, proof, now);
        assert!(proves("token", &proof, 1_000_000) && proves("token", &proof, 1_000_000 + PROVES));
        assert!(!proves("token", &proof, 1_000_001 + PROVES), "it is too old");
        assert!(!proves("another", &proof, 1_000_000));
        assert!(!sealer("another").proves(Purpose::ServerAdmin, "token", &proof, 1_000_000));
        let younger = proof.replacen("1000000", "1000001", 1);
        for forged in ["", ".", "1000000.", &younger, "9223372036854775807.x", "-9223372036854775808.x"] {
            assert!(!proves("token", forged, 1_000_000), "{forged}");
        }
    }

    #[test]
    fn fuzz_no_cookie_or_proof_is_accepted_that_was_not_made_here() {
        let ours = sealer("one");
        let session = Session { user_id: "@anna:x".into(), token: "secret-token".into() };
        let sealed = ours.seal(Some(&session), true).expect("it can be sealed");
        let pair = sealed.to_str().expect("text").split(';').next().expect("a pair").to_owned();
        let proof = ours.proof(Purpose::ServerAdmin, "token", 1_000_000);
        bolero::check!()
            .with_type::<(usize, u8, Vec<u8>)>()
            .with_iterations(crate::fuzz::TIMES)
            .with_test_time(crate::fuzz::AT_MOST)
            .for_each(|(place, byte, bytes): &(usize, u8, Vec<u8>)| {
                // Anything at all, and ours with one byte that differs.
                let (mut changed, place) = (pair.clone().into_bytes(), place % pair.len());
                changed[place] = *byte;
                for cookie in [[&b"__Host-super_invites="[..], bytes].concat(), bytes.clone(), changed] {
                    let Ok(value) = HeaderValue::from_bytes(&cookie) else { continue };
                    let headers = HeaderMap::from_iter([(header::COOKIE, value)]);
                    // There are two ways to write an escaped character.
                    let opened = ours.open::<Session>(&headers, true);
                    assert!(opened.is_none_or(|opened| opened.token == "secret-token"), "{cookie:?}");
                    assert!(ours.open::<Detour>(&headers, true).is_none(), "{cookie:?}");
                }
                let text = String::from_utf8_lossy(bytes);
                let forged = [text.clone().into_owned(), format!("1000000.{text}"), format!("{text}.{proof}")];
                for forged in forged {
                    assert!(!ours.proves(Purpose::ServerAdmin, "token", &forged, 1_000_000), "{forged}");
                }
            });
    }
}
