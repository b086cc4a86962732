//! Share links, which members make in their apps. The addresses are computed here as clients do it, independently of
//! the service.

use std::{fs, path::Path, path::PathBuf};

use reqwest::Method;
use serde_json::{Value, json};
use sha1::{Digest, Sha1};

use crate::support::{Acting, Engine, Person, Service, Setup, World, errcode, moment, run, sent, unique, with_pages};

const PREFIX: &str = "https://app.example.com/p/";

/// Encodes a text like Python's `urlencode`.
fn encoded(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b' ' => "+".to_owned(),
        b'_' | b'.' | b'-' | b'~' => char::from(byte).to_string(),
        byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}

/// The hash and the address of a link.
fn link(path: &str, query: &[(&str, &str)]) -> (String, String) {
    let query: Vec<String> =
        query.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
    let query = query.join("&");
    let hash: String =
        Sha1::digest(format!("{PREFIX}?{query}#{path}")).iter().map(|byte| format!("{byte:02x}")).collect();
    (hash.clone(), format!("{PREFIX}{hash}?{query}#{path}"))
}

async fn share(service: &Service, person: &Person, body: impl ToString) -> (u16, Value) {
    let url = format!("{}/_synapse/client/share_link/", service.url);
    let request = service.client.put(url).bearer_auth(&person.token).body(body.to_string());
    let answer = sent(request).await;
    (answer.status, serde_json::from_str(&answer.body).unwrap())
}

/// A service that writes static pages to a folder.
async fn static_pages(world: &World, engine: Engine) -> (Setup, PathBuf) {
    let mut setup = with_pages(world, Acting::Appservice, engine).await;
    let folder = setup.folder.join("pages");
    fs::create_dir(&folder).unwrap();
    let settings = format!("{{url_prefix: '{PREFIX}', target_path: '{}'}}", folder.display());
    setup.set("SHARE_LINK_GENERATOR", &settings);
    (setup, folder)
}

async fn page(service: &Service, path: &str) -> (u16, String) {
    let answer = service.client.get(format!("{}{path}", service.url)).send().await.unwrap();
    assert_eq!(answer.headers()["referrer-policy"], "no-referrer");
    assert!(answer.headers()["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'"));
    (answer.status().as_u16(), answer.text().await.unwrap())
}

fn pages(folder: &Path) -> Vec<String> {
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut files: Vec<String> = files.collect();
    files.sort();
    files
}

/// A request, and the path and the query that the link must have. The bodies are texts, because the order of their
/// fields matters.
type Example<'a> = (&'static str, &'static str, Vec<(&'static str, &'a str)>);

