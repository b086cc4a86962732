//! Cards of an invite, to print. The server alone makes this page, without the program: whoever prints has no need of it, and nobody else has
//! to load what is only for them.

use super::invite::stopped;
use crate::{
    Error, Files, Landing, Paper, QrCode, invite_path, resources,
    shell::style,
    t,
    ui::{DRAWING, apology, button, escaped, sheet},
    wording,
    words::language,
};

/// How cards look. It stands in the page itself, for no other page loads it.
const STYLE: &str = include_str!("../../../style/print.css");

/// Shows a button that only a script can make work.
const SCRIPT: &str =
    r#"const button = document.getElementById("print"); button.hidden = false; button.onclick = () => window.print();"#;

/// What such a page needs, whatever is on it.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// What stands before the path of each page.
    pub base: &'a str,
    /// The word that its own script and style carry.
    pub nonce: &'a str,
    /// What tells the files of this build from those of others.
    pub files: &'a Files,
}

/// What is printed, and how.
#[derive(Debug, Clone, Copy)]
pub struct Printing<'a> {
    /// The code of the invite.
    pub code: &'a str,
    /// The address to share.
    pub address: &'a str,
    /// What a stranger sees at it.
    pub landing: &'a Landing,
    /// What it is printed on.
    pub paper: Paper,
    /// The QR code of that address.
    pub qr: &'a QrCode,
    /// Whether the mark stands in its middle; nothing where it would be too small for that.
    pub mark: Option<bool>,
}

