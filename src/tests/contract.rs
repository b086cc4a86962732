//! Making, reading, changing and deleting invites, and everything that can be wrong with a request.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    API, Acting, BOTH_WAYS, Engine, Person, Service, Setup, World, as_of_old, errcode, escaped, sent, unique,
};

/// The service, an owner, and two rooms of theirs.
async fn with_rooms(world: &World, acting: Acting, engine: Engine) -> (Service, Person, Vec<String>) {
    let service = Setup::new(world, acting, engine).await.start().await;
    let owner = world.person("owner").await;
    let rooms = world.rooms(&owner, 2).await;
    (service, owner, rooms)
}

async fn has_no_invites(service: &Service, owner: &Person) {
    let list = service.ask(Method::GET, "tokens", owner, Value::Null).await;
    assert_eq!(list.1, json!({"tokens": []}), "nothing was written");
}

#[tokio::test]
async fn a_new_invite_has_a_generated_code_and_is_in_its_owners_list() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let (service, owner, rooms) = with_rooms(&world, acting, engine).await;
        let made = service.create(&owner, json!({"rooms": rooms})).await;
        let code = made["token"]["token"].as_str().unwrap().to_owned();
        let token = json!({"token": code, "create_dm": false, "accepted_count": 0, "rooms": rooms});
        assert_eq!(as_of_old(made), json!({"token": token, "registration_token": {"valid": true}}));
        assert!(
            code.len() >= 26 && code.bytes().all(|byte| b"abcdefghjkmnpqrstuvwxyz23456789".contains(&byte)),
            "{code}"
        );
        assert_eq!(as_of_old(service.token(&owner, &code).await.1), json!({"token": token}));
        for all in ["tokens", "tokens?token="] {
            let (status, list) = service.ask(Method::GET, all, &owner, Value::Null).await;
            assert_eq!((status, as_of_old(list)), (200, json!({"tokens": [token]})));
        }
    }
}

#[tokio::test]
async fn everybody_who_holds_a_code_is_told_what_it_offers() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let (service, owner, rooms) = with_rooms(&world, acting, engine).await;
        let other = world.person("other").await;
        let code = service.invite(&owner, &rooms, false).await;
        let inviter = json!({"user_id": owner.id, "display_name": owner.id[1..].split(':').next(), "avatar_url": null});
        let info = json!({"rooms_count": 2, "has_redeemed": false, "create_dm": false, "inviter": inviter});
        for person in [&other, &owner] {
            let (status, answer) = service.info(person, &code).await;
            assert_eq!((status, as_of_old(answer)), (200, info.clone()));
        }
        // A camera reads the whole link, and a client passes it on.
        for link in [format!("https://x.example/i/{code}"), format!("acter:i/test/{code}?userId=a")] {
            assert_eq!(service.info(&other, &escaped(&link)).await.0, 200);
        }
    }
}

#[tokio::test]
async fn only_its_owner_may_see_change_and_delete_an_invite() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let (service, owner, rooms) = with_rooms(&world, acting, engine).await;
        let other = world.person("other").await;
        let code = service.invite(&owner, &rooms, false).await;
        let denied = (403, json!({"errcode": "", "error": "Permission denied"}));
        assert_eq!(service.token(&other, &code).await, denied);
        assert_eq!(service.delete(&other, &code).await, denied);
        assert_eq!(service.post(&other, json!({"token": code})).await, denied);
        assert_eq!(service.token(&world.admin, &code).await, denied);
    }
}

#[tokio::test]
async fn nobody_can_redeem_an_invite_of_their_own() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let (service, owner, rooms) = with_rooms(&world, acting, engine).await;
        let code = service.invite(&owner, &rooms, false).await;
        assert_eq!(
            service.redeem(&owner, &code).await,
            (400, json!({"errcode": "CANT_REDEEM", "error": "Can't redeem your own token"}))
        );
    }
}

#[tokio::test]
async fn an_edit_by_todays_client_keeps_what_it_never_sends() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let (service, owner, rooms) = with_rooms(&world, acting, engine).await;
        // Today's mobile client sends these three fields and never others; the rest keep their values.
        let unregistered = json!({"rooms": rooms, "as_registration_token": false});
        let quiet = service.create(&owner, unregistered).await;
        assert_eq!(quiet["registration_token"], json!({"valid": false, "reason": "NOT_REQUESTED"}));
        let edit = json!({"token": quiet["token"]["token"], "create_dm": true, "rooms": [rooms[1]]});
        let edited = service.create(&owner, edit).await;
        assert_eq!(edited["token"]["rooms"], json!([rooms[1]]));
        assert_eq!(edited["token"]["create_dm"], true);
        assert_eq!(edited["registration_token"]["reason"], "NOT_REQUESTED");
        let reset = service.create(&owner, json!({"token": quiet["token"]["token"]})).await;
        assert_eq!((&reset["token"]["rooms"], &reset["token"]["create_dm"]), (&json!([]), &json!(false)));
    }
}

