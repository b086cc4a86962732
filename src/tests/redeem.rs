//! Redeeming codes: who ends up in which rooms.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    Acting, BOTH_WAYS, Engine, Person, Proxy, Service, Setup, World, errcode, escaped, moment, sorted, strings,
};

#[tokio::test]
async fn twelve_rooms_and_a_chat_under_default_limits() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let service = Setup::new(&world, acting, engine).await.start().await;
        let (owner, guest) = (world.person("owner").await, world.person("guest").await);
        let rooms = world.rooms(&owner, 12).await;
        let code = service.invite(&owner, &rooms, true).await;
        assert_eq!(service.info(&guest, &code).await.1["rooms_count"], 13);

        let (status, answer) = service.redeem(&guest, &code).await;
        assert_eq!((status, &answer["failed"]), (200, &json!([])), "{acting:?} {answer}");
        let answered = strings(&answer["rooms"]);
        assert_eq!(&answered[..12], &rooms[..], "in the invite's order, the chat last");
        assert_eq!(sorted(world.joined_rooms(&guest).await), sorted(answered.clone()));

        let chat = &answered[12];
        assert_eq!(world.direct(&guest).await, json!({&owner.id: [chat]}));
        let encryption = world.state(&guest, chat, "m.room.encryption").await;
        let expected = json!({
            "algorithm": "m.megolm.v1.aes-sha2",
            "rotation_period_ms": 604_800_000,
            "rotation_period_msgs": 100,
        });
        assert_eq!(encryption, expected);
        let path = format!("/rooms/{}/state/m.room.member/{}", escaped(chat), escaped(&owner.id));
        let member = world.as_user(Method::GET, &path, &guest, Value::Null).await;
        assert_eq!((&member["membership"], &member["is_direct"]), (&json!("invite"), &json!(true)));

        assert_eq!(errcode(&service.redeem(&guest, &code).await), (400, "ALREADY_REDEEMED"));
        let (_, info) = service.info(&guest, &code).await;
        assert_eq!(info["has_redeemed"], true);
        let (_, token) = service.token(&owner, &code).await;
        assert_eq!(token["token"]["accepted_count"], 1);
    }
}

#[tokio::test]
async fn twenty_at_once_are_one_redemption_with_one_chat() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        // Two instances on one database, which know of each other's work only through it.
        let setup = Setup::new(&world, acting, engine).await;
        let (one, two) = tokio::join!(setup.start(), setup.start());
        let (owner, guest) = (world.person("owner").await, world.person("guest").await);
        let rooms = world.rooms(&owner, 3).await;
        let code = one.invite(&owner, &rooms, true).await;
        let services = (0..20).map(|n| if n % 2 == 0 { &one } else { &two });
        let answers = join_all(services.map(|service| service.redeem(&guest, &code))).await;
        let successes: Vec<_> = answers.iter().filter(|(status, _)| *status == 200).collect();
        let told: BTreeSet<String> = successes.iter().map(|(_, answer)| answer.to_string()).collect();
        assert_eq!(told.len(), 1, "everybody is told the same: {told:?}");
        for answer in answers.iter().filter(|(status, _)| *status != 200) {
            assert_eq!(errcode(answer), (400, "ALREADY_REDEEMED"));
        }
        assert_eq!(world.joined_rooms(&guest).await.len(), 4);
        let (_, token) = two.token(&owner, &code).await;
        assert_eq!(token["token"]["accepted_count"], 1);
    }
}

