//! The web interface, as browsers see it: statuses, headers, pictures, lists, forms.

use app::{InvitePage, Rooms};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    API, Acting, Answer, Browser, Engine, Fault, Proxy, Service, World, moment, unique, usual, with_pages,
};

/// Asserts that a response has the headers of every page, and that each script on it carries the page's nonce.
fn is_protected(answer: &Answer, path: &str) {
    assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
    assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
    assert_eq!(answer.header("strict-transport-security"), "", "{path}: this is plain http");
    let policy = answer.header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
    assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"), "{path}: {policy}");
    // Not the whole host: it may be the homeserver's, which serves anybody's uploads.
    let scripts = policy.split("; ").find(|part| part.starts_with("script-src ")).unwrap_or_default();
    assert!(!scripts.contains("'self'"), "{path}: {policy}");
    assert_eq!(answer.header("cache-control"), "no-store", "{path}");
    let nonce = policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).unwrap_or("none");
    let scripts = answer.body.matches("<script").count();
    let allowed = answer.body.matches(&format!("nonce=\"{nonce}\"")).count();
    assert!(scripts <= allowed, "{path}: {scripts} scripts, {allowed} allowed");
}

#[tokio::test]
async fn every_page_has_its_status_and_its_headers() {
    let world = World::new().await;
    let service = usual(&world).await;
    let (anna, ben) = (world.person("anna").await, world.person("ben").await);
    let rooms = world.rooms(&anna, 1).await;
    let code = service.invite(&anna, &rooms, false).await;
    let deleted = service.invite(&anna, &rooms, false).await;
    service.delete(&anna, &deleted).await;

    let [mut visitor, mut owner, mut other] = [(); 3].map(|()| Browser::new(&service));
    owner.sign_in(&anna, "").await;
    other.sign_in(&ben, "").await;
    let own = format!("/invites/{code}");
    let asked = [
        ("visitor", "/".to_owned(), 200),
        ("visitor", "/sign-in".to_owned(), 200),
        ("visitor", "/join".to_owned(), 200),
        ("visitor", format!("/i/{code}"), 200),
        ("visitor", "/i/never-there".to_owned(), 404),
        ("visitor", format!("/i/{deleted}"), 404),
        ("visitor", "/nowhere".to_owned(), 404),
        ("visitor", "/new".to_owned(), 303),
        ("visitor", own.clone(), 303),
        ("visitor", format!("{own}/print"), 303),
        ("visitor", format!("{own}/qr.png"), 401),
        ("owner", "/new".to_owned(), 200),
        ("owner", own.clone(), 200),
        ("owner", format!("{own}/edit"), 200),
        ("owner", format!("{own}/delete"), 200),
        ("owner", format!("{own}/print"), 200),
        ("owner", "/invites/never-there/print".to_owned(), 404),
        ("owner", format!("{own}/qr.png"), 200),
        ("owner", format!("{own}/qr.svg"), 200),
        ("owner", format!("{own}/qr.gif"), 404),
        ("owner", "/invites/never-there".to_owned(), 404),
        ("other", own.clone(), 404),
        ("other", format!("{own}/print"), 404),
        ("other", format!("{own}/qr.png"), 404),
    ];
    for (who, path, status) in asked {
        let browser = match who {
            "visitor" => &mut visitor,
            "owner" => &mut owner,
            _ => &mut other,
        };
        for base in ["", API] {
            // Below the API's path, the API answers for addresses that are not pages.
            if base == API && path == "/nowhere" {
                continue;
            }
            let answer = browser.get(&format!("{base}{path}")).await;
            assert_eq!(answer.status, status, "{base}{path}");
            is_protected(&answer, &path);
        }
    }
}

