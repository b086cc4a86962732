//! The language in which pages, errors and the API answer.

use std::fs;

use app::Told;
use serde_json::{Value, json};

use crate::support::{API, Acting, Answer, Browser, Engine, Person, Service, World, sent, usual, with_pages};

/// The headline of the first page in German.
const GERMAN: &str = "Ein Link. Alle in den richtigen Räumen.";

/// The address of the words for the program of a page.
fn words(page: &Answer) -> Option<&str> {
    let at = page.body.find(&format!("{API}/_assets/words/"))?;
    page.body[at..].split('"').next()
}

#[tokio::test]
async fn a_page_is_in_the_language_that_the_browser_asks_for() {
    let world = World::new().await;
    let service = usual(&world).await;
    for (asked, tag, direction, headline) in [
        ("de-AT,de;q=0.9,en;q=0.8", "de", "ltr", GERMAN),
        ("ar", "ar", "rtl", "رابط واحد. الجميع في الغرف المناسبة."),
        ("tlh", "en", "ltr", "One link. Everyone in the right rooms."),
    ] {
        let page = Browser::new(&service).with("accept-language", asked).get("/").await;
        assert!(page.body.contains(&format!(r#"<html lang="{tag}" dir="{direction}""#)), "{asked}: {}", page.body);
        assert!(page.body.contains(headline), "{asked}: {}", page.body);
        assert_eq!(page.header("content-language"), tag);
        let vary: Vec<_> = page.headers.get_all("vary").iter().map(|value| value.to_str().unwrap()).collect();
        assert!(vary.join(", ").contains("accept-language, cookie"), "{vary:?}");
    }
}

#[tokio::test]
async fn the_program_of_a_page_loads_the_words_of_its_language() {
    let world = World::new().await;
    let service = usual(&world).await;
    let mut visitor = Browser::new(&service).with("accept-language", "de");
    let page = visitor.get("/").await;
    let address = words(&page).expect("there are words to load").to_owned();
    let loaded = visitor.get(&address).await;
    assert_eq!(loaded.status, 200, "{address}");
    assert!(loaded.body.contains(GERMAN), "{}", loaded.body);
    assert_eq!(loaded.header("cache-control"), "public, max-age=31536000, immutable");
    // From another build: what there is now, but not for long.
    let other = visitor.get(&format!("{API}/_assets/words/de.other")).await;
    assert_eq!((other.status, other.header("cache-control")), (200, "no-store"));
    assert_eq!(visitor.get(&format!("{API}/_assets/words/tlh.other")).await.status, 404);
    let english = Browser::new(&service).get("/").await;
    assert_eq!(words(&english), None, "the program has the English words");
}

#[tokio::test]
async fn a_visitor_chooses_a_language_and_stays_on_the_page() {
    let world = World::new().await;
    let service = usual(&world).await;
    let mut visitor = Browser::new(&service).with("accept-language", "fr");
    let page = visitor.get("/sign-in?to=%2Fi%2Fabc").await;
    let link = r#"href="?to=%2Fi%2Fabc&amp;lang=de" hreflang="de" lang="de""#;
    assert!(page.body.contains(link), "{}", page.body);
    let chosen = visitor.get("/sign-in?to=%2Fi%2Fabc&lang=de").await;
    assert_eq!((chosen.status, chosen.header("location")), (303, "/sign-in?to=%2Fi%2Fabc"));
    let cookie = chosen.header("set-cookie");
    for part in ["super_invites_language=de;", "Path=/", "Max-Age=31536000", "SameSite=Lax", "HttpOnly"] {
        assert!(cookie.contains(part), "{cookie} has no {part}");
    }
    assert!(!cookie.contains("Secure"), "this is plain http: {cookie}");
    let mut visitor = visitor.with("cookie", "super_invites_language=de");
    let page = visitor.get("/sign-in?to=%2Fi%2Fabc").await;
    assert!(page.body.contains("Benutzername"), "{}", page.body);
    assert!(page.body.contains(r#"rel="external nofollow" aria-current="true">Deutsch"#), "{}", page.body);
    let unknown = visitor.get("/?lang=tlh").await;
    assert_eq!((unknown.status, unknown.header("set-cookie")), (200, ""));
}

#[tokio::test]
async fn over_https_the_chosen_language_is_a_secure_cookie_too() {
    let world = World::new().await;
    let service = usual(&world).await;
    let mut visitor = Browser::new(&service).with("x-forwarded-proto", "https");
    let chosen = visitor.get(&format!("{API}/?lang=ar")).await;
    assert_eq!(chosen.header("location"), format!("{API}/"));
    assert!(chosen.header("set-cookie").contains("; Secure"), "{:?}", chosen.headers);
}

#[tokio::test]
async fn what_is_wrong_with_a_form_is_said_in_the_language_of_the_page() {
    let world = World::new().await;
    let service = usual(&world).await;
    let anna = world.person("anna").await;
    let fields = [("user", anna.id.as_str()), ("password", "wrong"), ("to", "")];
    let mut german = Browser::new(&service).with("accept-language", "de");
    let page = german.form("/sign-in", "sign_in", &fields).await;
    assert_eq!(page.status, 403);
    assert!(page.body.contains("Benutzername oder Passwort ist falsch."), "{}", page.body);
    let mut spanish = Browser::new(&service).with("accept-language", "es");
    let (status, told) = spanish.function::<Told>("sign_in", &fields).await;
    assert_eq!((status, told.unwrap().words.as_str()), (403, "Nombre de usuario o contraseña incorrectos."));
}

#[tokio::test]
async fn a_script_is_answered_in_the_language_of_its_page_whatever_was_chosen_since() {
    let world = World::new().await;
    let service = usual(&world).await;
    let anna = world.person("anna").await;
    let fields = [("user", anna.id.as_str()), ("password", "wrong"), ("to", "")];
    let mut visitor = Browser::new(&service).with("accept-language", "fr").with("cookie", "super_invites_language=es");
    for (function, words) in [
        ("sign_in", "Nombre de usuario o contraseña incorrectos."),
        ("sign_in?lang=de", "Benutzername oder Passwort ist falsch."),
        ("sign_in?lang=tlh", "Nombre de usuario o contraseña incorrectos."),
    ] {
        let (status, told) = visitor.function::<Told>(function, &fields).await;
        assert_eq!((status, told.unwrap().words.as_str()), (403, words), "{function}");
    }
}

/// What the API says to somebody who redeems a code that they have redeemed already.
async fn redeemed_again(service: &Service, person: &Person, code: &str, language: Option<&str>) -> Value {
    let mut request =
        service.client.post(format!("{}{API}/redeem?token={code}", service.url)).bearer_auth(&person.token);
    if let Some(language) = language {
        request = request.header("accept-language", language);
    }
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 400);
    serde_json::from_str(&answer.text().await.unwrap()).unwrap()
}

#[tokio::test]
async fn the_api_tells_errors_in_the_language_that_a_client_asks_for() {
    let world = World::new().await;
    let service = Service::usual(&world).await;
    let (anna, ben) = (world.person("anna").await, world.person("ben").await);
    let code = service.invite(&anna, &world.rooms(&anna, 1).await, false).await;
    service.redeem(&ben, &code).await;
    let english = "You have joined with this invite already.";
    for (language, text) in
        [(Some("de-AT"), "Du bist mit dieser Einladung schon beigetreten."), (Some("tlh"), english), (None, english)]
    {
        let answer = redeemed_again(&service, &ben, &code, language).await;
        assert_eq!(answer["errcode"], "ALREADY_REDEEMED");
        assert_eq!(answer["error"], text, "{language:?}");
    }
}

#[tokio::test]
async fn an_operators_words_are_on_the_pages() {
    let world = World::new().await;
    let mut setup = with_pages(&world, Acting::Appservice, Engine::Sqlite).await;
    let folder = setup.folder.join("words");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("en.po"), "msgid \"I have a code\"\nmsgstr \"I have a <ticket>\"\n").unwrap();
    let italian = "msgid \"I have a code\"\nmsgstr \"Ho un codice\"\n";
    fs::write(folder.join("it.po"), italian).unwrap();
    setup.set("WORDS_DIR", folder.to_str().unwrap());
    let service = setup.start().await;
    let english = Browser::new(&service).get("/").await;
    assert!(english.body.contains("I have a &lt;ticket&gt;"), "{}", english.body);
    assert!(words(&english).is_some(), "the program has only the built-in English words");
    let italian = Browser::new(&service).with("accept-language", "it-CH").get("/").await;
    assert!(italian.body.contains(r#"<html lang="it""#) && italian.body.contains("Ho un codice"), "{}", italian.body);
    assert!(italian.body.contains("One link."), "what is not translated is English: {}", italian.body);
}

#[tokio::test]
async fn nothing_that_a_translator_wrote_is_markup() {
    let world = World::new().await;
    let mut setup = with_pages(&world, Acting::Appservice, Engine::Sqlite).await;
    let folder = setup.folder.join("words");
    fs::create_dir_all(&folder).unwrap();
    let german = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/words/de.po")).unwrap();
    let marked = |line: &str| match line.split_once('"') {
        Some((form, text)) if form.starts_with("msgstr") && text != "\"" => format!("{form}\"<x>&{text}\n"),
        _ => format!("{line}\n"),
    };
    fs::write(folder.join("de.po"), german.lines().map(marked).collect::<String>()).unwrap();
    setup.set("WORDS_DIR", folder.to_str().unwrap());
    let service = setup.start().await;
    let (anna, ben) = (world.person("anna").await, world.person("ben").await);
    let room = world.room(&anna, json!({"name": "Garden"})).await;
    let mut owner = Browser::new(&service).with("accept-language", "de");
    let code = owner.invite(&anna, &room, true).await;
    let mut nobody = Browser::new(&service).with("accept-language", "de");
    let mut guest = Browser::new(&service).with("accept-language", "de");
    guest.sign_in(&ben, "").await;
    let landing = format!("/i/{code}");
    let mut pages = vec![
        nobody.get("/").await,
        nobody.get("/sign-in").await,
        nobody.get(&landing).await,
        guest.get(&landing).await,
        owner.get(&landing).await,
    ];
    service.redeem(&ben, &code).await;
    pages.push(guest.get(&landing).await);
    for page in ["/invites", "/invites?q=nothing", "/new", "/my-rooms"] {
        pages.push(owner.get(page).await);
    }
    for part in ["", "/edit", "/delete", "/print"] {
        pages.push(owner.get(&format!("/invites/{code}{part}")).await);
    }
    let mut admin = Browser::new(&service).with("accept-language", "de");
    admin.sign_in(&world.admin, "").await;
    for page in ["/server", "/server/days", "/server/log"] {
        pages.push(admin.get(page).await);
    }
    for page in pages {
        assert_eq!(page.status, 200, "{}", page.body);
        assert!(page.body.contains("&lt;x&gt;&amp;"), "{}", page.body);
        assert!(!page.body.contains("<x>"), "{}", page.body);
        assert!(!page.body.contains("&amp;lt;x"), "escaped twice: {}", page.body);
    }
}

#[tokio::test]
async fn a_table_has_its_columns_in_the_language_of_the_page() {
    let world = World::new().await;
    let service = usual(&world).await;
    let (anna, ben) = (world.person("anna").await, world.person("ben").await);
    let code = service.invite(&anna, &world.rooms(&anna, 1).await, true).await;
    service.redeem(&ben, &code).await;
    let mut german = Browser::new(&service).with("accept-language", "de");
    german.sign_in(&anna, "").await;
    let table = german.get(&format!("/invites/{code}/joined.csv")).await;
    assert!(table.body.contains("\"Räume (beigetreten)\",\"Fehlende Räume\"\r\n"), "{}", table.body);
    assert!(table.body.contains(&format!("\"'{}\"", ben.id)), "{}", table.body);
}

#[tokio::test]
async fn a_form_of_another_site_is_refused_in_the_language_of_the_request() {
    let world = World::new().await;
    let service = usual(&world).await;
    let mut elsewhere = Browser::new(&service).with("accept-language", "fr").with("sec-fetch-site", "cross-site");
    let answer = elsewhere.form("/sign-in", "sign_in", &[]).await;
    assert_eq!(answer.status, 403);
    assert_eq!(
        answer.body,
        "Cela n’a pas été envoyé par une page de ce site. Revenez en arrière, rechargez la page et réessayez.\n"
    );
}

#[tokio::test]
async fn the_page_of_a_share_link_is_in_the_language_of_whoever_opens_it() {
    let world = World::new().await;
    let mut setup = with_pages(&world, Acting::Appservice, Engine::Sqlite).await;
    setup.set("SHARE_LINK_GENERATOR", "{url_prefix: 'https://app.example.com/p/'}");
    let service = setup.start().await;
    let anna = world.person("anna").await;
    let body = json!({"type": "roomId", "roomId": "garden"});
    let request = service.client.put(format!("{}/_synapse/client/share_link/", service.url));
    let shared = sent(request.bearer_auth(&anna.token).body(body.to_string())).await;
    let shared: Value = serde_json::from_str(&shared.body).unwrap();
    let path = shared["url"].as_str().unwrap().strip_prefix("https://app.example.com").unwrap();
    let path = path.split('?').next().unwrap();
    for (asked, tag, direction, text) in [
        ("de", "de", "ltr", "</bdi> teilt einen Raum</h1>"),
        ("ar", "ar", "rtl", "فتح في Acter"),
        ("tlh", "en", "ltr", "</bdi> shares a room</h1>"),
    ] {
        let mut visitor = Browser::new(&service).with("accept-language", asked);
        let page = visitor.get(path).await;
        assert!(page.body.contains(&format!(r#"<html lang="{tag}" dir="{direction}">"#)), "{}", page.body);
        assert!(page.body.contains(text), "{}", page.body);
        assert_eq!((page.header("content-language"), page.header("vary")), (tag, "accept-language, cookie"));
    }
    let mut german = Browser::new(&service).with("accept-language", "de");
    let nothing = german.get(&format!("/p/{}", "0".repeat(40))).await;
    assert_eq!((nothing.status, nothing.body.as_str()), (404, "Diesen Link gibt es nicht.\n"));
}
