//! What operators see of the running service: health, metrics, and the log.

use reqwest::{Method, header::HeaderValue};
use serde_json::{Value, json};

use crate::support::{
    API, Acting, Browser, Engine, Fault, Person, Proxy, Service, Setup, World, lines_with, moment, run, unique,
    with_pages,
};

const PASSWORD: &str = "marzipan anvil teaspoon";

/// A port that was free a moment ago.
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// The service, and the address of its internal listener.
async fn observed(mut setup: Setup) -> (Service, String) {
    let address = format!("127.0.0.1:{}", free_port());
    setup.set("INTERNAL_LISTEN", &address);
    (setup.start().await, format!("http://{address}"))
}

async fn ask(service: &Service, url: &str) -> (u16, String, String) {
    let answer = service.client.get(url).send().await.unwrap();
    let kind = answer.headers().get("content-type").map_or("", |kind| kind.to_str().unwrap()).to_owned();
    (answer.status().as_u16(), kind, answer.text().await.unwrap())
}

async fn health(service: &Service, internal: &str) -> (u16, Value) {
    let (status, kind, text) = ask(service, &format!("{internal}/health/ready")).await;
    assert_eq!(kind, "application/json");
    (status, serde_json::from_str(&text).unwrap())
}

/// The service behind a proxy before the homeserver.
async fn behind(world: &World) -> (Proxy, Service, String) {
    let proxy = Proxy::start(world).await;
    let mut setup = Setup::new(world, Acting::Appservice, Engine::Sqlite).await;
    setup.set("HOMESERVER_URL", &proxy.url);
    let (service, internal) = observed(setup).await;
    (proxy, service, internal)
}

#[tokio::test]
async fn a_service_that_is_well_is_ready_and_asks_the_homeserver_now_and_then() {
    let world = World::new().await;
    let (proxy, service, internal) = behind(&world).await;
    let well = json!({"status": "ready", "database": null, "homeserver": null});
    for _ in 0..50 {
        assert_eq!(health(&service, &internal).await, (200, well.clone()));
    }
    let asked = proxy.count(&Method::GET, "/account/whoami");
    assert!(asked < 25, "it has asked {asked} times");
    assert_eq!(ask(&service, &format!("{internal}/health/live")).await.0, 200);
    // The public address has none of it.
    for path in ["/health/live", "/health/ready", "/metrics"] {
        assert_eq!(ask(&service, &format!("{}{path}", service.url)).await.0, 404, "{path}");
    }
}

#[tokio::test]
async fn without_the_homeserver_it_lives_but_is_not_ready_and_says_why() {
    let world = World::new().await;
    let (proxy, service, internal) = behind(&world).await;
    proxy.fail(Method::GET, "/account/whoami", 0, 1_000, Fault::BadGateway);
    let problem = loop {
        let (status, told) = health(&service, &internal).await;
        if status == 503 {
            break told;
        }
        // It may have asked before.
        moment().await;
    };
    assert_eq!((&problem["status"], &problem["database"]), (&json!("not_ready"), &Value::Null));
    assert!(problem["homeserver"].as_str().unwrap().contains("does not answer"), "{problem}");
    assert_eq!(ask(&service, &format!("{internal}/health/live")).await.0, 200);
    proxy.heal();
    while health(&service, &internal).await.0 != 200 {
        moment().await;
    }
}

#[tokio::test]
async fn while_it_stops_it_lives_and_is_not_ready() {
    let world = World::new().await;
    let (proxy, service, internal) = behind(&world).await;
    let (owner, guest) = (world.person("owner").await, world.person("guest").await);
    let code = service.invite(&owner, &world.rooms(&owner, 1).await, false).await;
    proxy.fail(Method::POST, "/join", 0, 1, Fault::Held);
    let client = service.client.clone();
    let redeem = client.post(format!("{}{API}/redeem?token={code}", service.url)).bearer_auth(&guest.token);
    let redeeming = tokio::spawn(redeem.send());
    proxy.struck().await;
    let stopping = tokio::spawn(service.stop());
    loop {
        let answer = client.get(format!("{internal}/health/ready")).send().await.unwrap();
        let status = answer.status().as_u16();
        let told: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        if told["status"] == "stopping" {
            assert_eq!(status, 503);
            break;
        }
        moment().await;
    }
    assert_eq!(client.get(format!("{internal}/health/live")).send().await.unwrap().status(), 200);
    proxy.release();
    assert_eq!(redeeming.await.unwrap().unwrap().status(), 200, "what has begun is finished");
    stopping.await.unwrap();
}

