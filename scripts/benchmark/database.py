"""The service's database, filled and counted by SQL. Every statement works for both engines."""

import sqlite3
import subprocess
import time
from pathlib import Path

DAY = 86_400_000
# The number of days over which people joined: the chart grows with it, and not with the number of people.
DAYS = 30


class Server:
    """A throw-away PostgreSQL."""

    def __init__(self, port):
        self.port = port
        self.psql = max(Path("/usr/lib/postgresql").glob("*/bin/psql"), key=lambda path: int(path.parts[4]))

    def database(self, name, template=None):
        copy = f" TEMPLATE {template.name}" if template else ""
        Postgres(self, "postgres").run(f"CREATE DATABASE {name}{copy}")
        return Postgres(self, name)


class Postgres:
    engine = "PostgreSQL"

    def __init__(self, server, name):
        self.server, self.name = server, name
        self.url = f"postgresql://test@127.0.0.1:{server.port}/{name}"

    def ask(self, sql):
        command = [self.server.psql, "-qXAt", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-f", "-", self.url]
        done = subprocess.run(command, input=sql, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return [line.split("\t") for line in done.stdout.splitlines()]

    def run(self, *texts):
        # Without checking foreign keys, which are known to be valid.
        begin = "SET session_replication_role = replica;\n" if len(texts) > 1 else ""
        self.ask(begin + ";\n".join(texts) + ";")

    def rows(self, sql):
        return self.ask(sql)

    def settle(self):
        """Does what autovacuum would have done if people had joined one by one."""
        self.ask("VACUUM ANALYZE;")

    def copy(self, name):
        return self.server.database(name, self)


class Sqlite:
    engine = "SQLite"

    def __init__(self, path):
        self.path, self.url = path, f"sqlite:///{path}"

    def run(self, *texts):
        with sqlite3.connect(self.path, isolation_level=None) as database:
            for text in ["PRAGMA synchronous = OFF", "PRAGMA cache_size = -500000", "BEGIN", *texts, "COMMIT"]:
                database.execute(text)
        database.close()

    def rows(self, sql):
        with sqlite3.connect(self.path) as database:
            found = database.execute(sql).fetchall()
        database.close()
        return [[str(value) for value in row] for row in found]

    def settle(self):
        # SQLite does nothing of the kind while people join one by one.
        with sqlite3.connect(self.path) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.close()

    def copy(self, name):
        other = Sqlite(self.path.with_name(f"{name}.db"))
        source, target = sqlite3.connect(self.path), sqlite3.connect(other.path)
        source.backup(target)
        source.close()
        target.execute("PRAGMA journal_mode = WAL")
        target.close()
        return other


def numbers(first, last):
    """A table `n` of the numbers from `first` to before `last`. In both engines it precedes the statement."""
    return f"WITH RECURSIVE n (i) AS (SELECT CAST({first} AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {last}) "


# What each day looked like, counted.
OF_DAYS = f"""SELECT created_at / {DAY} AS day, 'created' AS what, '' AS reason, COUNT(*) AS number FROM invites GROUP BY created_at / {DAY}
    UNION ALL SELECT day, 'joined', '', SUM(came) FROM arrivals GROUP BY day
    UNION ALL SELECT at / {DAY}, 'accounts', '', COUNT(DISTINCT actor) FROM audit WHERE action = 'account_created' GROUP BY at / {DAY}
    UNION ALL SELECT at / {DAY}, 'missed', COALESCE(reason, ''), COUNT(*) FROM outcomes
        WHERE NOT joined GROUP BY at / {DAY}, COALESCE(reason, '')"""


def count_days():
    return ["DELETE FROM day_counts", f"INSERT INTO day_counts (day, what, reason, number) {OF_DAYS}"]


def fill_redemptions(database, code, rooms, first, last):
    """People who have redeemed an invite with a direct chat; one in ten has missed the last of its rooms."""
    begin = int(time.time() * 1000) - DAYS * DAY
    # Consecutive in the table, but spread over those days.
    people = f"(SELECT i, '@r' || i || ':test' AS who, {begin} + (i * 7000021) % {DAYS * DAY - 1000} AS at FROM n) AS p"
    places = " UNION ALL ".join(f"SELECT '{room}' AS room" for room in [*rooms, ""])
    missed = f"(i % 10 = 0 AND room = '{rooms[-1]}')"
    counted = f"FROM redemptions d WHERE d.code = '{code}'"
    database.run(
        numbers(first, last)
        + f"""INSERT INTO redemptions (code, redeemer, started_at, use_at, came_at, completed_at, chat_room)
            SELECT '{code}', who, at, at, at + 400, CASE WHEN i % 10 = 0 THEN NULL ELSE at + 900 END, '!chat' || i || ':test'
            FROM {people}""",
        numbers(first, last)
        + f"""INSERT INTO outcomes (code, redeemer, room, joined, reason, errcode, at, again)
            SELECT '{code}', who, room, NOT {missed}, CASE WHEN {missed} THEN 'banned' END,
                CASE WHEN {missed} THEN 'M_BAD_STATE' END, at + 400, FALSE
            FROM {people} CROSS JOIN ({places}) AS places""",
        numbers(first, last)
        + f"""INSERT INTO audit (at, id, actor, door, action, code)
            SELECT at + 900, 'filled' || i, who, 'api', 'redeemed', '{code}' FROM {people}""",
        f"""UPDATE invites SET begun = (SELECT COUNT(*) {counted}), came = (SELECT COUNT(d.came_at) {counted}),
            completed = (SELECT COUNT(d.completed_at) {counted}), uses = (SELECT COUNT(d.use_at) {counted}),
            last_came_at = (SELECT MAX(d.came_at) {counted}) WHERE code = '{code}'""",
        f"DELETE FROM arrivals WHERE code = '{code}'",
        f"""INSERT INTO arrivals (code, day, came) SELECT code, came_at / {DAY}, COUNT(*) FROM redemptions
            WHERE code = '{code}' AND came_at IS NOT NULL GROUP BY code, came_at / {DAY}""",
        f"DELETE FROM room_arrivals WHERE code = '{code}'",
        f"""INSERT INTO room_arrivals (code, room, came) SELECT code, room, COUNT(*) FROM outcomes
            WHERE code = '{code}' AND joined AND room <> '' GROUP BY code, room""",
        *count_days(),
        f"UPDATE owners SET version = version + 1 WHERE owner = (SELECT owner FROM invites WHERE code = '{code}')",
    )
    database.settle()


def fill_invites(database, room, first, last):
    """Invites of many people, ten by each, all of which lead into one common room and two others each."""
    begin = int(time.time() * 1000) - DAYS * DAY
    base = int(database.rows("SELECT value FROM counters WHERE name = 'invites'")[0][0])
    made = f"(SELECT i, 'filled' || i AS code, '@o' || (i / 10) || ':test' AS owner, {begin} + i AS at, {base} + 1 + i - {first} AS number FROM n) AS m"
    places = f"SELECT 0 AS position UNION ALL SELECT 1 UNION ALL SELECT 2"
    database.run(
        numbers(first, last)
        + f"""INSERT INTO invites (code, owner, chat, registration, created_at, changed_at, label, number)
            SELECT code, owner, i % 2 = 0, FALSE, at, at, 'Number ' || i, number FROM {made}""",
        numbers(first, last)
        + f"""INSERT INTO invite_rooms (code, room, position, number)
            SELECT code, CASE WHEN position = 0 THEN '{room}' ELSE '!own' || position || 'of' || i || ':test' END, position, number
            FROM {made} CROSS JOIN ({places}) AS places""",
        numbers(first, last)
        + f"""INSERT INTO audit (at, id, actor, door, action, code)
            SELECT at, 'made' || i, owner, 'web', 'created', code FROM {made}""",
        numbers(first, last)
        + f"""INSERT INTO owners (owner, version) SELECT DISTINCT owner, 1 FROM {made} WHERE TRUE
            ON CONFLICT (owner) DO UPDATE SET version = owners.version + 1""",
        f"UPDATE counters SET value = {base + last - first} WHERE name = 'invites'",
        *count_days(),
    )
    database.settle()


COUNTS = {
    "invites": """SELECT code FROM invites i WHERE begun <> (SELECT COUNT(*) FROM redemptions d WHERE d.code = i.code)
        OR came <> (SELECT COUNT(d.came_at) FROM redemptions d WHERE d.code = i.code)
        OR completed <> (SELECT COUNT(d.completed_at) FROM redemptions d WHERE d.code = i.code)
        OR uses <> (SELECT COUNT(d.use_at) FROM redemptions d WHERE d.code = i.code)
        OR COALESCE(last_came_at, 0) <> COALESCE((SELECT MAX(d.came_at) FROM redemptions d WHERE d.code = i.code), 0)""",
    "arrivals by day": (
        "SELECT code, day, came FROM arrivals",
        f"SELECT code, came_at / {DAY}, COUNT(*) FROM redemptions WHERE came_at IS NOT NULL GROUP BY code, came_at / {DAY}",
    ),
    "arrivals by room": (
        "SELECT code, room, came FROM room_arrivals",
        "SELECT code, room, COUNT(*) FROM outcomes WHERE joined AND room <> '' GROUP BY code, room",
    ),
    "days": ("SELECT day, what, reason, number FROM day_counts WHERE number <> 0", f"SELECT * FROM ({OF_DAYS}) AS c"),
    "numbers of invites": (
        "SELECT r.code, r.room, r.number FROM invite_rooms r",
        """SELECT r.code, r.room, CASE WHEN i.deleted_at IS NULL THEN i.number END FROM invite_rooms r
            JOIN invites i ON i.code = r.code""",
    ),
}


def wrong_counts(database):
    """Stored counters that differ from a count of the rows: their names, each with the number of wrong rows."""
    wrong = {}
    for name, sql in COUNTS.items():
        if isinstance(sql, tuple):
            kept, counted = sql
            sql = f"SELECT * FROM ({kept} EXCEPT {counted}) AS a UNION ALL SELECT * FROM ({counted} EXCEPT {kept}) AS b"
        differing = len(database.rows(sql))
        if differing:
            wrong[name] = differing
    return wrong
