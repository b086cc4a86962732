//! People who can see and limit other people's invites: room admins and server admins.

use app::Fragment;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    API, Acting, BOTH_WAYS, Browser, Engine, Person, Service, World, errcode, escaped, moment, sent, usual, with_pages,
};

const DAY: i64 = 86_400_000;

impl Service {
    async fn rooms(&self, admin: &Person, room: &str) -> (u16, Value) {
        self.ask(Method::GET, &format!("rooms?room={}", escaped(room)), admin, Value::Null).await
    }

    async fn block(&self, admin: &Person, room: &str, invite: &Value, blocked: bool) -> (u16, Value) {
        let body = json!({"room": room, "invite": invite, "blocked": blocked, "reason": "Too many strangers."});
        self.ask(Method::POST, "rooms", admin, body).await
    }

    async fn server_invites(&self, admin: &Person, search: &str) -> (u16, Value) {
        self.ask(Method::GET, &format!("admin/invites?search={}", escaped(search)), admin, Value::Null).await
    }

    async fn intervene(&self, admin: &Person, invite: &Value, action: &str) -> (u16, Value) {
        self.ask(Method::POST, "admin/invites", admin, json!({"invite": invite, "action": action})).await
    }

    async fn pause_all(&self, admin: &Person, paused: bool) -> (u16, Value) {
        self.ask(Method::POST, "admin/pause", admin, json!({"paused": paused})).await
    }

    async fn audit(&self, admin: &Person) -> Vec<Value> {
        let url = format!("{}{API}/admin/audit", self.url);
        let answer = sent(self.client.get(url).bearer_auth(&admin.token)).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, "application/jsonl"));
        answer.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// A member's invite into two rooms of an admin's and one of their own.
struct Club {
    service: Service,
    admin: Person,
    member: Person,
    rooms: Vec<String>,
    code: String,
}

impl Club {
    async fn new(world: &World, acting: Acting, engine: Engine) -> Self {
        let service = with_pages(world, acting, engine).await.start().await;
        let (admin, member) = (world.person("admin").await, world.person("member").await);
        let mut rooms = world.rooms(&admin, 2).await;
        for room in &rooms {
            world.membership(&admin, room, "invite", &member).await;
            world.membership(&member, room, "join", &member).await;
        }
        rooms.push(world.rooms(&member, 1).await.remove(0));
        let code = service.invite(&member, &rooms, true).await;
        Self { service, admin, member, rooms, code }
    }

    /// The number by which the admin knows the invite.
    async fn number(&self) -> Value {
        self.service.rooms(&self.admin, &self.rooms[0]).await.1["invites"][0]["invite"].clone()
    }
}

#[tokio::test]
async fn a_rooms_admins_see_which_invites_lead_into_it_but_no_codes() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let Club { service, admin, member, rooms, code } = Club::new(&world, acting, engine).await;
        let first = world.person("first").await;
        world.membership(&admin, &rooms[1], "ban", &first).await;
        assert_eq!(service.redeem(&first, &code).await.0, 200);

        let (status, seen) = service.rooms(&admin, &rooms[0]).await;
        assert_eq!((status, seen["invites"].as_array().unwrap().len()), (200, 1));
        let invite = &seen["invites"][0];
        assert_eq!((&invite["owner"]["user_id"], &invite["state"]), (&json!(member.id), &json!("open")));
        assert!(invite["created_ts"].as_i64().unwrap() > 0);
        assert_eq!(invite["accepted_count"], 1);
        assert_eq!(service.rooms(&admin, &rooms[1]).await.1["invites"][0]["accepted_count"], 0, "into this room");
        let told = seen.to_string();
        assert!(!told.contains(&code) && !told.contains(&rooms[1]) && !told.contains(&rooms[2]), "{told}");
    }
}

#[tokio::test]
async fn who_does_not_administer_a_room_learns_nothing_of_it() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let club = Club::new(&world, acting, engine).await;
        let number = club.number().await;
        let Club { service, admin, member, rooms, code } = club;
        let first = world.person("first").await;
        assert_eq!(service.redeem(&first, &code).await.0, 200);
        // Two members, and the admin of another room. None of them learns whether the room exists.
        for (who, room) in
            [(&member, &rooms[0]), (&first, &rooms[0]), (&admin, &rooms[2]), (&admin, &"!none:test".to_owned())]
        {
            let refused = service.rooms(who, room).await;
            let text = json!("Only the admins of this room may see which invites lead into it.");
            assert_eq!((errcode(&refused), &refused.1["error"]), ((403, "M_FORBIDDEN"), &text));
            assert_eq!(service.block(who, room, &number, true).await.0, 403);
        }
    }
}

