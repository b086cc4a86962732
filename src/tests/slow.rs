//! A slow client or homeserver holds up nobody else. How the listener treats slow clients is tested in `listener.rs`,
//! with shorter limits.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::support::{
    API, Acting, Browser, Engine, Fault, Person, Proxy, Service, Setup, World, errcode, moment, usual, with_pages,
};

/// Less than what may delay a shutdown (`GRACE`, eight seconds): anything that ends within this time was not cut short.
const SOON: Duration = Duration::from_secs(6);

/// Somebody who holds a code, in their browser, and what they send to watch themselves join.
pub async fn holder(world: &World, service: &Service) -> (Person, Browser, String, String) {
    let (anna, ben) = (world.person("anna").await, world.person("ben").await);
    let code = service.invite(&anna, &world.rooms(&anna, 1).await, false).await;
    let mut browser = Browser::new(service);
    browser.sign_in(&ben, "").await;
    let cookie = browser.cookie.clone().unwrap();
    let watch = format!("GET {API}/_live/{code} HTTP/1.1\r\nhost: x\r\ncookie: {cookie}\r\n\r\n");
    (ben, browser, code, watch)
}

/// A connection to the service, on which this was sent.
pub async fn sent(service: &Service, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(service.url.trim_start_matches("http://")).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    stream
}

/// What comes until `end` has come.
pub async fn read_until(stream: &mut TcpStream, end: &str) -> String {
    let mut heard = Vec::new();
    let read = async {
        while !String::from_utf8_lossy(&heard).contains(end) {
            assert_ne!(stream.read_buf(&mut heard).await.unwrap(), 0, "it is closed before {end:?}");
        }
    };
    timeout(SOON, read).await.expect("it comes");
    String::from_utf8(heard).unwrap()
}

#[tokio::test]
async fn a_homeserver_that_hangs_when_it_is_asked_something_is_given_up_soon() {
    let world = World::new().await;
    let proxy = Proxy::start(&world).await;
    let mut setup = Setup::new(&world, Acting::Appservice, Engine::Sqlite).await;
    let service = setup.set("HOMESERVER_URL", &proxy.url).start().await;
    let anna = world.person("anna").await;
    let rooms = world.rooms(&anna, 1).await;
    let code = service.invite(&anna, &rooms, false).await;
    proxy.fail(Method::GET, "/account/whoami", 0, 1, Fault::LostRequest);
    let answer = timeout(Duration::from_secs(30), service.info(&anna, &code)).await.expect("it is given up");
    assert_eq!(errcode(&answer), (503, "M_UNKNOWN"));
    assert_eq!(service.info(&anna, &code).await.0, 200);
}

#[tokio::test]
async fn whoever_watches_does_not_hold_up_a_stop() {
    let world = World::new().await;
    let service = usual(&world).await;
    // The watcher waits ten seconds for the redemption to begin.
    let (.., watch) = holder(&world, &service).await;
    let mut watcher = sent(&service, &watch).await;
    read_until(&mut watcher, "event: progress").await;
    timeout(SOON, service.stop()).await.expect("nobody waits for them");
}

#[tokio::test]
async fn one_person_watches_ten_times_at_most_and_looks_now_and_then_beyond_that() {
    let world = World::new().await;
    let service = usual(&world).await;
    let (_, mut browser, code, watch) = holder(&world, &service).await;
    let mut watchers = Vec::new();
    for _ in 0..10 {
        let mut watcher = sent(&service, &watch).await;
        read_until(&mut watcher, "event: progress").await;
        watchers.push(watcher);
    }
    let looks = |event: &str| event.contains("retry: 10000");
    let (status, event) = browser.first_event(&code).await;
    assert!(status == 200 && event.contains("event: progress") && looks(&event), "{event}");
    drop(watchers);
    // The service finds out that they have gone when it has something to tell, or after ten seconds.
    while looks(&browser.first_event(&code).await.1) {
        moment().await;
    }
}

