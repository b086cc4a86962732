//! Invites that end when they should, on both sides: nobody can join, and nobody can open an account.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    Acting, BOTH_WAYS, Browser, Engine, Fault, Person, Proxy, Service, Setup, World, errcode, moment, with_pages,
};

const SECOND: i64 = 1000;
const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

impl Service {
    async fn made(&self, owner: &Person, body: Value) -> String {
        self.create(owner, body).await["token"]["token"].as_str().unwrap().to_owned()
    }

    /// To everybody but its owner, an invite that lets nobody in looks like one that never existed, through every
    /// interface.
    async fn is_dead(&self, world: &World, owner: &Person, code: &str, state: &str) {
        let guest = world.person("late").await;
        let mut visitor = Browser::new(self);
        let mut answers = Vec::new();
        for code in [code, "never-was"] {
            answers.push((
                self.info(&guest, code).await,
                self.redeem(&guest, code).await,
                visitor.get(&format!("/i/{code}")).await.status,
            ));
        }
        assert_eq!(answers[0], answers[1], "{state}");
        assert_eq!(answers[0].2, 404);
        assert_eq!(world.joined_rooms(&guest).await, Vec::<String>::new(), "{state}");
        let (status, own) = self.token(owner, code).await;
        assert_eq!((status, &own["token"]["state"]), (200, &json!(state)));
        let (status, info) = self.info(owner, code).await;
        assert_eq!((status, &info["state"]), (200, &json!(state)));
        // The homeserver follows within seconds.
        while world.registration_token(code).await == 200 {
            moment().await;
        }
        let refused = world.register_with(code).await.expect_err(state);
        assert_eq!(refused["errcode"], "M_UNAUTHORIZED", "{state}: {refused}");
    }
}

#[tokio::test]
async fn an_invite_is_open_from_its_first_millisecond_to_its_last() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let service = with_pages(&world, acting, engine).await.start().await;
        let owner = world.person("owner").await;
        let rooms = world.rooms(&owner, 1).await;
        let (begin, end) = (service.now() + HOUR, service.now() + 2 * HOUR);
        let code = service.made(&owner, json!({"rooms": rooms, "not_before": begin, "expires_at": end})).await;
        service.is_dead(&world, &owner, &code, "not_yet").await;

        service.pass(begin - service.now());
        while world.registration_token(&code).await != 200 {
            moment().await;
        }
        let newcomer = world.register_with(&code).await.expect("it has begun");
        assert_eq!(service.redeem(&newcomer, &code).await.1["rooms"], json!(rooms));
        assert_eq!(service.info(&newcomer, &code).await.1["expires_at"], json!(end));

        service.pass(end - service.now());
        service.is_dead(&world, &owner, &code, "expired").await;
        // With a later end it works again: its code was never lost.
        let edit = json!({"token": code, "rooms": rooms, "expires_at": service.now() + HOUR});
        let edited = service.create(&owner, edit).await;
        assert_eq!(
            (&edited["token"]["state"], &edited["registration_token"]),
            (&json!("open"), &json!({"valid": true}))
        );
        let guest = world.person("guest").await;
        assert_eq!(service.redeem(&guest, &code).await.1["rooms"], json!(rooms));
    }
}

#[tokio::test]
async fn an_end_lies_in_the_future_and_after_the_beginning() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let service = Setup::new(&world, acting, engine).await.start().await;
        let owner = world.person("owner").await;
        let later = service.now() + DAY;
        for (body, text) in [
            (json!({"expires_at": service.now() - SECOND}), "“expires_at” lies in the past."),
            (json!({"not_before": later, "expires_at": later}), "“expires_at” must be later than the beginning."),
        ] {
            let answer = service.post(&owner, body).await;
            assert_eq!((errcode(&answer), &answer.1["error"]), ((400, "M_INVALID_PARAM"), &json!(text)));
        }
    }
}