#[tokio::test]
async fn blocking_takes_an_invite_of_the_room_and_a_short_reason() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let club = Club::new(&world, acting, engine).await;
        let number = club.number().await;
        let Club { service, admin, member, rooms, .. } = club;
        let elsewhere = service.block(&member, &rooms[2], &json!(number.as_i64().unwrap() + 1000), true).await;
        assert_eq!(elsewhere.0, 404);
        for reason in ["a\0b".to_owned(), "long".repeat(300)] {
            let body = json!({"room": rooms[0], "invite": number, "blocked": true, "reason": reason});
            let refused = service.ask(Method::POST, "rooms", &admin, body).await;
            assert_eq!(errcode(&refused), (400, "M_INVALID_PARAM"));
        }
    }
}

#[tokio::test]
async fn a_blocked_invite_lets_nobody_into_the_room() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let club = Club::new(&world, acting, engine).await;
        let number = club.number().await;
        let Club { service, admin, member, rooms, code } = club;
        assert_eq!(service.block(&admin, &rooms[0], &number, true).await, (200, json!({})));
        let blocked = service.rooms(&admin, &rooms[0]).await.1["invites"][0]["blocked"].clone();
        assert_eq!((&blocked["by"], &blocked["reason"]), (&json!(admin.id), &json!("Too many strangers.")));
        let second = world.person("second").await;
        let (status, answer) = service.redeem(&second, &code).await;
        assert_eq!(status, 200);
        assert_eq!(answer["failed"][0]["room"], json!(rooms[0]));
        assert_eq!(answer["failed"][0]["reason"], "The admins of this room do not let anybody in with this invite.");
        assert!(!world.joined_rooms(&second).await.contains(&rooms[0]));
        // Removing the room and adding it again does not help the owner.
        service.create(&member, json!({"token": code, "rooms": [rooms[1]]})).await;
        service.create(&member, json!({"token": code, "rooms": rooms})).await;
        let third = world.person("third").await;
        assert_eq!(service.redeem(&third, &code).await.1["failed"][0]["room"], json!(rooms[0]));
        assert_eq!(service.block(&member, &rooms[0], &number, false).await.0, 403);
        assert_eq!(service.block(&admin, &rooms[0], &number, false).await.0, 200);
        assert_eq!(service.redeem(&third, &code).await.1["failed"], json!([]));
        assert!(world.joined_rooms(&third).await.contains(&rooms[0]));
    }
}

#[tokio::test]
async fn a_rooms_admins_are_those_of_now() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let service = with_pages(&world, acting, engine).await.start().await;
        let (admin, member) = (world.person("admin").await, world.person("member").await);
        // Current power levels count, never a cached copy.
        let old = json!({"room_version": "10", "preset": "private_chat", "power_level_content_override": {"users": {&admin.id: 100, &member.id: 100}}});
        let shared = world.room(&admin, old).await;
        world.membership(&admin, &shared, "invite", &member).await;
        world.membership(&member, &shared, "join", &member).await;
        assert_eq!(service.rooms(&member, &shared).await.0, 200);
        let mut levels = world.state(&admin, &shared, "m.room.power_levels").await;
        // May still remove people, but no longer change power levels.
        levels["users"][&member.id] = json!(60);
        world.set_state(&member, &shared, "m.room.power_levels", levels).await;
        assert_eq!(service.rooms(&member, &shared).await.0, 403);
        assert_eq!(service.rooms(&admin, &shared).await.0, 200);
        world.membership(&admin, &shared, "leave", &admin).await;
        assert_eq!(service.rooms(&admin, &shared).await.0, 403, "whoever has left");
    }
}

/// Two invites: the owner's into a room of theirs, and the guest's into a direct chat.
struct Town {
    service: Service,
    owner: Person,
    guest: Person,
    rooms: Vec<String>,
    code: String,
    other: String,
}

