//! What is unknown is not assumed, and people who have no business with an invite any more learn nothing of it.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    Acting, BOTH_WAYS, Browser, Engine, Fault, Person, Proxy, Service, World, errcode, escaped, with_pages,
};

impl World {
    async fn shadow_ban(&self, person: &Person) {
        let path = format!("/_synapse/admin/v1/users/{}/shadow_ban", person.id);
        assert_eq!(self.as_admin(Method::POST, &path, json!({})).await.0, 200);
    }

    async fn account_data(&self, person: &Person, kind: &str, content: Value) {
        let path = format!("/user/{}/account_data/{kind}", escaped(&person.id));
        self.as_user(Method::PUT, &path, person, content).await;
    }

    /// Whether somebody has joined all of these rooms.
    async fn is_in(&self, person: &Person, rooms: &[String]) -> bool {
        let joined = self.joined_rooms(person).await;
        rooms.iter().all(|room| joined.contains(room))
    }
}

#[tokio::test]
async fn a_state_that_the_homeserver_does_not_tell_now_is_waited_for() {
    let world = World::new().await;
    for acting in [Acting::Appservice, Acting::Admin] {
        for fault in [Fault::Limited, Fault::Broken, Fault::BadGateway, Fault::Junk("what?"), Fault::Junk("{}")] {
            let proxy = Proxy::start(&world).await;
            let mut setup = with_pages(&world, acting, Engine::Sqlite).await;
            let service = setup.set("HOMESERVER_URL", &proxy.url).start().await;
            let (owner, guest) = (world.person("owner").await, world.person("guest").await);
            let rooms = world.rooms(&owner, 1).await;
            let code = service.invite(&owner, &rooms, false).await;
            proxy.fail(Method::GET, "/_synapse/admin/v2/users/", 0, u32::MAX, fault);
            let refused = service.redeem(&guest, &code).await;
            assert_eq!(errcode(&refused), (503, "M_UNKNOWN"), "{acting:?} {fault:?}");
            assert_eq!(world.joined_rooms(&guest).await, Vec::<String>::new(), "{acting:?} {fault:?}");
            proxy.heal();
            assert_eq!(service.redeem(&guest, &code).await.1["rooms"], json!(rooms), "{acting:?} {fault:?}");
        }
    }
}

#[tokio::test]
async fn an_application_service_that_is_no_admin_takes_no_limit_for_a_yes() {
    let world = World::new().await;
    let proxy = Proxy::start(&world).await;
    let mut setup = with_pages(&world, Acting::Appservice, Engine::Sqlite).await;
    let service = setup.set("HOMESERVER_URL", &proxy.url).start().await;
    let (owner, guest) = (world.person("owner").await, world.person("guest").await);
    let rooms = world.rooms(&owner, 1).await;
    let code = service.invite(&owner, &rooms, false).await;
    world.discipline(&owner, "lock").await;
    for (path, fault) in [("/login", Fault::Limited), ("/login", Fault::Broken), ("/invite", Fault::Limited)] {
        proxy.heal();
        proxy.fail(Method::GET, "/_synapse/admin/v2/users/", 0, u32::MAX, Fault::NotAdmin);
        proxy.fail(Method::POST, path, 0, u32::MAX, fault);
        assert_eq!(errcode(&service.redeem(&guest, &code).await), (503, "M_UNKNOWN"), "{path} {fault:?}");
    }
    proxy.heal();
    proxy.fail(Method::GET, "/_synapse/admin/v2/users/", 0, u32::MAX, Fault::NotAdmin);
    assert_eq!(errcode(&service.redeem(&guest, &code).await), (403, "CANT_REDEEM"));
    assert_eq!(world.joined_rooms(&guest).await, Vec::<String>::new());
}

