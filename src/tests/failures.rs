//! What happens when something fails half-way: nothing is lost, and nothing is done twice.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;

use crate::support::{API, Acting, BOTH_WAYS, Engine, Fault, Proxy, Setup, World, errcode, sent, sorted, strings};

/// A moment at which the process is killed.
struct Cut {
    method: Method,
    path: &'static str,
    /// How many matching requests pass before.
    skip: u32,
    fault: Fault,
}

/// Between any two steps of a redemption there is a request that can be lost before it arrives, or whose response can
/// be lost.
fn cuts() -> Vec<Cut> {
    let cut = |method: &Method, path, skip, fault| Cut { method: method.clone(), path, skip, fault };
    let mut cuts = Vec::new();
    for fault in [Fault::LostRequest, Fault::LostAnswer] {
        cuts.push(cut(&Method::POST, "/invite", 1, fault));
        cuts.push(cut(&Method::POST, "/join", 0, fault));
        cuts.push(cut(&Method::POST, "/join", 3, fault));
        cuts.push(cut(&Method::POST, "/createRoom", 0, fault));
        cuts.push(cut(&Method::PUT, "/account_data/m.direct", 0, fault));
    }
    cuts
}

#[tokio::test]
async fn killed_between_any_two_steps_it_is_finished_by_the_next_redeem() {
    let world = World::new().await;
    let worlds = cuts().into_iter().enumerate().map(|(number, cut)| {
        let (acting, engine) = BOTH_WAYS[number % 2];
        killed_at(&world, acting, engine, cut)
    });
    join_all(worlds).await;
}

async fn killed_at(world: &World, acting: Acting, engine: Engine, cut: Cut) {
    let proxy = Proxy::start(world).await;
    let mut setup = Setup::new(world, acting, engine).await;
    setup.set("HOMESERVER_URL", &proxy.url);
    let (owner, guest) = (world.person("owner").await, world.person("guest").await);
    let rooms = world.rooms(&owner, 6).await;
    let (service, mut process) = setup.spawn().await;
    let body = json!({"rooms": rooms, "create_dm": true, "max_uses": 1});
    let code = service.create(&owner, body).await["token"]["token"].as_str().unwrap().to_owned();

    let label = format!("{acting:?} {engine:?} {:?} {} {}", cut.fault, cut.path, cut.skip);
    proxy.fail(cut.method, cut.path, cut.skip, 1, cut.fault);
    let asking = service.client.post(format!("{}{API}/redeem?token={code}", service.url)).bearer_auth(&guest.token);
    let asking = tokio::spawn(asking.send());
    proxy.struck().await;
    process.kill().await.unwrap();
    assert!(asking.await.unwrap().is_err(), "{label}: nobody has answered");
    proxy.heal();

    let (service, _process) = setup.spawn().await;
    let (status, answer) = service.redeem(&guest, &code).await;
    assert_eq!((status, &answer["failed"]), (200, &json!([])), "{label} {answer}");
    let joined = strings(&answer["rooms"]);
    assert_eq!(&joined[..6], &rooms[..], "{label}");
    assert_eq!(joined.len(), 7, "{label}");
    assert_eq!(
        sorted(world.joined_rooms(&guest).await),
        sorted(joined.clone()),
        "{label}: one chat, and every room once"
    );
    assert_eq!(world.direct(&guest).await, json!({&owner.id: [joined[6]]}), "{label}");
    let token = service.token(&owner, &code).await.1["token"].clone();
    assert_eq!(
        (&token["accepted_count"], &token["uses_left"]),
        (&json!(1), &json!(0)),
        "{label}: one place, taken once"
    );
    assert_eq!(errcode(&service.redeem(&guest, &code).await), (400, "ALREADY_REDEEMED"), "{label}");
}

#[tokio::test]
async fn a_homeserver_that_is_down_costs_time_and_nothing_else() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let proxy = Proxy::start(&world).await;
        let mut setup = Setup::new(&world, acting, engine).await;
        let service = setup.set("HOMESERVER_URL", &proxy.url).start().await;
        let (owner, guest) = (world.person("owner").await, world.person("guest").await);
        let rooms = world.rooms(&owner, 6).await;
        let code = service.invite(&owner, &rooms, true).await;
        for faults in [
            &[(Method::GET, "/account/whoami", 0)][..],
            &[(Method::POST, "/invite", 2), (Method::POST, "/createRoom", 0)],
            &[(Method::POST, "/join", 2), (Method::POST, "/createRoom", 0)],
            &[(Method::POST, "/createRoom", 0)],
        ] {
            for (method, path, skip) in faults {
                proxy.fail(method.clone(), path, *skip, u32::MAX, Fault::BadGateway);
            }
            let url = format!("{}{API}/redeem?token={code}", service.url);
            let answer = sent(service.client.post(url).bearer_auth(&guest.token)).await;
            assert_eq!(answer.status, 503, "{faults:?}");
            assert!(answer.header("retry-after").parse::<u32>().unwrap() > 0);
            proxy.heal();
            // Long enough that no chat can still be under way.
            service.pass(20_000);
        }
        assert_eq!(
            world.joined_rooms(&guest).await.len(),
            6,
            "the chat failed last, and the rooms were not lost with it"
        );
        let before = proxy.count(&Method::POST, "/join");
        let (status, answer) = service.redeem(&guest, &code).await;
        assert_eq!((status, &answer["failed"]), (200, &json!([])), "{answer}");
        assert_eq!(world.joined_rooms(&guest).await.len(), 7);
        assert_eq!(proxy.count(&Method::POST, "/join"), before, "what was done is not done again");
    }
}

