//! From a link to the rooms, for people who have no account yet.

mod demands;

use std::sync::atomic::{AtomicU32, Ordering};

use app::{AccountAdvice, Error, wording};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    Acting, Answer, BOTH_WAYS, Browser, Engine, Fault, Proxy, Service, World, escaped, unique, usual, with_pages,
};

const PASSWORD: &str = "courgette tram lantern";

/// Each newcomer has another address: the homeserver limits how many may register from one.
fn newcomer(service: &Service) -> Browser {
    static LAST: AtomicU32 = AtomicU32::new(1);
    let [_, a, b, c] = LAST.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    Browser::new(service).with("x-forwarded-for", &format!("172.{}.{b}.{c}", 16 + a % 16))
}

impl Browser {
    async fn create_account(&mut self, code: &str, user: &str, display_name: &str, password: &str) -> Answer {
        let fields =
            [("code", code), ("form[user]", user), ("form[display_name]", display_name), ("form[password]", password)];
        self.form(&format!("/i/{code}"), "create_account", &fields).await
    }
}

impl World {
    /// The rooms of somebody whose token is not known, from the homeserver's admin API.
    async fn rooms_of(&self, user: &str) -> Vec<Value> {
        let path = format!("/_synapse/admin/v1/users/{}/joined_rooms", escaped(user));
        self.as_admin(Method::GET, &path, Value::Null).await.1["joined_rooms"].as_array().unwrap().clone()
    }

    async fn is_there(&self, user: &str) -> bool {
        self.as_admin(Method::GET, &format!("/_synapse/admin/v2/users/{}", escaped(user)), Value::Null).await.0 == 200
    }
}

fn id(name: &str) -> String {
    format!("@{name}:test")
}

#[tokio::test]
async fn whoever_has_no_account_creates_one_on_the_page_and_is_in_every_room() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let service = with_pages(&world, acting, engine).await.start().await;
        let owner = world.person("owner").await;
        let rooms = world.rooms(&owner, 2).await;
        let code = service.invite(&owner, &rooms, false).await;
        let mut browser = newcomer(&service);
        let page = browser.get(&format!("/i/{code}")).await;
        assert!(page.body.contains("Create your account"), "{}", page.body);

        let name = unique("ben");
        let answer = browser.create_account(&code, &name, "Ben Bakker", PASSWORD).await;
        assert_eq!((answer.status, answer.header("location")), (303, &*format!("/i/{code}")), "{}", answer.body);
        let page = browser.get(&format!("/i/{code}")).await;
        assert!(page.body.contains("You’re in, <bdi>Ben</bdi>"), "{}", page.body);
        let log = format!("{}{}/admin/audit", service.url, crate::support::API);
        let log = service.client.get(log).bearer_auth(&world.admin.token).send().await.unwrap().text().await.unwrap();
        let mut log = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        assert!(log.any(|line| line["action"] == "account_created" && line["actor"] == id(&name)), "it is on record");
        let mut joined = world.rooms_of(&id(&name)).await;
        joined.sort_by_key(ToString::to_string);
        let mut expected: Vec<Value> = rooms.iter().map(|room| json!(room)).collect();
        expected.sort_by_key(ToString::to_string);
        assert_eq!(joined, expected);
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_field_is_said_and_nothing_typed_is_lost_but_the_password() {
    let world = World::new().await;
    let service = usual(&world).await;
    let owner = world.person("owner").await;
    let code = service.invite(&owner, &world.rooms(&owner, 1).await, false).await;
    let taken = owner.id[1..].split(':').next().unwrap().to_owned();
    let free = unique("ben");
    for (user, password, words) in [
        (&*taken, PASSWORD, "“User name” is taken: please choose another one."),
        ("ben bakker", PASSWORD, "“User name” may only contain"),
        ("", PASSWORD, "“User name” is missing."),
        (&free, "password1", "“Password” is easy to guess"),
        (&free, "", "“Password” is missing."),
    ] {
        let answer = newcomer(&service).create_account(&code, user, "Ben </title><script>", password).await;
        assert_eq!(answer.status, 422, "{user}: {}", answer.body);
        assert!(answer.body.contains(words), "{words}: {}", answer.body);
        assert!(answer.body.contains("value=\"Ben &lt;/title&gt;&lt;script&gt;\""), "{}", answer.body);
        assert!(password.is_empty() || !answer.body.contains(password));
    }
    assert!(!world.is_there(&id(&free)).await);
}

