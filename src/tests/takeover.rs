//! Importing the database of the Python module `synapse_super_invites` 0.8.4, which the module itself fills inside a
//! Synapse of its own, on both engines.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    API, Acting, Browser, Engine, Person, Service, Setup, World, errcode, escaped, moment, run, unique, with_pages,
};

/// The module, as its clients know it.
struct Module<'a>(&'a World);

impl Module<'_> {
    async fn ask(&self, method: Method, path: &str, person: &Person, body: Value) -> (u16, Value) {
        self.0.ask(method, &format!("{API}/{path}"), &person.token, body).await
    }

    async fn create(&self, owner: &Person, body: Value) -> String {
        let (status, answer) = self.ask(Method::POST, "tokens", owner, body).await;
        assert_eq!(status, 200, "{answer}");
        answer["token"]["token"].as_str().unwrap().to_owned()
    }

    async fn redeem(&self, person: &Person, code: &str) -> (u16, Value) {
        self.ask(Method::POST, &format!("redeem?token={}", escaped(code)), person, json!({})).await
    }
}

async fn redeem(service: &Service, person: &Person, code: &str) -> (u16, Value) {
    service.redeem(person, &escaped(code)).await
}

async fn state(service: &Service, owner: &Person, code: &str) -> Value {
    service.token(owner, &escaped(code)).await.1["token"].clone()
}

