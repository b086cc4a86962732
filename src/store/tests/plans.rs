//! No query that a request waits for reads a whole table.

use std::{
    collections::BTreeSet,
    fmt,
    sync::{Mutex, PoisonError},
};

use app::ServerSort;
use tracing::{
    Instrument,
    field::{Field, Visit},
};
use tracing_subscriber::{Layer, layer::Context, prelude::*, registry::LookupSpan};

use super::*;

/// The statements that this process has executed, as sqlx logs them.
static ASKED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// The span in which this test runs its queries.
const HERE: &str = "asked here";

struct Listener;

impl<S: tracing::Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Listener {
    fn on_event(&self, event: &tracing::Event<'_>, context: Context<'_, S>) {
        // Other tests run queries as well.
        let is_here = context.lookup_current().is_some_and(|span| span.name() == HERE);
        if is_here && event.metadata().target() == "sqlx::query" {
            let mut asked = Asked::default();
            event.record(&mut asked);
            // A short statement is logged only as its summary.
            let sql = if asked.statement.is_empty() { asked.summary } else { asked.statement };
            ASKED.lock().unwrap_or_else(PoisonError::into_inner).insert(sql.trim().to_owned());
        }
    }
}

#[derive(Default)]
struct Asked {
    summary: String,
    statement: String,
}