fn shared_by(sharer: &str) -> Vec<Example<'_>> {
    let me = ("userId", sharer);
    vec![
        // The requests in the tests of the module's repository.
        (
            r#"{"type": "spaceObject", "objectId": "objectId", "objectType": "pin", "roomId": "roomId"}"#,
            "o/roomId/pin/objectId",
            vec![me],
        ),
        (
            r#"{"type": "ref", "target_id": "object_id", "ref": "pin", "room_id": "room_id"}"#,
            "o/room_id/pin/object_id",
            vec![me],
        ),
        (
            r#"{"type": "spaceObject", "objectId": "randomId", "objectType": "taskList", "roomId": "myRoomId:example.org"}"#,
            "o/myRoomId:example.org/taskList/randomId",
            vec![me],
        ),
        (
            r#"{"type": "spaceObject", "objectId": "boostId", "objectType": "boost", "roomId": "newRoom:acter.global"}"#,
            "o/newRoom:acter.global/boost/boostId",
            vec![me],
        ),
        (
            r#"{"type": "spaceObject", "objectId": "idOfEvent", "objectType": "calendarEvent", "roomId": "newRoom:acter.global"}"#,
            "o/newRoom:acter.global/calendarEvent/idOfEvent",
            vec![me],
        ),
        (
            r#"{"type": "spaceObject", "objectId": "objectId", "objectType": "pin", "roomId": "roomId:example.org",
                "query": {"roomDisplayName": "My cool space", "userDisplayName": "Ben", "title": "Pin Title"}}"#,
            "o/roomId:example.org/pin/objectId",
            vec![("roomDisplayName", "My cool space"), ("title", "Pin Title"), me],
        ),
        (
            r#"{"type": "ref", "target_id": "object_id", "ref": "task-list", "room_id": "room_id:example.org",
                "preview": {"room_display_name": "My cool space", "user_display_name": "Ben", "title": "Task list Title"}}"#,
            "o/room_id:example.org/taskList/object_id",
            vec![("roomDisplayName", "My cool space"), ("title", "Task list Title"), me],
        ),
        (
            r#"{"type": "spaceObject", "objectId": "objectId", "objectType": "pin", "roomId": "roomId",
                "query": {"userId": "nope:example.org", "roomDisplayName": "test room", "userId": "other:example.org"}}"#,
            "o/roomId/pin/objectId",
            vec![("roomDisplayName", "test room"), me],
        ),
        (
            r#"{"type": "superInvite", "inviteCode": "superInviteCode", "server": "acter.global",
                "query": {"userDisplayName": "superBen", "rooms": 4}}"#,
            "i/acter.global/superInviteCode",
            vec![("userDisplayName", "superBen"), ("rooms", "4"), me],
        ),
        (
            r#"{"type": "roomId", "roomId": "room:acter.global", "query": {"roomDisplayName": "super room", "via": "acter.global"}}"#,
            "roomid/room:acter.global",
            vec![("roomDisplayName", "super room"), ("via", "acter.global"), me],
        ),
        (
            r#"{"type": "roomAlias", "roomAlias": "roomalias:acter.global",
                "query": {"roomDisplayName": "super room", "via": "acter.global"}}"#,
            "r/roomalias:acter.global",
            vec![("roomDisplayName", "super room"), ("via", "acter.global"), me],
        ),
        (
            r#"{"type": "userId", "userId": "alice:acter.global", "query": {"userDisplayName": "Alice", "via": "acter.global"}}"#,
            "u/alice:acter.global",
            vec![("userDisplayName", "Alice"), ("via", "acter.global"), me],
        ),
        // A list becomes a repeated parameter: the module wrote a Python list into the address, which no client can
        // parse.
        (
            r#"{"type": "ref", "target_id": "$object_id", "ref": "pin", "room_id": "!room_id", "via": ["acer.global", "matrix.org"]}"#,
            "o/room_id/pin/object_id",
            vec![("via", "acer.global"), ("via", "matrix.org"), me],
        ),
        (
            r#"{"type": "spaceObject", "objectId": "objectId", "objectType": "pin", "roomId": "roomId",
                "query": {"via": ["acer.global", "matrix.org"]}}"#,
            "o/roomId/pin/objectId",
            vec![("via", "acer.global"), ("via", "matrix.org"), me],
        ),
        // A false sharer is replaced, at the same position.
        (
            r#"{"type": "roomId", "roomId": "r", "query": {"userId": "nope:example.org", "roomDisplayName": "test room"}}"#,
            "roomid/r",
            vec![me, ("roomDisplayName", "test room")],
        ),
    ]
}

#[tokio::test]
async fn a_link_is_what_clients_of_the_module_expect() {
    let world = World::new().await;
    let (setup, folder) = static_pages(&world, Engine::Sqlite).await;
    let service = setup.start().await;
    let meeko = world.person("meeko").await;
    let mut expected = Vec::new();
    for (body, path, query) in shared_by(&meeko.id[1..]) {
        let (status, answer) = share(&service, &meeko, &body).await;
        let (hash, url) = link(path, &query);
        assert_eq!((status, answer["url"].as_str()), (200, Some(&*url)), "{body}: {answer}");
        let query = url.split(['?', '#']).nth(1).unwrap();
        assert_eq!(answer["targetUri"], format!("acter:{path}?{query}"));
        expected.push(format!("{hash}.html"));
    }
    expected.sort();
    expected.dedup();
    assert_eq!(pages(&folder), expected, "one page a link, and nothing else");
    let hash = expected[0].trim_end_matches(".html");
    assert_eq!(page_status(&service, &format!("/p/{hash}")).await, 404, "a web server serves them");
    service.stop().await;
}

