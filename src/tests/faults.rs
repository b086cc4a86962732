//! What the service stands on gives way: connections, PostgreSQL, the disk, the clock. Whatever is answered meanwhile is true, and once
//! all is well again whoever redeems again is in everything, once.

use std::time::Duration;

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{PgPool, SqlitePool, postgres::PgListener};
use tokio::time::timeout;

use crate::{
    slow::{holder, read_until, sent},
    support::{
        ANSWERS, Acting, Browser, Cut, Engine, Fault, Flow, Person, Postgres, Proxy, Service, Setup, Way, Wire, World,
        errcode, moment, sorted, strings, with_pages,
    },
};

const HOUR: i64 = 60 * 60_000;

/// Whether it was said that it does not work now, and nothing else.
fn failed(answer: &(u16, Value)) -> bool {
    matches!(errcode(answer), (500 | 503, "M_UNKNOWN"))
}

/// An invite for one person, to two rooms and a chat, and that person.
pub struct Scene {
    pub owner: Person,
    pub guest: Person,
    rooms: Vec<String>,
    pub code: String,
}

impl Scene {
    pub async fn new(world: &World, service: &Service) -> Self {
        let (owner, guest) = (world.person("owner").await, world.person("guest").await);
        let rooms = world.rooms(&owner, 2).await;
        let body = json!({"rooms": rooms, "create_dm": true, "max_uses": 1});
        let code = service.create(&owner, body).await["token"]["token"].as_str().unwrap().to_owned();
        Self { owner, guest, rooms, code }
    }

    async fn redeem(&self, service: &Service) -> (u16, Value) {
        service.redeem(&self.guest, &self.code).await
    }

    /// What was answered is true: they are in what they were told, or were told that it failed.
    async fn believe(&self, world: &World, answer: &(u16, Value), label: &str) {
        if answer.0 != 200 {
            assert!(failed(answer), "{label}: {answer:?}");
            return;
        }
        let joined = world.joined_rooms(&self.guest).await;
        for room in strings(&answer.1["rooms"]) {
            assert!(joined.contains(&room), "{label}: they were told that they are in {room}");
        }
    }

    /// Redeems until it does not fail any more. Then all is done, and done once.
    pub async fn end(&self, world: &World, service: &Service, label: &str) {
        let mut answer = self.redeem(service).await;
        while failed(&answer) {
            moment().await;
            answer = self.redeem(service).await;
        }
        match answer.0 {
            200 => assert_eq!(answer.1["failed"], json!([]), "{label}"),
            // All was done before, but for saying so.
            _ => assert_eq!(errcode(&answer), (400, "ALREADY_REDEEMED"), "{label}: {answer:?}"),
        }
        self.is_in_once(world, label).await;
        let token = self.token(service).await;
        assert_eq!(
            (&token["accepted_count"], &token["uses_left"]),
            (&json!(1), &json!(0)),
            "{label}: one place, taken once"
        );
        assert_eq!(errcode(&self.redeem(service).await), (400, "ALREADY_REDEEMED"), "{label}");
    }

    pub async fn is_in_once(&self, world: &World, label: &str) {
        let joined = world.joined_rooms(&self.guest).await;
        let (rooms, chats): (Vec<String>, Vec<String>) = joined.into_iter().partition(|room| self.rooms.contains(room));
        assert_eq!(sorted(rooms), sorted(self.rooms.clone()), "{label}");
        assert_eq!(chats.len(), 1, "{label}: one chat");
        assert_eq!(world.direct(&self.guest).await, json!({&self.owner.id: chats}), "{label}");
    }

    /// The invite, as its owner sees it.
    async fn token(&self, service: &Service) -> Value {
        service.token(&self.owner, &self.code).await.1["token"].clone()
    }
}

/// What is at the other end of a wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Behind {
    Homeserver,
    Database,
}

/// A configuration with a wire in front of one of the two.
async fn wired(world: &World, behind: Behind) -> (Setup, Wire) {
    let engine = match behind {
        Behind::Homeserver => Engine::Sqlite,
        Behind::Database => Engine::Postgres,
    };
    let mut setup = Setup::new(world, Acting::Appservice, engine).await;
    let wire = match behind {
        Behind::Homeserver => {
            let wire = Wire::before(world.homeserver.trim_start_matches("http://").trim_end_matches('/'));
            setup.set("HOMESERVER_URL", &format!("http://{}", wire.address()));
            wire
        }
        Behind::Database => {
            let (_, url) = setup.variables.iter().find(|(name, _)| name == "SUPER_INVITES_SQL_URL").unwrap().clone();
            let (user, rest) = url.split_once('@').unwrap();
            let (address, database) = rest.split_once('/').unwrap();
            let wire = Wire::before(address);
            setup.set("SQL_URL", &format!("{user}@{}/{database}", wire.address()));
            wire
        }
    };
    (setup, wire)
}