impl Town {
    async fn new(world: &World, acting: Acting, engine: Engine) -> Self {
        let service = with_pages(world, acting, engine).await.start().await;
        let (owner, guest) = (world.person("owner").await, world.person("guest").await);
        let rooms = world.rooms(&owner, 1).await;
        let code = service.invite(&owner, &rooms, false).await;
        let other = service.invite(&guest, &[], true).await;
        Self { service, owner, guest, rooms, code, other }
    }

    /// The number by which server admins know the owner's invite.
    async fn number(&self, admin: &Person) -> Value {
        self.service.server_invites(admin, &self.code).await.1["invites"][0]["invite"].clone()
    }
}

#[tokio::test]
async fn server_admins_find_any_invite_but_see_no_codes() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let Town { service, owner, rooms, code, other, .. } = Town::new(&world, acting, engine).await;
        let admin = &world.admin;
        for search in [&owner.id[1..6], &code, &rooms[0], &format!("https://x.example/i/{code}")] {
            let (status, found) = service.server_invites(admin, search).await;
            let owners: Vec<&Value> =
                found["invites"].as_array().unwrap().iter().map(|one| &one["owner"]["user_id"]).collect();
            assert_eq!((status, owners), (200, vec![&json!(owner.id)]), "{search}");
        }
        let (_, all) = service.server_invites(admin, "").await;
        assert_eq!(all["invites"].as_array().unwrap().len(), 2);
        assert!(!all.to_string().contains(&code) && !all.to_string().contains(&other), "codes are masked: {all}");
    }
}

#[tokio::test]
async fn only_server_admins_may_find_pause_and_revoke_any_invite() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let town = Town::new(&world, acting, engine).await;
        let number = town.number(&world.admin).await;
        let Town { service, owner, guest, .. } = town;
        for who in [&owner, &guest] {
            assert_eq!(errcode(&service.server_invites(who, "").await), (403, "M_FORBIDDEN"));
            assert_eq!(service.intervene(who, &number, "revoke").await.0, 403);
            assert_eq!(service.pause_all(who, true).await.0, 403);
            assert_eq!(service.ask(Method::GET, "admin/audit", who, Value::Null).await.0, 403);
        }
    }
}

#[tokio::test]
async fn what_a_server_admin_has_paused_only_they_can_resume() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let (town, admin) = (Town::new(&world, acting, engine).await, &world.admin);
        let number = town.number(admin).await;
        let Town { service, owner, guest, rooms, code, .. } = town;
        assert_eq!(service.intervene(admin, &number, "pause").await, (200, json!({})));
        assert_eq!(errcode(&service.redeem(&guest, &code).await), (404, "NOT_FOUND"));
        assert_eq!(world.registration_token(&code).await, 404);
        assert_eq!(service.token(&owner, &code).await.1["token"]["state"], "paused_by_admin");
        let resume = json!({"token": code, "rooms": rooms, "paused": false});
        assert_eq!(service.create(&owner, resume).await["token"]["state"], "paused_by_admin", "only they can end it");
        assert_eq!(
            service.create(&owner, json!({"token": code, "rooms": rooms})).await["token"]["state"],
            "paused_by_admin"
        );
        assert_eq!(service.intervene(admin, &number, "resume").await.0, 200);
        assert_eq!(service.redeem(&guest, &code).await.0, 200);
    }
}

#[tokio::test]
async fn server_admins_pause_all_invites_at_once_and_resume_them() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let Town { service, owner, code, other, .. } = Town::new(&world, acting, engine).await;
        let admin = &world.admin;
        assert_eq!(service.pause_all(admin, true).await, (200, json!({"paused": true})));
        for code in [&code, &other] {
            assert_eq!(errcode(&service.redeem(&world.person("late").await, code).await), (404, "NOT_FOUND"));
            while world.registration_token(code).await == 200 {
                moment().await;
            }
        }
        assert_eq!(service.token(&owner, &code).await.1["token"]["state"], "all_paused");
        assert_eq!(service.pause_all(admin, false).await, (200, json!({"paused": false})));
        assert_eq!(service.redeem(&world.person("late").await, &code).await.0, 200);
        while world.registration_token(&code).await != 200 {
            moment().await;
        }
    }
}

