//! What is kept about a person is found, and erased, wherever it stands.

use app::Detail;
use serde_json::{Value, json};

use super::*;

/// How long there may be no answer in these tests.
const ANSWERS: Duration = Duration::from_secs(30);

const ANNA: &str = "@anna:x";
const ALIAS: &str = "@erased-1:erased.invalid";
const FOLDER: &str = "/pages";
const ERASURE: Erasure<'_> = Erasure { person: ANNA, alias: ALIAS, path: "u/anna:x" };

fn erased_by_operator() -> Entry {
    let detail = Some(Detail::Person(ALIAS.to_owned()));
    let (actor, door) = ("operator".to_owned(), Door::Command);
    Entry { actor, door, action: Action::Erased, detail, at: NOW + 1, ..entry() }
}

fn by(actor: &str, action: Action, code: &str) -> Entry {
    Entry { actor: actor.to_owned(), action, code: Some(code.to_owned()), ..entry() }
}

fn link(hash: &str, sharer: &str, path: &str) -> ShareLink {
    let (query, code) = (format!("userId={}", sharer.trim_start_matches('@')), None);
    ShareLink { hash: hash.to_owned(), sharer: sharer.to_owned(), path: path.to_owned(), query, code }
}

/// Terms whose texts and picture name Anna.
fn about_anna() -> Terms {
    Terms {
        rooms: vec!["!a:x".to_owned(), "!b:x".to_owned()],
        chat: true,
        label: Some("of @anna:x".to_owned()),
        welcome: Some("by @anna:x".to_owned()),
        public_title: Some("Camp of @anna:x".to_owned()),
        picture: Some("!anna-and-ben:x".to_owned()),
        ..Terms::default()
    }
}

impl Store {
    /// An invite of Olga's.
    async fn of_olga(&self, code: &str, limits: Limits) {
        let terms = Terms { rooms: vec!["!a:x".to_owned()], limits, ..Terms::default() };
        let new = NewInvite { code: code.to_owned(), owner: "@olga:x".to_owned(), terms, opens_accounts: false };
        let made = self.invites.create(&new, &NO_QUOTA, &by("@olga:x", Action::Created, code), NOW).await.unwrap();
        assert_eq!(made, Ok(Written::Done));
    }

    /// Anna stands in every table in which a person can stand, and so do Ben and Olga.
    async fn with_anna_everywhere(&self) {
        for code in ["hers", "ended"] {
            let new =
                NewInvite { code: code.to_owned(), owner: ANNA.to_owned(), terms: about_anna(), opens_accounts: false };
            self.invites.create(&new, &NO_QUOTA, &by(ANNA, Action::Created, code), NOW).await.unwrap().unwrap();
        }
        self.invites.pause("hers", true, Pause::Owner, &by(ANNA, Action::Paused, "hers")).await.unwrap();
        self.invites.pause("hers", false, Pause::Owner, &by(ANNA, Action::Resumed, "hers")).await.unwrap();
        assert_eq!(self.begin("hers", "@ben:x").await, Begun::Yes);
        self.redemptions.note_outcome("hers", "@ben:x", &room("!a:x"), NOW).await.unwrap();
        let said = Reason::Said("@anna:x may not invite @ben:x".to_owned());
        let missed = |room: &str, reason: Reason| {
            let came = Came::Missed { reason, errcode: "M_FORBIDDEN".to_owned(), again: true };
            Outcome { room: Some(room.to_owned()), came }
        };
        self.redemptions.note_outcome("hers", "@ben:x", &missed("!b:x", said.clone()), NOW).await.unwrap();
        self.redemptions.note_chat_marker("hers", "@ben:x", "marker", Some(NOW)).await.unwrap();
        self.redemptions.note_chat_room("hers", "@ben:x", "!anna-and-ben:x").await.unwrap();
        let block = |actor: &str| Block {
            room: "!a:x".to_owned(),
            actor: actor.to_owned(),
            reason: Some("enough of it".to_owned()),
            at: NOW,
        };
        self.rooms.block("hers", &block("@olga:x"), &by("@olga:x", Action::Blocked, "hers")).await.unwrap();
        self.invites.delete("ended", &by(ANNA, Action::Deleted, "ended")).await.unwrap();

        for code in ["olgas", "nothing"] {
            self.of_olga(code, Limits { max_uses: Some(2), ..Limits::default() }).await;
            assert_eq!(self.begin(code, ANNA).await, Begun::Yes);
            self.redemptions.note_outcome(code, ANNA, &missed("!b:x", said.clone()), NOW).await.unwrap();
        }
        self.redemptions.note_outcome("olgas", ANNA, &room("!a:x"), NOW).await.unwrap();
        self.redemptions.complete("olgas", ANNA, NOW).await.unwrap();
        self.audit.note(&by(ANNA, Action::Redeemed, "olgas")).await.unwrap();
        self.rooms.block("nothing", &block(ANNA), &by(ANNA, Action::Blocked, "nothing")).await.unwrap();
        self.invites.pause("nothing", true, Pause::Admin, &by(ANNA, Action::Paused, "nothing")).await.unwrap();
        let all = Entry { code: None, ..by(ANNA, Action::PausedAll, "") };
        self.invites.pause_all(true, &all).await.unwrap();
        self.share_links.set_folder(FOLDER).await.unwrap();
        let links =
            [link("1", ANNA, "o/room/pin/x"), link("2", "@ben:x", "u/anna:x"), link("3", "@ben:x", "u/annabel:x")];
        for link in links {
            self.share_links.keep(&link, NOW).await.unwrap();
            self.share_links.set_static_page(&link.hash, StaticPage::There, FOLDER).await.unwrap();
        }
        self.leases.take("redeem:@anna:x", "holder", NOW, NOW + 10_000).await.unwrap();
        let exported = Some(Detail::Person(ANNA.to_owned()));
        self.audit.note(&Entry { code: None, detail: exported, ..by("operator", Action::Exported, "") }).await.unwrap();
    }