/// Redeems over a wire on which bytes pass slowly: that is all that comes of it.
async fn slowly(behind: Behind, flow: Flow) {
    let world = World::new().await;
    let (setup, wire) = wired(&world, behind).await;
    let service = setup.start().await;
    let scene = Scene::new(&world, &service).await;
    wire.flow(flow);
    let answer = scene.redeem(&service).await;
    assert_eq!((answer.0, &answer.1["failed"]), (200, &json!([])), "{answer:?}");
    scene.believe(&world, &answer, "slowly").await;
    wire.heal();
    scene.end(&world, &service, "slowly").await;
}

/// Redeems over a wire that is cut at this piece, and again when it is whole. Whether there were so many pieces.
async fn cut_at(world: &World, behind: Behind, cut: Cut, piece: u32) -> bool {
    let (setup, wire) = wired(world, behind).await;
    let service = setup.start().await;
    let scene = Scene::new(world, &service).await;
    let label = format!("{behind:?} {cut:?} {piece}");
    wire.cut_at(piece, cut);
    let answer = scene.redeem(&service).await;
    let was_cut = !wire.is_cut_due();
    wire.heal();
    scene.believe(world, &answer, &label).await;
    if behind == Behind::Database {
        // Long enough that no chat can be on its way any more: the homeserver has answered everything.
        service.pass(20_000);
    }
    scene.end(world, &service, &label).await;
    was_cut
}

/// The same at each of these pieces. How many a redemption takes is not the same each time: most of the cuts have to come, or nothing is shown.
async fn cut_at_each(behind: Behind, cut: Cut, pieces: &[u32]) {
    let world = World::new().await;
    let cuts = join_all(pieces.iter().map(|piece| cut_at(&world, behind, cut, *piece))).await;
    let came = cuts.iter().filter(|came| **came).count();
    assert!(came > pieces.len() / 2, "{behind:?} {cut:?}: only {came} of {} cuts came", pieces.len());
}

/// Connections that end in one direction at each of these pieces, in either.
async fn half_closed_at(behind: Behind, pieces: &[u32]) {
    for way in [Way::There, Way::Back] {
        cut_at_each(behind, Cut::HalfClose(way), pieces).await;
    }
}

#[tokio::test]
async fn a_homeserver_of_which_few_bytes_come_at_a_time_is_understood() {
    slowly(Behind::Homeserver, Flow::Trickling(32)).await;
}

#[tokio::test]
async fn connections_to_the_homeserver_that_are_reset_anywhere_cost_one_try() {
    cut_at_each(Behind::Homeserver, Cut::Reset, &[1, 2, 4, 7, 10, 13, 16, 19, 22, 26, 30, 35]).await;
}

