"""Some minutes of load: 64 clients, first with a pause and then as fast as possible, a thousand people who watch their own redemption by server-sent events, and one
redemption after the other, with a bystander on the homeserver.
"""

import asyncio
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from chaos import ask
from database import Sqlite
from house import API, say
from load import Bystander, bearer, begin_wrk, create, end_wrk, sign_in
from report import ms

CLIENTS = 64
# For how long people look at what they got before they ask for more, in milliseconds.
PAUSE = 1000
FLAT = 1.1


class Watchers:
    """People with an open landing page. Each watches until the stream ends, and then again, like a page that is opened again."""

    def __init__(self, service, code, cookies, tokens):
        self.port, self.code, self.cookies, self.tokens = service.port, code, cookies, tokens
        self.events, self.watching, self.most, self.over = Counter(), 0, 0, threading.Event()
        self.redeemed, self.failed = 0, Counter()
        self.thread = threading.Thread(target=lambda: asyncio.run(self.run()))

    async def watch(self, cookie):
        # Not all of them at the same moment.
        await asyncio.sleep(hash(cookie) % 1000 / 100)
        while not self.over.is_set():
            try:
                await self.stream(cookie)
            except (OSError, ValueError, IndexError, asyncio.IncompleteReadError):
                self.failed["streams"] += not self.over.is_set()
                await asyncio.sleep(1)

    async def stream(self, cookie):
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            request = f"GET {API}/_live/{self.code} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n"
            writer.write(request.encode())
            head = await reader.readuntil(b"\r\n\r\n")
            if b" 200 " not in head.split(b"\r\n", 1)[0]:
                raise ValueError(head)
            self.watching += 1
            self.most = max(self.most, self.watching)
            try:
                while not self.over.is_set():
                    # There is a comment at least every few seconds.
                    line = await asyncio.wait_for(reader.readline(), 60)
                    if line.startswith(b"event: "):
                        self.events[line[7:].strip().decode()] += 1
                    if line == b"" or line.startswith(b"event: end"):
                        break
            finally:
                self.watching -= 1
        finally:
            writer.close()

    async def redeem(self):
        """One person after the other redeems, and their watcher sees it."""
        for token in self.tokens:
            if self.over.is_set():
                return
            status, answer = await ask(self.port, "POST", f"{API}/redeem?token={self.code}", token)
            self.redeemed += 1
            if status != 200 or answer["failed"]:
                self.failed["redemptions"] += 1
            await asyncio.sleep(1)

    async def run(self):
        tasks = [asyncio.ensure_future(self.watch(cookie)) for cookie in self.cookies]
        tasks.append(asyncio.ensure_future(self.redeem()))
        while not self.over.is_set():
            await asyncio.sleep(0.2)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


