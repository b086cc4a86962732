//! The operator's policy: who makes invites, for how many people and how long, and how often somebody may guess.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Acting, BOTH_WAYS, Browser, Engine, Person, Service, Setup, World, errcode, moment, unique};

const DAY: i64 = 86_400_000;

/// Asserts that a rule of the server forbids saving an invite.
async fn is_forbidden(service: &Service, owner: &Person, body: Value, rule: &str) {
    let answer = service.post(owner, body).await;
    assert_eq!((errcode(&answer), &answer.1["rule"]), ((403, "M_FORBIDDEN"), &json!(rule)), "{}", answer.1);
    assert!(answer.1["error"].as_str().unwrap().ends_with(&format!("(This server’s rule: {rule}.)")));
}

#[tokio::test]
async fn a_bound_also_holds_for_invites_that_were_made_before_it() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let mut setup = Setup::new(&world, acting, engine).await;
        let (owner, guest, late) =
            (world.person("owner").await, world.person("guest").await, world.person("late").await);
        let rooms = world.rooms(&owner, 1).await;
        let free = setup.start().await;
        let old = free.create(&owner, json!({"rooms": rooms, "max_uses": 100})).await["token"]["token"].clone();
        assert_eq!(free.redeem(&guest, old.as_str().unwrap()).await.0, 200);
        free.stop().await;
        let service = setup.set("POLICY", "{max_uses: 1, max_days: 2, default_uses: 1, default_days: 1}").start().await;
        let seen = service.token(&owner, old.as_str().unwrap()).await.1["token"].clone();
        assert_eq!((&seen["max_uses"], &seen["state"]), (&json!(1), &json!("used_up")));
        assert_eq!(errcode(&service.redeem(&late, old.as_str().unwrap()).await), (404, "NOT_FOUND"));
        assert_eq!(service.post(&owner, json!({"token": old, "rooms": rooms})).await.0, 200, "it can be changed");
        assert_eq!(service.post(&owner, json!({"token": old, "max_uses": 100})).await.0, 200, "as it was");
        is_forbidden(&service, &owner, json!({"token": old, "max_uses": 50}), "policy.max_uses").await;
        service.stop().await;
    }
}

#[tokio::test]
async fn a_new_invite_has_the_usual_bounds_unless_it_asks_for_others_and_never_more_than_the_most() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let mut setup = Setup::new(&world, acting, engine).await;
        let owner = world.person("owner").await;
        let rooms = world.rooms(&owner, 1).await;
        let service = setup.set("POLICY", "{max_uses: 1, max_days: 2, default_uses: 1, default_days: 1}").start().await;
        let usual = service.create(&owner, json!({"rooms": rooms})).await["token"].clone();
        let created = usual["created_at"].as_i64().unwrap();
        assert_eq!((&usual["max_uses"], &usual["expires_at"]), (&json!(1), &json!(created + DAY)));
        let unbounded = service.create(&owner, json!({"max_uses": null, "expires_at": null})).await["token"].clone();
        let created = unbounded["created_at"].as_i64().unwrap();
        assert_eq!((&unbounded["max_uses"], &unbounded["expires_at"]), (&json!(1), &json!(created + 2 * DAY)));
        is_forbidden(&service, &owner, json!({"max_uses": 2}), "policy.max_uses").await;
        is_forbidden(&service, &owner, json!({"expires_at": service.now() + 3 * DAY}), "policy.max_days").await;
        service.stop().await;
    }
}

#[tokio::test]
async fn a_member_makes_no_more_invites_in_a_day_than_the_policy_lets() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let mut setup = Setup::new(&world, acting, engine).await;
        let owner = world.person("owner").await;
        let service = setup.set("POLICY", "{open_invites: 3, creations_per_day: 3}").start().await;
        let codes = ["one", "two", "three"].map(unique);
        for code in &codes {
            service.create(&owner, json!({"token": code})).await;
        }
        is_forbidden(&service, &owner, json!({}), "policy.creations_per_day").await;
        assert_eq!(service.delete(&owner, &codes[0]).await.0, 200);
        is_forbidden(&service, &owner, json!({}), "policy.creations_per_day").await;
        service.pass(DAY + 1);
        service.create(&owner, json!({})).await;
        service.stop().await;
    }
}