    /// The columns in which a text stands, whichever tables there are.
    async fn where_it_stands(&self, text: &str) -> Vec<String> {
        let columns = match &self.pool {
            Pool::Sqlite(_) => {
                "SELECT m.name, p.name FROM sqlite_master m JOIN pragma_table_info(m.name) p WHERE m.type = 'table'"
            }
            Pool::Postgres(_) => {
                "SELECT CAST(table_name AS TEXT), CAST(column_name AS TEXT) FROM information_schema.columns
                 WHERE table_schema = 'public'"
            }
        };
        let columns: Vec<(String, String)> =
            on_pool!(&self.pool, |pool| sqlx::query_as(columns).fetch_all(pool).await?).unwrap();
        assert!(columns.len() > 50, "{columns:?}");
        let mut found = Vec::new();
        for (table, column) in columns {
            let sql = format!("SELECT COUNT(*) FROM \"{table}\" WHERE CAST(\"{column}\" AS TEXT) LIKE '%{text}%'");
            let rows: i64 =
                on_pool!(&self.pool, |pool| sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(pool).await?).unwrap();
            if rows > 0 {
                found.push(format!("{table}.{column}"));
            }
        }
        found.sort();
        found
    }

    /// Forgets the share links that erasing Anna has left.
    async fn forget_links(&self) {
        let hashes = self.persons.static_pages(ERASURE).await.unwrap();
        self.persons.forget_links(&hashes).await.unwrap();
    }

    async fn exported(&self) -> Value {
        serde_json::to_value(self.persons.export(ANNA).await.unwrap()).unwrap()
    }
}

#[tokio::test]
async fn everything_about_a_person_is_exported_and_nothing_about_others() {
    for store in stores().await {
        store.with_anna_everywhere().await;
        let data = store.exported().await;
        let number = |name: &str| data[name].as_array().unwrap().len();
        assert_eq!(data["invites"][0]["public_title"], "Camp of @anna:x");
        for (what, many) in [
            ("invites", 2),
            ("invite_rooms", 4),
            ("blocks_of_their_invites", 1),
            ("redemptions", 2),
            ("redeemed_rooms", 3),
            ("share_links", 1),
            ("blocks_they_made", 1),
            ("invites_they_paused_as_admin", 1),
        ] {
            assert_eq!(number(what), many, "{what}: {data}");
        }
        assert_eq!(data["all_invites_paused_since"], json!(NOW));
        assert_eq!(data["redeeming_until"], json!(NOW + 10_000));
        let actions: Vec<&str> =
            data["audit"].as_array().unwrap().iter().map(|entry| entry["action"].as_str().unwrap()).collect();
        for action in ["created", "deleted", "redeemed", "blocked", "paused", "paused_all", "exported"] {
            assert!(actions.contains(&action), "{action}: {actions:?}");
        }
        // That the homeserver's words about Anna name Ben as well is the homeserver's choice.
        let mut rest = data.clone();
        rest["redeemed_rooms"] = Value::Null;
        let text = rest.to_string();
        for other in ["@ben:x", "@olga:x", "annabel"] {
            assert!(!text.contains(other), "{other}: {text}");
        }
        // Room admins and server admins do not learn codes, and so neither by this.
        assert!(!rest["blocks_they_made"].to_string().contains("nothing"), "{rest}");
        assert!(!rest["audit"].to_string().contains("nothing"), "{rest}");
    }
}

