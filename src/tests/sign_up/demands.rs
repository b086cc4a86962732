//! Homeservers that ask for more than a registration token: a captcha, or an email address that is confirmed.

use axum::{Router, routing::post};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpListener,
    sync::mpsc,
};

use super::{PASSWORD, id, newcomer};
use crate::support::{Acting, Answer, Browser, Engine, Fault, Proxy, Service, World, unique, variable, with_pages};

const TOKEN: &str = "m.login.registration_token";
const CAPTCHA: &str = "m.login.recaptcha";
const EMAIL: &str = "m.login.email.identity";

impl Browser {
    async fn create_account_with_email(&mut self, code: &str, user: &str, email: &str) -> Answer {
        let fields = [("code", code), ("form[user]", user), ("form[email]", email), ("form[password]", PASSWORD)];
        self.form(&format!("/i/{code}"), "create_account", &fields).await
    }
}

/// What a homeserver answers that asks for a registration token and another stage, in a session in which so much is done; with an error code if
/// what was sent last does not do.
fn asks(stage: &str, completed: &[&str], errcode: Option<&str>) -> Fault {
    let mut answer = json!({
        "flows": [{"stages": [TOKEN, stage]}], "params": {}, "session": "the/session", "completed": completed,
    });
    if let Some(errcode) = errcode {
        answer["errcode"] = errcode.into();
        answer["error"] = "No".into();
    }
    Fault::Unauthorized(Box::leak(answer.to_string().into_boxed_str()))
}

/// What a homeserver answers that has opened the account.
async fn opened(world: &World) -> Fault {
    let ben = world.person("ben").await;
    let opened = json!({"user_id": ben.id, "access_token": ben.token, "device_id": "D"}).to_string();
    Fault::Junk(Box::leak(opened.into_boxed_str()))
}

/// A service, a proxy between it and the homeserver, and an invite.
async fn closed(world: &World) -> (Service, Proxy, String) {
    let proxy = Proxy::start(world).await;
    let mut setup = with_pages(world, Acting::Appservice, Engine::Sqlite).await;
    setup.set("HOMESERVER_URL", &proxy.url).set("HOMESERVER_PUBLIC_URL", "https://matrix.test/");
    let service = setup.start().await;
    let owner = world.person("owner").await;
    let code = service.invite(&owner, &world.rooms(&owner, 1).await, false).await;
    (service, proxy, code)
}

#[tokio::test]
async fn a_captcha_is_solved_on_the_homeservers_own_page_and_the_same_attempt_goes_on() {
    let world = World::new().await;
    let (service, proxy, code) = closed(&world).await;
    proxy.fail(Method::POST, "/register", 0, 2, asks(CAPTCHA, &[], None));
    proxy.fail(Method::POST, "/register", 0, 1, asks(CAPTCHA, &[TOKEN], None));
    let mut browser = newcomer(&service);
    let page = browser.get(&format!("/i/{code}")).await;
    assert!(page.body.contains("Create your account"), "{}", page.body);
    let answer = browser.create_account(&code, "ben", "", PASSWORD).await;
    let address = "https://matrix.test/_matrix/client/v3/auth/m.login.recaptcha/fallback/web?session=the%2Fsession";
    assert!(answer.body.contains(address), "{}", answer.body);
    assert!(answer.body.contains("this server asks for one more step"), "{}", answer.body);

    // They have solved it meanwhile.
    proxy.fail(Method::POST, "/register", 0, 1, opened(&world).await);
    let answer = browser.create_account(&code, "ben", "", PASSWORD).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
}

