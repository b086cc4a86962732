//! Authentication, and the headers of every response.

use reqwest::{Method, header::HeaderMap};
use serde_json::{Value, json};

use crate::support::{API, Acting, Engine, Fault, Person, Proxy, Service, Setup, World, errcode, sent};

#[tokio::test]
async fn whom_the_homeserver_would_refuse_is_refused() {
    let world = World::new().await;
    let service = Service::usual(&world).await;
    let owner = world.person("owner").await;
    let rooms = world.rooms(&owner, 1).await;
    let code = service.invite(&owner, &rooms, true).await;
    let nobody = |token: &str| Person { id: String::new(), token: token.to_owned() };

    for (method, path) in [(Method::GET, "tokens"), (Method::GET, "info?token=x"), (Method::POST, "redeem?token=x")] {
        let missing = service.ask(method.clone(), path, &nobody(""), Value::Null).await;
        assert_eq!(missing, (401, json!({"errcode": "M_MISSING_TOKEN", "error": "Missing access token"})));
        let unknown = service.ask(method, path, &nobody("nonsense"), Value::Null).await;
        let body = json!({"errcode": "M_UNKNOWN_TOKEN", "error": "Invalid access token passed.", "soft_logout": false});
        assert_eq!(unknown, (401, body));
    }
    let path = format!("{API}/tokens?access_token={}", owner.token);
    let answer = sent(service.client.get(format!("{}{path}", service.url))).await;
    assert_eq!(answer.status, 200, "the token is also taken in the query");

    let (_, guest) = world.ask(Method::POST, "/_matrix/client/v3/register?kind=guest", "", json!({})).await;
    let guest = nobody(guest["access_token"].as_str().unwrap());
    let refused = service.redeem(&guest, &code).await;
    assert_eq!(refused, (403, json!({"errcode": "M_GUEST_ACCESS_FORBIDDEN", "error": "Guest access not allowed"})));

    let locked = world.person("locked").await;
    world.discipline(&locked, "lock").await;
    let refused = service.redeem(&locked, &code).await;
    let body = json!({"errcode": "M_USER_LOCKED", "error": "User account has been locked", "soft_logout": true});
    assert_eq!(refused, (401, body));

    let gone = world.person("gone").await;
    world.discipline(&gone, "deactivate").await;
    assert_eq!(errcode(&service.redeem(&gone, &code).await), (401, "M_UNKNOWN_TOKEN"));
}

#[tokio::test]
async fn the_suspended_may_look_but_neither_make_nor_redeem() {
    let world = World::new().await;
    for acting in [Acting::Appservice, Acting::Admin] {
        let service = Setup::new(&world, acting, Engine::Sqlite).await.start().await;
        let (owner, guest) = (world.person("owner").await, world.person("suspended").await);
        let rooms = world.rooms(&owner, 1).await;
        let code = service.invite(&owner, &rooms, true).await;
        world.discipline(&guest, "suspend").await;
        assert_eq!(service.info(&guest, &code).await.0, 200);
        assert_eq!(errcode(&service.redeem(&guest, &code).await), (403, "M_USER_SUSPENDED"));
        let made = service.post(&guest, json!({"create_dm": true})).await;
        assert_eq!(errcode(&made), (403, "M_USER_SUSPENDED"));
        assert_eq!(service.ask(Method::GET, "tokens", &guest, Value::Null).await.1, json!({"tokens": []}));
        assert_eq!(service.token(&owner, &code).await.1["token"]["accepted_count"], 0);
    }
}