#[tokio::test]
async fn the_pages_of_an_unknown_invite_and_of_a_deleted_one_are_the_same() {
    let world = World::new().await;
    let service = usual(&world).await;
    let anna = world.person("anna").await;
    let deleted = service.invite(&anna, &world.rooms(&anna, 1).await, false).await;
    service.delete(&anna, &deleted).await;
    let mut visitor = Browser::new(&service);
    let text = |body: &str| body[body.find("<main").unwrap()..body.find("</main").unwrap()].to_owned();
    let (unknown, ended) = (visitor.get("/i/never-there").await, visitor.get(&format!("/i/{deleted}")).await);
    assert_eq!(text(&unknown.body), text(&ended.body), "the page does not tell which it is");
}

#[tokio::test]
async fn the_nonce_of_a_page_is_another_one_each_time() {
    let world = World::new().await;
    let service = usual(&world).await;
    let mut visitor = Browser::new(&service);
    let first = visitor.get("/").await.header("content-security-policy").to_owned();
    assert_ne!(first, visitor.get("/").await.header("content-security-policy"));
}

#[tokio::test]
async fn over_https_browsers_are_told_to_stay_with_it() {
    let world = World::new().await;
    let service = usual(&world).await;
    let mut secure = Browser::new(&service).with("x-forwarded-proto", "https");
    assert_eq!(secure.get("/").await.header("strict-transport-security"), "max-age=31536000");
}

#[tokio::test]
async fn a_session_that_has_ended_leads_to_the_sign_in_page_and_back() {
    let world = World::new().await;
    let service = usual(&world).await;
    let ben = world.person("ben").await;
    let mut browser = Browser::new(&service);
    browser.sign_in(&ben, "").await;
    world.ask(Method::POST, "/_matrix/client/v3/logout/all", &ben.token, json!({})).await;
    let answer = browser.get("/invites?q=x").await;
    assert_eq!((answer.status, answer.header("location")), (303, "/sign-in?to=%2Finvites%3Fq%3Dx"));
    assert!(browser.cookie.is_none(), "it is forgotten");
}

#[tokio::test]
async fn nobody_is_signed_out_because_the_homeserver_is_away() {
    let world = World::new().await;
    let proxy = Proxy::start(&world).await;
    let mut setup = with_pages(&world, Acting::Appservice, Engine::Sqlite).await;
    let service = setup.set("HOMESERVER_URL", &proxy.url).start().await;
    let anna = world.person("anna").await;
    let mut browser = Browser::new(&service);
    browser.sign_in(&anna, "").await;
    proxy.fail(Method::GET, "/", 0, u32::MAX, Fault::BadGateway);
    for path in ["/new", "/sign-in"] {
        let answer = browser.get(path).await;
        assert_eq!((answer.status, answer.header("retry-after")), (503, "5"), "{path}");
        assert!(answer.body.contains("The homeserver does not answer"), "{path}");
    }
    assert!(browser.cookie.is_some());
}

#[tokio::test]
async fn without_enable_web_nothing_of_it_is_there() {
    let world = World::new().await;
    let service = Service::usual(&world).await;
    let mut browser = Browser::new(&service);
    for path in [
        "/",
        "/sign-in",
        "/i/abc",
        "/invites",
        "/new",
        "/join",
        "/sign-in/elsewhere",
        "/sign-in/back",
        "/invites/abc/print",
        "/invites/abc/qr.png",
        "/_assets/favicon.svg",
        "/_assets/pkg/super-invites.js",
        "/_live/abc",
        "/_pictures/test/abc/0011",
    ] {
        for base in ["", API] {
            let path = format!("{base}{path}");
            let answer = browser.get(&path).await;
            assert_eq!(answer.status, 404, "{path}");
            assert!(!answer.body.contains("<html"), "{path}");
        }
    }
    for function in ["visitor", "sign_in", "invites", "save", "redeem", "open", "landing"] {
        assert_eq!(browser.function::<()>(function, &[("code", "abc")]).await.0, 404, "{function}");
    }
    for page in ["/sign-in", "/i/abc", "/_synapse/client/super_invites/sign-in"] {
        assert_eq!(browser.form(page, "sign_in", &[]).await.status, 404, "{page}");
    }
}