#[tokio::test]
async fn an_email_address_is_confirmed_and_the_same_attempt_goes_on() {
    let world = World::new().await;
    let (service, proxy, code) = closed(&world).await;
    proxy.fail(Method::POST, "/requestToken", 0, 1, Fault::Junk(r#"{"sid": "s"}"#));
    proxy.fail(Method::POST, "/register", 0, 2, asks(EMAIL, &[], None));
    proxy.fail(Method::POST, "/register", 0, 1, asks(EMAIL, &[TOKEN], None));
    let mut browser = newcomer(&service);
    let page = browser.get(&format!("/i/{code}")).await;
    assert!(page.body.contains("Email address") && !page.body.contains("No email address"), "{}", page.body);
    let answer = browser.create_account_with_email(&code, "ben", "ben@example.org").await;
    assert_eq!(answer.status, 422, "{}", answer.body);
    assert!(answer.body.contains("has to be confirmed: open the link"), "{}", answer.body);
    assert!(answer.body.contains(r#"value="ben@example.org""#), "{}", answer.body);

    // Sent again too early.
    proxy.fail(Method::POST, "/register", 0, 1, asks(EMAIL, &[TOKEN], None));
    proxy.fail(Method::POST, "/register", 0, 1, asks(EMAIL, &[TOKEN], Some("M_UNAUTHORIZED")));
    let answer = browser.create_account_with_email(&code, "ben", "ben@example.org").await;
    assert_eq!(answer.status, 422, "{}", answer.body);
    assert_eq!(proxy.count(&Method::POST, "/requestToken"), 0, "no second message");

    proxy.fail(Method::POST, "/register", 0, 1, asks(EMAIL, &[TOKEN], None));
    proxy.fail(Method::POST, "/register", 0, 1, opened(&world).await);
    let answer = browser.create_account_with_email(&code, "ben", "ben@example.org").await;
    assert_eq!(answer.status, 303, "{}", answer.body);
}

#[tokio::test]
async fn what_is_wrong_with_an_email_address_is_said_at_its_field() {
    let world = World::new().await;
    for (email, refusal, words) in [
        ("", None, "“Email address” is missing"),
        ("ben@forbidden.example", Some(Fault::Forbidden("M_THREEPID_DENIED")), "is not accepted by this server"),
    ] {
        let (service, proxy, code) = closed(&world).await;
        if let Some(refusal) = refusal {
            proxy.fail(Method::POST, "/requestToken", 0, 1, refusal);
        }
        proxy.fail(Method::POST, "/register", 0, 2, asks(EMAIL, &[], None));
        proxy.fail(Method::POST, "/register", 0, 1, asks(EMAIL, &[TOKEN], None));
        let mut browser = newcomer(&service);
        assert_eq!(browser.get(&format!("/i/{code}")).await.status, 200);
        let answer = browser.create_account_with_email(&code, "ben", email).await;
        assert_eq!(answer.status, 422, "{}", answer.body);
        assert!(answer.body.contains(words), "{words}: {}", answer.body);
        assert!(answer.body.contains(r#"value="ben""#), "{}", answer.body);
    }
}

/// A mail server that takes messages for everybody, on the port that the homeserver sends them to.
async fn mail_server() -> mpsc::UnboundedReceiver<String> {
    let address = format!("127.0.0.1:{}", variable("TEST_SMTP_PORT"));
    let listener = TcpListener::bind(address).await.unwrap();
    let (sender, messages) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            let (reader, mut writer) = connection.into_split();
            let mut lines = BufReader::new(reader).lines();
            writer.write_all(b"220 test\r\n").await.unwrap();
            let mut message = None::<String>;
            while let Ok(Some(line)) = lines.next_line().await {
                let answer = match &mut message {
                    Some(text) if line != "." => {
                        text.push_str(&line);
                        text.push('\n');
                        continue;
                    }
                    Some(_) => {
                        sender.send(message.take().unwrap_or_default()).ok();
                        "250 OK"
                    }
                    None if line.eq_ignore_ascii_case("DATA") => {
                        message = Some(String::new());
                        "354 go on"
                    }
                    None if line.eq_ignore_ascii_case("QUIT") => break,
                    None => "250 OK",
                };
                writer.write_all(format!("{answer}\r\n").as_bytes()).await.unwrap();
            }
        }
    });
    messages
}

/// The link in a message: parts of it are encoded in Base64.
fn link_in(message: &str) -> String {
    let decoded = |part: &str| {
        let packed: String = part.lines().take_while(|line| !line.starts_with("--")).collect();
        String::from_utf8(STANDARD.decode(packed).unwrap_or_default()).unwrap_or_default()
    };
    let parts = message.split("\n\n").map(|part| [part.to_owned(), decoded(part)].concat()).collect::<String>();
    let begin = parts.find("http://127.0.0.1").unwrap_or_else(|| panic!("no link: {message}"));
    parts[begin..].chars().take_while(|c| !c.is_whitespace() && *c != '"').collect()
}

/// In place of the service that says whether a captcha was solved: all are.
async fn judge() {
    let listener = TcpListener::bind(format!("127.0.0.1:{}", variable("TEST_CAPTCHA_PORT"))).await.unwrap();
    let verdict = Router::new().route("/", post(async || axum::Json(json!({"success": true, "hostname": "test"}))));
    tokio::spawn(async move { axum::serve(listener, verdict).await.unwrap() });
}

#[tokio::test]
#[ignore = "needs a homeserver that asks for a captcha and an email address"]
async fn whoever_solves_the_captcha_and_confirms_their_email_address_is_in_with_an_account() {
    judge().await;
    let mut messages = mail_server().await;
    let (url, secret) = (variable("TEST_DEMANDING_URL"), variable("TEST_DEMANDING_SECRET"));
    let world = World::at(url, secret, variable("TEST_AS_TOKEN")).await;
    let service = with_pages(&world, Acting::Appservice, Engine::Sqlite).await.start().await;
    let owner = world.person("owner").await;
    let code = service.invite(&owner, &world.rooms(&owner, 2).await, false).await;
    let (mut browser, name) = (newcomer(&service), unique("ben"));
    assert!(browser.get(&format!("/i/{code}")).await.body.contains("Email address"));

    // The captcha, on the homeserver's own page.
    let email = format!("{name}@example.org");
    let answer = browser.create_account_with_email(&code, &name, &email).await;
    let begin = answer.body.find(&format!("{}/_matrix", world.homeserver)).unwrap_or_else(|| panic!("{}", answer.body));
    let page: String = answer.body[begin..].chars().take_while(|c| *c != '"').collect();
    let solved = world.client.post(page.replace("&amp;", "&")).body("g-recaptcha-response=solved");
    let solved = solved.header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(solved.send().await.unwrap().status(), 200, "{page}");

    // The email address, by the link in a message.
    let answer = browser.create_account_with_email(&code, &name, &email).await;
    assert_eq!(answer.status, 422, "{}", answer.body);
    let answer = browser.create_account_with_email(&code, &name, &email).await;
    assert!(answer.body.contains("has to be confirmed"), "before it is: {}", answer.body);
    assert!(!world.is_there(&id(&name)).await);
    let link = link_in(&messages.recv().await.unwrap());
    assert_eq!(world.client.get(&link).send().await.unwrap().status(), 200, "{link}");
    let answer = browser.create_account_with_email(&code, &name, &email).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    assert_eq!(world.rooms_of(&id(&name)).await.len(), 2);
    let account = world.as_admin(Method::GET, &format!("/_synapse/admin/v2/users/@{name}:test"), Value::Null).await.1;
    assert_eq!(account["threepids"][0]["address"], email, "{account}");
}