#[tokio::test]
async fn a_member_has_no_more_open_invites_at_a_time_than_the_policy_lets() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let mut setup = Setup::new(&world, acting, engine).await;
        let owner = world.person("owner").await;
        let service = setup.set("POLICY", "{open_invites: 2, creations_per_day: 4}").start().await;
        service.create(&owner, json!({})).await;
        // Invites that have ended do not count.
        let ended = service.create(&owner, json!({"expires_at": service.now() + 1000})).await;
        assert_eq!(ended["token"]["state"], "open");
        is_forbidden(&service, &owner, json!({}), "policy.open_invites").await;
        service.pass(2000);
        service.create(&owner, json!({})).await;
        // Nor can one be revived beyond the limit.
        let again = json!({"token": ended["token"]["token"], "expires_at": service.now() + 1000});
        is_forbidden(&service, &owner, again, "policy.open_invites").await;
        service.create(&owner, json!({"token": ended["token"]["token"], "label": "Over"})).await;
        service.stop().await;
    }
}

#[tokio::test]
async fn invites_that_the_policy_has_ended_do_not_count_as_open() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let mut setup = Setup::new(&world, acting, engine).await;
        let owner = world.person("owner").await;
        let free = setup.start().await;
        free.create(&owner, json!({})).await;
        free.stop().await;
        let service = setup.set("POLICY", "{open_invites: 1, max_days: 1}").start().await;
        is_forbidden(&service, &owner, json!({}), "policy.open_invites").await;
        service.pass(3 * DAY);
        service.create(&owner, json!({})).await;
        is_forbidden(&service, &owner, json!({}), "policy.open_invites").await;
        service.stop().await;
    }
}

#[tokio::test]
async fn the_policy_says_who_makes_invites_and_with_which_codes() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let mut setup = Setup::new(&world, acting, engine).await;
        let (owner, guest) = (world.person("owner").await, world.person("guest").await);
        let free = setup.start().await;
        let old = free.create(&owner, json!({})).await["token"]["token"].clone();
        free.stop().await;
        for (policy, body, rule) in [
            ("{create: admins}", json!({}), "policy.create"),
            ("{create: ['@somebody:test']}", json!({}), "policy.create"),
            ("{account_age_days: 1}", json!({}), "policy.account_age_days"),
            ("{chosen_codes: false}", json!({"token": unique("mine")}), "policy.chosen_codes"),
            ("{shortest_chosen_code: 9}", json!({"token": "short"}), "policy.shortest_chosen_code"),
        ] {
            let service = setup.set("POLICY", policy).start().await;
            is_forbidden(&service, &owner, body, rule).await;
            match rule {
                "policy.account_age_days" => {
                    service.pass(DAY + 60_000);
                    service.create(&owner, json!({})).await;
                }
                "policy.create" => {
                    service.create(&world.admin, json!({})).await;
                }
                _ => {
                    service.create(&owner, json!({})).await;
                }
            }
            // Existing invites may be changed, whoever may make new ones.
            assert_eq!(service.post(&owner, json!({"token": old, "label": policy})).await.0, 200, "{policy}");
            service.stop().await;
        }
        let listed = format!("{{create: ['{}']}}", owner.id);
        let service = setup.set("POLICY", &listed).start().await;
        service.create(&owner, json!({})).await;
        assert_eq!(errcode(&service.post(&guest, json!({})).await), (403, "M_FORBIDDEN"));
    }
}

#[tokio::test]
async fn a_code_that_can_be_guessed_opens_few_accounts() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let service = Setup::new(&world, acting, engine).await.start().await;
        let owner = world.person("owner").await;
        let code = unique("mygroup");
        service.create(&owner, json!({"token": code})).await;
        let generated = service.invite(&owner, &[], true).await;
        assert_eq!((world.uses_allowed(&code).await, world.uses_allowed(&generated).await), (json!(10), Value::Null));
        let few = service.create(&owner, json!({"token": unique("few"), "max_uses": 3})).await;
        assert_eq!(world.uses_allowed(few["token"]["token"].as_str().unwrap()).await, json!(3));
        service.pass(7 * DAY);
        while world.registration_token(&code).await == 200 {
            moment().await;
        }
        assert_eq!(world.registration_token(&generated).await, 200);
        let edited = service.create(&owner, json!({"token": code, "create_dm": true})).await;
        assert_eq!(edited["registration_token"], json!({"valid": false, "reason": "NOT_ALLOWED"}));
        assert_eq!(edited["token"]["state"], "open", "those who have an account are still let in");
    }
}

