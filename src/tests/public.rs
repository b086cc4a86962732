//! What an owner shows to everybody who has the link, even where the names of the rooms are hidden: a title and a picture; and how many people
//! are in the rooms, where they are named.

use app::Landing;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{BOTH_WAYS, Browser, Person, World, escaped, usual, with_pages};

/// A title that looks like markup, in two directions.
const TITLE: &str = "</title><script>alert(1)</script> مخيم";

/// The same as text in HTML.
const SHOWN: &str = "&lt;/title&gt;&lt;script&gt;alert(1)&lt;/script&gt; مخيم";

impl World {
    /// A room with a picture, and the part of the picture's address that is its own.
    async fn room_with_picture(&self, owner: &Person, name: &str) -> (String, String) {
        let mut image = Vec::new();
        let mut encoder = png::Encoder::new(&mut image, 64, 64);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.write_header().unwrap().write_image_data(&[128; 64 * 64]).unwrap();
        let url = format!("{}/_matrix/media/v3/upload", self.homeserver);
        let request = self.client.post(url).bearer_auth(&owner.token).header("content-type", "image/png").body(image);
        let answer: Value = serde_json::from_slice(&request.send().await.unwrap().bytes().await.unwrap()).unwrap();
        let mxc = answer["content_uri"].as_str().unwrap();
        let room = self.room(owner, json!({"preset": "private_chat", "name": name})).await;
        self.set_state(owner, &room, "m.room.avatar", json!({"url": mxc})).await;
        (room, escaped(mxc.rsplit('/').next().unwrap()))
    }
}

/// Makes an invite as the page for that does, and tells its code.
async fn invite(browser: &mut Browser, owner: &Person, fields: &[(&str, &str)]) -> String {
    browser.sign_in(owner, "").await;
    let answer = browser.form("/new", "save", fields).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    answer.header("location").rsplit('/').next().unwrap().split('?').next().unwrap().to_owned()
}

/// What the page of an invite is made of.
async fn landing(browser: &mut Browser, code: &str) -> Landing {
    browser.function::<Landing>("landing", &[("code", code)]).await.1.unwrap()
}

// On several threads, as the service runs: the context in which a page is rendered is not available where its head is
// written.
#[tokio::test(flavor = "multi_thread")]
async fn a_title_heads_the_invite_for_everybody_with_the_link_as_text() {
    let world = World::new().await;
    let service = usual(&world).await;
    let anna = world.person("anna").await;
    let room = world.room(&anna, json!({"preset": "private_chat", "name": "Secret kitchen"})).await;
    let [mut owner, mut stranger] = [(); 2].map(|()| Browser::new(&service));
    let code = invite(&mut owner, &anna, &[("form[rooms][]", &room), ("form[public_title]", TITLE)]).await;
    let page = stranger.get(&format!("/i/{code}")).await.body;
    assert!(page.contains(&format!("dir=\"auto\">{SHOWN}</h1>")), "{page}");
    let head = page.split("</head>").next().unwrap();
    assert!(head.contains(&format!("invites you to {SHOWN}\"")), "{head}");
    assert!(!page.contains("Secret") && !page.contains(&room), "{page}");
    assert!(landing(&mut stranger, &code).await.shown.is_empty());

    let own = format!("/invites/{code}");
    let card = owner.get(&format!("{own}/print")).await.body;
    assert!(card.contains(&format!("{SHOWN}</h2>")) && !card.contains("Secret"), "{card}");
    let mut pages = vec![page, card];
    for path in [own.clone(), format!("{own}/edit"), format!("/new?like={code}"), "/invites".to_owned()] {
        pages.push(owner.get(&path).await.body);
    }
    for page in pages {
        assert_eq!(page.matches("<title>").count(), 1, "{page}");
        assert!(!page.contains("<script>alert") && page.contains("مخيم"), "{page}");
    }
}

#[tokio::test]
async fn whoever_came_for_a_title_opens_what_has_it() {
    let world = World::new().await;
    let service = usual(&world).await;
    let anna = world.person("anna").await;
    let room = world.room(&anna, json!({"preset": "private_chat", "name": "Kitchen"})).await;
    for (shows, open) in [(false, SHOWN), (true, "Kitchen")] {
        let mut fields = vec![("form[rooms][]", room.as_str()), ("form[public_title]", TITLE)];
        fields.extend(shows.then_some(("form[show_rooms]", "true")));
        let code = invite(&mut Browser::new(&service), &anna, &fields).await;
        let path = format!("/i/{code}");
        let mut guest = Browser::new(&service);
        guest.sign_in(&world.person("ben").await, "").await;
        let page = guest.get(&path).await.body;
        assert!(page.contains(&format!("Join {SHOWN}")), "{page}");
        assert!(guest.form(&path, "redeem", &[("code", &code)]).await.status < 400);
        let page = guest.get(&path).await.body;
        assert!(page.contains(&format!("Open {open}</span>")), "{page}");
        assert!(page.contains(&format!("You joined {SHOWN}, 1 room.")), "{page}");
    }
}