/// The page for printing an invite.
pub fn print_page(frame: &Frame<'_>, printing: &Printing<'_>) -> String {
    let Printing { code, address, landing, paper, qr, mark } = *printing;
    let back = format!("{}{}", frame.base, invite_path(code));
    let note = stopped(landing.state).map(|text| format!(r#"<p class="alert alert-warning">{}</p>"#, escaped(text)));
    let main = format!(
        r#"<div class="grid gap-6 pt-4 pb-8 print:hidden"><div class="grid gap-1"><a class="link w-fit text-sm" href="{back}">{}</a><h1>{}</h1></div>{}{}<div class="flex flex-wrap items-center gap-4"><button id="print" class="btn btn-primary" type="button" hidden>{}</button><p class="hint">{}</p></div></div><section class="sheets" aria-label="{}">{}</section><script type="module" nonce="{}">{SCRIPT}</script>"#,
        escaped(t!("Back to the invite")),
        escaped(t!("Print cards")),
        note.unwrap_or_default(),
        choices(paper, mark),
        escaped(t!("Print")),
        escaped(t!(
            "Use your browser’s print: it can also save a PDF. At a scale of 100 % the cards have their true size."
        )),
        escaped(t!("Preview")),
        sheet(landing, address, paper, qr, mark == Some(true)),
        frame.nonce
    );
    whole(frame, t!("Print cards"), &format!("@page{{size:{};margin:0}}", paper.size()), &main)
}

/// What stands there for whoever may not print it.
pub fn nothing_to_print(frame: &Frame<'_>, error: Error) -> String {
    let (title, words, again) = apology(error.into());
    let home = button("", &format!("{}/", frame.base), "", &escaped(t!("Home")));
    let main = format!(
        r#"<div class="grid gap-6 py-4"><h1>{}</h1><p>{}</p><div class="flex flex-wrap gap-3">{again}{home}</div></div>"#,
        escaped(title),
        escaped(&words)
    );
    whole(frame, title, "", &main)
}

/// The form in which the paper is chosen, and the mark where it can be.
fn choices(chosen: Paper, mark: Option<bool>) -> String {
    let checked = |is: bool| if is { " checked" } else { "" };
    let chip = |paper: Paper| {
        let (key, checked, name) = (paper.key(), checked(paper == chosen), escaped(wording::paper(paper)));
        format!(
            r#"<label class="chip"><input type="radio" name="paper" value="{key}"{checked}><span>{name}</span></label>"#
        )
    };
    let chips: String = Paper::ALL.into_iter().map(chip).collect();
    let mark = mark.map(|mark| {
        format!(
            r#"<label class="flex w-fit items-center gap-3"><input class="checkbox" type="checkbox" name="mark" value="1"{}>{}</label>"#,
            checked(mark),
            escaped(t!("The mark of Super Invites in the middle of the code"))
        )
    });
    format!(
        r#"<form method="get" class="card grid gap-4"><fieldset><legend class="mb-2 font-medium">{}</legend><div class="chips">{chips}</div></fieldset>{}<button class="btn w-fit" type="submit">{}</button></form>"#,
        escaped(t!("Paper")),
        mark.unwrap_or_default(),
        escaped(t!("Show"))
    )
}

/// A whole frame. `more` is a style, `main` is HTML. What its title is, a browser prints and calls the PDF by.
fn whole(frame: &Frame<'_>, title: &str, more: &str, main: &str) -> String {
    let Frame { base, nonce, files } = frame;
    let (assets, style) = (format!("{}/_assets", resources(base)), style(base, files));
    let (tag, direction) = (language().tag(), language().direction());
    let title = escaped(title);
    format!(
        r#"<!DOCTYPE html>
<html lang="{tag}" dir="{direction}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>{title} · Super Invites</title>
<link rel="icon" type="image/svg+xml" href="{assets}/favicon.svg">
<link rel="preload" href="{assets}/sansita-700.woff2" as="font" type="font/woff2" crossorigin="">
<link rel="stylesheet" href="{style}">
<style nonce="{nonce}">{STYLE}{more}</style>
</head>
<body>
<header class="wide py-3 sm:py-5 print:hidden"><a href="{base}/" class="flex min-h-11 w-fit items-center gap-2 rounded-field font-display text-lg leading-none"><svg class="size-9" viewBox="0 0 32 32" aria-hidden="true">{DRAWING}</svg>Super Invites</a></header>
<main id="content" class="wide pb-16">{main}</main>
</body>
</html>
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{InviteState, PREFIX, Person, Relation, Room};

    fn landing() -> Landing {
        let name = "Garden </title><script>\"&";
        let room = |id: &str, space| Room {
            id: id.to_owned(),
            name: Some(format!("{name}{id}")),
            avatar_url: None,
            space,
            left: false,
            members: Some(24),
        };
        Landing {
            inviter: Person { user_id: "@anna:x".into(), display_name: Some("<b>نور".into()), avatar_url: None },
            welcome: Some("Welcome <img>\n".repeat(60)),
            public_title: None,
            picture: None,
            rooms: 5,
            spaces: 1,
            chat: true,
            shown: ["!0", "!1", "!2", "!3", "!4", "!5"].map(|id| room(id, id == "!0")).to_vec(),
            // Midnight.
            expires_at: Some(1_709_164_800_000),
            state: InviteState::Paused,
            relation: Relation::Owner,
            apps: Vec::new(),
            now: 0,
        }
    }

    fn printed(paper: Paper, landing: &Landing, mark: Option<bool>) -> String {
        let files = Files { style: ".abc".to_owned(), ..Files::default() };
        let qr = QrCode { modules: 29, dark: vec![true; 29 * 29] };
        let frame = Frame { base: PREFIX, nonce: "once", files: &files };
        print_page(
            &frame,
            &Printing { code: "a b", address: "https://invite.example/i/a%20b", landing, paper, qr: &qr, mark },
        )
    }

    #[test]
    fn every_sheet_has_its_size_and_its_cards() {
        for paper in Paper::ALL {
            let page = printed(paper, &landing(), Some(true));
            assert!(page.contains(&format!("@page{{size:{};margin:0}}", paper.size())));
            assert_eq!(page.matches("<article ").count(), paper.cards());
            assert_eq!(page.matches("<g id=\"code\">").count(), 1);
            assert!(page.contains(&format!("value=\"{}\" checked", paper.key())));
            assert!(page.contains("nonce=\"once\"") && page.contains(&format!("{PREFIX}/invites/a%20b\"")));
        }
        assert!(!printed(Paper::Eight, &landing(), None).contains("name=\"mark\""));
    }

    #[test]
    fn a_card_tells_what_may_be_known_as_text() {
        let page = printed(Paper::Card, &landing(), Some(false));
        assert!(page.contains("Garden &lt;/title&gt;&lt;script&gt;&quot;&amp;!0</h2>"));
        assert!(page.contains("<bdi>&lt;b&gt;نور</bdi> invites you to"));
        assert!(page.contains("Welcome &lt;img&gt;") && page.contains("…</p>"));
        assert!(page.contains("invite.example/i/a%20b</bdi>") && page.contains("Until 28 Feb 2024."));
        assert!(page.contains("for now: the link isn’t available"));
        assert_eq!((page.matches("<title>").count(), page.matches("<script").count()), (1, 1));
        let unnamed = Landing { shown: Vec::new(), state: InviteState::Open, ..landing() };
        let page = printed(Paper::Card, &unnamed, Some(false));
        assert!(!page.contains("Garden") && !page.contains("isn’t available"));
        assert!(page.contains("invites you to 5 rooms, 1 space and a chat with &lt;b&gt;نور"));
        let titled = Landing { public_title: Some("Camp </h2>".to_owned()), ..unnamed };
        let page = printed(Paper::Card, &titled, Some(false));
        assert!(page.contains("Camp &lt;/h2&gt;</h2>") && !page.contains("Garden"));
        assert!(
            page.contains("<bdi>&lt;b&gt;نور</bdi> invites you to") && page.contains("5 rooms, 1 space and a chat")
        );
    }

    #[test]
    fn whoever_may_not_print_is_told_why() {
        let frame = Frame { base: "", nonce: "once", files: &Files::default() };
        let page = nothing_to_print(&frame, Error::UnknownInvite);
        assert!(page.contains("<h1>There is no such invite</h1>") && !page.contains("<article"));
    }
}
