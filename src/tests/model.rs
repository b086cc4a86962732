//! Histories that nobody has thought of: people redeem, owners edit, pause and delete, moderators ban, people leave, time passes, and the process
//! dies at any request to the homeserver and at any commit to the database, before it was carried out or after. Whatever happens, what was promised holds.
//!
//! proptest generates the histories and, if one breaks a promise, the shortest that does. `PROPTEST_CASES` says how
//! many.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
};

use app::{Draft, Wanted};
use axum::{
    Router,
    extract::{Request, State},
    middleware::{Next, from_fn_with_state},
    response::Response,
};
use futures_util::FutureExt;
use matrix_sdk::ruma::{UserId, server_name};
use proptest::{prelude::*, test_runner::Config};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::SqlitePool;
use super_invites::{
    account::Account,
    chance::Chance,
    config::{AccountLimits, ActingMode, FailedLookups, Policy, WorkLimits},
    error::Error,
    homeserver::Homeserver,
    invites::{Invites, Means, Owner, Rules},
    metrics::Metrics,
    store::Store,
};
use tokio::{net::TcpListener, runtime::Runtime, sync::Notify};
use tokio_util::task::TaskTracker;

use crate::{
    fake,
    support::{Person, World, escaped, unique},
};

const GUESTS: usize = 3;
const ROOMS: usize = 3;

/// The number of invites: one with a direct chat, and one for two people.
const CODES: usize = 2;
const PLACES: u32 = 2;

/// The default number of histories.
const CASES: u32 = 16;

