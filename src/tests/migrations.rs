//! Databases that older versions have filled are migrated without loss.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, ConnectOptions, Executor, PgPool, sqlite::SqliteConnectOptions};

use crate::support::{Acting, Browser, Engine, Person, Service, Setup, World, errcode, moment, now, sent, with_pages};

/// The data of the second version: `OWNER` and `GUEST` have an open invite with a label, one that ended without its
/// registration token, and one that was redeemed completely by one person and not at all by another.
const FILLED: &str = "
    INSERT INTO invites (code, owner, chat, registration, registration_token, created_at, changed_at, deleted_at, label, show_rooms) VALUES
        ('CODE-open', 'OWNER', FALSE, TRUE, 'ours', MADE, MADE, NULL, 'Garden party', TRUE),
        ('CODE-ended', 'OWNER', FALSE, TRUE, 'ours', 2000, 3000, 3000, NULL, FALSE),
        ('CODE-used', 'OWNER', FALSE, FALSE, 'none', 1000, 1000, NULL, NULL, FALSE);
    INSERT INTO owners (owner, version) VALUES ('OWNER', 7);
    INSERT INTO invite_rooms (code, room, position) VALUES ('CODE-open', 'ROOM', 0), ('CODE-used', 'ROOM', 0);
    INSERT INTO redemptions (code, redeemer, started_at, came_at, completed_at) VALUES
        ('CODE-used', 'GUEST', 1500, 1600, 1700), ('CODE-used', '@banned:test', 1500, NULL, NULL);
    INSERT INTO outcomes (code, redeemer, room, joined, reason, errcode, at) VALUES
        ('CODE-used', 'GUEST', 'ROOM', TRUE, NULL, NULL, 1600),
        ('CODE-used', '@banned:test', 'ROOM', FALSE, 'You are banned from this room.', 'M_FORBIDDEN', 1600);
";

impl Setup {
    /// Fills the database as a version did, counted from 1.
    async fn fill_as(&self, version: i64, data: &str) {
        let url = &self.variables.iter().find(|(name, _)| name == "SUPER_INVITES_SQL_URL").unwrap().1;
        let migrator = sqlx::migrate!();
        let before = || migrator.iter().filter(|migration| migration.version <= version);
        let script: String = before().map(|migration| migration.sql.as_str()).chain([data]).collect();
        // The table in which sqlx records which migrations have run.
        let notes = "CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL,
            installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, success BOOLEAN NOT NULL, checksum BLOB NOT NULL,
            execution_time BIGINT NOT NULL);";
        let done: String = before()
            .map(|migration| {
                let sum: String = migration.checksum.iter().map(|byte| format!("{byte:02x}")).collect();
                format!(
                    "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
                     VALUES ({}, '{}', TRUE, BYTES{sum}', 0);",
                    migration.version, migration.description
                )
            })
            .collect();
        let all = [script, notes.to_owned(), done].concat();
        let sqlite = url.starts_with("sqlite:");
        let all = match sqlite {
            true => all.replace("BYTES", "X'"),
            false => all.replace("BYTES", "'\\x").replace("BLOB", "BYTEA").replace("TIMESTAMP NOT", "TIMESTAMPTZ NOT"),
        };
        self.execute(&all).await;
    }

    /// Whether this service has created its tables.
    pub async fn has_our_tables(&self) -> bool {
        const OURS: &str = "SELECT COUNT(*) FROM redemptions";
        let url = &self.variables.iter().find(|(name, _)| name == "SUPER_INVITES_SQL_URL").unwrap().1;
        match url.strip_prefix("sqlite:///") {
            Some(path) => {
                let mut connection = SqliteConnectOptions::new().filename(path).connect().await.unwrap();
                connection.execute(OURS).await.is_ok()
            }
            None => {
                let pool = PgPool::connect(&url.replace("postgresql+psycopg2://", "postgresql://")).await.unwrap();
                pool.execute(OURS).await.is_ok()
            }
        }
    }

    /// Runs SQL in the service's database, before the service does.
    pub async fn execute(&self, sql: &str) {
        let url = &self.variables.iter().find(|(name, _)| name == "SUPER_INVITES_SQL_URL").unwrap().1;
        match url.strip_prefix("sqlite:///") {
            Some(path) => {
                let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
                let mut connection = options.connect().await.unwrap();
                connection.execute(AssertSqlSafe(sql)).await.unwrap();
            }
            None => {
                let pool = PgPool::connect(&url.replace("postgresql+psycopg2://", "postgresql://")).await.unwrap();
                pool.execute(AssertSqlSafe(sql)).await.unwrap();
            }
        }
    }
}