def run(house, report, quick, minutes):
    many = 100 if quick else 1000
    report.heading("Soak")
    synapse = house.synapse("soak-synapse")
    service = house.service("soak", synapse, Sqlite(house.folder / "soak.db").url)
    admin = synapse.person("bystander", admin=True)
    synapse.trust_service(admin)
    owner = synapse.person("owner")
    code = create(service.url, owner, synapse.rooms(owner, 3), create_dm=True, label="Soak")
    for number in range(19):
        create(service.url, owner, synapse.rooms(owner, 1))
    say(f"{many} people sign in")
    names = [f"watcher{number}" for number in range(many)]
    tokens = synapse.people(names)
    with ThreadPoolExecutor(8) as pool:
        cookies = list(pool.map(lambda name: sign_in(service.url, name), names))
    owner_cookie = {"Cookie": sign_in(service.url, "owner")}
    time.sleep(5)
    with Bystander(synapse, admin) as bystander:
        time.sleep(5)
    idle, before = bystander.median(), service.resident()
    # Only calls that do not ask the homeserver each time: those would be as fast as the homeserver.
    asked = [
        *[(f"{API}/info?token={code}", bearer(token)) for token in tokens[:8]],
        *[(f"{API}/tokens", bearer(owner))] * 4,
        *[(f"{API}/tokens?token={code}", bearer(owner))] * 2,
        (f"{API}/redemptions?token={code}&limit=20", bearer(owner)),
        *[(f"/i/{code}", {})] * 4,
        (f"/invites/{code}", owner_cookie),
    ]
    seconds = max(10, round(60 * minutes))
    paths, headers = zip(*asked)
    calm_seconds = max(10, seconds // 5)
    say(f"{calm_seconds} s of load with pauses, and {seconds} s without")
    with Watchers(service, code, cookies, tokens) as watchers:
        with Bystander(synapse, admin) as calm_bystander:
            calm = end_wrk(begin_wrk(house.folder, service.url, CLIENTS, calm_seconds, paths, headers, pause=PAUSE), CLIENTS)
        samples, cpu, bystander, begin = [], service.cpu(), Bystander(synapse, admin), time.monotonic()
        with bystander, begin_wrk(house.folder, service.url, CLIENTS, seconds, paths, headers) as load:
            try:
                while load.poll() is None:
                    time.sleep(0.5)
                    samples.append((time.monotonic() - begin, service.resident()))
            finally:
                load.kill()
            found = end_wrk(load, CLIENTS)
        cpu = 100 * (service.cpu() - cpu) / (time.monotonic() - begin)
    time.sleep(10)
    after, median, calm_median = service.resident(), bystander.median(), calm_bystander.median()

    def at(share):
        """The most memory that it took in the tenth of the time before this fraction of it."""
        return max(size for moment, size in samples if share - 0.1 <= moment / samples[-1][0] <= share)

    failed = calm.failed + found.failed + sum(watchers.failed.values())
    report.text(
        f"SQLite, Synapse; {CLIENTS} clients (8 of 20 requests info, 4 list, 2 one, 1 redemptions, 4 landing page, 1 owner's page), {many} people who "
        f"watch, each with a session of their own, and one redemption of 3 rooms and a chat a second; {calm_seconds} s with "
        f"a pause of {PAUSE} ms before each request, then {seconds} s without."
    )
    report.head("", "found", "goal")
    report.row("requests", f"{found.count} ({found.rate:.0f}/s), p50 {ms(found.p50)} ms, p99 {ms(found.p99)} ms", "")
    report.row("requests, with pauses", f"{calm.count} ({calm.rate:.0f}/s), p50 {ms(calm.p50)} ms, p99 {ms(calm.p99)} ms", "")
    report.row("redemptions", watchers.redeemed, "")
    report.row("events to those who watch", sum(watchers.events.values()), "")
    report.row("who watched at once, at most", watchers.most, many)
    report.row("failed", f"{calm.failed + found.failed} requests, {watchers.failed['streams']} streams, {watchers.failed['redemptions']} redemptions", 0)
    report.row("CPU of the service, %", f"{cpu:.0f}", "")
    report.row("resident MiB before, and ten seconds after", f"{before:.0f}, {after:.0f}", "")
    grown = at(1) / at(0.5)
    halves = ", ".join(f"{at(share):.0f}" for share in (0.1, 0.25, 0.5, 0.75, 1))
    report.row("resident MiB at 10, 25, 50, 75 and 100 % of the time", halves, f"last ≤ {FLAT} × the middle: {grown:.2f}")
    report.row("bystander ms (idle ×), with pauses", f"{calm_median:.2f} ({calm_median / idle:.1f})", "2 ×")
    report.row("bystander ms (idle ×)", f"{median:.2f} ({median / idle:.1f})", "2 ×")
    report.goal(not failed, f"soak: {failed} failed")
    # Some are reconnecting, because their stream has just ended.
    report.goal(watchers.most >= 0.95 * many, f"soak: only {watchers.most} of {many} watched at once")
    report.goal(grown <= FLAT, f"soak: memory grew by {grown:.2f} in the second half")
    report.goal(calm_median <= 2 * idle, f"soak: a bystander waits {calm_median / idle:.1f} × as long as idle, and the goal is 2")
    report.goal(median <= 2 * idle, f"soak: without pauses a bystander waits {median / idle:.1f} × as long as idle, and the goal is 2")
    house.empty()
