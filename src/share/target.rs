//! What a share link leads to, and its address. Clients verify it: they compute the hash in it from the rest of it, so
//! every character matters.

use matrix_sdk::ruma::ServerName;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha1::{Digest, Sha1};

/// Characters that Python's `urlencode` does not encode; it writes a space as `+`.
const IN_A_QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'_').remove(b'.').remove(b'-').remove(b'~').remove(b' ');

/// Characters that need no encoding in a segment of a path (RFC 3986, section 3.3, `pchar`).
const IN_A_SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'_')
    .remove(b'.')
    .remove(b'-')
    .remove(b'~')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@');

/// What a link leads to, for the app that opens it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// `o/{room}/{kind}/{object}`, `i/{server}/{code}`, `roomid/{room}`, `r/{alias}` or `u/{user}`, percent-encoded.
    pub path: String,
    /// Further parameters, form-encoded, in the order that the client chose.
    pub query: String,
}

impl Target {
    /// The place with these path segments, shared by `sharer`. A sharer in `query` is overwritten, at the same
    /// position, so that nobody can pretend to be somebody else.
    pub fn new(segments: &[&str], mut query: Vec<(String, String)>, sharer: &str) -> Self {
        let sharer = sharer.trim_start_matches('@');
        match query.iter().position(|(name, _)| name == "userId") {
            Some(claimed) => {
                sharer.clone_into(&mut query[claimed].1);
                let mut place = 0..;
                query.retain(|(name, _)| place.next() == Some(claimed) || name != "userId");
            }
            None => query.push(("userId".to_owned(), sharer.to_owned())),
        }
        let segment = |text: &&str| utf8_percent_encode(text, IN_A_SEGMENT).to_string();
        let path: Vec<String> = segments.iter().map(segment).collect();
        let encoded = |text: &str| utf8_percent_encode(text, IN_A_QUERY).to_string().replace(' ', "+");
        let query: Vec<String> =
            query.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
        Self { path: path.join("/"), query: query.join("&") }
    }

    /// The lower-case hexadecimal SHA-1 that names the link's page below `prefix`. Clients compute it again, so it is
    /// part of the format; it is not a security feature.
    pub fn hash(&self, prefix: &str) -> String {
        let Self { path, query } = self;
        format!("{:x}", Sha1::digest(format!("{prefix}?{query}#{path}")))
    }

    /// The address that people share.
    pub fn url(&self, prefix: &str) -> String {
        let Self { path, query } = self;
        format!("{prefix}{}?{query}#{path}", self.hash(prefix))
    }

    /// The same place as an address that opens the app.
    pub fn app_url(&self) -> String {
        format!("acter:{}?{}", self.path, self.query)
    }

    /// The segments of the path, decoded.
    pub fn segments(&self) -> Vec<String> {
        self.path.split('/').map(decoded).collect()
    }

    /// The code, if the link leads to an invite of this server.
    pub fn invite_of(&self, server: &ServerName) -> Option<String> {
        match <[String; 3]>::try_from(self.segments()) {
            Ok([kind, of, code]) if kind == "i" && of == server.as_str() => Some(code),
            _ => None,
        }
    }