/// The service on a database that the second version has filled.
struct Filled {
    service: Service,
    owner: Person,
    guest: Person,
    room: String,
    code: String,
    made: i64,
}

impl Filled {
    async fn new(world: &World, engine: Engine) -> Self {
        Self::with_others(world, engine, 0).await.0
    }

    /// The same, with so many other instances of the service that start at the same time.
    async fn with_others(world: &World, engine: Engine, others: usize) -> (Self, Vec<Service>) {
        let setup = Setup::new(world, Acting::Appservice, engine).await;
        let (owner, guest) = (world.person("owner").await, world.person("guest").await);
        let room = world.rooms(&owner, 1).await.remove(0);
        let code = crate::support::unique("old");
        for name in ["open", "ended"] {
            let body = json!({"token": format!("{code}-{name}")});
            let path = "/_synapse/admin/v1/registration_tokens/new";
            assert_eq!(world.as_admin(Method::POST, path, body).await.0, 200);
        }
        let filled = FILLED.replace("CODE", &code).replace("OWNER", &owner.id).replace("GUEST", &guest.id);
        let made = now() - 1000;
        setup.fill_as(2, &filled.replace("ROOM", &room).replace("MADE", &made.to_string())).await;
        let mut services = join_all((0..=others).map(|_| setup.start())).await;
        let service = services.remove(0);
        (Self { service, owner, guest, room, code, made }, services)
    }
}

#[tokio::test]
async fn a_database_of_the_version_before_loses_nothing() {
    let world = World::new().await;
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let Filled { service, owner, code, made, .. } = Filled::new(&world, engine).await;
        let (_, list) = service.ask(Method::GET, "tokens", &owner, Value::Null).await;
        let tokens = list["tokens"].as_array().unwrap();
        assert_eq!(tokens.len(), 2);
        let (used, open) = (&tokens[0], &tokens[1]);
        assert_eq!(
            (&open["label"], &open["state"], &open["created_at"]),
            (&json!("Garden party"), &json!("open"), &json!(made))
        );
        assert_eq!(used["accepted_count"], 1);
        let ended = format!("{code}-ended");
        assert_eq!(errcode(&service.post(&owner, json!({"token": ended})).await).0, 409);
        while world.registration_token(&ended).await == 200 {
            moment().await;
        }
        assert_eq!(world.registration_token(&format!("{code}-open")).await, 200);
    }
}

#[tokio::test]
async fn instances_that_start_at_once_migrate_a_database_of_an_older_version_once() {
    let world = World::new().await;
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let (Filled { service, owner, room, code, .. }, others) = Filled::with_others(&world, engine, 2).await;
        let used = format!("{code}-used");
        service.create(&owner, json!({"token": used, "rooms": [room], "max_uses": 2})).await;
        for instance in others.iter().chain([&service]) {
            let (_, list) = instance.ask(Method::GET, "tokens", &owner, Value::Null).await;
            assert_eq!(list["tokens"].as_array().map(Vec::len), Some(2));
            let token = instance.token(&owner, &used).await.1["token"].clone();
            assert_eq!((&token["accepted_count"], &token["uses_left"]), (&json!(1), &json!(1)));
        }
    }
}

#[tokio::test]
async fn people_who_joined_before_uses_were_counted_have_one_and_nobody_else() {
    let world = World::new().await;
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let Filled { service, owner, guest, room, code, .. } = Filled::new(&world, engine).await;
        let used = format!("{code}-used");
        let bounded = service.create(&owner, json!({"token": used, "rooms": [room], "max_uses": 2})).await;
        assert_eq!(bounded["token"]["uses_left"], 1);
        assert_eq!(errcode(&service.redeem(&guest, &used).await), (400, "ALREADY_REDEEMED"));
        let (_, came) = service.ask(Method::GET, &format!("redemptions?token={used}"), &owner, Value::Null).await;
        assert_eq!((&came["total"], &came["accepted_count"]), (&json!(2), &json!(1)));
    }
}

#[tokio::test]
async fn invites_made_before_they_had_numbers_get_them_by_age() {
    let world = World::new().await;
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let Filled { service, owner, room, .. } = Filled::new(&world, engine).await;
        let (_, into) = service
            .ask(Method::GET, &format!("rooms?room={}", crate::support::escaped(&room)), &owner, Value::Null)
            .await;
        let new = service.invite(&owner, std::slice::from_ref(&room), false).await;
        let found = service.ask(Method::GET, &format!("admin/invites?search={new}"), &world.admin, Value::Null).await.1;
        let mut numbers: Vec<i64> =
            into["invites"].as_array().unwrap().iter().map(|one| one["invite"].as_i64().unwrap()).collect();
        numbers.push(found["invites"][0]["invite"].as_i64().unwrap());
        numbers.sort_unstable();
        assert_eq!(numbers, [1, 3, 4], "by age, and the new one after them");
    }
}