#[tokio::test]
async fn pictures_are_passed_on_for_pages_only() {
    let world = World::new().await;
    let service = usual(&world).await;
    let anna = world.person("anna").await;
    let rooms = world.rooms(&anna, 1).await;
    let code = service.invite(&anna, &rooms, false).await;
    let mut image = Vec::new();
    let mut encoder = png::Encoder::new(&mut image, 64, 64);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.write_header().unwrap().write_image_data(&[128; 64 * 64]).unwrap();
    let upload = async |kind: &str, body: Vec<u8>| {
        let url = format!("{}/_matrix/media/v3/upload", world.homeserver);
        let request = world.client.post(url).bearer_auth(&anna.token).header("content-type", kind).body(body);
        let answer: Value = serde_json::from_slice(&request.send().await.unwrap().bytes().await.unwrap()).unwrap();
        answer["content_uri"].as_str().unwrap().to_owned()
    };
    let picture_on_page = async |browser: &mut Browser| {
        let page = browser.get(&format!("/i/{code}")).await;
        let (_, rest) = page.body.split_once("src=\"/_synapse/client/super_invites/_pictures/").unwrap();
        format!("{API}/_pictures/{}", rest.split('"').next().unwrap())
    };
    let mxc = upload("image/png", image).await;
    world.as_user(Method::PUT, &format!("/profile/{}/avatar_url", anna.id), &anna, json!({"avatar_url": mxc})).await;
    let mut browser = Browser::new(&service);
    let address = picture_on_page(&mut browser).await;
    let answer = browser.client.get(format!("{}{address}", service.url)).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    assert_eq!((header("content-type"), header("x-content-type-options")), ("image/png".into(), "nosniff".into()));
    assert!(header("cache-control").contains("immutable") && header("content-security-policy").contains("'none'"));

    // Nobody can fetch pictures through here that no page shows.
    let (picture, mark) = address.rsplit_once('/').unwrap();
    let (server, _) = picture.rsplit_once('/').unwrap();
    let shortened = &mark[2..];
    for address in [format!("{picture}/{shortened}"), format!("{picture}/00"), format!("{server}/other/{mark}")] {
        assert_eq!(browser.get(&address).await.status, 404, "{address}");
    }
}

#[tokio::test]
async fn pages_can_be_below_a_path_of_the_operators_choice() {
    let world = World::new().await;
    let mut setup = with_pages(&world, Acting::Appservice, Engine::Sqlite).await;
    setup.set("SHARE_LINK_GENERATOR", "{}").set("PUBLIC_URL", "https://example.org/our/invites");
    let service = setup.start().await;
    let anna = world.person("anna").await;
    let rooms = world.rooms(&anna, 1).await;
    let code = service.invite(&anna, &rooms, false).await;
    let mut browser = Browser::new(&service);
    let start = browser.get("/our/invites").await;
    assert_eq!((start.status, start.header("location")), (308, "/our/invites/"));
    assert_eq!(browser.get("/our/invites/").await.status, 200);
    assert_eq!(browser.get("/our/invites/p/0000000000000000000000000000000000000000").await.status, 404);

    // Everything on a page is below the path, or it would have to be forwarded as well.
    let landing = browser.get(&format!("/our/invites/i/{code}")).await;
    assert_eq!(landing.status, 200);
    is_protected(&landing, "/our/invites/i/…");
    assert!(landing.body.contains("\"/our/invites/_assets/pkg/") && landing.body.contains("href=\"/our/invites/"));
    assert!(!landing.body.contains("\"/_synapse/") && !landing.body.contains("href=\"/i/"), "{}", landing.body);
    assert!(landing.header("content-security-policy").contains("/our/invites/_assets/pkg/ "));

    let away = browser.get("/our/invites/new").await;
    assert!(away.status == 303 && away.header("location").starts_with("/our/invites/sign-in"), "{away:?}");
    let credentials = [("user", anna.id.as_str()), ("password", "password"), ("to", "/my-rooms")];
    let signed_in = browser.form("/our/invites/sign-in", "sign_in", &credentials).await;
    assert_eq!((signed_in.status, signed_in.header("location")), (303, "/our/invites/my-rooms"));
    let own = browser.get(&format!("/our/invites/invites/{code}")).await;
    assert!(own.status == 200 && own.body.contains(&format!("https://example.org/our/invites/i/{code}")));
    browser.headers.insert("sec-fetch-mode", "cors".parse().unwrap());
    assert_eq!(browser.post("/our/invites/_rpc/visitor", &[]).await.status, 200);
    browser.headers.remove("sec-fetch-mode");

    // The root belongs to somebody else; the paths that clients know stay what they are.
    assert_eq!(browser.get("/sign-in").await.status, 404);
    assert_eq!(browser.get(&format!("{API}/i/{code}")).await.status, 200);
    assert_eq!(service.info(&anna, &code).await.0, 200);
}

