//! What owners are shown of an invite, and how they begin the next one.

use reqwest::Method;
use serde_json::json;

use crate::support::{Acting, BOTH_WAYS, Browser, Engine, World, escaped, unique, usual, with_pages};

/// The boxes of rooms on a page that are ticked, by the ids of their rooms.
fn ticked(page: &str) -> Vec<&str> {
    let boxes = page.split("<input").skip(1).map(|input| input.split('>').next().unwrap());
    let ticked = boxes.filter(|input| input.contains("form[rooms][]") && input.contains("checked"));
    ticked.map(|input| input.split("value=\"").nth(1).unwrap().split('"').next().unwrap()).collect()
}

#[tokio::test]
async fn what_was_done_is_said_by_the_next_page_and_by_no_other() {
    let world = World::new().await;
    let service = usual(&world).await;
    let owner = world.person("owner").await;
    let room = world.room(&owner, json!({"name": "Kitchen"})).await;
    let mut browser = Browser::new(&service);
    let code = browser.invite(&owner, &room, true).await;
    let session = browser.cookie.clone().unwrap();
    let page = format!("/invites/{code}");
    let fields = [("form[editing]", code.as_str()), ("form[rooms][]", &room), ("form[label]", "Party")];
    let saved = browser.form(&format!("{page}/edit"), "save", &fields).await;
    assert_eq!((saved.status, saved.header("location")), (303, page.as_str()));
    let notice = saved.header("set-cookie").split(';').next().unwrap().to_owned();
    // The browser sends it with whatever it asks for next.
    browser.cookie = Some(format!("{session}; {notice}"));
    assert_eq!(browser.get("/favicon.ico").await.header("set-cookie"), "", "it is not said by what is no page");
    let answer = browser.get(&page).await;
    assert!(answer.body.contains("Saved. From now on"), "{}", answer.body);
    assert!(answer.header("set-cookie").contains("Max-Age=0"), "{:?}", answer.headers);
    for cookie in [session.clone(), format!("{session}; super_invites_notice=Deleted")] {
        browser.cookie = Some(cookie);
        let again = browser.get(&page).await.body;
        assert!(!again.contains("Saved. From now on") && !again.contains("have stopped working"), "{again}");
    }
    browser.cookie = Some(session.clone());
    let deleted = browser.form(&format!("{page}/delete"), "delete", &[("code", &code)]).await;
    assert_eq!(deleted.header("location"), "/invites");
    let notice = deleted.header("set-cookie").split(';').next().unwrap().to_owned();
    browser.cookie = Some(format!("{session}; {notice}"));
    assert!(browser.get("/invites").await.body.contains("Deleted. The link"));
}

#[tokio::test]
async fn those_who_are_missing_something_are_listed_alone() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let service = with_pages(&world, acting, engine).await.start().await;
        let (owner, all, some) = (world.person("owner").await, world.person("all").await, world.person("some").await);
        let rooms = world.rooms(&owner, 2).await;
        let code = service.invite(&owner, &rooms, false).await;
        world.membership(&owner, &rooms[1], "ban", &some).await;
        for guest in [&all, &some] {
            service.redeem(guest, &code).await;
        }
        let mut browser = Browser::new(&service);
        browser.sign_in(&owner, "").await;
        let everybody = browser.get(&format!("/invites/{code}")).await.body;
        assert!(everybody.contains(&all.id) && everybody.contains(&some.id), "{everybody}");
        assert!(everybody.contains("Some missing 1"), "{everybody}");
        assert!(everybody.contains(&format!("https://matrix.to/#/{}", some.id)), "{everybody}");
        let missing = browser.get(&format!("/invites/{code}?missing=1")).await.body;
        assert!(!missing.contains(&all.id) && missing.contains(&some.id), "{missing}");
        assert!(missing.contains("Joined 1 of 2") && missing.contains("banned"), "{missing}");
        let nobody = browser.get(&format!("/invites/{code}?missing=1&before=0~x")).await;
        assert!(nobody.status == 200 && nobody.body.contains("Newest"), "{}", nobody.body);
    }
}

#[tokio::test]
async fn a_code_that_has_created_as_many_accounts_as_it_may_does_not_say_that_it_creates_more() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let mut setup = with_pages(&world, acting, engine).await;
        let service = setup.set("POLICY", "{chosen_code_accounts: 1}").start().await;
        let owner = world.person("owner").await;
        let code = unique("chosen");
        service.create(&owner, json!({"token": code, "create_dm": true})).await;
        let mut browser = Browser::new(&service);
        browser.sign_in(&owner, "").await;
        let page = format!("/invites/{code}");
        assert!(browser.get(&page).await.body.contains("Can create accounts"));
        world.register_with(&code).await.expect("one account may be created");
        let after = browser.get(&page).await.body;
        assert!(after.contains("this one has reached its limit") && !after.contains("Can create accounts"), "{after}");
        service.stop().await;
    }
}