    /// The first value of a query parameter, decoded.
    pub fn parameter(&self, name: &str) -> Option<String> {
        let mut pairs = self.query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(found, _)| decoded(found) == name).map(|(_, value)| decoded(&value.replace('+', " ")))
    }
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    /// The expected addresses were made with Python's `hashlib` and `urllib.parse.urlencode`.
    #[test]
    fn an_address_is_what_clients_compute() {
        let prefix = "https://app.example.com/p/";
        for (segments, query, url) in EXAMPLES {
            let target = Target::new(segments, pairs(query), "@meeko:test");
            assert_eq!(target.url(prefix), *url);
        }
    }

    #[expect(clippy::type_complexity, reason = "a table")]
    const EXAMPLES: &[(&[&str], &[(&str, &str)], &str)] = &[
        (
            &["o", "roomId", "pin", "objectId"],
            &[],
            "https://app.example.com/p/78c8376fab46678c8f140eb410b1d25f2c6d2e5d?userId=meeko%3Atest#o/roomId/pin/objectId",
        ),
        (
            &["o", "roomId:example.org", "pin", "objectId"],
            &[("roomDisplayName", "My cool space"), ("title", "Pin Title")],
            "https://app.example.com/p/b20598a0aa8d92a775f279f8e87873e4df51b049?roomDisplayName=My+cool+space&title=Pin+Title&userId=meeko%3Atest#o/roomId:example.org/pin/objectId",
        ),
        (
            &["o", "room_id", "pin", "object_id"],
            &[("via", "acer.global"), ("via", "matrix.org")],
            "https://app.example.com/p/d57739da09c6a46b41aae9cf885dfe4e73ab25db?via=acer.global&via=matrix.org&userId=meeko%3Atest#o/room_id/pin/object_id",
        ),
        (
            &["i", "acter.global", "superInviteCode"],
            &[("userDisplayName", "superBen"), ("rooms", "4")],
            "https://app.example.com/p/c918c949317cf6c4aae150df7532ececcac8260b?userDisplayName=superBen&rooms=4&userId=meeko%3Atest#i/acter.global/superInviteCode",
        ),
        (
            &["roomid", "room:acter.global"],
            &[("roomDisplayName", "super room"), ("via", "acter.global")],
            "https://app.example.com/p/d505cca86edf83e126ee2eee88b5a2f8a31519da?roomDisplayName=super+room&via=acter.global&userId=meeko%3Atest#roomid/room:acter.global",
        ),
        (
            &["u", "alice:acter.global"],
            &[("userDisplayName", "Ünal *~ 2/3 & “more”"), ("via", "acter.global")],
            "https://app.example.com/p/9113cccef399599aa02f8aa40546aaab0f19e474?userDisplayName=%C3%9Cnal+%2A~+2%2F3+%26+%E2%80%9Cmore%E2%80%9D&via=acter.global&userId=meeko%3Atest#u/alice:acter.global",
        ),
    ];

    #[test]
    fn whoever_claims_to_be_somebody_else_is_named_in_that_place() {
        let claimed = [("a", "1"), ("userId", "other:x"), ("b", "2"), ("userId", "third:x")];
        let target = Target::new(&["u", "anna:x"], pairs(&claimed), "@meeko:test");
        assert_eq!(target.query, "a=1&userId=meeko%3Atest&b=2");
    }

    #[test]
    fn what_means_something_in_an_address_stays_in_its_place() {
        let target = Target::new(&["i", "x", "../a?b#c d\u{202e}\n%2f"], pairs(&[("title", "a&b=c+\"<")]), "@m:x");
        assert_eq!(target.path, "i/x/..%2Fa%3Fb%23c%20d%E2%80%AE%0A%252f");
        assert_eq!(target.query, "title=a%26b%3Dc%2B%22%3C&userId=m%3Ax");
        assert_eq!(target.segments()[2], "../a?b#c d\u{202e}\n%2f");
        assert_eq!(target.parameter("title").as_deref(), Some("a&b=c+\"<"));
        assert_eq!(target.parameter("other"), None);
    }

    #[test]
    fn fuzz_whatever_is_shared_comes_back_from_its_address() {
        /// Segments of a path, and names and values of a query.
        type Shared = (Vec<Vec<u8>>, Vec<(Vec<u8>, Vec<u8>)>);
        const PIECES: &[&str] = &[
            "userId",
            "userId=other:x",
            "via",
            "=",
            "&",
            "#",
            "?",
            "/",
            "..",
            "%2F",
            "%",
            "+",
            " ",
            "ä",
            "\u{202e}",
            "\0",
        ];
        bolero::check!()
            .with_type::<Shared>()
            .with_iterations(crate::fuzz::TIMES)
            .with_test_time(crate::fuzz::AT_MOST)
            .for_each(|(segments, query): &Shared| {
                let text = |bytes: &Vec<u8>| crate::fuzz::text(bytes, PIECES);
                let mut segments: Vec<String> = segments.iter().map(text).collect();
                segments.insert(0, "o".to_owned());
                let query = query.iter().map(|(name, value)| (text(name), text(value))).collect();
                let names: Vec<&str> = segments.iter().map(String::as_str).collect();
                let target = Target::new(&names, query, "@meeko:test");
                assert_eq!(target.segments(), segments);
                assert_eq!(target.parameter("userId").as_deref(), Some("meeko:test"), "{}", target.query);
                assert_eq!(target.hash("https://x/p/").len(), 40);
                let url = url::Url::parse(&target.url("https://x.example/p/")).expect("it is an address");
                assert_eq!((url.query(), url.fragment()), (Some(&*target.query), Some(&*target.path)));
            });
    }
}