#[derive(Debug, Clone)]
enum Step {
    Redeem {
        who: usize,
        code: usize,
        crash: Option<Crash>,
    },
    /// Everybody redeems at once.
    Rush {
        code: usize,
        crash: Option<Crash>,
    },
    /// Makes an invite lead into some of the rooms.
    Edit {
        code: usize,
        rooms: u8,
        crash: Option<Crash>,
    },
    Pause {
        code: usize,
        paused: bool,
        crash: Option<Crash>,
    },
    Delete {
        code: usize,
        crash: Option<Crash>,
    },
    Ban {
        who: usize,
        room: usize,
    },
    Unban {
        who: usize,
        room: usize,
    },
    Leave {
        who: usize,
        room: usize,
    },
    Later {
        minutes: i64,
    },
    Sweep {
        crash: Option<Crash>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Point {
    /// A request to the homeserver.
    Request,
    /// The end of a transaction of the database.
    Commit,
}

/// Where the process dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Crash {
    point: Point,
    /// Before how many of these since the beginning of a step it lives.
    after: usize,
    /// Whether the homeserver, or the database, has carried out the one at which it dies.
    carried_out: bool,
}

fn step() -> impl Strategy<Value = Step> {
    let crash = || {
        let point = prop_oneof![Just(Point::Request), Just(Point::Commit)];
        let crash = (point, 0..24_usize, any::<bool>());
        prop::option::weighted(0.6, crash.prop_map(|(point, after, carried_out)| Crash { point, after, carried_out }))
    };
    // Owners' changes take a few steps only.
    let early = || crash().prop_map(|crash| crash.map(|crash| Crash { after: crash.after / 4, ..crash }));
    prop_oneof![
        8 => (0..GUESTS, 0..CODES, crash()).prop_map(|(who, code, crash)| Step::Redeem { who, code, crash }),
        3 => (0..CODES, crash()).prop_map(|(code, crash)| Step::Rush { code, crash }),
        2 => (0..CODES, 1..8_u8, early()).prop_map(|(code, rooms, crash)| Step::Edit { code, rooms, crash }),
        2 => (0..CODES, any::<bool>(), early()).prop_map(|(code, paused, crash)| Step::Pause { code, paused, crash }),
        1 => (0..CODES, early()).prop_map(|(code, crash)| Step::Delete { code, crash }),
        2 => (0..GUESTS, 0..ROOMS).prop_map(|(who, room)| Step::Ban { who, room }),
        1 => (0..GUESTS, 0..ROOMS).prop_map(|(who, room)| Step::Unban { who, room }),
        1 => (0..GUESTS, 0..ROOMS).prop_map(|(who, room)| Step::Leave { who, room }),
        2 => (1..30_i64).prop_map(|minutes| Step::Later { minutes }),
        1 => early().prop_map(|crash| Step::Sweep { crash }),
    ]
}

/// Where the process shall die, and word that it is to die now.
#[derive(Default)]
struct Armed {
    /// With how many such points it has passed.
    crash: Mutex<Option<(Crash, usize)>>,
    /// Nothing that it does is carried out any more.
    dead: AtomicBool,
    now: Notify,
}

impl Armed {
    /// Whether this is to be carried out, if the process gets so far.
    fn pass(&self, point: Point) -> bool {
        if self.dead.load(Ordering::Relaxed) {
            return false;
        }
        let mut crash = self.crash.lock().unwrap();
        let Some((crash, passed)) = crash.as_mut().filter(|(crash, _)| crash.point == point) else { return true };
        *passed += 1;
        if *passed <= crash.after {
            return true;
        }
        self.dead.store(true, Ordering::Relaxed);
        self.now.notify_one();
        crash.carried_out
    }
}

/// Lets requests through to the homeserver, but for the one at which the process dies: nobody hears an answer to that.
async fn watch(State(armed): State<Arc<Armed>>, request: Request, next: Next) -> Response {
    let answer = match armed.pass(Point::Request) {
        true => next.run(request).await,
        false => std::future::pending().await,
    };
    match armed.dead.load(Ordering::Relaxed) {
        true => std::future::pending().await,
        false => answer,
    }
}

/// The service in a runtime of its own, which can be ended like a process: nothing of it keeps running.
struct Process {
    runtime: Runtime,
    invites: Invites,
}

impl Process {
    fn start(database: &Path, homeserver: &str, clock: &Arc<AtomicI64>, armed: &Arc<Armed>) -> Self {
        let runtime = Runtime::new().unwrap();
        let invites = runtime.block_on(async {
            let armed = Arc::clone(armed);
            let store = Store::open_guarded(database.to_owned(), move || armed.pass(Point::Commit)).await.unwrap();
            let freshness = store.freshness.clone();
            tokio::spawn(async move { freshness.keep_up().await });
            let url: url::Url = homeserver.parse().unwrap();
            let (name, token) = (server_name!("test").to_owned(), fake::AS_TOKEN.to_owned().into());
            let nothing = std::time::Duration::ZERO;
            let homeserver =
                Homeserver::new(&url, name, ActingMode::Appservice, token, nothing, &Metrics::new()).unwrap();
            let clock = Arc::clone(clock);
            Invites::new(Means {
                store: &store,
                homeserver: &homeserver,
                rules: Rules {
                    max_rooms: 10,
                    registration: true,
                    element_web_url: None,
                    policy: Policy::default(),
                    audit_days: 90,
                },
                failed_lookups: FailedLookups { per_user: None, per_address: None, in_all: None },
                account_limits: AccountLimits::default(),
                account_help: None,
                homeserver_for_browsers: url.clone(),
                limits: WorkLimits { redemptions_in_vain: None, ..WorkLimits::default() },
                clock: Arc::new(move || clock.load(Ordering::Relaxed)),
                chance: Chance::system(),
                tasks: TaskTracker::new(),
                metrics: Metrics::new(),
            })
        });
        Self { runtime, invites }
    }
}

/// What is known of an invite without asking the service.
struct Known {
    code: String,
    rooms: Vec<usize>,
    chat: bool,
    paused: bool,
    deleted: bool,
}

struct History {
    outside: Runtime,
    world: World,
    armed: Arc<Armed>,
    clock: Arc<AtomicI64>,
    folder: PathBuf,
    /// A connection of the test's own, to look at what the service has written.
    tables: SqlitePool,
    process: Option<Process>,
    owner: Person,
    guests: Vec<Person>,
    rooms: Vec<String>,
    codes: Vec<Known>,
    banned: BTreeSet<(usize, usize)>,
    /// People who have left a room, or were removed. The service's answers still say that they joined.
    left: BTreeSet<(usize, usize)>,
}

fn account(person: &Person) -> Account {
    Account::new(UserId::parse(&person.id).unwrap(), &person.token, false)
}

impl History {
    fn begin() -> Self {
        let outside = Runtime::new().unwrap();
        let armed = Arc::new(Armed::default());
        let folder = std::env::temp_dir().join(unique("model"));
        std::fs::create_dir(&folder).unwrap();
        let clock = Arc::new(AtomicI64::new(1_800_000_000_000));
        let world = outside.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("http://{}", listener.local_addr().unwrap());
            let router: Router = fake::router().layer(from_fn_with_state(Arc::clone(&armed), watch));
            tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
            World::at(url, fake::SECRET.to_owned(), fake::AS_TOKEN.to_owned()).await
        });
        let process = Process::start(&folder.join("db"), &world.homeserver, &clock, &armed);
        let (owner, guests, rooms, tables) = outside.block_on(async {
            let owner = world.person("owner").await;
            let mut guests = Vec::new();
            for _ in 0..GUESTS {
                guests.push(world.person("guest").await);
            }
            let rooms = world.rooms(&owner, ROOMS).await;
            let url = format!("sqlite://{}", folder.join("db").display());
            (owner, guests, rooms, SqlitePool::connect(&url).await.unwrap())
        });
        let mut history = Self {
            outside,
            world,
            armed,
            clock,
            folder,
            tables,
            process: Some(process),
            owner,
            guests,
            rooms,
            codes: Vec::new(),
            banned: BTreeSet::new(),
            left: BTreeSet::new(),
        };
        for number in 0..CODES {
            let (rooms, chat) = ((0..ROOMS).collect::<Vec<_>>(), number == 0);
            let mut wanted = history.wanted(&rooms, chat);
            wanted.limits.max_uses = app::Edit::Set((number == 1).then_some(PLACES));
            let draft = Draft { new: true, terms: wanted, ..Draft::default() };
            let saved =
                history.as_owner(None, async |owner, me| owner.save(me, draft.clone()).await).unwrap().invite.code;
            history.codes.push(Known { code: saved, rooms, chat, paused: false, deleted: false });
        }
        history
    }

    fn wanted(&self, rooms: &[usize], chat: bool) -> Wanted {
        Wanted { rooms: rooms.iter().map(|room| self.rooms[*room].clone()).collect(), chat, ..Wanted::default() }
    }

    fn process(&self) -> &Process {
        self.process.as_ref().unwrap()
    }

    fn arm(&self, crash: Option<Crash>) {
        *self.armed.crash.lock().unwrap() = crash.map(|crash| (crash, 0));
    }

    /// Nothing fails any more, unless the process is dying from what goes on after an answer.
    fn disarm(&mut self) {
        self.arm(None);
        if self.armed.dead.load(Ordering::Relaxed) {
            self.die();
        }
    }

    /// What the service does for as long as it lives; nothing if it dies.
    fn alive<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let done = self.process().runtime.block_on(async {
            tokio::select! {
                () = self.armed.now.notified() => None,
                done = work => Some(done),
            }
        });
        // What comes of it in the moment in which it dies, nobody hears.
        done.filter(|_| !self.armed.dead.load(Ordering::Relaxed))
    }

    /// Lets the owner do something; if the process dies meanwhile, they do it again. Nothing comes of what was done before it died.
    fn as_owner<T>(
        &mut self,
        crash: Option<Crash>,
        act: impl AsyncFn(&Owner, &Account) -> Result<T, Error>,
    ) -> Option<T> {
        let me = account(&self.owner);
        self.arm(crash);
        match self.alive(act(&self.process().invites.owner, &me)) {
            Some(done) => {
                self.disarm();
                Some(done.unwrap())
            }
            None => {
                self.die();
                match self.alive(act(&self.process().invites.owner, &me)).unwrap() {
                    Ok(done) => Some(done),
                    Err(Error::Refused(_)) => None,
                    Err(failed) => panic!("{failed:?}"),
                }
            }
        }
    }

    fn later(&self, milliseconds: i64) {
        self.clock.fetch_add(milliseconds, Ordering::Relaxed);
    }

    /// Ends the process abruptly, and starts another one after its leases have expired.
    fn die(&mut self) {
        self.process.take().unwrap().runtime.shutdown_background();
        self.arm(None);
        self.armed.dead.store(false, Ordering::Relaxed);
        self.armed.now.notified().now_or_never();
        self.later(15_000);
        let database = self.folder.join("db");
        self.process = Some(Process::start(&database, &self.world.homeserver, &self.clock, &self.armed));
    }

    /// Makes some people redeem at once, with the process dying if it comes to that.
    fn redeem(&mut self, who: &[usize], code: usize, crash: Option<Crash>) {
        self.arm(crash);
        let accounts: Vec<Account> = who.iter().map(|who| account(&self.guests[*who])).collect();
        let guest = &self.process().invites.guest;
        let all = accounts.iter().map(|account| guest.redeem(account, &self.codes[code].code));
        let Some(answers) = self.alive(futures_util::future::join_all(all)) else { return self.die() };
        self.disarm();
        let known = &self.codes[code];
        for (who, answer) in who.iter().zip(answers) {
            match answer {
                Ok(joined) => {
                    assert!(!known.deleted && !known.paused, "nobody comes in by an invite that is stopped");
                    let is_in = self.joined(*who);
                    let has_left =
                        |id: &String| self.left.iter().any(|(one, room)| one == who && self.rooms[*room] == *id);
                    let untrue: Vec<_> =
                        joined.rooms.iter().filter(|room| !is_in.contains(room) && !has_left(room)).collect();
                    assert!(untrue.is_empty(), "{untrue:?}: they were told that they are in");
                }
                Err(Error::Refused(_)) => {}
                Err(failed) => panic!("{failed:?}"),
            }
        }
    }

    fn joined(&self, who: usize) -> Vec<String> {
        self.outside.block_on(self.world.joined_rooms(&self.guests[who]))
    }

    fn moderate(&self, action: &str, who: usize, room: usize) {
        let (actor, target, room) = (&self.owner, &self.guests[who], escaped(&self.rooms[room]));
        let (actor, body) = match action {
            "leave" => (target, json!({})),
            _ => (actor, json!({"user_id": target.id})),
        };
        let path = format!("/_matrix/client/v3/rooms/{room}/{action}?user_id={}", escaped(&actor.id));
        // Whether this is possible now is up to the homeserver.
        self.outside.block_on(self.world.ask(Method::POST, &path, fake::AS_TOKEN, body));
    }

    fn go(&mut self, step: &Step) {
        match *step {
            Step::Redeem { who, code, crash } => self.redeem(&[who], code, crash),
            Step::Rush { code, crash } => self.redeem(&[0, 1, 2], code, crash),
            Step::Edit { code, rooms, crash } if !self.codes[code].deleted => {
                let rooms: Vec<usize> = (0..ROOMS).filter(|room| rooms & (1 << room) != 0).collect();
                let terms = self.wanted(&rooms, self.codes[code].chat);
                let draft = Draft { code: Some(self.codes[code].code.clone()), terms, ..Draft::default() };
                self.as_owner(crash, async |owner, me| owner.save(me, draft.clone()).await);
                self.codes[code].rooms = rooms;
            }
            Step::Pause { code, paused, crash } if !self.codes[code].deleted => {
                let text = self.codes[code].code.clone();
                self.as_owner(crash, async |owner, me| owner.pause(me, &text, paused).await);
                self.codes[code].paused = paused;
            }
            Step::Delete { code, crash } if !self.codes[code].deleted => {
                let text = self.codes[code].code.clone();
                self.as_owner(crash, async |owner, me| owner.delete(me, &text).await);
                self.codes[code].deleted = true;
            }
            Step::Edit { .. } | Step::Pause { .. } | Step::Delete { .. } => {}
            Step::Ban { who, room } => {
                self.moderate("ban", who, room);
                self.banned.insert((who, room));
                self.left.insert((who, room));
            }
            Step::Unban { who, room } => {
                self.moderate("unban", who, room);
                self.banned.remove(&(who, room));
            }
            Step::Leave { who, room } => {
                self.moderate("leave", who, room);
                self.left.insert((who, room));
            }
            Step::Later { minutes } => self.later(minutes * 60_000),
            Step::Sweep { crash } => self.sweep(crash),
        }
    }

    fn sweep(&mut self, crash: Option<Crash>) {
        self.arm(crash);
        match self.alive(self.process().invites.housekeeping.sweep()) {
            Some(swept) => {
                self.disarm();
                swept.unwrap();
            }
            None => self.die(),
        }
    }

    fn number(&self, sql: &'static str) -> i64 {
        self.outside.block_on(sqlx::query_scalar(sql).fetch_one(&self.tables)).unwrap()
    }

    /// What holds after every step.
    fn check(&self) {
        for (what, wrong) in [
            ("more people than places", "SELECT COUNT(*) FROM invites WHERE uses > max_uses"),
            (
                "uses",
                "SELECT COUNT(*) FROM invites i WHERE uses <>
                    (SELECT COUNT(*) FROM redemptions r WHERE r.code = i.code AND r.use_at IS NOT NULL)",
            ),
            (
                "begun",
                "SELECT COUNT(*) FROM invites i WHERE begun <> (SELECT COUNT(*) FROM redemptions r WHERE r.code = i.code)",
            ),
            (
                "came",
                "SELECT COUNT(*) FROM invites i WHERE came <>
                    (SELECT COUNT(*) FROM redemptions r WHERE r.code = i.code AND r.came_at IS NOT NULL)",
            ),
            (
                "completed",
                "SELECT COUNT(*) FROM invites i WHERE completed <>
                    (SELECT COUNT(*) FROM redemptions r WHERE r.code = i.code AND r.completed_at IS NOT NULL)",
            ),
        ] {
            assert_eq!(self.number(wrong), 0, "{what}");
        }
        self.check_memory();
        for (who, room) in &self.banned {
            assert!(!self.joined(*who).contains(&self.rooms[*room]), "a ban is never lifted");
        }
    }

    /// What may come from memory is what is in the database.
    fn check_memory(&self) {
        let (Process { runtime, invites }, me) = (self.process(), account(&self.owner));
        let listed = runtime.block_on(invites.owner.list(&me)).unwrap();
        for known in &self.codes {
            let listed = listed.invites.iter().find(|invite| invite.code == known.code);
            let one = runtime.block_on(invites.owner.one(&me, &known.code)).ok().map(|(invite, _)| invite);
            assert_eq!(listed, one.as_ref());
            for guest in &self.guests {
                let shown = runtime.block_on(invites.guest.preview(&account(guest), &known.code));
                assert!(shown.is_err() || !known.deleted && !known.paused, "{shown:?}: it is stopped");
            }
        }
    }

    /// Everybody tries again while nothing fails; then all promises are fulfilled.
    fn end(&mut self) {
        self.later(15_000);
        for code in 0..CODES {
            for who in 0..GUESTS {
                self.redeem(&[who], code, None);
            }
        }
        self.check();
        for who in 0..GUESTS {
            let me = &self.guests[who].id;
            let chats = self.joined(who).iter().filter(|room| self.is_chat(who, room)).count();
            assert!(chats <= 1, "{me} has {chats} chats with the owner");
        }
        // The leases of processes that died are deleted after an hour.
        self.later(2 * 60 * 60_000);
        self.sweep(None);
        self.check();
        for known in self.codes.iter().filter(|known| known.deleted) {
            let path = format!("/_synapse/admin/v1/registration_tokens/{}", escaped(&known.code));
            let (status, token) = self.outside.block_on(self.world.as_admin(Method::GET, &path, Value::Null));
            assert_eq!(status, 404, "what is deleted opens accounts: {token}");
        }
        assert_eq!(self.number("SELECT COUNT(*) FROM leases"), 0, "nobody holds a lease who is not at work");
    }

    /// Whether the service has created a room as a direct chat.
    fn is_chat(&self, who: usize, room: &str) -> bool {
        let path = format!("/rooms/{}/state/m.room.create/", escaped(room));
        let made = self.outside.block_on(self.world.as_user(Method::GET, &path, &self.guests[who], Value::Null));
        made.get("org.super_invites.redemption").is_some()
    }
}