#[tokio::test]
#[ignore = "needs the Python module"]
async fn nothing_of_the_modules_is_lost() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let (world, sql_url) = World::with_module(engine).await;
        let module = Module(&world);
        let owner = world.person("owner").await;
        let [all, before, banned, late] = ["all", "before", "banned", "late"].map(|name| world.person(name));
        let (all, before, banned, late) = (all.await, before.await, banned.await, late.await);
        let rooms = world.rooms(&owner, 2).await;
        let alias = unique("garden");
        let named = world.rooms(&owner, 1).await.remove(0);
        let path = format!("/_matrix/client/v3/directory/room/{}", escaped(&format!("#{alias}:test")));
        assert_eq!(world.ask(Method::PUT, &path, &owner.token, json!({"room_id": named})).await.0, 200);

        let code = module.create(&owner, json!({"rooms": rooms, "create_dm": true})).await;
        let with_alias = module.create(&owner, json!({"rooms": [format!("#{alias}:test")]})).await;
        let dead = module.create(&owner, json!({"rooms": rooms})).await;
        let ending = module.create(&owner, json!({"rooms": rooms})).await;
        let chosen = module.create(&owner, json!({"token": unique("chosen"), "rooms": rooms})).await;
        // SQLite does not enforce the length of a column.
        let times = if engine == Engine::Sqlite { 4 } else { 1 };
        let odd = format!("Sommer/fest ä 100%?#{}", unique("x").repeat(times));
        assert_eq!(module.create(&owner, json!({"token": odd, "rooms": [rooms[0]]})).await, odd);
        assert_eq!(module.ask(Method::DELETE, &format!("tokens?token={dead}"), &owner, Value::Null).await.0, 200);
        for person in [&before] {
            world.membership(&owner, &rooms[0], "invite", person).await;
            world.membership(person, &rooms[0], "join", person).await;
        }
        world.membership(&owner, &rooms[1], "ban", &banned).await;
        for person in [&all, &before, &banned] {
            assert_eq!(module.redeem(person, &code).await.0, 200);
        }
        // The module has opened accounts with each of the codes, and leaves the tokens of deleted codes open.
        for code in [&code, &dead] {
            assert_eq!(world.registration_token(code).await, 200);
        }

        let mut setup = with_pages(&world, Acting::Appservice, engine).await;
        let elsewhere = setup.clone();
        // A first start before everything is configured closes what deleted codes have left, but no token of a live
        // one.
        let unready = setup.set("SQL_URL", &sql_url).set("GENERATE_REGISTRATION_TOKEN", "false").start().await;
        while world.registration_token(&dead).await == 200 {
            moment().await;
        }
        unready.stop().await;
        let service = setup.set("GENERATE_REGISTRATION_TOKEN", "true").start().await;
        // Lists and counts.
        let (_, list) = service.ask(Method::GET, "tokens", &owner, Value::Null).await;
        assert_eq!(list["tokens"].as_array().unwrap().len(), 5, "{list}");
        let token = state(&service, &owner, &code).await;
        assert_eq!((&token["accepted_count"], &token["create_dm"]), (&json!(3), &json!(true)));
        assert!((0..600_000).contains(&(service.now() - token["created_at"].as_i64().unwrap())), "{token}");
        // People who joined before.
        for person in [&all, &before] {
            assert_eq!(errcode(&redeem(&service, person, &code).await), (400, "ALREADY_REDEEMED"));
            assert_eq!(service.info(person, &code).await.1["has_redeemed"], true);
        }
        let (_, came) = service.ask(Method::GET, &format!("redemptions?token={code}"), &owner, Value::Null).await;
        assert_eq!((&came["total"], &came["completed_count"]), (&json!(3), &json!(2)));
        assert!(came.to_string().contains("You are banned from this room."), "{came}");
        world.membership(&owner, &rooms[1], "unban", &banned).await;
        assert_eq!(
            redeem(&service, &banned, &code).await.1["failed"],
            json!([]),
            "the module would have refused for ever"
        );
        // A newcomer, and the page of somebody who has finished.
        assert_eq!(redeem(&service, &late, &code).await.1["failed"], json!([]));
        let mut browser = Browser::new(&service);
        browser.sign_in(&all, "").await;
        let page = browser.get(&format!("/i/{code}")).await;
        assert!(page.status == 200 && page.body.contains("You’re in, "), "{}", page.body);
        assert!(!page.body.contains("Waiting"), "which room the chat is the module has not noted");
        // An alias becomes the room's id as soon as the homeserver resolves it.
        assert_eq!(redeem(&service, &late, &with_alias).await.1["rooms"], json!([named]));
        assert_eq!(state(&service, &owner, &with_alias).await["rooms"], json!([named]));
        // Registration tokens are ours now: open ones stay, and end with their codes.
        world.register_with(&code).await.expect("it goes on opening accounts");
        assert_eq!(errcode(&service.post(&owner, json!({"token": dead})).await), (409, "M_INVALID_PARAM"));
        assert_eq!(redeem(&service, &late, &dead).await.0, 404);
        assert_eq!(service.delete(&owner, &with_alias).await.0, 200);
        while world.registration_token(&with_alias).await != 404 {
            moment().await;
        }

        a_code_that_this_service_would_not_make(&world, &service, &odd, &owner, [&all, &late], &rooms[0]).await;
        // Codes that the module has generated keep opening accounts, however old they are.
        service.pass(30 * 86_400_000);
        while world.registration_token(&chosen).await != 404 {
            moment().await;
        }
        world.register_with(&code).await.expect("nobody has chosen it");
        service.stop().await;

        // Back again: the module finds everything unchanged and continues, and what it adds is imported as well.
        let (_, list) = module.ask(Method::GET, "tokens", &owner, Value::Null).await;
        assert_eq!(list["tokens"].as_array().unwrap().len(), 5);
        let since = world.person("since").await;
        assert_eq!(module.redeem(&since, &code).await.0, 200);
        assert_eq!(module.ask(Method::DELETE, &format!("tokens?token={ending}"), &owner, Value::Null).await.0, 200);
        // Several instances may start at once.
        let (service, other) = tokio::join!(setup.start(), setup.start());
        other.stop().await;
        assert_eq!(errcode(&redeem(&service, &since, &code).await), (400, "ALREADY_REDEEMED"));
        assert_eq!(state(&service, &owner, &code).await["accepted_count"], 5);
        assert_eq!(service.token(&owner, &ending).await.0, 404);
        assert_eq!(service.token(&owner, &with_alias).await.0, 404, "what was deleted here stays deleted");
        service.stop().await;

        imported_elsewhere(&elsewhere, &sql_url, &all, &code).await;
    }
}

