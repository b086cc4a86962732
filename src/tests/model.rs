//! Random histories: people redeem, owners edit, pause and delete, moderators ban, people leave, time passes, and the
//! process dies at any request to the homeserver, before it was carried out or after. Whatever happens, the service
//! keeps its promises.
//!
//! proptest generates the histories and, if one breaks a promise, the shortest that does. `PROPTEST_CASES` says how
//! many.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
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
    config::{AccountLimits, ActingMode, FailedLookups, Policy, SqlUrl, WorkLimits},
    error::Error,
    homeserver::Homeserver,
    invites::{Invites, Means, Rules},
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
    },
    Pause {
        code: usize,
        paused: bool,
    },
    Delete {
        code: usize,
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
    Sweep,
}

/// The request to the homeserver at which the process dies, counted from the beginning of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Crash {
    request: usize,
    /// Whether the homeserver carries the request out.
    carried_out: bool,
}

fn step() -> impl Strategy<Value = Step> {
    let crash = || {
        let crash = (0..24_usize, any::<bool>()).prop_map(|(request, carried_out)| Crash { request, carried_out });
        prop::option::weighted(0.6, crash)
    };
    prop_oneof![
        8 => (0..GUESTS, 0..CODES, crash()).prop_map(|(who, code, crash)| Step::Redeem { who, code, crash }),
        3 => (0..CODES, crash()).prop_map(|(code, crash)| Step::Rush { code, crash }),
        2 => (0..CODES, 1..8_u8).prop_map(|(code, rooms)| Step::Edit { code, rooms }),
        2 => (0..CODES, any::<bool>()).prop_map(|(code, paused)| Step::Pause { code, paused }),
        1 => (0..CODES).prop_map(|code| Step::Delete { code }),
        2 => (0..GUESTS, 0..ROOMS).prop_map(|(who, room)| Step::Ban { who, room }),
        1 => (0..GUESTS, 0..ROOMS).prop_map(|(who, room)| Step::Unban { who, room }),
        1 => (0..GUESTS, 0..ROOMS).prop_map(|(who, room)| Step::Leave { who, room }),
        2 => (1..30_i64).prop_map(|minutes| Step::Later { minutes }),
        1 => Just(Step::Sweep),
    ]
}

/// The request at which the process is to die, and the signal that it has arrived.
#[derive(Default)]
struct Armed {
    crash: Mutex<Option<(Crash, usize)>>,
    now: Notify,
}

/// Forwards requests to the homeserver, except the one at which the process dies: that never gets a response.
async fn watch(State(armed): State<Arc<Armed>>, request: Request, next: Next) -> Response {
    let fatal = armed.crash.lock().unwrap().as_mut().and_then(|(crash, seen)| {
        *seen += 1;
        (*seen > crash.request).then_some(*crash)
    });
    match fatal {
        None => next.run(request).await,
        Some(crash) => {
            if crash.carried_out {
                next.run(request).await;
            }
            armed.now.notify_one();
            std::future::pending().await
        }
    }
}

/// The service in a runtime of its own, which can be ended like a process: nothing of it keeps running.
struct Process {
    runtime: Runtime,
    invites: Invites,
}

impl Process {
    fn start(database: &Path, homeserver: &str, clock: &Arc<AtomicI64>) -> Self {
        let runtime = Runtime::new().unwrap();
        let invites = runtime.block_on(async {
            let store = Store::open(&SqlUrl::SqliteFile(database.to_owned())).await.unwrap();
            let url = homeserver.parse().unwrap();
            let (name, token) = (server_name!("test").to_owned(), fake::AS_TOKEN.to_owned().into());
            let nothing = std::time::Duration::ZERO;
            let homeserver = Homeserver::new(&url, name, ActingMode::Appservice, token, nothing).unwrap();
            let clock = Arc::clone(clock);
            Invites::new(Means {
                store: &store,
                homeserver: &homeserver,
                rules: Rules {
                    max_rooms: 10,
                    registration: false,
                    element_web_url: None,
                    policy: Policy::default(),
                    audit_days: 90,
                },
                failed_lookups: FailedLookups { per_user: None, per_address: None, in_all: None },
                account_limits: AccountLimits::default(),
                account_help: None,
                limits: WorkLimits { redemptions_in_vain: None, ..WorkLimits::default() },
                clock: Arc::new(move || clock.load(Ordering::Relaxed)),
                chance: Chance::system(),
                tasks: TaskTracker::new(),
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
        let process = Process::start(&folder.join("db"), &world.homeserver, &clock);
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
            let saved = history.save(Draft { new: true, terms: wanted, ..Draft::default() });
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

    fn save(&self, draft: Draft) -> String {
        let process = self.process();
        process.runtime.block_on(process.invites.owner.save(&account(&self.owner), draft)).unwrap().invite.code
    }

    fn later(&self, milliseconds: i64) {
        self.clock.fetch_add(milliseconds, Ordering::Relaxed);
    }

    /// Ends the process abruptly, and starts another one after its leases have expired.
    fn die(&mut self) {
        self.process.take().unwrap().runtime.shutdown_background();
        *self.armed.crash.lock().unwrap() = None;
        self.later(15_000);
        self.process = Some(Process::start(&self.folder.join("db"), &self.world.homeserver, &self.clock));
    }

    /// Makes some people redeem at once, with the process dying if it comes to that.
    fn redeem(&mut self, who: &[usize], code: usize, crash: Option<Crash>) {
        *self.armed.crash.lock().unwrap() = crash.map(|crash| (crash, 0));
        let process = self.process();
        let known = &self.codes[code];
        let answers = process.runtime.block_on(async {
            let accounts: Vec<Account> = who.iter().map(|who| account(&self.guests[*who])).collect();
            let all = accounts.iter().map(|account| process.invites.guest.redeem(account, &known.code));
            tokio::select! {
                answers = futures_util::future::join_all(all) => Some(answers),
                () = self.armed.now.notified() => None,
            }
        });
        let Some(answers) = answers else { return self.die() };
        *self.armed.crash.lock().unwrap() = None;
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
            Step::Edit { code, rooms } if !self.codes[code].deleted => {
                let rooms: Vec<usize> = (0..ROOMS).filter(|room| rooms & (1 << room) != 0).collect();
                let terms = self.wanted(&rooms, self.codes[code].chat);
                self.save(Draft { code: Some(self.codes[code].code.clone()), terms, ..Draft::default() });
                self.codes[code].rooms = rooms;
            }
            Step::Pause { code, paused } if !self.codes[code].deleted => {
                let (process, owner) = (self.process(), account(&self.owner));
                let pause = process.invites.owner.pause(&owner, &self.codes[code].code, paused);
                process.runtime.block_on(pause).unwrap();
                self.codes[code].paused = paused;
            }
            Step::Delete { code } if !self.codes[code].deleted => {
                let (process, owner) = (self.process(), account(&self.owner));
                let delete = process.invites.owner.delete(&owner, &self.codes[code].code);
                process.runtime.block_on(delete).unwrap();
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
            Step::Sweep => {
                let process = self.process();
                process.runtime.block_on(process.invites.housekeeping.sweep()).unwrap();
            }
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
        for (who, room) in &self.banned {
            assert!(!self.joined(*who).contains(&self.rooms[*room]), "a ban is never lifted");
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
        self.go(&Step::Sweep);
        self.check();
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