impl Visit for Asked {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "summary" => value.clone_into(&mut self.summary),
            "db.statement" => value.clone_into(&mut self.statement),
            _ => {}
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

/// Every query of a request, and of the recurring tasks. Those that are missing run at start-up or on the command line
/// (`Persons`).
#[expect(clippy::too_many_lines, reason = "a list")]
async fn ask_everything(store: &Store) {
    const CODE: &str = "code-7";
    let (guest, room) = ("@guest7:x", "!room7:x");
    let at_first: Millis = NOW + DAY;
    let block = Block { room: room.to_owned(), actor: "@anna:x".to_owned(), reason: None, at: NOW };
    let link = ShareLink {
        hash: "hash".to_owned(),
        sharer: "@anna:x".to_owned(),
        path: "i/x/y".to_owned(),
        query: String::new(),
        code: Some(CODE.to_owned()),
    };
    let terms = Terms { rooms: vec![room.to_owned()], ..Terms::default() };
    let new = NewInvite { code: CODE.to_owned(), owner: "@owner7:x".to_owned(), terms, opens_accounts: true };
    let all = async {
        store
            .invites
            .create(&NewInvite { code: "new".to_owned(), ..new.clone() }, &NO_QUOTA, &entry(), NOW)
            .await?
            .ok();
        store.invites.change(&new, Some(&NO_QUOTA), &entry(), NOW).await?.ok();
        for by in [Pause::Owner, Pause::Admin] {
            store.invites.pause(CODE, false, by, &entry()).await?;
        }
        store.invites.get(CODE).await?;
        store.invites.by_number(7).await?;
        store.invites.version("@owner7:x").await?;
        store.invites.of("@owner7:x").await?;
        store.invites.all_paused().await?;
        for among in
            [Among::All, Among::Of("@owner7:x"), Among::Into(room), Among::Paused, Among::Held, Among::WithStart]
        {
            for sort in ServerSort::ALL {
                store.invites.live(among, sort, (0, 7), 20).await?;
            }
        }
        store.invites.how_many(20).await?;
        store.days.since(NOW / DAY - 30).await?;
        store.invites.code_of(7).await?;
        store.owners.called("owner7", 20).await?;
        store.rooms.invites_into(room, i64::MAX, 20).await?;
        store.rooms.kept_out(room, 20).await?;
        store.rooms.code_into(room, 7).await?;
        store.rooms.block(CODE, &block, &entry()).await?;
        store.rooms.blocks(CODE).await?;
        store.rooms.unblock(CODE, room, &entry()).await?;
        store.redemptions.begin(CODE, guest, ends(NOW)).await?;
        store.redemptions.begin(CODE, "@somebody:new", ends(NOW)).await?;
        store.redemptions.note_outcome(CODE, guest, &missed("!other:x"), NOW).await?;
        store.redemptions.note_outcome(CODE, guest, &super::room(room), NOW).await?;
        store.redemptions.note_chat_marker(CODE, guest, "marker", Some(NOW)).await?;
        store.redemptions.note_chat_room(CODE, guest, "!chat:x").await?;
        store.redemptions.complete(CODE, guest, NOW).await?;
        store.redemptions.give_use_back(CODE, "@somebody:new", Millis::MAX, NOW).await?;
        store.redemptions.get(CODE, guest).await?;
        store.redemptions.is_complete(CODE, guest).await?;
        store.redemptions.holds_use(CODE, guest).await?;
        for whom in [Whom::Everybody, Whom::Incomplete] {
            store.redemptions.uses(CODE, whom, Some((NOW, guest)), 20).await?;
        }
        store.redemptions.totals(CODE).await?;
        store.redemptions.came_by_day(CODE).await?;
        store.redemptions.stale_uses(NOW, NOW, 50).await?;
        store.registration_tokens.set(CODE, RegistrationToken::Ours).await?;
        store.registration_tokens.note_leaving(CODE, 1).await?;
        store.registration_tokens.forget(CODE).await?;
        store.registration_tokens.settled(CODE, None, None, NOW).await?;
        store.registration_tokens.due(NOW, 4).await?;
        store.leases.take("name", "holder", NOW, at_first).await?;
        store.leases.holder("name", NOW).await?;
        store.leases.release("name", "holder").await?;
        for about in [About::Anything, About::By("@owner7:x"), About::InvitesOf("@owner7:x"), About::Invite(CODE)] {
            store.audit.entries(&Span { since: 0, before: None, about, take: 50 }).await?;
        }
        store.audit.note(&entry()).await?;
        store.audit.note(&Entry { action: Action::AccountCreated, ..entry() }).await?;
        store.audit.forget(0).await?;
        store.share_links.keep(&link, NOW).await?;
        store.share_links.get("hash").await?;
        store.share_links.is_folder("/pages").await?;
        store.share_links.begin_static_page("hash").await?;
        store.share_links.set_static_page("hash", StaticPage::There, "/pages").await?;
        store.keys.get("name", "value").await?;
        store.invites.delete(CODE, &entry()).await
    };
    all.await.unwrap();
}

/// Many invites, each by somebody else, into its own room and used by one person.
async fn fill(store: &Store) {
    const MANY: &str = "WITH RECURSIVE n (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < 3000) INSERT INTO ";
    for rows in [
        "invites (code, owner, chat, registration, created_at, changed_at, number)
            SELECT 'code-' || n, '@owner' || n || ':x', FALSE, TRUE, n, n, n FROM n",
        "invite_rooms (code, room, position, number) SELECT 'code-' || n, '!room' || n || ':x', 0, n FROM n",
        "redemptions (code, redeemer, started_at) SELECT 'code-' || n, '@guest' || n || ':x', n FROM n",
        "outcomes (code, redeemer, room, joined, at) SELECT 'code-' || n, '@guest' || n || ':x', '!room' || n || ':x', TRUE, n FROM n",
        "outcomes (code, redeemer, room, joined, reason, at) SELECT 'code-' || n, '@guest' || n || ':x', '!other' || n || ':x', FALSE, 'banned', n FROM n",
        "arrivals (code, day, came) SELECT 'code-' || n, n, 1 FROM n",
        "day_counts (day, what, reason, number) SELECT n, 'missed', 'banned', 1 FROM n",
        "owners (owner, version) SELECT '@owner' || n || ':x', 1 FROM n",
        "audit (at, id, actor, door, action) SELECT n, 'id', '@owner:x', 'api', 'created' FROM n",
        "share_links (hash, sharer, path, query, created_at) SELECT 'hash-' || n, '@owner:x', '', '', n FROM n",
    ] {
        // A common table expression precedes the statement in both engines.
        let sql = MANY.to_owned() + rows;
        on_pool!(&store.pool, |pool| sqlx::query(AssertSqlSafe(sql)).execute(pool).await?.rows_affected()).unwrap();
    }
    let counter = "UPDATE counters SET value = 3000 WHERE name = 'invites'";
    on_pool!(&store.pool, |pool| sqlx::query(counter).execute(pool).await?.rows_affected()).unwrap();
    store.share_links.set_folder("/pages").await.unwrap();
    on_pool!(&store.pool, |pool| sqlx::query("ANALYZE").execute(pool).await?.rows_affected()).unwrap();
}

/// An engine's plan for a query, one line per step.
async fn plan(store: &Store, sql: &str) -> Vec<String> {
    match &store.pool {
        Pool::Sqlite(pool) => {
            let explain = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
            let rows: Vec<(i64, i64, i64, String)> = sqlx::query_as(explain).fetch_all(pool).await.unwrap();
            rows.into_iter().map(|(.., step)| step).collect()
        }
        Pool::Postgres(pool) => {
            let mut connection = pool.acquire().await.unwrap();
            let numbers = (1..20).filter(|number| sql.contains(&format!("${number}"))).count();
            let nulls = vec!["NULL"; numbers].join(", ");
            let arguments = if nulls.is_empty() { nulls } else { format!("({nulls})") };
            // Small tables are scanned anyway unless that is made expensive.
            for sql in [
                "SET enable_seqscan = off".to_owned(),
                "SET plan_cache_mode = force_generic_plan".to_owned(),
                "DEALLOCATE ALL".to_owned(),
            ] {
                sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *connection).await.unwrap();
            }
            // Of some parameters only the binder knows the type; those queries are checked in SQLite.
            let prepare = AssertSqlSafe(format!("PREPARE asked AS {sql}"));
            if sqlx::raw_sql(prepare).execute(&mut *connection).await.is_err() {
                return Vec::new();
            }
            let explain = AssertSqlSafe(format!("EXPLAIN EXECUTE asked{arguments}"));
            let rows = sqlx::raw_sql(explain).fetch_all(&mut *connection).await.unwrap();
            rows.iter().map(|row| sqlx::Row::get::<String, _>(row, 0)).collect()
        }
    }
}