#[tokio::test]
async fn nothing_names_a_person_who_was_erased() {
    for store in stores().await {
        store.with_anna_everywhere().await;
        assert!(store.where_it_stands("anna:x").await.len() > 10, "she is everywhere");
        let erased = store.persons.erase(ERASURE, &erased_by_operator(), false).await.unwrap();
        store.forget_links().await;
        store.leases.release("redeem:@anna:x", "holder").await.unwrap();
        assert_eq!(store.where_it_stands("anna:x").await, [""; 0]);
        assert_eq!(store.where_it_stands("anna-and-ben").await, [""; 0]);
        assert_eq!((erased.ended, erased.invites, erased.redemptions, erased.given_up), (1, 2, 1, 1));
        assert_eq!((erased.links, erased.decisions), (2, 3));
        // Others stay.
        let stands = store.where_it_stands("ben:x").await;
        for column in ["outcomes.redeemer", "redemptions.redeemer", "share_links.sharer"] {
            assert!(stands.contains(&column.to_owned()), "{column}: {stands:?}");
        }
        assert!(store.share_links.get("3").await.unwrap().is_some(), "it leads to somebody else");
        // What was done is known, but not by whom.
        let entries = Span { since: 0, before: None, about: About::By(ALIAS), take: 50 };
        assert!(store.audit.entries(&entries).await.unwrap().len() >= 8);
        let entries = store.audit.entries(&Span { about: About::By("operator"), ..entries }).await.unwrap();
        assert_eq!(entries[0].entry.action, Action::Erased);
    }
}

#[tokio::test]
async fn what_goes_on_with_an_invite_of_somebody_who_was_erased_does_not_name_them() {
    assert!(ALIAS.ends_with(app::ERASED_SERVER));
    for store in stores().await {
        store.with_anna_everywhere().await;
        store.persons.erase(ERASURE, &erased_by_operator(), false).await.unwrap();
        store.forget_links().await;
        store.leases.release("redeem:@anna:x", "holder").await.unwrap();

        // Ben was being let in, and she was saving, in the same moment.
        let said = Reason::Said("@anna:x may not invite @ben:x".to_owned());
        let came = Came::Missed { reason: said, errcode: "M_FORBIDDEN".to_owned(), again: true };
        let missed = Outcome { room: Some("!b:x".to_owned()), came };
        store.redemptions.note_outcome("hers", "@ben:x", &missed, NOW).await.unwrap();
        store.redemptions.note_chat_marker("hers", "@ben:x", "of anna:x", Some(NOW)).await.unwrap();
        store.redemptions.note_chat_room("hers", "@ben:x", "!anna-and-ben:x").await.unwrap();
        store.redemptions.note_outcome("hers", "@ben:x", &room("!c:x"), NOW).await.unwrap();
        store.redemptions.complete("hers", "@ben:x", NOW).await.unwrap();
        store.audit.note(&by("@ben:x", Action::Redeemed, "hers")).await.unwrap();
        let terms = Terms { label: Some("of @anna:x".to_owned()), ..Terms::default() };
        let new = NewInvite { code: "hers".to_owned(), owner: ANNA.to_owned(), terms, opens_accounts: false };
        let changed = store.invites.change(&new, None, &by(ANNA, Action::Changed, "hers"), NOW).await.unwrap();
        assert_eq!(changed, Ok(Written::NotAsExpected));

        assert_eq!(store.where_it_stands("anna:x").await, [""; 0]);
        assert_eq!(store.where_it_stands("anna-and-ben").await, [""; 0]);
        let ben = store.redemptions.get("hers", "@ben:x").await.unwrap().unwrap();
        assert_eq!((ben.came_in_to(), ben.chat), (2, Chat::default()), "what he has stays his");
    }
}