#[tokio::test]
async fn a_port_that_is_taken_stops_the_start_with_the_keys_name() {
    let world = World::new().await;
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut setup = Setup::new(&world, Acting::Appservice, Engine::Sqlite).await;
    let address = taken.local_addr().unwrap().to_string();
    let (ok, text) = run(setup.set("INTERNAL_LISTEN", &address), &["serve"]).await;
    assert!(!ok && text.contains(&format!("internal_listen: cannot listen on {address}")), "{text}");
}

#[tokio::test]
async fn metrics_say_what_came_of_a_redemption_and_not_whose_it_is() {
    let world = World::new().await;
    let (_, service, internal) = behind(&world).await;
    let (owner, guest) = (world.person("owner").await, world.person("guest").await);
    let rooms = world.rooms(&owner, 3).await;
    let code = service.invite(&owner, &rooms, true).await;
    world.membership(&owner, &rooms[0], "ban", &guest).await;
    assert_eq!(service.redeem(&guest, &code).await.0, 200);
    let secret = unique("nothing");
    assert_eq!(service.info(&guest, &secret).await.0, 403);
    let (status, kind, text) = ask(&service, &format!("{internal}/metrics")).await;
    assert_eq!((status, &*kind), (200, "text/plain; version=0.0.4; charset=utf-8"));
    for line in [
        r#"super_invites_http_requests_total{route="/_synapse/client/super_invites/redeem",method="POST",status="200"} 1"#,
        r#"super_invites_http_requests_total{route="/_synapse/client/super_invites/info",method="GET",status="403"} 1"#,
        r#"super_invites_redemptions_total{outcome="partial"} 1"#,
        r#"super_invites_redemption_rooms_total{kind="room",outcome="joined"} 2"#,
        r#"super_invites_redemption_rooms_total{kind="room",outcome="banned"} 1"#,
        r#"super_invites_redemption_rooms_total{kind="chat",outcome="joined"} 1"#,
        "super_invites_redemptions_in_progress 0",
        "super_invites_ready 1",
        r#"super_invites_registration_tokens_total{backend="synapse",action="create",outcome="done"} 1"#,
        r#"super_invites_homeserver_requests_total{endpoint="create_room",status="200"} 1"#,
        r#"super_invites_db_pool_connections{state="max"} 8"#,
        r#"super_invites_cache_entries{cache="people"} "#,
        r#"super_invites_sweeps_total{task="housekeeping",outcome="succeeded"} "#,
        "process_resident_memory_bytes ",
        "super_invites_build_info{version=",
    ] {
        assert!(text.lines().any(|found| found.starts_with(line)), "{line}: {text}");
    }
    assert!(!text.contains(r#"endpoint="other""#), "every call has a kind: {text}");
    for whose in [&*code, &*secret, &*rooms[1], &*owner.id, &*guest.id, &*guest.token, "@", "%40", "!"] {
        assert!(!text.contains(whose), "{whose}: {text}");
    }
}

#[tokio::test]
async fn a_request_has_one_line_and_one_identifier_as_far_as_the_homeserver() {
    let world = World::new().await;
    let (proxy, service, _) = behind(&world).await;
    let (owner, guest) = (world.person("owner").await, world.person("guest").await);
    let code = service.invite(&owner, &world.rooms(&owner, 1).await, false).await;
    let id = format!("{:032x}", (u128::from(free_port()) << 64) + 7);
    let redeem = service.client.post(format!("{}{API}/redeem?token={code}", service.url)).bearer_auth(&guest.token);
    let agent = HeaderValue::from_bytes("Tested/1.0 (\u{202e}x)".as_bytes()).unwrap();
    let redeem = redeem.header("traceparent", format!("00-{id}-00f067aa0ba902b7-01"));
    let redeem = redeem.header("x-forwarded-for", "192.0.2.7").header("user-agent", agent);
    let answer = redeem.send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.headers()["x-request-id"].to_str().unwrap()), (200, &*id));
    for path in ["/account/whoami", "/invite", "/join"] {
        assert!(proxy.count_traced(&id, path) > 0, "{path}");
    }
    let lines = lines_with(&id);
    let own: Vec<&String> = lines.iter().filter(|line| line.contains("super_invites::request")).collect();
    assert_eq!(own.len(), 1, "{lines:#?}");
    let line = own[0];
    for part in [
        "method=\"POST\"",
        "status=200",
        "duration_ms=",
        "client=192.0.2.7",
        "Tested/1.0",
        &format!("path=\"{API}/redeem\""),
    ] {
        assert!(line.contains(part), "{part}: {line}");
    }
    assert!(!line.contains('\u{202e}') && line.lines().count() == 1, "{line}");
    let others = lines.iter().any(|line| line.contains("an invite was redeemed"));
    assert!(others, "what was done for it bears its identifier too: {lines:#?}");

    // Whoever brings none, or nonsense, is given one.
    for sent in ["", "00-xyz"] {
        let asked = service.client.get(format!("{}{API}/info", service.url)).header("traceparent", sent);
        let answer = asked.send().await.unwrap();
        let given = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
        assert!(given.len() == 32 && given.bytes().all(|byte| byte.is_ascii_hexdigit()), "{given}");
    }
}