#[tokio::test]
async fn pausing_ends_both_sides_and_resuming_opens_both() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let service = with_pages(&world, acting, engine).await.start().await;
        let (owner, guest) = (world.person("owner").await, world.person("guest").await);
        let rooms = world.rooms(&owner, 1).await;
        let code = service.made(&owner, json!({"rooms": rooms})).await;
        let pause = |paused: bool| json!({"token": code, "rooms": rooms, "paused": paused});
        assert_eq!(service.create(&owner, pause(true)).await["token"]["paused"], true);
        service.is_dead(&world, &owner, &code, "paused").await;
        assert_eq!(service.create(&owner, pause(false)).await["registration_token"], json!({"valid": true}));
        assert_eq!(service.redeem(&guest, &code).await.0, 200);
        world.register_with(&code).await.expect("it goes on");
    }
}

#[tokio::test]
async fn fifty_at_once_for_five_places() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let service = with_pages(&world, acting, engine).await.start().await;
        let owner = world.person("owner").await;
        let rooms = world.rooms(&owner, 2).await;
        let code = service.made(&owner, json!({"rooms": rooms, "max_uses": 5})).await;
        let mut people = Vec::new();
        for _ in 0..50 {
            people.push(world.person("crowd").await);
        }
        let answers = join_all(people.iter().map(|person| service.redeem(person, &code))).await;
        let admitted = answers.iter().filter(|(status, _)| *status == 200).count();
        assert_eq!(admitted, 5);
        assert!(answers.iter().all(|answer| answer.0 == 200 || errcode(answer) == (404, "NOT_FOUND")), "{answers:?}");
        let mut inside = 0;
        for person in &people {
            inside += usize::from(!world.joined_rooms(person).await.is_empty());
        }
        assert_eq!(inside, 5, "the homeserver agrees");
        let token = service.token(&owner, &code).await.1["token"].clone();
        assert_eq!((&token["accepted_count"], &token["uses_left"]), (&json!(5), &json!(0)));
        service.is_dead(&world, &owner, &code, "used_up").await;
        // Somebody who holds a use keeps it, also for the rooms that they missed.
        let (came, _) = people.iter().zip(&answers).find(|(_, answer)| answer.0 == 200).unwrap();
        assert_eq!(errcode(&service.redeem(came, &code).await), (400, "ALREADY_REDEEMED"));
        assert_eq!(service.info(came, &code).await.1["has_redeemed"], true);
        let mut browser = Browser::new(&service);
        browser.sign_in(came, "").await;
        let page = browser.get(&format!("/i/{code}")).await;
        assert!(page.status == 200 && page.body.contains("You’re in, "), "{}", page.status);
        let more = json!({"token": code, "rooms": rooms, "max_uses": 6});
        assert_eq!(service.create(&owner, more).await["token"]["uses_left"], 1);
        assert_eq!(service.redeem(&world.person("sixth").await, &code).await.0, 200);
    }
}

#[tokio::test]
async fn who_is_let_in_nowhere_takes_nobodys_place() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let service = with_pages(&world, acting, engine).await.start().await;
        let (owner, banned) = (world.person("owner").await, world.person("banned").await);
        let rooms = world.rooms(&owner, 2).await;
        for room in &rooms {
            world.membership(&owner, room, "ban", &banned).await;
        }
        let code = service.made(&owner, json!({"rooms": rooms, "max_uses": 1})).await;
        let (status, answer) = service.redeem(&banned, &code).await;
        assert_eq!((status, &answer["rooms"]), (200, &json!([])));
        assert_eq!(service.token(&owner, &code).await.1["token"]["uses_left"], 1);

        // The last use is for somebody who can join one room only; they may come back for the other.
        let guest = world.person("guest").await;
        world.membership(&owner, &rooms[1], "ban", &guest).await;
        assert_eq!(service.redeem(&guest, &code).await.1["rooms"], json!([rooms[0]]));
        assert_eq!(service.token(&owner, &code).await.1["token"]["state"], "used_up");
        world.membership(&owner, &rooms[1], "unban", &guest).await;
        assert_eq!(service.redeem(&guest, &code).await.1["rooms"], json!(rooms));
        assert_eq!(errcode(&service.redeem(&banned, &code).await), (404, "NOT_FOUND"));
    }
}