/// It opens accounts, can be paused, and has pages, like any other.
async fn a_code_that_this_service_would_not_make(
    world: &World,
    service: &Service,
    odd: &str,
    owner: &Person,
    [all, late]: [&Person; 2],
    room: &str,
) {
    // A token that the homeserver would not make again survives a pause.
    let pause = |paused: bool| json!({"token": odd, "rooms": [room], "paused": paused});
    world.register_with(odd).await.expect("it goes on");
    assert_eq!(service.post(owner, pause(true)).await.0, 200);
    while world.uses_allowed(&escaped(odd)).await != 1 {
        moment().await;
    }
    world.register_with(odd).await.expect_err("it is paused");
    assert_eq!(service.post(owner, pause(false)).await.0, 200);
    while world.uses_allowed(&escaped(odd)).await == 1 {
        moment().await;
    }
    world.register_with(odd).await.expect("it goes on");
    let path = app::landing_path(odd);
    let mut visitor = Browser::new(service);
    assert_eq!(visitor.get(&path).await.status, 200);
    let mut owners = Browser::new(service);
    owners.sign_in(owner, "").await;
    let own = app::invite_path(odd);
    for page in [own.clone(), format!("{own}/edit"), format!("{own}/delete"), format!("{own}/qr.svg")] {
        assert_eq!(owners.get(&page).await.status, 200, "{page}");
    }
    assert!(owners.get(&own).await.body.contains(&path), "its link is an address");
    let mut browser = Browser::new(service);
    browser.sign_in(late, &path).await;
    assert_eq!(browser.form(&path, "redeem", &[("code", odd)]).await.status, 303);
    assert_eq!(errcode(&redeem(service, late, odd).await), (400, "ALREADY_REDEEMED"));
    assert_eq!(service.info(all, &escaped(odd)).await.1["rooms_count"], 1);
}

/// Importing into another database: first as a dry run, then for real, then again.
async fn imported_elsewhere(elsewhere: &Setup, sql_url: &str, came: &Person, code: &str) {
    let import = async |more: &[&str]| {
        let arguments: Vec<&str> = ["import", "--from", sql_url].into_iter().chain(more.iter().copied()).collect();
        run(elsewhere, &arguments).await
    };
    let (ok, dry) = import(&["--dry-run"]).await;
    let (again, first) = import(&[]).await;
    assert!(ok && again && dry.starts_with("Would take over 6 invites, 2 of them deleted"), "{dry}");
    assert_eq!(first.replace("Took over", "Would take over").lines().next(), dry.lines().next());
    let (_, second) = import(&[]).await;
    assert!(second.starts_with("Took over 0 invites"), "{second}");
    let service = elsewhere.start().await;
    assert_eq!(errcode(&redeem(&service, came, code).await), (400, "ALREADY_REDEEMED"));
    service.stop().await;
}

/// A database as matrix-registration 0.9 creates it.
const MATRIX_REGISTRATION: &str = "CREATE TABLE ips (id INTEGER PRIMARY KEY, address VARCHAR(255));
    CREATE TABLE tokens (name VARCHAR(255) PRIMARY KEY, expiration_date TIMESTAMP, max_usage INTEGER, used INTEGER, disabled BOOLEAN);";

/// A database of matrix-registration with these tokens, and its address.
async fn matrix_registration(world: &World, engine: Engine, tokens: &str) -> (Setup, String) {
    let old = Setup::new(world, Acting::Appservice, engine).await;
    old.execute(&format!("{MATRIX_REGISTRATION} INSERT INTO tokens VALUES {tokens};")).await;
    let from = old.variables.iter().find(|(name, _)| name == "SUPER_INVITES_SQL_URL").unwrap().1.clone();
    (old, from)
}

async fn import_tokens(setup: &Setup, from: &str, owner: &str) -> (bool, String) {
    run(setup, &["import", "--from-matrix-registration", from, "--owner", owner]).await
}

#[tokio::test]
async fn tokens_of_matrix_registration_need_an_owner_of_this_server() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let world = World::new().await;
        let (_, from) = matrix_registration(&world, engine, "('some', NULL, 0, 0, FALSE)").await;
        let setup = Setup::new(&world, Acting::Appservice, engine).await;
        let (ok, text) = run(&setup, &["import", "--from-matrix-registration", &from]).await;
        assert!(!ok && text.contains("--owner"), "{text}");
        let (ok, text) = import_tokens(&setup, &from, "@anna:elsewhere").await;
        assert!(!ok && text.contains("@anna:elsewhere has no account on test"), "{text}");
    }
}

