"""Redemptions while three instances on one PostgreSQL are killed, one at a time, over and over; then a count of what must not happen.

A guest is a person with a code. They ask an instance, and another one whenever it does not answer, as a reverse proxy would, until they are
told that they have joined or that the invite is used up. One in four asks two instances at once.
"""

import asyncio
import json
import random
import time
from collections import Counter

from database import wrong_counts
from house import API, free_port, say
from load import create, percentile

INSTANCES = 3
# Approximate seconds between two kills. An instance has to live longer than a redemption takes, or none would be completed.
PAUSE = 2
# How long a guest tries, in seconds.
PATIENCE = 300


async def ask(port, method, path, token=None, timeout=90):
    """One request on a connection of its own: the status and the response, or in a word why no complete response arrived."""
    reader = writer = None
    try:
        async with asyncio.timeout(timeout):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: 0\r\n"
            writer.write(f"{head}Authorization: Bearer {token}\r\n\r\n".encode())
            head, _, body = (await reader.read()).partition(b"\r\n\r\n")
            return int(head.split(b" ", 2)[1]), json.loads(body)
    except TimeoutError:
        return "too late", {}
    except ConnectionRefusedError:
        return "not there", {}
    except (OSError, ValueError, IndexError):
        return "cut short", {}
    finally:
        if writer:
            writer.close()


class Guest:
    def __init__(self, name, token, invite, double):
        self.user, self.token, self.invite, self.double = f"@{name}:test", token, invite, double
        self.told, self.took = None, 0


class Invite:
    def __init__(self, code, rooms, max_uses=None):
        self.code, self.rooms, self.max_uses = code, rooms, max_uses


