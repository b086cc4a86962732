//! The test environment: people and rooms on a homeserver, the service in either way of acting on either engine, and a
//! proxy in front of the homeserver that can fail on demand.

use std::{
    net::SocketAddr,
    path::PathBuf,
    process::Stdio,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicI64, AtomicU32, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use hmac::{Hmac, Mac};
use reqwest::{Client, ClientBuilder, Method, RequestBuilder};
use serde_json::{Value, json};
use sha1::Sha1;
use super_invites::{chance::Chance, config::Config};
use tokio::{
    net::TcpListener,
    process::{Child, Command},
    sync::oneshot,
    task::JoinHandle,
};

use crate::fake::{self, Fake};

mod browser;
mod described;
mod log;
mod postgres;
mod proxy;
mod wire;

pub use browser::{Answer, Browser, usual, with_pages};
pub use described::sent;
pub use log::lines_with;
pub use postgres::Postgres;
pub use proxy::{Fault, Proxy};
pub use wire::{Cut, Flow, Way, Wire};

pub const API: &str = "/_synapse/client/super_invites";

static COUNTER: AtomicU32 = AtomicU32::new(0);

pub fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run these tests with scripts/test"))
}

/// A name that nobody else has, in this run or an earlier one.
pub fn unique(what: &str) -> String {
    let millis = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() % 1_000_000_000;
    format!("{what}-{millis}-{}", COUNTER.fetch_add(1, Ordering::Relaxed))
}

#[derive(Debug, Clone)]
pub struct Person {
    pub id: String,
    pub token: String,
}

/// The homeserver, with admin rights.
#[derive(Clone)]
pub struct World {
    pub client: Client,
    pub homeserver: String,
    secret: String,
    pub as_token: String,
    pub admin: Person,
}

impl World {
    /// With the real homeserver if there is one, otherwise with a fake one.
    pub async fn new() -> Self {
        match std::env::var("TEST_SYNAPSE_URL") {
            Ok(url) => Self::at(url, variable("TEST_SYNAPSE_SECRET"), variable("TEST_AS_TOKEN")).await,
            Err(_) => Self::fake().await,
        }
    }

    pub async fn fake() -> Self {
        Self::at(Fake::start().await.url, fake::SECRET.to_owned(), fake::AS_TOKEN.to_owned()).await
    }

    /// With a homeserver in which the Python module runs; also returns the module's database.
    pub async fn with_module(engine: Engine) -> (Self, String) {
        let name = match engine {
            Engine::Sqlite => "SQLITE",
            Engine::Postgres => "POSTGRES",
        };
        let variable = |what: &str| variable(&format!("TEST_MODULE_{name}_{what}"));
        (
            Self::at(variable("URL"), variable("SECRET"), crate::support::variable("TEST_AS_TOKEN")).await,
            variable("DATABASE"),
        )
    }

    /// With the homeserver at this address, which has these secrets.
    pub async fn at(homeserver: String, secret: String, as_token: String) -> Self {
        let client = client();
        let nobody = Person { id: String::new(), token: String::new() };
        let mut world = Self { client, homeserver, secret, as_token, admin: nobody };
        world.admin = world.register(&unique("admin"), true).await;
        let sender = json!({"type": "m.login.application_service", "username": "super-invites", "inhibit_login": true});
        let as_token = world.as_token.clone();
        world.ask(Method::POST, "/_matrix/client/v3/register", &as_token, sender).await;
        let path = "/_synapse/admin/v1/users/@super-invites:test/admin";
        let (status, _) = world.as_admin(Method::PUT, path, json!({"admin": true})).await;
        assert_eq!(status, 200);
        world
    }

    pub async fn person(&self, name: &str) -> Person {
        self.register(&unique(name), false).await
    }