#[tokio::test]
async fn a_list_that_one_instance_has_cached_shows_what_another_has_changed() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let setup = Setup::new(&world, acting, engine).await;
        let (one, two) = tokio::join!(setup.start(), setup.start());
        let (owner, guest) = (world.person("owner").await, world.person("guest").await);
        let rooms = world.rooms(&owner, 1).await;
        let code = one.invite(&owner, &rooms, false).await;
        let list = async || two.ask(Method::GET, "tokens", &owner, Value::Null).await.1["tokens"].clone();
        assert_eq!(list().await[0]["accepted_count"], 0);
        assert_eq!(one.redeem(&guest, &code).await.0, 200);
        let (_, token) = two.token(&owner, &code).await;
        assert_eq!(token["token"]["accepted_count"], 1);
        // It takes a moment until the other one has heard of it.
        while list().await != json!([token["token"]]) {
            moment().await;
        }
        one.create(&owner, json!({"token": code})).await;
        while list().await[0]["rooms"] != json!([]) {
            moment().await;
        }
        one.delete(&owner, &code).await;
        while list().await != json!([]) {
            moment().await;
        }
    }
}

#[tokio::test]
async fn two_codes_of_one_owner_at_once_make_one_chat() {
    let world = World::new().await;
    let service = Service::usual(&world).await;
    let (owner, guest) = (world.person("owner").await, world.person("guest").await);
    let (one, two) = (service.invite(&owner, &[], true).await, service.invite(&owner, &[], true).await);
    let answers = tokio::join!(service.redeem(&guest, &one), service.redeem(&guest, &two));
    assert_eq!((answers.0.0, answers.1.0), (200, 200), "{answers:?}");
    assert_eq!(answers.0.1["rooms"], answers.1.1["rooms"]);
    assert_eq!(world.joined_rooms(&guest).await.len(), 1);
}

#[tokio::test]
async fn an_existing_chat_is_used_whoever_made_it() {
    let world = World::new().await;
    let service = Service::usual(&world).await;
    let (owner, guest) = (world.person("owner").await, world.person("guest").await);
    let chat = world.room(&owner, json!({"is_direct": true, "invite": [guest.id]})).await;
    world.membership(&guest, &chat, "join", &guest).await;
    let path = format!("/user/{}/account_data/m.direct", escaped(&owner.id));
    let other = "!other:test";
    world.as_user(Method::PUT, &path, &owner, json!({&guest.id: [chat]})).await;
    let path = format!("/user/{}/account_data/m.direct", escaped(&guest.id));
    world.as_user(Method::PUT, &path, &guest, json!({"@friend:test": [other]})).await;

    let code = service.invite(&owner, &[], true).await;
    let (_, answer) = service.redeem(&guest, &code).await;
    assert_eq!(answer["rooms"], json!([chat]));
    assert_eq!(world.direct(&guest).await, json!({"@friend:test": [other], &owner.id: [chat]}));

    // A chat that the owner has left is not used any more.
    world.membership(&owner, &chat, "leave", &owner).await;
    let code = service.invite(&owner, &[], true).await;
    let (_, answer) = service.redeem(&guest, &code).await;
    assert_ne!(answer["rooms"], json!([chat]));
    assert_eq!(answer["rooms"].as_array().map(Vec::len), Some(1));
}

/// An invite into four rooms of a host's. The first works; from the second the guest is banned; the owner has left the
/// third, and may not invite people to the fourth any more.
struct Broken {
    service: Service,
    owner: Person,
    guest: Person,
    host: Person,
    rooms: Vec<String>,
    code: String,
}

impl Broken {
    async fn new(world: &World, acting: Acting, engine: Engine) -> Self {
        let service = Setup::new(world, acting, engine).await.start().await;
        let (owner, guest, host) =
            (world.person("owner").await, world.person("guest").await, world.person("host").await);
        let rooms = world.rooms(&host, 4).await;
        for room in &rooms {
            world.membership(&host, room, "invite", &owner).await;
            world.membership(&owner, room, "join", &owner).await;
        }
        let code = service.invite(&owner, &rooms, false).await;
        world.membership(&host, &rooms[1], "ban", &guest).await;
        world.membership(&owner, &rooms[2], "leave", &owner).await;
        let mut levels = world.state(&host, &rooms[3], "m.room.power_levels").await;
        levels["invite"] = json!(50);
        world.set_state(&host, &rooms[3], "m.room.power_levels", levels).await;
        Self { service, owner, guest, host, rooms, code }
    }
}