#[tokio::test]
async fn a_homeserver_that_breaks_signs_nobody_out_and_costs_one_room() {
    let world = World::new().await;
    let proxy = Proxy::start(&world).await;
    let mut setup = Setup::new(&world, Acting::Appservice, Engine::Sqlite).await;
    let service = setup.set("HOMESERVER_URL", &proxy.url).start().await;
    let (owner, guest) = (world.person("owner").await, world.person("guest").await);
    let rooms = world.rooms(&owner, 2).await;
    let code = service.invite(&owner, &rooms, false).await;
    for fault in [Fault::Broken, Fault::Limited] {
        proxy.fail(Method::GET, "/account/whoami", 0, 1, fault);
        assert_eq!(errcode(&service.redeem(&guest, &code).await), (503, "M_UNKNOWN"));
    }
    proxy.fail(Method::POST, "/join", 0, 1, Fault::Broken);
    let (status, answer) = service.redeem(&guest, &code).await;
    assert_eq!((status, answer["rooms"].as_array().map(Vec::len)), (200, Some(1)), "{answer}");
    let reason = "The homeserver could not do it. Please try again later.";
    assert_eq!(answer["failed"][0]["reason"], reason);
    let (_, answer) = service.redeem(&guest, &code).await;
    assert_eq!(answer["rooms"], json!(rooms));
}

#[tokio::test]
async fn the_homeservers_limits_are_waited_out() {
    let world = World::new().await;
    let proxy = Proxy::start(&world).await;
    let mut setup = Setup::new(&world, Acting::Appservice, Engine::Sqlite).await;
    let service = setup.set("HOMESERVER_URL", &proxy.url).start().await;
    let (owner, guest) = (world.person("owner").await, world.person("guest").await);
    let rooms = world.rooms(&owner, 4).await;
    let code = service.invite(&owner, &rooms, true).await;
    for (method, path) in
        [(Method::POST, "/join"), (Method::POST, "/createRoom"), (Method::PUT, "/account_data/m.direct")]
    {
        proxy.fail(method, path, 0, 2, Fault::Limited);
    }
    let (status, answer) = service.redeem(&guest, &code).await;
    assert_eq!((status, &answer["failed"]), (200, &json!([])), "{answer}");
    assert_eq!(world.joined_rooms(&guest).await.len(), 5);
}

#[tokio::test]
async fn whoever_hangs_up_is_brought_in_all_the_same() {
    let world = World::new().await;
    let proxy = Proxy::start(&world).await;
    let mut setup = Setup::new(&world, Acting::Appservice, Engine::Sqlite).await;
    let service = setup.set("HOMESERVER_URL", &proxy.url).start().await;
    let (owner, guest) = (world.person("owner").await, world.person("guest").await);
    let rooms = world.rooms(&owner, 6).await;
    let code = service.invite(&owner, &rooms, false).await;
    let asking = service.client.post(format!("{}{API}/redeem?token={code}", service.url)).bearer_auth(&guest.token);
    let asking = tokio::spawn(asking.send());
    while proxy.count(&Method::POST, "/join") == 0 {
        crate::support::moment().await;
    }
    asking.abort();
    while world.joined_rooms(&guest).await.len() < 6 {
        crate::support::moment().await;
    }
    // A graceful shutdown waits for what has begun.
    service.stop().await;
    let service = setup.start().await;
    assert_eq!(errcode(&service.redeem(&guest, &code).await), (400, "ALREADY_REDEEMED"));
}

#[tokio::test]
async fn log_ins_for_users_are_closed_after_use() {
    let world = World::new().await;
    let proxy = Proxy::start(&world).await;
    let mut setup = Setup::new(&world, Acting::Admin, Engine::Sqlite).await;
    let service = setup.set("HOMESERVER_URL", &proxy.url).start().await;
    let (owner, guest) = (world.person("owner").await, world.person("guest").await);
    let rooms = world.rooms(&owner, 2).await;
    let code = service.invite(&owner, &rooms, true).await;
    assert_eq!(service.redeem(&guest, &code).await.0, 200);
    assert_eq!(proxy.count(&Method::POST, "/login"), 2);
    while proxy.count(&Method::POST, "/logout") < 2 {
        crate::support::moment().await;
    }
    assert_eq!(world.joined_rooms(&guest).await.len(), 3, "their own session is untouched");
}
