"""A comparison: Synapse with the Python module, and Synapse with this service beside it, on the same data."""

import time

from database import Sqlite
from house import API, say
from load import Bystander, bearer, create, redeem, wrk

# The simplest response of the same listener, router and headers: a 404 for the API's prefix, without database or authentication.
FLOOR = API


class Side:
    def __init__(self, name, homeserver, service=None):
        self.name, self.homeserver = name, homeserver
        self.url = service.url if service else homeserver.url
        self.processes = [process for process in (homeserver.process, service) if process]

    def cpu(self):
        """CPU seconds of the homeserver and, if it is a process of its own, of the service."""
        return [process.cpu() for process in self.processes]

    def resident(self):
        return self.processes[-1].resident()


class Comparison:
    def __init__(self, house, report, quick):
        self.house, self.report, self.quick = house, report, quick
        self.seconds = 3 if quick else 8
        self.results = {}

    def wrk(self, side, clients, path, token, body=None):
        return wrk(self.house.folder, side.url, clients, self.seconds, [path], [bearer(token)], body)

    def measure(self, side, token, call, clients, work):
        before, begin = side.cpu(), time.perf_counter()
        with Bystander(side.homeserver, token) as bystander:
            found = work(clients)
            took = time.perf_counter() - begin
        cpu = [100 * (after - before) / took for before, after in zip(before, side.cpu())]
        side.homeserver.is_up(token)
        self.results[side.name, call, clients] = found
        median = bystander.median()
        self.report.row(
            call, clients, side.name, f"{found.rate:.1f}", f"{found.p50:.2f}", f"{found.p99:.1f}", found.failed,
            f"{median:.2f} ({median / side.idle:.1f})", " + ".join(f"{share:.0f}" for share in cpu),
        )  # fmt: skip

    def side(self, side):
        homeserver, token = side.homeserver, side.token
        lists = {}
        for count in (1, 50, 1000):
            lists[count] = owner = homeserver.person(f"owner{count}")
            rooms = homeserver.rooms(owner, 5)
            for _ in range(count):
                create(side.url, owner, rooms)
        host = homeserver.person("host")
        rooms = homeserver.rooms(host, 5)
        codes = {
            "redeem, 5 rooms": create(side.url, host, rooms),
            "redeem, 50 rooms": create(side.url, host, homeserver.rooms(host, 50)),
            "redeem, space of 20 restricted rooms": create(side.url, host, homeserver.space(host, 20)),
        }
        few = codes["redeem, 5 rooms"]

        def measure(call, clients, work):
            self.measure(side, token, call, clients, work)

        for clients in (1, 8) if self.quick else (1, 8, 16):
            if side.name == "service":
                # Its response is 404, so wrk counts all of them as failures.
                def floor(clients):
                    found = self.wrk(side, clients, FLOOR, token)
                    found.failed -= found.count
                    return found

                measure("floor", clients, floor)
            for count, owner in lists.items():
                measure(f"list of {count}", clients, lambda c: self.wrk(side, c, f"{API}/tokens", owner))
            for registration in (False, True):
                body = {"rooms": rooms, "as_registration_token": registration}
                name = "create, 5 rooms" + (", registration" if registration else "")
                measure(name, clients, lambda c: self.wrk(side, c, f"{API}/tokens", host, body))
            measure("info", clients, lambda c: self.wrk(side, c, f"{API}/info?token={few}", token))
            for number, (name, code) in enumerate(codes.items()):
                count = max(2, clients) if self.quick else max(4, 2 * clients)
                guests = homeserver.people(f"guest-{number}-{clients}-{guest}" for guest in range(count))
                measure(name, clients, lambda c: redeem(side.url, c, code, guests))
        if side.name == "service":
            guests = homeserver.people(f"guest-64-{number}" for number in range(64))
            measure("info", 64, lambda c: self.wrk(side, c, f"{API}/info?token={few}", token))
            measure("redeem, 5 rooms", 64, lambda c: redeem(side.url, c, few, guests))
        self.report.row("(after all)", "", side.name, "", "", "", "", "", f"{side.resident():.0f} MiB resident")

    def sides(self):
        """Both run at the same time, so that idling costs both the same."""
        say("starting Synapse with the module, and Synapse with the service")
        module = Side("module", self.house.module("module"))
        synapse = self.house.synapse("synapse")
        database = Sqlite(self.house.folder / "compared.db")
        service = self.house.service("service", synapse, database.url, generate_registration_token="true")
        return [module, Side("service", synapse, service)]

    def run(self):
        report = self.report
        report.heading("Side by side with the Python module")
        sides = self.sides()
        time.sleep(2)
        report.head("idle", "bystander's whoami, median ms", "resident MiB of the process with the API")
        for side in sides:
            side.token = side.homeserver.person("bystander", admin=True)
            with Bystander(side.homeserver, side.token) as bystander:
                time.sleep(2)
            side.idle = bystander.median()
            report.row(side.name, f"{side.idle:.2f}", f"{side.resident():.0f}")
        sides[1].homeserver.trust_service(sides[1].token)
        print()
        cells = ("call", "clients", "side", "req/s", "p50 ms", "p99 ms", "failed", "bystander ms (idle ×)")
        report.head(*cells, "CPU % homeserver + service")
        for side in reversed(sides):
            self.side(side)
        print()
        self.shares()
        print()
        self.ratios()
        self.house.empty()

    def shares(self):
        """Compares calls that do little with the floor, a response without any work."""
        self.report.head("call", "clients", "requests per second", "share of the floor", "goal")
        for (side, call, clients), found in self.results.items():
            if side == "service" and (call.startswith("list") or call == "info") and clients != 64:
                share = found.rate / self.results["service", "floor", clients].rate
                goal = clients == 8 and call in ("list of 1", "info")
                met = not goal or self.report.goal(
                    share >= 0.5, f"{call} at 8 clients: {share:.2f} of the floor, and the goal is 0.5"
                )
                self.report.row(call, clients, f"{found.rate:.0f}", f"{share:.2f}", ("met" if met else "not met") if goal else "")

    def ratios(self):
        self.report.head("call", "clients", "requests per second, service ÷ module", "goal")
        for (side, call, clients), found in self.results.items():
            if side != "module":
                continue
            service = self.results["service", call, clients]
            ratio = service.rate / found.rate if found.rate else float("inf")
            goal = "restricted" in call
            met = not goal or self.report.goal(
                ratio >= 1.7, f"{call} at {clients} clients: {ratio:.2f} × the module's rate, and the goal is 1.7"
            )
            self.report.row(call, clients, f"{ratio:.2f}", ("met" if met else "not met") if goal else "")
            self.report.goal(not service.failed, f"{call} at {clients} clients: {service.failed} failed")


def run(house, report, quick, _):
    Comparison(house, report, quick).run()
