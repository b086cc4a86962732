//! The page of a share link: the built-in one, or the operator's own templates in its place.

use std::{fs, io, path::Path};

use app::words::language;
use fast_qr::{ECL, QRBuilder, convert::Builder, convert::svg::SvgBuilder};
use minijinja::{Environment, Value, context};
use url::Url;

use super::{target::Target, words::teach};

/// The name of the main template.
const MAIN_TEMPLATE: &str = "share_link.html";

/// The built-in templates, by the names with which operators override them; the same as in the Python module.
const BUILT_IN: [(&str, &str); 2] = [
    (MAIN_TEMPLATE, include_str!("templates/share_link.html")),
    ("parts/extra_header.html", include_str!("templates/parts/extra_header.html")),
];

/// The most work for one page: a unit pays for one instruction of the template engine, or for 64 bytes of data.
const FUEL: u64 = 100_000;

/// The most templates of an operator, and the most bytes of one.
const MOST_TEMPLATES: usize = 100;
const LARGEST_TEMPLATE: u64 = 256 * 1024;

/// The longest address that is shown as a QR code, in bytes: phones cannot read a denser code from a screen.
const LONGEST_IN_QR: usize = 500;

/// How deeply folders of templates may be nested.
const DEEPEST: usize = 5;

/// Why templates cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// A file or folder cannot be read.
    #[error("{0} cannot be read: {1}")]
    Unreadable(String, #[source] io::Error),
    /// The folder contains no templates, or implausibly many.
    #[error("{0}")]
    Folder(String),
    /// A template has an error.
    #[error("{0:#}")]
    Wrong(#[from] minijinja::Error),
}

/// What a page shows.
pub(super) struct Page<'a> {
    /// What the link leads to.
    pub(super) target: &'a Target,
    /// The link.
    pub(super) url: String,
    /// The name of the person who shares it.
    pub(super) sharer: Option<String>,
    /// Whether it leads to an invite of this server.
    pub(super) is_ours: bool,
    /// Whether that invite has ended.
    pub(super) ended: bool,
}

/// Renders pages.
pub(super) struct Pages {
    built_in: Environment<'static>,
    own: Option<Environment<'static>>,
    /// The prefix of the landing pages of this server's invites, if there are pages.
    landing: Option<String>,
}

impl Pages {
    /// Uses the operator's templates from a folder, if there is one. They are read now, and no file is read later.
    pub(super) fn new(folder: Option<&Path>, landing: Option<&Url>) -> Result<Self, TemplateError> {
        let built_in = environment();
        let own = folder.map(own).transpose()?;
        let landing = landing.map(|url| url.as_str().trim_end_matches('/').to_owned());
        Ok(Self { built_in, own, landing })
    }

    pub(super) fn are_ones_own(&self) -> bool {
        self.own.is_some()
    }

    /// Renders a page. If an operator's template fails, that is logged and the built-in one is used.
    pub(super) fn render(&self, page: &Page<'_>) -> String {
        let values = self.values(page);
        let own = self.own.as_ref().and_then(|own| match render(own, &values) {
            Ok(html) => Some(html),
            Err(error) => {
                tracing::error!(
                    error = format!("{error:#}"),
                    "a template of share links fails: the built-in page is shown"
                );
                None
            }
        });
        own.or_else(|| render(&self.built_in, &values).ok()).unwrap_or_default()
    }