#[tokio::test]
async fn a_deleted_code_never_comes_back() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let (service, owner, rooms) = with_rooms(&world, acting, engine).await;
        let other = world.person("other").await;
        let code = service.invite(&owner, &rooms, false).await;
        assert_eq!(service.delete(&owner, &code).await, (200, json!({})));
        let gone = (404, json!({"errcode": "NOT_FOUND", "error": "Token not found"}));
        assert_eq!(service.delete(&owner, &code).await, gone);
        assert_eq!(service.token(&owner, &code).await, gone);
        assert_eq!(service.redeem(&other, &code).await, gone);
        assert_eq!(errcode(&service.info(&other, &code).await), (403, "CANT_REDEEM"));
        assert_eq!(errcode(&service.info(&other, "never-was").await), (403, "NOT_FOUND"));
        let again = service.post(&owner, json!({"token": code})).await;
        assert_eq!(errcode(&again), (409, "M_INVALID_PARAM"));
        assert!(again.1["error"].as_str().unwrap().contains("was deleted and cannot be used again"));
        assert_eq!(errcode(&service.post(&other, json!({"token": code})).await), (403, ""));
    }
}

#[tokio::test]
async fn bad_input_is_named_and_changes_nothing() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let mut setup = Setup::new(&world, acting, engine).await;
        let service = setup.set("MAX_ROOMS", "3").start().await;
        let owner = world.person("owner").await;
        let mine = world.rooms(&owner, 1).await.remove(0);
        let long = format!("!{}", "x".repeat(255));
        let legal = "“token” must be 1 to 64 characters long";
        for (body, status, code, text) in [
            (json!([]), 400, "M_BAD_JSON", "must be a JSON object"),
            (json!({"rooms": "!a"}), 400, "M_BAD_JSON", "“rooms”"),
            (json!({"create_dm": "yes"}), 400, "M_BAD_JSON", "“create_dm”"),
            (json!({"as_registration_token": 1}), 400, "M_BAD_JSON", "“as_registration_token”"),
            (json!({"token": ""}), 400, "M_INVALID_PARAM", legal),
            (json!({"token": "a b"}), 400, "M_INVALID_PARAM", legal),
            (json!({"token": "ä"}), 400, "M_INVALID_PARAM", legal),
            (json!({"token": "x".repeat(65)}), 400, "M_INVALID_PARAM", legal),
            (json!({"token": 1}), 400, "M_INVALID_PARAM", "“token”"),
            (json!({"rooms": [mine, "junk"]}), 400, "M_INVALID_PARAM", "“junk”"),
            (json!({"rooms": ["@user:test"]}), 400, "M_INVALID_PARAM", "“@user:test”"),
            (json!({"rooms": [""]}), 400, "M_INVALID_PARAM", "“”"),
            (json!({"rooms": ["!"]}), 400, "M_INVALID_PARAM", "“!”"),
            (json!({"rooms": ["!a\0:test"]}), 400, "M_INVALID_PARAM", "“rooms”"),
            (json!({"rooms": [long]}), 400, "M_INVALID_PARAM", "“!xxx"),
            (json!({"rooms": ["!1", "!2", "!3", "!4"]}), 400, "M_INVALID_PARAM", "at most 3 rooms"),
            (json!({"rooms": [mine, "!foreign:test"]}), 403, "M_FORBIDDEN", "!foreign:test"),
            (json!({"rooms": ["#nowhere:test"]}), 403, "M_FORBIDDEN", "#nowhere:test"),
            (json!({"rooms": ["#nowhere:remote.invalid"]}), 403, "M_FORBIDDEN", "#nowhere:remote.invalid"),
        ] {
            let answer = service.post(&owner, body.clone()).await;
            assert_eq!(errcode(&answer), (status, code), "{body} {}", answer.1);
            assert!(answer.1["error"].as_str().unwrap().contains(text), "{body} {}", answer.1);
        }
        let refused = service.post(&owner, json!({"rooms": ["!a:test"]})).await;
        assert_eq!(refused.1["rooms"], json!([{"room": "!a:test", "reason": "You are not in this room."}]));
        has_no_invites(&service, &owner).await;
    }
}