#[tokio::test]
async fn a_qr_code_holds_the_link() {
    let world = World::new().await;
    let mut setup = with_pages(&world, Acting::Appservice, Engine::Sqlite).await;
    setup.set("PUBLIC_URL", "https://invite.example.org/");
    let service = setup.start().await;
    let anna = world.person("anna").await;
    let rooms = world.rooms(&anna, 1).await;
    let code = service.invite(&anna, &rooms, false).await;
    let mut browser = Browser::new(&service);
    browser.sign_in(&anna, "").await;
    let url = format!("{}/invites/{code}/qr.png?download", service.url);
    let answer = browser.client.get(url).header("cookie", browser.cookie.clone().unwrap()).send().await.unwrap();
    assert_eq!(answer.headers()["content-disposition"], "attachment; filename=\"invite-qr.png\"");
    let bytes = answer.bytes().await.unwrap();
    let mut reader = png::Decoder::new(std::io::Cursor::new(&bytes)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let size = reader.next_frame(&mut pixels).unwrap();
    let (width, height) = (size.width as usize, size.height as usize);
    let mut picture = rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| pixels[y * width + x]);
    let (_, text) = picture.detect_grids()[0].decode().unwrap();
    assert_eq!(text, format!("https://invite.example.org/i/{code}"));
}

#[tokio::test]
async fn invites_are_found_sorted_and_paged() {
    let world = World::new().await;
    for (acting, engine) in [(Acting::Appservice, Engine::Sqlite), (Acting::Admin, Engine::Postgres)] {
        let service = with_pages(&world, acting, engine).await.start().await;
        let (anna, ben) = (world.person("anna").await, world.person("ben").await);
        let garden = world.room(&anna, json!({"name": "The_Garden"})).await;
        let kitchen = world.room(&anna, json!({"name": "Kitchen"})).await;
        let mut browser = Browser::new(&service);
        browser.sign_in(&anna, "").await;
        for number in 0..43 {
            let (label, code) = (format!("Nr {number:02}"), unique(&format!("c{number:02}")));
            let room = if number == 7 { &garden } else { &kitchen };
            let fields = [("form[label]", label.as_str()), ("form[code]", &code), ("form[rooms][]", room)];
            let answer = browser.form("/new", "save", &fields).await;
            assert_eq!(answer.status, 303, "{}", answer.body);
            if number == 11 {
                assert_eq!(service.redeem(&ben, &code).await.0, 200);
            }
        }
        let mut ask = async |search: &str, sort: &str, after: &str| {
            let fields = [("query[search]", search), ("query[sort]", sort), ("query[after]", after)];
            let (_, page) = browser.function::<InvitePage>("invites", &fields).await;
            let page = page.unwrap();
            let labels: Vec<String> =
                page.invites.iter().map(|card| card.invite.terms.label.clone().unwrap_or_default()).collect();
            (labels, page)
        };
        let (first, page) = ask("", "newest", "").await;
        assert_eq!((first.len(), first[0].as_str(), page.active, page.all), (25, "Nr 42", 43, 43));
        assert_eq!((page.previous, page.before), (None, 0));
        let (last, page) = ask("", "newest", &page.next.unwrap()).await;
        assert_eq!((last.len(), last[0].as_str(), last[17].as_str()), (18, "Nr 17", "Nr 00"));
        assert_eq!((page.previous.as_deref(), page.next, page.before), (Some(""), None, 25));
        assert_eq!(ask("", "newest", "never-there").await.0[0], "Nr 42", "of what is gone nothing follows");
        assert_eq!(ask("", "name", "").await.0[0], "Nr 00");
        assert_eq!(ask("", "people", "").await.0[0], "Nr 11");
        assert_eq!(ask("", "recent", "").await.0[0], "Nr 11");
        assert_eq!(ask("nr 0", "name", "").await.1.active, 10);
        assert_eq!(ask("C42", "name", "").await.0, ["Nr 42"], "by code");
        assert_eq!(ask("the_garden", "name", "").await.0, ["Nr 07"], "by room");
        for pattern in ["%", "_", "!", "Nr_0", "\\"] {
            let found = ask(pattern, "name", "").await.1;
            // Only the garden's name contains an underscore.
            assert_eq!(found.active, u32::from(pattern == "_"), "{pattern} is no wildcard");
        }
        assert_eq!(ask("nr\0 0", "name", "").await.1.active, 10, "what no database holds is not looked for");
    }
}