#[tokio::test]
async fn an_erasure_changes_no_day_and_who_is_let_in_later_has_missed_nothing() {
    for store in stores().await {
        store.with_anna_everywhere().await;
        let (said, failed) = (Reason::Said(String::new()), Reason::HomeserverFailed);
        let came = Came::Missed { reason: failed.clone(), errcode: "M_UNKNOWN".to_owned(), again: true };
        let another = Outcome { room: Some("!c:x".to_owned()), came };
        store.redemptions.note_outcome("hers", "@ben:x", &another, NOW).await.unwrap();
        let before = store.days.since(NOW / DAY).await.unwrap();
        assert_eq!(before.missed, [(NOW / DAY, failed.clone(), 1), (NOW / DAY, said.clone(), 3)]);
        store.persons.erase(ERASURE, &erased_by_operator(), false).await.unwrap();
        assert_eq!(store.days.since(NOW / DAY).await.unwrap(), before);

        // What the homeserver has said of Anna is not known any more, but that he is not in.
        let ben = store.redemptions.get("hers", "@ben:x").await.unwrap().unwrap();
        let of_the_room = ben.outcomes.iter().find(|outcome| outcome.room.as_deref() == Some("!b:x"));
        assert_eq!(of_the_room.and_then(Outcome::missed).map(|missed| missed.reason), Some(failed.clone()));
        store.redemptions.note_outcome("hers", "@ben:x", &room("!b:x"), NOW).await.unwrap();
        let after = store.days.since(NOW / DAY).await.unwrap();
        assert_eq!(after.missed, [(NOW / DAY, failed, 1), (NOW / DAY, said, 2)]);
    }
}