async fn page_status(service: &Service, path: &str) -> u16 {
    service.client.get(format!("{}{path}", service.url)).send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn only_members_share_and_only_where_it_is_configured() {
    let world = World::new().await;
    let mut setup = Setup::new(&world, Acting::Appservice, Engine::Sqlite).await;
    let anna = world.person("anna").await;
    let ask = async |service: &Service, method: Method, path: &str, token: &str| {
        let url = format!("{}{path}", service.url);
        let body = json!({"type": "roomId", "roomId": "!r:x"}).to_string();
        let answer = sent(service.client.request(method, url).bearer_auth(token).body(body)).await;
        let body: Value = serde_json::from_str(&answer.body).unwrap_or_default();
        (answer.status, body["errcode"].as_str().unwrap_or_default().to_owned())
    };
    let path = "/_synapse/client/share_link/";
    let service = setup.start().await;
    assert_eq!(ask(&service, Method::PUT, path, &anna.token).await, (404, "M_UNRECOGNIZED".into()));
    service.stop().await;
    let service = setup.set("SHARE_LINK_GENERATOR", &format!("{{url_prefix: '{PREFIX}'}}")).start().await;
    assert_eq!(ask(&service, Method::PUT, path, &anna.token).await.0, 200);
    assert_eq!(ask(&service, Method::PUT, path, "nobody").await, (401, "M_UNKNOWN_TOKEN".into()));
    for method in [Method::GET, Method::POST, Method::DELETE] {
        assert_eq!(ask(&service, method, path, &anna.token).await, (405, "M_UNRECOGNIZED".into()));
    }
    assert_eq!(ask(&service, Method::PUT, path.trim_end_matches('/'), &anna.token).await.0, 404);
    service.stop().await;
}

#[tokio::test]
async fn a_page_is_there_without_a_folder_and_without_pages_for_members() {
    let world = World::new().await;
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let mut setup = Setup::new(&world, Acting::Appservice, engine).await;
        setup.set("SHARE_LINK_GENERATOR", &format!("{{url_prefix: '{PREFIX}'}}"));
        let service = setup.start().await;
        let anna = world.person("anna").await;
        let hostile = "</title><script>alert(1)</script>\u{202e}";
        let body = json!({"type": "ref", "ref": "pin", "room_id": "!../../etc:x", "target_id": "$<\"'>",
            "preview": {"title": hostile, "room_display_name": hostile}});
        let (status, answer) = share(&service, &anna, body).await;
        assert_eq!(status, 200, "{answer}");
        let url = answer["url"].as_str().unwrap();
        assert!(url.contains("#o/..%2F..%2Fetc:x/pin/%3C%22'%3E"), "{url}");
        let hash = &url[PREFIX.len()..PREFIX.len() + 40];
        for base in ["/p/", "/_synapse/client/super_invites/p/"] {
            let (status, html) = page(&service, &format!("{base}{hash}")).await;
            assert_eq!(status, 200);
            assert!(!html.contains("<script") && html.contains("&lt;script&gt;"), "{html}");
            assert!(html.contains("Open in Acter") && html.contains("href=\"acter:o&#x2f;"), "{html}");
        }
        for none in
            ["0".repeat(40), hash.to_uppercase(), format!("{hash}.html"), "..%2f..%2fetc%2fpasswd".into(), "%00".into()]
        {
            assert_eq!(page(&service, &format!("/p/{none}")).await.0, 404, "{none}");
        }
        let (status, answer) = share(&service, &anna, json!({"type": "roomId", "roomId": "x".repeat(5000)})).await;
        assert_eq!((status, answer["errcode"].as_str()), (400, Some("M_INVALID_PARAM")), "{answer}");
        service.stop().await;
    }
}