#[tokio::test]
async fn a_new_rule_also_bounds_registration_tokens_that_were_made_before_it() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let mut setup = Setup::new(&world, acting, engine).await;
        let owner = world.person("owner").await;
        let out = unique("out");
        let free = setup.set("POLICY", "{chosen_code_accounts: null}").start().await;
        free.create(&owner, json!({"token": out})).await;
        let generated = free.invite(&owner, &[], true).await;
        assert_eq!(world.uses_allowed(&out).await, Value::Null);
        free.stop().await;
        let bounded = setup.set("POLICY", "{max_uses: 4}").start().await;
        while world.uses_allowed(&out).await != json!(4) || world.uses_allowed(&generated).await != json!(4) {
            moment().await;
        }
        bounded.stop().await;

        let none = setup.set("POLICY", "{chosen_code_accounts: 0}").start().await;
        while world.registration_token(&out).await == 200 {
            moment().await;
        }
        let answer = none.create(&owner, json!({"token": unique("mine")})).await;
        assert_eq!(answer["registration_token"]["reason"], "NOT_ALLOWED");
    }
}

/// The service with limits for guesses, and an owner's invite with a chosen code.
async fn garden(world: &World) -> (Service, Person, String) {
    let mut setup = Setup::new(world, Acting::Appservice, Engine::Sqlite).await;
    setup.set("FAILED_LOOKUPS", "{per_user: 5, per_address: 8, in_all: 100}");
    setup.set("ENABLE_WEB", "true").set("SITE_DIR", "/nowhere");
    let service = setup.start().await;
    let owner = world.person("owner").await;
    let rooms = world.rooms(&owner, 1).await;
    let code = unique("garden");
    service.create(&owner, json!({"token": code, "rooms": rooms})).await;
    (service, owner, code)
}

#[tokio::test]
async fn who_guesses_has_to_wait_even_for_a_right_code() {
    let world = World::new().await;
    let (service, _, code) = garden(&world).await;
    let eve = world.person("eve").await;
    // One failure through each call.
    for (method, path, body) in [
        (Method::GET, "info?token=nope", Value::Null),
        (Method::POST, "redeem?token=nope", Value::Null),
        (Method::GET, "tokens?token=nope", Value::Null),
        (Method::DELETE, "tokens?token=nope", Value::Null),
        (Method::POST, "tokens", json!({"token": code})),
    ] {
        let answer = service.ask(method, path, &eve, body).await;
        assert!(matches!(answer.0, 403 | 404), "{answer:?}");
    }
    for (method, path) in [(Method::GET, format!("info?token={code}")), (Method::POST, format!("redeem?token={code}"))]
    {
        let answer = service.ask(method, &path, &eve, Value::Null).await;
        assert_eq!(errcode(&answer), (429, "M_LIMIT_EXCEEDED"), "a right guess is not told from a wrong one");
        let wait = answer.1["retry_after_ms"].as_i64().unwrap();
        assert!((1..=12_000).contains(&wait), "{wait}");
    }
    service.pass(60_000);
    assert_eq!(service.info(&eve, &code).await.0, 200, "it passes");
}

#[tokio::test]
async fn guesses_from_an_address_slow_nobody_there_who_only_uses_what_works() {
    let world = World::new().await;
    let (service, owner, code) = garden(&world).await;
    let (eve, guest) = (world.person("eve").await, world.person("guest").await);
    for _ in 0..5 {
        assert_eq!(service.info(&eve, "nope").await.0, 403);
    }
    // From the same address, through the pages, without an account.
    let mut visitor = Browser::new(&service);
    for _ in 0..3 {
        assert_eq!(visitor.get("/i/nope").await.status, 404);
    }
    let refused = visitor.get("/i/nope").await;
    assert_eq!(refused.status, 429);
    assert!(refused.header("retry-after").parse::<u32>().unwrap() > 0);
    for _ in 0..30 {
        assert_eq!(service.info(&guest, &code).await.0, 200);
    }
    assert_eq!(service.redeem(&guest, &code).await.0, 200);
    assert_eq!(service.ask(Method::GET, "tokens", &owner, Value::Null).await.0, 200);
    for number in 0..12 {
        let chosen = unique(&format!("fresh{number}"));
        assert_eq!(service.post(&owner, json!({"token": chosen})).await.0, 200, "a free code is no guess");
    }
}
