//! What is answered from memory is what is in the database, whoever has changed it.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Acting, BOTH_WAYS, Engine, Person, Service, Setup, World, moment};

const HOUR: i64 = 3_600_000;

/// An invite into two rooms, and somebody who has its code.
struct Scene {
    service: Service,
    owner: Person,
    guest: Person,
    rooms: Vec<String>,
    code: String,
}

impl Scene {
    async fn new(world: &World, acting: Acting, engine: Engine) -> Self {
        let service = Setup::new(world, acting, engine).await.start().await;
        let (owner, guest) = (world.person("owner").await, world.person("guest").await);
        let rooms = world.rooms(&owner, 2).await;
        let code = service.invite(&owner, &rooms, false).await;
        Self { service, owner, guest, rooms, code }
    }

    /// Changes the invite.
    async fn edit(&self, mut change: Value) {
        change["token"] = json!(self.code);
        self.service.create(&self.owner, change).await;
    }

    async fn listed(&self) -> Value {
        listed(&self.service, &self.owner).await
    }

    /// Checks the state of the invite in its owner's list, and what its guest is answered: each twice, so that the second answer may come from
    /// memory.
    async fn shows(&self, state: Value, status: u16) {
        for _ in 0..2 {
            assert_eq!(self.listed().await["state"], state);
            assert_eq!(self.service.info(&self.guest, &self.code).await.0, status, "{state}");
        }
    }
}

/// The only invite in somebody's list.
async fn listed(service: &Service, owner: &Person) -> Value {
    service.ask(Method::GET, "tokens", owner, Value::Null).await.1["tokens"][0].clone()
}

#[tokio::test]
async fn what_its_owner_changes_shows_at_the_next_look() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let scene = Scene::new(&world, acting, engine).await;
        let Scene { service, owner, guest, rooms, code } = &scene;
        scene.shows(json!("open"), 200).await;
        scene.edit(json!({"rooms": [rooms[0]], "label": "Party", "welcome": "Hello"})).await;
        let listed = scene.listed().await;
        assert_eq!((&listed["rooms"], &listed["label"]), (&json!([rooms[0]]), &json!("Party")));
        let info = service.info(guest, code).await.1;
        assert_eq!((&info["rooms_count"], &info["welcome"]), (&json!(1), &json!("Hello")));

        scene.edit(json!({"rooms": rooms, "paused": true})).await;
        scene.shows(json!("paused"), 403).await;
        scene.edit(json!({"rooms": rooms, "paused": false})).await;
        scene.shows(json!("open"), 200).await;
        assert_eq!(service.delete(owner, code).await.0, 200);
        scene.shows(Value::Null, 403).await;
        let another = service.invite(owner, rooms, false).await;
        assert_eq!(scene.listed().await["token"], json!(another));
    }
}

#[tokio::test]
async fn what_a_server_admin_stops_shows_at_the_next_look() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let scene = Scene::new(&world, acting, engine).await;
        let Scene { service, .. } = &scene;
        let (_, found) = service.ask(Method::GET, "admin/invites", &world.admin, Value::Null).await;
        let number = found["invites"][0]["invite"].clone();
        let intervene = async |path: &str, body: Value| {
            let answer = service.ask(Method::POST, path, &world.admin, body).await;
            assert_eq!(answer.0, 200, "{answer:?}");
        };
        scene.shows(json!("open"), 200).await;
        intervene("admin/invites", json!({"invite": number, "action": "pause"})).await;
        scene.shows(json!("paused_by_admin"), 403).await;
        intervene("admin/invites", json!({"invite": number, "action": "resume"})).await;
        scene.shows(json!("open"), 200).await;
        intervene("admin/pause", json!({"paused": true})).await;
        scene.shows(json!("all_paused"), 403).await;
        intervene("admin/pause", json!({"paused": false})).await;
        scene.shows(json!("open"), 200).await;
        intervene("admin/invites", json!({"invite": number, "action": "revoke"})).await;
        scene.shows(Value::Null, 403).await;
    }
}

#[tokio::test]
async fn who_has_come_shows_at_the_next_look() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let scene = Scene::new(&world, acting, engine).await;
        let Scene { service, guest, rooms, code, .. } = &scene;
        scene.edit(json!({"rooms": rooms, "max_uses": 1})).await;
        let late = world.person("late").await;
        for who in [guest, &late] {
            assert_eq!(service.info(who, code).await.1["has_redeemed"], false);
        }
        assert_eq!(scene.listed().await["uses_left"], 1);
        assert_eq!(service.redeem(guest, code).await.0, 200);
        assert_eq!(service.info(guest, code).await.1["has_redeemed"], true);
        assert_eq!(service.info(&late, code).await.0, 403, "all its uses are taken");
        let listed = scene.listed().await;
        assert_eq!(
            (&listed["state"], &listed["uses_left"], &listed["accepted_count"]),
            (&json!("used_up"), &json!(0), &json!(1))
        );
    }
}

#[tokio::test]
async fn an_invite_begins_and_ends_in_memory_as_elsewhere() {
    let world = World::new().await;
    let scene = Scene::new(&world, Acting::Appservice, Engine::Sqlite).await;
    let Scene { service, rooms, .. } = &scene;
    service.freeze();
    let (begin, end) = (service.now() + HOUR, service.now() + 2 * HOUR);
    scene.edit(json!({"rooms": rooms, "not_before": begin, "expires_at": end})).await;
    for (state, status, passes) in [
        ("not_yet", 403, HOUR - 1),
        ("not_yet", 403, 1),
        ("open", 200, HOUR - 1),
        ("open", 200, 1),
        ("expired", 403, 0),
    ] {
        scene.shows(json!(state), status).await;
        service.pass(passes);
    }
}

#[tokio::test]
async fn what_another_instance_changes_shows_within_moments() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let setup = Setup::new(&world, acting, engine).await;
        let (one, two) = tokio::join!(setup.start(), setup.start());
        let (owner, guest) = (world.person("owner").await, world.person("guest").await);
        let rooms = world.rooms(&owner, 1).await;
        let code = one.invite(&owner, &rooms, false).await;
        let turns = async |state: Value, status: u16| {
            while listed(&two, &owner).await["state"] != state || two.info(&guest, &code).await.0 != status {
                moment().await;
            }
        };
        turns(json!("open"), 200).await;
        for (paused, state, status) in [(true, "paused", 403), (false, "open", 200)] {
            one.create(&owner, json!({"token": code, "rooms": rooms, "paused": paused})).await;
            turns(json!(state), status).await;
        }
        assert_eq!(one.redeem(&guest, &code).await.0, 200);
        while two.info(&guest, &code).await.1["has_redeemed"] != true
            || listed(&two, &owner).await["accepted_count"] != 1
        {
            moment().await;
        }
        assert_eq!(one.delete(&owner, &code).await.0, 200);
        turns(Value::Null, 403).await;
    }
}