    /// The variables of templates, with the names of the Python module's, and some more.
    fn values(&self, page: &Page<'_>) -> Value {
        let Page { target, url, sharer, is_ours, ended } = page;
        let segments = target.segments();
        let names: Vec<&str> = segments.iter().map(String::as_str).collect();
        let given = |name: &str| target.parameter(name).filter(|value| !value.trim().is_empty());
        let sharer_id = target.parameter("userId");
        let app_url = target.app_url();
        let short = Some(app_url.as_str()).filter(|url| url.len() <= LONGEST_IN_QR);
        let qrcode = short.and_then(|url| QRBuilder::new(url).ecl(ECL::L).build().ok());
        let qrcode = qrcode.map(|qr| Value::from_safe_string(SvgBuilder::default().margin(4).to_str(&qr)));
        let place = match &names[..] {
            ["o", room, kind, object] | ["o", room, _, _, kind, object] => {
                Place { kind, room, object, ..Place::default() }
            }
            ["i", _, code] => Place { kind: "superInvite", code, ..Place::default() },
            ["roomid", room] => Place { kind: "roomId", room, ..Place::default() },
            ["r", alias] => Place { kind: "roomAlias", alias, ..Place::default() },
            ["u", user] => Place { kind: "userId", user, ..Place::default() },
            _ => Place::default(),
        };
        let Place { kind, room, object, code, alias, user } = place;
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let landing =
            self.landing.as_ref().filter(|_| *is_ours).map(|base| format!("{base}{}", app::landing_path(code)));
        let matrix_to = match kind {
            "roomId" => Some(format!("https://matrix.to/#/!{}", in_a_fragment(target, &["via"]))),
            "roomAlias" => Some(format!("https://matrix.to/#/%23{}", in_a_fragment(target, &["via"]))),
            "userId" => Some(format!("https://matrix.to/#/@{}", in_a_fragment(target, &[]))),
            _ => None,
        };
        context! {
            language => language().tag(),
            direction => language().direction(),
            type => if names.first() == Some(&"o") { "spaceObject" } else { kind },
            objectType => kind,
            url => url,
            acter_uri => app_url,
            matrix_to,
            landing,
            qrcode,
            icon => icon(kind),
            ended,
            sharerId => sharer_id,
            sharerDisplayName => sharer,
            title => given("title"),
            roomDisplayName => given("roomDisplayName"),
            userDisplayName => given("userDisplayName"),
            rooms => given("rooms").and_then(|rooms| rooms.parse::<u32>().ok()),
            roomId => some(room),
            objectId => some(object),
            inviteCode => some(code),
            roomAlias => some(alias),
            userId => some(user),
        }
    }
}

/// The parts that the path of a link names; empty if it does not.
#[derive(Default)]
struct Place<'a> {
    kind: &'a str,
    room: &'a str,
    object: &'a str,
    code: &'a str,
    alias: &'a str,
    user: &'a str,
}

fn icon(kind: &str) -> &'static str {
    match kind {
        "pin" => "📌",
        "boost" => "🚀",
        "calendarEvent" => "🗓️",
        "taskList" => "📋",
        "task" => "☑️",
        "superInvite" => "🎟️",
        "roomId" | "roomAlias" => "#️⃣",
        "userId" => "👤",
        _ => "📗",
    }
}

/// The last segment of the link's path and some parameters of its query, as they stand in the fragment of a matrix.to
/// address.
fn in_a_fragment(target: &Target, parameters: &[&str]) -> String {
    let segment = target.path.rsplit('/').next().unwrap_or_default();
    let wanted = |pair: &&str| pair.split_once('=').is_some_and(|(name, _)| parameters.contains(&name));
    let query: Vec<&str> = target.query.split('&').filter(wanted).collect();
    match query.is_empty() {
        true => segment.to_owned(),
        false => format!("{segment}?{}", query.join("&")),
    }
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_fuel(Some(FUEL));
    teach(&mut environment);
    for (name, text) in BUILT_IN {
        // A test makes sure that they can be parsed.
        environment.add_template(name, text).ok();
    }
    environment
}

fn render(environment: &Environment<'_>, values: &Value) -> Result<String, minijinja::Error> {
    environment.get_template(MAIN_TEMPLATE)?.render(values)
}