#[tokio::test]
async fn a_revoked_invite_is_gone_with_its_registration_token() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let (town, admin) = (Town::new(&world, acting, engine).await, &world.admin);
        let number = town.number(admin).await;
        let Town { service, owner, code, .. } = town;
        assert_eq!(service.intervene(admin, &number, "revoke").await.0, 200);
        assert_eq!(service.token(&owner, &code).await.0, 404);
        assert_eq!(world.registration_token(&code).await, 404);
        assert_eq!(service.intervene(admin, &number, "resume").await.0, 404);
        assert_eq!(errcode(&service.intervene(admin, &number, "explode").await), (400, "M_BAD_JSON"));
    }
}

#[tokio::test]
async fn the_audit_log_says_who_did_what_shows_no_codes_and_expires() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let (town, admin) = (Town::new(&world, acting, engine).await, &world.admin);
        let number = town.number(admin).await;
        let Town { service, owner, guest, code, .. } = town;
        for action in ["pause", "resume"] {
            assert_eq!(service.intervene(admin, &number, action).await.0, 200);
        }
        assert_eq!(service.redeem(&guest, &code).await.0, 200);
        for paused in [true, false] {
            assert_eq!(service.pause_all(admin, paused).await.0, 200);
        }
        assert_eq!(service.intervene(admin, &number, "revoke").await.0, 200);

        let log = service.audit(admin).await;
        let did: Vec<(&str, &str)> =
            log.iter().rev().map(|line| (line["actor"].as_str().unwrap(), line["action"].as_str().unwrap())).collect();
        let mine = |action| (admin.id.as_str(), action);
        for expected in [
            (owner.id.as_str(), "created"),
            mine("paused"),
            mine("resumed"),
            (&guest.id, "redeemed"),
            mine("paused_all"),
            mine("resumed_all"),
            mine("deleted"),
        ] {
            assert!(did.contains(&expected), "{expected:?} in {did:?}");
        }
        assert!(log.iter().all(|line| line["door"] == "api" && line["ts"].as_i64().is_some()));
        assert!(!log.iter().any(|line| line.to_string().contains(&code)), "codes are masked");
        let since = log[0]["ts"].as_i64().unwrap();
        let (_, last) =
            service.ask(Method::GET, &format!("admin/audit?since={since}&limit=1"), admin, Value::Null).await;
        assert_eq!(last["action"], "deleted");
        service.pass(366 * DAY);
        while !service.audit(admin).await.is_empty() {
            moment().await;
        }
    }
}

#[tokio::test]
async fn the_invites_of_a_room_and_of_the_server_come_in_pages_the_newest_first() {
    let world = World::new().await;
    let service = Service::usual(&world).await;
    let owner = world.person("owner").await;
    let room = world.rooms(&owner, 1).await.remove(0);
    for _ in 0..3 {
        service.invite(&owner, std::slice::from_ref(&room), false).await;
    }
    let found = |search: &str| format!("admin/invites?search={}", escaped(search));
    for (who, path) in [
        (&owner, format!("rooms?room={}", escaped(&room))),
        (&world.admin, found("")),
        (&world.admin, found(&owner.id)),
        (&world.admin, found(&room)),
    ] {
        let page = async |from: &str| {
            let (status, answer) = service.ask(Method::GET, &format!("{path}&limit=2{from}"), who, Value::Null).await;
            assert_eq!(status, 200, "{path}: {answer}");
            let numbers: Vec<i64> =
                answer["invites"].as_array().unwrap().iter().map(|one| one["invite"].as_i64().unwrap()).collect();
            (numbers, answer["next_batch"].as_str().map(str::to_owned))
        };
        let (newest, next) = page("").await;
        let (oldest, end) = page(&format!("&from={}", next.expect("there is one more"))).await;
        assert_eq!(([newest, oldest].concat(), end), (vec![3, 2, 1], None), "{path}");
    }
}