#[tokio::test]
async fn the_page_of_an_invite_that_has_ended_says_so() {
    let world = World::new().await;
    let mut setup = with_pages(&world, Acting::Appservice, Engine::Sqlite).await;
    setup.set("SHARE_LINK_GENERATOR", "{}").set("PUBLIC_URL", "https://invite.example.org");
    let service = setup.start().await;
    let owner = world.person("owner").await;
    let rooms = world.rooms(&owner, 1).await;
    let code = service.invite(&owner, &rooms, false).await;
    let (status, answer) =
        share(&service, &owner, json!({"type": "ref", "ref": "super-invite-token", "token": code, "rooms": rooms}))
            .await;
    let url = answer["url"].as_str().unwrap();
    assert!(status == 200 && url.starts_with("https://invite.example.org/p/"), "{answer}");
    assert!(url.ends_with(&format!("#i/test/{code}")), "{url}");
    let path = url["https://invite.example.org".len()..].split('?').next().unwrap().to_owned();
    let (status, html) = page(&service, &path).await;
    assert!(
        status == 200 && html.replace("&#x2f;", "/").contains(&format!("https://invite.example.org/i/{code}")),
        "{html}"
    );
    // An invite that never existed looks the same as one that has ended.
    let never = json!({"type": "superInvite", "server": "test", "inviteCode": unique("never")});
    let (status, answer) = share(&service, &owner, never).await;
    assert_eq!(status, 200);
    let never =
        answer["url"].as_str().unwrap()["https://invite.example.org".len()..].split('?').next().unwrap().to_owned();
    let (status, _) = page(&service, &never).await;
    assert_eq!(status, 410);
    assert_eq!(service.delete(&owner, &code).await.0, 200);
    let (status, html) = page(&service, &path).await;
    assert!(status == 410 && html.contains("has ended") && !html.contains("Open in Acter"), "{html}");
    // To strangers, a paused invite looks the same, too.
    let paused = service.create(&owner, json!({"rooms": rooms, "paused": true})).await["token"]["token"].clone();
    let (_, answer) =
        share(&service, &owner, json!({"type": "superInvite", "server": "test", "inviteCode": paused})).await;
    let path =
        answer["url"].as_str().unwrap()["https://invite.example.org".len()..].split('?').next().unwrap().to_owned();
    assert_eq!(page(&service, &path).await, (410, html));
    service.stop().await;
}

#[tokio::test]
async fn whoever_looks_for_links_that_are_not_there_has_to_wait() {
    let world = World::new().await;
    let mut setup = Setup::new(&world, Acting::Appservice, Engine::Sqlite).await;
    setup.set("SHARE_LINK_GENERATOR", &format!("{{url_prefix: '{PREFIX}'}}")).set("FAILED_LOOKUPS", "{per_address: 2}");
    let service = setup.start().await;
    let anna = world.person("anna").await;
    let (_, answer) = share(&service, &anna, json!({"type": "roomId", "roomId": "a"})).await;
    let there = format!("/p/{}", &answer["url"].as_str().unwrap()[PREFIX.len()..PREFIX.len() + 40]);
    // Hashes in addresses can be computed from codes.
    for (status, guess) in [(404, "1"), (404, "2"), (429, "3")] {
        assert_eq!(page(&service, &format!("/p/{}", guess.repeat(40))).await.0, status);
    }
    assert_eq!(page(&service, &there).await.0, 429);
    service.pass(60_000);
    assert_eq!(page(&service, &there).await.0, 200);
    service.stop().await;
}

#[tokio::test]
async fn static_pages_go_with_their_invites_and_come_back_with_them() {
    let world = World::new().await;
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let (setup, folder) = static_pages(&world, engine).await;
        let service = setup.start().await;
        let owner = world.person("owner").await;
        let rooms = world.rooms(&owner, 1).await;
        let mut codes = Vec::new();
        for _ in 0..2 {
            let token = service.invite(&owner, &rooms, false).await;
            let body = json!({"type": "superInvite", "server": "test", "inviteCode": token});
            assert_eq!(share(&service, &owner, body).await.0, 200);
            codes.push(token);
        }
        assert_eq!(pages(&folder).len(), 2);
        // Other files in the folder are not ours to delete.
        fs::write(folder.join("index.html"), "mine").unwrap();
        assert_eq!(service.delete(&owner, &codes[0]).await.0, 200);
        let end = service.now() + 200;
        let ends = json!({"token": codes[1], "rooms": rooms, "expires_at": end});
        assert_eq!(service.post(&owner, ends).await.0, 200);
        while service.now() <= end {
            moment().await;
        }
        service.stop().await;
        // The folder is tidied at start-up, and then regularly.
        let service = setup.start().await;
        while pages(&folder) != ["index.html"] {
            moment().await;
        }
        // Sharing an ended invite writes no page.
        let body = json!({"type": "superInvite", "server": "test", "inviteCode": codes[1]});
        assert_eq!(share(&service, &owner, body).await.0, 200);
        assert_eq!(pages(&folder), ["index.html"]);
        let goes_on = json!({"token": codes[1], "rooms": rooms, "expires_at": null});
        assert_eq!(service.post(&owner, goes_on).await.0, 200);
        service.stop().await;
        let service = setup.start().await;
        while pages(&folder).len() != 2 {
            moment().await;
        }
        service.stop().await;
    }
}

