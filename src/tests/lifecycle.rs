//! The service under a service manager: starting before or after its database, listening on a UNIX socket, reloading, stopping.

use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use tokio::{
    net::UnixDatagram,
    process::{Child, Command},
    time::timeout,
};

use crate::support::{ANSWERS, API, Acting, BOTH_WAYS, Engine, Person, Postgres, Setup, World, moment, plain, run};

/// A service as a process of its own, at a UNIX socket in its folder.
struct Running {
    setup: Setup,
    child: Child,
    socket: PathBuf,
}

impl Running {
    /// Starts it, and waits until it answers.
    async fn start(setup: &Setup, arguments: &[&str]) -> Self {
        let mut running = Self::spawn(setup, arguments);
        running.wait().await;
        running
    }

    fn spawn(setup: &Setup, arguments: &[&str]) -> Self {
        let mut setup = setup.clone();
        let socket = setup.folder.join("socket");
        setup.set("LISTEN", &format!("unix:{}", socket.display()));
        let mut command = setup.command("serve");
        let log = std::fs::File::create(setup.folder.join("log")).unwrap();
        let child = command.args(arguments).env_remove("RUST_LOG").stderr(log).kill_on_drop(true).spawn().unwrap();
        Self { setup, child, socket }
    }

    async fn wait(&mut self) {
        while !run(&self.setup, &["healthcheck"]).await.0 {
            assert!(self.child.try_wait().unwrap().is_none(), "it ended instead of starting: {}", self.log());
            moment().await;
        }
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.setup.folder.join("log")).unwrap()
    }

    async fn logs(&self, text: &str) {
        while !self.log().contains(text) {
            moment().await;
        }
    }

    async fn signal(&self, name: &str) {
        let process = self.child.id().unwrap().to_string();
        let told = Command::new("bash").args(["-c", "kill -s \"$0\" \"$1\"", name, &process]).status().await.unwrap();
        assert!(told.success(), "it has ended by itself: {}", self.log());
    }

    /// Whether it ended well.
    async fn ended(&mut self) -> bool {
        timeout(ANSWERS, self.child.wait()).await.expect("it ends").unwrap().success()
    }

    fn client(&self) -> Client {
        plain().unix_socket(self.socket.as_path()).build().unwrap()
    }

    /// Tries to make an invite.
    async fn create(&self, owner: &Person, rooms: &[String]) -> StatusCode {
        let request = self.client().post(format!("http://localhost{API}/tokens")).bearer_auth(&owner.token);
        let body = json!({"rooms": rooms}).to_string();
        request.header("content-type", "application/json").body(body).send().await.unwrap().status()
    }
}