#[tokio::test]
async fn an_invite_of_somebody_shadow_banned_does_not_work_and_its_owner_sees_nothing_of_that() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let service = with_pages(&world, acting, engine).await.start().await;
        let (owner, guest) = (world.person("owner").await, world.person("guest").await);
        let rooms = world.rooms(&owner, 1).await;
        let code = service.invite(&owner, &rooms, true).await;
        world.shadow_ban(&owner).await;
        let never = service.redeem(&guest, "never-was").await;
        assert_eq!(service.redeem(&guest, &code).await, never);
        assert_eq!(service.info(&guest, &code).await, service.info(&guest, "never-was").await);
        assert_eq!(Browser::new(&service).get(&format!("/i/{code}")).await.status, 404);
        assert_eq!(world.joined_rooms(&guest).await, Vec::<String>::new());
        assert_eq!(service.token(&owner, &code).await.1["token"]["state"], "open");
        assert_eq!(service.info(&owner, &code).await.0, 200);
        let mut browser = Browser::new(&service);
        browser.sign_in(&owner, "").await;
        assert_eq!(browser.get(&format!("/i/{code}")).await.status, 200);
    }
}

#[tokio::test]
async fn somebody_shadow_banned_gets_no_chat_and_the_rooms_as_usual() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let service = with_pages(&world, acting, engine).await.start().await;
        let (owner, guest) = (world.person("owner").await, world.person("guest").await);
        let rooms = world.rooms(&owner, 1).await;
        let code = service.invite(&owner, &rooms, true).await;
        world.shadow_ban(&guest).await;
        let (status, answer) = service.redeem(&guest, &code).await;
        assert_eq!((status, &answer["rooms"]), (200, &json!(rooms)), "{answer}");
        assert_eq!(answer["failed"][0]["reason"], "The direct chat could not be created. Please try again later.");
        assert_eq!(world.joined_rooms(&guest).await, rooms);
    }
}

#[tokio::test]
async fn account_data_of_strange_types_is_no_data_and_stays_as_it_is() {
    let world = World::new().await;
    let service = with_pages(&world, Acting::Appservice, Engine::Sqlite).await.start().await;
    let owner = world.person("owner").await;
    let rooms = world.rooms(&owner, 2).await;
    let code = service.invite(&owner, &rooms, true).await;
    for (kind, content) in [
        ("m.ignored_user_list", json!({"ignored_users": [1]})),
        ("m.ignored_user_list", json!({"ignored_users": "all"})),
        ("m.direct", json!({"@someone:test": "!room:test", "list": [1, null], "n": 5})),
        ("m.direct", json!({&owner.id: [5, "no room", null]})),
        ("m.direct", json!({&owner.id: "!room:test"})),
    ] {
        let guest = world.person("guest").await;
        world.account_data(&guest, kind, content.clone()).await;
        let (status, answer) = service.redeem(&guest, &code).await;
        assert_eq!((status, &answer["failed"]), (200, &json!([])), "{content}: {answer}");
        assert!(world.is_in(&guest, &rooms).await, "{content}");
        if kind == "m.direct" {
            let direct = world.direct(&guest).await;
            for (name, value) in content.as_object().unwrap() {
                match (&direct[name], value) {
                    (Value::Array(now), Value::Array(before)) => assert!(now.starts_with(before), "{direct}"),
                    (now, before) => assert_eq!(now, before),
                }
            }
        }
    }
    // The owner's own list is read as well.
    world.account_data(&owner, "m.direct", json!({"x": 1})).await;
    assert_eq!(service.redeem(&world.person("guest").await, &code).await.1["failed"], json!([]));
}

#[tokio::test]
async fn long_lists_of_direct_chats_are_not_read_to_their_end() {
    let world = World::new().await;
    let proxy = Proxy::start(&world).await;
    let mut setup = with_pages(&world, Acting::Appservice, Engine::Sqlite).await;
    let service = setup.set("HOMESERVER_URL", &proxy.url).start().await;
    let (owner, guest) = (world.person("owner").await, world.person("guest").await);
    let code = service.invite(&owner, &[], true).await;
    // Neither of the two can make the homeserver read as many rooms as they like to list.
    let many: Vec<String> = (0..5000).map(|number| format!("!x{number}:test")).collect();
    world.account_data(&guest, "m.direct", json!({&owner.id: many})).await;
    world.account_data(&owner, "m.direct", json!({&guest.id: many})).await;
    assert_eq!(service.redeem(&guest, &code).await.1["failed"], json!([]));
    assert!(proxy.count(&Method::GET, "/state/m.room.member") <= 40);
}