#[tokio::test]
async fn a_room_that_people_do_not_join_is_named_with_what_to_do() {
    let world = World::new().await;
    let service = usual(&world).await;
    let (owner, admin) = (world.person("owner").await, world.person("admin").await);
    let kept = world.room(&owner, json!({"name": "Kitchen"})).await;
    let left = world.room(&owner, json!({"name": "Cellar"})).await;
    let blocked = world.room(&admin, json!({"name": "Mar<ket"})).await;
    world.membership(&admin, &blocked, "invite", &owner).await;
    world.membership(&owner, &blocked, "join", &owner).await;
    let code = service.invite(&owner, &[kept.clone(), left.clone(), blocked.clone()], false).await;
    world.membership(&owner, &left, "leave", &owner).await;
    let mut browser = Browser::new(&service);
    browser.sign_in(&admin, "").await;
    let rooms = browser.get("/my-rooms").await.body;
    let number = rooms.split("name=\"invite\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let fields = [("room", blocked.as_str()), ("invite", number), ("blocked", "true"), ("reason", "Ask <me>.")];
    assert_eq!(browser.form("/my-rooms", "block", &fields).await.status, 303);

    let mut browser = Browser::new(&service);
    browser.sign_in(&owner, "").await;
    let page = browser.get(&format!("/invites/{code}")).await.body;
    assert!(page.contains("You’re not in it any more") && page.contains("Everyone still joins the rest."), "{page}");
    assert!(page.contains("Mar&lt;ket") && page.contains("“Ask &lt;me&gt;.”"), "{page}");
    // Each is taken out by one press and one more to save it.
    let edit = browser.get(&format!("/invites/{code}/edit?without={}", escaped(&blocked))).await.body;
    assert!(ticked(&edit).contains(&kept.as_str()) && !ticked(&edit).contains(&blocked.as_str()), "{edit}");
    assert!(edit.contains(&blocked), "it can be ticked again");
}

#[tokio::test]
async fn a_new_invite_begins_with_the_choices_of_another_or_with_a_space() {
    let world = World::new().await;
    let service = with_pages(&world, Acting::Admin, Engine::Sqlite).await.start().await;
    let (owner, other) = (world.person("owner").await, world.person("other").await);
    let rooms = world.rooms(&owner, 3).await;
    let space = world.room(&owner, json!({"name": "Garden", "creation_content": {"type": "m.space"}})).await;
    for room in &rooms[..2] {
        let path = format!("/rooms/{}/state/m.space.child/{}", escaped(&space), escaped(room));
        world.as_user(Method::PUT, &path, &owner, json!({"via": ["test"]})).await;
    }
    let mut browser = Browser::new(&service);
    browser.sign_in(&owner, "").await;
    assert!(!browser.get("/new").await.body.contains("Use the choices of my last invite"));
    let code = unique("first");
    let fields = [
        ("form[label]", "Only mine"),
        ("form[code]", &code),
        ("form[rooms][]", &rooms[2]),
        ("form[welcome]", "Hello & \"welcome\""),
        ("form[ends]", "30"),
        ("form[places]", "25"),
    ];
    assert_eq!(browser.form("/new", "save", &fields).await.status, 303);
    assert!(browser.get("/new").await.body.contains(&format!("/new?like={code}\"")));

    let like = browser.get(&format!("/new?like={}", escaped(&code))).await.body;
    assert_eq!(ticked(&like), [rooms[2].as_str()]);
    for chosen in ["value=\"30\" checked", "value=\"25\" checked", "Hello &amp; &quot;welcome&quot;"] {
        assert!(like.contains(chosen), "{chosen} is not in {like}");
    }
    assert!(!like.contains("Only mine"), "a name is for one invite");
    let of_space = browser.get(&format!("/new?space={}", escaped(&space))).await.body;
    let mut chosen = ticked(&of_space);
    chosen.sort_unstable();
    let mut wanted = [space.as_str(), rooms[0].as_str(), rooms[1].as_str()];
    wanted.sort_unstable();
    assert_eq!(chosen, wanted);
    assert!(of_space.contains("Invite to Garden"), "{of_space}");

    // Nobody learns from it what others chose, and what is not there is no hindrance.
    let mut browser = Browser::new(&service);
    browser.sign_in(&other, "").await;
    for query in
        [format!("like={}", escaped(&code)), format!("space={}", escaped(&space)), "like=%00&space=%3C".to_owned()]
    {
        let answer = browser.get(&format!("/new?{query}")).await;
        assert_eq!((answer.status, ticked(&answer.body)), (200, Vec::new()), "{query}");
        assert!(!answer.body.contains("welcome&quot;"), "{query}");
    }
}