#[tokio::test]
async fn a_form_that_does_not_work_loses_nothing() {
    let world = World::new().await;
    let service = usual(&world).await;
    let anna = world.person("anna").await;
    let room = world.room(&anna, json!({"name": "Kitchen"})).await;
    let mut browser = Browser::new(&service);
    browser.sign_in(&anna, "").await;
    let label = "Party & \"cake\" <1>";
    let fields = [
        ("form[label]", label),
        ("form[code]", "no spaces allowed"),
        ("form[rooms][]", room.as_str()),
        ("form[show_rooms]", "true"),
    ];
    let answer = browser.form("/new", "save", &fields).await;
    assert_eq!(answer.status, 422);
    for part in [
        "“Custom code” must be 1 to 64 characters",
        "value=\"Party &amp; &quot;cake&quot; ",
        "value=\"no spaces allowed\"",
        "<h1",
    ] {
        assert!(answer.body.contains(part), "{part} is not in {}", answer.body);
    }
    let ticked = answer.body.split("<input").find(|input| input.contains(&room)).unwrap();
    assert!(ticked.split('>').next().unwrap().contains("checked"), "{ticked}");
}

#[tokio::test]
async fn a_form_that_says_too_little_or_too_much_is_refused() {
    let world = World::new().await;
    let service = usual(&world).await;
    let anna = world.person("anna").await;
    let mut browser = Browser::new(&service);
    browser.sign_in(&anna, "").await;
    let empty = browser.form("/new", "save", &[("form[label]", "x")]).await;
    assert!(empty.status == 422 && empty.body.contains("choose at least one"), "{}", empty.body);
    let long = "x".repeat(81);
    let long = browser.form("/new", "save", &[("form[label]", &long), ("form[chat]", "true")]).await;
    assert!(long.status == 422 && long.body.contains("at most 80 characters"), "{}", long.body);
    let huge = "x".repeat(70_000);
    assert_eq!(browser.form("/new", "save", &[("form[label]", &huge)]).await.status, 413);
    assert_eq!(browser.function::<()>("save", &[("form[label]", &huge)]).await.0, 413);
    assert_eq!(browser.post("/new", &[("form[label]", "x")]).await.status, 400);
    assert_eq!(browser.form("/new", "../tokens", &[]).await.status, 400);
}

