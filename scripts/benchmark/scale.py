"""Response times with few and with a million redemptions of one invite, and with half a million invites.

The homeserver is the in-memory one: a real one's own time would hide the database's. There is a single client, so this measures latency,
not throughput.
"""

import statistics
import time
import urllib.parse

from database import Sqlite, fill_invites, fill_redemptions, wrong_counts
from house import API, say
from load import bearer, create, redeem, sign_in, wrk
from matrix import ask
from report import ms

GOAL = 1.5
# This many people, or invites, fill each page. An empty page is fast because it needs no profiles, so pages are compared with a full one.
PAGE = 100


class Call:
    def __init__(self, name, path, headers, paged=False):
        self.name, self.path, self.headers, self.paged = name, path, headers, paged


class Engine:
    def __init__(self, house, report, quick):
        self.house, self.report, self.quick = house, report, quick
        self.rounds, self.guests = (1, 10) if quick else (2, 40)
        self.redeemed = 0

    def begin(self, database):
        """Creates people, rooms and the measured invite, through the service itself."""
        self.homeserver = self.house.light("light")
        self.database = database
        service = self.house.service("service", self.homeserver, database.url)
        self.owner, self.guest, self.admin = self.homeserver.people(["owner", "guest", "admin"])
        self.rooms = self.homeserver.rooms(self.owner, 3)
        self.code = create(service.url, self.owner, self.rooms, create_dm=True)
        self.cookies = {name: {"Cookie": sign_in(service.url, name)} for name in ("owner", "guest", "admin")}
        self.house.stop(service)

    def calls(self):
        owner, guest, admin = map(bearer, (self.owner, self.guest, self.admin))
        code, room = self.code, urllib.parse.quote(self.rooms[0])
        cookies = self.cookies
        return [
            Call("info", f"{API}/info?token={code}", guest),
            Call("list", f"{API}/tokens", owner),
            Call("one", f"{API}/tokens?token={code}", owner),
            Call("redemptions, page of 20", f"{API}/redemptions?token={code}&limit=20", owner, paged=True),
            Call("rooms, page of 20", f"{API}/rooms?room={room}&limit=20", owner, paged=True),
            Call("admin/invites", f"{API}/admin/invites", admin, paged=True),
            Call("admin/invites, search by owner", f"{API}/admin/invites?search=@owner:", admin),
            Call("admin/invites, search by code", f"{API}/admin/invites?search={code}", admin),
            Call("admin/invites, search in vain", f"{API}/admin/invites?search=nobody-at-all", admin),
            Call("admin/audit, 50 lines", f"{API}/admin/audit?limit=50", admin, paged=True),
            Call("page: landing, signed out", f"/i/{code}", {}),
            Call("page: landing, signed in", f"/i/{code}", cookies["guest"]),
            Call("page: owner's invites", "/invites", cookies["owner"]),
            Call("page: owner's invite", f"/invites/{code}", cookies["owner"], paged=True),
            Call("page: rooms you manage", "/my-rooms", cookies["owner"], paged=True),
            Call("page: all invites", "/server", cookies["admin"], paged=True),
            # One that an index serves, and one that looks through as many as one page may.
            Call("page: all invites, paused", "/server?state=paused", cookies["admin"]),
            Call("page: all invites, in vain", "/server?state=used_up", cookies["admin"]),
            Call("page: overview", "/server/days", cookies["admin"]),
            Call("page: audit log", "/server/log", cookies["admin"], paged=True),
            Call("page: audit log, search in vain", "/server/log?q=nobody-at-all", cookies["admin"]),
        ]

    def once(self, service, call):
        """The milliseconds that one request takes, which has to succeed."""
        begin = time.perf_counter()
        status, _ = ask(service.url, "GET", call.path, headers=call.headers)
        took = 1000 * (time.perf_counter() - begin)
        assert status == 200, (call.name, status)
        return took

    def time(self, service, call):
        """The median milliseconds of many requests or, if one takes long, of a few."""
        first = min(self.once(service, call) for _ in range(3))
        if first > 200:
            return statistics.median(self.once(service, call) for _ in range(5))
        medians = []
        # The better one of two: something else on the machine may disturb one of them.
        for _ in range(self.rounds):
            found = wrk(self.house.folder, service.url, 1, 1, [call.path], [call.headers])
            assert not found.failed or not found.count, (call.name, found.failed)
            medians.append(found.p50)
        return min((median for median in medians if median == median), default=first)

    def measure(self, database):
        """Medians by call."""
        service = self.house.service("service", self.homeserver, database.url)
        times = {call.name: self.time(service, call) for call in self.calls()}
        names = [f"new{self.redeemed + number}" for number in range(self.guests)]
        self.redeemed += self.guests
        found = redeem(service.url, 1, self.code, self.homeserver.people(names))
        assert not found.failed, "a redemption has failed"
        times["redeem, 3 rooms and a chat"] = found.p50
        self.house.stop(service)
        return times

    def fill(self, what, database, *more):
        begin = time.monotonic()
        what(database, *more)
        wrong = wrong_counts(database)
        assert not wrong, f"what was filled in is not counted right: {wrong}"
        say(f"{database.engine}: filled to {more[-1]:,} in {time.monotonic() - begin:.0f} s")

    def table(self, levels, measured, what):
        """A row for each call, judged by the worst of its times with more than one page of data."""
        self.report.head("call, median ms", *levels, "worst ÷ few", "worst ÷ at 0")
        paged = {call.name for call in self.calls() if call.paged}
        for name in measured[0]:
            times = [level[name] for level in measured]
            base = times[1] if name in paged else times[0]
            worst = max(times[2:])
            ratio = worst / base
            engine = self.database.engine
            self.report.goal(
                ratio <= GOAL, f"{engine}, {name}: {ms(worst)} ms with many {what}, {ratio:.1f} × the {ms(base)} ms with few"
            )
            mark = "" if ratio <= GOAL else " **"
            self.report.row(name, *map(ms, times), f"{ratio:.2f}{mark}", f"{worst / times[0]:.2f}")
        print()

    def run(self, database):
        report, engine = self.report, database.engine
        self.begin(database)
        levels = [0, PAGE, 10_000] if self.quick else [0, PAGE, 10_000, 100_000, 1_000_000]
        many = 20_000 if self.quick else 500_000
        # Each begins with the same database, so that the two do not influence each other.
        other = database.copy("scale_invites")
        say(f"{engine}: redemptions")
        measured = [self.measure(database)]
        at_first = measured[0]
        for before, level in zip(levels, levels[1:]):
            self.fill(fill_redemptions, database, self.code, self.rooms, before, level)
            measured.append(self.measure(database))
        report.text(f"{engine}: redemptions of one invite, by people who came in the last 30 days.")
        self.table([f"{level:,}" for level in levels], measured, "redemptions")
        say(f"{engine}: invites")
        measured = [at_first]
        for before, level in zip([0, PAGE], [PAGE, many]):
            self.fill(fill_invites, other, self.rooms[0], before, level)
            measured.append(self.measure(other))
        report.text(f"{engine}: other people's invites that lead into the same room.")
        self.table(["0", f"{PAGE:,}", f"{many:,}"], measured, "invites")
        self.house.empty()


def run(house, report, quick, _):
    report.heading("Scale")
    report.text(
        f"One client, the homeserver in memory. The goal is at most {GOAL} × the time with few. Calls that show a page of people, invites or "
        f"lines are compared with a full page, at {PAGE}, because an empty one has nothing to show; all others with none at all."
    )
    Engine(house, report, quick).run(Sqlite(house.folder / "scale.db"))
    server = house.postgres("postgres")
    Engine(house, report, quick).run(server.database("scale"))