#[tokio::test]
async fn pages_are_written_again_to_another_folder_and_the_old_ones_stay() {
    let world = World::new().await;
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let (mut setup, folder) = static_pages(&world, engine).await;
        let owner = world.person("owner").await;
        let rooms = world.rooms(&owner, 1).await;
        let service = setup.start().await;
        let code = service.invite(&owner, &rooms, false).await;
        let room = |name: &str| json!({"type": "roomId", "roomId": name});
        for body in [room("a"), json!({"type": "superInvite", "server": "test", "inviteCode": code})] {
            assert_eq!(share(&service, &owner, body).await.0, 200);
        }
        let first = pages(&folder);
        assert_eq!(first.len(), 2);
        service.stop().await;
        // For a while the service serves them itself.
        setup.set("SHARE_LINK_GENERATOR", &format!("{{url_prefix: '{PREFIX}'}}"));
        let service = setup.start().await;
        assert_eq!(share(&service, &owner, room("b")).await.0, 200);
        service.stop().await;

        for name in ["elsewhere", "pages"] {
            let folder = setup.folder.join(name);
            fs::create_dir_all(&folder).unwrap();
            let settings = format!("{{url_prefix: '{PREFIX}', target_path: '{}'}}", folder.display());
            let service = setup.set("SHARE_LINK_GENERATOR", &settings).start().await;
            while pages(&folder).len() != 3 {
                moment().await;
            }
            service.stop().await;
        }
        assert!(first.iter().all(|page| pages(&setup.folder.join("elsewhere")).contains(page)));
    }
}

#[tokio::test]
async fn sharing_too_much_has_to_wait() {
    let world = World::new().await;
    let mut setup = Setup::new(&world, Acting::Appservice, Engine::Sqlite).await;
    setup.set("SHARE_LINK_GENERATOR", &format!("{{url_prefix: '{PREFIX}'}}")).set("LIMITS", "{links_shared: 2}");
    setup.set("FAILED_LOOKUPS", "{per_user: 1}");
    let service = setup.start().await;
    let [anna, ben] = ["anna", "ben"].map(|name| world.person(name));
    let (anna, ben) = (anna.await, ben.await);
    let room = |name: &str| json!({"type": "roomId", "roomId": name});
    assert_eq!(share(&service, &anna, room("a")).await.0, 200);
    assert_eq!(share(&service, &anna, room("b")).await.0, 200);
    assert_eq!(errcode(&share(&service, &anna, room("c")).await), (429, "M_LIMIT_EXCEEDED"));
    // Sharing codes that do not exist is guessing.
    let code = |name: &str| json!({"type": "superInvite", "server": "test", "inviteCode": name});
    assert_eq!(share(&service, &ben, code("guess-1")).await.0, 200);
    assert_eq!(errcode(&share(&service, &ben, code("guess-2")).await), (429, "M_LIMIT_EXCEEDED"));
    service.stop().await;
}