#[tokio::test]
async fn what_failed_is_told_with_the_reason() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let Broken { service, owner, guest, rooms, code, .. } = Broken::new(&world, acting, engine).await;
        let [fine, banned, left, demoted] = &rooms[..] else { panic!() };
        let (status, answer) = service.redeem(&guest, &code).await;
        assert_eq!((status, &answer["rooms"]), (200, &json!([fine])), "{answer}");
        let reasons: Vec<(&str, &str)> = answer["failed"]
            .as_array()
            .unwrap()
            .iter()
            .map(|failed| (failed["room"].as_str().unwrap(), failed["reason"].as_str().unwrap()))
            .collect();
        let expected = [
            (banned.as_str(), "You are banned from this room."),
            (left, "The person who created this invite is not in this room any more."),
            (demoted, "The person who created this invite may no longer invite people to this room."),
        ];
        assert_eq!(reasons, expected);
        assert_eq!(service.info(&guest, &code).await.1["has_redeemed"], true, "as things are, no more will come of it");
        assert_eq!(service.token(&owner, &code).await.1["token"]["accepted_count"], 1);
    }
}

#[tokio::test]
async fn only_what_failed_is_tried_again() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let Broken { service, owner, guest, host, rooms, code } = Broken::new(&world, acting, engine).await;
        let [fine, banned, left, demoted] = &rooms[..] else { panic!() };
        assert_eq!(service.redeem(&guest, &code).await.1["rooms"], json!([fine]));
        // One room works again, one the guest has joined by other means, and one they have left.
        world.membership(&host, left, "invite", &owner).await;
        world.membership(&owner, left, "join", &owner).await;
        world.membership(&host, demoted, "invite", &guest).await;
        world.membership(&guest, demoted, "join", &guest).await;
        world.membership(&guest, fine, "leave", &guest).await;
        let (status, answer) = service.redeem(&guest, &code).await;
        assert_eq!((status, &answer["rooms"]), (200, &json!([fine, left, demoted])), "{answer}");
        assert_eq!(answer["failed"][0]["room"], json!(banned));
        assert!(!world.joined_rooms(&guest).await.contains(fine), "what is done is not done again");

        // Without the room that is missing, the redemption is complete.
        service.create(&owner, json!({"token": code, "rooms": [fine, left, demoted]})).await;
        let (status, answer) = service.redeem(&guest, &code).await;
        assert_eq!((status, &answer["failed"]), (200, &json!([])));
        assert_eq!(errcode(&service.redeem(&guest, &code).await), (400, "ALREADY_REDEEMED"));
    }
}

#[tokio::test]
async fn to_come_in_nowhere_is_an_answer_and_not_a_use() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let service = Setup::new(&world, acting, engine).await.start().await;
        let (owner, guest) = (world.person("owner").await, world.person("guest").await);
        let rooms = world.rooms(&owner, 1).await;
        let code = service.invite(&owner, &rooms, false).await;
        world.membership(&owner, &rooms[0], "ban", &guest).await;
        let (status, answer) = service.redeem(&guest, &code).await;
        assert_eq!((status, &answer["rooms"]), (200, &json!([])));
        assert_eq!(service.token(&owner, &code).await.1["token"]["accepted_count"], 0);
        assert_eq!(service.redeem(&guest, &code).await.0, 200);
    }
}