#[tokio::test]
async fn a_room_that_is_refused_is_called_by_its_name() {
    let world = World::new().await;
    let service = usual(&world).await;
    let (anna, friend) = (world.person("anna").await, world.person("friend").await);
    let club = world.room(&friend, json!({"name": "Club", "power_level_content_override": {"invite": 50}})).await;
    world.membership(&friend, &club, "invite", &anna).await;
    world.membership(&anna, &club, "join", &anna).await;
    let mut browser = Browser::new(&service);
    browser.sign_in(&anna, "").await;
    let answer = browser.form("/new", "save", &[("form[rooms][]", &club)]).await;
    assert_eq!(answer.status, 403);
    let told = answer.body.rsplit("role=\"alert\"").next().unwrap().split("</p>").next().unwrap();
    assert!(told.contains("You cannot invite people to Club (You can’t invite people here)."), "{told}");
    assert!(!told.contains(&club), "not by its id: {told}");
}

#[tokio::test]
async fn rooms_come_without_sliding_sync_as_well() {
    let world = World::new().await;
    let proxy = Proxy::start(&world).await;
    let mut setup = with_pages(&world, Acting::Appservice, Engine::Sqlite).await;
    setup.set("HOMESERVER_URL", &proxy.url);
    let anna = world.person("anna").await;
    let friend = world.person("friend").await;
    let space = world.room(&anna, json!({"name": "House", "creation_content": {"type": "m.space"}})).await;
    let kitchen = world.room(&anna, json!({"name": "Kitchen", "preset": "public_chat"})).await;
    let secret = json!({"type": "m.room.encryption", "content": {"algorithm": "m.megolm.v1.aes-sha2"}});
    let cellar = world.room(&anna, json!({"name": "Cellar", "initial_state": [secret]})).await;
    let path = format!("/rooms/{space}/state/m.space.child/{kitchen}");
    world.as_user(Method::PUT, &path, &anna, json!({"via": ["test"]})).await;
    let club = world.room(&friend, json!({"name": "Club", "power_level_content_override": {"invite": 50}})).await;
    world.membership(&friend, &club, "invite", &anna).await;
    world.membership(&anna, &club, "join", &anna).await;

    let mut seen = Vec::new();
    for fallback in [false, true] {
        if fallback {
            proxy.fail(Method::POST, "simplified_msc3575", 0, u32::MAX, Fault::Unknown);
        }
        let service = setup.start().await;
        let mut browser = Browser::new(&service);
        browser.sign_in(&anna, "").await;
        let (_, answer) = browser.function::<Rooms>("rooms", &[]).await;
        let answer = serde_json::to_value(answer.unwrap()).unwrap();
        let mut rooms: Vec<Value> = answer["choices"].as_array().unwrap().clone();
        rooms.sort_by_key(|choice| choice["room"]["name"].to_string());
        let by_name = |name: &str| rooms.iter().find(|choice| choice["room"]["name"] == name).unwrap();
        assert_eq!(rooms.len(), 4);
        assert_eq!(by_name("House")["room"]["space"], true);
        assert_eq!(by_name("House")["children"], json!([kitchen]));
        assert_eq!((&by_name("Kitchen")["public"], &by_name("Cellar")["encrypted"]), (&json!(true), &json!(true)));
        assert_eq!(by_name("Cellar")["room"]["id"], json!(cellar));
        assert_eq!((&by_name("Club")["members"], &by_name("Club")["refusal"]), (&json!(2), &json!("MayNotInvite")));
        assert_eq!(by_name("Kitchen")["refusal"], Value::Null);
        seen.push(rooms);
    }
    assert_eq!(seen[0], seen[1], "both ways say the same");
}

