//! Homeservers that ask for more than a registration token: a captcha, or an email address that is confirmed.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use app::Next;
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
use crate::support::{
    Acting, Answer, Browser, Engine, Fault, Person, Proxy, Service, Setup, World, unique, variable, with_pages,
};

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

/// The registration of a homeserver that asks for a registration token and another stage, as Synapse does.
#[derive(Default)]
struct Registration {
    stage: &'static str,
    /// The stages that are complete, by session.
    sessions: BTreeMap<String, BTreeSet<&'static str>>,
    /// The messages, each with its secret and its number.
    messages: BTreeSet<(String, String, u64)>,
    /// The email addresses of which somebody has opened the link.
    confirmed: BTreeSet<String>,
    is_captcha_solved: bool,
}

impl Registration {
    fn register(&mut self, asked: &Value, opens: &Person) -> (u16, Value) {
        if asked["type"] == "m.login.application_service" {
            return (400, json!({"errcode": "M_USER_IN_USE", "error": "User ID already taken."}));
        }
        let auth = |field: &str| asked["auth"][field].as_str().unwrap_or_default();
        let mut session = auth("session").to_owned();
        if session.is_empty() {
            session = format!("session{}", self.sessions.len());
            self.sessions.insert(session.clone(), BTreeSet::new());
        }
        let email = asked["auth"]["threepid_creds"]["sid"].as_str().unwrap_or_default();
        let is_confirmed = self.confirmed.contains(email);
        let Some(completed) = self.sessions.get_mut(&session) else {
            return (400, json!({"errcode": "M_UNKNOWN", "error": "Unknown session ID"}));
        };
        let mut errcode = None;
        match auth("type") {
            TOKEN => {
                completed.insert(TOKEN);
            }
            EMAIL if is_confirmed => {
                completed.insert(EMAIL);
            }
            EMAIL => errcode = Some("M_UNAUTHORIZED"),
            _ => {}
        }
        if self.is_captcha_solved && completed.contains(TOKEN) {
            completed.insert(CAPTCHA);
        }
        if [TOKEN, self.stage].iter().all(|stage| completed.contains(stage)) {
            return (200, json!({"user_id": opens.id, "access_token": opens.token, "device_id": "D"}));
        }
        let mut answer = json!({
            "flows": [{"stages": [TOKEN, self.stage]}], "params": {}, "session": session, "completed": completed,
        });
        if let Some(errcode) = errcode {
            answer["errcode"] = errcode.into();
            answer["error"] = "No".into();
        }
        (401, answer)
    }

    /// Sends a message, and answers with an id from which its address can be told.
    fn send(&mut self, asked: &Value) -> (u16, Value) {
        let text = |field: &str| asked[field].as_str().unwrap_or_default().to_owned();
        let number = asked["send_attempt"].as_u64().unwrap_or_default();
        self.messages.insert((text("email"), text("client_secret"), number));
        (200, json!({"sid": sid(&text("email"))}))
    }
}

fn sid(email: &str) -> String {
    email.replace('@', "-at-")
}

/// A service beside a homeserver that asks for a stage after the registration token.
struct Demanding {
    world: World,
    setup: Setup,
    owner: Person,
    registration: Arc<Mutex<Registration>>,
}

impl Demanding {
    async fn new(stage: &'static str) -> Self {
        let world = World::new().await;
        let proxy = Proxy::start(&world).await;
        let mut setup = with_pages(&world, Acting::Appservice, Engine::Sqlite).await;
        setup.set("HOMESERVER_URL", &proxy.url).set("HOMESERVER_PUBLIC_URL", "https://matrix.test/");
        let registration = Arc::new(Mutex::new(Registration { stage, ..Registration::default() }));
        let (opens, registers) = (world.person("ben").await, Arc::clone(&registration));
        proxy.answer(Method::POST, "/v3/register", move |asked| registers.lock().unwrap().register(asked, &opens));
        let sends = Arc::clone(&registration);
        proxy.answer(Method::POST, "/v3/register/email/requestToken", move |asked| sends.lock().unwrap().send(asked));
        let owner = world.person("owner").await;
        Self { world, setup, owner, registration }
    }

    async fn invite(&self, service: &Service, more: Value) -> String {
        let mut wanted = json!({"rooms": self.world.rooms(&self.owner, 1).await});
        wanted.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        service.create(&self.owner, wanted).await["token"]["token"].as_str().unwrap().to_owned()
    }

    /// Somebody opens the link in the message to this address.
    fn confirm(&self, email: &str) {
        self.registration.lock().unwrap().confirmed.insert(sid(email));
    }

