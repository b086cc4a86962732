//! People who guess codes, and people who cause more work for the homeserver than anybody honest.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    API, Acting, BOTH_WAYS, Browser, Engine, Fault, Proxy, Service, Setup, World, errcode, sent, unique, with_pages,
};

async fn limited(world: &World, limits: &str) -> Service {
    let mut setup = with_pages(world, Acting::Appservice, Engine::Sqlite).await;
    let service = setup.set("FAILED_LOOKUPS", limits).start().await;
    // Buckets drain as time passes, and a busy machine takes its time.
    service.freeze();
    service
}

#[tokio::test]
async fn five_hundred_guesses_at_once_are_answered_no_more_often_than_one_after_the_other() {
    let world = World::new().await;
    let service = limited(&world, "{per_user: 10, per_address: null, in_all: null}").await;
    let (eve, owner) = (world.person("eve").await, world.person("owner").await);
    let right = unique("garden");
    service.create(&owner, json!({"token": right, "create_dm": true})).await;
    let codes: Vec<String> = (0..500).map(|number| format!("guess-{number}")).collect();
    let answers = join_all(codes.iter().map(|code| service.info(&eve, code))).await;
    let answered = answers.iter().filter(|answer| answer.0 == 403).count();
    assert_eq!(answered, 10);
    assert!(answers.iter().all(|answer| answer.0 == 403 || errcode(answer) == (429, "M_LIMIT_EXCEEDED")));
    assert_eq!(service.info(&eve, &right).await.0, 429, "a right guess is not told from a wrong one");
    // Everything else keeps working for her, and for others.
    assert_eq!(service.ask(Method::GET, "tokens", &eve, Value::Null).await.0, 200);
    let people = join_all((0..20).map(|_| service.info(&owner, &right))).await;
    assert!(people.iter().all(|answer| answer.0 == 200), "who is right is not slowed, however many at once");
}

#[tokio::test]
async fn asking_for_a_code_that_others_have_is_a_guess_and_so_is_one_of_which_nothing_comes() {
    let world = World::new().await;
    let service = limited(&world, "{per_user: 4, per_address: null, in_all: null}").await;
    let (eve, owner) = (world.person("eve").await, world.person("owner").await);
    let [taken, deleted] = ["taken", "deleted"].map(unique);
    for code in [&taken, &deleted] {
        service.create(&owner, json!({"token": code})).await;
    }
    service.delete(&owner, &deleted).await;
    // Free codes that become invites cost nothing, and neither do her own.
    for number in 0..6 {
        let free = unique(&format!("free{number}"));
        service.create(&eve, json!({"token": free})).await;
        service.create(&eve, json!({"token": free, "label": "Mine"})).await;
    }
    let unusable = json!({"token": unique("free"), "rooms": ["!nowhere:test"]});
    for body in [json!({"token": taken}), json!({"token": deleted}), unusable.clone(), unusable] {
        assert!(matches!(service.post(&eve, body).await.0, 403), "a guess");
    }
    assert_eq!(errcode(&service.post(&eve, json!({"token": taken})).await), (429, "M_LIMIT_EXCEEDED"));
    assert_eq!(errcode(&service.post(&eve, json!({"token": unique("free")})).await), (429, "M_LIMIT_EXCEEDED"));
    assert_eq!(service.post(&eve, json!({})).await.0, 200, "a generated code is no guess");
    service.pass(60_000);
    assert_eq!(service.post(&eve, json!({"token": unique("free")})).await.0, 200);
}

#[tokio::test]
async fn a_guess_is_not_free_because_nobody_waits_for_the_answer_or_the_homeserver_gives_none() {
    let world = World::new().await;
    let proxy = Proxy::start(&world).await;
    let mut setup = with_pages(&world, Acting::Appservice, Engine::Sqlite).await;
    setup.set("FAILED_LOOKUPS", "{per_user: 1, per_address: null, in_all: null}").set("HOMESERVER_URL", &proxy.url);
    let service = setup.start().await;
    service.freeze();
    let guess = |number: u32| json!({"token": unique(&format!("free{number}")), "create_dm": true});
    // A free code is processed further, which takes time: a taken one would have been refused by then.
    let eve = world.person("eve").await;
    proxy.fail(Method::POST, "/invite", 0, 1, Fault::LostRequest);
    let url = format!("{}{API}/tokens", service.url);
    let asking = service.client.post(url).bearer_auth(&eve.token).body(guess(1).to_string());
    let asking = tokio::spawn(asking.send());
    proxy.struck().await;
    asking.abort();
    assert_eq!(errcode(&service.post(&eve, guess(2)).await), (429, "M_LIMIT_EXCEEDED"));
    // So is a code during whose processing the homeserver fails.
    let eve = world.person("eve").await;
    proxy.fail(Method::POST, "/invite", 0, 1, Fault::BadGateway);
    assert_eq!(service.post(&eve, guess(3)).await.0, 503);
    assert_eq!(errcode(&service.post(&eve, guess(4)).await), (429, "M_LIMIT_EXCEEDED"));
}

