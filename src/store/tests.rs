//! What the tables promise, on both engines and without a homeserver: on SQLite in memory and, where `TEST_POSTGRES_URL` says where one is, on
//! PostgreSQL.

mod days;
mod person;
mod plans;

use app::{Action, Door, Limits, Reason, ServerSort, Terms};
use futures_util::future::join_all;
use sqlx::{AssertSqlSafe, PgPool};

use super::*;
use crate::chance::Chance;

const DAY: Millis = 86_400_000;

/// When these tests happen.
const NOW: Millis = 1_800_000_000_000;

const NO_QUOTA: Quota = Quota { open: i64::MAX, made_after: 0, most_uses: i64::MAX, lately: i64::MAX, since: 0 };

async fn postgres() -> Option<Store> {
    #[expect(clippy::disallowed_methods, reason = "tests are told where things are by the environment")]
    let server = std::env::var("TEST_POSTGRES_URL").ok()?;
    let name = format!("store_{}", Chance::system().id().unwrap());
    let pool = PgPool::connect(&format!("{server}/postgres")).await.unwrap();
    sqlx::query(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&pool).await.unwrap();
    Some(Store::open(&SqlUrl::Postgres(format!("{server}/{name}"))).await.unwrap())
}

/// An empty database on each engine.
async fn stores() -> Vec<Store> {
    let memory = Store::open(&SqlUrl::SqliteMemory).await.unwrap();
    [Some(memory), postgres().await].into_iter().flatten().collect()
}

fn entry() -> Entry {
    Entry {
        at: NOW,
        id: Chance::system().id().unwrap(),
        actor: "@anna:x".to_owned(),
        door: Door::Api,
        action: Action::Created,
        code: None,
        detail: None,
    }
}

fn ends(now: Millis) -> Ends {
    Ends { now, made_before: None, max_uses: None }
}

fn room(id: &str) -> Outcome {
    Outcome { room: Some(id.to_owned()), came: Came::In }
}

fn missed(id: &str) -> Outcome {
    let came = Came::Missed { reason: Reason::Banned, errcode: "M_FORBIDDEN".to_owned(), again: false };
    Outcome { room: Some(id.to_owned()), came }
}