/// The data of the fourth version: an invite that its owner has paused, one that an admin has, and one through which
/// somebody joined, while others were banned or unlucky. `ACCOUNTS` says whether codes opened accounts then.
const CONTROLLED: &str = "
    INSERT INTO invites (code, owner, chat, registration, created_at, changed_at, number, paused_by) VALUES
        ('CODE-own', 'OWNER', TRUE, TRUE, 1000, 1000, 1, 'OWNER'), ('CODE-held', 'OWNER', TRUE, TRUE, 1000, 1000, 2, 'ADMIN'),
        ('CODE-used', 'OWNER', FALSE, TRUE, 1000, 1000, 3, NULL);
    UPDATE counters SET value = 3 WHERE name = 'invites';
    INSERT INTO invite_rooms (code, room, position) VALUES ('CODE-used', '!one:test', 0), ('CODE-used', '!two:test', 1);
    INSERT INTO redemptions (code, redeemer, started_at, came_at, use_at) VALUES
        ('CODE-used', 'BANNED', 1500, 1600, 1500), ('CODE-used', 'UNLUCKY', 1500, 1600, 1500);
    INSERT INTO outcomes (code, redeemer, room, joined, reason, errcode, at) VALUES
        ('CODE-used', 'BANNED', '!one:test', TRUE, NULL, NULL, 1600),
        ('CODE-used', 'BANNED', '!two:test', FALSE, 'You are banned from this room.', 'M_BAD_STATE', 1600),
        ('CODE-used', 'UNLUCKY', '!one:test', TRUE, NULL, NULL, 1600),
        ('CODE-used', 'UNLUCKY', '!two:test', FALSE, 'The homeserver is busy. Please redeem the invite again in a moment.',
            'M_LIMIT_EXCEEDED', 1600);
    INSERT INTO keys (name, value) VALUES ('token rules', '(ACCOUNTS, None, None, Some(10), Some(7))');
";

#[tokio::test]
async fn pauses_reasons_and_accounts_stay_what_they_were() {
    let world = World::new().await;
    for (engine, accounts) in [(Engine::Sqlite, true), (Engine::Postgres, true), (Engine::Sqlite, false)] {
        let mut setup = Setup::new(&world, Acting::Appservice, engine).await;
        let (owner, banned, unlucky) =
            (world.person("owner").await, world.person("banned").await, world.person("unlucky").await);
        let code = crate::support::unique("old");
        let filled = CONTROLLED.replace("CODE", &code).replace("OWNER", &owner.id).replace("ADMIN", &world.admin.id);
        let filled = filled.replace("BANNED", &banned.id).replace("UNLUCKY", &unlucky.id);
        setup.fill_as(4, &filled.replace("ACCOUNTS", &accounts.to_string())).await;
        let service = setup.start().await;
        let state =
            async |name: &str| service.token(&owner, &format!("{code}-{name}")).await.1["token"]["state"].clone();
        assert_eq!((state("own").await, state("held").await), (json!("paused"), json!("paused_by_admin")));
        let resume = async |name: &str| {
            let body = json!({"token": format!("{code}-{name}"), "create_dm": true, "paused": false});
            service.post(&owner, body).await.0
        };
        assert_eq!((resume("own").await, resume("held").await), (200, 200));
        assert_eq!((state("own").await, state("held").await), (json!("open"), json!("paused_by_admin")));
        let used = format!("{code}-used");
        assert_eq!(service.info(&banned, &used).await.1["has_redeemed"], true);
        assert_eq!(service.info(&unlucky, &used).await.1["has_redeemed"], false);
        // If codes opened accounts before, existing ones continue to; if not, none of them begins to.
        let new = service.invite(&owner, &[], true).await;
        assert_eq!(world.registration_token(&new).await, 200);
        service.stop().await;
        let service = setup.set("POLICY", "{chosen_code_accounts: null, chosen_code_account_days: null}").start().await;
        let opens = async || world.registration_token(&used).await == 200;
        while accounts && !opens().await {
            moment().await;
        }
        assert_eq!(opens().await, accounts);
        service.stop().await;
    }
}

