//! Addresses within the pages.

use std::fmt;

/// The address of a page of this application: a path relative to where the pages are mounted, with its query. It never
/// leads anywhere else, whoever wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalPath(String);

impl LocalPath {
    /// Parses a path from outside; anything that a browser could read as another place becomes the start page.
    pub fn parse(text: &str) -> Self {
        // Browsers drop tabs and line breaks, and treat `\` as `/`: to them `/\evil.example` is another host.
        let strange = |c: char| c.is_control() || c.is_whitespace() || c == '\\';
        // Browsers resolve `.` and `..` however they are written, and what is left could begin with `//`.
        let dots = |segment: &str| matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..");
        let path = text.split(['?', '#']).next().unwrap_or_default();
        let local =
            path.starts_with('/') && !path.contains("//") && !path.split('/').any(dots) && !text.contains(strange);
        Self(if local { text.to_owned() } else { "/".to_owned() })
    }

    /// The path as text; it begins with a single `/`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The prefix of the paths of landing pages.
pub const LANDING: &str = "/i/";

/// The first segments of the paths of pages for people who are signed in.
pub(crate) const MEMBERS: [&str; 5] = ["delete-invites", "invites", "my-rooms", "new", "server"];

/// Whether a page, by its path relative to where the pages are mounted, is for people who are signed in. A program of
/// its own takes these over in the browser.
pub fn is_for_members(path: &str) -> bool {
    let first = path.trim_start_matches('/').split(['/', '?', '#']).next().unwrap_or_default();
    MEMBERS.contains(&first)
}

/// The path of an invite's landing page.
pub fn landing_path(code: &str) -> String {
    format!("{LANDING}{}", segment(code))
}

/// The path of the page on which an owner manages an invite.
pub fn invite_path(code: &str) -> String {
    format!("/invites/{}", segment(code))
}

/// The address at which somebody can be written to, from what stands before their id there ([`InviteDetail`](super::InviteDetail)).
pub fn person_address(people: &str, user_id: &str) -> String {
    // These two may stand in a fragment as they are, and apps write them so.
    people.to_owned() + &segment(user_id).replace("%40", "@").replace("%3A", ":")
}

/// Encodes a text as one segment of a path (RFC 3986, section 2.3): codes of the Python module may contain any
/// characters.
pub(crate) fn segment(text: &str) -> String {
    let mut path = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'~' | b'-' => path.push(char::from(byte)),
            _ => {
                path.push('%');
                for digit in [byte >> 4, byte & 15] {
                    path.push(char::from(b"0123456789ABCDEF"[usize::from(digit)]));
                }
            }
        }
    }
    path
}

/// The query of an address, from `?` on, with the parameters that are not empty.
pub(super) fn address(parameters: &[(&str, &str)]) -> String {
    let parameters = parameters.iter().filter(|(_, value)| !value.is_empty());
    let query: Vec<String> = parameters.map(|(name, value)| format!("{name}={}", segment(value))).collect();
    format!("?{}", query.join("&"))
}

impl fmt::Display for LocalPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_one_segment_whatever_is_in_it() {
        assert_eq!(landing_path("Garden.2026_~-"), "/i/Garden.2026_~-");
        assert_eq!(invite_path("Sommer/fest ä%?#"), "/invites/Sommer%2Ffest%20%C3%A4%25%3F%23");
    }

    #[test]
    fn nobody_s_id_breaks_out_of_an_address() {
        assert_eq!(person_address("https://matrix.to/#/", "@ben:x.example"), "https://matrix.to/#/@ben:x.example");
        assert_eq!(person_address("https://x/#/user/", "@a/?#%40\"<:x"), "https://x/#/user/@a%2F%3F%23%2540%22%3C:x");
    }

    #[test]
    fn no_path_leads_out_of_the_application() {
        for inside in ["/", "/i/abc", "/invites?q=a%20b&sort=name", "/i/a.b~c_d-e", "/i/...", "/join?x=//y/../z"] {
            assert_eq!(LocalPath::parse(inside).as_str(), inside);
        }
        for outside in [
            "",
            "i/abc",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            "\u{0}//evil.example",
            " //evil.example",
            "https://evil.example/",
            "https:evil.example",
            "javascript:alert(1)",
            "data:text/html,x",
            "@evil.example",
            ".evil.example",
            "?to=/",
            "/.//evil.example",
            "/..//evil.example",
            "/%2e//evil.example",
            "/i/..//..//evil.example",
            "/i/../invites",
            "/i//x",
        ] {
            assert_eq!(LocalPath::parse(outside).as_str(), "/", "{outside:?}");
        }
    }
}