#[tokio::test]
async fn while_the_homeserver_is_away_an_invites_page_says_whose_it_is() {
    let world = World::new().await;
    let proxy = Proxy::start(&world).await;
    let mut setup = with_pages(&world, Acting::Appservice, Engine::Sqlite).await;
    let service = setup.set("HOMESERVER_URL", &proxy.url).start().await;
    let owner = world.person("owner").await;
    let room = world.room(&owner, json!({"preset": "private_chat", "name": "Garden"})).await;
    let invite = async |shows: bool| Browser::new(&service).invite(&owner, &room, shows).await;
    let (shown, hidden, ended) = (invite(true).await, invite(false).await, invite(true).await);
    let mut browser = Browser::new(&service);
    for code in [&shown, &hidden, &ended] {
        assert_eq!(browser.get(&format!("/i/{code}")).await.status, 200);
    }
    assert_eq!(service.delete(&owner, &ended).await.0, 200);
    let unseen = invite(true).await;
    for method in [Method::GET, Method::POST, Method::PUT] {
        proxy.fail(method, "/", 0, u32::MAX, Fault::BadGateway);
    }
    // The people and rooms on pages may be a minute old.
    let name = owner.id[1..].split(':').next().unwrap();
    for (code, rooms_are_named) in [(&shown, true), (&hidden, false), (&unseen, false)] {
        let mut page = browser.get(&format!("/i/{code}")).await;
        while page.status == 200 {
            moment().await;
            page = browser.get(&format!("/i/{code}")).await;
        }
        assert_eq!((page.status, page.header("retry-after")), (503, "5"));
        assert!(page.body.contains(name) && page.body.contains("isn’t answering") && page.body.contains("Hello!"));
        assert_eq!(page.body.contains("Garden"), rooms_are_named);
    }
    assert_eq!(browser.get(&format!("/i/{ended}")).await.status, 404);
    proxy.heal();
    assert_eq!(browser.get(&format!("/i/{shown}")).await.status, 200);
}

#[tokio::test]
async fn pages_are_compressed_for_strangers_and_never_beside_somebodys_secrets() {
    let world = World::new().await;
    let service = usual(&world).await;
    let owner = world.person("owner").await;
    let code = service.invite(&owner, &world.rooms(&owner, 1).await, false).await;
    let mut browser = Browser::new(&service).with("accept-encoding", "gzip");
    assert_eq!(browser.get(&format!("/i/{code}")).await.header("content-encoding"), "gzip");
    browser.sign_in(&owner, "").await;
    assert_eq!(browser.get("/invites?q=guess").await.header("content-encoding"), "");
}

#[tokio::test]
async fn a_code_is_found_however_it_was_typed_and_a_link_of_another_server_is_not_taken_for_one_of_ours() {
    let world = World::new().await;
    let service = usual(&world).await;
    let owner = world.person("owner").await;
    let code = service.invite(&owner, &world.rooms(&owner, 1).await, false).await;
    let mut browser = Browser::new(&service);
    for typed in [code.to_uppercase(), format!("{code}."), format!("{}/i/{code}#top", service.url)] {
        let answer = browser.form("/join", "open", &[("text", &typed)]).await;
        assert_eq!((answer.status, answer.header("location")), (303, &*format!("/i/{code}")), "{typed}");
    }
    let answer = browser.form("/join", "open", &[("text", &format!("https://other.example/i/{code}"))]).await;
    assert!(answer.body.contains("leads to an invite of other.example: please open it there"), "{}", answer.body);
}

#[tokio::test]
async fn who_joined_is_a_table_for_the_owner_and_for_nobody_else() {
    let world = World::new().await;
    let service = usual(&world).await;
    let (owner, guest) = (world.person("owner").await, world.person("guest").await);
    let room = world.room(&owner, json!({"preset": "private_chat", "name": "Seeds, \"and more\""})).await;
    let code = service.invite(&owner, &[room], true).await;
    assert_eq!(service.redeem(&guest, &code).await.0, 200);
    let path = format!("/invites/{code}/joined.csv");
    let mut browser = Browser::new(&service);
    assert_eq!(browser.get(&path).await.status, 401);
    browser.sign_in(&guest, "").await;
    assert_eq!(browser.get(&path).await.status, 404);
    browser.sign_in(&owner, "").await;
    let answer = browser.get(&path).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "text/csv; charset=utf-8"));
    let rows: Vec<&str> = answer.body.split("\r\n").collect();
    assert!(rows[0].ends_with("\"Joined rooms\",\"Missing rooms\""), "{rows:?}");
    assert!(rows[1].contains(&format!("\"'{}\"", guest.id)), "{rows:?}");
    assert!(rows[1].ends_with("\"Seeds, \"\"and more\"\"; Chat with you\",\"\""), "{rows:?}");
}