/// The data of the seventh version about somebody who has joined no room, and its audit log: sentences.
const WORDED: &str = "
    INSERT INTO invites (code, owner, chat, registration, created_at, changed_at, number) VALUES
        ('CODE', 'OWNER', FALSE, FALSE, 1000, 1000, 1);
    UPDATE counters SET value = 1 WHERE name = 'invites';
    INSERT INTO redemptions (code, redeemer, started_at) VALUES ('CODE', '@cleo:test', 1500);
    INSERT INTO outcomes (code, redeemer, room, joined, reason, errcode, at) VALUES
        ('CODE', '@cleo:test', '!banned:test', FALSE, 'You are banned from this room.', 'M_BAD_STATE', 1600),
        ('CODE', '@cleo:test', '!blocked:test', FALSE, 'The admins of this room do not let anybody in by this invite.', 'M_FORBIDDEN', 1600),
        ('CODE', '@cleo:test', '!odd:test', FALSE, 'No, thank you.', 'M_FORBIDDEN', 1600);
    INSERT INTO audit (at, id, actor, door, action, code, detail) VALUES
        (NOW, 'a', 'OWNER', 'api', 'created', 'CODE', '2 rooms, a direct chat');
";

#[tokio::test]
async fn what_older_versions_have_said_is_still_said() {
    let world = World::new().await;
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let setup = Setup::new(&world, Acting::Appservice, engine).await;
        let owner = world.person("owner").await;
        let code = crate::support::unique("old");
        let filled = WORDED.replace("CODE", &code).replace("OWNER", &owner.id);
        setup.fill_as(7, &filled.replace("NOW", &now().to_string())).await;
        let service = setup.start().await;
        let (_, came) = service.ask(Method::GET, &format!("redemptions?token={code}"), &owner, Value::Null).await;
        let failed = came["redemptions"][0]["failed"].as_array().unwrap();
        assert_eq!(
            failed.iter().map(|failed| failed["reason"].as_str().unwrap()).collect::<Vec<_>>(),
            [
                "You are banned from this room.",
                "The admins of this room do not let anybody in with this invite.",
                "No, thank you."
            ]
        );
        let url = format!("{}{}/admin/audit", service.url, crate::support::API);
        let log = sent(service.client.get(url).bearer_auth(&world.admin.token)).await.body;
        assert_eq!(serde_json::from_str::<Value>(&log).unwrap()["detail"], "2 rooms, a direct chat");
        service.stop().await;
    }
}

/// The data of the fourteenth version: two have created an account and come today. One of them has sent the form twice, and is banned from a room.
const TODAY: &str = "
    INSERT INTO invites (code, owner, chat, registration, created_at, changed_at, number, begun, came) VALUES
        ('CODE', '@owner:test', FALSE, FALSE, NOW, NOW, 1, 2, 2);
    UPDATE counters SET value = 1 WHERE name = 'invites';
    INSERT INTO redemptions (code, redeemer, started_at, came_at, use_at) VALUES
        ('CODE', '@ben:test', NOW, NOW, NOW), ('CODE', '@cleo:test', NOW, NOW, NOW);
    INSERT INTO arrivals (code, day, came) VALUES ('CODE', NOW / 86400000, 2);
    INSERT INTO outcomes (code, redeemer, room, joined, reason, errcode, at) VALUES
        ('CODE', '@ben:test', '!one:test', TRUE, NULL, NULL, NOW),
        ('CODE', '@ben:test', '!two:test', FALSE, 'banned', 'M_BAD_STATE', NOW),
        ('CODE', '@cleo:test', '!one:test', TRUE, NULL, NULL, NOW);
    INSERT INTO audit (at, id, actor, door, action, code) VALUES
        (NOW, 'a', '@ben:test', 'web', 'account_created', 'CODE'),
        (NOW, 'b', '@ben:test', 'web', 'account_created', 'CODE'),
        (NOW, 'c', '@cleo:test', 'web', 'account_created', 'CODE');
";

#[tokio::test]
async fn the_overview_still_knows_the_days_before() {
    let world = World::new().await;
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let setup = with_pages(&world, Acting::Appservice, engine).await;
        let filled = TODAY.replace("CODE", &crate::support::unique("old")).replace("NOW", &now().to_string());
        setup.fill_as(14, &filled).await;
        let service = setup.start().await;
        let mut browser = Browser::new(&service);
        browser.sign_in(&world.admin, "").await;
        let html = browser.get("/server/days").await.body;
        for (row, number) in [
            ("Invites created", 1),
            ("People joined", 2),
            ("Accounts created", 2),
            ("Rooms not joined", 1),
            ("Banned from the room", 1),
        ] {
            let row = format!("<th scope=\"row\">{row}</th>");
            let cells = html.split(&row).nth(1).and_then(|after| after.split("</tr>").next()).unwrap_or_default();
            // Whatever day it has become meanwhile.
            assert!(cells.contains(&format!("<td>{number}</td>")), "{row}: {cells}");
        }
        service.stop().await;
    }
}
