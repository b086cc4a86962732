//! Codes that open accounts.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Acting, BOTH_WAYS, Engine, Fault, Person, Proxy, Setup, World, moment, unique};

const TOKENS: &str = "/_synapse/admin/v1/registration_tokens";

const REGISTER: &str = "/_matrix/client/v3/register";

/// Somebody in the middle of registering an account.
#[derive(Debug)]
struct Begun {
    name: String,
    session: Value,
}

impl Begun {
    fn body(&self, auth: Value) -> Value {
        json!({"username": self.name, "password": "password", "auth": auth})
    }
}

impl World {
    /// Registers an account with a code, as a client does.
    pub async fn register_with(&self, code: &str) -> Result<Person, Value> {
        Ok(self.finish(self.begin_with(code).await?).await)
    }

    /// Begins to register an account with a code: proves that they have it, and no more.
    async fn begin_with(&self, code: &str) -> Result<Begun, Value> {
        let name = unique("newcomer");
        let (_, flows) = self.ask(Method::POST, REGISTER, "", json!({"username": name, "password": "password"})).await;
        let begun = Begun { name, session: flows["session"].clone() };
        let stage = json!({"type": "m.login.registration_token", "token": code, "session": begun.session});
        let (_, answer) = self.ask(Method::POST, REGISTER, "", begun.body(stage)).await;
        match answer["completed"] == json!(["m.login.registration_token"]) {
            true => Ok(begun),
            false => Err(answer),
        }
    }

    /// Ends what was begun.
    async fn finish(&self, begun: Begun) -> Person {
        let stage = json!({"type": "m.login.dummy", "session": begun.session});
        let (status, answer) = self.ask(Method::POST, REGISTER, "", begun.body(stage)).await;
        assert_eq!(status, 200, "{answer}");
        let text = |field: &str| answer[field].as_str().unwrap().to_owned();
        Person { id: text("user_id"), token: text("access_token") }
    }

    pub async fn registration_token(&self, code: &str) -> u16 {
        self.as_admin(Method::GET, &format!("{TOKENS}/{code}"), Value::Null).await.0
    }

    pub async fn uses_allowed(&self, code: &str) -> Value {
        self.as_admin(Method::GET, &format!("{TOKENS}/{code}"), Value::Null).await.1["uses_allowed"].clone()
    }
}

#[tokio::test]
async fn a_code_opens_an_account_and_all_rooms_until_it_is_deleted() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let service = Setup::new(&world, acting, engine).await.start().await;
        let owner = world.person("owner").await;
        let rooms = world.rooms(&owner, 2).await;
        let code = unique("Garden.2026_~");
        let made = service.create(&owner, json!({"token": code, "rooms": rooms})).await;
        assert_eq!(made["registration_token"], json!({"valid": true}));

        let newcomer = world.register_with(&code).await.expect("the code opens an account");
        assert_eq!(service.redeem(&newcomer, &code).await.1["rooms"], json!(rooms));

        assert_eq!(service.delete(&owner, &code).await.0, 200);
        let refused = world.register_with(&code).await.expect_err("the code has ended");
        assert_eq!(refused["errcode"], "M_UNAUTHORIZED");
        assert_eq!(world.registration_token(&code).await, 404);
    }
}

#[tokio::test]
async fn a_registration_token_of_the_operators_is_left_alone() {
    let world = World::new().await;
    let service = Setup::new(&world, Acting::Appservice, Engine::Sqlite).await.start().await;
    let owner = world.person("owner").await;
    let code = unique("operators");
    let made = world.as_admin(Method::POST, &format!("{TOKENS}/new"), json!({"token": code})).await;
    assert_eq!(made.0, 200);
    let answer = service.create(&owner, json!({"token": code})).await;
    assert_eq!(answer["registration_token"], json!({"valid": true}));
    assert_eq!(service.delete(&owner, &code).await.0, 200);
    assert_eq!(world.registration_token(&code).await, 200, "it was not ours to delete");

    let code = unique("expired");
    let end = json!({"token": code, "expiry_time": 32_503_680_000_000_i64});
    world.as_admin(Method::POST, &format!("{TOKENS}/new"), end).await;
    // Synapse refuses a past expiry time for a new token, but not for an existing one.
    let past = world.as_admin(Method::PUT, &format!("{TOKENS}/{code}"), json!({"uses_allowed": 1})).await;
    assert_eq!(past.0, 200);
    world.register_with(&code).await.expect("one use is left");
    let answer = service.create(&owner, json!({"token": code})).await;
    assert_eq!(answer["registration_token"], json!({"valid": false}), "it is used up");
}