impl Drop for History {
    fn drop(&mut self) {
        if let Some(process) = self.process.take() {
            process.runtime.shutdown_background();
        }
        std::fs::remove_dir_all(&self.folder).ok();
    }
}

#[test]
fn whatever_happens_what_was_promised_holds() {
    #[expect(clippy::disallowed_methods, reason = "tests are told by the environment")]
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(CASES);
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 200, ..Config::default() };
    proptest!(config, |(steps in prop::collection::vec(step(), 1..20))| {
        let mut history = History::begin();
        for step in &steps {
            history.go(step);
            history.check();
        }
        history.end();
    });
}

/// This watcher does not poll, as the pages do.
#[test]
fn a_redemption_tells_whoever_watches_it() {
    let history = History::begin();
    let (process, code) = (history.process(), &history.codes[0].code);
    let [me, other] = [0, 1].map(|who| account(&history.guests[who]));
    process.runtime.block_on(async {
        let mut watcher = process.invites.guest.watch(&me, code).unwrap();
        process.invites.guest.redeem(&other, code).await.unwrap();
        assert!(watcher.wait().now_or_never().is_none(), "that was somebody else");
        process.invites.guest.redeem(&me, code).await.unwrap();
        assert!(watcher.wait().now_or_never().is_some());
    });
}
