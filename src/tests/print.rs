//! Cards of an invite, to print.

use serde_json::json;

use crate::support::{API, Acting, Browser, Engine, Person, World, usual, with_pages};

/// What the owner calls it, and nobody else may know.
const LABEL: &str = "Not for uncle Bob";

/// Makes an invite as the page for that does, with a private name, and tells its code.
async fn invite(browser: &mut Browser, owner: &Person, room: &str, shows: bool, welcome: &str) -> String {
    browser.sign_in(owner, "").await;
    let mut fields = vec![("form[rooms][]", room), ("form[label]", LABEL), ("form[welcome]", welcome)];
    fields.extend(shows.then_some(("form[show_rooms]", "true")));
    let answer = browser.form("/new", "save", &fields).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    answer.header("location").rsplit('/').next().unwrap().split('?').next().unwrap().to_owned()
}

/// What stands in a text between two others.
fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    text.split_once(before).unwrap().1.split_once(after).unwrap().0
}

/// What a camera reads from the code on a page, with nothing but black where the mark is.
fn scanned(page: &str) -> String {
    const SCALE: usize = 8;
    let side: usize = between(page, "class=\"code\" viewBox=\"0 0 ", " ").parse().unwrap();
    let drawing = between(page, "<g id=\"code\">", "</g>");
    let width = side * SCALE;
    let mut pixels = vec![u8::MAX; width * width];
    let mut fill = |[x, y, wide, high]: [usize; 4], tone: u8| {
        for row in y..y + high {
            pixels[row * width + x..][..wide].fill(tone);
        }
    };
    for run in between(drawing, "fill=\"#000\" d=\"", "\"").split('M').skip(1) {
        let numbers: Vec<usize> = run.split(['h', 'v', ' ']).take(3).map(|number| number.parse().unwrap()).collect();
        fill([numbers[0] * SCALE, numbers[1] * SCALE, numbers[2] * SCALE, SCALE], 0);
    }
    if drawing.contains("<svg ") {
        // Half a module of white is around it.
        let at = between(drawing, "<svg x=\"", ".5\"").parse::<usize>().unwrap() * SCALE;
        let inner = between(drawing, " width=\"", "\"").parse::<usize>().unwrap() * SCALE;
        fill([at, at, inner + SCALE, inner + SCALE], u8::MAX);
        fill([at + SCALE / 2, at + SCALE / 2, inner, inner], 0);
    }
    let mut picture = rqrr::PreparedImage::prepare_from_greyscale(width, width, |x, y| pixels[y * width + x]);
    picture.detect_grids()[0].decode().unwrap().1
}

#[tokio::test]
async fn cards_are_printed_by_the_owner_of_an_invite_and_by_nobody_else() {
    let world = World::new().await;
    let service = usual(&world).await;
    let (anna, ben) = (world.person("anna").await, world.person("ben").await);
    let room = world.room(&anna, json!({"preset": "private_chat", "name": "Seeds"})).await;
    let [mut owner, mut other, mut visitor] = [(); 3].map(|()| Browser::new(&service));
    let code = invite(&mut owner, &anna, &room, false, "Hello!").await;
    other.sign_in(&ben, "").await;
    let path = format!("/invites/{code}/print");
    assert!(owner.get(&format!("/invites/{code}")).await.body.contains(&format!("href=\"{path}\"")));

    for base in ["", API] {
        let page = owner.get(&format!("{base}{path}")).await;
        assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
        assert!(page.body.contains(&format!("href=\"{base}/invites/{code}\"")), "{}", page.body);
        // No program runs on it.
        assert!(!page.body.contains("wasm") && !page.header("content-security-policy").contains("wasm"));
        let answer = visitor.get(&format!("{base}{path}?paper=a4")).await;
        let to = format!("{base}/sign-in?to=%2Finvites%2F{code}");
        assert_eq!((answer.status, answer.header("location")), (303, &*to));
    }
    let refused = other.get(&path).await;
    let never = owner.get("/invites/never-there/print").await;
    for page in [refused, never] {
        assert_eq!(page.status, 404);
        assert!(page.body.contains("There is no such invite") && !page.body.contains("<article"));
        assert!(!page.body.contains(&anna.id) && !page.body.contains("Seeds") && !page.body.contains("Hello!"));
    }
}

#[tokio::test]
async fn a_card_tells_as_much_as_the_page_of_the_invite() {
    let world = World::new().await;
    let service = usual(&world).await;
    let anna = world.person("anna").await;
    let room = world.room(&anna, json!({"preset": "private_chat", "name": "Seeds </title><script> \"&"})).await;
    let mut browser = Browser::new(&service);
    for shows in [true, false] {
        let code = invite(&mut browser, &anna, &room, shows, "Hello! <img>").await;
        let page = browser.get(&format!("/invites/{code}/print")).await.body;
        assert_eq!(page.contains("Seeds &lt;/title&gt;&lt;script&gt; &quot;&amp;</h2>"), shows, "{page}");
        assert_eq!(page.contains("Seeds"), shows);
        assert!(page.contains("Hello! &lt;img&gt;") && page.contains("1 room"));
        assert!(!page.contains(LABEL), "{page}");
        assert_eq!(between(&page, "<title>", "</title>"), "Print cards · Super Invites");
        assert!(!page.contains("isn’t available"));
    }

    let code = invite(&mut browser, &anna, &room, false, &"x".repeat(1000)).await;
    let page = browser.get(&format!("/invites/{code}/print")).await.body;
    assert!(page.contains("xxx…</p>") && !page.contains(&"x".repeat(500)));
    let paused = browser.form(&format!("/invites/{code}"), "pause", &[("code", &code), ("paused", "true")]).await;
    assert!(paused.status < 400, "{}", paused.body);
    let page = browser.get(&format!("/invites/{code}/print")).await;
    assert!(page.status == 200 && page.body.contains("for now: the link isn’t available"), "{}", page.body);
}

#[tokio::test]
async fn a_printed_code_holds_the_link_with_the_mark_as_well() {
    let world = World::new().await;
    let mut setup = with_pages(&world, Acting::Appservice, Engine::Sqlite).await;
    let service = setup.set("PUBLIC_URL", "https://invite.example.org/").start().await;
    let anna = world.person("anna").await;
    let code = service.invite(&anna, &world.rooms(&anna, 1).await, true).await;
    let mut browser = Browser::new(&service);
    browser.sign_in(&anna, "").await;
    for (query, size, cards, marked) in [
        ("", "105mm 148mm", 1, false),
        ("?paper=a6&mark=1", "105mm 148mm", 1, true),
        ("?paper=a4&mark=1", "210mm 297mm", 1, true),
        ("?paper=a4x4", "210mm 297mm", 4, false),
        // Too small for a mark.
        ("?paper=a4x8&mark=1", "297mm 210mm", 8, false),
        ("?paper=none", "105mm 148mm", 1, false),
    ] {
        let page = browser.get(&format!("/invites/{code}/print{query}")).await.body;
        assert!(page.contains(&format!("@page{{size:{size};margin:0}}")), "{query}");
        assert_eq!(page.matches("<article ").count(), cards, "{query}");
        assert_eq!(between(&page, "<g id=\"code\">", "</g>").contains("<svg "), marked, "{query}");
        assert_eq!(page.contains("name=\"mark\""), cards < 8, "{query}");
        assert_eq!(scanned(&page), format!("https://invite.example.org/i/{code}"), "{query}");
        assert!(page.contains(&format!("invite.example.org/i/{code}</bdi>")), "{query}");
    }
}