#[tokio::test]
async fn the_audit_log_is_searched_by_who_came_whose_it_was_and_number() {
    let world = World::new().await;
    let service = usual(&world).await;
    let (owner, guest) = (world.person("owner").await, world.person("guest").await);
    let rooms = world.rooms(&owner, 1).await;
    let code = service.invite(&owner, &rooms, false).await;
    service.invite(&world.admin, &[], true).await;
    assert_eq!(service.redeem(&guest, &code).await.0, 200);
    assert_eq!(service.delete(&owner, &code).await.0, 200);
    let mut admin = Browser::new(&service);
    admin.sign_in(&world.admin, "/").await;
    let guest_name = guest.id[1..].split(':').next().unwrap();
    let mut actions = async |fields: &[(&str, &str)]| -> Vec<String> {
        let (_, page) = admin.function::<Fragment>("audit", fields).await;
        let html = page.unwrap().html;
        let did = html.split("</strong> ").skip(1).map(|line| line.split(" invite ").next().unwrap().to_owned());
        did.collect()
    };
    let searched = |text| [("query[search]", text)];
    assert_eq!(actions(&searched(guest_name)).await, ["joined with"], "a guest's whole user name");
    let all = ["deleted", "joined with", "created"];
    assert_eq!(actions(&searched(&owner.id[1..])).await, all, "a part of an owner's");
    assert!(actions(&searched("1")).await.contains(&"joined with".to_owned()), "an invite's number");
    assert!(actions(&searched("nobody-at-all")).await.is_empty());
    assert_eq!(actions(&[("query[who]", &*owner.id)]).await, ["deleted", "created"], "what somebody did themselves");
    assert_eq!(actions(&[("query[who]", guest_name), ("query[search]", "1")]).await, ["joined with"]);
    let created = actions(&[("query[action]", "Created")]).await;
    assert_eq!(created, ["created", "created"], "one action, whoever did it");
    assert!(actions(&[("query[who]", guest_name), ("query[action]", "Created")]).await.is_empty());
}

#[tokio::test]
async fn owners_see_why_a_server_admin_has_paused_their_invite_and_guests_do_not() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let (town, admin) = (Town::new(&world, acting, engine).await, &world.admin);
        let number = town.number(admin).await;
        let Town { service, owner, guest, code, .. } = town;
        let pause = |reason: &str| json!({"invite": number, "action": "pause", "reason": reason});
        let refused = service.ask(Method::POST, "admin/invites", admin, pause(&"long".repeat(100))).await;
        assert_eq!(errcode(&refused), (400, "M_INVALID_PARAM"));
        let reason = "Too many strangers.";
        assert_eq!(service.ask(Method::POST, "admin/invites", admin, pause(reason)).await.0, 200);
        assert_eq!(service.server_invites(admin, &code).await.1["invites"][0]["reason"], reason);
        let [mut owners, mut guests] = [(); 2].map(|()| Browser::new(&service));
        owners.sign_in(&owner, "").await;
        guests.sign_in(&guest, "").await;
        let path = format!("/invites/{code}");
        assert!(owners.get(&path).await.body.contains(reason));
        assert!(!guests.get(&format!("/i/{code}")).await.body.contains(reason));
        assert!(service.audit(admin).await.iter().any(|line| line["action"] == "paused" && line["detail"] == reason));
        assert_eq!(service.intervene(admin, &number, "resume").await.0, 200);
        assert!(!owners.get(&path).await.body.contains(reason), "it is over");
        assert!(service.server_invites(admin, &code).await.1["invites"][0].get("reason").is_none());
    }
}

#[tokio::test]
async fn members_see_why_all_invites_are_paused_and_who_opens_one_does_not() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let Town { service, owner, guest, code, .. } = Town::new(&world, acting, engine).await;
        let (admin, reason) = (&world.admin, "We move to another server.");
        let paused = service.ask(Method::POST, "admin/pause", admin, json!({"paused": true, "reason": reason})).await;
        assert_eq!(paused, (200, json!({"paused": true, "reason": reason})));
        let [mut owners, mut guests] = [(); 2].map(|()| Browser::new(&service));
        owners.sign_in(&owner, "").await;
        guests.sign_in(&guest, "").await;
        for path in ["/invites".to_owned(), format!("/invites/{code}")] {
            assert!(owners.get(&path).await.body.contains(reason), "{path}");
        }
        assert!(!guests.get(&format!("/i/{code}")).await.body.contains(reason));
        let log = service.audit(admin).await;
        assert!(log.iter().any(|line| line["action"] == "paused_all" && line["detail"] == reason));
        assert_eq!(service.pause_all(admin, false).await, (200, json!({"paused": false})));
        assert!(!owners.get("/invites").await.body.contains(reason));
    }
}