#[tokio::test]
async fn a_title_is_one_line_of_at_most_sixty_characters_or_comes_back() {
    let world = World::new().await;
    let service = usual(&world).await;
    let anna = world.person("anna").await;
    let mut browser = Browser::new(&service);
    browser.sign_in(&anna, "").await;
    let long = "م".repeat(61);
    for title in [long.as_str(), "two\nlines", "a bell\u{7}"] {
        let fields = [("form[chat]", "true"), ("form[public_title]", title), ("form[welcome]", "Hello!")];
        let answer = browser.form("/new", "save", &fields).await;
        assert_eq!(answer.status, 422, "{title}");
        assert!(answer.body.contains("“Public title”") && answer.body.contains("at most 60 characters"), "{title}");
        let typed = title.split('\n').next().unwrap().trim_end_matches('\u{7}');
        assert!(answer.body.contains(typed) && answer.body.contains("Hello!"), "{}", answer.body);
    }
    let fields = [("form[chat]", "true"), ("form[public_title]", &long[..120])];
    assert_eq!(browser.form("/new", "save", &fields).await.status, 303);
}

#[tokio::test]
async fn strangers_see_the_chosen_picture_of_a_hidden_room_and_nothing_else_of_it() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let service = with_pages(&world, acting, engine).await.start().await;
        let anna = world.person("anna").await;
        let (kitchen, picture) = world.room_with_picture(&anna, "Secret kitchen").await;
        let (cellar, other) = world.room_with_picture(&anna, "Secret cellar").await;
        let [mut owner, mut stranger] = [(); 2].map(|()| Browser::new(&service));
        let rooms = [("form[rooms][]", kitchen.as_str()), ("form[rooms][]", &cellar)];
        let plain = invite(&mut owner, &anna, &rooms).await;
        let fields = [&rooms[..], &[("form[picture]", kitchen.as_str())][..]].concat();
        let code = invite(&mut owner, &anna, &fields).await;
        assert_eq!(landing(&mut stranger, &plain).await.picture, None);

        let seen = landing(&mut stranger, &code).await;
        let told = format!("{seen:?}");
        assert!(told.contains(&picture) && !told.contains(&other), "{told}");
        for hidden in ["Secret", &kitchen, &cellar] {
            assert!(!told.contains(hidden), "{hidden}: {told}");
        }
        let page = stranger.get(&format!("/i/{code}")).await.body;
        assert_eq!(page.matches("src=\"/_synapse/client/super_invites/_pictures/").count(), 1, "{page}");
        let address = seen.picture.unwrap().avatar_url.unwrap();
        let answer = service.client.get(format!("{}{address}", service.url)).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "image/png");
        assert_eq!(stranger.get(&address.replace(&picture, &other)).await.status, 404, "it was not chosen");
    }
}