#[tokio::test]
async fn in_a_flood_of_guesses_generated_codes_work_and_chosen_ones_after_signing_in() {
    let world = World::new().await;
    let service = limited(&world, "{per_user: null, per_address: null, in_all: 20}").await;
    let (owner, guest) = (world.person("owner").await, world.person("guest").await);
    let rooms = world.rooms(&owner, 1).await;
    let generated = service.invite(&owner, &rooms, false).await;
    let chosen = unique("garden").replace('-', "");
    service.create(&owner, json!({"token": chosen, "rooms": rooms})).await;
    let mut visitor = Browser::new(&service);
    for number in 0..20 {
        assert_eq!(visitor.get(&format!("/i/guess-{number}")).await.status, 404);
    }
    let (right, wrong) = (visitor.get(&format!("/i/{chosen}")).await, visitor.get("/i/neverwas").await);
    assert_eq!((right.status, wrong.status), (429, 429));
    let text = |body: &str| body[body.find("<main").unwrap()..body.find("</main").unwrap()].to_owned();
    assert_eq!(text(&right.body).replace(&chosen, "CODE"), text(&wrong.body).replace("neverwas", "CODE"));
    assert!(right.body.contains("Sign in to open this one, or try again in"), "{}", right.body);
    assert!(right.body.contains(&format!("/sign-in?to=%2Fi%2F{chosen}")), "{}", right.body);
    assert!(right.header("retry-after").parse::<u32>().unwrap() > 0);
    assert_eq!(visitor.get(&format!("/i/{generated}")).await.status, 200, "nobody can guess it");
    assert_eq!(service.redeem(&guest, &generated).await.0, 200);
    let mut member = Browser::new(&service);
    member.sign_in(&guest, "").await;
    assert_eq!(member.get(&format!("/i/{chosen}")).await.status, 200);
    assert_eq!(service.info(&guest, &chosen).await.0, 200);
    service.pass(60_000);
    assert_eq!(visitor.get(&format!("/i/{chosen}")).await.status, 200, "it passes");
}

async fn with_limits(world: &World, limits: &str) -> Service {
    let mut setup = Setup::new(world, Acting::Appservice, Engine::Sqlite).await;
    setup.set("LIMITS", limits).start().await
}

fn is_refused(answer: &(u16, Value)) {
    assert_eq!(errcode(answer), (429, "M_LIMIT_EXCEEDED"), "{answer:?}");
    assert!(answer.1["retry_after_ms"].as_i64().unwrap() > 0);
    assert!(answer.1["error"].as_str().unwrap().contains("Please try again in"));
}

#[tokio::test]
async fn rooms_that_somebody_enters_have_a_limit_which_slows_nobody_else() {
    let world = World::new().await;
    let service = with_limits(&world, "{rooms_entered: 2}").await;
    let (owner, guest, other) = (world.person("owner").await, world.person("guest").await, world.person("other").await);
    let rooms = world.rooms(&owner, 3).await;
    let [one, two] = [service.invite(&owner, &rooms, false).await, service.invite(&owner, &rooms[..1], false).await];
    // A large invite is redeemed as a whole, and paid for afterwards.
    assert_eq!(service.redeem(&guest, &one).await.1["rooms"], json!(rooms));
    is_refused(&service.redeem(&guest, &two).await);
    assert_eq!(service.token(&owner, &two).await.1["token"]["accepted_count"], 0);
    assert_eq!(service.redeem(&other, &two).await.0, 200, "others are not slowed");
    service.pass(3_600_000);
    assert_eq!(service.redeem(&guest, &two).await.0, 200, "it passes");
}

#[tokio::test]
async fn chats_have_a_limit_for_all_together() {
    let world = World::new().await;
    let service = with_limits(&world, "{chats_made_in_all: 1}").await;
    let (owner, guest, other) = (world.person("owner").await, world.person("guest").await, world.person("other").await);
    let code = service.invite(&owner, &[], true).await;
    assert_eq!(service.redeem(&guest, &code).await.1["failed"], json!([]));
    is_refused(&service.redeem(&other, &code).await);
}