#[tokio::test]
async fn not_enabled_not_wanted_and_no_longer_wanted() {
    let world = World::new().await;
    let mut setup = Setup::new(&world, Acting::Appservice, Engine::Sqlite).await;
    let owner = world.person("owner").await;
    let service = setup.start().await;
    let code = unique("wanted");
    service.create(&owner, json!({"token": code})).await;
    assert_eq!(world.registration_token(&code).await, 200);
    let answer = service.create(&owner, json!({"token": code, "as_registration_token": false})).await;
    assert_eq!(answer["registration_token"], json!({"valid": false, "reason": "NOT_REQUESTED"}));
    assert_eq!(world.registration_token(&code).await, 404);

    let service = setup.set("GENERATE_REGISTRATION_TOKEN", "false").start().await;
    let answer = service.create(&owner, json!({})).await;
    assert_eq!(answer["registration_token"], json!({"valid": false, "reason": "NOT_ENABLED"}));
    let answer = service.create(&owner, json!({"as_registration_token": null})).await;
    assert_eq!(answer["registration_token"], json!({"valid": false, "reason": "NOT_REQUESTED"}));
}

#[tokio::test]
async fn an_admin_api_that_fails_costs_no_invite_and_what_is_left_over_is_swept() {
    let world = World::new().await;
    let proxy = Proxy::start(&world).await;
    let mut setup = Setup::new(&world, Acting::Appservice, Engine::Postgres).await;
    setup.set("HOMESERVER_URL", &proxy.url);
    let service = setup.start().await;
    let owner = world.person("owner").await;
    let code = unique("unlucky");
    for fault in [Fault::NotAdmin, Fault::BadGateway] {
        proxy.fail(Method::GET, TOKENS, 0, 1, fault);
        let answer = service.create(&owner, json!({"token": code, "create_dm": true})).await;
        assert_eq!(answer["registration_token"], json!({"valid": false, "reason": "UNAVAILABLE"}));
        assert_eq!(service.token(&owner, &code).await.0, 200);
    }
    let answer = service.create(&owner, json!({"token": code, "create_dm": true})).await;
    assert_eq!(answer["registration_token"], json!({"valid": true}), "saving again tries again");

    proxy.fail(Method::DELETE, TOKENS, 0, 1, Fault::BadGateway);
    assert_eq!(service.delete(&owner, &code).await.0, 200);
    assert_eq!(world.registration_token(&code).await, 200, "the homeserver did not hear it");
    service.stop().await;
    let _service = setup.start().await;
    while world.registration_token(&code).await == 200 {
        crate::support::moment().await;
    }
}

#[tokio::test]
async fn whoever_is_opening_an_account_while_the_invite_is_paused_is_counted() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let service = Setup::new(&world, acting, engine).await.start().await;
        let owner = world.person("owner").await;
        let code = unique("counted");
        let edit = |paused: bool| json!({"token": code, "create_dm": true, "max_uses": 2, "paused": paused});
        service.create(&owner, edit(false)).await;
        let begun = world.begin_with(&code).await.expect("it is open");
        service.create(&owner, edit(true)).await;
        world.begin_with(&code).await.expect_err("it is closed at once");
        world.finish(begun).await;
        // Once nobody uses it any more, it is deleted.
        service.pass(60_000);
        while world.registration_token(&code).await != 404 {
            moment().await;
        }
        service.create(&owner, edit(false)).await;
        assert_eq!(world.uses_allowed(&code).await, 1, "one of two accounts is open");
    }
}
