//! An older copy of the database takes the place of the current one (`docs/data.md`).

use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, ConnectOptions, Executor, sqlite::SqliteConnectOptions};

use crate::support::{Acting, Engine, Setup, World, moment, run};

impl Setup {
    async fn copy_to(&self, copy: &str) {
        let (from, to) = (self.folder.join("test.db"), self.folder.join(copy));
        let mut connection = SqliteConnectOptions::new().filename(from).connect().await.unwrap();
        connection.execute(AssertSqlSafe(format!("VACUUM INTO '{}'", to.display()))).await.unwrap();
    }

    fn restore(&self, copy: &str) {
        for beside in ["test.db-wal", "test.db-shm"] {
            std::fs::remove_file(self.folder.join(beside)).ok();
        }
        std::fs::rename(self.folder.join(copy), self.folder.join("test.db")).unwrap();
    }
}

#[tokio::test]
async fn an_older_copy_is_started_from_and_lets_in_no_more_than_it_knows_places_for() {
    let world = World::new().await;
    let setup = Setup::new(&world, Acting::Appservice, Engine::Sqlite).await;
    let service = setup.start().await;
    let anna = world.person("anna").await;
    let mut people = Vec::new();
    for name in ["before", "lost", "after", "late"] {
        people.push(world.person(name).await);
    }
    let rooms = world.rooms(&anna, 1).await;
    let made = service.create(&anna, json!({"rooms": rooms, "max_uses": 2})).await;
    let code = made["token"]["token"].as_str().unwrap();
    assert_eq!(service.redeem(&people[0], code).await.0, 200);
    // The service is running meanwhile.
    setup.copy_to("backup.db").await;
    assert_eq!(service.redeem(&people[1], code).await.0, 200);
    let unknown = service.invite(&anna, &rooms, false).await;
    service.stop().await;

    setup.restore("backup.db");
    let service = setup.start().await;
    assert_eq!(service.redeem(&people[0], code).await.0, 400, "they are known");
    let one_more = service.redeem(&people[2], code).await.0;
    let too_many = service.redeem(&people[3], code).await.0;
    assert_eq!(one_more, 200, "the copy knows of one place");
    assert_ne!(too_many, 200);
    let token = &service.token(&anna, code).await.1["token"];
    assert_eq!((&token["accepted_count"], &token["uses_left"]), (&json!(2), &json!(0)));
    // What was made since is unknown, and so is that its registration token has to end.
    assert_ne!(service.info(&people[3], &unknown).await.0, 200);
    assert_eq!(world.registration_token(&unknown).await, 200);
}

#[tokio::test]
async fn registration_tokens_follow_an_older_copy_once_they_are_all_due() {
    let world = World::new().await;
    let setup = Setup::new(&world, Acting::Appservice, Engine::Sqlite).await;
    let service = setup.start().await;
    let anna = world.person("anna").await;
    let rooms = world.rooms(&anna, 1).await;
    let code = service.invite(&anna, &rooms, false).await;
    assert_eq!(world.registration_token(&code).await, 200);
    setup.copy_to("backup.db").await;
    assert_eq!(service.delete(&anna, &code).await.0, 200);
    while world.registration_token(&code).await == 200 {
        moment().await;
    }
    service.stop().await;

    setup.restore("backup.db");
    setup.execute("DELETE FROM keys WHERE name IN ('token rules', 'share folder')").await;
    let service = setup.start().await;
    while world.registration_token(&code).await != 200 {
        moment().await;
    }
    let (_, list) = service.ask(Method::GET, "tokens", &anna, Value::Null).await;
    assert_eq!(list["tokens"].as_array().unwrap().len(), 1, "the invite is there again");
}

/// Runs a program of PostgreSQL's, which Debian keeps in a folder of its own.
async fn postgresql(program: &str, arguments: &[&str]) {
    let versions = std::fs::read_dir("/usr/lib/postgresql").unwrap().map(|version| version.unwrap().path());
    let program = versions.max().unwrap().join("bin").join(program);
    let output = tokio::process::Command::new(program).args(arguments).output().await.unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_dump_of_postgresql_is_started_from() {
    let world = World::new().await;
    let mut setup = Setup::new(&world, Acting::Appservice, Engine::Postgres).await;
    let service = setup.start().await;
    let (anna, ben) = (world.person("anna").await, world.person("ben").await);
    let rooms = world.rooms(&anna, 1).await;
    let code = service.invite(&anna, &rooms, false).await;
    let url = setup.variables.iter().find(|(name, _)| name == "SUPER_INVITES_SQL_URL").unwrap().1.clone();
    let (from, dump) = (url.replace("+psycopg2", ""), setup.folder.join("dump").display().to_string());
    // The service is running meanwhile.
    postgresql("pg_dump", &["--format=custom", &format!("--file={dump}"), &from]).await;
    service.stop().await;

    let to = format!("{from}_restored");
    let name = to.rsplit('/').next().unwrap();
    setup.execute(&format!("CREATE DATABASE {name}")).await;
    postgresql("pg_restore", &["--no-owner", &format!("--dbname={to}"), &dump]).await;
    postgresql("psql", &["--quiet", "--command=DELETE FROM keys WHERE name IN ('token rules', 'share folder')", &to])
        .await;
    setup.set("SQL_URL", &to);
    let service = setup.start().await;
    assert_eq!(service.redeem(&ben, &code).await.0, 200);
    assert_eq!(service.token(&anna, &code).await.1["token"]["accepted_count"], 1);
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused_and_left_as_it_is() {
    let world = World::new().await;
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let setup = Setup::new(&world, Acting::Appservice, engine).await;
        setup.start().await.stop().await;
        setup
            .execute(
                "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
                 SELECT 9999, 'tomorrow', success, checksum, execution_time FROM _sqlx_migrations WHERE version = 1",
            )
            .await;
        let (ok, text) = run(&setup, &["serve"]).await;
        assert!(!ok && !text.contains("panicked"), "{text}");
        setup.execute("DELETE FROM _sqlx_migrations WHERE version = 9999").await;
        setup.start().await.stop().await;
    }
}