/// Waits until so many statements wait for a lock.
async fn waiting(pool: &PgPool, statements: i64) {
    const WAITING: &str = "SELECT COUNT(*) FROM pg_locks WHERE NOT granted
         AND pid IN (SELECT pid FROM pg_stat_activity WHERE datname = current_database())";
    let waiting = async {
        while sqlx::query_scalar::<_, i64>(WAITING).fetch_one(pool).await.unwrap() < statements {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(ANSWERS, waiting).await.expect("they wait");
}

#[tokio::test]
async fn what_is_written_beside_an_erasure_waits_for_it_and_does_not_name_the_person() {
    let Some(store) = postgres().await else { return };
    let Pool::Postgres(pool) = &store.pool else { panic!("it is PostgreSQL") };
    store.with_anna_everywhere().await;
    store.leases.release("redeem:@anna:x", "holder").await.unwrap();

    // Holds the erasure up where it has done nearly everything.
    let mut held = pool.begin().await.unwrap();
    sqlx::query("LOCK TABLE share_links IN SHARE MODE").execute(&mut *held).await.unwrap();
    let (entry, noted) = (erased_by_operator(), by("@ben:x", Action::Redeemed, "hers"));
    let beside = async {
        waiting(pool, 1).await;
        let (outcome, room) = (room("!c:x"), "!anna-and-ben:x");
        let written = async {
            let (came, chat, noted) = tokio::join!(
                store.redemptions.note_outcome("hers", "@ben:x", &outcome, NOW),
                store.redemptions.note_chat_room("hers", "@ben:x", room),
                store.audit.note(&noted),
            );
            came.and(chat).and(noted).unwrap();
        };
        let released = async {
            waiting(pool, 4).await;
            held.commit().await.unwrap();
        };
        tokio::join!(written, released);
    };
    let (erased, ()) = tokio::join!(store.persons.erase(ERASURE, &entry, false), beside);
    erased.unwrap();
    store.forget_links().await;
    assert_eq!(store.where_it_stands("anna:x").await, [""; 0]);
    assert_eq!(store.where_it_stands("anna-and-ben").await, [""; 0]);
}

#[tokio::test]
async fn links_with_pages_stay_until_these_are_gone_and_are_found_again() {
    for store in stores().await {
        store.with_anna_everywhere().await;
        store.share_links.keep(&link("4", ANNA, "o/room/pin/y"), NOW).await.unwrap();
        let erased = store.persons.erase(ERASURE, &erased_by_operator(), false).await.unwrap();
        assert_eq!(erased.links, 3);
        assert!(store.share_links.get("4").await.unwrap().is_none(), "it has no page");
        // As if the process had died here.
        for (page, entry) in [(vec!["1", "2"], "again"), (vec![], "and again")] {
            assert_eq!(store.persons.static_pages(ERASURE).await.unwrap(), page);
            let entry = Entry { id: entry.to_owned(), ..erased_by_operator() };
            let again = store.persons.erase(ERASURE, &entry, false).await.unwrap();
            assert_eq!(again, Erased { links: page.len() as u64, ..Erased::default() });
            store.forget_links().await;
        }
    }
}

#[tokio::test]
async fn what_takes_long_is_given_up_at_some_time_as_well() {
    let Some(store) = postgres().await else { return };
    let Pool::Postgres(pool) = &store.pool else { panic!("it is PostgreSQL") };
    let mut held = pool.begin().await.unwrap();
    sqlx::query("LOCK TABLE leases IN ACCESS EXCLUSIVE MODE").execute(&mut *held).await.unwrap();
    let soon = Duration::from_millis(50);
    assert!(store.probe_within(soon).await.is_err());
    let long = async {
        in_long_transaction!(&store.pool, soon, false, |tx| {
            sqlx::query("DELETE FROM leases").execute(&mut *tx).await?;
        });
        Ok::<_, Error>(())
    };
    assert!(long.await.is_err());
    held.rollback().await.unwrap();
    store.probe_within(ANSWERS).await.unwrap();
}

#[tokio::test]
async fn what_a_person_decided_for_others_holds_after_they_were_erased() {
    for store in stores().await {
        store.with_anna_everywhere().await;
        store.persons.erase(ERASURE, &erased_by_operator(), false).await.unwrap();
        assert_eq!(store.rooms.blocks("nothing").await.unwrap()[0].actor, ALIAS);
        let held = store.invites.get("nothing").await.unwrap().unwrap().as_written();
        assert!(held.invite.held && held.all_paused && held.deleted_at.is_none());
        assert_eq!(store.invites.all_paused().await.unwrap().unwrap().actor, ALIAS);
    }
}

#[tokio::test]
async fn an_erased_persons_invites_have_ended_and_their_codes_stay_taken() {
    for store in stores().await {
        store.with_anna_everywhere().await;
        store.invites.pause_all(false, &entry()).await.unwrap();
        store.registration_tokens.settled("hers", Some(NOW), None, NOW).await.unwrap();
        store.persons.erase(ERASURE, &erased_by_operator(), false).await.unwrap();
        assert_eq!(store.begin("hers", "@cleo:x").await, Begun::No);
        assert!(store.registration_tokens.due(NOW + 1, 50).await.unwrap().contains(&"hers".to_owned()));
        assert!(store.invites.of(ANNA).await.unwrap().is_empty());
        let terms = Terms { rooms: vec!["!a:x".to_owned()], ..Terms::default() };
        let new = NewInvite { code: "hers".to_owned(), owner: ANNA.to_owned(), terms, opens_accounts: false };
        let again = store.invites.create(&new, &NO_QUOTA, &entry(), NOW).await.unwrap();
        assert_eq!(again, Ok(Written::NotAsExpected));
        let Totals { begun, came, .. } = store.redemptions.totals("hers").await.unwrap();
        assert_eq!((begun, came), (1, 1), "Ben came");
    }
}

#[tokio::test]
async fn counts_are_right_after_people_were_erased_and_have_come_again() {
    for store in stores().await {
        store.with_anna_everywhere().await;
        store.invites.pause("nothing", false, Pause::Admin, &entry()).await.unwrap();
        store.invites.pause_all(false, &entry()).await.unwrap();
        store.persons.erase(ERASURE, &erased_by_operator(), false).await.unwrap();
        let uses = "SELECT uses FROM invites WHERE code = 'olgas'";
        assert_eq!(store.number(uses).await, 1, "the place of who came is taken");
        assert_eq!(store.number("SELECT uses FROM invites WHERE code = 'nothing'").await, 0, "the other is free");

        // Nobody knows any more that she was here: she is somebody new, and takes a place, once.
        for _ in 0..3 {
            assert_eq!(store.begin("olgas", ANNA).await, Begun::Yes);
        }
        store.redemptions.note_outcome("olgas", ANNA, &room("!a:x"), NOW).await.unwrap();
        store.redemptions.complete("olgas", ANNA, NOW).await.unwrap();
        assert_eq!(store.number(uses).await, 2);
        assert_eq!(store.begin("olgas", "@ben:x").await, Begun::No, "there are two places");
        let again = Erasure { alias: "@erased-2:erased.invalid", ..ERASURE };
        store.persons.erase(again, &Entry { id: "again".to_owned(), ..erased_by_operator() }, false).await.unwrap();
        assert_eq!(store.number(uses).await, 2);

        for (kept, counted) in [
            ("SELECT CAST(SUM(begun) AS BIGINT) FROM invites", "SELECT COUNT(*) FROM redemptions"),
            ("SELECT CAST(SUM(came) AS BIGINT) FROM invites", "SELECT COUNT(came_at) FROM redemptions"),
            ("SELECT CAST(SUM(completed) AS BIGINT) FROM invites", "SELECT COUNT(completed_at) FROM redemptions"),
            ("SELECT CAST(SUM(uses) AS BIGINT) FROM invites", "SELECT COUNT(use_at) FROM redemptions"),
            (
                "SELECT CAST(SUM(came) AS BIGINT) FROM room_arrivals WHERE room = '!a:x'",
                "SELECT COUNT(*) FROM outcomes WHERE room = '!a:x' AND joined",
            ),
        ] {
            assert_eq!(store.number(kept).await, store.number(counted).await, "{kept}");
        }
    }
}

#[tokio::test]
async fn a_dry_run_says_the_same_and_changes_nothing() {
    for store in stores().await {
        store.with_anna_everywhere().await;
        let before = store.exported().await;
        let would = store.persons.erase(ERASURE, &erased_by_operator(), true).await.unwrap();
        assert_eq!(store.exported().await, before);
        assert_eq!(store.where_it_stands("erased").await, [""; 0]);
        assert_eq!(store.persons.erase(ERASURE, &erased_by_operator(), false).await.unwrap(), would);
    }
}

#[tokio::test]
async fn a_list_in_memory_is_never_taken_for_a_later_one_of_somebody_who_was_erased() {
    for store in stores().await {
        let mut seen = Vec::new();
        for round in 0..3 {
            for number in 0..3 {
                store.make(&format!("{round}-{number}"), &["!a:x"], Limits::default()).await;
                seen.push(store.invites.version(ANNA).await.unwrap().0);
            }
            let alias = format!("@erased-{round}:erased.invalid");
            let entry = Entry { id: alias.clone(), ..erased_by_operator() };
            store.persons.erase(Erasure { alias: &alias, ..ERASURE }, &entry, false).await.unwrap();
            seen.push(store.invites.version(ANNA).await.unwrap().0);
        }
        assert!(seen.is_sorted_by(|one, next| one < next), "{seen:?}");
    }
}

#[tokio::test]
async fn two_who_erase_and_many_who_come_never_block_each_other_for_good() {
    for store in stores().await {
        for code in ["one", "two"] {
            store.of_olga(code, Limits::default()).await;
        }
        let come = async |number: usize| {
            for code in ["one", "two"] {
                let guest = format!("@guest{number}:x");
                store.redemptions.begin(code, &guest, ends(NOW)).await?;
                store.redemptions.note_outcome(code, &guest, &room("!a:x"), NOW).await?;
                store.redemptions.complete(code, &guest, NOW).await?;
            }
            Ok::<_, Error>(())
        };
        let erase = async |number: usize| {
            let (person, alias) = (format!("@guest{}:x", 100 + number), format!("@erased-{number}:erased.invalid"));
            let erasure = Erasure { person: &person, alias: &alias, path: "u/nobody:x" };
            for round in 0..5 {
                for code in ["two", "one"] {
                    store.redemptions.begin(code, &person, ends(NOW)).await?;
                }
                let entry = Entry { id: format!("{number}-{round}"), ..erased_by_operator() };
                store.persons.erase(erasure, &entry, false).await?;
            }
            Ok::<_, Error>(())
        };
        let (joined, erased) = tokio::join!(join_all((0..8).map(come)), join_all((0..2).map(erase)));
        let all: Result<Vec<()>> = joined.into_iter().chain(erased).collect();
        all.unwrap();
        assert_eq!(store.number("SELECT CAST(SUM(begun) AS BIGINT) FROM invites").await, 16);
    }
}