#[tokio::test]
async fn a_database_is_migrated_by_a_command_of_its_own_where_that_is_wanted() {
    let world = World::new().await;
    for (acting, engine) in BOTH_WAYS {
        let setup = Setup::new(&world, acting, engine).await;
        let (ok, text) = run(&setup, &["serve", "--no-migrate"]).await;
        assert!(!ok && text.contains("run `super-invites migrate` first"), "{text}");
        for _ in 0..2 {
            let (ok, text) = run(&setup, &["migrate"]).await;
            assert!(ok && text.contains("The database is up to date"), "{text}");
        }
        let mut running = Running::start(&setup, &["--no-migrate"]).await;
        running.signal("TERM").await;
        assert!(running.ended().await, "{}", running.log());
    }
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused_in_words() {
    let world = World::new().await;
    let setup = Setup::new(&world, Acting::Appservice, Engine::Sqlite).await;
    assert!(run(&setup, &["migrate"]).await.0);
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
        VALUES (999999, 'newer', TRUE, X'00', 0)";
    setup.execute(newer).await;
    for command in [&["serve"][..], &["serve", "--no-migrate"], &["migrate"], &["check"]] {
        let (ok, text) = run(&setup, command).await;
        assert!(
            !ok && text.contains("a newer version of super-invites has migrated the database (migration 999999"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn a_socket_is_there_for_those_who_may_connect_and_gone_after_the_stop() {
    let world = World::new().await;
    let mut setup = Setup::new(&world, Acting::Appservice, Engine::Sqlite).await;
    setup.set("LISTEN_SOCKET_MODE", "0600");
    let owner = world.person("owner").await;
    let rooms = world.rooms(&owner, 1).await;
    let mut running = Running::start(&setup, &[]).await;
    assert_eq!(std::fs::metadata(&running.socket).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(running.create(&owner, &rooms).await, 200);
    // One that is killed leaves its file behind, which does not hinder the next one.
    running.child.kill().await.unwrap();
    assert!(running.socket.exists());
    let mut running = Running::start(&setup, &[]).await;
    assert_eq!(running.create(&owner, &rooms).await, 200);
    // A second one does not take it away.
    let (ok, text) = run(&running.setup, &["serve"]).await;
    assert!(!ok && text.contains("cannot listen on unix:") && text.contains("somebody else listens there"), "{text}");
    assert_eq!(running.create(&owner, &rooms).await, 200);
    running.signal("TERM").await;
    assert!(running.ended().await, "{}", running.log());
    assert!(!running.socket.exists());
    let (ok, text) = run(&running.setup, &["healthcheck"]).await;
    assert!(!ok && text.contains("not healthy: "), "{text}");
}

/// What a service manager is told.
async fn told(manager: &UnixDatagram) -> String {
    let mut text = [0; 1024];
    let length = timeout(ANSWERS, manager.recv(&mut text)).await.expect("it is told").unwrap();
    String::from_utf8_lossy(&text[..length]).into_owned()
}

fn write(file: &Path, keys: Value) {
    std::fs::write(file, keys.to_string()).unwrap();
}

#[tokio::test]
async fn a_reload_takes_over_what_it_can_and_says_what_it_cannot() {
    let world = World::new().await;
    let mut setup = Setup::new(&world, Acting::Appservice, Engine::Sqlite).await;
    let owner = world.person("owner").await;
    let rooms = world.rooms(&owner, 2).await;
    let file = setup.folder.join("config.yaml");
    write(&file, json!({"max_rooms": 1}));
    setup.set("CONFIG", &file.display().to_string());
    let notified = setup.folder.join("notified");
    let manager = UnixDatagram::bind(&notified).unwrap();
    // Not a key, but systemd's variable.
    setup.variables.push(("NOTIFY_SOCKET".to_owned(), notified.display().to_string()));

    let mut running = Running::spawn(&setup, &[]);
    assert_eq!(told(&manager).await, "READY=1\n");
    assert_eq!(running.create(&owner, &rooms).await, 400);

    write(
        &file,
        json!({"max_rooms": 2, "log": {"level": "info,super_invites::request=off"}, "session_key": "0123456789".repeat(4)}),
    );
    running.signal("HUP").await;
    let reloading = told(&manager).await;
    assert!(reloading.starts_with("RELOADING=1\nMONOTONIC_USEC="), "{reloading}");
    assert_eq!(told(&manager).await, "READY=1\n");
    assert_eq!(running.create(&owner, &rooms).await, 200);
    running.logs("reloaded: max_rooms takes effect").await;
    running.logs("reloaded: log.level takes effect").await;
    running.logs("not reloaded: session_key takes effect after a restart").await;

    // A mistake changes nothing.
    write(&file, json!({"max_room": 1}));
    running.signal("HUP").await;
    assert!(told(&manager).await.starts_with("RELOADING=1\n"));
    assert_eq!(told(&manager).await, "READY=1\n");
    running.logs("unknown field `max_room`; is `max_rooms` meant?").await;
    assert_eq!(running.create(&owner, &rooms).await, 200);

    running.signal("TERM").await;
    assert_eq!(told(&manager).await, "STOPPING=1\n");
    assert!(running.ended().await, "{}", running.log());
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_database_that_is_not_there_yet_is_waited_for() {
    let world = World::new().await;
    let mut setup = Setup::new(&world, Acting::Appservice, Engine::Sqlite).await;
    let mut postgres = Postgres::start().await;
    setup.set("SQL_URL", &postgres.url());
    postgres.stop().await;
    let mut running = Running::spawn(&setup, &[]);
    running.logs("is waited for").await;
    postgres.start_again().await;
    running.wait().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn postgresql_is_found_at_a_unix_socket() {
    let world = World::new().await;
    let postgres = Postgres::start().await;
    let owner = world.person("owner").await;
    for url in [
        postgres.socket_url("postgresql:///postgres?user=test&"),
        postgres.socket_url("postgresql+psycopg2://test@/postgres?"),
    ] {
        let mut setup = Setup::new(&world, Acting::Appservice, Engine::Sqlite).await;
        let service = setup.set("SQL_URL", &url).start().await;
        assert_eq!(service.post(&owner, json!({"create_dm": true})).await.0, 200, "{url}");
        service.stop().await;
    }
}