/// Does what a person does who has everything that must not be in a log, and returns it.
async fn do_everything(world: &World, service: &Service) -> Vec<String> {
    let (owner, guest) = (world.person("owner").await, world.person("guest").await);
    let code = service.invite(&owner, &world.rooms(&owner, 1).await, false).await;
    let (chosen, wrong) = (unique("summer"), unique("winter"));
    let mine = service.create(&owner, json!({"token": chosen, "rooms": world.rooms(&owner, 1).await})).await;
    assert_eq!(mine["token"]["token"], *chosen, "{mine}");
    for path in [format!("redeem?token={code}"), format!("info?token={chosen}"), format!("info?token={wrong}")] {
        let separator = if path.contains('?') { '&' } else { '?' };
        let method = if path.starts_with("redeem") { Method::POST } else { Method::GET };
        let nobody = Person { id: String::new(), token: String::new() };
        service.ask(method, &format!("{path}{separator}access_token={}", guest.token), &nobody, Value::Null).await;
    }
    let mut browser = Browser::new(service).with("x-forwarded-for", "172.31.0.9");
    for path in [
        format!("/i/{code}"),
        format!("/i/{wrong}"),
        format!("/i/{chosen}/preview.png"),
        format!("{API}/i/{wrong}?x={chosen}"),
    ] {
        browser.get(&path).await;
    }
    browser.sign_in(&owner, &format!("/i/{chosen}")).await;
    let cookie = browser.cookie.clone().unwrap();
    for path in
        [format!("/invites/{chosen}"), format!("/invites/{chosen}/joined.csv"), format!("/invites/{chosen}/print")]
    {
        assert_eq!(browser.get(&path).await.status, 200, "{path}");
    }
    let mut newcomer = Browser::new(service).with("x-forwarded-for", "172.31.0.10");
    let name = unique("ben");
    let fields = [("code", &*code), ("form[user]", &*name), ("form[display_name]", ""), ("form[password]", PASSWORD)];
    let made = newcomer.form(&format!("/i/{code}"), "create_account", &fields).await;
    assert_eq!(made.status, 303, "{}", made.body);
    let cookies = [cookie, newcomer.cookie.unwrap()];
    let seals = cookies.map(|cookie| cookie.split_once('=').unwrap().1.to_owned());
    let words = ["marzipan+anvil", "marzipan%20anvil", PASSWORD].map(str::to_owned);
    [vec![code, chosen, wrong, owner.token, guest.token, world.as_token.clone()], seals.into(), words.into()].concat()
}

#[tokio::test]
async fn no_secret_stands_in_a_log_however_much_it_says() {
    let world = World::new().await;
    let setup = with_pages(&world, Acting::Appservice, Engine::Sqlite).await;
    let (service, _process) = setup.spawn_talking().await;
    let secrets = do_everything(&world, &service).await;
    let log = std::fs::read_to_string(setup.folder.join("log")).unwrap();
    assert!(log.contains("super_invites::request") && log.contains("/i/{code}"), "it says what it does");
    for secret in secrets {
        assert!(
            !log.contains(&secret),
            "{secret}: {}",
            log.lines().find(|line| line.contains(&secret)).unwrap_or_default()
        );
    }
}

#[tokio::test]
async fn a_log_of_json_is_an_object_a_line() {
    let world = World::new().await;
    let mut setup = with_pages(&world, Acting::Appservice, Engine::Sqlite).await;
    setup.set("LOG", "{format: json}");
    let (service, mut process) = setup.spawn_talking().await;
    let mut browser = Browser::new(&service).with("user-agent", "A \"quoted\" one \\ {}");
    assert_eq!(browser.get("/i/nothing?x=y").await.status, 404);
    process.kill().await.unwrap();
    let log = std::fs::read_to_string(setup.folder.join("log")).unwrap();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let is_it = |line: &&Value| line["target"] == "super_invites::request" && line["path"] == "/i/{code}";
    let line = lines.iter().find(is_it).expect("the request is there");
    assert_eq!((&line["level"], &line["method"], &line["status"]), (&json!("INFO"), &json!("GET"), &json!(404)));
    assert_eq!(line["user_agent"], "A \"quoted\" one \\ {}");
    assert!(
        line["timestamp"].is_string() && line["request_id"].is_string() && line["duration_ms"].is_number(),
        "{line}"
    );
}