#[tokio::test]
async fn instances_tell_each_other_of_redemptions() {
    let Some(one) = postgres().await else { return };
    let Pool::Postgres(pool) = &one.pool else { panic!("it is PostgreSQL") };
    let other = Store::new(Pool::Postgres(pool.clone()));
    let hear = |signals: Signals| tokio::spawn(async move { signals.hear().await });
    let (hearing, telling) = (hear(other.signals.clone()), hear(one.signals.clone()));
    let mut watcher = other.signals.watch("code", "@anna:x");
    // It may take a moment until the other one listens.
    let told = async {
        loop {
            one.signals.tell("code", "@anna:x");
            if tokio::time::timeout(Duration::from_millis(50), watcher.wait()).await.is_ok() {
                break;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), told).await.expect("it is heard");
    hearing.abort();
    telling.abort();
}

/// Waits until what this instance reads may be kept in memory.
async fn mark(store: &Store, key: &str) -> Mark {
    let trusted = async {
        loop {
            if let Some(mark) = store.freshness.mark(key) {
                return mark;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), trusted).await.expect("it hears of changes")
}

/// Waits until what this instance has read is not current any more.
async fn outdated(store: &Store, mark: &Mark) {
    let outdated = async {
        while store.freshness.holds(mark) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), outdated).await.expect("it hears of the change");
}

/// Two instances on one database, on each engine.
async fn pairs() -> Vec<(Store, Store)> {
    let path = std::env::temp_dir().join(format!("store_{}.db", Chance::system().id().unwrap()));
    let url = SqlUrl::SqliteFile(path);
    let mut pairs = vec![(Store::open(&url).await.unwrap(), Store::open(&url).await.unwrap())];
    if let Some(one) = postgres().await {
        let other = Store::new(one.pool.clone());
        pairs.push((one, other));
    }
    pairs
}

#[tokio::test]
async fn whatever_one_instance_writes_is_read_again_by_another() {
    for (one, other) in pairs().await {
        let freshness = other.freshness.clone();
        let keeps_up = tokio::spawn(async move { freshness.keep_up().await });
        one.make("code", &["!a:x"], Limits::default()).await;
        let terms = Terms::default();
        let new = NewInvite { code: "code".to_owned(), owner: "@anna:x".to_owned(), terms, opens_accounts: false };
        for step in 0..7 {
            let marks = [mark(&other, "code").await, mark(&other, "@anna:x").await];
            match step {
                0 => assert_eq!(one.invites.change(&new, None, &entry(), NOW).await.unwrap(), Ok(Written::Done)),
                1 | 2 => {
                    let paused = one.invites.pause("code", step == 1, Pause::Admin, &entry()).await.unwrap();
                    assert_eq!(paused, Written::Done);
                }
                3 => assert_eq!(one.begin("code", "@ben:x").await, Begun::Yes),
                4 => one.redemptions.note_outcome("code", "@ben:x", &room("!a:x"), NOW).await.unwrap(),
                5 => one.invites.pause_all(true, &entry()).await.unwrap(),
                _ => assert_eq!(one.invites.delete("code", &entry()).await.unwrap(), Written::Done),
            }
            for mark in &marks {
                outdated(&other, mark).await;
            }
        }
        keeps_up.abort();
    }
}

#[tokio::test]
async fn an_instance_whose_connection_is_lost_keeps_nothing_in_memory_until_it_hears_again() {
    const END: &str = "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity
         WHERE datname = current_database() AND query = 'LISTEN \"super_invites_changes\"'";
    let Some(store) = postgres().await else { return };
    let Pool::Postgres(pool) = &store.pool else { panic!("it is PostgreSQL") };
    let keep_up = || {
        let freshness = store.freshness.clone();
        tokio::spawn(async move { freshness.keep_up().await })
    };
    let hearing = keep_up();
    let before = mark(&store, "code").await;
    let ended: i64 = sqlx::query_scalar(END).fetch_one(pool).await.unwrap();
    assert_eq!(ended, 1);
    let lost = tokio::time::timeout(Duration::from_secs(30), hearing).await.expect("it is noticed").unwrap();
    assert!(lost.is_err());
    assert_eq!(store.freshness.mark("code"), None);
    let hearing = keep_up();
    mark(&store, "code").await;
    assert!(!store.freshness.holds(&before), "what has changed meanwhile, nobody has told");
    hearing.abort();
}

impl Store {
    async fn make(&self, code: &str, rooms: &[&str], limits: Limits) {
        let rooms = rooms.iter().map(|&room| room.to_owned()).collect();
        let terms = Terms { rooms, limits, ..Terms::default() };
        let new = NewInvite { code: code.to_owned(), owner: "@anna:x".to_owned(), terms, opens_accounts: false };
        let made = self.invites.create(&new, &NO_QUOTA, &entry(), NOW).await.unwrap();
        assert_eq!(made, Ok(Written::Done));
    }

    async fn begin(&self, code: &str, redeemer: &str) -> Begun {
        self.redemptions.begin(code, redeemer, ends(NOW)).await.unwrap()
    }

    async fn number(&self, sql: &'static str) -> i64 {
        on_pool!(&self.pool, |pool| sqlx::query_scalar(sql).fetch_one(pool).await?).unwrap()
    }

    async fn codes(&self, sql: String, ends: Ends) -> Vec<String> {
        let Ends { now, made_before, max_uses } = ends;
        on_pool!(&self.pool, |pool| {
            let codes =
                sqlx::query_scalar(AssertSqlSafe(sql)).bind(now).bind(made_before).bind(max_uses.map(i64::from));
            codes.fetch_all(pool).await?
        })
        .unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_database_may_be_made_by_many_at_once() {
    let folder = std::env::temp_dir().join(format!("super-invites-many-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    for round in 0..5 {
        let url = SqlUrl::SqliteFile(folder.join(format!("{round}.db")));
        let opening: Vec<_> = (0..8)
            .map(|_| {
                tokio::spawn({
                    let url = url.clone();
                    async move { Store::open(&url).await }
                })
            })
            .collect();
        for opened in opening {
            opened.await.unwrap().unwrap();
        }
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

/// What is kept, and what it is a count of.
const COUNTERS: [(&str, &str); 10] = [
    ("SELECT CAST(SUM(begun) AS BIGINT) FROM invites", "SELECT COUNT(*) FROM redemptions"),
    ("SELECT CAST(SUM(came) AS BIGINT) FROM invites", "SELECT COUNT(came_at) FROM redemptions"),
    ("SELECT CAST(SUM(completed) AS BIGINT) FROM invites", "SELECT COUNT(completed_at) FROM redemptions"),
    ("SELECT CAST(SUM(uses) AS BIGINT) FROM invites", "SELECT COUNT(use_at) FROM redemptions"),
    ("SELECT MAX(last_came_at) FROM invites", "SELECT MAX(came_at) FROM redemptions"),
    ("SELECT CAST(SUM(number) AS BIGINT) FROM day_counts WHERE what = 'created'", "SELECT COUNT(*) FROM invites"),
    (
        "SELECT CAST(SUM(number) AS BIGINT) FROM day_counts WHERE what = 'joined'",
        "SELECT COUNT(came_at) FROM redemptions",
    ),
    (
        "SELECT CAST(SUM(number) AS BIGINT) FROM day_counts WHERE what = 'missed'",
        "SELECT COUNT(*) FROM outcomes WHERE NOT joined",
    ),
    (
        "SELECT came FROM room_arrivals WHERE room = '!a:x'",
        "SELECT COUNT(*) FROM outcomes WHERE room = '!a:x' AND joined",
    ),
    (
        "SELECT came FROM room_arrivals WHERE room = '!b:x'",
        "SELECT COUNT(*) FROM outcomes WHERE room = '!b:x' AND joined",
    ),
];

#[tokio::test]
async fn what_is_counted_is_what_a_count_would_say() {
    for store in stores().await {
        store.make("one", &["!a:x", "!b:x"], Limits::default()).await;
        store.make("two", &["!a:x"], Limits::default()).await;
        for (number, guest) in ["@ben:x", "@cleo:x", "@dora:x", "@emil:x"].into_iter().enumerate() {
            let later = NOW + DAY * i64::try_from(number).unwrap();
            for code in ["one", "two"] {
                assert_eq!(store.begin(code, guest).await, Begun::Yes);
                store.redemptions.note_outcome(code, guest, &missed("!a:x"), later).await.unwrap();
            }
            // Some come in, some twice, one is in everything and is said to be so twice, one gives the use back and begins anew.
            if number > 0 {
                store.redemptions.note_outcome("one", guest, &room("!a:x"), later).await.unwrap();
                store.redemptions.note_outcome("one", guest, &room("!a:x"), later + 1).await.unwrap();
                store.redemptions.note_outcome("one", guest, &missed("!a:x"), later + 2).await.unwrap();
            }
            if number > 1 {
                store.redemptions.note_outcome("one", guest, &room("!b:x"), later).await.unwrap();
                store.redemptions.complete("one", guest, later).await.unwrap();
                store.redemptions.complete("one", guest, later).await.unwrap();
            }
            if number == 0 {
                store.redemptions.give_use_back("one", guest, Millis::MAX, later).await.unwrap();
                store.redemptions.give_use_back("one", guest, Millis::MAX, later).await.unwrap();
                assert_eq!(store.begin("one", guest).await, Begun::Yes);
                store.redemptions.give_use_back("two", guest, Millis::MAX, later).await.unwrap();
            }
            if number == 3 {
                store.redemptions.complete("two", guest, later).await.unwrap();
            }
        }
        for (kept, counted) in COUNTERS {
            assert_eq!(store.number(kept).await, store.number(counted).await, "{kept}");
        }
        let first = NOW / DAY;
        assert_eq!(
            store.redemptions.came_by_day("one").await.unwrap(),
            [(first + 1, 1), (first + 2, 1), (first + 3, 1)]
        );
        let Totals { begun, came, completed } = store.redemptions.totals("one").await.unwrap();
        assert_eq!((begun, came, completed), (4, 3, 2));
    }
}

#[tokio::test]
async fn sql_says_of_an_invite_what_the_model_says() {
    for store in stores().await {
        let times = [None, Some(NOW - 1), Some(NOW), Some(NOW + 1)];
        let mut names = Vec::new();
        for (begin, not_before) in times.into_iter().enumerate() {
            for (end, expires_at) in times.into_iter().enumerate() {
                for max_uses in [None, Some(1), Some(2)] {
                    for stopped in ["", "paused", "held", "deleted"] {
                        let code = format!("{begin}-{end}-{}-{stopped}", max_uses.unwrap_or_default());
                        store.make(&code, &[], Limits::default()).await;
                        assert_eq!(store.begin(&code, "@ben:x").await, Begun::Yes);
                        let limits = Limits { not_before, expires_at, max_uses };
                        let terms = Terms { limits, ..Terms::default() };
                        let (owner, opens_accounts) = ("@anna:x".to_owned(), false);
                        let new = NewInvite { code: code.clone(), owner, terms, opens_accounts };
                        store.invites.change(&new, None, &entry(), NOW).await.unwrap().unwrap();
                        match stopped {
                            "paused" => drop(store.invites.pause(&code, true, Pause::Owner, &entry()).await.unwrap()),
                            "held" => drop(store.invites.pause(&code, true, Pause::Admin, &entry()).await.unwrap()),
                            "deleted" => drop(store.invites.delete(&code, &entry()).await.unwrap()),
                            _ => {}
                        }
                        names.push(code);
                    }
                }
            }
        }
        for (made_before, most) in [(None, None), (Some(NOW - 1), Some(2)), (Some(NOW), None), (None, Some(1))] {
            let ends = Ends { now: NOW, made_before, max_uses: most };
            let ended = concat!("SELECT code FROM invites i WHERE ", super::invites::ended!());
            let ended = store.codes(ended.to_owned(), ends).await;
            // The same numbers, in the places in which that one has them.
            let lets_in =
                concat!("SELECT code FROM invites i WHERE CAST($1 AS BIGINT) > 0 AND ", super::invites::lets_in!());
            let lets_in = lets_in.replace("$3", "$4").replace("$2", "$1").replace("$4", "$2");
            let lets_in = store.codes(lets_in + " AND (CAST($3 AS BIGINT) IS NULL OR TRUE)", ends).await;
            for code in &names {
                let mut stored = store.invites.get(code).await.unwrap().unwrap().as_written();
                let limits = &mut stored.invite.terms.limits;
                if made_before.is_some_and(|before| stored.invite.created_at <= before) {
                    limits.expires_at = Some(limits.expires_at.unwrap_or(NOW).min(NOW));
                }
                limits.max_uses = limits.max_uses.into_iter().chain(most).min();
                let is_live = stored.deleted_at.is_none();
                assert_eq!(ended.contains(code), !is_live || stored.invite.has_ended(NOW), "{code} ended at {ends:?}");
                stored.invite.terms.limits.max_uses = None;
                let open = is_live && stored.state(NOW) == app::InviteState::Open;
                assert_eq!(lets_in.contains(code), open, "{code} lets in at {ends:?}");
            }
        }
    }
}

#[tokio::test]
async fn nobody_begins_with_an_invite_that_was_stopped_meanwhile() {
    for store in stores().await {
        for (code, held) in [("never", false), ("before", true)] {
            store.make(code, &[], Limits::default()).await;
            if held {
                assert_eq!(store.begin(code, "@ben:x").await, Begun::Yes);
            }
            for by in [Pause::Owner, Pause::Admin] {
                store.invites.pause(code, true, by, &entry()).await.unwrap();
                assert_eq!(store.begin(code, "@ben:x").await, Begun::No);
                store.invites.pause(code, false, by, &entry()).await.unwrap();
            }
            store.invites.pause_all(true, &entry()).await.unwrap();
            assert_eq!(store.begin(code, "@ben:x").await, Begun::No);
            store.invites.pause_all(false, &entry()).await.unwrap();
            assert_eq!(store.begin(code, "@ben:x").await, Begun::Yes);
            store.invites.delete(code, &entry()).await.unwrap();
            assert_eq!(store.begin(code, "@ben:x").await, Begun::No);
        }
    }
}

#[tokio::test]
async fn the_last_place_is_taken_once_and_once_a_person() {
    for store in stores().await {
        let one = Limits { max_uses: Some(1), ..Limits::default() };
        store.make("same", &[], one).await;
        let all = join_all((0..8).map(|_| store.begin("same", "@ben:x"))).await;
        assert!(all.iter().all(|begun| *begun == Begun::Yes), "they have it: {all:?}");
        assert_eq!(store.number("SELECT uses FROM invites WHERE code = 'same'").await, 1);
        store.make("others", &[], one).await;
        let guests: Vec<String> = (0..8).map(|number| format!("@guest{number}:x")).collect();
        let all = join_all(guests.iter().map(|guest| store.begin("others", guest))).await;
        assert_eq!(all.iter().filter(|begun| **begun == Begun::Yes).count(), 1);
    }
}

#[tokio::test]
async fn those_who_change_an_invite_and_those_who_come_never_block_each_other_for_good() {
    for store in stores().await {
        for code in ["one", "two"] {
            store.make(code, &["!a:x"], Limits::default()).await;
        }
        let guest = async |number: usize| {
            let (guest, code) = (format!("@guest{number}:x"), ["one", "two"][number % 2]);
            for _ in 0..10 {
                store.redemptions.begin(code, &guest, ends(NOW)).await?;
                store.redemptions.give_use_back(code, &guest, Millis::MAX, NOW).await?;
            }
            // It may be paused just now.
            while store.redemptions.begin(code, &guest, ends(NOW)).await? == Begun::No {
                tokio::task::yield_now().await;
            }
            store.redemptions.note_outcome(code, &guest, &room("!a:x"), NOW).await?;
            store.redemptions.complete(code, &guest, NOW).await
        };
        let owner = async |number: usize| {
            let code = ["one", "two"][number % 2].to_owned();
            let terms = Terms { rooms: vec!["!a:x".to_owned()], ..Terms::default() };
            let new = NewInvite { code: code.clone(), owner: "@anna:x".to_owned(), terms, opens_accounts: false };
            let block = Block { room: "!a:x".to_owned(), actor: "@anna:x".to_owned(), reason: None, at: NOW };
            for _ in 0..10 {
                store.invites.change(&new, Some(&NO_QUOTA), &entry(), NOW).await?.unwrap();
                store.invites.pause(&code, true, Pause::Owner, &entry()).await?;
                store.invites.pause(&code, false, Pause::Owner, &entry()).await?;
                store.rooms.block(&code, &block, &entry()).await?;
                store.rooms.unblock(&code, "!a:x", &entry()).await?;
                store.invites.pause_all(false, &entry()).await?;
            }
            Ok::<_, Error>(())
        };
        let (guests, owners) = tokio::join!(join_all((0..8).map(guest)), join_all((0..4).map(owner)));
        let all: Result<Vec<()>> = guests.into_iter().chain(owners).collect();
        all.unwrap();
    }
}

#[tokio::test]
async fn people_who_make_invites_are_found_by_a_word_of_their_user_names() {
    for store in stores().await {
        let terms = Terms { rooms: vec!["!room:x".to_owned()], ..Terms::default() };
        for owner in ["@anna.van-dijk:x", "@dijkstra:x", "@ben:x"] {
            let new = NewInvite {
                code: owner.to_owned(),
                owner: owner.to_owned(),
                terms: terms.clone(),
                opens_accounts: false,
            };
            store.invites.create(&new, &NO_QUOTA, &entry(), NOW).await.unwrap().unwrap();
        }
        let called = async |text: &str| store.owners.called(text, 2).await.unwrap();
        assert_eq!(called("Dijk").await, ["@anna.van-dijk:x", "@dijkstra:x"]);
        assert_eq!(called("@anna").await, ["@anna.van-dijk:x"]);
        assert_eq!(called("@ben:x").await, ["@ben:x"]);
        assert!(
            called("@ben:other").await.is_empty() && called("jkstra").await.is_empty() && called("\0").await.is_empty()
        );
        assert!(called("").await.is_empty() && called("@").await.is_empty());
    }
}

#[tokio::test]
async fn a_day_is_counted_by_what_happened_on_it() {
    for store in stores().await {
        let day = NOW / DAY;
        store.make("one", &["!a:x", "!b:x"], Limits::default()).await;
        store.make("two", &["!a:x"], Limits::default()).await;
        for (guest, at) in [("@ben:x", NOW), ("@cleo:x", NOW - DAY), ("@dora:x", NOW - 40 * DAY)] {
            store.begin("one", guest).await;
            store.redemptions.note_outcome("one", guest, &room("!a:x"), at).await.unwrap();
            store.redemptions.note_outcome("one", guest, &missed("!b:x"), at).await.unwrap();
        }
        // Who is in at last did not miss anything.
        store.redemptions.note_outcome("one", "@cleo:x", &room("!b:x"), NOW).await.unwrap();
        for actor in ["@new:x", "@new:x", "@newer:x"] {
            let entry = Entry { actor: actor.to_owned(), action: Action::AccountCreated, ..entry() };
            store.audit.note(&entry).await.unwrap();
        }
        let mut counts = store.days.since(day - 29).await.unwrap();
        counts.joined.sort_unstable();
        assert_eq!(
            counts,
            Counts {
                created: vec![(day, 2)],
                joined: vec![(day - 1, 1), (day, 1)],
                accounts: vec![(day, 2)],
                missed: vec![(day, Reason::Banned, 1)],
            }
        );
    }
}

#[tokio::test]
async fn people_who_made_invites_before_words_were_kept_are_found() {
    for store in stores().await {
        on_pool!(&store.pool, |pool| {
            sqlx::query("INSERT INTO owners (owner, version) VALUES ('@anna.dijk:x', 1)").execute(pool).await?;
            sqlx::query("DELETE FROM keys WHERE name = 'owner words'").execute(pool).await?;
        })
        .unwrap();
        store.owners.catch_up().await.unwrap();
        assert_eq!(store.owners.called("dijk", 2).await.unwrap(), ["@anna.dijk:x"]);
    }
}

#[tokio::test]
async fn pages_are_written_to_a_new_folder_though_somebody_still_writes_to_the_former() {
    let link = |hash: &str| {
        let (path, query) = (format!("o/room/pin/{hash}"), "userId=anna:x".to_owned());
        ShareLink { hash: hash.to_owned(), sharer: "@anna:x".to_owned(), path, query, code: None }
    };
    for store in stores().await {
        let links = &store.share_links;
        let due = async || {
            let mut due: Vec<String> =
                links.other_pages_to_write(10).await.unwrap().into_iter().map(|link| link.hash).collect();
            due.sort();
            due
        };
        links.set_folder("/one").await.unwrap();
        for hash in ["a", "b"] {
            links.keep(&link(hash), NOW).await.unwrap();
            links.set_static_page(hash, StaticPage::There, "/one").await.unwrap();
        }
        assert_eq!(due().await, [""; 0]);
        links.set_folder("/one").await.unwrap();
        assert_eq!(due().await, [""; 0], "it is the same");

        links.set_folder("/two").await.unwrap();
        assert_eq!(due().await, ["a", "b"]);
        // Whoever was about to write to the former folder does so, and so does another instance that still has it.
        assert!(!links.is_folder("/one").await.unwrap() && links.is_folder("/two").await.unwrap());
        links.set_static_page("a", StaticPage::There, "/one").await.unwrap();
        links.set_static_page("b", StaticPage::None, "/one").await.unwrap();
        links.keep(&link("c"), NOW).await.unwrap();
        links.begin_static_page("c").await.unwrap();
        links.set_static_page("c", StaticPage::There, "/one").await.unwrap();
        assert_eq!(due().await, ["a", "b", "c"]);
        for hash in ["a", "b", "c"] {
            links.set_static_page(hash, StaticPage::There, "/two").await.unwrap();
        }

        // For a while the service serves the pages itself.
        links.forget_folder().await.unwrap();
        links.keep(&link("d"), NOW).await.unwrap();
        assert_eq!(due().await, [""; 0]);
        links.set_folder("/two").await.unwrap();
        assert_eq!(due().await, ["a", "b", "c", "d"]);
    }
}

#[tokio::test]
async fn all_live_invites_are_read_in_each_order_from_any_place() {
    for store in stores().await {
        for (code, expires_at) in [("a", Some(NOW + 3)), ("b", None), ("c", Some(NOW + 1)), ("d", Some(NOW + 1))] {
            store.make(code, &["!a:x"], Limits { expires_at, ..Limits::default() }).await;
        }
        store.make("deleted", &["!a:x"], Limits::default()).await;
        assert_eq!(store.invites.delete("deleted", &entry()).await.unwrap(), Written::Done);
        assert_eq!((store.invites.how_many(10).await.unwrap(), store.invites.how_many(3).await.unwrap()), (4, 3));
        for among in [Among::All, Among::Of("@anna:x"), Among::Into("!a:x")] {
            for (sort, first, expected) in [
                (ServerSort::Newest, (0, -Millis::MAX), &["d", "c", "b", "a"][..]),
                (ServerSort::Oldest, (0, Millis::MIN), &["a", "b", "c", "d"]),
                (ServerSort::EndsNext, (NOW, Millis::MAX), &["c", "d", "a"]),
            ] {
                let (mut place, mut codes) = (first, Vec::new());
                // One after the other, each behind the one before.
                while let Some(one) = store.invites.live(among, sort, place, 1).await.unwrap().pop() {
                    place = one.place(sort);
                    codes.push(one.as_written().invite.code);
                }
                assert_eq!(codes, expected, "{among:?}, {sort:?}");
            }
        }
    }
}

#[tokio::test]
async fn invites_that_are_paused_or_begin_later_are_read_without_the_others() {
    for store in stores().await {
        for code in ["a", "b", "c", "d", "deleted"] {
            let not_before = (code > "b").then_some(NOW + 1);
            store.make(code, &["!a:x"], Limits { not_before, ..Limits::default() }).await;
        }
        for (code, by) in [
            ("a", Pause::Owner),
            ("b", Pause::Admin),
            ("d", Pause::Owner),
            ("d", Pause::Admin),
            ("deleted", Pause::Owner),
        ] {
            assert_eq!(store.invites.pause(code, true, by, &entry()).await.unwrap(), Written::Done);
        }
        assert_eq!(store.invites.delete("deleted", &entry()).await.unwrap(), Written::Done);
        for (among, oldest, newest) in [
            (Among::Paused, ["a", "d"], ["d", "a"]),
            (Among::Held, ["b", "d"], ["d", "b"]),
            (Among::WithStart, ["c", "d"], ["d", "c"]),
        ] {
            for (sort, first, expected) in
                [(ServerSort::Oldest, (0, Millis::MIN), oldest), (ServerSort::Newest, (0, -Millis::MAX), newest)]
            {
                let found = store.invites.live(among, sort, first, 10).await.unwrap();
                let codes: Vec<String> = found.into_iter().map(|one| one.as_written().invite.code).collect();
                assert_eq!(codes, expected, "{among:?}, {sort:?}");
            }
        }
    }
}