#[tokio::test]
async fn a_body_that_is_not_json_or_too_large_is_refused() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let service = Setup::new(&world, acting, engine).await.start().await;
        let owner = world.person("owner").await;
        let post = async |body: Vec<u8>| {
            let url = format!("{}{API}/tokens", service.url);
            let answer = sent(service.client.post(url).bearer_auth(&owner.token).body(body)).await;
            (answer.status, serde_json::from_str::<Value>(&answer.body).unwrap())
        };
        let deep = "[".repeat(1000);
        for text in ["", "nonsense", "{} {}", r#"{"create_dm": NaN}"#, "\u{feff}{}", &deep] {
            let body = json!({"errcode": "M_NOT_JSON", "error": "Content not JSON."});
            assert_eq!(post(text.into()).await, (400, body), "{text:.20}");
        }
        assert_eq!(errcode(&post(b"{\"token\": \"\xff\"}".to_vec()).await), (400, "M_NOT_JSON"));
        let large = format!(r#"{{"token": "{}"}}"#, "x".repeat(64 * 1024));
        assert_eq!(errcode(&post(large.into()).await), (413, "M_TOO_LARGE"));
        has_no_invites(&service, &owner).await;
    }
}

#[tokio::test]
async fn a_code_in_the_query_must_be_there_and_be_known() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let service = Setup::new(&world, acting, engine).await.start().await;
        let owner = world.person("owner").await;
        for (method, path) in [(Method::GET, "info"), (Method::POST, "redeem"), (Method::DELETE, "tokens")] {
            for (query, code) in [
                ("", "M_MISSING_PARAM"),
                ("?token", "M_MISSING_PARAM"),
                ("?token=", "M_INVALID_PARAM"),
                ("?token=%c3%a4", "M_INVALID_PARAM"),
                ("?token=%ff", "M_INVALID_PARAM"),
            ] {
                let answer =
                    service.ask(method.clone(), &format!("{path}{query}"), &owner, json!({"token": "x"})).await;
                assert_eq!(errcode(&answer), (400, code), "{method} {path}{query}");
            }
            for unknown in ["x".repeat(2000), "a%00b".into(), "a%2Fb".into(), "Case".into()] {
                let (status, answer) =
                    service.ask(method.clone(), &format!("{path}?token={unknown}"), &owner, Value::Null).await;
                assert_eq!(answer["errcode"], "NOT_FOUND", "{method} {path} {status}");
            }
        }
        has_no_invites(&service, &owner).await;
    }
}

#[tokio::test]
async fn a_room_that_has_broken_does_not_stop_a_change_but_a_new_one_is_asked_about() {
    let world = World::new().await;
    let service = Service::usual(&world).await;
    let (owner, host) = (world.person("owner").await, world.person("host").await);
    let rooms = world.rooms(&owner, 2).await;
    let guarded =
        world.room(&host, json!({"power_level_content_override": {"invite": 50}, "invite": [owner.id]})).await;
    world.membership(&owner, &guarded, "join", &owner).await;
    let code = service.invite(&owner, &rooms, false).await;
    world.membership(&owner, &rooms[0], "leave", &owner).await;
    let edited = service.create(&owner, json!({"token": code, "create_dm": true, "rooms": rooms})).await;
    assert_eq!(edited["token"]["rooms"], json!(rooms));
    let wrong = json!({"token": code, "rooms": [rooms[0], guarded]});
    let (status, answer) = service.post(&owner, wrong).await;
    assert_eq!(status, 403);
    let reason = "You can’t invite people here.";
    assert_eq!(answer["rooms"], json!([{"room": guarded, "reason": reason}]));
    assert_eq!(service.token(&owner, &code).await.1, json!({"token": edited["token"]}), "nothing has changed");
}

#[tokio::test]
async fn one_code_asked_for_by_many_at_once_belongs_to_one() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let setup = Setup::new(&world, acting, engine).await;
        let (one, two) = tokio::join!(setup.start(), setup.start());
        let people = futures_util::future::join_all((0..6).map(|_| world.person("racer"))).await;
        let code = unique("race");
        let body = json!({"token": code, "create_dm": true});
        let services = [&one, &two].into_iter().cycle();
        let asked = people.iter().zip(services).map(|(person, service)| service.post(person, body.clone()));
        let answers = futures_util::future::join_all(asked).await;
        let winners = answers.iter().filter(|(status, _)| *status == 200).count();
        assert_eq!(winners, 1, "{answers:?}");
        for answer in answers.iter().filter(|(status, _)| *status != 200) {
            assert_eq!(errcode(answer), (403, ""));
        }
    }
}

#[tokio::test]
async fn invites_survive_a_restart() {
    let world = World::new().await;
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let setup = Setup::new(&world, Acting::Appservice, engine).await;
        let service = setup.start().await;
        let owner = world.person("owner").await;
        let code = service.invite(&owner, &[], true).await;
        service.stop().await;
        let service = setup.start().await;
        assert_eq!(service.token(&owner, &code).await.0, 200);
    }
}
