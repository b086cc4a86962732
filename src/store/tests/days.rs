//! What is kept of a day is what a count of the rows says.

use super::*;

/// A day, what is counted, a reason, and how many.
type Row = (i64, String, String, i64);

const KEPT: &str = "SELECT day, what, reason, number FROM day_counts WHERE number <> 0";

const COUNTED: &str =
    "SELECT created_at / 86400000 AS day, 'created' AS what, '' AS reason, COUNT(*) AS number FROM invites
        GROUP BY created_at / 86400000
     UNION ALL SELECT came_at / 86400000, 'joined', '', COUNT(*) FROM redemptions WHERE came_at IS NOT NULL
        GROUP BY came_at / 86400000
     UNION ALL SELECT at / 86400000, 'accounts', '', COUNT(DISTINCT actor) FROM audit WHERE action = 'account_created'
        GROUP BY at / 86400000
     UNION ALL SELECT at / 86400000, 'missed', COALESCE(reason, ''), COUNT(*) FROM outcomes WHERE NOT joined
        GROUP BY at / 86400000, COALESCE(reason, '')";

async fn rows(store: &Store, sql: &'static str) -> Vec<Row> {
    let mut rows: Vec<Row> = on_pool!(&store.pool, |pool| sqlx::query_as(sql).fetch_all(pool).await?).unwrap();
    rows.sort();
    rows
}

fn missed_because(room: Option<&str>, reason: Reason) -> Outcome {
    let came = Came::Missed { reason, errcode: "M_UNKNOWN".to_owned(), again: true };
    Outcome { room: room.map(str::to_owned), came }
}

fn said() -> Reason {
    Reason::Said("no, thank you".to_owned())
}

fn account_of(actor: &str, at: Millis) -> Entry {
    Entry { actor: actor.to_owned(), action: Action::AccountCreated, at, ..entry() }
}

#[tokio::test]
async fn after_each_outcome_every_day_has_as_many_failures_of_each_reason_as_there_are() {
    for store in stores().await {
        for code in ["one", "two"] {
            store.make(code, &["!a:x", "!b:x"], Limits::default()).await;
            for guest in ["@ben:x", "@cleo:x"] {
                assert_eq!(store.begin(code, guest).await, Begun::Yes);
            }
        }
        let busy = || missed_because(Some("!a:x"), Reason::Busy);
        for (step, (code, guest, outcome, at)) in [
            // Tried again: for another reason, on another day, for the same reason, and with success, after which nothing changes.
            ("one", "@ben:x", missed("!a:x"), NOW),
            ("one", "@ben:x", busy(), NOW + 1),
            ("one", "@ben:x", busy(), NOW + DAY),
            ("one", "@ben:x", busy(), NOW + DAY),
            ("one", "@ben:x", room("!a:x"), NOW + 2 * DAY),
            ("one", "@ben:x", missed("!a:x"), NOW + 3 * DAY),
            // Somebody else, another room, the chat, another invite.
            ("one", "@cleo:x", busy(), NOW + DAY),
            ("one", "@cleo:x", missed("!b:x"), NOW + DAY),
            ("one", "@cleo:x", missed_because(None, Reason::ChatFailed), NOW + DAY),
            ("two", "@cleo:x", missed_because(Some("!a:x"), said()), NOW),
            ("two", "@ben:x", missed_because(Some("!a:x"), said()), NOW),
            ("two", "@ben:x", room("!b:x"), NOW - DAY),
            ("two", "@ben:x", room("!a:x"), NOW + DAY),
        ]
        .into_iter()
        .enumerate()
        {
            store.redemptions.note_outcome(code, guest, &outcome, at).await.unwrap();
            assert_eq!(rows(&store, KEPT).await, rows(&store, COUNTED).await, "step {step}");
        }
        store.redemptions.complete("two", "@cleo:x", NOW + DAY).await.unwrap();
        store.redemptions.give_use_back("one", "@cleo:x", Millis::MAX, NOW + DAY).await.unwrap();
        store.invites.delete("one", &entry()).await.unwrap();
        assert_eq!(rows(&store, KEPT).await, rows(&store, COUNTED).await);
    }
}

#[tokio::test]
async fn the_days_are_right_whoever_is_written_down_at_once() {
    for store in stores().await {
        store.make("one", &["!a:x", "!b:x"], Limits::default()).await;
        for number in 0..4 {
            assert_eq!(store.begin("one", &format!("@guest{number}:x")).await, Begun::Yes);
        }
        // Each of them several times, also of the same room, and each has sent the form for an account several times.
        let written = async |number: i64| {
            let guest = format!("@guest{}:x", number % 4);
            let outcome = match number % 3 {
                0 => missed("!a:x"),
                1 => missed_because(Some("!a:x"), Reason::Busy),
                _ => room("!b:x"),
            };
            store.redemptions.note_outcome("one", &guest, &outcome, NOW + number % 2 * DAY).await?;
            store.audit.note(&account_of(&guest, NOW)).await
        };
        let all: Result<Vec<()>> = join_all((0..24).map(written)).await.into_iter().collect();
        all.unwrap();
        assert_eq!(rows(&store, KEPT).await, rows(&store, COUNTED).await);
    }
}

#[tokio::test]
async fn an_account_is_counted_once_and_still_when_the_audit_log_is_cut() {
    for store in stores().await {
        for (actor, at) in [("@ben:x", NOW), ("@ben:x", NOW + 1), ("@cleo:x", NOW), ("@dora:x", NOW + DAY)] {
            store.audit.note(&account_of(actor, at)).await.unwrap();
        }
        store.audit.note(&entry()).await.unwrap();
        store.audit.forget(Millis::MAX).await.unwrap();
        let day = NOW / DAY;
        assert_eq!(store.days.since(day).await.unwrap().accounts, [(day, 2), (day + 1, 1)]);
    }
}