#[tokio::test]
async fn state_of_strange_types_is_never_a_failure_of_ours() {
    let world = World::new().await;
    let proxy = Proxy::start(&world).await;
    let mut setup = with_pages(&world, Acting::Appservice, Engine::Sqlite).await;
    let service = setup.set("HOMESERVER_URL", &proxy.url).start().await;
    let (owner, guest) = (world.person("owner").await, world.person("guest").await);
    let rooms = world.rooms(&owner, 1).await;
    let code = service.invite(&owner, &rooms, true).await;
    for content in [r#"{"users": 5, "invite": []}"#, r#"{"invite": "lots"}"#, r#"{"users_default": {}}"#] {
        proxy.fail(Method::GET, "/state/m.room.power_levels", 0, 2, Fault::Junk(content));
        let refused = service.post(&owner, json!({"rooms": rooms})).await;
        assert_eq!(errcode(&refused), (403, "M_FORBIDDEN"), "nobody knows who may do what: {content}");
        let path = format!("rooms?room={}", escaped(&rooms[0]));
        assert_eq!(service.ask(Method::GET, &path, &owner, Value::Null).await.0, 403, "{content}");
        proxy.heal();
    }
    for content in [r#"{"content": 5, "sender": "x"}"#, r#"{"content": {"room_version": 1}, "sender": "@a:b"}"#] {
        proxy.fail(Method::GET, "/state/m.room.create", 0, u32::MAX, Fault::Junk(content));
        let path = format!("rooms?room={}", escaped(&rooms[0]));
        assert_eq!(service.ask(Method::GET, &path, &owner, Value::Null).await.0, 403, "{content}");
        proxy.heal();
    }
    // A malformed member event, where both memberships are queried.
    world.membership(&owner, &rooms[0], "ban", &guest).await;
    for content in [r#"{"membership": 5}"#, r#"{"membership": "ban", "displayname": []}"#, "{}"] {
        proxy.fail(Method::GET, "/state/m.room.member", 0, u32::MAX, Fault::Junk(content));
        assert_eq!(service.redeem(&guest, &code).await.0, 200, "{content}");
        proxy.heal();
    }
    // A room that cannot be shown has no name.
    let look = async || {
        // A room of which nothing is known yet.
        let code = service.invite(&owner, &world.rooms(&owner, 1).await, false).await;
        Browser::new(&service).get(&format!("/i/{code}")).await.status
    };
    let before = proxy.count(&Method::GET, "/summary");
    assert_eq!(look().await, 200);
    assert!(proxy.count(&Method::GET, "/summary") > before, "it is asked what the room is called");
    proxy.fail(Method::GET, "/summary", 0, u32::MAX, Fault::Junk(r#"{"room_id": 5}"#));
    assert_eq!(look().await, 200);
}

#[tokio::test]
async fn an_admins_resume_leaves_the_owners_pause_as_it_was() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let service = with_pages(&world, acting, engine).await.start().await;
        let owner = world.person("owner").await;
        let code = service.invite(&owner, &[], true).await;
        let state = async || service.token(&owner, &code).await.1["token"]["state"].clone();
        let pause = async |paused: bool| {
            service.post(&owner, json!({"token": code, "create_dm": true, "paused": paused})).await.0
        };
        let search = format!("admin/invites?search={code}");
        let found = service.ask(Method::GET, &search, &world.admin, Value::Null).await.1;
        let intervene = async |action: &str| {
            let body = json!({"invite": found["invites"][0]["invite"], "action": action});
            assert_eq!(service.ask(Method::POST, "admin/invites", &world.admin, body).await.0, 200);
        };
        assert_eq!(pause(true).await, 200);
        intervene("pause").await;
        assert_eq!(state().await, "paused_by_admin");
        intervene("resume").await;
        assert_eq!(state().await, "paused");
        // The other way round: an owner may pause it while an admin has, too, and sending back what was read changes
        // nothing.
        assert_eq!(pause(false).await, 200);
        intervene("pause").await;
        assert_eq!(service.token(&owner, &code).await.1["token"]["paused"], false);
        assert_eq!(pause(false).await, 200);
        assert_eq!(state().await, "paused_by_admin");
        assert_eq!(pause(true).await, 200);
        intervene("resume").await;
        assert_eq!(state().await, "paused");
        assert_eq!(pause(false).await, 200);
        assert_eq!(state().await, "open");
    }
}