#[tokio::test]
async fn a_connection_to_the_homeserver_that_is_half_closed_anywhere_costs_one_try() {
    half_closed_at(Behind::Homeserver, &[1, 3, 5, 7, 9, 11, 13, 15]).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_slow_database_costs_time_and_nothing_else() {
    slowly(Behind::Database, Flow::Late(Duration::from_millis(5))).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn connections_to_the_database_that_are_reset_anywhere_cost_one_try() {
    cut_at_each(Behind::Database, Cut::Reset, &[1, 4, 9, 18, 30, 50, 80, 120]).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_connection_to_the_database_that_is_half_closed_anywhere_costs_one_try() {
    half_closed_at(Behind::Database, &[2, 11, 27, 55]).await;
}

/// How a database can be away.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Away {
    /// Nobody answers.
    Silent,
    /// Nobody is there.
    Gone,
}

/// Lets the database go away in the middle of a redemption, and come back.
async fn without_database(away: Away) {
    let world = World::new().await;
    let (mut setup, wire) = wired(&world, Behind::Database).await;
    let proxy = Proxy::start(&world).await;
    setup.set("HOMESERVER_URL", &proxy.url).set("ENABLE_WEB", "true").set("SITE_DIR", "/nowhere");
    let service = setup.start().await;
    let scene = Scene::new(&world, &service).await;
    let Scene { owner, guest, code, .. } = &scene;
    let page = format!("/i/{code}");
    assert_eq!(Browser::new(&service).get(&page).await.status, 200);

    proxy.fail(Method::POST, "/join", 0, 1, Fault::Held);
    let meanwhile = async {
        timeout(ANSWERS, proxy.struck()).await.expect("it comes so far");
        match away {
            Away::Silent => wire.flow(Flow::Swallowed),
            Away::Gone => {
                wire.refuse().await;
                wire.reset();
            }
        }
        // They are in now, which cannot be noted.
        proxy.release();
        let asked = [
            (Method::GET, format!("info?token={code}"), guest, Value::Null),
            (Method::GET, "tokens".to_owned(), owner, Value::Null),
            (Method::POST, "tokens".to_owned(), owner, json!({"rooms": [], "create_dm": true})),
        ];
        let ask = asked.into_iter().map(async |(method, path, person, body)| {
            let answer = service.ask(method, &path, person, body).await;
            assert!(failed(&answer), "{path}: {answer:?}");
        });
        join_all(ask).await;
        let status = Browser::new(&service).get(&page).await.status;
        assert!(status >= 500, "{status}");
    };
    let (answer, ()) = tokio::join!(scene.redeem(&service), meanwhile);
    assert!(failed(&answer), "{answer:?}");

    wire.heal();
    if away == Away::Gone {
        wire.listen();
    }
    scene.end(&world, &service, "without a database").await;
    assert_eq!(service.info(guest, code).await.1["has_redeemed"], true);
    assert_eq!(service.ask(Method::GET, "tokens", owner, Value::Null).await.0, 200);
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_database_that_does_not_answer_is_given_up_and_asked_again() {
    without_database(Away::Silent).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_database_that_is_gone_is_told_as_a_failure_and_found_again() {
    without_database(Away::Gone).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_database_that_crashes_in_the_middle_of_redemptions_loses_and_doubles_nothing() {
    let world = World::new().await;
    let mut database = Postgres::start().await;
    let proxy = Proxy::start(&world).await;
    let mut setup = Setup::new(&world, Acting::Appservice, Engine::Sqlite).await;
    let service = setup.set("HOMESERVER_URL", &proxy.url).set("SQL_URL", &database.url()).start().await;
    let scenes = join_all((0..6).map(|_| Scene::new(&world, &service))).await;

    proxy.fail(Method::POST, "/join", 4, 1, Fault::Held);
    let crash = async {
        timeout(ANSWERS, proxy.struck()).await.expect("it comes so far");
        database.stop().await;
        // Somebody is in now, which cannot be noted before the database is back.
        proxy.release();
        database.start_again().await;
    };
    let (answers, ()) = tokio::join!(join_all(scenes.iter().map(|scene| scene.redeem(&service))), crash);
    for (scene, answer) in scenes.iter().zip(&answers) {
        scene.believe(&world, answer, "during the crash").await;
    }
    join_all(scenes.iter().map(|scene| scene.end(&world, &service, "after the crash"))).await;
    service.stop().await;
    database.stop().await;
}

/// Waits until two instances listen to what others tell.
async fn two_listen(database: &Postgres) {
    const LISTEN: &str =
        "SELECT COUNT(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN \"super_invites_redemptions\"%'";
    let pool = PgPool::connect(&database.url()).await.unwrap();
    loop {
        let listen: i64 = sqlx::query_scalar(LISTEN).fetch_one(&pool).await.unwrap();
        if listen == 2 {
            return pool.close().await;
        }
        moment().await;
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn instances_tell_each_other_again_after_the_database_has_crashed() {
    let world = World::new().await;
    let mut database = Postgres::start().await;
    let mut setup = with_pages(&world, Acting::Appservice, Engine::Sqlite).await;
    setup.set("SQL_URL", &database.url());
    let (one, two) = tokio::join!(setup.start(), setup.start());
    two_listen(&database).await;
    database.stop().await;
    database.start_again().await;
    two_listen(&database).await;

    let mut third = PgListener::connect(&database.url()).await.unwrap();
    third.listen("super_invites_redemptions").await.unwrap();
    let (ben, _, code, watch) = holder(&world, &two).await;
    let mut watcher = sent(&two, &watch).await;
    read_until(&mut watcher, "event: progress").await;
    assert_eq!(one.redeem(&ben, &code).await.0, 200);
    let told = timeout(ANSWERS, third.recv()).await.expect("it is told").unwrap();
    assert_eq!(told.payload(), format!("{code}\n{}", ben.id));
    read_until(&mut watcher, "event: end").await;
    drop((watcher, third));
    tokio::join!(one.stop(), two.stop());
    database.stop().await;
}

#[tokio::test]
async fn a_full_disk_takes_nothing_more_and_harms_nothing_that_is_there() {
    let world = World::new().await;
    let setup = with_pages(&world, Acting::Appservice, Engine::Sqlite).await;
    let service = setup.start().await;
    let mut scenes = Vec::new();
    for _ in 0..8 {
        scenes.push(Scene::new(&world, &service).await);
    }
    let (anna, open) = (&scenes[0].owner, service.invite(&scenes[0].owner, &[], true).await);
    // Everything is in the database then, and its log is empty.
    service.stop().await;
    let (service, mut process) = setup.spawn_with_files_of(512).await;
    let mut statuses = Vec::new();
    for scene in &scenes {
        let answer = scene.redeem(&service).await;
        scene.believe(&world, &answer, "with a full disk").await;
        statuses.push(answer.0);
    }
    assert!(statuses.contains(&500), "there is always room: {statuses:?}");
    for Scene { owner, guest, code, .. } in &scenes {
        assert_eq!(service.info(guest, code).await.1["rooms_count"], 3);
        assert_eq!(service.token(owner, code).await.1["token"]["token"], json!(code));
    }
    assert_eq!(Browser::new(&service).get(&format!("/i/{open}")).await.status, 200);
    assert_eq!(service.token(anna, &open).await.1["token"]["accepted_count"], 0);
    process.kill().await.unwrap();

    let tables = tables(&setup).await;
    let sound: String = sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&tables).await.unwrap();
    assert_eq!(sound, "ok");
    tables.close().await;
    let (service, _process) = setup.spawn().await;
    join_all(scenes.iter().map(|scene| scene.end(&world, &service, "with room again"))).await;
}

/// A service's tables in SQLite.
async fn tables(setup: &Setup) -> SqlitePool {
    SqlitePool::connect(&format!("sqlite://{}", setup.folder.join("test.db").display())).await.unwrap()
}

/// Lets the clock jump in the middle of a redemption, which ends well all the same, and tells what its owner sees then.
async fn jump(milliseconds: i64) -> Value {
    const UNTIL: &str = "SELECT until FROM leases WHERE name = $1";
    let world = World::new().await;
    let proxy = Proxy::start(&world).await;
    let mut setup = Setup::new(&world, Acting::Appservice, Engine::Sqlite).await;
    let service = setup.set("HOMESERVER_URL", &proxy.url).start().await;
    let scene = Scene::new(&world, &service).await;
    let tables = tables(&setup).await;
    let lease = format!("redeem:{}", scene.guest.id);

    proxy.fail(Method::POST, "/join", 0, 1, Fault::Held);
    let meanwhile = async {
        timeout(ANSWERS, proxy.struck()).await.expect("it comes so far");
        service.pass(milliseconds);
        // Until whoever is at work has said by the new clock that they are.
        loop {
            let until: Option<i64> = sqlx::query_scalar(UNTIL).bind(&lease).fetch_optional(&tables).await.unwrap();
            if (until.unwrap_or_default() - service.now()).abs() < HOUR / 2 {
                break;
            }
            moment().await;
        }
        proxy.release();
    };
    let (answer, ()) = tokio::join!(scene.redeem(&service), meanwhile);
    assert_eq!((answer.0, &answer.1["failed"]), (200, &json!([])), "{answer:?}");
    scene.is_in_once(&world, "after the jump").await;
    assert_eq!(errcode(&scene.redeem(&service).await), (400, "ALREADY_REDEEMED"));
    scene.token(&service).await
}

#[tokio::test]
async fn a_redemption_goes_on_when_the_clock_jumps_forward() {
    assert_eq!(jump(HOUR).await["accepted_count"], 1);
}

#[tokio::test]
async fn a_redemption_goes_on_when_the_clock_jumps_back() {
    let token = jump(-HOUR).await;
    assert_eq!((&token["accepted_count"], &token["uses_left"]), (&json!(1), &json!(0)));
}

#[tokio::test]
async fn a_chat_is_not_waited_for_until_the_clock_has_caught_up() {
    let world = World::new().await;
    let proxy = Proxy::start(&world).await;
    let mut setup = Setup::new(&world, Acting::Appservice, Engine::Sqlite).await;
    let service = setup.set("HOMESERVER_URL", &proxy.url).start().await;
    let scene = Scene::new(&world, &service).await;
    proxy.fail(Method::POST, "/createRoom", 0, 1, Fault::BadGateway);
    assert_eq!(errcode(&scene.redeem(&service).await), (503, "M_UNKNOWN"));
    service.pass(-HOUR / 2);
    let answer = scene.redeem(&service).await;
    assert_eq!((answer.0, &answer.1["failed"]), (200, &json!([])), "{answer:?}");
    scene.end(&world, &service, "after the jump").await;
}

const MINUTE: i64 = 60_000;

#[tokio::test]
async fn a_clock_that_jumps_forward_takes_no_place_from_whoever_is_being_let_in() {
    let world = World::new().await;
    let proxy = Proxy::start(&world).await;
    let mut setup = Setup::new(&world, Acting::Appservice, Engine::Sqlite).await;
    let service = setup.set("HOMESERVER_URL", &proxy.url).start().await;
    let scene = Scene::new(&world, &service).await;
    proxy.fail(Method::POST, "/join", 0, 1, Fault::Held);
    let meanwhile = async {
        timeout(ANSWERS, proxy.struck()).await.expect("it comes so far");
        // Several times: whether the house is kept before whoever is at work has said so by the new clock is chance.
        for _ in 0..2 {
            let body = json!({"rooms": [], "create_dm": true, "expires_at": service.now() + 5 * MINUTE});
            let ends = service.create(&scene.owner, body).await["token"]["token"].as_str().unwrap().to_owned();
            service.pass(20 * MINUTE);
            // The house has been kept once its registration token is gone.
            while world.registration_token(&ends).await == 200 {
                moment().await;
            }
        }
        proxy.release();
    };
    let (answer, ()) = tokio::join!(scene.redeem(&service), meanwhile);
    assert_eq!((answer.0, &answer.1["failed"]), (200, &json!([])), "{answer:?}");
    let token = scene.token(&service).await;
    assert_eq!((&token["accepted_count"], &token["uses_left"]), (&json!(1), &json!(0)));
}

#[tokio::test]
async fn a_lease_of_somebody_who_died_ends_soon_also_when_the_clock_jumps_back() {
    let world = World::new().await;
    let setup = Setup::new(&world, Acting::Appservice, Engine::Sqlite).await;
    let service = setup.start().await;
    let scene = Scene::new(&world, &service).await;
    // As left by another instance that was killed before the clock jumped.
    let (name, until) = (format!("redeem:{}", scene.guest.id), service.now() + HOUR);
    setup.execute(&format!("INSERT INTO leases (name, holder, until) VALUES ('{name}', 'other', {until})")).await;
    let answer = scene.redeem(&service).await;
    assert_eq!((answer.0, &answer.1["failed"]), (200, &json!([])), "{answer:?}");
}

#[tokio::test]
async fn what_was_done_before_the_clock_jumped_back_makes_nobody_wait() {
    let world = World::new().await;
    let service = Service::usual(&world).await;
    let (first, second) = (Scene::new(&world, &service).await, Scene::new(&world, &service).await);
    assert_eq!(first.redeem(&service).await.0, 200);
    service.pass(-2 * HOUR);
    let answer = second.redeem(&service).await;
    assert_eq!((answer.0, &answer.1["failed"]), (200, &json!([])), "{answer:?}");
}

#[tokio::test]
async fn a_disk_that_has_room_again_is_written_to_without_a_new_start() {
    let world = World::new().await;
    let setup = Setup::new(&world, Acting::Appservice, Engine::Sqlite).await;
    let service = setup.start().await;
    let owner = world.person("owner").await;
    service.stop().await;
    let (service, process) = setup.spawn_with_files_of(512).await;
    let invite = async || service.post(&owner, json!({"rooms": [], "create_dm": true})).await;
    while invite().await.0 == 200 {}
    // Each of its connections has met the full disk.
    let met = join_all((0..20).map(|_| invite())).await;
    assert!(met.iter().any(failed), "{met:?}");
    let process = process.id().unwrap().to_string();
    let room = ["--pid", &process, "--fsize=unlimited"];
    assert!(tokio::process::Command::new("prlimit").args(room).status().await.unwrap().success());
    for answer in join_all((0..20).map(|_| invite())).await {
        assert_eq!(answer.0, 200, "{answer:?}");
    }
}