#[tokio::test]
async fn a_reason_that_is_too_long_is_said_at_its_field_and_stays_typed() {
    let world = World::new().await;
    let Town { service, code, .. } = Town::new(&world, Acting::Appservice, Engine::Sqlite).await;
    let mut admin = Browser::new(&service);
    admin.sign_in(&world.admin, "").await;
    let page = admin.get(&format!("/server?q={code}")).await.body;
    let proof = page.split("name=\"proof\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let long = "long".repeat(100);
    let answer = admin.form("/server", "pause_all", &[("paused", "true"), ("proof", &proof), ("reason", &long)]).await;
    assert_eq!(answer.status, 422);
    assert!(answer.body.contains(&format!("value=\"{long}\"")) && answer.body.contains("at most 200 characters"));
}

#[tokio::test]
async fn all_invites_are_narrowed_down_and_ordered_by_the_address() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let service = with_pages(&world, acting, engine).await.start().await;
        let (anna, ben) = (world.person("anna").await, world.person("ben").await);
        let room = world.rooms(&anna, 1).await.remove(0);
        let end = crate::support::now() + 20 * DAY;
        let into = |more: Value| {
            let mut invite = json!({"rooms": [room]});
            invite.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            invite
        };
        service.create(&anna, into(json!({"expires_at": end + DAY}))).await;
        service.create(&anna, into(json!({"expires_at": end, "paused": true}))).await;
        service.create(&ben, json!({"create_dm": true, "as_registration_token": false})).await;
        let mut admin = Browser::new(&service);
        admin.sign_in(&world.admin, "").await;
        let mut shown = async |query: &str| -> Vec<i64> {
            let html = admin.get(&format!("/server?{query}")).await.body;
            let ids = html.split("<li class=\"card").skip(1).filter_map(|part| part.split("id=\"invite-").nth(1));
            ids.map(|id| id.split('"').next().unwrap().parse().unwrap()).collect()
        };
        assert_eq!(shown("").await, [3, 2, 1]);
        assert_eq!(shown("sort=oldest").await, [1, 2, 3]);
        assert_eq!(shown("sort=ends").await, [2, 1], "those without an end are left out");
        assert_eq!(shown("sort=ends&owner=nobody").await, Vec::<i64>::new());
        assert_eq!(shown("state=paused").await, [2]);
        assert_eq!(shown("state=open&sort=oldest").await, [1, 3]);
        assert_eq!(shown("accounts=1").await, [2, 1]);
        assert_eq!(shown(&format!("owner={}", escaped(&ben.id))).await, [3]);
        assert_eq!(shown(&format!("owner={}&state=paused", escaped(&anna.id))).await, [2]);
        assert_eq!(shown(&format!("room={}&sort=oldest", escaped(&room))).await, [1, 2]);
        assert_eq!(shown(&format!("room={}&q={}", escaped(&room), escaped(&ben.id))).await, Vec::<i64>::new());
        assert_eq!(shown("before=3").await, [2, 1]);
        assert_eq!(shown("sort=oldest&before=2").await, [3]);
        assert_eq!(shown(&format!("sort=ends&before={end}~2")).await, [1]);
    }
}

#[tokio::test]
async fn what_an_admin_has_filtered_is_a_file_without_codes_and_formulas() {
    let world = World::new().await;
    let Town { service, owner, guest, code, .. } = Town::new(&world, Acting::Appservice, Engine::Sqlite).await;
    let mut admin = Browser::new(&service);
    admin.sign_in(&world.admin, "").await;
    let file = admin.get(&format!("/server/invites.csv?owner={}", escaped(&owner.id))).await;
    assert_eq!((file.status, file.header("content-type")), (200, "text/csv; charset=utf-8"));
    let lines: Vec<&str> = file.body.lines().collect();
    assert_eq!(lines.len(), 2, "{}", file.body);
    assert!(lines[1].contains(&format!("\"'{}\"", owner.id)) && !file.body.contains(&guest.id), "{}", file.body);
    assert!(!file.body.contains(&code));
    let mut nobody = Browser::new(&service);
    assert_eq!(nobody.get("/server/invites.csv").await.status, 401);
    nobody.sign_in(&guest, "").await;
    assert_eq!(nobody.get("/server/invites.csv").await.status, 403);
}

