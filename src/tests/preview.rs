//! Link previews in chats.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Acting, Browser, Engine, World, escaped, usual, with_pages};

/// The `content` of a `<meta>` tag in the page's head.
fn tag<'a>(page: &'a str, property: &str) -> &'a str {
    let head = page.split("</head>").next().unwrap();
    let tag = head.split("<meta ").find(|tag| tag.contains(&format!("property=\"{property}\"")));
    tag.and_then(|tag| tag.split("content=\"").nth(1)?.split('"').next()).unwrap_or_default()
}

#[tokio::test]
async fn a_chat_is_told_who_invites_and_to_what_where_that_may_be_known() {
    let world = World::new().await;
    let service = usual(&world).await;
    let owner = world.person("owner").await;
    let name = "Seeds </title><script> \"&";
    let room = world.room(&owner, json!({"preset": "private_chat", "name": name})).await;
    for (shows, title) in
        [(false, "invites you"), (true, "invites you to Seeds &lt;/title&gt;&lt;script&gt; &quot;&amp;")]
    {
        let code = Browser::new(&service).invite(&owner, &room, shows).await;
        let page = Browser::new(&service).get(&format!("/i/{code}")).await.body;
        assert!(tag(&page, "og:title").ends_with(title), "{}", tag(&page, "og:title"));
        assert_eq!(tag(&page, "og:description"), "1 room · Hello!");
        assert_eq!(tag(&page, "og:url"), format!("{}/i/{code}", service.url));
        assert_eq!(tag(&page, "og:image"), format!("{}/i/{code}/preview.png", service.url));
        assert_eq!(page.contains("Seeds"), shows);
    }
}

#[tokio::test]
async fn a_picture_is_drawn_for_a_link_and_nobody_counts_as_having_come() {
    let world = World::new().await;
    let service = usual(&world).await;
    let owner = world.person("owner").await;
    let code = service.invite(&owner, &world.rooms(&owner, 2).await, true).await;
    let picture = async || {
        let url = format!("{}/i/{code}/preview.png", service.url);
        let answer = service.client.get(url).send().await.unwrap();
        let kind = answer.headers()["content-type"].to_str().unwrap().to_owned();
        (answer.status().as_u16(), kind, answer.bytes().await.unwrap())
    };
    let (status, kind, bytes) = picture().await;
    assert_eq!((status, &*kind), (200, "image/png"));
    let info = png::Decoder::new(std::io::Cursor::new(&bytes[..])).read_info().unwrap().info().clone();
    assert_eq!((info.width, info.height), (1200, 630));
    assert!(bytes.len() < 100_000, "{}", bytes.len());
    assert_eq!(picture().await.2, bytes, "the same again");
    assert_eq!(service.token(&owner, &code).await.1["token"]["accepted_count"], 0);
}

#[tokio::test]
async fn the_picture_of_an_invite_that_ended_is_that_of_one_that_never_was() {
    let world = World::new().await;
    let service = usual(&world).await;
    let owner = world.person("owner").await;
    let code = service.invite(&owner, &world.rooms(&owner, 1).await, false).await;
    let picture = async |code: &str| {
        let url = format!("{}/i/{code}/preview.png", service.url);
        let answer = service.client.get(url).send().await.unwrap();
        (answer.status().as_u16(), answer.bytes().await.unwrap())
    };
    let open = picture(&code).await;
    assert_eq!(service.delete(&owner, &code).await.0, 200);
    let (ended, never) = (picture(&code).await, picture("never-there").await);
    assert_eq!(ended.0, 200);
    assert!(ended == never && ended.1 != open.1);
}

#[tokio::test]
async fn pictures_are_no_way_to_guess_codes() {
    let world = World::new().await;
    let mut setup = with_pages(&world, Acting::Appservice, Engine::Sqlite).await;
    let service = setup.set("FAILED_LOOKUPS", "{per_user: null, per_address: 2, in_all: null}").start().await;
    let mut browser = Browser::new(&service);
    for (code, status) in [("one", 200), ("two", 200), ("three", 429)] {
        assert_eq!(
            browser.client.get(format!("{}/i/{code}/preview.png", service.url)).send().await.unwrap().status(),
            status
        );
    }
    assert_eq!(browser.get("/i/four").await.status, 429);
}

#[tokio::test]
#[ignore = "needs Synapse"]
async fn a_link_in_a_room_is_shown_with_its_picture() {
    let world = World::new().await;
    let service = usual(&world).await;
    let owner = world.person("owner").await;
    let room = world.room(&owner, json!({"preset": "private_chat", "name": "Seeds"})).await;
    let code = Browser::new(&service).invite(&owner, &room, true).await;
    let link = escaped(&format!("{}/i/{code}", service.url));
    let path = format!("/_matrix/client/v1/media/preview_url?url={link}");
    let (status, shown) = world.ask(Method::GET, &path, &owner.token, Value::Null).await;
    assert_eq!(status, 200, "{shown}");
    assert!(shown["og:title"].as_str().unwrap().ends_with("invites you to Seeds"), "{shown}");
    assert!(shown["og:image"].as_str().unwrap().starts_with("mxc://test/"), "{shown}");
    assert_eq!(shown["og:image:width"], 1200);
}