#[tokio::test]
async fn invites_made_and_changed_have_a_limit_and_ending_them_has_none() {
    let world = World::new().await;
    let service = with_limits(&world, "{invites_saved: 2}").await;
    let owner = world.person("owner").await;
    let code = service.invite(&owner, &[], true).await;
    assert_eq!(service.post(&owner, json!({"token": code})).await.0, 200);
    is_refused(&service.post(&owner, json!({})).await);
    is_refused(&service.post(&owner, json!({"token": code})).await);
    assert_eq!(service.delete(&owner, &code).await.0, 200, "whoever has too many may end them");
}

#[tokio::test]
async fn chosen_codes_have_a_limit_and_generated_ones_have_none() {
    let world = World::new().await;
    let service = with_limits(&world, "{codes_chosen: 2}").await;
    let owner = world.person("owner").await;
    for number in 0..2 {
        service.create(&owner, json!({"token": unique(&format!("mine{number}"))})).await;
    }
    is_refused(&service.post(&owner, json!({"token": unique("mine")})).await);
    service.create(&owner, json!({})).await;
}

#[tokio::test]
async fn look_ups_of_rooms_have_a_limit() {
    let world = World::new().await;
    let service = with_limits(&world, "{room_lookups: 3}").await;
    let owner = world.person("owner").await;
    let rooms = world.rooms(&owner, 3).await;
    assert_eq!(service.post(&owner, json!({"rooms": rooms})).await.0, 200);
    is_refused(&service.post(&owner, json!({"rooms": rooms})).await);
    let path = format!("rooms?room={}", crate::support::escaped(&rooms[0]));
    is_refused(&service.ask(Method::GET, &path, &owner, Value::Null).await);
    assert_eq!(service.post(&owner, json!({"create_dm": true})).await.0, 200);
}

#[tokio::test]
async fn redeeming_in_vain_over_and_over_makes_no_work_and_no_entries() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let proxy = Proxy::start(&world).await;
        let mut setup = Setup::new(&world, acting, engine).await;
        setup.set("HOMESERVER_URL", &proxy.url).set("LIMITS", "{redemptions_in_vain: 3}");
        let service = setup.start().await;
        let (owner, guest, other) =
            (world.person("owner").await, world.person("guest").await, world.person("other").await);
        let rooms = world.rooms(&owner, 2).await;
        world.membership(&owner, &rooms[1], "ban", &guest).await;
        let code = service.invite(&owner, &rooms, false).await;
        assert_eq!(service.redeem(&guest, &code).await.1["rooms"], json!([rooms[0]]));
        for _ in 0..3 {
            assert_eq!(service.redeem(&guest, &code).await.0, 200);
        }
        let asked = proxy.count(&Method::POST, "/invite");
        for _ in 0..5 {
            assert_eq!(errcode(&service.redeem(&guest, &code).await), (429, "M_LIMIT_EXCEEDED"));
        }
        assert_eq!(proxy.count(&Method::POST, "/invite"), asked, "the homeserver is not bothered");
        assert_eq!(service.redeem(&other, &code).await.0, 200);
        let url = format!("{}{}/admin/audit", service.url, crate::support::API);
        let log = sent(service.client.get(url).bearer_auth(&world.admin.token)).await.body;
        assert_eq!(log.matches(r#""action":"redeemed""#).count(), 2, "{log}");
        // Once it can work again, it does.
        world.membership(&owner, &rooms[1], "unban", &guest).await;
        service.pass(3_600_000);
        assert_eq!(service.redeem(&guest, &code).await.1["rooms"], json!(rooms));
    }
}

#[tokio::test]
async fn redeeming_the_invite_of_a_locked_owner_is_in_vain() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let mut setup = Setup::new(&world, acting, engine).await;
        let service = setup.set("LIMITS", "{redemptions_in_vain: 3}").start().await;
        let (locked, guest) = (world.person("locked").await, world.person("guest").await);
        let dead = service.invite(&locked, &[], true).await;
        world.discipline(&locked, "lock").await;
        for _ in 0..3 {
            assert_eq!(errcode(&service.redeem(&guest, &dead).await), (403, "CANT_REDEEM"));
        }
        assert_eq!(errcode(&service.redeem(&guest, &dead).await), (429, "M_LIMIT_EXCEEDED"));
    }
}