    async fn register(&self, name: &str, admin: bool) -> Person {
        let path = "/_synapse/admin/v1/register";
        let (_, answer) = self.ask(Method::GET, path, "", Value::Null).await;
        let nonce = answer["nonce"].as_str().unwrap();
        let role = if admin { "admin" } else { "notadmin" };
        let mut mac = Hmac::<Sha1>::new_from_slice(self.secret.as_bytes()).unwrap();
        mac.update([nonce, name, "password", role].join("\0").as_bytes());
        let mac: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        let body = json!({"nonce": nonce, "username": name, "password": "password", "admin": admin, "mac": mac});
        let (status, answer) = self.ask(Method::POST, path, "", body).await;
        assert_eq!(status, 200, "{answer}");
        let text = |field: &str| answer[field].as_str().unwrap().to_owned();
        log::keep_secret(&text("access_token"));
        Person { id: text("user_id"), token: text("access_token") }
    }

    /// Sends a request to the homeserver.
    pub async fn ask(&self, method: Method, path: &str, token: &str, body: Value) -> (u16, Value) {
        ask(&self.client, method, &format!("{}{path}", self.homeserver), token, body).await
    }

    pub async fn as_admin(&self, method: Method, path: &str, body: Value) -> (u16, Value) {
        self.ask(method, path, &self.admin.token, body).await
    }

    /// Sends a request in somebody's name, bypassing rate limits: tests set things up faster than people do.
    pub async fn as_user(&self, method: Method, path: &str, user: &Person, body: Value) -> Value {
        let separator = if path.contains('?') { '&' } else { '?' };
        let path = format!("/_matrix/client/v3{path}{separator}user_id={}", escaped(&user.id));
        let (status, answer) = self.ask(method, &path, &self.as_token, body).await;
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }

    pub async fn room(&self, creator: &Person, options: Value) -> String {
        let answer = self.as_user(Method::POST, "/createRoom", creator, options).await;
        answer["room_id"].as_str().unwrap().to_owned()
    }

    /// Private rooms with one member.
    pub async fn rooms(&self, creator: &Person, count: usize) -> Vec<String> {
        let mut rooms = Vec::new();
        for _ in 0..count {
            rooms.push(self.room(creator, json!({"preset": "private_chat"})).await);
        }
        rooms
    }

    /// The rooms that the person's own client shows.
    pub async fn joined_rooms(&self, person: &Person) -> Vec<String> {
        let (status, answer) =
            self.ask(Method::GET, "/_matrix/client/v3/joined_rooms", &person.token, Value::Null).await;
        assert_eq!(status, 200, "{answer}");
        strings(&answer["joined_rooms"])
    }

    /// Changes somebody's membership: kick, ban, unban, invite, leave.
    pub async fn membership(&self, actor: &Person, room: &str, action: &str, target: &Person) {
        let body = if action == "leave" || action == "join" { json!({}) } else { json!({"user_id": target.id}) };
        self.as_user(Method::POST, &format!("/rooms/{}/{action}", escaped(room)), actor, body).await;
    }

    pub async fn state(&self, actor: &Person, room: &str, kind: &str) -> Value {
        self.as_user(Method::GET, &format!("/rooms/{}/state/{kind}/", escaped(room)), actor, Value::Null).await
    }

    pub async fn set_state(&self, actor: &Person, room: &str, kind: &str, content: Value) {
        self.as_user(Method::PUT, &format!("/rooms/{}/state/{kind}/", escaped(room)), actor, content).await;
    }

    pub async fn direct(&self, person: &Person) -> Value {
        let path = format!("/_matrix/client/v3/user/{}/account_data/m.direct", escaped(&person.id));
        self.ask(Method::GET, &path, &person.token, Value::Null).await.1
    }

    /// Locks, suspends or deactivates an account.
    pub async fn discipline(&self, person: &Person, how: &str) {
        let user = escaped(&person.id);
        let (method, path, body) = match how {
            "lock" => (Method::PUT, format!("/_synapse/admin/v2/users/{user}"), json!({"locked": true})),
            "unlock" => (Method::PUT, format!("/_synapse/admin/v2/users/{user}"), json!({"locked": false})),
            "suspend" => (Method::PUT, format!("/_synapse/admin/v1/suspend/{user}"), json!({"suspend": true})),
            "deactivate" => (Method::POST, format!("/_synapse/admin/v1/deactivate/{user}"), json!({})),
            other => panic!("{other}"),
        };
        let (status, answer) = self.as_admin(method, &path, body).await;
        assert_eq!(status, 200, "{answer}");
    }
}