#[tokio::test]
async fn the_overview_counts_what_was_made_who_joined_and_why_somebody_did_not() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let Club { service, admin, rooms, code, .. } = Club::new(&world, acting, engine).await;
        let first = world.person("first").await;
        world.membership(&admin, &rooms[1], "ban", &first).await;
        assert_eq!(service.redeem(&first, &code).await.0, 200);
        let mut browser = Browser::new(&service);
        browser.sign_in(&world.admin, "").await;
        let today = |html: &str, row: &str| {
            let cell = html.split(&format!("<th scope=\"row\">{row}</th><td>")).nth(1).unwrap_or_default();
            cell.split('<').next().unwrap_or_default().to_owned()
        };
        let html = browser.get("/server/days").await.body;
        for (row, number) in [
            ("Invites created", "1"),
            ("People joined", "1"),
            ("Accounts created", "0"),
            ("Rooms not joined", "1"),
            ("Banned from the room", "1"),
        ] {
            assert_eq!(today(&html, row), number, "{row}");
        }
        service.pass(DAY);
        let html = browser.get("/server/days").await.body;
        assert_eq!(
            (today(&html, "People joined"), today(&html, "Banned from the room")),
            ("0".to_owned(), "0".to_owned())
        );
        let mut nobody = Browser::new(&service);
        nobody.sign_in(&admin, "").await;
        assert_eq!(nobody.get("/server/days").await.status, 403, "the admin of a room only");
    }
}

#[tokio::test]
async fn a_rooms_admin_searches_their_rooms_and_reads_them_in_pages() {
    let world = World::new().await;
    let service = usual(&world).await;
    let admin = world.person("admin").await;
    let mut rooms = Vec::new();
    for name in ["Attic", "Barn", "Cellar"] {
        rooms.push(world.room(&admin, json!({"preset": "private_chat", "name": name})).await);
    }
    let code = service.invite(&admin, &rooms, false).await;
    let mut browser = Browser::new(&service);
    browser.sign_in(&admin, "").await;
    let mut shown = async |query: &str| -> (Vec<String>, String) {
        let html = browser.get(&format!("/my-rooms?{query}")).await.body;
        let names = html.split("<summary>").skip(1).filter_map(|part| part.split("dir=\"auto\">").nth(1));
        (names.map(|name| name.split('<').next().unwrap().to_owned()).collect(), html)
    };
    let (names, html) = shown("").await;
    assert_eq!(names, ["Attic", "Barn", "Cellar"]);
    assert!(html.contains(&format!("href=\"invites/{code}\"")), "one's own invite is linked");
    assert!(html.contains("Attic + 2"), "and named by where it leads to");
    assert_eq!(shown("q=CELL").await.0, ["Cellar"]);
    assert_eq!(shown(&format!("q={}", escaped(&rooms[1]))).await.0, ["Barn"]);
    assert_eq!(shown(&format!("after={}", escaped(&rooms[0]))).await.0, ["Barn", "Cellar"]);
    assert_eq!(shown(&format!("room={}", escaped(&rooms[2]))).await.0, ["Cellar"]);
    let (none, html) = shown("q=nowhere").await;
    assert!(none.is_empty() && html.contains("No room found among those that you manage."), "{html}");
}

#[tokio::test]
async fn who_administers_nothing_is_told_what_the_pages_are_for() {
    let world = World::new().await;
    let service = usual(&world).await;
    let mut browser = Browser::new(&service);
    browser.sign_in(&world.person("nobody").await, "").await;
    let rooms = browser.get("/my-rooms").await;
    assert_eq!((rooms.status, rooms.body.matches("<h1").count()), (200, 1));
    assert!(rooms.body.contains("Once you’re an admin of a room"), "{}", rooms.body);
    for path in ["/server", "/server/days", "/server/log"] {
        let page = browser.get(path).await;
        assert_eq!((page.status, page.body.matches("<h1").count()), (403, 1), "{path}");
        assert!(page.body.contains("These pages show them all invites"), "{path}: {}", page.body);
    }
}