async fn showing(service: &Service, owner: &Person, rooms: &[String], code: &str) {
    let mut browser = Browser::new(service);
    browser.sign_in(owner, "").await;
    let mut fields = vec![("form[editing]", code), ("form[show_rooms]", "true")];
    fields.extend(rooms.iter().map(|room| ("form[rooms][]", room.as_str())));
    assert_eq!(browser.form(&format!("/invites/{code}/edit"), "save", &fields).await.status, 303);
}

/// An invite that has led into the first two of these rooms, which one person has joined both, and another one only the
/// first. Since then it also leads into the other two, the last of which is blocked.
struct Grown {
    service: Service,
    owner: Person,
    early: Person,
    half: Person,
    rooms: Vec<String>,
    code: String,
}

impl Grown {
    async fn new(world: &World, acting: Acting, engine: Engine) -> Self {
        let service = with_pages(world, acting, engine).await.start().await;
        let (owner, early, half) =
            (world.person("owner").await, world.person("early").await, world.person("half").await);
        let mut rooms = Vec::new();
        for name in ["First", "Second", "Later", "Blocked"] {
            rooms.push(world.room(&owner, json!({"name": name, "preset": "private_chat"})).await);
        }
        let code = service.invite(&owner, &rooms[..2], false).await;
        showing(&service, &owner, &rooms[..2], &code).await;
        world.membership(&owner, &rooms[1], "ban", &half).await;
        assert_eq!(service.redeem(&early, &code).await.1["failed"], json!([]));
        assert_eq!(service.redeem(&half, &code).await.0, 200);
        showing(&service, &owner, &rooms, &code).await;
        let path = format!("rooms?room={}", escaped(&rooms[3]));
        let number = service.ask(Method::GET, &path, &owner, Value::Null).await.1["invites"][0]["invite"].clone();
        let block = json!({"room": rooms[3], "invite": number, "blocked": true});
        assert_eq!(service.ask(Method::POST, "rooms", &owner, block).await.0, 200);
        Self { service, owner, early, half, rooms, code }
    }
}

#[tokio::test]
async fn past_redeemers_see_no_more_than_a_stranger_of_rooms_that_came_later_or_are_blocked() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let Grown { service, owner, early, half, rooms, code } = Grown::new(&world, acting, engine).await;
        let [mut earlys, mut halfs, mut stranger] = [(); 3].map(|()| Browser::new(&service));
        earlys.sign_in(&early, "").await;
        halfs.sign_in(&half, "").await;
        let landing = async |browser: &mut Browser| {
            let (status, landing) = browser.function::<app::Landing>("landing", &[("code", &code)]).await;
            let shown = landing.as_ref().map(|landing| landing.shown.iter().map(|room| room.name.clone()).collect());
            let shown: Vec<_> = shown.unwrap_or_default();
            let steps = match landing.map(|landing| landing.relation) {
                Some(app::Relation::Redeeming(_, progress)) => names(&progress),
                _ => Vec::new(),
            };
            (status, shown, steps)
        };
        let all = ["First", "Second", "Later"].map(|name| Some(name.to_owned())).to_vec();
        assert_eq!(landing(&mut stranger).await, (200, all.clone(), Vec::new()));
        // Somebody who has finished is led no further, and somebody who can continue sees what a stranger does.
        assert_eq!(landing(&mut earlys).await, (200, all.clone(), all[..2].to_vec()));
        assert_eq!(landing(&mut halfs).await, (200, all.clone(), all.clone()));
        // Once strangers see nothing, people keep seeing what they have joined.
        service.create(&owner, json!({"token": code, "rooms": rooms, "paused": true})).await;
        assert_eq!(landing(&mut stranger).await.0, 404);
        let (status, told) = halfs.first_event(&code).await;
        assert_eq!(status, 200);
        let progress = app::from_wire(told.split("data: ").nth(1).unwrap().lines().next().unwrap()).unwrap();
        assert_eq!(
            names(&progress),
            [all[0].clone(), None],
            "what was missed has no name any more, and no other is there"
        );
    }
}