class Chaos:
    def __init__(self, house, homeserver, database, clients):
        self.house, self.homeserver, self.database, self.clients = house, homeserver, database, clients
        self.answers, self.kills, self.left = Counter(), 0, 0

    def start(self):
        ports = [free_port() for _ in range(INSTANCES)]
        self.instances = [
            self.house.service(f"instance-{port}", self.homeserver, self.database.url, port, enable_web="false") for port in ports
        ]

    def invite(self, count):
        """Guests of an unlimited invite, of one for half as many people as it has guests, and of one for five people."""
        admin = self.homeserver.person("admin", admin=True)
        self.homeserver.trust_service(admin)
        owners = self.homeserver.people(["anna", "ben"])
        shares = [(owners[0], count - 2 * (count // 5), None), (owners[1], count // 5, count // 10), (owners[1], count // 5, 5)]
        self.guests, self.invites = [], []
        for number, (owner, many, most) in enumerate(shares):
            rooms = self.homeserver.rooms(owner, 3)
            more = {"max_uses": most} if most else {}
            code = create(self.instances[0].url, owner, rooms, create_dm=True, **more)
            invite = Invite(code, rooms, most)
            self.invites.append(invite)
            names = [f"g{number}x{guest}" for guest in range(many)]
            tokens = self.homeserver.people(names)
            self.guests += [Guest(name, token, invite, at % 4 == 0) for at, (name, token) in enumerate(zip(names, tokens))]
        random.shuffle(self.guests)

    async def redeem(self, guest, first):
        """Repeats the request until a guest gets a final answer."""
        path, until, turn = f"{API}/redeem?token={guest.invite.code}", time.monotonic() + PATIENCE, first
        while time.monotonic() < until:
            status, answer = await ask(self.instances[turn % INSTANCES].port, "POST", path, guest.token)
            turn += 1
            self.answers[status] += 1
            if status == 200 and not answer["failed"] or status == 400 and answer.get("errcode") == "ALREADY_REDEEMED":
                return "in"
            if status == 404:
                return "used up"
            self.answers["missed a room, and told so"] += status == 200
            await asyncio.sleep(random.uniform(0.05, 0.3))
        return None

    async def visit(self, guest):
        begin = time.monotonic()
        asks = [self.redeem(guest, random.randrange(INSTANCES))]
        if guest.double:
            asks.append(self.redeem(guest, random.randrange(INSTANCES)))
        told = await asyncio.gather(*asks)
        guest.told = "in" if "in" in told else told[0]
        guest.took = time.monotonic() - begin
        self.left -= 1

    async def kill(self):
        """Kills one instance at a time: the next one only when the previous one listens again."""
        for turn in range(10**9):
            await asyncio.sleep(random.uniform(0.5, 1.5) * PAUSE)
            instance = self.instances[turn % INSTANCES]
            instance.kill()
            self.kills += 1
            instance.begin()
            while not await self.listens(instance.port):
                assert instance.process.poll() is None, f"an instance does not start again: {instance.log}"
                await asyncio.sleep(0.02)

    async def listens(self, port):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return True
        except OSError:
            return False

    async def storm(self):
        waiting = iter(self.guests)
        self.left = len(self.guests)

        async def client():
            for guest in waiting:
                await self.visit(guest)

        async def tell():
            while True:
                await asyncio.sleep(20)
                say(f"{self.left} to come, {self.kills} killed")

        begin = time.monotonic()
        others = [asyncio.ensure_future(self.kill()), asyncio.ensure_future(tell())]
        clients = asyncio.gather(*(client() for _ in range(self.clients)))
        # An error in this task must not go unnoticed.
        await asyncio.wait([clients, *others], return_when=asyncio.FIRST_COMPLETED)
        for other in others:
            if other.done():
                other.result()
            other.cancel()
        await clients
        self.took = time.monotonic() - begin

    def count(self):
        """What must not have happened, according to the homeserver's own record and to the database."""
        joins, made = self.homeserver.record()
        lost = doubled = above = strangers = 0
        for guest in self.guests:
            came = [joins.get((room, guest.user), 0) for room in guest.invite.rooms]
            chats = made[guest.user]
            lost += guest.told == "in" and (0 in came or chats == 0)
            doubled += sum(times > 1 for times in came) + (chats > 1)
        pairs = "SELECT code, redeemer FROM redemptions GROUP BY code, redeemer HAVING COUNT(*) > 1"
        doubled += len(self.database.rows(pairs))
        told = {(code, user): came != "" for code, user, came in self.database.rows("SELECT code, redeemer, came_at FROM redemptions")}
        for invite in self.invites:
            users = {guest.user for guest in self.guests if guest.invite is invite}
            there = {user for user in users if made[user] or any((room, user) in joins for room in invite.rooms)}
            # The homeserver's record and the database agree about who has joined.
            strangers += sum(told.get((invite.code, user), False) != (user in there) for user in users)
            if invite.max_uses:
                above += max(0, len(there) - invite.max_uses)
        wrong = wrong_counts(self.database)
        if strangers:
            wrong["people who came"] = strangers
        return lost, doubled, above, wrong

    def run(self, count, report, where):
        self.start()
        say(f"chaos: {count} guests on {where}")
        self.invite(count)
        asyncio.run(self.storm())
        lost, doubled, above, wrong = self.count()
        told = Counter(guest.told for guest in self.guests)
        times = [guest.took for guest in self.guests]
        row = [where, count, self.clients, self.kills, f"{count / self.took:.1f}", f"{percentile(times, 0.5):.1f}", f"{percentile(times, 0.99):.1f}"]
        report.row(*row, told["in"], told["used up"], told[None], lost, doubled, above, sum(wrong.values()))
        places = sum(invite.max_uses or sum(guest.invite is invite for guest in self.guests) for invite in self.invites)
        for fine, what in [
            (not told[None], f"{told[None]} were told nothing for {PATIENCE} s"),
            (not lost, f"{lost} lost"),
            (not doubled, f"{doubled} doubled"),
            (not above, f"{above} above the uses"),
            (not wrong, f"wrong counts: {wrong}"),
            # People were only refused if every use was taken.
            (told["in"] == places, f"{told['in']} of {places} places taken"),
        ]:
            report.goal(fine, f"chaos on {where}: {what}")
        self.house.empty()
        return f"{where}: answers by status {dict(sorted(self.answers.items(), key=str))}"


def run(house, report, quick, count):
    report.heading("Chaos")
    report.text(
        f"{INSTANCES} instances on one PostgreSQL; every {PAUSE} s or so one after the other is killed (`kill -9`) and started again. "
        "Every invite leads into 3 rooms and a direct chat. The last four must be 0."
    )
    cells = ("homeserver", "redemptions", "at a time", "kills", "per second", "p50 s", "p99 s", "told they are in", "told it is used up")
    report.head(*cells, "told nothing", "lost", "doubled", "above uses", "wrong counts")
    notes = []
    # Synapse completes about five per second, so that more at a time would only take longer than an instance lives. Most guests wait for the
    # lease of an instance that was killed during their redemption.
    for homeserver, where, many, clients in [
        (lambda: house.synapse("chaos-synapse"), "Synapse", 40 if quick else 200, 12),
        (lambda: house.light("chaos-light", 10), "in memory", count, 48),
    ]:
        server = house.postgres(f"chaos-{where.replace(' ', '-')}")
        notes.append(Chaos(house, homeserver(), server.database("chaos"), clients).run(many, report, where))
    print()
    for note in notes:
        report.text(note)