#[tokio::test]
async fn whoever_watches_hears_how_it_ends() {
    let world = World::new().await;
    let service = usual(&world).await;
    let (ben, _, code, watch) = holder(&world, &service).await;
    let mut watcher = sent(&service, &watch).await;
    read_until(&mut watcher, "event: progress").await;
    assert_eq!(service.redeem(&ben, &code).await.0, 200);
    read_until(&mut watcher, "event: end").await;
}

#[tokio::test]
async fn whoever_watches_opens_the_stream_again_where_nobody_knows_how_far_they_are() {
    let world = World::new().await;
    let proxy = Proxy::start(&world).await;
    let mut setup = with_pages(&world, Acting::Appservice, Engine::Sqlite).await;
    let service = setup.set("HOMESERVER_URL", &proxy.url).start().await;
    let (.., watch) = holder(&world, &service).await;
    let mut watcher = sent(&service, &watch).await;
    read_until(&mut watcher, "event: progress").await;
    proxy.fail(Method::GET, "/account/whoami", 0, u32::MAX, Fault::BadGateway);
    // The last chunk (HTTP/1.1, "Chunked Transfer Coding").
    let heard = read_until(&mut watcher, "0\r\n\r\n").await;
    assert!(!heard.contains("event: end"), "{heard}");
}

#[tokio::test]
async fn whoever_has_sent_half_a_request_does_not_hold_up_a_stop() {
    let world = World::new().await;
    let service = usual(&world).await;
    let anna = world.person("anna").await;
    let _head = sent(&service, &format!("GET {API}/info HTTP/1.1\r\nhost: x\r\n")).await;
    let begin = format!(
        "POST {API}/tokens HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-length: 20\r\nexpect: 100-continue\r\n\r\n",
        anna.token
    );
    let mut body = sent(&service, &begin).await;
    read_until(&mut body, "100 Continue").await;
    body.write_all(b"{\"rooms\"").await.unwrap();
    timeout(SOON, service.stop()).await.expect("nobody waits for them");
    let heard = read_until(&mut body, "}").await;
    assert!(heard.starts_with("HTTP/1.1 503 ") && heard.contains("\"errcode\":\"M_UNKNOWN\""), "{heard}");
}

#[tokio::test]
async fn a_redemption_ends_while_the_service_stops_and_nothing_new_begins() {
    let world = World::new().await;
    let proxy = Proxy::start(&world).await;
    let mut setup = Setup::new(&world, Acting::Appservice, Engine::Sqlite).await;
    let service = setup.set("HOMESERVER_URL", &proxy.url).start().await;
    let (anna, ben) = (world.person("anna").await, world.person("ben").await);
    let rooms = world.rooms(&anna, 1).await;
    let code = service.invite(&anna, &rooms, false).await;
    let address = service.url.trim_start_matches("http://").to_owned();
    let again = format!("GET {API}/info HTTP/1.1\r\nhost: x\r\n\r\n");
    let mut kept = sent(&service, &again).await;
    read_until(&mut kept, "M_MISSING_TOKEN").await;

    proxy.fail(Method::POST, "/join", 0, 1, Fault::Held);
    let redeem = service.client.post(format!("{}{API}/redeem?token={code}", service.url)).bearer_auth(&ben.token);
    let redeem = tokio::spawn(redeem.send());
    proxy.struck().await;
    let stopping = tokio::spawn(service.stop());
    while TcpStream::connect(&address).await.is_ok() {
        moment().await;
    }
    kept.write_all(again.as_bytes()).await.unwrap();
    let heard = read_until(&mut kept, "}").await.to_ascii_lowercase();
    assert!(heard.starts_with("http/1.1 503 "), "{heard}");
    for header in ["retry-after: 5\r\n", "connection: close\r\n", "access-control-allow-origin: *\r\n"] {
        assert!(heard.contains(header), "{heard} has no {header}");
    }
    assert!(!stopping.is_finished(), "the redemption is waited for");

    proxy.release();
    let answer = redeem.await.unwrap().unwrap();
    assert_eq!(answer.status(), 200);
    let answer: serde_json::Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
    assert_eq!((&answer["rooms"], &answer["failed"]), (&json!(rooms), &json!([])), "{answer}");
    timeout(SOON, stopping).await.expect("it stops").unwrap();
    assert_eq!(world.joined_rooms(&ben).await, rooms);
}