#[tokio::test]
async fn a_place_whose_taker_was_cut_off_is_theirs_for_a_while_and_then_free() {
    let world = World::new().await;
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let proxy = Proxy::start(&world).await;
        let mut setup = with_pages(&world, Acting::Appservice, engine).await;
        let service = setup.set("HOMESERVER_URL", &proxy.url).start().await;
        let (owner, guest, other) =
            (world.person("owner").await, world.person("guest").await, world.person("other").await);
        let rooms = world.rooms(&owner, 1).await;
        let code = service.made(&owner, json!({"rooms": rooms, "max_uses": 1})).await;
        proxy.fail(Method::POST, "/invite", 0, u32::MAX, Fault::BadGateway);
        assert_eq!(service.redeem(&guest, &code).await.0, 503);
        proxy.heal();
        assert_eq!(errcode(&service.redeem(&other, &code).await), (404, "NOT_FOUND"), "it may be that they are in");
        service.pass(HOUR);
        while service.token(&owner, &code).await.1["token"]["uses_left"] != 1 {
            moment().await;
        }
        assert_eq!(service.redeem(&other, &code).await.0, 200);
    }
}

#[tokio::test]
async fn accounts_are_opened_for_the_places_that_are_left() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let service = with_pages(&world, acting, engine).await.start().await;
        let owner = world.person("owner").await;
        let rooms = world.rooms(&owner, 1).await;
        let code = service.made(&owner, json!({"rooms": rooms, "max_uses": 3})).await;
        let newcomer = world.register_with(&code).await.expect("three places are left");
        assert_eq!(service.redeem(&newcomer, &code).await.0, 200);
        // Somebody who has an account takes a use as well.
        assert_eq!(service.redeem(&world.person("member").await, &code).await.0, 200);
        while world.uses_allowed(&code).await != json!(2) {
            moment().await;
        }
        let newcomer = world.register_with(&code).await.expect("one place is left");
        world.register_with(&code).await.expect_err("it is spoken for");
        assert_eq!(service.redeem(&newcomer, &code).await.0, 200);
        service.is_dead(&world, &owner, &code, "used_up").await;
    }
}

#[tokio::test]
async fn an_account_that_does_not_join_keeps_its_place_also_when_the_token_is_made_again() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let service = Setup::new(&world, acting, engine).await.start().await;
        let owner = world.person("owner").await;
        let rooms = world.rooms(&owner, 1).await;
        let code = service.made(&owner, json!({"rooms": rooms, "max_uses": 3})).await;
        world.register_with(&code).await.expect("three places are left");
        let newcomer = world.register_with(&code).await.expect("two places are left");
        assert_eq!(service.redeem(&newcomer, &code).await.0, 200);
        for (paused, token) in [(true, 404), (false, 200)] {
            service.create(&owner, json!({"token": code, "rooms": rooms, "paused": paused})).await;
            assert_eq!(world.registration_token(&code).await, token);
        }
        assert_eq!(world.uses_allowed(&code).await, json!(1));
        world.register_with(&code).await.expect("one place is left");
        for (paused, valid) in [(true, false), (false, false)] {
            let edited = service.create(&owner, json!({"token": code, "rooms": rooms, "paused": paused})).await;
            assert_eq!(edited["registration_token"], json!({"valid": valid}));
        }
        assert_eq!(world.registration_token(&code).await, 404);
        assert_eq!(service.redeem(&world.person("member").await, &code).await.0, 200, "who has an account comes in");
    }
}