#[tokio::test]
async fn tokens_of_matrix_registration_become_somebodys_invites() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let world = World::new().await;
        let anna = world.person("anna").await;
        let [open, twice, used, late, ended] = ["Open", "Twice", "Used", "Late", "Ended"].map(unique);
        let tokens = format!(
            "('{open}', NULL, 0, 7, FALSE), ('{twice}', '2999-01-01 00:00:00', 3, 1, FALSE),
                ('{used}', NULL, 1, 1, FALSE), ('{late}', '2020-01-01 00:00:00.5', 0, 0, FALSE), ('{ended}', NULL, 0, 0, TRUE),
                ('not a name', NULL, 0, 0, FALSE)"
        );
        let (_, from) = matrix_registration(&world, engine, &tokens).await;
        let setup = Setup::new(&world, Acting::Appservice, engine).await;
        for (number, begin) in [(5, "Took over 5 invites, 3 of them deleted"), (0, "Took over 0 invites")] {
            let (ok, text) = import_tokens(&setup, &from, &anna.id).await;
            assert!(ok && text.starts_with(begin) && text.contains("1 invites were left out"), "{number}: {text}");
        }
        let service = setup.start().await;
        let (_, list) = service.ask(Method::GET, "tokens", &anna, Value::Null).await;
        assert_eq!(list["tokens"].as_array().unwrap().len(), 2, "{list}");
        for code in [&open, &twice, &twice] {
            while world.register_with(code).await.is_err() {
                moment().await;
            }
        }
        for code in [&twice, &used, &late, &ended] {
            world.register_with(code).await.expect_err("it opens no more");
        }
        assert_eq!(errcode(&service.post(&anna, json!({"token": used})).await), (409, "M_INVALID_PARAM"));
        service.stop().await;
    }
}

#[tokio::test]
async fn importing_tokens_again_does_not_undo_what_was_made_or_changed_here() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let world = World::new().await;
        let anna = world.person("anna").await;
        let [open, twice, mine] = ["Open", "Twice", "mine"].map(unique);
        let tokens = format!("('{open}', NULL, 0, 7, FALSE), ('{twice}', '2999-01-01 00:00:00', 3, 1, FALSE)");
        let (old, from) = matrix_registration(&world, engine, &tokens).await;
        let setup = Setup::new(&world, Acting::Appservice, engine).await;
        let (ok, text) = import_tokens(&setup, &from, &anna.id).await;
        assert!(ok && text.starts_with("Took over 2 invites"), "{text}");
        let service = setup.start().await;
        old.execute(&format!(
            "INSERT INTO tokens VALUES ('{mine}', NULL, 0, 0, TRUE);
             UPDATE tokens SET expiration_date = '2020-01-01 00:00:00' WHERE name = '{twice}'; UPDATE tokens SET disabled = TRUE WHERE name = '{open}';"
        ))
        .await;
        assert_eq!(service.post(&anna, json!({"token": mine})).await.0, 200);
        let (ok, text) = import_tokens(&setup, &from, &anna.id).await;
        assert!(
            ok && text.contains("1 invites were deleted since") && text.contains("1 codes are other invites"),
            "{text}"
        );
        assert_eq!(service.token(&anna, &mine).await.0, 200);
        assert_eq!(service.token(&anna, &twice).await.0, 200);
        assert_eq!(service.token(&anna, &open).await.0, 404);
        service.stop().await;
    }
}

#[tokio::test]
async fn what_is_not_the_modules_is_refused_by_name() {
    let world = World::new().await;
    for (tables, problem) in [
        (
            "CREATE TABLE events (id INTEGER); CREATE TABLE rooms (id INTEGER);",
            "another program: it has the tables events, rooms",
        ),
        (
            "CREATE TABLE alembic_version (version_num TEXT); INSERT INTO alembic_version VALUES ('f00');
             CREATE TABLE tokens (token TEXT); CREATE TABLE rooms (x TEXT); CREATE TABLE accepted (x TEXT);
             CREATE TABLE token_room_associations (x TEXT);",
            "not known (Alembic revision f00)",
        ),
        (
            "CREATE TABLE alembic_version (version_num TEXT); INSERT INTO alembic_version VALUES ('8c8c90d89eac');
             CREATE TABLE tokens (token TEXT); CREATE TABLE rooms (x TEXT); CREATE TABLE accepted (x TEXT);
             CREATE TABLE token_room_associations (x TEXT);",
            "perhaps half written",
        ),
        (
            "CREATE TABLE alembic_version (version_num TEXT); INSERT INTO alembic_version VALUES ('8c8c90d89eac');
             CREATE TABLE tokens (token TEXT);",
            "the table accepted is missing",
        ),
    ] {
        for engine in [Engine::Sqlite, Engine::Postgres] {
            let setup = Setup::new(&world, Acting::Appservice, engine).await;
            setup.execute(tables).await;
            let (ok, text) = run(&setup, &["serve"]).await;
            assert!(!ok && text.contains(problem), "{text}");
            assert_eq!(
                setup.has_our_tables().await,
                problem.contains("half written"),
                "nothing is put beside them: {text}"
            );
        }
    }
}