#[tokio::test]
async fn every_kind_of_room_lets_the_guest_in() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let service = Setup::new(&world, acting, engine).await.start().await;
        let (owner, guest) = (world.person("owner").await, world.person("guest").await);
        let alias = format!("#{}:test", crate::support::unique("alias"));
        let space = world.room(&owner, json!({"creation_content": {"type": "m.space"}})).await;
        let public = world.room(&owner, json!({"preset": "public_chat"})).await;
        let named = json!({"room_alias_name": alias[1..].split(':').next()});
        // Aliases are created with a person's own token.
        let named = world.ask(Method::POST, "/_matrix/client/v3/createRoom", &owner.token, named).await.1;
        let named = named["room_id"].as_str().unwrap().to_owned();
        let old = world.room(&owner, json!({"room_version": "6", "preset": "private_chat"})).await;
        let invited = world.room(&owner, json!({"invite": [guest.id]})).await;
        let joined = world.room(&owner, json!({"invite": [guest.id]})).await;
        world.membership(&guest, &joined, "join", &guest).await;
        let restricted = world.room(&owner, json!({})).await;
        let rule = json!({"join_rule": "restricted", "allow": [{"type": "m.room_membership", "room_id": space}]});
        world.set_state(&owner, &restricted, "m.room.join_rules", rule).await;
        let knocked = world.room(&owner, json!({})).await;
        world.set_state(&owner, &knocked, "m.room.join_rules", json!({"join_rule": "knock"})).await;
        world.as_user(Method::POST, &format!("/knock/{}", escaped(&knocked)), &guest, json!({})).await;
        // The creator of a room of version 12 is not in its power levels, but has unlimited power.
        let guarded = json!({"power_level_content_override": {"invite": 100}});
        let guarded = world.room(&owner, guarded).await;

        let asked = json!([restricted, public, alias, old, invited, joined, knocked, guarded, space, named]);
        let answer = service.create(&owner, json!({"rooms": asked})).await;
        let code = answer["token"]["token"].as_str().unwrap();
        let rooms = json!([restricted, public, named, old, invited, joined, knocked, guarded, space]);
        assert_eq!(answer["token"]["rooms"], rooms, "the alias is resolved, and the room named once");
        let (status, answer) = service.redeem(&guest, code).await;
        assert_eq!((status, &answer["rooms"]), (200, &rooms), "{answer}");
        assert_eq!(sorted(world.joined_rooms(&guest).await), sorted(strings(&rooms)));
    }
}

#[tokio::test]
async fn nobody_is_invited_to_a_room_that_is_open_to_them() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let proxy = Proxy::start(&world).await;
        let mut setup = Setup::new(&world, acting, engine).await;
        let service = setup.set("HOMESERVER_URL", &proxy.url).start().await;
        let (owner, guest) = (world.person("owner").await, world.person("guest").await);
        let space = world.room(&owner, json!({"creation_content": {"type": "m.space"}})).await;
        let public = world.room(&owner, json!({"preset": "public_chat"})).await;
        let inside = world.room(&owner, json!({})).await;
        let rule = json!({"join_rule": "restricted", "allow": [{"type": "m.room_membership", "room_id": space}]});
        world.set_state(&owner, &inside, "m.room.join_rules", rule).await;
        let code = service.invite(&owner, &[inside.clone(), public.clone(), space.clone()], false).await;
        let (status, answer) = service.redeem(&guest, &code).await;
        assert_eq!((status, &answer["rooms"]), (200, &json!([inside, public, space])), "{answer}");
        // Rooms of this version have ids without a server name.
        let invitations = |room: &str| proxy.count(&Method::POST, &format!("{}/invite", room.trim_start_matches('!')));
        assert_eq!((invitations(&inside), invitations(&public), invitations(&space)), (0, 0, 1), "{acting:?}");
    }
}