    fn solve(&self) {
        self.registration.lock().unwrap().is_captcha_solved = true;
    }

    /// How many places of registration tokens are taken, and to whom messages were sent.
    fn so_far(&self) -> (usize, Vec<String>) {
        let registration = self.registration.lock().unwrap();
        let places = registration.sessions.values().filter(|completed| completed.contains(TOKEN)).count();
        (places, registration.messages.iter().map(|(to, ..)| to.clone()).collect())
    }
}

#[tokio::test]
async fn a_mistyped_email_address_costs_a_message_and_no_place() {
    let homeserver = Demanding::new(EMAIL).await;
    let service = homeserver.setup.start().await;
    let code = homeserver.invite(&service, json!({"max_uses": 1})).await;
    let mut browser = newcomer(&service);
    for email in ["ben@exmaple.org", "ben@example.org"] {
        let answer = browser.create_account_with_email(&code, "ben", email).await;
        assert!(answer.status == 422 && answer.body.contains("has to be confirmed"), "{email}: {}", answer.body);
    }
    homeserver.confirm("ben@example.org");
    assert_eq!(browser.create_account_with_email(&code, "ben", "ben@example.org").await.status, 303);
    let messages = ["ben@example.org", "ben@exmaple.org"].map(str::to_owned).to_vec();
    assert_eq!(homeserver.so_far(), (1, messages));
}

#[tokio::test]
async fn a_form_that_is_sent_twice_at_once_makes_one_message() {
    let homeserver = Demanding::new(EMAIL).await;
    let service = homeserver.setup.start().await;
    let code = homeserver.invite(&service, json!({})).await;
    let (mut one, mut two) = (newcomer(&service), newcomer(&service));
    let answers = tokio::join!(
        one.create_account_with_email(&code, "ben", "ben@example.org"),
        two.create_account_with_email(&code, "ben", "ben@example.org"),
    );
    assert_eq!((answers.0.status, answers.1.status), (422, 422), "{answers:?}");
    assert_eq!(homeserver.so_far(), (1, vec!["ben@example.org".to_owned()]));
}