#[tokio::test]
async fn a_picture_is_of_a_room_of_the_invite_or_there_is_none() {
    let world = World::new().await;
    let service = usual(&world).await;
    let anna = world.person("anna").await;
    let (kitchen, _) = world.room_with_picture(&anna, "Kitchen").await;
    let (cellar, _) = world.room_with_picture(&anna, "Cellar").await;
    let [mut owner, mut stranger] = [(); 2].map(|()| Browser::new(&service));
    owner.sign_in(&anna, "").await;
    for other in [cellar.as_str(), "!not-there:test", "</select><script>alert(1)</script>"] {
        let fields = [("form[rooms][]", kitchen.as_str()), ("form[picture]", other), ("form[welcome]", "Hello!")];
        let answer = owner.form("/new", "save", &fields).await;
        assert_eq!(answer.status, 422, "{other}");
        assert!(answer.body.contains("“Public picture” has to be that of a room which you selected."), "{other}");
        assert!(answer.body.contains("Hello!") && !answer.body.contains("<script>alert"), "{}", answer.body);
    }
    // It goes with its room, and comes back with it only if it is chosen again.
    let [of_kitchen, of_cellar] = [("form[rooms][]", kitchen.as_str()), ("form[rooms][]", cellar.as_str())];
    let picture = ("form[picture]", kitchen.as_str());
    let code = invite(&mut owner, &anna, &[of_kitchen, of_cellar, picture]).await;
    assert!(landing(&mut stranger, &code).await.picture.is_some());
    let edit = format!("/invites/{code}/edit");
    let editing = ("form[editing]", code.as_str());
    assert_eq!(owner.form(&edit, "save", &[editing, of_cellar, picture]).await.status, 303);
    assert_eq!(landing(&mut stranger, &code).await.picture, None);
    assert_eq!(owner.form(&edit, "save", &[editing, of_cellar, picture]).await.status, 422);
    assert_eq!(owner.form(&edit, "save", &[editing, of_cellar, of_kitchen]).await.status, 303);
    assert_eq!(landing(&mut stranger, &code).await.picture, None);
    // An app that knows nothing of pictures takes the room out.
    assert_eq!(owner.form(&edit, "save", &[editing, of_cellar, of_kitchen, picture]).await.status, 303);
    let copy = owner.get(&format!("/new?like={code}")).await.body;
    assert!(copy.contains(&format!("<option value=\"{kitchen}\" selected>Kitchen</option>")), "{copy}");
    let without = json!({"token": code, "create_dm": false, "rooms": [cellar]});
    assert_eq!(service.post(&anna, without).await.0, 200);
    assert_eq!(landing(&mut stranger, &code).await.picture, None);
}

#[tokio::test]
async fn of_a_room_whose_admins_block_the_invite_no_picture_is_shown() {
    let world = World::new().await;
    let service = usual(&world).await;
    let anna = world.person("anna").await;
    let (kitchen, _) = world.room_with_picture(&anna, "Kitchen").await;
    let other = world.rooms(&anna, 1).await.remove(0);
    let [mut owner, mut stranger] = [(); 2].map(|()| Browser::new(&service));
    let fields = [("form[rooms][]", kitchen.as_str()), ("form[rooms][]", &other), ("form[picture]", &kitchen)];
    let code = invite(&mut owner, &anna, &fields).await;
    assert!(landing(&mut stranger, &code).await.picture.is_some());
    let path = format!("rooms?room={}", escaped(&kitchen));
    let number = service.ask(Method::GET, &path, &anna, Value::Null).await.1["invites"][0]["invite"].clone();
    let block = json!({"room": kitchen, "invite": number, "blocked": true});
    assert_eq!(service.ask(Method::POST, "rooms", &anna, block).await.0, 200);
    assert_eq!(landing(&mut stranger, &code).await.picture, None);
}

#[tokio::test]
async fn members_are_counted_where_rooms_are_named_and_nowhere_else() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let service = with_pages(&world, acting, engine).await.start().await;
        let (anna, ben) = (world.person("anna").await, world.person("ben").await);
        let room = world.room(&anna, json!({"preset": "private_chat", "name": "Kitchen"})).await;
        world.membership(&anna, &room, "invite", &ben).await;
        world.membership(&ben, &room, "join", &ben).await;
        let mut stranger = Browser::new(&service);
        for (shows, counted) in [(true, vec![Some(2)]), (false, Vec::new())] {
            let code = Browser::new(&service).invite(&anna, &room, shows).await;
            let page = stranger.get(&format!("/i/{code}")).await.body;
            assert_eq!(page.contains("2 members"), shows, "{page}");
            let seen = landing(&mut stranger, &code).await;
            assert_eq!(seen.shown.iter().map(|room| room.members).collect::<Vec<_>>(), counted);
            assert_eq!(seen.public_title, None);
        }
    }
}

#[tokio::test]
async fn server_admins_see_the_title_that_everybody_sees() {
    let world = World::new().await;
    let service = usual(&world).await;
    let anna = world.person("anna").await;
    let rooms = world.rooms(&anna, 1).await;
    let code = service.create(&anna, json!({"rooms": rooms, "public_title": TITLE})).await["token"].clone();
    assert_eq!(code["public_title"], TITLE);
    let ben = world.person("ben").await;
    assert_eq!(service.info(&ben, code["token"].as_str().unwrap()).await.1["public_title"], TITLE);
    let mut admin = Browser::new(&service);
    admin.sign_in(&world.admin, "").await;
    let page = admin.get("/server").await.body;
    assert!(page.contains(&format!("Shown as “<bdi>{SHOWN}</bdi>”")), "{page}");
    assert!(admin.get("/server/invites.csv").await.body.contains(TITLE));
    let found = service.ask(Method::GET, "admin/invites", &world.admin, Value::Null).await.1;
    assert_eq!(found["invites"][0]["public_title"], TITLE);
}