#[tokio::test]
async fn an_alias_that_nobody_knows_now_is_told_and_tried_again() {
    let world = World::new().await;
    let setup = Setup::new(&world, Acting::Appservice, Engine::Sqlite).await;
    let service = setup.start().await;
    let (owner, guest) = (world.person("owner").await, world.person("guest").await);
    let room = world.rooms(&owner, 1).await.remove(0);
    let code = service.invite(&owner, std::slice::from_ref(&room), false).await;
    // As the Python module stored them.
    let name = crate::support::unique("later");
    let alias = format!("#{name}:test");
    setup.execute(&format!("INSERT INTO invite_rooms (code, room, position) VALUES ('{code}', '{alias}', 1)")).await;
    let (status, answer) = service.redeem(&guest, &code).await;
    assert_eq!((status, &answer["rooms"]), (200, &json!([room])));
    let failed = &answer["failed"][0];
    assert_eq!((&failed["room"], &failed["errcode"]), (&json!(alias), &json!("M_NOT_FOUND")), "{answer}");
    // Aliases are created with a person's own token.
    let named = json!({"room_alias_name": name});
    let named = world.ask(Method::POST, "/_matrix/client/v3/createRoom", &owner.token, named).await.1;
    let (status, answer) = service.redeem(&guest, &code).await;
    assert_eq!((status, &answer["rooms"]), (200, &json!([room, named["room_id"]])), "{answer}");
    assert_eq!(answer["failed"], json!([]));
}

#[tokio::test]
async fn a_room_that_has_closed_since_it_was_looked_at_is_entered_by_invitation() {
    let world = World::new().await;
    let service = Service::usual(&world).await;
    let (owner, first, second) =
        (world.person("owner").await, world.person("first").await, world.person("second").await);
    let room = world.room(&owner, json!({"preset": "public_chat"})).await;
    let code = service.invite(&owner, std::slice::from_ref(&room), false).await;
    assert_eq!(service.redeem(&first, &code).await.1["rooms"], json!([room]));
    // What was read about the room is cached for a while.
    world.set_state(&owner, &room, "m.room.join_rules", json!({"join_rule": "invite"})).await;
    assert_eq!(service.redeem(&second, &code).await.1["rooms"], json!([room]));
}

#[tokio::test]
async fn whoever_ignores_the_owner_is_told_and_left_alone() {
    let world = World::new().await;
    let service = Service::usual(&world).await;
    let (owner, guest) = (world.person("owner").await, world.person("guest").await);
    let path = format!("/user/{}/account_data/m.ignored_user_list", escaped(&guest.id));
    world.as_user(Method::PUT, &path, &guest, json!({"ignored_users": {&owner.id: {}}})).await;
    let rooms = world.rooms(&owner, 1).await;
    let code = service.invite(&owner, &rooms, true).await;
    let (status, answer) = service.redeem(&guest, &code).await;
    assert_eq!((status, &answer["rooms"]), (200, &json!([])));
    for failed in answer["failed"].as_array().unwrap() {
        let reason = "You ignore the person who created this invite. Stop ignoring them in your app, then try again.";
        assert_eq!(failed["reason"], reason);
    }
    assert_eq!(world.joined_rooms(&guest).await, Vec::<String>::new());
}

#[tokio::test]
async fn an_owner_who_is_gone_invites_nobody_and_no_ghost_chat_is_made() {
    let world = World::new().await;
    for (acting, engine) in [(Acting::Appservice, Engine::Sqlite), (Acting::Admin, Engine::Sqlite)] {
        let service = Setup::new(&world, acting, engine).await.start().await;
        for how in ["lock", "suspend", "deactivate"] {
            let (owner, guest) = (world.person("owner").await, world.person("guest").await);
            let rooms = world.rooms(&owner, 1).await;
            let code = service.invite(&owner, &rooms, true).await;
            world.discipline(&owner, how).await;
            assert_eq!(errcode(&service.info(&guest, &code).await), (403, "CANT_REDEEM"), "{how}");
            let answer = service.redeem(&guest, &code).await;
            assert_eq!(errcode(&answer), (403, "CANT_REDEEM"), "{how}");
            assert!(answer.1["error"].as_str().unwrap().contains("can no longer invite"));
            assert_eq!(world.joined_rooms(&guest).await, Vec::<String>::new());
            if how == "lock" {
                // Nothing was recorded: it works as soon as the owner is back.
                world.discipline(&owner, "unlock").await;
                assert_eq!(service.redeem(&guest, &code).await.0, 200);
            }
        }
    }
}