#[tokio::test]
async fn nobody_can_have_somebody_elses_mailbox_filled() {
    let homeserver = Demanding::new(EMAIL).await;
    let service = homeserver.setup.start().await;
    let code = homeserver.invite(&service, json!({})).await;
    service.freeze();
    for number in 0..6 {
        let mut browser = newcomer(&service);
        let email = if number % 2 == 0 { "anna@example.org" } else { "Anna@Example.org" };
        let answer = browser.create_account_with_email(&code, &format!("ben{number}"), email).await;
        match number {
            5 => {
                assert_eq!(answer.status, 429);
                assert!(answer.body.contains("Too many attempts. Please try again"), "{}", answer.body);
                assert!(answer.body.contains(r#"value="ben5""#), "{}", answer.body);
            }
            _ => assert_eq!(answer.status, 422, "{number}: {}", answer.body),
        }
    }
    assert_eq!(homeserver.so_far().1.len(), 5);
    let answer = newcomer(&service).create_account_with_email(&code, "ben6", "ben@example.org").await;
    assert_eq!(answer.status, 422, "others are not slowed down: {}", answer.body);
}

#[tokio::test]
async fn an_invite_that_is_stopped_stops_whoever_has_begun() {
    let homeserver = Demanding::new(EMAIL).await;
    let service = homeserver.setup.start().await;
    for is_deleted in [true, false] {
        let code = homeserver.invite(&service, json!({})).await;
        let mut browser = newcomer(&service);
        let answer = browser.create_account_with_email(&code, "ben", "ben@example.org").await;
        assert_eq!(answer.status, 422, "{}", answer.body);
        let stopped = match is_deleted {
            true => service.delete(&homeserver.owner, &code).await,
            false => {
                let rooms = homeserver.world.rooms(&homeserver.owner, 1).await;
                service.post(&homeserver.owner, json!({"token": code, "rooms": rooms, "paused": true})).await
            }
        };
        assert_eq!(stopped.0, 200, "{stopped:?}");
        homeserver.confirm("ben@example.org");
        let answer = browser.create_account_with_email(&code, "ben", "ben@example.org").await;
        assert_eq!(answer.status, 404, "deleted: {is_deleted}");
        assert!(browser.cookie.is_none());
    }
}

#[tokio::test]
async fn whoever_has_taken_the_last_place_with_a_confirmed_address_can_press_again() {
    let homeserver = Demanding::new(EMAIL).await;
    let service = homeserver.setup.start().await;
    let code = homeserver.invite(&service, json!({"max_uses": 1})).await;
    let mut browser = newcomer(&service);
    assert_eq!(browser.create_account_with_email(&code, "ben", "ben@example.org").await.status, 422);
    homeserver.confirm("ben@example.org");
    for _ in 0..2 {
        // As if the previous response had been lost.
        browser.cookie = None;
        let answer = browser.create_account_with_email(&code, "ben", "ben@example.org").await;
        assert_eq!(answer.status, 303, "{}", answer.body);
    }
    assert_eq!(homeserver.so_far(), (1, vec!["ben@example.org".to_owned()]));
    let stranger = newcomer(&service).create_account_with_email(&code, "cleo", "cleo@example.org").await;
    assert_eq!(stranger.status, 404, "there is no place for anybody else");
}

#[tokio::test]
async fn an_attempt_goes_on_at_another_instance_without_a_second_place_or_message() {
    let mut homeserver = Demanding::new(EMAIL).await;
    homeserver.setup.set("SESSION_KEY", "the key that all of the instances have");
    let (one, two) = (homeserver.setup.start().await, homeserver.setup.start().await);
    for (round, by_script) in [false, true].into_iter().enumerate() {
        let code = homeserver.invite(&one, json!({})).await;
        let (name, email) = (format!("ben{round}"), format!("ben{round}@example.org"));
        let page = format!("/i/{code}");
        let fields = [("code", &*code), ("form[user]", &*name), ("form[email]", &*email), ("form[password]", PASSWORD)];
        let mut browser = newcomer(&one);
        let mut send = async |service: &Service| {
            browser.url.clone_from(&service.url);
            let status = match by_script {
                true => browser.function::<Next>("create_account", &fields).await.0,
                false => browser.form(&page, "create_account", &fields).await.status,
            };
            (status, browser.attempt.clone())
        };
        let (status, cookie) = send(&one).await;
        assert!(status == 422 && cookie.is_some(), "{status}");
        // Neither of them sends a second message, wherever the form is sent again too early.
        for service in [&two, &one, &two] {
            assert_eq!(send(service).await.0, 422);
        }
        homeserver.confirm(&email);
        let (status, cookie) = send(&one).await;
        assert_eq!(status, if by_script { 200 } else { 303 });
        assert!(cookie.is_none(), "it is not needed any more");
        let (places, messages) = homeserver.so_far();
        assert_eq!((places, messages.len()), (round + 1, round + 1), "{messages:?}");
    }
}

#[tokio::test]
async fn a_captcha_that_was_solved_counts_at_every_instance() {
    let homeserver = Demanding::new(CAPTCHA).await;
    let (one, two) = (homeserver.setup.start().await, homeserver.setup.start().await);
    let code = homeserver.invite(&one, json!({})).await;
    let mut browser = newcomer(&one);
    let answer = browser.create_account(&code, "ben", "", PASSWORD).await;
    assert!(answer.body.contains("this server asks for one more step"), "{}", answer.body);
    homeserver.solve();
    browser.url.clone_from(&two.url);
    let answer = browser.create_account(&code, "ben", "", PASSWORD).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    assert_eq!(homeserver.so_far().0, 1);
}

#[tokio::test]
async fn what_a_browser_keeps_of_an_attempt_is_sealed_and_ends_by_itself() {
    let homeserver = Demanding::new(EMAIL).await;
    let service = homeserver.setup.start().await;
    let code = homeserver.invite(&service, json!({})).await;
    let mut browser = newcomer(&service);
    let answer = browser.create_account_with_email(&code, "ben", "ben@example.org").await;
    let cookies: Vec<&str> =
        answer.headers.get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap()).collect();
    let [cookie] = cookies[..] else { panic!("{cookies:?}") };
    for part in ["super_invites_account=", "HttpOnly", "SameSite=Lax", "Max-Age=900", "Path=/"] {
        assert!(cookie.contains(part), "{cookie} has no {part}");
    }
    for secret in ["ben@", "example", "session", "courgette"] {
        assert!(!cookie.contains(secret), "{cookie}");
    }
    // To somebody with another password it says nothing, and stays theirs.
    let fields =
        [("code", &*code), ("form[user]", "ben"), ("form[email]", "ben@example.org"), ("form[password]", "1234")];
    let answer = browser.form(&format!("/i/{code}"), "create_account", &fields).await;
    assert!(answer.status == 422 && answer.headers.get("set-cookie").is_none(), "{}", answer.body);
    homeserver.confirm("ben@example.org");
    assert_eq!(browser.create_account_with_email(&code, "ben", "ben@example.org").await.status, 303);
    assert_eq!(homeserver.so_far().0, 1);
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