/// Indexes of the few invites that are in a state, from which alone those are read.
const SPARSE: [&str; 3] = ["invites_paused", "invites_held", "invites_with_start"];

/// Tables whose size depends only on the number of instances and settings.
const SMALL: [&str; 4] = ["switches", "keys", "counters", "leases"];

#[tokio::test]
async fn nothing_that_a_request_waits_for_reads_a_whole_table() {
    let listening = tracing_subscriber::registry().with(Listener);
    tracing::subscriber::set_global_default(listening).expect("nobody else listens in these tests");
    for store in stores().await {
        fill(&store).await;
        ASKED.lock().unwrap().clear();
        ask_everything(&store).instrument(tracing::info_span!("asked here")).await;
        let asked = ASKED.lock().unwrap().clone();
        let asked = asked
            .into_iter()
            .filter(|sql| ["SELECT", "INSERT", "UPDATE", "DELETE"].iter().any(|verb| sql.starts_with(verb)));
        let (mut seen, mut whole, mut unused) = (0, Vec::new(), SPARSE.to_vec());
        for sql in asked {
            for step in plan(&store, &sql).await {
                seen += 1;
                unused.retain(|index| !step.contains(index));
                let reads_all = step.starts_with("SCAN ") || step.contains("Seq Scan on ");
                let is_small = step == "SCAN CONSTANT ROW" || SMALL.iter().any(|table| step.contains(table));
                if reads_all && !is_small {
                    whole.push(format!("{step}: {sql}"));
                }
            }
        }
        assert!(seen > 50, "{seen} steps of plans were seen");
        assert!(whole.is_empty(), "{}", whole.join("\n\n"));
        assert!(unused.is_empty(), "{unused:?}");
    }
}