#[tokio::test]
async fn what_is_configured_wrongly_is_said_at_the_start() {
    let world = World::new().await;
    let mut setup = Setup::new(&world, Acting::Appservice, Engine::Sqlite).await;
    let templates = setup.folder.join("templates");
    fs::create_dir(&templates).unwrap();
    fs::write(templates.join("share_link.html"), "{% if %}").unwrap();
    for (settings, problem) in [
        ("{}".to_owned(), "share_link_generator.url_prefix is missing"),
        ("null".to_owned(), "share_link_generator.url_prefix is missing"),
        ("{url_prefix: 'https://app.example.com/links/'}".to_owned(), "must end with /p/"),
        ("{url_prefix: 'https://app.example.com/p'}".to_owned(), "with the slash at the end"),
        ("{url_prefix: 'https://app.example.com/p/', target: '/x'}".to_owned(), "unknown field `target`"),
        (format!("{{url_prefix: '{PREFIX}', template_path: '{}'}}", templates.display()), "share_link.html:1"),
        (format!("{{url_prefix: '{PREFIX}', template_path: '/not/there'}}"), "/not/there cannot be read"),
        (format!("{{url_prefix: '{PREFIX}', template_path: '/etc/ssl'}}"), "there is neither share_link.html nor"),
        (format!("{{url_prefix: '{PREFIX}', target_path: '/not/there'}}"), "nothing can be written to /not/there"),
    ] {
        setup.set("SHARE_LINK_GENERATOR", &settings);
        let (ok, text) = run(&setup, &["serve"]).await;
        assert!(!ok && text.contains(problem), "{settings}: {text}");
    }
    setup.set("SHARE_LINK_GENERATOR", &format!("{{url_prefix: '{PREFIX}', target_path: '/not/there'}}"));
    let (ok, text) = run(&setup, &["check"]).await;
    assert!(!ok && text.contains("cannot be written to /not/there"), "{text}");
}

#[tokio::test]
async fn check_looks_where_links_lead() {
    let world = World::new().await;
    let mut setup = Setup::new(&world, Acting::Appservice, Engine::Sqlite).await;
    setup.set("SHARE_LINK_GENERATOR", &format!("{{url_prefix: '{PREFIX}'}}"));
    let service = setup.start().await;
    let prefix = format!("{{url_prefix: '{}/p/'}}", service.url);
    setup.set("SHARE_LINK_GENERATOR", &prefix).set("HOMESERVER_PUBLIC_URL", &service.url);
    assert_eq!(run(&setup, &["check"]).await, (true, "Nothing is wrong.\n".into()));
    // Apps look for the API at the homeserver's address.
    let (ok, text) = run(setup.set("HOMESERVER_PUBLIC_URL", &world.homeserver), &["check"]).await;
    assert!(!ok && text.contains("Apps cannot make share links: something else answers at"), "{text}");
    setup.set("HOMESERVER_PUBLIC_URL", &service.url);
    let elsewhere = format!("{{url_prefix: '{}/p/'}}", world.homeserver);
    let (ok, text) = run(setup.set("SHARE_LINK_GENERATOR", &elsewhere), &["check"]).await;
    assert!(!ok && text.contains("Something else answers at"), "{text}");
    // No web server serves the folder.
    let folder = setup.folder.join("pages");
    fs::create_dir(&folder).unwrap();
    let unserved = format!("{{url_prefix: '{}/p/', target_path: '{}'}}", service.url, folder.display());
    let (ok, text) = run(setup.set("SHARE_LINK_GENERATOR", &unserved), &["check"]).await;
    assert!(!ok && text.contains("Let the web server there serve"), "{text}");
    assert!(pages(&folder).is_empty(), "nothing is left behind");
    service.stop().await;
}

#[tokio::test]
async fn a_static_page_is_the_same_whoever_shares_the_link() {
    let world = World::new().await;
    let (setup, folder) = static_pages(&world, Engine::Sqlite).await;
    let service = setup.start().await;
    let anna = world.person("anna").await;
    let request = service.client.put(format!("{}/_synapse/client/share_link/", service.url));
    let body = json!({"type": "roomId", "roomId": "garden"}).to_string();
    let answer = sent(request.bearer_auth(&anna.token).header("accept-language", "de").body(body)).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let [page] = &pages(&folder)[..] else { panic!("one page is written") };
    let page = fs::read_to_string(folder.join(page)).unwrap();
    assert!(page.contains(r#"<html lang="en" dir="ltr">"#) && page.contains("shares a room"), "{page}");
    service.stop().await;
}