#[tokio::test]
async fn an_invite_that_opens_no_accounts_offers_none() {
    let world = World::new().await;
    let mut setup = with_pages(&world, Acting::Appservice, Engine::Sqlite).await;
    let service = setup.set("ACCOUNT_HELP_URL", "https://example.org/join").start().await;
    let owner = world.person("owner").await;
    let rooms = world.rooms(&owner, 1).await;
    let made = service.create(&owner, json!({"rooms": rooms, "as_registration_token": false})).await;
    let code = made["token"]["token"].as_str().unwrap();
    let page = newcomer(&service).get(&format!("/i/{code}")).await;
    assert!(!page.body.contains("Create your account"), "{}", page.body);
    assert!(page.body.contains(r#"href="https://example.org/join""#), "{}", page.body);
    let name = unique("ben");
    let answer = newcomer(&service).create_account(code, &name, "", PASSWORD).await;
    assert_eq!(answer.status, 403);
    assert!(answer.body.contains(&wording::error(&Error::NoNewAccounts)), "{}", answer.body);
    assert!(!world.is_there(&id(&name)).await);
}

#[tokio::test]
async fn an_invite_that_ends_before_the_form_is_sent_opens_no_account() {
    let world = World::new().await;
    let service = usual(&world).await;
    let owner = world.person("owner").await;
    let rooms = world.rooms(&owner, 1).await;
    let code = service.invite(&owner, &rooms, false).await;
    let mut browser = newcomer(&service);
    assert_eq!(browser.get(&format!("/i/{code}")).await.status, 200);
    assert_eq!(service.delete(&owner, &code).await.0, 200);
    let name = unique("ben");
    assert_eq!(browser.create_account(&code, &name, "", PASSWORD).await.status, 404);
    assert!(!world.is_there(&id(&name)).await);
}

#[tokio::test]
async fn a_registration_token_that_the_homeserver_does_not_take_has_a_sentence_of_its_own() {
    let world = World::new().await;
    let service = usual(&world).await;
    let owner = world.person("owner").await;
    let code = service.invite(&owner, &world.rooms(&owner, 1).await, false).await;
    let path = format!("/_synapse/admin/v1/registration_tokens/{code}");
    assert_eq!(world.as_admin(Method::DELETE, &path, Value::Null).await.0, 200);
    let answer = newcomer(&service).create_account(&code, &unique("ben"), "", PASSWORD).await;
    assert_eq!(answer.status, 403);
    assert!(answer.body.contains("No more accounts can be created with this invite."), "{}", answer.body);
}

#[tokio::test]
async fn a_homeserver_that_lets_nobody_register_has_a_sentence_of_its_own() {
    let world = World::new().await;
    let proxy = Proxy::start(&world).await;
    let mut setup = with_pages(&world, Acting::Appservice, Engine::Sqlite).await;
    let service = setup.set("HOMESERVER_URL", &proxy.url).start().await;
    let owner = world.person("owner").await;
    let code = service.invite(&owner, &world.rooms(&owner, 1).await, false).await;
    assert!(newcomer(&service).get(&format!("/i/{code}")).await.body.contains("Create your account"));
    proxy.fail(Method::POST, "/v3/register", 0, u32::MAX, Fault::NotAdmin);
    let answer = newcomer(&service).create_account(&code, &unique("ben"), "", PASSWORD).await;
    assert_eq!(answer.status, 403);
    assert!(answer.body.contains("This server does not let people create accounts here"), "{}", answer.body);
}

#[tokio::test]
async fn a_homeserver_that_dies_in_the_middle_leaves_a_form_to_send_again() {
    let world = World::new().await;
    for fault in [Fault::BadGateway, Fault::Broken] {
        for step in 0..3 {
            let proxy = Proxy::start(&world).await;
            let mut setup = with_pages(&world, Acting::Appservice, Engine::Sqlite).await;
            let service = setup.set("HOMESERVER_URL", &proxy.url).start().await;
            let owner = world.person("owner").await;
            let code = service.invite(&owner, &world.rooms(&owner, 1).await, false).await;
            let (mut browser, name) = (newcomer(&service), unique("ben"));
            assert_eq!(browser.get(&format!("/i/{code}")).await.status, 200);
            proxy.fail(Method::POST, "/v3/register", step, u32::MAX, fault);
            let answer = browser.create_account(&code, &name, "Ben", PASSWORD).await;
            assert_eq!(answer.status, 503, "{fault:?} {step}");
            assert!(answer.body.contains(wording::unreachable()) && answer.body.contains(&format!("value=\"{name}\"")));
            proxy.heal();
            let answer = browser.create_account(&code, &name, "Ben", PASSWORD).await;
            assert_eq!(answer.status, 303, "{fault:?} {step}: {}", answer.body);
            assert_eq!(world.rooms_of(&id(&name)).await.len(), 1);
        }
    }
}

#[tokio::test]
async fn the_last_place_is_not_lost_with_an_answer() {
    let world = World::new().await;
    // Before the account exists, and after.
    for fault in [Fault::Limited, Fault::LostRequest, Fault::LostAnswer] {
        let proxy = Proxy::start(&world).await;
        let mut setup = with_pages(&world, Acting::Appservice, Engine::Sqlite).await;
        let service = setup.set("HOMESERVER_URL", &proxy.url).start().await;
        let owner = world.person("owner").await;
        let made = service.create(&owner, json!({"rooms": world.rooms(&owner, 1).await, "max_uses": 1})).await;
        let code = made["token"]["token"].as_str().unwrap();
        let (mut browser, name) = (newcomer(&service), unique("ben"));
        assert_eq!(browser.get(&format!("/i/{code}")).await.status, 200);
        proxy.fail(Method::POST, "/v3/register", 2, 1, fault);
        if fault == Fault::Limited {
            assert_eq!(browser.create_account(code, &name, "Ben", PASSWORD).await.status, 429);
        } else {
            tokio::select! {
                _ = browser.create_account(code, &name, "Ben", PASSWORD) => panic!("nobody has answered"),
                () = proxy.struck() => {}
            }
        }
        let answer = browser.create_account(code, &name, "Ben", PASSWORD).await;
        assert_eq!(answer.status, 303, "{fault:?}: {}", answer.body);
        assert_eq!(world.rooms_of(&id(&name)).await.len(), 1, "{fault:?}");
    }
}

#[tokio::test]
async fn whoever_presses_again_after_having_come_in_is_signed_in() {
    let world = World::new().await;
    let service = usual(&world).await;
    let owner = world.person("owner").await;
    let made = service.create(&owner, json!({"rooms": world.rooms(&owner, 1).await, "max_uses": 1})).await;
    let code = made["token"]["token"].as_str().unwrap();
    let (mut browser, name) = (newcomer(&service), unique("ben"));
    for _ in 0..2 {
        // As if the previous response had been lost.
        browser.cookie = None;
        let answer = browser.create_account(code, &name, "Ben", PASSWORD).await;
        assert_eq!(answer.status, 303, "{}", answer.body);
    }
    assert!(browser.get(&format!("/i/{code}")).await.body.contains("You’re in, "));
    let stranger = newcomer(&service).create_account(code, &name, "Ben", "another long password of somebody").await;
    assert_eq!(stranger.status, 404, "nobody else is told");
}

#[tokio::test]
async fn an_invite_that_ends_while_an_account_is_made_leaves_the_account() {
    let world = World::new().await;
    let proxy = Proxy::start(&world).await;
    let mut setup = with_pages(&world, Acting::Appservice, Engine::Sqlite).await;
    let service = setup.set("HOMESERVER_URL", &proxy.url).start().await;
    let owner = world.person("owner").await;
    let code = service.invite(&owner, &world.rooms(&owner, 1).await, false).await;
    let (mut browser, name) = (newcomer(&service), unique("ben"));
    // The account exists, but has no display name yet.
    proxy.fail(Method::PUT, "/profile/", 0, 1, Fault::Held);
    let ends = async {
        proxy.struck().await;
        assert_eq!(service.delete(&owner, &code).await.0, 200);
        proxy.release();
    };
    let (answer, ()) = tokio::join!(browser.create_account(&code, &name, "Ben", PASSWORD), ends);
    let words = wording::error(&Error::EndedMeanwhile { user_id: id(&name) });
    assert!(answer.status == 409 && answer.body.contains(&words), "{} {}", answer.status, answer.body);
    assert!(world.is_there(&id(&name)).await && browser.cookie.is_some());
}

#[tokio::test]
async fn too_many_attempts_from_an_address_or_with_a_code_have_to_wait() {
    let world = World::new().await;
    let mut setup = with_pages(&world, Acting::Appservice, Engine::Sqlite).await;
    let service = setup.set("ACCOUNT_LIMITS", "{per_address: 2, per_code: 3}").start().await;
    let owner = world.person("owner").await;
    let code = service.invite(&owner, &world.rooms(&owner, 1).await, false).await;
    let taken = owner.id[1..].split(':').next().unwrap().to_owned();
    let mut browser = newcomer(&service);
    for status in [422, 422, 429] {
        assert_eq!(browser.create_account(&code, &taken, "", PASSWORD).await.status, status, "an address");
    }
    for status in [422, 429] {
        assert_eq!(newcomer(&service).create_account(&code, &taken, "", PASSWORD).await.status, status, "a code");
    }
}

#[tokio::test]
async fn a_script_is_told_of_name_and_password_while_they_are_typed() {
    let world = World::new().await;
    let service = usual(&world).await;
    let owner = world.person("owner").await;
    let taken = owner.id[1..].split(':').next().unwrap().to_owned();
    let free = unique("ben");
    let mut browser = newcomer(&service);
    let mut said = async |user: &str, password: &str| {
        let fields = [("form[user]", user), ("form[password]", password)];
        let (status, advice) = browser.function::<AccountAdvice>("advise", &fields).await;
        assert_eq!(status, 200);
        let AccountAdvice { user, password } = advice.unwrap();
        [user, password].map(|advice| advice.map(|advice| (advice.good, advice.words)))
    };
    let good = |words: &str| Some((true, words.to_owned()));
    let [name, password] = said(&format!(" @{}:test ", free.to_uppercase()), PASSWORD).await;
    assert_eq!((name, password), (good(&format!("Not taken. You’ll be @{free}:test")), good("Strong enough")));
    let [name, password] = said(&taken, "password1").await;
    assert!(matches!(name, Some((false, words)) if words.contains("is taken")));
    assert!(matches!(password, Some((false, words)) if words.contains("easy to guess")));
    assert_eq!(said("", "").await, [None, None]);
}

#[tokio::test]
async fn passwords_stand_in_no_log() {
    let world = World::new().await;
    let setup = with_pages(&world, Acting::Appservice, Engine::Sqlite).await;
    let (service, _process) = setup.spawn_talking().await;
    let owner = world.person("owner").await;
    let code = service.invite(&owner, &world.rooms(&owner, 1).await, false).await;
    let name = unique("ben");
    let fields = [("form[user]", &*name), ("form[password]", PASSWORD)];
    newcomer(&service).function::<AccountAdvice>("advise", &fields).await;
    for (user, password) in [(&*owner.id, "password1"), (&name, PASSWORD)] {
        newcomer(&service).create_account(&code, user, "", password).await;
    }
    newcomer(&service).form("/sign-in", "sign_in", &[("user", &*name), ("password", PASSWORD), ("to", "")]).await;
    assert!(world.is_there(&id(&name)).await);
    let log = std::fs::read_to_string(setup.folder.join("log")).unwrap();
    assert!(log.contains("an account was created with an invite"), "it says what it does");
    for secret in [PASSWORD, "courgette+tram", "courgette%20tram", "password1", &*code] {
        assert!(!log.contains(secret), "{}", log.lines().find(|line| line.contains(secret)).unwrap_or_default());
    }
}