#[tokio::test]
async fn an_application_service_that_is_no_admin_still_knows_who_is_gone() {
    let world = World::new().await;
    let proxy = Proxy::start(&world).await;
    proxy.fail(Method::GET, "/_synapse/admin/v2/users/", 0, u32::MAX, Fault::NotAdmin);
    let mut setup = Setup::new(&world, Acting::Appservice, Engine::Sqlite).await;
    let service = setup.set("HOMESERVER_URL", &proxy.url).start().await;
    for how in ["", "lock", "suspend", "deactivate"] {
        let (owner, guest) = (world.person("owner").await, world.person("guest").await);
        let rooms = world.rooms(&owner, 1).await;
        let code = service.invite(&owner, &rooms, false).await;
        if how.is_empty() {
            assert_eq!(service.redeem(&guest, &code).await.0, 200);
            continue;
        }
        world.discipline(&owner, how).await;
        assert_eq!(errcode(&service.redeem(&guest, &code).await), (403, "CANT_REDEEM"), "{how}");
        assert_eq!(world.joined_rooms(&guest).await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_session_is_remembered_for_the_time_configured() {
    let world = World::new().await;
    let proxy = Proxy::start(&world).await;
    let mut setup = Setup::new(&world, Acting::Appservice, Engine::Sqlite).await;
    let service = setup.set("HOMESERVER_URL", &proxy.url).set("TOKEN_CACHE_SECONDS", "3600").start().await;
    let person = world.person("person").await;
    for _ in 0..5 {
        assert_eq!(service.ask(Method::GET, "tokens", &person, Value::Null).await.0, 200);
    }
    assert_eq!(proxy.count_with(&person.token, "/account/whoami"), 1);
}

#[tokio::test]
async fn a_session_that_has_ended_changes_nothing_however_long_it_is_remembered() {
    let world = World::new().await;
    let mut setup = Setup::new(&world, Acting::Appservice, Engine::Sqlite).await;
    let service = setup.set("TOKEN_CACHE_SECONDS", "3600").start().await;
    let person = world.person("person").await;
    assert_eq!(service.ask(Method::GET, "tokens", &person, Value::Null).await.0, 200);
    world.ask(Method::POST, "/_matrix/client/v3/logout", &person.token, json!({})).await;
    assert_eq!(errcode(&service.post(&person, json!({"create_dm": true})).await), (401, "M_UNKNOWN_TOKEN"));
}

#[tokio::test]
async fn the_homeserver_learns_where_people_come_from_and_never_sees_the_acting_token_in_an_address() {
    let world = World::new().await;
    let proxy = Proxy::start(&world).await;
    let mut setup = Setup::new(&world, Acting::Appservice, Engine::Sqlite).await;
    let service = setup.set("HOMESERVER_URL", &proxy.url).start().await;
    let person = world.person("person").await;
    let request = service.client.get(format!("{}{API}/tokens", service.url)).bearer_auth(&person.token);
    let request = request.header("x-forwarded-for", "203.0.113.7").header("user-agent", "Acter/1.0");
    assert_eq!(sent(request).await.status, 200);
    assert_eq!(proxy.count(&Method::GET, &world.as_token), 0);
    assert_eq!(proxy.count(&Method::GET, &person.token), 0);
    // Synapse records addresses a moment later, so check until it has.
    let path = format!("/_synapse/admin/v1/whois/{}", person.id);
    loop {
        let (_, whois) = world.as_admin(Method::GET, &path, Value::Null).await;
        if whois.to_string().contains("203.0.113.7") {
            assert!(whois.to_string().contains("Acter/1.0"));
            break;
        }
        crate::support::moment().await;
    }
}

/// A request to the API, with a person's access token if there is one: status, headers and body of the response.
async fn send(service: &Service, method: Method, path: &str, person: Option<&Person>) -> (u16, HeaderMap, String) {
    let mut request = service.client.request(method, format!("{}{API}{path}", service.url));
    if let Some(person) = person {
        request = request.bearer_auth(&person.token);
    }
    let answer = sent(request).await;
    (answer.status, answer.headers, answer.body)
}

#[tokio::test]
async fn every_answer_has_synapses_headers_and_unknown_requests_its_errors() {
    let world = World::new().await;
    let service = Service::usual(&world).await;
    let person = world.person("person").await;
    let unrecognized = r#"{"errcode":"M_UNRECOGNIZED","error":"Unrecognized request"}"#;
    for (method, path, status, body) in [
        (Method::GET, "/tokens", 200, Some(r#"{"tokens":[]}"#)),
        (Method::GET, "/%74okens", 200, Some(r#"{"tokens":[]}"#)),
        (Method::HEAD, "/tokens", 200, Some("")),
        (Method::HEAD, "/info?token=x", 403, Some("")),
        (Method::PUT, "/tokens", 405, Some(unrecognized)),
        (Method::POST, "/info?token=x", 405, Some(unrecognized)),
        (Method::GET, "/redeem?token=x", 405, Some(unrecognized)),
        (Method::GET, "/nothing", 404, Some(unrecognized)),
        (Method::GET, "/tokens/", 404, Some(unrecognized)),
        (Method::GET, "/tokens;x", 404, Some(unrecognized)),
        (Method::GET, "", 404, Some(unrecognized)),
        (Method::GET, "/%ff", 404, Some(unrecognized)),
        (Method::GET, "/info", 400, None),
    ] {
        let (found, headers, text) = send(&service, method.clone(), path, Some(&person)).await;
        assert_eq!(found, status, "{method} {path} {text}");
        if let Some(body) = body {
            assert_eq!(text, body, "{method} {path}");
        }
        for (name, value) in [
            ("access-control-allow-origin", "*"),
            ("access-control-allow-methods", "GET, HEAD, POST, PUT, DELETE, OPTIONS"),
            ("access-control-allow-headers", "X-Requested-With, Content-Type, Authorization, Date"),
            ("cache-control", "no-cache, no-store, must-revalidate"),
            ("content-type", "application/json"),
            ("x-content-type-options", "nosniff"),
        ] {
            assert_eq!(headers[name], value, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn the_method_is_checked_before_the_access_token() {
    let world = World::new().await;
    let service = Service::usual(&world).await;
    assert_eq!(send(&service, Method::PUT, "/tokens", None).await.0, 405, "before the log-in is looked at");
}

#[tokio::test]
async fn a_preflight_request_needs_no_access_token() {
    let world = World::new().await;
    let service = Service::usual(&world).await;
    for path in ["/tokens", "/redeem", "/whatever/there/is"] {
        let (status, headers, body) = send(&service, Method::OPTIONS, path, None).await;
        assert_eq!((status, body.as_str()), (204, ""));
        assert_eq!(headers["access-control-allow-origin"], "*");
        assert!(!headers.contains_key("cache-control"));
    }
}