/// The templates in a folder, on top of the built-in ones.
fn own(folder: &Path) -> Result<Environment<'static>, TemplateError> {
    let mut environment = environment();
    let (mut found, mut replaced) = (0, false);
    let mut folders = vec![(folder.to_owned(), String::new(), 0)];
    while let Some((folder, prefix, depth)) = folders.pop() {
        let unreadable = |error| TemplateError::Unreadable(folder.display().to_string(), error);
        for entry in fs::read_dir(&folder).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            let unreadable = |error| TemplateError::Unreadable(path.display().to_string(), error);
            let Some(file) = path.file_name().and_then(|name| name.to_str()) else { continue };
            let name = format!("{prefix}{file}");
            let metadata = fs::metadata(&path).map_err(unreadable)?;
            if metadata.is_dir() && depth < DEEPEST {
                folders.push((path, format!("{name}/"), depth + 1));
                continue;
            }
            // Only in files with this extension is everything escaped for HTML.
            if !metadata.is_file() || path.extension().is_none_or(|extension| extension != "html") {
                continue;
            }
            found += 1;
            if found > MOST_TEMPLATES || metadata.len() > LARGEST_TEMPLATE {
                let most = format!("{name}: there may be {MOST_TEMPLATES} templates of {LARGEST_TEMPLATE} bytes each");
                return Err(TemplateError::Folder(most));
            }
            replaced |= BUILT_IN.iter().any(|(built_in, _)| *built_in == name);
            let text = fs::read_to_string(&path).map_err(unreadable)?;
            environment.add_template_owned(name, text)?;
        }
    }
    let names = BUILT_IN.map(|(name, _)| name).join(" nor ");
    match replaced {
        true => Ok(environment),
        false => Err(TemplateError::Folder(format!("there is neither {names} in {}", folder.display()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Chance;

    const HOSTILE: &str = "</title><script>alert(1)</script>\"'\u{202e}{{ 7 * 7 }}";

    fn target(segments: &[&str], query: &[(&str, &str)]) -> Target {
        let query = query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Target::new(segments, query, "@anna:x")
    }

    fn rendered(pages: &Pages, target: &Target, sharer: &str, ended: bool) -> String {
        let is_ours = target.path.starts_with("i/");
        let page = Page { target, url: target.url("https://x/p/"), sharer: Some(sharer.to_owned()), is_ours, ended };
        // The engine escapes more than is necessary.
        pages.render(&page).replace("&#x2f;", "/")
    }

    fn with_template(text: &str) -> Result<Pages, TemplateError> {
        let folder = tempdir();
        fs::write(folder.join(MAIN_TEMPLATE), text).expect("the temporary folder is writable");
        let pages = Pages::new(Some(&folder), None);
        fs::remove_dir_all(folder).expect("it was made above");
        pages
    }

    fn tempdir() -> std::path::PathBuf {
        let id = Chance::system().id().expect("there are random numbers");
        let folder = std::env::temp_dir().join(format!("super-invites-templates-{id}"));
        fs::create_dir_all(&folder).expect("the temporary folder is writable");
        folder
    }

    #[test]
    fn whatever_is_shared_stays_text() {
        let pages = Pages::new(None, None).expect("nothing is read");
        for segments in [
            &["o", HOSTILE, HOSTILE, HOSTILE][..],
            &["o", HOSTILE, "taskList", HOSTILE, "task", HOSTILE],
            &["i", "x", HOSTILE],
            &["roomid", HOSTILE],
            &["r", HOSTILE],
            &["u", HOSTILE],
            &[HOSTILE],
        ] {
            let query =
                [("title", HOSTILE), ("roomDisplayName", HOSTILE), ("userDisplayName", HOSTILE), ("rooms", HOSTILE)];
            for ended in [false, true] {
                let html = rendered(&pages, &target(segments, &query), HOSTILE, ended);
                assert!(!html.contains("<script") && html.matches("</title>").count() == 1, "{html}");
                assert!(html.contains("{{ 7 * 7 }}"), "it is no template: {html}");
                assert!(html.contains("&lt;script&gt;"), "{html}");
            }
        }
    }

    #[test]
    fn a_page_leads_into_the_app_and_to_where_it_is_without_one() {
        let landing = "https://invite.example.org/".parse().expect("an address");
        let pages = Pages::new(None, Some(&landing)).expect("nothing is read");
        let invite = rendered(&pages, &target(&["i", "x", "a b"], &[("rooms", "4")]), "Anna", false);
        assert!(invite.contains(r#"href="https://invite.example.org/i/a%20b""#), "{invite}");
        assert!(invite.contains(r#"href="acter:i/x/a%20b?rooms=4&amp;userId=anna%3Ax""#), "{invite}");
        assert!(invite.contains("<svg") && invite.contains("4 rooms"), "{invite}");
        assert!(invite.contains(r#"content="https://invite.example.org/i/a%20b/preview.png""#), "{invite}");
        let ended = rendered(&pages, &target(&["i", "x", "a b"], &[]), "Anna", true);
        assert!(
            ended.contains("has ended") && !ended.contains("href=\"acter:") && !ended.contains("og:image"),
            "{ended}"
        );
        let room = rendered(&pages, &target(&["roomid", "room:x"], &[("via", "y"), ("via", "z")]), "Anna", false);
        assert!(room.contains("https://matrix.to/#/!room:x?via=y&amp;via=z"), "{room}");
    }

    #[test]
    fn templates_of_ones_own_take_the_place_of_the_page() {
        let own = with_template(
            "{% include 'parts/extra_header.html' %}<b>{{ icon }} {{ title }}</b>{{ qrcode | safe }}{{ sharerDisplayName }}",
        );
        let html = rendered(
            &own.expect("it is right"),
            &target(&["o", "r", "pin", "x"], &[("title", HOSTILE)]),
            "Anna",
            false,
        );
        assert!(
            html.contains("📌 &lt;/title&gt;&lt;script&gt;") && html.contains("<svg") && html.ends_with("Anna"),
            "{html}"
        );
    }

    #[test]
    fn a_template_that_fails_or_never_ends_is_stood_in_for() {
        let built_in = Pages::new(None, None).expect("nothing is read");
        let target = target(&["o", "r", "pin", "x"], &[]);
        let usual = rendered(&built_in, &target, "Anna", false);
        for text in [
            "{% for a in range(9999) %}{% for b in range(9999) %}{{ a * b }}{% endfor %}{% endfor %}",
            "{{ 'x' * 1000000000 }}",
            "{% macro again() %}{{ again() }}{% endmacro %}{{ again() }}",
            "{% include 'share_link.html' %}",
            "{% include '../../../../../etc/passwd' %}",
            "{% include '/etc/passwd' %}",
            "{{ title.missing.deeper }}",
        ] {
            assert_eq!(
                rendered(&with_template(text).expect("it can be read"), &target, "Anna", false),
                usual,
                "{text}"
            );
        }
        let wrong = with_template("<b>\n{% if %}").err().expect("it is refused").to_string();
        assert!(wrong.contains("share_link.html:2"), "{wrong}");
    }

    #[test]
    fn fuzz_whatever_an_operators_template_is_it_ends_and_is_refused_or_shown() {
        const PIECES: &[&str] = &[
            "{{ ",
            " }}",
            "{% ",
            " %}",
            "{# ",
            " #}",
            "for a in ",
            "range(9999)",
            "endfor",
            "if ",
            "endif",
            "else",
            "include ",
            "'share_link.html'",
            "'parts/extra_header.html'",
            "extends ",
            "block x",
            "endblock",
            "macro m()",
            "endmacro",
            "m()",
            "set a = ",
            "a",
            "title",
            "sharerDisplayName",
            "qrcode | safe",
            " | ",
            "upper",
            "join(',')",
            "*",
            "/",
            "0",
            "99999999999999999999",
            "'x'",
            ".missing",
            "[",
            "]",
            "(",
            ")",
            "\n",
        ];
        let target = target(&["o", "r", "pin", "x"], &[("title", HOSTILE)]);
        bolero::check!()
            .with_max_len(64)
            .with_iterations(crate::fuzz::TIMES)
            .with_test_time(crate::fuzz::AT_MOST)
            .for_each(|bytes: &[u8]| {
                if let Ok(pages) = with_template(&crate::fuzz::text(bytes, PIECES)) {
                    let html = rendered(&pages, &target, "Anna", false);
                    assert!(!html.contains("<script"), "{html}");
                }
            });
    }

    #[test]
    fn fuzz_whatever_is_shared_stays_text() {
        const PIECES: &[&str] = &[
            "<script>",
            "</title>",
            "\"",
            "'",
            "&",
            "&lt;",
            "{{",
            "}}",
            "{% raw %}",
            "javascript:",
            "\u{202e}",
            "/",
            "?",
            "#",
            "=",
            "%3C",
            "userId",
            "title",
            "i",
            "\n",
        ];
        let landing = "https://invite.example.org/".parse().expect("an address");
        let pages = std::panic::AssertUnwindSafe(Pages::new(None, Some(&landing)).expect("nothing is read"));
        bolero::check!()
            .with_type::<(u8, Vec<u8>, Vec<u8>)>()
            .with_iterations(crate::fuzz::TIMES)
            .with_test_time(crate::fuzz::AT_MOST)
            .for_each(|(kind, text, more): &(u8, Vec<u8>, Vec<u8>)| {
                let (text, more) = (crate::fuzz::text(text, PIECES), crate::fuzz::text(more, PIECES));
                let segments = match kind % 5 {
                    0 => vec!["i", "x", &*text],
                    1 => vec!["o", &*text, &*more, &*text],
                    2 => vec!["roomid", &*text],
                    3 => vec!["u", &*text],
                    _ => vec![&*text],
                };
                let query = [("title", &*more), ("roomDisplayName", &*text), ("rooms", &*more), (&*text, &*more)];
                let html = rendered(&pages, &target(&segments, &query), &more, kind % 2 == 0);
                assert!(!html.contains("<script") && html.matches("</title>").count() == 1, "{html}");
                assert!(!html.contains("href=\"javascript:"), "{html}");
            });
    }
}