#[tokio::test]
async fn what_todays_client_sends_wipes_nothing() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let service = Setup::new(&world, acting, engine).await.start().await;
        let owner = world.person("owner").await;
        let rooms = world.rooms(&owner, 2).await;
        let limits = json!({"rooms": rooms, "label": "Party", "welcome": "Hello!\nCome in.", "max_uses": 7, "paused": true,
            "public_title": "Summer camp", "not_before": service.now() + HOUR, "expires_at": service.now() + DAY});
        let made = service.create(&owner, limits.clone()).await["token"].clone();
        let edit = json!({"token": made["token"], "create_dm": true, "rooms": [rooms[0]]});
        let edited = service.create(&owner, edit).await["token"].clone();
        assert_eq!((&edited["create_dm"], &edited["rooms"]), (&json!(true), &json!([rooms[0]])));
        for field in ["label", "welcome", "public_title", "max_uses", "paused", "not_before", "expires_at"] {
            assert_eq!(edited[field], limits[field], "{field}");
        }
        let clear = json!({"token": made["token"], "label": null, "welcome": "  ", "public_title": " ", "max_uses": null,
            "not_before": null, "expires_at": null, "paused": false});
        let cleared = service.create(&owner, clear).await["token"].clone();
        for field in ["label", "welcome", "public_title", "max_uses", "not_before", "expires_at", "uses_left"] {
            assert!(cleared.get(field).is_none(), "{field}: no field is null, {cleared}");
        }
        assert_eq!(cleared["state"], "open");
    }
}

#[tokio::test]
async fn who_came_is_told_to_the_owner_page_by_page() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let service = Setup::new(&world, acting, engine).await.start().await;
        let owner = world.person("owner").await;
        let rooms = world.rooms(&owner, 2).await;
        let code = service.made(&owner, json!({"rooms": rooms, "create_dm": true})).await;
        let mut people = Vec::new();
        for number in 0..3 {
            let person = world.person("guest").await;
            if number == 1 {
                world.membership(&owner, &rooms[1], "ban", &person).await;
            }
            assert_eq!(service.redeem(&person, &code).await.0, 200);
            people.push(person);
            service.pass(DAY);
        }
        let mut seen = Vec::new();
        let mut from = String::new();
        loop {
            let path = format!("redemptions?token={code}&limit=2&from={}", crate::support::escaped(&from));
            let (status, page) = service.ask(Method::GET, &path, &owner, Value::Null).await;
            assert_eq!(status, 200, "{page}");
            assert_eq!(
                (&page["total"], &page["accepted_count"], &page["completed_count"]),
                (&json!(3), &json!(3), &json!(2))
            );
            assert_eq!(page["by_day"].as_array().unwrap().len(), 3);
            seen.extend(page["redemptions"].as_array().unwrap().clone());
            match page["next_batch"].as_str() {
                Some(next) => from = next.to_owned(),
                None => break,
            }
        }
        let who: Vec<&str> = seen.iter().map(|one| one["user_id"].as_str().unwrap()).collect();
        assert_eq!(who, [&people[2].id, &people[1].id, &people[0].id], "the last first, each once");
        assert_eq!(seen[1]["failed"][0]["room"], json!(rooms[1]));
        assert_eq!(seen[1]["failed"][0]["reason"], "You are banned from this room.");
        assert_eq!(
            (&seen[0]["complete"], &seen[1]["complete"], &seen[0]["direct_chat"]),
            (&json!(true), &json!(false), &json!(true))
        );
        let path = format!("redemptions?token={code}&limit=many");
        assert_eq!(errcode(&service.ask(Method::GET, &path, &owner, Value::Null).await), (400, "M_INVALID_PARAM"));
    }
}

#[tokio::test]
async fn who_came_is_told_to_nobody_but_the_owner() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let service = Setup::new(&world, acting, engine).await.start().await;
        let (owner, guest) = (world.person("owner").await, world.person("guest").await);
        let code = service.invite(&owner, &[], true).await;
        assert_eq!(service.redeem(&guest, &code).await.0, 200);
        let path = format!("redemptions?token={code}");
        assert_eq!(errcode(&service.ask(Method::GET, &path, &guest, Value::Null).await), (403, ""));
    }
}