/// The names of a redemption's rooms, as the redeemer sees them.
fn names(progress: &app::Progress) -> Vec<Option<String>> {
    progress.steps.iter().map(|step| step.room.as_ref().and_then(|room| room.name.clone())).collect()
}

#[tokio::test]
async fn whoever_comes_back_by_a_deleted_invite_learns_nothing_of_it() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let service = with_pages(&world, acting, engine).await.start().await;
        let (owner, guest) = (world.person("owner").await, world.person("guest").await);
        let rooms = world.rooms(&owner, 2).await;
        world.membership(&owner, &rooms[1], "ban", &guest).await;
        let code = service.invite(&owner, &rooms, false).await;
        assert_eq!(service.redeem(&guest, &code).await.0, 200);
        assert_eq!(service.delete(&owner, &code).await.0, 200);
        let mut browser = Browser::new(&service);
        browser.sign_in(&guest, "").await;
        assert_eq!(service.redeem(&guest, &code).await, service.redeem(&guest, "never-was").await);
        assert_eq!(browser.get(&format!("/i/{code}")).await.status, 404);
        assert_eq!(browser.first_event(&code).await.0, 404);
        assert_eq!(browser.function::<app::Progress>("redeem", &[("code", &code)]).await, (404, None));
    }
}

/// A test of the original module: one of three rooms cannot be joined, because the owner has left it.
#[tokio::test]
async fn it_is_redeemed_once_trying_again_would_help_no_more() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let proxy = Proxy::start(&world).await;
        let mut setup = with_pages(&world, acting, engine).await;
        let service = setup.set("HOMESERVER_URL", &proxy.url).start().await;
        let (owner, guest) = (world.person("owner").await, world.person("guest").await);
        let rooms = world.rooms(&owner, 3).await;
        let code = service.invite(&owner, &rooms, false).await;
        world.membership(&owner, &rooms[1], "leave", &owner).await;
        assert_eq!(service.info(&guest, &code).await.1["has_redeemed"], false);
        assert_eq!(service.redeem(&guest, &code).await.1["rooms"], json!([rooms[0], rooms[2]]));
        assert_eq!(service.info(&guest, &code).await.1["has_redeemed"], true);
        assert_eq!(service.token(&owner, &code).await.1["token"]["accepted_count"], 1);

        let code = service.invite(&owner, &[rooms[0].clone(), rooms[2].clone()], false).await;
        let (unlucky, banned, blocked) =
            (world.person("unlucky").await, world.person("banned").await, world.person("blocked").await);
        proxy.fail(Method::POST, "/join", 1, 1, Fault::Broken);
        assert_eq!(service.redeem(&unlucky, &code).await.1["rooms"].as_array().unwrap().len(), 1);
        assert_eq!(service.info(&unlucky, &code).await.1["has_redeemed"], false, "it may work in a moment");
        assert_eq!(service.redeem(&unlucky, &code).await.1["failed"], json!([]));
        assert_eq!(service.info(&unlucky, &code).await.1["has_redeemed"], true);

        world.membership(&owner, &rooms[0], "ban", &banned).await;
        assert_eq!(service.redeem(&banned, &code).await.1["rooms"], json!([rooms[2]]));
        assert_eq!(service.info(&banned, &code).await.1["has_redeemed"], true);
        world.membership(&owner, &rooms[0], "unban", &banned).await;
        assert_eq!(
            service.redeem(&banned, &code).await.1["failed"],
            json!([]),
            "what is missing is tried whenever asked"
        );

        for room in [&rooms[0], &rooms[2]] {
            world.membership(&owner, room, "ban", &blocked).await;
        }
        assert_eq!(service.redeem(&blocked, &code).await.1["rooms"], json!([]));
        assert_eq!(service.info(&blocked, &code).await.1["has_redeemed"], false, "who came in to nothing has not");
    }
}