async fn ask(client: &Client, method: Method, url: &str, token: &str, body: Value) -> (u16, Value) {
    let request = request(client, method, url, token, &body);
    let answer = request.send().await.unwrap_or_else(|error| panic!("{url}: {error}"));
    let status = answer.status().as_u16();
    let body = answer.bytes().await.unwrap();
    (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

fn request(client: &Client, method: Method, url: &str, token: &str, body: &Value) -> RequestBuilder {
    let mut request = client.request(method, url);
    if url.ends_with("/_matrix/client/v3/register") {
        // Each newcomer has another address: the homeserver limits how many may register from one.
        let [_, a, b, c] = COUNTER.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        request = request.header("x-forwarded-for", format!("10.{a}.{b}.{c}"));
    }
    if !token.is_empty() {
        request = request.bearer_auth(token);
    }
    if !body.is_null() {
        request = request.header("content-type", "application/json").body(body.to_string());
    }
    request
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acting {
    Appservice,
    Admin,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

pub const BOTH_WAYS: [(Acting, Engine); 2] = [(Acting::Appservice, Engine::Sqlite), (Acting::Admin, Engine::Postgres)];

/// A configuration with a database of its own.
#[derive(Debug, Clone)]
pub struct Setup {
    pub variables: Vec<(String, String)>,
    pub folder: PathBuf,
}

impl Setup {
    pub async fn new(world: &World, acting: Acting, engine: Engine) -> Self {
        let name = unique("service").replace('-', "_");
        let folder = std::env::temp_dir().join(&name);
        std::fs::create_dir_all(&folder).unwrap();
        let sql_url = match engine {
            Engine::Sqlite => format!("sqlite:///{}/test.db", folder.display()),
            // Without PostgreSQL, SQLite takes its place.
            Engine::Postgres if std::env::var("TEST_POSTGRES_URL").is_err() => {
                format!("sqlite:///{}/test.db", folder.display())
            }
            Engine::Postgres => {
                let server = variable("TEST_POSTGRES_URL");
                let pool = sqlx::PgPool::connect(&format!("{server}/postgres")).await.unwrap();
                let create = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
                sqlx::query(create).execute(&pool).await.unwrap();
                format!("{}/{name}", server.replace("postgresql://", "postgresql+psycopg2://"))
            }
        };
        let mut setup = Self { variables: Vec::new(), folder };
        setup.set("HOMESERVER_URL", &world.homeserver).set("SERVER_NAME", "test").set("SQL_URL", &sql_url);
        // Any free port.
        setup.set("LISTEN", "127.0.0.1:0").set("INTERNAL_LISTEN", "null");
        // Cached answers would hide what these tests are about: what the homeserver says now.
        setup.set("TOKEN_CACHE_SECONDS", "0").set("GENERATE_REGISTRATION_TOKEN", "true");
        // Tests look up what does not exist more often than people do.
        setup.set("FAILED_LOOKUPS", "{per_user: null, per_address: null, in_all: null}");
        match acting {
            Acting::Appservice => setup.set("ACTING", "appservice").set("AS_TOKEN", &world.as_token),
            Acting::Admin => setup.set("ACTING", "admin").set("ADMIN_TOKEN", &world.admin.token),
        };
        setup
    }

    pub fn set(&mut self, key: &str, value: &str) -> &mut Self {
        let name = format!("SUPER_INVITES_{key}");
        self.variables.retain(|(old, _)| *old != name);
        self.variables.push((name, value.to_owned()));
        self
    }

    /// Starts the service in this process.
    pub async fn start(&self) -> Service {
        log::read_along();
        let config = Config::read(&[], self.variables.clone()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (ahead, frozen) = (Arc::new(AtomicI64::new(0)), Arc::new(AtomicI64::new(0)));
        let clock = {
            let (ahead, frozen) = (Arc::clone(&ahead), Arc::clone(&frozen));
            Arc::new(move || told(&ahead, &frozen))
        };
        let (stop, stopped) = oneshot::channel::<()>();
        let shutdown = async {
            stopped.await.ok();
        };
        let task = tokio::spawn(async move {
            super_invites::serve(config, listener, clock, Chance::system(), shutdown).await.unwrap();
        });
        let url = format!("http://{address}");
        let service =
            Service { url, client: client(), ahead, frozen, stop: Some(stop), task: Some(task), _log: log::Reader };
        service.wait().await;
        service
    }

    /// Starts the service as a process of its own, which can be killed.
    pub async fn spawn(&self) -> (Service, Child) {
        self.spawn_as(self.command("serve")).await
    }

    /// The same, with its log written to the file `log` in its folder.
    pub async fn spawn_talking(&self) -> (Service, Child) {
        let mut command = self.command("serve");
        let log = std::fs::File::create(self.folder.join("log")).unwrap();
        command.env("RUST_LOG", "trace").stderr(log);
        self.spawn_as(command).await
    }

    /// The same, where no file may grow beyond so many KiB.
    pub async fn spawn_with_files_of(&self, kibibytes: u32) -> (Service, Child) {
        let mut command = Command::new("bash");
        // Whoever ignores the signal gets an error, as on a disk that is full (getrlimit(2), `RLIMIT_FSIZE`).
        let script = format!("trap '' XFSZ; ulimit -S -f {kibibytes}; exec \"$0\" serve");
        command.args(["-c", &script, env!("CARGO_BIN_EXE_super-invites")]);
        self.spawn_as(self.configured(command)).await
    }

    async fn spawn_as(&self, mut command: Command) -> (Service, Child) {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let address = SocketAddr::from(([127, 0, 0, 1], port)).to_string();
        let child = command.env("SUPER_INVITES_LISTEN", &address).kill_on_drop(true).spawn().unwrap();
        let service = Service::at(format!("http://{address}"));
        service.wait().await;
        (service, child)
    }

    /// The binary with this configuration.
    pub fn command(&self, subcommand: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_super-invites"));
        command.arg(subcommand);
        self.configured(command)
    }

    fn configured(&self, mut command: Command) -> Command {
        command.envs(self.variables.clone()).current_dir(&self.folder);
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        command
    }
}

/// Runs a command to its end; returns whether it succeeded, and its output.
pub async fn run(setup: &Setup, arguments: &[&str]) -> (bool, String) {
    let mut command = setup.command(arguments[0]);
    command.args(&arguments[1..]).stderr(Stdio::piped()).kill_on_drop(true);
    let output = tokio::time::timeout(ANSWERS, command.output()).await.expect("it ends").unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).unwrap())
}

/// A running service.
pub struct Service {
    pub url: String,
    pub client: Client,
    /// How far its clock is ahead, in milliseconds; only for a service in this process.
    ahead: Arc<AtomicI64>,
    /// The time at which its clock stands still, if it does.
    frozen: Arc<AtomicI64>,
    stop: Option<oneshot::Sender<()>>,
    task: Option<JoinHandle<()>>,
    /// No test ends well if a secret is in the log.
    _log: log::Reader,
}

impl Service {
    /// The service with its usual way of acting, on SQLite.
    pub async fn usual(world: &World) -> Self {
        Setup::new(world, Acting::Appservice, Engine::Sqlite).await.start().await
    }

    /// The one at this address, which is none of this process.
    pub fn at(url: String) -> Self {
        let (ahead, frozen) = (Arc::default(), Arc::default());
        Self { url, client: client(), ahead, frozen, stop: None, task: None, _log: log::Reader }
    }

    /// Puts the service's clock forward.
    pub fn pass(&self, milliseconds: i64) {
        self.ahead.fetch_add(milliseconds, Ordering::Relaxed);
    }

    /// From now on the service's clock only moves by [`Self::pass`].
    pub fn freeze(&self) {
        self.frozen.store(now(), Ordering::Relaxed);
    }

    /// The time on the service's clock.
    pub fn now(&self) -> i64 {
        told(&self.ahead, &self.frozen)
    }

    /// Waits until the service responds at all.
    async fn wait(&self) {
        let ended = || self.task.as_ref().is_some_and(JoinHandle::is_finished);
        while self.client.get(format!("{}{API}/info", self.url)).send().await.is_err() {
            assert!(!ended(), "the service ended instead of starting");
            moment().await;
        }
    }

    /// Asks the service to stop, and waits until it has.
    pub async fn stop(mut self) {
        self.stop.take().unwrap().send(()).unwrap();
        self.task.take().unwrap().await.unwrap();
    }

    /// Sends a request to the API, and compares the response with the API's description.
    pub async fn ask(&self, method: Method, path: &str, person: &Person, body: Value) -> (u16, Value) {
        let url = format!("{}{API}/{path}", self.url);
        let answer = sent(request(&self.client, method, &url, &person.token, &body)).await;
        (answer.status, serde_json::from_str(&answer.body).unwrap_or(Value::Null))
    }

    pub async fn post(&self, person: &Person, body: Value) -> (u16, Value) {
        self.ask(Method::POST, "tokens", person, body).await
    }

    pub async fn create(&self, person: &Person, body: Value) -> Value {
        let (status, answer) = self.post(person, body).await;
        assert_eq!(status, 200, "{answer}");
        answer
    }

    /// Makes an invite and returns its code.
    pub async fn invite(&self, owner: &Person, rooms: &[String], chat: bool) -> String {
        let answer = self.create(owner, json!({"rooms": rooms, "create_dm": chat})).await;
        let code = answer["token"]["token"].as_str().unwrap().to_owned();
        log::keep_secret(&code);
        code
    }

    pub async fn redeem(&self, person: &Person, code: &str) -> (u16, Value) {
        self.ask(Method::POST, &format!("redeem?token={code}"), person, Value::Null).await
    }

    pub async fn info(&self, person: &Person, code: &str) -> (u16, Value) {
        self.ask(Method::GET, &format!("info?token={code}"), person, Value::Null).await
    }

    pub async fn delete(&self, person: &Person, code: &str) -> (u16, Value) {
        self.ask(Method::DELETE, &format!("tokens?token={code}"), person, Value::Null).await
    }

    pub async fn token(&self, person: &Person, code: &str) -> (u16, Value) {
        self.ask(Method::GET, &format!("tokens?token={code}"), person, Value::Null).await
    }
}

/// The time on a clock that may be ahead, or stand still.
fn told(ahead: &AtomicI64, frozen: &AtomicI64) -> i64 {
    let now = Some(frozen.load(Ordering::Relaxed)).filter(|frozen| *frozen > 0).unwrap_or_else(now);
    now + ahead.load(Ordering::Relaxed)
}

/// Anything that has not responded after this time never will: the test fails, and says where.
pub const ANSWERS: Duration = Duration::from_secs(120);

fn client() -> Client {
    plain().build().unwrap()
}

/// A client that reads none of the machine's certificates, which takes longer than most requests do: no test speaks TLS.
pub fn plain() -> ClientBuilder {
    Client::builder().tls_certs_only([]).timeout(ANSWERS)
}

/// The current time, in milliseconds since the epoch.
pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since.as_millis()).unwrap()
}

/// The parts of a response that clients of the Python module know.
pub fn as_of_old(mut answer: Value) -> Value {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(fields) if fields.contains_key("accepted_count") => {
                fields.retain(|name, _| ["token", "create_dm", "accepted_count", "rooms"].contains(&name.as_str()));
            }
            Value::Object(fields) => {
                if fields.contains_key("rooms_count") {
                    let known = ["rooms_count", "has_redeemed", "create_dm", "inviter"];
                    fields.retain(|name, _| known.contains(&name.as_str()));
                }
                fields.values_mut().for_each(strip);
            }
            Value::Array(values) => values.iter_mut().for_each(strip),
            _ => {}
        }
    }
    strip(&mut answer);
    answer
}

/// Waits between two checks of something that is about to happen.
///
/// # Panics
/// Once all tests together have taken so long that it will not happen.
pub async fn moment() {
    static BEGUN: LazyLock<Instant> = LazyLock::new(Instant::now);
    assert!(BEGUN.elapsed() < Duration::from_secs(15 * 60), "it did not come to be");
    tokio::time::sleep(Duration::from_millis(20)).await;
}

pub fn escaped(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

pub fn strings(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|item| item.as_str().unwrap().to_owned()).collect()
}

pub fn sorted(mut list: Vec<String>) -> Vec<String> {
    list.sort();
    list
}

pub fn errcode(answer: &(u16, Value)) -> (u16, &str) {
    (answer.0, answer.1["errcode"].as_str().unwrap_or("(none)"))
}
